//! The runs that can be this operation's, and similar ones.

use uuid::Uuid;

use super::{
    super::Phase,
    Fact, Goal, RunId, Stamp, State, View,
    claim::{acts_alike, ended_before, is_not_that_of, is_of_older, is_older},
    run::{End, Run, UNNAMED_NEW},
};

/// The runs that can be this operation's.
#[derive(Clone, Copy)]
pub(crate) struct Candidates<'a> {
    pub(super) view: &'a View<'a>,
}

impl View<'_> {
    /// The runs that can be this operation's.
    pub(super) fn candidates(&self) -> Candidates<'_> {
        Candidates { view: self }
    }
}

impl<'a> Candidates<'a> {
    /// The requests that can be ours, first seen first.
    pub(super) fn requests(self) -> Vec<&'a Run> {
        let own = self.view.runs.iter().filter(|run| run.request().is_some());
        own.filter(|run| !self.view.claim(run).is_excluded())
            .collect()
    }

    /// Whether a request or an execution that can be ours was seen.
    pub(super) fn any(self) -> bool {
        !self.requests().is_empty() || !self.executions().is_empty()
    }

    /// The only queued request that can be ours, if the server has named none.
    pub(super) fn only_request(self) -> Option<Uuid> {
        if !self.view.has_acted() || self.view.goal == Goal::Canceled {
            return None;
        }
        match self.requests().as_slice() {
            [run] => run.request(),
            _ => None,
        }
    }

    /// The executions that can be ours, first seen first, without those of the requests ahead of ours.
    pub(super) fn executions(self) -> Vec<&'a Run> {
        let find = || self.without_those_ahead();
        self.view.executions_found(find)
    }

    fn without_those_ahead(self) -> Vec<&'a Run> {
        let mut runs = self.executions_with_those_ahead();
        // A request that was canceled in the queue has an entry out of turn.
        let is_out_of_turn =
            |run: &Run| was_canceled(run) && run.active.is_none() && run.running.is_none();
        let ahead = self.ahead(&runs);
        if ahead.is_empty()
            || self.may_lack_a_run(&runs, &ahead)
            || runs.iter().any(|run| is_out_of_turn(run))
        {
            return runs;
        }
        let mut excluded = self.excluded_alike();
        for request in ahead {
            let is_its_own = |run: &&Run| self.view.queue().can_be_run_of(request, run);
            // Another fact than the order excludes the run of this request.
            if let Some(place) = excluded.iter().position(is_its_own) {
                excluded.remove(place);
            } else if runs.first().is_some_and(is_its_own) {
                runs.remove(0);
            }
        }
        runs
    }

    /// The executions since the action that do the same as ours, and are excluded.
    fn excluded_alike(self) -> Vec<&'a Run> {
        let runs = self
            .view
            .runs
            .iter()
            .filter(|run| run.execution().is_some());
        let runs =
            runs.filter(|run| acts_alike(self.view, run) && self.view.claim(run).is_excluded());
        runs.filter(|run| !self.was_known_before(run) && ended_before(self.view, run) != Some(true))
            .collect()
    }

    fn was_known_before(self, run: &Run) -> bool {
        let id = run.execution();
        id.is_some_and(|id| self.view.before.shows(id))
    }

    /// Whether there are fewer executions than similar requests: ours or one ahead has none. A request that was
    /// canceled in the queue may have none at all.
    fn may_lack_a_run(self, runs: &[&Run], ahead: &[&Run]) -> bool {
        runs.len() < ahead.len() + self.number_of_ours()
    }

    /// The requests ahead of ours that compete with it for too few executions.
    pub(super) fn competitors(self) -> Vec<&'a Run> {
        let runs = self.executions_with_those_ahead();
        // A request that was executed and never listed can have been absorbed by one ahead.
        let was_listed = self.requests().iter().any(|run| run.listed().is_some());
        let is_not_absorbed = self.view.is_lost() || was_listed;
        if runs.is_empty() || !is_not_absorbed {
            return Vec::new();
        }
        let mut ahead = self.ahead(&runs);
        ahead.retain(|run| !was_canceled(run));
        match self.may_lack_a_run(&runs, &ahead) {
            true => ahead,
            false => Vec::new(),
        }
    }

    /// Whether the only request that can be ours was triggered by another user than every execution that can be.
    pub(super) fn differ_in_user(self) -> bool {
        let request = self.only_request().map(RunId::Request);
        let user = request.and_then(|id| self.view.run(&id)?.triggered_by.as_ref());
        // The status can name the user in another form, or name that of the previous run.
        let is_described = |run: &Run| run.action.is_some() && run.triggered_by.is_some();
        let is_of_another = |run: &&Run| is_described(run) && run.triggered_by.as_ref() != user;
        let runs = self.executions();
        user.is_some() && !runs.is_empty() && runs.iter().all(is_of_another)
    }

    fn number_of_ours(self) -> usize {
        match self.view.request {
            Some(_) => 1,
            None => self.requests().len().max(1),
        }
    }

    fn executions_with_those_ahead(self) -> Vec<&'a Run> {
        let executions = self
            .view
            .runs
            .iter()
            .filter(|run| run.execution().is_some());
        let mut runs: Vec<&Run> = executions
            .filter(|run| !self.view.claim(run).is_excluded())
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
        runs.len() > 1 || (!runs.is_empty() && !self.view.status().shows_candidate())
    }

    /// Whether the history was read for a run that the status names only by its date: then the entry of the history
    /// counts, even if it is late.
    fn is_listed_by_id(self, run: &Run) -> bool {
        let read = self.view.read_at(Fact::History);
        run.is_named_by_date()
            && !self.view.is_unavailable(Fact::History)
            && read.is_some_and(|read| read >= run.seen.first)
    }

    /// When the last of the runs that a status names only by their dates was first seen, if our request reports
    /// the same end. Then an earlier date can be that of the same run, because the date can change with the
    /// end.
    fn end_by_date(self, runs: &[&Run]) -> Option<Stamp> {
        let said = self.view.request_run()?.end()?.state()?;
        let last = runs.iter().rfind(|run| run.is_named_by_date())?;
        (last.end()?.state()? == said).then_some(last.seen.first)
    }

    /// The similar requests from before the action that have left the queue, and can have one of these runs.
    fn ahead(self, runs: &[&Run]) -> Vec<&'a Run> {
        let queue = self.view.queue();
        let has_one = |request: &&Run| runs.iter().any(|run| queue.can_be_run_of(request, run));
        let ahead = self.alike().filter(|run| self.was_ahead(run));
        ahead.filter(has_one).collect()
    }

    /// Whether a request from before the action, which has not absorbed ours, has left the queue since, or had left
    /// it although the status did not show its run yet.
    fn was_ahead(self, run: &Run) -> bool {
        let before = self.view.before.result.as_ref();
        let was_shown =
            before.is_some_and(|before| before.state.phase(Goal::Canceled) == Phase::Running);
        let waited = run
            .queued
            .is_some_and(|queued| queued.last > self.view.asked_at());
        self.view.queue().listed_before(run)
            && (waited || (run.begun.is_some() && !was_shown))
            && self.view.claim(run).is_excluded()
            && !self.view.queue().waits(run)
    }

    /// The requests other than ours with the same action that may have absorbed ours, and have left
    /// the queue.
    pub(super) fn rivals(self) -> Vec<&'a Run> {
        if self.view.queue().knows_order() {
            return Vec::new();
        }
        let has_left = |run: &&Run| run.listed().is_some() && !self.view.queue().waits(run);
        let Some(ours) = self.view.request else {
            let runs = self.executions();
            let is_of_another = |run: &Run, request: &Run| {
                is_of_older(run, request) || is_not_that_of(self.view, run, request)
            };
            let has_none = |request: &&Run| {
                !runs.is_empty() && runs.iter().all(|run| is_of_another(run, request))
            };
            let left = self.requests().into_iter().filter(has_left);
            let (mut lacking, others): (Vec<&Run>, Vec<&Run>) = left.partition(has_none);
            lacking.extend(others.into_iter().skip(1));
            return lacking;
        };
        // A request is absorbed by an older request that is already queued, and is then not listed itself.
        let was_listed = self
            .view
            .own_request()
            .is_some_and(|run| run.listed().is_some());
        let may_carry =
            |run: &Run| !was_listed && run.request().is_some_and(|id| is_older(id, ours));
        let others = self.alike().filter(|run| run.request() != Some(ours));
        let others = others.filter(|run| !self.view.queue().listed_before(run) && !may_carry(run));
        others.filter(has_left).collect()
    }

    /// Whether another request with the same action as ours was in the queue.
    pub(super) fn has_others_alike(self) -> bool {
        let is_other = |run: &Run| run.request() != self.view.request && run.listed().is_some();
        self.alike().any(is_other)
    }

    /// The requests with the same action as ours.
    pub(super) fn alike(self) -> impl Iterator<Item = &'a Run> + Clone {
        let requests = self.view.runs.iter().filter(|run| run.request().is_some());
        requests.filter(|run| acts_alike(self.view, run))
    }

    /// The runs since the action that are not ours.
    pub(super) fn foreign(self) -> Vec<&'a Run> {
        let executions = self.view.runs.iter();
        let executions =
            executions.filter(|run| run.execution().is_some() && !self.was_known_before(run));
        let is_since = |run: &&Run| ended_before(self.view, run) != Some(true);
        executions
            .filter(|run| run.end().is_some() && self.view.claim(run).is_excluded())
            .filter(is_since)
            .collect()
    }
}

fn was_canceled(run: &Run) -> bool {
    run.end().and_then(End::state) == Some(&State::Canceled)
}
