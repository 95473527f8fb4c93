//! Decides whether a run can be this operation's: one row for each rule.

use uuid::Uuid;

use super::{
    super::{Goal, Phase, RunId, State},
    Beginning, Fact, LATE, OWN_ORIGIN, Response, Scope, Stamp, millis,
    rule::{Claiming, rules, table},
    run::{BY_DATE, End, Fate, Run},
    view::{Claim, View},
};

/// The rules that exclude a run.
pub(super) const RULES: &[Claiming] = table! {
    names_another_request: "a request id names one request",
    is_of_an_older_request: "the request that a status names is that of the run, or a later one",
    came_before: "an id names one run, and a request that is listed beside a later one has not absorbed it",
    ended_before: "the history, the dates of a status and the Date header use one clock",
    was_created_before: "the history, the request ids and the Date header use one clock",
    does_something_else: "queue and history name the action, and so does a state",
    lacks_our_services: "queue and history list the services of a run",
    has_skipped_services: "an action on an environment is about all of its services",
    left_our_service_alone: "a run that succeeded has deployed each of its services, and a status says whether the last run includes its service",
    came_after_the_run_that_followed: "a request has one run, and is executed once it has left the queue",
    began_after_ours_had_left: "a request that does not wait in the queue has begun, or has no run",
    is_of_another_request: "an environment runs one deployment at a time, and a row of the queue shows its progress",
    another_is_ours: "a request has one run",
    worked_while_ours_waited: "the status of a request is that of its run",
    began_after_ours_was_canceled: "a request that was canceled in the queue has no run",
    worked_after_ours_was_over: "the API knows a request until it is over",
    went_on_without_ours: "a row of the queue stays until its run begins or ends",
    has_another_origin: "the API derives the origin from the user agent",
    has_another_user: "queue and history name who triggered a run",
    came_after: "a row of the queue is at most a settle period late",
};

fn names_another_request(view: &View, run: &Run) -> Option<bool> {
    Some(run.request()? != view.request?)
}

/// The run of a request that is older than ours, which was not absorbed by it: it was listed itself or, if the queue cannot
/// be read, its own status said that it waits while the run was at work.
fn is_of_an_older_request(view: &View, run: &Run) -> Option<bool> {
    let named = view.request.and(view.own_request())?;
    let works = run.work().map(|work| work.first);
    let waits_beside = view.is_unavailable(Fact::Queue)
        && works.is_some_and(|since| Some(since.saturating_add(millis(LATE))) <= named.waited);
    Some((named.listed().is_some() || waits_beside) && is_of_older(run, named))
}

/// Whether a status named an older request than this one while an execution was at work.
pub(super) fn is_of_older(run: &Run, request: &Run) -> bool {
    let ids = run.not_after.zip(request.request());
    ids.is_some_and(|(id, than)| is_older(id, than))
}

fn came_before(view: &View, run: &Run) -> Option<bool> {
    Some(match run.execution() {
        Some(id) => view.before.shows(id) || ends_the_run_before(view, run),
        // A queued request may have absorbed ours, if ours was executed.
        None => {
            let has_begun = run
                .begun
                .is_some_and(|begun| begun.first <= view.asked_at());
            let is_not_absorbed = view.is_lost() || has_begun || has_own_row_beside(view, run);
            view.queue().listed_before(run) && is_not_absorbed
        }
    })
}

/// Whether a run is the only one with another date than the run that was at work before the action, and was never
/// seen at work itself. Then it can be the end of that run.
fn ends_the_run_before(view: &View, run: &Run) -> bool {
    let before = view.before.result.as_ref();
    let was_at_work = before.is_some_and(|before| before.state.is_active());
    let known = &view.before.executions;
    let was_dated = known.iter().any(|id| id.starts_with(BY_DATE));
    let mut others = view.runs.iter().filter(|other| other.is_named_by_date());
    let is_only = run.is_named_by_date() && others.all(|other| other.id == run.id);
    was_at_work && was_dated && is_only && run.active.is_none() && run.running.is_none()
}

pub(super) fn ended_before(view: &View, run: &Run) -> Option<bool> {
    let end = run.end()?;
    let finished = run.finished?;
    let earliest = earliest_creation(view).max(view.before.date)?;
    // The status of an environment can also show the last run beside the state of a request that waits.
    let seen = match &view.scope {
        Scope::Environment => run.active.map(|active| active.first),
        Scope::Services(_) | Scope::Cluster => Some(run.seen.first),
    };
    // A run that was seen before its end, which was long ago by the clock: the clock was adjusted.
    let was_seen = seen.is_some_and(|seen| seen < end.at);
    let is_adjusted = was_seen && finished < earliest.saturating_sub(SHOWN_WITHIN);
    Some(finished < earliest && !is_adjusted && !worked_later(view, run, finished))
}

/// Whether a run was seen at work after the action, or so late that its end contradicts the clock, which was adjusted. A
/// status is at most a settle period late.
fn worked_later(view: &View, run: &Run, finished: i64) -> bool {
    let Some(worked) = run.active.map(|active| active.last).max(run.worked) else {
        return false;
    };
    let late = LATE.as_secs().cast_signed();
    let is_adjusted =
        server_time_at(view, worked).is_some_and(|time| finished < time.saturating_sub(late));
    worked >= view.queue().late_at() || is_adjusted
}

/// The server's clock at a time of the wait, in seconds since 1970.
fn server_time_at(view: &View, at: Stamp) -> Option<i64> {
    let Beginning::Asked {
        at: asked, server, ..
    } = view.beginning
    else {
        return None;
    };
    let since = at.cast_signed().saturating_sub(asked.cast_signed()) / 1000;
    Some(server?.saturating_add(since))
}

/// A run that was created, or whose request was made, before the action. If ours can have been absorbed by a request from
/// before, its run is ours. A run that is much older would have been shown before the action. If it was not, the clock
/// was adjusted.
pub(super) fn was_created_before(view: &View, run: &Run) -> Option<bool> {
    let earliest = earliest_creation(view)?;
    let may_have_absorbed = |request: &Run| {
        let made = request.request().and_then(made_at);
        let is_late = request.listed().is_none() || view.queue().lists_late(request);
        let is_earlier = !view.is_lost() && !is_late && made.is_some_and(|time| time < earliest);
        (is_earlier || view.queue().listed_before(request))
            && acts_alike(view, request)
            && came_before(view, request) != Some(true)
    };
    let may_be_absorbed = view.request.is_none() && view.runs.iter().any(may_have_absorbed);
    let since = earliest.saturating_sub(SHOWN_WITHIN);
    // An accepted request can have been absorbed by an earlier one.
    let request = run.request().filter(|_| view.is_lost());
    // A request that was listed in time can be ours, or can have absorbed ours.
    let may_be_ours = |id: Uuid| {
        let known = view.run(&RunId::Request(id));
        known.is_some_and(|request| request.listed().is_some() && !view.queue().lists_late(request))
    };
    let executed = run
        .not_after
        .filter(|id| view.request.is_none() && !may_be_ours(*id));
    let made = [request, executed].into_iter().flatten();
    let mut times = made.filter_map(made_at).chain(run.created);
    Some(times.any(|time| (since..earliest).contains(&time)) && !may_be_absorbed)
}

/// Whether a run is an earlier one, which the history can list later than ours.
pub(super) fn is_from_before(view: &View, run: &Run) -> bool {
    let rules = [came_before, ended_before, was_created_before];
    rules.iter().any(|rule| rule(view, run) == Some(true))
}

/// For how many seconds after its creation a run can be missing from the readings before the action, because it
/// waits in a queue that is late.
const SHOWN_WITHIN: i64 = 60;

fn does_something_else(view: &View, run: &Run) -> Option<bool> {
    let goal = view.goal;
    Some(match &run.action {
        Some(action) => goal.is_not_of(action) || is_distinguished(view, run, action),
        None => {
            run.strays.is_some()
                || ends_as_another_action(view, run)
                || ends_as_restart_of_others(view, run)
        }
    })
}

/// Whether an action that can lead to the goal is not ours, because the server uses another name for ours. The queue
/// of a service lists no services, and names the action on the service: its names are not those of other endpoints.
fn is_distinguished(view: &View, run: &Run, action: &str) -> bool {
    let own = view.goal.own_actions_beside(action);
    let is_on_service =
        |run: &Run| view.scope.is_services() && run.request().is_some() && run.services.is_none();
    let mut others = view.runs.iter();
    others.any(|other| {
        let named = other.action.as_deref();
        is_on_service(other) == is_on_service(run) && named.is_some_and(|name| own.contains(&name))
    })
}

/// Whether a run without an action has restarted, and the queue listed a restart beside our request, which it calls
/// something else.
fn ends_as_restart_of_others(view: &View, run: &Run) -> bool {
    let has_restarted = run.end().and_then(End::state) == Some(&State::Restarted);
    if run.execution().is_none() || !has_restarted {
        return false;
    }
    let is_another = |own: &Run| own.is_of(view.goal) && !own.is_of(Goal::Restarted);
    let restarts = |other: &Run| other.request().is_some() && other.is_of(Goal::Restarted);
    view.request_run().is_some_and(is_another) && view.runs.iter().any(restarts)
}

/// Whether a run shows a terminal state that only another action can have.
pub(super) fn ends_as_another_action(view: &View, run: &Run) -> bool {
    let end = run.end().filter(|_| !is_failure_of_cluster(view, run));
    let parts = run.parts.values().filter_map(Fate::end);
    let parts = parts.filter(|_| view.scope == Scope::Environment);
    let mut states = end.into_iter().chain(parts).flat_map(|end| &end.states);
    states.any(|state| is_of_another_action(state, view.goal))
}

/// Whether the status of a request repeats the state of the environment: it has shown another action, or work
/// after its end.
pub(super) fn repeats_environment(view: &View, request: &Run) -> bool {
    let over = request.said_over.zip(request.active);
    let works_after =
        over.is_some_and(|(over, active)| active.last >= over.saturating_add(millis(LATE)));
    let is_of_another = if view.has_acted() {
        request.strays.is_some() || ends_as_another_action(view, request)
    } else {
        // The goal of a wait need not be that of the request, but a request has one action.
        request
            .strays
            .is_some_and(|strays| request.running.is_some_and(|first| first < strays))
    };
    works_after || is_of_another
}

/// A cluster has no history, and its failures may not be named after the action.
fn is_failure_of_cluster(view: &View, run: &Run) -> bool {
    let end = run.end().and_then(|end| end.state());
    view.scope == Scope::Cluster && end.is_some_and(State::is_error)
}

/// Whether a terminal state can only be the end of another action: a stop never ends as deployed.
fn is_of_another_action(state: &State, goal: Goal) -> bool {
    if state.is_error() {
        return match goal {
            Goal::Stopped => !matches!(state, State::StopError | State::InvalidCredentials),
            Goal::Deleted | Goal::Uninstalled => {
                !matches!(state, State::DeleteError | State::InvalidCredentials)
            }
            Goal::Deployed | Goal::Restarted | Goal::Planned => {
                matches!(state, State::StopError | State::DeleteError)
            }
            Goal::Canceled => false,
        };
    }
    state.is_terminal()
        && !matches!(state, State::Canceled | State::Ready)
        && state.phase(goal) != Phase::Reached
}

fn lacks_our_services(view: &View, run: &Run) -> Option<bool> {
    let listed = run.services.as_ref()?;
    let Scope::Services(ours) = &view.scope else {
        return Some(lacks_listed_services(view, run));
    };
    let takes_part = |id: &Uuid| listed.binary_search(id).is_ok();
    let has_only_ours = listed.iter().all(|id| ours.contains(id));
    Some(if has_only_ours && may_lack_services(view, run) {
        !ours.iter().any(takes_part)
    } else {
        !ours.iter().all(takes_part)
    })
}

/// Whether an execution lacks services that the queue listed for our request, and another one has all of them.
fn lacks_listed_services(view: &View, run: &Run) -> bool {
    let is_complete = |run: &Run| is_complete(view, run) && came_before(view, run) != Some(true);
    run.execution().is_some() && !has_our_services(view, run) && view.runs.iter().any(is_complete)
}

/// A run that succeeded with fewer services than the environment had, although nothing says that ours was executed.
fn has_skipped_services(view: &View, run: &Run) -> Option<bool> {
    let state = run.end().and_then(End::state)?;
    let has_succeeded = state.phase(view.goal) == Phase::Reached;
    let number = run.services.as_ref().map(Vec::len)?;
    // A restart leaves out the services that cannot be restarted.
    let is_another_deletion = |other: &Run| other.id != run.id && other.is_of(Goal::Deleted);
    let is_whole = view.goal != Goal::Restarted && !view.runs.iter().any(is_another_deletion);
    Some(view.is_lost() && is_whole && has_succeeded && number < view.before.services?)
}

/// Whether a run lists all services of the operation.
fn has_our_services(view: &View, run: &Run) -> bool {
    let ours = match &view.scope {
        Scope::Services(ours) => Some(ours),
        Scope::Environment => view.own_request().and_then(|own| own.services.as_ref()),
        Scope::Cluster => None,
    };
    let listed = ours.zip(run.services.as_ref());
    listed.is_some_and(|(ours, listed)| ours.iter().all(|id| listed.binary_search(id).is_ok()))
}

/// Whether a run failed, and can be ours although its entry lacks services: those of the stages that it did not
/// reach. The status of our request shows the same failure, or nothing else can be ours.
fn may_lack_services(view: &View, run: &Run) -> bool {
    let Some(state) = run.execution().and_then(|_| run.end()?.state()) else {
        return false;
    };
    if state.phase(view.goal) == Phase::Reached {
        return false;
    }
    if view.request().is_some() {
        let said = view.request_run().and_then(Run::end);
        return said.and_then(End::state) == Some(state);
    }
    view.candidates().requests().is_empty() && !view.runs.iter().any(|run| is_complete(view, run))
}

/// Whether an execution with our action and origin lists all of our services.
fn is_complete(view: &View, run: &Run) -> bool {
    let rules = [does_something_else, has_another_origin, has_another_user];
    run.execution().is_some()
        && has_our_services(view, run)
        && rules.iter().all(|rule| rule(view, run) != Some(true))
}

/// A run that left a service of ours alone: the status of the service names another run, although the run has
/// succeeded or the status says that the run does not include the service.
fn left_our_service_alone(view: &View, run: &Run) -> Option<bool> {
    let Scope::Services(ours) = &view.scope else {
        return None;
    };
    Some(run.spares_ours && !ours.iter().all(|id| run.parts.contains_key(id)))
}

/// A run that began after the queue had listed no similar request beside the run that followed it.
fn came_after_the_run_that_followed(view: &View, run: &Run) -> Option<bool> {
    run.execution()?;
    // Until then the request could wait behind that run.
    Some(view.queue().order_read_at()? < run.seen.first)
}

/// A run that began a settle period after a reading of the queue had shown that our request has left it, or that no
/// request can be ours. In the second case, a run after a lost response needs no such period: an action that was executed
/// has left a trace by then.
fn began_after_ours_had_left(view: &View, run: &Run) -> Option<bool> {
    run.execution()?;
    if !view.has_acted() {
        return None;
    }
    let is_unlisted = view.candidates().requests().is_empty();
    let left = match view.request() {
        Some(_) => view.queue().left_by(view.request_run()?)?,
        None if is_unlisted => view.queue().late_read_at()?,
        None => return None,
    };
    let shown = match is_unlisted && view.is_lost() {
        true => left,
        false => left.saturating_add(millis(LATE)),
    };
    if run.active.is_none() && run.running.is_none() {
        // Only the status shows a run early enough. The history shows later when it was created.
        return Some(server_time_at(view, shown)? < run.created?);
    }
    // The status was read with the queue, and did not show the run yet.
    Some(view.queue().read_from(shown)? < run.seen.first)
}

/// The run of another request than ours.
fn is_of_another_request(view: &View, run: &Run) -> Option<bool> {
    let ours = view.request?;
    let mut requests = view.runs.iter().filter(|request| executes(request, run));
    Some(requests.any(|request| request.request() != Some(ours)))
}

/// Another run than that of our request.
fn another_is_ours(view: &View, run: &Run) -> Option<bool> {
    run.execution()?;
    let own = view.own_request()?;
    let is_another = |other: &&Run| other.id != run.id && executes(own, other);
    let another = view.runs.iter().find(is_another)?;
    Some(is_of_another_request(view, another) != Some(true))
}

/// Whether a run is that of a request: the queue showed the progress of the request before the run was last shown at
/// work, and after it was first shown, each time by more than the delay of a reading. Of two runs, one would have been
/// over before the other one began.
fn executes(request: &Run, run: &Run) -> bool {
    let (Some(begun), Some(work)) = (request.begun, run.work()) else {
        return false;
    };
    let late = millis(LATE);
    begun.first.saturating_add(late) <= work.last
        && run.seen.first.saturating_add(late) <= begun.last
}

/// One of our services was at work in this run, and a settle period later our request still waited, according
/// to its own status and, if it can be read, to the queue.
fn worked_while_ours_waited(view: &View, run: &Run) -> Option<bool> {
    run.execution()?;
    let own = view.own_request()?;
    let listed = own.queued.map(|queued| queued.last);
    let listed = listed.or(view.is_unavailable(Fact::Queue).then_some(Stamp::MAX))?;
    let waited = own.waited?.min(listed);
    // A request status that says "waits" after "runs" repeats the state of the environment.
    if own.running.is_some_and(|running| running < waited) {
        return None;
    }
    Some(run.running?.saturating_add(millis(LATE)) <= waited)
}

/// The run began a settle period after the API had accepted to cancel our request, which was queued.
fn began_after_ours_was_canceled(view: &View, run: &Run) -> Option<bool> {
    run.execution()?;
    Some(run.seen.first >= view.canceled?.saturating_add(millis(LATE)))
}

/// The run began or was at work a settle period after the API no longer knew our request.
fn worked_after_ours_was_over(view: &View, run: &Run) -> Option<bool> {
    run.execution()?;
    let over = view.over_since()?.saturating_add(millis(LATE));
    let worked = run.work().map(|work| work.last).max(run.worked);
    Some(run.seen.first >= over || worked.is_some_and(|worked| worked >= over))
}

/// A run that was at work, or had ended, while our request was listed, and went on after our request had left.
fn went_on_without_ours(view: &View, run: &Run) -> Option<bool> {
    run.execution()?;
    Some(is_not_that_of(view, run, view.own_request()?))
}

/// Whether an execution is not that of a request, according to the rows of the queue. A row disappears when the run
/// begins or, on some servers, when it ends. So a run that was at work while the request was still listed, and after
/// that, is not that of the request. Nor is one that had ended by then.
pub(super) fn is_not_that_of(view: &View, run: &Run, request: &Run) -> bool {
    let Some(listed) = request.last_listed() else {
        return false;
    };
    let late = millis(LATE);
    let left = view
        .queue()
        .left_by(request)
        .filter(|_| request.begun.is_none());
    let went_on = run.work().zip(left).is_some_and(|(work, left)| {
        work.first.saturating_add(late) <= listed && left.saturating_add(late) <= work.last
    });
    let had_ended = run
        .end()
        .is_some_and(|end| end.at.saturating_add(late) <= listed);
    went_on || had_ended
}

fn has_another_origin(view: &View, run: &Run) -> Option<bool> {
    let (own, origin) = (own_origin(view)?, run.origin.as_deref()?);
    Some(own != origin && KNOWN_ORIGINS.contains(&origin))
}

/// The origins of the contract. An origin that is newer than this crate excludes nothing.
const KNOWN_ORIGINS: &[&str] = &[
    "API",
    "CLI",
    "CONSOLE",
    "GIT",
    "QOVERY_INTERNAL",
    "SKILL",
    "TERRAFORM_PROVIDER",
];

fn has_another_user(view: &View, run: &Run) -> Option<bool> {
    let own = view.own_request()?.triggered_by.as_deref()?;
    Some(run.triggered_by.as_deref()? != own)
}

pub(super) fn came_after(view: &View, run: &Run) -> Option<bool> {
    run.listed()?;
    view.is_unnamed().then(|| view.queue().lists_late(run))
}

/// Whether a request id is older than another. If the ids are not ordered by time, nothing is
/// known.
pub(super) fn is_older(id: Uuid, than: Uuid) -> bool {
    is_time_ordered(id) && is_time_ordered(than) && id < than
}

/// Whether an id starts with its creation time.
pub(super) fn is_time_ordered(id: Uuid) -> bool {
    id.get_version_num() == 7
}

/// Whether a request was made after the action, according to its id.
pub(super) fn was_made_since(view: &View, id: Uuid) -> bool {
    let made = made_at(id).zip(earliest_creation(view));
    made.is_some_and(|(time, earliest)| time >= earliest)
}

/// The creation time of a time-ordered id, in seconds since 1970 by the server's clock.
fn made_at(id: Uuid) -> Option<i64> {
    let millis = id.as_u128() >> 80;
    let seconds = i64::try_from(millis / 1000).ok()?;
    is_time_ordered(id).then_some(seconds)
}

impl View<'_> {
    /// Whether a run can be this operation's. The request that the server has named stays ours.
    pub(super) fn claim(&self, run: &Run) -> Claim {
        if run.request().is_some() && run.request() == self.request {
            return Claim::Ours;
        }
        self.decided(run, || {
            let excludes = rules(RULES).find(|rule| (rule.says)(self, run) == Some(true));
            excludes.map_or(Claim::Possible, |rule| Claim::Excluded(rule.name))
        })
    }
}

/// Whether action, services, origin and user of a run can be ours.
pub(super) fn acts_alike(view: &View, run: &Run) -> bool {
    [
        does_something_else,
        lacks_our_services,
        has_skipped_services,
        left_our_service_alone,
        has_another_origin,
        has_another_user,
    ]
    .iter()
    .all(|rule| rule(view, run) != Some(true))
}

/// Whether a run includes all services of the operation, as far as the services are listed.
pub(super) fn covers(view: &View, run: &Run) -> bool {
    lacks_our_services(view, run) != Some(true)
}

/// The origin of our runs: the API derives it from the user agent.
fn own_origin<'a>(view: &'a View) -> Option<&'a str> {
    let own = view.own_request().and_then(|run| run.origin.as_deref());
    own.or(view.has_acted().then_some(OWN_ORIGIN))
}

/// The first second, by the server's clock, in which our run can have been created: from the request id, and from the
/// response or, if it was lost, from the status before the action. The earlier one counts, because an id can be made on
/// another machine, and can be that of a request which has absorbed ours.
fn earliest_creation(view: &View) -> Option<i64> {
    let by_response = match view.beginning {
        // The clock was read before the action.
        Beginning::Asked {
            server,
            response: Response::Lost,
            ..
        } => server,
        Beginning::Asked { server, .. } => server.map(second_before),
        Beginning::Watching => None,
    };
    let by_id = view.request.and_then(made_at).map(second_before);
    [by_id, by_response].into_iter().flatten().min()
}

/// A response can come in the second after the action.
fn second_before(time: i64) -> i64 {
    time.saturating_sub(1)
}

/// Whether a queued request from before the action was seen together with a later one with the same action
/// and user. In that case the server absorbs no request, and the later one is ours.
fn has_own_row_beside(view: &View, earlier: &Run) -> bool {
    let Some(theirs) = earlier.queued else {
        return false;
    };
    view.runs.iter().any(|run| {
        run.request().is_some()
            && !view.queue().listed_before(run)
            && run.queued.is_some_and(|own| own.first <= theirs.last)
            && run.triggered_by == earlier.triggered_by
            && acts_alike(view, run)
            && came_after(view, run) != Some(true)
    })
}
