//! The endpoints name the same run, user or services in different ways, or one of them is late.

use super::{super::view::Claim, *};
use crate::wait::source::ActionResponse;

#[test]
fn a_run_that_the_status_names_by_its_date_is_the_one_that_the_history_names_by_its_id() {
    let judged = |read: Stamp| {
        let mut foreign = past("y", "STOP", "STOPPED");
        foreign.origin = Some("CONSOLE".to_owned());
        let readings = [
            by_date(status(1_000, "", "DEPLOYING"), "2026-01-01T12:00:00Z"),
            by_date(status(60_000, "", "STOPPED"), "2026-01-01T12:01:00Z"),
            queue(read, &[]),
            history(read, &[foreign, past("x", "DEPLOY", "DEPLOYED")]),
        ];
        let ledger = acted(&environment(), Goal::Deployed, None);
        judge(&seen(ledger, &readings), read + periods(2))
    };
    let verdict = judged(60_000 + periods(2));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn the_entry_of_a_run_that_failed_may_lack_the_services_that_it_did_not_reach() {
    let judged = |said: &str, listed: Vec<HistoryService>| {
        let ledger = acted(&services(&[1, 2]), Goal::Deployed, Some(1));
        let mut entry = past("x", "DEPLOY", "DEPLOYMENT_ERROR");
        entry.services = listed;
        let own = ["DEPLOYMENT_ERROR", "DEPLOYED"];
        let readings = [
            status_of_services(1_000, "x", "DEPLOYMENT_ERROR", &own),
            request_status(1_000, 1, said),
            queue(1_000, &[]),
            history(1_000, &[entry]),
        ];
        judge(&seen(ledger, &readings), periods(6))
    };
    let ours = || part(1, "DEPLOYMENT_ERROR", Phase::Failed);
    let verdict = judged("DEPLOYMENT_ERROR", vec![ours()]);
    assert!(is_failed(&verdict), "{verdict:?}");
    // The request is known from the queue only.
    let mut entry = past("x", "DEPLOY", "DEPLOYMENT_ERROR");
    entry.services = vec![ours()];
    let readings = [
        queue(500, &[row(1, "DEPLOY")]),
        status_of_services(
            1_000,
            "x",
            "DEPLOYMENT_ERROR",
            &["DEPLOYMENT_ERROR", "DEPLOYED"],
        ),
        request_status(1_000, 1, "DEPLOYMENT_ERROR"),
        queue(1_000, &[]),
        history(1_000, &[entry]),
    ];
    let ledger = acted(&services(&[1, 2]), Goal::Deployed, None);
    let verdict = judge(&seen(ledger, &readings), periods(6));
    assert!(is_failed(&verdict), "{verdict:?}");
    // Other services: the run is that of another request.
    let verdict = judged(
        "DEPLOYING",
        vec![ours(), part(3, "DEPLOYED", Phase::Reached)],
    );
    assert!(!is_failed(&verdict), "{verdict:?}");
}

#[test]
fn a_status_that_names_the_user_in_another_form_excludes_no_run() {
    let mut row = row(1, "DEPLOY");
    row.triggered_by = Some("auth0|42".to_owned());
    let shown = status(40_000, "x", "DEPLOYING");
    let shown = described(shown, |whole| whole.triggered_by = Some("Ada".to_owned()));
    let readings = [
        status(1_000, "before", "DEPLOYING"),
        queue(1_000, &[row]),
        shown,
        request_status(40_000, 1, "DEPLOYING"),
        queue(40_000, &[]),
        queue(40_000 + periods(3), &[]),
        history(40_000, &[]),
    ];
    let ledger = seen(acted(&environment(), Goal::Deployed, Some(1)), &readings);
    let verdict = judge(&ledger, 40_000);
    assert!(
        matches!(verdict, Ok(Verdict::Pending { .. })),
        "{verdict:?}"
    );
}

#[test]
fn a_run_that_ended_before_the_last_date_of_the_status_before_the_action_is_not_ours() {
    let judged = |date: &str| {
        let mut before = baseline(&environment(), "STOPPING");
        before.whole.as_mut().expect("it was read").date = Some(date.to_owned());
        let ledger = unanswered(&before, Goal::Deployed);
        // The history did not list the running deployment, and the response was lost.
        let old = past("old", "DEPLOY", "DEPLOYED");
        let readings = [
            status(1_000, "before", "STOP_ERROR"),
            queue(1_000, &[]),
            history(1_000, &[old]),
        ];
        judge(&seen(ledger, &readings), periods(9))
    };
    // `past` ended at 1970-01-12T13:47:40Z.
    let verdict = judged("1970-01-12T13:50:00Z");
    assert_eq!(decision(&verdict), Some(&Decision::NoTrace), "{verdict:?}");
    assert!(is_reached(&judged("1970-01-12T13:45:00Z")));
}

/// A run that ended before the action, and that the readings from before the action did not list.
fn old(action: &str) -> HistoryEntry {
    HistoryEntry {
        origin: Some("CONSOLE".to_owned()),
        updated: Some(SENT - 100),
        ..past(
            "old",
            action,
            if action == "DELETE" {
                "DELETED"
            } else {
                "DEPLOYED"
            },
        )
    }
}

/// An action before which the history listed nothing.
fn acted_without_history(goal: Goal) -> Ledger {
    let before = baseline(&environment(), "DEPLOYED");
    let mut ledger = Ledger::acting(&environment(), goal, &before, Some(&[]), Some(&[]));
    let response = ActionResponse {
        request: Some(request(1)),
        execution: None,
        idle: false,
        server_time: Some(SENT),
    };
    ledger.asked(100, Some(&response));
    ledger
}

#[test]
fn an_earlier_run_that_the_history_lists_later_does_not_follow_ours() {
    // By the same user.
    let theirs = |state| past("y", "DEPLOY", state);
    let ours = |state| past("x", "DEPLOY", state);
    let readings = [
        status(2_500, "x", "DEPLOYING"),
        request_status(2_600, 1, "DEPLOYING"),
        history(2_700, &[ours("DEPLOYING"), old("DEPLOY")]),
        status(28_800, "x", "DEPLOYING"),
        request_status(28_900, 1, "DEPLOYING"),
        status(46_100, "y", "DEPLOYING"),
        request_status(46_200, 1, "DEPLOYMENT_ERROR"),
        queue(46_300, &[]),
        history(
            46_400,
            &[theirs("DEPLOYING"), ours("DEPLOYMENT_ERROR"), old("DEPLOY")],
        ),
    ];
    let verdict = judge(
        &seen(acted_without_history(Goal::Deployed), &readings),
        46_400,
    );
    assert!(is_failed(&verdict), "{verdict:?}");
}

#[test]
fn an_earlier_deletion_that_the_history_lists_later_has_not_deleted_the_subject() {
    only_an_earlier_deletion_is_none(|entry| {
        vec![
            status(5_000, "x", "DELETING"),
            request_status(5_000, 1, "DELETING"),
            history(5_000, &[past("x", "DELETE", "DELETING"), entry]),
            queue(30_000, &[]),
        ]
    });
}

/// Deletes the subject, and the readings show another deletion. The success counts only if that one ended before the
/// action.
fn only_an_earlier_deletion_is_none(readings: impl Fn(HistoryEntry) -> Vec<Observation>) {
    let judged = |entry: HistoryEntry| {
        let ledger = seen(acted_without_history(Goal::Deleted), &readings(entry));
        let gone = [30_000, 30_000 + periods(1)].map(|at| Observation::Missing { at });
        judge(&seen(ledger, &gone), 30_000 + periods(1))
    };
    let verdict = judged(old("DELETE"));
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged(HistoryEntry {
        updated: Some(SENT + 10),
        ..old("DELETE")
    });
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_request_that_waited_after_an_earlier_deletion_was_listed_did_not_wait_behind_it() {
    let rows = [row(1, "DELETE")];
    only_an_earlier_deletion_is_none(|entry| {
        vec![
            queue(1_000, &rows),
            history(1_000, std::slice::from_ref(&entry)),
            queue(20_000, &rows),
            status(25_000, "x", "DELETING"),
            history(25_000, &[past("x", "DELETE", "DELETING"), entry]),
            unavailable(25_000, Fact::Request(request(1))),
        ]
    });
}

#[test]
fn after_a_lost_response_a_run_counts_only_if_its_action_is_known() {
    let judged = |entry: Option<HistoryEntry>| {
        let mut ledger = acted(&services(&[1]), Goal::Restarted, None);
        ledger.asked(100, None);
        let entries: Vec<HistoryEntry> = entry.into_iter().collect();
        let readings = [
            status_of_services(20_000, "x", "DEPLOYING", &["DEPLOYING"]),
            status_of_services(25_000, "x", "DEPLOYING", &["DEPLOYED"]),
            queue(25_000, &[]),
            history(25_000, &entries),
        ];
        judge(&seen(ledger, &readings), 25_000)
    };
    let verdict = judged(None);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let verdict = judged(Some(past("x", "DEPLOY", "DEPLOYING")));
    assert!(!is_reached(&verdict), "{verdict:?}");
}

/// A cancel, with the state before it and the execution that the response names.
fn cancels(state: &str, named: Option<&str>) -> Ledger {
    let before = baseline(&environment(), state);
    let mut ledger = Ledger::acting(&environment(), Goal::Canceled, &before, Some(&[]), None);
    let response = ActionResponse {
        execution: named.map(str::to_owned),
        ..ActionResponse::default()
    };
    ledger.asked(100, Some(&response));
    ledger
}

#[test]
fn a_cancel_ends_with_the_run_that_the_response_names_although_the_status_was_late() {
    let judged_at = |now, named, state, shown: &[(&str, &str)]| {
        let readings: Vec<_> = (1..)
            .zip(shown)
            .map(|(second, (id, state))| status(second * 1_000, id, state))
            .collect();
        judge(&seen(cancels(state, named), &readings), now)
    };
    let judged = |named, state, shown: &[(&str, &str)]| judged_at(3_000, named, state, shown);
    let late = [("before", "DEPLOYED"), ("x", "DEPLOYING")];
    for named in [Some("x"), None] {
        for count in [1, 2] {
            let verdict = judged(named, "DEPLOYED", &late[..count]);
            assert!(!is_reached(&verdict), "{named:?}, {count}: {verdict:?}");
        }
    }
    assert!(is_reached(&judged(
        Some("x"),
        "DEPLOYED",
        &[("x", "CANCELED")]
    )));
    // Another run is shown. A replica that is behind shows an earlier one.
    for named in [Some("x"), None] {
        for state in ["DEPLOYING", "STOPPED"] {
            let verdict = judged(named, "DEPLOYING", &[("y", state)]);
            assert!(!is_reached(&verdict), "{named:?}, {state}: {verdict:?}");
            let verdict = judged_at(periods(1), named, "DEPLOYING", &[("y", state)]);
            assert!(is_reached(&verdict), "{named:?}, {state}: {verdict:?}");
        }
    }
    assert!(is_reached(&judged(
        None,
        "DEPLOYING",
        &[("before", "CANCELED")]
    )));
}

#[test]
fn a_deletion_that_failed_is_not_a_success_if_another_one_deletes_the_subject_later() {
    let judged = |entries: &[HistoryEntry]| {
        let ledger = acted(&services(&[1]), Goal::Uninstalled, None);
        let readings = [
            status_of_services(1_000, "x", "DELETING", &["DELETING"]),
            queue(2_000, &[]),
            history(2_000, entries),
            Observation::Missing { at: 60_000 },
            Observation::Missing {
                at: 60_000 + periods(1),
            },
        ];
        judge(&seen(ledger, &readings), 60_000 + periods(1))
    };
    let of_service = |id: &str, state: &str| HistoryEntry {
        services: vec![part(1, state, Phase::Reached)],
        ..past(id, "UNINSTALL", state)
    };
    let failed = of_service("x", "DELETE_ERROR");
    let verdict = judged(std::slice::from_ref(&failed));
    assert!(is_failed(&verdict), "{verdict:?}");
    let verdict = judged(&[of_service("y", "DELETED"), failed]);
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_that_waited_while_another_one_deleted_the_subject_is_not_a_success() {
    let judged = |before: &str| {
        let ledger = acted_after(&services(&[1, 2]), Goal::Deleted, before, &[], None);
        let readings = [
            queue(8_000, &[row(1, "DELETE")]),
            queue(12_000, &[]),
            history(12_000, &[]),
            unavailable(12_000, Fact::Request(request(1))),
            Observation::Missing { at: 12_000 },
            Observation::Missing {
                at: 12_000 + periods(1),
            },
        ];
        judge(&seen(ledger, &readings), 12_000 + periods(1))
    };
    let verdict = judged("DELETING");
    assert!(!is_reached(&verdict), "{verdict:?}");
    assert!(is_reached(&judged("DEPLOYED")));
}

#[test]
fn the_queue_of_a_service_names_an_uninstallation_like_a_deletion() {
    let claim_of = |entry: &str| {
        let readings = [
            queue(1_000, &[row(1, "DELETE")]),
            status_of_service(20_000, "x", "DELETING"),
            history(20_000, &[past("x", entry, "DELETING")]),
        ];
        let ledger = seen(acted(&single_service(), Goal::Uninstalled, None), &readings);
        let run = ledger.run(&run_of_request(1)).expect("it was listed");
        claim(&ledger, run)
    };
    for entry in ["UNINSTALL", "DELETE_RESOURCES_ONLY"] {
        assert_eq!(claim_of(entry), Claim::Possible, "{entry}");
    }
}
