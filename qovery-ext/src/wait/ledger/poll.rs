//! The facts of a poll.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LATE, Stamp, View, millis};

/// A fact that can be read in addition to the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Fact {
    /// The status of one request.
    Request(Uuid),
    Queue,
    History,
}

/// One poll: facts are fresh if they were read since it began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Poll {
    pub(crate) since: Stamp,
    pub(crate) now: Stamp,
    pub(crate) settle: Duration,
    /// Whether many operations share the polls, so that this poll reads only deciding facts.
    pub(crate) shares: bool,
}

impl Poll {
    /// Whether some settle periods have passed since a time.
    pub(super) fn is_settled(&self, since: Stamp, periods: u64) -> bool {
        self.now >= since.saturating_add(millis(self.settle).saturating_mul(periods))
    }

    /// Requires that the poll has read a fact.
    pub(super) fn need(&self, view: &View, fact: Fact) -> Result<(), Fact> {
        let read = view.read_at(fact).filter(|at| *at >= self.since);
        read.map(|_| ()).ok_or(fact)
    }

    /// Requires the status of each request that can be ours and has no known end.
    pub(super) fn need_ends(&self, view: &View) -> Result<(), Fact> {
        let requests = view.candidates().requests().into_iter();
        let mut open = requests.filter(|run| run.end().is_none());
        open.try_for_each(|run| match run.request() {
            Some(id) => self.need(view, Fact::Request(id)),
            None => Ok(()),
        })
    }

    /// Requires a fact, but not in every poll.
    pub(super) fn need_at_times(&self, view: &View, fact: Fact) -> Result<(), Fact> {
        if self.was_just_read(view, fact) {
            return Ok(());
        }
        self.need(view, fact)
    }

    /// Requires the queue as soon as it shows that no similar request is ahead, if it was not read since.
    pub(super) fn need_order(&self, view: &View) -> Result<(), Fact> {
        let runs = view.candidates().executions();
        let began = runs.first().map(|run| run.seen.first);
        let listed = began.map_or(0, |began| began.saturating_add(millis(LATE)));
        let due = view.queue().shows_order_at().max(listed);
        let is_known = view.read_at(Fact::Queue).is_some_and(|at| at >= due);
        if is_known || self.now < due {
            return Ok(());
        }
        self.need(view, Fact::Queue)
    }

    /// Whether an earlier poll has read a fact recently.
    pub(super) fn was_just_read(&self, view: &View, fact: Fact) -> bool {
        let Some(at) = view.read_at(fact) else {
            return false;
        };
        // By then the history shows the end of the runs before the shown one.
        let shown = view.status().run().filter(|_| fact == Fact::History);
        let due = shown.map(|run| run.seen.first.saturating_add(millis(LATE)));
        let is_due = due.is_some_and(|due| at < due && due <= self.now);
        !is_due && at < self.since && self.now < at.saturating_add(HISTORY_EVERY)
    }
}

/// How often the history is read for services that may have ended before their run, in milliseconds.
const HISTORY_EVERY: Stamp = 30_000;
