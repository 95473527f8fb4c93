//! A cancel ends with the run that it targets.

use super::super::{
    Fact, Ledger, Poll, RunId,
    rule::{Judging, Step, table},
    run::{Fate, Run},
    verdict::{evidence_of, says, waits},
};
use crate::wait::{
    Decision, Endpoint, Evidence, Phase, Statement,
    decision::{Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = table! {
    request_ended: "the status of a request is that of its run",
    request_left_the_queue: "an environment runs one deployment at a time, and a request that does not wait runs or is over",
    request_goes_on: "CANCELING is not the end",
    request_is_gone: "a request waits in the queue, runs, or is over",
    run_is_over: "an environment runs one deployment at a time",
};

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
    poll.need(ledger, Fact::Request(request))?;
    // The request status may repeat the state that the environment shows for another run.
    let said = aim(ledger).and_then(|run| run.end()?.state());
    let may_repeat = said == ledger.status().state();
    match aim(ledger).and_then(|run| ledger.ends().evidence(run)) {
        Some(fact) if !may_repeat => over(fact),
        _ => Ok(None),
    }
}

/// The run from before the cancel goes on, and the request no longer waits behind it.
fn request_left_the_queue(ledger: &Ledger, poll: &Poll) -> Step {
    let Some(run) = aim(ledger).filter(|run| run.queued.is_some() && run.begun.is_none()) else {
        return Ok(None);
    };
    let was_at_work = ledger
        .before
        .result
        .as_ref()
        .is_some_and(|result| result.state.is_active());
    if !was_at_work || !ledger.status().is_at_work() || !ledger.status().shows_before() {
        return Ok(None);
    }
    poll.need_at_times(ledger, Fact::Queue)?;
    match ledger.status().state() {
        Some(state) if ledger.queue().has_left(run, super::millis(poll.settle)) => over(Evidence {
            says: Statement::LeftQueue,
            ..evidence_of(Some(&run.id), Endpoint::Queue, state, poll.now)
        }),
        _ => Ok(None),
    }
}

fn request_goes_on(ledger: &Ledger, _: &Poll) -> Step {
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    match aim(ledger).map(|run| &run.fate) {
        _ if ledger.is_unavailable(Fact::Request(request)) => Ok(None),
        _ if aim(ledger).is_some_and(|run| ledger.request_status().repeats_environment(run)) => {
            Ok(None)
        }
        Some(Fate::Ended(_)) => Ok(None),
        Some(Fate::Running) => waits(Phase::Running),
        _ => waits(Phase::Queued),
    }
}

fn request_is_gone(ledger: &Ledger, poll: &Poll) -> Step {
    if ledger.request.is_none() {
        return Ok(None);
    }
    poll.need(ledger, Fact::Queue)?;
    let settle = super::millis(poll.settle);
    let has_left = |run: &Run| run.queued.is_none() || ledger.queue().has_left(run, settle);
    let is_settled = poll.is_settled(ledger.quiet_since(), 1);
    match ledger.status().state() {
        Some(state) if state.is_terminal() && is_settled && aim(ledger).is_none_or(has_left) => {
            let said = aim(ledger).and_then(|run| ledger.ends().evidence(run));
            over(said.unwrap_or_else(|| evidence_of(None, Endpoint::Status, state, poll.now)))
        }
        _ => waits(Phase::Running),
    }
}

fn run_is_over(ledger: &Ledger, poll: &Poll) -> Step {
    let (Some(shown), Some(state)) = (&ledger.shown, ledger.status().state()) else {
        return waits(Phase::Running);
    };
    let before = &ledger.before;
    let was_at_work = before
        .result
        .as_ref()
        .is_some_and(|result| result.state.is_active());
    let was_shown = before.executions.contains(&shown.execution());
    let is_target = match &ledger.target {
        Some(target) => *target == shown.execution(),
        None => was_at_work && was_shown,
    };
    // A status that is late shows an earlier run, or that nothing ran before the target.
    let is_other = !is_target && !was_shown && (ledger.target.is_some() || was_at_work);
    // Another run is shown, so the previous one has ended. Within a settle period it can be an older one.
    let is_other = is_other && poll.is_settled(ledger.asked_at(), 1);
    let is_over = is_other || (state.is_terminal() && is_target);
    if is_over || (state.is_terminal() && poll.is_settled(ledger.quiet_since(), 1)) {
        return over(evidence_of(None, Endpoint::Status, state, poll.now));
    }
    waits(Phase::Running)
}
