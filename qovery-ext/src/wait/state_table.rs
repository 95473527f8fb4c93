//! The meaning of every status value of the API for every goal. No other module defines it.
//!
//! A value counts only after the [`ledger`](super::ledger) has found that it belongs to the operation. The
//! tests read the contract, and fail if a value is missing here.

use std::{borrow::Cow, fmt};

use qovery_api::Printable;
use serde::{Deserialize, Serialize};

use super::{Goal, Phase};

use Phase::{Canceled as C, Failed as F, NotStarted as N, Queued as Q, Reached as R, Running as W};

macro_rules! states {
    ($($variant:ident $text:literal $doc:literal => $row:expr;)+) => {
        /// The state of an environment, a service or a cluster, as the API spells it.
        ///
        /// Covers the values of the contract. A value that is newer than this crate is kept
        /// unchanged in [`State::Unknown`], and counts as running until the deadline.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum State {
            $(#[doc = $doc] $variant,)+
            /// A value that this version does not know, unchanged.
            Unknown(Box<str>),
        }

        impl State {
            /// Every value of the contract.
            pub const ALL: &'static [State] = &[$(State::$variant,)+];

            /// Returns the value as the API spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(State::$variant => $text,)+
                    State::Unknown(text) => text,
                }
            }

            fn row(&self) -> [Phase; 6] {
                match self {
                    $(State::$variant => $row,)+
                    State::Unknown(_) => [W; 6],
                }
            }
        }

        impl From<&str> for State {
            fn from(text: &str) -> Self {
                match text {
                    $($text => State::$variant,)+
                    other => State::Unknown(other.into()),
                }
            }
        }
    };
}

// N not started, Q queued, W running, R reached, F failed, C canceled.
//
// Three groups of cells need an explanation. READY means "never deployed": it is never a deployment that
// succeeded. STOPPED and DELETED fail a deployment, but the ledger lets them do so only if an id
// proves that they came after it. Every end of the deployment reaches the goal of a cancel,
// because something that finished first can no longer be canceled.
states! {
    //                                                                                                  deployed restarted stopped deleted uninstalled canceled
    Building "BUILDING" "An image is being built."                                                   => [W, W, W, W, W, W];
    BuildError "BUILD_ERROR" "The build failed."                                                     => [F, F, F, F, F, R];
    Canceled "CANCELED" "The deployment was canceled."                                               => [C, C, C, C, C, R];
    Canceling "CANCELING" "The deployment is being canceled."                                        => [W, W, W, W, W, W];
    Deleted "DELETED" "The deployed resources are deleted."                                          => [F, F, F, R, R, R];
    DeleteError "DELETE_ERROR" "The deletion failed."                                                => [F, F, F, F, F, R];
    DeleteQueued "DELETE_QUEUED" "A deletion is queued."                                             => [Q, Q, Q, Q, Q, Q];
    Deleting "DELETING" "A deletion is running."                                                     => [W, W, W, W, W, W];
    Deployed "DEPLOYED" "The deployment succeeded."                                                  => [R, R, N, N, N, R];
    Deploying "DEPLOYING" "A deployment is running."                                                 => [W, W, W, W, W, W];
    DeploymentError "DEPLOYMENT_ERROR" "The deployment failed."                                      => [F, F, F, F, F, R];
    DeploymentQueued "DEPLOYMENT_QUEUED" "A deployment is queued."                                   => [Q, Q, Q, Q, Q, Q];
    DryRun "DRY_RUN" "A dry run: a cluster is checked, and not changed."                             => [W, W, W, W, W, W];
    Executing "EXECUTING" "A job or a plan is running."                                              => [W, W, W, W, W, W];
    InvalidCredentials "INVALID_CREDENTIALS" "The cloud provider refuses the cluster's credentials." => [F, F, F, F, F, R];
    Queued "QUEUED" "A request is queued."                                                           => [Q, Q, Q, Q, Q, Q];
    Ready "READY" "Never deployed."                                                                  => [N, N, R, N, R, R];
    Recap "RECAP" "The results of the deployment are being collected."                               => [W, W, W, W, W, W];
    Restarted "RESTARTED" "The restart succeeded."                                                   => [R, R, N, N, N, R];
    Restarting "RESTARTING" "A restart is running."                                                  => [W, W, W, W, W, W];
    RestartError "RESTART_ERROR" "The restart failed."                                               => [F, F, F, F, F, R];
    RestartQueued "RESTART_QUEUED" "A restart is queued."                                            => [Q, Q, Q, Q, Q, Q];
    Stopped "STOPPED" "Stopped; it can be deployed again."                                           => [F, F, R, N, R, R];
    Stopping "STOPPING" "A stop is running."                                                         => [W, W, W, W, W, W];
    StopError "STOP_ERROR" "The stop failed."                                                        => [F, F, F, F, F, R];
    StopQueued "STOP_QUEUED" "A stop is queued."                                                     => [Q, Q, Q, Q, Q, Q];
    Unavailable "UNAVAILABLE" "The state is not known at present."                                   => [W, W, W, W, W, W];
    WaitingDeleting "WAITING_DELETING" "A deletion waits for an earlier stage."                      => [Q, Q, Q, Q, Q, Q];
    WaitingRestarting "WAITING_RESTARTING" "A restart waits for an earlier stage."                   => [Q, Q, Q, Q, Q, Q];
    WaitingRunning "WAITING_RUNNING" "A deployment waits for an earlier stage."                      => [Q, Q, Q, Q, Q, Q];
    WaitingStopping "WAITING_STOPPING" "A stop waits for an earlier stage."                          => [Q, Q, Q, Q, Q, Q];
}

impl State {
    /// Returns the meaning of this state for a goal, if the state belongs to the operation.
    pub fn phase(&self, goal: Goal) -> Phase {
        let [deployed, restarted, stopped, deleted, uninstalled, canceled] = self.row();
        match goal {
            // A plan is a deployment that applies nothing.
            Goal::Deployed | Goal::Planned => deployed,
            Goal::Restarted => restarted,
            Goal::Stopped => stopped,
            Goal::Deleted => deleted,
            Goal::Uninstalled => uninstalled,
            Goal::Canceled => canceled,
        }
    }

    /// Returns whether the state is stable: it does not change until the next action.
    pub fn is_terminal(&self) -> bool {
        // The column of a cancel has this information, because a cancel waits for exactly this.
        self.phase(Goal::Canceled) == R
    }

    /// Returns whether the state shows a queued or running deployment. Some values are neither
    /// terminal nor active: unavailable, unknown.
    pub fn is_active(&self) -> bool {
        !self.is_terminal() && !matches!(self, State::Unavailable | State::Unknown(_))
    }

    /// Returns whether the state is a failure.
    pub fn is_error(&self) -> bool {
        // A failure is a failure for every goal except a cancel.
        self.phase(Goal::Stopped) == F && *self != State::Deleted
    }

    /// Whether the state shows a running action that does not lead to the goal. A deployment and a restart show
    /// the same states.
    pub(crate) fn works_on_another(&self, goal: Goal) -> bool {
        match self {
            State::Building | State::Deploying | State::Restarting => !matches!(
                goal,
                Goal::Deployed | Goal::Planned | Goal::Restarted | Goal::Canceled
            ),
            State::Stopping => !matches!(goal, Goal::Stopped | Goal::Canceled),
            State::Deleting => !matches!(goal, Goal::Deleted | Goal::Uninstalled | Goal::Canceled),
            _ => false,
        }
    }

    /// Returns whether this version of the crate knows the value.
    pub fn is_known(&self) -> bool {
        !matches!(self, State::Unknown(_))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Printable::new(self.as_str()), f)
    }
}

impl Serialize for State {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer).map(|text| State::from(&*text))
    }
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident { $($text:literal => $phase:expr;)+ })+) => {
        $(
            $(#[$doc])*
            pub fn $name(value: &str) -> Phase {
                match value {
                    $($text => $phase,)+
                    _ => W,
                }
            }
        )+

        /// The values of the enumerations for parts of a deployment, by the function that reads them.
        #[cfg(test)]
        pub(crate) const PARTS: &[(&str, &[&str])] = &[$((stringify!($name), &[$($text,)+]),)+];
    };
}

// The parts of a deployment have the same meaning for every goal.
parts! {
    /// The meaning of the status of a stage. A skipped stage had nothing to do: it counts as reached.
    stage_phase {
        "QUEUED" => Q;
        "ONGOING" => W;
        "DONE" => R;
        "ERROR" => F;
        "SKIPPED" => R;
        "CANCELED" => C;
    }
    /// The meaning of the status of a service's last action. `NEVER` is an action that was never requested.
    action_phase {
        "QUEUED" => Q;
        "ONGOING" => W;
        "SUCCESS" => R;
        "ERROR" => F;
        "EXECUTING" => W;
        "CANCELED" => C;
        "CANCELING" => W;
        "NEVER" => N;
    }
    /// The meaning of the status of a step (build, mirror, deploy…).
    step_phase {
        "SUCCESS" => R;
        "ERROR" => F;
        "CANCEL" => C;
        "SKIP" => R;
    }
    /// The meaning of the status of an entry of the deployment history.
    history_phase {
        "QUEUED" => Q;
        "ONGOING" => W;
        "SUCCESS" => R;
        "ERROR" => F;
        "CANCELED" => C;
        "CANCELING" => W;
        "NEVER" => N;
    }
}

#[cfg(test)]
mod tests;
