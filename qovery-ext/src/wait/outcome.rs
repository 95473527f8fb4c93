//! How a wait ends: with the goal, or with an error that says which of six things happened.

use std::{fmt, time::Duration};

use qovery_api::Printable;
use uuid::Uuid;

use super::{
    Evidence, FailureReport, Goal, Names, NotCanceled, OperationToken, Snapshot,
    UnsupportedVersion,
    decision::Proof,
    source::{Fault, FaultKind},
};

/// The goal was reached, and it was seen to be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reached {
    /// The goal; `None` for a condition.
    pub goal: Option<Goal>,
    /// The last status that was read; `None` if the subject was gone before it could be read.
    pub snapshot: Option<Snapshot>,
    /// The names that are known of the subject and its services.
    pub names: Names,
    /// How many polls it took.
    pub polls: u32,
    /// The time since the operation was started.
    pub elapsed: Duration,
    /// The token of the operation.
    pub token: OperationToken,
    pub(super) proof: Proof,
    pub(super) evidence: Vec<Evidence>,
}

impl Reached {
    /// 0: for [`std::process::exit`].
    pub fn exit_code(&self) -> u8 {
        0
    }

    /// Whether there was nothing to do: the goal held already and kept holding.
    pub fn had_nothing_to_do(&self) -> bool {
        self.proof == Proof::Settled
    }

    /// The facts that show that the goal was reached: endpoint, statement and deployment. Empty for
    /// a condition.
    pub fn evidence(&self) -> &[Evidence] {
        &self.evidence
    }

    /// Whether the subject no longer exists.
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
        write!(f, " after {} s", self.elapsed.as_secs())?;
        if f.alternate() {
            list(f, &self.evidence)?;
        }
        Ok(())
    }
}

fn list(f: &mut fmt::Formatter<'_>, evidence: &[Evidence]) -> fmt::Result {
    evidence.iter().try_for_each(|fact| write!(f, "\n  {fact}"))
}

/// Why a wait ended without its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitErrorKind {
    /// The operation failed, or its subject is gone.
    Failed,
    /// The deployment was canceled.
    Canceled,
    /// Another deployment took its place and nothing tells how this one ended.
    Superseded,
    /// The deadline passed; the server goes on, unless it was asked to cancel.
    DeadlinePassed,
    /// Too many polls failed in a row; the server goes on.
    LostContact,
    /// The API refused: 401, 403, 409, an id that does not exist. Or nothing was sent: a
    /// [version](super::UnsupportedVersion) that the service cannot take, a
    /// [cancel](super::NotCanceled) that would hit the deployment of someone else.
    Refused,
}

/// The deployment that replaced a superseded operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Successor {
    /// Its deployment.
    pub deployment_id: Option<String>,
    /// Its request.
    pub deployment_request_id: Option<Uuid>,
    /// Its origin: `CONSOLE`, `API`, `GIT`…
    pub origin: Option<String>,
    /// Who triggered it.
    pub triggered_by: Option<String>,
}

/// A wait that ended without its goal.
///
/// Always carries the last status that was read, the number of polls, the time spent and the token
/// to wait on with. Never stands for a success: a deadline, a lost connection and a cancel are all
/// errors of their own kind.
pub struct WaitError(pub(super) Box<Ended>);

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
    pub(super) fn new(kind: WaitErrorKind, message: String, token: OperationToken) -> Self {
        Self(Box::new(Ended {
            kind,
            message,
            last: None,
            polls: 0,
            elapsed: Duration::ZERO,
            token,
            limit: None,
            successor: None,
            report: None,
            canceled_on_server: false,
            not_canceled: None,
            source: None,
            executed: Executed::Yes,
            evidence: Vec::new(),
        }))
    }

    /// Which of the things that can happen has happened.
    pub fn kind(&self) -> WaitErrorKind {
        self.0.kind
    }

    /// The operation failed. [`WaitError::report`] says where.
    pub fn is_failed(&self) -> bool {
        self.0.kind == WaitErrorKind::Failed
    }

    /// The operation was canceled.
    pub fn is_canceled(&self) -> bool {
        self.0.kind == WaitErrorKind::Canceled
    }

    /// Another deployment took its place. [`WaitError::superseded_by`] says which.
    pub fn is_superseded(&self) -> bool {
        self.0.kind == WaitErrorKind::Superseded
    }

    /// The deadline passed. The server goes on: raise [`super::Action::within`], or go on waiting
    /// with [`WaitError::token`].
    pub fn is_deadline_passed(&self) -> bool {
        self.0.kind == WaitErrorKind::DeadlinePassed
    }

    /// Too many polls in a row failed. The state on the server is unknown: continue with
    /// [`WaitError::token`] when it is reachable again.
    pub fn is_lost_contact(&self) -> bool {
        self.0.kind == WaitErrorKind::LostContact
    }

    /// The API refused the action or the status, or nothing was sent. Waiting longer does not help: check the token,
    /// its role and the id.
    pub fn is_refused(&self) -> bool {
        self.0.kind == WaitErrorKind::Refused
    }

    /// The last status that was read.
    pub fn last(&self) -> Option<&Snapshot> {
        self.0.last.as_ref()
    }

    /// How many polls were made.
    pub fn polls(&self) -> u32 {
        self.0.polls
    }

    /// The time since the operation was started.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The deadline that passed.
    pub fn limit(&self) -> Option<Duration> {
        self.0.limit
    }

    /// What to wait on with.
    pub fn token(&self) -> &OperationToken {
        &self.0.token
    }

    /// The deployment that replaced a superseded operation.
    pub fn superseded_by(&self) -> Option<&Successor> {
        self.0.successor.as_ref()
    }

    /// Where and why it failed, for [`WaitErrorKind::Failed`] and [`WaitErrorKind::Canceled`].
    pub fn report(&self) -> Option<&FailureReport> {
        self.0.report.as_ref()
    }

    /// The facts that show how the operation ended: endpoint, statement and deployment. Empty if
    /// the end was not observed: a deadline, lost contact, a refusal.
    pub fn evidence(&self) -> &[Evidence] {
        &self.0.evidence
    }

    /// Whether the server was asked, and agreed, to cancel when the deadline passed.
    pub fn was_canceled_on_server(&self) -> bool {
        self.0.canceled_on_server
    }

    /// Why the server was not asked to cancel, neither by [`super::Operation::cancel_on_server`] nor
    /// at the deadline: the running deployment is not known to be that of the operation. Nothing was
    /// sent.
    pub fn not_canceled(&self) -> Option<NotCanceled> {
        self.0.not_canceled
    }

    /// Whether the server may have executed the action, although this wait did not observe it.
    pub fn may_have_been_executed(&self) -> bool {
        self.0.executed != Executed::No
    }

    /// The error of the API or of the transport behind it.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        let source = self.0.source.as_ref()?.source.as_ref()?;
        source.downcast_ref()
    }

    /// Whether something other than the API answered: the page of a login or of a firewall, the text
    /// of a proxy. Such an answer says nothing about the operation: check the base URL and the proxies on the
    /// way, then continue with [`WaitError::token`]. If the action itself was answered so,
    /// [`WaitError::may_have_been_executed`] holds.
    pub fn is_not_the_api(&self) -> bool {
        let source = self.0.source.as_ref();
        source.is_some_and(|fault| fault.kind == FaultKind::NotTheApi)
    }

    /// The version that a service cannot take, if the action was refused for that before anything was
    /// sent.
    pub fn unsupported_version(&self) -> Option<&UnsupportedVersion> {
        let source = self.0.source.as_ref()?.source.as_ref()?;
        source.downcast_ref()
    }

    /// For [`std::process::exit`]: 1 failed, canceled or superseded; 2 deadline passed or lost
    /// contact; 3 refused.
    pub fn exit_code(&self) -> u8 {
        match self.0.kind {
            WaitErrorKind::Failed | WaitErrorKind::Canceled | WaitErrorKind::Superseded => 1,
            WaitErrorKind::DeadlinePassed | WaitErrorKind::LostContact => 2,
            WaitErrorKind::Refused => 3,
        }
    }
}

/// `{}` says what failed, with the report; `{:#}` adds the evidence, a line for each fact.
impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable::new(&self.0.message).fmt(f)?;
        if let Some(report) = &self.0.report {
            write!(f, "\n{report}")?;
        }
        if f.alternate() {
            list(f, &self.0.evidence)?;
        }
        Ok(())
    }
}

impl fmt::Debug for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitError")
            .field("kind", &self.0.kind)
            .field("message", &Printable::new(&self.0.message))
            .field(
                "state",
                &self
                    .0
                    .last
                    .as_ref()
                    .map(|s| Printable::new(s.state.as_str())),
            )
            .field("polls", &self.0.polls)
            .field("elapsed", &self.0.elapsed)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for WaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|fault| fault as _)
    }
}
