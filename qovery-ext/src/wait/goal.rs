//! The goal of a wait, and its phase.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The goal of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Goal {
    /// Deployed, or restarted, which is the same with the same version.
    Deployed,
    /// Restarted.
    Restarted,
    /// Stopped, or never deployed.
    Stopped,
    /// Gone: deleted, and no longer found.
    Deleted,
    /// The infrastructure is gone, the configuration stays.
    Uninstalled,
    /// No longer under way: canceled, or finished before the cancel.
    Canceled,
}

impl Goal {
    /// Every goal.
    pub const ALL: [Goal; 6] = [
        Goal::Deployed,
        Goal::Restarted,
        Goal::Stopped,
        Goal::Deleted,
        Goal::Uninstalled,
        Goal::Canceled,
    ];

    /// Whether a subject that is gone has reached this goal.
    pub(crate) fn is_reached_when_gone(self) -> bool {
        matches!(self, Goal::Deleted | Goal::Uninstalled)
    }

    /// Whether an action, as queues and histories spell it, leads to this goal.
    pub(crate) fn is_of(self, action: &str) -> bool {
        match self {
            Goal::Deployed => action == "DEPLOY",
            Goal::Restarted => action == "RESTART",
            Goal::Stopped => action == "STOP",
            Goal::Deleted => matches!(action, "DELETE" | "DELETE_RESOURCES_ONLY"),
            Goal::Uninstalled => {
                matches!(action, "UNINSTALL" | "DELETE" | "DELETE_RESOURCES_ONLY")
            }
            Goal::Canceled => false,
        }
    }

    /// Whether an action is known to lead elsewhere. One that is new to this crate is not.
    pub(crate) fn is_not_of(self, action: &str) -> bool {
        let known = Goal::ALL.iter().any(|goal| goal.is_of(action));
        known && !self.is_of(action)
    }

    /// Whether asking for what already holds does nothing. A deployment or a restart always does
    /// something.
    pub(crate) fn may_have_nothing_to_do(self) -> bool {
        !matches!(self, Goal::Deployed | Goal::Restarted)
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Goal::Deployed => "deployed",
            Goal::Restarted => "restarted",
            Goal::Stopped => "stopped",
            Goal::Deleted => "deleted",
            Goal::Uninstalled => "uninstalled",
            Goal::Canceled => "canceled",
        })
    }
}

/// How far something is on its way to a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Nothing was seen of it yet.
    NotStarted,
    /// It waits for its turn.
    Queued,
    /// It is under way.
    Running,
    /// It has reached the goal.
    Reached,
    /// It has failed.
    Failed,
    /// It was canceled.
    Canceled,
}

impl Phase {
    /// Whether nothing follows.
    pub fn is_terminal(self) -> bool {
        matches!(self, Phase::Reached | Phase::Failed | Phase::Canceled)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::NotStarted => "not started",
            Phase::Queued => "queued",
            Phase::Running => "running",
            Phase::Reached => "reached",
            Phase::Failed => "failed",
            Phase::Canceled => "canceled",
        })
    }
}
