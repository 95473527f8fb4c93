//! Runs work that would block the thread of a task on a thread for blocking work.
//!
//! Decoding several megabytes takes long enough to delay other tasks, and timers around a call would fire late. Without
//! a Tokio runtime there is no other thread, and the work is done on the current one.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::{runtime::Handle, task::JoinHandle};

use super::{DecodeError, decode};

/// Bodies of this many bytes or more are decoded on another thread. Smaller ones take less than a millisecond.
pub(crate) const LARGE: usize = 256 * 1024;

/// Work on another thread, if there is one.
pub(crate) struct Background<T> {
    outcome: Arc<Mutex<Option<T>>>,
    work: Option<Work>,
}

impl<T> Background<T> {
    /// No work was started.
    pub(crate) fn none() -> Self {
        Self {
            outcome: Arc::default(),
            work: None,
        }
    }

    /// Starts the work, unless there is no runtime.
    pub(crate) fn begin(work: impl FnOnce() -> T + Send + 'static) -> Self
    where
        T: Send + 'static,
    {
        let outcome = Arc::new(Mutex::new(None));
        let returned = Arc::clone(&outcome);
        let work = Work::begin(Box::new(move || {
            let result = work();
            *returned.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        }));
        Self { outcome, work }
    }

    /// Ready when the work has ended; `None` if it was not done, because there is no runtime or because
    /// it has ended.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        if let Some(work) = &mut self.work {
            ready!(work.poll(context));
            self.work = None;
        }
        let outcome = self.outcome.lock();
        Poll::Ready(outcome.unwrap_or_else(PoisonError::into_inner).take())
    }
}

/// Work on another thread. If it is dropped before the work has begun, the work is canceled.
struct Work(JoinHandle<()>);

impl Work {
    /// `None` without a runtime.
    fn begin(work: Box<dyn FnOnce() + Send>) -> Option<Self> {
        let runtime = Handle::try_current().ok()?;
        Some(Self(runtime.spawn_blocking(work)))
    }

    /// Ready when the work or its runtime has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Err(error) = ready!(Pin::new(&mut self.0).poll(context))
            && let Ok(panic) = error.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
        Poll::Ready(())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Decodes a document like [`decode`], and a large one without blocking the thread of the task.
///
/// In a Tokio runtime, a document of 256 KiB or more is decoded on a thread for blocking work.
///
/// # Errors
/// The same as [`decode`].
///
/// # Cancel safety
/// Dropping the future abandons the document.
///
/// ```
/// # async fn example(frame: qovery_api::bytes::Bytes) -> Result<(), qovery_api::DecodeError> {
/// let numbers: Vec<u32> = qovery_api::decode_in_background(frame).await?;
/// # Ok(()) }
/// ```
pub async fn decode_in_background<T>(body: Bytes) -> Result<T, DecodeError>
where
    T: DeserializeOwned + Send + 'static,
{
    if body.len() >= LARGE {
        let document = body.clone();
        let mut background = Background::begin(move || decode::<T>(&document));
        if let Some(decoded) = std::future::poll_fn(|context| background.poll(context)).await {
            return decoded;
        }
    }
    decode(&body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: usize) -> Bytes {
        format!("[{}0]", "0,".repeat(items)).into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_document_is_decoded_while_other_tasks_run() {
        for (items, leaves_the_thread) in [(10, false), (LARGE, true)] {
            let mut decoding = Box::pin(decode_in_background::<Vec<u8>>(list(items)));
            let mut context = Context::from_waker(std::task::Waker::noop());
            let first = decoding.as_mut().poll(&mut context);
            assert_eq!(first.is_pending(), leaves_the_thread, "{items}");
            if first.is_pending() {
                assert_eq!(decoding.await.unwrap().len(), items + 1);
            }
        }
    }

    #[tokio::test]
    async fn the_decoded_size_is_limited_on_the_other_thread_too() {
        let document = format!("[{}{{}}]", "{},".repeat(1 << 20));
        let decoded = decode_in_background::<serde_json::Value>(document.into()).await;
        assert!(decoded.unwrap_err().is_too_large());
    }

    #[test]
    fn without_a_runtime_a_large_document_is_decoded_in_place() {
        let mut decoding = Box::pin(decode_in_background::<Vec<u8>>(list(LARGE)));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let Poll::Ready(decoded) = decoding.as_mut().poll(&mut context) else {
            panic!("nothing would wake it");
        };
        assert_eq!(decoded.unwrap().len(), LARGE + 1);
    }
}
