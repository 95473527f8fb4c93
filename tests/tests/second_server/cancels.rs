//! Cancels by other users and by the library.

use std::time::Duration;

use qovery_ext::wait::{NotCanceled, WaitExt};

use crate::undocumented_behavior::{
    Behavior, ResponseBody, ResponseId, Rows, StatusId, Trace, nameless,
};
use crate::world::{ANNA, Fate, GIT, Plan, Verb};
use crate::{Case, Ended};

#[tokio::test(start_paused = true)]
async fn a_cancel_by_another_user_while_ours_runs_is_canceled() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        let environment = case.environment;
        case.at(9000, move |world| {
            world.cancel_running(environment);
        });
        let report = case
            .report(case.client.environment(environment).deploy())
            .await;
        report.is(Ended::Canceled);
        assert!(report.at >= 12_000, "before its end: {}", report.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_canceled_in_the_queue_is_canceled_with_any_trace() {
    for trace in [Trace::RequestStatus, Trace::History, Trace::Nothing] {
        let case = Case::new(Behavior {
            trace,
            ..Behavior::default()
        });
        case.someone(0, ANNA, Verb::Deploy, &[], Plan::of(60_000));
        case.at(20_000, |world| {
            let ours = world.ours[0];
            assert!(world.drop_waiting(ours));
        });
        let report = case.environment(|it| it.deploy()).await;
        report.is(Ended::Canceled).within(90_000);
        assert!(report.at >= 20_000, "{}", report.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_canceled_in_the_queue_without_a_trace_is_not_a_success() {
    let case = Case::new(Behavior {
        trace: Trace::Nothing,
        ..nameless()
    });
    case.someone(0, ANNA, Verb::Deploy, &[], Plan::of(30_000));
    case.at(20_000, |world| {
        let ours = world.ours[0];
        assert!(world.drop_waiting(ours));
    });
    let report = case.environment(|it| it.deploy()).await;
    report
        .is_one_of(&[Ended::Canceled, Ended::Superseded])
        .within(600_000);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_vanished_without_any_trace_is_not_a_success() {
    // The response shows the status of the environment, and nothing of the request yet.
    for response_body in [
        ResponseBody::Declared,
        ResponseBody::OfTheEnvironment,
        ResponseBody::Empty,
    ] {
        let case = Case::new(Behavior {
            response_id: ResponseId::IfItWaits,
            response_body,
            status_id: StatusId::Null,
            rows: Rows::Never,
            trace: Trace::Nothing,
            queued_shown_after: 60_000,
            start_delay: 60_000,
            ..Behavior::default()
        });
        case.at(8000, |world| {
            let ours = world.ours[0];
            assert!(world.drop_waiting(ours));
        });
        let report = case.environment(|it| it.redeploy()).await;
        assert_ne!(report.how, Ended::Reached, "{}", report.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_of_a_push_before_ours_is_not_our_end() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        let environment = case.environment;
        case.someone(1, GIT, Verb::Deploy, &[], Plan::of(60_000));
        case.at(8000, move |world| {
            world.cancel_running(environment);
        });
        let report = case
            .report(case.client.environment(environment).deploy())
            .await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_on_server_cancels_our_queued_request_and_not_the_running_one() {
    let case = Case::new(Behavior::default());
    case.someone(1, GIT, Verb::Deploy, &[], Plan::of(30_000));
    let mut operation = case
        .client
        .environment(case.environment)
        .deploy()
        .start()
        .await
        .expect("accepted");
    for _ in 0..3 {
        let _ = operation.poll_once().await.expect("a poll");
    }
    operation
        .cancel_on_server()
        .await
        .expect("it waits in the queue");
    let report = case.report(operation).await;
    report.is(Ended::Canceled);
    assert_eq!(case.executed("POST", "/cancelDeployment"), 1);
    assert_eq!(case.ours(0).fate, Fate::Dropped);
    assert!(
        case.server
            .with(|world| world.demands.values().all(|demand| !demand.canceling))
    );
}

#[tokio::test(start_paused = true)]
async fn cancel_on_server_sends_nothing_if_the_api_never_named_the_request() {
    for at in [1, 60] {
        let case = Case::new(nameless());
        case.someone(at, GIT, Verb::Deploy, &[], Plan::of(30_000));
        let mut operation = case
            .client
            .environment(case.environment)
            .deploy()
            .start()
            .await
            .expect("accepted");
        for _ in 0..6 {
            let _ = operation.poll_once().await.expect("a poll");
        }
        let error = operation
            .cancel_on_server()
            .await
            .expect_err("nothing is known to be ours");
        assert!(error.not_canceled().is_some(), "{error}");
        assert_eq!(case.sent("POST", "/cancelDeployment"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_at_the_deadline_does_not_hit_the_deployment_of_another_user() {
    for (behavior, at) in [(Behavior::default(), 1), (nameless(), 1), (nameless(), 80)] {
        let case = Case::new(behavior);
        case.someone(at, ANNA, Verb::Deploy, &[], Plan::of(120_000));
        let action = case.client.environment(case.environment).deploy();
        let report = case
            .report(action.within(Duration::from_secs(30)).cancel_at_deadline())
            .await;
        report.is(Ended::Deadline);
        let theirs_is_canceled = case.server.with(|world| {
            world
                .demands
                .values()
                .any(|demand| demand.by == ANNA && demand.canceling)
        });
        assert!(!theirs_is_canceled, "{}", report.text);
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_at_the_deadline_cancels_ours_if_it_runs() {
    let case = Case::new(Behavior::default());
    case.plan(Plan::of(300_000));
    let action = case.client.environment(case.environment).deploy();
    let report = case
        .report(action.within(Duration::from_secs(60)).cancel_at_deadline())
        .await;
    report.is(Ended::Deadline);
    assert!(report.error().was_canceled_on_server(), "{}", report.text);
    assert!(case.ours(0).canceling);
}

#[tokio::test(start_paused = true)]
async fn a_push_that_starts_just_before_our_cancel_is_not_canceled() {
    // Ours ended and a push runs, while the data of every endpoint is 4 s old.
    let lags = crate::undocumented_behavior::Lags {
        status: 4000,
        services: 4000,
        queue: 4000,
        ..Default::default()
    };
    let case = Case::new(Behavior {
        lags,
        ..Behavior::default()
    });
    case.plan(Plan::of(5000));
    case.someone(6000, GIT, Verb::Deploy, &[], Plan::of(60_000));
    let mut operation = case
        .client
        .environment(case.environment)
        .deploy()
        .start()
        .await
        .expect("accepted");
    let mut canceled = Ok(());
    while case.server.elapsed() < 12_500 {
        let _ = operation.poll_once().await;
        if case.ours(0).over.is_some() {
            canceled = operation.cancel_on_server().await;
            break;
        }
    }
    let push_is_canceled = case.server.with(|world| {
        world
            .demands
            .values()
            .any(|demand| demand.by == GIT && demand.canceling)
    });
    assert!(!push_is_canceled, "{canceled:?}");
}

#[tokio::test(start_paused = true)]
async fn canceling_is_not_the_end_of_a_cancel() {
    let case = Case::new(Behavior {
        cancel_takes: 40_000,
        ..Behavior::default()
    });
    case.someone(0, ANNA, Verb::Deploy, &[], Plan::of(600_000));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let report = case.environment(|it| it.cancel()).await;
    report.is(Ended::Reached);
    assert!(report.at >= 45_000, "{}", report.text);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_is_not_judged_by_the_push_that_follows() {
    let case = Case::new(Behavior::default());
    case.someone(0, ANNA, Verb::Deploy, &[], Plan::of(600_000));
    case.someone(2000, GIT, Verb::Deploy, &[], Plan::of(600_000));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let report = case.environment(|it| it.cancel()).await;
    report.is(Ended::Reached).within(60_000);
    assert!(report.at >= 8000, "{}", report.text);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_of_an_idle_environment_has_nothing_to_do() {
    let case = Case::new(Behavior::default());
    let report = case.environment(|it| it.cancel()).await;
    report.is(Ended::Reached).within(60_000);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_of_a_request_that_already_runs_does_not_claim_to_have_canceled_it() {
    let case = Case::new(Behavior::default());
    case.plan(Plan::of(20_000));
    let operation = case
        .client
        .environment(case.environment)
        .deploy()
        .start()
        .await
        .expect("accepted");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let request = case.ours(0).id;
    let report = case
        .report(case.client.deployment_request(request).cancel())
        .await;
    // The API refuses with 409; a success is right only after the end of the deployment.
    if report.how == Ended::Reached {
        report.reached_by(&case.ours(0));
    } else {
        report.is(Ended::Refused);
    }
    drop(operation);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_of_a_queued_request_cancels_only_that_request() {
    for rows in [Rows::AtOnce, Rows::WithTheRunningOne, Rows::After(5000)] {
        let case = Case::new(Behavior {
            rows,
            ..Behavior::default()
        });
        case.someone(0, GIT, Verb::Deploy, &[], Plan::of(30_000));
        let operation = case
            .client
            .environment(case.environment)
            .deploy()
            .start()
            .await
            .expect("accepted");
        let request = case.ours(0).id;
        let report = case
            .report(case.client.deployment_request(request).cancel())
            .await;
        report.is(Ended::Reached).within(120_000);
        assert_eq!(case.ours(0).fate, Fate::Dropped);
        drop(operation);
    }
}

#[tokio::test(start_paused = true)]
async fn a_canceler_names_the_request_that_runs_instead() {
    let case = Case::new(Behavior {
        trace: Trace::Nothing,
        ..Behavior::default()
    });
    case.someone(1, GIT, Verb::Deploy, &[], Plan::of(60_000));
    let mut operation = case
        .client
        .environment(case.environment)
        .deploy()
        .start()
        .await
        .expect("accepted");
    let canceler = operation.canceler();
    case.server.with(|world| {
        let ours = world.ours[0];
        world.drop_waiting(ours);
    });
    let _ = operation.poll_once().await;
    let error = canceler.cancel().await.expect_err("ours is gone");
    let why = error.not_canceled();
    assert!(
        matches!(
            why,
            Some(
                NotCanceled::AnotherIsRunning(_)
                    | NotCanceled::NotRunning
                    | NotCanceled::Undecidable
            )
        ),
        "{why:?}: {error}"
    );
    assert!(
        case.server
            .with(|world| world.demands.values().all(|demand| !demand.canceling))
    );
}
