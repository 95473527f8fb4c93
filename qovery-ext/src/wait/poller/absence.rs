//! A subject that is not found: the API says so, and its parent confirms it.

use std::sync::Arc;

use tokio::time::{self, Instant};

use super::{Poller, Until};
use crate::clock::after;
use crate::wait::{
    Goal, Phase,
    decision::Verdict,
    ledger::{Ledger, Observation},
    source::{Fault, FaultKind},
};

/// Whether the parent of a subject lists it.
enum Listing {
    Lists,
    /// The parent does not list it. Carries the verdict of the ledger.
    Lacks(Verdict),
    /// The parent does not exist, or none is known.
    Unknown,
}

impl Poller {
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
        let Until::Goal(ledger) = &mut self.until else {
            return Ok(Listing::Unknown);
        };
        match listed {
            Some(true) => {
                ledger.observe(Observation::Listed { at });
                Ok(Listing::Lists)
            }
            Some(false) => {
                let judged = self.judged_by(at, Ledger::gone_from_parent).await;
                judged.map(Listing::Lacks)
            }
            None => Ok(Listing::Unknown),
        }
    }
}
