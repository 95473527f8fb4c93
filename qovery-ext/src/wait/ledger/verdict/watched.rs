//! The operation sent no action, and no request is named: the wait is for the state itself.

use super::super::{
    Fact, Ledger, Poll, Scope, State, decide,
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

fn states(ledger: &Ledger) -> Vec<&State> {
    let Some(shown) = &ledger.shown else {
        return Vec::new();
    };
    match &ledger.scope {
        Scope::Services(_) => shown.own.iter().flatten().map(|part| &part.state).collect(),
        _ => shown.state().into_iter().collect(),
    }
}

fn at_work(ledger: &Ledger, _: &Poll) -> Step {
    let phases = states(ledger)
        .into_iter()
        .map(|state| state.phase(ledger.goal));
    match phases.filter(|phase| !phase.is_terminal()).max() {
        Some(phase) => waits(phase),
        None => Ok(None),
    }
}

fn not_begun(ledger: &Ledger, _: &Poll) -> Step {
    let is_another =
        |state: &&State| state.phase(ledger.goal) == Phase::Failed && !state.is_error();
    if states(ledger).iter().any(is_another) {
        return waits(Phase::NotStarted);
    }
    Ok(None)
}

fn queued(ledger: &Ledger, poll: &Poll) -> Step {
    poll.need(ledger, Fact::Queue)?;
    if ledger.runs.iter().any(|run| ledger.queue().lists(run)) {
        return waits(Phase::Queued);
    }
    Ok(None)
}

fn state_decides(ledger: &Ledger, poll: &Poll) -> Step {
    let states = states(ledger);
    let worst = states.iter().max_by_key(|state| state.phase(ledger.goal));
    let decided = worst.and_then(|state| Some((decide(state, ledger.goal)?, *state)));
    let Some((decision, state)) = decided else {
        return waits(Phase::NotStarted);
    };
    let at = ledger.shown.as_ref().map_or(poll.now, |shown| shown.at);
    let fact = evidence_of(None, Endpoint::Status, state, at);
    says(Verdict::Decided(decision, vec![fact]))
}
