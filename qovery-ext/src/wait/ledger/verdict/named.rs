//! The server or the user has named the request: its own status decides, unless other facts
//! contradict it. If it says nothing usable, the rules of [`super::signature`] follow.

use super::super::{
    Ledger, Poll, Stamp, State, decide,
    rule::{Judging, Rule, Step},
    run::{Fate, Run},
    verdict::{Fact, says, waits},
};
use crate::wait::{
    Decision, Phase,
    decision::{Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = &[
    Rule {
        name: "the run that is shown goes on",
        fact: "the status of an environment shows its last run, and only one runs at a time",
        says: goes_on,
    },
    Rule {
        name: "others share the poll, and something is at work",
        fact: "a request that has not ended by the shared status needs no status of its own",
        says: is_shared,
    },
    Rule {
        name: "the request is queued",
        fact: "a queued request has not ended, whatever its status repeats",
        says: is_queued,
    },
    Rule {
        name: "the services have ended before their run",
        fact: "the history lists each service of a run with its end",
        says: services_ended,
    },
    Rule {
        name: "the request is at work",
        fact: "the status of a request is that of its run",
        says: is_running,
    },
    Rule {
        name: "the request has ended, and nothing contradicts it",
        fact: "a request that was executed has a run, and only one runs at a time",
        says: has_ended,
    },
    Rule {
        name: "the request was canceled before it ran",
        fact: "a request that leaves the queue without a run was canceled",
        says: was_canceled,
    },
    Rule {
        name: "the request had nothing to do",
        fact: "an action that has nothing to do leaves the state and the history as they are",
        says: had_nothing_to_do,
    },
    Rule {
        name: "no run agrees with the end of the request",
        fact: "the history and the status can be late",
        says: may_be_late,
    },
];

/// The fate that the request status reports, if it is available.
fn said(ledger: &Ledger) -> Option<&Fate> {
    let request = ledger.request?;
    let run = ledger.own_request()?;
    (!ledger.is_unavailable(Fact::Request(request))).then_some(&run.fate)
}

/// The end that the request status reports, when it was first reported, and the decision.
fn end_said(ledger: &Ledger) -> Option<(&Run, Stamp, Decision)> {
    let run = ledger.own_request()?;
    let Fate::Ended(end) = said(ledger)? else {
        return None;
    };
    Some((run, end.at, decide(end.state()?, ledger.goal)?))
}

fn goes_on(ledger: &Ledger, _: &Poll) -> Step {
    let is_running = said(ledger) == Some(&Fate::Running);
    match ledger.own_state() {
        Some(own) if own.is_active() && is_running && ledger.shows_candidate() => {
            if has_moved(ledger) {
                return Ok(None);
            }
            waits(own.phase(ledger.goal))
        }
        _ => Ok(None),
    }
}

/// Whether another run is shown than when the request status was last read.
fn has_moved(ledger: &Ledger) -> bool {
    let asked = ledger
        .request
        .and_then(|id| ledger.read_at(Fact::Request(id)));
    let shown = ledger.shown_run();
    shown.is_some_and(|run| asked.is_none_or(|asked| run.seen.first >= asked))
}

fn is_shared(ledger: &Ledger, poll: &Poll) -> Step {
    let is_seen_to_end = match ledger.is_about_services() {
        true => ledger.own_state().is_some_and(State::is_terminal),
        false => ledger.possible_executions().len() > 1,
    };
    if !poll.shares || !ledger.is_at_work() {
        return Ok(None);
    }
    if !is_seen_to_end {
        return waits(Phase::Queued);
    }
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    if ledger.was_just_read(Fact::Request(request), poll) && !has_moved(ledger) {
        return waits(Phase::Queued);
    }
    Ok(None)
}

fn is_queued(ledger: &Ledger, poll: &Poll) -> Step {
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    ledger.need(Fact::Request(request), poll)?;
    let is_open = match said(ledger) {
        None | Some(Fate::Running) => return Ok(None),
        Some(Fate::Unknown | Fate::Queued) => true,
        // It may repeat the state of the environment.
        Some(Fate::Ended(end)) => end.state() == ledger.state() && !ledger.shows_candidate(),
    };
    if !is_open {
        return Ok(None);
    }
    ledger.need(Fact::Queue, poll)?;
    let is_listed = ledger
        .own_request()
        .is_some_and(|run| ledger.is_queued(run));
    let waits_unlisted = said(ledger) == Some(&Fate::Queued) && !ledger.rests();
    if is_listed || waits_unlisted {
        return says(Verdict::Pending {
            phase: Phase::Queued,
            position: ledger.position(request),
        });
    }
    Ok(None)
}

fn services_ended(ledger: &Ledger, poll: &Poll) -> Step {
    let own_rests = ledger.own_state().is_some_and(State::is_terminal);
    let is_running = said(ledger) == Some(&Fate::Running);
    if !is_running || !ledger.is_about_services() || !own_rests {
        return Ok(None);
    }
    ledger.need_at_times(Fact::History, poll)?;
    super::signature::services_ended_in_run(ledger)
}

/// Whether the request status is "running" while the environment status shows the run of another request.
fn contradicts(ledger: &Ledger) -> bool {
    let shown = ledger.shown_run();
    ledger.is_at_work() && shown.is_some_and(|run| ledger.claim(run).is_excluded())
}

fn is_running(ledger: &Ledger, poll: &Poll) -> Step {
    if said(ledger) != Some(&Fate::Running) {
        return Ok(None);
    }
    if contradicts(ledger) {
        ledger.need_at_times(Fact::History, poll)?;
        let runs = ledger.possible_executions();
        let ends = runs.iter().filter_map(|run| run.end()).map(|end| end.at);
        let all_ended = runs.iter().all(|run| run.end().is_some());
        if let Some(last) = ends.max().filter(|_| all_ended)
            && poll.is_settled(last, 1)
        {
            return Ok(None);
        }
    }
    waits(Phase::Running)
}

fn has_ended(ledger: &Ledger, poll: &Poll) -> Step {
    let Some((run, at, decision)) = end_said(ledger) else {
        return Ok(None);
    };
    let is_canceled = matches!(decision, Decision::Canceled(_));
    let others_run = ledger.shows_candidate() || (ledger.shows_before() && !is_canceled);
    let is_doubtful = match ledger.is_at_work() {
        true => others_run,
        // The request status may repeat the state that the environment shows for another run.
        false => run.end().and_then(|end| end.state()) == ledger.state(),
    };
    if (is_doubtful && ledger.is_at_work()) || ledger.agreeing(&decision).is_empty() {
        ledger.need(Fact::History, poll)?;
    }
    if ledger.agreeing(&decision).is_empty() {
        if is_doubtful {
            return Ok(None);
        }
        // A status that repeats the state of the environment changes with that state.
        if !poll.is_settled(at, 1) {
            return waits(Phase::Running);
        }
    }
    let mut evidence: Vec<_> = ledger.end_of(run).into_iter().collect();
    if matches!(decision, Decision::Reached(_)) || !ledger.is_about_services() {
        return says(Verdict::Decided(decision, evidence));
    }
    if is_canceled && ledger.possible_executions().is_empty() {
        // The request was canceled before it ran, so the history has no further fact.
        return says(Verdict::Decided(decision, evidence));
    }
    // The services of a run that failed may have ended well.
    ledger.need(Fact::History, poll)?;
    let agreeing = ledger.agreeing(&decision);
    let known = agreeing
        .iter()
        .filter_map(|run| ledger.end_of_services(run));
    let known: Vec<_> = known.collect();
    if let Some((own, fact)) = known.first() {
        if !known.iter().all(|(other, _)| other.agrees_with(own)) {
            return says(ledger.superseded(&agreeing));
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
        .any(|run| ledger.end_for_us(run, poll).is_none())
    {
        return says(ledger.superseded(&[run]));
    }
    says(Verdict::Decided(decision, evidence))
}

fn was_canceled(ledger: &Ledger, poll: &Poll) -> Step {
    let Some((run, at, decision @ Decision::Canceled(_))) = end_said(ledger) else {
        return Ok(None);
    };
    ledger.need(Fact::Queue, poll)?;
    let held_before = ledger
        .before
        .result
        .as_ref()
        .is_some_and(|result| result.state == State::Canceled);
    // The environment may have shown that state before the action.
    let repeats = ledger.state() == Some(&State::Canceled) && held_before;
    let runs = ledger.possible_executions();
    if runs.iter().any(|run| run.end().is_some()) && ledger.state() == Some(&State::Canceled) {
        return Ok(None);
    }
    if repeats && !poll.is_settled(at.max(ledger.asked_at()), 1) {
        return waits(Phase::Running);
    }
    says(Verdict::Decided(
        decision,
        ledger.end_of(run).into_iter().collect(),
    ))
}

fn had_nothing_to_do(ledger: &Ledger, poll: &Poll) -> Step {
    let Some((run, at, Decision::Reached(proof))) = end_said(ledger) else {
        return Ok(None);
    };
    // If the goal did not hold before, the action had something to do.
    if ledger.has_acted() && !(ledger.may_be_done() && ledger.before.held) {
        return Ok(None);
    }
    let runs = ledger.possible_executions();
    if runs.iter().any(|run| run.end().is_some()) {
        return Ok(None);
    }
    if !poll.is_settled(at.max(ledger.asked_at()), 1) {
        return waits(Phase::Running);
    }
    let proof = if ledger.has_acted() {
        Proof::Settled
    } else {
        proof
    };
    let evidence = ledger.end_of(run).into_iter().collect();
    says(Verdict::Decided(Decision::Reached(proof), evidence))
}

fn may_be_late(ledger: &Ledger, poll: &Poll) -> Step {
    let Some((run, at, _)) = end_said(ledger) else {
        return Ok(None);
    };
    let since = at.max(ledger.asked_at());
    if !poll.is_settled(since, 1) {
        return waits(Phase::Running);
    }
    let runs = ledger.possible_executions();
    if runs.iter().any(|run| run.end().is_some()) {
        // The request status repeats the state that the environment shows of another run.
        return Ok(None);
    }
    // A run from before that is over shows nothing new: to wait for it would never end.
    let earlier_runs = ledger.shows_before() && ledger.is_at_work();
    if !poll.is_settled(since, 4) || earlier_runs || ledger.shows_candidate() {
        return waits(Phase::Running);
    }
    says(ledger.superseded(&[run]))
}
