//! The polls of a wait: when to poll, and when the wait ends. A [`Judge`] interprets the readings.
//!
//! The poller emits nothing (see [`super::reporter`]) and ends nothing (see [`super::closer`]). Dropping a
//! future of this module loses only the request in flight.

mod judge;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::time::{self, Instant};

pub(super) use self::judge::Judge;
#[cfg(feature = "stream")]
use super::push::{Need, Push, Wake};
use super::{
    Deadline, Decision, Evidence, Goal, Names, OperationToken, Phase, PollSchedule, Snapshot,
    Subject, WaitOptions,
    decision::{Cause, Proof, Verdict},
    in_flight::Permit,
    ledger::Ledger,
    source::{Fault, FaultKind, Reading, Source},
    timetable::Timetable,
};
use crate::clock::after;

/// Polls at the due times and decides whether the wait continues.
pub(super) struct Poller {
    judge: Judge,
    options: WaitOptions,
    timetable: Timetable,
    polls: u32,
    /// How many polls in a row have failed.
    failures: u32,
    last: Option<Snapshot>,
    /// The phase according to the last poll that could be judged.
    phase: Phase,
    held_since: Option<Instant>,
    /// The time limit of the last poll, after the deadline.
    last_poll_until: Option<Instant>,
    /// The stream whose frames change the times of polls.
    #[cfg(feature = "stream")]
    push: Option<Push>,
}

/// The result of a poll. Both fields are `None` if the poll failed and the failure is tolerated. Both are set
/// if the deadline has passed and the poll did not decide.
#[derive(Default)]
pub(super) struct Polled {
    /// The phase of an operation that continues, and its position in the queue.
    pub(super) progress: Option<(Phase, Option<usize>)>,
    /// The end of the wait, if it has ended.
    pub(super) end: Option<End>,
}

/// The reason why a wait ends.
pub(super) enum End {
    Decided(Decision, Vec<Evidence>),
    Refused(Fault),
    LostContact(Fault),
    Deadline,
}

impl Polled {
    fn pending(phase: Phase, position: Option<usize>) -> Self {
        Self {
            progress: Some((phase, position)),
            end: None,
        }
    }

    fn ended(end: End) -> Self {
        Self {
            progress: None,
            end: Some(end),
        }
    }

    /// Ends the wait because of the deadline, unless the poll has decided.
    fn after_deadline(mut self) -> Self {
        self.end.get_or_insert(End::Deadline);
        self
    }
}

impl Poller {
    pub(super) fn new(judge: Judge, options: WaitOptions) -> Self {
        Self {
            timetable: Timetable::new(&options.schedule),
            judge,
            options,
            polls: 0,
            failures: 0,
            last: None,
            phase: Phase::NotStarted,
            held_since: None,
            last_poll_until: None,
            #[cfg(feature = "stream")]
            push: None,
        }
    }

    pub(super) fn source(&self) -> &Arc<dyn Source> {
        self.judge.source()
    }

    pub(super) fn subject(&self) -> &Subject {
        self.judge.subject()
    }

    /// The record of the operation; `None` for a condition.
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        self.judge.ledger()
    }

    /// When the API accepted to cancel the queued request of the operation.
    pub(super) fn accepted_cancel(&self) -> Arc<OnceLock<Instant>> {
        self.judge.accepted_cancel()
    }

    /// The goal; `None` for a condition.
    pub(super) fn goal(&self) -> Option<Goal> {
        self.judge.goal()
    }

    pub(super) fn token(&self) -> OperationToken {
        let subject = self.subject();
        OperationToken::new(subject.clone(), self.ledger().cloned())
            .with_parent(self.source().known_parent(subject))
    }

    /// The known names of the subject and its services.
    pub(super) fn names(&self) -> Names {
        self.source().names(self.subject(), self.last())
    }

    /// The last status that was read.
    pub(super) fn last(&self) -> Option<&Snapshot> {
        self.last.as_ref()
    }

    pub(super) fn polls(&self) -> u32 {
        self.polls
    }

    /// How many polls in a row have failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn started(&self) -> Instant {
        self.judge.started()
    }

    /// The time since the operation was started.
    pub(super) fn elapsed(&self) -> Duration {
        self.started().elapsed()
    }

    pub(super) fn options(&self) -> &WaitOptions {
        &self.options
    }

    pub(super) fn options_mut(&mut self) -> &mut WaitOptions {
        &mut self.options
    }

    pub(super) fn timetable(&self) -> &Timetable {
        &self.timetable
    }

    /// Polls by this schedule after the next poll.
    pub(super) fn follow_schedule(&mut self, schedule: &PollSchedule) {
        self.timetable.follow(schedule);
    }

    /// Polls by the schedule of the options after the next poll.
    pub(super) fn follow_own_schedule(&mut self) {
        self.timetable.follow(&self.options.schedule);
    }

    /// Skips facts that would need one request for each of many operations.
    pub(super) fn share_polls(&mut self) {
        self.judge.share_polls();
    }

    /// The latest end of the wait.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.options.deadline {
            // A limit beyond the range of the clock is no limit.
            Deadline::After(limit) => self.started().checked_add(limit),
            Deadline::None => None,
        }
    }

    /// Whether the deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline().is_some_and(|d| d <= Instant::now())
    }

    /// Polls once and interprets the reading. If the deadline has passed, this is the last poll.
    pub(super) async fn poll(&mut self) -> Polled {
        if self.is_late() {
            return self.poll_after_deadline().await;
        }
        let Some(permit) = self.permit().await else {
            return self.poll_after_deadline().await;
        };
        let limit = self.poll_limit();
        let result = time::timeout_at(limit, self.read()).await;
        drop(permit);
        let result = result.unwrap_or_else(|_| Err(Fault::late()));
        if result.is_err() && self.is_late() {
            self.poll_after_deadline().await
        } else {
            self.take(result)
        }
    }

    /// Polls once, with a reading that many operations share.
    pub(super) async fn poll_shared(&mut self, seen: Result<Reading, Fault>) -> Polled {
        self.polls = self.polls.saturating_add(1);
        let limit = if self.is_late() {
            after(Instant::now(), WaitOptions::LAST_POLL)
        } else {
            self.poll_limit()
        };
        let result = time::timeout_at(limit, self.judged(seen)).await;
        let result = result.unwrap_or_else(|_| Err(Fault::late()));
        match result {
            result if !self.is_late() => self.take(result),
            Ok(judged) => self.take(Ok(judged)).after_deadline(),
            Err(_) => Polled::ended(End::Deadline),
        }
    }

    /// Polls a last time after the deadline, with a short time limit, because the status may have changed since
    /// the previous poll.
    async fn poll_after_deadline(&mut self) -> Polled {
        let now = Instant::now();
        let limit = *self
            .last_poll_until
            .get_or_insert_with(|| after(now, WaitOptions::LAST_POLL));
        if now >= limit || self.timetable.is_forbidden() {
            return Polled::ended(End::Deadline);
        }
        let last = async {
            let _permit = self.source().permit().await;
            self.read().await
        };
        match time::timeout_at(limit, last).await {
            Ok(Ok(judged)) => self.take(Ok(judged)).after_deadline(),
            Ok(Err(_)) | Err(_) => Polled::ended(End::Deadline),
        }
    }

    /// Reads the status once more, outside of the schedule. Keeps it if it shows the same deployment and
    /// `is_accepted` returns true.
    pub(super) async fn read_again(&mut self, is_accepted: impl Fn(&Snapshot) -> bool) {
        self.polls = self.polls.saturating_add(1);
        let read = self.source().read(self.subject());
        if let Ok(Ok(seen)) = time::timeout(WaitOptions::LAST_POLL, read).await
            && self.is_of_the_same(&seen.snapshot)
            && is_accepted(&seen.snapshot)
        {
            self.last = Some(seen.snapshot);
        }
    }

    /// Whether a status shows the deployment of the operation, or the same deployment as the last status.
    fn is_of_the_same(&self, newer: &Snapshot) -> bool {
        let own = self.ledger().and_then(Ledger::execution);
        let last = self.last.as_ref();
        let last = last.and_then(|last| last.deployment_id.as_deref());
        let newer = newer.deployment_id.as_deref();
        own.is_none() || own == newer || last == newer
    }

    /// Waits in the queue until the requests of a poll may be sent; `None` if the deadline passes first.
    async fn permit(&mut self) -> Option<Permit> {
        let deadline = self.deadline();
        let permit = self.source().permit();
        match deadline {
            Some(deadline) => time::timeout_at(deadline, permit).await.ok(),
            None => Some(permit.await),
        }
    }

    /// The time limit of a poll that begins now.
    fn poll_limit(&self) -> Instant {
        let limit = after(Instant::now(), self.options.poll_timeout);
        self.deadline().map_or(limit, |d| limit.min(d))
    }

    /// The next time at which a poll decides because a period ends: the settle period, or the period during
    /// which the goal must hold.
    pub(super) fn settles_or_holds_at(&self) -> Option<Instant> {
        let now = Instant::now();
        let settles = self.judge.settles_at(self.options.settle);
        let holds = self
            .held_since
            .map(|since| after(since, self.options.stable_for));
        [settles, holds]
            .into_iter()
            .flatten()
            .filter(|due| *due > now)
            .min()
    }

    async fn read(&mut self) -> Result<Verdict, Fault> {
        self.polls = self.polls.saturating_add(1);
        let seen = self.source().read(self.subject()).await;
        self.judged(seen).await
    }

    /// Returns the verdict on a reading. If a fact could not be read, the operation is pending and the next
    /// poll follows soon.
    async fn judged(&mut self, seen: Result<Reading, Fault>) -> Result<Verdict, Fault> {
        let judged = match seen {
            Ok(seen) => {
                self.note(&seen);
                let snapshot = self.last.insert(seen.snapshot);
                self.judge.status(snapshot, &self.options).await?
            }
            Err(fault) => {
                self.keep_away(fault.retry_after);
                self.judge.missing(fault, &self.options).await?
            }
        };
        Ok(judged.unwrap_or_else(|| {
            self.timetable.restart();
            Verdict::pending(self.phase)
        }))
    }

    /// Changes the times of the next polls, if the status has changed.
    fn note(&mut self, seen: &Reading) {
        let moved = self
            .last
            .as_ref()
            .is_none_or(|last| !seen.snapshot.has_not_moved_since(last));
        #[cfg(feature = "stream")]
        if let Some(push) = &mut self.push {
            // The API lags behind its own stream, so the next readings will show the change.
            if push.polled(&seen.snapshot) {
                self.timetable.restart();
            }
        }
        if moved {
            self.timetable.restart();
            tracing::debug!(subject = %self.subject(), state = %seen.snapshot.state, "status changed");
        }
        self.keep_away(seen.retry_after);
    }

    /// Takes the result of a poll: schedules the next one or ends the wait.
    fn take(&mut self, result: Result<Verdict, Fault>) -> Polled {
        let polled = match result {
            Ok(judged) => {
                self.failures = 0;
                self.take_verdict(judged)
            }
            Err(fault) => match self.judge_fault(fault) {
                Ok(Some(judged)) => self.take_verdict(judged),
                Ok(None) => Polled::default(),
                Err(end) => Polled::ended(end),
            },
        };
        if let Some((phase, _)) = polled.progress
            && self.last.is_some()
        {
            self.phase = phase;
        }
        if !matches!(polled.end, Some(End::Decided(..))) {
            self.schedule_next();
        }
        polled
    }

    fn take_verdict(&mut self, judged: Verdict) -> Polled {
        match judged {
            Verdict::Pending { phase, position } => {
                self.held_since = None;
                Polled::pending(phase, position)
            }
            Verdict::Decided(Decision::Reached(proof), _) if !self.has_held(proof) => {
                Polled::pending(Phase::Running, None)
            }
            Verdict::Decided(decision, evidence) => Polled::ended(End::Decided(decision, evidence)),
        }
    }

    /// Whether the goal has held for the requested time.
    fn has_held(&mut self, proof: Proof) -> bool {
        if self.options.stable_for.is_zero() || proof == Proof::Gone {
            return true;
        }
        // The verdict of an operation that has reached its goal does not change. The latest status shows
        // whether the goal still holds.
        if let Some(goal) = self.goal()
            && !self.last().is_some_and(|last| holds(last, goal))
        {
            self.held_since = None;
            return false;
        }
        let now = Instant::now();
        let since = *self.held_since.get_or_insert(now);
        now >= after(since, self.options.stable_for)
    }

    fn schedule_next(&mut self) {
        #[cfg_attr(
            not(feature = "stream"),
            allow(unused_mut, reason = "nothing changes it")
        )]
        let mut wait = self.timetable.advance();
        #[cfg(feature = "stream")]
        if let Some(push) = &self.push {
            wait = push.wait(wait, self.timetable.longest(), self.need());
        }
        let due = self.settles_or_holds_at();
        self.timetable.schedule(wait, due);
    }

    /// Sends no request before the delay that the server demands is over. The delay has a maximum.
    fn keep_away(&mut self, asked: Option<Duration>) {
        let longest = self.options.longest_retry_after;
        self.timetable.keep_away(asked, longest);
    }

    /// The meaning of a failed poll; `None` if it is tolerated.
    ///
    /// # Errors
    /// Returns the end of the wait if the fault is not tolerated.
    fn judge_fault(&mut self, fault: Fault) -> Result<Option<Verdict>, End> {
        self.keep_away(fault.retry_after);
        let (was_read, settle) = (self.last.is_some(), self.options.settle);
        if let Some(judged) = self.judge.check_missing(&fault, was_read, settle) {
            return Ok(Some(judged));
        }
        let was_there = self
            .ledger()
            .map_or(was_read, |ledger| ledger.was_found() || ledger.has_acted());
        // Only if the fault is about the subject, and not about another missing object.
        let missing = fault.kind == FaultKind::NotFound
            || (fault.kind == FaultKind::SaysMissing && fault.may_mean_gone(self.subject()));
        // If the status could be read before, a 400 does not mean that the request is invalid.
        let odd = missing || matches!(fault.kind, FaultKind::BadRequest | FaultKind::SaysMissing);
        let may_come_back = fault.is_transient() || (odd && was_there);
        if !may_come_back {
            return Err(End::Refused(fault));
        }
        self.failures = self.failures.saturating_add(1);
        tracing::debug!(subject = %self.subject(), failures = self.failures, %fault, "poll failed");
        if self.failures > self.options.tolerated_failures {
            if missing {
                let gone = Decision::Failed(Cause::Gone);
                return Ok(Some(Verdict::Decided(gone, Vec::new())));
            }
            return Err(End::LostContact(fault));
        }
        Ok(None)
    }

    /// Lets the pushed statuses of the API change the times of the polls.
    #[cfg(feature = "stream")]
    pub(super) fn listen_to_stream(&mut self) {
        if let Some(client) = self.source().client() {
            self.push = Push::of(client, self.subject());
        }
    }

    /// Listens to the stream until it has changed the time of the next poll. Dropping the future loses nothing.
    #[cfg(feature = "stream")]
    pub(super) async fn listen(&mut self) {
        let Some(push) = &mut self.push else {
            return std::future::pending().await;
        };
        let wake = push.listen().await;
        // While polls fail, only the schedule sets their times.
        if self.failures > 0 {
            return;
        }
        match wake {
            Wake::Due => self.timetable.bring_forward(Instant::now()),
            Wake::Fails(polled) => {
                let due = after(polled, self.timetable.longest().of_schedule);
                self.timetable.bring_forward(due);
            }
            Wake::Agrees(polled) => {
                let Some(push) = &self.push else { return };
                let scheduled = self.timetable.next_poll();
                let scheduled = scheduled.saturating_duration_since(polled);
                let wait = push.wait(scheduled, self.timetable.longest(), self.need());
                let until = after(polled, wait);
                let decides = self.settles_or_holds_at().unwrap_or(until);
                self.timetable.put_off(until.min(decides));
            }
        }
    }

    /// The next fact that the wait needs.
    #[cfg(feature = "stream")]
    fn need(&self) -> Need {
        let Some(last) = self.last.as_ref().filter(|_| self.phase == Phase::Running) else {
            return Need::Start;
        };
        let parts = last.part_statuses();
        let is_running = parts.iter().flatten().any(|part| !part.state.is_terminal());
        match is_running && self.judge.needs_only_the_status(&self.options) {
            true => Need::Change,
            false => Need::Decision,
        }
    }
}

/// Whether every part of the subject is in a state of the goal.
fn holds(snapshot: &Snapshot, goal: Goal) -> bool {
    let parts = snapshot.part_statuses();
    parts.iter().all(|part| {
        part.as_ref()
            .is_some_and(|part| part.state.phase(goal) == Phase::Reached)
    })
}
