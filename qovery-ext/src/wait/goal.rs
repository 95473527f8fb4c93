//! The goal of a wait, and its phase.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The goal of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Goal {
    /// Deployed, or restarted with the same version.
    Deployed,
    /// Restarted.
    Restarted,
    /// Stopped, or never deployed.
    Stopped,
    /// Deleted: no longer found.
    Deleted,
    /// The deployed resources are deleted, and the configuration remains.
    Uninstalled,
    /// No longer running: canceled, or finished before the cancel.
    Canceled,
    /// Planned: the plan of a Terraform service is computed, and nothing is applied. The API reports the states of a
    /// deployment for it.
    Planned,
}

impl Goal {
    /// Every goal.
    pub const ALL: [Goal; 7] = [
        Goal::Deployed,
        Goal::Restarted,
        Goal::Stopped,
        Goal::Deleted,
        Goal::Uninstalled,
        Goal::Canceled,
        Goal::Planned,
    ];

    /// Whether a subject that is gone has reached this goal.
    pub(crate) fn is_reached_when_gone(self) -> bool {
        matches!(self, Goal::Deleted | Goal::Uninstalled)
    }

    /// Whether an action, as spelled in queues and histories, leads to this goal.
    pub(crate) fn is_of(self, action: &str) -> bool {
        match self {
            Goal::Deployed | Goal::Planned => action == "DEPLOY",
            Goal::Restarted => action == "RESTART",
            Goal::Stopped => action == "STOP",
            Goal::Deleted => matches!(action, "DELETE" | "DELETE_RESOURCES_ONLY"),
            Goal::Uninstalled => {
                matches!(action, "UNINSTALL" | "DELETE" | "DELETE_RESOURCES_ONLY")
            }
            Goal::Canceled => false,
        }
    }

    /// The names of actions that lead to this goal and to no other. `action` leads to this goal only on servers
    /// that use none of these names. The names distinguish a deletion from an uninstallation.
    pub(crate) fn own_actions_beside(self, action: &str) -> &'static [&'static str] {
        match (self, action) {
            (Goal::Uninstalled, "DELETE") => &["UNINSTALL", "DELETE_RESOURCES_ONLY"],
            (Goal::Deleted, "DELETE_RESOURCES_ONLY") => &["DELETE"],
            _ => &[],
        }
    }

    /// Whether an action is known to lead to another goal. An action that this crate does not know does not
    /// count.
    pub(crate) fn is_not_of(self, action: &str) -> bool {
        let known = Goal::ALL.iter().any(|goal| goal.is_of(action));
        known && !self.is_of(action)
    }

    /// The action in progress, for messages: "deploying".
    pub(crate) fn activity(self) -> &'static str {
        match self {
            Goal::Deployed => "deploying",
            Goal::Restarted => "restarting",
            Goal::Stopped => "stopping",
            Goal::Deleted => "deleting",
            Goal::Uninstalled => "uninstalling",
            Goal::Canceled => "canceling",
            Goal::Planned => "planning",
        }
    }

    /// Whether an action may have no effect because its goal already holds. A deployment, a restart or a
    /// plan always has an effect.
    pub(crate) fn may_have_nothing_to_do(self) -> bool {
        !matches!(self, Goal::Deployed | Goal::Restarted | Goal::Planned)
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
            Goal::Planned => "planned",
        })
    }
}

/// The phase of an operation, a stage or a service on the way to a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Phase {
    /// Not started, as far as the API shows.
    NotStarted,
    /// Queued.
    Queued,
    /// Running.
    Running,
    /// It has reached the goal.
    Reached,
    /// It has failed.
    Failed,
    /// It was canceled.
    Canceled,
}

impl Phase {
    /// Returns whether the phase is final.
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
