//! Waits that another process continues, and requests that are watched by id.

use std::time::Duration;

use qovery_ext::wait::{Goal, OperationToken, WaitExt};

use crate::undocumented_behavior::{Behavior, Histories, Lags, nameless};
use crate::world::{ANNA, GIT, Plan, Verb};
use crate::{Case, Ended};

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_resumed_after_the_end_and_after_a_push_has_the_outcome_of_ours() {
    for behavior in [Behavior::default(), nameless()] {
        for fails in [true, false] {
            for pause in [0, 6000, 90_000] {
                let case = Case::new(behavior.clone());
                let failing = Plan::of(5000).failing(case.container, "DEPLOYMENT_ERROR");
                let (ours, theirs) = match fails {
                    true => (failing, Plan::of(5000)),
                    false => (Plan::of(5000), failing),
                };
                case.plan(ours);
                case.after_ours(17, GIT, Verb::Deploy, &[], theirs);
                let operation = case
                    .client
                    .environment(case.environment)
                    .deploy()
                    .start()
                    .await;
                let token = operation.expect("accepted").token().to_string();
                tokio::time::sleep(Duration::from_millis(pause)).await;
                let token: OperationToken = token.parse().expect("a token");
                let resumed = case.server.client().resume(token).expect("resumable");
                let report = case.report(resumed).await;
                if fails {
                    report.is(Ended::Failed);
                } else {
                    report.reached_by(&case.ours(0));
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_resumed_wait_without_histories_does_not_take_the_push_for_ours() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(Behavior {
            histories: Histories::Missing,
            ..behavior
        });
        case.plan(Plan::of(5000).failing(case.container, "DEPLOYMENT_ERROR"));
        case.after_ours(17, GIT, Verb::Deploy, &[], Plan::of(5000));
        let operation = case
            .client
            .environment(case.environment)
            .deploy()
            .start()
            .await;
        let token = operation.expect("accepted").token();
        tokio::time::sleep(Duration::from_secs(120)).await;
        let report = case
            .report(case.client.resume(token).expect("resumable"))
            .await;
        assert_ne!(report.how, Ended::Reached, "{}", report.text);
        report.within(900_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_resumed_after_its_end_is_reached() {
    let case = Case::new(Behavior::default());
    let mut operation = case
        .client
        .environment(case.environment)
        .delete()
        .start()
        .await
        .expect("accepted");
    let _ = operation.poll_once().await;
    let token = operation.token();
    tokio::time::sleep(Duration::from_secs(300)).await;
    let report = case
        .report(case.client.resume(token).expect("resumable"))
        .await;
    report.reached_by(&case.ours(0));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_followed_by_its_id_is_distinguished_from_the_push_after_it() {
    for lag in [0, 8000] {
        for fails in [true, false] {
            let lags = Lags {
                request: lag,
                queue: lag,
                ..Lags::default()
            };
            let case = Case::new(Behavior {
                lags,
                ..Behavior::default()
            });
            let mut plan = Plan::of(9000);
            if fails {
                plan = plan.failing(case.application, "BUILD_ERROR");
            }
            let environment = case.environment;
            let request = case
                .server
                .with(|world| world.accept(environment, Verb::Deploy, None, ANNA, plan));
            case.someone(50, GIT, Verb::Deploy, &[], Plan::of(9000));
            let handle = case.client.deployment_request(request);
            let report = case.report(handle.wait_for(Goal::Deployed)).await;
            let demand = case.server.with(|world| world.demands[&request].clone());
            if fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&demand);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_exist_is_refused() {
    let case = Case::new(Behavior::default());
    let request = qovery_api::uuid::Uuid::from_u128(99);
    let report = case
        .report(
            case.client
                .deployment_request(request)
                .wait_for(Goal::Deployed),
        )
        .await;
    report.is(Ended::Refused).within(120_000);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_is_dropped_and_resumed_at_every_poll_has_the_same_outcome() {
    for behavior in [Behavior::default(), nameless()] {
        for fails in [true, false] {
            let case = Case::new(behavior.clone());
            let mut plan = Plan::of(9000);
            if fails {
                plan = plan.failing(case.container, "DEPLOYMENT_ERROR");
            }
            case.plan(plan);
            case.someone(1, GIT, Verb::Deploy, &[case.database], Plan::of(5000));
            let mut operation = case
                .client
                .environment(case.environment)
                .deploy()
                .start()
                .await
                .expect("accepted");
            for _ in 0..30 {
                tokio::time::sleep(Duration::from_secs(1)).await;
                let over = operation.poll_once().await;
                if !matches!(over, Ok(None)) {
                    break;
                }
                let token: OperationToken = operation.token().to_string().parse().expect("a token");
                let resumed = case.client.resume(token).expect("resumable");
                operation = resumed.start().await.expect("nothing is sent");
            }
            let report = case.report(operation).await;
            if fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&case.ours(0));
            }
        }
    }
}
