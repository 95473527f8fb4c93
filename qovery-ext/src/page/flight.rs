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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn dropping_a_flight_ends_its_request_in_the_background() {
        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let flight = Flight::in_background(Box::pin(async move {
            std::future::pending::<()>().await;
            drop(inside);
        }));
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&held), 2);
        drop(flight);
        tokio::task::yield_now().await;
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test]
    #[should_panic(expected = "from inside")]
    async fn a_panic_in_the_background_is_not_lost() {
        let mut flight = Flight::in_background(Box::pin(async { panic!("from inside") }));
        std::future::poll_fn(|context| flight.poll(context))
            .await
            .unwrap_or(());
    }

    #[test]
    fn a_flight_whose_runtime_is_gone_says_so() {
        let first = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut flight = first.block_on(async { Flight::in_background(Box::pin(async { 1 })) });
        drop(first);
        let second = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let result = second.block_on(std::future::poll_fn(|context| flight.poll(context)));
        assert_eq!(result, None);
    }

    #[test]
    fn without_a_runtime_the_request_is_made_in_place() {
        let flight = Flight::in_background(Box::pin(async {}));
        assert!(matches!(flight, Flight::InPlace(_)));
    }
}
