//! Deployments of other users, a few milliseconds before or after that of the library. Some of the simulated APIs name
//! requests, and some do not.

use qovery_ext::wait::{ServiceKind, ServiceSelection, WaitExt};

use crate::undocumented_behavior::{
    Behavior, Histories, Lags, RequestStatus, ResponseBody, ResponseId, Rows, StatusId, Unreached,
    nameless,
};
use crate::world::{ANNA, BEN, GIT, OTHER_PROGRAM, OURS, Plan, Verb};
use crate::{Case, Ended};

/// The API never names a request: neither in a response nor in a status.
#[tokio::test(start_paused = true)]
async fn a_success_of_a_push_17_ms_after_ours_does_not_hide_our_failure() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.plan(Plan::of(9000).failing(case.database, "DEPLOYMENT_ERROR"));
        case.after_ours(17, GIT, Verb::Deploy, &[], Plan::of(3000));
        case.environment(|it| it.deploy()).await.is(Ended::Failed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_push_right_before_ours_does_not_fail_ours() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        let failing = Plan::of(9000).failing(case.application, "BUILD_ERROR");
        case.before_ours(GIT, Verb::Deploy, &[], failing);
        let report = case.environment(|it| it.deploy()).await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_of_one_service_in_the_queue_is_not_taken_for_ours() {
    let case = Case::new(Behavior {
        rows: Rows::OnlyBehindOthers,
        ..nameless()
    });
    case.someone(0, ANNA, Verb::Deploy, &[], Plan::of(4000));
    case.someone(30, GIT, Verb::Deploy, &[case.application], Plan::of(4000));
    case.plan(Plan::of(8000).failing(case.container, "DEPLOYMENT_ERROR"));
    case.environment(|it| it.deploy()).await.is(Ended::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_failed_push_of_one_service_in_the_queue_does_not_fail_ours() {
    let case = Case::new(Behavior {
        rows: Rows::OnlyBehindOthers,
        ..nameless()
    });
    case.someone(0, ANNA, Verb::Deploy, &[], Plan::of(4000));
    let failing = Plan::of(4000).failing(case.application, "BUILD_ERROR");
    case.someone(30, GIT, Verb::Deploy, &[case.application], failing);
    let report = case.environment(|it| it.deploy()).await;
    report.reached_by(&case.ours(0));
}

#[tokio::test(start_paused = true)]
async fn a_success_of_another_program_of_the_same_origin_is_not_ours() {
    for after in [None, Some(1), Some(20), Some(900)] {
        let case = Case::new(nameless());
        match after {
            None => case.before_ours(OTHER_PROGRAM, Verb::Deploy, &[], Plan::of(3000)),
            Some(ms) => case.after_ours(ms, OTHER_PROGRAM, Verb::Deploy, &[], Plan::of(3000)),
        };
        case.plan(Plan::of(9000).failing(case.database, "DEPLOYMENT_ERROR"));
        let report = case.environment(|it| it.deploy()).await;
        report.is_one_of(&[Ended::Failed, Ended::Superseded]);
    }
}

#[tokio::test(start_paused = true)]
async fn two_deployments_of_one_user_without_ids_cannot_be_distinguished() {
    for after in [None, Some(1), Some(20), Some(900)] {
        let case = Case::new(nameless());
        match after {
            None => case.before_ours(OURS, Verb::Deploy, &[], Plan::of(3000)),
            Some(ms) => case.after_ours(ms, OURS, Verb::Deploy, &[], Plan::of(3000)),
        };
        case.plan(Plan::of(9000).failing(case.database, "DEPLOYMENT_ERROR"));
        let report = case.environment(|it| it.deploy()).await;
        report.is_one_of(&[Ended::Failed, Ended::Superseded]);
    }
}

#[tokio::test(start_paused = true)]
async fn two_deployments_of_one_user_with_ids_are_distinguished() {
    for after in [None, Some(1), Some(20), Some(900)] {
        for ours_fails in [true, false] {
            let case = Case::new(Behavior::default());
            let failing = Plan::of(3000).failing(case.container, "DEPLOYMENT_ERROR");
            let (theirs, ours) = match ours_fails {
                true => (Plan::of(3000), failing),
                false => (failing, Plan::of(3000)),
            };
            match after {
                None => case.before_ours(OURS, Verb::Deploy, &[], theirs),
                Some(ms) => case.after_ours(ms, OURS, Verb::Deploy, &[], theirs),
            };
            case.plan(ours);
            let report = case.environment(|it| it.deploy()).await;
            if ours_fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&case.ours(0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_stop_of_another_user_right_after_ours_does_not_fail_ours() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        let mut failing = Plan::of(2000);
        for service in [case.application, case.container, case.database] {
            failing = failing.failing(service, "STOP_ERROR");
        }
        case.someone(5000, ANNA, Verb::Stop, &[], failing);
        let report = case.environment(|it| it.deploy()).await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_another_user_before_ours_is_not_our_end() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.someone(1, ANNA, Verb::Stop, &[], Plan::of(9000));
        let report = case.environment(|it| it.deploy()).await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_failed_before_ours_is_not_our_failure() {
    let case = Case::new(nameless());
    let failing = Plan::of(5000).failing(case.application, "DELETE_ERROR");
    case.someone(1, BEN, Verb::Delete, &[case.application], failing);
    let report = case.environment(|it| it.deploy()).await;
    report.reached_by(&case.ours(0));
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_is_never_idle_lets_our_deployment_end() {
    let case = Case::new(Behavior::default());
    for number in 0..40 {
        case.someone(
            number * 6000,
            GIT,
            Verb::Deploy,
            &[case.application],
            Plan::of(4000),
        );
    }
    case.plan(Plan::of(4000));
    let report = case.environment(|it| it.deploy()).await;
    report.reached_by(&case.ours(0)).within(200_000);
}

#[tokio::test(start_paused = true)]
async fn an_older_failure_of_a_neighbor_is_not_ours() {
    let case = Case::new(Behavior::default());
    let past = case.environment;
    let database = case.database;
    case.server.with(|world| {
        world.past(past, Verb::Deploy, ANNA, "DEPLOYMENT_ERROR", 60_000);
    });
    let chosen = ServiceSelection::new().with(ServiceKind::Application, case.application);
    let report = case.environment(|it| it.deploy_services(chosen)).await;
    report.reached_by(&case.ours(0));
    assert!(!case.ours(0).services.contains(&database));
}

#[tokio::test(start_paused = true)]
async fn a_neighbor_that_fails_meanwhile_does_not_fail_a_single_service() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        let failing = Plan::of(9000).failing(case.database, "DEPLOYMENT_ERROR");
        case.someone(70, GIT, Verb::Deploy, &[case.database], failing);
        let report = case
            .report(case.client.application(case.application).redeploy())
            .await;
        report.reached_by(&case.ours(0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_of_a_deployment_of_all_before_ours_is_not_that_of_one_service() {
    for behavior in [Behavior::default(), nameless()] {
        let case = Case::new(behavior);
        case.someone(2, ANNA, Verb::Deploy, &[], Plan::of(6000));
        case.plan(Plan::of(6000).failing(case.container, "DEPLOYMENT_ERROR"));
        let report = case
            .report(case.client.container(case.container).redeploy())
            .await;
        report.is(Ended::Failed);
        assert!(report.at > 13_000, "{}", report.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_our_failed_run_did_not_reach_is_not_deployed() {
    for unreached in [
        Unreached::OldStateOldId,
        Unreached::OldStateNewId,
        Unreached::Never,
    ] {
        for names in [true, false] {
            let base = if names {
                Behavior::default()
            } else {
                nameless()
            };
            let case = Case::new(Behavior { unreached, ..base });
            case.plan(Plan::of(5000).failing(case.application, "BUILD_ERROR"));
            let report = case.environment(|it| it.deploy()).await;
            report.is(Ended::Failed);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_canceled_before_our_service_is_canceled_for_it() {
    for unreached in [
        Unreached::OldStateOldId,
        Unreached::OldStateNewId,
        Unreached::Never,
    ] {
        let case = Case::new(Behavior {
            unreached,
            ..Behavior::default()
        });
        let environment = case.environment;
        case.plan(Plan::of(30_000));
        case.at(10_000, move |world| {
            world.cancel_running(environment);
        });
        let chosen = ServiceSelection::new()
            .with(ServiceKind::Application, case.application)
            .with(ServiceKind::Container, case.container);
        let report = case
            .report(case.client.environment(environment).deploy_services(chosen))
            .await;
        report.is(Ended::Canceled);
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_state_that_is_shown_late_is_not_a_success_of_the_deployment_before() {
    for queued_shown_after in [2000, 20_000] {
        for names in [true, false] {
            let base = if names {
                Behavior::default()
            } else {
                nameless()
            };
            let case = Case::new(Behavior {
                queued_shown_after,
                start_delay: 25_000,
                ..base
            });
            let report = case.environment(|it| it.deploy()).await;
            report.reached_by(&case.ours(0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_ids_rows_and_bodies_a_quiet_deployment_is_not_reported_early() {
    let case = Case::new(Behavior {
        rows: Rows::Never,
        response_body: ResponseBody::Empty,
        start_delay: 12_000,
        queued_shown_after: 60_000,
        ..nameless()
    });
    let report = case.environment(|it| it.redeploy()).await;
    report.reached_by(&case.ours(0));
}

#[tokio::test(start_paused = true)]
async fn each_endpoint_may_be_ten_seconds_behind() {
    let ten = 10_000;
    let all = [
        Lags {
            status: ten,
            ..Lags::default()
        },
        Lags {
            services: ten,
            ..Lags::default()
        },
        Lags {
            request: ten,
            ..Lags::default()
        },
        Lags {
            queue: ten,
            ..Lags::default()
        },
        Lags {
            history: ten,
            ..Lags::default()
        },
        Lags {
            status: ten,
            services: ten,
            request: ten,
            queue: ten,
            history: ten,
            lists: ten,
        },
    ];
    for lags in all {
        for fails in [true, false] {
            let case = Case::new(Behavior {
                lags,
                ..Behavior::default()
            });
            if fails {
                case.plan(Plan::default().failing(case.container, "DEPLOYMENT_ERROR"));
            }
            case.someone(90_000, GIT, Verb::Deploy, &[], Plan::of(1000));
            let report = case.environment(|it| it.deploy()).await;
            if fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&case.ours(0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_replicas_that_disagree_do_not_make_a_success() {
    for replica in [500, 8000] {
        for fails in [true, false] {
            let case = Case::new(Behavior {
                replica,
                ..Behavior::default()
            });
            if fails {
                case.plan(Plan::default().failing(case.application, "BUILD_ERROR"));
            }
            let report = case.environment(|it| it.deploy()).await;
            if fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&case.ours(0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_id_that_is_used_again_does_not_bring_back_the_success_before() {
    // Normally an id names one execution. If the server uses an id again, no outcome can be proved, and the library
    // must not report a false one.
    for names in [true, false] {
        for fails in [true, false] {
            let base = if names {
                Behavior::default()
            } else {
                nameless()
            };
            let case = Case::new(Behavior {
                reuses_ids: true,
                ..base
            });
            if fails {
                case.plan(Plan::default().failing(case.container, "DEPLOYMENT_ERROR"));
            }
            let action = case.client.environment(case.environment).deploy();
            let report = case.report(action).await;
            if report.how == Ended::Reached {
                report.reached_by(&case.ours(0));
            }
            if report.how == Ended::Failed {
                assert!(fails, "{}", report.text);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_or_missing_history_does_not_change_the_outcome() {
    for histories in [
        Histories::Empty,
        Histories::Missing,
        Histories::OnlyNew,
        Histories::OnlyOld,
        Histories::Last(1),
    ] {
        for names in [true, false] {
            for fails in [true, false] {
                let base = if names {
                    Behavior::default()
                } else {
                    nameless()
                };
                let case = Case::new(Behavior { histories, ..base });
                if fails {
                    case.plan(Plan::default().failing(case.container, "DEPLOYMENT_ERROR"));
                }
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
async fn a_request_status_with_the_state_of_the_environment_does_not_report_the_success_of_a_push()
{
    let case = Case::new(Behavior {
        request_status: RequestStatus::OfTheEnvironment,
        ..Behavior::default()
    });
    case.plan(Plan::of(2000).failing(case.container, "DEPLOYMENT_ERROR"));
    case.after_ours(17, GIT, Verb::Deploy, &[], Plan::of(1500));
    let report = case.environment(|it| it.deploy()).await;
    report.is_one_of(&[Ended::Failed, Ended::Superseded]);
}

#[tokio::test(start_paused = true)]
async fn a_request_status_that_fails_or_is_missing_does_not_end_the_wait() {
    for request_status in [
        RequestStatus::ServerError,
        RequestStatus::Forbidden,
        RequestStatus::NotFound,
        RequestStatus::NotFoundAfterEnd,
        RequestStatus::QueuedUntilFirstService,
    ] {
        for fails in [true, false] {
            let case = Case::new(Behavior {
                request_status,
                ..Behavior::default()
            });
            if fails {
                case.plan(Plan::default().failing(case.application, "BUILD_ERROR"));
            }
            let report = case.environment(|it| it.deploy()).await;
            if fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&case.ours(0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_of_the_server_that_is_hours_off_changes_no_outcome() {
    for clock_ahead in [-7_200_000, 7_200_000] {
        for date_header in [true, false] {
            for dated_by_request in [true, false] {
                let case = Case::new(Behavior {
                    clock_ahead,
                    date_header,
                    dated_by_request,
                    ..nameless()
                });
                case.someone(5, GIT, Verb::Deploy, &[], Plan::of(3000));
                case.plan(Plan::default().failing(case.container, "DEPLOYMENT_ERROR"));
                let report = case.environment(|it| it.deploy()).await;
                report.is(Ended::Failed);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_merged_into_an_earlier_one_ends_with_it() {
    for fails in [true, false] {
        let case = Case::new(Behavior {
            merges: true,
            ..Behavior::default()
        });
        case.someone(0, ANNA, Verb::Deploy, &[], Plan::of(5000));
        let mut twin = Plan::of(5000);
        if fails {
            twin = twin.failing(case.database, "DEPLOYMENT_ERROR");
        }
        case.someone(2, OURS, Verb::Deploy, &[], twin);
        let report = case.environment(|it| it.deploy()).await;
        if fails {
            report.is(Ended::Failed);
        } else {
            report.reached_by(&case.ours(0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_push_between_two_of_our_deployments_belongs_to_neither() {
    let case = Case::new(Behavior::default());
    case.plan(Plan::of(5000))
        .plan(Plan::of(5000).failing(case.application, "BUILD_ERROR"));
    let environment = case.client.environment(case.environment);
    case.report(environment.deploy())
        .await
        .reached_by(&case.ours(0));
    let now = case.server.elapsed();
    case.someone(now + 5, GIT, Verb::Deploy, &[], Plan::of(5000));
    case.report(environment.deploy()).await.is(Ended::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_between_two_polls_with_a_push_behind_it_is_not_missed() {
    for names in [true, false] {
        for fails in [true, false] {
            let base = if names {
                Behavior::default()
            } else {
                nameless()
            };
            let case = Case::new(Behavior {
                start_delay: 5,
                preparation: 5,
                ..base
            });
            let mut ours = Plan::of(60);
            if fails {
                ours = ours.failing(case.container, "DEPLOYMENT_ERROR");
            }
            case.plan(ours);
            let failing = Plan::of(60).failing(case.container, "DEPLOYMENT_ERROR");
            case.after_ours(
                3,
                GIT,
                Verb::Deploy,
                &[],
                if fails { Plan::of(60) } else { failing },
            );
            let report = case.environment(|it| it.deploy()).await;
            if fails {
                report.is(Ended::Failed);
            } else {
                report.reached_by(&case.ours(0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_deployment_of_one_service_does_not_hide_our_failure() {
    for response_id in [ResponseId::Always, ResponseId::Never] {
        let case = Case::new(Behavior {
            response_id,
            status_id: StatusId::Null,
            rows: Rows::Never,
            request_status: RequestStatus::Forbidden,
            histories: Histories::Missing,
            ..Behavior::default()
        });
        case.before_ours(GIT, Verb::Deploy, &[], Plan::of(15_000));
        // It runs between two polls.
        case.plan(Plan::of(60).failing(case.container, "DEPLOYMENT_ERROR"));
        let one = [case.application];
        case.after_ours(20, OTHER_PROGRAM, Verb::Deploy, &one, Plan::of(20_000));
        let action = case.client.environment(case.environment).redeploy();
        let report = case.report(action).await;
        assert_ne!(report.how, Ended::Reached, "{}", report.text);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_status_that_repeats_the_old_state_while_a_push_runs_is_not_a_success() {
    let lags = Lags {
        request: 4000,
        queue: 10_000,
        ..Lags::default()
    };
    let case = Case::new(Behavior {
        request_status: RequestStatus::OfTheEnvironment,
        status_id: StatusId::Null,
        histories: Histories::Missing,
        queued_shown_after: 1500,
        preparation: 4000,
        replica: 2000,
        lags,
        ..Behavior::default()
    });
    case.before_ours(GIT, Verb::Deploy, &[], Plan::of(140_000));
    let report = case.report(case.client.environment(case.environment).deploy());
    let report = report.await;
    if report.how == Ended::Reached {
        report.reached_by(&case.ours(0));
    }
}
