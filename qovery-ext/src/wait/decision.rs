//! The assessment of an operation, and its end.

use uuid::Uuid;

use super::{Evidence, Goal, Phase, RunId, State};

/// The current assessment of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    Pending {
        phase: Phase,
        /// The position in the queue, counted from 1.
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

/// The end of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    Reached(Proof),
    Failed(Cause),
    Canceled(Cancellation),
    /// Another run replaced this one, or the two cannot be distinguished.
    Superseded {
        successor: Option<RunId>,
        /// The runs that cannot be distinguished.
        alike: Vec<RunId>,
    },
    /// The response to the action was lost, and no fact shows that it was executed.
    NoTrace,
}

/// The evidence that this operation reached the goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Its run has ended in a state of the goal.
    Seen,
    /// The state held before the action and stayed for the settle period.
    Settled,
    /// The subject no longer exists.
    Gone,
}

/// The reason why an operation counts as failed.
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
    /// The decision for the terminal state of a run, if there is one.
    pub(crate) fn of(state: &State, goal: Goal) -> Option<Self> {
        match state.phase(goal) {
            Phase::Reached => Some(Decision::Reached(Proof::Seen)),
            Phase::Canceled => Some(Decision::Canceled(Cancellation::Seen)),
            Phase::Failed => Some(Decision::Failed(Cause::State(state.clone()))),
            Phase::NotStarted | Phase::Queued | Phase::Running => None,
        }
    }

    /// Whether both have the same meaning for the goal.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}
