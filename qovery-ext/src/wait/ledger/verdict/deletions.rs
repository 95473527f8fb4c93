//! Deletions of the subject that the operation did not ask for, or that others asked for first.

use super::super::{
    Goal, LATE, Ledger, RunId,
    claim::{acts_alike, covers, is_older},
    millis,
    run::{Fate, Run},
    status::is_deletion,
};

/// The deletions of the subject.
#[derive(Clone, Copy)]
pub(crate) struct Deletions<'a> {
    pub(super) ledger: &'a Ledger,
}

impl<'a> Deletions<'a> {
    /// Whether a run performs the deletion that is the goal of the operation.
    fn is_asked_for(self, run: &Run) -> bool {
        let action = run.action.as_deref();
        self.ledger.goal.is_reached_when_gone()
            && action.is_some_and(|action| self.ledger.goal.is_of(action))
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
            action.is_some_and(|action| Goal::Deleted.is_of(action)) && covers(self.ledger, run)
        })
    }

    /// Whether a deletion of the subject was seen that the operation did not ask for.
    pub(super) fn any_unasked(self) -> bool {
        self.ledger.status().shows_deletion() || self.unasked().next().is_some()
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
            let ids = self.ledger.request.zip(run.request());
            ids.is_some_and(|(ours, id)| is_older(ours, id))
                && !self.ledger.queue().listed_before(run)
        };
        let runs = self.ledger.runs.iter().filter(|run| self.is_asked_for(run));
        runs.filter(|run| {
            covers(self.ledger, run) && !acts_alike(self.ledger, run) && !is_behind(run)
        })
        .collect()
    }

    /// Whether the request was last seen in the queue, behind a deletion that was seen before.
    pub(super) fn overtook_ours(self) -> bool {
        let own = self.ledger.request();
        let own = own.and_then(|id| self.ledger.run(&RunId::Request(id)));
        let own = own.filter(|run| run.fate == Fate::Queued);
        let Some((own, queued)) = own.and_then(|run| Some((run, run.queued?))) else {
            return false;
        };
        let before = self.ledger.before.result.as_ref();
        let was_deleting = before.is_some_and(|before| is_deletion(&before.state));
        let mut own_runs = self.ledger.candidates().executions().into_iter();
        if was_deleting && !own_runs.any(|run| run.fate.has_begun()) {
            return true;
        }
        // The queue can list a request for some time after its run has begun.
        let is_earlier = |run: &Run| run.seen.first.saturating_add(millis(LATE)) < queued.last;
        let executions = self
            .ledger
            .runs
            .iter()
            .filter(|run| run.execution().is_some());
        // Some servers list the request for as long as its run is at work.
        let is_listed_once = self.ledger.candidates().alike().count() == 1;
        let may_be_ours = |run: &Run| {
            let is_described = run.origin.is_some() && run.triggered_by.is_some();
            let is_alike = run.origin == own.origin && run.triggered_by == own.triggered_by;
            is_listed_once && is_described && is_alike
        };
        let mut earlier = executions.filter(|run| is_earlier(run) && !may_be_ours(run));
        earlier.any(|run| self.is_asked_for(run))
    }
}
