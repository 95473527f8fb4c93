//! Which runs can be this operation's, according to the order of the queue.
//!
//! The requests of an environment are executed in the order of its queue, one at a time.

use uuid::Uuid;

use super::{
    Goal, Ledger, RunId, Scope, Stamp, claim,
    run::{Run, UNNAMED_NEW},
};

impl Ledger {
    /// The requests that can be ours, first seen first.
    pub(super) fn candidate_requests(&self) -> Vec<&Run> {
        let own = self.runs.iter().filter(|run| run.request().is_some());
        own.filter(|run| !self.claim(run).is_excluded()).collect()
    }

    /// The only queued request that can be ours, if the server has named none.
    pub(super) fn only_candidate_request(&self) -> Option<Uuid> {
        if !self.has_acted() || self.goal == Goal::Canceled {
            return None;
        }
        match self.candidate_requests().as_slice() {
            [run] => run.request(),
            _ => None,
        }
    }

    /// The executions that can be ours, each judged alone, in the order of their execution.
    pub(super) fn possible_executions(&self) -> Vec<&Run> {
        let executions = self.runs.iter().filter(|run| run.execution().is_some());
        let mut runs: Vec<&Run> = executions
            .filter(|run| !self.claim(run).is_excluded())
            .collect();
        // A server that names executions now has not named the first reading of the same run.
        if runs.iter().any(|run| run.execution() != Some(UNNAMED_NEW)) {
            runs.retain(|run| run.execution() != Some(UNNAMED_NEW));
        }
        runs.sort_by_key(|run| (run.created.unwrap_or(i64::MAX), run.seen.first));
        if self.scope == Scope::Environment {
            runs = largest(runs);
        }
        runs
    }

    /// The executions that can be ours. For each similar request that is known to be ahead of ours or behind
    /// it, one of the executions is not ours.
    pub(super) fn candidate_executions(&self) -> Vec<&Run> {
        let mut runs = self.possible_executions();
        let ours = match self.request {
            Some(_) => 1,
            None => self.candidate_requests().len().max(1),
        };
        let ahead = self.alike().filter(|run| self.was_ahead(run)).count();
        let behind = self.alike().filter(|run| self.has_followed(run)).count();
        // A request that was canceled in the queue may have no run at all.
        let is_complete = runs.len() >= ahead + ours + behind;
        if is_complete {
            runs.drain(..ahead);
            runs.truncate(runs.len() - behind);
        }
        runs
    }

    /// The requests other than ours with the same action that may have absorbed ours, and have left
    /// the queue.
    pub(super) fn rivals(&self) -> Vec<&Run> {
        let has_left = |run: &&Run| run.queued.is_some() && !self.is_queued(run);
        let Some(ours) = self.request else {
            let requests = self.candidate_requests().into_iter();
            return requests.filter(has_left).skip(1).collect();
        };
        // A request is absorbed by one that is queued already: an older one, and is not listed itself.
        let was_listed = self.own_request().is_some_and(|run| run.queued.is_some());
        let may_carry =
            |run: &Run| !was_listed && run.request().is_some_and(|id| claim::is_older(id, ours));
        let others = self.alike().filter(|run| run.request() != Some(ours));
        let others = others.filter(|run| !self.was_queued_before(run) && !may_carry(run));
        others.filter(has_left).collect()
    }

    /// The requests with the same action as ours.
    pub(super) fn alike(&self) -> impl Iterator<Item = &Run> {
        let requests = self.runs.iter().filter(|run| run.request().is_some());
        requests.filter(|run| self.acts_alike(run))
    }

    /// Whether a request was queued before the action.
    pub(super) fn was_queued_before(&self, run: &Run) -> bool {
        let before = self.before.requests.as_ref();
        before
            .zip(run.request())
            .is_some_and(|(ids, id)| ids.contains(&id))
    }

    /// Whether a request from before the action, which has not absorbed ours, has left the queue since.
    fn was_ahead(&self, run: &Run) -> bool {
        self.was_queued_before(run)
            && run
                .queued
                .is_some_and(|queued| queued.last > self.asked_at())
            && self.claim(run).is_excluded()
            && !self.is_queued(run)
    }

    /// Whether a request that is known to be behind ours has left the queue.
    fn has_followed(&self, run: &Run) -> bool {
        let is_behind = match (self.request, run.request()) {
            (Some(ours), Some(id)) => !self.was_queued_before(run) && claim::is_older(ours, id),
            _ => claim::came_after(self, run) == Some(true),
        };
        is_behind && run.queued.is_some() && !self.is_queued(run)
    }

    /// Whether the latest reading of the queue lists a run.
    pub(super) fn is_queued(&self, run: &Run) -> bool {
        let last = self.queue_reads.last();
        run.queued
            .zip(last)
            .is_some_and(|(queued, last)| queued.last >= *last)
    }

    /// Whether a run has left the queue: two readings a settle period apart do not list it.
    pub(super) fn has_left_queue(&self, run: &Run, settle: Stamp) -> bool {
        let Some(queued) = run.queued else {
            return false;
        };
        let without = self.queue_reads.iter().filter(|at| **at > queued.last);
        match (without.clone().min(), without.max()) {
            (Some(first), Some(last)) => last.saturating_sub(*first) >= settle,
            _ => false,
        }
    }

    /// The position of a request in the queue, counted from 1.
    pub(super) fn position(&self, request: Uuid) -> Option<usize> {
        let queued = self.runs.iter().filter(|run| self.is_queued(run));
        let mut ids: Vec<Uuid> = queued.filter_map(Run::request).collect();
        ids.sort_unstable();
        ids.iter()
            .position(|id| *id == request)
            .map(|place| place + 1)
    }

    pub(super) fn own_request(&self) -> Option<&Run> {
        self.run(&RunId::Request(self.request?))
    }
}

/// An action on an environment includes each service that another run of the same action includes: a run
/// with fewer services was for selected services.
fn largest(runs: Vec<&Run>) -> Vec<&Run> {
    let is_part = |run: &&Run| {
        let own = run.services.as_deref();
        runs.iter().any(|other| {
            own.zip(other.services.as_deref())
                .is_some_and(|(own, other)| {
                    own.len() < other.len() && own.iter().all(|id| other.binary_search(id).is_ok())
                })
        })
    };
    runs.iter().copied().filter(|run| !is_part(run)).collect()
}
