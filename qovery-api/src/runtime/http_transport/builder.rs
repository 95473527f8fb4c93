//! The settings of the HTTP transport.
//!
//! Not for sending: see [`HttpTransport`].

use std::{fmt, time::Duration};

use http::HeaderValue;
use reqwest::{redirect, retry};

use super::{DEFAULT_BODY_LIMIT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_TIMEOUT, HttpTransport};
use crate::runtime::{AccessToken, BuildError, Printable};

const USER_AGENT: &str = concat!("qovery-api-rust/", env!("CARGO_PKG_VERSION"));

/// Settings of an [`HttpTransport`].
#[must_use]
pub struct HttpTransportBuilder {
    http: reqwest::ClientBuilder,
    token: Option<AccessToken>,
    connect_timeout: Duration,
    timeout: Duration,
    body_limit: usize,
    user_agent: Option<String>,
}

impl fmt::Debug for HttpTransportBuilder {
    // Settings of reqwest may carry the password of a proxy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransportBuilder")
            .field("has_token", &self.token.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("body_limit", &self.body_limit)
            .field(
                "user_agent",
                &self.user_agent.as_deref().map(Printable::new),
            )
            .finish_non_exhaustive()
    }
}

impl Default for HttpTransportBuilder {
    fn default() -> Self {
        Self {
            http: reqwest::Client::builder(),
            token: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            timeout: DEFAULT_TIMEOUT,
            body_limit: DEFAULT_BODY_LIMIT,
            user_agent: None,
        }
    }
}

impl HttpTransportBuilder {
    /// The token sent with each request that has no `Authorization` header yet. Default: none.
    pub fn token(mut self, token: AccessToken) -> Self {
        self.token = Some(token);
        self
    }

    /// The limit on making a connection. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// The limit on a whole request, from connecting to the last byte of the response. Default:
    /// 60 s. A call can have its own: [`Call::timeout`](crate::Call::timeout).
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// The limit on the body of a successful response, in bytes. Default: 64 MiB. What a compressed
    /// body is unpacked to counts. Of any other response at most 16 KiB are read.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Says who is calling, such as `nightly-deploys/1.2`. Stands after the name of this library.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Settings of reqwest to start from: proxies, certificates, pools. Redirects, retries, timeouts,
    /// compression and the user agent are set by this builder, whatever was set there, and what goes
    /// over the wire is not logged.
    pub fn reqwest(mut self, settings: reqwest::ClientBuilder) -> Self {
        self.http = settings;
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    /// Where reqwest refuses the settings, for example a user agent that a header cannot carry.
    pub fn build(self) -> Result<HttpTransport, BuildError> {
        let user_agent = match self.user_agent.as_deref().map(str::trim) {
            None | Some("") => USER_AGENT.to_owned(),
            Some(name) => format!("{USER_AGENT} {name}"),
        };
        let user_agent = HeaderValue::from_str(&user_agent)
            .map_err(|_| BuildError::settings("a header cannot carry this user agent"))?;
        let http = self
            .http
            .user_agent(user_agent)
            .connect_timeout(self.connect_timeout)
            .redirect(redirect::Policy::none())
            // Bodies are unpacked by the transport, which counts their bytes first. Another crate of
            // the program may have switched these on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            // What goes over the wire holds the token.
            .connection_verbose(false)
            .retry(retry::never())
            .build()
            .map_err(|error| {
                BuildError::settings("the HTTP client cannot be set up")
                    .with_source(error.without_url())
            })?;
        let authorization = self.token.map(|token| token.header_value()).transpose()?;
        Ok(HttpTransport {
            http,
            authorization,
            timeout: self.timeout,
            body_limit: self.body_limit,
        })
    }
}
