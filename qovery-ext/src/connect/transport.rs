//! The transport of a connected client: token, limits, repeats and trace around another transport.
//!
//! Not for sending: the transport inside does that. Dropping the returned future abandons the call:
//! a request that still waits is not sent, a request that was sent may still be executed by the server.

use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "stream")]
use qovery_api::Upgrade;
use qovery_api::{
    BoxFuture, HttpTransport, RawResponse, Request, RetryMode, Transport, TransportError,
    http::{HeaderValue, StatusCode, header},
};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tracing::Instrument;

use super::{
    limits::{Leave, Limits},
    retry::RetryPolicy,
    token_source::{Issued, NoToken, Tokens},
    trace,
};

/// How requests are authorized.
#[derive(Debug)]
pub(super) enum Authorization {
    /// With the same value each time.
    Fixed(HeaderValue),
    /// With the token of the source.
    Source(Tokens),
}

/// What sends.
pub(super) enum Sender {
    /// Ours, which keeps to the limit of a request and shows no token by itself.
    Http(HttpTransport),
    /// The program's own transport, about which nothing is assumed.
    Other(Arc<dyn Transport>),
}

/// Sends through another transport, with a token, within limits, and with safe retries.
pub(super) struct ConnectedTransport {
    pub(super) sender: Sender,
    pub(super) authorization: Authorization,
    pub(super) limits: Limits,
    pub(super) policy: RetryPolicy,
    /// The limit on one request.
    pub(super) request_timeout: Duration,
}

/// One call in progress: its limits and its attempts so far.
struct Progress {
    started: Instant,
    /// The limit on the whole call.
    budget: Duration,
    /// The end of the budget; `None` if the clock cannot count that far.
    deadline: Option<Instant>,
    /// The limit on one request.
    attempt_limit: Duration,
    /// Whether to wait while the server wants no requests.
    heeds_hold: bool,
    /// Whether the token was renewed already.
    has_renewed: bool,
    /// How often the request was sent.
    sent: u32,
    /// Whether a request before the current one may have been executed.
    executed_before: bool,
}

impl Progress {
    fn new(request: &Request, policy: &RetryPolicy, request_timeout: Duration) -> Self {
        let started = Instant::now();
        // The limit that a call brings is on the whole of it: only then does a deadline hold.
        let (budget, attempt_limit) = match request.timeout {
            Some(limit) => (limit, limit),
            None => (policy.budget_for(request_timeout), request_timeout),
        };
        Self {
            started,
            budget,
            deadline: started.checked_add(budget),
            attempt_limit,
            heeds_hold: policy.repeats(request.retry),
            has_renewed: false,
            sent: 0,
            executed_before: false,
        }
    }

    fn left(&self) -> Duration {
        self.budget.saturating_sub(self.started.elapsed())
    }

    /// Waits for something that comes before a request, as long as the budget lasts.
    async fn prepare<T>(&self, preparation: impl Future<Output = T>) -> Result<T, TransportError> {
        let Some(deadline) = self.deadline else {
            return Ok(preparation.await);
        };
        timeout_at(deadline, preparation).await.map_err(|_| {
            // This attempt has not begun.
            TransportError::timeout(self.budget).with_may_have_been_executed(false)
        })
    }

    /// Takes note of an outcome that will not be the last.
    fn note(&mut self, outcome: &Result<RawResponse, TransportError>) {
        self.executed_before |= match outcome {
            Ok(response) => {
                // 408 and 499 come from something that gave up waiting.
                response.executed_before
                    || response.status.is_server_error()
                    || matches!(response.status.as_u16(), 408 | 499)
            }
            Err(error) => error.may_have_been_executed(),
        };
    }

    /// Adds the earlier attempts to the last outcome.
    fn finish(
        &self,
        outcome: Result<RawResponse, TransportError>,
    ) -> Result<RawResponse, TransportError> {
        let elapsed = self.started.elapsed();
        match outcome {
            Ok(mut response) => {
                response.attempts = self.sent;
                response.elapsed = elapsed;
                response.executed_before |= self.executed_before;
                Ok(response)
            }
            Err(error) => {
                let executed = self.executed_before || error.may_have_been_executed();
                Err(error
                    .with_attempts(self.sent, elapsed)
                    .with_may_have_been_executed(executed))
            }
        }
    }
}

impl ConnectedTransport {
    async fn call(&self, request: &Request) -> Result<RawResponse, TransportError> {
        // A call may bring a policy of its own.
        let policy = request.extensions.get().unwrap_or(&self.policy);
        let mut progress = Progress::new(request, policy, self.request_timeout);
        let outcome = self.attempt(request, &mut progress).await;
        if policy.is_final(1, request, &outcome) {
            return progress.finish(outcome);
        }
        // Boxed, because it is rare and would make each call larger.
        Box::pin(self.repeat(request, policy, progress, outcome)).await
    }

    /// Sends the request again after an outcome that is worth it.
    async fn repeat(
        &self,
        request: &Request,
        policy: &RetryPolicy,
        mut progress: Progress,
        mut outcome: Result<RawResponse, TransportError>,
    ) -> Result<RawResponse, TransportError> {
        let mut delays = policy.delays();
        let mut round = 1;
        while !policy.is_final(round, request, &outcome) {
            let asked = outcome.as_ref().ok().and_then(RawResponse::retry_after);
            let Some(wait) = delays.next(asked, progress.left(), progress.budget) else {
                break;
            };
            trace::repeating(progress.sent + 1, wait, &outcome);
            progress.note(&outcome);
            drop(outcome);
            sleep(wait).await;
            outcome = self.attempt(request, &mut progress).await;
            round += 1;
        }
        progress.finish(outcome)
    }

    /// Sends the request with a token, and with a new one if the server refuses the first.
    async fn attempt(
        &self,
        request: &Request,
        progress: &mut Progress,
    ) -> Result<RawResponse, TransportError> {
        let mut issued = None;
        let authorization = match &self.authorization {
            Authorization::Fixed(value) => Some(value),
            Authorization::Source(_) if request.headers.contains_key(header::AUTHORIZATION) => None,
            Authorization::Source(tokens) => {
                let token = progress.prepare(tokens.current()).await?;
                let (_, token) = issued.insert((tokens, token.map_err(no_token)?));
                Some(&token.header)
            }
        };
        let outcome = self.send_once(request, authorization, progress).await;
        match (outcome, issued) {
            (Ok(response), Some((tokens, issued)))
                if response.status == StatusCode::UNAUTHORIZED
                    && !progress.has_renewed
                    && proves_that_nothing_was_done(request, &response) =>
            {
                progress.has_renewed = true;
                // Boxed, because it is rare and would make each call larger.
                Box::pin(self.renew(request, issued, response, tokens, progress)).await
            }
            (outcome, _) => outcome,
        }
    }

    async fn renew(
        &self,
        request: &Request,
        refused: Issued,
        response: RawResponse,
        tokens: &Tokens,
        progress: &mut Progress,
    ) -> Result<RawResponse, TransportError> {
        let header = refused.header.clone();
        let renewed = progress.prepare(tokens.replace(refused)).await?;
        match renewed.map_err(|error| no_token(error).redact(&header))? {
            Some(issued) => {
                trace::renewed(progress.sent + 1);
                self.send_once(request, Some(&issued.header), progress)
                    .await
            }
            None => Ok(response),
        }
    }

    /// Sends the request with this token, unless it has one itself.
    async fn send_once(
        &self,
        request: &Request,
        authorization: Option<&HeaderValue>,
        progress: &mut Progress,
    ) -> Result<RawResponse, TransportError> {
        let _leave = self.leave(progress).await?;
        let left = progress.left();
        let limit = progress.attempt_limit.min(left);
        if limit.is_zero() {
            return Err(TransportError::timeout(progress.budget).with_may_have_been_executed(false));
        }
        progress.sent += 1;
        let outcome = match &self.sender {
            Sender::Http(http) => http.send_borrowed(request, authorization, limit).await,
            Sender::Other(other) => send_through(other, request, authorization, limit).await,
        };
        if let Ok(response) = &outcome {
            self.limits.hold.observe(response);
        }
        outcome
    }

    /// Waits until the server wants requests again, and for a place within the limits.
    async fn leave(&self, progress: &Progress) -> Result<Option<Leave<'_>>, TransportError> {
        loop {
            while let Some(moment) = self.held_until(progress) {
                trace::held(moment.saturating_duration_since(Instant::now()));
                sleep_until(moment).await;
            }
            if self.limits.are_none() {
                return Ok(None);
            }
            // While this waits in line, the answer to one before it may be that the server wants no
            // more.
            let still = || self.held_until(progress).is_none();
            if let Some(leave) = progress.prepare(self.limits.enter(still)).await? {
                return Ok(Some(leave));
            }
        }
    }

    /// The moment until which the server wants no requests. `None` also if that is after the end of the budget:
    /// then the error of the server reports it.
    fn held_until(&self, progress: &Progress) -> Option<Instant> {
        if !progress.heeds_hold {
            return None;
        }
        let moment = self.limits.hold.until()?;
        let wait = moment.saturating_duration_since(Instant::now());
        (wait.saturating_add(progress.budget / 10) < progress.left()).then_some(moment)
    }
}

/// Sends a copy through a transport of the program's own: it need keep neither to the limit nor the
/// token to itself.
async fn send_through(
    transport: &Arc<dyn Transport>,
    request: &Request,
    authorization: Option<&HeaderValue>,
    limit: Duration,
) -> Result<RawResponse, TransportError> {
    let mut request = request.clone();
    request.timeout = Some(limit);
    if let Some(value) = authorization {
        let entry = request.headers.entry(header::AUTHORIZATION);
        entry.or_insert_with(|| value.clone());
    }
    let authorization = request.headers.get(header::AUTHORIZATION).cloned();
    let outcome = timeout(limit, transport.send(request))
        .await
        .unwrap_or_else(|_| Err(TransportError::timeout(limit)));
    let Some(value) = authorization else {
        return outcome;
    };
    match outcome {
        Ok(mut response) => {
            response.redact(&value);
            Ok(response)
        }
        Err(error) => Err(error.redact(&value)),
    }
}

/// Whether a 401 says that the request was not executed, as far as the call asks for that: the login
/// page of something in between does not.
fn proves_that_nothing_was_done(request: &Request, response: &RawResponse) -> bool {
    request.retry != RetryMode::UnlessExecuted || response.is_from_api()
}

fn no_token(error: NoToken) -> TransportError {
    TransportError::refused("the token source has no token").with_source(error)
}

#[cfg(feature = "stream")]
impl ConnectedTransport {
    /// Opens a connection with a token, and with a new one if the server refuses the first. It counts as
    /// a request until the server has answered; connecting again is up to the caller.
    async fn open(&self, request: &Request) -> Result<Upgrade, TransportError> {
        let mut progress = Progress::new(request, &self.policy, self.request_timeout);
        let tokens = match &self.authorization {
            Authorization::Fixed(value) => {
                return self.open_once(request, Some(value), &mut progress).await;
            }
            Authorization::Source(_) if request.headers.contains_key(header::AUTHORIZATION) => {
                return self.open_once(request, None, &mut progress).await;
            }
            Authorization::Source(tokens) => tokens,
        };
        let issued = progress.prepare(tokens.current()).await?;
        let issued = issued.map_err(no_token)?;
        let refused = match self
            .open_once(request, Some(&issued.header), &mut progress)
            .await?
        {
            Upgrade::Refused(response) if response.status == StatusCode::UNAUTHORIZED => response,
            other => return Ok(other),
        };
        let header = issued.header.clone();
        let renewed = progress.prepare(tokens.replace(issued)).await?;
        match renewed.map_err(|error| no_token(error).redact(&header))? {
            Some(issued) => {
                trace::renewed(progress.sent + 1);
                self.open_once(request, Some(&issued.header), &mut progress)
                    .await
            }
            None => Ok(Upgrade::Refused(refused)),
        }
    }

    async fn open_once(
        &self,
        request: &Request,
        authorization: Option<&HeaderValue>,
        progress: &mut Progress,
    ) -> Result<Upgrade, TransportError> {
        let _leave = self.leave(progress).await?;
        let limit = progress.attempt_limit.min(progress.left());
        progress.sent += 1;
        match &self.sender {
            Sender::Http(http) => http.upgrade_borrowed(request, authorization, limit).await,
            Sender::Other(other) => open_through(other, request, authorization, limit).await,
        }
    }
}

/// Opens a connection through a transport of the program's own, which need keep neither to the limit nor
/// the token to itself.
#[cfg(feature = "stream")]
async fn open_through(
    transport: &Arc<dyn Transport>,
    request: &Request,
    authorization: Option<&HeaderValue>,
    limit: Duration,
) -> Result<Upgrade, TransportError> {
    let mut request = request.clone();
    request.timeout = Some(limit);
    if let Some(value) = authorization {
        let entry = request.headers.entry(header::AUTHORIZATION);
        entry.or_insert_with(|| value.clone());
    }
    let authorization = request.headers.get(header::AUTHORIZATION).cloned();
    let outcome = timeout(limit, transport.upgrade(request))
        .await
        .unwrap_or_else(|_| Err(TransportError::timeout(limit)));
    let Some(value) = authorization else {
        return outcome;
    };
    match outcome {
        Ok(Upgrade::Refused(mut response)) => {
            response.redact(&value);
            Ok(Upgrade::Refused(response))
        }
        Ok(Upgrade::Switched(upgraded)) => Ok(Upgrade::Switched(upgraded.authorized_by(&value))),
        Ok(other) => Ok(other),
        Err(error) => Err(error.redact(&value)),
    }
}

impl Transport for ConnectedTransport {
    #[cfg(feature = "stream")]
    fn upgrade(&self, request: Request) -> BoxFuture<'_, Result<Upgrade, TransportError>> {
        Box::pin(async move { self.open(&request).await })
    }

    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let span = trace::span(&request);
        if span.is_disabled() {
            return Box::pin(async move { self.call(&request).await });
        }
        let inside = span.clone();
        let traced = async move {
            let outcome = self.call(&request).await;
            trace::finished(&inside, &outcome);
            outcome
        };
        Box::pin(traced.instrument(span))
    }
}

impl fmt::Debug for ConnectedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectedTransport")
            .field("limits", &self.limits)
            .field("policy", &self.policy)
            .field("request_timeout", &self.request_timeout)
            .finish_non_exhaustive()
    }
}
