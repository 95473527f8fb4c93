//! The response to the action was lost: the action may not have been executed.

use super::{super::view::Claim, *};

/// An action without a response, and the server's clock before it.
fn lost(subject: &Subject, goal: Goal, queue: Option<&[QueueRow]>) -> Ledger {
    let mut before = baseline(subject, "DEPLOYED");
    before.server_time = Some(SENT);
    let history = [past("before", "DEPLOY", "DEPLOYED")];
    let mut ledger = Ledger::acting(subject, goal, &before, queue, Some(&history));
    ledger.asked(100, None);
    ledger
}

fn is_without_a_trace(verdict: &Result<Verdict, Fact>) -> bool {
    matches!(decision(verdict), Some(Decision::NoTrace))
}

#[test]
fn a_run_that_was_created_before_the_action_is_not_ours() {
    let judged = |created| {
        let mut entry = past("x", "DEPLOY", "DEPLOYED");
        entry.created = Some(created);
        let readings = [
            status(1_000, "x", "DEPLOYED"),
            unavailable(1_000, Fact::Queue),
            history(1_000, &[entry]),
        ];
        let ledger = lost(&environment(), Goal::Deployed, None);
        judge(&seen(ledger, &readings), periods(9))
    };
    let verdict = judged(SENT - 1);
    assert!(!is_reached(&verdict), "{verdict:?}");
    let verdict = judged(SENT);
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_run_that_begins_after_the_queue_had_to_list_ours_is_not_ours() {
    let judged = |first: Stamp, seen_at: Stamp| {
        let readings = [
            status_of_service(first, "before", "DEPLOYED"),
            queue(first, &[]),
            status_of_service(seen_at, "x", "DELETING"),
            queue(seen_at, &[]),
            unavailable(seen_at, Fact::History),
            Observation::Missing {
                at: seen_at + 1_000,
            },
            Observation::Missing {
                at: seen_at + periods(1),
            },
        ];
        let ledger = lost(&single_service(), Goal::Deleted, Some(&[]));
        judge(&seen(ledger, &readings), seen_at + periods(1))
    };
    let verdict = judged(15_200, 20_000);
    assert!(is_without_a_trace(&verdict), "{verdict:?}");
    // The queue was read too early to list ours, and nothing says whose run it is.
    let verdict = judged(14_000, 20_000);
    assert!(is_superseded(&verdict), "{verdict:?}");
}

#[test]
fn a_run_with_fewer_services_than_the_environment_is_not_ours_unless_it_is_a_restart() {
    let judged = |goal: Goal, end: &str, listed: &[u128], received: Option<&ActionResponse>| {
        let action = match goal {
            Goal::Restarted => "RESTART",
            _ => "DEPLOY",
        };
        let mut ledger = unanswered(&with_two_services("DEPLOYED"), goal);
        ledger.asked(100, received);
        let mut entry = past("x", action, end);
        let ended = listed.iter().map(|n| part(*n, end, Phase::Reached));
        entry.services = ended.collect();
        let readings = [
            status(5_000, "x", end),
            queue(16_000, &[]),
            history(16_000, &[entry]),
        ];
        judge(&seen(ledger, &readings), periods(9))
    };
    let verdict = judged(Goal::Deployed, "DEPLOYED", &[2], None);
    assert!(is_superseded(&verdict), "{verdict:?}");
    let verdict = judged(Goal::Deployed, "DEPLOYED", &[1, 2], None);
    assert!(is_reached(&verdict), "{verdict:?}");
    let verdict = judged(Goal::Restarted, "RESTARTED", &[2], None);
    assert!(is_reached(&verdict), "{verdict:?}");
    // A run that failed need not list the services that it has not reached.
    let verdict = judged(Goal::Deployed, "DEPLOYMENT_ERROR", &[2], None);
    assert!(
        matches!(decision(&verdict), Some(Decision::Failed(_))),
        "{verdict:?}"
    );
    let accepted = ActionResponse::default();
    let verdict = judged(Goal::Deployed, "DEPLOYED", &[2], Some(&accepted));
    assert!(is_reached(&verdict), "{verdict:?}");
}

#[test]
fn a_deletion_of_fewer_services_than_the_environment_has_can_have_deleted_it_after_a_lost_response()
{
    let ledger = unanswered(&with_two_services("DEPLOYED"), Goal::Deleted);
    let mut entry = past("x", "DELETE", "DELETED");
    entry.services = vec![part(1, "DELETED", Phase::Reached)];
    let readings = [
        status(3_000, "x", "DELETING"),
        history(20_000, &[entry]),
        queue(20_000, &[]),
        Observation::Missing { at: 25_000 },
        Observation::Missing { at: 41_000 },
    ];
    let verdict = judge(&seen(ledger, &readings), 41_000);
    assert!(
        decision(&verdict).is_some() && !is_reached(&verdict),
        "{verdict:?}"
    );
}

#[test]
fn the_queue_is_read_as_soon_as_it_has_to_list_ours() {
    let due = |ledger: Ledger, state: &str| {
        let shown = status(1_000, "before", state);
        seen(ledger, &[shown]).settles_at(SETTLE)
    };
    let ledger = || lost(&environment(), Goal::Deployed, Some(&[]));
    assert_eq!(due(ledger(), "DEPLOYED"), Some(15_100));
    assert_eq!(due(ledger(), "DEPLOYING"), None);
    let accepted = acted(&environment(), Goal::Deployed, None);
    assert_eq!(due(accepted, "DEPLOYED"), None);
}

#[test]
fn a_request_whose_id_was_made_before_the_action_is_not_ours() {
    let claimed = |millis: i64, is_lost: bool| {
        let id = made_millis(millis);
        let mut ledger = match is_lost {
            true => lost(&environment(), Goal::Deployed, Some(&[])),
            false => acted(&environment(), Goal::Deployed, None),
        };
        let theirs = QueueRow {
            request: id,
            ..row(1, "DEPLOY")
        };
        ledger.observe(queue(9_000, &[theirs]));
        claim(
            &ledger,
            ledger.run(&RunId::Request(id)).expect("it was listed"),
        )
    };
    assert!(claimed(-1, true).is_excluded());
    assert_eq!(claimed(0, true), Claim::Possible);
    // An accepted request can have been absorbed by an earlier one.
    assert_eq!(claimed(-5_000, false), Claim::Possible);
}
