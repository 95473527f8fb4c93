//! Cancels a deployment on the server, if it is known to be that of the operation.
//!
//! The API cancels any deployment that an environment is running. Without this check, a cancel of an
//! operation that is still queued, or whose request was never named, would cancel the deployment of another
//! user. To stop waiting without a cancel, drop the operation.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Goal, Names, NotCanceled, Phase, Subject, WaitError, WaitErrorKind,
    action_request::ActionRequest,
    api::ApiSource,
    context::Context,
    ledger::Ledger,
    outcome::{Ended, Executed},
    source::{Fault, FaultKind, QueueRow},
};

/// Cancels an operation on the server, even while another value owns the [`Operation`](super::Operation) or
/// after it was dropped.
///
/// A `Canceler` has the request and the deployment that the operation knew when the `Canceler` was created.
/// Therefore create it after a poll of the operation.
#[derive(Clone)]
pub struct Canceler {
    source: Arc<ApiSource>,
    subject: Subject,
    /// The request whose id proves that it is the operation's.
    request: Option<Uuid>,
    /// The deployment that is proven to be the operation's.
    deployment: Option<String>,
    /// From when on the queue lists the request, if it waits.
    listed_by: Instant,
    names: Names,
    /// When the API accepted to cancel the queued request.
    accepted: Arc<OnceLock<Instant>>,
    started: Instant,
    /// An error with the last status and the token.
    ended: Arc<Ended>,
}

/// The target of a cancel.
enum Target {
    Queued(Uuid),
    Running,
}

/// The reason why a cancel did not succeed.
enum CancelFailure {
    NotSent(NotCanceled),
    Failed(Fault),
}

impl From<Fault> for CancelFailure {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

impl From<NotCanceled> for CancelFailure {
    fn from(why: NotCanceled) -> Self {
        Self::NotSent(why)
    }
}

impl Canceler {
    pub(super) fn of(context: &Context) -> Self {
        let ledger = context.ledger();
        let WaitError(ended) = context.error(WaitErrorKind::Refused, String::new());
        Self {
            source: Arc::clone(&context.source),
            subject: context.subject.clone(),
            names: context.names(),
            accepted: Arc::clone(&context.accepted_cancel),
            request: ledger.and_then(Ledger::named_request),
            deployment: ledger.and_then(Ledger::execution),
            listed_by: context.instant_of(ledger.map_or(0, Ledger::listed_by)),
            started: context.started,
            ended: Arc::new(*ended),
        }
    }

    /// Cancels the operation on the server: its request while it is queued, or its deployment while it runs.
    ///
    /// Does not wait until the operation is canceled. A queued request is canceled by its id. After that, the API can
    /// only cancel the deployment that the environment is running: the cancel is sent only if that deployment
    /// is known to be that of the operation.
    ///
    /// # Errors
    /// Returns an error with [`WaitError::not_canceled`] if no cancel was sent, because the operation
    /// is not known to be queued or running. Otherwise returns an error if the server refuses or
    /// cannot be reached.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may have received it.
    pub fn cancel(&self) -> impl Future<Output = Result<(), WaitError>> + Send + use<> {
        let this = self.clone();
        async move { this.send().await.map_err(|failure| this.error(failure)) }
    }

    fn error(&self, failure: CancelFailure) -> WaitError {
        let subject = self.subject.named(&self.names);
        let mut ended = Ended::clone(&self.ended);
        ended.elapsed = self.started.elapsed();
        match failure {
            CancelFailure::NotSent(why) => {
                ended.message = format!("canceling {subject}: the cancel was {why}");
                ended.not_canceled = Some(why);
                ended.executed = Executed::No;
            }
            CancelFailure::Failed(fault) => {
                ended.message = format!("canceling {subject}: {fault}");
                if fault.is_transient() {
                    ended.kind = WaitErrorKind::LostContact;
                    ended
                        .message
                        .push_str("; the server may continue: cancel it again");
                }
                ended.source = Some(fault);
            }
        }
        WaitError(Box::new(ended))
    }

    async fn send(&self) -> Result<(), CancelFailure> {
        let request = self.request.ok_or(NotCanceled::Unnamed)?;
        let (queue, status) = match (self.queue().await, self.request_status(request).await) {
            (Err(fault), Err(_)) => return Err(fault.into()),
            (queue, status) => (queue.ok().flatten(), status.ok().flatten()),
        };
        let target = self.target(request, queue.as_deref(), status).await?;
        if let Target::Queued(request) = target {
            match self.request(&ActionRequest::CancelRequest(request)).await {
                // The request may have started since. Then its deployment is canceled.
                Err(fault) if has_left_the_queue(&fault) => {}
                other => {
                    other?;
                    let _ = self.accepted.set(Instant::now());
                    return Ok(());
                }
            }
            let (queue, status) = (self.queue().await?, self.request_status(request).await?);
            // Some servers also list the running request. This refusal shows that the request is no longer
            // queued.
            let others = queue.map(|ids| ids.into_iter().filter(|id| *id != request));
            let others: Option<Vec<_>> = others.map(Iterator::collect);
            match self.target(request, others.as_deref(), status).await? {
                Target::Running => {}
                Target::Queued(_) => return Err(NotCanceled::Undecidable.into()),
            }
        }
        Ok(self
            .request(&ActionRequest::Cancel { force: false })
            .await?)
    }

    /// Finds the target: the queued request, or the running deployment if it is that of the operation.
    async fn target(
        &self,
        request: Uuid,
        queue: Option<&[Uuid]>,
        status: Option<Phase>,
    ) -> Result<Target, CancelFailure> {
        let is_queued = queue.is_some_and(|queue| queue.contains(&request));
        // The status of a listed request may repeat the state of the environment. A cancel by id is exact.
        if is_queued || status == Some(Phase::Queued) {
            return Ok(Target::Queued(request));
        }
        if status.is_some_and(|status| status != Phase::Running && status != Phase::NotStarted) {
            return Err(NotCanceled::NotRunning.into());
        }
        // One service of several may have ended, or not started, while the deployment continues. The status of
        // a service names the last deployment of the service, which may differ from the running one.
        let parents = &self.source.parents;
        let whole = match parents.environment_of_subject(&self.subject).await? {
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
        let runs = status == Some(Phase::Running);
        if !shown.state.is_active() && !runs {
            return Err(NotCanceled::NotRunning.into());
        }
        let has_left = queue.is_some() && !is_queued;
        let is_its_own = self.deployment.is_some() && self.deployment == shown.deployment_id;
        if self.deployment.is_some() && shown.deployment_id.is_some() && !is_its_own {
            // Only one deployment runs at a time.
            return Err(NotCanceled::AnotherIsRunning(None).into());
        }
        // Before that, a late queue may not list the request yet.
        let has_left_since = has_left && Instant::now() >= self.listed_by;
        if is_its_own && (has_left_since || runs) {
            return Ok(Target::Running);
        }
        match shown.deployment_request_id {
            Some(named) if named == request && runs => Ok(Target::Running),
            // Instead of the running request, a status may name the last or the next one.
            Some(named) if named == request => Err(NotCanceled::Undecidable.into()),
            Some(named) => {
                let waits = queue.is_some_and(|queue| queue.contains(&named));
                if waits && has_left && runs {
                    return Ok(Target::Running);
                }
                Err(NotCanceled::AnotherIsRunning(Some(named).filter(|_| !waits)).into())
            }
            None if has_left && runs => Ok(Target::Running),
            None => Err(NotCanceled::Undecidable.into()),
        }
    }

    /// The requests that wait in the queue; `None` if the API does not show them.
    async fn queue(&self) -> Result<Option<Vec<Uuid>>, Fault> {
        let queue = if_readable(self.source.queue(&self.subject).await)?;
        let waits = |rows: Vec<QueueRow>| {
            let waiting = rows.iter().filter(|row| !row.has_begun);
            waiting.map(|row| row.request).collect()
        };
        Ok(queue.map(waits))
    }

    /// The phase of the request according to its own status; `None` if the API does not show it.
    async fn request_status(&self, request: Uuid) -> Result<Option<Phase>, Fault> {
        let seen = if_readable(self.source.request(request).await)?;
        // Each final state reaches this goal.
        Ok(seen.map(|seen| seen.state.phase(Goal::Canceled)))
    }

    async fn request(&self, action: &ActionRequest) -> Result<(), Fault> {
        self.source.start(&self.subject, action).await.map(|_| ())
    }
}

fn if_readable<T>(response: Result<Option<T>, Fault>) -> Result<Option<T>, Fault> {
    match response {
        Err(fault) if !fault.is_transient() => Ok(None),
        other => other,
    }
}

/// Whether the refusal of a cancel means that the request is no longer queued.
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
