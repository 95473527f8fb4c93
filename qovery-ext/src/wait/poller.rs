//! The polls of a wait: the facts to read, their meaning, the time of the next poll.
//!
//! It emits nothing (see [`super::reporter`]) and ends nothing (see [`super::closer`]). Dropping a future of
//! this module loses only the request in flight.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, Instant};
use uuid::Uuid;

#[cfg(feature = "stream")]
use super::push::{Need, Push, Wake};
use super::{
    Deadline, Decision, Evidence, Goal, Names, OperationToken, Phase, PollSchedule, Snapshot,
    State, Subject, WaitOptions,
    condition::Check,
    decision::{Cause, Proof, Verdict},
    in_flight::Permit,
    ledger::{Fact, Ledger, Observation, Poll, Stamp, StatusReading, millis},
    source::{Fault, FaultKind, HistoryEntry, QueueRow, Reading, Source},
    timetable::Timetable,
    until::Until,
};
use crate::clock::after;

/// Reads the facts that a wait needs, and judges them.
pub(super) struct Poller {
    source: Arc<dyn Source>,
    subject: Subject,
    until: Until,
    options: WaitOptions,
    started: Instant,
    timetable: Timetable,
    polls: u32,
    /// How many polls in a row have failed.
    failures: u32,
    last: Option<Snapshot>,
    /// The phase by the last poll that could be judged.
    phase: Phase,
    /// The reading of the ledger's clock when the operation was resumed.
    resumed_at: Stamp,
    /// Since when each secondary fact could not be read.
    misses: Vec<(Fact, Stamp)>,
    /// Whether many operations share the polls.
    shares: bool,
    /// Since when a subject with a condition is not found.
    missing_since: Option<Instant>,
    held_since: Option<Instant>,
    /// When the last poll, after the deadline, is given up.
    last_poll_until: Option<Instant>,
    /// The stream whose news bring polls forward.
    #[cfg(feature = "stream")]
    push: Option<Push>,
}

/// The result of a poll: neither, if it failed and that is tolerated; both, if the deadline has passed.
#[derive(Default)]
pub(super) struct Polled {
    /// The phase of an operation that goes on, and its place in the queue.
    pub(super) progress: Option<(Phase, Option<usize>)>,
    /// The end that has come.
    pub(super) end: Option<End>,
}

/// Why a wait ends.
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

    /// The deadline has passed, unless the poll has decided.
    fn after_deadline(mut self) -> Self {
        self.end.get_or_insert(End::Deadline);
        self
    }
}

impl Poller {
    pub(super) fn new(
        source: Arc<dyn Source>,
        subject: Subject,
        until: Until,
        options: WaitOptions,
        started: Instant,
        resumed_at: Stamp,
    ) -> Self {
        Self {
            timetable: Timetable::new(&options.schedule),
            source,
            subject,
            until,
            options,
            started,
            polls: 0,
            failures: 0,
            last: None,
            phase: Phase::NotStarted,
            resumed_at,
            misses: Vec::new(),
            shares: false,
            missing_since: None,
            held_since: None,
            last_poll_until: None,
            #[cfg(feature = "stream")]
            push: None,
        }
    }

    pub(super) fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The record of the operation; `None` for a condition.
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        self.until.ledger()
    }

    /// The goal; `None` for a condition.
    pub(super) fn goal(&self) -> Option<Goal> {
        self.until.goal()
    }

    pub(super) fn token(&self) -> OperationToken {
        OperationToken::new(self.subject.clone(), self.ledger().cloned())
    }

    /// The known names of the subject and its services.
    pub(super) fn names(&self) -> Names {
        self.source.names(&self.subject, self.last.as_ref())
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
        self.started
    }

    /// The time since the operation was started.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
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

    /// Leaves out facts that would cost each of many operations a request.
    pub(super) fn share_polls(&mut self) {
        self.shares = true;
    }

    /// When the wait ends, at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.options.deadline {
            // A limit beyond the range of the clock is no limit.
            Deadline::After(limit) => self.started.checked_add(limit),
            Deadline::None => None,
        }
    }

    /// Whether the deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline().is_some_and(|d| d <= Instant::now())
    }

    /// Polls once and interprets the reading: the last time if the deadline has passed.
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

    /// One poll with a reading that was made for many.
    pub(super) async fn poll_shared(&mut self, seen: Result<Reading, Fault>) -> Polled {
        self.polls = self.polls.saturating_add(1);
        let limit = if self.is_late() {
            after(Instant::now(), WaitOptions::LAST_POLL)
        } else {
            self.poll_limit()
        };
        let result = match seen {
            Ok(seen) => time::timeout_at(limit, self.judge(seen))
                .await
                .unwrap_or_else(|_| Err(Fault::late())),
            Err(fault) => time::timeout_at(limit, self.judge_missing(fault))
                .await
                .unwrap_or_else(|_| Err(Fault::late())),
        };
        match result {
            result if !self.is_late() => self.take(result),
            Ok(judged) => self.take(Ok(judged)).after_deadline(),
            Err(_) => Polled::ended(End::Deadline),
        }
    }

    /// The deadline has passed: one last, quick poll, because much may have happened since the one
    /// before.
    async fn poll_after_deadline(&mut self) -> Polled {
        let now = Instant::now();
        let limit = *self
            .last_poll_until
            .get_or_insert_with(|| after(now, WaitOptions::LAST_POLL));
        if now >= limit || self.timetable.is_forbidden() {
            return Polled::ended(End::Deadline);
        }
        match time::timeout_at(limit, self.last_read()).await {
            Ok(Ok(judged)) => self.take(Ok(judged)).after_deadline(),
            Ok(Err(_)) | Err(_) => Polled::ended(End::Deadline),
        }
    }

    async fn last_read(&mut self) -> Result<Verdict, Fault> {
        let source = Arc::clone(&self.source);
        let _permit = source.permit().await;
        self.read().await
    }

    /// Reads the status once more, outside the schedule and of the same deployment, and keeps it if it is
    /// accepted.
    pub(super) async fn read_again(&mut self, is_accepted: impl Fn(&Snapshot) -> bool) {
        let source = Arc::clone(&self.source);
        let read = time::timeout(WaitOptions::LAST_POLL, source.read(&self.subject));
        self.polls = self.polls.saturating_add(1);
        if let Ok(Ok(seen)) = read.await
            && self.is_of_the_same(&seen.snapshot)
            && is_accepted(&seen.snapshot)
        {
            self.last = Some(seen.snapshot);
        }
    }

    /// Whether a status is of the operation's deployment, or of the one that the last status was of.
    fn is_of_the_same(&self, newer: &Snapshot) -> bool {
        let own = self.ledger().and_then(Ledger::execution);
        let last = self.last.as_ref();
        let last = last.and_then(|last| last.deployment_id.as_deref());
        let newer = newer.deployment_id.as_deref();
        own.is_none() || own == newer || last == newer
    }

    /// Stands in line until the requests of a poll may be made; `None` if the deadline passes first.
    async fn permit(&mut self) -> Option<Permit> {
        let source = Arc::clone(&self.source);
        match self.deadline() {
            Some(deadline) => time::timeout_at(deadline, source.permit()).await.ok(),
            None => Some(source.permit().await),
        }
    }

    /// When a poll that begins now is given up.
    fn poll_limit(&self) -> Instant {
        let limit = after(Instant::now(), self.options.poll_timeout);
        self.deadline().map_or(limit, |d| limit.min(d))
    }

    /// The time when a poll would decide, or when the window ends during which the goal has to hold.
    pub(super) fn settles_or_holds_at(&self) -> Option<Instant> {
        let now = Instant::now();
        let settles = match &self.until {
            Until::Goal(ledger) => ledger
                .settles_at(self.options.settle)
                .map(|stamp| self.instant_of(stamp)),
            Until::Condition(_) => {
                let since = self.missing_since;
                since.map(|since| after(since, self.options.settle))
            }
        };
        let holds = self
            .held_since
            .map(|since| after(since, self.options.stable_for));
        [settles, holds]
            .into_iter()
            .flatten()
            .filter(|due| *due > now)
            .min()
    }

    /// The time on the ledger's clock.
    fn stamp(&self) -> Stamp {
        self.resumed_at
            .saturating_add(millis(self.started.elapsed()))
    }

    /// The time of a stamp of the ledger.
    fn instant_of(&self, stamp: Stamp) -> Instant {
        let ahead = stamp.saturating_sub(self.resumed_at);
        after(self.started, Duration::from_millis(ahead))
    }

    async fn read(&mut self) -> Result<Verdict, Fault> {
        self.polls = self.polls.saturating_add(1);
        match Arc::clone(&self.source).read(&self.subject).await {
            Ok(seen) => self.judge(seen).await,
            Err(fault) => self.judge_missing(fault).await,
        }
    }

    /// Judges a reading, asking for the facts that it leaves open.
    async fn judge(&mut self, seen: Reading) -> Result<Verdict, Fault> {
        let at = self.stamp();
        match &mut self.until {
            Until::Goal(ledger) => ledger.observe(Observation::Status(StatusReading {
                at,
                whole: seen.snapshot.whole.clone(),
                own: seen.snapshot.part_statuses(),
                failed: seen.snapshot.failed_apart(),
                waiting: seen.snapshot.waiting(),
            })),
            Until::Condition(condition) => {
                let check = condition.check(Some(&seen.snapshot));
                self.missing_since = None;
                self.read_successfully(seen);
                return Ok(judge_check(check));
            }
        }
        self.read_successfully(seen);
        if self.goal().is_some_and(Goal::is_reached_when_gone) {
            // A resumed or watched deletion was not started by this process, which then knows no parent.
            let learn = self.source.learn_parent(&self.subject);
            let _ = time::timeout(self.options.fact_timeout(), learn).await;
        }
        self.verdict(at).await
    }

    /// Judges a fault: if the API says that the subject does not exist, that is a reading as well.
    async fn judge_missing(&mut self, fault: Fault) -> Result<Verdict, Fault> {
        let at = self.stamp();
        match &self.until {
            Until::Goal(ledger) if fault.may_mean_gone(&self.subject) && ledger.was_found() => {}
            _ => return Err(fault),
        }
        let (kind, retry_after) = (fault.kind, fault.retry_after);
        if kind == FaultKind::Forbidden
            && let Some(verdict) = self.judge_forbidden(fault).await?
        {
            return Ok(verdict);
        }
        let Until::Goal(ledger) = &mut self.until else {
            return Ok(Verdict::pending(Phase::Running));
        };
        ledger.observe(Observation::Missing { at });
        self.keep_away(retry_after);
        let judged = self.verdict(at).await?;
        // After a 403, the parent was asked already.
        if kind == FaultKind::Forbidden || matches!(judged, Verdict::Decided(..)) {
            return Ok(judged);
        }
        Ok(match self.ask_parent().await {
            Ok(Listing::Lacks(verdict)) => verdict,
            _ => judged,
        })
    }

    /// Judges a 403. It is an answer to a deleted subject, and to a token that has lost its role: only the
    /// parent tells one from the other. `None` if the parent does not exist either.
    async fn judge_forbidden(&mut self, fault: Fault) -> Result<Option<Verdict>, Fault> {
        if let Until::Goal(ledger) = &self.until
            && ledger.is_deleted_by_others()
        {
            return Ok(None);
        }
        let listing = self.ask_parent().await;
        if let Ok(Listing::Lacks(verdict)) = listing {
            return Ok(Some(verdict));
        }
        if !self.goal().is_some_and(Goal::is_reached_when_gone) {
            return Err(fault);
        }
        match listing {
            Ok(Listing::Unknown) => Ok(None),
            Ok(_) => Ok(Some(Verdict::pending(Phase::Running))),
            // The list may be readable again with the next poll.
            Err(of_parent) if of_parent.is_transient() => Err(of_parent),
            Err(_) => Err(fault),
        }
    }

    /// Asks the parent of a subject that is not found whether it still lists it.
    async fn ask_parent(&mut self) -> Result<Listing, Fault> {
        let source = Arc::clone(&self.source);
        let limit = after(Instant::now(), self.options.fact_timeout());
        let listed = time::timeout_at(limit, source.listed(&self.subject)).await;
        let listed = listed.unwrap_or_else(|_| Err(Fault::late()))?;
        let at = self.stamp();
        let poll = self.poll_since(at);
        let Until::Goal(ledger) = &mut self.until else {
            return Ok(Listing::Unknown);
        };
        Ok(match listed {
            Some(true) => {
                ledger.observe(Observation::Listed { at });
                Listing::Lists
            }
            Some(false) => Listing::Lacks(ledger.gone_from_parent(&poll)),
            None => Listing::Unknown,
        })
    }

    /// The verdict of the ledger, with the facts that it asks for.
    async fn verdict(&mut self, since: Stamp) -> Result<Verdict, Fault> {
        loop {
            let Until::Goal(ledger) = &self.until else {
                return Ok(judge_check(Check::Pending));
            };
            let poll = self.poll_since(since);
            let fact = match ledger.verdict(&poll) {
                Ok(verdict) => return Ok(verdict),
                Err(fact) => fact,
            };
            if !self.read_fact(fact).await? {
                if let Fact::Request(_) = fact {
                    // Requests that were queued meanwhile become visible only now.
                    self.read_fact(Fact::Queue).await?;
                }
                return Ok(Verdict::pending(self.phase));
            }
        }
    }

    fn poll_since(&self, since: Stamp) -> Poll {
        Poll {
            since,
            now: self.stamp(),
            settle: self.options.settle,
            shares: self.shares,
        }
    }

    /// Reads a secondary fact into the ledger. That it cannot be read does not end the wait: after the
    /// settle period the verdict does without it. `false` if this poll cannot go on.
    async fn read_fact(&mut self, fact: Fact) -> Result<bool, Fault> {
        let source = Arc::clone(&self.source);
        let read = async {
            Ok(match fact {
                Fact::Request(id) => source
                    .request(id)
                    .await?
                    .map(|seen| Answer::Request(id, seen.state)),
                Fact::Queue => source.queue(&self.subject).await?.map(Answer::Queue),
                Fact::History => source.history(&self.subject).await?.map(Answer::History),
            })
        };
        let limit = after(Instant::now(), self.options.fact_timeout());
        let answer = time::timeout_at(limit, read).await;
        let answer = answer.unwrap_or_else(|_| Err(Fault::late()));
        let at = self.stamp();
        let Until::Goal(ledger) = &mut self.until else {
            return Ok(false);
        };
        let observation = match answer {
            Ok(Some(Answer::Request(id, state))) => Observation::Request { id, state, at },
            Ok(Some(Answer::Queue(rows))) => Observation::Queue { rows, at },
            Ok(Some(Answer::History(entries))) => Observation::History { entries, at },
            // An endpoint that knew the request a moment ago may be wrong once.
            // The request status may be late, and may be wrong once.
            Ok(None) if ledger.expects(fact) => return Ok(self.missed(fact, at)),
            Ok(None) => Observation::Unavailable { fact, at },
            Err(fault) if fault.kind == FaultKind::Unauthorized => return Err(fault),
            Err(fault) if fault.is_transient() => return Ok(self.missed(fact, at)),
            Err(_) => Observation::Unavailable { fact, at },
        };
        ledger.observe(observation);
        self.misses.retain(|(missed, _)| *missed != fact);
        Ok(true)
    }

    /// Notes that a fact could not be read. `true` if the verdict has to do without it.
    fn missed(&mut self, fact: Fact, at: Stamp) -> bool {
        let known = self.misses.iter().find(|(missed, _)| *missed == fact);
        let since = known.map(|(_, since)| *since);
        let Some(since) = since else {
            self.misses.push((fact, at));
            self.timetable.restart();
            return false;
        };
        if at < since.saturating_add(millis(self.options.settle)) {
            self.timetable.restart();
            return false;
        }
        tracing::debug!(subject = %self.subject, ?fact, "fact cannot be read");
        if let Until::Goal(ledger) = &mut self.until {
            ledger.observe(Observation::Unavailable { fact, at });
        }
        true
    }

    fn read_successfully(&mut self, seen: Reading) {
        let moved = self
            .last
            .as_ref()
            .is_none_or(|last| !seen.snapshot.has_not_moved_since(last));
        #[cfg(feature = "stream")]
        if let Some(push) = &mut self.push {
            // A server that is behind its own stream is about to show more.
            if push.polled(&seen.snapshot) {
                self.timetable.restart();
            }
        }
        if moved {
            self.timetable.restart();
            tracing::debug!(subject = %self.subject, state = %seen.snapshot.state, "status changed");
        }
        self.keep_away(seen.retry_after);
        self.missing_since = None;
        self.last = Some(seen.snapshot);
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

    /// Whether the goal has held for as long as was asked.
    fn has_held(&mut self, proof: Proof) -> bool {
        if self.options.stable_for.is_zero() || proof == Proof::Gone {
            return true;
        }
        if let Until::Goal(ledger) = &self.until {
            // That the operation has reached its goal stays true. Whether it still holds is what
            // the status says now.
            let goal = ledger.goal();
            if !self.last.as_ref().is_some_and(|last| holds(last, goal)) {
                self.held_since = None;
                return false;
            }
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

    /// Lets the statuses that the API pushes move the polls.
    #[cfg(feature = "stream")]
    pub(super) fn listen_to_stream(&mut self) {
        if let Some(client) = self.source.client() {
            self.push = Push::of(client, &self.subject);
        }
    }

    /// Listens to the stream until it has moved the next poll. Dropping the future loses nothing.
    #[cfg(feature = "stream")]
    pub(super) async fn listen(&mut self) {
        let Some(push) = &mut self.push else {
            return std::future::pending().await;
        };
        let wake = push.listen().await;
        // While polls fail, the schedule alone says how often they may.
        if self.failures > 0 {
            return;
        }
        match wake {
            Wake::Due => self.timetable.bring_forward(),
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
        let mut known = parts.iter().flatten();
        match known.any(|part| !part.state.is_terminal()) && self.needs_only_the_status() {
            true => Need::Change,
            false => Need::Decision,
        }
    }

    /// Whether the polls of the next minute read the status alone, as long as it does not change.
    #[cfg(feature = "stream")]
    fn needs_only_the_status(&self) -> bool {
        let later = self.stamp().saturating_add(60_000);
        let Until::Goal(ledger) = &self.until else {
            return false;
        };
        let poll = Poll {
            now: later,
            ..self.poll_since(later)
        };
        matches!(ledger.verdict(&poll), Ok(Verdict::Pending { .. }))
    }

    /// Makes no poll before the pause is over that the server has asked for, within limits.
    fn keep_away(&mut self, asked: Option<Duration>) {
        let longest = self.options.longest_retry_after;
        self.timetable.keep_away(asked, longest);
    }

    /// The meaning of a failed poll; `None` if it is tolerated.
    ///
    /// # Errors
    /// The end of the wait, if the fault is not tolerated.
    fn judge_fault(&mut self, fault: Fault) -> Result<Option<Verdict>, End> {
        self.keep_away(fault.retry_after);
        if fault.may_mean_gone(&self.subject) {
            let not_found = fault.kind == FaultKind::NotFound;
            if let Until::Condition(condition) = &mut self.until
                && (not_found || self.last.is_some())
            {
                // One answer is no proof: the second one a settle period later is.
                let now = Instant::now();
                let since = *self.missing_since.get_or_insert(now);
                let confirmed = now >= after(since, self.options.settle);
                match condition.check(None) {
                    Check::Pending => {}
                    other if confirmed => return Ok(Some(judge_check(other))),
                    _ => return Ok(Some(judge_check(Check::Pending))),
                }
            }
        }
        let was_there = match &self.until {
            Until::Goal(ledger) => ledger.was_found() || ledger.has_acted(),
            Until::Condition(_) => self.last.is_some(),
        };
        // Of the subject, and not of something else that does not exist.
        let missing = fault.kind == FaultKind::NotFound
            || (fault.kind == FaultKind::SaysMissing && fault.may_mean_gone(&self.subject));
        // A status that was read before and is called a bad request now is no refusal of ours.
        let odd = missing || matches!(fault.kind, FaultKind::BadRequest | FaultKind::SaysMissing);
        let may_come_back = fault.is_transient() || (odd && was_there);
        if !may_come_back {
            return Err(End::Refused(fault));
        }
        self.failures = self.failures.saturating_add(1);
        tracing::debug!(subject = %self.subject, failures = self.failures, %fault, "poll failed");
        if self.failures > self.options.tolerated_failures {
            if missing {
                let gone = Decision::Failed(Cause::Gone);
                return Ok(Some(Verdict::Decided(gone, Vec::new())));
            }
            return Err(End::LostContact(fault));
        }
        Ok(None)
    }
}

/// Whether the parent of a subject lists it.
enum Listing {
    Lists,
    /// The parent does not list it. Carries the verdict of the ledger.
    Lacks(Verdict),
    /// The parent does not exist, or none is known.
    Unknown,
}

/// The answer of a secondary endpoint.
enum Answer {
    Request(Uuid, State),
    Queue(Vec<QueueRow>),
    History(Vec<HistoryEntry>),
}

/// Whether every part of the subject is in a state of the goal.
fn holds(snapshot: &Snapshot, goal: Goal) -> bool {
    let parts = snapshot.part_statuses();
    parts.iter().all(|part| {
        part.as_ref()
            .is_some_and(|part| part.state.phase(goal) == Phase::Reached)
    })
}

fn judge_check(check: Check) -> Verdict {
    match check {
        Check::Pending => Verdict::pending(Phase::Running),
        Check::Met => Verdict::Decided(Decision::Reached(Proof::Seen), Vec::new()),
        Check::Hopeless(why) => {
            Verdict::Decided(Decision::Failed(Cause::Hopeless(why)), Vec::new())
        }
    }
}
