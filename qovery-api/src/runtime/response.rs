//! A response, before and after decoding.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// A complete response as the transport received it, of any status.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// How often the request was sent, this time included.
    pub attempts: u32,
    /// From the first attempt to the end of the last one.
    pub elapsed: Duration,
}

impl RawResponse {
    /// A response to the first attempt.
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
            attempts: 1,
            elapsed: Duration::ZERO,
        }
    }
}

impl std::fmt::Debug for RawResponse {
    // Headers and body may carry secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A successful response: the decoded body with status and headers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Response<T> {
    /// The status, any 2xx.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The decoded body.
    pub body: T,
}
