//! The limit on requests of waits in flight, for each client.
//!
//! The limit is not among those of `connect`, for two reasons. It applies to every client, also to one
//! without a connected transport. And other calls of the program do not queue behind ten thousand polls. A
//! request gets its turn before the time limit of its poll begins, so that time in the queue does not count
//! as a failed poll. Dropping the future leaves the queue.

use std::sync::{Arc, Mutex};

use qovery_api::Client;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::sync::lock;

/// The default limit on requests of waits in flight, for one client.
pub(super) const IN_FLIGHT: usize = 32;

/// The queue of all waits of a client and its clones.
pub(super) struct InFlightLimit(Mutex<Arc<Semaphore>>);

/// The permission to send requests, one after the other. Dropping it lets the next wait continue.
pub(crate) struct Permit {
    /// Kept because dropping it has an effect.
    _permit: Option<OwnedSemaphorePermit>,
}

impl InFlightLimit {
    pub(super) fn of(client: &Client) -> Arc<Self> {
        client.shared(|| Self(Mutex::new(semaphore(IN_FLIGHT))))
    }

    /// Sets the limit for later requests; 0 counts as 1.
    pub(super) fn limit(&self, in_flight: usize) {
        *lock(&self.0) = semaphore(in_flight);
    }

    pub(super) async fn next(&self) -> Permit {
        let current = Arc::clone(&lock(&self.0));
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
