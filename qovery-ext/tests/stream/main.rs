//! Live streams against the fake, on a paused clock unless a socket is involved.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics fails"
)]

mod contract;
mod dropping;
mod each_stream;
mod endings;
mod faults;
mod handshakes;
mod hostile_server;
mod one_day;
mod refusals;
mod shells;
mod until_running;
mod waits_with_streams;

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use qovery_ext::stream::{Event, StreamError};
use qovery_fake::{FakeEnvironment, FakeQovery, FakeService, Workload};

/// A fake with an environment and a service in it.
pub(crate) fn world() -> (FakeQovery, FakeEnvironment, FakeService) {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    let service = environment.service(Workload::Application, "api");
    (fake, environment, service)
}

/// The next item of a stream, past its other events.
pub(crate) async fn item<T>(
    stream: &mut (impl Stream<Item = Result<Event<T>, StreamError>> + Unpin),
) -> T {
    loop {
        match stream.next().await.expect("an item").expect("no error") {
            Event::Item(item) => return item,
            _ => continue,
        }
    }
}

/// All events until the stream ends, or until no event comes for some time.
pub(crate) async fn until_quiet<T>(
    stream: &mut (impl Stream<Item = Result<Event<T>, StreamError>> + Unpin),
    quiet: Duration,
) -> Vec<Result<Event<T>, StreamError>> {
    let mut events = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(quiet, stream.next()).await {
        events.push(event);
    }
    events
}

/// The kind of an event as one word, or the text of a line.
pub(crate) fn word(event: &Result<Event<qovery_ext::stream::ServiceLine>, StreamError>) -> String {
    match event {
        Ok(Event::Item(line)) => line.line.message.clone(),
        Ok(Event::Gap(_)) => "(gap)".to_owned(),
        Ok(Event::Reconnecting(_)) => "(reconnecting)".to_owned(),
        Ok(Event::Unreadable(_)) => "(unreadable)".to_owned(),
        Ok(_) => "(other)".to_owned(),
        Err(error) => format!("({:?})", error.kind()),
    }
}
