//! Whether the status of a request is its own, or repeats the state of the environment.
//!
//! The contract does not say which of the two an endpoint reports. Its own status decides. A status that
//! repeats the environment is no evidence: the rules of [`super::signature`] decide without it.

use std::time::Duration;

use super::super::{
    Fact, LATE, Ledger, Stamp,
    claim::ends_as_another_action,
    decide, millis,
    run::{End, Fate, Run},
};
use crate::wait::Decision;

impl Ledger {
    /// The fate that the request status reports, if it is available.
    pub(super) fn said(&self) -> Option<&Fate> {
        let request = self.request?;
        let run = self.own_request()?;
        let is_usable = !self.is_unavailable(Fact::Request(request)) && !self.is_mirror(run);
        is_usable.then_some(&run.fate)
    }

    /// The end that the request status reports, when it was first reported, and the decision.
    pub(super) fn end_said(&self) -> Option<(&Run, Stamp, Decision)> {
        let run = self.own_request()?;
        let Fate::Ended(end) = self.said()? else {
            return None;
        };
        Some((run, end.at, decide(end.state()?, self.goal)?))
    }

    /// Whether the request status is "running" while the status shows the run of another request.
    pub(super) fn contradicts(&self) -> bool {
        let is_later = self.shown_run().is_some() && !self.shows_candidate();
        let works_for_another = is_later || self.shows_before() || self.shows_deletion();
        let has_candidate = !self.candidate_executions().is_empty();
        (self.is_at_work() && works_for_another) || (is_later && has_candidate)
    }

    /// Whether the status of a request repeats the state of the environment: it has shown another action, two
    /// ends, or work after its end.
    pub(super) fn is_mirror(&self, request: &Run) -> bool {
        let end = request.end();
        let has_two_ends = end.is_some_and(|end| end.states.len() > 1);
        let over = request.said_over.zip(request.active);
        let works_after =
            over.is_some_and(|(over, active)| active.last >= over.saturating_add(millis(LATE)));
        self.has_acted()
            && (has_two_ends
                || works_after
                || request.strays.is_some()
                || ends_as_another_action(self, request))
    }

    /// Whether the request status has reported an end while another run was at work, a settle period after its
    /// beginning and before its end. An environment runs one deployment at a time, and no endpoint is later
    /// than a settle period, so this is not the state of the environment.
    pub(super) fn has_own_end(&self, settle: Duration) -> bool {
        let settle = millis(settle);
        let Some(end) = self.final_end() else {
            return false;
        };
        let is_inside = |run: &Run, at: Stamp| {
            run.work().is_some_and(|work| {
                work.first.saturating_add(settle) <= at && at.saturating_add(settle) <= work.last
            })
        };
        let mut runs = self.runs.iter();
        runs.any(|run| is_inside(run, end.at) || is_inside(run, end.last))
    }

    /// When the next poll can contribute to that proof, if the status shows a run at work.
    pub(super) fn proves_end_at(&self, settle: Duration) -> Option<Stamp> {
        let settle = millis(settle);
        let end = self.final_end()?;
        let work = self.shown_run().filter(|_| self.is_at_work())?.work()?;
        let readable = work.first.saturating_add(settle);
        if end.last < readable {
            return Some(readable);
        }
        let read = if end.at >= readable { end.at } else { end.last };
        Some(read.saturating_add(settle))
    }

    /// The only end that the status of the named request has reported, if it has not reported work since.
    fn final_end(&self) -> Option<&End> {
        let own = self.own_request()?;
        let end = own.end().filter(|end| end.state().is_some())?;
        let is_last = own.active.is_none_or(|active| active.last < end.at);
        is_last.then_some(end)
    }

    /// Whether the history lists a run that can be ours and has ended.
    pub(super) fn has_other_end(&self) -> bool {
        let runs = self.possible_executions();
        !self.is_unavailable(Fact::History) && runs.iter().any(|run| run.finished.is_some())
    }

    /// Whether more than one run can be the one that is shown.
    pub(super) fn has_others(&self) -> bool {
        let known = &self.before.executions;
        let since = self.runs.iter().filter_map(Run::execution);
        let since = since.filter(|id| !known.iter().any(|known| known == id));
        let was_queued = |ids: &Vec<_>| !ids.is_empty();
        self.has_acted()
            && (since.count() > 1 || self.before.requests.as_ref().is_some_and(was_queued))
    }

    /// Whether the end that the request status reports may be the state that the environment shows for another run.
    pub(super) fn may_repeat_another_run(&self, request: &Run, is_canceled: bool) -> bool {
        if self.is_at_work() {
            self.shows_candidate()
                || (self.shows_before() && !is_canceled)
                || self.repeats_the_state_before(request)
        } else {
            request.end().and_then(|end| end.state()) == self.state()
        }
    }

    /// Whether the request was said to run while another run was at work, which can be ours and ended in another way
    /// than the later runs that ended as the request status says. Then it repeats the state of the environment.
    pub(super) fn is_of_a_later_run(&self, request: &Run, decision: &Decision) -> bool {
        let Some(running) = request.running else {
            return false;
        };
        // By then the status of the environment shows ours.
        let shown_by = running.saturating_add(millis(LATE));
        let agreeing = self.agreeing(decision);
        let is_before_all = |at: Stamp| agreeing.iter().all(|run| run.seen.first > at);
        let differs = |run: &&Run| agreeing.iter().all(|agreeing| agreeing.id != run.id);
        let runs = self.possible_executions();
        let mut others = runs.into_iter().filter(differs).filter_map(Run::work);
        !agreeing.is_empty() && others.any(|at| at.last >= shown_by && is_before_all(at.last))
    }

    /// Whether the request status is the state from before the action, and no run that can be ours was seen. It
    /// may be the state of the environment, read before anything began.
    fn repeats_the_state_before(&self, request: &Run) -> bool {
        let before = self.before.result.as_ref().map(|result| &result.state);
        let said = request.end().and_then(|end| end.state());
        before.is_some() && said == before && self.possible_executions().is_empty()
    }
}
