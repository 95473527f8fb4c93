//! Many operations at once, with shared polls.
//!
//! The members must use the same client: all shared polls use the client of the first member.
//! Dropping a future of this module drops its operations, and cancels nothing on the server. To continue them
//! later, take their tokens before.

mod shared_poll;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    future::IntoFuture,
    sync::Arc,
};

use futures_util::{
    StreamExt,
    future::join_all,
    stream::{self, FuturesUnordered},
};
use tokio::sync::Semaphore;

use shared_poll::{Member, SharedPoll};

use super::{
    Action, BoxFuture, Operation, OperationToken, PollSchedule, Reached, Subject, WaitError,
    shared_reading::{self, Key, Keys},
};
use crate::codes;

/// The reaction of a group to an operation that ends without reaching its goal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnFailure {
    /// Wait for all others.
    #[default]
    Finish,
    /// Stop waiting. The other operations continue on the server, and are in
    /// [`GroupOutcome::unfinished`].
    Stop,
}

/// Many operations that are waited for together.
///
/// Environments of one project share one status request for each poll, and so do services of one environment.
/// Therefore the number of status requests grows with the number of projects, not of operations. The interval of
/// shared polls grows as in the schedule. It is not reset by a transition, because in a large group
/// transitions are frequent.
///
/// The members must use the same client: all shared polls use the client of the first member.
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
#[must_use = "the operations continue on the server even if the group is not awaited"]
pub struct Group {
    members: Vec<Member>,
    on_failure: OnFailure,
    /// Replaces the settings of the operations; `None` if the group has no setting of its own.
    schedule: Option<PollSchedule>,
}

/// The outcome of a group.
#[must_use = "the outcome says whether the actions reached their goals"]
#[derive(Debug)]
#[non_exhaustive]
pub struct GroupOutcome {
    /// One result for each operation, in their order; `None` for operations that did not end.
    pub results: Vec<Option<Result<Reached, WaitError>>>,
    /// The operations that did not end, because another one failed.
    pub unfinished: Vec<Operation>,
}

impl GroupOutcome {
    /// Returns whether every operation has reached its goal.
    pub fn all_reached(&self) -> bool {
        self.results.iter().all(|r| matches!(r, Some(Ok(_))))
    }

    /// Returns the errors of the operations that ended without reaching their goal.
    pub fn errors(&self) -> impl Iterator<Item = &WaitError> {
        self.results
            .iter()
            .flatten()
            .filter_map(|r| r.as_ref().err())
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes). If there are several errors, 1 takes
    /// precedence over 3, and 3 over 2: a known failure is more useful than an unknown outcome.
    pub fn exit_code(&self) -> u8 {
        let of_errors = codes::of_several(self.errors().map(WaitError::exit_code));
        of_errors.unwrap_or(match self.all_reached() {
            true => codes::REACHED,
            false => codes::UNKNOWN,
        })
    }
}

/// How many polls of a group run at the same time.
const POLLS_AT_ONCE: usize = 8;

/// A callback for each accepted action.
type OnStarted = Box<dyn FnMut(&OperationToken) + Send>;

/// Actions to start as a group. Await it to start them.
#[must_use = "nothing happens until it is awaited"]
pub struct GroupStart {
    actions: Vec<Action>,
    at_once: usize,
    on_started: Option<OnStarted>,
}

impl GroupStart {
    /// Sets how many actions are started at a time. Default: [`Group::STARTED_AT_ONCE`], 8. 0
    /// counts as 1.
    ///
    /// The limit of the client on [requests of waits in
    /// flight](super::WaitExt::limit_wait_requests) applies too.
    pub fn at_once(mut self, actions: usize) -> Self {
        self.at_once = actions.max(1);
        self
    }

    /// Calls `note` with the token of each action as soon as the server has accepted it, in the
    /// order of acceptance. If the tokens are written to a file, a later run of the program can
    /// resume the operations. If the program ends while actions are being started, the file lacks only
    /// the tokens of these actions.
    pub fn on_started(mut self, note: impl FnMut(&OperationToken) + Send + 'static) -> Self {
        self.on_started = Some(Box::new(note));
        self
    }

    async fn start(self) -> Group {
        let Self {
            actions,
            at_once,
            mut on_started,
        } = self;
        let prepared = prepare(actions).await;
        let starts = prepared.into_iter().enumerate();
        let starts = starts.map(|(index, action)| async move { (index, action.start().await) });
        let mut starting = stream::iter(starts).buffer_unordered(at_once);
        let mut members = Vec::new();
        while let Some((index, start)) = starting.next().await {
            if let (Ok(operation), Some(note)) = (&start, &mut on_started) {
                note(&operation.token());
            }
            members.push(Member::new(index, start));
        }
        members.sort_by_key(|member| member.index);
        Group::of_members(members)
    }
}

impl IntoFuture for GroupStart {
    type Output = Group;
    type IntoFuture = BoxFuture<'static, Group>;

    /// Starts the actions.
    ///
    /// # Cancel safety
    /// If the future is dropped, the actions that were accepted continue on the server.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.start())
    }
}

impl fmt::Debug for GroupStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GroupStart")
            .field("actions", &self.actions.len())
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}

/// Reads the statuses before the actions, once for each project and environment. Actions that will be refused
/// without a request are skipped.
async fn prepare(mut actions: Vec<Action>) -> Vec<Action> {
    let valid = actions
        .iter_mut()
        .filter(|action| action.refusal().is_none());
    let mut valid: Vec<_> = valid.collect();
    let Some(source) = valid.first().map(|action| Arc::clone(action.source())) else {
        return actions;
    };
    let subjects: Vec<_> = valid.iter().map(|a| a.subject().clone()).collect();
    let Keys { keys, mut read } = shared_reading::keys(&source, &subjects).await;
    let missing: HashSet<&Key> = keys.iter().filter(|key| !read.contains_key(*key)).collect();
    let missing = missing.into_iter().map(|key| {
        let read = shared_reading::read(&source, *key);
        async move { (*key, read.await) }
    });
    for (key, reading) in join_all(missing).await {
        read.extend(reading.map(|reading| (key, reading)));
    }
    for (action, key) in valid.iter_mut().zip(keys) {
        let shared = read.get(&key);
        let own = shared.and_then(|shared| shared_reading::part_of(shared, action.subject()));
        let own = own.and_then(Result::ok).map(|seen| seen.snapshot);
        action.start_at(key, own);
    }
    actions
}

impl Group {
    /// The default of [`GroupStart::at_once`].
    pub const STARTED_AT_ONCE: usize = 8;

    /// Starts actions, a few at a time, and returns them as a group.
    ///
    /// Before the actions, the statuses of environments are read once for each project, and those of services once
    /// for each environment. [`GroupStart::at_once`] does not limit these requests. The actions must use the same
    /// client: all shared polls use the client of the first one. An action that cannot be started is a result of the
    /// group, not an error of this function.
    ///
    /// # Cancel safety
    /// If the future is dropped, the actions that were accepted continue on the server.
    pub fn start(actions: impl IntoIterator<Item = Action>) -> GroupStart {
        GroupStart {
            actions: actions.into_iter().collect(),
            at_once: Self::STARTED_AT_ONCE,
            on_started: None,
        }
    }

    /// Creates a group of operations that were already started. They must use the same client: all shared polls use
    /// the client of the first one.
    pub fn of(operations: impl IntoIterator<Item = Operation>) -> Self {
        let operations = operations.into_iter().enumerate();
        Self::of_members(operations.map(|(index, one)| Member::new(index, Ok(one))))
    }

    fn of_members(members: impl IntoIterator<Item = Member>) -> Self {
        Self {
            members: members.into_iter().collect(),
            on_failure: OnFailure::default(),
            schedule: None,
        }
    }

    /// Returns the token of each operation, in their order, also before [`Group::wait`]. An action
    /// that was not accepted has the token of its error.
    pub fn tokens(&self) -> Vec<OperationToken> {
        self.members.iter().filter_map(Member::token).collect()
    }

    /// Sets the reaction to an operation that ends without reaching its goal. Default: wait for all others.
    pub fn on_failure(mut self, what: OnFailure) -> Self {
        self.on_failure = what;
        self
    }

    /// Sets the schedule of the group, in place of those of the operations. Default: shared polls
    /// at once, then after 1 s, growing to 15 s; an operation that shares no poll keeps its own
    /// schedule.
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = Some(schedule);
        self
    }

    /// Waits for all operations, each until its own deadline.
    ///
    /// # Cancel safety
    /// If the future is dropped, the operations are dropped with it. The server continues.
    pub async fn wait(mut self) -> GroupOutcome {
        let stops_at_once = self.on_failure == OnFailure::Stop;
        let mut polls = self.plan().await;
        if !(stops_at_once && self.members.iter().any(Member::has_failed)) {
            let slots = Semaphore::new(POLLS_AT_ONCE);
            // Each poll has its own schedule: a slow response delays only the members that share it.
            let mut rounds: FuturesUnordered<_> =
                polls.iter_mut().map(|poll| poll.round(&slots)).collect();
            while let Some(poll) = rounds.next().await {
                if stops_at_once && poll.members.iter().any(Member::has_failed) {
                    break;
                }
                if poll.members.iter().any(Member::is_pending) {
                    rounds.push(poll.round(&slots));
                }
            }
        }
        self.members
            .extend(polls.into_iter().flat_map(|poll| poll.members));
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

    /// Returns the members that share each poll. Takes the running members.
    async fn plan(&mut self) -> Vec<SharedPoll> {
        let (pending, ended): (Vec<_>, Vec<_>) = std::mem::take(&mut self.members)
            .into_iter()
            .partition(Member::is_pending);
        self.members = ended;
        let subjects: Vec<Subject> = operations(&pending).map(|o| o.subject().clone()).collect();
        let first = operations(&pending).next();
        let Some(source) = first.map(|o| Arc::clone(&o.poller().context().source)) else {
            return Vec::new();
        };
        let Keys { keys, .. } = shared_reading::keys(&source, &subjects).await;
        let mut polls: BTreeMap<Key, SharedPoll> = BTreeMap::new();
        for (mut member, key) in pending.into_iter().zip(keys) {
            if let Some(operation) = &mut member.operation {
                match (key, &self.schedule) {
                    (Key::Alone(_), Some(schedule)) => operation.follow_schedule(schedule),
                    (Key::Alone(_), None) => {}
                    (Key::Project(_) | Key::Environment(_), _) => operation.share_polls(),
                }
            }
            let poll = polls.entry(key).or_insert_with(|| {
                let schedule = self.schedule.clone().unwrap_or_default();
                SharedPoll::new(Arc::clone(&source), key, &schedule)
            });
            poll.members.push(member);
        }
        polls.into_values().collect()
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
