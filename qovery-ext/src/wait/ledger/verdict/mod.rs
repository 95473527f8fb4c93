//! The verdict on an operation: a fold over the runs that can be its own.
//!
//! The verdict stores nothing and reads nothing: the same ledger gives the same verdict. Each situation
//! has a table of rules; the first rule with a result decides.

mod absent;
mod cancel;
mod ends;
mod named;
mod request_status;
mod signature;
mod watched;

use std::time::Duration;

use super::{
    Fact, Goal, LATE, Ledger, Poll, Stamp, State, millis,
    rule::{Judging, Step, rules},
};
use crate::wait::{Endpoint, Evidence, Phase, RunId, Statement, decision::Verdict};

/// How often the history is read for services that may have ended before their run, in milliseconds.
const HISTORY_EVERY: Stamp = 30_000;

/// Every table.
#[cfg(test)]
pub(super) const TABLES: &[&[Judging]] = &[
    absent::RULES,
    named::RULES,
    signature::RULES,
    watched::RULES,
    cancel::RULES,
];

impl Ledger {
    /// Returns the verdict on the operation, or the fact that is needed for it.
    pub(crate) fn verdict(&self, poll: &Poll) -> Result<Verdict, Fact> {
        for rule in self.tables().iter().flat_map(|table| rules(table)) {
            if let Some(verdict) = (rule.says)(self, poll)? {
                tracing::trace!(rule = rule.name, ?verdict, ledger = ?self, "verdict");
                if let Verdict::Decided(decision, _) = &verdict {
                    tracing::debug!(rule = rule.name, because = rule.fact, ?decision, "decided");
                }
                return Ok(verdict);
            }
        }
        Ok(Verdict::pending(Phase::Running))
    }

    fn tables(&self) -> &'static [&'static [Judging]] {
        let has_acted = self.has_acted();
        if self.missing().is_some() {
            &[absent::RULES]
        } else if self.state().is_none() {
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

    fn need(&self, fact: Fact, poll: &Poll) -> Result<(), Fact> {
        let read = self.read_at(fact).filter(|at| *at >= poll.since);
        read.map(|_| ()).ok_or(fact)
    }

    /// Needs a fact, but not in every poll.
    fn need_at_times(&self, fact: Fact, poll: &Poll) -> Result<(), Fact> {
        if self.was_just_read(fact, poll) {
            return Ok(());
        }
        self.need(fact, poll)
    }

    /// Needs the queue as soon as it shows that no similar request is ahead, if it was not read since.
    fn need_order(&self, poll: &Poll) -> Result<(), Fact> {
        let began = self
            .candidate_executions()
            .first()
            .map(|run| run.seen.first);
        let listed = began.map_or(0, |began| began.saturating_add(millis(LATE)));
        let due = self.shows_order_at().max(listed);
        let is_known = self.read_at(Fact::Queue).is_some_and(|at| at >= due);
        if is_known || poll.now < due {
            return Ok(());
        }
        self.need(Fact::Queue, poll)
    }

    /// Whether an earlier poll has read a fact recently.
    fn was_just_read(&self, fact: Fact, poll: &Poll) -> bool {
        let Some(at) = self.read_at(fact) else {
            return false;
        };
        // By then the history shows the end of the runs before the shown one.
        let shown = self.shown_run().filter(|_| fact == Fact::History);
        let due = shown.map(|run| run.seen.first.saturating_add(millis(LATE)));
        let is_due = due.is_some_and(|due| at < due && due <= poll.now);
        !is_due && at < poll.since && poll.now < at.saturating_add(HISTORY_EVERY)
    }

    /// The state that says whether something runs.
    fn state(&self) -> Option<&State> {
        self.shown.as_ref()?.state()
    }

    fn is_at_work(&self) -> bool {
        self.state().is_some_and(State::is_active)
    }

    fn rests(&self) -> bool {
        self.state().is_some_and(State::is_terminal)
    }

    fn fact(&self, run: Option<&RunId>, endpoint: Endpoint, state: &State, at: Stamp) -> Evidence {
        Evidence {
            run: run.cloned(),
            endpoint,
            says: Statement::State(state.clone()),
            after: Duration::from_millis(at),
        }
    }
}

/// `Some` verdict of a rule.
fn says(verdict: Verdict) -> Step {
    Ok(Some(verdict))
}

/// A rule that says that nothing is decided.
fn waits(phase: Phase) -> Step {
    says(Verdict::pending(phase))
}
