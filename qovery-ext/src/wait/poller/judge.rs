//! Interprets readings: the verdict of the ledger or of the condition, with the facts that it needs.

use tokio::time::{self, Instant};

use crate::clock::after;
use crate::wait::{
    Decision, Goal, Phase,
    condition::Check,
    context::{Context, Until},
    decision::{Cause, Proof, Verdict},
    ledger::{Fact, Ledger, Observation, Poll, Stamp, StatusReading, millis},
    source::{Fault, FaultKind},
};

/// Judges readings. Reads the facts besides the status, and asks the parent of a subject that is not found.
///
/// A verdict of `None` is pending: this poll could not read a fact, and the next one should come soon.
#[derive(Default)]
pub(super) struct Judge {
    /// The time since which each secondary fact could not be read.
    misses: Vec<(Fact, Stamp)>,
    /// Whether many operations share the polls.
    pub(super) shares: bool,
    /// The time since which the subject of a condition is not found.
    missing_since: Option<Instant>,
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
    /// The time at which the end of the settle period decides.
    pub(super) fn settles_at(&self, context: &Context) -> Option<Instant> {
        let settle = context.options.settle;
        let Some(ledger) = context.ledger() else {
            return self.missing_since.map(|since| after(since, settle));
        };
        Some(context.instant_of(ledger.settles_at(settle)?))
    }

    /// Whether the polls of the next minute need only the status, as long as it does not change.
    #[cfg(feature = "stream")]
    pub(super) fn needs_only_the_status(&self, context: &Context) -> bool {
        let later = context.stamp().saturating_add(60_000);
        let poll = Poll {
            now: later,
            ..self.poll_since(later, context)
        };
        let judged = context.ledger().map(|ledger| ledger.verdict(&poll));
        matches!(judged, Some(Ok(Verdict::Pending { .. })))
    }

    /// Judges the last status.
    pub(super) async fn status(&mut self, context: &mut Context) -> Result<Option<Verdict>, Fault> {
        let at = context.stamp();
        self.missing_since = None;
        if let Some(check) = context.check_condition(true) {
            return Ok(Some(judge_check(check)));
        }
        if let (Until::Goal(ledger), Some(snapshot)) = (&mut context.until, &context.last) {
            ledger.observe(Observation::Status(StatusReading {
                at,
                whole: snapshot.whole.clone(),
                own: snapshot.part_statuses(),
                failed: snapshot.failed_apart(),
                waiting: snapshot.waiting(),
            }));
            if let Some(id) = ledger.named_request().filter(|id| snapshot.names(*id))
                && !ledger.has_acted()
            {
                ledger.observe(Observation::Named { id, at });
            }
        }
        if context.goal().is_some_and(Goal::is_reached_when_gone) {
            // If the deletion is resumed or watched, this process has not started it, and does not know the
            // parent.
            let learn = context.source.parents.parent_of(&context.subject);
            let _ = time::timeout(context.options.fact_timeout(), learn).await;
        }
        self.verdict(at, context, Ledger::verdict).await
    }

    /// Judges a fault: if the API says that the subject does not exist, that is a reading as well.
    pub(super) async fn missing(
        &mut self,
        fault: Fault,
        context: &mut Context,
    ) -> Result<Option<Verdict>, Fault> {
        let at = context.stamp();
        if !fault.may_mean_gone(&context.subject) {
            return Err(fault);
        }
        let unseen = context.ledger().filter(|ledger| !ledger.was_found());
        if let Some(request) = unseen.and_then(Ledger::named_request) {
            // The subject may have been deleted before the wait began, and its request is still known.
            self.read_fact(Fact::Request(request), context).await?;
        }
        let known = |ledger: &&Ledger| ledger.was_found() || ledger.knows_request();
        let Some(ledger) = context.ledger().filter(known) else {
            return Err(fault);
        };
        let is_forbidden = fault.kind == FaultKind::Forbidden;
        if is_forbidden && !ledger.is_deleted_by_others() {
            let is_reached_when_gone = ledger.goal().is_reached_when_gone();
            // The API sends a 403 for a deleted subject, and for a token that has lost its role. Only the
            // parent distinguishes the two.
            match self.ask_parent(context).await {
                Ok(Listing::Lacks(verdict)) => return Ok(verdict),
                _ if !is_reached_when_gone => return Err(fault),
                Ok(Listing::Unknown) => {}
                Ok(Listing::Lists) => return Ok(Some(Verdict::pending(Phase::Running))),
                // The list may be readable again with the next poll.
                Err(of_parent) if of_parent.is_transient() => return Err(of_parent),
                Err(_) => return Err(fault),
            }
        }
        if let Some(ledger) = context.ledger_mut() {
            ledger.observe(Observation::Missing { at });
        }
        let judged = self.verdict(at, context, Ledger::verdict).await?;
        // After a 403, the parent was already asked.
        if is_forbidden || matches!(judged, Some(Verdict::Decided(..))) {
            return Ok(judged);
        }
        Ok(match self.ask_parent(context).await {
            Ok(Listing::Lacks(verdict)) => verdict,
            _ => judged,
        })
    }

    /// Asks the parent of a subject that is not found whether it still lists it.
    async fn ask_parent(&mut self, context: &mut Context) -> Result<Listing, Fault> {
        let listed = context.source.listed(&context.subject);
        let listed = time::timeout(context.options.fact_timeout(), listed).await;
        let listed = listed.unwrap_or_else(|_| Err(Fault::late()))?;
        let at = context.stamp();
        match (listed, context.ledger_mut()) {
            (Some(true), Some(ledger)) => {
                ledger.observe(Observation::Listed { at });
                Ok(Listing::Lists)
            }
            (Some(false), Some(_)) => {
                let judged = self.verdict(at, context, Ledger::gone_from_parent).await;
                judged.map(Listing::Lacks)
            }
            (None, _) | (_, None) => Ok(Listing::Unknown),
        }
    }

    /// Checks the condition of a subject that is not found. `None` if the fault says something else, or if
    /// the condition waits for the subject to come back.
    pub(super) fn check_missing(
        &mut self,
        fault: &Fault,
        context: &mut Context,
    ) -> Option<Verdict> {
        let is_missing = fault.may_mean_gone(&context.subject)
            && (fault.kind == FaultKind::NotFound || context.last.is_some());
        if !is_missing {
            return None;
        }
        let check = context.check_condition(false)?;
        // One response is not enough: a second one, a settle period later, confirms it.
        let now = Instant::now();
        let since = *self.missing_since.get_or_insert(now);
        match check {
            Check::Pending => None,
            other if now >= after(since, context.options.settle) => Some(judge_check(other)),
            _ => Some(judge_check(Check::Pending)),
        }
    }

    /// Returns the verdict of the ledger, after reading the facts that it needs.
    async fn verdict(
        &mut self,
        since: Stamp,
        context: &mut Context,
        judge: impl Fn(&Ledger, &Poll) -> Result<Verdict, Fact>,
    ) -> Result<Option<Verdict>, Fault> {
        let accepted = context.accepted_cancel.get();
        let accepted = accepted.map(|moment| context.stamp_of(*moment));
        if let (Until::Goal(ledger), Some(at)) = (&mut context.until, accepted) {
            ledger.observe(Observation::CancelAccepted { at });
        }
        loop {
            let poll = self.poll_since(since, context);
            let fact = match context.ledger().map(|ledger| judge(ledger, &poll)) {
                Some(Ok(verdict)) => return Ok(Some(verdict)),
                Some(Err(fact)) => fact,
                None => return Ok(Some(judge_check(Check::Pending))),
            };
            if !self.read_fact(fact, context).await? {
                if let Fact::Request(_) = fact {
                    // Requests that were queued in the meantime become visible only now.
                    self.read_fact(Fact::Queue, context).await?;
                }
                return Ok(None);
            }
        }
    }

    fn poll_since(&self, since: Stamp, context: &Context) -> Poll {
        Poll {
            since,
            now: context.stamp(),
            settle: context.options.settle,
            shares: self.shares,
        }
    }

    /// Reads a secondary fact into the ledger. If the fact cannot be read, the wait continues, and after the
    /// settle period the verdict is made without it. Returns `false` if this poll cannot continue.
    async fn read_fact(&mut self, fact: Fact, context: &mut Context) -> Result<bool, Fault> {
        let (source, subject) = (&context.source, &context.subject);
        let now = || context.stamp();
        let read = async {
            Ok(match fact {
                Fact::Request(id) => source.request(id).await?.map(|seen| Observation::Request {
                    id,
                    state: seen.state,
                    at: now(),
                }),
                Fact::Queue => source
                    .queue(subject)
                    .await?
                    .map(|rows| Observation::Queue { rows, at: now() }),
                Fact::History => source
                    .history(subject)
                    .await?
                    .map(|entries| Observation::History { entries, at: now() }),
            })
        };
        let response = time::timeout(context.options.fact_timeout(), read).await;
        let response = response.unwrap_or_else(|_| Err(Fault::late()));
        let at = context.stamp();
        let expects = context.ledger().is_some_and(|ledger| ledger.expects(fact));
        let observation = match response {
            Ok(Some(observation)) => observation,
            // The request status may be late, and may be wrong once.
            Ok(None) if expects => return Ok(self.missed(fact, at, context)),
            Ok(None) => Observation::Unavailable { fact, at },
            Err(fault) if fault.kind == FaultKind::Unauthorized => return Err(fault),
            Err(fault) if fault.is_transient() => return Ok(self.missed(fact, at, context)),
            Err(fault) => match (fault.kind, fact) {
                (FaultKind::NotFound, Fact::Request(id)) => Observation::Unknown { id, at },
                _ => Observation::Unavailable { fact, at },
            },
        };
        if let Some(ledger) = context.ledger_mut() {
            ledger.observe(observation);
        }
        self.misses.retain(|(missed, _)| *missed != fact);
        Ok(true)
    }

    /// Records that a fact could not be read. Returns `true` if the verdict has to do without it.
    fn missed(&mut self, fact: Fact, at: Stamp, context: &mut Context) -> bool {
        let known = self.misses.iter().find(|(missed, _)| *missed == fact);
        let Some((_, since)) = known else {
            self.misses.push((fact, at));
            return false;
        };
        if at < since.saturating_add(millis(context.options.settle)) {
            return false;
        }
        tracing::debug!(subject = %context.subject, ?fact, "fact cannot be read");
        if let Some(ledger) = context.ledger_mut() {
            ledger.observe(Observation::Unavailable { fact, at });
        }
        true
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
