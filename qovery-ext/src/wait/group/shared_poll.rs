//! The members of a group that share one poll, and one round of that poll.
//!
//! [`super::super::shared_reading`] decides which members share a poll. A round that is dropped loses the requests in
//! flight; the state of its members does not change.

use std::{sync::Arc, time::Duration};

use futures_util::stream::{self, StreamExt};
use tokio::{
    sync::Semaphore,
    time::{self, Instant},
};

use super::super::{
    Operation, OperationToken, PollSchedule, Reached, WaitError, WaitOptions,
    api::ApiSource,
    poller::Poller,
    shared_reading::{self, Key, Shared},
    source::{Fault, Reading},
    timetable::Timetable,
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
    source: Arc<ApiSource>,
    key: Key,
    timetable: Timetable,
    pub(super) members: Vec<Member>,
}

impl SharedPoll {
    pub(super) fn new(source: Arc<ApiSource>, key: Key, schedule: &PollSchedule) -> Self {
        Self {
            source,
            key,
            timetable: Timetable::new(schedule),
            members: Vec::new(),
        }
    }

    fn pending(&self) -> impl Iterator<Item = &Poller> {
        let operations = self.members.iter().filter_map(|m| m.operation.as_ref());
        operations.map(Operation::poller)
    }

    /// The time of the next poll: that of a member that shares no poll, or that of all members.
    fn next_poll(&self) -> Instant {
        let own = self.pending().next().map(|own| own.timetable().next_poll);
        let own = own.filter(|_| matches!(self.key, Key::Alone(_)));
        own.unwrap_or(self.timetable.next_poll)
    }

    /// Waits until a poll is due or a deadline passes, polls once, and returns itself.
    pub(super) async fn round(&mut self, slots: &Semaphore) -> &mut Self {
        let deadlines = self.pending().filter_map(|own| own.context().deadline());
        time::sleep_until(deadlines.fold(self.next_poll(), Instant::min)).await;
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
        if let Some(due) = self.pending().filter_map(Poller::settles_or_holds_at).min() {
            self.timetable.bring_forward(due);
        }
        self
    }

    /// Sends the shared request. Members whose deadlines pass in the meantime end without it.
    async fn read(&mut self, slots: &Semaphore) -> Option<Shared> {
        let (source, key) = (Arc::clone(&self.source), self.key);
        let limit = after(Instant::now(), WaitOptions::default().poll_timeout);
        let mut reading = Box::pin(async {
            let _slot = slots.acquire().await;
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
                && last_moment(operation.poller()).is_some_and(|last| last <= now)
            {
                operation.pass_deadline();
                member.conclude().await;
            }
        }
    }

    fn schedule_next(&mut self, reading: Option<&Shared>) {
        let asked = match reading {
            Some(Err(fault)) => fault.retry_after,
            Some(Ok(all)) => all.values().find_map(|seen| seen.retry_after),
            None => None,
        };
        let options = self.pending().map(|own| &own.context().options);
        let longest = options.map(|options| options.longest_retry_after).max();
        self.timetable
            .keep_away(asked, longest.unwrap_or(Duration::MAX));
        let wait = self.timetable.pace.advance();
        self.timetable.schedule(wait, None);
    }
}

/// The time limit of a reading that is in flight at the deadline and counts as the last poll.
fn last_moment(poller: &Poller) -> Option<Instant> {
    Some(after(poller.context().deadline()?, WaitOptions::LAST_POLL))
}
