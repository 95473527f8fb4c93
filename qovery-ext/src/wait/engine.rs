//! The main loop of an operation: one poll, its meaning, the time of the next one, the progress to emit.
//!
//! Not for the public face of an operation (see [`super::operation`]) nor for its end (see
//! [`super::closing`]). Dropping a future of this module loses the request in flight and nothing
//! else.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, Instant};
use uuid::Uuid;

#[cfg(feature = "stream")]
use super::push::Stage;
use super::{
    Decision, Goal, Operation, Phase, Progress, Reached, Snapshot, State, WaitError, WaitOptions,
    clock::after,
    closing::Closing,
    condition::Check,
    decision::{Cause, Proof, Verdict},
    ledger::{Fact, Observation, Poll, Shown, Stamp, millis},
    operation::Until,
    source::{Fault, FaultKind, Past, Seen, Waiting},
    turns::Turn,
};

impl Operation {
    /// Polls once and interprets the reading: the last time if the deadline has passed.
    pub(super) async fn poll(&mut self) {
        if self.is_late() {
            return self.pass_deadline().await;
        }
        let Some(turn) = self.turn().await else {
            return self.pass_deadline().await;
        };
        let limit = self.poll_limit();
        let result = time::timeout_at(limit, self.read()).await;
        drop(turn);
        let result = result.unwrap_or_else(|_| Err(Fault::late()));
        if result.is_err() && self.is_late() {
            self.pass_deadline().await;
        } else {
            self.take(result);
        }
    }

    /// One poll with a reading that was made for many.
    pub(super) async fn poll_shared(&mut self, seen: Result<Seen, Fault>) {
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
        if !self.is_late() {
            return self.take(result);
        }
        if let Ok(judged) = result {
            self.take(Ok(judged));
        }
        if self.closing.is_none() {
            self.begin_deadline();
        }
    }

    /// Stands in line until the requests of a poll may be made; `None` if the deadline passes first.
    async fn turn(&mut self) -> Option<Turn> {
        let source = Arc::clone(&self.source);
        match self.deadline() {
            Some(deadline) => time::timeout_at(deadline, source.turn()).await.ok(),
            None => Some(source.turn().await),
        }
    }

    /// Whether the deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline().is_some_and(|d| d <= Instant::now())
    }

    /// When a poll that begins now is given up.
    fn poll_limit(&self) -> Instant {
        let limit = after(Instant::now(), self.options.poll_timeout);
        self.deadline().map_or(limit, |d| limit.min(d))
    }

    /// Closes the operation if it is about to end, and emits the pending progress. Returns the end,
    /// if it has come.
    pub(super) async fn conclude(&mut self) -> Option<Result<Reached, WaitError>> {
        if self.closing.is_some() {
            return match self.close().await {
                Ok(()) => {
                    self.tell();
                    self.reached.clone().map(Ok)
                }
                Err(error) => Some(Err(error)),
            };
        }
        self.tell();
        None
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

    /// The time of a stamp of the ledger.
    fn instant_of(&self, stamp: Stamp) -> Instant {
        let ahead = stamp.saturating_sub(self.resumed_at);
        after(self.started, Duration::from_millis(ahead))
    }

    pub(super) async fn read(&mut self) -> Result<Verdict, Fault> {
        self.polls = self.polls.saturating_add(1);
        match Arc::clone(&self.source).read(&self.subject).await {
            Ok(seen) => self.judge(seen).await,
            Err(fault) => self.judge_missing(fault).await,
        }
    }

    /// Judges a reading, asking for the facts that it leaves open.
    pub(super) async fn judge(&mut self, seen: Seen) -> Result<Verdict, Fault> {
        let at = self.stamp();
        match &mut self.until {
            Until::Goal(ledger) => ledger.observe(Observation::Status(Shown {
                at,
                whole: seen.snapshot.whole.clone(),
                own: seen.snapshot.marks(),
            })),
            Until::Condition(condition) => {
                let check = condition.check(Some(&seen.snapshot));
                self.missing_since = None;
                self.read_successfully(seen);
                return Ok(judge_check(check));
            }
        }
        self.read_successfully(seen);
        self.verdict(at).await
    }

    /// Judges a fault: if the API says that the subject does not exist, that is a reading as well.
    pub(super) async fn judge_missing(&mut self, fault: Fault) -> Result<Verdict, Fault> {
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
            Err(of_parent) if of_parent.is_passing() => Err(of_parent),
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
                let phase = self.told.as_ref().map_or(Phase::NotStarted, |t| t.phase);
                return Ok(Verdict::pending(phase));
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
            Err(fault) if fault.is_passing() => return Ok(self.missed(fact, at)),
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
            self.pace.restart();
            return false;
        };
        if at < since.saturating_add(millis(self.options.settle)) {
            self.pace.restart();
            return false;
        }
        tracing::debug!(subject = %self.subject, ?fact, "fact cannot be read");
        if let Until::Goal(ledger) = &mut self.until {
            ledger.observe(Observation::Unavailable { fact, at });
        }
        true
    }

    fn read_successfully(&mut self, seen: Seen) {
        let moved = self
            .last
            .as_ref()
            .is_none_or(|last| !seen.snapshot.has_not_moved_since(last));
        #[cfg(feature = "stream")]
        if let Some(push) = &mut self.push {
            // A server that is behind its own stream is about to show more.
            if push.polled(&seen.snapshot) {
                self.pace.restart();
            }
        }
        if moved {
            self.pace.restart();
            tracing::debug!(subject = %self.subject, state = %seen.snapshot.state, "status changed");
        }
        self.keep_away(seen.retry_after);
        self.missing_since = None;
        self.last = Some(seen.snapshot);
    }

    /// Takes the result of a poll: schedules the next one or begins to close.
    pub(super) fn take(&mut self, result: Result<Verdict, Fault>) {
        let judged = match result {
            Ok(judged) => {
                self.failures = 0;
                judged
            }
            Err(fault) => match self.judge_fault(fault) {
                Some(judged) => judged,
                None => return self.schedule_next(),
            },
        };
        match judged {
            Verdict::Pending { phase, position } => {
                self.held_since = None;
                self.note(phase, position);
            }
            Verdict::Decided(Decision::Reached(proof), _) if !self.has_held(proof) => {
                self.note(Phase::Running, None);
            }
            Verdict::Decided(decision, evidence) => {
                self.closing = Some(Closing::Decided(decision, evidence));
                return;
            }
        }
        self.schedule_next();
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
        let mut wait = self.pace.advance();
        #[cfg(feature = "stream")]
        if let Some(push) = &self.push {
            wait = push.wait(wait, self.pace.longest(), self.stage());
        }
        let mut next = after(Instant::now(), wait);
        if let Some(due) = self.settles_or_holds_at() {
            next = next.min(due);
        }
        if let Some(forbidden) = self.forbidden_until {
            next = next.max(forbidden);
        }
        self.next_poll = next;
    }

    /// What the wait needs to go on.
    #[cfg(feature = "stream")]
    fn stage(&self) -> Stage {
        let told = self.told.as_ref();
        let Some(told) = told.filter(|told| told.phase == Phase::Running) else {
            return Stage::Waiting;
        };
        let marks = told.snapshot.marks();
        let mut known = marks.iter().flatten();
        match known.any(|mark| !mark.state.is_terminal()) {
            true => Stage::Moving,
            false => Stage::Deciding,
        }
    }

    /// Makes no poll before the pause is over that the server has asked for, within limits.
    fn keep_away(&mut self, asked: Option<Duration>) {
        self.forbidden_until = asked.map(|pause| {
            let pause = pause.min(self.options.longest_retry_after);
            after(Instant::now(), pause)
        });
    }

    /// The meaning of a failed poll; `None` if it is tolerated.
    fn judge_fault(&mut self, fault: Fault) -> Option<Verdict> {
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
                    other if confirmed => return Some(judge_check(other)),
                    _ => return Some(judge_check(Check::Pending)),
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
        let may_come_back = fault.is_passing() || (odd && was_there);
        if !may_come_back {
            self.closing = Some(Closing::Refused(fault));
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        tracing::debug!(subject = %self.subject, failures = self.failures, %fault, "poll failed");
        if self.failures > self.options.tolerated_failures {
            if missing {
                return Some(Verdict::Decided(Decision::Failed(Cause::Gone), Vec::new()));
            }
            self.closing = Some(Closing::LostContact(fault));
        }
        None
    }

    /// Keeps the content of a report.
    pub(super) fn note(&mut self, phase: Phase, position: Option<usize>) {
        let Some(snapshot) = self.last.clone() else {
            return;
        };
        let goal = self.goal();
        let heartbeat = self.told.as_ref().is_some_and(|told| {
            told.phase == phase
                && told.queue_position == position
                && told.snapshot.looks_like(&snapshot)
        });
        // A change that was not told yet stays to be told.
        let pending = self.told.as_ref().is_some_and(|told| !told.heartbeat);
        self.told = Some(Progress {
            goal,
            phase,
            queue_position: position,
            services: goal.map(|g| snapshot.service_counts(g)).unwrap_or_default(),
            stages: snapshot.stage_counts(),
            names: self.names(),
            snapshot,
            polls: self.polls,
            failed_polls: 0,
            elapsed: self.started.elapsed(),
            heartbeat: heartbeat && !pending,
        });
    }

    /// The progress to emit now, if any.
    pub(super) fn tell(&mut self) -> Option<Progress> {
        let now = Instant::now();
        let beat = now >= after(self.told_at, self.options.heartbeat);
        let told = self.told.as_mut()?;
        if told.heartbeat && !beat {
            return None;
        }
        told.polls = self.polls;
        told.failed_polls = self.failures;
        told.elapsed = self.started.elapsed();
        let progress = told.clone();
        told.heartbeat = true;
        self.told_at = now;
        if let Some(report) = &mut self.report {
            report(&progress);
        }
        Some(progress)
    }

    pub(super) fn told_now(&mut self) -> Option<Progress> {
        match self.tell() {
            Some(progress) => Some(progress),
            None => self.told.clone().map(|mut told| {
                told.polls = self.polls;
                told.failed_polls = self.failures;
                told.elapsed = self.started.elapsed();
                told
            }),
        }
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
    Queue(Vec<Waiting>),
    History(Vec<Past>),
}

/// Whether every part of the subject is in a state of the goal.
fn holds(snapshot: &Snapshot, goal: Goal) -> bool {
    let marks = snapshot.marks();
    marks.iter().all(|mark| {
        mark.as_ref()
            .is_some_and(|mark| mark.state.phase(goal) == Phase::Reached)
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
