//! A cancel ends with the run that it targets.

use super::super::{
    Fact, Poll, RunId, View,
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

fn aim<'a>(view: &'a View) -> Option<&'a Run> {
    view.run(&RunId::Request(view.request?))
}

fn request_ended(view: &View, poll: &Poll) -> Step {
    let Some(request) = view.request else {
        return Ok(None);
    };
    poll.need(view, Fact::Request(request))?;
    // The request status may repeat the state that the environment shows for another run.
    let said = aim(view).and_then(|run| run.end()?.state());
    let may_repeat = said == view.status().state();
    match aim(view).and_then(|run| view.ends().evidence(run)) {
        Some(fact) if !may_repeat => over(fact),
        _ => Ok(None),
    }
}

/// The run from before the cancel goes on, and the request no longer waits behind it.
fn request_left_the_queue(view: &View, poll: &Poll) -> Step {
    let Some(run) = aim(view).filter(|run| run.queued.is_some() && run.begun.is_none()) else {
        return Ok(None);
    };
    let was_at_work = view
        .before
        .result
        .as_ref()
        .is_some_and(|result| result.state.is_active());
    if !was_at_work || !view.status().is_at_work() || !view.status().shows_before() {
        return Ok(None);
    }
    poll.need_at_times(view, Fact::Queue)?;
    match view.status().state() {
        Some(state) if view.queue().has_left(run, super::millis(poll.settle)) => over(Evidence {
            says: Statement::LeftQueue,
            ..evidence_of(Some(&run.id), Endpoint::Queue, state, poll.now)
        }),
        _ => Ok(None),
    }
}

fn request_goes_on(view: &View, _: &Poll) -> Step {
    let Some(request) = view.request else {
        return Ok(None);
    };
    match aim(view).map(|run| &run.fate) {
        _ if view.is_unavailable(Fact::Request(request)) => Ok(None),
        _ if aim(view).is_some_and(|run| view.request_status().repeats_environment(run)) => {
            Ok(None)
        }
        Some(Fate::Ended(_)) => Ok(None),
        Some(Fate::Running) => waits(Phase::Running),
        _ => waits(Phase::Queued),
    }
}

fn request_is_gone(view: &View, poll: &Poll) -> Step {
    if view.request.is_none() {
        return Ok(None);
    }
    poll.need(view, Fact::Queue)?;
    let settle = super::millis(poll.settle);
    let has_left = |run: &Run| run.queued.is_none() || view.queue().has_left(run, settle);
    let is_settled = poll.is_settled(view.quiet_since(), 1);
    match view.status().state() {
        Some(state) if state.is_terminal() && is_settled && aim(view).is_none_or(has_left) => {
            let said = aim(view).and_then(|run| view.ends().evidence(run));
            over(said.unwrap_or_else(|| evidence_of(None, Endpoint::Status, state, poll.now)))
        }
        _ => waits(Phase::Running),
    }
}

fn run_is_over(view: &View, poll: &Poll) -> Step {
    let (Some(shown), Some(state)) = (&view.shown, view.status().state()) else {
        return waits(Phase::Running);
    };
    let before = &view.before;
    let was_at_work = before
        .result
        .as_ref()
        .is_some_and(|result| result.state.is_active());
    let was_shown = before.shows(&shown.execution());
    let is_target = match &view.target {
        Some(target) => *target == shown.execution(),
        None => was_at_work && was_shown,
    };
    // A status that is late shows an earlier run, or that nothing ran before the target.
    let is_other = !is_target && !was_shown && (view.target.is_some() || was_at_work);
    // Another run is shown, so the previous one has ended. Within a settle period it can be an older one.
    let is_other = is_other && poll.is_settled(view.asked_at(), 1);
    let is_over = is_other || (state.is_terminal() && is_target);
    if is_over || (state.is_terminal() && poll.is_settled(view.quiet_since(), 1)) {
        return over(evidence_of(None, Endpoint::Status, state, poll.now));
    }
    waits(Phase::Running)
}
