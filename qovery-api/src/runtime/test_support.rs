//! A transport without sockets, and operations to call, for the tests of this module.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;

use super::*;

/// Answers with a prepared response, and records the requests.
#[derive(Clone, Default)]
pub(crate) struct Recorder {
    requests: Arc<Mutex<Vec<Request>>>,
    response: Arc<Mutex<Option<Result<RawResponse, TransportError>>>>,
}

impl Recorder {
    /// A client of `base_url`, and its recorder.
    pub(crate) fn client(base_url: &str) -> (Client, Self) {
        let recorder = Self::default();
        let client = Client::with_transport(base_url, recorder.clone()).unwrap();
        (client, recorder)
    }

    /// Sets the response to the next request. Default: `200` and `null`.
    pub(crate) fn respond_with(&self, response: Result<RawResponse, TransportError>) {
        *self.response.lock().unwrap() = Some(response);
    }

    /// The recorded requests.
    pub(crate) fn sent(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        self.requests.lock().unwrap().push(request);
        let prepared = self.response.lock().unwrap().take();
        let result = prepared.unwrap_or_else(|| Ok(response(200, "null")));
        Box::pin(async move { result })
    }
}

/// A response without headers.
pub(crate) fn response(status: u16, body: &'static str) -> RawResponse {
    RawResponse::new(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        body,
    )
}

/// Reads an object by its name.
pub(crate) struct GetThing;

impl Operation for GetThing {
    type Output = serde_json::Value;
    type Format = Json;
    const INFO: &'static OperationInfo =
        &OperationInfo::new("getThing", Method::GET, "/thing/{thingId}/status");
}

/// Creates an object.
pub(crate) struct CreateThing;

impl Operation for CreateThing {
    type Output = Option<serde_json::Value>;
    type Format = JsonOrEmpty;
    const INFO: &'static OperationInfo = &OperationInfo::new("createThing", Method::POST, "/thing");
}

/// Counts objects.
pub(crate) struct CountThings;

/// What [`CountThings`] yields.
#[derive(Debug, Deserialize)]
pub(crate) struct Counts {
    pub(crate) results: Vec<Count>,
}

/// One of [`Counts`].
#[derive(Debug, Deserialize)]
pub(crate) struct Count {
    pub(crate) count: u8,
}

impl Operation for CountThings {
    type Output = Counts;
    type Format = Json;
    const INFO: &'static OperationInfo =
        &OperationInfo::new("countThings", Method::GET, "/thing/count");
}

impl Client {
    pub(crate) fn count_things(&self) -> Call<CountThings> {
        Call::new(self, &[])
    }

    pub(crate) fn get_thing(&self, id: &str) -> Call<GetThing> {
        Call::new(self, &[&id])
    }

    pub(crate) fn create_thing(&self, body: &serde_json::Value) -> Call<CreateThing> {
        Call::new(self, &[]).json(body)
    }
}
