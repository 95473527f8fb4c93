//! The turning of an operation: one poll, what it means, when the next one is due, what to tell.
//!
//! Not for the public face of an operation (see [`super::operation`]) nor for its end (see
//! [`super::closing`]). Dropping a future of this module loses the request in flight and nothing
//! else.

use std::sync::Arc;

use tokio::time::{self, Instant};

use super::{
    Operation, Phase, Progress, Reached, Snapshot, WaitError, WaitOptions,
    clock::after,
    closing::Closing,
    condition::Check,
    mark::Mark,
    operation::{Judged, Until},
    source::{Fault, FaultKind, Seen},
    track::{Ask, Cause, Decision, Facts, Proof},
    tracker::Verdict,
};

impl Operation {
    /// One poll, and what it means: the last one where the deadline has passed.
    pub(super) async fn poll(&mut self) {
        if self.is_late() {
            return self.pass_deadline().await;
        }
        let limit = self.poll_limit();
        let result = time::timeout_at(limit, self.read()).await;
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
            Err(fault) => Err(fault),
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

    /// Whether the deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline().is_some_and(|d| d <= Instant::now())
    }

    /// When a poll that begins now is given up.
    fn poll_limit(&self) -> Instant {
        let limit = after(Instant::now(), self.options.poll_timeout);
        self.deadline().map_or(limit, |d| limit.min(d))
    }

    /// Closes the operation where it is about to end, and tells what is to be told. Gives the end,
    /// where this is it.
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

    /// When a poll would settle something or end the window in which the goal has to hold.
    pub(super) fn settles_or_holds_at(&self) -> Option<Instant> {
        let now = Instant::now();
        let settles = match &self.until {
            Until::Goal(tracker) => tracker.settles_at(self.options.settle),
            Until::Condition(_) => None,
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

    pub(super) async fn read(&mut self) -> Result<Judged, Fault> {
        self.polls = self.polls.saturating_add(1);
        let seen = Arc::clone(&self.source).read(&self.subject).await?;
        self.judge(seen).await
    }

    /// Judges a reading, asking for the facts that it leaves open.
    pub(super) async fn judge(&mut self, seen: Seen) -> Result<Judged, Fault> {
        let source = Arc::clone(&self.source);
        let tracker = match &mut self.until {
            Until::Goal(tracker) => tracker,
            Until::Condition(condition) => {
                let check = condition.check(Some(&seen.snapshot));
                self.read_successfully(seen);
                return Ok(judge_check(check));
            }
        };
        tracker.begin_poll();
        let mut facts = Facts::default();
        loop {
            let verdict =
                tracker.judge(&seen.snapshot, &facts, self.options.settle, Instant::now());
            match verdict {
                Verdict::Ask(Ask::Request(request)) => {
                    let word = known(self.failures, source.request(request).await)?.flatten();
                    if word.is_none() && tracker.had_word() && self.failures < TRIES {
                        // It knew the request before: more likely an answer that went wrong.
                        let what = "the server no longer tells of the request";
                        return Err(Fault::new(FaultKind::Unreadable, what));
                    }
                    tracker.note_word(word.is_some());
                    facts.request = Some(word);
                }
                Verdict::Ask(Ask::Queue) => {
                    facts.queue =
                        Some(known(self.failures, source.queue(&self.subject).await)?.flatten());
                }
                Verdict::Ask(Ask::History) => {
                    facts.history =
                        Some(known(self.failures, source.history(&self.subject).await)?.flatten());
                }
                Verdict::Pending { phase, position } => {
                    let soon = tracker.wants_newer_reading();
                    self.read_successfully(seen);
                    if soon {
                        self.pace.restart();
                    }
                    return Ok(Judged::Pending { phase, position });
                }
                Verdict::Ended(decision) => {
                    self.read_successfully(seen);
                    return Ok(Judged::Ended(decision));
                }
            }
        }
    }

    fn read_successfully(&mut self, seen: Seen) {
        let moved = self
            .last
            .as_ref()
            .is_none_or(|last| !seen.snapshot.has_not_moved_since(last));
        if moved {
            self.pace.restart();
            tracing::debug!(subject = %self.subject, state = %seen.snapshot.state, "status changed");
        }
        self.forbidden_until = seen.retry_after.map(|d| after(Instant::now(), d));
        self.last = Some(seen.snapshot);
    }

    /// Takes the result of a poll: schedules the next one or begins to close.
    pub(super) fn take(&mut self, result: Result<Judged, Fault>) {
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
            Judged::Pending { phase, position } => {
                self.held_since = None;
                self.note(phase, position);
            }
            Judged::Ended(Decision::Reached(proof)) if !self.has_held(proof) => {
                self.note(Phase::Running, None);
            }
            Judged::Ended(decision) => {
                self.closing = Some(Closing::Decided(decision));
                return;
            }
            Judged::Hopeless(why) => {
                self.closing = Some(Closing::Hopeless(why));
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
        if let Until::Goal(tracker) = &mut self.until {
            // That the operation has reached its goal stays true. Whether it still holds is what
            // the status says now.
            tracker.reconsider();
            let goal = tracker.goal();
            let marks = self.last.as_ref().map(Snapshot::marks).unwrap_or_default();
            let holds = |mark: &Option<Mark>| {
                mark.as_ref()
                    .is_some_and(|m| m.state.phase(goal) == Phase::Reached)
            };
            if !marks.iter().all(holds) {
                self.held_since = None;
                return false;
            }
        }
        let now = Instant::now();
        let since = *self.held_since.get_or_insert(now);
        now >= after(since, self.options.stable_for)
    }

    fn schedule_next(&mut self) {
        let mut next = after(Instant::now(), self.pace.advance());
        if let Some(due) = self.settles_or_holds_at() {
            next = next.min(due);
        }
        if let Some(forbidden) = self.forbidden_until {
            next = next.max(forbidden);
        }
        self.next_poll = next;
    }

    /// What a failed poll means; `None` where it is tolerated.
    fn judge_fault(&mut self, fault: Fault) -> Option<Judged> {
        self.forbidden_until = fault.retry_after.map(|d| after(Instant::now(), d));
        if fault.may_mean_gone(&self.subject) {
            let not_found = fault.kind == FaultKind::NotFound;
            match &mut self.until {
                Until::Goal(tracker)
                    if tracker.was_seen() || (not_found && tracker.has_acted()) =>
                {
                    if let Some(decision) = tracker.gone() {
                        return Some(Judged::Ended(decision));
                    }
                }
                Until::Goal(_) => {}
                Until::Condition(condition) if not_found || self.last.is_some() => {
                    match condition.check(None) {
                        Check::Pending => {}
                        other => return Some(judge_check(other)),
                    }
                }
                Until::Condition(_) => {}
            }
        }
        let was_there = match &self.until {
            Until::Goal(tracker) => tracker.was_seen() || tracker.has_acted(),
            Until::Condition(_) => self.last.is_some(),
        };
        let missing = matches!(fault.kind, FaultKind::NotFound | FaultKind::SaysMissing);
        // A status that was read before and is called a bad request now is no refusal of ours.
        let odd = missing || fault.kind == FaultKind::BadRequest;
        let may_come_back = fault.is_passing() || (odd && was_there);
        if !may_come_back {
            self.closing = Some(Closing::Refused(fault));
            return None;
        }
        self.failures = self.failures.saturating_add(1);
        tracing::debug!(subject = %self.subject, failures = self.failures, %fault, "poll failed");
        if self.failures > self.options.tolerated_failures {
            if missing {
                return Some(Judged::Ended(Decision::Failed(Cause::Gone)));
            }
            self.closing = Some(Closing::LostContact(fault));
        }
        None
    }

    /// Keeps what a report would say.
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
            snapshot,
            polls: self.polls,
            failed_polls: 0,
            elapsed: self.started.elapsed(),
            heartbeat: heartbeat && !pending,
        });
    }

    /// What is due to be told now, if anything.
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

/// How often a fact that does not come is asked for, one poll after the other.
const TRIES: u32 = 2;

/// A secondary fact: that the server does not have it is an answer, that it fails is a failed poll.
/// An answer that cannot be read is tried again before it counts as none.
fn known<T>(failures: u32, result: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(fault) if fault.kind == FaultKind::Unreadable && failures >= TRIES => Ok(None),
        Err(fault) if fault.is_passing() => Err(fault),
        Err(_) => Ok(None),
    }
}

fn judge_check(check: Check) -> Judged {
    match check {
        Check::Pending => Judged::Pending {
            phase: Phase::Running,
            position: None,
        },
        Check::Met => Judged::Ended(Decision::Reached(Proof::Seen)),
        Check::Hopeless(why) => Judged::Hopeless(why),
    }
}
