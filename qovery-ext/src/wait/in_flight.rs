//! How many requests of waits are in flight at a time, for each client.
//!
//! The limit is here and not among the limits of `connect`, for two reasons: it then holds for every
//! client, also for one without a connected transport, and a call that a program makes itself does not
//! stand in line behind ten thousand polls. A permit is taken before the time limit of a poll begins, so
//! that standing in line is not a failed poll. Dropping the future gives up the place in line.

use std::sync::{Arc, Mutex, PoisonError};

use qovery_api::Client;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many requests of waits of one client are in flight by default.
pub(super) const IN_FLIGHT: usize = 32;

/// The turns of all waits of a client and its clones.
pub(super) struct InFlightLimit(Mutex<Arc<Semaphore>>);

/// Leave to make requests, one after the other. Dropping it lets the next one through.
#[derive(Default)]
pub(crate) struct Permit {
    /// Held for what its drop does.
    _permit: Option<OwnedSemaphorePermit>,
}

impl InFlightLimit {
    pub(super) fn of(client: &Client) -> Arc<Self> {
        client.shared(|| Self(Mutex::new(semaphore(IN_FLIGHT))))
    }

    /// Holds for requests from here on; 0 counts as 1.
    pub(super) fn limit(&self, in_flight: usize) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = semaphore(in_flight);
    }

    pub(super) async fn next(&self) -> Permit {
        let current = Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Permit {
            // The semaphore is never closed.
            _permit: current.acquire_owned().await.ok(),
        }
    }
}

fn semaphore(in_flight: usize) -> Arc<Semaphore> {
    let permits = in_flight.clamp(1, Semaphore::MAX_PERMITS);
    Arc::new(Semaphore::new(permits))
}
