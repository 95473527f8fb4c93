//! The spans and events that `tracing` records for a call.
//!
//! Each call is a span. Each retry, each renewal of the token and each delay that the server demands is an event. They
//! contain no path parameters, queries, headers or bodies. Nothing is written unless a program installs a subscriber.

use std::{borrow::Cow, time::Duration};

use qovery_api::{Printable, RawResponse, Request, TransportError};
use tracing::{Span, field};

/// The span of a call: `operation`, `method` and `path` (the template) at its beginning, `attempt`
/// (the number of the last one), `status`, `request_id`, `error` and `duration_ms` at its end.
pub(super) fn span(request: &Request) -> Span {
    tracing::info_span!(
        "qovery_call",
        operation = request.operation.id,
        method = request.operation.method.as_str(),
        path = request.operation.path,
        attempt = field::Empty,
        status = field::Empty,
        request_id = field::Empty,
        error = field::Empty,
        duration_ms = field::Empty,
    )
}

/// Completes the span of a call.
pub(super) fn finished(span: &Span, outcome: &Result<RawResponse, TransportError>) {
    if span.is_disabled() {
        return;
    }
    let (attempts, elapsed) = match outcome {
        Ok(response) => {
            span.record("status", response.status.as_u16());
            if let Some(id) = request_id(response) {
                span.record("request_id", &*id);
            }
            (response.attempts, response.elapsed)
        }
        Err(error) => {
            span.record("error", field::display(error));
            (error.attempts(), error.elapsed())
        }
    };
    span.record("attempt", attempts);
    span.record("duration_ms", milliseconds(elapsed));
}

/// Records that a request will be retried.
pub(super) fn retrying(
    attempt: u32,
    wait: Duration,
    outcome: &Result<RawResponse, TransportError>,
) {
    let wait = milliseconds(wait);
    match outcome {
        Ok(response) => tracing::info!(
            attempt,
            wait_ms = wait,
            status = response.status.as_u16(),
            request_id = request_id(response).as_deref(),
            "retrying a request after its response"
        ),
        Err(error) => tracing::info!(
            attempt,
            wait_ms = wait,
            error = %error,
            "retrying a request that received no complete response"
        ),
    }
}

/// Records that a request will be retried with a new token.
pub(super) fn renewed(attempt: u32) {
    tracing::info!(attempt, "sending a request again with a new token");
}

/// Records that a request waits because the server demands a delay.
pub(super) fn held(wait: Duration) {
    tracing::info!(
        wait_ms = milliseconds(wait),
        "waiting for the server's limit on requests"
    );
}

/// The request id of the server, cut to a reasonable length.
fn request_id(response: &RawResponse) -> Option<Cow<'_, str>> {
    let id = response.request_id()?;
    Some(Printable::new(id.get(..100).unwrap_or(id)).to_cow())
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
