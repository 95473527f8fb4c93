//! A status names a request beside the run that it shows: the one of this run, or a later one.

use super::{super::view::Claim, *};
use crate::wait::OperationToken;

/// An action before which the queue could not be read.
fn acted_unseen(subject: &Subject, goal: Goal, state: &str, named: Option<Uuid>) -> Ledger {
    let before = baseline(subject, state);
    let mut ledger = Ledger::acting(subject, goal, &before, None, Some(&[]));
    let response = ActionResponse {
        request: named,
        server_time: Some(SENT),
        ..ActionResponse::default()
    };
    ledger.asked(100, Some(&response));
    seen(ledger, &[unavailable(200, Fact::Queue)])
}

fn claimed(ledger: &Ledger, id: &str) -> Claim {
    claim(ledger, ledger.run(&run_of_execution(id)).expect("seen"))
}

fn judged_gone(ledger: Ledger, readings: &[Observation]) -> Result<Verdict, Fact> {
    let mut ledger = seen(ledger, readings);
    for at in [60_000, 60_000 + periods(1)] {
        ledger.observe(Observation::Missing { at });
    }
    for number in [-9, 1, 2] {
        ledger.observe(unavailable(60_000, Fact::Request(made(number))));
    }
    let ledger = seen(ledger, &[unavailable(60_000, Fact::History)]);
    judge(&ledger, 60_000 + periods(1))
}

#[test]
fn a_run_whose_request_was_made_before_the_action_is_not_ours_if_no_queue_shows_that_it_absorbed_ours()
 {
    let claimed_after = |waiting: Option<&[QueueRow]>, id: Uuid| {
        let before = baseline(&environment(), "STOPPING");
        let history = [past("before", "STOP", "STOPPING")];
        let mut ledger = Ledger::acting(
            &environment(),
            Goal::Deployed,
            &before,
            waiting,
            Some(&history),
        );
        let response = ActionResponse {
            server_time: Some(SENT),
            ..ActionResponse::default()
        };
        ledger.asked(100, Some(&response));
        ledger.observe(naming(id, status(40_000, "x", "DEPLOYING")));
        claimed(&ledger, "x")
    };
    assert!(claimed_after(None, made(-7)).is_excluded());
    assert_eq!(claimed_after(None, made(0)), Claim::Possible);
    assert!(claimed_after(Some(&[]), made(-7)).is_excluded());
    let absorbs = described_row(made(-7), "DEPLOY");
    assert_eq!(claimed_after(Some(&[absorbs]), made(-7)), Claim::Possible);
}

/// A status that names a request can mean that this request is queued.
#[test]
fn a_request_that_the_status_named_before_the_action_can_be_ahead_of_ours_in_a_hidden_queue() {
    let judged_after = |state, before: Option<Uuid>, waiting: Option<&[QueueRow]>, named| {
        let mut shown = baseline(&environment(), state);
        shown.deployment_request_id = before;
        let mut ledger = Ledger::acting(&environment(), Goal::Deployed, &shown, waiting, Some(&[]));
        let response = ActionResponse {
            request: named,
            ..ActionResponse::default()
        };
        ledger.asked(100, Some(&response));
        let readings = [
            status(20_000, "x", "DEPLOYING"),
            queue(20_000, &[]),
            status(50_000, "x", "DEPLOYED"),
            queue(50_000, &[]),
            history(50_000, &[past("x", "DEPLOY", "DEPLOYED")]),
            unavailable(50_000, Fact::Request(made(1))),
        ];
        judge(&seen(ledger, &readings), 90_000)
    };
    let judged = |before, waiting, named| judged_after("STOPPING", before, waiting, named);
    let verdict = judged(Some(made(-5)), None, None);
    assert!(is_superseded(&verdict), "{verdict:?}");
    for verdict in [
        // Nothing is queued in an idle environment.
        judged_after("STOPPED", Some(made(-5)), None, None),
        judged(None, None, None),
        judged(Some(made(-5)), Some(&[]), None),
        judged(Some(made(-5)), None, Some(made(1))),
    ] {
        assert!(is_reached(&verdict), "{verdict:?}");
    }
}

#[test]
fn the_oldest_request_that_was_named_beside_a_run_counts() {
    let ids = [made(-7), made(3), Uuid::from_u128(1)];
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1]] {
        let mut ledger = acted_unseen(&environment(), Goal::Deployed, "STOPPING", None);
        for (at, place) in (40_000..).step_by(1_000).zip(order) {
            ledger.observe(naming(ids[place], status(at, "x", "DEPLOYING")));
        }
        assert!(claimed(&ledger, "x").is_excluded(), "{order:?}");
    }
}

#[test]
fn a_request_beside_a_run_that_does_not_work_says_nothing_about_the_run() {
    for state in ["DEPLOYED", "DEPLOYMENT_QUEUED"] {
        let ledger = acted_unseen(&environment(), Goal::Deployed, "STOPPING", None);
        let ledger = seen(ledger, &[naming(made(-7), status(40_000, "x", state))]);
        assert_eq!(claimed(&ledger, "x"), Claim::Possible, "{state}");
    }
}

#[test]
fn a_service_names_the_request_of_its_run_as_well() {
    let claimed_as = |subject: &Subject, state: &str, ids: &[Uuid]| {
        let mut ledger = acted_unseen(subject, Goal::Deployed, "STOPPING", None);
        for (at, id) in (40_000..).step_by(1_000).zip(ids) {
            let shown = changed(status_of_services(at, "x", state, &[state]), |shown| {
                if *subject == single_service() {
                    shown.whole = None;
                }
            });
            let named = changed(shown, |shown| {
                for part in shown.own.iter_mut().flatten() {
                    part.request = Some(*id);
                }
            });
            ledger.observe(named);
        }
        claimed(&ledger, "x")
    };
    for subject in [single_service(), services(&[1])] {
        let (early, unordered) = (made(-7), Uuid::from_u128(1));
        assert!(claimed_as(&subject, "DEPLOYING", &[early]).is_excluded());
        assert!(claimed_as(&subject, "DEPLOYING", &[unordered, early]).is_excluded());
        let rests = claimed_as(&subject, "DEPLOYED", &[early]);
        assert_eq!(rests, Claim::Possible);
    }
}

#[test]
fn a_named_request_that_waits_beside_the_run_of_an_older_one_was_not_absorbed_by_it() {
    let claimed_at = |waits_at: Stamp, id: Uuid| {
        let ledger = acted_unseen(&environment(), Goal::Deployed, "STOPPING", Some(made(1)));
        let waits = Observation::Request {
            id: made(1),
            state: State::from("DEPLOYMENT_QUEUED"),
            at: waits_at,
        };
        let works = status(40_000, "x", "RESTARTING");
        claimed(&seen(ledger, &[naming(id, works), waits]), "x")
    };
    assert!(claimed_at(55_000, made(0)).is_excluded());
    assert_eq!(claimed_at(54_000, made(0)), Claim::Possible);
    assert_eq!(claimed_at(55_000, made(1)), Claim::Possible);
    assert_eq!(claimed_at(55_000, made(2)), Claim::Possible);
    // Ours can have been absorbed by one from before the action.
    assert_eq!(claimed_at(54_000, made(-9)), Claim::Possible);
}

#[test]
fn a_request_whose_status_is_late_can_have_been_absorbed_by_an_older_one_that_the_queue_lists() {
    let mut ledger = acted_after(&services(&[1]), Goal::Deployed, "STOPPING", &[], None);
    ledger.follow(made(1));
    let works = status_of_services(40_000, "x", "DEPLOYING", &["DEPLOYING"]);
    let waits = Observation::Request {
        id: made(1),
        state: State::from("DEPLOYMENT_QUEUED"),
        at: 40_200,
    };
    let readings = [queue(1_000, &[]), naming(made(0), works), waits];
    assert_eq!(claimed(&seen(ledger, &readings), "x"), Claim::Possible);
}

#[test]
fn a_request_from_before_the_action_that_the_queue_lists_late_can_have_absorbed_ours() {
    let claimed_at = |listed: Stamp| {
        let ledger = acted(&environment(), Goal::Deployed, None);
        let readings = [
            queue(listed, &[described_row(made(-7), "DEPLOY")]),
            naming(made(-7), status(90_000, "x", "DEPLOYING")),
        ];
        claimed(&seen(seen(ledger, &[queue(16_000, &[])]), &readings), "x")
    };
    assert_eq!(claimed_at(3_000), Claim::Possible);
    // It was queued after ours had to be listed.
    assert!(claimed_at(17_000).is_excluded());
}

#[test]
fn a_token_keeps_the_request_that_a_status_named_while_a_run_was_at_work() {
    let ledger = acted_unseen(&environment(), Goal::Deployed, "STOPPING", None);
    let ledger = seen(
        ledger,
        &[naming(made(-7), status(40_000, "x", "DEPLOYING"))],
    );
    let text = OperationToken::new(environment(), Some(ledger)).to_string();
    let token: OperationToken = text.parse().expect("it is read");
    let resumed = *token.ledger.expect("it has acted");
    let ended = seen(resumed, &[status(60_000, "x", "DEPLOYED")]);
    assert!(claimed(&ended, "x").is_excluded());
}

#[test]
fn the_end_of_a_request_counts_if_no_run_of_it_is_shown() {
    let ours = described_row(made(2), "DEPLOY");
    let readings = [
        queue(1_000, &[ours]),
        status(5_000, "before", "STOPPING"),
        queue(21_000, &[]),
        Observation::Request {
            id: made(2),
            state: State::Canceled,
            at: 21_000,
        },
        status(50_000, "before", "STOPPING"),
        queue(50_000, &[]),
        history(50_000, &[past("before", "STOP", "STOPPING")]),
    ];
    let ledger = acted_after(&environment(), Goal::Deployed, "STOPPING", &[], None);
    let verdict = judge(&seen(ledger, &readings), 90_000);
    assert!(
        matches!(decision(&verdict), Some(Decision::Canceled(_))),
        "{verdict:?}"
    );
}

#[test]
fn a_deletion_whose_request_was_made_before_ours_is_not_ours() {
    let judged = |id: Uuid| {
        let ledger = acted_unseen(&environment(), Goal::Deleted, "DEPLOYED", None);
        judged_gone(ledger, &[naming(id, status(40_000, "x", "DELETING"))])
    };
    let verdict = judged(made(-9));
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged(made(1));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_with_a_name_is_not_taken_for_one_that_was_under_way_in_a_hidden_queue() {
    let judged = |named: Option<Uuid>| {
        let ledger = acted_unseen(&environment(), Goal::Deleted, "DELETING", named);
        judged_gone(ledger, &[status(40_000, "x", "DELETING")])
    };
    let verdict = judged(Some(made(1)));
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged(None);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_request_behind_the_deletion_of_an_older_request_has_deleted_nothing() {
    let judged = |id: Uuid| {
        let row = QueueRow {
            services: None,
            ..described_row(made(2), "DELETE")
        };
        let readings = [
            queue(1_000, std::slice::from_ref(&row)),
            naming(id, status(20_000, "x", "DELETING")),
            queue(21_000, &[row]),
        ];
        judged_gone(acted(&environment(), Goal::Deleted, None), &readings)
    };
    let verdict = judged(made(1));
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged(made(2));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_request_without_progress_beside_a_run_to_the_end_has_not_begun() {
    let judged = |row: &QueueRow, left: bool| {
        let mut readings = vec![
            queue(1_000, std::slice::from_ref(row)),
            status(2_000, "x", "DELETING"),
            queue(12_000, std::slice::from_ref(row)),
        ];
        readings.extend(left.then(|| queue(14_000, &[])));
        judged_gone(acted(&environment(), Goal::Deleted, None), &readings)
    };
    let waits = described_row(made(2), "DELETE");
    let verdict = judged(&waits, false);
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged(&waits, true);
    assert!(is_reached(&verdict), "{verdict:?}");
    let begun = QueueRow {
        has_begun: true,
        ..waits.clone()
    };
    let verdict = judged(&begun, false);
    assert!(is_reached(&verdict), "{verdict:?}");
    // The queue of a service shows no progress.
    let of_service = QueueRow {
        services: None,
        ..waits
    };
    let verdict = judged(&of_service, false);
    assert!(is_reached(&verdict), "{verdict:?}");
}

/// The queue lists another deletion behind the run that can be ours, and the end of the run is not shown.
#[test]
fn the_request_of_our_deletion_is_asked_for_its_end_if_another_deletion_waited_behind_it() {
    let theirs = QueueRow {
        origin: Some("GIT".to_owned()),
        ..described_row(made(50), "DELETE")
    };
    let readings = |is_followed: bool| {
        let works = naming(made(1), status(20_000, "x", "DELETING"));
        let mut readings = vec![queue(20_000, &[]), works];
        readings.extend(is_followed.then(|| queue(55_000, std::slice::from_ref(&theirs))));
        readings.extend([60_000, 60_000 + periods(1)].map(|at| Observation::Missing { at }));
        readings.push(unavailable(60_000, Fact::History));
        readings
    };
    let judged = |is_followed: bool, said: Option<&str>| {
        let ledger = acted(&environment(), Goal::Deleted, None);
        let mut ledger = seen(ledger, &readings(is_followed));
        if let Some(state) = said {
            ledger.observe(Observation::Request {
                id: made(1),
                state: State::from(state),
                at: 61_000,
            });
        }
        judge(&ledger, 60_000 + periods(1))
    };
    assert!(is_reached(&judged(false, None)));
    assert_eq!(judged(true, None), Err(Fact::Request(made(1))));
    let verdict = judged(true, Some("DELETED"));
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged(true, Some("DELETE_ERROR"));
    assert!(!is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_request_that_left_the_queue_while_only_an_older_one_has_a_run_is_not_that_run() {
    let judged = |id: Uuid| {
        let ours = described_row(made(2), "DEPLOY");
        let readings = [
            queue(1_000, &[ours]),
            naming(id, status(5_000, "x", "DEPLOYING")),
            queue(17_000, &[]),
            status(50_000, "x", "DEPLOYED"),
            queue(50_000, &[]),
            history(50_000, &[past("x", "DEPLOY", "DEPLOYED")]),
            unavailable(50_000, Fact::Request(made(2))),
        ];
        judge(
            &seen(acted(&environment(), Goal::Deployed, None), &readings),
            90_000,
        )
    };
    let verdict = judged(made(1));
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged(made(2));
    assert!(is_reached(&verdict), "{verdict:?}");
}

/// The queue cannot be read, and the API does not know our request any more.
#[test]
fn a_run_of_more_services_than_ours_is_not_ours_in_a_hidden_queue_unless_our_request_says_so() {
    let judged = |listed: &[u128], says: Option<&str>| {
        let ledger = acted_unseen(&services(&[1]), Goal::Stopped, "DEPLOYED", Some(made(1)));
        let mut entry = past("x", "STOP", "STOPPED");
        let parts = listed
            .iter()
            .map(|number| part(*number, "STOPPED", Phase::Reached));
        entry.services = parts.collect();
        let about = |at, state: &str| Observation::Request {
            id: made(1),
            state: State::from(state),
            at,
        };
        let readings = [
            about(300, "STOP_QUEUED"),
            status_of_services(20_000, "x", "STOPPING", &["STOPPING"]),
            status_of_services(40_000, "x", "STOPPED", &["STOPPED"]),
            history(40_000, &[entry]),
            match says {
                Some(state) => about(40_000, state),
                None => Observation::Unknown {
                    id: made(1),
                    at: 40_000,
                },
            },
        ];
        judge(&seen(ledger, &readings), 90_000)
    };
    let verdict = judged(&[1, 2], None);
    assert!(is_superseded(&verdict), "{verdict:?}");
    for (listed, says) in [(&[1][..], None), (&[1, 2], Some("STOPPED"))] {
        let verdict = judged(listed, says);
        assert!(is_reached(&verdict), "{listed:?}: {verdict:?}");
    }
}
