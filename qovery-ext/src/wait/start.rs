//! The start of an action: the reading before it, the request, and its acceptance by the server.
//!
//! If a future of this module is dropped before the action is sent, nothing happens. If it is dropped while
//! the action is being sent, the server may or may not have received it.

use std::time::Duration;

use tokio::time::{self, Instant};
use uuid::Uuid;

use super::{
    BoxFuture, Snapshot, Subject, WaitError, WaitErrorKind,
    action_request::ActionRequest,
    context::{Context, Until},
    in_flight::Permit,
    ledger::Ledger,
    outcome::Executed,
    schedule::Pace,
    source::{Fault, FaultKind},
};
use crate::{clock::after, span::span};

/// A response to one of the readings before the action.
type Response<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// Everything until the server has accepted the action.
pub(super) struct Start {
    pub(super) context: Context,
    pace: Pace,
    executed: Executed,
    /// The request whose environment is being looked up. Until it is known, there is no subject.
    looked_up: Option<Uuid>,
    baseline: Option<Snapshot>,
    /// The deployments before the action.
    #[cfg(feature = "stream")]
    pub(super) before: Vec<String>,
}

impl Start {
    pub(super) fn new(context: Context, baseline: Option<Snapshot>) -> Self {
        Self {
            pace: context.options.schedule.pace(),
            context,
            executed: Executed::No,
            looked_up: None,
            baseline,
            #[cfg(feature = "stream")]
            before: Vec::new(),
        }
    }

    /// Sends the action, after the readings before it.
    pub(super) async fn start(&mut self, action: ActionRequest) -> Result<(), WaitError> {
        // The queue is read first: a request that leaves it before the status is read is visible in the status.
        let is_unnamed = action.response_names_no_request(&self.context.subject);
        let mut queue = None;
        if is_unnamed {
            queue = self
                .if_readable(|c| Box::pin(c.source.queue(&c.subject)))
                .await?;
        }
        let baseline = match self.baseline.take() {
            Some(baseline) => baseline,
            None => self.status().await?,
        };
        #[cfg(feature = "stream")]
        {
            let whole = baseline.whole.as_ref().and_then(|part| part.id.clone());
            self.before.extend(baseline.deployment_id.clone());
            self.before.extend(whole);
        }
        if !is_unnamed {
            queue = if baseline.is_idle() {
                // If no deployment runs, the queue is empty.
                Some(Vec::new())
            } else {
                self.if_readable(|c| Box::pin(c.source.queue(&c.subject)))
                    .await?
            };
        }
        // The status of a service names the last run of that service. It does not name runs that failed before
        // they reached it.
        let hides_runs = is_unnamed
            && baseline.whole.is_none()
            && matches!(self.context.subject, Subject::Service { .. });
        let mut history = None;
        // If the status does not show which runs are older than the action.
        if hides_runs || baseline.has_unnamed_deployment() {
            history = self
                .if_readable(|c| Box::pin(c.source.history(&c.subject)))
                .await?;
        }
        let (queue, history) = (queue.as_deref(), history.as_deref());
        let subject = &self.context.subject;
        let ledger = Ledger::acting(subject, action.goal(), &baseline, queue, history);
        self.context.until = Until::Goal(Box::new(ledger));
        self.send(&action).await
    }

    /// Looks up the environment of a request, unless it is given, and cancels the request if requested.
    pub(super) async fn request(
        &mut self,
        request: Uuid,
        environment: Option<Uuid>,
        cancel: bool,
    ) -> Result<(), WaitError> {
        let environment = match environment {
            Some(environment) => environment,
            None => {
                self.looked_up = Some(request);
                let environment = self.environment_of(request).await?;
                self.looked_up = None;
                environment
            }
        };
        self.context.subject = Subject::environment(environment);
        if !cancel {
            return Ok(());
        }
        let baseline = self.status().await?;
        let action = ActionRequest::CancelRequest(request);
        let subject = &self.context.subject;
        let mut ledger = Ledger::acting(subject, action.goal(), &baseline, None, None);
        ledger.follow(request);
        self.context.until = Until::Goal(Box::new(ledger));
        self.send(&action).await
    }

    /// Looks up the environment of a request, until the settle period is over: the API may not show a new
    /// request yet.
    async fn environment_of(&mut self, request: Uuid) -> Result<Uuid, WaitError> {
        let given_up_at = after(Instant::now(), self.context.options.settle);
        loop {
            let seen = self
                .tolerant(|context| {
                    let seen = context.source.request(request);
                    Box::pin(async move {
                        match seen.await {
                            Err(fault) if fault.is_missing_or_forbidden() => Ok(None),
                            other => other,
                        }
                    })
                })
                .await?;
            if let Some(environment) = seen.and_then(|seen| seen.environment) {
                return Ok(environment);
            }
            let left = given_up_at.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let message = "the API returns no environment for it: set it with `in_environment`";
                return Err(self.error(Fault::new(FaultKind::NotFound, message)));
            }
            let pause = self.pace.advance().min(left);
            self.sleep(pause).await?;
        }
    }

    async fn status(&mut self) -> Result<Snapshot, WaitError> {
        let seen = self
            .tolerant(|c| Box::pin(c.source.read(&c.subject)))
            .await?;
        Ok(seen.snapshot)
    }

    /// Reads a fact that helps to distinguish runs. If it cannot be read at the second attempt, the action is
    /// sent without it.
    async fn if_readable<T>(
        &mut self,
        read: impl Fn(&Context) -> Response<'_, Option<T>> + Sync,
    ) -> Result<Option<T>, WaitError> {
        for _ in 0..2 {
            let limit = self.context.options.fact_timeout();
            match self.read_within(limit, &read).await? {
                Ok(value) => return Ok(value),
                Err(fault) if fault.is_transient() => self.pause(fault).await?,
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Reads until it succeeds, as often as failures are tolerated.
    async fn tolerant<T>(
        &mut self,
        read: impl Fn(&Context) -> Response<'_, T> + Sync,
    ) -> Result<T, WaitError> {
        let mut failures = 0;
        loop {
            let permit = self.permit().await?;
            let limit = self.context.options.poll_timeout;
            let fault = match self.read_within(limit, &read).await? {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            drop(permit);
            failures += 1;
            if !fault.is_transient() || failures > self.context.options.tolerated_failures {
                return Err(self.error(fault));
            }
            self.pause(fault).await?;
        }
    }

    /// Reads once.
    async fn read_within<T>(
        &mut self,
        limit: Duration,
        read: impl Fn(&Context) -> Response<'_, T> + Sync,
    ) -> Result<Result<T, Fault>, WaitError> {
        self.context.polls = self.context.polls.saturating_add(1);
        let read = time::timeout(limit, read(&self.context));
        let read = self.bounded(read).await?;
        Ok(read.unwrap_or_else(|_| Err(Fault::late())))
    }

    /// Sends the action, and notes the response in the ledger. Sends it again only if it was certainly not
    /// executed. A lost response is in [`Context::lost`].
    async fn send(&mut self, action: &ActionRequest) -> Result<(), WaitError> {
        let mut failures = 0;
        let received = loop {
            let permit = self.permit().await?;
            self.executed = Executed::Perhaps;
            let began = Instant::now();
            let sent = self.context.source.start(&self.context.subject, action);
            let sent = self.bounded(sent).await?;
            drop(permit);
            let fault = match sent {
                Ok(mut received) => {
                    // The response can come long after the request was made.
                    let took = began.elapsed().as_secs().cast_signed();
                    received.server_time =
                        received.server_time.map(|time| time.saturating_sub(took));
                    break Some(received);
                }
                Err(fault) => fault,
            };
            // A page in place of a response comes from a proxy or a login. A retry would get the same page.
            let is_lost = fault.may_have_been_executed && fault.kind != FaultKind::NotTheApi;
            if is_lost && !matches!(action, ActionRequest::CancelRequest(_)) {
                tracing::debug!(subject = %self.context.subject, %fault, "response to the action lost");
                self.context.lost = Some(fault);
                break None;
            }
            failures += 1;
            if !fault.may_have_been_executed {
                self.executed = Executed::No;
            }
            let again = fault.is_transient() && !fault.may_have_been_executed;
            if !again || failures > self.context.options.tolerated_failures {
                return Err(self.error(fault));
            }
            self.pause(fault).await?;
        };
        let at = self.context.stamp();
        if let Some(ledger) = self.context.ledger_mut() {
            ledger.asked(at, received.as_ref());
        }
        Ok(())
    }

    /// Waits in the queue until the next request may be sent.
    async fn permit(&self) -> Result<Permit, WaitError> {
        self.bounded(self.context.source.permit()).await
    }

    async fn pause(&mut self, fault: Fault) -> Result<(), WaitError> {
        let longest = self.context.options.longest_retry_after;
        let demanded = fault.retry_after.unwrap_or_default().min(longest);
        let pause = self.pace.advance().max(demanded);
        self.sleep(pause).await
    }

    async fn sleep(&self, pause: Duration) -> Result<(), WaitError> {
        let wake = after(Instant::now(), pause);
        match self.context.deadline().filter(|deadline| *deadline <= wake) {
            Some(deadline) => {
                time::sleep_until(deadline).await;
                Err(self.deadline_error())
            }
            None => {
                time::sleep_until(wake).await;
                Ok(())
            }
        }
    }

    /// Waits for a response until the deadline.
    async fn bounded<T>(&self, response: impl Future<Output = T>) -> Result<T, WaitError> {
        match self.context.deadline() {
            None => Ok(response.await),
            Some(deadline) => time::timeout_at(deadline, response)
                .await
                .map_err(|_| self.deadline_error()),
        }
    }

    fn deadline_error(&self) -> WaitError {
        let limit = self.context.options.deadline.limit();
        let passed = format!("the deadline of {} passed", span(limit.unwrap_or_default()));
        let what = match (self.looked_up, self.executed) {
            (Some(_), _) => format!(
                "{passed} before its environment was found: set it with `in_environment`, or raise `within`"
            ),
            (None, Executed::No) => format!(
                "{passed} before the server had accepted the action, and it was not executed: start it again \
                 with a longer `within`"
            ),
            (None, _) => format!(
                "{passed} before the server had accepted the action: check whether it was executed before you \
                 start it again"
            ),
        };
        let mut error = self.ended(WaitErrorKind::DeadlinePassed, &what);
        error.0.limit = limit;
        error
    }

    pub(super) fn error(&self, fault: Fault) -> WaitError {
        let kind = if fault.is_transient() {
            WaitErrorKind::LostContact
        } else {
            WaitErrorKind::Refused
        };
        let mut error = self.ended(kind, &fault.message);
        error.0.source = Some(fault);
        error
    }

    fn ended(&self, kind: WaitErrorKind, what: &str) -> WaitError {
        let message = match self.looked_up {
            Some(request) => format!("waiting for deployment request {request}: {what}"),
            None => format!("{}: {what}", self.context.activity()),
        };
        let mut error = self.context.error(kind, message);
        error.0.executed = self.executed;
        error
    }
}
