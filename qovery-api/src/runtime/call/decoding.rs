//! Decodes the body of a response, a large one on another thread.
//!
//! Decoding several megabytes would block the thread of a task, and timers around a call would fire late. In
//! a Tokio runtime, a large body is decoded on a thread for blocking work. Without a runtime there is no
//! other thread, and it is decoded in place.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::{runtime::Handle, task::JoinHandle};

use crate::runtime::{
    DecodeError, Error, Operation, RawResponse, Response, ResponseFormat,
    decode::{Manner, budget},
    origin::Origin,
};

/// Bodies from this size on are decoded on another thread, in bytes. Smaller ones take less than a
/// millisecond.
const LARGE: usize = 256 * 1024;

/// A response on its way to its decoded form.
pub(super) struct Decoding<O: Operation> {
    response: Option<RawResponse>,
    limit: usize,
    manner: Manner,
    outcome: Outcome<O::Output>,
    work: Option<Work>,
}

/// Receives the decoded value from the thread.
type Outcome<T> = Arc<Mutex<Option<Result<T, DecodeError>>>>;

impl<O: Operation> Decoding<O> {
    /// Begins to decode, within a limit in bytes. Small bodies are decoded when this is polled.
    pub(super) fn begin(response: RawResponse, limit: usize, manner: Manner) -> Self {
        let outcome = Outcome::default();
        let work = (response.body.len() >= LARGE)
            .then(|| {
                let (outcome, body) = (Arc::clone(&outcome), response.body.clone());
                Work::begin(Box::new(move || {
                    let decoded = decode::<O>(&body, limit, manner);
                    *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(decoded);
                }))
            })
            .flatten();
        Self {
            response: Some(response),
            limit,
            manner,
            outcome,
            work,
        }
    }

    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response<O::Output>, Error>> {
        if let Some(work) = &mut self.work {
            ready!(work.poll(context));
            self.work = None;
        }
        let Some(raw) = self.response.take() else {
            // Polled after its end, which no caller may do.
            return Poll::Pending;
        };
        let ignores_body = <O::Format as ResponseFormat<O::Output>>::IGNORES_BODY;
        let origin = Origin::of_success(&raw.headers, &raw.body, ignores_body);
        if origin == Origin::WebPage {
            return Poll::Ready(Err(Error::decode(O::INFO, raw, DecodeError::web_page())));
        }
        let decoded = self.outcome.lock();
        let decoded = decoded.unwrap_or_else(PoisonError::into_inner).take();
        let in_place = || decode::<O>(&raw.body, self.limit, self.manner);
        Poll::Ready(match decoded.unwrap_or_else(in_place) {
            Ok(body) => Ok(Response::new(raw, body, origin)),
            Err(error) => Err(Error::decode(O::INFO, raw, error)),
        })
    }
}

fn decode<O: Operation>(
    body: &Bytes,
    limit: usize,
    manner: Manner,
) -> Result<O::Output, DecodeError> {
    budget::with_limit(limit, || match manner {
        Manner::Tolerant => O::Format::decode(body),
        Manner::Patient | Manner::Exact => O::Format::decode_strictly(body),
    })
}

/// Work on another thread. Dropping it before it has begun takes it back.
struct Work(JoinHandle<()>);

impl Work {
    /// `None` without a runtime.
    fn begin(work: Box<dyn FnOnce() + Send>) -> Option<Self> {
        let runtime = Handle::try_current().ok()?;
        Some(Self(runtime.spawn_blocking(work)))
    }

    /// Ready when it has ended, or when the runtime that it was for has.
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use http::{HeaderMap, StatusCode};
    use serde_json::Value;

    use crate::runtime::test_support::Recorder;

    use super::*;

    fn list(items: usize) -> RawResponse {
        let body = format!("[{}0]", "[],".repeat(items));
        RawResponse::new(StatusCode::OK, HeaderMap::new(), body)
    }

    fn count(value: &Value) -> usize {
        value.as_array().unwrap().len()
    }

    #[tokio::test]
    async fn a_small_body_is_decoded_where_it_is_asked_for() {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.answer(Ok(list(10)));
        assert_eq!(count(&client.get_thing("x").await.unwrap()), 11);
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_body_is_decoded_while_others_run_and_no_paused_clock_runs_away() {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.answer(Ok(list(LARGE)));
        let mut call = std::pin::pin!(client.get_thing("x").response());
        // A task beside it gets its turn before the body is decoded.
        let first = futures_poll(call.as_mut()).await;
        assert!(first.is_none());
        let decoded = tokio::time::timeout(Duration::from_millis(1), call).await;
        assert_eq!(count(&decoded.unwrap().unwrap().body), LARGE + 1);
    }

    #[tokio::test]
    async fn a_deadline_around_a_call_holds_while_a_large_body_is_decoded() {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.answer(Ok(list(20 * LARGE)));
        let whole = Instant::now();
        let first = client.get_thing("x").await;
        let whole = whole.elapsed();
        assert!(
            first.is_err() || whole > Duration::from_millis(20),
            "{whole:?}"
        );
        recorder.answer(Ok(list(2 * LARGE)));
        let started = Instant::now();
        let outcome = tokio::time::timeout(Duration::ZERO, client.get_thing("x").response()).await;
        let ended = started.elapsed();
        assert!(outcome.is_err());
        // Ten times as much takes this long; a busy machine slows down both.
        let longest = whole.max(Duration::from_millis(100));
        assert!(ended < longest, "{ended:?} of {whole:?}");
    }

    #[test]
    fn without_a_runtime_a_large_body_is_decoded_in_place() {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.answer(Ok(list(LARGE)));
        let mut call = std::pin::pin!(client.get_thing("x").response());
        let mut context = Context::from_waker(std::task::Waker::noop());
        match call.as_mut().poll(&mut context) {
            Poll::Ready(response) => assert_eq!(count(&response.unwrap().body), LARGE + 1),
            Poll::Pending => panic!("nothing would wake it"),
        }
    }

    #[test]
    fn a_large_body_is_decoded_in_place_when_its_runtime_has_ended() {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.answer(Ok(list(LARGE)));
        let mut call = Box::pin(client.get_thing("x").response());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let first = runtime.block_on(futures_poll(call.as_mut()));
        assert!(first.is_none());
        drop(runtime);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let response = runtime.block_on(call).unwrap();
        assert_eq!(count(&response.body), LARGE + 1);
    }

    async fn futures_poll<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            Poll::Ready(match future.as_mut().poll(context) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            })
        })
        .await
    }
}
