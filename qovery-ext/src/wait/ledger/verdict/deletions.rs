//! Deletions of the subject that the operation did not ask for, or that others asked for first.

use uuid::Uuid;

use super::super::{
    Goal, LATE, State, View,
    claim::{acts_alike, covers, ended_before, is_of_older, is_older, was_created_before},
    millis,
    run::{End, Fate, Run},
    status::is_deletion,
};
use crate::wait::Phase;

/// The deletions of the subject.
#[derive(Clone, Copy)]
pub(crate) struct Deletions<'a> {
    pub(super) view: &'a View<'a>,
}

impl<'a> Deletions<'a> {
    /// Whether a run performs the deletion that is the goal of the operation, as far as its action is known. A run
    /// that failed has deleted nothing, and one that ended before the action has not deleted the subject.
    fn is_asked_for(self, run: &Run) -> bool {
        let has_failed = run.end().and_then(End::state).is_some_and(State::is_error);
        let is_of_goal = match run.action.as_deref() {
            Some(action) => self.view.goal.is_of(action),
            None => run.fate.has_begun() && run.strays.is_none(),
        };
        self.view.goal.is_reached_when_gone()
            && is_of_goal
            && !has_failed
            && ended_before(self.view, run) != Some(true)
    }

    /// The runs that delete the subject, and that the operation did not ask for.
    fn unasked(self) -> impl Iterator<Item = &'a Run> {
        let runs = self
            .view
            .runs
            .iter()
            .filter(|_| !self.view.goal.is_reached_when_gone());
        runs.filter(|run| {
            run.is_of(Goal::Deleted)
                && covers(self.view, run)
                && ended_before(self.view, run) != Some(true)
        })
    }

    /// Whether a deletion of the subject was seen that the operation did not ask for.
    pub(super) fn any_unasked(self) -> bool {
        let status = self.view.status();
        let mut states = status.state().into_iter().chain(status.own_state());
        let deletes = |state: &State| is_deletion(state) || *state == State::Deleted;
        let is_shown = !self.view.goal.is_reached_when_gone() && states.any(deletes);
        is_shown || self.unasked().next().is_some()
    }

    /// Whether a deletion of the services was accepted before the request: then the request may succeed without
    /// them.
    pub(super) fn precede_ours(self) -> bool {
        let is_first = |run: &Run| match run.request().zip(self.view.request) {
            Some((id, ours)) => is_older(id, ours),
            None => run.execution().is_some() && self.began_before_ours(run),
        };
        let shows_first =
            self.view.status().shows_before() || self.view.status().run().is_some_and(is_first);
        self.view.scope.is_services()
            && (self.view.status().shows_deletion() && shows_first || self.unasked().any(is_first))
    }

    /// Whether a run that never waited in the queue began before the action: it is shown a settle period after the
    /// action at the latest, and before ours.
    fn began_before_ours(self, run: &Run) -> bool {
        let said = self.view.own_request().and_then(Run::end);
        let ended = said.map(|end| end.at);
        let own = self.view.candidates().executions().into_iter();
        let began = own.map(|own| own.seen.first).chain(ended).min();
        let is_early = run.seen.first <= self.view.queue().late_at();
        is_early && began.is_none_or(|began| run.seen.first < began)
    }

    /// The deletions of the subject that cannot be this operation's and were not queued behind it.
    pub(super) fn by_others(self) -> Vec<&'a Run> {
        let is_behind = |run: &Run| {
            !self.view.queue().listed_before(run)
                && (self.is_newer(run) || self.view.queue().lists_late(run))
        };
        self.foreign().filter(|run| !is_behind(run)).collect()
    }

    /// The request whose run was at work when another deletion waited behind it, if that run can be ours.
    pub(super) fn last_before_another(self) -> Option<Uuid> {
        let waits = |run: &Run| run.request().is_some() && run.end().is_none();
        let mut runs = self.view.candidates().executions();
        runs.retain(|run| run.end().is_none());
        let last = runs.last().and_then(|run| run.not_after);
        last.filter(|_| self.foreign().any(waits))
    }

    /// Whether a deletion of the subject was seen, by the operation or by others.
    pub(super) fn any(self) -> bool {
        self.all().next().is_some()
    }

    fn foreign(self) -> impl Iterator<Item = &'a Run> {
        self.all().filter(move |run| !acts_alike(self.view, run))
    }

    fn all(self) -> impl Iterator<Item = &'a Run> {
        let runs = self.view.runs.iter();
        runs.filter(move |run| {
            self.is_asked_for(run) && covers(self.view, run) && !self.has_failed_run(run)
        })
    }

    /// Whether a request was executed and has failed: then it has deleted nothing. Its runs are those with its
    /// description, if no other request has the same one.
    fn has_failed_run(self, request: &Run) -> bool {
        let own = request.description();
        let runs = self.view.runs.iter();
        let alike = runs.filter(|run| own.is_some() && run.description() == own);
        let (executions, requests): (Vec<&Run>, Vec<&Run>) =
            alike.partition(|run| run.execution().is_some());
        let has_failed = |run: &&Run| run.end().and_then(End::state).is_some_and(State::is_error);
        requests.len() == 1 && !executions.is_empty() && executions.iter().all(has_failed)
    }

    /// Whether a request is newer than ours.
    fn is_newer(self, run: &Run) -> bool {
        let ids = self.view.request().zip(run.request());
        ids.is_some_and(|(ours, id)| is_older(ours, id))
    }

    /// Whether a deletion of the subject was queued or at work before the action.
    pub(super) fn had_begun(self) -> bool {
        let before = self.view.before.result.as_ref();
        before.is_some_and(|before| is_deletion(&before.state))
    }

    /// Whether another deletion that was requested before ours can have deleted the subject, while ours waited.
    pub(super) fn overtook_ours(self) -> bool {
        let waiting = self.waiting();
        let mut begun = self.view.candidates().executions();
        begun.retain(|run| run.fate.has_begun());
        // The first run can be that of a deletion that was queued before the action. Without a queue, nothing shows how
        // many were.
        let before = self.view.before.result.as_ref();
        let was_queued = before.is_some_and(|before| before.state == State::DeleteQueued);
        let may_be_of_one_before =
            self.view.before.is_queue_hidden() && (was_queued || self.view.is_unnamed());
        if self.may_wait_behind_one_before(&waiting)
            && begun.len() <= usize::from(may_be_of_one_before)
        {
            return true;
        }
        let mut queued = waiting.iter().filter(|run| run.fate == Fate::Queued);
        queued.any(|own| self.was_behind_a_run(own))
    }

    /// The requests that can be ours, were last seen to wait, and are not known to have succeeded.
    fn waiting(self) -> Vec<&'a Run> {
        let asked = self.view.asked_at();
        let has_failed = |end: &End| {
            let state = end.state();
            state.is_some_and(|state| state.phase(self.view.goal) != Phase::Reached)
        };
        let mut requests = self.view.candidates().requests();
        requests.retain(|run| {
            run.end().is_none_or(has_failed)
                && run.last_waited().is_some_and(|waited| waited > asked)
        });
        requests
    }

    /// Whether a deletion was requested before the action, and our request can have waited behind it.
    fn may_wait_behind_one_before(self, waiting: &[&Run]) -> bool {
        let before = self.view.before.result.as_ref();
        // A deletion of the environment need not have reached the services.
        let was_deleting =
            self.had_begun() || self.view.before.whole.as_ref().is_some_and(is_deletion);
        // An environment that still exists can also have the state `DELETED`, because all of its services have
        // it. A service has it until the deletion of its environment is over.
        let was_deleted = before.is_some_and(|before| before.state == State::Deleted)
            && (self.view.scope.is_services() || self.was_listed_before());
        let is_unlisted = self.view.candidates().requests().is_empty()
            // The queue can be late.
            && self.view.queue().late_read_at().is_none();
        let may_wait = !waiting.is_empty() || self.view.before.is_queue_hidden() || is_unlisted;
        let created_before = |run: &Run| was_created_before(self.view, run) == Some(true);
        self.all().any(created_before)
            || (was_deleting && may_wait)
            || (was_deleted && !waiting.is_empty())
    }

    /// Whether the queue listed a request to the end without progress, although a run was at work. The queue of a
    /// service shows no progress.
    fn waits_beside(self, own: &Run, run: &Run) -> bool {
        let shown = run.work().map(|work| work.first);
        let listed = own.queued.map(|queued| queued.last);
        let shows_progress = own.services.is_some();
        let is_listed = self.view.queue().lists(own);
        shows_progress && is_listed && shown.is_some() && shown < listed
    }

    /// Whether the queue had listed a deletion of the subject before the action.
    fn was_listed_before(self) -> bool {
        let mut runs = self.view.runs.iter();
        runs.any(|run| self.view.queue().listed_before(run) && self.is_asked_for(run))
    }

    /// Whether only the history can show who triggered a run that a request waited behind.
    pub(super) fn lack_a_description(self) -> bool {
        let requests = self.view.candidates().requests().into_iter();
        let mut waiting = requests.filter(|run| run.fate == Fate::Queued);
        waiting.any(|own| self.earlier_runs(own).any(|run| !run.is_described()))
    }

    /// The runs that had begun a settle period before the queue last listed a request.
    fn earlier_runs(self, own: &Run) -> impl Iterator<Item = &'a Run> {
        let listed = own.last_waited();
        // The queue can list a request for some time after its run has begun.
        let is_earlier = move |run: &&Run| {
            let shown = run.seen.first.saturating_add(millis(LATE));
            listed.is_some_and(|listed| shown < listed)
        };
        let executions = self
            .view
            .runs
            .iter()
            .filter(|run| run.execution().is_some());
        executions.filter(is_earlier)
    }

    /// Whether a request waited behind the run of another deletion: that of an older request, one that was at work while
    /// the queue listed the request to the end, or one that had begun a settle period before it was last listed.
    fn was_behind_a_run(self, own: &Run) -> bool {
        // Some servers list the request for as long as its run is at work.
        let is_listed_once = self.view.candidates().alike().count() == 1;
        let may_be_ours = |run: &Run| {
            let is_described = run.origin.is_some() && run.triggered_by.is_some();
            let is_alike = run.origin == own.origin && run.triggered_by == own.triggered_by;
            is_listed_once && is_described && is_alike
        };
        let earlier = self.earlier_runs(own).filter(|run| !may_be_ours(run));
        let is_ahead = |run: &&Run| is_of_older(run, own) || self.waits_beside(own, run);
        let ahead = self.view.runs.iter().filter(is_ahead);
        ahead.chain(earlier).any(|run| self.is_asked_for(run))
    }
}
