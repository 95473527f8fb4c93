//! The settings of the HTTP transport.

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderValue;

use super::{HttpTransport, MakeHttp, settings::Settings};
use crate::runtime::{
    AccessToken, BuildError, Printable,
    limits::{DEFAULT_BODY_LIMIT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_TIMEOUT},
};

const USER_AGENT: &str = concat!("qovery-api-rust/", env!("CARGO_PKG_VERSION"));

/// The settings of an [`HttpTransport`].
#[must_use]
pub struct HttpTransportBuilder {
    /// Settings that can be built once.
    http: Option<reqwest::ClientBuilder>,
    /// Settings that can be built again.
    make_http: MakeHttp,
    #[cfg(feature = "stream")]
    make_upgrading: Option<MakeHttp>,
    token: Option<AccessToken>,
    connect_timeout: Duration,
    request_timeout: Duration,
    body_limit: usize,
    user_agent: Option<String>,
}

impl fmt::Debug for HttpTransportBuilder {
    // Settings of reqwest may contain the password of a proxy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransportBuilder")
            .field("has_token", &self.token.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
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
            http: None,
            make_http: Arc::new(reqwest::Client::builder),
            #[cfg(feature = "stream")]
            make_upgrading: None,
            token: None,
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            request_timeout: DEFAULT_TIMEOUT,
            body_limit: DEFAULT_BODY_LIMIT,
            user_agent: None,
        }
    }
}

impl HttpTransportBuilder {
    /// Sets the token of each request without an `Authorization` header. Default: none.
    pub fn token(mut self, token: AccessToken) -> Self {
        self.token = Some(token);
        self
    }

    /// Sets the time limit for opening a connection. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Sets the time limit for one request, from connecting to the last byte of the response.
    /// Default: 60 s. [`Call::timeout`](crate::Call::timeout) sets it for a single call.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = limit;
        self
    }

    /// Sets the largest size of the body of a successful response, in bytes. Default: 64 MiB. A
    /// compressed body counts with its decompressed size. Of any other response, at most 16 KiB are
    /// read.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Adds the name of your program to the `User-Agent` header, such as `nightly-deploys/1.2`. It
    /// follows the name of this library.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Sets the reqwest settings to start from: proxies, certificates, pools. This builder
    /// overwrites redirects, retries, timeouts, compression, the user agent, and the logging of the
    /// connection.
    ///
    /// These settings can be used once. To open websockets too, use
    /// [`reqwest_with`](Self::reqwest_with).
    pub fn reqwest(mut self, settings: reqwest::ClientBuilder) -> Self {
        self.http = Some(settings);
        self
    }

    /// Like [`reqwest`](Self::reqwest), for settings that are built more than once: websockets are
    /// opened with a second HTTP client, over HTTP/1.1.
    pub fn reqwest_with(
        mut self,
        settings: impl Fn() -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.http = None;
        self.make_http = Arc::new(settings);
        self
    }

    /// Sets the reqwest settings for websockets, if they differ from those for requests, for
    /// example because of another proxy. Default: those of [`reqwest_with`](Self::reqwest_with).
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn upgrade_with(
        mut self,
        settings: impl Fn() -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.make_upgrading = Some(Arc::new(settings));
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    /// Returns an error if reqwest refuses the settings, for example a user agent that a header
    /// cannot hold.
    pub fn build(self) -> Result<HttpTransport, BuildError> {
        let user_agent = match self.user_agent.as_deref().map(str::trim) {
            None | Some("") => USER_AGENT.to_owned(),
            Some(name) => format!("{USER_AGENT} {name}"),
        };
        let user_agent = HeaderValue::from_str(&user_agent).map_err(|_| {
            BuildError::settings("the user agent has a character that is not allowed in headers")
        })?;
        let settings = Settings {
            user_agent,
            connect_timeout: self.connect_timeout,
        };
        #[cfg(feature = "stream")]
        let upgrading = {
            // Settings that can be built once are used for the requests.
            let again = self.http.is_none().then(|| Arc::clone(&self.make_http));
            super::upgrading::Upgrading::new(self.make_upgrading.or(again), settings.clone())
        };
        let http = self.http.unwrap_or_else(|| (self.make_http)());
        let http = settings.apply(http).build().map_err(|error| {
            BuildError::settings("the HTTP client cannot be set up")
                .with_source(error.without_url())
        })?;
        let authorization = self.token.map(|token| token.header_value()).transpose()?;
        Ok(HttpTransport {
            http,
            authorization,
            timeout: self.request_timeout,
            body_limit: self.body_limit,
            #[cfg(feature = "stream")]
            upgrading,
        })
    }
}
