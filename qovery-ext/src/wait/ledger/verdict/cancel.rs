//! A cancel ends with the run that it targets.

use super::super::{
    Ledger, Poll, RunId,
    rule::{Judging, Rule, Step},
    run::{Fate, Run},
    verdict::{Fact, says, waits},
};
use crate::wait::{
    Decision, Endpoint, Evidence, Phase,
    decision::{Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = &[
    Rule {
        name: "the request that is canceled has ended",
        fact: "the status of a request is that of its run",
        says: request_ended,
    },
    Rule {
        name: "the request that is canceled goes on",
        fact: "CANCELING is not the end",
        says: request_goes_on,
    },
    Rule {
        name: "the request that is canceled is no longer queued, and nothing runs",
        fact: "a request waits in the queue, runs, or is over",
        says: request_is_gone,
    },
    Rule {
        name: "the run that is canceled rests",
        fact: "an environment runs one deployment at a time",
        says: run_is_over,
    },
];

fn over(fact: Evidence) -> Step {
    says(Verdict::Decided(Decision::Reached(Proof::Seen), vec![fact]))
}

fn aim(ledger: &Ledger) -> Option<&Run> {
    ledger.run(&RunId::Request(ledger.request?))
}

fn request_ended(ledger: &Ledger, poll: &Poll) -> Step {
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    ledger.need(Fact::Request(request), poll)?;
    let said = aim(ledger).and_then(|run| run.end()?.state());
    // The request status may repeat the state that the environment shows for another run.
    let repeats = said == ledger.state() && ledger.shows_before();
    if said.is_some() && repeats && !poll.is_settled(ledger.asked_at(), 1) {
        return waits(Phase::Running);
    }
    match aim(ledger).and_then(|run| ledger.end_of(run)) {
        Some(fact) => over(fact),
        None => Ok(None),
    }
}

fn request_goes_on(ledger: &Ledger, _: &Poll) -> Step {
    match ledger.request {
        Some(request) if !ledger.is_unavailable(Fact::Request(request)) => {
            let runs = aim(ledger).is_some_and(|run| run.fate == Fate::Running);
            waits(if runs { Phase::Running } else { Phase::Queued })
        }
        _ => Ok(None),
    }
}

fn request_is_gone(ledger: &Ledger, poll: &Poll) -> Step {
    if ledger.request.is_none() {
        return Ok(None);
    }
    ledger.need(Fact::Queue, poll)?;
    let settle = super::millis(poll.settle);
    let has_left = |run: &Run| run.queued.is_none() || ledger.has_left_queue(run, settle);
    let is_settled = poll.is_settled(ledger.quiet_since(), 1);
    match ledger.state() {
        Some(state) if state.is_terminal() && is_settled && aim(ledger).is_none_or(has_left) => {
            over(ledger.fact(None, Endpoint::Status, state, poll.now))
        }
        _ => waits(Phase::Running),
    }
}

fn run_is_over(ledger: &Ledger, poll: &Poll) -> Step {
    let before = &ledger.before.executions;
    let shown = ledger.shown.as_ref();
    let is_aim =
        shown.is_some_and(|shown| before.is_empty() || before.contains(&shown.execution()));
    match ledger.state() {
        // Another run is shown, so the previous one has ended.
        Some(state) if state.is_terminal() || !is_aim => {
            over(ledger.fact(None, Endpoint::Status, state, poll.now))
        }
        _ => waits(Phase::Running),
    }
}
