//! The front end without sockets: a transport that plugs into a client.
//!
//! Delays are Tokio's, and nothing else takes time, so that a test on a paused clock is exact.
//! Dropping the future of a request abandons its response, but does not undo an executed request.

use std::{io, sync::Arc, time::Duration};

use http::{HeaderValue, header};
use qovery_api::{BoxFuture, RawResponse, Request, Transport, TransportError};

#[cfg(feature = "stream")]
use qovery_api::Upgrade;

use super::{
    engine::Engine,
    exchange::{Incoming, Outcome},
};

/// The timeout of a request whose call sets none: the same as in a client without a fake.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends requests to a [`FakeQovery`](super::FakeQovery) in the same process.
#[derive(Debug, Clone)]
pub struct FakeTransport {
    fake: Engine,
    token: Option<Arc<str>>,
}

impl FakeTransport {
    pub(crate) fn new(fake: Engine) -> Self {
        let token = Some(fake.token().into());
        Self { fake, token }
    }

    /// Sends this token instead of the one that the fake accepts.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into().into());
        self
    }

    /// Sends no token, for layers that add one.
    #[must_use]
    pub fn without_token(mut self) -> Self {
        self.token = None;
        self
    }

    fn incoming(&self, request: &Request) -> Incoming {
        let url = &request.url;
        let mut path = url.path().to_owned();
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(query);
        }
        let mut headers = request.headers.clone();
        if let (Some(token), false) = (&self.token, headers.contains_key(header::AUTHORIZATION)) {
            let scheme = if token.starts_with("eyJ") {
                "Bearer"
            } else {
                "Token"
            };
            if let Ok(mut value) = HeaderValue::from_str(&format!("{scheme} {token}")) {
                value.set_sensitive(true);
                headers.insert(header::AUTHORIZATION, value);
            }
        }
        let body = request.body.clone().unwrap_or_default();
        Incoming::new(request.operation.method.clone(), &path, headers, body)
    }

    async fn exchange(&self, request: &Request) -> Result<RawResponse, TransportError> {
        let delivery = self.fake.handle(&self.incoming(request));
        self.fake.clock().wait(delivery.before).await;
        let (response, body_over, cut_after) = match delivery.outcome {
            Outcome::NotConnected => {
                return Err(TransportError::connect(io::Error::from(
                    io::ErrorKind::ConnectionRefused,
                )));
            }
            Outcome::Lost => {
                return Err(TransportError::interrupted(io::Error::from(
                    io::ErrorKind::ConnectionReset,
                )));
            }
            Outcome::Response {
                response,
                body_over,
                cut_after,
            } => (response, body_over, cut_after),
        };
        self.fake.clock().wait(body_over).await;
        if cut_after.is_some() {
            return Err(TransportError::body(io::Error::from(
                io::ErrorKind::UnexpectedEof,
            )));
        }
        Ok(RawResponse::new(
            response.status,
            response.headers,
            response.body,
        ))
    }
}

impl Transport for FakeTransport {
    #[cfg(feature = "stream")]
    fn upgrade(&self, request: Request) -> BoxFuture<'_, Result<Upgrade, TransportError>> {
        Box::pin(async move { Ok(super::live::open(&self.fake, &self.incoming(&request))) })
    }

    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        Box::pin(async move {
            let limit = request.timeout.unwrap_or(DEFAULT_TIMEOUT);
            let started = tokio::time::Instant::now();
            let outcome = tokio::time::timeout(limit, self.exchange(&request)).await;
            let elapsed = started.elapsed();
            match outcome {
                Ok(Ok(mut response)) => {
                    response.elapsed = elapsed;
                    Ok(response)
                }
                Ok(Err(error)) => Err(error.with_attempts(1, elapsed)),
                Err(_) => Err(TransportError::timeout(limit).with_attempts(1, elapsed)),
            }
        })
    }
}
