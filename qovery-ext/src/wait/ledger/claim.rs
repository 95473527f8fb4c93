//! Decides whether a run can be this operation's: one row for each rule.

use uuid::Uuid;

use super::{
    super::{Goal, Phase, RunId, State},
    Beginning, Fact, LATE, Ledger, OWN_ORIGIN, Response, Scope, Stamp, millis,
    rule::{Claiming, rules, table},
    run::{BY_DATE, End, Fate, Run},
};

/// Whether a run can be this operation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    Ours,
    Possible,
    /// The rule that excludes it.
    Excluded(&'static str),
}

impl Claim {
    pub(crate) fn is_excluded(self) -> bool {
        matches!(self, Claim::Excluded(_))
    }
}

/// The rules that exclude a run.
pub(super) const RULES: &[Claiming] = table! {
    names_another_request: "a request id names one request",
    is_of_an_older_request: "the request that a status names is that of the run, or a later one",
    came_before: "an id names one run, and a request that is listed beside a later one has not absorbed it",
    ended_before: "the history, the dates of a status and the Date header use one clock",
    was_created_before: "the history and the Date header use one clock",
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
    has_another_origin: "the API derives the origin from the user agent",
    has_another_user: "queue and history name who triggered a run",
    came_after: "a row of the queue is at most a settle period late",
};

fn names_another_request(ledger: &Ledger, run: &Run) -> Option<bool> {
    Some(run.request()? != ledger.request?)
}

/// The run of a request that is older than ours, which was not absorbed by it: it was listed itself or, if the queue cannot
/// be read, its own status said that it waits while the run was at work.
fn is_of_an_older_request(ledger: &Ledger, run: &Run) -> Option<bool> {
    let named = ledger.request.and(ledger.own_request())?;
    let works = run.work().map(|work| work.first).or(run.running);
    let waits_beside =
        ledger.is_unavailable(Fact::Queue) && works.is_some_and(|since| Some(since) < named.waited);
    Some((named.listed().is_some() || waits_beside) && is_of_older(run, named))
}

/// Whether a status named an older request than this one while an execution was at work.
pub(super) fn is_of_older(run: &Run, request: &Run) -> bool {
    let ids = run.not_after.zip(request.request());
    ids.is_some_and(|(id, than)| is_older(id, than))
}

fn came_before(ledger: &Ledger, run: &Run) -> Option<bool> {
    Some(match run.execution() {
        Some(id) => {
            let mut known = ledger.before.executions.iter();
            known.any(|known| known == id) || ends_the_run_before(ledger, run)
        }
        // A queued request may have absorbed ours, if ours was executed.
        None => {
            let has_begun = run
                .begun
                .is_some_and(|begun| begun.first <= ledger.asked_at());
            let is_not_absorbed = ledger.is_lost() || has_begun || has_own_row_beside(ledger, run);
            ledger.queue().listed_before(run) && is_not_absorbed
        }
    })
}

/// Whether a run is the only one with another date than the run that was at work before the action, and was never
/// seen at work itself. Then it can be the end of that run.
fn ends_the_run_before(ledger: &Ledger, run: &Run) -> bool {
    let before = ledger.before.result.as_ref();
    let was_at_work = before.is_some_and(|before| before.state.is_active());
    let known = &ledger.before.executions;
    let was_dated = known.iter().any(|id| id.starts_with(BY_DATE));
    let mut others = ledger.runs.iter().filter(|other| other.is_named_by_date());
    let is_only = run.is_named_by_date() && others.all(|other| other.id == run.id);
    was_at_work && was_dated && is_only && run.active.is_none() && run.running.is_none()
}

pub(super) fn ended_before(ledger: &Ledger, run: &Run) -> Option<bool> {
    let end = run.end()?;
    // A run that was seen at work and then ended has ended later, even if an adjusted clock disagrees. The status of
    // an environment can also show the last run beside the state of a request that waits.
    let seen = match &ledger.scope {
        Scope::Environment => run.active.map(|active| active.first),
        Scope::Services(_) | Scope::Cluster => Some(run.seen.first),
    };
    if seen.is_some_and(|seen| seen < end.at) {
        return Some(false);
    }
    Some(run.finished? < earliest_creation(ledger).max(ledger.before.date)?)
}

/// A run that was created, or whose request was made, before the action. If ours can have been absorbed by a request from
/// before, its run is ours. A run that is much older would have been shown before the action. If it was not, the clock
/// was adjusted.
pub(super) fn was_created_before(ledger: &Ledger, run: &Run) -> Option<bool> {
    let earliest = earliest_creation(ledger)?;
    let mut requests = ledger.runs.iter().filter(|run| run.request().is_some());
    let may_be_absorbed = ledger.request.is_none()
        && requests
            .any(|run| ledger.queue().listed_before(run) && came_before(ledger, run) != Some(true));
    let since = earliest.saturating_sub(SHOWN_WITHIN);
    // An accepted request can have been absorbed by an earlier one.
    let request = run.request().filter(|_| ledger.is_lost());
    // A request that was listed in time can be ours, or can have absorbed ours.
    let may_be_ours = |id: Uuid| {
        let known = ledger.run(&RunId::Request(id));
        known.is_some_and(|request| {
            request.listed().is_some() && !ledger.queue().lists_late(request)
        })
    };
    let executed = run
        .not_after
        .filter(|id| ledger.request.is_none() && !may_be_ours(*id));
    let made = [request, executed].into_iter().flatten();
    let mut times = made.filter_map(made_at).chain(run.created);
    Some(times.any(|time| (since..earliest).contains(&time)) && !may_be_absorbed)
}

/// Whether a run is an earlier one, which the history can list later than ours.
pub(super) fn is_from_before(ledger: &Ledger, run: &Run) -> bool {
    let rules = [came_before, ended_before, was_created_before];
    rules.iter().any(|rule| rule(ledger, run) == Some(true))
}

/// For how many seconds after its creation a run can be missing from the readings before the action, because it
/// waits in a queue that is late.
const SHOWN_WITHIN: i64 = 60;

fn does_something_else(ledger: &Ledger, run: &Run) -> Option<bool> {
    let goal = ledger.goal;
    Some(match &run.action {
        Some(action) => goal.is_not_of(action) || is_distinguished(ledger, run, action),
        None => run.strays.is_some() || ends_as_another_action(ledger, run),
    })
}

/// Whether an action that can lead to the goal is not ours, because the server uses another name for ours. The queue
/// of a service lists no services, and names the action on the service: its names are not those of other endpoints.
fn is_distinguished(ledger: &Ledger, run: &Run, action: &str) -> bool {
    let own = ledger.goal.own_actions_beside(action);
    let is_on_service =
        |run: &Run| ledger.scope.is_services() && run.request().is_some() && run.services.is_none();
    let mut others = ledger.runs.iter();
    others.any(|other| {
        let named = other.action.as_deref();
        is_on_service(other) == is_on_service(run) && named.is_some_and(|name| own.contains(&name))
    })
}

/// Whether a run shows a terminal state that only another action can have.
pub(super) fn ends_as_another_action(ledger: &Ledger, run: &Run) -> bool {
    let end = run.end().filter(|_| !is_failure_of_cluster(ledger, run));
    let parts = run.parts.values().filter_map(Fate::end);
    let parts = parts.filter(|_| ledger.scope == Scope::Environment);
    let mut states = end.into_iter().chain(parts).flat_map(|end| &end.states);
    states.any(|state| is_of_another_action(state, ledger.goal))
}

/// Whether the status of a request repeats the state of the environment: it has shown another action, or work
/// after its end.
pub(super) fn repeats_environment(ledger: &Ledger, request: &Run) -> bool {
    let over = request.said_over.zip(request.active);
    let works_after =
        over.is_some_and(|(over, active)| active.last >= over.saturating_add(millis(LATE)));
    let is_of_another = if ledger.has_acted() {
        request.strays.is_some() || ends_as_another_action(ledger, request)
    } else {
        // The goal of a wait need not be that of the request, but a request has one action.
        request
            .strays
            .is_some_and(|strays| request.running.is_some_and(|first| first < strays))
    };
    works_after || is_of_another
}

/// A cluster has no history, and its failures may not be named after the action.
fn is_failure_of_cluster(ledger: &Ledger, run: &Run) -> bool {
    let end = run.end().and_then(|end| end.state());
    ledger.scope == Scope::Cluster && end.is_some_and(State::is_error)
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

fn lacks_our_services(ledger: &Ledger, run: &Run) -> Option<bool> {
    let listed = run.services.as_ref()?;
    let Scope::Services(ours) = &ledger.scope else {
        return Some(lacks_listed_services(ledger, run));
    };
    let takes_part = |id: &Uuid| listed.binary_search(id).is_ok();
    let has_only_ours = listed.iter().all(|id| ours.contains(id));
    Some(if has_only_ours && may_lack_services(ledger, run) {
        !ours.iter().any(takes_part)
    } else {
        !ours.iter().all(takes_part)
    })
}

/// Whether an execution lacks services that the queue listed for our request, and another one has all of them.
fn lacks_listed_services(ledger: &Ledger, run: &Run) -> bool {
    let is_complete =
        |run: &Run| is_complete(ledger, run) && came_before(ledger, run) != Some(true);
    run.execution().is_some()
        && !has_our_services(ledger, run)
        && ledger.runs.iter().any(is_complete)
}

/// A run that succeeded with fewer services than the environment had, although nothing says that ours was executed.
fn has_skipped_services(ledger: &Ledger, run: &Run) -> Option<bool> {
    let state = run.end().and_then(End::state)?;
    let has_succeeded = state.phase(ledger.goal) == Phase::Reached;
    let number = run.services.as_ref().map(Vec::len)?;
    // A restart leaves out the services that cannot be restarted.
    let is_whole = ledger.goal != Goal::Restarted;
    Some(ledger.is_lost() && is_whole && has_succeeded && number < ledger.before.services?)
}

/// Whether a run lists all services of the operation.
fn has_our_services(ledger: &Ledger, run: &Run) -> bool {
    let ours = match &ledger.scope {
        Scope::Services(ours) => Some(ours),
        Scope::Environment => ledger.own_request().and_then(|own| own.services.as_ref()),
        Scope::Cluster => None,
    };
    let listed = ours.zip(run.services.as_ref());
    listed.is_some_and(|(ours, listed)| ours.iter().all(|id| listed.binary_search(id).is_ok()))
}

/// Whether a run failed, and can be ours although its entry lacks services: those of the stages that it did not
/// reach. The status of our request shows the same failure, or nothing else can be ours.
fn may_lack_services(ledger: &Ledger, run: &Run) -> bool {
    let Some(state) = run.execution().and_then(|_| run.end()?.state()) else {
        return false;
    };
    if state.phase(ledger.goal) == Phase::Reached {
        return false;
    }
    if let Some(request) = ledger.request() {
        let said = ledger.run(&RunId::Request(request)).and_then(Run::end);
        return said.and_then(End::state) == Some(state);
    }
    ledger.candidates().requests().is_empty()
        && !ledger.runs.iter().any(|run| is_complete(ledger, run))
}

/// Whether an execution with our action and origin lists all of our services.
fn is_complete(ledger: &Ledger, run: &Run) -> bool {
    let rules = [does_something_else, has_another_origin, has_another_user];
    run.execution().is_some()
        && has_our_services(ledger, run)
        && rules.iter().all(|rule| rule(ledger, run) != Some(true))
}

/// A run that left a service of ours alone: the status of the service names another run, although the run has
/// succeeded or the status says that the run does not include the service.
fn left_our_service_alone(ledger: &Ledger, run: &Run) -> Option<bool> {
    let Scope::Services(ours) = &ledger.scope else {
        return None;
    };
    Some(run.spares_ours && !ours.iter().all(|id| run.parts.contains_key(id)))
}

/// A run that began after the queue had listed no similar request beside the run that followed it.
fn came_after_the_run_that_followed(ledger: &Ledger, run: &Run) -> Option<bool> {
    run.execution()?;
    // Until then the request could wait behind that run.
    Some(ledger.queue().order_read_at()? < run.seen.first)
}

/// A run that began a settle period after a reading of the queue had shown that our request has left it, or that no
/// request can be ours. In the second case, a run after a lost response needs no such period: an action that was executed
/// has left a trace by then.
fn began_after_ours_had_left(ledger: &Ledger, run: &Run) -> Option<bool> {
    run.execution()?;
    // Only the status shows a run early enough.
    run.active.map(|active| active.first).or(run.running)?;
    if !ledger.has_acted() {
        return None;
    }
    let is_unlisted = ledger.candidates().requests().is_empty();
    let left = match ledger.request().map(RunId::Request) {
        Some(own) => ledger.queue().left_by(ledger.run(&own)?)?,
        None if is_unlisted => ledger.queue().late_read_at()?,
        None => return None,
    };
    let shown = match is_unlisted && ledger.is_lost() {
        true => left,
        false => left.saturating_add(millis(LATE)),
    };
    // The status was read with the queue, and did not show the run yet.
    Some(ledger.queue().read_from(shown)? < run.seen.first)
}

/// The run of another request than ours.
fn is_of_another_request(ledger: &Ledger, run: &Run) -> Option<bool> {
    let ours = ledger.request?;
    let mut requests = ledger.runs.iter().filter(|request| executes(request, run));
    Some(requests.any(|request| request.request() != Some(ours)))
}

/// Another run than that of our request.
fn another_is_ours(ledger: &Ledger, run: &Run) -> Option<bool> {
    run.execution()?;
    let own = ledger.own_request()?;
    let is_another = |other: &&Run| other.id != run.id && executes(own, other);
    let another = ledger.runs.iter().find(is_another)?;
    Some(is_of_another_request(ledger, another) != Some(true))
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
fn worked_while_ours_waited(ledger: &Ledger, run: &Run) -> Option<bool> {
    run.execution()?;
    let own = ledger.own_request()?;
    let listed = own.queued.map(|queued| queued.last);
    let listed = listed.or(ledger.is_unavailable(Fact::Queue).then_some(Stamp::MAX))?;
    let waited = own.waited?.min(listed);
    // A request status that says "waits" after "runs" repeats the state of the environment.
    if own.running.is_some_and(|running| running < waited) {
        return None;
    }
    Some(run.running?.saturating_add(millis(LATE)) <= waited)
}

/// The run began a settle period after the API had accepted to cancel our request, which was queued.
fn began_after_ours_was_canceled(ledger: &Ledger, run: &Run) -> Option<bool> {
    run.execution()?;
    Some(run.seen.first >= ledger.canceled?.saturating_add(millis(LATE)))
}

/// The run began or was at work a settle period after the API no longer knew our request.
fn worked_after_ours_was_over(ledger: &Ledger, run: &Run) -> Option<bool> {
    run.execution()?;
    let over = ledger.over_since()?.saturating_add(millis(LATE));
    let worked = run.work().map(|work| work.last).max(run.worked);
    Some(run.seen.first >= over || worked.is_some_and(|worked| worked >= over))
}

fn has_another_origin(ledger: &Ledger, run: &Run) -> Option<bool> {
    let (own, origin) = (own_origin(ledger)?, run.origin.as_deref()?);
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

fn has_another_user(ledger: &Ledger, run: &Run) -> Option<bool> {
    let own = ledger.own_request()?.triggered_by.as_deref()?;
    Some(run.triggered_by.as_deref()? != own)
}

pub(super) fn came_after(ledger: &Ledger, run: &Run) -> Option<bool> {
    run.listed()?;
    ledger.is_unnamed().then(|| ledger.queue().lists_late(run))
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

/// The creation time of a time-ordered id, in seconds since 1970 by the server's clock.
fn made_at(id: Uuid) -> Option<i64> {
    let millis = id.as_u128() >> 80;
    let seconds = i64::try_from(millis / 1000).ok()?;
    is_time_ordered(id).then_some(seconds)
}

/// Whether a run can be this operation's. The request that the server has named stays ours.
pub(crate) fn claim(ledger: &Ledger, run: &Run) -> Claim {
    if run.request().is_some() && run.request() == ledger.request {
        return Claim::Ours;
    }
    let excludes = rules(RULES).find(|rule| (rule.says)(ledger, run) == Some(true));
    excludes.map_or(Claim::Possible, |rule| Claim::Excluded(rule.name))
}

/// Whether action, services, origin and user of a run can be ours.
pub(super) fn acts_alike(ledger: &Ledger, run: &Run) -> bool {
    [
        does_something_else,
        lacks_our_services,
        has_skipped_services,
        left_our_service_alone,
        has_another_origin,
        has_another_user,
    ]
    .iter()
    .all(|rule| rule(ledger, run) != Some(true))
}

/// Whether a run includes all services of the operation, as far as the services are listed.
pub(super) fn covers(ledger: &Ledger, run: &Run) -> bool {
    lacks_our_services(ledger, run) != Some(true)
}

/// The origin of our runs: the API derives it from the user agent.
fn own_origin(ledger: &Ledger) -> Option<&str> {
    let own = ledger.own_request().and_then(|run| run.origin.as_deref());
    own.or(ledger.has_acted().then_some(OWN_ORIGIN))
}

/// The first second, by the server's clock, in which our run can have been created: from the request id, and from the
/// response or, if it was lost, from the status before the action. The earlier one counts, because an id can be made on
/// another machine, and can be that of a request which has absorbed ours.
fn earliest_creation(ledger: &Ledger) -> Option<i64> {
    let by_response = match ledger.beginning {
        // The clock was read before the action.
        Beginning::Asked {
            server,
            response: Response::Lost,
            ..
        } => server,
        Beginning::Asked { server, .. } => server.map(second_before),
        Beginning::Watching => None,
    };
    let by_id = ledger.request.and_then(made_at).map(second_before);
    [by_id, by_response].into_iter().flatten().min()
}

/// A response can come in the second after the action.
fn second_before(time: i64) -> i64 {
    time.saturating_sub(1)
}

/// Whether a queued request from before the action was seen together with a later one with the same action
/// and user. In that case the server absorbs no request, and the later one is ours.
fn has_own_row_beside(ledger: &Ledger, earlier: &Run) -> bool {
    let Some(theirs) = earlier.queued else {
        return false;
    };
    ledger.runs.iter().any(|run| {
        run.request().is_some()
            && !ledger.queue().listed_before(run)
            && run.queued.is_some_and(|own| own.first <= theirs.last)
            && run.triggered_by == earlier.triggered_by
            && acts_alike(ledger, run)
            && came_after(ledger, run) != Some(true)
    })
}
