//! Decides which requests are retried, and when.
//!
//! This module sends nothing. The growing delays come from `backon`. Its loop is not used: its jitter only
//! lengthens a delay, and it knows neither `Retry-After`, nor a budget that also limits the request in flight,
//! nor whether an earlier attempt may have been executed. After a `401`, [`TokenSource`](super::TokenSource)
//! decides about another attempt.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use qovery_api::{
    RawResponse, Request, RetryMode, TransportError,
    http::{Method, StatusCode},
};

/// The retries of a client: which requests, how often, and for how long.
///
/// | after | `GET`, `HEAD`, `PUT`, `DELETE` | `POST`, `PATCH` |
/// |---|---|---|
/// | no connection could be made | again | again |
/// | 429 | again | again |
/// | 502, 503, 504 | again | no |
/// | the connection was lost, or the response was cut off | again | no |
/// | no complete response in time | only [if enabled](Self::after_timeout) | no |
/// | any other response | no | no |
///
/// If the server reports over HTTP/2 that it did not process a request, the request is sent again, with any method.
///
/// [`Call::retry`](qovery_api::Call::retry) changes this for a single call: [`RetryMode::EvenIfExecuted`]
/// retries it like a `GET`, [`RetryMode::UnlessExecuted`] like a `POST`, and [`RetryMode::Never`] sends it
/// once. The actions of [`wait`](crate::wait), `DELETE` included, use `UnlessExecuted`. To give a call its
/// own policy, pass it to [`Call::extension`](qovery_api::Call::extension).
///
/// The delay before the *n*-th retry is random between 0 s and `first_delay` × 2ⁿ⁻¹, at most `longest_delay`.
/// If the response demands a delay (`Retry-After` in seconds or as a date, or `X-RateLimit-Reset`), the client
/// waits for that delay first. A value that cannot be read is ignored.
///
/// If less than a tenth of the budget is left for the next attempt, after the delay that the response demands, the call
/// ends at once with the last response. A random delay is shortened so that this tenth is left. Without
/// [`jitter`](Self::jitter), the computed delay is not shortened: if it leaves less than a tenth, the call ends at once
/// too. For example, if a server asks for an hour, the call fails at once, and
/// [`Error::retry_after`](qovery_api::Error::retry_after) returns the hour.
///
/// ```
/// use std::time::Duration;
/// use qovery_ext::connect::{Connect, RetryPolicy};
///
/// let patient = RetryPolicy::new()
///     .attempts(8)
///     .longest_delay(Duration::from_secs(30))
///     .budget(Duration::from_secs(300));
/// let client = Connect::new().token("qov_0123456789").retry(patient).build()?;
/// # Ok::<(), qovery_ext::connect::ConnectError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct RetryPolicy {
    attempts: u32,
    first_delay: Duration,
    longest_delay: Duration,
    budget: Option<Duration>,
    after_timeout: bool,
    jitter: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy {
    /// Creates the default policy: four attempts, delays of up to 0.5 s, 1 s and 2 s, and a budget
    /// of twice the limit of one request.
    pub const fn new() -> Self {
        Self {
            attempts: 4,
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(20),
            budget: None,
            after_timeout: false,
            jitter: true,
        }
    }

    /// Creates a policy without retries. After a `401`, a [`TokenSource`](super::TokenSource) still
    /// renews its token, and the request is sent once more.
    pub const fn never() -> Self {
        Self::new().attempts(1)
    }

    /// Sets how many times a request is sent at most, including the first time. 0 counts as 1. Default: 4.
    ///
    /// An attempt with a [renewed token](super::TokenSource) does not count.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// Sets the longest delay before the first retry. It doubles with each further retry. Default:
    /// 0.5 s.
    pub const fn first_delay(mut self, delay: Duration) -> Self {
        self.first_delay = delay;
        self
    }

    /// Sets the upper limit of a delay. It does not apply to a delay that a response demands.
    /// Default: 20 s.
    pub const fn longest_delay(mut self, delay: Duration) -> Self {
        self.longest_delay = delay;
        self
    }

    /// Sets the time limit for a call with all its attempts and delays, including its time in the queues of
    /// [`concurrency_limit`](super::Connect::concurrency_limit) and [`rate_limit`](super::Connect::rate_limit). At
    /// the end of the budget, a request in flight is aborted. Default: twice the [limit of one
    /// request](super::Connect::request_timeout), 120 s.
    ///
    /// If a call has [its own limit](qovery_api::Call::timeout), that limit is its budget, and also the limit of each
    /// of its requests.
    pub const fn budget(mut self, budget: Duration) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Sets whether a request is retried if no complete response came in time and a retry is safe.
    /// Default: no, because a call may then take several times as long.
    pub const fn after_timeout(mut self, repeat: bool) -> Self {
        self.after_timeout = repeat;
        self
    }

    /// Sets whether delays are random. Without jitter, clients that failed together retry together, and the delay is
    /// the longer of the computed one and the one that the response demands.
    /// Default: yes.
    pub const fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// The budget of a call.
    pub(super) fn budget_for(&self, request_timeout: Duration) -> Duration {
        self.budget.unwrap_or(request_timeout.saturating_mul(2))
    }

    /// Whether any retry is allowed.
    pub(super) fn may_retry(&self, mode: RetryMode) -> bool {
        self.attempts > 1 && mode != RetryMode::Never
    }

    /// Whether the outcome of attempt number `round` is that of the call.
    pub(super) fn is_final(
        &self,
        round: u32,
        request: &Request,
        outcome: &Result<RawResponse, TransportError>,
    ) -> bool {
        round >= self.attempts
            || !self.is_worth_retrying(&request.operation.method, request.retry, outcome)
    }

    /// Whether the outcome of an attempt is a reason for a retry.
    pub(super) fn is_worth_retrying(
        &self,
        method: &Method,
        mode: RetryMode,
        outcome: &Result<RawResponse, TransportError>,
    ) -> bool {
        if mode == RetryMode::Never {
            return false;
        }
        // A second execution has no further effect, because of the method or according to the caller.
        let is_idempotent = match mode {
            RetryMode::EvenIfExecuted => true,
            RetryMode::UnlessExecuted => false,
            _ => matches!(
                *method,
                Method::GET | Method::HEAD | Method::PUT | Method::DELETE
            ),
        };
        match outcome {
            Ok(response) => match response.status {
                StatusCode::TOO_MANY_REQUESTS => true,
                StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT => is_idempotent,
                _ => false,
            },
            Err(error) if error.is_connect() || error.is_interrupted() => {
                !error.may_have_been_executed() || is_idempotent
            }
            Err(error) if error.is_timeout() => self.after_timeout && is_idempotent,
            Err(error) => error.is_body() && is_idempotent,
        }
    }

    /// The delays of a call.
    pub(super) fn delays(&self) -> Delays {
        let ceilings = ExponentialBuilder::new()
            .with_min_delay(self.first_delay.min(self.longest_delay))
            .with_max_delay(self.longest_delay)
            .without_max_times()
            .build();
        Delays {
            ceilings,
            jitter: self.jitter,
        }
    }
}

/// The delays of one call.
#[derive(Debug)]
pub(super) struct Delays {
    ceilings: <ExponentialBuilder as BackoffBuilder>::Backoff,
    jitter: bool,
}

impl Delays {
    /// The delay before the next attempt; `left` is the rest of `budget`, and `asked` is the delay that the
    /// server demands. `None` if the attempt would be too late.
    pub(super) fn next(
        &mut self,
        asked: Option<Duration>,
        left: Duration,
        budget: Duration,
    ) -> Option<Duration> {
        let ceiling = self.ceilings.next()?;
        let asked = asked.unwrap_or_default();
        let room = left.checked_sub(asked.saturating_add(budget / 10))?;
        if room.is_zero() {
            return None;
        }
        if self.jitter {
            return Some(asked + ceiling.min(room).mul_f64(fastrand::f64()));
        }
        // A demanded delay is not shortened.
        let wait = asked.max(ceiling);
        (wait < asked + room).then_some(wait)
    }
}

#[cfg(test)]
mod tests;
