//! Deletions of the subject: ours, those of others, and those that were queued ahead of ours.

use super::*;
use crate::wait::ServiceSnapshot;

/// A ledger of a deletion that was requested while another one was under way.
fn deletes_behind(before: &HistoryEntry) -> Ledger {
    let shown = baseline(&environment(), "DEPLOYED");
    let history = [before.clone()];
    let goal = Goal::Deleted;
    let mut ledger = Ledger::acting(&environment(), goal, &shown, Some(&[]), Some(&history));
    ledger.asked(100, Some(&ActionResponse::default()));
    ledger
}

fn gone_at(at: Stamp) -> [Observation; 2] {
    [at, at + periods(1)].map(|at| Observation::Missing { at })
}

#[test]
fn a_deletion_of_another_origin_that_the_history_showed_before_is_none_of_ours() {
    let judged = |origin: &str, later: Option<&str>| {
        let mut theirs = past("y", "DELETE", "DELETING");
        theirs.origin = Some(origin.to_owned());
        let mut ledger = seen(deletes_behind(&theirs), &gone_at(30_000));
        ledger.observe(unavailable(30_000, Fact::Queue));
        if let Some(state) = later {
            theirs.state = State::from(state);
            let ours = past("z", "DELETE", "DELETED");
            ledger.observe(history(20_000, &[ours, theirs]));
        }
        judge(&ledger, 30_000 + periods(1))
    };
    let verdict = judged("TERRAFORM_PROVIDER", None);
    assert!(is_superseded(&verdict), "{verdict:?}");
    // It failed, so it has deleted nothing.
    let verdict = judged("TERRAFORM_PROVIDER", Some("DELETE_ERROR"));
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged("API", None);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_request_for_a_deletion_whose_run_failed_has_deleted_nothing() {
    let judged = |end: &str| {
        let theirs = QueueRow {
            triggered_by: Some("cy".to_owned()),
            origin: Some("CONSOLE".to_owned()),
            ..row(7, "DELETE")
        };
        let mut entry = past("y", "DELETE", end);
        entry.triggered_by.clone_from(&theirs.triggered_by);
        entry.origin.clone_from(&theirs.origin);
        let ledger = acted_after(
            &environment(),
            Goal::Deleted,
            "DEPLOYED",
            &[theirs],
            Some(1),
        );
        let readings = [
            queue(20_000, &[]),
            history(25_000, &[past("z", "DELETE", "DELETING"), entry]),
            request_status(25_000, 1, "DELETING"),
        ];
        let ledger = seen(seen(ledger, &readings), &gone_at(30_000));
        judge(&ledger, 30_000 + periods(1))
    };
    let verdict = judged("DELETE_ERROR");
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged("DELETED");
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_that_is_queued_long_after_ours_has_not_deleted_the_subject() {
    let judged = |listed: Stamp| {
        let theirs = QueueRow {
            triggered_by: Some("cy".to_owned()),
            ..row(7, "DELETE")
        };
        let ledger = acted(&environment(), Goal::Deleted, Some(1));
        let readings = [
            queue(2_000, &[row(1, "DELETE")]),
            request_status(16_000, 1, "DELETING"),
            queue(16_000, &[]),
            queue(listed, &[theirs]),
        ];
        let ledger = seen(seen(ledger, &readings), &gone_at(40_000));
        judge(&ledger, 40_000 + periods(1))
    };
    assert!(is_reached(&judged(30_000)));
    assert!(is_superseded(&judged(10_000)));
}

#[test]
fn a_deletion_that_failed_and_whose_run_agrees_stays_a_failure_if_others_delete_the_subject() {
    let judged = |end: &str| {
        let ledger = acted(&environment(), Goal::Deleted, Some(1));
        let readings = [
            request_status(9_000, 1, "DELETE_ERROR"),
            history(9_000, &[past("z", "DELETE", end)]),
        ];
        let ledger = seen(seen(ledger, &readings), &gone_at(40_000));
        judge(&ledger, 40_000 + periods(1))
    };
    assert!(is_failed(&judged("DELETE_ERROR")));
    // The request status may repeat the failure of another deletion.
    assert!(is_superseded(&judged("DELETED")));
}

#[test]
fn a_watched_deletion_that_waited_behind_that_of_another_user_is_none() {
    let judged = |user: &str| {
        let ledger = Ledger::watching(&environment(), Goal::Deleted, Some(request(1)));
        let shown = described(status(1_000, "x", "DELETING"), |whole| {
            whole.triggered_by = Some(user.to_owned());
        });
        let readings = [
            shown,
            request_status(1_000, 1, "DELETE_QUEUED"),
            queue(1_000, &[row(1, "DELETE")]),
            unknown(30_000),
            unknown(30_000 + periods(1)),
        ];
        let ledger = seen(seen(ledger, &readings), &gone_at(30_000));
        judge(&ledger, 30_000 + periods(1))
    };
    let verdict = judged("cy");
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged("me");
    assert!(is_reached(&verdict), "{verdict:?}");
}

/// The subject is gone after these readings, and no request is known any more.
fn judged_gone(ledger: Ledger, readings: &[Observation]) -> Result<Verdict, Fact> {
    let ledger = seen(seen(ledger, readings), &gone_at(60_000));
    let numbers = [1, 2, 7].map(|number| Fact::Request(request(number)));
    let unknown = numbers.map(|fact| unavailable(60_000, fact));
    judge(&seen(ledger, &unknown), 60_000 + periods(1))
}

#[test]
fn the_only_run_of_two_deletions_is_that_of_the_request_ahead() {
    let judged = |ahead: &[QueueRow], end: Option<&str>| {
        let ledger = acted_after(&environment(), Goal::Deleted, "DEPLOYED", ahead, None);
        let rows: Vec<QueueRow> = ahead.iter().cloned().chain([row(1, "DELETE")]).collect();
        let mut readings = vec![
            queue(200, &rows),
            status(20_000, "x", "DELETING"),
            queue(25_000, &[row(1, "DELETE")]),
        ];
        readings.extend(end.map(|end| request_status(26_000, 7, end)));
        judged_gone(ledger, &readings)
    };
    assert!(is_reached(&judged(&[], None)));
    let verdict = judged(&[row(7, "DELETE")], None);
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged(&[row(7, "DELETE")], Some("CANCELED"));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn two_requests_that_can_be_ours_and_only_one_run_leave_open_which_one_deleted() {
    let judged = |rows: &[QueueRow], runs: &[&str]| {
        let ledger = acted(&environment(), Goal::Deleted, None);
        let mut readings = vec![queue(200, rows)];
        let times = (1..).map(|n| n * 10_000);
        let runs = times.zip(runs);
        readings.extend(runs.map(|(at, id)| status(at, id, "DELETING")));
        judged_gone(ledger, &readings)
    };
    let both = [row(1, "DELETE"), row(2, "DELETE")];
    for runs in [&[][..], &["x"]] {
        assert!(is_reached(&judged(&both[..1], runs)));
        let verdict = judged(&both, runs);
        assert!(is_superseded(&verdict), "{runs:?}: {verdict:?}");
    }
    // The first of two runs has not deleted the subject.
    let verdict = judged(&both[..1], &["x", "y"]);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn an_end_in_the_history_comes_before_a_deletion_by_others_and_an_end_in_the_status_does_not() {
    let judged = |is_listed: bool| {
        let theirs = QueueRow {
            origin: Some("TERRAFORM_PROVIDER".to_owned()),
            ..row(7, "DELETE")
        };
        let subject = services(&[1]);
        let ledger = acted_after(&subject, Goal::Deleted, "DEPLOYED", &[theirs], None);
        let mut ours = past("x", "DELETE", "DELETED");
        ours.services = vec![part(1, "DELETED", Phase::Reached)];
        let history = match is_listed {
            true => history(60_000, &[ours]),
            false => unavailable(60_000, Fact::History),
        };
        let readings = [
            queue(200, &[row(1, "DELETE")]),
            status_of_service(20_000, "x", "DELETING"),
            status_of_service(30_000, "x", "DELETED"),
            history,
        ];
        let ledger = seen(ledger, &readings);
        let unlisted = ledger.gone_from_parent(&poll(60_000));
        let twice = judged_gone(ledger, &[]);
        (unlisted, twice)
    };
    let (unlisted, twice) = judged(true);
    assert!(is_reached(&unlisted) && is_reached(&twice), "{unlisted:?}");
    let (unlisted, twice) = judged(false);
    assert!(
        is_superseded(&unlisted) && is_superseded(&twice),
        "{twice:?}"
    );
}

#[test]
fn a_deletion_in_which_a_service_failed_has_not_deleted_all_of_them() {
    let judged = |own: &[&str]| {
        let ledger = acted(&services(&[1, 2]), Goal::Uninstalled, None);
        let readings = [
            status_of_services(20_000, "x", "DELETING", &["DELETING", "DELETING"]),
            status_of_services(30_000, "x", "DELETING", own),
            unavailable(60_000, Fact::History),
        ];
        judged_gone(ledger, &readings)
    };
    assert!(is_reached(&judged(&["DELETED", "DELETING"])));
    let verdict = judged(&["DELETE_ERROR", "DELETING"]);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_lost_deletion_without_a_trace_is_none_if_another_origin_deletes_the_subject() {
    let judged = |received: Option<&ActionResponse>, origin: &str| {
        let shown = baseline(&environment(), "DEPLOYED");
        let goal = Goal::Deleted;
        let mut ledger = Ledger::acting(&environment(), goal, &shown, Some(&[]), Some(&[]));
        ledger.asked(100, received);
        let theirs = QueueRow {
            origin: Some(origin.to_owned()),
            ..row(7, "DELETE")
        };
        judged_gone(ledger, &[queue(20_000, &[]), queue(40_000, &[theirs])])
    };
    let accepted = ActionResponse::default();
    assert!(is_reached(&judged(Some(&accepted), "GIT")));
    assert_eq!(decision(&judged(None, "GIT")), Some(&Decision::NoTrace));
}

/// The status says that a deletion was queued before the action, and the queue cannot be read.
#[test]
fn the_first_run_after_a_queued_deletion_is_not_ours_if_the_queue_is_hidden() {
    let judged = |before: &str, runs: &[&str]| {
        let shown = baseline(&environment(), before);
        let mut ledger = Ledger::acting(&environment(), Goal::Deleted, &shown, None, Some(&[]));
        ledger.asked(100, Some(&ActionResponse::default()));
        ledger.observe(unavailable(1_000, Fact::Queue));
        for (at, run) in (0..).zip(runs) {
            ledger.observe(status(5_000 + at * 10_000, run, "DELETING"));
        }
        judge(&seen(ledger, &gone_at(40_000)), 40_000 + periods(1))
    };
    assert!(is_superseded(&judged("DELETE_QUEUED", &["x"])));
    assert!(is_reached(&judged("DEPLOYED", &["x"])));
    // The run of one deletion had begun before the action, and more of them can have been queued.
    assert!(is_superseded(&judged("DELETING", &["x"])));
}

#[test]
fn a_deployment_that_failed_behind_a_deletion_of_its_services_has_failed() {
    let judged = |end: &str| {
        let ledger = acted(&services(&[1]), Goal::Deployed, Some(1));
        let mut deletion = past("y", "DELETE", "DELETING");
        deletion.services = vec![part(1, "DELETING", Phase::Running)];
        let mut readings = vec![
            status_of_services(2_000, "y", "DELETING", &["DELETING"]),
            history(3_000, &[deletion]),
            status_of_services(30_000, "x", end, &["DELETED"]),
            request_status(30_000, 1, end),
        ];
        let Some(Observation::Status(shown)) = readings.get_mut(2) else {
            unreachable!("it is a status");
        };
        shown.own = vec![None];
        judged_gone(ledger, &readings)
    };
    let verdict = judged("DEPLOYMENT_ERROR");
    assert!(is_failed(&verdict), "{verdict:?}");
    let verdict = judged("DEPLOYED");
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_that_another_run_followed_has_not_deleted_the_subject_even_if_the_second_one_was_not_seen_at_work()
 {
    let judged = |rows: &[QueueRow]| {
        let readings = [
            queue(1_000, rows),
            status(5_000, "x", "DELETING"),
            queue(16_000, rows),
            queue(40_000, &[]),
            status(40_000, "y", "DELETE_QUEUED"),
            unavailable(40_000, Fact::History),
            unavailable(60_000, Fact::Request(request(1))),
            unavailable(60_000, Fact::Request(request(2))),
        ];
        judged_gone(acted(&environment(), Goal::Deleted, None), &readings)
    };
    let rows = [row(1, "DELETE"), row(2, "DELETE")];
    let verdict = judged(&rows);
    assert!(is_superseded(&verdict), "{verdict:?}");
    // With one request, the run that is not seen at work can be that of the same one.
    let verdict = judged(&rows[..1]);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_that_was_under_way_has_deleted_a_subject_that_is_gone_before_the_queue_has_to_list_ours()
 {
    for goal in [Goal::Deleted, Goal::Uninstalled] {
        let judged = |gone: Stamp| {
            let ledger = acted_after(&environment(), goal, "DELETING", &[], None);
            let readings = [
                status(1_000, "before", "DELETING"),
                queue(gone - 1_000, &[]),
                history(gone - 1_000, &[]),
            ];
            let ledger = seen(seen(ledger, &readings), &gone_at(gone));
            judge(&ledger, gone + periods(1))
        };
        let verdict = judged(10_000);
        assert!(is_superseded(&verdict), "{goal}: {verdict:?}");
        // By then the queue lists ours. The deletion that was under way has absorbed it.
        let verdict = judged(20_000);
        assert!(is_reached(&verdict), "{goal}: {verdict:?}");
    }
}

#[test]
fn a_deletion_of_the_environment_that_ours_waited_behind_has_deleted_a_service_that_shows_its_own_end()
 {
    let judged = |own: &str, environment: &str| {
        let subject = services(&[1]);
        let mut before = baseline(&subject, environment);
        before.services = vec![ServiceSnapshot::new(container(1), State::from(own))];
        let mut ledger = Ledger::acting(&subject, Goal::Uninstalled, &before, Some(&[]), None);
        ledger.asked(100, Some(&ActionResponse::default()));
        let readings = [
            queue(1_000, &[row(1, "UNINSTALL")]),
            unavailable(30_000, Fact::History),
            unavailable(30_000, Fact::Request(request(1))),
        ];
        judged_gone(ledger, &readings)
    };
    for (own, environment) in [("STOPPED", "DELETING"), ("DELETED", "STOPPED")] {
        let verdict = judged(own, environment);
        assert!(is_superseded(&verdict), "{own}, {environment}: {verdict:?}");
    }
    let verdict = judged("STOPPED", "STOPPED");
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_by_another_user_than_that_of_the_only_request_that_can_be_ours_is_not_ours() {
    let judged = |user: &str| {
        let mut entry = past("y", "DELETE", "DELETED");
        entry.triggered_by = Some(user.to_owned());
        let readings = [
            queue(1_000, &[row(1, "DELETE")]),
            queue(30_000, &[]),
            status(41_000, "y", "DELETING"),
            history(50_000, &[entry]),
        ];
        judged_gone(acted(&environment(), Goal::Deleted, None), &readings)
    };
    let verdict = judged("me");
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged("cy");
    assert!(is_superseded(&verdict), "{verdict:?}");
}

/// An uninstallation of a service in an environment that deletes another one. The request waited, and has left no run.
fn uninstalls_beside_a_deletion(more: &[Observation]) -> Ledger {
    let subject = services(&[1]);
    let mut before = baseline(&subject, "DELETING");
    before.services = vec![ServiceSnapshot::new(container(1), State::from("DELETED"))];
    let mut ledger = Ledger::acting(&subject, Goal::Uninstalled, &before, Some(&[]), None);
    ledger.asked(100, Some(&ActionResponse::default()));
    seen(seen(ledger, &[queue(1_000, &[row(1, "UNINSTALL")])]), more)
}

#[test]
fn the_end_of_our_request_comes_before_a_deletion_that_was_under_way() {
    let said = [request_status(30_000, 1, "DELETED")];
    let ledger = seen(uninstalls_beside_a_deletion(&said), &gone_at(60_000));
    let ledger = seen(ledger, &[unavailable(60_000, Fact::History)]);
    let verdict = judge(&ledger, 60_000 + periods(1));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_request_that_ends_as_canceled_because_the_environment_is_gone_has_not_deleted_it() {
    let judged = |state: &str| {
        let mut before = baseline(&environment(), "DELETING");
        before.deployment_id = Some("w".to_owned());
        let mut ledger = Ledger::acting(&environment(), Goal::Deleted, &before, Some(&[]), None);
        ledger.asked(100, Some(&ActionResponse::default()));
        let readings = [
            queue(1_000, &[row(1, "DELETE")]),
            queue(20_000, &[row(1, "DELETE")]),
            request_status(30_000, 1, state),
        ];
        judged_gone(ledger, &readings)
    };
    let verdict = judged("DELETED");
    assert!(is_reached(&verdict), "{verdict:?}");
    for state in ["CANCELED", "DELETE_ERROR", "DEPLOYED"] {
        let verdict = judged(state);
        assert!(is_superseded(&verdict), "{state}: {verdict:?}");
    }
}

#[test]
fn a_history_that_is_late_can_still_list_our_deletion_behind_one_that_was_under_way() {
    let ledger = uninstalls_beside_a_deletion(&[
        unavailable(30_000, Fact::Request(request(1))),
        history(60_000, &[]),
        Observation::Missing { at: 60_000 },
    ]);
    let judged = |now: Stamp| ledger.gone_from_parent(&poll(now));
    assert!(is_pending(&judged(61_000)), "{:?}", judged(61_000));
    let verdict = judged(60_000 + periods(1));
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_request_that_was_canceled_has_not_deleted_a_service_beside_a_deletion_of_another_one() {
    let subject = services(&[1]);
    let mut before = baseline(&subject, "DELETING");
    before.services = vec![ServiceSnapshot::new(container(1), State::from("STOPPED"))];
    let mut ledger = Ledger::acting(&subject, Goal::Deleted, &before, Some(&[]), None);
    ledger.asked(100, Some(&ActionResponse::default()));
    let readings = [
        queue(1_000, &[row(1, "DELETE")]),
        request_status(20_000, 1, "CANCELED"),
        status_of_services(25_000, "y", "DELETING", &["DELETING"]),
        queue(25_000, &[]),
        unavailable(30_000, Fact::History),
    ];
    let ledger = seen(seen(ledger, &readings), &gone_at(30_000));
    let verdict = judge(&ledger, 30_000 + periods(1));
    assert!(!is_reached(&verdict), "{verdict:?}");
}

/// A deletion that the response does not name, while another one is at work. The queue lists it, or shows at once that it
/// runs.
fn deleted_after_a_failure(queued: &[QueueRow]) -> Result<Verdict, Fact> {
    let mut ledger = acted_after(&environment(), Goal::Deleted, "DELETING", &[], None);
    let readings = [
        queue(1_000, queued),
        status(20_000, "x", "DELETING"),
        queue(20_000, &[]),
        request_status(50_000, 1, "DELETE_ERROR"),
        unavailable(50_000, Fact::History),
        Observation::Missing { at: 90_000 },
    ];
    ledger = seen(ledger, &readings);
    ledger.gone_from_parent(&poll(90_500))
}

#[test]
fn a_queued_deletion_whose_status_says_that_it_failed_has_not_deleted_the_subject() {
    let waits = row(1, "DELETE");
    let begun = QueueRow {
        has_begun: true,
        ..row(1, "DELETE")
    };
    let verdict = deleted_after_a_failure(&[waits]);
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = deleted_after_a_failure(&[begun]);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_subject_that_is_at_work_in_a_later_run_was_not_deleted_by_ours() {
    let judged = |subject: &Subject, followed: bool| {
        let works = |at, id| status_of_services(at, id, "DELETING", &["DELETING"]);
        let ledger = acted_after(subject, Goal::Deleted, "DEPLOYED", &[], Some(1));
        let mut readings = vec![
            request_status(700, 1, "DELETE_QUEUED"),
            works(3_000, "x"),
            queue(16_000, &[]),
            unavailable(16_000, Fact::History),
            unknown(17_000),
            unknown(33_000),
        ];
        readings.extend(followed.then(|| works(49_000, "y")));
        readings.push(Observation::Missing { at: 70_000 });
        seen(ledger, &readings).gone_from_parent(&poll(70_500))
    };
    for subject in [environment(), services(&[1])] {
        let verdict = judged(&subject, true);
        assert!(is_superseded(&verdict), "{verdict:?}");
        let verdict = judged(&subject, false);
        assert!(is_reached(&verdict), "{verdict:?}");
    }
}
