//! A request, as the transport receives it.

use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, HeaderMap};
use reqwest::Url;

use super::OperationInfo;

/// Whether a transport may retry a request.
///
/// A client without a retry layer never retries: the transports of `qovery-ext` use this value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryMode {
    /// The policy of the transport decides, from the method and the failure.
    #[default]
    Policy,
    /// No retry, for any method.
    Never,
    /// A retry even if an attempt may have been executed: the caller knows that a second execution is safe.
    EvenIfExecuted,
    /// A retry only if no attempt was executed, for any method: no connection was made, the server answered 429, or
    /// it reported over HTTP/2 that it did not process the request. Useful for a `DELETE`, whose second attempt
    /// would be answered with 404.
    UnlessExecuted,
}

/// One request: everything that a [`Transport`](super::Transport) needs to send it.
///
/// Cloning is cheap (the body is shared), so that a transport can send it again.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The operation, with its method and path template.
    pub operation: &'static OperationInfo,
    /// The URL with encoded path and query.
    pub url: Url,
    /// Headers. `Authorization` is added by the transport, unless a layer or the caller set it.
    pub headers: HeaderMap,
    /// The encoded body, if there is one; its type is in the headers.
    pub body: Option<Bytes>,
    /// The time limit of this call, from connecting to the last byte; `None` stands for the default of
    /// the transport.
    pub timeout: Option<Duration>,
    /// Whether this request may be retried.
    pub retry: RetryMode,
    /// Values that one layer of the transport sets for another.
    pub extensions: Extensions,
}

impl Request {
    /// Creates a request without headers, body or limit.
    pub fn new(operation: &'static OperationInfo, url: Url) -> Self {
        Self {
            operation,
            url,
            headers: HeaderMap::new(),
            body: None,
            timeout: None,
            retry: RetryMode::default(),
            extensions: Extensions::new(),
        }
    }
}

impl std::fmt::Debug for Request {
    // Query values and headers may contain tokens, and the body may contain secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation.id)
            .field("method", &self.operation.method)
            .field("path", &self.operation.path)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
