//! The runs that can be this operation's, and similar ones.

use uuid::Uuid;

use super::{
    super::Phase,
    Fact, Goal, Ledger, RunId, Stamp, State,
    claim::{acts_alike, claim, ended_before, is_of_older, is_older},
    run::{End, Run, UNNAMED_NEW},
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

    /// Whether a request or an execution that can be ours was seen.
    pub(super) fn any(self) -> bool {
        !self.requests().is_empty() || !self.executions().is_empty()
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

    /// The executions that can be ours, first seen first, without those of the requests ahead of ours.
    pub(super) fn executions(self) -> Vec<&'a Run> {
        let mut runs = self.executions_with_those_ahead();
        // A request that was canceled in the queue has an entry out of turn.
        let is_out_of_turn =
            |run: &Run| was_canceled(run) && run.active.is_none() && run.running.is_none();
        if !self.may_lack_a_run(&runs) && !runs.iter().any(|run| is_out_of_turn(run)) {
            // The first ones are those of the similar requests ahead of ours.
            runs.drain(..self.ahead().count());
        }
        runs
    }

    /// Whether there are fewer executions than similar requests: ours or one ahead has none. A request that was
    /// canceled in the queue may have none at all.
    fn may_lack_a_run(self, runs: &[&Run]) -> bool {
        runs.len() < self.ahead().count() + self.number_of_ours()
    }

    /// The requests ahead of ours that compete with it for too few executions.
    pub(super) fn competitors(self) -> Vec<&'a Run> {
        let runs = self.executions_with_those_ahead();
        // A request that was executed and never listed can have been absorbed by one ahead.
        let was_listed = self.requests().iter().any(|run| run.listed().is_some());
        let is_not_absorbed = self.ledger.is_lost() || was_listed;
        if runs.is_empty() || !self.may_lack_a_run(&runs) || !is_not_absorbed {
            return Vec::new();
        }
        let ahead: Vec<&Run> = self.ahead().filter(|run| !was_canceled(run)).collect();
        match runs.len() < ahead.len() + self.number_of_ours() {
            true => ahead,
            false => Vec::new(),
        }
    }

    /// Whether the only request that can be ours was triggered by another user than every execution that can be.
    pub(super) fn differ_in_user(self) -> bool {
        let request = self.only_request().map(RunId::Request);
        let user = request.and_then(|id| self.ledger.run(&id)?.triggered_by.as_ref());
        // The status can name the user in another form, or name that of the previous run.
        let is_described = |run: &Run| run.action.is_some() && run.triggered_by.is_some();
        let is_of_another = |run: &&Run| is_described(run) && run.triggered_by.as_ref() != user;
        let runs = self.executions();
        user.is_some() && !runs.is_empty() && runs.iter().all(is_of_another)
    }

    fn number_of_ours(self) -> usize {
        match self.ledger.request {
            Some(_) => 1,
            None => self.requests().len().max(1),
        }
    }

    fn executions_with_those_ahead(self) -> Vec<&'a Run> {
        let executions = self
            .ledger
            .runs
            .iter()
            .filter(|run| run.execution().is_some());
        let mut runs: Vec<&Run> = executions
            .filter(|run| !claim(self.ledger, run).is_excluded())
            .collect();
        // If the server names executions now, a run without a name is an earlier reading of one of them.
        if runs.iter().any(|run| run.execution() != Some(UNNAMED_NEW)) {
            runs.retain(|run| run.execution() != Some(UNNAMED_NEW));
        }
        // The history lists the same runs by their ids.
        runs.retain(|run| !self.is_listed_by_id(run));
        if let Some(ended) = self.end_by_date(&runs) {
            runs.retain(|run| {
                run.end().is_some() || run.seen.first >= ended || !run.is_named_by_date()
            });
        }
        runs
    }

    /// Whether a run that can be ours was seen, and the status shows another one.
    pub(super) fn has_been_followed(self) -> bool {
        let runs = self.executions();
        runs.len() > 1 || (!runs.is_empty() && !self.ledger.status().shows_candidate())
    }

    /// Whether the history was read for a run that the status names only by its date: then the entry of the history
    /// counts, even if it is late.
    fn is_listed_by_id(self, run: &Run) -> bool {
        let read = self.ledger.read_at(Fact::History);
        run.is_named_by_date()
            && !self.ledger.is_unavailable(Fact::History)
            && read.is_some_and(|read| read >= run.seen.first)
    }

    /// When the last of the runs that a status names only by their dates was first seen, if our request reports
    /// the same end. Then an earlier date can be that of the same run, because the date can change with the
    /// end.
    fn end_by_date(self, runs: &[&Run]) -> Option<Stamp> {
        let request = self.ledger.request().map(RunId::Request)?;
        let said = self.ledger.run(&request)?.end()?.state()?;
        let last = runs.iter().rfind(|run| run.is_named_by_date())?;
        (last.end()?.state()? == said).then_some(last.seen.first)
    }

    /// The similar requests from before the action that have left the queue.
    fn ahead(self) -> impl Iterator<Item = &'a Run> {
        self.alike().filter(move |run| self.was_ahead(run))
    }

    /// Whether a request from before the action, which has not absorbed ours, has left the queue since, or had left
    /// it although the status did not show its run yet.
    fn was_ahead(self, run: &Run) -> bool {
        let before = self.ledger.before.result.as_ref();
        let was_shown =
            before.is_some_and(|before| before.state.phase(Goal::Canceled) == Phase::Running);
        let waited = run
            .queued
            .is_some_and(|queued| queued.last > self.ledger.asked_at());
        self.ledger.queue().listed_before(run)
            && (waited || (run.begun.is_some() && !was_shown))
            && claim(self.ledger, run).is_excluded()
            && !self.ledger.queue().waits(run)
    }

    /// The requests other than ours with the same action that may have absorbed ours, and have left
    /// the queue.
    pub(super) fn rivals(self) -> Vec<&'a Run> {
        if self.ledger.queue().knows_order() {
            return Vec::new();
        }
        let has_left = |run: &&Run| run.listed().is_some() && !self.ledger.queue().waits(run);
        let Some(ours) = self.ledger.request else {
            let runs = self.executions();
            let has_none = |request: &&Run| {
                !runs.is_empty() && runs.iter().all(|run| is_of_older(run, request))
            };
            let left = self.requests().into_iter().filter(has_left);
            let (mut lacking, others): (Vec<&Run>, Vec<&Run>) = left.partition(has_none);
            lacking.extend(others.into_iter().skip(1));
            return lacking;
        };
        // A request is absorbed by an older request that is already queued, and is then not listed itself.
        let was_listed = self
            .ledger
            .own_request()
            .is_some_and(|run| run.listed().is_some());
        let may_carry =
            |run: &Run| !was_listed && run.request().is_some_and(|id| is_older(id, ours));
        let others = self.alike().filter(|run| run.request() != Some(ours));
        let others =
            others.filter(|run| !self.ledger.queue().listed_before(run) && !may_carry(run));
        others.filter(has_left).collect()
    }

    /// Whether another request with the same action as ours was in the queue.
    pub(super) fn has_others_alike(self) -> bool {
        let is_other = |run: &Run| run.request() != self.ledger.request && run.listed().is_some();
        self.alike().any(is_other)
    }

    /// The requests with the same action as ours.
    pub(super) fn alike(self) -> impl Iterator<Item = &'a Run> + Clone {
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
            .filter(|run| run.end().is_some() && claim(self.ledger, run).is_excluded())
            .filter(is_since)
            .collect()
    }
}

fn was_canceled(run: &Run) -> bool {
    run.end().and_then(End::state) == Some(&State::Canceled)
}
