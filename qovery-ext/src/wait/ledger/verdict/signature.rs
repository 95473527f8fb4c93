//! No endpoint refers to the request by its id, so runs with the same signature as ours decide. Every run
//! that can be ours has to agree.

use super::super::{
    Fact, LATE, Poll, Stamp, State, View,
    claim::{is_older, was_made_since},
    millis,
    rule::{Judging, Step, table},
    run::{End, Fate, Run, UNNAMED_NEW},
    verdict::{evidence_of, says, waits},
};
use crate::wait::{
    Decision, Endpoint, Evidence, Phase, Statement,
    decision::{Cancellation, Proof, Verdict},
};

pub(in super::super) const RULES: &[Judging] = table! {
    is_unknown: "a request that no endpoint names has no run that is known to be its own",
    lists_the_first: "a row of the queue is at most a settle period late",
    is_shared: "a run that continues has no end in the history",
    is_queued: "the queue lists a request until its run starts",
    is_at_work: "an environment runs one deployment at a time",
    services_ended: "the history lists each service of a run with its end",
    goes_on: "a run that is shown at work has not ended",
    has_vanished: "a request that left the queue without a run was canceled, and the API knows a request until it is over",
    had_nothing_to_do: "an action that has nothing to do leaves the state as it is",
    only_others: "a request that was accepted runs before those that came after it",
    is_forgotten: "a request that waits in an idle environment runs at once",
    no_trace: "an action that was executed has a row in the queue, an entry in the history or a new status",
    nothing_yet: "the queue, the history and the status can be late",
    may_follow: "a row of the queue is at most a settle period late",
    may_be_counted: "the status of a service counts the requests that wait for it",
    is_undescribed: "a request that was queued before has a run of its own",
    is_of_one_ahead: "requests are executed in the order of the queue",
    is_of_another_user: "queue and history name who triggered a run",
    lacks_a_run: "each request that was executed has a run",
    agree: "one of the runs that can be ours is ours",
};

/// The user gave a request that the API does not know, and that no other endpoint has named.
fn is_unknown(view: &View, poll: &Poll) -> Step {
    let Some(id) = view.request.filter(|id| view.unknown.contains_key(id)) else {
        return Ok(None);
    };
    if view.has_acted() || view.own_request().is_some() {
        return Ok(None);
    }
    poll.need(view, Fact::Queue)?;
    match view.unknown_since(id) {
        Some(_) => says(Verdict::Decided(Decision::NoTrace, Vec::new())),
        None => waits(Phase::NotStarted),
    }
}

/// Reads the queue at the end of the settle period: a request that is first listed later came after ours.
fn lists_the_first(view: &View, poll: &Poll) -> Step {
    let is_late = poll.now >= view.queue().late_at();
    if view.request.is_some() || !is_late {
        return Ok(None);
    }
    if view.queue().late_read_at().is_none() {
        poll.need(view, Fact::Queue)?;
    }
    if !view.candidates().executions().is_empty() {
        poll.need_order(view)?;
    }
    Ok(None)
}

fn is_shared(view: &View, poll: &Poll) -> Step {
    if !poll.shares || !view.status().is_at_work() {
        return Ok(None);
    }
    let is_over = match view.scope.is_services() {
        true => view.status().own_state().is_some_and(State::is_terminal),
        false => view.candidates().has_been_followed(),
    };
    if is_over && !poll.was_just_read(view, Fact::History) {
        return Ok(None);
    }
    waits(match view.status().state() {
        Some(state) if view.status().shows_candidate() => state.phase(view.goal),
        _ => Phase::Queued,
    })
}

fn is_queued(view: &View, poll: &Poll) -> Step {
    poll.need(view, Fact::Queue)?;
    let mut requests = view.candidates().requests();
    requests.retain(|run| !is_outdated(view, poll) && view.queue().lists(run));
    // Ours can be the one that waits.
    requests.sort_by_key(|run| !view.queue().waits(run));
    if let Some(queued) = requests.first() {
        let runs = view.status().is_at_work() && view.status().shows_candidate();
        let own_rests =
            view.scope.is_services() && view.status().own_state().is_some_and(State::is_terminal);
        if let Some(id) = queued.request().filter(|_| runs && own_rests) {
            // Some servers also list the running request, and some of them without its progress.
            poll.need(view, Fact::Request(id))?;
            let shows_progress = view.runs.iter().any(|run| run.begun.is_some());
            let may_run = queued.begun.is_some() || !shows_progress;
            if may_run && queued.fate == Fate::Running && !is_shown_for_another_user(view, queued) {
                return Ok(None);
            }
        }
        let is_running = runs || queued.begun.is_some();
        return says(Verdict::Pending {
            phase: if is_running {
                Phase::Running
            } else {
                Phase::Queued
            },
            position: queued.request().and_then(|id| view.queue().position(id)),
        });
    }
    if !view.status().is_at_work() && !view.status().rests() {
        return waits(Phase::Running);
    }
    Ok(None)
}

/// Whether the run that the status shows was triggered by another user than a request.
fn is_shown_for_another_user(view: &View, request: &Run) -> bool {
    let shown = view.status().run();
    let user = shown.and_then(|run| run.triggered_by.as_ref());
    user.zip(request.triggered_by.as_ref())
        .is_some_and(|(shown, own)| shown != own)
}

fn is_at_work(view: &View, poll: &Poll) -> Step {
    let own_rests =
        view.scope.is_services() && view.status().own_state().is_some_and(State::is_terminal);
    let runs = view.candidates().executions();
    let all_shown = !runs.is_empty() && runs.iter().all(|run| view.status().shows(run));
    let queued = view.own_request().and_then(|own| own.queued);
    let is_late = |run: &&Run| {
        queued.is_some_and(|queued| queued.last.saturating_add(millis(LATE)) < run.seen.first)
    };
    if all_shown && runs.iter().any(is_late) {
        // Ours may have left the queue without a run.
        poll.need_at_times(view, Fact::History)?;
    }
    match view.status().state() {
        Some(state) if state.is_active() && all_shown && !own_rests => {
            waits(state.phase(view.goal))
        }
        _ => Ok(None),
    }
}

fn services_ended(view: &View, poll: &Poll) -> Step {
    poll.need(view, Fact::History)?;
    poll.need_ends(view)?;
    // A request that has ended has an end of its own, which the run may not share. The API knows a request until it is
    // over, so a run that continues after that is not its own.
    let mut requests = view.candidates().requests().into_iter();
    if requests.any(|run| has_told(view, run))
        || view.has_forgotten_ours()
        || may_be_of_another(view)
        || lacks_an_action(view)
        || !view.candidates().competitors().is_empty()
        || view.candidates().differ_in_user()
    {
        return Ok(None);
    }
    services_ended_in_run(view, poll)
}

/// The run continues, and our services have ended in it.
pub(super) fn services_ended_in_run(view: &View, poll: &Poll) -> Step {
    // Without the status of the environment, the end of the service is that of the run.
    let goes_on = |run: &Run| match view.shows_environment() {
        true => view.status().is_at_work() && run.end().is_none(),
        false => view.status().shows(run) && poll.is_settled(view.quiet_since(), 1),
    };
    // The run can be that of another similar request, and ours is not shown yet.
    if view.candidates().has_others_alike() {
        poll.need(view, Fact::Queue)?;
    }
    if !view.candidates().rivals().is_empty() {
        return Ok(None);
    }
    match view.candidates().executions().as_slice() {
        [run] if goes_on(run) => {
            let own = view.ends().of_services(run);
            Ok(own.map(|(decision, fact)| Verdict::Decided(decision, vec![fact])))
        }
        _ => Ok(None),
    }
}

fn goes_on(view: &View, _: &Poll) -> Step {
    let runs = view.candidates().executions();
    match view.status().state() {
        Some(state) if state.is_active() && runs.iter().any(|run| view.status().shows(run)) => {
            waits(state.phase(view.goal))
        }
        _ => Ok(None),
    }
}

/// The requests that have left the queue and do not report an end.
fn left<'a>(view: &'a View) -> Vec<&'a Run> {
    let requests = view.candidates().requests().into_iter();
    requests
        .filter(|run| run.queued.is_some() && run.begun.is_none() && !has_told(view, run))
        .filter(|run| !view.request_status().says_that_it_runs(run))
        .collect()
}

/// Whether a request reports its end. A status that only repeats the state of the environment counts if a
/// run has ended with this state.
fn has_told(view: &View, request: &Run) -> bool {
    if view.request_status().repeats_environment(request) {
        return false;
    }
    let Some(state) = request.end().and_then(|end| end.state()) else {
        return request.end().is_some();
    };
    let mut runs = view.candidates().executions().into_iter();
    let agrees = |run: &Run| run.end().and_then(|end| end.state()) == Some(state);
    Some(state) != view.status().state() || runs.any(agrees)
}

/// Whether neither a run nor a request that can be ours was seen to end or to run.
fn is_unseen(view: &View) -> bool {
    let requests = view.candidates().requests();
    // The status of a named request was found to be unusable.
    let is_open = view.request.is_some() || requests.iter().all(|run| !has_told(view, run));
    is_open && view.candidates().executions().is_empty()
}

/// The number of settle periods after which a request that left the queue without a run counts as gone: its
/// run may start late, and may be shown late.
const VANISHED: u64 = 2;

fn has_vanished(view: &View, poll: &Poll) -> Step {
    // Without a history, a run may have started and ended unseen if another one is shown now.
    let may_be_hidden = view.is_unavailable(Fact::History) && view.status().run().is_some();
    let own = view.own_request();
    if !is_unseen(view)
        || may_be_hidden
        || own.is_some_and(|run| view.request_status().says_that_it_runs(run))
        || shows_unlisted(view, poll)
    {
        return Ok(None);
    }
    let gone = left(view);
    let own = match view.request {
        Some(_) => own,
        None => gone.first().copied().filter(|_| gone.len() == 1),
    };
    let period = millis(poll.settle).saturating_mul(VANISHED);
    let has_left = |run: &&Run| run.begun.is_none() && view.queue().has_left(run, period);
    let vanished = match own.filter(has_left) {
        Some(run) => Some((run, Endpoint::Queue)),
        None => forgotten_in_the_queue(view, poll)?.map(|run| (run, Endpoint::RequestStatus)),
    };
    if let Some((run, endpoint)) = vanished
        && let (Some(id), Some(state)) = (run.request(), view.status().state())
    {
        let fact = evidence_of(Some(&run.id), endpoint, state, poll.now);
        let evidence = Evidence {
            says: Statement::LeftQueue,
            ..fact
        };
        let decision = Decision::Canceled(Cancellation::LeftQueue(id));
        return says(Verdict::Decided(decision, vec![evidence]));
    }
    let may_wait = |run: &&Run| !view.queue().has_left(run, period);
    if gone.iter().any(may_wait) && !is_outdated(view, poll) {
        return waits(Phase::Queued);
    }
    Ok(None)
}

/// The request, if the API knew it as waiting, no longer knows it, and the history lists no run of it.
fn forgotten_in_the_queue<'a>(view: &'a View<'a>, poll: &Poll) -> Result<Option<&'a Run>, Fact> {
    let run = view
        .request_run()
        .filter(|run| run.waited.is_some() && !run.fate.has_begun());
    let is_over = |over| poll.is_settled(over, VANISHED);
    if run.is_none() || !view.over_since().is_some_and(is_over) {
        return Ok(None);
    }
    poll.need(view, Fact::History)?;
    Ok(run.filter(|_| !view.is_unavailable(Fact::History)))
}

/// Whether the status shows a run that can be ours and names it only by its date, and the history may not list
/// the run yet.
fn shows_unlisted(view: &View, poll: &Poll) -> bool {
    let shown = view.status().run().filter(|run| run.is_named_by_date());
    let is_possible = |run: &Run| !view.claim(run).is_excluded();
    let is_recent = |run: &Run| match run.end() {
        Some(end) => !poll.is_settled(end.at, 1),
        None => view.status().is_at_work(),
    };
    shown.is_some_and(|run| is_recent(run) && is_possible(run))
}

fn had_nothing_to_do(view: &View, poll: &Poll) -> Step {
    if !is_unseen(view) || !view.may_be_done() {
        return Ok(None);
    }
    // The status of a service does not show the run of another one that it has to wait for.
    if !view.shows_environment() {
        poll.need(view, Fact::History)?;
    }
    if !poll.is_settled(view.quiet_since(), 1) || view.status().counts_waiting() {
        return waits(Phase::NotStarted);
    }
    // A request that was accepted while others were at work had to wait, so it was not without effect.
    let had_to_wait = view.request_run().and_then(Run::last_waited).is_some()
        || view.busy.is_some_and(|busy| busy >= view.queue().late_at());
    // A request that a status has named since the action can be ours, and can have been canceled.
    if let Some(id) = view.named_since.filter(|id| was_made_since(view, *id)) {
        poll.need(view, Fact::Request(id))?;
        // The API knows a request until it is over.
        if view.unknown.contains_key(&id) {
            return Ok(None);
        }
    }
    let shown = view.status().run().and_then(Run::execution);
    if had_to_wait || shown == Some(UNNAMED_NEW) {
        return Ok(None);
    }
    let fact = view
        .status()
        .state()
        .map(|state| evidence_of(None, Endpoint::Status, state, poll.now));
    let decision = Decision::Reached(Proof::Settled);
    says(Verdict::Decided(decision, fact.into_iter().collect()))
}

fn only_others(view: &View, poll: &Poll) -> Step {
    let foreign = view.candidates().foreign();
    let is_over = poll.is_settled(view.idle_since(), 4);
    if is_unseen(view) && !foreign.is_empty() && is_over {
        return says(view.ends().superseded(&foreign));
    }
    Ok(None)
}

/// Whether nothing has run for some time. The status of a service does not show a run that has not reached it.
pub(super) fn is_idle(view: &View, poll: &Poll) -> bool {
    let goes_on = |run: &Run| run.execution().is_some() && run.fate == Fate::Running;
    let is_listed = !view.is_unavailable(Fact::History) && !view.runs.iter().any(goes_on);
    (view.shows_environment() || is_listed)
        && view.status().rests()
        && poll.is_settled(view.idle_since(), 4)
}

/// Whether the last reading of the queue no longer counts: the queue cannot be read any more, and the
/// environment is idle.
fn is_outdated(view: &View, poll: &Poll) -> bool {
    view.is_unavailable(Fact::Queue) && is_idle(view, poll)
}

/// Nothing runs, and the request is neither listed nor seen to run.
fn is_forgotten(view: &View, poll: &Poll) -> Step {
    let is_over = is_idle(view, poll);
    let requests = view.candidates().requests();
    if view.has_acted() && is_unseen(view) && is_over && !requests.is_empty() {
        return says(view.ends().superseded(&requests));
    }
    Ok(None)
}

fn no_trace(view: &View, poll: &Poll) -> Step {
    let is_over = if view.is_lost() {
        let patience = if view.status().is_at_work() { 4 } else { 2 };
        poll.is_settled(view.asked_at(), patience)
    } else {
        // An accepted request may be queued behind the run that is shown, whatever the queue lists.
        is_idle(view, poll)
    };
    let is_over = is_over && view.candidates().requests().is_empty();
    if view.has_acted() && is_unseen(view) && is_over {
        return says(Verdict::Decided(Decision::NoTrace, Vec::new()));
    }
    Ok(None)
}

fn nothing_yet(view: &View, _: &Poll) -> Step {
    match is_unseen(view) {
        true if view.status().is_at_work() => waits(Phase::Queued),
        true => waits(Phase::NotStarted),
        false => Ok(None),
    }
}

/// Every run and request that can be ours and was seen to run or to end.
fn all<'a>(view: &'a View) -> Vec<&'a Run> {
    // The status of a named request was found to be unusable.
    let is_unnamed = view.request.is_none();
    let executions = view.candidates().executions();
    let has_ended_as = |run: &Run, state: &State| run.end().and_then(End::state) == Some(state);
    // The services of a run can have ended in another way than the run, whose end the request reports.
    let is_of_a_run = |request: &Run| {
        let state = request.end().and_then(End::state);
        state.is_some_and(|state| executions.iter().any(|run| has_ended_as(run, state)))
    };
    let ended = view.candidates().requests().into_iter();
    let ended: Vec<&Run> = ended
        .filter(|run| is_unnamed && has_told(view, run) && !is_of_a_run(run))
        .collect();
    executions.into_iter().chain(ended).collect()
}

fn may_follow(view: &View, poll: &Poll) -> Step {
    if !poll.is_settled(runs_are_over_since(view), 1) {
        return waits(Phase::Running);
    }
    Ok(None)
}

/// Without a queue, a request that the status counts as waiting can be ours.
fn may_be_counted(view: &View, _: &Poll) -> Step {
    let is_hidden = view.is_unavailable(Fact::Queue) && view.status().counts_waiting();
    match view.is_unnamed() && is_hidden {
        true => waits(Phase::Queued),
        false => Ok(None),
    }
}

/// The time since which the runs that can be ours are over and no other one can be hidden. A queued request
/// is listed in the queue, and a run in the history. Without both, the subject has to be idle, or the request over.
fn runs_are_over_since(view: &View) -> Stamp {
    let hides_runs = view.is_unavailable(Fact::Queue) || view.is_unavailable(Fact::History);
    let is_open = hides_runs && view.over_since().is_none();
    let ends = all(view).into_iter().filter_map(Run::end);
    match ends.map(|end| end.at).max() {
        Some(last) if !is_open => last.max(view.asked_at().saturating_add(millis(LATE))),
        _ => view.rests_since(),
    }
}

pub(super) fn is_undescribed(view: &View, _: &Poll) -> Step {
    if may_be_of_another(view) {
        return says(view.ends().superseded(&view.candidates().executions()));
    }
    Ok(None)
}

/// Whether a run that can be ours has no description, and can be that of a request that was ahead of ours, or of
/// anyone if no trace of ours was seen.
fn may_be_of_another(view: &View) -> bool {
    let runs = view.candidates().executions();
    let is_ahead = |run: &Run| {
        let was_listed = view.queue().listed_before(run) && does_the_same(view, run);
        was_listed || was_seen_ahead(view, run)
    };
    // Nothing says that ours was executed, and no history will describe the run.
    let is_untraced = view.is_lost() && view.candidates().requests().is_empty();
    let is_undescribed = is_untraced && view.is_unavailable(Fact::History);
    let may_be_theirs = is_undescribed || view.runs.iter().any(is_ahead);
    // The queue from before the action is not known. A request for more services than ours was ahead of ours, or has
    // absorbed it.
    let may_be_ahead = view.is_unnamed() && view.before.named.is_some();
    // The end of a named request that shows its own is that of its run.
    let is_open = view.own_request().is_none_or(|own| own.end().is_none());
    let is_hidden = view.has_acted() && is_open && view.before.is_queue_hidden();
    let has_others = |run: &&Run| may_be_ahead || lists_others(view, run);
    (may_be_theirs && runs.iter().any(|run| !run.is_described()))
        || (is_hidden && runs.iter().any(has_others))
}

/// Whether a run lists services that are not those of the operation.
fn lists_others(view: &View, run: &Run) -> bool {
    let mut listed = run.services.iter().flatten();
    view.scope.is_services() && listed.any(|id| !view.scope.includes(id))
}

fn does_the_same(view: &View, run: &Run) -> bool {
    let action = run.action.as_ref();
    action.is_none_or(|action| !view.goal.is_not_of(action))
}

/// Whether the queue has listed a request of others with the same action, and not later than a request that can
/// be ours.
fn was_seen_ahead(view: &View, run: &Run) -> bool {
    let (Some(id), Some(queued)) = (run.request(), run.listed()) else {
        return false;
    };
    let requests = view.candidates().requests();
    let is_behind = |own: &&Run| {
        let listed = own.listed().is_some_and(|own| queued.first <= own.first);
        listed && own.request().is_some_and(|own| !is_older(own, id))
    };
    let is_foreign = view.claim(run).is_excluded();
    is_foreign && does_the_same(view, run) && requests.iter().any(is_behind)
}

/// Whether a run counts only because no endpoint has named its action, and nothing says that ours was executed.
fn lacks_an_action(view: &View) -> bool {
    let runs = view.candidates().executions();
    view.is_lost() && runs.iter().any(|run| run.action.is_none())
}

/// A run that can be ours can be that of a similar request that was ahead of ours, if ours was not executed.
pub(super) fn is_of_one_ahead(view: &View, poll: &Poll) -> Step {
    for request in view.candidates().competitors() {
        if let Some(id) = request.request() {
            poll.need(view, Fact::Request(id))?;
        }
    }
    if view.candidates().competitors().is_empty() {
        return Ok(None);
    }
    if view.is_lost() {
        return says(Verdict::Decided(Decision::NoTrace, Vec::new()));
    }
    let mut alike = view.candidates().executions();
    alike.extend(view.candidates().competitors());
    says(view.ends().superseded(&alike))
}

/// The only request that can be ours is of another user than the runs that can be ours.
pub(super) fn is_of_another_user(view: &View, _: &Poll) -> Step {
    if !view.candidates().differ_in_user() {
        return Ok(None);
    }
    let mut alike = view.candidates().executions();
    alike.extend(view.candidates().requests());
    says(view.ends().superseded(&alike))
}

fn lacks_a_run(view: &View, poll: &Poll) -> Step {
    let runs = view.candidates().executions();
    let rivals = view.candidates().rivals();
    if rivals.is_empty() || runs.len() > rivals.len() {
        return Ok(None);
    }
    let settle = millis(poll.settle);
    if !rivals.iter().all(|run| view.queue().has_left(run, settle)) {
        return waits(Phase::Running);
    }
    let alike: Vec<&Run> = runs.into_iter().chain(rivals).collect();
    says(view.ends().superseded(&alike))
}

fn agree(view: &View, poll: &Poll) -> Step {
    let runs = all(view);
    // If the response was lost, the action may not have been executed: of two similar runs, neither may be
    // ours.
    let is_clear = !view.is_lost() || view.candidates().executions().len() < 2;
    if lacks_an_action(view) && !view.is_unavailable(Fact::History) {
        poll.need(view, Fact::History)?;
        if !poll.is_settled(runs_are_over_since(view), 2) {
            return waits(Phase::Running);
        }
    }
    if is_clear && let Some(verdict) = view.ends().shared(&runs, poll) {
        return says(verdict);
    }
    let is_over = |run: &&Run| {
        run.end().is_some()
            || view.ends().is_replaced(run)
            || view.ends().for_us(run, poll).is_some()
    };
    // A run that shows nothing new in an idle environment has ended in a way that no endpoint shows.
    if !runs.is_empty() && (runs.iter().all(is_over) || is_idle(view, poll)) {
        return says(view.ends().superseded(&runs));
    }
    waits(Phase::Running)
}
