//! A subject that no longer exists.
//!
//! One answer is no proof: a proxy answers 404 as well, and the API answers 403 for much else. The
//! second proof is another answer of the same kind a settle period later, with nothing found in
//! between, or the request's own status.

use super::{
    super::{
        Decision, Endpoint, Evidence, Phase, Says, State,
        decision::{Cause, Proof},
    },
    Fate, Ledger, Run, Stamp, millis,
    verdict::{Fact, Poll, Verdict},
};
use std::time::Duration;

impl Ledger {
    /// The verdict on a subject that is not found; `None` if it is found.
    pub(super) fn absent(&self, poll: &Poll) -> Result<Option<Verdict>, Verdict> {
        let Some(missing) = self.missing() else {
            return Ok(None);
        };
        if !self.was_found() {
            return Ok(Some(Verdict::Pending {
                phase: Phase::NotStarted,
                position: None,
            }));
        }
        let fact = |says, endpoint| Evidence {
            run: None,
            endpoint,
            says,
            after: Duration::from_millis(missing.last),
        };
        if let Some(request) = self.request {
            let asked = Fact::Request(request);
            if !self.is_fresh(asked, poll.since) {
                return Err(Verdict::Need(asked));
            }
            let run = self.run(&super::RunId::Request(request));
            if let Some(State::Deleted) = run.and_then(|run| run.end()?.state()) {
                let evidence = vec![
                    fact(Says::Missing, Endpoint::Status),
                    fact(Says::State(State::Deleted), Endpoint::RequestStatus),
                ];
                return Ok(Some(Verdict::Decided(self.gone(), evidence)));
            }
        }
        if !self.goal().is_reached_when_gone()
            && let [run] = self.candidate_executions().as_slice()
            && let Some((decision, fact)) = self.end_as_shown(run, poll)
        {
            return Ok(Some(Verdict::Decided(decision, vec![fact])));
        }
        if missing.last.saturating_sub(missing.first) < millis(poll.settle) {
            return Ok(Some(Verdict::Pending {
                phase: Phase::Running,
                position: None,
            }));
        }
        if self.is_about_services() && self.has_acted() {
            // The environment is still there, and its history as well.
            if !self.is_fresh(Fact::History, poll.since) {
                return Err(Verdict::Need(Fact::History));
            }
            let runs = self.candidate_executions();
            let ends: Vec<_> = runs
                .iter()
                .map(|run| self.end_as_shown(run, poll))
                .collect();
            let all_deleted = ends
                .iter()
                .all(|end| matches!(end, Some((Decision::Reached(_), _))));
            if !ends.is_empty() && all_deleted && !self.is_still_queued() {
                let facts = ends.into_iter().flatten().map(|(_, fact)| fact).collect();
                return Ok(Some(Verdict::Decided(self.gone(), facts)));
            }
        }
        let others = self.other_deletions();
        if self.has_acted() && (!others.is_empty() || self.is_still_queued()) {
            // The subject is gone, and another request has asked for that as well.
            return Ok(Some(self.superseded(&[], &others)));
        }
        let evidence = vec![fact(Says::Missing, Endpoint::Status)];
        Ok(Some(Verdict::Decided(self.gone(), evidence)))
    }

    /// Whether the request was last seen in the queue, behind a run that was seen before.
    fn is_still_queued(&self) -> bool {
        let own = self
            .request()
            .and_then(|id| self.run(&super::RunId::Request(id)));
        let Some(queued) = own
            .filter(|run| run.fate == Fate::Queued)
            .and_then(|run| run.queued)
        else {
            return false;
        };
        let executions = self.runs.iter().filter(|run| run.execution().is_some());
        let mut earlier = executions.filter(|run| run.seen.first < queued.last);
        earlier.any(|run| self.goal().is_of(run.action.as_deref().unwrap_or_default()))
    }

    /// The deletions of the subject that are not known to be this operation's.
    fn other_deletions(&self) -> Vec<&Run> {
        if !self.goal().is_reached_when_gone() {
            return Vec::new();
        }
        let deletions = self.runs.iter().filter(|run| {
            let deletes = run
                .action
                .as_deref()
                .is_some_and(|action| self.goal().is_of(action));
            deletes && self.covers(run) && run.request() != self.request()
        });
        let own = self.candidate_executions();
        let is_own = |run: &Run| own.len() == 1 && own.iter().any(|own| own.id == run.id);
        deletions.filter(|run| !is_own(run)).collect()
    }

    fn gone(&self) -> Decision {
        if self.goal().is_reached_when_gone() {
            Decision::Reached(Proof::Gone)
        } else {
            Decision::Failed(Cause::Gone)
        }
    }

    /// The end of a subject that is not found and that its parent does not list either.
    pub(crate) fn gone_from_parent(&self, at: Stamp) -> Verdict {
        let others = self.other_deletions();
        if self.has_acted() && !others.is_empty() {
            return self.superseded(&[], &others);
        }
        let fact = |endpoint| Evidence {
            run: None,
            endpoint,
            says: Says::Missing,
            after: Duration::from_millis(at),
        };
        let evidence = vec![fact(Endpoint::Status), fact(Endpoint::Parent)];
        Verdict::Decided(self.gone(), evidence)
    }
}
