//! The facts besides the status that a verdict asks for.

use std::sync::Arc;

use tokio::time::{self, Instant};
use uuid::Uuid;

use super::{Poller, Until, judge_check};
use crate::clock::after;
use crate::wait::{
    State,
    condition::Check,
    decision::Verdict,
    ledger::{Fact, Ledger, Observation, Poll, Stamp, millis},
    source::{Fault, FaultKind, HistoryEntry, QueueRow},
};

/// The answer of a secondary endpoint.
enum Answer {
    Request(Uuid, State),
    Queue(Vec<QueueRow>),
    History(Vec<HistoryEntry>),
}

impl Poller {
    /// The verdict of the ledger, with the facts that it asks for.
    pub(super) async fn verdict(&mut self, since: Stamp) -> Result<Verdict, Fault> {
        self.judged_by(since, Ledger::verdict).await
    }

    /// A verdict on the ledger, with the facts that it asks for.
    pub(super) async fn judged_by(
        &mut self,
        since: Stamp,
        judge: impl Fn(&Ledger, &Poll) -> Result<Verdict, Fact>,
    ) -> Result<Verdict, Fault> {
        loop {
            let Until::Goal(ledger) = &self.until else {
                return Ok(judge_check(Check::Pending));
            };
            let poll = self.poll_since(since);
            let fact = match judge(ledger, &poll) {
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

    pub(super) fn poll_since(&self, since: Stamp) -> Poll {
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
}
