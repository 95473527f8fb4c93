//! The members of a group that share one poll, and one round of that poll.
//!
//! [`super::super::shared_reading`] decides which members share a poll. A round that is dropped loses the requests in
//! flight; the state of its members does not change.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::{
    sync::Semaphore,
    time::{self, Instant},
};

use super::super::{
    Operation, OperationToken, PollSchedule, Reached, WaitError, WaitOptions,
    schedule::Pace,
    shared_reading::{self, Key, Shared},
    source::{Fault, Reading, Source},
};
use crate::clock::after;

/// One operation of a group, by its index.
pub(super) struct Member {
    pub(super) index: usize,
    pub(super) operation: Option<Operation>,
    pub(super) result: Option<Result<Reached, WaitError>>,
}

impl Member {
    pub(super) fn new(index: usize, start: Result<Operation, WaitError>) -> Self {
        let (operation, result) = match start {
            Ok(operation) => (Some(operation), None),
            Err(error) => (None, Some(Err(error))),
        };
        Self {
            index,
            operation,
            result,
        }
    }

    pub(super) fn token(&self) -> Option<OperationToken> {
        match (&self.operation, &self.result) {
            (Some(operation), _) => Some(operation.token()),
            (None, Some(Ok(reached))) => Some(reached.token.clone()),
            (None, Some(Err(error))) => Some(error.token().clone()),
            (None, None) => None,
        }
    }

    pub(super) fn is_pending(&self) -> bool {
        self.operation.is_some()
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self.result, Some(Err(_)))
    }

    /// Polls once, with the member's part of a shared reading, if there is one.
    async fn poll(&mut self, part: Option<Result<Reading, Fault>>) {
        let Some(operation) = &mut self.operation else {
            return;
        };
        match part {
            Some(part) => operation.poll_shared(part).await,
            None => operation.poll().await,
        }
        self.conclude().await;
    }

    async fn conclude(&mut self) {
        let Some(operation) = &mut self.operation else {
            return;
        };
        if let Some(result) = operation.conclude().await {
            self.result = Some(result);
            self.operation = None;
        }
    }
}

/// The members that share one request for each poll.
pub(super) struct SharedPoll {
    source: Arc<dyn Source>,
    key: Key,
    due: Instant,
    pace: Pace,
    pub(super) members: Vec<Member>,
}

impl SharedPoll {
    pub(super) fn new(
        source: Arc<dyn Source>,
        key: Key,
        schedule: &PollSchedule,
        member: Member,
    ) -> Self {
        Self {
            source,
            key,
            due: Instant::now(),
            pace: schedule.pace(),
            members: vec![member],
        }
    }

    fn pending(&self) -> impl Iterator<Item = &Operation> {
        self.members.iter().filter_map(|m| m.operation.as_ref())
    }

    /// Waits until a poll is due or a deadline passes, polls once, and returns itself.
    pub(super) async fn round(&mut self, slots: &Semaphore) -> &mut Self {
        let deadline = self.pending().filter_map(Operation::deadline).min();
        let wake = deadline.map_or(self.due, |d| self.due.min(d));
        time::sleep_until(wake).await;
        let reading = self.read(slots).await;
        self.schedule_next(reading.as_ref());
        stream::iter(self.members.iter_mut())
            .for_each_concurrent(None, |member| {
                let subject = member.operation.as_ref().map(Operation::subject);
                let part = reading.as_ref().zip(subject);
                let part =
                    part.and_then(|(reading, subject)| shared_reading::part_of(reading, subject));
                async move {
                    let _slot = slots.acquire().await;
                    member.poll(part).await;
                }
            })
            .await;
        let own = self.pending().filter_map(Operation::settles_or_holds_at);
        self.due = own.fold(self.due, Instant::min);
        if matches!(self.key, Key::Alone(_)) {
            let own = self.pending().next().map(Operation::next_poll);
            self.due = own.unwrap_or(self.due);
        }
        self
    }

    /// Sends the shared request. Members whose deadlines pass in the meantime end without it.
    async fn read(&mut self, slots: &Semaphore) -> Option<Result<Shared, Fault>> {
        let (source, key) = (Arc::clone(&self.source), self.key);
        let limit = after(Instant::now(), WaitOptions::default().poll_timeout);
        let mut reading = Box::pin(async {
            let _slot = slots.acquire().await;
            let _permit = source.permit().await;
            shared_reading::read(&source, key).await
        });
        while self.pending().next().is_some() {
            let last = self.pending().filter_map(last_moment).min();
            let wake = last.map_or(limit, |last| last.min(limit));
            match time::timeout_at(wake, reading.as_mut()).await {
                Ok(reading) => return reading,
                Err(_) if wake >= limit => return Some(Err(Fault::late())),
                Err(_) => self.end_late().await,
            }
        }
        None
    }

    /// Ends the members whose time for a last poll is over.
    async fn end_late(&mut self) {
        let now = Instant::now();
        for member in &mut self.members {
            if let Some(operation) = &mut member.operation
                && last_moment(operation).is_some_and(|last| last <= now)
            {
                operation.pass_deadline();
                member.conclude().await;
            }
        }
    }

    fn schedule_next(&mut self, reading: Option<&Result<Shared, Fault>>) {
        let now = Instant::now();
        let due = after(now, self.pace.advance());
        let asked = match reading {
            Some(Err(fault)) => fault.retry_after,
            Some(Ok(shared)) => shared.retry_after(),
            None => None,
        };
        let longest = self.pending().map(Operation::longest_retry_after).max();
        let asked = asked.map(|pause| pause.min(longest.unwrap_or(pause)));
        self.due = asked.map_or(due, |pause| due.max(after(now, pause)));
    }
}

/// The time limit of a reading that is in flight at the deadline and counts as the last poll.
fn last_moment(operation: &Operation) -> Option<Instant> {
    Some(after(operation.deadline()?, WaitOptions::LAST_POLL))
}
