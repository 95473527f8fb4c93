//! The runs that can be this operation's, and those like them.

use uuid::Uuid;

use super::{
    Fact, Goal, LATE, Ledger,
    claim::{acts_alike, claim, ended_before, is_older},
    millis,
    run::{Run, UNNAMED_NEW},
};

/// The runs that can be this operation's.
#[derive(Clone, Copy)]
pub(crate) struct Candidates<'a> {
    pub(super) ledger: &'a Ledger,
}

impl<'a> Candidates<'a> {
    /// The requests that can be ours, first seen first.
    pub(super) fn requests(self) -> Vec<&'a Run> {
        let own = self
            .ledger
            .runs
            .iter()
            .filter(|run| run.request().is_some());
        own.filter(|run| !claim(self.ledger, run).is_excluded())
            .collect()
    }

    /// The only queued request that can be ours, if the server has named none.
    pub(super) fn only_request(self) -> Option<Uuid> {
        if !self.ledger.has_acted() || self.ledger.goal == Goal::Canceled {
            return None;
        }
        match self.requests().as_slice() {
            [run] => run.request(),
            _ => None,
        }
    }

    /// The executions that can be ours, first seen first.
    pub(super) fn executions(self) -> Vec<&'a Run> {
        let executions = self
            .ledger
            .runs
            .iter()
            .filter(|run| run.execution().is_some());
        let mut runs: Vec<&Run> = executions
            .filter(|run| !claim(self.ledger, run).is_excluded())
            .collect();
        // A server that names executions now has not named the first reading of the same run.
        if runs.iter().any(|run| run.execution() != Some(UNNAMED_NEW)) {
            runs.retain(|run| run.execution() != Some(UNNAMED_NEW));
        }
        // The history lists the same runs by their ids.
        runs.retain(|run| !self.is_listed_by_id(run));
        // The first ones are those of the similar requests ahead of ours. A request that was canceled in the queue
        // may have no run at all.
        let ahead = self.alike().filter(|run| self.was_ahead(run)).count();
        let ours = match self.ledger.request {
            Some(_) => 1,
            None => self.requests().len().max(1),
        };
        if runs.len() >= ahead + ours {
            runs.drain(..ahead);
        }
        runs
    }

    /// Whether a run that the status names only by its date has an entry in the history, which is at most a settle
    /// period late.
    fn is_listed_by_id(self, run: &Run) -> bool {
        let read = self.ledger.read_at(Fact::History);
        let listed = run.seen.first.saturating_add(millis(LATE));
        run.is_named_by_date()
            && !self.ledger.is_unavailable(Fact::History)
            && read.is_some_and(|read| read >= listed)
    }

    /// Whether a request from before the action, which has not absorbed ours, has left the queue since.
    fn was_ahead(self, run: &Run) -> bool {
        self.ledger.queue().listed_before(run)
            && run
                .queued
                .is_some_and(|queued| queued.last > self.ledger.asked_at())
            && claim(self.ledger, run).is_excluded()
            && !self.ledger.queue().lists(run)
    }

    /// The requests other than ours with the same action that may have absorbed ours, and have left
    /// the queue.
    pub(super) fn rivals(self) -> Vec<&'a Run> {
        if self.ledger.queue().knows_order() {
            return Vec::new();
        }
        let has_left = |run: &&Run| run.queued.is_some() && !self.ledger.queue().lists(run);
        let Some(ours) = self.ledger.request else {
            let requests = self.requests().into_iter();
            return requests.filter(has_left).skip(1).collect();
        };
        // A request is absorbed by one that is queued already: an older one, and is not listed itself.
        let was_listed = self
            .ledger
            .own_request()
            .is_some_and(|run| run.queued.is_some());
        let may_carry =
            |run: &Run| !was_listed && run.request().is_some_and(|id| is_older(id, ours));
        let others = self.alike().filter(|run| run.request() != Some(ours));
        let others =
            others.filter(|run| !self.ledger.queue().listed_before(run) && !may_carry(run));
        others.filter(has_left).collect()
    }

    /// The requests with the same action as ours.
    pub(super) fn alike(self) -> impl Iterator<Item = &'a Run> {
        let requests = self
            .ledger
            .runs
            .iter()
            .filter(|run| run.request().is_some());
        requests.filter(|run| acts_alike(self.ledger, run))
    }

    /// The runs since the action that are not ours.
    pub(super) fn foreign(self) -> Vec<&'a Run> {
        let before = &self.ledger.before.executions;
        let executions = self.ledger.runs.iter().filter(|run| {
            let id = run.execution();
            id.is_some_and(|id| !before.iter().any(|known| known == id))
        });
        let is_since = |run: &&Run| ended_before(self.ledger, run) != Some(true);
        executions
            .filter(|run| run.end().is_some())
            .filter(is_since)
            .collect()
    }
}
