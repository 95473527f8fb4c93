//! The transport of a connected client: token, limits, retries and traces around another transport.
//!
//! The inner transport sends the requests. Dropping the returned future abandons the call: a request in a
//! queue is not sent, and a request that was sent may still be executed by the server.

use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "stream")]
use qovery_api::Upgrade;
use qovery_api::{
    BoxFuture, HttpTransport, RawResponse, Request, RetryMode, Transport, TransportError,
    http::{HeaderValue, StatusCode, header},
};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::Instrument;

use super::{
    limits::{Limits, Permit},
    retry::RetryPolicy,
    token_source::{Issued, NoToken, Tokens},
    trace,
};

/// The authorization of requests.
pub(super) enum Authorization {
    /// The same value for each request.
    Fixed(HeaderValue),
    /// The token of a source.
    Source(Tokens),
}

/// The inner transport.
pub(super) enum Sender {
    /// The transport of the runtime. It applies the time limit of a request and never shows a
    /// token.
    Http(HttpTransport),
    /// The transport of the program. It may have any behavior.
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
    /// The time limit of the whole call.
    budget: Duration,
    /// The time limit of one request.
    attempt_limit: Duration,
    /// Whether to wait for the end of a [hold](super::limits::Hold).
    respects_hold: bool,
    /// Whether the token was already renewed.
    has_renewed: bool,
    /// The number of requests that were sent.
    sent: u32,
    /// Whether a request before the current one may have been executed.
    executed_before: bool,
}

impl Progress {
    fn new(request: &Request, policy: &RetryPolicy, request_timeout: Duration) -> Self {
        let started = Instant::now();
        // If the call has its own limit, that limit is the budget of the whole call.
        let (budget, attempt_limit) = match request.timeout {
            Some(limit) => (limit, limit),
            None => (policy.budget_for(request_timeout), request_timeout),
        };
        Self {
            started,
            budget,
            attempt_limit,
            respects_hold: policy.may_retry(request.retry),
            has_renewed: false,
            sent: 0,
            executed_before: false,
        }
    }

    fn left(&self) -> Duration {
        self.budget.saturating_sub(self.started.elapsed())
    }

    /// Waits for a step before a request, such as its token, for at most the rest of the budget.
    async fn prepare<T>(&self, preparation: impl Future<Output = T>) -> Result<T, TransportError> {
        timeout(self.left(), preparation).await.map_err(|_| {
            // The attempt has not begun.
            TransportError::timeout(self.budget).with_may_have_been_executed(false)
        })
    }

    /// Records an outcome that is not the last one.
    fn note(&mut self, outcome: &Result<RawResponse, TransportError>) {
        self.executed_before |= match outcome {
            Ok(response) => {
                // 408, 460 and 499 come from a server or a proxy that stopped waiting.
                response.executed_before
                    || response.status.is_server_error()
                    || matches!(response.status.as_u16(), 408 | 460 | 499)
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
        // A call can have its own policy.
        let policy = request.extensions.get().unwrap_or(&self.policy);
        let mut progress = Progress::new(request, policy, self.request_timeout);
        let outcome = self.attempt::<Sending>(request, &mut progress).await;
        if policy.is_final(1, request, &outcome) {
            return progress.finish(outcome);
        }
        // Boxed, because it is rare and would make each call larger.
        Box::pin(self.retry(request, policy, progress, outcome)).await
    }

    /// Retries the request while the outcome is a reason for a retry.
    async fn retry(
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
            trace::retrying(progress.sent + 1, wait, &outcome);
            progress.note(&outcome);
            drop(outcome);
            sleep(wait).await;
            outcome = self.attempt::<Sending>(request, &mut progress).await;
            round += 1;
        }
        progress.finish(outcome)
    }

    /// Sends with a token, and once more with a new token if the server refuses the first one.
    async fn attempt<E: Exchange>(
        &self,
        request: &Request,
        progress: &mut Progress,
    ) -> Result<E::Reply, TransportError> {
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
        let outcome = self.once::<E>(request, authorization, progress).await;
        match (outcome, issued) {
            (Ok(reply), Some((tokens, issued)))
                if !progress.has_renewed
                    && E::response(&reply)
                        .is_some_and(|response| is_renewable(request, response)) =>
            {
                progress.has_renewed = true;
                // Boxed, because it is rare and would make each call larger.
                Box::pin(self.renew::<E>(request, issued, reply, tokens, progress)).await
            }
            (outcome, _) => outcome,
        }
    }

    async fn renew<E: Exchange>(
        &self,
        request: &Request,
        refused: Issued,
        reply: E::Reply,
        tokens: &Tokens,
        progress: &mut Progress,
    ) -> Result<E::Reply, TransportError> {
        let header = refused.header.clone();
        let renewed = progress.prepare(tokens.replace(refused)).await?;
        match renewed.map_err(|error| no_token(error).redact(&header))? {
            Some(issued) => {
                trace::renewed(progress.sent + 1);
                self.once::<E>(request, Some(&issued.header), progress)
                    .await
            }
            None => Ok(reply),
        }
    }

    /// Sends with this token, unless the request has its own.
    async fn once<E: Exchange>(
        &self,
        request: &Request,
        authorization: Option<&HeaderValue>,
        progress: &mut Progress,
    ) -> Result<E::Reply, TransportError> {
        let _permit = self.permit(progress).await?;
        let left = progress.left();
        let limit = progress.attempt_limit.min(left);
        if limit.is_zero() {
            return Err(TransportError::timeout(progress.budget).with_may_have_been_executed(false));
        }
        progress.sent += 1;
        let outcome = match &self.sender {
            Sender::Http(http) => E::over_http(http, request, authorization, limit).await,
            Sender::Other(other) => {
                exchange_through::<E>(&**other, request, authorization, limit).await
            }
        };
        if let Some(response) = outcome.as_ref().ok().and_then(E::response) {
            self.limits.hold.observe(response);
        }
        outcome
    }

    /// Waits for the end of a hold, and then for the limits.
    async fn permit(&self, progress: &Progress) -> Result<Option<Permit<'_>>, TransportError> {
        loop {
            while let Some(moment) = self.held_until(progress) {
                trace::held(moment.saturating_duration_since(Instant::now()));
                sleep_until(moment).await;
            }
            if self.limits.are_none() {
                return Ok(None);
            }
            // While this request waits in the queue, the response to an earlier one may demand a hold.
            let still = || self.held_until(progress).is_none();
            if let Some(permit) = progress.prepare(self.limits.enter(still)).await? {
                return Ok(Some(permit));
            }
        }
    }

    /// The end of the hold. Also `None` if the hold ends too late for the budget: the error of the server then
    /// reports it.
    fn held_until(&self, progress: &Progress) -> Option<Instant> {
        if !progress.respects_hold {
            return None;
        }
        let moment = self.limits.hold.until()?;
        let wait = moment.saturating_duration_since(Instant::now());
        (wait.saturating_add(progress.budget / 10) < progress.left()).then_some(moment)
    }
}

/// Sends a copy of the request through a transport of the program. That transport may ignore the time limit,
/// and may show the token.
async fn exchange_through<E: Exchange>(
    transport: &dyn Transport,
    request: &Request,
    authorization: Option<&HeaderValue>,
    limit: Duration,
) -> Result<E::Reply, TransportError> {
    let mut request = request.clone();
    request.timeout = Some(limit);
    if let Some(value) = authorization {
        let entry = request.headers.entry(header::AUTHORIZATION);
        entry.or_insert_with(|| value.clone());
    }
    let authorization = request.headers.get(header::AUTHORIZATION).cloned();
    let outcome = timeout(limit, E::through(transport, request))
        .await
        .unwrap_or_else(|_| Err(TransportError::timeout(limit)));
    match (outcome, authorization) {
        (Ok(reply), Some(value)) => Ok(E::redacted(reply, &value)),
        (Err(error), Some(value)) => Err(error.redact(&value)),
        (outcome, None) => outcome,
    }
}

/// Whether the client may send the request again with a new token: after a 401. If the request must not be
/// executed twice, the 401 must come from the API. A 401 of a proxy does not prove that the API has not
/// executed the request.
fn is_renewable(request: &Request, response: &RawResponse) -> bool {
    response.status == StatusCode::UNAUTHORIZED
        && (request.retry != RetryMode::UnlessExecuted || response.is_from_api())
}

fn no_token(error: NoToken) -> TransportError {
    TransportError::refused("the token source has no token").with_source(error)
}

/// The kind of exchange: a request, or the handshake of a connection.
trait Exchange {
    type Reply: Send;

    fn over_http(
        http: &HttpTransport,
        request: &Request,
        authorization: Option<&HeaderValue>,
        limit: Duration,
    ) -> impl Future<Output = Result<Self::Reply, TransportError>> + Send;

    fn through(
        transport: &dyn Transport,
        request: Request,
    ) -> BoxFuture<'_, Result<Self::Reply, TransportError>>;

    /// The response of the server; `None` if the connection is open.
    fn response(reply: &Self::Reply) -> Option<&RawResponse>;

    /// The reply without this token.
    fn redacted(reply: Self::Reply, token: &HeaderValue) -> Self::Reply;
}

/// Sends the request and reads the response.
enum Sending {}

impl Exchange for Sending {
    type Reply = RawResponse;

    fn over_http(
        http: &HttpTransport,
        request: &Request,
        authorization: Option<&HeaderValue>,
        limit: Duration,
    ) -> impl Future<Output = Result<RawResponse, TransportError>> + Send {
        http.send_borrowed(request, authorization, limit)
    }

    fn through(
        transport: &dyn Transport,
        request: Request,
    ) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        transport.send(request)
    }

    fn response(reply: &RawResponse) -> Option<&RawResponse> {
        Some(reply)
    }

    fn redacted(mut reply: RawResponse, token: &HeaderValue) -> RawResponse {
        reply.redact(token);
        reply
    }
}

/// Opens a connection. It counts as a request until the server has answered. The caller decides about further
/// connections.
#[cfg(feature = "stream")]
enum Opening {}

#[cfg(feature = "stream")]
impl Exchange for Opening {
    type Reply = Upgrade;

    fn over_http(
        http: &HttpTransport,
        request: &Request,
        authorization: Option<&HeaderValue>,
        limit: Duration,
    ) -> impl Future<Output = Result<Upgrade, TransportError>> + Send {
        http.upgrade_borrowed(request, authorization, limit)
    }

    fn through(
        transport: &dyn Transport,
        request: Request,
    ) -> BoxFuture<'_, Result<Upgrade, TransportError>> {
        transport.upgrade(request)
    }

    fn response(reply: &Upgrade) -> Option<&RawResponse> {
        match reply {
            Upgrade::Refused(response) => Some(response),
            _ => None,
        }
    }

    fn redacted(reply: Upgrade, token: &HeaderValue) -> Upgrade {
        match reply {
            Upgrade::Refused(mut response) => {
                response.redact(token);
                Upgrade::Refused(response)
            }
            Upgrade::Switched(upgraded) => Upgrade::Switched(upgraded.authorized_by(token)),
            other => other,
        }
    }
}

impl Transport for ConnectedTransport {
    #[cfg(feature = "stream")]
    fn upgrade(&self, request: Request) -> BoxFuture<'_, Result<Upgrade, TransportError>> {
        Box::pin(async move {
            let mut progress = Progress::new(&request, &self.policy, self.request_timeout);
            self.attempt::<Opening>(&request, &mut progress).await
        })
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
