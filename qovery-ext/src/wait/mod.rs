//! Starts actions and waits for their outcomes.
//!
//! To read a single status, call [`qovery_api::Client`] directly.
//!
//! ```
//! # use std::time::Duration;
//! use qovery_ext::wait::WaitExt;
//!
//! async fn deploy(client: &qovery_api::Client, environment: uuid::Uuid) -> u8 {
//!     let deployment = client
//!         .environment(environment)
//!         .deploy()
//!         .within(Duration::from_secs(1800))
//!         .on_progress(|progress| println!("{progress}"));
//!     match deployment.await {
//!         Ok(reached) => reached.exit_code(),
//!         Err(error) => {
//!             eprintln!("{error}"); // with the services that failed and their last lines
//!             let may_continue = error.is_deadline_passed() || error.is_lost_contact();
//!             if may_continue && error.may_have_been_executed() {
//!                 eprintln!("continue with {}", error.token());
//!             }
//!             error.exit_code()
//!         }
//!     }
//! }
//! # let _ = deploy;
//! ```
//!
//! # Whose deployment
//! An operation keeps a ledger of every deployment that the server has shown: in the status, the queue, the
//! history and the status of its request. Rules exclude the deployments that cannot be its own, by id,
//! action, services, origin, user and time. Success requires every remaining deployment to have succeeded. If
//! they end in different ways, the outcome is [`WaitErrorKind::Superseded`], which names them. The order of
//! readings does not change the outcome.
//!
//! If no response names the request, the end of the deployment must persist for the settle period (15 s),
//! because the request may still be queued behind it. [`Reached::evidence`] and [`WaitError::evidence`]
//! return the facts behind an outcome.
//!
//! For an environment, the state of its last deployment decides. For a service, its own state decides, regardless
//! of other services.
//!
//! # States
//! One table defines the meaning of each state of the API for each [`Goal`]: [`State::phase`].
//!
//! | state | deployed, restarted, planned | stopped | deleted | uninstalled | canceled |
//! |---|---|---|---|---|---|
//! | `DEPLOYED`, `RESTARTED` | reached | not started | not started | not started | reached |
//! | `STOPPED` | failed | reached | not started | reached | reached |
//! | `DELETED` | failed | failed | reached | reached | reached |
//! | `READY` (never deployed) | not started | reached | not started | reached | reached |
//! | `CANCELED` | canceled | canceled | canceled | canceled | reached |
//! | `*_ERROR`, `INVALID_CREDENTIALS` | failed | failed | failed | failed | reached |
//! | `*QUEUED`, `WAITING_*` | queued | queued | queued | queued | queued |
//! | all others, and those that this version does not know | running | running | running | running | running |
//!
//! ```
//! use qovery_ext::wait::{Goal, Phase, State};
//!
//! assert_eq!(State::Ready.phase(Goal::Deployed), Phase::NotStarted);
//! let novelty = State::from("A_STATE_OF_NEXT_YEAR");
//! assert_eq!(novelty.phase(Goal::Deployed), Phase::Running); // until the deadline
//! assert_eq!(novelty.as_str(), "A_STATE_OF_NEXT_YEAR");
//! ```
//!
//! # Outcomes and exit codes
//! A success is reported only if it was observed. Any other end is a [`WaitError`], with its kind, the last
//! status, the number of polls, the elapsed time and a token to continue with.
//!
//! | outcome | further content |
//! |---|---|
//! | [`Reached`] | whether there was nothing to do |
//! | [`WaitErrorKind::Failed`], [`WaitErrorKind::Canceled`] | the [`FailureReport`] |
//! | [`WaitErrorKind::Superseded`] | the [`Successor`] |
//! | [`WaitErrorKind::DeadlinePassed`] | the limit, and whether a cancel was sent |
//! | [`WaitErrorKind::LostContact`] | the error of the last poll or of the action, if that is the cause |
//! | [`WaitErrorKind::Refused`] | the error of the API, or why nothing was sent |
//!
//! Each outcome has an exit code: see [the table](crate::exit_code#codes).
//!
//! A response that does not come from the API (a login page, the text of a proxy, the 403 of a firewall) is a
//! failed poll and never an outcome: see [`WaitError::is_not_the_api`].
//!
//! # Deadlines
//! Every wait has a deadline: one hour after the start of the action. [`Action::within`] changes it, and
//! [`Action::without_deadline`] removes it. At the deadline, a delay between polls or a request in flight
//! ends. One last poll of at most 5 s follows, and then up to 10 s for a cancel, or up to 15 s for the report on a
//! failure. The server continues, unless [`Action::cancel_at_deadline`] was called and the API accepted the cancel.
//!
//! # Coming back later
//! An [`OperationToken`] holds the complete state of an operation, and no secrets:
//!
//! ```
//! use qovery_ext::wait::{OperationToken, Reached, WaitExt};
//!
//! # async fn example(client: qovery_api::Client, id: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
//! let text = client.environment(id).deploy().start().await?.token().to_string();
//! // … in another process …
//! let token: OperationToken = text.parse()?;
//! let reached: Reached = client.resume(token)?.await?;
//! # Ok(()) }
//! ```
//!
//! # Dropping
//! Dropping any future, stream or value of this module never cancels anything on the server.
//! [`Operation::cancel_on_server`] and [`Action::cancel_at_deadline`] do.

mod action;
mod action_request;
mod api;
mod bad_request;
mod cancel;
mod catch_up;
mod closer;
mod condition;
mod context;
mod decision;
mod evidence;
mod failure_report;
mod goal;
mod group;
mod handles;
mod in_flight;
mod ledger;
mod names;
mod not_canceled;
mod operation;
mod options;
mod outcome;
mod part_status;
mod poller;
mod progress;
#[cfg(feature = "stream")]
mod push;
mod reporter;
mod schedule;
mod shared_reading;
mod snapshot;
mod source;
mod start;
mod state_table;
mod subject;
mod timetable;
mod token;
#[cfg(feature = "stream")]
mod until_running;
mod version;

#[cfg(test)]
mod tests;

/// If a program creates a value and does not use it, the compiler warns.
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # fn example(client: qovery_api::Client) {
/// use qovery_ext::wait::WaitExt;
/// client.environment(uuid::Uuid::nil()).deploy();
/// # }
/// ```
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # async fn example(action: qovery_ext::wait::Action) -> Result<(), qovery_ext::wait::WaitError> {
/// action.start().await?;
/// # Ok(()) }
/// ```
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # fn example(operation: qovery_ext::wait::Operation) {
/// operation.progress();
/// # }
/// ```
///
/// ```compile_fail
/// #![deny(unused_must_use)]
/// # async fn example(actions: Vec<qovery_ext::wait::Action>) {
/// qovery_ext::wait::Group::start(actions).await;
/// # }
/// ```
///
/// The same, used:
///
/// ```
/// #![deny(unused_must_use)]
/// # async fn example(action: qovery_ext::wait::Action) -> Result<(), qovery_ext::wait::WaitError> {
/// let operation = action.start().await?;
/// let _stream = operation.progress();
/// # Ok(()) }
/// ```
#[cfg(doctest)]
struct MustUse;

pub use action::Action;
pub use action_request::ServiceSelection;
pub use cancel::Canceler;
pub use condition::{And, Check, Condition, Not, Or, conditions};
pub use evidence::{Endpoint, Evidence, RunId, Statement};
pub use failure_report::{FailedService, FailureReport, LogLine};
pub use goal::{Goal, Phase};
pub use group::{Group, GroupOutcome, GroupStart, OnFailure};
pub use handles::{
    AgenticWorkflowHandle, ApplicationHandle, ClusterHandle, ContainerHandle, DatabaseHandle,
    DeploymentRequestHandle, EnvironmentHandle, HelmHandle, JobHandle, ServiceHandle,
    TerraformHandle, WaitExt,
};
#[cfg(any(feature = "find", feature = "versions"))]
pub(crate) use names::KnownNames;
pub use names::Names;
pub use not_canceled::NotCanceled;
pub use operation::Operation;
pub use options::{Deadline, WaitOptions};
pub use outcome::{Reached, Successor, WaitError, WaitErrorKind};
pub use progress::{Progress, ProgressStream};
pub use schedule::PollSchedule;
pub use snapshot::{Counts, ServiceSnapshot, Snapshot, StageSnapshot, StepSnapshot};
pub use state_table::{State, action_phase, history_phase, stage_phase, step_phase};
pub use subject::{ServiceKind, ServiceRef, Subject};
pub use token::{OperationToken, TokenError};
#[cfg(feature = "stream")]
pub use until_running::{NotRunning, PodProblem, PodProblemKind, Running, UntilRunning};
pub use version::{ServiceVersion, UnsupportedVersion, VersionField};

use decision::Decision;
use qovery_api::BoxFuture;
