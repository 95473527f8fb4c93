//! A request in flight, in a background task if there is a Tokio runtime.
//!
//! A future makes progress only while it is polled, and a consumer that processes its items does not
//! poll. So a separate task fetches the page that is read ahead. Dropping a request also ends the request
//! of a background task.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use qovery_api::BoxFuture;
use tokio::{runtime::Handle, task::JoinHandle};
use tracing::Instrument;

pub(super) enum PageRequest<T> {
    InPlace(BoxFuture<'static, T>),
    InBackground(JoinHandle<T>),
}

impl<T: Send + 'static> PageRequest<T> {
    pub(super) fn in_place(fetch: BoxFuture<'static, T>) -> Self {
        Self::InPlace(fetch)
    }

    /// Runs the request in a task of the current runtime; in place if there is no runtime.
    pub(super) fn in_background(fetch: BoxFuture<'static, T>) -> Self {
        match Handle::try_current() {
            Ok(runtime) => Self::InBackground(runtime.spawn(fetch.in_current_span())),
            Err(_) => Self::InPlace(fetch),
        }
    }

    /// Polls for the result; `None` if the runtime of the task shut down before the result was ready.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        match self {
            Self::InPlace(fetch) => fetch.as_mut().poll(context).map(Some),
            Self::InBackground(task) => Pin::new(task).poll(context).map(|joined| match joined {
                Ok(result) => Some(result),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => None,
                },
            }),
        }
    }
}

impl<T> Drop for PageRequest<T> {
    fn drop(&mut self) {
        if let Self::InBackground(task) = self {
            task.abort();
        }
    }
}
