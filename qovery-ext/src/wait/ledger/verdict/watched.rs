//! The operation sent no action, and no request is named: the wait is for the state itself.

use super::super::{
    Fact, Poll, Scope, State, View, decide,
    rule::{Judging, Step, table},
    verdict::{evidence_of, says, waits},
};
use crate::wait::{Endpoint, Phase, decision::Verdict};

pub(in super::super) const RULES: &[Judging] = table! {
    at_work: "a state shows whether something runs",
    not_begun: "a stopped environment has not failed to be deployed",
    queued: "a queued request will change the state",
    state_decides: "if nothing runs or is queued, the state does not change",
};

fn states<'a>(view: &'a View) -> Vec<&'a State> {
    let Some(shown) = &view.shown else {
        return Vec::new();
    };
    match &view.scope {
        Scope::Services(_) => shown.own.iter().flatten().map(|part| &part.state).collect(),
        _ => shown.state().into_iter().collect(),
    }
}

fn at_work(view: &View, _: &Poll) -> Step {
    let phases = states(view).into_iter().map(|state| state.phase(view.goal));
    match phases.filter(|phase| !phase.is_terminal()).max() {
        Some(phase) => waits(phase),
        None => Ok(None),
    }
}

fn not_begun(view: &View, _: &Poll) -> Step {
    let is_another = |state: &&State| state.phase(view.goal) == Phase::Failed && !state.is_error();
    if states(view).iter().any(is_another) {
        return waits(Phase::NotStarted);
    }
    Ok(None)
}

fn queued(view: &View, poll: &Poll) -> Step {
    poll.need(view, Fact::Queue)?;
    if view.runs.iter().any(|run| view.queue().lists(run)) {
        return waits(Phase::Queued);
    }
    Ok(None)
}

fn state_decides(view: &View, poll: &Poll) -> Step {
    let states = states(view);
    let worst = states.iter().max_by_key(|state| state.phase(view.goal));
    let decided = worst.and_then(|state| Some((decide(state, view.goal)?, *state)));
    let Some((decision, state)) = decided else {
        return waits(Phase::NotStarted);
    };
    let at = view.shown.as_ref().map_or(poll.now, |shown| shown.at);
    let fact = evidence_of(None, Endpoint::Status, state, at);
    says(Verdict::Decided(decision, vec![fact]))
}
