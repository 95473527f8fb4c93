//! One HTTP server that records requests and sends prepared responses.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use httpmock::prelude::*;
use httpmock::{HttpMockRequest, HttpMockResponse};
use qovery_api::Client;
use serde_json::Value;

/// A server, and a client that is connected to it.
#[derive(Debug)]
pub struct Exchange {
    /// The client.
    pub client: Client,
    state: Arc<Mutex<State>>,
    _server: Server,
}

struct Server(
    #[expect(dead_code, reason = "the server runs until this value is dropped")] MockServer,
);

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<Seen>,
    response: (u16, Option<String>, Vec<u8>),
}

/// One received request.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// In upper case.
    pub method: String,
    /// The path, percent-encoded.
    pub path: String,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Seen {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Panics if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

impl Exchange {
    /// Starts a server.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            response: (204, None, Vec::new()),
            ..State::default()
        }));
        let server = MockServer::start_async().await;
        let shared = Arc::clone(&state);
        let response = move |request: &HttpMockRequest| respond(&shared, request);
        let mock = server.mock_async(|when, then| {
            when.is_true(|_| true);
            then.respond_with(response);
        });
        mock.await;
        let client = Client::builder()
            .base_url(server.base_url())
            .token(qovery_api::AccessToken::new("qov_test-token").expect("a token"))
            .build()
            .expect("a client");
        Self {
            client,
            state,
            _server: Server(server),
        }
    }

    /// Sets the response to the next requests: status, media type and body.
    pub fn respond_with(&self, status: u16, media: Option<&str>, body: impl Into<Vec<u8>>) {
        self.state().response = (status, media.map(str::to_owned), body.into());
    }

    /// Returns the requests since the last call of this method.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().seen)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn respond(state: &Mutex<State>, request: &HttpMockRequest) -> HttpMockResponse {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.seen.push(Seen {
        method: request.method_str().to_uppercase(),
        path: request.uri().path().to_owned(),
        query: request.query_params(),
        headers: request.headers_vec().clone(),
        body: request.body_vec(),
    });
    let (status, media, body) = &state.response;
    let response = HttpMockResponse::builder().status(*status);
    let response = match media {
        Some(media) => response.header("content-type", media),
        None => response,
    };
    if body.is_empty() {
        response.no_body().build()
    } else {
        response.body(body.clone()).build()
    }
}
