//! A request in flight, in a background task if there is a Tokio runtime.
//!
//! A future makes progress only while it is polled, and a consumer that processes its items does not
//! poll. So a separate task fetches the page that is read ahead. Dropping a request also ends the request
//! of a background task.

use std::{future::Future, panic::resume_unwind};

use qovery_api::BoxFuture;
use tokio::{
    runtime::Handle,
    task::{JoinError, JoinSet},
};
use tracing::Instrument;

/// Returns the result; `None` if the runtime of the task shut down before the result was ready.
pub(super) type PageRequest<T> = BoxFuture<'static, Option<T>>;

pub(super) fn in_place<T>(fetch: impl Future<Output = T> + Send + 'static) -> PageRequest<T> {
    Box::pin(async { Some(fetch.await) })
}

/// Runs the request in a task of the current runtime; in place if there is no runtime.
pub(super) fn in_background<T: Send + 'static>(
    fetch: impl Future<Output = T> + Send + 'static,
) -> PageRequest<T> {
    let Ok(runtime) = Handle::try_current() else {
        return in_place(fetch);
    };
    // A set, because dropping it aborts its task.
    let mut task = JoinSet::new();
    task.spawn_on(fetch.in_current_span(), &runtime);
    Box::pin(async move {
        match task.join_next().await?.map_err(JoinError::try_into_panic) {
            Ok(result) => Some(result),
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(_)) => None,
        }
    })
}
