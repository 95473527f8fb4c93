//! Which requests are sent again, and when.
//!
//! A policy is a value and decides without sending anything. The growing sequence is `backon`'s; its
//! loop is not used, because its jitter only adds to a wait, and because neither it nor reqwest's own
//! repeats know `Retry-After`, a budget that also bounds the request under way, or whether an earlier
//! attempt may have been executed. Not for a `401`: a request with a new
//! token is [`TokenSource`](super::TokenSource)'s, and not for waiting until something is deployed.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use qovery_api::{
    RawResponse, Request, RetryMode, TransportError,
    http::{Method, StatusCode},
};

/// Which requests are sent again, how often, and for how long.
///
/// | after | `GET`, `HEAD`, `PUT`, `DELETE` | `POST`, `PATCH` |
/// |---|---|---|
/// | no connection could be made | again | again |
/// | 429 | again | again |
/// | 502, 503, 504 | again | no |
/// | the connection was lost, or the response broke off | again | no |
/// | no complete response in time | only [if asked for](Self::after_timeout) | no |
/// | any other response | no | no |
///
/// A call can say otherwise with [`Call::retry`](qovery_api::Call::retry):
/// [`RetryMode::EvenIfExecuted`] treats it like a `GET`, [`RetryMode::UnlessExecuted`] like a `POST`,
/// [`RetryMode::Never`] sends it once. The actions of [`wait`](crate::wait) are sent with
/// `UnlessExecuted`, `DELETE` included. A call can also bring a policy of its own with [`Call::extension`](qovery_api::Call::extension).
///
/// The wait before the *n*-th repeat is random between nothing and `first_delay` × 2ⁿ⁻¹, at most
/// `longest_delay`. If the server says when to come back (`Retry-After` in seconds or as a date, or
/// `X-RateLimit-Reset`), the random wait begins then. No repeat begins that would have less than a
/// tenth of the budget left: the call ends at once with the last answer, which says when to come
/// back. So a server that asks for an hour is neither waited for nor disobeyed, and a value that
/// cannot be read counts as none.
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
    /// The defaults: four attempts, waits of up to 0.5 s, 1 s and 2 s, a budget of twice the limit
    /// on a request.
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

    /// No repeats. A bare `401` still makes a [`TokenSource`](super::TokenSource) renew its token.
    pub const fn never() -> Self {
        Self::new().attempts(1)
    }

    /// How often a request is sent at most, the first time included. 0 counts as 1. Default: 4.
    ///
    /// The one time that a call is sent again with a [renewed token](super::TokenSource) comes on
    /// top.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// The longest wait before the first repeat; it doubles with each further one. Default: 0.5 s.
    pub const fn first_delay(mut self, delay: Duration) -> Self {
        self.first_delay = delay;
        self
    }

    /// The upper limit of a delay. A delay that the server asks for is not limited by it.
    /// Default: 20 s.
    pub const fn longest_delay(mut self, delay: Duration) -> Self {
        self.longest_delay = delay;
        self
    }

    /// The limit on a call with all its attempts and waits, its place in line for
    /// [`concurrency`](super::Connect::concurrency_limit) and the like included. Bounds each request
    /// too. Default: twice the [limit on a request](super::Connect::request_timeout), so 120 s.
    ///
    /// A call that has [a limit of its own](qovery_api::Call::timeout) has that as its budget.
    pub const fn budget(mut self, budget: Duration) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Whether a request that is safe to repeat is sent again when no complete response came in
    /// time. Default: no, because that may make the wait several times as long.
    pub const fn after_timeout(mut self, repeat: bool) -> Self {
        self.after_timeout = repeat;
        self
    }

    /// Whether waits are random. Without it many clients that failed together come back together.
    /// Default: yes.
    pub const fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// The budget that holds for a call.
    pub(super) fn budget_for(&self, request_timeout: Duration) -> Duration {
        self.budget.unwrap_or(request_timeout.saturating_mul(2))
    }

    /// Whether a request may be repeated at all.
    pub(super) fn repeats(&self, mode: RetryMode) -> bool {
        self.attempts > 1 && mode != RetryMode::Never
    }

    /// Whether the outcome of a request that was sent for the `round`th time is that of the call.
    pub(super) fn is_final(
        &self,
        round: u32,
        request: &Request,
        outcome: &Result<RawResponse, TransportError>,
    ) -> bool {
        round >= self.attempts
            || !self.is_worth_repeating(&request.operation.method, request.retry, outcome)
    }

    /// Whether what became of a request is a reason to send it again.
    pub(super) fn is_worth_repeating(
        &self,
        method: &Method,
        mode: RetryMode,
        outcome: &Result<RawResponse, TransportError>,
    ) -> bool {
        if mode == RetryMode::Never {
            return false;
        }
        // Twice has the effect of once, for these methods or because the caller says so.
        let twice_is_once = match mode {
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
                | StatusCode::GATEWAY_TIMEOUT => twice_is_once,
                _ => false,
            },
            Err(error) if error.is_connect() => !error.may_have_been_executed() || twice_is_once,
            Err(error) if error.is_timeout() => self.after_timeout && twice_is_once,
            Err(error) if error.is_interrupted() => {
                !error.may_have_been_executed() || twice_is_once
            }
            Err(error) => error.is_body() && twice_is_once,
        }
    }

    /// The growing upper ends of the waits.
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

/// The waits of one call.
#[derive(Debug)]
pub(super) struct Delays {
    ceilings: <ExponentialBuilder as BackoffBuilder>::Backoff,
    jitter: bool,
}

impl Delays {
    /// The delay before the next attempt; `left` is the rest of `budget` and
    /// `asked` the delay that the server asks for. `None` if the attempt would come too late.
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
        // Who asked for a moment is not made to wait beyond it.
        let wait = asked.max(ceiling);
        (wait < asked + room).then_some(wait)
    }
}

#[cfg(test)]
mod tests;
