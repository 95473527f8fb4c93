//! Canceling on the server, explicitly, and only a deployment that is known to be the operation's.
//!
//! The API cancels whatever an environment is running, so that a cancel of an operation that waits in
//! the queue, or was never named, would hit the deployment of someone else. Not for giving up waiting:
//! dropping the operation does that.

use std::{fmt, sync::Arc};

use uuid::Uuid;

use super::{
    Goal, Names, Operation, Phase, Subject, WaitError, WaitErrorKind,
    act::Act,
    operation::Until,
    outcome::Acted,
    source::{Fault, FaultKind, Source},
};

/// Why the server was not asked to cancel an operation. Nothing was sent.
///
/// ```no_run
/// # async fn example(operation: qovery_ext::wait::Operation) -> Result<(), qovery_ext::wait::WaitError> {
/// if let Err(error) = operation.cancel_on_server().await {
///     match error.not_canceled() {
///         Some(why) => eprintln!("left alone: {why}"),
///         None => return Err(error),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotCanceled {
    /// The API has not named the request of the operation.
    Unnamed,
    /// The running deployment belongs to another request: its id, if the API names it.
    AnotherIsRunning(Option<Uuid>),
    /// The request of the running deployment is unknown.
    Undecidable,
    /// The request neither waits nor runs, as far as the API shows: it has ended, or has not begun.
    NotRunning,
}

impl fmt::Display for NotCanceled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not sent: ")?;
        match self {
            Self::Unnamed => f.write_str(
                "the API has not named the request of this operation, so that the running \
                 deployment is not known to be its own",
            ),
            Self::AnotherIsRunning(Some(request)) => write!(
                f,
                "the running deployment belongs to request {request} and not to this operation"
            ),
            Self::AnotherIsRunning(None) => {
                f.write_str("the running deployment does not belong to this operation")
            }
            Self::Undecidable => f.write_str(
                "the running deployment is not known to be that of this operation: nothing says to \
                 which request it belongs",
            ),
            Self::NotRunning => f.write_str("the request neither waits nor runs"),
        }
    }
}

/// Makes the error of an operation that has ended.
type Ended = dyn Fn(WaitErrorKind, &str) -> WaitError + Send + Sync;

/// Cancels an operation on the server, whatever has become of the [`Operation`].
///
/// Takes over the request and the deployment that are known to be the operation's at this moment: make it
/// after the operation was polled rather than before.
#[derive(Clone)]
pub struct Canceler {
    source: Arc<dyn Source>,
    subject: Subject,
    /// The request that is known by its id to be the operation's.
    request: Option<Uuid>,
    /// The deployment that is known to be the operation's.
    deployment: Option<String>,
    names: Names,
    /// Makes an error with the last status and the token.
    ended: Arc<Ended>,
}

/// The target of a cancel.
enum Aim {
    Queued(Uuid),
    Running,
}

/// Why a cancel did not succeed.
pub(super) enum Unsuccessful {
    NotSent(NotCanceled),
    Failed(Fault),
}

impl From<Fault> for Unsuccessful {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<NotCanceled> for Unsuccessful {
    fn from(why: NotCanceled) -> Self {
        Self::NotSent(why)
    }
}

impl Canceler {
    pub(super) fn of(operation: &Operation) -> Self {
        let (last, token) = (operation.last.clone(), operation.token());
        let (polls, started) = (operation.polls, operation.started);
        let (request, deployment) = match &operation.until {
            Until::Goal(ledger) => {
                let own = ledger.execution().map(str::to_owned);
                (ledger.named_request(), own)
            }
            Until::Condition(_) => (None, None),
        };
        Self {
            source: Arc::clone(&operation.source),
            subject: operation.subject.clone(),
            names: operation.names(),
            request,
            deployment,
            ended: Arc::new(move |kind, what| {
                let mut error = WaitError::new(kind, what.to_owned(), token.clone());
                error.0.last.clone_from(&last);
                error.0.polls = polls;
                error.0.elapsed = started.elapsed();
                error
            }),
        }
    }

    /// Asks the server to cancel the operation: its request while that waits in the queue, its
    /// deployment once that runs.
    ///
    /// Does not wait for it to be canceled. The API can only cancel whatever the environment is
    /// running: that is asked for only if the deployment that runs is known to be the operation's.
    ///
    /// # Errors
    /// Returns an error with [`WaitError::not_canceled`] if nothing was sent, because the operation is
    /// not known to wait or to run; otherwise if the server refuses or was not reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have received it.
    pub fn cancel(&self) -> impl Future<Output = Result<(), WaitError>> + Send + use<> {
        let this = self.clone();
        async move {
            this.send()
                .await
                .map_err(|unsuccessful| match unsuccessful {
                    Unsuccessful::NotSent(why) => {
                        let what = format!("{} was not asked to cancel: {why}", this.named());
                        let mut error = (this.ended)(WaitErrorKind::Refused, &what);
                        error.0.not_canceled = Some(why);
                        error.0.acted = Acted::No;
                        error
                    }
                    Unsuccessful::Failed(fault) => {
                        let kind = if fault.is_passing() {
                            WaitErrorKind::LostContact
                        } else {
                            WaitErrorKind::Refused
                        };
                        let what = format!("{} could not be canceled: {fault}", this.named());
                        let mut error = (this.ended)(kind, &what);
                        error.0.source = Some(fault);
                        error
                    }
                })
        }
    }

    fn named(&self) -> impl fmt::Display + '_ {
        self.subject.named(&self.names)
    }

    pub(super) async fn send(&self) -> Result<(), Unsuccessful> {
        let request = self.request.ok_or(NotCanceled::Unnamed)?;
        let queue = self.queue().await;
        let word = self.word(request).await;
        let aim = match (&queue, &word) {
            (Err(fault), Err(_)) => return Err(fault.clone().into()),
            _ => {
                let (queue, word) = (queue.ok().flatten(), word.ok().flatten());
                self.aim(request, queue.as_deref(), word).await?
            }
        };
        if let Aim::Queued(request) = aim {
            let canceled = self.act(&Act::CancelRequest(request)).await;
            match canceled {
                // It may have begun since: then its deployment is canceled.
                Err(fault) if has_left_the_queue(&fault) => {}
                other => return Ok(other?),
            }
            let (queue, word) = (self.queue().await?, self.word(request).await?);
            match self.aim(request, queue.as_deref(), word).await? {
                Aim::Running => {}
                Aim::Queued(_) => return Err(NotCanceled::Undecidable.into()),
            }
        }
        Ok(self.act(&Act::Cancel { force: false }).await?)
    }

    /// Finds the target: the request that waits, or the deployment that runs and is its own.
    async fn aim(
        &self,
        request: Uuid,
        queue: Option<&[Uuid]>,
        word: Option<Phase>,
    ) -> Result<Aim, Unsuccessful> {
        let is_queued = queue.is_some_and(|queue| queue.contains(&request));
        if (is_queued && word != Some(Phase::Running)) || word == Some(Phase::Queued) {
            return Ok(Aim::Queued(request));
        }
        if word.is_some_and(|word| word != Phase::Running && word != Phase::NotStarted) {
            return Err(NotCanceled::NotRunning.into());
        }
        // One service of several may have ended, or not begun, while the deployment goes on.
        let whole = match self.subject.environment_id() {
            Some(environment) => Subject::environment(environment),
            None => self.subject.clone(),
        };
        let shown = match self.source.read(&whole).await {
            Ok(seen) => seen.snapshot,
            Err(fault) if fault.may_mean_gone(&whole) => {
                return Err(NotCanceled::NotRunning.into());
            }
            Err(fault) => return Err(fault.into()),
        };
        let runs = word == Some(Phase::Running);
        if !shown.state.is_active() && !runs {
            return Err(NotCanceled::NotRunning.into());
        }
        let has_left = queue.is_some() && !is_queued;
        let is_its_own = self.deployment.is_some() && self.deployment == shown.deployment_id;
        if self.deployment.is_some() && shown.deployment_id.is_some() && !is_its_own {
            // Only one runs at a time.
            return Err(NotCanceled::AnotherIsRunning(None).into());
        }
        if is_its_own && (has_left || runs) {
            return Ok(Aim::Running);
        }
        match shown.deployment_request_id {
            Some(named) if named == request && runs => Ok(Aim::Running),
            // A status may name the last request, or the next one, in place of the one that runs.
            Some(named) if named == request => Err(NotCanceled::Undecidable.into()),
            Some(named) => {
                let waits = queue.is_some_and(|queue| queue.contains(&named));
                if waits && has_left && runs {
                    return Ok(Aim::Running);
                }
                Err(NotCanceled::AnotherIsRunning(Some(named).filter(|_| !waits)).into())
            }
            None if has_left && runs => Ok(Aim::Running),
            None => Err(NotCanceled::Undecidable.into()),
        }
    }

    /// The requests that wait; `None` if the API does not say.
    async fn queue(&self) -> Result<Option<Vec<Uuid>>, Fault> {
        let queue = if_readable(self.source.queue(&self.subject).await)?;
        Ok(queue.map(|waiting| waiting.iter().map(|w| w.request).collect()))
    }

    /// How far the request is by its own status; `None` if the API does not say.
    async fn word(&self, request: Uuid) -> Result<Option<Phase>, Fault> {
        let seen = if_readable(self.source.request(request).await)?;
        // Each final state has reached this goal.
        Ok(seen.map(|seen| seen.state.phase(Goal::Canceled)))
    }

    async fn act(&self, act: &Act) -> Result<(), Fault> {
        self.source.act(&self.subject, act).await.map(|_| ())
    }
}

fn if_readable<T>(answer: Result<Option<T>, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Err(fault) if !fault.is_passing() => Ok(None),
        other => other,
    }
}

/// Whether a cancel of a request was refused as it is when the request no longer waits.
fn has_left_the_queue(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Rejected | FaultKind::NotFound | FaultKind::SaysMissing | FaultKind::BadRequest
    )
}

impl fmt::Debug for Canceler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canceler")
            .field("subject", &self.subject)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
