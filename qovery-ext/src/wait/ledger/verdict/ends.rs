//! The ends of runs, as they count for the operation.

use std::time::Duration;

use uuid::Uuid;

use super::super::{
    Fact, Poll, RunId, Scope, Stamp, State, View,
    claim::is_from_before,
    decide,
    run::{Fate, Run},
};
use super::evidence_of;
use crate::wait::{
    Decision, Endpoint, Evidence, Statement, decision::Verdict, part_status::PartStatus,
};

/// The ends of runs.
#[derive(Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(super) view: &'a View<'a>,
}

impl<'a> Ends<'a> {
    /// How a run has ended for the operation, and the source: the services if known, otherwise the whole run.
    pub(super) fn for_us(self, run: &Run, poll: &Poll) -> Option<(Decision, Evidence)> {
        if let Some(own) = self.of_services(run) {
            return Some(own);
        }
        if let Some(end) = run.end() {
            let state = end.state()?;
            let decision = decide(state, self.view.goal)?;
            // It may have failed because of a service of another request.
            let is_unclear = matches!(decision, Decision::Failed(_)) && self.is_unclear();
            return Some((decision, self.evidence(run)?)).filter(|_| !is_unclear);
        }
        self.at_rest(run, poll).or_else(|| self.of_parts(run))
    }

    /// The end that all of some runs share, if each of them has ended.
    pub(super) fn shared(self, runs: &[&Run], poll: &Poll) -> Option<Verdict> {
        let ends = runs.iter().map(|run| self.for_us(run, poll));
        let (decisions, evidence): (Vec<_>, Vec<_>) =
            ends.collect::<Option<Vec<_>>>()?.into_iter().unzip();
        let first = decisions.first()?.clone();
        let all_agree = decisions.iter().all(|end| end.agrees_with(&first));
        all_agree.then_some(Verdict::Decided(first, evidence))
    }

    /// Without a history, the services of an environment show the failure of a run that others have followed.
    fn of_parts(self, run: &Run) -> Option<(Decision, Evidence)> {
        let is_needed =
            self.view.scope == Scope::Environment && self.view.is_unavailable(Fact::History);
        let mut parts = run.parts.values().filter(|_| is_needed);
        let state = parts.find_map(|part| part.end()?.states.first())?;
        let decision = decide(state, self.view.goal)?;
        let fact = evidence_of(Some(&run.id), Endpoint::Status, state, run.seen.last);
        Some((decision, fact))
    }

    /// Without a history, a service that was seen at work in a run and is now idle has ended.
    fn at_rest(self, run: &Run, poll: &Poll) -> Option<(Decision, Evidence)> {
        let (state, at) = (self.view.status().state()?, self.view.shown.as_ref()?.at);
        let rests = self.view.is_unavailable(Fact::History)
            && run.fate == Fate::Running
            && self.view.status().shows(run)
            && state.is_terminal()
            && poll.is_settled(self.view.quiet_since(), 1);
        let decision = decide(state, self.view.goal).filter(|_| rests)?;
        Some((
            decision,
            evidence_of(Some(&run.id), Endpoint::Status, state, at),
        ))
    }

    /// Whether every service that the operation is about shows a state of the goal, under runs that can
    /// be ours: then a run that failed as a whole may have failed because of another service.
    fn is_unclear(self) -> bool {
        let is_ours = |part: &PartStatus| {
            let id = part.execution();
            let is_foreign = |run: &Run| self.view.claim(run).is_excluded();
            !self.view.before.shows(&id)
                && !self.view.run(&RunId::Execution(id)).is_some_and(is_foreign)
        };
        let mut own = self.view.status().parts();
        self.view.scope.is_services()
            && self.view.status().holds()
            && own.all(|(_, part)| is_ours(part))
    }

    /// How the services of the operation have ended in a run. The source is the entry of the run in the
    /// history, or the status of a service that was seen at work in the run. The worst end counts.
    pub(super) fn of_services(self, run: &Run) -> Option<(Decision, Evidence)> {
        let Scope::Services(ours) = &self.view.scope else {
            return None;
        };
        let whole = run.end().and_then(|end| end.state());
        // Only an entry of the history that has ended lists all services with their ends.
        let is_listed = run.finished.is_some() && run.services.is_some();
        let mut ends = Vec::new();
        for id in ours {
            let own = self.of_service(run, *id);
            // A service that the run did not reach ends like the run.
            let end = own.or(whole.filter(|_| is_listed).map(|s| (s, Endpoint::History)));
            let (state, endpoint) = end?;
            let decision = decide(state, self.view.goal)?;
            if matches!(decision, Decision::Reached(_)) && own.is_none() {
                return None;
            }
            ends.push((decision, state, endpoint));
        }
        let (decision, state, endpoint) = ends
            .into_iter()
            .max_by_key(|(decision, ..)| severity(decision))?;
        let at = run.end().map_or(run.seen.last, |end| end.at);
        Some((decision, evidence_of(Some(&run.id), endpoint, state, at)))
    }

    /// Whether a service of the operation has failed in a run, or was canceled.
    pub(super) fn any_service_failed(self, run: &Run) -> bool {
        let Scope::Services(ours) = &self.view.scope else {
            return false;
        };
        let end = |id: &Uuid| decide(self.of_service(run, *id)?.0, self.view.goal);
        let mut ends = ours.iter().filter_map(end);
        ends.any(|end| matches!(end, Decision::Failed(_) | Decision::Canceled(_)))
    }

    /// How one service has ended in a run.
    fn of_service(self, run: &'a Run, id: Uuid) -> Option<(&'a State, Endpoint)> {
        match run.parts.get(&id)? {
            Fate::Ended(end) => Some((end.state()?, end.said_by)),
            Fate::Running => {
                let (_, part) = self.view.status().parts().find(|(own, _)| *own == id)?;
                let is_of_run = Some(part.execution().as_str()) == run.execution();
                let has_ended = is_of_run && part.state.is_terminal() && !part.was_passed_over();
                has_ended.then_some((&part.state, Endpoint::Status))
            }
            Fate::Unknown | Fate::Queued => None,
        }
    }

    /// The runs that can be ours and have ended with this decision.
    pub(super) fn agreeing(self, decision: &Decision) -> Vec<&'a Run> {
        let has_ended_so = |run: &&Run| {
            let state = run.end().and_then(|end| end.state());
            let own = state.and_then(|state| decide(state, self.view.goal));
            own.is_some_and(|own| own.agrees_with(decision))
        };
        let mut runs = self.view.candidates().executions();
        runs.retain(has_ended_so);
        runs
    }

    /// The latest time at which a run that has ended was over: its end, or the beginning of the next run,
    /// because an environment runs one at a time.
    pub(super) fn over_by(self, run: &Run) -> Option<Stamp> {
        let end = run.end()?.at;
        let executions = self
            .view
            .runs
            .iter()
            .filter(|run| run.execution().is_some());
        let executions = executions.filter(|run| !is_from_before(self.view, run));
        let later = executions.map(|run| run.seen.first);
        let next = later.filter(|first| *first > run.seen.first).min();
        Some(next.map_or(end, |next| next.min(end)))
    }

    /// Whether the status shows a later run: it shows the last one.
    pub(super) fn is_replaced(self, run: &Run) -> bool {
        let later = self.view.status().run();
        later.is_some_and(|later| later.id != run.id && later.seen.first >= run.seen.first)
    }

    /// The fact that a run has ended.
    pub(super) fn evidence(self, run: &Run) -> Option<Evidence> {
        let end = run.end()?;
        let state = end.states.first()?;
        Some(evidence_of(Some(&run.id), end.said_by, state, end.at))
    }

    /// The runs cannot be distinguished, or another run replaced ours.
    pub(super) fn superseded(self, alike: &[&Run]) -> Verdict {
        let shown = self
            .view
            .shown
            .as_ref()
            .map(|shown| self.view.execution_of(shown));
        let evidence = alike.iter().map(|run| {
            self.evidence(run).unwrap_or_else(|| Evidence {
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
