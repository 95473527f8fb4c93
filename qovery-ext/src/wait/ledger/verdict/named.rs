//! The server or the user has named the request: its own status decides, unless other facts
//! contradict it. If it says nothing usable, the rules of [`super::signature`] follow.

use std::time::Duration;

use super::super::{
    Fact, LATE, Ledger, Poll, Stamp, State,
    claim::ends_as_another_action,
    decide, millis,
    rule::{Judging, Step, table},
    run::{End, Fate, Run},
    verdict::{says, waits},
};
use crate::wait::{
    Decision, Phase,
    decision::{Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = table! {
    goes_on: "the status of an environment shows its last run, and only one runs at a time",
    is_shared: "a request that has not ended by the shared status needs no status of its own",
    is_queued: "a queued request has not ended, whatever its status repeats",
    services_ended: "the history lists each service of a run with its end",
    is_running: "the status of a request is that of its run",
    has_ended: "a request that was executed has a run, and only one runs at a time",
    has_no_run: "a request that was canceled in the queue, or had nothing to do, has no run",
};

/// The fate that the request status reports, if it is available.
fn said(ledger: &Ledger) -> Option<&Fate> {
    let request = ledger.request?;
    let run = ledger.own_request()?;
    let is_usable = !ledger.is_unavailable(Fact::Request(request)) && !ledger.is_mirror(run);
    is_usable.then_some(&run.fate)
}

/// The end that the request status reports, when it was first reported, and the decision.
fn end_said(ledger: &Ledger) -> Option<(&Run, Stamp, Decision)> {
    let run = ledger.own_request()?;
    let Fate::Ended(end) = said(ledger)? else {
        return None;
    };
    Some((run, end.at, decide(end.state()?, ledger.goal)?))
}

fn goes_on(ledger: &Ledger, poll: &Poll) -> Step {
    let is_running = said(ledger) == Some(&Fate::Running);
    match ledger.own_state() {
        Some(own) if own.is_active() && is_running && ledger.shows_candidate() => {
            if has_moved(ledger) || ledger.shows_deletion() || may_be_over(ledger, poll) {
                return Ok(None);
            }
            if ledger.shows_waiting() {
                ledger.need_order(poll)?;
            }
            waits(own.phase(ledger.goal))
        }
        _ => Ok(None),
    }
}

/// Whether ours can be an earlier run than the one that is shown. The request status was read as "running" since
/// then, but another replica may know its end.
fn may_be_over(ledger: &Ledger, poll: &Poll) -> bool {
    let Some(request) = ledger.request else {
        return false;
    };
    let has_many = ledger.possible_executions().len() > 1;
    has_many && !ledger.was_just_read(Fact::Request(request), poll)
}

/// Whether another run is shown than when the request status was last read.
fn has_moved(ledger: &Ledger) -> bool {
    let asked = ledger
        .request
        .and_then(|id| ledger.read_at(Fact::Request(id)));
    let shown = ledger.shown_run();
    shown.is_some_and(|run| asked.is_none_or(|asked| run.seen.first > asked))
}

fn is_shared(ledger: &Ledger, poll: &Poll) -> Step {
    let is_seen_to_end = match ledger.is_about_services() {
        true => ledger.own_state().is_some_and(State::is_terminal),
        false => ledger.possible_executions().len() > 1,
    };
    if !poll.shares || !ledger.is_at_work() || ledger.has_own_end(poll.settle) {
        return Ok(None);
    }
    if !is_seen_to_end {
        return waits(Phase::Queued);
    }
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    let is_due = ledger
        .proves_end_at(poll.settle)
        .is_some_and(|at| at <= poll.now);
    if ledger.was_just_read(Fact::Request(request), poll) && !has_moved(ledger) && !is_due {
        return waits(Phase::Queued);
    }
    Ok(None)
}

fn is_queued(ledger: &Ledger, poll: &Poll) -> Step {
    let Some(request) = ledger.request else {
        return Ok(None);
    };
    // Another reading would replace the one that is the proof.
    if ledger.has_own_end(poll.settle) {
        return Ok(None);
    }
    ledger.need(Fact::Request(request), poll)?;
    let is_open = match said(ledger) {
        None | Some(Fate::Running) => return Ok(None),
        Some(Fate::Unknown | Fate::Queued) => true,
        // It may repeat the state of the environment.
        Some(Fate::Ended(end)) => {
            // The runs from before a request that is watched are not known: the shown run may be one of them.
            let may_repeat = !ledger.has_acted() || !ledger.shows_candidate();
            end.state() == ledger.state() && may_repeat
        }
    };
    if !is_open {
        return Ok(None);
    }
    ledger.need(Fact::Queue, poll)?;
    let is_listed = ledger
        .own_request()
        .is_some_and(|run| ledger.is_queued(run));
    let waits_unlisted = said(ledger) == Some(&Fate::Queued) && !ledger.rests();
    if is_listed || waits_unlisted {
        return says(Verdict::Pending {
            phase: Phase::Queued,
            position: ledger.position(request),
        });
    }
    Ok(None)
}

fn services_ended(ledger: &Ledger, poll: &Poll) -> Step {
    let own_rests = ledger.own_state().is_some_and(State::is_terminal);
    let is_running = said(ledger) == Some(&Fate::Running);
    if !is_running || !ledger.is_about_services() || !own_rests {
        return Ok(None);
    }
    ledger.need_at_times(Fact::History, poll)?;
    super::signature::services_ended_in_run(ledger, poll)
}

/// Whether the request status is "running" while the status shows the run of another request.
fn contradicts(ledger: &Ledger) -> bool {
    let is_foreign = ledger.shown_run().is_some() && !ledger.shows_candidate();
    ledger.is_at_work() && (is_foreign || ledger.shows_deletion())
}

fn is_running(ledger: &Ledger, poll: &Poll) -> Step {
    if said(ledger) != Some(&Fate::Running) {
        return Ok(None);
    }
    // Of several runs all but the last one are over, and the history says which one is ours.
    let has_many = ledger.possible_executions().len() > 1;
    if has_many || contradicts(ledger) {
        ledger.need_at_times(Fact::History, poll)?;
    }
    if has_many || ledger.shows_waiting() {
        ledger.need_order(poll)?;
    }
    if contradicts(ledger) {
        let runs = ledger.candidate_executions();
        let ends = runs.iter().map(|run| ledger.over_by(run));
        // The request status repeats the state that the environment shows for the other request.
        if let Some(ends) = ends.collect::<Option<Vec<_>>>()
            && ends
                .into_iter()
                .max()
                .is_none_or(|last| poll.is_settled(last, 1))
        {
            return Ok(None);
        }
    }
    waits(Phase::Running)
}

fn has_ended(ledger: &Ledger, poll: &Poll) -> Step {
    let Some((run, at, decision)) = end_said(ledger) else {
        return Ok(None);
    };
    let is_canceled = matches!(decision, Decision::Canceled(_));
    let is_doubtful =
        !ledger.has_own_end(poll.settle) && may_repeat_another_run(ledger, run, is_canceled);
    let is_success = matches!(decision, Decision::Reached(_));
    // The run that agrees may be another one, and only the history tells its action and origin.
    let may_be_foreign = is_doubtful && is_success && ledger.has_others();
    if (is_doubtful && ledger.is_at_work())
        || may_be_foreign
        || ledger.agreeing(&decision).is_empty()
    {
        ledger.need(Fact::History, poll)?;
    }
    let is_listed = |run: &&Run| run.action.is_some();
    if may_be_foreign
        && !ledger.is_unavailable(Fact::History)
        && !ledger.agreeing(&decision).iter().any(is_listed)
        && !poll.is_settled(at, 1)
    {
        return waits(Phase::Running);
    }
    if is_doubtful && is_of_a_later_run(ledger, run, &decision) {
        return Ok(None);
    }
    if ledger.agreeing(&decision).is_empty() {
        if is_doubtful {
            return Ok(None);
        }
        // A status that repeats the state of the environment changes with that state.
        if !poll.is_settled(at, 1) {
            return waits(Phase::Running);
        }
        // The history lists the run of a request that failed or succeeded.
        if !is_canceled && ledger.has_other_end() {
            return Ok(None);
        }
    }
    if is_success && (ledger.shows_deletion() || ledger.is_deleted_first()) {
        ledger.need(Fact::History, poll)?;
        if ledger.is_deleted_first() && !outlives_a_deletion(ledger, &decision, poll) {
            return waits(Phase::Running);
        }
    }
    let mut evidence: Vec<_> = ledger.end_of(run).into_iter().collect();
    if is_success || !ledger.is_about_services() {
        return says(Verdict::Decided(decision, evidence));
    }
    if is_canceled && ledger.possible_executions().is_empty() {
        // The request was canceled before it ran, so the history has no further fact.
        return says(Verdict::Decided(decision, evidence));
    }
    // The services of a run that failed may have ended well.
    ledger.need(Fact::History, poll)?;
    let agreeing = ledger.agreeing(&decision);
    let known = agreeing
        .iter()
        .filter_map(|run| ledger.end_of_services(run));
    let known: Vec<_> = known.collect();
    if let Some((own, fact)) = known.first() {
        if !known.iter().all(|(other, _)| other.agrees_with(own)) {
            return says(ledger.superseded(&agreeing));
        }
        // The history may be late, and the shown run may be another one.
        let is_success = matches!(own, Decision::Reached(_));
        if is_success && !poll.is_settled(at, 1) {
            return waits(Phase::Running);
        }
        evidence.push(fact.clone());
        return says(Verdict::Decided(own.clone(), evidence));
    }
    if !ledger.is_unavailable(Fact::History) && !poll.is_settled(at, 1) {
        return waits(Phase::Running);
    }
    if agreeing
        .iter()
        .any(|run| ledger.end_for_us(run, poll).is_none())
    {
        return says(ledger.superseded(&[run]));
    }
    says(Verdict::Decided(decision, evidence))
}

impl Ledger {
    /// Whether the status of a request has shown what only the state of the environment can show: another action,
    /// two ends, or work after its end.
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
    fn has_own_end(&self, settle: Duration) -> bool {
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
    fn has_other_end(&self) -> bool {
        let runs = self.possible_executions();
        !self.is_unavailable(Fact::History) && runs.iter().any(|run| run.finished.is_some())
    }

    /// Whether more than one run can be the one that is shown.
    fn has_others(&self) -> bool {
        let known = &self.before.executions;
        let since = self.runs.iter().filter_map(Run::execution);
        let since = since.filter(|id| !known.iter().any(|known| known == id));
        let was_queued = |ids: &Vec<_>| !ids.is_empty();
        self.has_acted()
            && (since.count() > 1 || self.before.requests.as_ref().is_some_and(was_queued))
    }
}

/// Whether the end that the request status reports may be the state that the environment shows for another run.
fn may_repeat_another_run(ledger: &Ledger, request: &Run, is_canceled: bool) -> bool {
    if ledger.is_at_work() {
        ledger.shows_candidate()
            || (ledger.shows_before() && !is_canceled)
            || repeats_the_state_before(ledger, request)
    } else {
        request.end().and_then(|end| end.state()) == ledger.state()
    }
}

/// Whether the services have outlived a deletion that was queued before the request: a run that succeeded lists
/// them, or they are still found when all is quiet.
fn outlives_a_deletion(ledger: &Ledger, decision: &Decision, poll: &Poll) -> bool {
    let agreeing = ledger.agreeing(decision);
    let mut own = agreeing
        .iter()
        .filter_map(|run| ledger.end_of_services(run));
    let is_listed = own.any(|(own, _)| own.agrees_with(decision));
    let patience = if ledger.holds() { 2 } else { 4 };
    is_listed || (ledger.rests() && poll.is_settled(ledger.quiet_since(), patience))
}

/// Whether the request was said to run while another run was at work, which can be ours and ended in another way
/// than the later runs that ended as the request status says. Then it repeats the state of the environment.
fn is_of_a_later_run(ledger: &Ledger, request: &Run, decision: &Decision) -> bool {
    let Some(running) = request.running else {
        return false;
    };
    // By then the status of the environment shows ours.
    let shown_by = running.saturating_add(millis(LATE));
    let agreeing = ledger.agreeing(decision);
    let is_before_all = |at: Stamp| agreeing.iter().all(|run| run.seen.first > at);
    let differs = |run: &&Run| agreeing.iter().all(|agreeing| agreeing.id != run.id);
    let runs = ledger.possible_executions();
    let mut others = runs.into_iter().filter(differs).filter_map(Run::work);
    !agreeing.is_empty() && others.any(|at| at.last >= shown_by && is_before_all(at.last))
}

/// Whether the request status is the state from before the action, and no run that can be ours was seen. It
/// may be the state of the environment, read before anything began.
fn repeats_the_state_before(ledger: &Ledger, request: &Run) -> bool {
    let before = ledger.before.result.as_ref().map(|result| &result.state);
    let said = request.end().and_then(|end| end.state());
    before.is_some() && said == before && ledger.possible_executions().is_empty()
}

fn has_no_run(ledger: &Ledger, poll: &Poll) -> Step {
    let Some((run, at, decision)) = end_said(ledger) else {
        return Ok(None);
    };
    let mut runs = ledger.possible_executions().into_iter();
    if runs.any(|run| run.end().is_some()) {
        // The request status repeats the state that the environment shows of another run.
        return Ok(None);
    }
    let since = at.max(ledger.asked_at());
    if !poll.is_settled(since, 1) {
        return waits(Phase::Running);
    }
    let decision = match decision {
        // It was canceled in the queue.
        Decision::Canceled(_) => decision,
        Decision::Reached(_) if !ledger.has_acted() => decision,
        // If the goal did not hold before, the action had something to do.
        Decision::Reached(_) if ledger.goal.may_have_nothing_to_do() && ledger.before.held => {
            Decision::Reached(Proof::Settled)
        }
        // The history and the status can be late. A run from before that is over shows nothing new: to
        // wait for it would never end.
        _ if !poll.is_settled(since, 4)
            || (ledger.shows_before() && ledger.is_at_work())
            || ledger.shows_candidate() =>
        {
            return waits(Phase::Running);
        }
        _ => return says(ledger.superseded(&[run])),
    };
    says(Verdict::Decided(
        decision,
        ledger.end_of(run).into_iter().collect(),
    ))
}
