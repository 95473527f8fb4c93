//! Stops, restarts and uninstalls.

use qovery_ext::wait::{ServiceKind, ServiceSelection, WaitExt};

use crate::undocumented_behavior::{
    Behavior, Histories, ResponseBody, ResponseId, Trace, nameless,
};
use crate::world::{ANNA, GIT, Plan, Verb};
use crate::{Case, Ended};

fn stop_fails(case: &Case) -> Plan {
    Plan::of(5000).failing(case.application, "STOP_ERROR")
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_a_deployment_overtakes_is_canceled() {
    for trace in [Trace::RequestStatus, Trace::Nothing] {
        let case = Case::new(Behavior {
            overtakes: true,
            trace,
            ..Behavior::default()
        });
        case.someone(0, GIT, Verb::Deploy, &[], Plan::of(40_000));
        case.someone(15_000, ANNA, Verb::Deploy, &[], Plan::of(40_000));
        let report = case.environment(|it| it.stop()).await;
        report.is(Ended::Canceled).within(110_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_without_ids_that_a_deployment_overtakes_is_never_stopped() {
    let case = Case::new(Behavior {
        overtakes: true,
        trace: Trace::Nothing,
        ..nameless()
    });
    case.someone(0, GIT, Verb::Deploy, &[], Plan::of(40_000));
    case.someone(15_000, ANNA, Verb::Deploy, &[], Plan::of(40_000));
    let report = case.environment(|it| it.stop()).await;
    assert_ne!(report.how, Ended::Reached, "{}", report.text);
    report.within(600_000);
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_a_stopped_environment_has_nothing_to_do_or_is_executed() {
    let case = Case::new(Behavior::default());
    let environment = case.environment;
    case.server
        .with(|world| world.past(environment, Verb::Stop, ANNA, "STOPPED", 60_000));
    let report = case
        .report(case.client.environment(environment).stop())
        .await;
    report.reached_by(&case.ours(0));
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_a_stopped_environment_waits_for_the_push_that_was_before_it() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        let environment = case.environment;
        case.server
            .with(|world| world.past(environment, Verb::Stop, ANNA, "STOPPED", 60_000));
        case.someone(5, GIT, Verb::Deploy, &[], Plan::of(60_000));
        let report = case
            .report(case.client.environment(environment).stop())
            .await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_right_after_our_stop_does_not_undo_its_outcome() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.plan(Plan::of(6000));
        case.someone(3000, GIT, Verb::Deploy, &[], Plan::of(60_000));
        let report = case.environment(|it| it.stop()).await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_fails_is_failed_even_if_another_stop_succeeds_after_it() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.plan(stop_fails(&case));
        case.someone(2000, ANNA, Verb::Stop, &[], Plan::of(2000));
        let report = case.environment(|it| it.stop()).await;
        report.is_one_of(&[Ended::Failed]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_one_service_is_not_the_stop_of_its_neighbor() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.plan(Plan::of(30_000));
        case.someone(2, ANNA, Verb::Stop, &[case.database], Plan::of(3000));
        let report = case
            .report(case.client.container(case.container).stop())
            .await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn selected_services_are_stopped_without_any_id_and_body() {
    for fails in [true, false] {
        let case = Case::new(nameless());
        case.plan(if fails {
            stop_fails(&case)
        } else {
            Plan::of(5000)
        });
        case.after_ours(17, GIT, Verb::Deploy, &[case.database], Plan::of(9000));
        let chosen = ServiceSelection::new()
            .with(ServiceKind::Application, case.application)
            .with(ServiceKind::Container, case.container);
        let action = case
            .client
            .environment(case.environment)
            .stop_services(chosen);
        let report = case.report(action).await;
        if fails {
            report.is(Ended::Failed);
        } else {
            report.reached_by(&case.ours(0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_not_ended_by_the_deployment_before() {
    for behavior in [Behavior::default(), nameless()] {
        for fails in [true, false] {
            let case = Case::new(Behavior {
                queued_shown_after: 9000,
                start_delay: 9500,
                ..behavior.clone()
            });
            if fails {
                case.plan(Plan::of(5000).failing(case.database, "RESTART_ERROR"));
            }
            let report = case.environment(|it| it.restart()).await;
            if fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&case.ours(0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_of_one_service_is_not_a_push_of_the_same_service() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.plan(Plan::of(5000).failing(case.container, "RESTART_ERROR"));
        case.after_ours(17, GIT, Verb::Deploy, &[case.container], Plan::of(3000));
        case.report(case.client.container(case.container).restart())
            .await
            .is(Ended::Failed);
    }
}

async fn uninstalls(uninstalled_as: &'static str, base: Behavior) {
    let case = Case::new(Behavior {
        uninstalled_as,
        ..base
    });
    let report = case.environment(|it| it.uninstall()).await;
    report.reached_by(&case.ours(0));
    let report = case
        .report(case.client.database(case.database).uninstall())
        .await;
    report.reached_by(&case.ours(1));
}

#[tokio::test(start_paused = true)]
async fn an_uninstall_ends_in_each_of_the_states_that_the_guide_names() {
    for uninstalled_as in ["DELETED", "STOPPED"] {
        uninstalls(uninstalled_as, Behavior::default()).await;
        uninstalls(uninstalled_as, nameless()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_uninstall_that_ends_as_never_deployed_is_reached() {
    for histories in [
        Histories::Both,
        Histories::OnlyNew,
        Histories::OnlyOld,
        Histories::Missing,
    ] {
        for base in [Behavior::default(), nameless()] {
            uninstalls("READY", Behavior { histories, ..base }).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_uninstall_that_fails_is_not_hidden_by_the_stop_of_another_user() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.plan(Plan::of(4000).failing(case.application, "DELETE_ERROR"));
        case.someone(1000, ANNA, Verb::Stop, &[], Plan::of(1000));
        let report = case.environment(|it| it.uninstall()).await;
        report.is(Ended::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn selected_services_are_uninstalled_while_a_push_deploys_their_neighbor() {
    let case = Case::new(nameless());
    case.someone(2, GIT, Verb::Deploy, &[case.database], Plan::of(9000));
    let chosen = ServiceSelection::new().with(ServiceKind::Container, case.container);
    let action = case
        .client
        .environment(case.environment)
        .uninstall_services(chosen);
    let report = case.report(action).await;
    report.reached_by(&case.ours(0));
}

#[tokio::test(start_paused = true)]
async fn a_redeploy_has_an_outcome_for_every_body_of_its_response() {
    for response_body in [
        ResponseBody::Declared,
        ResponseBody::OfTheEnvironment,
        ResponseBody::OfAService,
        ResponseBody::Empty,
        ResponseBody::NoContent,
    ] {
        for response_id in [ResponseId::Always, ResponseId::IfItWaits, ResponseId::Never] {
            for fails in [true, false] {
                let case = Case::new(Behavior {
                    response_body,
                    response_id,
                    ..Behavior::default()
                });
                if fails {
                    case.plan(Plan::default().failing(case.application, "BUILD_ERROR"));
                }
                case.someone(45_000, GIT, Verb::Deploy, &[], Plan::of(2000));
                let report = case.environment(|it| it.redeploy()).await;
                if fails {
                    report.is(Ended::Failed);
                } else {
                    report.reached_by(&case.ours(0));
                }
            }
        }
    }
}
