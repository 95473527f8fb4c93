//! Which runs can be this operation's, according to the order of the queue.
//!
//! The requests of an environment are executed in the order of its queue, one at a time.

use uuid::Uuid;

use super::{
    Goal, LATE, Ledger, RunId, Stamp, claim, millis,
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

    /// The executions that can be ours, first seen first.
    pub(super) fn candidate_executions(&self) -> Vec<&Run> {
        let executions = self.runs.iter().filter(|run| run.execution().is_some());
        let mut runs: Vec<&Run> = executions
            .filter(|run| !self.claim(run).is_excluded())
            .collect();
        // A server that names executions now has not named the first reading of the same run.
        if runs.iter().any(|run| run.execution() != Some(UNNAMED_NEW)) {
            runs.retain(|run| run.execution() != Some(UNNAMED_NEW));
        }
        // The first ones are those of the similar requests ahead of ours. A request that was canceled in the queue
        // may have no run at all.
        let ahead = self.alike().filter(|run| self.was_ahead(run)).count();
        let ours = match self.request {
            Some(_) => 1,
            None => self.candidate_requests().len().max(1),
        };
        if runs.len() >= ahead + ours {
            runs.drain(..ahead);
        }
        runs
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

    /// The requests other than ours with the same action that may have absorbed ours, and have left
    /// the queue.
    pub(super) fn rivals(&self) -> Vec<&Run> {
        if self.knows_order() {
            return Vec::new();
        }
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

    /// When the request was last known to wait in the queue.
    fn left_queue_at(&self) -> Stamp {
        let request = self.request().map(RunId::Request);
        let row = request.and_then(|id| self.run(&id));
        let queued = row.and_then(|row| row.queued);
        queued.map_or(self.asked_at(), |queued| queued.last)
    }

    /// From when on a reading of the queue shows that the request does not wait behind the run of a similar one.
    pub(super) fn shows_order_at(&self) -> Stamp {
        self.late_at().max(self.left_queue_at().saturating_add(1))
    }

    /// The first such reading after the run that followed the queue was seen, if the request has a name.
    pub(super) fn order_read_at(&self) -> Option<Stamp> {
        self.request?;
        let due = self
            .shows_order_at()
            .max(self.run_that_followed()?.seen.first);
        self.queue_reads.iter().copied().find(|at| *at >= due)
    }

    /// Whether the run that followed the queue is known from those that began later.
    pub(super) fn knows_order(&self) -> bool {
        self.order_read_at().is_some()
    }

    /// The run that began when the request left the queue, if no other request can have begun then.
    pub(super) fn run_that_followed(&self) -> Option<&Run> {
        let request = self.request()?;
        let left = self.left_queue_at();
        let due = self.shows_order_at();
        self.queue_reads.iter().find(|at| **at >= due)?;
        let unlisted = self.queue_reads.iter().find(|at| **at > left)?;
        let earliest = left.saturating_sub(millis(LATE));
        let latest = unlisted.saturating_add(millis(LATE));
        let may_be_ours = |run: &&Run| {
            run.execution().is_some()
                && run.seen.first >= earliest
                && self.acts_alike(run)
                && claim::came_before(self, run) != Some(true)
        };
        // Runs are sorted by their first reading.
        let mut runs = self.runs.iter().filter(may_be_ours);
        let first = runs.next()?;
        let is_only = runs.next().is_none_or(|next| next.seen.first > latest);
        // A request that the queue lists after the beginning of a run waits behind it.
        let listed = first.seen.first.saturating_add(millis(LATE));
        let may_begin_then = |other: &Run| {
            other.request() != Some(request)
                && other.queued.is_none_or(|queued| {
                    queued.last >= earliest && queued.first <= latest && queued.last < listed
                })
        };
        if !self.has_acted() || self.alike().any(may_begin_then) {
            return None;
        }
        let has_begun = first.seen.first <= latest && is_only;
        let is_known = first.action.is_some() && self.covers(first);
        (has_begun && is_known).then_some(first)
    }

    pub(super) fn own_request(&self) -> Option<&Run> {
        self.run(&RunId::Request(self.request?))
    }
}
