//! One test for each rule of the verdict.

use super::*;
use crate::wait::{
    Endpoint, ServiceSnapshot,
    decision::{Cancellation, Cause, Proof},
};

#[test]
fn the_request_status_decides_for_success_and_for_failure() {
    for (said, shown) in [
        // A later run of an external actor shows the opposite.
        ("DEPLOYED", "DEPLOYMENT_ERROR"),
        ("DEPLOYMENT_ERROR", "DEPLOYED"),
    ] {
        let ledger = seen(
            acted(&environment(), Goal::Deployed, Some(1)),
            &[
                status(1_000, "y", shown),
                request_status(1_000, 1, said),
                // Late: it has no entry of ours.
                history(1_000, &[]),
            ],
        );
        // The request status is up to a settle period late, and may repeat the state that the
        // environment showed for another run that long ago.
        assert!(is_pending(&judge(&ledger, 1_000)));
        let verdict = judge(&ledger, periods(2));
        assert_eq!(is_reached(&verdict), said == "DEPLOYED", "{verdict:?}");
        assert_eq!(is_failed(&verdict), said != "DEPLOYED", "{verdict:?}");
    }
}

#[test]
fn the_history_contradicts_a_request_status_that_repeats_the_environment() {
    let mut foreign = past("y", "DEPLOY", "DEPLOYED");
    foreign.origin = Some("GIT".to_owned());
    let mut shown = whole("y", "DEPLOYED");
    shown.origin = Some("GIT".to_owned());
    let status = Observation::Status(StatusReading {
        at: 1_000,
        whole: Some(shown),
        own: vec![None],
        failed: Vec::new(),
        waiting: 0,
    });
    let readings = |end| {
        vec![
            status.clone(),
            request_status(1_000, 1, "DEPLOYED"),
            queue(1_000, &[]),
            history(1_000, &[foreign.clone(), past("x", "DEPLOY", end)]),
        ]
    };
    let judged = |end| {
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        judge(&seen(ledger, &readings(end)), periods(3))
    };
    assert!(is_failed(&judged("DEPLOYMENT_ERROR")));
    assert!(is_reached(&judged("DEPLOYED")));
}

#[test]
fn two_ends_of_one_run_that_contradict_each_other_are_no_success() {
    let ledger = seen(
        acted(&environment(), Goal::Deployed, None),
        &[
            status(1_000, "x", "DEPLOYED"),
            queue(1_000, &[]),
            history(1_000, &[past("x", "DEPLOY", "DEPLOYMENT_ERROR")]),
        ],
    );
    let verdict = judge(&ledger, periods(6));
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_foreign_action_decides_nothing() {
    for state in ["STOPPED", "STOP_ERROR"] {
        let ledger = seen(
            acted(&environment(), Goal::Deployed, None),
            &[
                status(1_000, "y", state),
                queue(1_000, &[]),
                history(1_000, &[past("y", "STOP", state)]),
            ],
        );
        for now in [1_000, periods(1), periods(6)] {
            let verdict = judge(&ledger, now);
            assert!(
                is_pending(&verdict) || is_superseded(&verdict),
                "{verdict:?}"
            );
        }
    }
}

/// The status shows the run with the origin of the run before, which was of the API.
#[test]
fn a_foreign_deployment_is_no_success_of_ours_though_its_status_still_has_an_older_origin() {
    let mut foreign = past("y", "DEPLOY", "DEPLOYED");
    foreign.origin = Some("CONSOLE".to_owned());
    let ledger = seen(
        acted(&environment(), Goal::Deployed, None),
        &[
            status(1_000, "y", "DEPLOYED"),
            queue(1_000, &[]),
            history(1_000, &[foreign]),
        ],
    );
    for now in [1_000, periods(1), periods(6)] {
        assert!(!is_reached(&judge(&ledger, now)));
    }
}

#[test]
fn runs_that_cannot_be_distinguished_have_to_agree() {
    let judged = |first, second| {
        let ledger = seen(
            acted(&environment(), Goal::Deployed, None),
            &[
                status(1_000, "z", second),
                queue(1_000, &[]),
                history(
                    1_000,
                    &[past("z", "DEPLOY", second), past("x", "DEPLOY", first)],
                ),
            ],
        );
        judge(&ledger, periods(3))
    };
    assert!(is_reached(&judged("DEPLOYED", "DEPLOYED")));
    assert!(is_failed(&judged("BUILD_ERROR", "DEPLOYMENT_ERROR")));
    assert!(is_superseded(&judged("DEPLOYED", "BUILD_ERROR")));
    assert!(is_superseded(&judged("BUILD_ERROR", "DEPLOYED")));
}

#[test]
fn a_request_that_left_the_queue_without_a_run_has_vanished_after_two_settle_periods() {
    let mut readings = vec![
        status(1_000, "before", "DEPLOYED"),
        queue(1_000, &[row(1, "DEPLOY")]),
        queue(2_000, &[]),
        status(2_000, "before", "DEPLOYED"),
        history(2_000, &[past("before", "DEPLOY", "DEPLOYED")]),
        unavailable(2_000, Fact::Request(request(1))),
    ];
    let judged = |readings: &[Observation], now| {
        let ledger = acted(&environment(), Goal::Deployed, None);
        judge(&seen(ledger, readings), now)
    };
    // One reading of the queue is not enough, however long ago.
    assert!(is_pending(&judged(&readings, periods(9))));
    readings.push(queue(2_000 + periods(1), &[]));
    assert!(is_pending(&judged(&readings, periods(9))));
    // The reading at 2 s can be that of a replica that does not know the request yet.
    readings.push(queue(2_000 + periods(2), &[]));
    assert!(is_pending(&judged(&readings, periods(9))));
    readings.push(queue(2_000 + periods(3), &[]));
    let verdict = judged(&readings, 2_000 + periods(3));
    let canceled = Decision::Canceled(Cancellation::LeftQueue(request(1)));
    assert_eq!(decision(&verdict), Some(&canceled), "{verdict:?}");
}

#[test]
fn a_request_that_waited_and_is_no_longer_known_was_canceled_if_the_history_lists_no_run_of_it() {
    let unknown = |at| Observation::Unknown { id: request(1), at };
    let judged = |last: &str, listed: bool, now| {
        let mut theirs = past("x", "DEPLOY", "DEPLOYING");
        theirs.origin = Some("CLI".to_owned());
        let of_history = match listed {
            true => history(now, &[theirs]),
            false => unavailable(now, Fact::History),
        };
        let readings = [
            status(1_000, "before", "DEPLOYING"),
            request_status(5_000, 1, last),
            unavailable(5_000, Fact::Queue),
            unknown(20_000),
            unknown(20_000 + periods(1)),
            status(now, "x", "DEPLOYING"),
            of_history,
            unavailable(now, Fact::Queue),
            unknown(now),
        ];
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let poll = Poll {
            since: now,
            ..poll(now)
        };
        seen(ledger, &readings).verdict(&poll)
    };
    let settled = 20_000 + 2 * millis(SETTLE);
    let canceled = Decision::Canceled(Cancellation::LeftQueue(request(1)));
    let verdict = judged("DEPLOYMENT_QUEUED", true, settled);
    assert_eq!(decision(&verdict), Some(&canceled), "{verdict:?}");
    // A replica can be behind, and the history late.
    assert!(is_pending(&judged("DEPLOYMENT_QUEUED", true, settled - 1)));
    assert_ne!(
        decision(&judged("DEPLOYMENT_QUEUED", false, settled)),
        Some(&canceled)
    );
    // It was executed.
    assert_ne!(
        decision(&judged("DEPLOYING", true, settled)),
        Some(&canceled)
    );
}

#[test]
fn a_goal_that_held_before_is_reached_after_the_settle_period_if_nothing_had_to_be_done() {
    let judged = |goal, state, now| {
        let ledger = acted_after(&environment(), goal, state, &[], None);
        let readings = [
            status(1_000, "before", state),
            queue(1_000, &[]),
            history(1_000, &[past("before", "STOP", state)]),
        ];
        judge(&seen(ledger, &readings), now)
    };
    assert!(is_pending(&judged(Goal::Stopped, "STOPPED", 1_000)));
    let verdict = judged(Goal::Stopped, "STOPPED", periods(1));
    assert_eq!(decision(&verdict), Some(&Decision::Reached(Proof::Settled)));
    // A deployment always does something.
    assert!(is_pending(&judged(Goal::Deployed, "DEPLOYED", periods(3))));
    let verdict = judged(Goal::Deployed, "DEPLOYED", periods(4));
    assert_eq!(decision(&verdict), Some(&Decision::NoTrace));
}

#[test]
fn a_goal_that_held_before_is_no_success_if_others_were_at_work_so_that_the_request_had_to_wait() {
    let judged = |last_at_work| {
        let ledger = acted_after(&environment(), Goal::Stopped, "STOPPED", &[], None);
        let mut stop = past("y", "STOP", "STOPPED");
        stop.origin = Some("CONSOLE".to_owned());
        let mut deploy = past("x", "DEPLOY", "DEPLOYED");
        deploy.origin = Some("CONSOLE".to_owned());
        let readings = [
            status(1_000, "x", "DEPLOYING"),
            status(last_at_work, "x", "DEPLOYING"),
            status(40_000, "y", "STOPPED"),
            queue(40_000, &[]),
            history(40_000, &[stop, deploy]),
        ];
        judge(&seen(ledger, &readings), periods(5))
    };
    assert!(is_reached(&judged(5_000)), "the status may be late");
    let verdict = judged(20_000);
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_goal_of_a_service_that_held_before_is_no_success_while_another_run_or_a_counted_request_waits()
{
    let judged = |readings: &[Observation], now| {
        let subject = services(&[1]);
        let mut before = baseline(&subject, "STOPPED");
        let container = ServiceRef::new(ServiceKind::Container, service(1));
        before.services = vec![ServiceSnapshot::new(container, State::Stopped)];
        let known = [past("before", "DEPLOY", "DEPLOYED")];
        let goal = Goal::Stopped;
        let mut ledger = Ledger::acting(&subject, goal, &before, Some(&[]), Some(&known));
        ledger.asked(100, Some(&ActionResponse::default()));
        judge(&seen(ledger, readings), now)
    };
    let rests = |at| status_of_service(at, "before", "STOPPED");
    let counted = changed(rests(1_000), |shown| shown.waiting = 1);
    let no_queue = unavailable(1_000, Fact::Queue);
    let other = |state| {
        let mut other = past("before", "DEPLOY", state);
        other.services = vec![part(2, state, Phase::Running)];
        history(periods(2), &[other])
    };
    let verdict = judged(&[rests(1_000), no_queue.clone()], periods(3));
    assert_eq!(verdict, Err(Fact::History));
    let over = [rests(1_000), no_queue.clone(), other("DEPLOYED")];
    assert!(is_reached(&judged(&over, periods(3))));
    let at_work = [rests(1_000), no_queue.clone(), other("DEPLOYING")];
    assert!(!is_reached(&judged(&at_work, periods(2))));
    assert!(!is_reached(&judged(&at_work, periods(4))));
    let counted = [counted, no_queue, other("DEPLOYED")];
    assert!(is_pending(&judged(&counted, periods(9))));
}

#[test]
fn a_named_request_that_says_queued_is_not_that_of_a_run_which_ended() {
    let judged = |said: &str, now| {
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let readings = [
            status(1_000, "x", "DEPLOYED"),
            request_status(1_000, 1, said),
            unavailable(1_000, Fact::Queue),
            history(1_000, &[past("x", "DEPLOY", "DEPLOYED")]),
        ];
        judge(&seen(ledger, &readings), now)
    };
    assert!(is_reached(&judged("DEPLOYED", periods(3))));
    assert!(is_pending(&judged("DEPLOYMENT_QUEUED", periods(3))));
    // It is stuck.
    assert!(!is_pending(&judged("DEPLOYMENT_QUEUED", periods(5))));
}

#[test]
fn without_a_queue_a_request_that_the_status_counts_can_be_ours() {
    let judged = |named, waiting| {
        let ledger = acted(&environment(), Goal::Deployed, named);
        let shown = changed(status(1_000, "x", "DEPLOYED"), |shown| {
            shown.waiting = waiting
        });
        let readings = [
            shown,
            request_status(1_000, 1, "DEPLOYED"),
            unavailable(1_000, Fact::Queue),
            history(1_000, &[past("x", "DEPLOY", "DEPLOYED")]),
        ];
        judge(&seen(ledger, &readings), periods(5))
    };
    assert!(is_reached(&judged(None, 0)));
    assert!(is_pending(&judged(None, 1)));
    assert!(is_reached(&judged(Some(1), 1)));
}

#[test]
fn an_accepted_action_without_a_trace_is_not_waited_for_until_the_deadline() {
    let judged = |goal, shown, queued: &[QueueRow], now| {
        let ledger = acted(&environment(), goal, None);
        let readings = [
            status(1_000, "before", shown),
            queue(1_000, queued),
            history(1_000, &[past("before", "DEPLOY", "DEPLOYED")]),
            unavailable(1_000, Fact::Request(request(1))),
        ];
        judge(&seen(ledger, &readings), now)
    };
    for goal in [Goal::Deployed, Goal::Restarted, Goal::Stopped] {
        assert!(is_pending(&judged(goal, "DEPLOYED", &[], periods(3))));
        let verdict = judged(goal, "DEPLOYED", &[], periods(4));
        assert_eq!(decision(&verdict), Some(&Decision::NoTrace), "{goal}");
        // Ours may be queued behind the run that is shown, even if the queue does not list it.
        assert!(is_pending(&judged(goal, "DEPLOYING", &[], periods(9))));
    }
    let queued = [row(1, "DEPLOY")];
    let verdict = judged(Goal::Deployed, "DEPLOYED", &queued, periods(9));
    assert!(is_pending(&verdict), "{verdict:?}");
}

/// A request id that starts with its creation time: a larger number was made later.
fn made(number: u128) -> Uuid {
    Uuid::from_u128(0x019b_76da_a800_7000_8000_0000_0000_0000 + number)
}

#[test]
fn the_success_of_a_request_behind_a_deletion_of_its_service_is_none_until_its_run_lists_the_service()
 {
    let judged = |deletion: Uuid, entry: HistoryEntry, now| {
        let mut ledger = acted(&services(&[1]), Goal::Deployed, None);
        ledger.asked(
            100,
            Some(&ActionResponse {
                request: Some(made(2)),
                execution: None,
                idle: false,
                server_time: Some(SENT),
            }),
        );
        let delete = QueueRow {
            request: deletion,
            services: Some(vec![service(1)]),
            ..row(1, "DELETE")
        };
        let said = Observation::Request {
            id: made(2),
            state: State::from("DEPLOYED"),
            at: 2_000,
        };
        let readings = [
            queue(500, &[delete]),
            status_of_services(2_000, "y", "DELETING", &["DELETING"]),
            said,
            queue(2_000, &[]),
            history(2_000, &[entry]),
        ];
        judge(&seen(ledger, &readings), now)
    };
    let at = 0x019b_76da_a800 / 1_000;
    let empty = || HistoryEntry {
        created: None,
        updated: Some(at + 60),
        ..past("x", "DEPLOY", "DEPLOYED")
    };
    let full = || HistoryEntry {
        services: vec![part(1, "DEPLOYED", Phase::Reached)],
        ..empty()
    };
    for now in [2_000, periods(2), periods(9)] {
        let verdict = judged(made(1), empty(), now);
        assert!(is_pending(&verdict), "{verdict:?}");
    }
    assert!(is_reached(&judged(made(1), full(), periods(2))));
    // The deletion was queued behind it.
    assert!(is_reached(&judged(made(3), empty(), periods(2))));
}

#[test]
fn a_request_that_is_watched_and_still_queued_has_not_ended_if_its_status_repeats_the_environment()
{
    let judged = |rows: &[QueueRow]| {
        let ledger = Ledger::watching(&environment(), Goal::Deployed, Some(request(1)));
        let readings = [
            status(1_000, "y", "DEPLOYED"),
            request_status(1_000, 1, "DEPLOYED"),
            queue(1_000, rows),
            history(1_000, &[]),
        ];
        judge(&seen(ledger, &readings), periods(3))
    };
    assert!(is_pending(&judged(&[row(1, "DEPLOY")])));
    assert!(is_reached(&judged(&[])));
}

#[test]
fn of_two_runs_alike_neither_is_taken_for_an_action_whose_response_was_lost() {
    let judged = |is_lost: bool, runs: &[&str]| {
        let subject = environment();
        let before = baseline(&subject, "STOPPED");
        let mut ledger = Ledger::acting(&subject, Goal::Deployed, &before, Some(&[]), Some(&[]));
        ledger.asked(100, (!is_lost).then(ActionResponse::default).as_ref());
        let entries: Vec<HistoryEntry> = runs
            .iter()
            .map(|id| past(id, "DEPLOY", "DEPLOYED"))
            .collect();
        let readings = [
            status(1_000, "x", "DEPLOYED"),
            queue(1_000, &[]),
            history(1_000, &entries),
        ];
        judge(&seen(ledger, &readings), periods(3))
    };
    assert!(is_reached(&judged(true, &["x"])));
    assert!(is_reached(&judged(false, &["x", "y"])));
    let verdict = judged(true, &["x", "y"]);
    let Some(Decision::Superseded { alike, .. }) = decision(&verdict) else {
        panic!("{verdict:?}");
    };
    assert_eq!(alike.len(), 2, "{alike:?}");
}

/// No endpoint but the status: the service that failed names the run that the last one has hidden.
#[test]
fn a_service_that_failed_in_a_run_that_others_followed_keeps_the_last_run_from_deciding() {
    let judged = |goal, failed: Vec<(Uuid, String, State)>| {
        let shown = match goal {
            Goal::Stopped => "STOPPED",
            _ => "DEPLOYED",
        };
        let Observation::Status(mut last) = status(1_000, "y", shown) else {
            panic!("it is a status");
        };
        last.failed = failed;
        let readings = [
            Observation::Status(last),
            unavailable(1_000, Fact::Queue),
            unavailable(1_000, Fact::History),
        ];
        judge(
            &seen(acted(&environment(), goal, None), &readings),
            periods(3),
        )
    };
    let of = |run: &str, state: State| vec![(service(2), run.to_owned(), state)];
    assert!(is_reached(&judged(Goal::Deployed, Vec::new())));
    for state in [State::DeploymentError, State::BuildError, State::Canceled] {
        assert!(is_superseded(&judged(
            Goal::Deployed,
            of("x", state.clone())
        )));
        // It failed before the action.
        assert!(is_reached(&judged(Goal::Deployed, of("before", state))));
    }
    // The failure of another action.
    assert!(is_reached(&judged(
        Goal::Stopped,
        of("x", State::DeploymentError)
    )));
}

#[test]
fn a_lost_response_is_reported_without_a_trace_and_followed_with_one() {
    let lost = || {
        let subject = environment();
        let before = baseline(&subject, "STOPPED");
        let mut ledger = Ledger::acting(&subject, Goal::Deployed, &before, Some(&[]), Some(&[]));
        ledger.asked(100, None);
        ledger
    };
    let quiet = [
        status(1_000, "before", "STOPPED"),
        queue(1_000, &[]),
        history(1_000, &[]),
    ];
    let ledger = seen(lost(), &quiet);
    assert!(is_pending(&judge(&ledger, periods(1))));
    assert_eq!(
        decision(&judge(&ledger, periods(2))),
        Some(&Decision::NoTrace)
    );
    let traced = seen(ledger, &[queue(2_000, &[row(1, "DEPLOY")])]);
    assert!(is_pending(&judge(&traced, periods(2))));
    let foreign = QueueRow {
        origin: Some("GIT".to_owned()),
        ..row(2, "DEPLOY")
    };
    let untraced = seen(lost(), &quiet);
    let untraced = seen(untraced, &[queue(2_000, &[foreign])]);
    assert_eq!(
        decision(&judge(&untraced, periods(2))),
        Some(&Decision::NoTrace)
    );
}

#[test]
fn gone_needs_a_second_proof() {
    let ledger = acted(&environment(), Goal::Deleted, None);
    let once = seen(ledger, &[Observation::Missing { at: 1_000 }]);
    assert!(is_pending(&judge(&once, periods(9))));
    let again = Observation::Missing {
        at: 1_000 + periods(1),
    };
    let twice = seen(once.clone(), std::slice::from_ref(&again));
    let verdict = judge(&twice, 1_000 + periods(1));
    assert_eq!(decision(&verdict), Some(&Decision::Reached(Proof::Gone)));
    // Found in between: the responses prove nothing.
    let found = seen(once, &[Observation::Listed { at: 5_000 }, again]);
    assert!(is_pending(&judge(&found, 1_000 + periods(1))));
}

#[test]
fn the_request_status_is_a_second_proof_that_a_subject_is_gone() {
    let readings = [
        Observation::Missing { at: 1_000 },
        request_status(1_000, 1, "DELETED"),
    ];
    let ledger = seen(acted(&environment(), Goal::Deleted, Some(1)), &readings);
    let verdict = judge(&ledger, 1_000);
    assert_eq!(decision(&verdict), Some(&Decision::Reached(Proof::Gone)));
}

#[test]
fn a_run_that_was_seen_at_work_before_its_subject_was_gone_has_no_known_end() {
    let watching = Ledger::watching(&environment(), Goal::Deployed, Some(request(1)));
    for ledger in [
        watching,
        acted(&environment(), Goal::Deployed, Some(1)),
        acted(&environment(), Goal::Deployed, None),
    ] {
        let gone = |state| {
            let readings = [
                status(500, "x", state),
                unavailable(1_000, Fact::Request(request(1))),
                Observation::Missing { at: 1_000 },
                Observation::Missing { at: periods(2) },
            ];
            judge(&seen(ledger.clone(), &readings), periods(2))
        };
        let verdict = gone("DEPLOYING");
        assert!(is_superseded(&verdict), "{verdict:?}");
        // It has not begun, and never will.
        let verdict = gone("DEPLOYMENT_QUEUED");
        assert!(is_failed(&verdict), "{verdict:?}");
    }
}

#[test]
fn a_run_is_that_of_a_request_ahead_only_if_each_request_that_can_be_ours_has_a_run_too() {
    let ahead = row(2, "DEPLOY");
    let before = acted_after(
        &environment(),
        Goal::Deployed,
        "DEPLOYED",
        std::slice::from_ref(&ahead),
        None,
    );
    let beside = [ahead, row(1, "DEPLOY"), row(3, "DEPLOY")];
    let runs = ["z", "y", "x"].map(|id| past(id, "DEPLOY", "DEPLOYED"));
    let candidates = |runs: &[HistoryEntry]| {
        let readings = [
            queue(200, &beside),
            queue(60_000, &[]),
            history(60_000, runs),
        ];
        let ledger = seen(before.clone(), &readings);
        ledger.view().candidates().executions().len()
    };
    assert_eq!(candidates(&runs), 2);
    // One of the requests may have been canceled in the queue.
    assert_eq!(candidates(&runs[1..]), 2);
}

#[test]
fn a_request_that_repeats_a_deletion_by_others_does_not_undo_the_success_of_its_run() {
    let readings = [
        queue(1_000, &[row(1, "DEPLOY")]),
        history(9_000, &[past("x", "DEPLOY", "DEPLOYED")]),
        Observation::Missing { at: 20_000 },
        request_status(20_000, 1, "DELETED"),
    ];
    let ledger = seen(acted(&environment(), Goal::Deployed, Some(1)), &readings);
    let verdict = judge(&ledger, 20_000);
    let decided = decision(&verdict);
    assert!(matches!(decided, Some(Decision::Reached(_))), "{verdict:?}");
}

#[test]
fn a_request_is_asked_for_again_while_a_later_run_like_its_own_is_shown() {
    let readings = [
        status(1_000, "x", "DEPLOYING"),
        status(9_000, "y", "DEPLOYING"),
        // By a replica that is behind.
        request_status(9_000, 1, "DEPLOYING"),
        history(9_000, &[]),
    ];
    let mut ledger = seen(acted(&environment(), Goal::Deployed, Some(1)), &readings);
    let mut judged_at = |now| {
        ledger.observe(status(now, "y", "DEPLOYING"));
        let since = now;
        ledger.verdict(&Poll { since, ..poll(now) })
    };
    assert!(is_pending(&judged_at(20_000)));
    assert_eq!(judged_at(40_000), Err(Fact::Request(request(1))));
}

/// The request status repeats the state of the environment.
#[test]
fn a_request_status_of_another_action_leaves_the_decision_to_the_history() {
    let foreign = HistoryEntry {
        origin: Some("CONSOLE".to_owned()),
        ..past("y", "DEPLOY", "DEPLOYING")
    };
    let readings = |said: &str| {
        [
            status(1_000, "x", "STOPPING"),
            request_status(1_000, 1, "STOPPING"),
            status(20_000, "y", "DEPLOYING"),
            request_status(20_000, 1, said),
            queue(20_000, &[]),
            history(20_000, &[foreign.clone(), past("x", "STOP", "CANCELED")]),
        ]
    };
    let judged = |said: &str| {
        let acted = acted(&environment(), Goal::Stopped, Some(1));
        judge(&seen(acted, &readings(said)), 20_000 + periods(1))
    };
    let verdict = judged("DEPLOYING");
    let is_canceled = matches!(decision(&verdict), Some(Decision::Canceled(_)));
    assert!(is_canceled, "{verdict:?}");
    // Its own status may be behind for a settle period.
    let acted = acted(&environment(), Goal::Stopped, Some(1));
    let verdict = judge(&seen(acted, &readings("STOPPING")), 20_000);
    assert!(is_pending(&verdict), "{verdict:?}");
}

#[test]
fn a_request_status_that_goes_back_to_work_does_not_decide() {
    for back_at in [100, 5_000, 30_000] {
        let ledger = seen(
            acted(&environment(), Goal::Deployed, Some(1)),
            &[
                status(100, "before", "DEPLOYMENT_ERROR"),
                request_status(100, 1, "DEPLOYMENT_ERROR"),
                status(1_000, "x", "DEPLOYING"),
                request_status(back_at, 1, "DEPLOYING"),
                request_status(back_at + 20_000, 1, "DEPLOYING"),
                status(60_000, "y", "STOPPING"),
                request_status(60_000, 1, "STOPPING"),
                queue(60_000, &[]),
                history(
                    60_000,
                    &[
                        past("y", "STOP", "STOPPING"),
                        past("x", "DEPLOY", "DEPLOYED"),
                    ],
                ),
            ],
        );
        let verdict = judge(&ledger, 60_000 + periods(2));
        assert!(is_reached(&verdict), "{verdict:?}");
    }
}

/// The same user asks for the same again, and the request status follows the environment into that run.
#[test]
fn the_run_that_began_when_the_request_left_the_queue_is_ours() {
    let first = past("x", "DEPLOY", "DEPLOYMENT_ERROR");
    let second = |state| HistoryEntry {
        ..past("y", "DEPLOY", state)
    };
    let judged = |queue_read_at: u64| {
        let ledger = seen(
            acted(&environment(), Goal::Deployed, Some(1)),
            &[
                queue(500, &[row(1, "DEPLOY")]),
                status(1_000, "x", "DEPLOYING"),
                request_status(1_000, 1, "DEPLOYING"),
                queue(queue_read_at, &[row(2, "DEPLOY")]),
                status(20_000, "x", "DEPLOYING"),
                status(60_000, "y", "DEPLOYING"),
                status(90_000, "y", "DEPLOYED"),
                request_status(90_000, 1, "DEPLOYED"),
                queue(90_000, &[]),
                history(90_000, &[second("DEPLOYED"), first.clone()]),
            ],
        );
        judge(&ledger, 90_000 + periods(4))
    };
    let verdict = judged(20_000);
    assert!(is_failed(&verdict), "{verdict:?}");
    // The queue was read too early to list each request that is ahead.
    let verdict = judged(2_000);
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_run_that_the_history_lists_late_but_that_was_created_earlier_can_be_ours() {
    let judged = |created: i64| {
        let entry = |id: &str, state: &str, created: i64| HistoryEntry {
            created: Some(created),
            ..past(id, "STOP", state)
        };
        // It was resumed when the second run was at work.
        let ledger = acted(&environment(), Goal::Stopped, None);
        let readings = [
            queue(500, &[]),
            status(60_000, "y", "STOPPING"),
            queue(60_000, &[]),
            status(90_000, "y", "STOPPED"),
            queue(90_000, &[]),
            history(
                90_000,
                &[
                    entry("y", "STOPPED", SENT + 50),
                    entry("x", "STOP_ERROR", created),
                ],
            ),
        ];
        judge(&seen(ledger, &readings), 90_000 + periods(2))
    };
    let verdict = judged(SENT + 20);
    assert!(is_superseded(&verdict), "{verdict:?}");
    // It came after the one that is ours.
    let verdict = judged(SENT + 70);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn the_queue_is_read_once_while_other_requests_wait() {
    let waits = |at: u64| {
        let Observation::Status(shown) = status(at, "x", "DEPLOYING") else {
            unreachable!("it is a status");
        };
        Observation::Status(StatusReading {
            waiting: 1,
            ..shown
        })
    };
    let judged = |readings: &[Observation]| {
        let acted = acted(&environment(), Goal::Deployed, Some(1));
        let ledger = seen(acted, readings);
        let since = 20_000;
        ledger.verdict(&Poll {
            since,
            ..poll(since)
        })
    };
    let begun = [
        status(1_000, "x", "DEPLOYING"),
        request_status(1_000, 1, "DEPLOYING"),
    ];
    let mut readings = begun.to_vec();
    readings.push(status(20_000, "x", "DEPLOYING"));
    assert!(is_pending(&judged(&readings)));
    readings.push(waits(20_000));
    assert_eq!(judged(&readings), Err(Fact::Queue));
    readings.push(queue(18_000, &[row(2, "DEPLOY")]));
    assert!(is_pending(&judged(&readings)));
}

/// Without a history, the status of a service says whether the last run includes it.
#[test]
fn a_run_that_does_not_include_the_service_is_not_ours() {
    let beside = |in_last| {
        Observation::Status(StatusReading {
            at: 40_000,
            whole: Some(whole("y", "DEPLOYING")),
            own: vec![Some(PartStatus {
                state: State::Deployed,
                deployment: Some("x".to_owned()),
                request: None,
                date: None,
                action: None,
                in_last,
            })],
            failed: Vec::new(),
            waiting: 0,
        })
    };
    let claims = |in_last| {
        let begun = status_of_services(1_000, "x", "DEPLOYING", &["DEPLOYING"]);
        let acted = acted(&services(&[1]), Goal::Deployed, Some(1));
        let ledger = seen(acted, &[begun, beside(in_last)]);
        let run = ledger.run(&run_of_execution("y")).expect("it was seen");
        claim(&ledger, run).is_excluded()
    };
    assert!(claims(Some(false)));
    assert!(!claims(Some(true)));
    assert!(!claims(None));
}

/// A run that ended is over, although the request is said to run for as long as a later one does.
#[test]
fn an_end_behind_a_foreign_run_is_reported_while_that_run_goes_on() {
    let foreign = HistoryEntry {
        origin: Some("GIT".to_owned()),
        ..past("y", "DEPLOY", "DEPLOYING")
    };
    let ledger = seen(
        acted(&environment(), Goal::Deployed, Some(1)),
        &[
            status(1_000, "x", "DEPLOYING"),
            request_status(1_000, 1, "DEPLOYING"),
            status(40_000, "y", "DEPLOYING"),
            request_status(40_000, 1, "DEPLOYING"),
            queue(40_000, &[]),
            history(40_000, &[foreign, past("x", "DEPLOY", "DEPLOYED")]),
        ],
    );
    assert!(is_pending(&judge(&ledger, 40_000)));
    let verdict = judge(&ledger, 40_000 + periods(1));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_subject_that_disappears_has_failed_any_other_goal() {
    let missing = [1_000, 1_000 + periods(1)].map(|at| Observation::Missing { at });
    let ledger = seen(acted(&environment(), Goal::Deployed, None), &missing);
    let verdict = judge(&ledger, 1_000 + periods(1));
    assert_eq!(decision(&verdict), Some(&Decision::Failed(Cause::Gone)));
}

#[test]
fn the_deletion_by_an_external_actor_is_not_ours() {
    let mut foreign = row(2, "DELETE");
    foreign.origin = Some("CONSOLE".to_owned());
    let missing = [1_000, 1_000 + periods(1)].map(|at| Observation::Missing { at });
    let waiting = acted_after(&environment(), Goal::Deleted, "DEPLOYED", &[foreign], None);
    let verdict = judge(&seen(waiting, &missing), 1_000 + periods(1));
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn the_services_of_a_failed_run_are_judged_by_their_entries_in_the_history() {
    let judged = |own: &[u128]| {
        let mut entry = past("x", "DEPLOY", "DEPLOYMENT_ERROR");
        entry.services = vec![
            part(1, "DEPLOYED", Phase::Reached),
            part(2, "DEPLOYMENT_ERROR", Phase::Failed),
            part(3, "DEPLOYED", Phase::Queued),
        ];
        let states: Vec<&str> = own
            .iter()
            .map(|number| {
                if *number == 2 {
                    "DEPLOYMENT_ERROR"
                } else {
                    "DEPLOYED"
                }
            })
            .collect();
        let ledger = seen(
            acted(&services(own), Goal::Deployed, Some(1)),
            &[
                status_of_services(1_000, "x", "DEPLOYMENT_ERROR", &states),
                request_status(1_000, 1, "DEPLOYMENT_ERROR"),
                queue(1_000, &[]),
                history(1_000, &[entry]),
            ],
        );
        judge(&ledger, periods(3))
    };
    assert!(is_reached(&judged(&[1])));
    assert!(is_failed(&judged(&[2])));
    // The run did not reach the service: the state that it shows is that of an earlier run.
    assert!(is_failed(&judged(&[3])));
    assert!(is_failed(&judged(&[1, 2])));
    assert!(is_failed(&judged(&[1, 3])));
}

#[test]
fn a_cancel_is_judged_by_the_request_that_it_was_aimed_at() {
    let judged = |said, shown| {
        let mut ledger = acted(&environment(), Goal::Canceled, None);
        ledger.follow(request(1));
        let readings = [status(1_000, "x", shown), request_status(1_000, 1, said)];
        judge(&seen(ledger, &readings), 1_000)
    };
    assert!(is_pending(&judged("CANCELING", "CANCELED")));
    assert!(is_reached(&judged("CANCELED", "DEPLOYING")));
    assert!(is_reached(&judged("DEPLOYED", "DEPLOYING")));
}

#[test]
fn a_fact_that_was_not_read_since_the_poll_began_is_asked_for() {
    let ledger = acted(&environment(), Goal::Deployed, Some(1));
    let ledger = seen(
        ledger,
        &[
            request_status(500, 1, "DEPLOYED"),
            status(1_000, "x", "DEPLOYED"),
        ],
    );
    let verdict = ledger.verdict(&Poll {
        since: 1_000,
        now: 1_000,
        settle: SETTLE,
        shares: false,
    });
    assert_eq!(verdict, Err(Fact::Request(request(1))));
}

#[test]
fn the_evidence_of_a_verdict_names_the_endpoint_that_said_it() {
    let ledger = seen(
        acted(&environment(), Goal::Deployed, Some(1)),
        &[
            status(1_000, "y", "STOPPED"),
            request_status(1_000, 1, "DEPLOYED"),
            history(1_000, &[]),
        ],
    );
    let Ok(Verdict::Decided(_, evidence)) = judge(&ledger, periods(2)) else {
        panic!("it is decided");
    };
    let endpoints: Vec<Endpoint> = evidence.iter().map(|fact| fact.endpoint).collect();
    assert_eq!(endpoints, [Endpoint::RequestStatus]);
    assert_eq!(evidence[0].run, Some(run_of_request(1)));
}

#[test]
fn a_service_that_shows_a_state_from_before_the_action_was_canceled_with_its_request() {
    let ledger = seen(
        acted(&services(&[1]), Goal::Deployed, Some(1)),
        &[
            status_of_services(1_000, "before", "DEPLOYED", &["DEPLOYED"]),
            request_status(1_000, 1, "CANCELED"),
            queue(1_000, &[]),
            unavailable(1_000, Fact::History),
        ],
    );
    let verdict = judge(&ledger, periods(2));
    let canceled = Decision::Canceled(Cancellation::Seen);
    assert_eq!(decision(&verdict), Some(&canceled), "{verdict:?}");
}

#[test]
fn a_request_status_that_says_ended_while_our_run_is_at_work_does_not_decide() {
    let readings = [
        status(1_000, "x", "DEPLOYING"),
        request_status(1_000, 1, "DEPLOYED"),
        queue(1_000, &[]),
        history(1_000, &[past("x", "DEPLOY", "DEPLOYING")]),
    ];
    let ledger = seen(acted(&environment(), Goal::Deployed, Some(1)), &readings);
    assert!(is_pending(&judge(&ledger, periods(9))));
    // The status was behind.
    let ledger = seen(ledger, &[status(3_000, "x", "DEPLOYED")]);
    assert!(is_reached(&judge(&ledger, 3_000)));
}

#[test]
fn a_foreign_run_in_the_history_does_not_stand_in_for_ours_while_the_history_may_be_late() {
    let mut foreign = past("y", "DEPLOY", "DEPLOYMENT_ERROR");
    foreign.origin = Some("GIT".to_owned());
    foreign.services = vec![
        part(1, "DEPLOYED", Phase::Reached),
        part(2, "DEPLOYMENT_ERROR", Phase::Failed),
    ];
    let mut ours = past("x", "DEPLOY", "DEPLOYMENT_ERROR");
    ours.services = vec![part(1, "DEPLOYMENT_ERROR", Phase::Failed)];
    let readings = [
        status_of_services(1_000, "x", "DEPLOYMENT_ERROR", &["DEPLOYMENT_ERROR"]),
        request_status(1_000, 1, "DEPLOYMENT_ERROR"),
        queue(1_000, &[]),
        history(1_000, std::slice::from_ref(&foreign)),
    ];
    let ledger = seen(acted(&services(&[1]), Goal::Deployed, Some(1)), &readings);
    let verdict = judge(&ledger, 1_000);
    assert!(is_pending(&verdict), "{verdict:?}");
    let ledger = seen(ledger, &[history(3_000, &[ours, foreign])]);
    let verdict = judge(&ledger, 3_000);
    assert!(is_failed(&verdict), "{verdict:?}");
}

/// A service that is read alone, without a history: nothing describes its run.
#[test]
fn a_queue_that_lists_our_request_at_once_does_not_hide_how_its_run_ended() {
    let part = |state: &str| {
        Some(PartStatus {
            state: State::from(state),
            deployment: Some("x".to_owned()),
            request: None,
            date: None,
            action: None,
            in_last: None,
        })
    };
    let alone = |at, state: &str| {
        Observation::Status(StatusReading {
            at,
            whole: None,
            own: vec![part(state)],
            failed: Vec::new(),
            waiting: 0,
        })
    };
    let readings = [
        // Read within the first millisecond of the wait.
        queue(0, &[row(1, "DEPLOY")]),
        unavailable(1_000, Fact::Request(request(1))),
        unavailable(1_000, Fact::History),
        alone(1_000, "DEPLOYING"),
        alone(2_000, "DEPLOYMENT_ERROR"),
        queue(2_000, &[]),
    ];
    let ledger = seen(acted(&services(&[1]), Goal::Deployed, Some(1)), &readings);
    let verdict = judge(&ledger, periods(3));
    assert!(is_failed(&verdict), "{verdict:?}");
}

/// The queue of a replica that is behind lists the request while its run is seen on the other one.
#[test]
fn a_deletion_that_begins_while_the_queue_still_lists_it_is_ours() {
    let entry = past("x", "DELETE", "DELETING");
    let mut readings = vec![
        queue(1_000, &[row(1, "DELETE")]),
        history(2_000, &[entry]),
        queue(6_000, &[row(1, "DELETE")]),
        unavailable(20_000, Fact::Request(request(1))),
    ];
    readings.extend([20_000, 20_000 + periods(1)].map(|at| Observation::Missing { at }));
    let judged = |readings: &[Observation]| {
        let ledger = acted(&environment(), Goal::Deleted, None);
        judge(&seen(ledger, readings), 20_000 + periods(1))
    };
    assert!(is_reached(&judged(&readings)));
    // Some servers list the running request.
    readings.insert(3, queue(18_000, &[row(1, "DELETE")]));
    assert!(is_reached(&judged(&readings)));
    // It is still listed a settle period after the deletion of another user began.
    let entry = HistoryEntry {
        triggered_by: Some("another".to_owned()),
        ..past("x", "DELETE", "DELETING")
    };
    readings[1] = history(2_000, &[entry]);
    assert!(is_superseded(&judged(&readings)));
}

/// A status of one service, beside the run that the environment shows.
fn status_beside(at: Stamp, shown: (&str, &str), own: (&str, &str)) -> Observation {
    Observation::Status(StatusReading {
        at,
        whole: Some(whole(shown.0, shown.1)),
        own: vec![Some(PartStatus {
            state: State::from(own.1),
            deployment: Some(own.0.to_owned()),
            request: None,
            date: None,
            action: None,
            in_last: None,
        })],
        failed: Vec::new(),
        waiting: 0,
    })
}

/// One of many services that are deployed one after the other, without a history and without a request status.
fn one_of_many(queue_reads: &[Observation]) -> Ledger {
    let mut readings = vec![
        unavailable(1_000, Fact::Request(request(2))),
        unavailable(1_000, Fact::History),
        status_beside(2_000, ("w", "DEPLOYING"), ("before", "DEPLOYED")),
        status_beside(40_000, ("x", "DEPLOYING"), ("x", "DEPLOYING")),
        status_beside(60_000, ("y", "DEPLOYING"), ("x", "DEPLOYED")),
        status_beside(90_000, ("y", "DEPLOYED"), ("x", "DEPLOYED")),
    ];
    readings.extend(queue_reads.iter().cloned());
    seen(acted(&services(&[1]), Goal::Deployed, Some(2)), &readings)
}

#[test]
fn a_run_from_before_the_request_left_the_queue_does_not_judge_a_service() {
    // The request is still listed long after the run of the service began.
    let ledger = one_of_many(&[
        queue(20_000, &[row(2, "DEPLOY")]),
        queue(70_000, &[row(2, "DEPLOY")]),
        queue(90_000, &[]),
    ]);
    assert!(!is_reached(&judge(&ledger, 90_000 + periods(4))));
    // Another request of the same kind was listed.
    let ledger = one_of_many(&[
        queue(20_000, &[row(1, "DEPLOY"), row(2, "DEPLOY")]),
        queue(90_000, &[]),
    ]);
    assert!(!is_reached(&judge(&ledger, 90_000 + periods(4))));
    // The queue was never read late enough to list it.
    let ledger = one_of_many(&[queue(2_000, &[])]);
    assert!(!is_reached(&judge(&ledger, 90_000 + periods(4))));
}

#[test]
fn a_request_status_that_follows_the_environment_into_a_later_run_is_no_success() {
    let failed = past("x", "DEPLOY", "DEPLOYMENT_ERROR");
    let readings = [
        status(1_000, "x", "DEPLOYING"),
        request_status(1_000, 1, "DEPLOYING"),
        status(20_000, "x", "DEPLOYING"),
        status(60_000, "y", "DEPLOYING"),
        history(60_000, &[past("y", "DEPLOY", "DEPLOYING"), failed.clone()]),
        status(90_000, "y", "DEPLOYED"),
        request_status(90_000, 1, "DEPLOYED"),
        queue(90_000, &[]),
        history(90_000, &[past("y", "DEPLOY", "DEPLOYED"), failed]),
    ];
    let acted = acted(&environment(), Goal::Deployed, Some(1));
    let ledger = seen(acted.clone(), &readings);
    let verdict = judge(&ledger, 90_000 + periods(4));
    assert!(is_superseded(&verdict), "{verdict:?}");
    // A request that was queued during the first run is the second one.
    let mut readings = readings;
    readings[1] = request_status(1_000, 1, "DEPLOYMENT_QUEUED");
    let verdict = judge(&seen(acted, &readings), 90_000 + periods(4));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_success_after_a_deletion_that_never_waited_in_the_queue_needs_the_service() {
    let readings = |own: &str| {
        [
            status_of_services(4_000, "deletion", "DELETING", &["DELETING"]),
            request_status(8_000, 1, "DEPLOYMENT_QUEUED"),
            status_of_services(40_000, "deletion", "DELETING", &["DELETING"]),
            request_status(40_000, 1, own),
            queue(40_000, &[]),
            history(40_000, &[past("deletion", "DELETE", "DELETING")]),
        ]
    };
    let acted = acted(&services(&[1]), Goal::Stopped, Some(1));
    let mut readings = readings("STOPPED").to_vec();
    let verdict = judge(&seen(acted.clone(), &readings), 40_000);
    assert!(is_pending(&verdict), "{verdict:?}");
    readings.extend([60_000, 80_000].map(|at| Observation::Missing { at }));
    readings.push(request_status(80_000, 1, "STOPPED"));
    let verdict = judge(&seen(acted, &readings), 80_000);
    assert!(is_failed(&verdict), "{verdict:?}");
}

#[test]
fn a_success_after_other_runs_needs_the_history_if_the_request_may_repeat_the_environment() {
    let ledger = seen(
        acted(&services(&[1]), Goal::Stopped, Some(1)),
        &[
            status_of_services(1_000, "x", "DEPLOYING", &["DEPLOYING"]),
            status_of_services(40_000, "y", "STOPPING", &["STOPPING"]),
            status_of_services(80_000, "y", "STOPPED", &["STOPPED"]),
            request_status(80_000, 1, "STOPPED"),
        ],
    );
    assert_eq!(judge(&ledger, 80_000), Err(Fact::History));
    // The history may be late.
    let late = seen(ledger.clone(), &[history(80_000, &[])]);
    assert!(is_pending(&judge(&late, 80_000)));
    for (origin, is_ours) in [("API", true), ("GIT", false), ("CONSOLE", false)] {
        let mut entry = past("y", "STOP", "STOPPED");
        entry.origin = Some(origin.to_owned());
        entry.services = vec![part(1, "STOPPED", Phase::Reached)];
        let ledger = seen(ledger.clone(), &[history(80_000, &[entry])]);
        assert_eq!(is_reached(&judge(&ledger, 80_000)), is_ours, "{origin}");
        assert_eq!(is_reached(&judge(&ledger, 200_000)), is_ours, "{origin}");
    }
}

#[test]
fn a_request_that_no_endpoint_knows_any_more_does_not_wait_until_the_deadline() {
    let gone = unavailable(2_000, Fact::Request(request(1)));
    let judged = |named, readings: &[Observation], now| {
        let ledger = acted_after(&environment(), Goal::Stopped, "DEPLOYED", &[], named);
        let mut all = vec![status(1_000, "before", "DEPLOYED"), gone.clone()];
        all.extend(readings.iter().cloned());
        all.push(history(2_000, &[]));
        let verdict = judge(&seen(ledger, &all), now);
        let is_open = matches!(verdict, Ok(Verdict::Pending { .. }));
        let is_unknown = matches!(decision(&verdict), Some(Decision::Superseded { .. }));
        assert!(is_open || is_unknown, "{named:?}, {now}: {verdict:?}");
        !is_open
    };
    let said = request_status(1_000, 1, "STOP_QUEUED");
    let no_queue = unavailable(2_000, Fact::Queue);
    let listed = queue(1_000, &[row(1, "STOP")]);
    let empty = queue(2_000, &[]);
    for readings in [
        vec![said.clone(), no_queue.clone()],
        vec![said.clone(), empty],
        vec![listed, no_queue],
    ] {
        for named in [Some(1), None] {
            assert!(!judged(named, &readings, periods(1)), "{readings:?}");
            assert!(judged(named, &readings, periods(5)), "{readings:?}");
        }
    }
}

#[test]
fn a_request_that_is_over_is_decided_in_a_busy_environment_without_a_queue() {
    let judged = |is_over: bool| {
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let mut foreign = past("y", "DEPLOY", "DEPLOYING");
        foreign.origin = Some("GIT".to_owned());
        let mut readings = vec![
            request_status(1_000, 1, "DEPLOYING"),
            status(1_000, "x", "DEPLOYING"),
            unavailable(1_000, Fact::Queue),
            status(60_000, "y", "DEPLOYING"),
            history(60_000, &[foreign, past("x", "DEPLOY", "DEPLOYED")]),
        ];
        readings.push(match is_over {
            true => unknown(40_000),
            false => unavailable(40_000, Fact::Request(request(1))),
        });
        readings.push(match is_over {
            true => unknown(60_000),
            false => unavailable(60_000, Fact::Request(request(1))),
        });
        readings.push(status(80_000, "y", "DEPLOYING"));
        judge(&seen(ledger, &readings), 81_000)
    };
    assert!(is_reached(&judged(true)));
    assert!(is_pending(&judged(false)));
}

#[test]
fn a_run_that_no_endpoint_describes_is_no_success_of_an_action_whose_response_was_lost() {
    let judged = |received: Option<&ActionResponse>, rows: &[QueueRow]| {
        let subject = services(&[1]);
        let before = baseline(&subject, "STOPPED");
        let goal = Goal::Deployed;
        let mut ledger = Ledger::acting(&subject, goal, &before, Some(&[]), Some(&[]));
        ledger.asked(100, received);
        let readings = [
            queue(1_000, rows),
            status_of_service(2_000, "x", "DEPLOYING"),
            status_of_service(30_000, "x", "DEPLOYED"),
            queue(30_000, &[]),
            unavailable(30_000, Fact::History),
            unavailable(30_000, Fact::Request(request(1))),
        ];
        judge(&seen(ledger, &readings), 30_000 + periods(2))
    };
    let accepted = ActionResponse::default();
    assert!(is_reached(&judged(Some(&accepted), &[])));
    let verdict = judged(None, &[]);
    assert!(is_superseded(&verdict), "{verdict:?}");
    assert!(is_reached(&judged(None, &[row(1, "DEPLOY")])));
}

#[test]
fn a_success_that_needs_no_action_is_none_if_the_response_was_lost() {
    let judged = |is_lost: bool| {
        let before = baseline(&environment(), "STOPPED");
        let ledger = Ledger::acting(&environment(), Goal::Stopped, &before, Some(&[]), Some(&[]));
        let mut ledger = ledger;
        let response = ActionResponse::default();
        ledger.asked(100, (!is_lost).then_some(&response));
        let readings = [
            status(1_000, "before", "STOPPED"),
            queue(1_000, &[]),
            history(1_000, &[]),
        ];
        judge(&seen(ledger, &readings), periods(4))
    };
    let accepted = judged(false);
    assert!(
        matches!(decision(&accepted), Some(Decision::Reached(_))),
        "{accepted:?}"
    );
    assert_eq!(decision(&judged(true)), Some(&Decision::NoTrace));
}

#[test]
fn an_uninstalled_service_that_rests_as_ready_has_ended_without_a_history() {
    let judged = |said: &str| {
        let readings = [
            request_status(1_000, 1, "DELETING"),
            status_of_services(1_000, "x", "DELETING", &["DELETING"]),
            status_of_services(40_000, "x", "READY", &["READY"]),
            request_status(40_000, 1, said),
            queue(40_000, &[]),
            unavailable(40_000, Fact::History),
        ];
        let ledger = acted(&services(&[1]), Goal::Uninstalled, Some(1));
        judge(&seen(ledger, &readings), 40_000 + periods(2))
    };
    let verdict = judged("READY");
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged("DELETE_ERROR");
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn the_only_run_of_two_similar_requests_is_ours_if_the_one_ahead_was_canceled() {
    let judged = |ahead: &str| {
        let before = [row(7, "DEPLOY")];
        let ledger = acted_after(&environment(), Goal::Deployed, "STOPPED", &before, None);
        let readings = situations::one_run_of_two_requests(ahead);
        judge(&seen(ledger, &readings), periods(9))
    };
    let verdict = judged("CANCELED");
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged("DEPLOYED");
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_request_from_before_an_action_without_a_response_says_nothing_about_the_action() {
    let before = baseline(&environment(), "DEPLOYING");
    let ahead = [row(7, "DEPLOY")];
    let mut ledger = Ledger::acting(
        &environment(),
        Goal::Deployed,
        &before,
        Some(&ahead),
        Some(&[]),
    );
    ledger.asked(100, None);
    let mut readings = situations::one_run_of_two_requests("DEPLOYED");
    readings.remove(0);
    readings.push(queue(4_000, &ahead));
    let verdict = judge(&seen(ledger, &readings), periods(9));
    assert_eq!(verdict, Ok(Verdict::Decided(Decision::NoTrace, Vec::new())));
}

#[test]
fn a_deletion_that_waits_behind_another_one_is_none_of_ours_even_if_both_requests_can_be_ours() {
    let theirs = QueueRow {
        triggered_by: Some("cy".to_owned()),
        ..row(7, "DELETE")
    };
    let judged = |before: &str, listed: &[QueueRow], rows: &[QueueRow]| {
        let ledger = acted_after(&environment(), Goal::Deleted, before, listed, None);
        let readings = [
            queue(2_000, rows),
            unavailable(90_000, Fact::Request(request(1))),
            unavailable(90_000, Fact::Request(request(7))),
            Observation::Missing { at: 90_000 },
            Observation::Missing {
                at: 90_000 + periods(1),
            },
        ];
        judge(&seen(ledger, &readings), 90_000 + periods(1))
    };
    let waits = [row(1, "DELETE")];
    let theirs = [theirs];
    for (before, listed) in [
        ("DELETING", &theirs[..]),
        ("DELETED", &theirs),
        ("DELETING", &[]),
    ] {
        let verdict = judged(before, listed, &waits);
        assert!(is_superseded(&verdict), "{before}, {listed:?}: {verdict:?}");
    }
    // All services of the environment were deleted before.
    let verdict = judged("DELETED", &[], &waits);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn shared_polls_ask_for_the_end_of_a_run_as_soon_as_the_environment_shows_another_one() {
    let mut foreign = whole("y", "DEPLOYING");
    foreign.origin = Some("GIT".to_owned());
    let shown = |at, whole| {
        Observation::Status(StatusReading {
            at,
            whole: Some(whole),
            own: vec![None],
            failed: Vec::new(),
            waiting: 0,
        })
    };
    let judged = |named, followed: bool| {
        let mut readings = vec![shown(1_000, whole("x", "DEPLOYING"))];
        readings.push(queue(17_000, &[]));
        if followed {
            readings.push(shown(60_000, foreign.clone()));
        }
        let ledger = acted(&environment(), Goal::Deployed, named);
        let poll = Poll {
            since: 60_000,
            shares: true,
            ..poll(60_000)
        };
        seen(ledger, &readings).verdict(&poll)
    };
    assert_eq!(judged(Some(1), true), Err(Fact::Request(request(1))));
    assert!(matches!(
        judged(None, true),
        Err(Fact::Queue | Fact::History)
    ));
    for named in [Some(1), None] {
        assert!(judged(named, false).is_ok());
    }
}

#[test]
fn a_service_that_ended_in_the_run_of_a_request_alike_that_left_the_queue_does_not_decide() {
    let judged = |others: &[QueueRow]| {
        let mut rows = others.to_vec();
        rows.push(row(2, "RESTART"));
        let readings = [
            status_of_services(2_000, "x", "RESTARTING", &["RESTARTING"]),
            queue(3_000, &rows),
            request_status(12_000, 2, "RESTARTING"),
            queue(12_000, &[]),
            status_of_services(14_000, "x", "RESTARTING", &["RESTARTED"]),
            history(14_000, &[]),
        ];
        let ledger = acted(&services(&[1]), Goal::Restarted, Some(2));
        judge(&seen(ledger, &readings), 14_000)
    };
    let verdict = judged(&[row(1, "RESTART")]);
    assert!(is_pending(&verdict), "{verdict:?}");
    for others in [Vec::new(), vec![row(1, "STOP")]] {
        let verdict = judged(&others);
        assert!(is_reached(&verdict), "{verdict:?}");
    }
}

/// A status whose last run was triggered by a user.
fn shown_for(user: &str, observation: Observation) -> Observation {
    described(observation, |whole| {
        whole.triggered_by = Some(user.to_owned())
    })
}

#[test]
fn a_request_that_the_queue_lists_during_the_run_of_another_user_still_waits() {
    let judged = |user: &str| {
        let at_work = status_of_services(1_000, "x", "DEPLOYING", &["DEPLOYING"]);
        let ended = status_of_services(40_000, "x", "DEPLOYING", &["DEPLOYED"]);
        let mut entry = past("x", "DEPLOY", "DEPLOYING");
        entry.services = vec![part(1, "DEPLOYED", Phase::Reached)];
        entry.triggered_by = None;
        let readings = [
            shown_for(user, at_work),
            queue(7_000, &[row(1, "DEPLOY")]),
            shown_for(user, ended),
            queue(40_000, &[row(1, "DEPLOY")]),
            // It repeats the state of the environment.
            request_status(40_000, 1, "DEPLOYING"),
            history(40_000, &[entry]),
        ];
        let ledger = acted(&services(&[1]), Goal::Deployed, None);
        judge(&seen(ledger, &readings), 40_000)
    };
    let verdict = judged("cy");
    assert!(is_pending(&verdict), "{verdict:?}");
    // Some servers also list the running request.
    let verdict = judged("me");
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_request_that_the_queue_still_lists_has_not_ended_with_a_request_alike_that_was_ahead() {
    let judged = |ahead: &[QueueRow], listed: &[QueueRow]| {
        let ledger = acted_after(&environment(), Goal::Deployed, "STOPPED", ahead, Some(2));
        let readings = [
            status(1_000, "x", "DEPLOYING"),
            queue(2_000, listed),
            status(90_000, "x", "DEPLOYED"),
            // It repeats the state of the environment.
            request_status(90_000, 2, "DEPLOYED"),
            queue(90_000, listed),
            history(90_000, &[past("x", "DEPLOY", "DEPLOYED")]),
        ];
        judge(&seen(ledger, &readings), 90_000)
    };
    let ahead = [row(1, "DEPLOY")];
    let waits = [row(2, "DEPLOY")];
    let verdict = judged(&ahead, &waits);
    assert!(is_pending(&verdict), "{verdict:?}");
    let verdict = judged(&[], &[]);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_that_waited_is_none_of_ours_even_if_its_status_repeats_the_other_deletion() {
    let ledger = acted_after(&services(&[1, 2]), Goal::Deleted, "DELETING", &[], Some(1));
    let readings = [
        request_status(500, 1, "DELETING"),
        queue(20_000, &[row(1, "DELETE")]),
        Observation::Missing { at: 185_000 },
        Observation::Missing {
            at: 185_000 + periods(1),
        },
        unavailable(185_000, Fact::Request(request(1))),
        unavailable(185_000, Fact::History),
    ];
    let verdict = judge(&seen(ledger, &readings), 185_000 + periods(1));
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_service_that_ended_while_a_request_alike_was_in_the_queue_needs_a_new_reading_of_the_queue() {
    let readings = [
        status_of_services(1_000, "x", "DEPLOYING", &["DEPLOYING"]),
        queue(1_500, &[row(7, "DEPLOY")]),
        request_status(4_000, 2, "DEPLOYING"),
        status_of_services(6_700, "x", "DEPLOYING", &["DEPLOYED"]),
        history(6_700, &[]),
    ];
    let ledger = seen(acted(&services(&[1]), Goal::Deployed, Some(2)), &readings);
    let poll = Poll {
        since: 4_000,
        ..poll(6_700)
    };
    assert_eq!(ledger.verdict(&poll), Err(Fact::Queue));
    let ledger = seen(ledger, &[queue(6_800, &[])]);
    let verdict = ledger.verdict(&poll);
    assert!(is_pending(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_whose_request_was_canceled_is_no_success_although_the_subject_is_gone() {
    let judged = |named, said: &str| {
        let ledger = acted(&services(&[1]), Goal::Uninstalled, named);
        let readings = [
            queue(8_000, &[row(1, "UNINSTALL")]),
            queue(23_000, &[]),
            Observation::Missing { at: 23_000 },
            request_status(23_000, 1, said),
            Observation::Missing {
                at: 23_000 + periods(1),
            },
            history(23_000, &[]),
        ];
        judge(&seen(ledger, &readings), 23_000 + periods(1))
    };
    for named in [Some(1), None] {
        for said in ["CANCELED", "DELETE_ERROR"] {
            let verdict = judged(named, said);
            assert!(is_superseded(&verdict), "{named:?}, {said}: {verdict:?}");
        }
        let verdict = judged(named, "DELETED");
        assert!(is_reached(&verdict), "{named:?}: {verdict:?}");
    }
}

#[test]
fn a_deletion_that_waits_behind_an_unknown_run_asks_the_history_whose_it_is() {
    let mut theirs = past("x", "DELETE", "DELETING");
    theirs.origin = Some("CONSOLE".to_owned());
    let readings = [
        queue(1_500, &[row(1, "DELETE")]),
        status_of_service(5_000, "x", "DELETING"),
        queue(24_000, &[row(1, "DELETE")]),
        Observation::Missing { at: 30_000 },
        Observation::Missing {
            at: 30_000 + periods(1),
        },
    ];
    let ledger = seen(acted(&services(&[1]), Goal::Deleted, None), &readings);
    let poll = Poll {
        since: 30_000,
        ..poll(30_000 + periods(1))
    };
    assert_eq!(ledger.verdict(&poll), Err(Fact::History));
    let verdict = seen(ledger, &[history(31_000, &[theirs])]).verdict(&poll);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_run_that_began_before_ours_was_listed_does_not_exclude_the_one_that_follows_it() {
    // The queue was read before our row could be listed, and again when our run had begun.
    let readings = [
        queue(500, &[]),
        status(3_000, "x", "DEPLOYING"),
        status(36_000, "x", "DEPLOYED"),
        request_status(36_100, 1, "BUILDING"),
        queue(36_200, &[]),
        history(
            36_300,
            &[
                past("y", "DEPLOY", "BUILDING"),
                past("x", "DEPLOY", "DEPLOYED"),
            ],
        ),
        status(47_000, "y", "BUILD_ERROR"),
        request_status(47_100, 1, "BUILD_ERROR"),
        queue(47_200, &[]),
        history(
            47_300,
            &[
                past("y", "DEPLOY", "BUILD_ERROR"),
                past("x", "DEPLOY", "DEPLOYED"),
            ],
        ),
    ];
    let ledger = acted(&environment(), Goal::Deployed, Some(1));
    let verdict = judge(&seen(ledger, &readings), 47_300 + periods(2));
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_behind_that_of_another_origin_is_no_success_without_a_history() {
    let judged = |origin: &str| {
        let shown = status_of_services(9_000, "x", "DELETING", &["DELETING"]);
        let shown = described(shown, |whole| whole.origin = Some(origin.to_owned()));
        let readings = [
            queue(1_500, &[row(1, "DELETE")]),
            shown,
            request_status(9_400, 1, "DELETE_QUEUED"),
            queue(9_500, &[row(1, "DELETE")]),
            unavailable(30_000, Fact::History),
            unavailable(30_000, Fact::Request(request(1))),
            Observation::Missing { at: 30_000 },
            Observation::Missing {
                at: 30_000 + periods(1),
            },
        ];
        let ledger = acted(&services(&[1]), Goal::Deleted, Some(1));
        judge(&seen(ledger, &readings), 30_000 + periods(1))
    };
    let verdict = judged("CLI");
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged("API");
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn an_uninstallation_that_was_canceled_in_the_queue_had_something_to_do() {
    let judged = |states: [&str; 2]| {
        let before = baseline(&services(&[1, 2]), "READY");
        let before = Snapshot {
            deployment_id: None,
            whole: Some(LastRun {
                id: None,
                ..whole("", "READY")
            }),
            ..before
        };
        let subject = services(&[1, 2]);
        let mut ledger = Ledger::acting(&subject, Goal::Uninstalled, &before, Some(&[]), Some(&[]));
        ledger.before.held = true;
        ledger.asked(
            100,
            Some(&ActionResponse {
                request: None,
                execution: None,
                idle: false,
                server_time: Some(SENT),
            }),
        );
        let shown = |at, state: &str, own: &str| {
            changed(status_of_services(at, "", state, &[own, own]), |shown| {
                if let Some(whole) = &mut shown.whole {
                    whole.id = None;
                }
                for part in shown.own.iter_mut().flatten() {
                    part.deployment = None;
                    part.in_last = Some(false);
                }
            })
        };
        let readings = [
            shown(5_000, states[0], states[0]),
            shown(9_000, states[1], "READY"),
            queue(9_000, &[]),
            history(9_000, &[]),
        ];
        judge(&seen(ledger, &readings), 9_000 + periods(2))
    };
    let verdict = judged(["DELETE_QUEUED", "CANCELED"]);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let verdict = judged(["READY", "READY"]);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_success_that_the_environment_shows_for_a_request_from_before_is_none_without_the_history() {
    let judged = |listed: &[QueueRow]| {
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        let readings = [
            queue(1_000, listed),
            status(20_000, "x", "DEPLOYING"),
            status(80_000, "x", "DEPLOYED"),
            request_status(80_000, 1, "DEPLOYED"),
        ];
        let poll = Poll {
            since: 70_000,
            ..poll(80_000)
        };
        seen(ledger, &readings).verdict(&poll)
    };
    // The replica that was read before the action did not list the other request yet.
    let mut theirs = row(2, "DEPLOY");
    theirs.origin = Some("CLI".to_owned());
    let verdict = judged(&[theirs, row(1, "DEPLOY")]);
    assert_eq!(verdict, Err(Fact::History));
    let verdict = judged(&[row(1, "DEPLOY")]);
    assert!(is_reached(&verdict), "{verdict:?}");
}

/// The request status repeats the state of the environment: its run failed, and later runs succeed.
#[test]
fn a_watched_request_that_outlasts_every_run_that_had_begun_repeats_the_environment() {
    let judged = |until: Stamp| {
        let ledger = Ledger::watching(&environment(), Goal::Deployed, Some(request(1)));
        let theirs = |id: &str| HistoryEntry {
            triggered_by: Some("another".to_owned()),
            origin: Some("CLI".to_owned()),
            ..past(id, "DEPLOY", "DEPLOYED")
        };
        let readings = [
            status(1_000, "x", "DEPLOYING"),
            request_status(1_000, 1, "DEPLOYING"),
            status(10_000, "x", "DEPLOYING"),
            status(20_000, "y", "DEPLOYING"),
            request_status(until, 1, "DEPLOYING"),
            status(until + 1_000, "y", "DEPLOYED"),
            request_status(until + 1_000, 1, "DEPLOYED"),
            queue(until + 1_000, &[]),
            history(
                until + 1_000,
                &[theirs("y"), past("x", "DEPLOY", "DEPLOYMENT_ERROR")],
            ),
        ];
        judge(&seen(ledger, &readings), until + periods(4))
    };
    let verdict = judged(60_000);
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_watched_request_that_shows_two_actions_repeats_the_environment() {
    let judged = |shown: [&str; 2]| {
        let ledger = Ledger::watching(&environment(), Goal::Stopped, Some(request(1)));
        let foreign = HistoryEntry {
            triggered_by: Some("another".to_owned()),
            origin: Some("CLI".to_owned()),
            ..past("y", "STOP", "STOPPED")
        };
        let readings = [
            status(1_000, "x", "STOPPING"),
            request_status(1_000, 1, shown[0]),
            request_status(9_000, 1, shown[1]),
            status(15_000, "y", "STOPPED"),
            request_status(15_000, 1, "STOPPED"),
            queue(15_000, &[]),
            history(15_000, &[foreign, past("x", "STOP", "STOP_ERROR")]),
        ];
        judge(&seen(ledger, &readings), periods(4))
    };
    let verdict = judged(["STOPPING", "DEPLOYING"]);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let verdict = judged(["STOPPING", "STOPPING"]);
    assert!(is_reached(&verdict), "{verdict:?}");
}

/// The ids of requests are ordered by time.
#[test]
fn a_success_of_the_second_of_two_runs_is_not_that_of_the_older_request() {
    let timed = |number: u128| Uuid::from_u128((7 << 76) | (2 << 62) | (number << 80));
    let judged = |ours: u128, other: u128| {
        let mut ledger = acted(&environment(), Goal::Stopped, Some(1));
        ledger.follow(timed(ours));
        let theirs = QueueRow {
            request: timed(other),
            ..row(2, "STOP")
        };
        let said = |at, state: &str| Observation::Request {
            id: timed(ours),
            state: State::from(state),
            at,
        };
        let readings = [
            queue(3_000, &[theirs]),
            status(8_000, "x", "STOPPING"),
            said(8_000, "STOPPING"),
            status(13_000, "y", "STOPPING"),
            status(15_000, "y", "STOPPED"),
            said(15_000, "STOPPED"),
            queue(15_000, &[]),
            history(
                15_000,
                &[
                    past("y", "STOP", "STOPPED"),
                    past("x", "STOP", "STOP_ERROR"),
                ],
            ),
        ];
        judge(&seen(ledger, &readings), 15_000 + periods(4))
    };
    let verdict = judged(1, 2);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let verdict = judged(2, 1);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_watched_request_that_the_api_does_not_know_has_no_outcome() {
    let watched = Ledger::watching(&environment(), Goal::Deployed, Some(request(1)));
    let others = history(20_000, &[past("x", "DEPLOY", "DEPLOYED")]);
    let judged = |last: Stamp, facts: &[Observation]| {
        let readings = [
            status(1_000, "x", "DEPLOYED"),
            unknown(1_000),
            unknown(last),
            queue(last, &[]),
            others.clone(),
        ];
        let ledger = seen(seen(watched.clone(), &readings), facts);
        judge(&ledger, periods(9))
    };
    let verdict = judged(20_000, &[]);
    assert_eq!(decision(&verdict), Some(&Decision::NoTrace), "{verdict:?}");
    // A replica that is behind does not know it yet.
    let verdict = judged(10_000, &[]);
    assert!(is_pending(&verdict), "{verdict:?}");
    // The queue or a status has named it.
    let id = request(1);
    for named in [
        queue(2_000, &[row(1, "DEPLOY")]),
        Observation::Named { id, at: 2_000 },
    ] {
        let verdict = judged(20_000, &[named]);
        assert_ne!(decision(&verdict), Some(&Decision::NoTrace), "{verdict:?}");
    }
}

#[test]
fn a_service_that_ended_in_a_run_that_goes_on_after_our_request_is_over_does_not_count() {
    let judged = |after: Option<Observation>| {
        let mut entry = past("x", "DEPLOY", "DEPLOYING");
        entry.services = vec![part(1, "DEPLOYED", Phase::Reached)];
        let mut readings = vec![
            request_status(1_000, 1, "DEPLOYMENT_QUEUED"),
            status_of_services(5_000, "x", "DEPLOYING", &["DEPLOYING"]),
            request_status(6_000, 1, "DEPLOYING"),
            status_of_services(20_000, "x", "DEPLOYING", &["DEPLOYED"]),
            unavailable(20_000, Fact::Queue),
            history(20_000, &[entry]),
        ];
        readings.extend(after);
        let ledger = seen(acted(&services(&[1]), Goal::Deployed, Some(1)), &readings);
        judge(&ledger, 20_000)
    };
    let verdict = judged(Some(unknown(20_000)));
    assert!(is_pending(&verdict), "{verdict:?}");
    let verdict = judged(Some(request_status(20_000, 1, "DEPLOYING")));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_service_that_rests_says_nothing_about_a_request_that_waits_behind_those_of_others() {
    let judged = |subject: &Subject, shown: fn(Stamp, &str, &str) -> Observation| {
        let readings = [
            shown(1_000, "x", "DEPLOYING"),
            shown(5_000, "x", "DEPLOYED"),
            unavailable(6_000, Fact::Queue),
            unavailable(6_000, Fact::History),
            request_status(90_000, 1, "DEPLOYMENT_QUEUED"),
        ];
        let ledger = acted(subject, Goal::Deployed, Some(1));
        judge(&seen(ledger, &readings), 90_000)
    };
    // Other services of the environment may be at work.
    let verdict = judged(&single_service(), status_of_service);
    assert!(is_pending(&verdict), "{verdict:?}");
    // The environment is idle, so the request status is stuck.
    let verdict = judged(&environment(), status);
    assert!(!is_pending(&verdict), "{verdict:?}");
}

#[test]
fn a_request_that_waited_had_something_to_do() {
    let judged = |waited: bool| {
        let mut readings = vec![
            status(1_000, "before", "STOPPED"),
            queue(30_000, &[]),
            history(30_000, &[]),
        ];
        if waited {
            readings.push(queue(1_000, &[row(1, "STOP")]));
        }
        let ledger = acted_after(&environment(), Goal::Stopped, "STOPPED", &[], None);
        judge(&seen(ledger, &readings), 31_000)
    };
    let verdict = judged(false);
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged(true);
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_service_at_work_while_our_request_waits_is_not_at_work_for_it_even_if_the_queue_cannot_be_read()
 {
    let claimed = |is_hidden: bool, ran: bool| {
        let mut readings = vec![
            status_of_services(5_000, "y", "STOPPING", &["STOPPING"]),
            request_status(21_000, 1, "STOP_QUEUED"),
        ];
        readings.extend(is_hidden.then(|| unavailable(21_000, Fact::Queue)));
        readings.extend(ran.then(|| request_status(5_000, 1, "STOPPING")));
        let ledger = seen(acted(&services(&[1]), Goal::Stopped, Some(1)), &readings);
        claim(&ledger, ledger.run(&run_of_execution("y")).expect("seen"))
    };
    assert!(claimed(true, false).is_excluded());
    assert!(!claimed(false, false).is_excluded());
    // The request status repeats the state of the environment.
    assert!(!claimed(true, true).is_excluded());
}

#[test]
fn a_run_with_other_services_may_be_that_of_a_request_that_an_unreadable_queue_hid() {
    let judged = |before: Option<&[QueueRow]>, listed: &[u128]| {
        let subject = services(&[1]);
        let shown = baseline(&subject, "DEPLOYED");
        let mut ledger = Ledger::acting(&subject, Goal::Stopped, &shown, before, None);
        ledger.asked(100, Some(&ActionResponse::default()));
        let mut entry = past("x", "STOP", "STOPPED");
        let parts = listed.iter().map(|id| part(*id, "STOPPED", Phase::Reached));
        entry.services = parts.collect();
        let readings = [
            status_of_services(5_000, "x", "STOPPED", &["STOPPED"]),
            unavailable(5_000, Fact::Queue),
            history(5_000, &[entry]),
        ];
        judge(&seen(ledger, &readings), periods(9))
    };
    let verdict = judged(None, &[1, 2]);
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged(None, &[1]);
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged(Some(&[]), &[1, 2]);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_run_that_begins_soon_after_a_similar_request_has_left_the_queue_can_be_that_of_the_request() {
    let judged = |began: Stamp| {
        let theirs = row(7, "DEPLOY");
        let readings = [
            queue(1_000, &[theirs.clone(), row(1, "DEPLOY")]),
            queue(14_000, &[theirs, row(1, "DEPLOY")]),
            queue(18_000, &[row(1, "DEPLOY")]),
            status(began, "x", "DEPLOYING"),
            queue(34_000, &[row(1, "DEPLOY")]),
            queue(36_000, &[]),
            status(45_000, "x", "DEPLOYED"),
            history(46_000, &[past("x", "DEPLOY", "DEPLOYED")]),
            unavailable(46_000, Fact::Request(request(1))),
            queue(80_000, &[]),
        ];
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        judge(&seen(ledger, &readings), 80_000)
    };
    let verdict = judged(30_000);
    assert!(is_superseded(&verdict), "{verdict:?}");
    // The run of the other request would have been shown before.
    let verdict = judged(34_500);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_run_that_was_not_looked_for_can_have_begun_long_before_it_is_seen() {
    let judged = |between: Option<Stamp>| {
        let (ours, theirs) = (row(1, "DEPLOY"), row(7, "DEPLOY"));
        let mut readings = vec![
            queue(60_000, &[theirs, ours.clone()]),
            queue(120_000, std::slice::from_ref(&ours)),
            status(180_000, "x", "DEPLOYING"),
            queue(180_000, &[]),
            status(240_000, "x", "DEPLOYED"),
            history(240_000, &[past("x", "DEPLOY", "DEPLOYED")]),
            unavailable(240_000, Fact::Request(request(1))),
            queue(240_000, &[]),
        ];
        readings.extend(between.map(|at| queue(at, std::slice::from_ref(&ours))));
        let ledger = acted(&environment(), Goal::Deployed, Some(1));
        judge(&seen(ledger, &readings), 260_000)
    };
    let verdict = judged(None);
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged(Some(150_000));
    assert!(is_reached(&verdict), "{verdict:?}");
}
