//! A request under way, in the background where it may be.
//!
//! A future moves only while it is polled, and a consumer that works on its items polls nothing. So
//! a page that is read ahead is fetched by a task of its own. Dropping a flight ends its request,
//! in the background too.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use qovery_api::BoxFuture;
use tokio::{runtime::Handle, task::JoinHandle};
use tracing::Instrument;

pub(super) enum Flight<T> {
    InPlace(BoxFuture<'static, T>),
    InBackground(JoinHandle<T>),
}

impl<T: Send + 'static> Flight<T> {
    pub(super) fn in_place(fetch: BoxFuture<'static, T>) -> Self {
        Self::InPlace(fetch)
    }

    /// In a task of the current runtime; without one in place.
    pub(super) fn in_background(fetch: BoxFuture<'static, T>) -> Self {
        match Handle::try_current() {
            Ok(runtime) => Self::InBackground(runtime.spawn(fetch.in_current_span())),
            Err(_) => Self::InPlace(fetch),
        }
    }

    /// The result, or `None` where the runtime of the task shut down before there was one.
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

impl<T> Drop for Flight<T> {
    fn drop(&mut self) {
        if let Self::InBackground(task) = self {
            task.abort();
        }
    }
}
