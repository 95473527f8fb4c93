//! Interprets readings: the verdict of the ledger or of the condition, with the facts that it needs.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::time::{self, Instant};
use uuid::Uuid;

use crate::clock::after;
use crate::wait::{
    Decision, Goal, Phase, Snapshot, State, Subject, WaitOptions,
    condition::Check,
    decision::{Cause, Proof, Verdict},
    ledger::{Fact, Ledger, Observation, Poll, Stamp, StatusReading, millis},
    source::{Fault, FaultKind, HistoryEntry, QueueRow, Source},
    until::Until,
};

/// Judges readings. Reads the facts besides the status, and asks the parent of a subject that is not found.
///
/// A verdict of `None` is pending: this poll could not read a fact, and the next one should come soon.
pub(in crate::wait) struct Judge {
    source: Arc<dyn Source>,
    subject: Subject,
    until: Until,
    started: Instant,
    /// The reading of the ledger's clock when the operation was resumed.
    resumed_at: Stamp,
    /// The time since which each secondary fact could not be read.
    misses: Vec<(Fact, Stamp)>,
    /// Whether many operations share the polls.
    shares: bool,
    /// The time since which the subject of a condition is not found.
    missing_since: Option<Instant>,
    /// When the API accepted to cancel the queued request.
    accepted_cancel: Arc<OnceLock<Instant>>,
}

/// The response of a secondary endpoint.
enum Response {
    Request(Uuid, State),
    Queue(Vec<QueueRow>),
    History(Vec<HistoryEntry>),
}

/// Whether the parent of a subject lists it.
enum Listing {
    Lists,
    /// The parent does not list it. Carries the verdict of the ledger.
    Lacks(Option<Verdict>),
    /// The parent does not exist, or none is known.
    Unknown,
}

impl Judge {
    pub(in crate::wait) fn new(
        source: Arc<dyn Source>,
        subject: Subject,
        until: Until,
        started: Instant,
        resumed_at: Stamp,
    ) -> Self {
        Self {
            source,
            subject,
            until,
            started,
            resumed_at,
            misses: Vec::new(),
            shares: false,
            missing_since: None,
            accepted_cancel: Arc::default(),
        }
    }

    pub(super) fn started(&self) -> Instant {
        self.started
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

    /// When the API accepted to cancel the queued request of the operation.
    pub(super) fn accepted_cancel(&self) -> Arc<OnceLock<Instant>> {
        Arc::clone(&self.accepted_cancel)
    }

    /// Skips facts that would need one request for each of many operations.
    pub(super) fn share_polls(&mut self) {
        self.shares = true;
    }

    /// The time at which the end of the settle period decides.
    pub(super) fn settles_at(&self, settle: Duration) -> Option<Instant> {
        match &self.until {
            Until::Goal(ledger) => ledger.settles_at(settle).map(|stamp| {
                let ahead = stamp.saturating_sub(self.resumed_at);
                after(self.started, Duration::from_millis(ahead))
            }),
            Until::Condition(_) => self.missing_since.map(|since| after(since, settle)),
        }
    }

    /// Whether the polls of the next minute need only the status, as long as it does not change.
    #[cfg(feature = "stream")]
    pub(super) fn needs_only_the_status(&self, options: &WaitOptions) -> bool {
        let later = self.stamp().saturating_add(60_000);
        let Until::Goal(ledger) = &self.until else {
            return false;
        };
        let poll = Poll {
            now: later,
            ..self.poll_since(later, options)
        };
        matches!(ledger.verdict(&poll), Ok(Verdict::Pending { .. }))
    }

    /// Judges a status.
    pub(super) async fn status(
        &mut self,
        snapshot: &Snapshot,
        options: &WaitOptions,
    ) -> Result<Option<Verdict>, Fault> {
        let at = self.stamp();
        self.missing_since = None;
        match &mut self.until {
            Until::Goal(ledger) => ledger.observe(Observation::Status(StatusReading {
                at,
                whole: snapshot.whole.clone(),
                own: snapshot.part_statuses(),
                failed: snapshot.failed_apart(),
                waiting: snapshot.waiting(),
            })),
            Until::Condition(condition) => {
                return Ok(Some(judge_check(condition.check(Some(snapshot)))));
            }
        }
        if let Until::Goal(ledger) = &mut self.until
            && let Some(id) = ledger.named_request().filter(|id| snapshot.names(*id))
            && !ledger.has_acted()
        {
            ledger.observe(Observation::Named { id, at });
        }
        if self.goal().is_some_and(Goal::is_reached_when_gone) {
            // If the deletion is resumed or watched, this process has not started it, and does not know the
            // parent.
            let learn = self.source.learn_parent(&self.subject);
            let _ = time::timeout(options.fact_timeout(), learn).await;
        }
        self.verdict(at, options, Ledger::verdict).await
    }

    /// Judges a fault: if the API says that the subject does not exist, that is a reading as well.
    pub(super) async fn missing(
        &mut self,
        fault: Fault,
        options: &WaitOptions,
    ) -> Result<Option<Verdict>, Fault> {
        let at = self.stamp();
        if !fault.may_mean_gone(&self.subject) {
            return Err(fault);
        }
        let unseen = self.ledger().filter(|ledger| !ledger.was_found());
        if let Some(request) = unseen.and_then(Ledger::named_request) {
            // The subject may have been deleted before the wait began, and its request is still known.
            self.read_fact(Fact::Request(request), options).await?;
        }
        match &self.until {
            Until::Goal(ledger) if ledger.was_found() || ledger.knows_request() => {}
            _ => return Err(fault),
        }
        let is_forbidden = fault.kind == FaultKind::Forbidden;
        if is_forbidden && !self.ledger().is_some_and(Ledger::is_deleted_by_others) {
            // The API sends a 403 for a deleted subject, and for a token that has lost its role. Only the
            // parent distinguishes the two.
            match self.ask_parent(options).await {
                Ok(Listing::Lacks(verdict)) => return Ok(verdict),
                _ if !self.goal().is_some_and(Goal::is_reached_when_gone) => return Err(fault),
                Ok(Listing::Unknown) => {}
                Ok(Listing::Lists) => return Ok(Some(Verdict::pending(Phase::Running))),
                // The list may be readable again with the next poll.
                Err(of_parent) if of_parent.is_transient() => return Err(of_parent),
                Err(_) => return Err(fault),
            }
        }
        if let Until::Goal(ledger) = &mut self.until {
            ledger.observe(Observation::Missing { at });
        }
        let judged = self.verdict(at, options, Ledger::verdict).await?;
        // After a 403, the parent was already asked.
        if is_forbidden || matches!(judged, Some(Verdict::Decided(..))) {
            return Ok(judged);
        }
        Ok(match self.ask_parent(options).await {
            Ok(Listing::Lacks(verdict)) => verdict,
            _ => judged,
        })
    }

    /// Asks the parent of a subject that is not found whether it still lists it.
    async fn ask_parent(&mut self, options: &WaitOptions) -> Result<Listing, Fault> {
        let listed = self.source.listed(&self.subject);
        let listed = time::timeout(options.fact_timeout(), listed).await;
        let listed = listed.unwrap_or_else(|_| Err(Fault::late()))?;
        let at = self.stamp();
        let Until::Goal(ledger) = &mut self.until else {
            return Ok(Listing::Unknown);
        };
        match listed {
            Some(true) => {
                ledger.observe(Observation::Listed { at });
                Ok(Listing::Lists)
            }
            Some(false) => {
                let judged = self.verdict(at, options, Ledger::gone_from_parent).await;
                judged.map(Listing::Lacks)
            }
            None => Ok(Listing::Unknown),
        }
    }

    /// Checks the condition of a subject that is not found. `None` if the fault says something else, or if
    /// the condition waits for the subject to come back.
    pub(super) fn check_missing(
        &mut self,
        fault: &Fault,
        was_read: bool,
        settle: Duration,
    ) -> Option<Verdict> {
        let is_missing =
            fault.may_mean_gone(&self.subject) && (fault.kind == FaultKind::NotFound || was_read);
        let Until::Condition(condition) = &mut self.until else {
            return None;
        };
        if !is_missing {
            return None;
        }
        // One response is not enough: a second one, a settle period later, confirms it.
        let now = Instant::now();
        let since = *self.missing_since.get_or_insert(now);
        match condition.check(None) {
            Check::Pending => None,
            other if now >= after(since, settle) => Some(judge_check(other)),
            _ => Some(judge_check(Check::Pending)),
        }
    }

    /// Returns the verdict of the ledger, after reading the facts that it needs.
    async fn verdict(
        &mut self,
        since: Stamp,
        options: &WaitOptions,
        judge: impl Fn(&Ledger, &Poll) -> Result<Verdict, Fact>,
    ) -> Result<Option<Verdict>, Fault> {
        if let (Until::Goal(ledger), Some(accepted)) = (&mut self.until, self.accepted_cancel.get())
        {
            let since = accepted.saturating_duration_since(self.started);
            let at = self.resumed_at.saturating_add(millis(since));
            ledger.observe(Observation::CancelAccepted { at });
        }
        loop {
            let Until::Goal(ledger) = &self.until else {
                return Ok(Some(judge_check(Check::Pending)));
            };
            let poll = self.poll_since(since, options);
            let fact = match judge(ledger, &poll) {
                Ok(verdict) => return Ok(Some(verdict)),
                Err(fact) => fact,
            };
            if !self.read_fact(fact, options).await? {
                if let Fact::Request(_) = fact {
                    // Requests that were queued in the meantime become visible only now.
                    self.read_fact(Fact::Queue, options).await?;
                }
                return Ok(None);
            }
        }
    }

    fn poll_since(&self, since: Stamp, options: &WaitOptions) -> Poll {
        Poll {
            since,
            now: self.stamp(),
            settle: options.settle,
            shares: self.shares,
        }
    }

    /// Reads a secondary fact into the ledger. If the fact cannot be read, the wait continues, and after the
    /// settle period the verdict is made without it. Returns `false` if this poll cannot continue.
    async fn read_fact(&mut self, fact: Fact, options: &WaitOptions) -> Result<bool, Fault> {
        let source = &self.source;
        let read = async {
            Ok(match fact {
                Fact::Request(id) => source
                    .request(id)
                    .await?
                    .map(|seen| Response::Request(id, seen.state)),
                Fact::Queue => source.queue(&self.subject).await?.map(Response::Queue),
                Fact::History => source.history(&self.subject).await?.map(Response::History),
            })
        };
        let response = time::timeout(options.fact_timeout(), read).await;
        let response = response.unwrap_or_else(|_| Err(Fault::late()));
        let at = self.stamp();
        let Until::Goal(ledger) = &mut self.until else {
            return Ok(false);
        };
        let observation = match response {
            Ok(Some(Response::Request(id, state))) => Observation::Request { id, state, at },
            Ok(Some(Response::Queue(rows))) => Observation::Queue { rows, at },
            Ok(Some(Response::History(entries))) => Observation::History { entries, at },
            // The request status may be late, and may be wrong once.
            Ok(None) if ledger.expects(fact) => return Ok(self.missed(fact, at, options)),
            Ok(None) => Observation::Unavailable { fact, at },
            Err(fault) if fault.kind == FaultKind::Unauthorized => return Err(fault),
            Err(fault) if fault.is_transient() => return Ok(self.missed(fact, at, options)),
            Err(fault) => match (fault.kind, fact) {
                (FaultKind::NotFound, Fact::Request(id)) => Observation::Unknown { id, at },
                _ => Observation::Unavailable { fact, at },
            },
        };
        ledger.observe(observation);
        self.misses.retain(|(missed, _)| *missed != fact);
        Ok(true)
    }

    /// Records that a fact could not be read. Returns `true` if the verdict has to do without it.
    fn missed(&mut self, fact: Fact, at: Stamp, options: &WaitOptions) -> bool {
        let known = self.misses.iter().find(|(missed, _)| *missed == fact);
        let Some((_, since)) = known else {
            self.misses.push((fact, at));
            return false;
        };
        if at < since.saturating_add(millis(options.settle)) {
            return false;
        }
        tracing::debug!(subject = %self.subject, ?fact, "fact cannot be read");
        if let Until::Goal(ledger) = &mut self.until {
            ledger.observe(Observation::Unavailable { fact, at });
        }
        true
    }

    /// The time on the ledger's clock.
    fn stamp(&self) -> Stamp {
        self.resumed_at
            .saturating_add(millis(self.started.elapsed()))
    }
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
