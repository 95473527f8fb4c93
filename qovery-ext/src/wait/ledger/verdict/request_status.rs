//! Whether the status of a request is its own, or repeats the state of the environment.
//!
//! The contract does not say which of the two an endpoint reports. Its own status decides. A status that
//! repeats the environment is no evidence: the rules of [`super::signature`] decide without it.

use super::super::{
    Fact, LATE, Stamp, View,
    claim::{covers, is_older, repeats_environment},
    decide, millis,
    run::{End, Fate, Run},
};
use crate::wait::Decision;

/// The status of the request that is the operation's.
#[derive(Clone, Copy)]
pub(crate) struct RequestStatus<'a> {
    pub(super) view: &'a View<'a>,
}

impl<'a> RequestStatus<'a> {
    /// The fate that the request status reports, if it is available.
    pub(super) fn fate(self) -> Option<&'a Fate> {
        self.fate_of(self.view.own_request()?)
    }

    /// The fate that the status of a request reports, if it is available.
    fn fate_of(self, run: &'a Run) -> Option<&'a Fate> {
        let fact = Fact::Request(run.request()?);
        let is_usable = !self.view.is_unavailable(fact) && !self.repeats_environment(run);
        is_usable.then_some(&run.fate)
    }

    /// Whether the status of a request says that it runs: then it has not left the queue without a run.
    pub(super) fn says_that_it_runs(self, request: &'a Run) -> bool {
        self.fate_of(request) == Some(&Fate::Running)
    }

    /// The end that the request status reports, when it was first reported, and the decision.
    pub(super) fn end(self) -> Option<(&'a Run, Stamp, Decision)> {
        let run = self.view.own_request()?;
        let Fate::Ended(end) = self.fate()? else {
            return None;
        };
        Some((run, end.at, decide(end.state()?, self.view.goal)?))
    }

    /// The requests that can be ours, and whose statuses say that they failed or were canceled.
    pub(super) fn failed(self) -> Vec<&'a Run> {
        let has_failed = |run: &&Run| {
            let end = self.fate_of(run).and(run.end()).and_then(End::state);
            let decision = end.and_then(|state| decide(state, self.view.goal));
            matches!(decision, Some(Decision::Canceled(_) | Decision::Failed(_)))
        };
        let mut requests = self.view.candidates().requests();
        requests.retain(has_failed);
        requests
    }

    /// Whether the request status is "running" while the status shows the run of another request.
    pub(super) fn contradicts(self) -> bool {
        let is_later = self.view.status().run().is_some() && !self.view.status().shows_candidate();
        let works_for_another =
            is_later || self.view.status().shows_before() || self.view.status().shows_deletion();
        let has_candidate = !self.view.candidates().executions().is_empty();
        (self.view.status().is_at_work() && works_for_another) || (is_later && has_candidate)
    }

    /// Whether the status of a request repeats the state of the environment.
    pub(super) fn repeats_environment(self, request: &Run) -> bool {
        repeats_environment(self.view, request)
    }

    /// Whether more than one run can be the one that is shown.
    pub(super) fn has_others(self) -> bool {
        let since = self.view.runs.iter().filter_map(Run::execution);
        let since = since.filter(|id| !self.view.before.shows(id));
        let was_queued = |ids: &Vec<_>| !ids.is_empty();
        let is_other = |run: &Run| run.request().is_some() && run.request() != self.view.request;
        let mut runs = self.view.runs.iter();
        self.view.has_acted()
            && (since.count() > 1
                || self.view.before.requests.as_ref().is_some_and(was_queued)
                || runs.any(|run| is_other(run) && covers(self.view, run)))
    }

    /// Whether the end that the request status reports may be the state that the environment shows for another run.
    pub(super) fn may_repeat_another_run(self, request: &Run, is_canceled: bool) -> bool {
        if self.view.status().is_at_work() {
            self.view.status().shows_candidate()
                || (self.view.status().shows_before() && !is_canceled)
                || self.repeats_the_state_before(request)
        } else {
            request.end().and_then(|end| end.state()) == self.view.status().state()
        }
    }

    /// Whether the end that the request status reports is that of another run.
    pub(super) fn repeats_another_run(self, request: &Run, decision: &Decision) -> bool {
        self.is_of_a_later_run(request, decision)
            || self.outlasts_its_run(request)
            || self.is_contradicted_by_the_order(decision)
    }

    /// Whether the request status reports the end of a later run, and so repeats the state of the environment:
    /// when it was "running", a run that can be ours was at work and ended in another way, and all runs with
    /// the reported end began after that.
    fn is_of_a_later_run(self, request: &Run, decision: &Decision) -> bool {
        let Some(running) = request.running else {
            return false;
        };
        // By then the status of the environment shows ours.
        let shown_by = running.saturating_add(millis(LATE));
        let agreeing = self.view.ends().agreeing(decision);
        let is_before_all = |at: Stamp| agreeing.iter().all(|run| run.seen.first > at);
        let differs = |run: &&Run| agreeing.iter().all(|agreeing| agreeing.id != run.id);
        let runs = self.view.candidates().executions();
        let mut others = runs.into_iter().filter(differs).filter_map(Run::work);
        !agreeing.is_empty() && others.any(|at| at.last >= shown_by && is_before_all(at.last))
    }

    /// Whether as many similar requests as runs were seen, ours is the oldest of them, and the first run has not ended
    /// as the request status says.
    fn is_contradicted_by_the_order(self, decision: &Decision) -> bool {
        let Some(ours) = self.view.request else {
            return false;
        };
        let others = self.view.candidates().alike();
        let mut ids = others.filter_map(Run::request).filter(|id| *id != ours);
        let runs = self.view.candidates().executions();
        let has_run_for_each = ids.clone().count() + 1 == runs.len();
        let agreeing = self.view.ends().agreeing(decision);
        let agrees = |first: &Run| agreeing.iter().any(|run| run.id == first.id);
        runs.len() > 1
            && has_run_for_each
            && ids.all(|id| is_older(ours, id))
            && runs
                .first()
                .is_some_and(|first| first.end().is_some() && !agrees(first))
    }

    /// Whether the request status was still "running" a settle period after the end of every run that had begun
    /// when it was first "running".
    fn outlasts_its_run(self, request: &Run) -> bool {
        let Some(running) = request.running else {
            return false;
        };
        let shown_by = running.saturating_add(millis(LATE));
        let worked = self
            .view
            .runs
            .iter()
            .filter_map(|run| Some((run, run.work()?)));
        let begun = worked.filter(|(_, at)| at.first <= shown_by);
        let ends: Option<Vec<Stamp>> = begun
            .map(|(run, _)| self.view.ends().over_by(run))
            .collect();
        let over = ends.and_then(|ends| ends.into_iter().max());
        let said = request.active.map(|active| active.last);
        over.zip(said)
            .is_some_and(|(over, said)| said >= over.saturating_add(millis(LATE)))
    }

    /// Whether the request status is the state from before the action, and no run that can be ours was seen. It
    /// may be the state of the environment, read before anything began.
    fn repeats_the_state_before(self, request: &Run) -> bool {
        let before = self.view.before.result.as_ref().map(|result| &result.state);
        let said = request.end().and_then(|end| end.state());
        before.is_some() && said == before && self.view.candidates().executions().is_empty()
    }
}
