//! Deletions of the subject that the operation did not ask for, or that others asked for first.

use super::super::{
    Goal, LATE, Ledger, State,
    claim::{acts_alike, covers, ended_before, is_older},
    millis,
    run::{End, Fate, Run},
    status::is_deletion,
};
use crate::wait::Phase;

/// The deletions of the subject.
#[derive(Clone, Copy)]
pub(crate) struct Deletions<'a> {
    pub(super) ledger: &'a Ledger,
}

impl<'a> Deletions<'a> {
    /// Whether a run performs the deletion that is the goal of the operation, as far as its action is known. A run
    /// that failed has deleted nothing, and one that ended before the action has not deleted the subject.
    fn is_asked_for(self, run: &Run) -> bool {
        let has_failed = run.end().and_then(End::state).is_some_and(State::is_error);
        let is_of_goal = match run.action.as_deref() {
            Some(action) => self.ledger.goal.is_of(action),
            None => run.fate.has_begun() && run.strays.is_none(),
        };
        self.ledger.goal.is_reached_when_gone()
            && is_of_goal
            && !has_failed
            && ended_before(self.ledger, run) != Some(true)
    }

    /// The runs that delete the subject, and that the operation did not ask for.
    fn unasked(self) -> impl Iterator<Item = &'a Run> {
        let runs = self
            .ledger
            .runs
            .iter()
            .filter(|_| !self.ledger.goal.is_reached_when_gone());
        runs.filter(|run| {
            let action = run.action.as_deref();
            action.is_some_and(|action| Goal::Deleted.is_of(action))
                && covers(self.ledger, run)
                && ended_before(self.ledger, run) != Some(true)
        })
    }

    /// Whether a deletion of the subject was seen that the operation did not ask for.
    pub(super) fn any_unasked(self) -> bool {
        let status = self.ledger.status();
        let mut states = status.state().into_iter().chain(status.own_state());
        let deletes = |state: &State| is_deletion(state) || *state == State::Deleted;
        let is_shown = !self.ledger.goal.is_reached_when_gone() && states.any(deletes);
        is_shown || self.unasked().next().is_some()
    }

    /// Whether a deletion of the services was accepted before the request: then the request may succeed without
    /// them.
    pub(super) fn precede_ours(self) -> bool {
        let is_first = |run: &Run| match run.request().zip(self.ledger.request) {
            Some((id, ours)) => is_older(id, ours),
            None => run.execution().is_some() && self.began_before_ours(run),
        };
        let shows_first =
            self.ledger.status().shows_before() || self.ledger.status().run().is_some_and(is_first);
        self.ledger.scope.is_services()
            && (self.ledger.status().shows_deletion() && shows_first
                || self.unasked().any(is_first))
    }

    /// Whether a run that never waited in the queue began before the action: it is shown a settle period after the
    /// action at the latest, and before ours.
    fn began_before_ours(self, run: &Run) -> bool {
        let said = self.ledger.own_request().and_then(Run::end);
        let ended = said.map(|end| end.at);
        let own = self.ledger.candidates().executions().into_iter();
        let began = own.map(|own| own.seen.first).chain(ended).min();
        let is_early = run.seen.first <= self.ledger.queue().late_at();
        is_early && began.is_none_or(|began| run.seen.first < began)
    }

    /// The deletions of the subject that cannot be this operation's and were not queued behind it.
    pub(super) fn by_others(self) -> Vec<&'a Run> {
        let is_behind = |run: &Run| {
            !self.ledger.queue().listed_before(run)
                && (self.is_newer(run) || self.ledger.queue().lists_late(run))
        };
        self.foreign().filter(|run| !is_behind(run)).collect()
    }

    /// Whether a deletion of the subject was seen, by the operation or by others.
    pub(super) fn any(self) -> bool {
        self.all().next().is_some()
    }

    fn foreign(self) -> impl Iterator<Item = &'a Run> {
        self.all().filter(move |run| !acts_alike(self.ledger, run))
    }

    fn all(self) -> impl Iterator<Item = &'a Run> {
        let runs = self.ledger.runs.iter();
        runs.filter(move |run| {
            self.is_asked_for(run) && covers(self.ledger, run) && !self.has_failed_run(run)
        })
    }

    /// Whether a request was executed and has failed: then it has deleted nothing. Its runs are those with its
    /// description, if no other request has the same one.
    fn has_failed_run(self, request: &Run) -> bool {
        let own = request.description();
        let runs = self.ledger.runs.iter();
        let alike = runs.filter(|run| own.is_some() && run.description() == own);
        let (executions, requests): (Vec<&Run>, Vec<&Run>) =
            alike.partition(|run| run.execution().is_some());
        let has_failed = |run: &&Run| run.end().and_then(End::state).is_some_and(State::is_error);
        requests.len() == 1 && !executions.is_empty() && executions.iter().all(has_failed)
    }

    /// Whether a request is newer than ours.
    fn is_newer(self, run: &Run) -> bool {
        let ids = self.ledger.request().zip(run.request());
        ids.is_some_and(|(ours, id)| is_older(ours, id))
    }

    /// Whether a deletion of the subject was queued or at work before the action.
    pub(super) fn had_begun(self) -> bool {
        let before = self.ledger.before.result.as_ref();
        before.is_some_and(|before| is_deletion(&before.state))
    }

    /// Whether a request that can be ours was last seen in the queue, behind a deletion that was seen before. It is
    /// not known to have waited if the queue cannot be read.
    pub(super) fn overtook_ours(self) -> bool {
        let requests = self.ledger.candidates().requests();
        let is_unseen = requests.is_empty();
        let asked = self.ledger.asked_at();
        let has_failed = |end: &End| {
            let state = end.state();
            state.is_some_and(|state| state.phase(self.ledger.goal) != Phase::Reached)
        };
        let waited = |run: &&Run| {
            run.end().is_none_or(has_failed)
                && run.last_waited().is_some_and(|waited| waited > asked)
        };
        let waiting: Vec<&Run> = requests.into_iter().filter(waited).collect();
        let before = self.ledger.before.result.as_ref();
        // A deletion of the environment need not have reached the services.
        let was_deleting =
            self.had_begun() || self.ledger.before.whole.as_ref().is_some_and(is_deletion);
        // An environment that still exists can also have the state `DELETED`, because all of its services have
        // it. A service has it until the deletion of its environment is over.
        let was_deleted = before.is_some_and(|before| before.state == State::Deleted)
            && (self.ledger.scope.is_services() || self.was_listed_before());
        let is_queue_hidden = self.ledger.before.requests.is_none();
        // The queue can be late.
        let is_unlisted = self.ledger.queue().late_read_at().is_none() && is_unseen;
        let may_wait = !waiting.is_empty() || is_queue_hidden || is_unlisted;
        let is_of_others = (was_deleting && may_wait) || (was_deleted && !waiting.is_empty());
        let own_runs = self.ledger.candidates().executions().into_iter();
        let begun = own_runs.filter(|run| run.fate.has_begun()).count();
        // The first run is that of a deletion that was queued before the action, if no queue lists that request.
        let was_queued = before.is_some_and(|before| before.state == State::DeleteQueued);
        let of_others = usize::from(was_queued && is_queue_hidden);
        if is_of_others && begun <= of_others {
            return true;
        }
        let mut queued = waiting.into_iter().filter(|run| run.fate == Fate::Queued);
        queued.any(|own| self.was_behind_a_run(own))
    }

    /// Whether the queue had listed a deletion of the subject before the action.
    fn was_listed_before(self) -> bool {
        let mut runs = self.ledger.runs.iter();
        runs.any(|run| self.ledger.queue().listed_before(run) && self.is_asked_for(run))
    }

    /// Whether only the history can show who triggered a run that a request waited behind.
    pub(super) fn lack_a_description(self) -> bool {
        let requests = self.ledger.candidates().requests().into_iter();
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
            .ledger
            .runs
            .iter()
            .filter(|run| run.execution().is_some());
        executions.filter(is_earlier)
    }

    /// Whether a request was listed for a settle period after the run of another deletion had begun.
    fn was_behind_a_run(self, own: &Run) -> bool {
        // Some servers list the request for as long as its run is at work.
        let is_listed_once = self.ledger.candidates().alike().count() == 1;
        let may_be_ours = |run: &Run| {
            let is_described = run.origin.is_some() && run.triggered_by.is_some();
            let is_alike = run.origin == own.origin && run.triggered_by == own.triggered_by;
            is_listed_once && is_described && is_alike
        };
        let mut earlier = self.earlier_runs(own);
        earlier.any(|run| !may_be_ours(run) && self.is_asked_for(run))
    }
}
