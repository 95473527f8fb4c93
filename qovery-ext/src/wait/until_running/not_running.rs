//! The reason why services do not run after a deployment.

use std::{error, fmt};

use uuid::Uuid;

use super::pod_problem::PodProblem;
use crate::{causes::debug_as_text, codes, stream::StreamError, wait::WaitError};

/// The reason why services do not run.
///
/// Available on crate feature `stream` only.
#[non_exhaustive]
pub enum NotRunning {
    /// The deployment did not reach its goal.
    NotDeployed(WaitError),
    /// A pod cannot run.
    Pod(Box<PodProblem>),
    /// The time limit passed, and some services had not been running for long enough. Contains their ids.
    TimedOut(Vec<Uuid>),
    /// The running state cannot be read. If the address of the websocket API is not known, nothing was
    /// sent.
    Unknown(StreamError),
    /// Nothing was sent: a cluster has no such running state, and services do not run after an action
    /// that stops, deletes, uninstalls, cancels or plans.
    Unsupported,
}

impl NotRunning {
    /// Returns the error of the wait for the deployment, if the deployment did not reach its goal.
    pub fn wait_error(&self) -> Option<&WaitError> {
        match self {
            Self::NotDeployed(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the call, if the wait for the deployment ended because a call failed.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        self.wait_error()?.api_error()
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotDeployed(error) => error.exit_code(),
            Self::Pod(_) => codes::FAILED,
            Self::TimedOut(_) => codes::UNKNOWN,
            Self::Unknown(error) => error.exit_code(),
            Self::Unsupported => codes::REFUSED,
        }
    }
}

impl fmt::Display for NotRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeployed(error) => error.fmt(f),
            Self::Pod(problem) => problem.fmt(f),
            Self::TimedOut(services) => {
                f.write_str("not all services were running for long enough:")?;
                services.iter().try_for_each(|id| write!(f, " {id}"))
            }
            Self::Unknown(error) => {
                f.write_str("the running state cannot be read: ")?;
                error.fmt(f)
            }
            Self::Unsupported => f.write_str(
                "nothing was sent: services do not run after this action, and a cluster has no running state",
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
            Self::Pod(_) | Self::TimedOut(_) | Self::Unsupported => None,
        }
    }
}
