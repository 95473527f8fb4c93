//! The assessment of an operation, and its end.

use uuid::Uuid;

use super::{Evidence, Goal, Phase, RunId, State};

/// How an operation stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Pending {
        phase: Phase,
        /// The place in the queue, counted from 1.
        position: Option<usize>,
    },
    Decided(Decision, Vec<Evidence>),
}

impl Verdict {
    pub(crate) fn pending(phase: Phase) -> Self {
        Verdict::Pending {
            phase,
            position: None,
        }
    }
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    Reached(Proof),
    Failed(Cause),
    Canceled(Cancellation),
    /// Another run took the place of this one, or cannot be told from it.
    Superseded {
        successor: Option<RunId>,
        /// The runs that cannot be told apart.
        alike: Vec<RunId>,
    },
    /// The response to the action was lost, and nothing shows that it was executed.
    NoTrace,
}

/// What shows that the goal was reached by this operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Its run has ended in the goal.
    Seen,
    /// The state held before the action and stayed for the settle period.
    Settled,
    /// The subject no longer exists.
    Gone,
}

/// Why an operation counts as failed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cause {
    /// Its run has ended in this state.
    State(State),
    /// The subject no longer exists.
    Gone,
    /// A condition that will never hold, for this reason.
    Hopeless(String),
}

/// How an operation was canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancellation {
    /// Its run has ended as canceled.
    Seen,
    /// Its request has left the queue without being executed.
    LeftQueue(Uuid),
}

impl Decision {
    /// The decision that follows from the terminal state of a run, if one does.
    pub(crate) fn of(state: &State, goal: Goal) -> Option<Self> {
        match state.phase(goal) {
            Phase::Reached => Some(Decision::Reached(Proof::Seen)),
            Phase::Canceled => Some(Decision::Canceled(Cancellation::Seen)),
            Phase::Failed => Some(Decision::Failed(Cause::State(state.clone()))),
            Phase::NotStarted | Phase::Queued | Phase::Running => None,
        }
    }

    /// Whether both say the same about the goal.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
