//! The end of a wait: the goal was reached, or an error of one of six kinds.

use std::{fmt, time::Duration};

use qovery_api::Printable;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Evidence, FailureReport, Goal, Names, NotCanceled, OperationToken, Snapshot,
    UnsupportedVersion,
    decision::Proof,
    source::{Fault, FaultKind},
};
use crate::{
    causes::{self, debug_as_text},
    codes,
    span::span,
};

/// The goal was reached, and the wait observed it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reached {
    /// The goal; `None` for a condition.
    pub goal: Option<Goal>,
    /// The last status that was read; `None` if the subject was gone before its status could be
    /// read.
    pub snapshot: Option<Snapshot>,
    /// The names that are known of the subject and its services.
    pub names: Names,
    /// The number of polls.
    pub polls: u32,
    /// The time since the operation was started.
    pub elapsed: Duration,
    /// The token of the operation.
    pub token: OperationToken,
    pub(super) proof: Proof,
    pub(super) evidence: Vec<Evidence>,
}

impl Reached {
    /// Returns the exit code: always 0.
    pub fn exit_code(&self) -> u8 {
        codes::REACHED
    }

    /// Returns whether there was nothing to do: the goal was met before the action and remained so.
    pub fn had_nothing_to_do(&self) -> bool {
        self.proof == Proof::Settled
    }

    /// Returns the facts that prove that the goal was reached: endpoint, statement and deployment.
    /// Empty for a condition.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// Returns whether the subject no longer exists.
    pub fn is_gone(&self) -> bool {
        self.proof == Proof::Gone
    }
}

/// `{}` prints the reached goal; `{:#}` adds the evidence, a line for each fact.
impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.token.subject().named(&self.names);
        match self.goal {
            Some(goal) => write!(f, "{subject} is {goal}")?,
            None => write!(f, "the condition on {subject} is met")?,
        }
        write!(f, " after {}", span(self.elapsed))?;
        if f.alternate() {
            list(f, &self.evidence)?;
        }
        Ok(())
    }
}

fn list(f: &mut fmt::Formatter<'_>, evidence: &[Evidence]) -> fmt::Result {
    evidence.iter().try_for_each(|fact| write!(f, "\n  {fact}"))
}

/// The kinds of an error of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitErrorKind {
    /// The operation failed, or its subject is gone.
    Failed,
    /// The deployment was canceled.
    Canceled,
    /// Another deployment replaced the deployment of the operation, or the two cannot be distinguished, and
    /// no endpoint shows how the operation ended.
    Superseded,
    /// The deadline passed. The server continues, unless a cancel was accepted. If
    /// [`WaitError::may_have_been_executed`] returns false, the action was never executed.
    DeadlinePassed,
    /// Too many polls failed in a row, no endpoint shows the deployment, or something other than the API
    /// answered. The server may continue. If [`WaitError::may_have_been_executed`] returns false, the action was
    /// never executed.
    LostContact,
    /// The API refused the action or a poll: 401, 403, 409, an id that does not exist. After a refused poll, the
    /// server continues an action that it has accepted. Or nothing was sent, for example because the service does not
    /// accept a [version](super::UnsupportedVersion), or because the operation to [cancel](super::NotCanceled) is
    /// not known to be queued or running, or because the token source failed. If
    /// [`WaitError::may_have_been_executed`] returns false, the action was never executed.
    Refused,
}

/// The deployment that replaced a superseded operation, or that follows a canceled one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Successor {
    /// The id of the deployment.
    pub deployment_id: Option<String>,
    /// The id of its request.
    pub deployment_request_id: Option<Uuid>,
    /// Its origin: `CONSOLE`, `API`, `GIT`…
    pub origin: Option<String>,
    /// The user who triggered it.
    pub triggered_by: Option<String>,
}

impl fmt::Display for Successor {
    /// Prints the ids, the user and the origin, as far as they are known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.deployment_id, self.deployment_request_id) {
            (Some(id), _) => write!(f, "deployment {}", Printable::new(id))?,
            (None, Some(id)) => write!(f, "request {id}")?,
            (None, None) => f.write_str("another deployment")?,
        }
        if let Some(user) = &self.triggered_by {
            write!(f, " of {}", Printable::new(user))?;
        }
        match &self.origin {
            Some(origin) => write!(f, " by {}", Printable::new(origin)),
            None => Ok(()),
        }
    }
}

/// A wait that ended without reaching its goal.
///
/// It has the last status that was read, the number of polls, the elapsed time, and a token to continue with. A
/// deadline, lost contact and a cancel have their own kinds.
#[derive(Clone)]
pub struct WaitError(pub(super) Box<Ended>);

#[derive(Clone)]
pub(super) struct Ended {
    pub(super) kind: WaitErrorKind,
    pub(super) message: String,
    pub(super) last: Option<Snapshot>,
    pub(super) polls: u32,
    pub(super) elapsed: Duration,
    pub(super) token: OperationToken,
    pub(super) limit: Option<Duration>,
    pub(super) successor: Option<Successor>,
    pub(super) report: Option<FailureReport>,
    pub(super) canceled_on_server: bool,
    pub(super) not_canceled: Option<NotCanceled>,
    pub(super) source: Option<Fault>,
    pub(super) executed: Executed,
    pub(super) evidence: Vec<Evidence>,
}

/// Whether the server may be executing the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Executed {
    No,
    Perhaps,
    Yes,
}

impl WaitError {
    /// Returns the kind of the error.
    pub fn kind(&self) -> WaitErrorKind {
        self.0.kind
    }

    /// Returns whether the operation failed. [`WaitError::report`] has the services and steps that
    /// failed.
    pub fn is_failed(&self) -> bool {
        self.0.kind == WaitErrorKind::Failed
    }

    /// Returns whether the operation was canceled.
    pub fn is_canceled(&self) -> bool {
        self.0.kind == WaitErrorKind::Canceled
    }

    /// Returns whether another deployment replaced the deployment of the operation, or the two cannot be
    /// distinguished. [`WaitError::superseded_by`] returns the other deployment.
    pub fn is_superseded(&self) -> bool {
        self.0.kind == WaitErrorKind::Superseded
    }

    /// Returns whether the deadline passed. The server continues, unless a cancel was accepted: continue to wait
    /// with [`WaitError::token`]. If [`WaitError::may_have_been_executed`] returns false, the action was never
    /// executed: start it again with a longer [`super::Action::within`].
    pub fn is_deadline_passed(&self) -> bool {
        self.0.kind == WaitErrorKind::DeadlinePassed
    }

    /// Returns whether contact was lost: see [`WaitErrorKind::LostContact`]. The state on the server is
    /// unknown: continue with [`WaitError::token`] when the API is reachable again. If
    /// [`WaitError::may_have_been_executed`] returns false, the action was never executed: start it again.
    pub fn is_lost_contact(&self) -> bool {
        self.0.kind == WaitErrorKind::LostContact
    }

    /// Returns whether the API refused the action or a poll, or nothing was sent. Waiting longer does not help:
    /// check the token, its role and the id. If [`WaitError::may_have_been_executed`] returns true, the server may
    /// continue: resume the wait with [`WaitError::token`].
    pub fn is_refused(&self) -> bool {
        self.0.kind == WaitErrorKind::Refused
    }

    /// Returns the last status that was read.
    pub fn last(&self) -> Option<&Snapshot> {
        self.0.last.as_ref()
    }

    /// Returns the number of polls.
    pub fn polls(&self) -> u32 {
        self.0.polls
    }

    /// Returns the time since the operation was started.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// Returns the deadline that passed.
    pub fn limit(&self) -> Option<Duration> {
        self.0.limit
    }

    /// Returns the token to continue the wait with, by [`WaitExt::resume`](super::WaitExt::resume). After a wait for
    /// a condition, use [`WaitExt::resume_until`](super::WaitExt::resume_until).
    pub fn token(&self) -> &OperationToken {
        &self.0.token
    }

    /// Returns the deployment that replaced a superseded operation. For a canceled one, returns the deployment
    /// that the last status shows, if it is another one.
    pub fn superseded_by(&self) -> Option<&Successor> {
        self.0.successor.as_ref()
    }

    /// Returns the services and steps that failed, with their logs, for [`WaitErrorKind::Failed`]
    /// and [`WaitErrorKind::Canceled`]. `None` if the subject no longer exists, if the request left the
    /// queue without being executed, or if a condition can never hold.
    pub fn report(&self) -> Option<&FailureReport> {
        self.0.report.as_ref()
    }

    /// Returns the facts that prove how the operation ended: endpoint, statement and deployment.
    /// Empty if the end was not observed: for a deadline, lost contact, or a refusal.
    pub fn evidence(&self) -> &[Evidence] {
        &self.0.evidence
    }

    /// Returns whether a cancel was sent and accepted when the deadline passed.
    ///
    /// Returns false also if the cancel failed, if its response was lost, or if the response did not arrive within
    /// 10 s. In the last two cases, the API may have canceled the deployment.
    pub fn was_canceled_on_server(&self) -> bool {
        self.0.canceled_on_server
    }

    /// Returns the reason why no cancel was sent, by [`super::Operation::cancel_on_server`] or at
    /// the deadline: the operation is not known to be queued or running.
    pub fn not_canceled(&self) -> Option<NotCanceled> {
        self.0.not_canceled
    }

    /// Returns whether the server has executed the action, or may have executed it without this wait
    /// observing it.
    pub fn may_have_been_executed(&self) -> bool {
        self.0.executed != Executed::No
    }

    /// Whether the server may continue the operation after the end of the wait.
    #[cfg(feature = "display")]
    pub(crate) fn may_continue(&self) -> bool {
        let is_unfinished = match self.0.kind {
            WaitErrorKind::DeadlinePassed | WaitErrorKind::LostContact => true,
            // A poll was refused after the action, and not the action.
            WaitErrorKind::Refused => self.0.token.has_acted(),
            WaitErrorKind::Failed | WaitErrorKind::Canceled | WaitErrorKind::Superseded => false,
        };
        is_unfinished && self.may_have_been_executed()
    }

    /// Whether the server has accepted the action.
    #[cfg(feature = "display")]
    pub(crate) fn was_accepted(&self) -> bool {
        self.0.executed == Executed::Yes
    }

    /// Returns the underlying error of the API or of the transport.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        let source = self.0.source.as_ref()?.source.as_ref()?;
        source.downcast_ref()
    }

    /// Returns whether the response came from something other than the API: a login page, a
    /// firewall, a proxy. Such a response is no evidence about the operation: check the base URL
    /// and the proxies, then continue with [`WaitError::token`]. If it was the response to the
    /// action, [`WaitError::may_have_been_executed`] returns true.
    pub fn is_not_the_api(&self) -> bool {
        let source = self.0.source.as_ref();
        source.is_some_and(|fault| fault.kind == FaultKind::NotTheApi)
    }

    /// Returns the version that the service does not accept, if the action was refused for that
    /// reason before anything was sent.
    pub fn unsupported_version(&self) -> Option<&UnsupportedVersion> {
        let source = self.0.source.as_ref()?.source.as_ref()?;
        source.downcast_ref()
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes).
    pub fn exit_code(&self) -> u8 {
        match self.0.kind {
            WaitErrorKind::Failed | WaitErrorKind::Canceled | WaitErrorKind::Superseded => {
                codes::FAILED
            }
            WaitErrorKind::DeadlinePassed | WaitErrorKind::LostContact => codes::UNKNOWN,
            WaitErrorKind::Refused => codes::REFUSED,
        }
    }
}

/// `{}` says what failed, with the report. `{:#}` adds the causes to the first line, and the evidence: a line for
/// each fact.
impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        causes::write(f, self, Printable::new(&self.0.message))?;
        if let Some(report) = &self.0.report {
            write!(f, "\n{report}")?;
        }
        if f.alternate() {
            list(f, &self.0.evidence)?;
        }
        Ok(())
    }
}

debug_as_text!(WaitError);

impl std::error::Error for WaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|fault| fault as _)
    }
}
