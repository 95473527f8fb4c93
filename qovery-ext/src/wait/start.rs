//! The start of an action: the reading before it, the request, and its acceptance by the server.
//!
//! If a future of this module is dropped before the action is sent, nothing happens. If it is dropped while
//! the action is being sent, the server may or may not have received it.

use std::{sync::Arc, time::Duration};

use tokio::time::{self, Instant};
use uuid::Uuid;

use super::{
    BoxFuture, Deadline, Goal, OperationToken, Snapshot, Subject, UnsupportedVersion, WaitError,
    WaitErrorKind, WaitOptions,
    action_request::ActionRequest,
    in_flight::Permit,
    ledger::{Ledger, millis},
    outcome::Executed,
    schedule::Pace,
    source::{ActionResponse, Fault, FaultKind, HistoryEntry, QueueRow, Reading, Source},
};
use crate::clock::after;
#[cfg(feature = "stream")]
use crate::stream::StreamError;

/// Everything until the server has accepted the action.
pub(super) struct Start {
    pub(super) source: Arc<dyn Source>,
    pub(super) subject: Subject,
    pub(super) options: WaitOptions,
    pub(super) started: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) pace: Pace,
    pub(super) polls: u32,
    pub(super) executed: Executed,
    /// The fault of the response to the action, if it was lost.
    pub(super) lost: Option<Fault>,
    pub(super) goal: Option<Goal>,
    pub(super) baseline: Option<Snapshot>,
    /// The deployments before the action.
    #[cfg(feature = "stream")]
    pub(super) before: Vec<String>,
}

impl Start {
    /// Refuses an action or a wait without services.
    pub(super) fn check_subject(&self) -> Result<(), WaitError> {
        match &self.subject {
            // The API may read an empty selection as all services.
            Subject::Services { services, .. } if services.is_empty() => {
                let fault = Fault::new(FaultKind::Rejected, "no services were selected");
                Err(self.error(fault, None))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to follow a log that cannot be read.
    #[cfg(feature = "stream")]
    pub(super) fn check_log(&self) -> Result<(), WaitError> {
        let has_address = |client: &qovery_api::Client| client.stream_url().is_some();
        let problem = match &self.subject {
            Subject::Cluster { .. } => "a cluster has no deployment log to follow".to_owned(),
            _ if self.source.client().is_none_or(has_address) => return Ok(()),
            _ => StreamError::no_address().to_string(),
        };
        Err(self.error(Fault::new(FaultKind::Rejected, problem), None))
    }

    /// Refuses a version that the API would ignore.
    pub(super) fn check_versions(
        &self,
        checked: Result<(), UnsupportedVersion>,
    ) -> Result<(), WaitError> {
        checked.map_err(|unsupported| {
            let names = self.source.names(&self.subject, None);
            let service = names.service(unsupported.service());
            let text = unsupported.shown_for(service).to_string();
            let mut fault = Fault::new(FaultKind::Rejected, text);
            fault.source = Some(Arc::new(unsupported));
            self.error(fault, None)
        })
    }

    pub(super) async fn start(&mut self, action: ActionRequest) -> Result<Ledger, WaitError> {
        let goal = action.goal();
        // The queue is read first: a request that leaves it before the status is read is visible in the status.
        let mut queue = None;
        if action.response_names_no_request() {
            queue = self.queue().await?;
        }
        let baseline = match self.baseline.take() {
            Some(baseline) => baseline,
            None => self.baseline().await?.snapshot,
        };
        #[cfg(feature = "stream")]
        {
            let whole = baseline.whole.as_ref().and_then(|part| part.id.clone());
            self.before = baseline
                .deployment_id
                .clone()
                .into_iter()
                .chain(whole)
                .collect();
        }
        if !action.response_names_no_request() {
            queue = if baseline.is_idle() {
                // If no deployment runs, the queue is empty.
                Some(Vec::new())
            } else {
                self.queue().await?
            };
        }
        let history = if self.needs_history(&action, &baseline) {
            self.history().await?
        } else {
            None
        };
        let mut ledger = Ledger::acting(
            &self.subject,
            goal,
            &baseline,
            queue.as_deref(),
            history.as_deref(),
        );
        let received = self.send(&action, &ledger).await?;
        ledger.asked(millis(self.started.elapsed()), received.as_ref());
        Ok(ledger)
    }

    /// Whether the status does not show which runs are older than the action.
    fn needs_history(&self, action: &ActionRequest, baseline: &Snapshot) -> bool {
        // The status of a service names the last run of that service. It does not name runs that failed before
        // they reached it.
        let hides_runs = action.response_names_no_request()
            && baseline.whole.is_none()
            && matches!(self.subject, Subject::Service { .. });
        hides_runs || baseline.has_unnamed_deployment()
    }

    pub(super) async fn request(
        &mut self,
        request: Uuid,
        environment: Option<Uuid>,
        goal: Goal,
        cancel: bool,
    ) -> Result<Ledger, WaitError> {
        let environment = match environment {
            Some(environment) => environment,
            None => self.environment_of(request).await?,
        };
        self.subject = Subject::environment(environment);
        if !cancel {
            return Ok(Ledger::watching(&self.subject, goal, Some(request)));
        }
        let baseline = self.baseline().await?;
        let mut ledger = Ledger::acting(&self.subject, goal, &baseline.snapshot, None, None);
        ledger.follow(request);
        let received = self
            .send(&ActionRequest::CancelRequest(request), &ledger)
            .await?;
        ledger.asked(millis(self.started.elapsed()), received.as_ref());
        Ok(ledger)
    }

    /// Looks up the environment of a request, until the settle period is over: the API may not show a new
    /// request yet.
    async fn environment_of(&mut self, request: Uuid) -> Result<Uuid, WaitError> {
        let given_up_at = after(Instant::now(), self.options.settle);
        loop {
            let source = Arc::clone(&self.source);
            let seen = self
                .tolerant(|| {
                    let read = source.request(request);
                    Box::pin(async move {
                        match read.await {
                            Err(fault) if fault.is_missing_or_forbidden() => Ok(None),
                            other => other,
                        }
                    })
                })
                .await?;
            if let Some(environment) = seen.and_then(|seen| seen.environment) {
                return Ok(environment);
            }
            let message = format!(
                "the API returns no environment for deployment request {request}: set it with \
                 `in_environment`"
            );
            let unknown = Fault::new(FaultKind::NotFound, message);
            let now = Instant::now();
            if now >= given_up_at {
                return Err(self.error(unknown, None));
            }
            let left = given_up_at.saturating_duration_since(now);
            let pause = self.pace.advance().min(left);
            self.sleep(pause).await?;
        }
    }

    async fn baseline(&mut self) -> Result<Reading, WaitError> {
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        self.tolerant(|| source.read(&subject)).await
    }

    async fn queue(&mut self) -> Result<Option<Vec<QueueRow>>, WaitError> {
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        self.if_readable(|| source.queue(&subject)).await
    }

    async fn history(&mut self) -> Result<Option<Vec<HistoryEntry>>, WaitError> {
        let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
        self.if_readable(|| source.history(&subject)).await
    }

    /// Reads a fact that helps to distinguish runs. If it cannot be read at the second attempt, the action is
    /// sent without it.
    async fn if_readable<'a, T: 'a>(
        &mut self,
        read: impl Fn() -> BoxFuture<'a, Result<Option<T>, Fault>>,
    ) -> Result<Option<T>, WaitError> {
        for _ in 0..2 {
            self.polls = self.polls.saturating_add(1);
            let limit = after(Instant::now(), self.options.fact_timeout());
            let read = time::timeout_at(limit, read());
            let read = async { read.await.unwrap_or_else(|_| Err(Fault::late())) };
            match self.bounded(read).await? {
                Ok(value) => return Ok(value),
                Err(fault) if fault.is_transient() => self.pause(fault).await?,
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Reads until it succeeds, as often as failures are tolerated.
    async fn tolerant<'a, T>(
        &mut self,
        mut read: impl FnMut() -> BoxFuture<'a, Result<T, Fault>>,
    ) -> Result<T, WaitError> {
        let mut failures = 0;
        loop {
            self.polls = self.polls.saturating_add(1);
            let permit = self.permit().await?;
            let limit = after(Instant::now(), self.options.poll_timeout);
            let read = time::timeout_at(limit, read());
            let read = async { read.await.unwrap_or_else(|_| Err(Fault::late())) };
            let fault = match self.bounded(read).await? {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            drop(permit);
            failures += 1;
            if !fault.is_transient() || failures > self.options.tolerated_failures {
                return Err(self.error(fault, None));
            }
            self.pause(fault).await?;
        }
    }

    /// Sends the action. Sends it again only if it was certainly not executed. Returns `None` if the response
    /// is lost.
    async fn send(
        &mut self,
        action: &ActionRequest,
        ledger: &Ledger,
    ) -> Result<Option<ActionResponse>, WaitError> {
        let mut failures = 0;
        loop {
            let (source, subject) = (Arc::clone(&self.source), self.subject.clone());
            let permit = self.permit().await?;
            self.executed = Executed::Perhaps;
            let result = self
                .bounded_for(source.start(&subject, action), Some(ledger))
                .await?;
            drop(permit);
            let fault = match result {
                Ok(received) => return Ok(Some(received)),
                Err(fault) => fault,
            };
            // A page in place of a response comes from a proxy or a login. A retry would get the same page.
            let is_lost = fault.may_have_been_executed && fault.kind != FaultKind::NotTheApi;
            if is_lost && !matches!(action, ActionRequest::CancelRequest(_)) {
                tracing::debug!(subject = %self.subject, %fault, "response to the action lost");
                self.lost = Some(fault);
                return Ok(None);
            }
            failures += 1;
            self.executed = if fault.may_have_been_executed {
                Executed::Perhaps
            } else {
                Executed::No
            };
            let again = fault.is_transient() && !fault.may_have_been_executed;
            if !again || failures > self.options.tolerated_failures {
                return Err(self.error(fault, Some(ledger)));
            }
            self.pause(fault).await?;
        }
    }

    /// Waits in the queue until the next request may be sent.
    async fn permit(&self) -> Result<Permit, WaitError> {
        let source = Arc::clone(&self.source);
        let permit = async { Ok(source.permit().await) };
        match self.bounded(permit).await? {
            Ok(permit) => Ok(permit),
            Err(fault) => Err(self.error(fault, None)),
        }
    }

    async fn pause(&mut self, fault: Fault) -> Result<(), WaitError> {
        let longest = self.options.longest_retry_after;
        let pause = self
            .pace
            .advance()
            .max(fault.retry_after.unwrap_or_default().min(longest));
        self.sleep(pause).await
    }

    async fn sleep(&mut self, pause: Duration) -> Result<(), WaitError> {
        let wake = after(Instant::now(), pause);
        match self.deadline {
            Some(deadline) if deadline <= wake => {
                time::sleep_until(deadline).await;
                Err(self.deadline_error(None))
            }
            _ => {
                time::sleep_until(wake).await;
                Ok(())
            }
        }
    }

    async fn bounded<T>(
        &self,
        request: impl Future<Output = Result<T, Fault>>,
    ) -> Result<Result<T, Fault>, WaitError> {
        self.bounded_for(request, None).await
    }

    async fn bounded_for<T>(
        &self,
        request: impl Future<Output = Result<T, Fault>>,
        ledger: Option<&Ledger>,
    ) -> Result<Result<T, Fault>, WaitError> {
        match self.deadline {
            None => Ok(request.await),
            Some(deadline) => time::timeout_at(deadline, request)
                .await
                .map_err(|_| self.deadline_error(ledger)),
        }
    }

    fn token(&self, ledger: Option<&Ledger>) -> OperationToken {
        let ledger = ledger.cloned().or_else(|| {
            let goal = self.goal?;
            Some(Ledger::watching(&self.subject, goal, None))
        });
        OperationToken::new(self.subject.clone(), ledger)
            .with_parent(self.source.known_parent(&self.subject))
    }

    fn deadline_error(&self, ledger: Option<&Ledger>) -> WaitError {
        let limit = match self.options.deadline {
            Deadline::After(limit) => Some(limit),
            Deadline::None => None,
        };
        let mut error = self.ended(
            WaitErrorKind::DeadlinePassed,
            "the deadline passed before the server had accepted",
            ledger,
        );
        error.0.limit = limit;
        error
    }

    fn error(&self, fault: Fault, ledger: Option<&Ledger>) -> WaitError {
        let kind = if fault.is_transient() {
            WaitErrorKind::LostContact
        } else {
            WaitErrorKind::Refused
        };
        let mut error = self.ended(kind, &fault.message, ledger);
        error.0.source = Some(fault);
        error
    }

    fn ended(&self, kind: WaitErrorKind, what: &str, ledger: Option<&Ledger>) -> WaitError {
        let names = self.source.names(&self.subject, self.baseline.as_ref());
        let mut error = WaitError::new(
            kind,
            format!("{}: {what}", self.subject.named(&names)),
            self.token(ledger),
        );
        error.0.polls = self.polls;
        error.0.elapsed = self.started.elapsed();
        error.0.executed = self.executed;
        error
    }
}
