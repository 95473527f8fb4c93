//! No response names the request: its arrival and its services distinguish it from similar ones.

use super::{super::view::Claim, *};
use crate::wait::OperationToken;

#[test]
fn the_queue_is_read_at_the_end_of_the_settle_period_if_no_response_names_the_request() {
    let readings = [status(1_000, "x", "DEPLOYING"), queue(1_000, &[])];
    let judged = |named, readings: &[Observation], now| {
        let ledger = acted(&environment(), Goal::Deployed, named);
        // Many operations share the polls, so that only deciding facts are read.
        let poll = Poll {
            since: now,
            shares: true,
            ..poll(now)
        };
        seen(ledger, readings).verdict(&poll)
    };
    assert_eq!(judged(None, &readings, 16_000), Err(Fact::Queue));
    assert!(judged(None, &readings, 14_000).is_ok());
    assert!(judged(Some(1), &readings, 16_000).is_ok());
    let [shown, read] = readings;
    let late = [shown, read, queue(17_000, &[])];
    assert!(judged(None, &late, 60_000).is_ok());
}

#[test]
fn a_run_that_began_after_the_queue_was_seen_to_be_empty_is_that_of_a_later_request() {
    let judged = |late: &[Observation], ends: [&str; 2]| {
        let mut readings = vec![
            status(1_000, "x", "DEPLOYING"),
            queue(1_000, &[]),
            status(60_000, "x", "DEPLOYING"),
            queue(60_000, &[row(2, "DEPLOY")]),
            status(125_000, "y", ends[1]),
            queue(125_000, &[]),
            history(
                125_000,
                &[past("y", "DEPLOY", ends[1]), past("x", "DEPLOY", ends[0])],
            ),
            request_status(125_000, 2, ends[1]),
        ];
        readings.extend(late.iter().cloned());
        let ledger = acted(&environment(), Goal::Deployed, None);
        judge(&seen(ledger, &readings), 125_000 + periods(3))
    };
    let empty = [queue(16_000, &[])];
    let failed = judged(&empty, ["DEPLOYMENT_ERROR", "DEPLOYED"]);
    assert!(is_failed(&failed), "{failed:?}");
    let reached = judged(&empty, ["DEPLOYED", "DEPLOYMENT_ERROR"]);
    assert!(is_reached(&reached), "{reached:?}");
    // Without that reading, either of them can be ours.
    let unknown = judged(&[], ["DEPLOYED", "DEPLOYMENT_ERROR"]);
    assert!(!is_reached(&unknown) && !is_failed(&unknown), "{unknown:?}");
    // With two similar requests in the queue, neither of them can be excluded.
    let both = [queue(16_000, &[row(1, "DEPLOY"), row(2, "DEPLOY")])];
    let unknown = judged(&both, ["DEPLOYED", "DEPLOYMENT_ERROR"]);
    assert!(!is_reached(&unknown) && !is_failed(&unknown), "{unknown:?}");
}

#[test]
fn the_end_of_a_service_that_is_named_only_by_a_date_waits_for_the_history() {
    let mut foreign = past("git", "DEPLOY", "DEPLOYING");
    foreign.origin = Some("GIT".to_owned());
    let readings = [
        by_date(
            status_of_services(36_000, "", "DEPLOYING", &["DEPLOYED"]),
            "2026-01-01T12:00:30Z",
        ),
        queue(36_000, &[]),
        history(36_000, &[foreign]),
    ];
    let ledger = acted_after(&services(&[1]), Goal::Deployed, "STOPPED", &[], None);
    let ledger = seen(ledger, &readings);
    let verdict = judge(&ledger, 36_000);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let readings = [history(90_000, &[past("own", "DEPLOY", "DEPLOYED")])];
    let verdict = judge(&seen(ledger, &readings), 90_000 + periods(2));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_request_has_not_vanished_while_a_run_that_is_named_only_by_a_date_can_be_its_own() {
    let judged = |origin: &str| {
        let shown = by_date(status(5_000, "", "DEPLOYING"), "2026-01-01T12:00:00Z");
        let shown = described(shown, |whole| whole.origin = Some(origin.to_owned()));
        let readings = [
            queue(1_000, &[row(1, "DEPLOY")]),
            shown,
            queue(20_000, &[]),
            queue(20_000 + periods(2), &[]),
            history(20_000, &[]),
            unavailable(20_000, Fact::Request(request(1))),
        ];
        let ledger = acted(&environment(), Goal::Deployed, None);
        judge(&seen(ledger, &readings), 20_000 + periods(2))
    };
    let is_canceled = |verdict| matches!(decision(verdict), Some(Decision::Canceled(_)));
    let verdict = judged("API");
    assert!(!is_canceled(&verdict), "{verdict:?}");
    let verdict = judged("GIT");
    assert!(is_canceled(&verdict), "{verdict:?}");
}

#[test]
fn a_run_that_is_named_only_by_a_date_has_a_settle_period_to_appear_in_the_history() {
    let readings = [
        queue(1_000, &[row(1, "DEPLOY")]),
        by_date(status(5_000, "", "DEPLOYING"), "2026-01-01T12:00:00Z"),
        queue(20_000, &[]),
        by_date(status(66_000, "", "DEPLOYED"), "2026-01-01T12:00:00Z"),
        queue(66_000, &[]),
        history(66_000, &[]),
        unavailable(66_000, Fact::Request(request(1))),
    ];
    let ledger = seen(acted(&environment(), Goal::Deployed, None), &readings);
    let verdict = judge(&ledger, 67_000);
    assert!(is_pending(&verdict), "{verdict:?}");
    let later = [
        queue(70_000, &[]),
        history(70_000, &[past("x", "DEPLOY", "DEPLOYED")]),
    ];
    let verdict = judge(&seen(ledger, &later), 66_000 + periods(3));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_date_that_changes_with_the_end_of_a_run_makes_no_second_run_if_the_request_status_agrees() {
    let judged = |said: Option<&str>| {
        let mut readings = vec![
            queue(1_000, &[row(1, "DEPLOY")]),
            by_date(status(5_000, "", "DEPLOYING"), "2026-01-01T12:00:00Z"),
            queue(5_000, &[]),
            by_date(status(60_000, "", "DEPLOYED"), "2026-01-01T12:00:50Z"),
            queue(60_000, &[]),
            unavailable(60_000, Fact::History),
        ];
        readings.push(match said {
            Some(state) => request_status(60_000, 1, state),
            None => unavailable(60_000, Fact::Request(request(1))),
        });
        let ledger = acted_after(&environment(), Goal::Deployed, "STOPPED", &[], None);
        judge(&seen(ledger, &readings), 60_000 + periods(3))
    };
    assert!(is_reached(&judged(Some("DEPLOYED"))));
    for said in [Some("DEPLOYMENT_ERROR"), None] {
        let verdict = judged(said);
        assert!(!is_reached(&verdict), "{said:?}: {verdict:?}");
    }
}

#[test]
fn a_run_that_failed_and_lists_only_some_of_our_services_can_be_ours_if_nothing_else_is() {
    let of = |number: u128, id: &str, state: &str| {
        let mut entry = past(id, "STOP", state);
        entry.services = vec![part(number, state, Phase::Failed)];
        entry
    };
    let judged = |entries: &[HistoryEntry], rows: &[QueueRow]| {
        let own = ["STOP_ERROR", "DEPLOYED"];
        let readings = [
            status_of_services(1_000, "x", "STOPPING", &["STOPPING", "DEPLOYED"]),
            queue(1_000, rows),
            status_of_services(69_000, "x", "STOP_ERROR", &own),
            queue(69_000, &[]),
            history(69_000, entries),
            unavailable(69_000, Fact::Request(request(1))),
        ];
        let ledger = acted(&services(&[1, 2]), Goal::Stopped, None);
        judge(&seen(ledger, &readings), 69_000 + periods(3))
    };
    let failed = of(1, "x", "STOP_ERROR");
    let verdict = judged(std::slice::from_ref(&failed), &[]);
    assert!(is_failed(&verdict), "{verdict:?}");
    // Another run lists both services, or the queue has shown a request that can be ours.
    let mut complete = past("own", "STOP", "STOPPED");
    complete.services = vec![
        part(1, "STOPPED", Phase::Reached),
        part(2, "STOPPED", Phase::Reached),
    ];
    let verdict = judged(&[complete, failed.clone()], &[]);
    assert!(!is_failed(&verdict), "{verdict:?}");
    let verdict = judged(std::slice::from_ref(&failed), &[row(1, "STOP")]);
    assert!(!is_failed(&verdict), "{verdict:?}");
    // A run of other services is not ours, however it ended.
    let verdict = judged(&[of(3, "x", "STOP_ERROR")], &[]);
    assert!(!is_failed(&verdict), "{verdict:?}");
}

#[test]
fn a_run_that_the_history_lists_as_older_than_a_known_one_is_not_ours() {
    let judged = |older: &[HistoryEntry]| {
        let mut entries = vec![
            past("x", "DEPLOY", "DEPLOYMENT_ERROR"),
            past("before", "DEPLOY", "DEPLOYED"),
        ];
        entries.extend(older.iter().cloned());
        let readings = [
            // Another replica shows a state from long before.
            status(1_000, "old", "DEPLOYED"),
            status(2_000, "x", "DEPLOYING"),
            status(60_000, "x", "DEPLOYMENT_ERROR"),
            queue(60_000, &[]),
            history(60_000, &entries),
        ];
        let verdicts = [0, 4].map(|first| {
            let mut readings = readings.to_vec();
            readings.rotate_left(first);
            let ledger = acted(&environment(), Goal::Deployed, None);
            judge(&seen(ledger, &readings), 60_000 + periods(3))
        });
        let [verdict, rotated] = verdicts;
        assert_eq!(decision(&verdict), decision(&rotated));
        verdict
    };
    let verdict = judged(&[past("old", "DEPLOY", "DEPLOYED")]);
    assert!(is_failed(&verdict), "{verdict:?}");
    assert!(!is_failed(&judged(&[])));
}

#[test]
fn a_run_without_a_description_can_be_that_of_another_request_that_was_listed_first() {
    let judged = |rows: &[QueueRow], later: &[QueueRow]| {
        let readings = [
            status_of_service(1_000, "before", "DEPLOYED"),
            queue(1_000, rows),
            queue(2_000, later),
            status_of_service(12_000, "x", "STOPPING"),
            status_of_service(40_000, "x", "STOPPED"),
            queue(40_000, &[]),
            unavailable(40_000, Fact::History),
            unavailable(40_000, Fact::Request(request(2))),
        ];
        let ledger = acted(&services(&[1]), Goal::Stopped, None);
        judge(&seen(ledger, &readings), 40_000 + periods(3))
    };
    let foreign = QueueRow {
        origin: Some("GIT".to_owned()),
        ..row(1, "STOP")
    };
    let own = row(2, "STOP");
    let verdict = judged(
        std::slice::from_ref(&foreign),
        &[foreign.clone(), own.clone()],
    );
    assert!(!is_reached(&verdict), "{verdict:?}");
    // It was listed later, or does something else.
    let verdict = judged(std::slice::from_ref(&own), &[own.clone(), foreign.clone()]);
    assert!(is_reached(&verdict), "{verdict:?}");
    let deploys = QueueRow {
        action: "DEPLOY".to_owned(),
        ..foreign
    };
    let verdict = judged(std::slice::from_ref(&deploys), &[deploys.clone(), own]);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn the_order_of_two_deletions_is_not_known_from_the_queues_of_two_replicas() {
    let foreign = QueueRow {
        origin: Some("CONSOLE".to_owned()),
        ..row(9, "DELETE")
    };
    let mut theirs = whole("theirs", "DELETED");
    theirs.origin = Some("CONSOLE".to_owned());
    let readings = [
        queue(500, &[row(1, "DELETE")]),
        queue(6_500, &[foreign]),
        Observation::Status(StatusReading {
            at: 9_000,
            whole: Some(theirs),
            own: vec![None],
            failed: Vec::new(),
            waiting: 0,
        }),
        Observation::Missing { at: 9_000 },
        Observation::Missing {
            at: 9_000 + periods(1),
        },
    ];
    let ledger = acted(&services(&[1]), Goal::Deleted, None);
    let verdict = judge(&seen(ledger, &readings), 9_000 + periods(1));
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn the_end_of_a_service_counts_although_the_request_reports_the_end_of_the_whole_run() {
    let judged = |said: &str| {
        let mut entry = past("x", "STOP", "CANCELED");
        entry.services = vec![part(1, "STOP_ERROR", Phase::Failed)];
        let readings = [
            queue(500, &[row(1, "STOP")]),
            status_of_services(3_000, "x", "STOPPING", &["STOPPING"]),
            queue(3_000, &[]),
            status_of_services(40_000, "x", "CANCELED", &["STOP_ERROR"]),
            queue(40_000, &[]),
            request_status(40_000, 1, said),
            history(40_000, &[entry]),
        ];
        let ledger = acted(&services(&[1]), Goal::Stopped, None);
        judge(&seen(ledger, &readings), 40_000 + periods(3))
    };
    let verdict = judged("CANCELED");
    assert!(is_failed(&verdict), "{verdict:?}");
    let verdict = judged("STOPPED");
    assert!(!is_failed(&verdict) && !is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_wait_for_runs_that_show_nothing_new_in_an_idle_environment_ends_as_unknown() {
    let readings = [
        status_of_services(2_000, "x", "DEPLOYED", &["DEPLOYED"]),
        queue(2_000, &[]),
        history(2_000, &[past("x", "DEPLOY", "DEPLOYING")]),
    ];
    let ledger = acted_after(&services(&[1]), Goal::Restarted, "DEPLOYED", &[], None);
    let ledger = seen(ledger, &readings);
    let verdict = judge(&ledger, periods(2));
    assert!(decision(&verdict).is_none(), "{verdict:?}");
    let verdict = judge(&ledger, periods(9));
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_service_that_is_ready_after_an_uninstallation_has_been_uninstalled_even_if_no_work_was_seen() {
    let judged = |before: &str| {
        let mut snapshot = baseline(&services(&[1]), before);
        snapshot.whole = None;
        snapshot.services = Vec::new();
        let mut ledger = Ledger::acting(
            &services(&[1]),
            Goal::Uninstalled,
            &snapshot,
            Some(&[]),
            None,
        );
        ledger.asked(100, Some(&ActionResponse::default()));
        ledger.before.result = Some(super::super::baseline::LastResult {
            state: State::from(before),
            date: None,
        });
        let readings = [
            status_of_service(20_000, "x", "READY"),
            queue(20_000, &[]),
            unavailable(20_000, Fact::History),
        ];
        judge(&seen(ledger, &readings), 20_000 + periods(2))
    };
    let verdict = judged("DEPLOYED");
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged("READY");
    assert!(decision(&verdict).is_none(), "{verdict:?}");
}

#[test]
fn an_end_that_is_named_only_by_a_new_date_can_be_that_of_the_run_from_before_the_action() {
    let judged = |at_work: bool| {
        let mut snapshot = baseline(&environment(), "DELETING");
        let whole = snapshot.whole.as_mut().expect("it was read");
        (whole.id, whole.date) = (None, Some("2026-01-01T12:00:00Z".to_owned()));
        let mut ledger = Ledger::acting(&environment(), Goal::Deleted, &snapshot, Some(&[]), None);
        ledger.asked(100, Some(&ActionResponse::default()));
        let new = "2026-01-01T12:00:30Z";
        let mut readings = vec![queue(300, &[row(1, "DELETE")])];
        if at_work {
            readings.push(by_date(status(4_000, "", "DELETING"), new));
        }
        readings.extend([
            by_date(status(5_600, "", "DELETED"), new),
            queue(5_700, &[]),
            unavailable(9_000, Fact::History),
            unavailable(9_000, Fact::Request(request(1))),
            Observation::Missing { at: 9_000 },
            Observation::Missing {
                at: 9_000 + periods(1),
            },
        ]);
        judge(&seen(ledger, &readings), 9_000 + periods(1))
    };
    let verdict = judged(false);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let verdict = judged(true);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_run_of_another_user_than_the_only_request_that_can_be_ours_is_not_that_of_the_request() {
    let judged = |user: &str, state: &str| {
        let mut entry = past("x", "STOP", state);
        entry.triggered_by = Some(user.to_owned());
        entry.services = vec![part(1, "STOPPED", Phase::Reached)];
        let readings = [
            queue(1_000, &[row(1, "STOP")]),
            status_of_services(5_000, "x", "STOPPING", &["STOPPING"]),
            status_of_services(20_000, "x", state, &["STOPPED"]),
            queue(20_000, &[]),
            history(20_000, &[entry]),
            unavailable(20_000, Fact::Request(request(1))),
            queue(60_000, &[]),
        ];
        let ledger = acted(&services(&[1]), Goal::Stopped, None);
        judge(&seen(ledger, &readings), periods(5))
    };
    // The run goes on, and has stopped the service.
    assert!(is_reached(&judged("me", "STOPPING")));
    let verdict = judged("cy", "STOPPING");
    assert!(is_pending(&verdict), "{verdict:?}");
    assert!(is_reached(&judged("me", "STOPPED")));
    let verdict = judged("cy", "STOPPED");
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_run_that_began_long_after_the_request_had_left_the_queue_is_not_ours() {
    let claimed = |began: Stamp, waited: Option<Stamp>| {
        let mut readings = vec![
            queue(1_000, &[row(1, "DEPLOY")]),
            status(17_000, "before", "DEPLOYED"),
            queue(17_000, &[]),
            status(33_000, "before", "DEPLOYED"),
            queue(33_000, &[]),
            status(began, "x", "DEPLOYING"),
            queue(began, &[]),
        ];
        readings.extend(waited.map(|at| request_status(at, 1, "DEPLOYMENT_QUEUED")));
        let ledger = seen(acted(&environment(), Goal::Deployed, None), &readings);
        claim(&ledger, ledger.run(&run_of_execution("x")).expect("seen"))
    };
    assert!(claimed(40_000, None).is_excluded());
    // Its run can have begun, and be shown late.
    assert_eq!(claimed(31_000, None), Claim::Possible);
    // The request itself said later that it waited.
    assert_eq!(claimed(40_000, Some(30_000)), Claim::Possible);
}

#[test]
fn a_named_request_that_was_never_listed_can_have_been_absorbed_by_one_that_waits() {
    let carrier = row(7, "DEPLOY");
    let readings = [
        queue(16_000, std::slice::from_ref(&carrier)),
        request_status(20_000, 9, "DEPLOYMENT_QUEUED"),
        queue(35_000, std::slice::from_ref(&carrier)),
        queue(55_000, &[carrier]),
        status(62_000, "x", "DEPLOYING"),
        queue(62_000, &[]),
    ];
    let ledger = seen(acted(&environment(), Goal::Deployed, Some(9)), &readings);
    let run = ledger.run(&run_of_execution("x")).expect("seen");
    assert_eq!(claim(&ledger, run), Claim::Possible);
}

#[test]
fn a_request_that_was_canceled_in_the_queue_has_an_entry_out_of_turn() {
    let judged = |canceled_in_turn: bool| {
        let (theirs, ours) = (row(7, "DEPLOY"), row(9, "DEPLOY"));
        let rows = [theirs.clone(), ours.clone()];
        let ledger = acted_after(
            &environment(),
            Goal::Deployed,
            "STOPPED",
            &rows[..1],
            Some(9),
        );
        let mut readings = vec![
            queue(1_000, &rows),
            unavailable(1_000, Fact::Request(request(9))),
        ];
        readings.extend(canceled_in_turn.then(|| status(10_000, "x", "DEPLOYING")));
        readings.extend([
            queue(
                20_000,
                std::slice::from_ref(if canceled_in_turn { &ours } else { &theirs }),
            ),
            status(30_000, "y", "DEPLOYING"),
            queue(30_000, &[]),
            status(50_000, "y", "DEPLOYED"),
            history(
                50_000,
                &[
                    past("y", "DEPLOY", "DEPLOYED"),
                    past("x", "DEPLOY", "CANCELED"),
                ],
            ),
            queue(50_000, &[]),
        ]);
        judge(&seen(ledger, &readings), 90_000)
    };
    let verdict = judged(true);
    assert!(is_reached(&verdict), "{verdict:?}");
    // Ours can have been canceled, and the other request executed.
    let verdict = judged(false);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_token_keeps_when_our_request_last_said_that_it_waits() {
    let ours = row(9, "DEPLOY");
    let early = [
        queue(16_000, std::slice::from_ref(&ours)),
        request_status(40_000, 9, "DEPLOYMENT_QUEUED"),
        queue(36_000, &[]),
    ];
    let late = [queue(55_000, &[]), status(62_000, "x", "DEPLOYING")];
    let claimed = |ledger: Ledger| {
        let ledger = seen(ledger, &late);
        claim(&ledger, ledger.run(&run_of_execution("x")).expect("seen"))
    };
    let ledger = seen(acted(&environment(), Goal::Deployed, Some(9)), &early);
    let text = OperationToken::new(environment(), Some(ledger.clone())).to_string();
    let token: OperationToken = text.parse().expect("it is read");
    let resumed = *token.ledger.expect("it has acted");
    let uninterrupted = claimed(ledger);
    assert!(!uninterrupted.is_excluded(), "{uninterrupted:?}");
    assert_eq!(claimed(resumed), uninterrupted);
}

#[test]
fn a_run_that_began_after_ours_had_left_stays_excluded_however_long_the_queue_and_the_wait_are() {
    for left in [60_000, 600_000, 1_800_000] {
        let listed = [row(1, "DEPLOY")];
        let reads = (1_000..left).step_by(16_000).map(|at| queue(at, &listed));
        let mut readings: Vec<Observation> = reads.collect();
        readings.extend(
            (left..left + 34_000)
                .step_by(16_000)
                .map(|at| queue(at, &[])),
        );
        readings.push(status(left + 40_000, "x", "DEPLOYING"));
        let later = (left + 40_000..left + 1_000_000).step_by(16_000);
        readings.extend(later.map(|at| queue(at, &[])));
        let ledger = seen(acted(&environment(), Goal::Deployed, None), &readings);
        let run = ledger.run(&run_of_execution("x")).expect("seen");
        assert!(claim(&ledger, run).is_excluded(), "{left}");
    }
}

#[test]
fn the_user_of_a_status_can_have_another_form_than_that_of_the_queue() {
    let judged = |listed: bool| {
        let shown = status(20_000, "x", "DEPLOYED");
        let mut entry = past("x", "DEPLOY", "DEPLOYED");
        entry.triggered_by = Some("cy".to_owned());
        let mut readings = vec![
            queue(1_000, &[row(1, "DEPLOY")]),
            described(shown, |whole| whole.triggered_by = Some("Me".to_owned())),
            queue(20_000, &[]),
            unavailable(20_000, Fact::Request(request(1))),
            queue(60_000, &[]),
        ];
        readings.push(match listed {
            true => history(60_000, &[entry]),
            false => unavailable(60_000, Fact::History),
        });
        let ledger = acted(&environment(), Goal::Deployed, None);
        judge(&seen(ledger, &readings), periods(9))
    };
    let verdict = judged(false);
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged(true);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

/// The goal held before, and the status names a request, whose own status is then read.
fn after_naming(named: Uuid, asked: Option<Observation>, now: Stamp) -> Result<Verdict, Fact> {
    let ledger = acted_after(&environment(), Goal::Stopped, "STOPPED", &[], None);
    let mut readings = vec![
        naming(named, status(1_000, "before", "STOPPED")),
        status(60_000, "before", "STOPPED"),
        queue(60_000, &[]),
        history(60_000, &[past("before", "STOP", "STOPPED")]),
    ];
    readings.extend(asked);
    judge(&seen(ledger, &readings), now)
}

#[test]
fn a_request_that_a_status_has_named_since_the_action_is_asked_before_nothing_was_to_do() {
    let says = |state: &str| Observation::Request {
        id: made(1),
        state: State::from(state),
        at: 60_000,
    };
    let after = |asked| after_naming(made(1), asked, 60_000 + periods(1));
    assert_eq!(after(None), Err(Fact::Request(made(1))));
    let canceled = after(Some(says("CANCELED")));
    let is_canceled = matches!(&canceled, Ok(Verdict::Decided(Decision::Canceled(_), _)));
    assert!(is_canceled, "{canceled:?}");
    assert!(is_reached(&after(Some(says("STOPPED")))));
    // The API knows a request until it is over.
    let unknown = Observation::Unknown {
        id: made(1),
        at: 60_000,
    };
    assert!(!is_reached(&after(Some(unknown))));
    let unreadable = unavailable(60_000, Fact::Request(made(1)));
    assert!(is_reached(&after(Some(unreadable))));
}

#[test]
fn a_request_from_before_the_action_says_nothing_about_an_action_without_effect() {
    for named in [made(-9), Uuid::from_u128(1)] {
        let verdict = after_naming(named, None, 60_000);
        assert!(is_reached(&verdict), "{named}: {verdict:?}");
    }
}
