//! Acting and waiting for what comes of it.
//!
//! Not for one status (call [`qovery_api::Client`] directly) and not for retrying requests (see
//! the transports of this crate).
//!
//! An operation knows *its* deployment: it reads a baseline before it acts, takes the id of the
//! request that the server answers with, and counts a final state only where that belongs to it.
//! It reports a success only if it has seen it. A deadline, a lost connection, a cancel and a
//! deployment by somebody else are errors of their own kinds, each with the last status, the time
//! spent and a token to go on with: see [`WaitError`].
//!
//! # Dropping
//! Dropping any future, stream or value of this module never cancels anything on the server.
//! [`Operation::cancel_on_server`] and [`Action::cancel_at_deadline`] do.

mod act;
mod action;
mod api;
mod cancel;
mod closing;
mod condition;
mod engine;
mod goal;
mod group;
mod handles;
mod operation;
mod options;
mod outcome;
mod progress;
mod report;
mod schedule;
mod shared;
mod snapshot;
mod source;
mod start;
mod state_table;
mod subject;
mod token;
mod track;
mod tracker;

#[cfg(test)]
mod tests;

pub use act::{ServiceSelection, ServiceVersion};
pub use action::Action;
pub use cancel::Canceler;
pub use condition::{And, Check, Condition, Not, Or, conditions};
pub use goal::{Goal, Phase};
pub use group::{Group, GroupOutcome, OnFailure};
pub use handles::{
    AgenticWorkflowHandle, ApplicationHandle, ClusterHandle, ContainerHandle, DatabaseHandle,
    DeploymentRequestHandle, EnvironmentHandle, HelmHandle, JobHandle, ServiceHandle,
    TerraformHandle, WaitExt,
};
pub use operation::Operation;
pub use options::{Deadline, WaitOptions};
pub use outcome::{Reached, Successor, WaitError, WaitErrorKind};
pub use progress::{Progress, ProgressStream};
pub use report::{FailedService, FailureReport, LogLine};
pub use schedule::PollSchedule;
pub use snapshot::{Counts, ServiceSnapshot, Snapshot, StageSnapshot, StepSnapshot};
pub use state_table::{State, action_phase, history_phase, stage_phase, step_phase};
pub use subject::{ServiceKind, ServiceRef, Subject};
pub use token::{OperationToken, TokenError};

use qovery_api::BoxFuture;
