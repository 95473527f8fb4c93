//! The server or the user has named the request: its own status decides, unless other facts
//! contradict it. If it says nothing usable, the rules of [`super::signature`] follow.

use super::super::{
    Fact, Ledger, Poll, State,
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

fn goes_on(ledger: &Ledger, poll: &Poll) -> Step {
    let is_running = ledger.request_status().fate() == Some(&Fate::Running);
    match ledger.status().own_state() {
        Some(own) if own.is_active() && is_running && ledger.status().shows_candidate() => {
            if may_be_over(ledger, poll) {
                return Ok(None);
            }
            if ledger.status().counts_waiting() {
                poll.need_order(ledger)?;
            }
            waits(own.phase(ledger.goal))
        }
        _ => Ok(None),
    }
}

/// Whether ours can be an earlier run than the one that is shown. The request status was read as "running" since
/// then, but another replica may know its end.
fn may_be_over(ledger: &Ledger, poll: &Poll) -> bool {
    let Some(request) = ledger.request else {
        return false;
    };
    let has_many = ledger.candidates().executions().len() > 1;
    let is_recent = |fact| poll.was_just_read(ledger, fact);
    has_many && !(is_recent(Fact::Request(request)) && is_recent(Fact::History))
}

/// Whether another run is shown than when the request status was last read.
fn has_moved(ledger: &Ledger) -> bool {
    let asked = ledger
        .request
        .and_then(|id| ledger.read_at(Fact::Request(id)));
    let shown = ledger.status().run();
    shown.is_some_and(|run| asked.is_none_or(|asked| run.seen.first > asked))
}

fn is_shared(ledger: &Ledger, poll: &Poll) -> Step {
    let is_seen_to_end = match ledger.scope.is_services() {
        true => ledger.status().own_state().is_some_and(State::is_terminal),
        false => ledger.candidates().has_been_followed(),
    };
    if !poll.shares || !ledger.status().is_at_work() {
        return Ok(None);
    }
    if !is_seen_to_end {
        return waits(Phase::Queued);
    }
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    if poll.was_just_read(ledger, Fact::Request(request)) && !has_moved(ledger) {
        return waits(Phase::Queued);
    }
    Ok(None)
}

fn is_queued(ledger: &Ledger, poll: &Poll) -> Step {
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    poll.need(ledger, Fact::Request(request))?;
    let is_open = match ledger.request_status().fate() {
        None | Some(Fate::Running) => false,
        Some(Fate::Unknown | Fate::Queued) => true,
        // It may repeat the state of the environment. The runs from before a request that is watched are not
        // known: the shown run may be one of them, or that of another similar request.
        Some(Fate::Ended(end)) => {
            let is_ours = ledger.has_acted()
                && ledger.status().shows_candidate()
                && !ledger.candidates().has_others_alike();
            end.state() == ledger.status().state() && !is_ours
        }
    };
    if !is_open {
        return Ok(None);
    }
    poll.need(ledger, Fact::Queue)?;
    let is_listed = ledger
        .own_request()
        .is_some_and(|run| ledger.queue().lists(run));
    // In an idle environment, the request status is stuck. A service that rests proves no idle environment.
    let waits_unlisted =
        ledger.request_status().fate() == Some(&Fate::Queued) && !is_idle(ledger, poll);
    if is_listed || waits_unlisted {
        return says(Verdict::Pending {
            phase: Phase::Queued,
            position: ledger.queue().position(request),
        });
    }
    Ok(None)
}

fn services_ended(ledger: &Ledger, poll: &Poll) -> Step {
    let own_rests = ledger.status().own_state().is_some_and(State::is_terminal);
    let is_running = ledger.request_status().fate() == Some(&Fate::Running);
    if !is_running || !ledger.scope.is_services() || !own_rests {
        return Ok(None);
    }
    poll.need_at_times(ledger, Fact::History)?;
    super::signature::services_ended_in_run(ledger, poll)
}

fn is_running(ledger: &Ledger, poll: &Poll) -> Step {
    if ledger.request_status().fate() != Some(&Fate::Running) {
        return Ok(None);
    }
    // Of several runs all but the last one are over, and the history says which one is ours.
    let has_many = ledger.candidates().executions().len() > 1;
    if has_many || ledger.request_status().contradicts() {
        poll.need_at_times(ledger, Fact::History)?;
    }
    if has_many || ledger.status().counts_waiting() {
        poll.need_order(ledger)?;
    }
    if ledger.request_status().contradicts() {
        let runs = ledger.candidates().executions();
        let ends = runs.iter().map(|run| ledger.ends().over_by(run));
        // The request status repeats the state that the environment shows for the other request.
        let running = ledger.own_request().and_then(|own| own.running);
        if let Some(ends) = ends.collect::<Option<Vec<_>>>()
            && let Some(since) = ends.into_iter().max().or(running)
            && poll.is_settled(since, 1)
        {
            return Ok(None);
        }
    }
    waits(Phase::Running)
}

fn has_ended(ledger: &Ledger, poll: &Poll) -> Step {
    let Some((run, at, decision)) = ledger.request_status().end() else {
        return Ok(None);
    };
    let is_canceled = matches!(decision, Decision::Canceled(_));
    let is_doubtful = ledger
        .request_status()
        .may_repeat_another_run(run, is_canceled);
    let is_success = matches!(decision, Decision::Reached(_));
    // The run that agrees may be another one, and only the history shows its action and origin.
    let may_be_foreign = is_doubtful && is_success && ledger.request_status().has_others();
    if (is_doubtful && ledger.status().is_at_work())
        || may_be_foreign
        || ledger.ends().agreeing(&decision).is_empty()
    {
        poll.need(ledger, Fact::History)?;
    }
    let is_listed = |run: &&Run| run.action.is_some();
    if may_be_foreign
        && !ledger.is_unavailable(Fact::History)
        && !ledger.ends().agreeing(&decision).iter().any(is_listed)
        && !poll.is_settled(at, 1)
    {
        return waits(Phase::Running);
    }
    if is_doubtful && ledger.request_status().repeats_another_run(run, &decision) {
        return Ok(None);
    }
    if ledger.ends().agreeing(&decision).is_empty() {
        if is_doubtful {
            return Ok(None);
        }
        // A status that repeats the state of the environment changes with that state.
        if !poll.is_settled(at, 1) {
            return waits(Phase::Running);
        }
    }
    if is_success && (ledger.status().shows_deletion() || ledger.deletions().precede_ours()) {
        poll.need(ledger, Fact::History)?;
        if ledger.deletions().precede_ours() && !outlives_a_deletion(ledger, &decision, poll) {
            return waits(Phase::Running);
        }
    }
    let mut evidence: Vec<_> = ledger.ends().evidence(run).into_iter().collect();
    if is_success || !ledger.scope.is_services() {
        return says(Verdict::Decided(decision, evidence));
    }
    // The services of a run that failed may have ended well.
    poll.need(ledger, Fact::History)?;
    let agreeing = ledger.ends().agreeing(&decision);
    let known = agreeing
        .iter()
        .filter_map(|run| ledger.ends().of_services(run));
    let known: Vec<_> = known.collect();
    if let Some((own, fact)) = known.first() {
        if !known.iter().all(|(other, _)| other.agrees_with(own)) {
            return says(ledger.ends().superseded(&agreeing));
        }
        // The history may be late, and the shown run may be another one.
        let is_success = matches!(own, Decision::Reached(_));
        if is_success && !poll.is_settled(at, 1) {
            return waits(Phase::Running);
        }
        evidence.push(fact.clone());
        return says(Verdict::Decided(own.clone(), evidence));
    }
    if !ledger.is_unavailable(Fact::History) && !poll.is_settled(at, 1) {
        return waits(Phase::Running);
    }
    if agreeing
        .iter()
        .any(|run| ledger.ends().for_us(run, poll).is_none())
    {
        return says(ledger.ends().superseded(&[run]));
    }
    says(Verdict::Decided(decision, evidence))
}

/// Whether the services have outlived a deletion that was queued before the request: a run that succeeded lists
/// them, or they are still found when all is quiet.
fn outlives_a_deletion(ledger: &Ledger, decision: &Decision, poll: &Poll) -> bool {
    let agreeing = ledger.ends().agreeing(decision);
    let mut own = agreeing
        .iter()
        .filter_map(|run| ledger.ends().of_services(run));
    let is_listed = own.any(|(own, _)| own.agrees_with(decision));
    let patience = if ledger.status().holds() { 2 } else { 4 };
    is_listed || (ledger.status().rests() && poll.is_settled(ledger.quiet_since(), patience))
}

fn has_no_run(ledger: &Ledger, poll: &Poll) -> Step {
    let Some((run, at, decision)) = ledger.request_status().end() else {
        return Ok(None);
    };
    let mut runs = ledger.candidates().executions().into_iter();
    if runs.any(|run| run.end().is_some()) {
        // The request status repeats the state that the environment shows of another run.
        return Ok(None);
    }
    let since = at.max(ledger.asked_at());
    if !poll.is_settled(since, 1) {
        return waits(Phase::Running);
    }
    let decision = match decision {
        // It was canceled in the queue.
        Decision::Canceled(_) => decision,
        Decision::Reached(_) if !ledger.has_acted() => decision,
        // If the goal did not hold before, the action had something to do.
        Decision::Reached(_) if ledger.goal.may_have_nothing_to_do() && ledger.before.held => {
            Decision::Reached(Proof::Settled)
        }
        decision => {
            let runs = ledger.candidates().executions();
            let shared = ledger.ends().shared(&runs, poll);
            if let Some(Verdict::Decided(own, facts)) = shared
                && own.agrees_with(&decision)
            {
                return says(Verdict::Decided(own, facts));
            }
            // The history and the status can be late. A run that is over shows nothing new, so the wait for it
            // would not end.
            let goes_on = ledger.status().shows_candidate() && !ledger.status().rests();
            if goes_on || !poll.is_settled(since, 4) {
                return waits(Phase::Running);
            }
            return says(ledger.ends().superseded(&[run]));
        }
    };
    says(Verdict::Decided(
        decision,
        ledger.ends().evidence(run).into_iter().collect(),
    ))
}
