//! No endpoint refers to the request by its id, so runs with the same signature as ours decide. Every run
//! that can be ours has to agree.

use super::super::{
    Beginning, Fact, LATE, Ledger, Poll, Response, Stamp, State, millis,
    rule::{Judging, Step, table},
    run::{Fate, Run},
    verdict::{says, waits},
};
use crate::wait::{
    Decision, Endpoint, Evidence, Phase, Statement,
    decision::{Cancellation, Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = table! {
    is_shared: "a run that goes on has no end in the history",
    is_queued: "the queue lists a request until its run starts",
    is_at_work: "an environment runs one deployment at a time",
    services_ended: "the history lists each service of a run with its end",
    goes_on: "a run that is shown at work has not ended",
    has_vanished: "a request that left the queue without a run was canceled",
    had_nothing_to_do: "an action that has nothing to do leaves the state as it is",
    only_others: "a request that was accepted runs before those that came after it",
    no_trace: "an action that was executed has a row in the queue, an entry in the history or a new status",
    nothing_yet: "the queue, the history and the status can be late",
    may_follow: "a row of the queue is at most a settle period late",
    is_undescribed: "a request that was queued before has a run of its own",
    lacks_a_run: "each request that was executed has a run",
    agree: "one of them is ours",
};

fn is_shared(ledger: &Ledger, poll: &Poll) -> Step {
    if !poll.shares || !ledger.is_at_work() {
        return Ok(None);
    }
    let rests = ledger.is_about_services() && ledger.own_state().is_some_and(State::is_terminal);
    if rests && !ledger.was_just_read(Fact::History, poll) {
        return Ok(None);
    }
    waits(match ledger.state() {
        Some(state) if ledger.shows_candidate() => state.phase(ledger.goal),
        _ => Phase::Queued,
    })
}

fn is_queued(ledger: &Ledger, poll: &Poll) -> Step {
    ledger.need(Fact::Queue, poll)?;
    let requests = ledger.candidate_requests();
    if let Some(queued) = requests.iter().find(|run| ledger.is_queued(run)) {
        let runs = ledger.is_at_work() && ledger.shows_candidate();
        let own_rests =
            ledger.is_about_services() && ledger.own_state().is_some_and(State::is_terminal);
        if let Some(id) = queued.request().filter(|_| runs && own_rests) {
            // Some servers also list the running request.
            ledger.need(Fact::Request(id), poll)?;
            if queued.fate == Fate::Running {
                return Ok(None);
            }
        }
        return says(Verdict::Pending {
            phase: if runs { Phase::Running } else { Phase::Queued },
            position: queued.request().and_then(|id| ledger.position(id)),
        });
    }
    if !ledger.is_at_work() && !ledger.rests() {
        return waits(Phase::Running);
    }
    Ok(None)
}

fn is_at_work(ledger: &Ledger, poll: &Poll) -> Step {
    let own_rests =
        ledger.is_about_services() && ledger.own_state().is_some_and(State::is_terminal);
    let runs = ledger.candidate_executions();
    let all_shown = !runs.is_empty() && runs.iter().all(|run| ledger.shows(run));
    let queued = ledger.own_request().and_then(|own| own.queued);
    let is_late = |run: &&Run| {
        queued.is_some_and(|queued| queued.last.saturating_add(millis(LATE)) < run.seen.first)
    };
    if all_shown && runs.iter().any(is_late) {
        // Ours may have left the queue without a run.
        ledger.need_at_times(Fact::History, poll)?;
    }
    match ledger.state() {
        Some(state) if state.is_active() && all_shown && !own_rests => {
            waits(state.phase(ledger.goal))
        }
        _ => Ok(None),
    }
}

fn services_ended(ledger: &Ledger, poll: &Poll) -> Step {
    ledger.need(Fact::History, poll)?;
    for run in ledger.candidate_requests() {
        if run.end().is_none()
            && let Some(id) = run.request()
        {
            ledger.need(Fact::Request(id), poll)?;
        }
    }
    // A request that has ended has an end of its own, which the run may not share.
    let mut requests = ledger.candidate_requests().into_iter();
    if requests.any(|run| has_told(ledger, run)) || may_be_of_another(ledger) {
        return Ok(None);
    }
    services_ended_in_run(ledger, poll)
}

/// The run continues, and our services have ended in it.
pub(super) fn services_ended_in_run(ledger: &Ledger, poll: &Poll) -> Step {
    // Without the status of the environment, the end of the service is that of the run.
    let has_environment = ledger
        .shown
        .as_ref()
        .is_some_and(|shown| shown.whole.is_some());
    let goes_on = |run: &Run| match has_environment {
        true => ledger.is_at_work() && run.end().is_none(),
        false => ledger.shows(run) && poll.is_settled(ledger.quiet_since(), 1),
    };
    match ledger.candidate_executions().as_slice() {
        [run] if goes_on(run) => {
            let own = ledger.end_of_services(run);
            Ok(own.map(|(decision, fact)| Verdict::Decided(decision, vec![fact])))
        }
        _ => Ok(None),
    }
}

fn goes_on(ledger: &Ledger, _: &Poll) -> Step {
    let runs = ledger.candidate_executions();
    match ledger.state() {
        Some(state) if state.is_active() && runs.iter().any(|run| ledger.shows(run)) => {
            waits(state.phase(ledger.goal))
        }
        _ => Ok(None),
    }
}

/// The requests that have left the queue and do not report an end.
fn left(ledger: &Ledger) -> Vec<&Run> {
    let requests = ledger.candidate_requests().into_iter();
    requests
        .filter(|run| run.queued.is_some() && !has_told(ledger, run))
        .collect()
}

/// Whether a request reports its end. A status that only repeats the state of the environment counts if a
/// run has ended with this state.
fn has_told(ledger: &Ledger, request: &Run) -> bool {
    if ledger.is_mirror(request) {
        return false;
    }
    let Some(state) = request.end().and_then(|end| end.state()) else {
        return request.end().is_some();
    };
    let mut runs = ledger.candidate_executions().into_iter();
    let agrees = |run: &Run| run.end().and_then(|end| end.state()) == Some(state);
    Some(state) != ledger.state() || runs.any(agrees)
}

/// Whether neither a run nor a request that can be ours was seen to end or to run.
fn is_unseen(ledger: &Ledger) -> bool {
    let requests = ledger.candidate_requests();
    // The status of a named request was found to be unusable.
    let is_open = ledger.request.is_some() || requests.iter().all(|run| !has_told(ledger, run));
    is_open && ledger.candidate_executions().is_empty()
}

/// The number of settle periods after which a request that left the queue without a run counts as gone: its
/// run may start late, and may be shown late.
const VANISHED: u64 = 2;

fn has_vanished(ledger: &Ledger, poll: &Poll) -> Step {
    // Without a history, a run may have started and ended unseen if another one is shown now.
    let may_be_hidden = ledger.is_unavailable(Fact::History) && ledger.shown_run().is_some();
    if !is_unseen(ledger) || may_be_hidden {
        return Ok(None);
    }
    let gone = left(ledger);
    let own = match ledger.request {
        Some(_) => ledger.own_request(),
        None => gone.first().copied().filter(|_| gone.len() == 1),
    };
    let period = millis(poll.settle).saturating_mul(VANISHED);
    if let Some(run) = own
        && ledger.has_left_queue(run, period)
        && let (Some(id), Some(state)) = (run.request(), ledger.state())
    {
        let fact = ledger.fact(Some(&run.id), Endpoint::Queue, state, poll.now);
        let evidence = Evidence {
            says: Statement::LeftQueue,
            ..fact
        };
        let decision = Decision::Canceled(Cancellation::LeftQueue(id));
        return says(Verdict::Decided(decision, vec![evidence]));
    }
    if gone.iter().any(|run| !ledger.has_left_queue(run, period)) {
        return waits(Phase::Queued);
    }
    Ok(None)
}

fn had_nothing_to_do(ledger: &Ledger, poll: &Poll) -> Step {
    if !is_unseen(ledger) || !ledger.may_be_done() {
        return Ok(None);
    }
    // Others may be at work now. In that case only the queue and the history show that ours is not.
    let is_open = ledger.is_unavailable(Fact::Queue) || ledger.is_unavailable(Fact::History);
    let is_quiet = poll.is_settled(ledger.quiet_since(), 1);
    if !is_quiet && (is_open || !poll.is_settled(ledger.asked_at(), 3)) {
        return waits(Phase::NotStarted);
    }
    let fact = ledger
        .state()
        .map(|state| ledger.fact(None, Endpoint::Status, state, poll.now));
    let decision = Decision::Reached(Proof::Settled);
    says(Verdict::Decided(decision, fact.into_iter().collect()))
}

fn only_others(ledger: &Ledger, poll: &Poll) -> Step {
    let foreign = ledger.foreign_since();
    let is_over = poll.is_settled(ledger.quiet_since(), 4);
    if is_unseen(ledger) && !foreign.is_empty() && is_over {
        return says(ledger.superseded(&foreign));
    }
    Ok(None)
}

fn no_trace(ledger: &Ledger, poll: &Poll) -> Step {
    let is_over = if ledger.is_lost() {
        let patience = if ledger.is_at_work() { 4 } else { 2 };
        poll.is_settled(ledger.asked_at(), patience)
    } else {
        // An accepted request may be queued behind the run that is shown, whatever the queue lists.
        let is_quiet = ledger.rests() && poll.is_settled(ledger.quiet_since(), 4);
        is_quiet && ledger.candidate_requests().is_empty()
    };
    if ledger.has_acted() && is_unseen(ledger) && is_over {
        return says(Verdict::Decided(Decision::NoTrace, Vec::new()));
    }
    Ok(None)
}

fn nothing_yet(ledger: &Ledger, _: &Poll) -> Step {
    match is_unseen(ledger) {
        true if ledger.is_at_work() => waits(Phase::Queued),
        true => waits(Phase::NotStarted),
        false => Ok(None),
    }
}

/// Every run and request that can be ours and was seen to run or to end.
fn all(ledger: &Ledger) -> Vec<&Run> {
    // The status of a named request was found to be unusable.
    let is_unnamed = ledger.request.is_none();
    let ended = ledger.candidate_requests().into_iter();
    let ended = ended.filter(|run| is_unnamed && has_told(ledger, run));
    ledger
        .candidate_executions()
        .into_iter()
        .chain(ended)
        .collect()
}

fn may_follow(ledger: &Ledger, poll: &Poll) -> Step {
    if !poll.is_settled(over_since(ledger), 1) {
        return waits(Phase::Running);
    }
    Ok(None)
}

/// The time since which the runs that can be ours are over and no other one can be hidden. A queued request
/// is listed in the queue, and a run in the history. Without both, the subject has to be idle.
fn over_since(ledger: &Ledger) -> Stamp {
    let is_open = ledger.is_unavailable(Fact::Queue) || ledger.is_unavailable(Fact::History);
    let ends = all(ledger).into_iter().filter_map(Run::end);
    match ends.map(|end| end.at).max() {
        Some(last) if !is_open => last.max(ledger.asked_at().saturating_add(millis(LATE))),
        _ => ledger.quiet_since(),
    }
}

fn is_undescribed(ledger: &Ledger, _: &Poll) -> Step {
    if may_be_of_another(ledger) {
        return says(ledger.superseded(&ledger.candidate_executions()));
    }
    Ok(None)
}

/// Whether a run that can be ours has no description, and can be that of a request from before the action.
fn may_be_of_another(ledger: &Ledger) -> bool {
    let runs = ledger.candidate_executions();
    let was_queued = |run: &Run| ledger.was_queued_before(run);
    ledger.runs.iter().any(was_queued) && runs.iter().any(|run| !run.is_described())
}

fn lacks_a_run(ledger: &Ledger, poll: &Poll) -> Step {
    let runs = ledger.candidate_executions();
    let rivals = ledger.rivals();
    if rivals.is_empty() || runs.len() > rivals.len() {
        return Ok(None);
    }
    let settle = millis(poll.settle);
    if !rivals.iter().all(|run| ledger.has_left_queue(run, settle)) {
        return waits(Phase::Running);
    }
    let alike: Vec<&Run> = runs.into_iter().chain(rivals).collect();
    says(ledger.superseded(&alike))
}

fn agree(ledger: &Ledger, poll: &Poll) -> Step {
    let runs = all(ledger);
    // If the response was lost, the action may not have been executed: of two runs alike, neither may be ours.
    let is_clear = !ledger.is_lost() || ledger.candidate_executions().len() < 2;
    if is_clear && let Some(verdict) = ledger.shared_end(&runs, poll) {
        return says(verdict);
    }
    let is_over = |run: &&Run| {
        run.end().is_some() || ledger.is_replaced(run) || ledger.end_for_us(run, poll).is_some()
    };
    if !runs.is_empty() && runs.iter().all(is_over) {
        return says(ledger.superseded(&runs));
    }
    waits(Phase::Running)
}

impl Ledger {
    /// Whether the action can have had nothing to do: the goal holds, and it held before, or the response shows
    /// that nothing is queued and nothing runs.
    pub(super) fn may_be_done(&self) -> bool {
        let held = self.before.held || self.response() == Some(Response::Idle);
        self.goal.may_have_nothing_to_do() && held && self.holds()
    }

    fn is_lost(&self) -> bool {
        self.response() == Some(Response::Lost)
    }

    fn response(&self) -> Option<Response> {
        match self.beginning {
            Beginning::Asked { response, .. } => Some(response),
            Beginning::Watching => None,
        }
    }

    /// The runs since the action that are not ours.
    fn foreign_since(&self) -> Vec<&Run> {
        let before = &self.before.executions;
        let executions = self.runs.iter().filter(|run| {
            let id = run.execution();
            id.is_some_and(|id| !before.iter().any(|known| known == id))
        });
        executions.filter(|run| run.end().is_some()).collect()
    }
}
