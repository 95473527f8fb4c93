//! The verdict on an operation: a fold over the runs that can be its own.
//!
//! The verdict stores nothing and reads nothing: the same ledger gives the same verdict. Each situation
//! has a table of rules; the first rule with a result decides.

mod absent;
mod cancel;
mod deletions;
mod ends;
mod named;
mod request_status;
mod signature;
mod watched;

use std::time::Duration;

use deletions::Deletions;
use ends::Ends;
use request_status::RequestStatus;

use super::{
    Fact, Goal, Ledger, Poll, Stamp, State, millis,
    rule::{Judging, Step, rules},
    view::View,
};
use crate::wait::{Endpoint, Evidence, Phase, RunId, Statement, decision::Verdict};

/// Every table.
#[cfg(test)]
pub(super) const TABLES: &[&[Judging]] = &[
    absent::RULES,
    named::RULES,
    signature::RULES,
    watched::RULES,
    cancel::RULES,
];

/// `Some` verdict of a rule.
fn says(verdict: Verdict) -> Step {
    Ok(Some(verdict))
}

/// A rule that says that nothing is decided.
fn waits(phase: Phase) -> Step {
    says(Verdict::pending(phase))
}

impl Ledger {
    /// Returns the verdict on the operation, or the fact that is needed for it.
    pub(crate) fn verdict(&self, poll: &Poll) -> Result<Verdict, Fact> {
        let view = self.view();
        for rule in view.tables().iter().flat_map(|table| rules(table)) {
            if let Some(verdict) = (rule.says)(&view, poll)? {
                tracing::trace!(rule = rule.name, ?verdict, ledger = ?self, "verdict");
                if let Verdict::Decided(decision, _) = &verdict {
                    tracing::debug!(rule = rule.name, because = rule.fact, ?decision, "decided");
                }
                return Ok(verdict);
            }
        }
        Ok(Verdict::pending(Phase::Running))
    }

    /// The time of the next poll that can settle a question that only time decides.
    pub(crate) fn settles_at(&self, settle: Duration) -> Option<Stamp> {
        if let Some(missing) = self.missing() {
            return Some(missing.first.saturating_add(millis(settle)));
        }
        let view = self.view();
        if !self.has_acted() || !view.status().rests() {
            return None;
        }
        let is_open = view.candidates().executions().is_empty() && !view.may_be_done();
        match (is_open, self.is_lost()) {
            (false, _) => Some(self.rests_since().saturating_add(millis(settle))),
            // By then, an action that was executed has left a trace.
            (true, true) => Some(view.queue().late_at()),
            (true, false) => None,
        }
    }

    /// Whether a deletion of the subject was seen that the operation did not ask for.
    pub(crate) fn is_deleted_by_others(&self) -> bool {
        self.view().deletions().any_unasked()
    }

    /// The verdict on a subject that is not found and that its parent does not list either, or the fact that is
    /// needed for it.
    pub(crate) fn gone_from_parent(&self, poll: &Poll) -> Result<Verdict, Fact> {
        absent::when_unlisted(&self.view(), poll)
    }
}

impl View<'_> {
    fn tables(&self) -> &'static [&'static [Judging]] {
        let has_acted = self.has_acted();
        if self.missing().is_some() {
            &[absent::RULES]
        } else if self.status().state().is_none() {
            &[]
        } else if has_acted && self.goal == Goal::Canceled {
            &[cancel::RULES]
        } else if self.request.is_some() {
            &[named::RULES, signature::RULES]
        } else if has_acted {
            &[signature::RULES]
        } else {
            &[watched::RULES]
        }
    }

    /// How runs have ended for the operation.
    fn ends(&self) -> Ends<'_> {
        Ends { view: self }
    }

    /// The status of the operation's request.
    fn request_status(&self) -> RequestStatus<'_> {
        RequestStatus { view: self }
    }

    /// The deletions of the subject.
    fn deletions(&self) -> Deletions<'_> {
        Deletions { view: self }
    }
}

/// The evidence that an endpoint has shown a state.
fn evidence_of(run: Option<&RunId>, endpoint: Endpoint, state: &State, at: Stamp) -> Evidence {
    Evidence {
        run: run.cloned(),
        endpoint,
        says: Statement::State(state.clone()),
        after: Duration::from_millis(at),
    }
}
