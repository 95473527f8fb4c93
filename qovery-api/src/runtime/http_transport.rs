//! The default transport: reqwest with a token, time limits and a limit on the body.
//!
//! Retries, limits on requests and tokens that change are layers of `qovery-ext`. Dropping the returned
//! future abandons the request; the server may still execute it.

mod body;
mod builder;
mod decompression;
mod settings;
#[cfg(feature = "stream")]
mod upgrading;

use std::{
    error, fmt,
    time::{Duration, Instant},
};

use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::Url;

use super::{BoxFuture, RawResponse, Request, Transport, TransportError, headers};

pub use builder::HttpTransportBuilder;
pub(crate) use settings::MakeHttp;

/// The maximum number of redirects of one request, all within the same host.
const MAX_REDIRECTS: usize = 5;

/// Sends requests with reqwest. Cloning is cheap and shares the connections.
///
/// | setting | default |
/// |---|---|
/// | time limit for opening a connection | 10 s |
/// | time limit for a whole request, including the body of the response | 60 s |
/// | largest size of the body of a response | 64 MiB |
///
/// If the body of a success ends before the length in its headers, this is an error, with any version of HTTP. If a
/// response is not a success, at most 16 KiB of its body are read, and a body that ends early is accepted. The
/// token is sent only to the host of the request. Redirects are followed only for `GET` and `HEAD`, and only to the
/// same scheme, host and port; any other redirect is returned as a response with its status. Proxies are taken from
/// the system and the environment, as in reqwest.
#[derive(Clone)]
pub struct HttpTransport {
    http: reqwest::Client,
    authorization: Option<HeaderValue>,
    timeout: Duration,
    body_limit: usize,
    #[cfg(feature = "stream")]
    upgrading: upgrading::Upgrading,
}

impl HttpTransport {
    /// Creates settings with the defaults.
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder::default()
    }

    /// Sends a request without consuming it, so that the caller can send it again. For layers of
    /// the transport: like [`Transport::send`], without a copy of the request.
    ///
    /// If the request has no `Authorization` header, `authorization` is sent; if that is `None`,
    /// the token of this transport is sent. `limit` applies to the whole request, in place of the
    /// limit in the request.
    ///
    /// # Errors
    /// Returns an error if no complete response was received. A response of any status is not an error here.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may still execute it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use qovery_api::{BoxFuture, HttpTransport, RawResponse, Request, Transport, TransportError};
    ///
    /// /// Retries once if the request did not reach a server.
    /// struct Persistent(HttpTransport);
    ///
    /// impl Transport for Persistent {
    ///     fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
    ///         Box::pin(async move {
    ///             let limit = request.timeout.unwrap_or(Duration::from_secs(60));
    ///             match self.0.send_borrowed(&request, None, limit).await {
    ///                 Err(error) if !error.may_have_been_executed() => {
    ///                     self.0.send_borrowed(&request, None, limit).await
    ///                 }
    ///                 outcome => outcome,
    ///             }
    ///         })
    ///     }
    /// }
    /// ```
    pub async fn send_borrowed(
        &self,
        request: &Request,
        authorization: Option<&HeaderValue>,
        limit: Duration,
    ) -> Result<RawResponse, TransportError> {
        let started = Instant::now();
        let own = request.headers.get(header::AUTHORIZATION);
        let added = match own {
            Some(_) => None,
            None => authorization.or(self.authorization.as_ref()),
        };
        let outcome = self.exchange(request, added, started, limit).await;
        let elapsed = started.elapsed();
        let authorization = own.or(added);
        match outcome {
            Ok(mut response) => {
                response.elapsed = elapsed;
                if let Some(value) = authorization {
                    response.redact(value);
                }
                Ok(response)
            }
            Err(fault) => {
                let error = self.explain(fault, limit).with_attempts(1, elapsed);
                Err(match authorization {
                    Some(value) => error.redact(value),
                    None => error,
                })
            }
        }
    }

    /// Sends a request to switch to another protocol, without consuming it. For layers of the
    /// transport: like [`Transport::upgrade`](crate::Transport::upgrade), with `authorization` and
    /// `limit` as in [`send_borrowed`](Self::send_borrowed). The limit applies to the response. The
    /// switched connection has no limit.
    ///
    /// # Errors
    /// Returns an error if no response was received. A response of any status is not an error here.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub async fn upgrade_borrowed(
        &self,
        request: &Request,
        authorization: Option<&HeaderValue>,
        limit: Duration,
    ) -> Result<super::Upgrade, TransportError> {
        use super::Upgrade;

        let started = Instant::now();
        let http = self.upgrading.http()?;
        let own = request.headers.get(header::AUTHORIZATION);
        let added = match own {
            Some(_) => None,
            None => authorization.or(self.authorization.as_ref()),
        };
        let sent = outgoing(request, request.url.clone(), added, limit);
        let outcome = upgrading::switch(http, sent, self.body_limit).await;
        let authorization = own.or(added);
        match outcome {
            Ok(Upgrade::Refused(mut response)) => {
                response.elapsed = started.elapsed();
                if let Some(value) = authorization {
                    response.redact(value);
                }
                Ok(Upgrade::Refused(response))
            }
            Ok(Upgrade::Switched(upgraded)) => Ok(Upgrade::Switched(match authorization {
                Some(value) => upgraded.authorized_by(value),
                None => upgraded,
            })),
            Err(fault) => {
                let error = self.explain(fault, limit);
                let error = error.with_attempts(1, started.elapsed());
                Err(match authorization {
                    Some(value) => error.redact(value),
                    None => error,
                })
            }
        }
    }

    async fn exchange(
        &self,
        request: &Request,
        authorization: Option<&HeaderValue>,
        started: Instant,
        limit: Duration,
    ) -> Result<RawResponse, Fault> {
        let mut next_url = request.url.clone();
        let mut left = limit;
        let mut redirects = 0;
        loop {
            let outgoing = self
                .http
                .execute(outgoing(request, next_url, authorization, left));
            let response = outgoing.await.map_err(Fault::Sending)?;
            if redirects < MAX_REDIRECTS
                && let Some(next) = redirect_target(&request.operation.method, &response)
            {
                redirects += 1;
                next_url = next;
                left = limit.saturating_sub(started.elapsed());
                continue;
            }
            return body::read(response, &request.operation.method, self.body_limit).await;
        }
    }

    fn explain(&self, fault: Fault, limit: Duration) -> TransportError {
        match fault {
            Fault::TooLarge => TransportError::too_large(self.body_limit),
            Fault::Reading(error) if error.is_timeout() => {
                TransportError::timeout(limit).with_source(error.without_url())
            }
            Fault::Reading(error) => TransportError::body(error.without_url()),
            Fault::Short {
                received,
                announced,
            } => TransportError::body(match announced {
                Some(announced) => {
                    format!("received {received} of {announced} announced bytes")
                }
                None => format!("the body ended early, after {received} bytes"),
            }),
            #[cfg(feature = "gzip")]
            Fault::Decompression(error) => TransportError::body(std::io::Error::new(
                error.kind(),
                format!("the compressed body is damaged: {error}"),
            )),
            Fault::Sending(error) => {
                let (connect, timeout) = (error.is_connect(), error.is_timeout());
                let refused = error.is_builder();
                let error = error.without_url();
                match (connect, timeout) {
                    _ if refused => {
                        TransportError::refused("the request is malformed").with_source(error)
                    }
                    (true, true) => TransportError::connect_timeout(error),
                    (true, false) => TransportError::connect(error),
                    (false, true) => TransportError::timeout(limit).with_source(error),
                    (false, false) => {
                        let processed = !is_unprocessed(&error);
                        TransportError::interrupted(error).with_may_have_been_executed(processed)
                    }
                }
            }
        }
    }
}

/// Converts the request for reqwest.
fn outgoing(
    request: &Request,
    url: Url,
    authorization: Option<&HeaderValue>,
    limit: Duration,
) -> reqwest::Request {
    // Reserves room for the headers that this function and reqwest add, because a plain copy would have to grow
    // at once.
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 4);
    for (name, value) in &request.headers {
        headers.append(name, value.clone());
    }
    if let Some(value) = authorization {
        headers.insert(header::AUTHORIZATION, value.clone());
    }
    let method = &request.operation.method;
    // RFC 9110, 8.6. Without this header, some proxies answer 411, and hyper adds it over HTTP/2 only. hyper treats an
    // empty body as an absent one.
    let is_empty = match &request.body {
        Some(body) => body.is_empty(),
        None => matches!(*method, Method::POST | Method::PUT | Method::PATCH),
    };
    if is_empty {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    #[cfg(feature = "gzip")]
    if !headers.contains_key(header::RANGE) {
        let accepted = headers.entry(header::ACCEPT_ENCODING);
        accepted.or_insert(HeaderValue::from_static("gzip"));
    }
    let mut outgoing = reqwest::Request::new(method.clone(), url);
    *outgoing.timeout_mut() = Some(limit);
    *outgoing.headers_mut() = headers;
    *outgoing.body_mut() = request.body.clone().map(reqwest::Body::from);
    outgoing
}

#[derive(Debug)]
enum Fault {
    Sending(reqwest::Error),
    Reading(reqwest::Error),
    /// Whether the body ended before its announced length, or before the end of its stream.
    Short {
        received: u64,
        announced: Option<u64>,
    },
    #[cfg(feature = "gzip")]
    Decompression(std::io::Error),
    TooLarge,
}

/// Whether the server reported over HTTP/2 that it did not process the request: the stream was refused, or a
/// server that is shutting down has not accepted it.
fn is_unprocessed(error: &reqwest::Error) -> bool {
    let mut cause = error::Error::source(error);
    while let Some(found) = cause {
        if let Some(error) = found.downcast_ref::<h2::Error>() {
            let reason = error.reason();
            return error.is_remote()
                && (error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM)
                    || error.is_go_away() && reason == Some(h2::Reason::NO_ERROR));
        }
        cause = found.source();
    }
    false
}

/// The target, if the response is a redirect that is safe to follow.
///
/// Redirects are followed only for methods that change nothing: after a `POST`, the response of another location would
/// look like the success of the `POST`.
fn redirect_target(method: &Method, response: &reqwest::Response) -> Option<Url> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    if !is_redirect || !(method == Method::GET || method == Method::HEAD) {
        return None;
    }
    let from = response.url();
    let location = headers::text(response.headers(), header::LOCATION.as_str())?;
    let target = from.join(location).ok()?;
    let same_place = target.scheme() == from.scheme()
        && target.host() == from.host()
        && target.port_or_known_default() == from.port_or_known_default()
        && target.username().is_empty()
        && target.password().is_none();
    same_place.then_some(target)
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        Box::pin(async move {
            let limit = request.timeout.unwrap_or(self.timeout);
            self.send_borrowed(&request, None, limit).await
        })
    }

    #[cfg(feature = "stream")]
    fn upgrade(&self, request: Request) -> BoxFuture<'_, Result<super::Upgrade, TransportError>> {
        Box::pin(async move {
            let limit = request.timeout.unwrap_or(self.timeout);
            self.upgrade_borrowed(&request, None, limit).await
        })
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("has_token", &self.authorization.is_some())
            .field("timeout", &self.timeout)
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
