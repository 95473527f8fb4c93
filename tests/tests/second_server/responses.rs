//! Responses that are not the API's, and lost responses.

use qovery_ext::connect::Connect;
use qovery_ext::wait::{Action, WaitExt};

use crate::http_server::{Fault, Rule};
use crate::undocumented_behavior::{Behavior, nameless};
use crate::world::{GIT, OTHER_PROGRAM, Plan, Verb};
use crate::{Case, Ended, Report};

const LOGIN: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>";

/// Every action that is a POST on an environment or a service.
fn actions(case: &Case) -> Vec<Action> {
    let environment = case.client.environment(case.environment);
    let container = case.client.container(case.container);
    vec![
        environment.deploy(),
        environment.redeploy(),
        environment.restart(),
        environment.stop(),
        environment.uninstall(),
        container.redeploy(),
        container.restart(),
        container.stop(),
        container.uninstall(),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_login_page_in_place_of_the_response_ends_the_wait_at_once() {
    for number in 0..9 {
        for status in [200, 202, 403] {
            let case = Case::new(Behavior::default());
            let page = Fault::Page(status, "text/html", LOGIN);
            case.server.fault(Rule::on("POST", "", page));
            let report = case.report(actions(&case).swap_remove(number)).await;
            report.is(Ended::LostContact).within(5000);
            assert!(report.error().is_not_the_api(), "{}", report.text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pages_between_polls_do_not_end_a_wait() {
    let pages = [
        (403, "text/html", "<html>Access denied</html>"),
        (404, "text/html", "<html>nginx</html>"),
        (200, "text/html", LOGIN),
        (302, "text/html", "moved"),
        (407, "text/html", "proxy"),
        (499, "text/html", "client closed"),
        (503, "text/plain", "no healthy upstream"),
        (401, "text/html", LOGIN),
        (409, "text/plain", "conflict"),
    ];
    for (status, kind, body) in pages {
        for number in 0..9 {
            let case = Case::new(Behavior::default());
            let page = Fault::Page(status, kind, body);
            case.server
                .fault(Rule::on("GET", "", page).between(6000, 12_000));
            let report = case.report(actions(&case).swap_remove(number)).await;
            report.reached_by(&case.ours(0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_whose_response_was_lost_is_executed_once_and_found() {
    let losses = [
        Fault::LostAfter,
        Fault::Broken,
        Fault::ExecutedThenPage(502, "text/html", "<html>502</html>"),
        Fault::ExecutedThenPage(504, "text/plain", "timeout"),
    ];
    for fault in losses {
        for number in 0..9 {
            for fails in [true, false] {
                let case = Case::new(Behavior::default());
                if fails {
                    let verbs = [
                        "DEPLOYMENT_ERROR",
                        "RESTART_ERROR",
                        "STOP_ERROR",
                        "DELETE_ERROR",
                    ];
                    let state = verbs[[0, 0, 1, 2, 3, 0, 1, 2, 3][number]];
                    case.plan(Plan::default().failing(case.container, state));
                }
                case.server.fault(Rule::on("POST", "", fault).once());
                let connect = Connect::new().token("qov_x").transport(case.server.clone());
                let client = connect.build().expect("a client");
                let case = Case { client, ..case };
                let report = case.report(actions(&case).swap_remove(number)).await;
                // Empty bodies cannot be cut in half.
                assert_eq!(
                    case.server.with(|world| world.ours.len()),
                    1,
                    "{}",
                    report.text
                );
                if fails {
                    report.is_one_of(&[Ended::Failed, Ended::LostContact, Ended::Superseded]);
                } else if report.how == Ended::Reached {
                    report.reached_by(&case.ours(0));
                } else {
                    report.is(Ended::LostContact);
                    assert!(report.error().may_have_been_executed(), "{}", report.text);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_the_server_never_received_is_not_reached() {
    let losses = [
        Fault::LostBefore,
        Fault::Page(502, "text/html", "<html>502</html>"),
        Fault::Page(504, "text/plain", "timeout"),
    ];
    for fault in losses {
        for number in 0..9 {
            let case = Case::new(Behavior::default());
            case.server.fault(Rule::on("POST", "", fault).once());
            let report = case.report(actions(&case).swap_remove(number)).await;
            report.is(Ended::LostContact).within(120_000);
            assert!(report.error().may_have_been_executed(), "{}", report.text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_deployment_is_not_reached_by_a_push() {
    for at in [1, 14, 40, 3000] {
        for behavior in [Behavior::default(), nameless()] {
            let case = Case::new(behavior);
            case.server
                .fault(Rule::on("POST", "", Fault::LostBefore).once());
            case.someone(at, GIT, Verb::Deploy, &[], Plan::of(4000));
            let report = case.environment(|it| it.deploy()).await;
            report.is(Ended::LostContact);
        }
    }
}

/// Channel, action and services are the same as ours; only the users differ.
async fn lost_while_other_programs_deploy(at: &[u64], behavior: Behavior) -> (Case, Report) {
    let case = Case::new(behavior);
    case.server
        .fault(Rule::on("POST", "", Fault::LostBefore).once());
    for at in at {
        case.someone(*at, OTHER_PROGRAM, Verb::Deploy, &[], Plan::of(4000));
    }
    let action = case.client.environment(case.environment).deploy();
    let report = case.report(action).await;
    (case, report)
}

/// The guide names this limit: if the only deployment of the same kind is not ours, no endpoint shows this. The
/// evidence names the deployment.
#[tokio::test(start_paused = true)]
async fn a_lost_deployment_is_taken_for_the_only_one_of_its_kind_and_the_evidence_names_it() {
    for at in [36, 60, 3000, 12_000] {
        for behavior in [Behavior::default(), nameless()] {
            let (case, report) = lost_while_other_programs_deploy(&[at], behavior).await;
            report.is(Ended::Reached);
            assert!(case.server.with(|world| world.ours.is_empty()));
            let reached = report.result.as_ref().expect("it is reached");
            let named = reached.evidence().iter().filter(|fact| fact.run.is_some());
            assert!(named.count() > 0, "{reached:#}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_deployment_is_not_reached_by_two_others_of_its_kind() {
    for at in [[36, 60], [36, 3000], [3000, 12_000]] {
        for behavior in [Behavior::default(), nameless()] {
            let (_, report) = lost_while_other_programs_deploy(&at, behavior).await;
            report.is(Ended::Superseded);
            let error = report.error();
            assert!(error.evidence().len() >= 2, "{error:#}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_arrives_after_the_end_of_the_deployment_is_enough() {
    for fails in [true, false] {
        let case = Case::new(Behavior::default());
        case.server
            .fault(Rule::on("POST", "", Fault::Slow(50_000)).once());
        let mut plan = Plan::of(5000);
        if fails {
            plan = plan.failing(case.container, "DEPLOYMENT_ERROR");
        }
        case.plan(plan);
        case.someone(30_000, GIT, Verb::Deploy, &[], Plan::of(4000));
        let report = case.environment(|it| it.deploy()).await;
        if fails {
            report.is(Ended::Failed);
        } else {
            report.reached_by(&case.ours(0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_poll_does_not_bring_back_an_older_state() {
    let case = Case::new(Behavior::default());
    case.plan(Plan::of(8000).failing(case.container, "DEPLOYMENT_ERROR"));
    case.server
        .fault(Rule::on("GET", "", Fault::Slow(45_000)).after(1).times(3));
    let report = case.environment(|it| it.deploy()).await;
    report.is(Ended::Failed);
}

#[tokio::test(start_paused = true)]
async fn an_auxiliary_endpoint_that_answers_with_web_pages_does_not_end_the_wait() {
    for path in [
        "/deploymentStatus",
        "/deploymentQueue",
        "/deploymentHistoryV2",
        "/deploymentHistory",
    ] {
        for (status, kind, body) in [
            (
                500,
                "application/json",
                r#"{"status":500,"error":"Internal Server Error"}"#,
            ),
            (403, "text/html", "<html>blocked</html>"),
            (
                403,
                "application/json",
                r#"{"status":403,"error":"Forbidden"}"#,
            ),
            (200, "text/html", LOGIN),
            (200, "application/json", "[]"),
            (200, "application/json", r#"{"results":null}"#),
        ] {
            for fails in [true, false] {
                let case = Case::new(Behavior::default());
                if fails {
                    case.plan(Plan::default().failing(case.container, "DEPLOYMENT_ERROR"));
                }
                case.server
                    .fault(Rule::on("GET", path, Fault::Page(status, kind, body)));
                let report = case.environment(|it| it.deploy()).await;
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
async fn a_status_that_cannot_be_read_is_lost_contact_and_not_refused() {
    for (status, kind, body) in [
        (403, "text/html", "<html>blocked</html>"),
        (200, "text/html", LOGIN),
        (502, "text/html", "<html>502</html>"),
    ] {
        let case = Case::new(Behavior::default());
        let page = Fault::Page(status, kind, body);
        case.server
            .fault(Rule::on("GET", "", page).between(3000, u64::MAX));
        let report = case.environment(|it| it.deploy()).await;
        report.is(Ended::LostContact);
        assert_eq!(
            report.result.as_ref().err().map(|error| error.exit_code()),
            Some(2)
        );
    }
}
