//! A transport with prepared responses, and an operation to call through it.

use std::sync::{Arc, Mutex};

use qovery_api::{
    BoxFuture, Client, Json, Operation, OperationInfo, RawResponse, Request, Transport,
    TransportError,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
};
use serde_json::Value;

type Respond = dyn Fn(&Request) -> Result<RawResponse, TransportError> + Send + Sync;

/// Answers every request with the same response, and records the URLs.
#[derive(Clone)]
pub(crate) struct Stub {
    respond: Arc<Respond>,
    urls: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    pub(crate) fn new(
        respond: impl Fn(&Request) -> Result<RawResponse, TransportError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            respond: Arc::new(respond),
            urls: Arc::default(),
        }
    }

    /// Answers with this status and body.
    pub(crate) fn responding(status: u16, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::new(move |_| Ok(response(status, &body)))
    }

    pub(crate) fn client(&self) -> Client {
        Client::with_transport("https://h.test/p/", self.clone()).unwrap()
    }

    /// The requested paths since the last call of this method.
    pub(crate) fn take_urls(&self) -> Vec<String> {
        std::mem::take(&mut *self.urls.lock().unwrap())
    }
}

impl Transport for Stub {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        self.urls.lock().unwrap().push(request.url.to_string());
        let response = (self.respond)(&request);
        Box::pin(async move { response })
    }
}

pub(crate) fn response(status: u16, body: &str) -> RawResponse {
    let status = StatusCode::from_u16(status).unwrap();
    RawResponse::new(status, HeaderMap::new(), body.to_owned())
}

/// The same response with a header, if the text is a valid header value.
pub(crate) fn with_header(mut response: RawResponse, name: &str, text: &str) -> RawResponse {
    if let Ok(value) = HeaderValue::from_str(text) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        response.headers.insert(name, value);
    }
    response
}

/// An operation with a text in its path.
pub(crate) struct GetNote;

impl Operation for GetNote {
    type Output = Value;
    type Format = Json;
    const INFO: &'static OperationInfo =
        &OperationInfo::new("getNote", Method::GET, "/a/{noteId}/b");
}
