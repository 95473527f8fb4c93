//! Rows of the queue that show that their request has begun.

use super::*;

/// The request of another user of the API for the same action.
fn theirs(has_begun: bool) -> QueueRow {
    QueueRow {
        triggered_by: Some("robot".to_owned()),
        has_begun,
        ..row(1, "STOP")
    }
}

fn has_begun(row: QueueRow) -> QueueRow {
    QueueRow {
        has_begun: true,
        ..row
    }
}

#[test]
fn a_run_at_work_while_another_request_has_begun_and_ours_waits_is_not_ours() {
    let judged = |shows_progress: bool| {
        let ledger = acted_after(
            &services(&[1]),
            Goal::Stopped,
            "DEPLOYED",
            &[theirs(false)],
            None,
        );
        let mut entry = past("x", "STOP", "STOPPING");
        entry.triggered_by = None;
        entry.services = vec![part(1, "STOPPED", Phase::Reached)];
        let ours = row(2, "STOP");
        let readings = [
            queue(500, &[theirs(false), ours.clone()]),
            queue(5_000, &[theirs(shows_progress), ours.clone()]),
            status_of_services(5_000, "x", "STOPPING", &["STOPPING"]),
            queue(40_000, &[theirs(shows_progress), ours]),
            status_of_services(40_000, "x", "STOPPING", &["STOPPED"]),
            // They repeat the state of the environment.
            request_status(40_000, 1, "STOPPING"),
            request_status(40_000, 2, "STOPPING"),
            history(40_000, &[entry]),
        ];
        judge(&seen(ledger, &readings), 40_000)
    };
    let verdict = judged(true);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let verdict = judged(false);
    assert!(
        is_reached(&verdict),
        "the queue shows no order: {verdict:?}"
    );
}

#[test]
fn a_request_that_has_begun_was_not_canceled_in_the_queue() {
    let judged = |second: QueueRow| {
        let ledger = acted(&environment(), Goal::Stopped, None);
        let readings = [
            queue(500, &[row(1, "STOP")]),
            queue(3_000, &[second]),
            queue(20_000, &[]),
            status(20_000, "before", "DEPLOYED"),
            history(20_000, &[]),
            queue(20_000 + periods(3), &[]),
            status(20_000 + periods(3), "before", "DEPLOYED"),
            history(20_000 + periods(3), &[]),
            unavailable(20_000 + periods(3), Fact::Request(request(1))),
        ];
        judge(&seen(ledger, &readings), 20_000 + periods(3))
    };
    let is_canceled =
        |verdict: &Result<Verdict, Fact>| matches!(decision(verdict), Some(Decision::Canceled(_)));
    let verdict = judged(has_begun(row(1, "STOP")));
    assert!(!is_canceled(&verdict), "{verdict:?}");
    let verdict = judged(row(1, "STOP"));
    assert!(is_canceled(&verdict), "{verdict:?}");
}

#[test]
fn a_request_that_ran_before_the_action_has_not_absorbed_it() {
    let is_excluded = |before: QueueRow| {
        let before = [before];
        let ledger = acted_after(&environment(), Goal::Stopped, "STOPPING", &before, None);
        let ledger = seen(ledger, &[queue(500, &before)]);
        let run = ledger.run(&run_of_request(1)).unwrap();
        claim(&ledger, run).is_excluded()
    };
    assert!(is_excluded(has_begun(row(1, "STOP"))));
    assert!(!is_excluded(row(1, "STOP")));
}

#[test]
fn a_run_that_the_status_shows_late_is_that_of_the_request_that_had_begun() {
    let judged = |before: &[QueueRow]| {
        let snapshot = baseline(&environment(), "DEPLOYED");
        let mut ledger =
            Ledger::acting(&environment(), Goal::Stopped, &snapshot, Some(before), None);
        ledger.asked(100, None);
        let mut entry = past("x", "STOP", "STOPPED");
        entry.triggered_by = None;
        let readings = [
            queue(500, before),
            status(3_000, "x", "STOPPING"),
            status(40_000, "x", "STOPPED"),
            queue(40_000, &[]),
            history(40_000, &[entry]),
        ];
        judge(&seen(ledger, &readings), 40_000 + periods(3))
    };
    let verdict = judged(&[theirs(true)]);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let verdict = judged(&[]);
    assert!(is_reached(&verdict), "{verdict:?}");
}
