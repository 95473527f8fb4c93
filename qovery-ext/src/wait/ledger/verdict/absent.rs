//! A subject that is not found.
//!
//! One response is no proof: a proxy also answers 404, and the API answers 403 in many other cases. The
//! second proof is another response of the same kind a settle period later (without finding the subject in
//! between), the list of the parent, or the status of the request.

use std::time::Duration;

use super::super::{
    Fact, Poll, Scope, Stamp, State, View, millis,
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

fn was_never_found(view: &View, _: &Poll) -> Step {
    if view.was_found() || view.knows_request() {
        return Ok(None);
    }
    waits(Phase::NotStarted)
}

fn request_says_deleted(view: &View, poll: &Poll) -> Step {
    let Some(request) = view.request else {
        return Ok(None);
    };
    poll.need(view, Fact::Request(request))?;
    if repeats_the_environment(view) {
        return Ok(None);
    }
    match view.own_request().and_then(|run| run.end()?.state()) {
        // The request status may repeat the state of the environment, which another request has deleted.
        Some(State::Deleted) if view.deletions().by_others().is_empty() => {
            let mut evidence = missing(view);
            let said = view.own_request().and_then(|run| view.ends().evidence(run));
            evidence.extend(said);
            says(Verdict::Decided(gone(view), evidence))
        }
        _ => Ok(None),
    }
}

/// Whether the request status can only be the state of the environment.
fn repeats_the_environment(view: &View) -> bool {
    view.own_request()
        .is_some_and(|run| view.request_status().repeats_environment(run))
}

fn had_ended(view: &View, poll: &Poll) -> Step {
    if view.goal.is_reached_when_gone() || !view.follows_a_request() {
        return Ok(None);
    }
    let said = view.own_request();
    // The run of a queued request has not begun.
    if said.is_some_and(|own| own.fate == Fate::Queued) {
        return Ok(None);
    }
    let said = said.filter(|_| !repeats_the_environment(view)).into_iter();
    let runs = said.chain(view.candidates().executions());
    // A run of a request behind a deletion that succeeded need not include the services.
    let succeeded = |run: &Run| {
        let state = run.end().and_then(End::state);
        state.is_some_and(|state| state.phase(view.goal) == Phase::Reached)
    };
    let counts = |run: &&Run| {
        let is_certain = !view.deletions().precede_ours() || !succeeded(run);
        run.end().is_some() && (is_certain || view.ends().of_services(run).is_some())
    };
    let ended: Vec<&Run> = runs.filter(counts).collect();
    Ok(view.ends().shared(&ended, poll))
}

fn had_failed(view: &View, poll: &Poll) -> Step {
    if !view.goal.is_reached_when_gone() || !view.follows_a_request() {
        return Ok(None);
    }
    let runs = view.candidates().executions();
    if let Some(verdict) = view.ends().shared(&runs, poll)
        && let Verdict::Decided(Decision::Failed(_) | Decision::Canceled(_), _) = &verdict
    {
        return says(verdict);
    }
    let mut failed = view.request_status().failed();
    // A request without a name that was not seen to wait may be that of the deletion that was under way.
    let may_have_begun = view.request.is_none() && view.deletions().had_begun();
    failed.retain(|run| !may_have_begun || run.queued.is_some());
    if !failed.is_empty() {
        return says(view.ends().superseded(&failed));
    }
    let has_failed = |run: &&Run| {
        let end = view.ends().for_us(run, poll);
        matches!(end, Some((Decision::Failed(_) | Decision::Canceled(_), _)))
            || view.ends().any_service_failed(run)
    };
    // One of them deleted the subject, and another one failed.
    match runs.iter().any(has_failed) {
        true => says(view.ends().superseded(&runs)),
        false => Ok(None),
    }
}

fn is_unconfirmed(view: &View, poll: &Poll) -> Step {
    let missing = view.missing();
    if missing.is_some_and(|span| span.last - span.first >= millis(poll.settle)) {
        return Ok(None);
    }
    waits(Phase::Running)
}

fn deletion_in_history(view: &View, poll: &Poll) -> Step {
    if !view.scope.is_services() || !view.has_acted() || !view.goal.is_reached_when_gone() {
        return Ok(None);
    }
    poll.need(view, Fact::History)?;
    let runs = view.candidates().executions();
    if runs.iter().any(|run| run.finished.is_none()) {
        return Ok(None);
    }
    match view.ends().shared(&runs, poll) {
        Some(Verdict::Decided(Decision::Reached(_), facts)) => {
            says(Verdict::Decided(gone(view), facts))
        }
        _ => Ok(None),
    }
}

fn deleted_by_another(view: &View, poll: &Poll) -> Step {
    if !view.follows_a_request() {
        return Ok(None);
    }
    if view.deletions().lack_a_description() {
        poll.need(view, Fact::History)?;
    }
    let others = view.deletions().by_others();
    if others.is_empty() && view.deletions().overtook_ours() {
        // The end of ours can be known to its status, and to a history that is late.
        poll.need_ends(view)?;
        let is_late = view
            .missing()
            .is_some_and(|missing| !poll.is_settled(missing.first, 1));
        if is_late && view.scope.is_services() && !view.is_unavailable(Fact::History) {
            return waits(Phase::Running);
        }
    }
    if !others.is_empty() || view.deletions().overtook_ours() {
        return says(view.ends().superseded(&others));
    }
    // A deletion that was queued behind ours comes first if ours was never executed.
    if view.is_lost() && !view.candidates().any() && view.deletions().any() {
        return says(Verdict::Decided(Decision::NoTrace, Vec::new()));
    }
    Ok(None)
}

/// No response has named our request, and fewer runs were seen than requests that can be ours.
fn lacks_a_run(view: &View, _: &Poll) -> Step {
    let requests = view.candidates().requests();
    let runs = view.candidates().executions().len();
    if view.goal.is_reached_when_gone() && view.is_unnamed() && requests.len() > runs.max(1) {
        return says(view.ends().superseded(&requests));
    }
    Ok(None)
}

/// A run that can be ours began after another one: the first one has not deleted the subject.
fn another_followed(view: &View, _: &Poll) -> Step {
    let mut runs = view.candidates().executions();
    // Each of several requests has a run. Of one request, a run that has not begun can be its own.
    let has_several = view.candidates().requests().len() > 1;
    runs.retain(|run| (has_several || run.fate.has_begun()) && !run.is_named_by_date());
    let has_followed = runs.len() > 1 || runs.first().is_some_and(|own| has_outlived(view, own));
    if view.goal.is_reached_when_gone() && view.has_acted() && has_followed {
        return says(view.ends().superseded(&runs));
    }
    Ok(None)
}

/// Whether the subject was at work in a run that was first seen after this one, whoever asked for it.
fn has_outlived(view: &View, own: &Run) -> bool {
    let works = |run: &Run| match view.scope {
        Scope::Services(_) => run.running.is_some(),
        Scope::Environment | Scope::Cluster => run.work().is_some(),
    };
    let mut executions = view.runs.iter().filter(|run| run.execution().is_some());
    executions.any(|run| run.seen.first > own.seen.first && works(run))
}

/// A run that can be ours was at work, and the subject was deleted before its end was seen.
fn ended_unseen(view: &View, _: &Poll) -> Step {
    let mut runs = view.candidates().executions();
    runs.retain(|run| run.fate.has_begun());
    if view.goal.is_reached_when_gone() || !view.follows_a_request() || runs.is_empty() {
        return Ok(None);
    }
    let mut verdict = view.ends().superseded(&runs);
    if let Verdict::Decided(_, evidence) = &mut verdict {
        evidence.extend(missing(view));
    }
    says(verdict)
}

fn is_gone(view: &View, poll: &Poll) -> Step {
    // Ours may have failed or been canceled before another deletion.
    poll.need_ends(view)?;
    if let Some(request) = view.deletions().last_before_another() {
        poll.need(view, Fact::Request(request))?;
    }
    says(Verdict::Decided(gone(view), missing(view)))
}

fn missing(view: &View) -> Vec<Evidence> {
    let last = view.missing().map_or(0, |missing| missing.last);
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

fn gone(view: &View) -> Decision {
    if view.goal.is_reached_when_gone() {
        Decision::Reached(Proof::Gone)
    } else {
        Decision::Failed(Cause::Gone)
    }
}

/// The verdict on a subject that its parent does not list either, or the fact that is needed for it.
pub(super) fn when_unlisted(view: &View, poll: &Poll) -> Result<Verdict, Fact> {
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
        if let Some(mut verdict) = rule(view, poll)? {
            if let Verdict::Decided(_, evidence) = &mut verdict {
                evidence.push(parent);
            }
            return Ok(verdict);
        }
    }
    Ok(Verdict::pending(Phase::Running))
}
