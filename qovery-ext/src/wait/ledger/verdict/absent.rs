//! A subject that is not found.
//!
//! One response is no proof: a proxy also answers 404, and the API answers 403 in many other cases. The
//! second proof is another response of the same kind a settle period later (without finding the subject in
//! between), the list of the parent, or the status of the request.

use std::time::Duration;

use super::super::{
    Fact, Ledger, Poll, Stamp, State, millis,
    rule::{Judging, Step, table},
    run::{End, Fate, Run},
    verdict::{
        says,
        signature::{is_of_another_user, is_of_one_ahead, is_undescribed},
        waits,
    },
};
use crate::wait::{
    Decision, Endpoint, Evidence, Phase, Statement,
    decision::{Cause, Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = table! {
    was_never_found: "a subject that was just made may not be shown yet",
    request_says_deleted: "the status of a request is that of its run",
    had_ended: "a deletion does not undo the end of an earlier run",
    had_failed: "a deletion that failed has not deleted what another one deleted later",
    is_unconfirmed: "one response can be that of a proxy",
    is_of_another_user: "queue and history name who triggered a run",
    deletion_in_history: "the history of an environment outlives its services",
    deleted_by_another: "queue and history name the origin and the user of a deletion",
    is_undescribed: "a request that was queued before has a run of its own",
    is_of_one_ahead: "requests are executed in the order of the queue",
    lacks_a_run: "each request that was executed has a run",
    another_followed: "a deletion that succeeded leaves nothing to delete",
    ended_unseen: "an environment runs one deployment at a time, so a deletion follows the end of the run before it",
    is_gone: "the API says so twice",
};

fn was_never_found(ledger: &Ledger, _: &Poll) -> Step {
    if ledger.was_found() || ledger.knows_request() {
        return Ok(None);
    }
    waits(Phase::NotStarted)
}

fn request_says_deleted(ledger: &Ledger, poll: &Poll) -> Step {
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    poll.need(ledger, Fact::Request(request))?;
    if repeats_the_environment(ledger) {
        return Ok(None);
    }
    match ledger.own_request().and_then(|run| run.end()?.state()) {
        // The request status may repeat the state of the environment, which another request has deleted.
        Some(State::Deleted) if ledger.deletions().by_others().is_empty() => {
            let mut evidence = missing(ledger);
            let said = ledger
                .own_request()
                .and_then(|run| ledger.ends().evidence(run));
            evidence.extend(said);
            says(Verdict::Decided(gone(ledger), evidence))
        }
        _ => Ok(None),
    }
}

/// Whether the request status can only be the state of the environment.
fn repeats_the_environment(ledger: &Ledger) -> bool {
    ledger
        .own_request()
        .is_some_and(|run| ledger.request_status().repeats_environment(run))
}

fn had_ended(ledger: &Ledger, poll: &Poll) -> Step {
    if ledger.goal.is_reached_when_gone() || !ledger.follows_a_request() {
        return Ok(None);
    }
    let said = ledger.own_request();
    // The run of a queued request has not begun.
    if said.is_some_and(|own| own.fate == Fate::Queued) {
        return Ok(None);
    }
    let said = said
        .filter(|_| !repeats_the_environment(ledger))
        .into_iter();
    let runs = said.chain(ledger.candidates().executions());
    // A run of a request behind a deletion that succeeded need not include the services.
    let succeeded = |run: &Run| {
        let state = run.end().and_then(End::state);
        state.is_some_and(|state| state.phase(ledger.goal) == Phase::Reached)
    };
    let counts = |run: &&Run| {
        let is_certain = !ledger.deletions().precede_ours() || !succeeded(run);
        run.end().is_some() && (is_certain || ledger.ends().of_services(run).is_some())
    };
    let ended: Vec<&Run> = runs.filter(counts).collect();
    Ok(ledger.ends().shared(&ended, poll))
}

fn had_failed(ledger: &Ledger, poll: &Poll) -> Step {
    if !ledger.goal.is_reached_when_gone() || !ledger.follows_a_request() {
        return Ok(None);
    }
    let runs = ledger.candidates().executions();
    if let Some(verdict) = ledger.ends().shared(&runs, poll)
        && let Verdict::Decided(Decision::Failed(_) | Decision::Canceled(_), _) = &verdict
    {
        return says(verdict);
    }
    let failed = ledger.request_status().failed();
    // A request without a name may be that of the deletion that was under way.
    let is_ours = ledger.request.is_some() || !ledger.deletions().had_begun();
    if is_ours && !failed.is_empty() {
        return says(ledger.ends().superseded(&failed));
    }
    let has_failed = |run: &&Run| {
        let end = ledger.ends().for_us(run, poll);
        matches!(end, Some((Decision::Failed(_) | Decision::Canceled(_), _)))
            || ledger.ends().any_service_failed(run)
    };
    // One of them deleted the subject, and another one failed.
    match runs.iter().any(has_failed) {
        true => says(ledger.ends().superseded(&runs)),
        false => Ok(None),
    }
}

fn is_unconfirmed(ledger: &Ledger, poll: &Poll) -> Step {
    let missing = ledger.missing();
    if missing.is_some_and(|span| span.last - span.first >= millis(poll.settle)) {
        return Ok(None);
    }
    waits(Phase::Running)
}

fn deletion_in_history(ledger: &Ledger, poll: &Poll) -> Step {
    if !ledger.scope.is_services() || !ledger.has_acted() || !ledger.goal.is_reached_when_gone() {
        return Ok(None);
    }
    poll.need(ledger, Fact::History)?;
    let runs = ledger.candidates().executions();
    if runs.iter().any(|run| run.finished.is_none()) {
        return Ok(None);
    }
    match ledger.ends().shared(&runs, poll) {
        Some(Verdict::Decided(Decision::Reached(_), facts)) => {
            says(Verdict::Decided(gone(ledger), facts))
        }
        _ => Ok(None),
    }
}

fn deleted_by_another(ledger: &Ledger, poll: &Poll) -> Step {
    if !ledger.follows_a_request() {
        return Ok(None);
    }
    if ledger.deletions().lack_a_description() {
        poll.need(ledger, Fact::History)?;
    }
    let others = ledger.deletions().by_others();
    if others.is_empty() && ledger.deletions().overtook_ours() {
        // The end of ours can be known to its status, and to a history that is late.
        poll.need_ends(ledger)?;
        let is_late = ledger
            .missing()
            .is_some_and(|missing| !poll.is_settled(missing.first, 1));
        if is_late && ledger.scope.is_services() && !ledger.is_unavailable(Fact::History) {
            return waits(Phase::Running);
        }
    }
    if !others.is_empty() || ledger.deletions().overtook_ours() {
        return says(ledger.ends().superseded(&others));
    }
    // A deletion that was queued behind ours comes first if ours was never executed.
    if ledger.is_lost() && !ledger.candidates().any() && ledger.deletions().any() {
        return says(Verdict::Decided(Decision::NoTrace, Vec::new()));
    }
    Ok(None)
}

/// No response has named our request, and fewer runs were seen than requests that can be ours.
fn lacks_a_run(ledger: &Ledger, _: &Poll) -> Step {
    let requests = ledger.candidates().requests();
    let runs = ledger.candidates().executions().len();
    if ledger.goal.is_reached_when_gone() && ledger.is_unnamed() && requests.len() > runs.max(1) {
        return says(ledger.ends().superseded(&requests));
    }
    Ok(None)
}

/// A run that can be ours began after another one: the first one has not deleted the subject.
fn another_followed(ledger: &Ledger, _: &Poll) -> Step {
    let mut runs = ledger.candidates().executions();
    // Each of several requests has a run. Of one request, a run that has not begun can be its own.
    let has_several = ledger.candidates().requests().len() > 1;
    runs.retain(|run| (has_several || run.fate.has_begun()) && !run.is_named_by_date());
    if ledger.goal.is_reached_when_gone() && ledger.has_acted() && runs.len() > 1 {
        return says(ledger.ends().superseded(&runs));
    }
    Ok(None)
}

/// A run that can be ours was at work, and the subject was deleted before its end was seen.
fn ended_unseen(ledger: &Ledger, _: &Poll) -> Step {
    let mut runs = ledger.candidates().executions();
    runs.retain(|run| run.fate.has_begun());
    if ledger.goal.is_reached_when_gone() || !ledger.follows_a_request() || runs.is_empty() {
        return Ok(None);
    }
    let mut verdict = ledger.ends().superseded(&runs);
    if let Verdict::Decided(_, evidence) = &mut verdict {
        evidence.extend(missing(ledger));
    }
    says(verdict)
}

fn is_gone(ledger: &Ledger, poll: &Poll) -> Step {
    // Ours may have failed or been canceled before another deletion.
    poll.need_ends(ledger)?;
    if let Some(request) = ledger.deletions().last_before_another() {
        poll.need(ledger, Fact::Request(request))?;
    }
    says(Verdict::Decided(gone(ledger), missing(ledger)))
}

fn missing(ledger: &Ledger) -> Vec<Evidence> {
    let last = ledger.missing().map_or(0, |missing| missing.last);
    vec![absence(Endpoint::Status, last)]
}

fn absence(endpoint: Endpoint, at: Stamp) -> Evidence {
    Evidence {
        run: None,
        endpoint,
        says: Statement::Missing,
        after: Duration::from_millis(at),
    }
}

fn gone(ledger: &Ledger) -> Decision {
    if ledger.goal.is_reached_when_gone() {
        Decision::Reached(Proof::Gone)
    } else {
        Decision::Failed(Cause::Gone)
    }
}

/// The verdict on a subject that its parent does not list either, or the fact that is needed for it.
pub(super) fn when_unlisted(ledger: &Ledger, poll: &Poll) -> Result<Verdict, Fact> {
    let parent = absence(Endpoint::Parent, poll.now);
    let rules = [
        had_ended,
        had_failed,
        is_of_another_user,
        deletion_in_history,
        deleted_by_another,
        is_undescribed,
        is_of_one_ahead,
        lacks_a_run,
        another_followed,
        ended_unseen,
        is_gone,
    ];
    for rule in rules {
        if let Some(mut verdict) = rule(ledger, poll)? {
            if let Verdict::Decided(_, evidence) = &mut verdict {
                evidence.push(parent);
            }
            return Ok(verdict);
        }
    }
    Ok(Verdict::pending(Phase::Running))
}
