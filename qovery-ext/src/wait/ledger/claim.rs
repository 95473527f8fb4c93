//! Whether a run can be this operation's. One row for each rule, each with the fact that it follows
//! from.
//!
//! | rule | fact about the API |
//! |---|---|
//! | the request that the server named is ours | the response to an action names its request |
//! | another request is not ours | a request id names one request |
//! | a run from before the action is not ours | an execution id names one run; the history is sorted |
//! | a run that ended before the action is not ours | the history and the `Date` header use one clock |
//! | a run of another action is not ours | queue and history name the action; so does a state |
//! | a run without one of our services is not ours | queue and history list the services of a run |
//! | a run of another origin is not ours | the API derives the origin from the user agent |
//! | a run of another user is not ours | queue, history and status name who triggered a run |
//! | a request that came into the queue later is not ours | a row is at most a settle period late |

use uuid::Uuid;

use super::{
    super::{Goal, State},
    Beginning, Ledger, OWN_ORIGIN, RunId, Scope, millis,
    observe::UNNAMED_NEW,
    run::{Run, Stamp},
};

/// How late a row of the queue can be.
const LATE: std::time::Duration = std::time::Duration::from_secs(15);

/// Whether a run can be this operation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    Ours,
    Possible,
    Excluded(Exclusion),
}

/// Why a run is not this operation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exclusion {
    OtherRequest,
    Before,
    EndedBefore,
    OtherAction,
    OtherServices,
    OtherOrigin,
    OtherUser,
    After,
}

impl Claim {
    pub(crate) fn is_excluded(self) -> bool {
        matches!(self, Claim::Excluded(_))
    }
}

type Rule = fn(&Ledger, &Run) -> Option<Claim>;

/// The rules in the order of their force: the first one that says something decides.
pub(super) const RULES: &[Rule] = &[
    named_as_ours,
    names_another_request,
    came_before,
    ended_before,
    does_something_else,
    lacks_our_services,
    has_another_origin,
    has_another_user,
    came_after,
];

#[cfg(not(test))]
fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter()
}

/// The rules without the one that a test has removed.
#[cfg(test)]
fn rules() -> impl Iterator<Item = &'static Rule> {
    let removed = super::tests::mutation::removed();
    let kept = RULES.iter().enumerate();
    kept.filter(move |(place, _)| Some(*place) != removed)
        .map(|(_, rule)| rule)
}

impl Ledger {
    /// Whether a run can be this operation's.
    pub(crate) fn claim(&self, run: &Run) -> Claim {
        let said = rules().find_map(|rule| rule(self, run));
        said.unwrap_or(Claim::Possible)
    }

    /// The run that the server has named as ours, once it was seen.
    fn own_run(&self) -> Option<&Run> {
        self.run(&RunId::Request(self.request?))
    }

    /// The origin of our runs: the API derives it from the user agent.
    fn own_origin(&self) -> Option<&str> {
        let own = self.own_run().and_then(|run| run.origin.as_deref());
        own.or(self.has_acted().then_some(OWN_ORIGIN))
    }

    pub(super) fn acts_alike(&self, run: &Run) -> bool {
        let rules: [Rule; 4] = [
            does_something_else,
            lacks_our_services,
            has_another_origin,
            has_another_user,
        ];
        rules.iter().all(|rule| rule(self, run).is_none())
    }
}

fn named_as_ours(ledger: &Ledger, run: &Run) -> Option<Claim> {
    (run.request()? == ledger.request?).then_some(Claim::Ours)
}

fn names_another_request(ledger: &Ledger, run: &Run) -> Option<Claim> {
    (run.request()? != ledger.request?).then_some(Claim::Excluded(Exclusion::OtherRequest))
}

fn came_before(ledger: &Ledger, run: &Run) -> Option<Claim> {
    let known = match &run.id {
        RunId::Execution(id) => ledger.before.executions.contains(id),
        // A queued request may have absorbed ours, if both ask for the same.
        RunId::Request(id) => {
            let before = ledger.before.requests.as_ref();
            before.is_some_and(|ids| ids.contains(id))
                && (!ledger.acts_alike(run) || ledger.has_own_row_beside(run))
        }
    };
    known.then_some(Claim::Excluded(Exclusion::Before))
}

fn ended_before(ledger: &Ledger, run: &Run) -> Option<Claim> {
    // A run that was seen before its end has ended since, whatever a clock says that was put right.
    run.end().filter(|end| end.at <= run.seen.first)?;
    // The header counts whole seconds.
    (run.finished? < ledger.asked_by_server_clock()?.saturating_sub(1))
        .then_some(Claim::Excluded(Exclusion::EndedBefore))
}

fn does_something_else(ledger: &Ledger, run: &Run) -> Option<Claim> {
    let goal = ledger.goal;
    let foreign = match &run.action {
        Some(action) => goal.is_not_of(action),
        None => run
            .end()
            .filter(|_| !is_failure_of_cluster(ledger, run))
            .is_some_and(|end| {
                end.states
                    .iter()
                    .any(|state| is_of_another_action(state, goal))
            }),
    };
    foreign.then_some(Claim::Excluded(Exclusion::OtherAction))
}

/// A cluster has no history, and nothing says that its failures are named after the action.
fn is_failure_of_cluster(ledger: &Ledger, run: &Run) -> bool {
    let end = run.end().and_then(|end| end.state());
    ledger.scope == Scope::Cluster && end.is_some_and(State::is_error)
}

/// Whether a terminal state can only be the end of another action: a stop does not end as deployed.
fn is_of_another_action(state: &State, goal: Goal) -> bool {
    use super::super::Phase;
    if state.is_error() {
        return match goal {
            Goal::Stopped => !matches!(state, State::StopError | State::InvalidCredentials),
            Goal::Deleted | Goal::Uninstalled => !matches!(
                state,
                State::DeleteError | State::StopError | State::InvalidCredentials
            ),
            Goal::Deployed | Goal::Restarted => {
                matches!(state, State::StopError | State::DeleteError)
            }
            Goal::Canceled => false,
        };
    }
    state.is_terminal()
        && !matches!(state, State::Canceled | State::Ready)
        && state.phase(goal) != Phase::Reached
}

impl Ledger {
    /// Whether a run is about all that the operation is about, as far as the services are listed.
    pub(super) fn covers(&self, run: &Run) -> bool {
        lacks_our_services(self, run).is_none()
    }
}

fn lacks_our_services(ledger: &Ledger, run: &Run) -> Option<Claim> {
    let Scope::Services(ours) = &ledger.scope else {
        return None;
    };
    let listed = run.services.as_ref()?;
    let lacks = ours.iter().any(|id| listed.binary_search(id).is_err());
    lacks.then_some(Claim::Excluded(Exclusion::OtherServices))
}

fn has_another_origin(ledger: &Ledger, run: &Run) -> Option<Claim> {
    let (own, origin) = (ledger.own_origin()?, run.origin.as_deref()?);
    let is_other = own != origin && KNOWN_ORIGINS.contains(&origin);
    is_other.then_some(Claim::Excluded(Exclusion::OtherOrigin))
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

fn has_another_user(ledger: &Ledger, run: &Run) -> Option<Claim> {
    let own = ledger.own_run()?.triggered_by.as_deref()?;
    (run.triggered_by.as_deref()? != own).then_some(Claim::Excluded(Exclusion::OtherUser))
}

fn came_after(ledger: &Ledger, run: &Run) -> Option<Claim> {
    let queued = run.queued?;
    if !ledger.has_acted() || ledger.request.is_some() {
        return None;
    }
    // The queue was read late enough to list ours, and did not list this one yet.
    let late = ledger.late_at();
    let reads = &ledger.queue_reads;
    let was_absent = reads.iter().any(|at| *at >= late && *at < queued.first);
    was_absent.then_some(Claim::Excluded(Exclusion::After))
}

impl Ledger {
    /// From when on the queue lists every request from before the action.
    pub(super) fn late_at(&self) -> Stamp {
        self.asked_at().saturating_add(millis(LATE))
    }

    /// When the server was asked to act, by its own clock: as the request id or the response says.
    fn asked_by_server_clock(&self) -> Option<i64> {
        let by_response = match self.beginning {
            Beginning::Asked { server, .. } => server,
            Beginning::Watching => None,
        };
        self.request.and_then(made_at).or(by_response)
    }

    /// Whether a queued request from before the action was seen beside a later one that asks for the
    /// same for the same user: then the server absorbs no request, and the later one is ours.
    fn has_own_row_beside(&self, earlier: &Run) -> bool {
        let (Some(before), Some(theirs)) = (&self.before.requests, earlier.queued) else {
            return false;
        };
        self.runs.iter().any(|run| {
            run.request().is_some_and(|id| !before.contains(&id))
                && run.queued.is_some_and(|own| own.first <= theirs.last)
                && run.triggered_by == earlier.triggered_by
                && self.acts_alike(run)
                && came_after(self, run).is_none()
        })
    }

    /// The requests that can be ours, first seen first.
    pub(super) fn candidate_requests(&self) -> Vec<&Run> {
        let own = self.runs.iter().filter(|run| run.request().is_some());
        own.filter(|run| !self.claim(run).is_excluded()).collect()
    }

    /// The only queued request that can be ours, if the server has named none.
    pub(super) fn only_candidate_request(&self) -> Option<Uuid> {
        if !self.has_acted() || self.goal == Goal::Canceled {
            return None;
        }
        match self.candidate_requests().as_slice() {
            [run] => run.request(),
            _ => None,
        }
    }

    /// The executions that can be ours, first started first.
    ///
    /// Requests are executed in the order of the queue, one at a time. So ours is behind those that
    /// were ahead of it, and before those that were queued after it.
    pub(super) fn candidate_executions(&self) -> Vec<&Run> {
        let executions = self.runs.iter().filter(|run| run.execution().is_some());
        let mut runs: Vec<&Run> = executions
            .filter(|run| !self.claim(run).is_excluded())
            .collect();
        // A server that names executions now has not named the first reading of the same run.
        prefer(&mut runs, |run| run.execution() != Some(UNNAMED_NEW));
        runs.sort_by_key(|run| (run.created.unwrap_or(i64::MAX), run.seen.first));
        if let Scope::Services(ours) = &self.scope {
            prefer(&mut runs, |run| {
                run.services
                    .as_ref()
                    .is_some_and(|listed| listed.len() == ours.len())
            });
        }
        let late = self
            .alike()
            .filter(|run| self.is_behind(run) && !self.is_queued(run));
        let late = late.count();
        let skip = if self.request.is_some() {
            0
        } else {
            let requests = self.candidate_requests().len().max(1);
            let ahead = self.alike().filter(|run| self.was_ahead(run)).count();
            if runs.len() >= ahead + requests {
                ahead
            } else {
                0
            }
        };
        let keep = runs.len().saturating_sub(skip + late).max(1);
        runs.drain(..skip.min(runs.len()));
        runs.truncate(keep);
        runs
    }

    /// The requests that ask for the same as ours.
    fn alike(&self) -> impl Iterator<Item = &Run> {
        let requests = self.runs.iter().filter(|run| run.request().is_some());
        requests.filter(|run| self.acts_alike(run))
    }

    /// The other requests that ask for the same as the one that is named.
    pub(super) fn rivals(&self, ours: Uuid) -> impl Iterator<Item = &Run> {
        self.alike().filter(move |run| run.request() != Some(ours))
    }

    /// Whether a request was queued before the action.
    pub(super) fn was_queued_before(&self, run: &Run) -> bool {
        let before = self.before.requests.as_ref();
        before
            .zip(run.request())
            .is_some_and(|(ids, id)| ids.contains(&id))
    }

    /// Whether a request from before the action, which has not absorbed ours, has left the queue.
    fn was_ahead(&self, run: &Run) -> bool {
        self.was_queued_before(run) && self.claim(run).is_excluded() && !self.is_queued(run)
    }

    /// Whether a request is known to be executed after ours.
    fn is_behind(&self, run: &Run) -> bool {
        match (self.request, run.request()) {
            (Some(ours), Some(id)) => !self.was_queued_before(run) && is_older(ours, id),
            _ => came_after(self, run).is_some(),
        }
    }

    /// Whether the latest reading of the queue lists a run.
    pub(super) fn is_queued(&self, run: &Run) -> bool {
        let last = self.queue_reads.last();
        run.queued
            .zip(last)
            .is_some_and(|(queued, last)| queued.last >= *last)
    }

    /// Whether a run has left the queue: two readings a settle period apart do not list it.
    pub(super) fn has_left_queue(&self, run: &Run, settle: Stamp) -> bool {
        let Some(queued) = run.queued else {
            return false;
        };
        let without = self.queue_reads.iter().filter(|at| **at > queued.last);
        match (without.clone().min(), without.max()) {
            (Some(first), Some(last)) => last.saturating_sub(*first) >= settle,
            _ => false,
        }
    }
}

/// Keeps those that meet a condition, if there are any.
fn prefer(runs: &mut Vec<&Run>, better: impl Fn(&Run) -> bool) {
    if runs.iter().any(|run| better(run)) {
        runs.retain(|run| better(run));
    }
}

/// Whether a request id is older than another. The ids are ordered by time; if they are not, nothing
/// is known.
fn is_older(id: Uuid, than: Uuid) -> bool {
    let ordered = [id, than]
        .iter()
        .all(|id| id.get_version_num() == TIME_ORDERED);
    ordered && id < than
}

/// The version of ids that begin with the time at which they were made.
const TIME_ORDERED: usize = 7;

/// When a time-ordered id was made, in seconds since 1970 by the server's clock.
fn made_at(id: Uuid) -> Option<i64> {
    let millis = id.as_u128() >> 80;
    let seconds = i64::try_from(millis / 1000).ok()?;
    (id.get_version_num() == TIME_ORDERED).then_some(seconds)
}
