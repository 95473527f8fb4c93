//! Requests ahead of ours with the same action: which of the runs are theirs.

use super::*;
use crate::wait::ledger::Observation;

/// An environment with a similar request in the queue ahead of ours, which the response names.
fn behind(theirs: &QueueRow, named: Uuid) -> Ledger {
    let waiting = std::slice::from_ref(theirs);
    let mut ledger = acted_after(&environment(), Goal::Deployed, "STOPPING", waiting, None);
    ledger.follow(named);
    ledger
}

/// The request ahead left the queue `left` ms after the action. Ours has failed, and another run followed at once.
fn with_a_failure_behind(left: Stamp) -> [Observation; 13] {
    let (theirs, ours) = (row(7, "DEPLOY"), row(9, "DEPLOY"));
    let own = std::slice::from_ref(&ours);
    [
        queue(1_000, &[theirs, ours.clone()]),
        unavailable(1_000, Fact::Request(request(9))),
        queue(left, own),
        queue(26_000, own),
        queue(29_000, own),
        status(31_000, "y", "DEPLOYING"),
        queue(31_000, &[]),
        status(38_000, "y", "BUILD_ERROR"),
        queue(38_000, &[]),
        status(41_000, "z", "DEPLOYING"),
        queue(41_000, &[]),
        status(70_000, "z", "DEPLOYED"),
        history(
            70_000,
            &[
                past("z", "DEPLOY", "DEPLOYED"),
                past("y", "DEPLOY", "BUILD_ERROR"),
            ],
        ),
    ]
}

#[test]
fn our_run_is_not_taken_for_that_of_a_request_ahead_that_had_left_long_before() {
    let ledger = behind(&row(7, "DEPLOY"), request(9));
    let verdict = judge(&seen(ledger, &with_a_failure_behind(10_000)), 100_000);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

/// A status that names each request beside its run, and a run of the request ahead that the history dates before the
/// action, or not.
fn with_a_run_for_each(ours_ends: &str, created: Option<i64>) -> Vec<Observation> {
    let (theirs, ours) = (
        described_row(made(-5), "DEPLOY"),
        described_row(made(1), "DEPLOY"),
    );
    let own = std::slice::from_ref(&ours);
    let of_theirs = HistoryEntry {
        created,
        ..past("x", "DEPLOY", "DEPLOYED")
    };
    vec![
        queue(1_000, &[theirs, ours.clone()]),
        unavailable(1_000, Fact::Request(made(1))),
        naming(made(-5), status(4_000, "x", "DEPLOYING")),
        queue(4_000, own),
        queue(20_000, own),
        queue(29_000, own),
        naming(made(1), status(31_000, "y", "DEPLOYING")),
        queue(31_000, &[]),
        status(38_000, "y", ours_ends),
        naming(made(40), status(41_000, "z", "DEPLOYING")),
        queue(41_000, &[]),
        status(70_000, "z", "DEPLOYED"),
        queue(70_000, &[]),
        history(
            70_000,
            &[
                past("z", "DEPLOY", "DEPLOYED"),
                past("y", "DEPLOY", ours_ends),
                of_theirs,
            ],
        ),
    ]
}

#[test]
fn a_run_that_is_excluded_as_that_of_an_older_request_is_not_counted_again() {
    for created in [None, Some(SENT - 5)] {
        let ledger = behind(&described_row(made(-5), "DEPLOY"), made(1));
        let verdict = judge(
            &seen(ledger, &with_a_run_for_each("BUILD_ERROR", created)),
            100_000,
        );
        assert!(is_superseded(&verdict), "{created:?}: {verdict:?}");
    }
}

/// The request ahead ran for a short time, so that both runs can be its own by the order.
#[test]
fn the_excluded_run_of_a_request_ahead_leaves_ours_among_the_candidates() {
    let (theirs, ours) = (
        described_row(made(-5), "DEPLOY"),
        described_row(made(1), "DEPLOY"),
    );
    let readings = [
        queue(1_000, &[theirs.clone(), ours.clone()]),
        unavailable(1_000, Fact::Request(made(1))),
        naming(made(-5), status(20_000, "x", "DEPLOYING")),
        queue(20_000, std::slice::from_ref(&ours)),
        naming(made(1), status(26_000, "y", "DEPLOYING")),
        queue(26_000, &[]),
        status(31_000, "y", "BUILD_ERROR"),
        naming(made(30), status(33_000, "z", "DEPLOYING")),
        queue(33_000, &[]),
        status(70_000, "z", "DEPLOYED"),
        queue(70_000, &[]),
        history(
            70_000,
            &[
                past("z", "DEPLOY", "DEPLOYED"),
                past("y", "DEPLOY", "BUILD_ERROR"),
                past("x", "DEPLOY", "DEPLOYED"),
            ],
        ),
    ];
    let verdict = judge(&seen(behind(&theirs, made(1)), &readings), 100_000);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_success_behind_an_older_request_whose_run_is_excluded_is_a_success() {
    let (theirs, ours) = (
        described_row(made(-5), "DEPLOY"),
        described_row(made(1), "DEPLOY"),
    );
    let own = std::slice::from_ref(&ours);
    let says = |at, state: &str| Observation::Request {
        id: made(1),
        state: State::from(state),
        at,
    };
    let readings = [
        queue(1_000, &[theirs.clone(), ours.clone()]),
        says(1_000, "DEPLOYMENT_QUEUED"),
        naming(made(-5), status(5_000, "x", "DEPLOYING")),
        queue(5_000, own),
        queue(20_000, own),
        queue(35_000, own),
        status(40_000, "x", "DEPLOYED"),
        naming(made(1), status(45_000, "y", "DEPLOYING")),
        queue(45_000, &[]),
        says(46_000, "DEPLOYING"),
        status(80_000, "y", "DEPLOYED"),
        queue(80_000, &[]),
        Observation::Unknown {
            id: made(1),
            at: 81_000,
        },
        history(
            81_000,
            &[
                past("y", "DEPLOY", "DEPLOYED"),
                past("x", "DEPLOY", "DEPLOYED"),
            ],
        ),
        unavailable(81_000, Fact::Request(made(-5))),
    ];
    let verdict = judge(&seen(behind(&theirs, made(1)), &readings), 120_000);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_request_that_says_that_it_runs_has_not_vanished_and_may_have_absorbed_ours() {
    let theirs = described_row(made(-5), "DEPLOY");
    let carrier = std::slice::from_ref(&theirs);
    let entry = HistoryEntry {
        created: Some(SENT - 5),
        ..past("x", "DEPLOY", "DEPLOYING")
    };
    let readings = |says: &str| {
        [
            queue(1_000, carrier),
            queue(16_000, carrier),
            queue(30_000, carrier),
            status(32_000, "x", "DEPLOYING"),
            queue(33_000, &[]),
            status(65_000, "x", "DEPLOYING"),
            queue(65_000, &[]),
            history(65_000, std::slice::from_ref(&entry)),
            Observation::Request {
                id: made(-5),
                state: State::from(says),
                at: 65_000,
            },
        ]
    };
    for says in ["DEPLOYING", "DEPLOYMENT_QUEUED"] {
        let ledger = acted(&environment(), Goal::Deployed, None);
        let ledger = seen(ledger, &readings(says));
        let run = ledger.run(&run_of_execution("x")).expect("seen");
        assert_eq!(claim(&ledger, run), Claim::Possible);
        let verdict = judge(&ledger, 66_000);
        assert!(is_pending(&verdict), "{says}: {verdict:?}");
    }
}

#[test]
fn a_queued_request_that_does_something_else_has_not_absorbed_ours() {
    let alike = row(7, "STOP");
    let foreign = QueueRow {
        origin: Some("GIT".to_owned()),
        triggered_by: Some("git".to_owned()),
        ..row(7, "DEPLOY")
    };
    let claimed = |waits: &[QueueRow]| {
        let ledger = acted_after(&services(&[1]), Goal::Stopped, "DEPLOYED", waits, None);
        let mut entry = past("x", "STOP", "STOPPED");
        entry.created = Some(SENT - 8);
        entry.services = vec![part(1, "STOPPED", Phase::Reached)];
        let readings = [
            queue(1_000, waits),
            status_of_services(2_000, "x", "STOPPING", &["STOPPING"]),
            history(41_000, &[entry]),
        ];
        let ledger = seen(ledger, &readings);
        claim(&ledger, ledger.run(&run_of_execution("x")).expect("seen"))
    };
    assert!(claimed(&[]).is_excluded());
    assert!(claimed(std::slice::from_ref(&foreign)).is_excluded());
    assert_eq!(claimed(std::slice::from_ref(&alike)), Claim::Possible);
}

/// The queue listed a restart and our deployment. The history cannot be read.
#[test]
fn a_run_that_has_restarted_is_not_that_of_a_deployment_which_the_queue_lists_beside_a_restart() {
    let claimed = |theirs: &str, ours: &str| {
        let rows = [row(7, theirs), row(1, ours)];
        let ledger = acted_after(
            &environment(),
            Goal::Deployed,
            "DEPLOYING",
            &rows[..1],
            Some(1),
        );
        let readings = [
            queue(1_000, &rows),
            status(30_000, "x", "RESTARTING"),
            status(40_000, "x", "RESTARTED"),
        ];
        let ledger = seen(ledger, &readings);
        claim(&ledger, ledger.run(&run_of_execution("x")).expect("seen"))
    };
    assert!(claimed("RESTART", "DEPLOY").is_excluded());
    assert_eq!(claimed("DEPLOY", "DEPLOY"), Claim::Possible);
    assert_eq!(claimed("RESTART", "RESTART"), Claim::Possible);
}
