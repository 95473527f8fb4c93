//! A request on its way to the transport.

use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, HeaderMap};
use reqwest::Url;

use super::OperationInfo;

/// Whether a transport that retries may repeat this request.
///
/// A bare client never retries: the value is for the transports of `qovery-ext`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryMode {
    /// As the transport's policy decides from method and fault.
    #[default]
    Policy,
    /// Never repeat, whatever the method.
    Never,
    /// Repeat also where the first attempt may have been executed: the caller knows it is safe.
    EvenIfExecuted,
    /// Repeat only if the attempt was certainly not executed, whatever the method: no connection was
    /// made, or the server answered 429. For a `DELETE` whose second answer would be a 404.
    UnlessExecuted,
}

/// One request: everything that a [`Transport`](super::Transport) needs to send it.
///
/// Cloning is cheap (the body is shared), so that a transport can send it again.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// The operation that is called; method and path template are in there.
    pub operation: &'static OperationInfo,
    /// The URL with encoded path and query.
    pub url: Url,
    /// Headers. `Authorization` is added by the transport, unless a layer or the caller set it.
    pub headers: HeaderMap,
    /// The encoded body, if there is one; its type is in the headers.
    pub body: Option<Bytes>,
    /// Limit for this call, sending and reading together; the transport's default where `None`.
    pub timeout: Option<Duration>,
    /// Whether this request may be repeated.
    pub retry: RetryMode,
    /// Values that one layer of transport leaves for another.
    pub extensions: Extensions,
}

impl Request {
    /// A request without headers, body or limit.
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
    // Query values and headers may carry tokens, the body may carry anything.
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
