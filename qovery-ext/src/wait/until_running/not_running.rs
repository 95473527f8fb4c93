//! The reason why services do not run after a deployment.

use std::{error, fmt, time::Duration};

use uuid::Uuid;

use super::pod_problem::PodProblem;
use crate::{
    causes::debug_as_text,
    codes,
    span::span,
    stream::StreamError,
    wait::{Goal, WaitError},
};

/// The reason why services do not run.
///
/// Available on crate feature `stream` only.
#[non_exhaustive]
pub enum NotRunning {
    /// The deployment did not reach its goal.
    NotDeployed(WaitError),
    /// A pod cannot run.
    Pod(Box<PodProblem>),
    /// The time limit passed, and some services had not been running for long enough.
    #[non_exhaustive]
    TimedOut {
        /// The ids of these services.
        services: Vec<Uuid>,
        /// How long they have to run without interruption.
        window: Duration,
        /// The time limit after the deployment: see [`running_within`](super::UntilRunning::running_within).
        limit: Duration,
    },
    /// The running state cannot be read. If the address of the websocket API is not known, nothing was
    /// sent.
    Unknown(StreamError),
    /// Nothing was sent: a cluster has no such running state, and an action that stops, deletes, uninstalls,
    /// cancels or plans starts no services.
    #[non_exhaustive]
    Unsupported {
        /// The goal of the action that starts no services; `None` for a cluster.
        goal: Option<Goal>,
    },
}

impl NotRunning {
    /// Returns the error of the wait for the deployment, if the deployment did not reach its goal.
    pub fn wait_error(&self) -> Option<&WaitError> {
        match self {
            Self::NotDeployed(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the call, if the wait for the deployment ended because a call failed, or if the call that
    /// looked up the environment of the service failed.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        match self {
            Self::NotDeployed(error) => error.api_error(),
            Self::Unknown(error) => error.api_error(),
            Self::Pod(_) | Self::TimedOut { .. } | Self::Unsupported { .. } => None,
        }
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotDeployed(error) => error.exit_code(),
            Self::Pod(_) => codes::FAILED,
            Self::TimedOut { .. } => codes::UNKNOWN,
            Self::Unknown(error) => error.exit_code(),
            Self::Unsupported { .. } => codes::REFUSED,
        }
    }
}

impl fmt::Display for NotRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeployed(error) => error.fmt(f),
            Self::Pod(problem) => problem.fmt(f),
            Self::TimedOut {
                services,
                window,
                limit,
            } => {
                let (window, limit) = (span(*window), span(*limit));
                let ids: Vec<_> = services.iter().map(Uuid::to_string).collect();
                write!(
                    f,
                    "some services did not run for {window} without interruption within {limit} after the \
                     deployment, check their logs or raise `running_within`: {}",
                    ids.join(", ")
                )
            }
            Self::Unknown(error) => {
                f.write_str("the running state cannot be read: ")?;
                error.fmt(f)
            }
            Self::Unsupported { goal: Some(goal) } => write!(
                f,
                "nothing was sent: an action with the goal \"{goal}\" starts no services, leave out `until_running`"
            ),
            Self::Unsupported { goal: None } => f.write_str(
                "nothing was sent: a cluster has no running state, leave out `until_running`",
            ),
        }
    }
}

debug_as_text!(NotRunning);

impl error::Error for NotRunning {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            // The message contains theirs, so `source` is their cause.
            Self::NotDeployed(error) => error.source(),
            Self::Unknown(error) => error.source(),
            Self::Pod(_) | Self::TimedOut { .. } | Self::Unsupported { .. } => None,
        }
    }
}
