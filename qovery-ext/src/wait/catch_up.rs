//! Refreshes a final status that lags behind the request status.
//!
//! A poll reads the status first and the request status then. A deployment that ends in between has ended by
//! the request status and is still running by the status: without another reading, a failure would be reported
//! without the services that have failed. The decision does not change. Dropping
//! the future loses the request in flight; the next one reads again.

use std::sync::Arc;

use tokio::time::{self, Instant};

use super::{
    Decision, Goal, Operation, Phase, Snapshot, WaitOptions,
    closing::Closing,
    decision::{Cancellation, Cause, Proof},
    operation::Until,
};

impl Operation {
    /// Reads once more if the last status does not show the decided end, unless the server asked
    /// for no request before a time, and keeps the reading if it shows that end.
    pub(super) async fn catch_up(&mut self) {
        let (Some(Closing::Decided(decision, _)), Some(goal)) = (&self.closing, self.goal()) else {
            return;
        };
        let is_behind = |last: &Snapshot| !shows(last, decision, goal);
        let may_ask = self
            .forbidden_until
            .is_none_or(|until| until <= Instant::now());
        if !may_ask || !self.last.as_ref().is_some_and(is_behind) {
            return;
        }
        let source = Arc::clone(&self.source);
        let look = time::timeout(WaitOptions::LAST_POLL, source.read(&self.subject));
        self.polls = self.polls.saturating_add(1);
        // Whatever else comes of it, the decision stands with the status that there was.
        if let Ok(Ok(seen)) = look.await
            && self.is_of_the_same(&seen.snapshot)
            && shows(&seen.snapshot, decision, goal)
        {
            self.last = Some(seen.snapshot);
        }
    }

    /// Whether a status is of the operation's deployment, or of the one that the last status was of.
    fn is_of_the_same(&self, newer: &Snapshot) -> bool {
        let own = match &self.until {
            Until::Goal(ledger) => ledger.execution(),
            Until::Condition(_) => None,
        };
        let last = self.last.as_ref();
        let last = last.and_then(|last| last.deployment_id.as_deref());
        let newer = newer.deployment_id.as_deref();
        own.is_none() || own == newer || last == newer
    }
}

/// Whether a status shows the decided end, as far as a status can show it.
fn shows(snapshot: &Snapshot, decision: &Decision, goal: Goal) -> bool {
    let marks = snapshot.marks();
    let mut phases = marks
        .iter()
        .map(|mark| mark.as_ref().map(|mark| mark.state.phase(goal)));
    match decision {
        Decision::Reached(Proof::Seen) => phases.all(|phase| phase == Some(Phase::Reached)),
        Decision::Failed(Cause::State(_)) => phases.any(|phase| phase == Some(Phase::Failed)),
        Decision::Canceled(Cancellation::Seen) => {
            phases.any(|phase| phase == Some(Phase::Canceled))
        }
        _ => true,
    }
}
