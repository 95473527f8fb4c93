//! The fuzz targets as functions of an input, and their shared parts: a server whose responses are the input,
//! and checks of printed text.
//!
//! The tests of the workspace compile this module too, and run it with random changes of its seeds.

pub mod cursors;
pub mod decode;
pub mod display;
pub mod encode;
pub mod tokens;

use std::sync::Arc;

use qovery_api::{BoxFuture, Client, RawResponse, Request, Transport, TransportError};

#[path = "../../../tests/src/hostile.rs"]
mod hostile;

/// Panics if a terminal or a CI runner executes a part of the text, or if a part of the text is invisible.
pub fn assert_harmless(printed: &str) {
    let faults = hostile::faults(printed);
    assert!(faults.is_empty(), "{faults:?}");
}

/// Panics if a terminal executes a part of the text. Derived `Debug` escapes like the standard library, so CI
/// commands are allowed.
pub fn assert_no_control(printed: &str) {
    let found = printed.chars().find(|c| c.is_control() && *c != '\n');
    assert!(found.is_none(), "{found:?} in {printed:?}");
}

/// The corpus of hostile texts.
pub fn hostile_texts() -> Vec<String> {
    hostile::texts().into_iter().map(|(_, text)| text).collect()
}

type Respond = dyn Fn(&Request) -> Result<RawResponse, TransportError> + Send + Sync;

/// Returns a client of a server that answers with this response.
pub fn client(
    respond: impl Fn(&Request) -> Result<RawResponse, TransportError> + Send + Sync + 'static,
) -> Client {
    Client::with_transport("https://h.test", Stub(Arc::new(respond))).expect("a valid address")
}

struct Stub(Arc<Respond>);

impl Transport for Stub {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let response = (self.0)(&request);
        Box::pin(async move { response })
    }
}

/// Runs a future on a paused clock, which advances when all tasks wait.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}
