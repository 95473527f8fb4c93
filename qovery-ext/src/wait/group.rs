//! Many operations at once, with shared polls.
//!
//! Not for operations of different clients: the first one's connection reads for all that share.
//! Dropping a future of this module leaves the server alone and drops the operations with it; take
//! their tokens before.

mod share;

use std::{collections::HashMap, fmt, sync::Arc};

use futures_util::{
    StreamExt,
    stream::{self, FuturesUnordered},
};
use tokio::sync::Semaphore;

use share::{Member, Share};

use super::{
    Action, Operation, PollSchedule, Reached, Subject, WaitError,
    shared::{self, Key},
};

/// What to do when one operation ends without its goal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// Wait for all others.
    #[default]
    Finish,
    /// Stop waiting; the others go on on the server and are handed back.
    Stop,
}

/// Many operations that are waited for together.
///
/// Environments of one project share one status request for each poll, and so do services of one
/// environment: the requests grow with the projects, not with the operations. The interval of the
/// shared polls grows as the schedule says and does not fall back, because among many operations
/// something always happens.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, ids: Vec<uuid::Uuid>) {
/// use qovery_ext::wait::{Group, WaitExt};
///
/// let actions = ids.into_iter().map(|id| client.environment(id).deploy());
/// let outcome = Group::start(actions).await.wait().await;
/// std::process::exit(outcome.exit_code().into());
/// # }
/// ```
#[must_use = "the servers carry on whether or not the group is waited for"]
pub struct Group {
    members: Vec<Member>,
    on_failure: OnFailure,
    /// In place of those of the operations; `None` where nothing else was asked for.
    schedule: Option<PollSchedule>,
}

/// How the operations of a group ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct GroupOutcome {
    /// One entry for each operation, in their order; `None` for those that were left under way.
    pub results: Vec<Option<Result<Reached, WaitError>>>,
    /// The operations that were left under way, because another one failed.
    pub unfinished: Vec<Operation>,
}

impl GroupOutcome {
    /// Whether every operation has reached its goal.
    pub fn all_reached(&self) -> bool {
        self.results.iter().all(|r| matches!(r, Some(Ok(_))))
    }

    /// The operations that ended without their goal.
    pub fn errors(&self) -> impl Iterator<Item = &WaitError> {
        self.results
            .iter()
            .flatten()
            .filter_map(|r| r.as_ref().err())
    }

    /// 0 where all have reached their goals; otherwise the exit code of the first error: 1 before
    /// 3 before 2, because a failure that is known says more than one that is not.
    pub fn exit_code(&self) -> u8 {
        let rank = |code| match code {
            1 => 0,
            3 => 1,
            _ => 2,
        };
        let worst = self
            .errors()
            .map(WaitError::exit_code)
            .min_by_key(|c| rank(*c));
        worst.unwrap_or(if self.all_reached() { 0 } else { 2 })
    }
}

/// How many polls, or actions, are under way at a time.
const AT_ONCE: usize = 8;

impl Group {
    /// Starts actions, a few at a time, and makes a group of them.
    ///
    /// What they start from is read once for each project. An action that cannot be started is a
    /// result of the group, not an error here.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the actions that were accepted to the server.
    pub async fn start(actions: impl IntoIterator<Item = Action>) -> Self {
        let actions: Vec<_> = actions.into_iter().collect();
        let subjects: Vec<_> = actions.iter().map(|a| a.subject().clone()).collect();
        let Some(source) = actions.first().map(Action::source) else {
            return Self::of_members(Vec::new());
        };
        let keys = shared::keys(&source, &subjects).await;
        let mut baselines = HashMap::new();
        for key in &keys {
            if !matches!(key, Key::Alone(_)) && !baselines.contains_key(key) {
                baselines.insert(*key, shared::read(&source, *key).await);
            }
        }
        let prepared: Vec<_> = actions
            .into_iter()
            .zip(&keys)
            .zip(&subjects)
            .map(|((action, key), subject)| {
                let shared = baselines.get(key).and_then(Option::as_ref);
                let own = shared
                    .and_then(|s| shared::part_of(s, subject))
                    .and_then(Result::ok);
                let project = match key {
                    Key::Project(project) => Some(*project),
                    Key::Environment(_) | Key::Alone(_) => None,
                };
                action.starting_at(project, own.map(|seen| seen.snapshot))
            })
            .collect();
        let starts = prepared.into_iter().map(Action::start);
        let started: Vec<_> = stream::iter(starts).buffered(AT_ONCE).collect().await;
        Self::of_members(started)
    }

    /// Makes a group of operations that are under way.
    pub fn of(operations: impl IntoIterator<Item = Operation>) -> Self {
        Self::of_members(operations.into_iter().map(Ok))
    }

    fn of_members(started: impl IntoIterator<Item = Result<Operation, WaitError>>) -> Self {
        let members = started.into_iter().enumerate();
        Self {
            members: members.map(|(i, start)| Member::new(i, start)).collect(),
            on_failure: OnFailure::default(),
            schedule: None,
        }
    }

    /// What to do when one operation ends without its goal. Default: wait for all others.
    pub fn on_failure(mut self, what: OnFailure) -> Self {
        self.on_failure = what;
        self
    }

    /// Polls by this schedule, in place of those of the operations. Default: shared polls at once,
    /// then 1 s growing to 15 s; an operation that shares with nobody keeps its own.
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = Some(schedule);
        self
    }

    /// Waits for the operations, each to its own deadline.
    ///
    /// # Cancel safety
    /// Dropping the future drops the operations; the servers go on.
    pub async fn wait(mut self) -> GroupOutcome {
        let stops_at_once = self.on_failure == OnFailure::Stop;
        let mut shares = self.plan().await;
        if !(stops_at_once && self.members.iter().any(Member::has_failed)) {
            let slots = Semaphore::new(AT_ONCE);
            // Each share keeps its own pace: a slow answer holds up those who wait for it, no more.
            let mut rounds: FuturesUnordered<_> =
                shares.iter_mut().map(|share| share.round(&slots)).collect();
            while let Some(share) = rounds.next().await {
                if stops_at_once && share.members.iter().any(Member::has_failed) {
                    break;
                }
                if share.members.iter().any(Member::is_pending) {
                    rounds.push(share.round(&slots));
                }
            }
        }
        self.members
            .extend(shares.into_iter().flat_map(|share| share.members));
        self.members.sort_by_key(|member| member.index);
        let mut outcome = GroupOutcome {
            results: Vec::with_capacity(self.members.len()),
            unfinished: Vec::new(),
        };
        for member in self.members {
            outcome.results.push(member.result);
            outcome.unfinished.extend(member.operation);
        }
        outcome
    }

    /// Who shares which polls. Takes the members that are under way.
    async fn plan(&mut self) -> Vec<Share> {
        let (pending, ended): (Vec<_>, Vec<_>) = std::mem::take(&mut self.members)
            .into_iter()
            .partition(Member::is_pending);
        self.members = ended;
        let subjects: Vec<Subject> = operations(&pending).map(|o| o.subject().clone()).collect();
        let first = operations(&pending).next();
        let Some(source) = first.map(|o| Arc::clone(&o.source)) else {
            return Vec::new();
        };
        let keys = shared::keys(&source, &subjects).await;
        let mut shares: Vec<Share> = Vec::new();
        let mut places: HashMap<Key, usize> = HashMap::new();
        for (mut member, key) in pending.into_iter().zip(keys) {
            if let Some(operation) = &mut member.operation {
                match (key, &self.schedule) {
                    (Key::Alone(_), Some(schedule)) => operation.follow_schedule(schedule),
                    (Key::Alone(_), None) => {}
                    (Key::Project(_) | Key::Environment(_), _) => operation.be_frugal(),
                }
            }
            let place = *places.entry(key).or_insert(shares.len());
            match shares.get_mut(place) {
                Some(share) => share.members.push(member),
                None => {
                    let schedule = self.schedule.clone().unwrap_or_default();
                    shares.push(Share::new(Arc::clone(&source), key, &schedule, member));
                }
            }
        }
        shares
    }
}

fn operations(members: &[Member]) -> impl Iterator<Item = &Operation> {
    members.iter().filter_map(|m| m.operation.as_ref())
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("operations", &self.members.len())
            .field("on_failure", &self.on_failure)
            .finish_non_exhaustive()
    }
}
