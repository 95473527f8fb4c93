//! Many operations at once, with shared polls.
//!
//! Not for operations of different clients: the first one's connection reads for all that share.
//! Dropping a future of this module leaves the server alone and drops the operations with it; take
//! their tokens before.

use std::{collections::HashMap, fmt, sync::Arc};

use futures_util::{StreamExt, stream};
use tokio::time::{self, Instant};

use super::{
    Action, Operation, PollSchedule, Reached, Subject, WaitError, WaitOptions,
    schedule::Pace,
    shared::{self, Key},
    source::{Fault, Seen},
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
    schedule: PollSchedule,
}

struct Member {
    operation: Option<Operation>,
    result: Option<Result<Reached, WaitError>>,
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

/// How many requests are under way at a time.
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
        let prepared =
            actions
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
                });
        let started: Vec<_> = stream::iter(prepared.map(Action::start))
            .buffered(AT_ONCE)
            .collect()
            .await;
        Self::of_members(
            started
                .into_iter()
                .map(|start| match start {
                    Ok(operation) => Member {
                        operation: Some(operation),
                        result: None,
                    },
                    Err(error) => Member {
                        operation: None,
                        result: Some(Err(error)),
                    },
                })
                .collect(),
        )
    }

    /// Makes a group of operations that are under way.
    pub fn of(operations: impl IntoIterator<Item = Operation>) -> Self {
        Self::of_members(
            operations
                .into_iter()
                .map(|operation| Member {
                    operation: Some(operation),
                    result: None,
                })
                .collect(),
        )
    }

    fn of_members(members: Vec<Member>) -> Self {
        Self {
            members,
            on_failure: OnFailure::default(),
            schedule: PollSchedule::default(),
        }
    }

    /// What to do when one operation ends without its goal. Default: wait for all others.
    pub fn on_failure(mut self, what: OnFailure) -> Self {
        self.on_failure = what;
        self
    }

    /// Polls by this schedule, in place of those of the operations.
    pub fn schedule(mut self, schedule: PollSchedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Waits for the operations, each to its own deadline.
    ///
    /// # Cancel safety
    /// Dropping the future drops the operations; the servers go on.
    pub async fn wait(mut self) -> GroupOutcome {
        let mut polls = self.plan().await;
        while !self.is_done() {
            let due = polls.values().map(|p| p.due).min();
            let deadline = self.pending().filter_map(|(_, o)| o.deadline()).min();
            let Some(wake) = [due, deadline].into_iter().flatten().min() else {
                break;
            };
            time::sleep_until(wake).await;
            let now = Instant::now();
            let late: Vec<_> = self
                .pending()
                .filter(|(_, o)| o.deadline().is_some_and(|d| d <= now))
                .map(|(i, _)| i)
                .collect();
            let keys: Vec<_> = polls
                .iter()
                .filter(|(_, p)| p.due <= now || p.members.iter().any(|m| late.contains(m)))
                .map(|(k, _)| *k)
                .collect();
            self.poll(&mut polls, &keys, &late).await;
            polls.retain(|_, p| {
                p.members.retain(|m| self.operation(*m).is_some());
                !p.members.is_empty()
            });
        }
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

    fn is_done(&self) -> bool {
        let failed = self
            .members
            .iter()
            .any(|m| matches!(m.result, Some(Err(_))));
        self.pending().next().is_none() || (failed && self.on_failure == OnFailure::Stop)
    }

    fn pending(&self) -> impl Iterator<Item = (usize, &Operation)> {
        let members = self.members.iter().enumerate();
        members.filter_map(|(i, m)| m.operation.as_ref().map(|o| (i, o)))
    }

    fn operation(&self, index: usize) -> Option<&Operation> {
        self.members.get(index).and_then(|m| m.operation.as_ref())
    }

    /// Which operations share which polls.
    async fn plan(&mut self) -> HashMap<Key, Poll> {
        let indices: Vec<_> = self.pending().map(|(i, _)| i).collect();
        let subjects: Vec<Subject> = self.pending().map(|(_, o)| o.subject().clone()).collect();
        let Some(source) = self.pending().next().map(|(_, o)| Arc::clone(&o.source)) else {
            return HashMap::new();
        };
        let keys = shared::keys(&source, &subjects).await;
        let mut polls: HashMap<Key, Poll> = HashMap::new();
        let now = Instant::now();
        for (index, key) in indices.into_iter().zip(keys) {
            if !matches!(key, Key::Alone(_))
                && let Some(operation) = self
                    .members
                    .get_mut(index)
                    .and_then(|m| m.operation.as_mut())
            {
                operation.be_frugal();
            }
            let poll = polls.entry(key).or_insert_with(|| Poll {
                due: now,
                pace: self.schedule.pace(),
                members: Vec::new(),
            });
            poll.members.push(index);
        }
        polls
    }

    /// Makes the shared requests and lets every operation judge its part.
    async fn poll(&mut self, polls: &mut HashMap<Key, Poll>, keys: &[Key], late: &[usize]) {
        let Some(source) = self.pending().next().map(|(_, o)| Arc::clone(&o.source)) else {
            return;
        };
        let read: HashMap<_, _> = stream::iter(keys.iter().map(|key| {
            let source = &source;
            async move {
                let limit = if late.is_empty() {
                    WaitOptions::default().poll_timeout
                } else {
                    WaitOptions::LAST_POLL
                };
                let shared = time::timeout(limit, shared::read(source, *key)).await;
                (*key, shared.unwrap_or_else(|_| Some(Err(Fault::late()))))
            }
        }))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
        let mut turns = Vec::new();
        for key in keys {
            let Some(poll) = polls.get_mut(key) else {
                continue;
            };
            let mut allowed = Instant::now() + poll.pace.advance();
            if let Some(Some(Err(fault))) = read.get(key)
                && let Some(forbidden) = fault
                    .retry_after
                    .and_then(|d| Instant::now().checked_add(d))
            {
                allowed = allowed.max(forbidden);
            }
            poll.due = allowed;
            for index in &poll.members {
                let Some(operation) = self
                    .members
                    .get_mut(*index)
                    .and_then(|m| m.operation.take())
                else {
                    continue;
                };
                let shared = read.get(key).and_then(Option::as_ref);
                let part = shared.and_then(|s| shared::part_of(s, operation.subject()));
                turns.push(turn(*index, operation, part, late.contains(index)));
            }
        }
        let turned: Vec<_> = stream::iter(turns)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (index, operation, result) in turned {
            let Some(member) = self.members.get_mut(index) else {
                continue;
            };
            match result {
                Some(result) => member.result = Some(result),
                None => {
                    if let Some(own) = operation.settles_or_holds_at() {
                        let poll = polls.values_mut().find(|p| p.members.contains(&index));
                        if let Some(poll) = poll {
                            poll.due = poll.due.min(own);
                        }
                    }
                    member.operation = Some(operation);
                }
            }
        }
    }
}

/// One shared request and those who share it.
struct Poll {
    due: Instant,
    pace: Pace,
    members: Vec<usize>,
}

/// One turn of one operation with its part of a reading.
async fn turn(
    index: usize,
    mut operation: Operation,
    part: Option<Result<Seen, Fault>>,
    late: bool,
) -> (usize, Operation, Option<Result<Reached, WaitError>>) {
    let result = operation.turn_with(part, late).await;
    (index, operation, result)
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("operations", &self.members.len())
            .field("on_failure", &self.on_failure)
            .finish_non_exhaustive()
    }
}
