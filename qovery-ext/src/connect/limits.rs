//! Limits the requests in flight and the requests that begin in an interval.
//!
//! All clones of a client share these limits. The limits of the server are not known in advance: its
//! responses state them, see [`Hold`]. A request that is dropped in the queue is not sent, and leaves the
//! queue.

use std::{collections::VecDeque, sync::Mutex as SyncMutex, time::Duration};

use qovery_api::{
    RawResponse,
    http::{HeaderMap, HeaderName, StatusCode},
};
use tokio::{
    sync::{Mutex, Semaphore, SemaphorePermit},
    time::{Instant, sleep_until},
};

use crate::sync::lock;

const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");

/// The limits of a client.
#[derive(Debug, Default)]
pub(super) struct Limits {
    in_flight: Option<Semaphore>,
    rate: Option<Window>,
    pub(super) hold: Hold,
}

/// The permission to send one request. Dropping it allows the next request.
#[derive(Debug)]
pub(super) struct Permit<'a>(
    #[expect(dead_code, reason = "kept because dropping it has an effect")]
    Option<SemaphorePermit<'a>>,
);

impl Limits {
    pub(super) fn new(in_flight: Option<usize>, rate: Option<(usize, Duration)>) -> Self {
        Self {
            in_flight: in_flight.map(|limit| Semaphore::new(limit.min(Semaphore::MAX_PERMITS))),
            rate: rate.map(|(requests, interval)| Window::new(requests, interval)),
            hold: Hold::default(),
        }
    }

    /// Whether there are no limits. A hold is not a limit.
    pub(super) fn are_none(&self) -> bool {
        self.in_flight.is_none() && self.rate.is_none()
    }

    /// Waits until a request may be sent. Requests are sent in the order of their arrival. Returns `None` if
    /// the request must no longer be sent when its turn comes.
    pub(super) async fn enter(&self, still: impl Fn() -> bool) -> Option<Permit<'_>> {
        let permit = match &self.in_flight {
            // The semaphore is never closed.
            Some(in_flight) => in_flight.acquire().await.ok(),
            None => None,
        };
        // Last, because the limit counts the start of a request, not its arrival in the queue.
        let is_let_through = match &self.rate {
            Some(rate) => rate.enter(still).await,
            None => still(),
        };
        is_let_through.then_some(Permit(permit))
    }
}

/// Limits how many requests begin in any interval of this length, at any position in time.
///
/// A token bucket would allow up to twice as many in an interval around its refill. Therefore this keeps the
/// start times of the last requests, as many as the limit allows.
#[derive(Debug)]
struct Window {
    requests: usize,
    interval: Duration,
    /// The start times of the last requests, the oldest first. The lock is held during a delay, so
    /// that later requests stay in their order.
    begun: Mutex<VecDeque<Instant>>,
}

impl Window {
    fn new(requests: usize, interval: Duration) -> Self {
        Self {
            requests,
            interval,
            begun: Mutex::default(),
        }
    }

    /// Returns `false`, without counting, if the request must no longer be sent.
    async fn enter(&self, still: impl Fn() -> bool) -> bool {
        let mut begun = self.begun.lock().await;
        if begun.len() >= self.requests
            && let Some(oldest) = begun.front()
        {
            // An interval beyond the range of the clock never ends.
            match oldest.checked_add(self.interval) {
                Some(moment) => sleep_until(moment).await,
                None => std::future::pending().await,
            }
        }
        if !still() {
            return false;
        }
        if begun.len() >= self.requests {
            begun.pop_front();
        }
        begun.push_back(Instant::now());
        true
    }
}

/// The time before which no clone of the client sends a request that may be retried, because the server demands
/// it. A request whose budget is too short for it is sent at once.
///
/// Set by a `429` that demands a delay, and by any response whose `X-RateLimit-Remaining` is 0. A later response
/// with an earlier time does not shorten the hold.
#[derive(Debug, Default)]
pub(super) struct Hold(SyncMutex<Option<Instant>>);

impl Hold {
    /// Records the limits that a response states.
    pub(super) fn observe(&self, response: &RawResponse) {
        let limited = response.status == StatusCode::TOO_MANY_REQUESTS;
        if !limited && !nothing_left(&response.headers) {
            return;
        }
        let Some(wait) = response.retry_after() else {
            return;
        };
        // A time beyond the range of the clock is ignored.
        if let Some(moment) = Instant::now().checked_add(wait) {
            let mut hold = lock(&self.0);
            *hold = (*hold).max(Some(moment));
        }
    }

    /// The end of the hold, if it is in the future.
    pub(super) fn until(&self) -> Option<Instant> {
        let mut hold = lock(&self.0);
        if hold.is_some_and(|moment| moment <= Instant::now()) {
            *hold = None;
        }
        *hold
    }
}

fn nothing_left(headers: &HeaderMap) -> bool {
    headers
        .get(REMAINING)
        .is_some_and(|value| value.as_bytes().trim_ascii() == b"0")
}

#[cfg(test)]
mod tests;
