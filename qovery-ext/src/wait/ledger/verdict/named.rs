//! The server or the user has named the request: its own status decides, unless other facts
//! contradict it. If it says nothing usable, the rules of [`super::signature`] follow.

use super::super::{
    Fact, Poll, State, View,
    rule::{Judging, Step, table},
    run::{Fate, Run},
    verdict::{says, signature::is_idle, waits},
};
use crate::wait::{
    Decision, Phase,
    decision::{Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = table! {
    goes_on: "the status of an environment shows its last run, and only one runs at a time",
    is_shared: "a request that has not ended by the shared status needs no status of its own",
    is_queued: "a queued request has not ended, whatever its status repeats",
    services_ended: "the history lists each service of a run with its end",
    is_running: "the status of a request is that of its run",
    has_ended: "a request that was executed has a run, and only one runs at a time",
    has_no_run: "a request that was canceled in the queue, or had nothing to do, has no run",
};

fn goes_on(view: &View, poll: &Poll) -> Step {
    let is_running = view.request_status().fate() == Some(&Fate::Running);
    match view.status().own_state() {
        Some(own) if own.is_active() && is_running && view.status().shows_candidate() => {
            if may_be_over(view, poll) {
                return Ok(None);
            }
            if view.status().counts_waiting() {
                poll.need_order(view)?;
            }
            waits(own.phase(view.goal))
        }
        _ => Ok(None),
    }
}

/// Whether ours can be an earlier run than the one that is shown. The request status was read as "running" since
/// then, but another replica may know its end.
fn may_be_over(view: &View, poll: &Poll) -> bool {
    let Some(request) = view.request else {
        return false;
    };
    let has_many = view.candidates().executions().len() > 1;
    let is_recent = |fact| poll.was_just_read(view, fact);
    has_many && !(is_recent(Fact::Request(request)) && is_recent(Fact::History))
}

/// Whether another run is shown than when the request status was last read.
fn has_moved(view: &View) -> bool {
    let asked = view.request.and_then(|id| view.read_at(Fact::Request(id)));
    let shown = view.status().run();
    shown.is_some_and(|run| asked.is_none_or(|asked| run.seen.first > asked))
}

fn is_shared(view: &View, poll: &Poll) -> Step {
    let is_seen_to_end = match view.scope.is_services() {
        true => view.status().own_state().is_some_and(State::is_terminal),
        false => view.candidates().has_been_followed(),
    };
    if !poll.shares || !view.status().is_at_work() {
        return Ok(None);
    }
    if !is_seen_to_end {
        return waits(Phase::Queued);
    }
    let Some(request) = view.request else {
        return Ok(None);
    };
    if poll.was_just_read(view, Fact::Request(request)) && !has_moved(view) {
        return waits(Phase::Queued);
    }
    Ok(None)
}

fn is_queued(view: &View, poll: &Poll) -> Step {
    let Some(request) = view.request else {
        return Ok(None);
    };
    poll.need(view, Fact::Request(request))?;
    let is_open = match view.request_status().fate() {
        None | Some(Fate::Running) => false,
        Some(Fate::Unknown | Fate::Queued) => true,
        // It may repeat the state of the environment. The runs from before a request that is watched are not
        // known: the shown run may be one of them, or that of another similar request.
        Some(Fate::Ended(end)) => {
            let is_ours = view.has_acted()
                && view.status().shows_candidate()
                && !view.candidates().has_others_alike();
            end.state() == view.status().state() && !is_ours
        }
    };
    if !is_open {
        return Ok(None);
    }
    poll.need(view, Fact::Queue)?;
    let is_listed = view
        .own_request()
        .is_some_and(|run| view.queue().lists(run));
    // In an idle environment, the request status is stuck. A service that rests proves no idle environment.
    let waits_unlisted =
        view.request_status().fate() == Some(&Fate::Queued) && !is_idle(view, poll);
    if is_listed || waits_unlisted {
        return says(Verdict::Pending {
            phase: Phase::Queued,
            position: view.queue().position(request),
        });
    }
    Ok(None)
}

fn services_ended(view: &View, poll: &Poll) -> Step {
    let own_rests = view.status().own_state().is_some_and(State::is_terminal);
    let is_running = view.request_status().fate() == Some(&Fate::Running);
    if !is_running || !view.scope.is_services() || !own_rests {
        return Ok(None);
    }
    poll.need_at_times(view, Fact::History)?;
    super::signature::services_ended_in_run(view, poll)
}

fn is_running(view: &View, poll: &Poll) -> Step {
    if view.request_status().fate() != Some(&Fate::Running) {
        return Ok(None);
    }
    // Of several runs all but the last one are over, and the history says which one is ours.
    let has_many = view.candidates().executions().len() > 1;
    if has_many || view.request_status().contradicts() {
        poll.need_at_times(view, Fact::History)?;
    }
    if has_many || view.status().counts_waiting() {
        poll.need_order(view)?;
    }
    if view.request_status().contradicts() {
        let runs = view.candidates().executions();
        let ends = runs.iter().map(|run| view.ends().over_by(run));
        // The request status repeats the state that the environment shows for the other request.
        let running = view.own_request().and_then(|own| own.running);
        if let Some(ends) = ends.collect::<Option<Vec<_>>>()
            && let Some(since) = ends.into_iter().max().or(running)
            && poll.is_settled(since, 1)
        {
            return Ok(None);
        }
    }
    waits(Phase::Running)
}

fn has_ended(view: &View, poll: &Poll) -> Step {
    let Some((run, at, decision)) = view.request_status().end() else {
        return Ok(None);
    };
    let is_canceled = matches!(decision, Decision::Canceled(_));
    let is_doubtful = view
        .request_status()
        .may_repeat_another_run(run, is_canceled);
    let is_success = matches!(decision, Decision::Reached(_));
    // The run that agrees may be another one, and only the history shows its action and origin.
    let may_be_foreign = is_doubtful && is_success && view.request_status().has_others();
    if (is_doubtful && view.status().is_at_work())
        || may_be_foreign
        || view.ends().agreeing(&decision).is_empty()
    {
        poll.need(view, Fact::History)?;
    }
    let is_listed = |run: &&Run| run.action.is_some();
    if may_be_foreign
        && !view.is_unavailable(Fact::History)
        && !view.ends().agreeing(&decision).iter().any(is_listed)
        && !poll.is_settled(at, 1)
    {
        return waits(Phase::Running);
    }
    if is_doubtful && view.request_status().repeats_another_run(run, &decision) {
        return Ok(None);
    }
    if view.ends().agreeing(&decision).is_empty() {
        if is_doubtful {
            return Ok(None);
        }
        // A status that repeats the state of the environment changes with that state.
        if !poll.is_settled(at, 1) {
            return waits(Phase::Running);
        }
    }
    if is_success && (view.status().shows_deletion() || view.deletions().precede_ours()) {
        poll.need(view, Fact::History)?;
        if view.deletions().precede_ours() && !outlives_a_deletion(view, &decision, poll) {
            return waits(Phase::Running);
        }
    }
    let mut evidence: Vec<_> = view.ends().evidence(run).into_iter().collect();
    if is_success || !view.scope.is_services() {
        return says(Verdict::Decided(decision, evidence));
    }
    // The services of a run that failed may have ended well.
    poll.need(view, Fact::History)?;
    let agreeing = view.ends().agreeing(&decision);
    let known = agreeing
        .iter()
        .filter_map(|run| view.ends().of_services(run));
    let known: Vec<_> = known.collect();
    if let Some((own, fact)) = known.first() {
        if !known.iter().all(|(other, _)| other.agrees_with(own)) {
            return says(view.ends().superseded(&agreeing));
        }
        // The history may be late, and the shown run may be another one.
        let is_success = matches!(own, Decision::Reached(_));
        if is_success && !poll.is_settled(at, 1) {
            return waits(Phase::Running);
        }
        evidence.push(fact.clone());
        return says(Verdict::Decided(own.clone(), evidence));
    }
    if !view.is_unavailable(Fact::History) && !poll.is_settled(at, 1) {
        return waits(Phase::Running);
    }
    if agreeing
        .iter()
        .any(|run| view.ends().for_us(run, poll).is_none())
    {
        return says(view.ends().superseded(&[run]));
    }
    says(Verdict::Decided(decision, evidence))
}

/// Whether the services have outlived a deletion that was queued before the request: a run that succeeded lists
/// them, or they are still found when all is quiet.
fn outlives_a_deletion(view: &View, decision: &Decision, poll: &Poll) -> bool {
    let agreeing = view.ends().agreeing(decision);
    let mut own = agreeing
        .iter()
        .filter_map(|run| view.ends().of_services(run));
    let is_listed = own.any(|(own, _)| own.agrees_with(decision));
    let patience = if view.status().holds() { 2 } else { 4 };
    is_listed || (view.status().rests() && poll.is_settled(view.quiet_since(), patience))
}

fn has_no_run(view: &View, poll: &Poll) -> Step {
    let Some((run, at, decision)) = view.request_status().end() else {
        return Ok(None);
    };
    let mut runs = view.candidates().executions().into_iter();
    if runs.any(|run| run.end().is_some()) {
        // The request status repeats the state that the environment shows of another run.
        return Ok(None);
    }
    let since = at.max(view.asked_at());
    if !poll.is_settled(since, 1) {
        return waits(Phase::Running);
    }
    let decision = match decision {
        // It was canceled in the queue.
        Decision::Canceled(_) => decision,
        Decision::Reached(_) if !view.has_acted() => decision,
        // If the goal did not hold before, the action had something to do.
        Decision::Reached(_) if view.goal.may_have_nothing_to_do() && view.before.held => {
            Decision::Reached(Proof::Settled)
        }
        decision => {
            let runs = view.candidates().executions();
            let shared = view.ends().shared(&runs, poll);
            if let Some(Verdict::Decided(own, facts)) = shared
                && own.agrees_with(&decision)
            {
                return says(Verdict::Decided(own, facts));
            }
            // The history and the status can be late. A run that is over shows nothing new, so the wait for it
            // would not end.
            let goes_on = view.status().shows_candidate() && !view.status().rests();
            if goes_on || !poll.is_settled(since, 4) {
                return waits(Phase::Running);
            }
            return says(view.ends().superseded(&[run]));
        }
    };
    says(Verdict::Decided(
        decision,
        view.ends().evidence(run).into_iter().collect(),
    ))
}
