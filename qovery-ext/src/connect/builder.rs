//! The settings of a client, and the function that builds it.
//!
//! Building sends nothing: the first call shows whether the server accepts the token.

use std::{ffi::OsString, fmt, path::PathBuf, sync::Arc, time::Duration};

use qovery_api::{
    AccessToken, AuthScheme, Client, ClientBuilder, DEFAULT_BASE_URL, HttpTransport, Printable,
    Transport, reqwest,
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    ConnectError, RetryPolicy, TokenSource, URL_VARIABLE,
    address::{self, Machine},
    cli_context::{self, CliContext},
    environment::{self, Environment},
    error::Kind,
    limits::Limits,
    token_source::Tokens,
    transport::{Authorization, ConnectedTransport, Sender},
};

const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The settings of a client.
///
/// | setting | default |
/// |---|---|
/// | token | from the environment: [`TOKEN_VARIABLES`](super::TOKEN_VARIABLES) |
/// | address | `https://api.qovery.com`; with a token from the environment or from the command-line tool, the value of [`URL_VARIABLE`] if it is set |
/// | limit on connecting | 10 s |
/// | limit on a request, including the body of the response | 60 s |
/// | limit on the body of a response | 64 MiB |
/// | limit on the memory that a decoded response takes | 448 MiB, 7 times the limit on its body |
/// | limit on a call with all its attempts | 120 s, see [`RetryPolicy::budget`] |
/// | address of the websocket API (feature `stream`) | `wss://ws.qovery.com` if the API is at its default address; with a token from the environment or from the command-line tool, the value of `QOVERY_WS_URL` if it is set |
/// | retries | see [`RetryPolicy`] |
/// | requests in flight, requests in an interval | unlimited |
///
/// ```
/// use std::time::Duration;
/// use qovery_ext::connect::Connect;
///
/// let client = Connect::new()
///     .token("qov_0123456789")
///     .request_timeout(Duration::from_secs(30))
///     .concurrency_limit(8)
///     .rate_limit(900, Duration::from_secs(3600))
///     .user_agent("nightly-deploys/1.2")
///     .build()?;
/// # Ok::<(), qovery_ext::connect::ConnectError>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct Connect {
    credentials: Credentials,
    scheme: Option<AuthScheme>,
    environment: Environment,
    base_url: Option<String>,
    #[cfg(feature = "stream")]
    stream_url: Option<String>,
    allow_insecure_http: bool,
    connect_timeout: Option<Duration>,
    request_timeout: Option<Duration>,
    body_limit: Option<usize>,
    decoded_limit: Option<usize>,
    user_agent: Option<String>,
    http: Option<reqwest::ClientBuilder>,
    make_http: Option<MakeHttp>,
    transport: Option<Arc<dyn Transport>>,
    retry: RetryPolicy,
    concurrency: Option<usize>,
    rate: Option<(u32, Duration)>,
}

/// Creates the same settings of reqwest each time.
type MakeHttp = Arc<dyn Fn() -> reqwest::ClientBuilder + Send + Sync>;

/// The source of the token.
#[derive(Default)]
enum Credentials {
    #[default]
    Environment,
    Token(SecretString),
    Source(Box<dyn TokenSource>),
    CliContext(Option<PathBuf>),
}

/// The address of the websocket API, with its source.
#[cfg(feature = "stream")]
struct StreamAddress {
    url: String,
    origin: String,
    machine: Machine,
}

impl Connect {
    /// Creates settings with the defaults of the table above.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the token. White space at its ends is removed. If a program sets the token,
    /// [`URL_VARIABLE`] is not read: only the program can then change the address that the token is
    /// sent to.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.credentials = Credentials::Token(SecretString::from(token.into()));
        self
    }

    /// Takes the token of each request from this source. [`URL_VARIABLE`] is then not read.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.credentials = Credentials::Source(Box::new(source));
        self
    }

    /// Uses the token of the user who signed in with the command-line tool, from
    /// `~/.qovery/context.json`. The file is read when the client is built, and again when the
    /// server refuses the token. It is never written. It must be a regular file of at most 1 MiB.
    /// If other users can read or change it, a warning is emitted through `tracing`, once for each
    /// file.
    pub fn cli_context(mut self) -> Self {
        self.credentials = Credentials::CliContext(None);
        self
    }

    /// Like [`Self::cli_context`], with a context file at another path.
    pub fn cli_context_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials = Credentials::CliContext(Some(path.into()));
        self
    }

    /// Sets the scheme of the `Authorization` header. Default: `Bearer` for a JSON web token and
    /// for the token of the command-line tool, `Token` for any other. Has no effect on a [token
    /// source](Self::token_source), whose tokens [have their own scheme](AccessToken::with_scheme).
    pub fn scheme(mut self, scheme: AuthScheme) -> Self {
        self.scheme = Some(scheme);
        self
    }

    /// Reads variables with this function instead of from the process environment: those of
    /// [`TOKEN_VARIABLES`](super::TOKEN_VARIABLES), [`URL_VARIABLE`], `HOME` (on Windows
    /// `USERPROFILE`), and with the feature `stream` `QOVERY_WS_URL`.
    ///
    /// ```
    /// use qovery_ext::connect::Connect;
    ///
    /// let client = Connect::new()
    ///     .environment(|name| (name == "QOVERY_API_TOKEN").then(|| "qov_0123456789".into()))
    ///     .build()?;
    /// # Ok::<(), qovery_ext::connect::ConnectError>(())
    /// ```
    pub fn environment(
        mut self,
        lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        self.environment = Environment::from_lookup(lookup);
        self
    }

    /// Sets the address of the API. [`URL_VARIABLE`] is then not read.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the address of the websocket API, such as `wss://ws.qovery.com`. The environment is
    /// then not read for it.
    ///
    /// Available on crate feature `stream` only.
    ///
    /// If the API is at another address than the default, and neither this setting nor
    /// [`STREAM_URL_VARIABLE`](super::STREAM_URL_VARIABLE) is set, streams are refused: otherwise
    /// the token would be sent to another server.
    #[cfg(feature = "stream")]
    pub fn stream_url(mut self, url: impl Into<String>) -> Self {
        self.stream_url = Some(url.into());
        self
    }

    /// Accepts an `http://` address of another machine. The token and all data are then sent
    /// unencrypted. An address of this machine (`localhost`, `127.0.0.1`, `[::1]`) is always
    /// accepted: `localhost` and names that end in `.localhost` are resolved to the loopback
    /// addresses, without a name server.
    pub fn allow_insecure_http(mut self, allow: bool) -> Self {
        self.allow_insecure_http = allow;
        self
    }

    /// Sets the time limit for opening a connection. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    /// Sets the time limit for one request, from connecting to the last byte of the response.
    /// Default: 60 s.
    ///
    /// [`Call::timeout`](qovery_api::Call::timeout) limits a single call: all its attempts and the
    /// delays between them. It also replaces this limit for each request of the call.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = Some(limit);
        self
    }

    /// Sets the largest size of the body of a response, in bytes. Default: 64 MiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Sets the largest size of a decoded response in memory, in bytes. The size is estimated
    /// before memory is allocated: see
    /// [`ClientBuilder::decoded_limit`](qovery_api::ClientBuilder::decoded_limit). Default: 7 times
    /// [`body_limit`](Self::body_limit), 448 MiB, and at least 64 KiB. Applies to any
    /// [transport](Self::transport).
    pub fn decoded_limit(mut self, bytes: usize) -> Self {
        self.decoded_limit = Some(bytes);
        self
    }

    /// Sets the retries of all calls. [`RetryPolicy::never`] turns them off.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets how many requests may be in flight at a time, counted over all clones of the client.
    /// Further requests wait in a queue. Default: unlimited.
    pub fn concurrency_limit(mut self, requests: usize) -> Self {
        self.concurrency = Some(requests);
        self
    }

    /// Sets how many requests may begin in any interval of this length, counted over all clones of
    /// the client. Retries count too. Further requests wait in a queue. Default: unlimited.
    pub fn rate_limit(mut self, requests: u32, interval: Duration) -> Self {
        self.rate = Some((requests, interval));
        self
    }

    /// Adds the name of your program to the `User-Agent` header, such as `nightly-deploys/1.2`. It
    /// follows the name of this library.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Sets the reqwest settings to start from: proxies, certificates, pools. With these settings, streams are refused:
    /// use [`reqwest_with`](Self::reqwest_with).
    ///
    /// By default, proxies are those of the system and of the environment, and an `http://` address
    /// of this machine is reached directly.
    pub fn reqwest(mut self, settings: reqwest::ClientBuilder) -> Self {
        self.http = Some(settings);
        self
    }

    /// Like [`reqwest`](Self::reqwest), for settings that are built more than once: the feature
    /// `stream` opens websockets with a second HTTP client, over HTTP/1.1. If `reqwest` is set, its
    /// settings apply instead of these, and streams are refused.
    pub fn reqwest_with(
        mut self,
        settings: impl Fn() -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.make_http = Some(Arc::new(settings));
        self
    }

    /// Sends requests through this transport, for example one without sockets in a test. The transport receives
    /// each request with its `Authorization` header and time limit. [`build`](Self::build) returns an error
    /// if [`connect_timeout`](Self::connect_timeout), [`body_limit`](Self::body_limit),
    /// [`user_agent`](Self::user_agent), [`reqwest`](Self::reqwest) or [`reqwest_with`](Self::reqwest_with) is set too.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Builds the client. Nothing is sent.
    ///
    /// # Errors
    /// Returns an error if there is no token, if the token cannot be sent or has expired, if the context file of the
    /// command-line tool cannot be read, if an address is malformed or insecure, or if a setting is invalid. The error
    /// never shows the token.
    pub fn build(mut self) -> Result<Client, ConnectError> {
        self.check_settings()?;
        let (url, url_origin) = self.address()?;
        let machine = address::check(&url, &url_origin, self.allow_insecure_http)?;
        #[cfg(feature = "stream")]
        let stream = self.stream_address()?;
        let authorization = self.authorization()?;
        let limits = Limits::new(
            self.concurrency,
            self.rate.map(|(requests, interval)| {
                (usize::try_from(requests).unwrap_or(usize::MAX), interval)
            }),
        );
        let sender = match self.transport.take() {
            Some(transport) => Sender::Other(transport),
            None => Sender::Http(self.http_transport(
                machine,
                #[cfg(feature = "stream")]
                stream.as_ref().map(|stream| stream.machine.clone()),
            )?),
        };
        let transport = ConnectedTransport {
            sender,
            authorization,
            limits,
            request_timeout: self.limit(),
            policy: self.retry,
        };
        let mut client = Client::builder().base_url(url).transport(transport);
        #[cfg(feature = "stream")]
        if let Some(stream) = &stream {
            client = client.stream_url(&stream.url);
        }
        let derived = self.body_limit.map(ClientBuilder::decoded_limit_for);
        if let Some(bytes) = self.decoded_limit.or(derived) {
            client = client.decoded_limit(bytes);
        }
        client.build().map_err(|error| {
            #[cfg(feature = "stream")]
            if let Some(stream) = stream.filter(|_| error.is_stream_url()) {
                return ConnectError::base_url(&stream.origin, &error).with_source(error);
            }
            ConnectError::build(&url_origin, error)
        })
    }

    /// The time limit of one request.
    fn limit(&self) -> Duration {
        self.request_timeout.unwrap_or(DEFAULT_REQUEST_TIMEOUT)
    }

    fn check_settings(&self) -> Result<(), ConnectError> {
        let zero = [
            ("concurrency_limit", self.concurrency == Some(0)),
            (
                "rate_limit",
                self.rate.is_some_and(|(requests, _)| requests == 0),
            ),
            ("request_timeout", self.limit().is_zero()),
            ("decoded_limit", self.decoded_limit == Some(0)),
        ];
        if let Some((name, _)) = zero.into_iter().find(|(_, is_zero)| *is_zero) {
            return Err(ConnectError::new(
                Kind::Settings,
                format!("`{name}` must not be 0: no call could succeed"),
            ));
        }
        let ignored = [
            ("connect_timeout", self.connect_timeout.is_some()),
            ("body_limit", self.body_limit.is_some()),
            ("user_agent", self.user_agent.is_some()),
            ("reqwest", self.http.is_some()),
            ("reqwest_with", self.make_http.is_some()),
        ];
        let ignored = ignored.into_iter().find(|(_, is_set)| *is_set);
        match (&self.transport, ignored) {
            (Some(_), Some((name, _))) => Err(ConnectError::new(
                Kind::Settings,
                format!("`{name}` has no effect on a custom transport: set it on the transport"),
            )),
            _ => Ok(()),
        }
    }

    /// The address, and the name of its source for messages.
    fn address(&self) -> Result<(String, String), ConnectError> {
        if let Some(url) = &self.base_url {
            return Ok((url.clone(), environment::quoted("base_url")));
        }
        let named = match self.credentials {
            Credentials::Environment | Credentials::CliContext(_) => {
                self.environment.url(URL_VARIABLE)?
            }
            Credentials::Token(_) | Credentials::Source(_) => None,
        };
        let url = named.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
        Ok((url, environment::quoted(URL_VARIABLE)))
    }

    /// The address of the websocket API with an HTTP scheme, if one is set, and its kind of machine.
    #[cfg(feature = "stream")]
    fn stream_address(&self) -> Result<Option<StreamAddress>, ConnectError> {
        let variable = super::STREAM_URL_VARIABLE;
        let (url, origin) = match (&self.stream_url, &self.credentials) {
            (Some(url), _) => (Some(url.clone()), "stream_url"),
            (None, Credentials::Environment | Credentials::CliContext(_)) => {
                (self.environment.url(variable)?, variable)
            }
            (None, Credentials::Token(_) | Credentials::Source(_)) => (None, ""),
        };
        let Some(url) = url else {
            return Ok(None);
        };
        let (url, origin) = (address::as_http(&url), environment::quoted(origin));
        let machine = address::check(&url, &origin, self.allow_insecure_http)?;
        Ok(Some(StreamAddress {
            url,
            origin,
            machine,
        }))
    }

    fn authorization(&mut self) -> Result<Authorization, ConnectError> {
        let credentials = std::mem::take(&mut self.credentials);
        let token = match credentials {
            Credentials::Source(source) => return Ok(Authorization::Source(Tokens::new(source))),
            Credentials::CliContext(path) => {
                let path = match path {
                    Some(path) => path,
                    None => cli_context::default_path(&self.environment)?,
                };
                let context = CliContext::read(path, self.scheme)?;
                return Ok(Authorization::Source(Tokens::new(Box::new(context))));
            }
            Credentials::Environment => self.environment.token()?,
            Credentials::Token(text) => AccessToken::new(text.expose_secret().trim())
                .map_err(|problem| ConnectError::malformed_token("`token`", problem))?,
        };
        let token = match self.scheme {
            Some(scheme) => token.with_scheme(scheme),
            None => token,
        };
        let value = token
            .header_value()
            .map_err(|error| ConnectError::malformed_token("`token`", error))?;
        Ok(Authorization::Fixed(value))
    }

    fn http_transport(
        &mut self,
        machine: Machine,
        #[cfg(feature = "stream")] stream: Option<Machine>,
    ) -> Result<HttpTransport, ConnectError> {
        let mut http = HttpTransport::builder().request_timeout(self.limit());
        if let Some(limit) = self.connect_timeout {
            http = http.connect_timeout(limit);
        }
        if let Some(bytes) = self.body_limit {
            http = http.body_limit(bytes);
        }
        if let Some(name) = self.user_agent.take() {
            http = http.user_agent(name);
        }
        let make = self.make_http.take();
        #[cfg(feature = "stream")]
        if self.http.is_none() {
            let make = make.clone();
            let stream = stream.unwrap_or(Machine::Any);
            http = http.upgrade_with(move || settings(&stream, make.as_deref().map(|make| make())));
        }
        let own = self.http.take().or_else(|| make.map(|make| make()));
        http.reqwest(settings(&machine, own))
            .build()
            .map_err(|error| ConnectError::build("", error))
    }
}

/// Settings of reqwest for an address. If the program has set some, they are the base.
fn settings(machine: &Machine, own: Option<reqwest::ClientBuilder>) -> reqwest::ClientBuilder {
    let settings = match machine {
        Machine::Any => own.unwrap_or_default(),
        // A proxy could read plain HTTP to this machine.
        _ => own.unwrap_or_else(|| reqwest::Client::builder().no_proxy()),
    };
    match machine {
        Machine::ThisByName(name) => settings.resolve_to_addrs(name, &Machine::ADDRESSES),
        _ => settings,
    }
}

impl fmt::Debug for Connect {
    // An address that is not parsed yet may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = match self.credentials {
            Credentials::Environment => "from the environment",
            Credentials::Token(_) => "[redacted]",
            Credentials::Source(_) => "from a source",
            Credentials::CliContext(_) => "from the command-line tool",
        };
        f.debug_struct("Connect")
            .field("token", &format_args!("{token}"))
            .field("scheme", &self.scheme)
            .field("allow_insecure_http", &self.allow_insecure_http)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.limit())
            .field("body_limit", &self.body_limit)
            .field("decoded_limit", &self.decoded_limit)
            .field(
                "user_agent",
                &self.user_agent.as_deref().map(Printable::new),
            )
            .field("retry", &self.retry)
            .field("concurrency_limit", &self.concurrency)
            .field("rate_limit", &self.rate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
