//! The requests and responses of the core.
//!
//! Independent of sockets and of the client's types: both front ends convert to and from these types.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

/// A request that reached the server.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) method: Method,
    /// The encoded path.
    pub(crate) path: String,
    /// Decoded query parameters, in order.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Incoming {
    /// Splits the query off an encoded path.
    pub(crate) fn new(
        method: Method,
        path_and_query: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        Self {
            method,
            path: path.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers,
            body,
        }
    }

    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        query
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A whole response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Response {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(crate) fn text(status: u16, media: &str, body: impl Into<Bytes>) -> Self {
        let mut response = Self::empty(status);
        response.body = body.into();
        if let Ok(media) = HeaderValue::from_str(media) {
            response.headers.insert(header::CONTENT_TYPE, media);
        }
        response
    }

    pub(crate) fn with_header(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Converts into a response of the crate `http`, with this body.
    pub(crate) fn with_body<B>(self, body: B) -> http::Response<B> {
        let mut response = http::Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// A refusal with the API's error body.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) detail: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(400, detail)
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(404, format!("no {what} has the id {id}"))
    }

    pub(crate) fn into_response(self, path: &str, timestamp: &str) -> Response {
        let reason = StatusCode::from_u16(self.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        Response::json(
            self.status,
            &json!({
                "status": self.status,
                "error": reason,
                "detail": self.detail,
                "path": path,
                "timestamp": timestamp,
            }),
        )
    }
}

/// How a request and its response are delivered.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// From sending the request to the first byte of the response, or to the fault.
    pub(crate) before: Duration,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// No connection was made.
    NotConnected,
    /// The connection was lost before the first byte of the response.
    Lost,
    /// The response arrives.
    Response {
        response: Response,
        /// From the first to the last byte of the body.
        body_over: Duration,
        /// How many bytes of the body arrive before the connection is lost; `None` for all.
        cut_after: Option<usize>,
    },
}

impl Outcome {
    /// The response that arrives, as a whole or in part.
    pub(crate) fn response(&self) -> Option<&Response> {
        match self {
            Self::Response { response, .. } => Some(response),
            Self::NotConnected | Self::Lost => None,
        }
    }
}
