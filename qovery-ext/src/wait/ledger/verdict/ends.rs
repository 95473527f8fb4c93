//! The ends of runs, and their effect on the status.

use std::time::Duration;

use uuid::Uuid;

use super::super::{Fact, Ledger, Poll, Run, Scope, Stamp, State, decide, run::Fate};
use crate::wait::{
    Decision, Endpoint, Evidence, Goal, Phase, RunId, Statement, decision::Verdict,
    part_status::PartStatus,
};

impl Ledger {
    pub(super) fn is_about_services(&self) -> bool {
        matches!(self.scope, Scope::Services(_))
    }

    /// The services that the operation is about, each with its latest status.
    fn own_parts(&self) -> impl Iterator<Item = (Uuid, &PartStatus)> + Clone {
        let ids = match &self.scope {
            Scope::Services(ids) => ids.as_slice(),
            Scope::Environment | Scope::Cluster => &[],
        };
        let parts = self.shown.iter().flat_map(|shown| &shown.own);
        let both = ids.iter().zip(parts);
        both.filter_map(|(id, part)| Some((*id, part.as_ref()?)))
    }

    /// The state of the services that the operation is about; that of the whole if they are not read.
    pub(super) fn own_state(&self) -> Option<&State> {
        let mut own = self.own_parts().map(|(_, part)| &part.state);
        let active = own.clone().find(|state| state.is_active());
        active.or(own.next()).or(self.state())
    }

    /// Whether the status shows a run.
    pub(super) fn shows(&self, run: &Run) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| Some(self.execution_of(shown).as_str()) == run.execution())
    }

    /// The run that the status shows, if it is not from before the action.
    pub(super) fn shown_run(&self) -> Option<&Run> {
        let shown = self.shown.as_ref()?;
        self.run(&RunId::Execution(self.execution_of(shown)))
    }

    /// Whether the status shows a run that can be ours.
    pub(super) fn shows_candidate(&self) -> bool {
        let runs = self.candidate_executions();
        runs.iter().any(|run| self.shows(run))
    }

    /// Whether the status shows a run from before the action.
    pub(super) fn shows_before(&self) -> bool {
        let shown = self.shown.as_ref().map(|shown| self.execution_of(shown));
        self.has_acted() && shown.is_some_and(|id| self.before.executions.contains(&id))
    }

    /// Whether requests wait as far as the status shows.
    pub(super) fn shows_waiting(&self) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| shown.waiting > 0)
    }

    /// Whether the goal holds as far as the status shows.
    pub(super) fn holds(&self) -> bool {
        let reached = |state: &State| state.phase(self.goal) == Phase::Reached;
        match (&self.scope, &self.shown) {
            (Scope::Services(_), Some(shown)) => shown
                .own
                .iter()
                .all(|part| part.as_ref().is_some_and(|part| reached(&part.state))),
            _ => self.state().is_some_and(reached),
        }
    }

    /// The time since which nothing is seen at work.
    pub(super) fn quiet_since(&self) -> Stamp {
        self.busy.unwrap_or(0).max(self.asked_at())
    }

    /// How a run has ended for the operation, and the source: the services if known, otherwise the whole run.
    pub(super) fn end_for_us(&self, run: &Run, poll: &Poll) -> Option<(Decision, Evidence)> {
        if let Some(own) = self.end_of_services(run) {
            return Some(own);
        }
        if let Some(end) = run.end() {
            let state = end.state()?;
            let decision = decide(state, self.goal)?;
            // It may have failed because of a service of another request.
            let is_unclear = matches!(decision, Decision::Failed(_)) && self.is_unclear();
            return Some((decision, self.end_of(run)?)).filter(|_| !is_unclear);
        }
        self.end_at_rest(run, poll)
            .or_else(|| self.end_of_parts(run))
    }

    /// Without a history, the services of an environment show the failure of a run that others have followed.
    fn end_of_parts(&self, run: &Run) -> Option<(Decision, Evidence)> {
        let is_needed = self.scope == Scope::Environment && self.is_unavailable(Fact::History);
        let mut parts = run.parts.values().filter(|_| is_needed);
        let state = parts.find_map(|part| part.end()?.states.first())?;
        let decision = decide(state, self.goal)?;
        let fact = self.fact(Some(&run.id), Endpoint::Status, state, run.seen.last);
        Some((decision, fact))
    }

    /// The end that all of some runs share, if each of them has ended.
    pub(super) fn shared_end(&self, runs: &[&Run], poll: &Poll) -> Option<Verdict> {
        let ends = runs.iter().map(|run| self.end_for_us(run, poll));
        let (decisions, evidence): (Vec<_>, Vec<_>) =
            ends.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        let first = decisions.first()?.clone();
        let all_agree = decisions.iter().all(|end| end.agrees_with(&first));
        all_agree.then_some(Verdict::Decided(first, evidence))
    }

    /// Without a history, a service that was seen at work in a run and is now idle has ended.
    fn end_at_rest(&self, run: &Run, poll: &Poll) -> Option<(Decision, Evidence)> {
        let (state, at) = (self.state()?, self.shown.as_ref()?.at);
        let rests = self.is_unavailable(Fact::History)
            && run.fate == Fate::Running
            && self.shows(run)
            && state.is_terminal()
            && poll.is_settled(self.quiet_since(), 1);
        let decision = decide(state, self.goal).filter(|_| rests)?;
        Some((
            decision,
            self.fact(Some(&run.id), Endpoint::Status, state, at),
        ))
    }

    /// Whether every service that the operation is about shows a state of the goal, under runs that can
    /// be ours: then a run that failed as a whole may have failed because of another service.
    fn is_unclear(&self) -> bool {
        let is_ours = |part: &PartStatus| {
            let id = part.execution();
            let is_foreign = |run: &Run| self.claim(run).is_excluded();
            !self.before.executions.contains(&id)
                && !self.run(&RunId::Execution(id)).is_some_and(is_foreign)
        };
        let mut own = self.own_parts();
        self.is_about_services() && self.holds() && own.all(|(_, part)| is_ours(part))
    }

    /// How the services of the operation have ended in a run. The source is the entry of the run in the
    /// history, or the status of a service that was seen at work in the run. The worst end counts.
    pub(super) fn end_of_services(&self, run: &Run) -> Option<(Decision, Evidence)> {
        let Scope::Services(ours) = &self.scope else {
            return None;
        };
        let whole = run.end().and_then(|end| end.state());
        // Only an entry of the history that has ended lists all services with their ends.
        let is_listed = run.finished.is_some() && run.services.is_some();
        let mut ends = Vec::new();
        for id in ours {
            let own = self.end_of_service(run, *id);
            // A service that the run did not reach ends like the run.
            let end = own.or(whole.filter(|_| is_listed).map(|s| (s, Endpoint::History)));
            let (state, endpoint) = end?;
            let decision = decide(state, self.goal)?;
            if matches!(decision, Decision::Reached(_)) && own.is_none() {
                return None;
            }
            ends.push((decision, state, endpoint));
        }
        let (decision, state, endpoint) = ends
            .into_iter()
            .max_by_key(|(decision, ..)| severity(decision))?;
        let at = run.end().map_or(run.seen.last, |end| end.at);
        Some((decision, self.fact(Some(&run.id), endpoint, state, at)))
    }

    /// How one service has ended in a run.
    fn end_of_service<'a>(&'a self, run: &'a Run, id: Uuid) -> Option<(&'a State, Endpoint)> {
        match run.parts.get(&id)? {
            Fate::Ended(end) => Some((end.state()?, end.said_by)),
            Fate::Running => {
                let (_, part) = self.own_parts().find(|(own, _)| *own == id)?;
                let is_of_run = Some(part.execution().as_str()) == run.execution();
                let has_ended = is_of_run && part.state.is_terminal() && !part.was_passed_over();
                has_ended.then_some((&part.state, Endpoint::Status))
            }
            Fate::Unknown | Fate::Queued => None,
        }
    }

    /// The runs that can be ours and have ended with this decision.
    pub(super) fn agreeing(&self, decision: &Decision) -> Vec<&Run> {
        let has_ended_so = |run: &&Run| {
            let state = run.end().and_then(|end| end.state());
            let own = state.and_then(|state| decide(state, self.goal));
            own.is_some_and(|own| own.agrees_with(decision))
        };
        let mut runs = self.candidate_executions();
        runs.retain(has_ended_so);
        runs
    }

    /// When a run that has ended was over: an environment runs one at a time.
    pub(super) fn over_by(&self, run: &Run) -> Option<Stamp> {
        let end = run.end()?.at;
        let executions = self.runs.iter().filter(|run| run.execution().is_some());
        let later = executions.map(|run| run.seen.first);
        let next = later.filter(|first| *first > run.seen.first).min();
        Some(next.map_or(end, |next| next.min(end)))
    }

    /// Whether the status shows a later run: it shows the last one.
    pub(super) fn is_replaced(&self, run: &Run) -> bool {
        let later = self.shown_run();
        later.is_some_and(|later| later.id != run.id && later.seen.first >= run.seen.first)
    }

    /// The fact that a run has ended.
    pub(super) fn end_of(&self, run: &Run) -> Option<Evidence> {
        let end = run.end()?;
        let state = end.states.first()?;
        Some(self.fact(Some(&run.id), end.said_by, state, end.at))
    }

    /// The runs cannot be told apart, or another run replaced ours.
    pub(super) fn superseded(&self, alike: &[&Run]) -> Verdict {
        let shown = self.shown.as_ref().map(|shown| self.execution_of(shown));
        let evidence = alike.iter().map(|run| {
            self.end_of(run).unwrap_or_else(|| Evidence {
                run: Some(run.id.clone()),
                endpoint: Endpoint::Status,
                says: Statement::Replaced,
                after: Duration::from_millis(run.seen.last),
            })
        });
        Verdict::Decided(
            Decision::Superseded {
                successor: shown.map(RunId::Execution),
                alike: alike.iter().map(|run| run.id.clone()).collect(),
            },
            evidence.collect(),
        )
    }

    /// The time of the next poll that can settle a question that only time decides.
    pub(crate) fn settles_at(&self, settle: Duration) -> Option<Stamp> {
        use super::super::millis;
        if let Some(missing) = self.missing() {
            return Some(missing.first.saturating_add(millis(settle)));
        }
        if !self.has_acted() || !self.rests() {
            return None;
        }
        let is_open = self.candidate_executions().is_empty() && !self.may_be_done();
        (!is_open).then(|| self.quiet_since().saturating_add(millis(settle)))
    }

    pub(super) fn goal_is_gone(&self) -> bool {
        matches!(self.goal, Goal::Deleted | Goal::Uninstalled)
    }
}

/// The failure of a service outweighs the cancellation of another one, which outweighs a success.
fn severity(decision: &Decision) -> u8 {
    match decision {
        Decision::Reached(_) => 0,
        Decision::Superseded { .. } | Decision::NoTrace => 1,
        Decision::Canceled(_) => 2,
        Decision::Failed(_) => 3,
    }
}
