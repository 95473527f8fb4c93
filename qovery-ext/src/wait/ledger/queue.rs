//! The rows that the queue has listed, and the conclusions from its order.
//!
//! The requests of an environment are executed in the order of its queue, one at a time.

use uuid::Uuid;

use super::{
    LATE, Stamp, View,
    claim::{acts_alike, covers, is_from_before, is_of_older},
    millis,
    run::{Run, Span},
};

/// The readings of the queue.
#[derive(Clone, Copy)]
pub(crate) struct Queue<'a> {
    pub(super) view: &'a View<'a>,
}

impl View<'_> {
    /// The readings of the queue.
    pub(super) fn queue(&self) -> Queue<'_> {
        Queue { view: self }
    }
}

impl<'a> Queue<'a> {
    /// Whether a request was queued before the action.
    pub(super) fn listed_before(self, run: &Run) -> bool {
        let before = self.view.before.requests.as_ref();
        before
            .zip(run.request())
            .is_some_and(|(ids, id)| ids.contains(&id))
    }

    /// Whether the latest reading of the queue lists a run, waiting or begun.
    pub(super) fn lists(self, run: &Run) -> bool {
        self.is_latest(run.queued) || self.is_latest(run.begun)
    }

    /// Whether a run waits, according to the latest reading of the queue.
    pub(super) fn waits(self, run: &Run) -> bool {
        self.is_latest(run.queued) && run.begun.is_none()
    }

    fn is_latest(self, listed: Option<Span>) -> bool {
        let last = self.view.queue_reads.last();
        listed
            .zip(last)
            .is_some_and(|(listed, last)| listed.last >= *last)
    }

    /// Whether a run has left the queue: two readings a settle period apart do not list it. A reading soon after
    /// the first one that listed it can be older.
    pub(super) fn has_left(self, run: &Run, settle: Stamp) -> bool {
        let (Some(listed), Some(last)) = (run.listed(), run.last_listed()) else {
            return false;
        };
        let from = listed.first.saturating_add(millis(LATE));
        let reads = self.view.queue_reads.iter();
        let without = reads.filter(|at| **at > last && **at >= from);
        match (without.clone().min(), without.max()) {
            (Some(first), Some(last)) => last.saturating_sub(*first) >= settle,
            _ => false,
        }
    }

    /// The first reading that shows that a request has left the queue: no older replica can have answered it, and it is
    /// later than the last reading that said that the request waits. A request that was never listed may have been
    /// absorbed by one that waits.
    pub(super) fn left_by(self, run: &Run) -> Option<Stamp> {
        let listed = run.listed()?.first.saturating_add(millis(LATE));
        let waited = run.last_waited()?.saturating_add(1);
        self.read_from(self.late_at().max(listed).max(waited))
    }

    /// Whether a run can be that of a request: a run is shown at most a settle period after its request has left the
    /// queue.
    pub(super) fn can_be_run_of(self, request: &Run, run: &Run) -> bool {
        let listed = request.listed().map(|listed| listed.last);
        let left = listed.and_then(|last| self.read_from(last.saturating_add(1)));
        let due = left.map(|left| left.saturating_add(millis(LATE)));
        let read = due.and_then(|due| self.read_from(due));
        read.is_none_or(|read| read >= run.seen.first)
    }

    /// The first reading from a time on.
    pub(super) fn read_from(self, due: Stamp) -> Option<Stamp> {
        let mut reads = self.view.queue_reads.iter().copied();
        reads.find(|at| *at >= due)
    }

    /// The readings that the rules need, however many follow: they show which requests and runs came later than ours.
    pub(super) fn needed_reads(self) -> impl Iterator<Item = Stamp> {
        let left = self.view.request_run().and_then(|own| self.left_by(own));
        let times = [Some(self.late_at()), left].into_iter().flatten();
        let shown = times.flat_map(|at| [at, at.saturating_add(millis(LATE))]);
        let reads = shown.chain([self.shows_order_at()]);
        let reads = reads.filter_map(move |due| self.read_from(due));
        reads.chain(self.order_read_at())
    }

    /// The position of a request among those that wait, counted from 1.
    pub(super) fn position(self, request: Uuid) -> Option<usize> {
        let queued = self.view.runs.iter().filter(|run| self.waits(run));
        let mut ids: Vec<Uuid> = queued.filter_map(Run::request).collect();
        ids.sort_unstable();
        ids.iter()
            .position(|id| *id == request)
            .map(|place| place + 1)
    }

    /// The time from which on the queue lists every request from before the action.
    pub(super) fn late_at(self) -> Stamp {
        self.view.asked_at().saturating_add(millis(LATE))
    }

    /// When the queue listed the request.
    fn own_row(self) -> Option<Span> {
        self.view.request_run()?.queued
    }

    /// When the request was last known to wait in the queue.
    fn left_at(self) -> Stamp {
        let queued = self.own_row();
        queued.map_or(self.view.asked_at(), |queued| queued.last)
    }

    /// The time from which on a reading of the queue shows that the request does not wait behind the run of a
    /// similar one.
    pub(super) fn shows_order_at(self) -> Stamp {
        self.late_at().max(self.left_at().saturating_add(1))
    }

    /// The first reading that is late enough to list every request from before the action.
    pub(super) fn late_read_at(self) -> Option<Stamp> {
        self.read_from(self.late_at())
    }

    /// Whether a request was listed for the first time after the queue had been read late enough to list ours.
    pub(super) fn lists_late(self, run: &Run) -> bool {
        let read = self.late_read_at();
        let queued = run.listed().map(|listed| listed.first);
        read.zip(queued).is_some_and(|(read, first)| read < first)
    }

    /// The first reading that shows the order, after the run that followed the queue was seen.
    pub(super) fn order_read_at(self) -> Option<Stamp> {
        let due = self
            .shows_order_at()
            .max(self.run_that_followed()?.seen.first);
        self.read_from(due)
    }

    /// Whether the run that followed the queue can be distinguished from runs that began later.
    pub(super) fn knows_order(self) -> bool {
        self.order_read_at().is_some()
    }

    /// The run that began when the request left the queue, or was never listed, if no other request can have begun
    /// then.
    pub(super) fn run_that_followed(self) -> Option<&'a Run> {
        let request = self.view.request();
        if request.is_none() && !self.view.candidates().requests().is_empty() {
            return None;
        }
        let left = self.left_at();
        let due = self.shows_order_at();
        let late = self.read_from(due)?;
        // Until then, a request that was never listed could still be listed.
        let unlisted = match self.own_row() {
            Some(_) => self.read_from(left.saturating_add(1))?,
            None => late,
        };
        let earliest = left.saturating_sub(millis(LATE));
        let latest = unlisted.saturating_add(millis(LATE));
        let own = self.view.request_run();
        let may_be_ours = |run: &&Run| {
            run.execution().is_some()
                && own.is_none_or(|own| !is_of_older(run, own))
                && run.seen.first >= earliest
                && acts_alike(self.view, run)
                && !is_from_before(self.view, run)
        };
        // Runs are sorted by their first reading.
        let mut runs = self.view.runs.iter().filter(may_be_ours);
        let first = runs.next()?;
        // The history can list an earlier one later: after a resume, for example.
        let is_earlier = |run: &Run| {
            run.created
                .zip(first.created)
                .is_some_and(|(own, of_first)| own < of_first)
        };
        if runs.clone().any(is_earlier) {
            return None;
        }
        let is_only = runs.next().is_none_or(|next| next.seen.first > latest);
        // A request that the queue lists after the beginning of a run waits behind it.
        let listed = first.seen.first.saturating_add(millis(LATE));
        let may_begin_then = |other: &Run| {
            other.request() != request
                && self.can_be_run_of(other, first)
                && other
                    .listed()
                    .is_none_or(|queued| queued.first <= latest && queued.last < listed)
        };
        if !self.view.has_acted() || self.view.candidates().alike().any(may_begin_then) {
            return None;
        }
        let has_begun = first.seen.first <= latest && is_only;
        let is_known = first.action.is_some() && covers(self.view, first);
        (has_begun && is_known).then_some(first)
    }
}
