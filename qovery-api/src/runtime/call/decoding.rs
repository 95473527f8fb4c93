//! Decodes the body of a response, a large one in the [background](crate::runtime::background).

use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::runtime::{
    DecodeError, Error, Operation, RawResponse, Response, ResponseFormat,
    background::{Background, LARGE},
    decode::{DecodeMode, budget},
    origin::Origin,
};

/// A response that is being decoded.
pub(super) struct Decoding<O: Operation> {
    response: Option<RawResponse>,
    limit: usize,
    mode: DecodeMode,
    background: Background<Result<O::Output, DecodeError>>,
}

impl<O: Operation> Decoding<O> {
    /// Starts decoding, within a limit in bytes. Small bodies are decoded when this is polled.
    pub(super) fn begin(response: RawResponse, limit: usize, mode: DecodeMode) -> Self {
        let background = if response.body.len() >= LARGE {
            let body = response.body.clone();
            Background::begin(move || decode::<O>(&body, limit, mode))
        } else {
            Background::none()
        };
        Self {
            response: Some(response),
            limit,
            mode,
            background,
        }
    }

    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Response<O::Output>, Error>> {
        let decoded = ready!(self.background.poll(context));
        let Some(raw) = self.response.take() else {
            // Polled after its end, which is an error of the caller.
            return Poll::Pending;
        };
        let ignores_body = <O::Format as ResponseFormat<O::Output>>::IGNORES_BODY;
        let origin = Origin::of_success(&raw.headers, &raw.body, ignores_body);
        if origin == Origin::WebPage {
            return Poll::Ready(Err(Error::decode(O::INFO, raw, DecodeError::web_page())));
        }
        let in_place = || decode::<O>(&raw.body, self.limit, self.mode);
        Poll::Ready(match decoded.unwrap_or_else(in_place) {
            Ok(body) => Ok(Response::new(raw, body, origin)),
            Err(error) => Err(Error::decode(O::INFO, raw, error)),
        })
    }
}

fn decode<O: Operation>(
    body: &Bytes,
    limit: usize,
    mode: DecodeMode,
) -> Result<O::Output, DecodeError> {
    budget::with_limit(limit, || match mode {
        DecodeMode::Lenient => O::Format::decode(body),
        DecodeMode::Strict | DecodeMode::Exact => O::Format::decode_strictly(body),
    })
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::Pin,
        time::{Duration, Instant},
    };

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
        recorder.respond_with(Ok(list(10)));
        assert_eq!(count(&client.get_thing("x").await.unwrap()), 11);
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_body_is_decoded_while_others_run_and_no_paused_clock_runs_away() {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.respond_with(Ok(list(LARGE)));
        let mut call = std::pin::pin!(client.get_thing("x").response());
        // Another task runs before the body is decoded.
        let first = futures_poll(call.as_mut()).await;
        assert!(first.is_none());
        let decoded = tokio::time::timeout(Duration::from_millis(1), call).await;
        assert_eq!(count(&decoded.unwrap().unwrap().body), LARGE + 1);
    }

    #[tokio::test]
    async fn a_deadline_around_a_call_holds_while_a_large_body_is_decoded() {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.respond_with(Ok(list(20 * LARGE)));
        let whole = Instant::now();
        let first = client.get_thing("x").await;
        let whole = whole.elapsed();
        assert!(
            first.is_err() || whole > Duration::from_millis(20),
            "{whole:?}"
        );
        recorder.respond_with(Ok(list(2 * LARGE)));
        let started = Instant::now();
        let outcome = tokio::time::timeout(Duration::ZERO, client.get_thing("x").response()).await;
        let ended = started.elapsed();
        assert!(outcome.is_err());
        // The time for ten times as much; a busy machine slows down both.
        let longest = whole.max(Duration::from_millis(100));
        assert!(ended < longest, "{ended:?} of {whole:?}");
    }

    #[test]
    fn without_a_runtime_a_large_body_is_decoded_in_place() {
        let (client, recorder) = Recorder::client("https://h.test");
        recorder.respond_with(Ok(list(LARGE)));
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
        recorder.respond_with(Ok(list(LARGE)));
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
