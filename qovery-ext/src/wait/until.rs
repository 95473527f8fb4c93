//! The goal or the condition of a wait.

use super::{Condition, Goal, ledger::Ledger};

/// The end of a wait: the goal of an operation, or a condition.
pub(super) enum Until {
    Goal(Box<Ledger>),
    Condition(Box<dyn Condition>),
}

impl Until {
    /// The record of a goal's operation; `None` for a condition.
    pub(super) fn ledger(&self) -> Option<&Ledger> {
        match self {
            Until::Goal(ledger) => Some(ledger),
            Until::Condition(_) => None,
        }
    }

    pub(super) fn goal(&self) -> Option<Goal> {
        self.ledger().map(Ledger::goal)
    }
}
