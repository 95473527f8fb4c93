//! The polls of a wait: when to poll, and when the wait ends. A [`Judge`] interprets the readings.
//!
//! The poller emits nothing (see [`super::reporter`]) and ends nothing (see [`super::closer`]). Dropping a
//! future of this module loses only the request in flight.

mod judge;

use std::time::Duration;

use tokio::time::{self, Instant};

use self::judge::Judge;
#[cfg(feature = "stream")]
use super::push::{Need, Push, Wake};
use super::{
    Decision, Evidence, Phase, PollSchedule, Snapshot, WaitOptions,
    context::Context,
    decision::{Cause, Proof, Verdict},
    ledger::Ledger,
    source::{Fault, FaultKind, Reading},
    timetable::Timetable,
};
use crate::clock::after;

/// Polls at the due times and decides whether the wait continues.
pub(super) struct Poller {
    context: Context,
    judge: Judge,
    timetable: Timetable,
    /// How many polls in a row have failed.
    failures: u32,
    /// The phase according to the last poll that could be judged.
    phase: Phase,
    held_since: Option<Instant>,
    /// When the last reading arrived, or the last poll failed.
    read_at: Instant,
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
}

impl Poller {
    pub(super) fn new(context: Context) -> Self {
        Self {
            timetable: Timetable::new(&context.options.schedule),
            context,
            judge: Judge::default(),
            failures: 0,
            phase: Phase::NotStarted,
            held_since: None,
            read_at: Instant::now(),
            last_poll_until: None,
            #[cfg(feature = "stream")]
            push: None,
        }
    }

    /// The subject and the end of the wait, its settings, and its latest status.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn options_mut(&mut self) -> &mut WaitOptions {
        &mut self.context.options
    }

    pub(super) fn timetable(&self) -> &Timetable {
        &self.timetable
    }

    /// How many polls in a row have failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Polls by this schedule after the next poll; by that of the options if it is `None`.
    pub(super) fn follow(&mut self, schedule: Option<&PollSchedule>) {
        let schedule = schedule.unwrap_or(&self.context.options.schedule);
        self.timetable.pace = schedule.pace();
    }

    /// Skips facts that would need one request for each of many operations.
    pub(super) fn share_polls(&mut self) {
        self.judge.shares = true;
    }

    /// Polls once and interprets the reading. If the deadline has passed, this is the last poll.
    pub(super) async fn poll(&mut self) -> Polled {
        let Some(permit) = self.context.permit().await else {
            return self.poll_after_deadline().await;
        };
        let limit = self.poll_limit();
        let result = in_time(limit, self.read()).await;
        drop(permit);
        if result.is_err() && self.context.is_late() {
            self.poll_after_deadline().await
        } else {
            self.take(result)
        }
    }

    /// Polls once, with a reading that many operations share.
    pub(super) async fn poll_shared(&mut self, seen: Result<Reading, Fault>) -> Polled {
        self.context.polls = self.context.polls.saturating_add(1);
        let limit = if self.context.is_late() {
            after(Instant::now(), WaitOptions::LAST_POLL)
        } else {
            self.poll_limit()
        };
        let result = in_time(limit, self.judged(seen)).await;
        if self.context.is_late() {
            self.take_last(result)
        } else {
            self.take(result)
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
            let _permit = self.context.source.permit().await;
            self.read().await
        };
        let result = in_time(limit, last).await;
        self.take_last(result)
    }

    /// Takes the result of the last poll: the wait ends, even if the poll has not decided.
    fn take_last(&mut self, result: Result<Verdict, Fault>) -> Polled {
        let Ok(judged) = result else {
            return Polled::ended(End::Deadline);
        };
        let mut polled = self.take(Ok(judged));
        polled.end.get_or_insert(End::Deadline);
        polled
    }

    /// Reads the status once more, outside of the schedule. Keeps it if it shows the same deployment and
    /// `is_accepted` returns true.
    pub(super) async fn read_again(&mut self, is_accepted: impl Fn(&Snapshot) -> bool) {
        self.context.polls = self.context.polls.saturating_add(1);
        let read = self.context.source.read(&self.context.subject);
        if let Ok(Ok(seen)) = time::timeout(WaitOptions::LAST_POLL, read).await
            && self.is_of_the_same(&seen.snapshot)
            && is_accepted(&seen.snapshot)
        {
            self.context.last = Some(seen.snapshot);
        }
    }

    /// Whether a status shows the deployment of the operation, or the same deployment as the last status.
    fn is_of_the_same(&self, newer: &Snapshot) -> bool {
        let own = self.context.ledger().and_then(Ledger::execution);
        let last = self.context.last.as_ref();
        let last = last.and_then(|last| last.deployment_id.as_deref());
        let newer = newer.deployment_id.as_deref();
        own.is_none() || own.as_deref() == newer || last == newer
    }

    /// The time limit of a poll that begins now.
    fn poll_limit(&self) -> Instant {
        let limit = after(Instant::now(), self.context.options.poll_timeout);
        self.context.deadline().map_or(limit, |d| limit.min(d))
    }

    /// The next time at which a poll decides because a period ends: the settle period, or the period during
    /// which the goal must hold.
    pub(super) fn settles_or_holds_at(&self) -> Option<Instant> {
        let settles = self.judge.settles_at(&self.context);
        let holds = self
            .held_since
            .map(|since| after(since, self.context.options.stable_for));
        let due = [settles, holds].into_iter().flatten();
        let now = Instant::now();
        // A period that was open at the last reading and has ended since is over only in the next one.
        let settle = self.context.options.settle;
        let was_open = |due: &Instant| {
            let began = due.checked_sub(settle);
            *due > self.read_at && began.is_none_or(|began| began <= self.read_at)
        };
        due.filter(|due| *due > now || was_open(due)).min()
    }

    async fn read(&mut self) -> Result<Verdict, Fault> {
        self.context.polls = self.context.polls.saturating_add(1);
        let seen = self.context.source.read(&self.context.subject).await;
        self.judged(seen).await
    }

    /// Returns the verdict on a reading. If a fact could not be read, the operation is pending and the next
    /// poll follows soon.
    async fn judged(&mut self, seen: Result<Reading, Fault>) -> Result<Verdict, Fault> {
        self.read_at = Instant::now();
        let judged = match seen {
            Ok(seen) => {
                self.note(&seen);
                self.context.last = Some(seen.snapshot);
                self.judge.status(&mut self.context).await?
            }
            Err(fault) => {
                self.keep_away(fault.retry_after);
                self.judge.missing(fault, &mut self.context).await?
            }
        };
        Ok(judged.unwrap_or_else(|| {
            self.timetable.pace.restart();
            Verdict::pending(self.phase)
        }))
    }

    /// Changes the times of the next polls, if the status has changed.
    fn note(&mut self, seen: &Reading) {
        let last = self.context.last.as_ref();
        let moved = last.is_none_or(|last| !seen.snapshot.has_not_moved_since(last));
        #[cfg(feature = "stream")]
        if let Some(push) = &mut self.push
            // The API lags behind its own stream, so the next readings will show the change.
            && push.polled(&seen.snapshot)
        {
            self.timetable.pace.restart();
        }
        if moved {
            self.timetable.pace.restart();
            tracing::debug!(subject = %self.context.subject, state = %seen.snapshot.state, "status changed");
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
            Err(fault) => {
                self.read_at = Instant::now();
                match self.judge_fault(fault) {
                    Ok(Some(judged)) => self.take_verdict(judged),
                    Ok(None) => Polled::default(),
                    Err(end) => Polled::ended(end),
                }
            }
        };
        if let Some((phase, _)) = polled.progress
            && self.context.last.is_some()
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
        if self.context.options.stable_for.is_zero() || proof == Proof::Gone {
            return true;
        }
        // The verdict of an operation that has reached its goal does not change. The latest status shows
        // whether the goal still holds.
        let last = self.context.last.as_ref();
        let holds = |goal| {
            last.is_some_and(|last| {
                last.part_phases(goal)
                    .all(|phase| phase == Some(Phase::Reached))
            })
        };
        if self.context.goal().is_some_and(|goal| !holds(goal)) {
            self.held_since = None;
            return false;
        }
        let now = Instant::now();
        let since = *self.held_since.get_or_insert(now);
        now >= after(since, self.context.options.stable_for)
    }

    fn schedule_next(&mut self) {
        let wait = self.timetable.pace.advance();
        #[cfg(feature = "stream")]
        let wait = match &self.push {
            Some(push) => push.wait(wait, self.timetable.pace.longest(), self.need()),
            None => wait,
        };
        let due = self.settles_or_holds_at();
        self.timetable.schedule(wait, due);
    }

    /// Sends no request before the delay that the server demands is over. The delay has a maximum.
    fn keep_away(&mut self, asked: Option<Duration>) {
        let longest = self.context.options.longest_retry_after;
        self.timetable.keep_away(asked, longest);
    }

    /// The meaning of a failed poll; `None` if it is tolerated.
    ///
    /// # Errors
    /// Returns the end of the wait if the fault is not tolerated.
    fn judge_fault(&mut self, fault: Fault) -> Result<Option<Verdict>, End> {
        self.keep_away(fault.retry_after);
        if let Some(judged) = self.judge.check_missing(&fault, &mut self.context) {
            return Ok(Some(judged));
        }
        let was_there = match self.context.ledger() {
            Some(ledger) => ledger.was_found() || ledger.has_acted(),
            None => self.context.last.is_some(),
        };
        // Only if the fault is about the subject, and not about another missing object.
        let missing = fault.kind == FaultKind::NotFound
            || (fault.kind == FaultKind::SaysMissing && fault.may_mean_gone(&self.context.subject));
        // If the status could be read before, a 400 does not mean that the request is invalid.
        let odd = missing || matches!(fault.kind, FaultKind::BadRequest | FaultKind::SaysMissing);
        let may_come_back = fault.is_transient() || (odd && was_there);
        if !may_come_back {
            return Err(End::Refused(fault));
        }
        self.failures = self.failures.saturating_add(1);
        tracing::debug!(subject = %self.context.subject, failures = self.failures, %fault, "poll failed");
        if self.failures > self.context.options.tolerated_failures {
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
        self.push = Push::of(&self.context.source.client, &self.context.subject);
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
                let due = after(polled, self.timetable.pace.longest().of_schedule);
                self.timetable.bring_forward(due);
            }
            Wake::Agrees(polled) => {
                let Some(push) = &self.push else { return };
                let scheduled = self.timetable.next_poll;
                let scheduled = scheduled.saturating_duration_since(polled);
                let wait = push.wait(scheduled, self.timetable.pace.longest(), self.need());
                let until = after(polled, wait);
                let decides = self.settles_or_holds_at().unwrap_or(until);
                self.timetable.put_off(until.min(decides));
            }
        }
    }

    /// The next fact that the wait needs.
    #[cfg(feature = "stream")]
    fn need(&self) -> Need {
        let last = self.context.last.as_ref();
        let Some(last) = last.filter(|_| self.phase == Phase::Running) else {
            return Need::Start;
        };
        let parts = last.part_statuses();
        let is_running = parts.iter().flatten().any(|part| !part.state.is_terminal());
        match is_running && self.judge.needs_only_the_status(&self.context) {
            true => Need::Change,
            false => Need::Decision,
        }
    }
}

/// The verdict of a poll, unless it takes too long.
async fn in_time(
    limit: Instant,
    poll: impl Future<Output = Result<Verdict, Fault>>,
) -> Result<Verdict, Fault> {
    let result = time::timeout_at(limit, poll).await;
    result.unwrap_or_else(|_| Err(Fault::late()))
}
