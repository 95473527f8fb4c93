//! Deletions by the library and by other users.

use qovery_ext::connect::Connect;
use qovery_ext::wait::{ServiceKind, ServiceSelection, WaitExt};

use crate::http_server::{Fault, Rule};
use crate::undocumented_behavior::{Behavior, Gone, Lags, nameless};
use crate::world::{ANNA, BEN, Fate, GIT, Plan, Verb};
use crate::{Case, Ended};

const FIREWALL: &str = "<!DOCTYPE html><html><body>Request blocked</body></html>";

#[tokio::test(start_paused = true)]
async fn a_deletion_is_reached_in_each_way_in_which_an_object_can_be_gone() {
    for gone in [Gone::NotFound, Gone::Forbidden, Gone::DoesNotExist] {
        let case = Case::new(Behavior {
            gone,
            ..Behavior::default()
        });
        let report = case.environment(|it| it.delete()).await;
        report.reached_by(&case.ours(0));

        let case = Case::new(Behavior {
            gone,
            ..Behavior::default()
        });
        let report = case
            .report(case.client.container(case.container).delete())
            .await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_web_page_is_not_a_deletion() {
    let pages = [
        (404, "text/html", "<html><body>404 Not Found</body></html>"),
        (404, "text/plain", "default backend - 404"),
        (
            404,
            "application/json",
            r#"{"message":"no Route matched with those values"}"#,
        ),
        (403, "text/html", FIREWALL),
        (410, "text/html", "<html>Gone</html>"),
        (
            400,
            "application/json",
            r#"{"status":400,"detail":"cluster not found, try later"}"#,
        ),
        (400, "text/plain", "environment does not exist"),
        (
            404,
            "application/json",
            r#"{"fault":{"faultstring":"Unable to identify proxy"}}"#,
        ),
    ];
    for (status, kind, body) in pages {
        for path in ["", "/status", "/statuses", "/statusesWithStages"] {
            let case = Case::new(Behavior::default());
            case.plan(Plan::of(60_000));
            case.server.fault(
                Rule::on("GET", path, Fault::Page(status, kind, body)).between(20_000, 28_000),
            );
            let report = case.environment(|it| it.delete()).await;
            report.reached_by(&case.ours(0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pages_for_a_minute_are_not_a_deletion() {
    for (status, body) in [(404, "<html>404</html>"), (403, FIREWALL)] {
        let case = Case::new(Behavior::default());
        case.plan(Plan::of(600_000));
        case.server.fault(
            Rule::on("GET", "", Fault::Page(status, "text/html", body)).between(20_000, 140_000),
        );
        let report = case.environment(|it| it.delete()).await;
        report.is(Ended::LostContact);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_loses_its_rights_for_half_a_minute_is_not_a_deletion() {
    let forbidden = r#"{"status":403,"error":"Forbidden","detail":"Forbidden"}"#;
    let broken = r#"{"status":503,"error":"Service Unavailable","detail":"try later"}"#;
    let lists = [
        Fault::Page(403, "application/json", forbidden),
        Fault::Page(503, "application/json", broken),
        Fault::Page(403, "text/html", FIREWALL),
    ];
    for list in lists {
        for of_service in [false, true] {
            let case = Case::new(Behavior::default());
            case.plan(Plan::of(60_000));
            // The lists of environments and of services, then everything else.
            for path in ["/environment", "/services", ""] {
                let fault = match path {
                    "" => Fault::Page(403, "application/json", forbidden),
                    _ => list,
                };
                case.server
                    .fault(Rule::on("GET", path, fault).between(20_000, 50_000));
            }
            let action = match of_service {
                true => case.client.container(case.container).delete(),
                false => case.client.environment(case.environment).delete(),
            };
            let report = case.report(action).await;
            if report.how == Ended::Reached {
                report.reached_by(&case.ours(0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_fails_is_failed() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.plan(Plan::of(4000).failing(case.database, "DELETE_ERROR"));
        case.environment(|it| it.delete()).await.is(Ended::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_waits_for_the_deployment_that_runs_before_it() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.someone(0, GIT, Verb::Deploy, &[], Plan::of(50_000));
        let report = case.environment(|it| it.delete()).await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_canceled_in_the_queue_is_not_reached() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.someone(0, GIT, Verb::Deploy, &[], Plan::of(60_000));
        case.at(20_000, |world| {
            let ours = world.ours[0];
            assert!(world.drop_waiting(ours));
        });
        let report = case.environment(|it| it.delete()).await;
        report
            .is_one_of(&[Ended::Canceled, Ended::Superseded])
            .within(600_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployment_whose_environment_another_user_deletes_is_failed() {
    for gone in [Gone::NotFound, Gone::Forbidden, Gone::DoesNotExist] {
        let case = Case::new(Behavior {
            gone,
            ..Behavior::default()
        });
        case.someone(1, BEN, Verb::Delete, &[], Plan::of(30_000));
        let report = case.environment(|it| it.deploy()).await;
        // A 403 may also be a token that has lost its rights.
        let refused = if gone == Gone::Forbidden {
            Ended::Refused
        } else {
            Ended::Failed
        };
        report
            .is_one_of(&[refused, Ended::Failed, Ended::Canceled])
            .within(300_000);
        assert_eq!(case.ours(0).fate, Fate::Dropped);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_whose_environment_another_user_deletes_is_not_stopped() {
    let case = Case::new(Behavior::default());
    case.someone(1, BEN, Verb::Delete, &[], Plan::of(30_000));
    let report = case.environment(|it| it.stop()).await;
    report
        .is_one_of(&[Ended::Failed, Ended::Canceled])
        .within(300_000);
}

#[tokio::test(start_paused = true)]
async fn a_delete_whose_response_was_lost_is_executed_once_and_found() {
    let losses = [
        Fault::LostAfter,
        Fault::ExecutedThenPage(502, "text/html", "<html>502 Bad Gateway</html>"),
        Fault::ExecutedThenPage(504, "text/plain", "upstream timeout"),
        Fault::Slow(70_000),
    ];
    for fault in losses {
        let case = Case::new(Behavior::default());
        case.server.fault(Rule::on("DELETE", "", fault).once());
        let client = Connect::new()
            .token("qov_x")
            .transport(case.server.clone())
            .build();
        let client = client.expect("a client");
        let report = case
            .report(client.environment(case.environment).delete())
            .await;
        report.is_one_of(&[Ended::Reached, Ended::LostContact]);
        if report.how == Ended::Reached {
            report.reached_by(&case.ours(0));
        } else {
            assert!(report.error().may_have_been_executed(), "{}", report.text);
        }
        assert_eq!(
            case.server.with(|world| world.ours.len()),
            1,
            "{fault:?}: {}",
            report.text
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_the_server_never_received_is_not_reached() {
    for (status, kind) in [(502, "text/html"), (504, "text/plain"), (499, "text/html")] {
        let case = Case::new(Behavior::default());
        case.server
            .fault(Rule::on("DELETE", "", Fault::Page(status, kind, "lost")).once());
        let report = case.environment(|it| it.delete()).await;
        report.is(Ended::LostContact);
        assert!(report.error().may_have_been_executed(), "{}", report.text);
        assert_eq!(case.sent("DELETE", ""), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_delete_is_not_reached_by_the_stop_of_another_user() {
    let case = Case::new(nameless());
    case.server
        .fault(Rule::on("DELETE", "", Fault::LostBefore).once());
    case.someone(10, ANNA, Verb::Stop, &[], Plan::of(4000));
    let report = case.environment(|it| it.delete()).await;
    report.is(Ended::LostContact);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_behind_does_not_prevent_the_end_of_a_deletion() {
    let lags = Lags {
        lists: 20_000,
        ..Lags::default()
    };
    let case = Case::new(Behavior {
        lags,
        ..Behavior::default()
    });
    let report = case.environment(|it| it.delete()).await;
    report.reached_by(&case.ours(0)).within(200_000);
    let case = Case::new(Behavior {
        lags,
        ..Behavior::default()
    });
    let report = case
        .report(case.client.application(case.application).delete())
        .await;
    report.reached_by(&case.ours(0)).within(200_000);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_on_replicas_that_disagree_is_reached_after_its_end() {
    for replica in [2000, 9000] {
        let case = Case::new(Behavior {
            replica,
            ..Behavior::default()
        });
        let report = case.environment(|it| it.delete()).await;
        report.reached_by(&case.ours(0)).within(300_000);
    }
}

#[tokio::test(start_paused = true)]
async fn selected_services_are_deleted_and_their_neighbor_is_not_waited_for() {
    for behavior in [Behavior::default(), nameless()] {
        for fails in [true, false] {
            let case = Case::new(behavior.clone());
            let mut plan = Plan::of(6000);
            if fails {
                plan = plan.failing(case.container, "DELETE_ERROR");
            }
            case.plan(plan);
            case.after_ours(60, GIT, Verb::Deploy, &[case.database], Plan::of(200_000));
            let chosen = ServiceSelection::new()
                .with(ServiceKind::Application, case.application)
                .with(ServiceKind::Container, case.container);
            let action = case
                .client
                .environment(case.environment)
                .delete_services(chosen);
            let report = case.report(action).await;
            if fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&case.ours(0)).within(150_000);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_id_is_refused_and_not_gone() {
    for gone in [Gone::NotFound, Gone::Forbidden, Gone::DoesNotExist] {
        let case = Case::new(Behavior {
            gone,
            ..Behavior::default()
        });
        let wrong = qovery_api::uuid::Uuid::from_u128(12345);
        let report = case.report(case.client.environment(wrong).delete()).await;
        report.is(Ended::Refused);
    }
}
