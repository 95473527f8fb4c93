//! The one hook that every request goes through.
//!
//! A transport sends a request and reads the whole response, of whatever status. Not for deciding
//! what a status means: that is the call's. Dropping the returned future abandons the request; the
//! server may still execute it.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use super::{AccessToken, RawResponse, Request};

/// A boxed future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends requests. Layers (authentication, retries, limits) wrap another transport.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and reads the whole response.
    ///
    /// # Errors
    /// Where no complete response was received. A response of any status is not an error here.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        (**self).send(request)
    }
}

/// Why no complete response was received.
#[derive(Debug)]
pub struct TransportError {
    _private: (),
}

/// The transport of a bare client: reqwest, a token, timeouts.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    _token: Option<AccessToken>,
    _timeout: Duration,
}
