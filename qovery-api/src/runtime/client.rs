//! The client: the base URL of the API, and the transport that sends requests to it.
//!
//! Retries, limits and tokens that change are layers of the transport in `qovery-ext`.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::Extensions;
use reqwest::Url;

use super::{
    AccessToken, BuildError, HttpTransport, OperationInfo, Printable, Transport,
    decode::{DecodeMode, budget},
    http_transport::MakeHttp,
    limits::{DEFAULT_BODY_LIMIT, DEFAULT_CONNECT_TIMEOUT, DEFAULT_TIMEOUT},
};

/// The default base URL of the API.
pub const DEFAULT_BASE_URL: &str = "https://api.qovery.com";

/// The default address of the websocket API.
///
/// Available on crate feature `stream` only.
#[cfg(feature = "stream")]
pub const DEFAULT_STREAM_URL: &str = "wss://ws.qovery.com";

/// Calls the API. Cloning is cheap, and clones share their connections.
///
/// ```
/// use qovery_api::Client;
///
/// let client = Client::new("qov_0123456789")?;
/// assert_eq!(client.base_url().as_str(), "https://api.qovery.com/");
/// # Ok::<(), qovery_api::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

/// See [`Client::on_write`].
type Observer = Arc<dyn Fn(&OperationInfo) + Send + Sync>;

#[derive(Clone)]
struct Inner {
    base_url: Url,
    /// The address of the websocket API, with `http` for `ws`; `None` if it is unknown.
    #[cfg(feature = "stream")]
    stream_url: Option<Url>,
    transport: Arc<dyn Transport>,
    shared: Arc<Mutex<Extensions>>,
    observers: Arc<Mutex<Vec<Observer>>>,
    decoded_limit: usize,
    decoding: DecodeMode,
}

impl Client {
    /// Creates a client of `https://api.qovery.com` with this token and default settings.
    ///
    /// # Errors
    /// Returns an error if the token is malformed. The error does not show the token.
    pub fn new(token: impl Into<String>) -> Result<Self, BuildError> {
        Self::builder().token(AccessToken::new(token)?).build()
    }

    /// Creates settings with the defaults, without a token.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Creates a client that sends requests through this transport. The transport adds the token,
    /// if one is needed.
    ///
    /// # Errors
    /// Returns an error if the base URL is malformed, is neither `http` nor `https`, or contains
    /// credentials, a query or a fragment.
    pub fn with_transport(
        base_url: impl AsRef<str>,
        transport: impl Transport,
    ) -> Result<Self, BuildError> {
        let limit = budget::for_bodies_of(DEFAULT_BODY_LIMIT);
        Self::assemble(base_url.as_ref(), Arc::new(transport), limit)
    }

    fn assemble(
        base_url: &str,
        transport: Arc<dyn Transport>,
        decoded_limit: usize,
    ) -> Result<Self, BuildError> {
        let base_url = parse_base_url(base_url)?;
        Ok(Self {
            inner: Arc::new(Inner {
                #[cfg(feature = "stream")]
                stream_url: stream_url_of(&base_url),
                base_url,
                transport,
                shared: Arc::default(),
                observers: Arc::default(),
                decoded_limit,
                decoding: DecodeMode::Lenient,
            }),
        })
    }

    #[cfg(feature = "stream")]
    fn set_stream_url(&mut self, url: Option<&str>) -> Result<(), BuildError> {
        if let Some(url) = url {
            Arc::make_mut(&mut self.inner).stream_url = Some(parse_stream_url(url)?);
        }
        Ok(())
    }

    /// The limit on the decoded size of a response, in bytes.
    pub(crate) fn decoded_limit(&self) -> usize {
        self.inner.decoded_limit
    }

    /// Returns this client with strict or lenient decoding of responses. Default: lenient.
    ///
    /// Lenient decoding keeps values that do not fit, so that the rest of a response decodes: see
    /// [`decode`](super::decode). Strict decoding fails with the path of such a value:
    /// [`Error::decode_path`](super::Error::decode_path).
    ///
    /// ```
    /// let client = qovery_api::Client::new("qov_0123456789")?.strict_decoding(true);
    /// # Ok::<(), qovery_api::BuildError>(())
    /// ```
    #[must_use]
    pub fn strict_decoding(mut self, is_strict: bool) -> Self {
        Arc::make_mut(&mut self.inner).decoding = match is_strict {
            true => DecodeMode::Strict,
            false => DecodeMode::Lenient,
        };
        self
    }

    /// How responses are decoded.
    pub(crate) fn decoding(&self) -> DecodeMode {
        self.inner.decoding
    }

    /// Returns the base URL of the API.
    pub fn base_url(&self) -> &Url {
        &self.inner.base_url
    }

    /// Returns the address of the websocket API, with `https` in place of `wss`. This is the address of
    /// [`ClientBuilder::stream_url`], or `wss://ws.qovery.com` for a client of `https://api.qovery.com`.
    /// Returns `None` for any other client, because its token belongs to another server.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn stream_url(&self) -> Option<&Url> {
        self.inner.stream_url.as_ref()
    }

    /// Returns the transport, for example to wrap it in another layer.
    pub fn transport(&self) -> &Arc<dyn Transport> {
        &self.inner.transport
    }

    /// Returns a value that all clones of this client share. The first call creates it.
    ///
    /// Layers above the client use it, for example for a limit on all requests of a layer. There is
    /// one value for each type: use a type of your own.
    ///
    /// ```
    /// # use std::sync::atomic::{AtomicU32, Ordering};
    /// #[derive(Default)]
    /// struct Polls(AtomicU32);
    ///
    /// # let client = qovery_api::Client::new("qov_0123456789")?;
    /// client.shared(Polls::default).0.fetch_add(1, Ordering::Relaxed);
    /// let clone = client.clone();
    /// assert_eq!(clone.shared(Polls::default).0.load(Ordering::Relaxed), 1);
    /// # Ok::<(), qovery_api::BuildError>(())
    /// ```
    pub fn shared<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let mut shared = self
            .inner
            .shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = shared.get::<Arc<T>>() {
            return Arc::clone(value);
        }
        let value = Arc::new(make());
        shared.insert(Arc::clone(&value));
        value
    }

    /// Calls a function after each write of this client or its clones that the server has executed or may have
    /// executed. A write is a call that does more than read. It may have been executed if it succeeded, if its
    /// response was lost, or if it was dropped while it was sent. Each call of this method adds a function,
    /// which stays until all clones are dropped.
    ///
    /// Layers above the client use it, for example to clear a cache. The function must not panic, because it also runs
    /// when a future is dropped. If it blocks, it delays the call.
    ///
    /// ```
    /// # use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
    /// # let client = qovery_api::Client::new("qov_0123456789")?;
    /// let writes = Arc::new(AtomicU32::new(0));
    /// let counted = Arc::clone(&writes);
    /// client.on_write(move |operation| {
    ///     println!("{} {}", operation.method, operation.path);
    ///     counted.fetch_add(1, Ordering::Relaxed);
    /// });
    /// # Ok::<(), qovery_api::BuildError>(())
    /// ```
    pub fn on_write(&self, observer: impl Fn(&OperationInfo) + Send + Sync + 'static) {
        let observers = self.inner.observers.lock();
        let mut observers = observers.unwrap_or_else(PoisonError::into_inner);
        observers.push(Arc::new(observer));
    }

    /// Reports a write to the observers.
    pub(super) fn report_write(&self, operation: &OperationInfo) {
        // Without the lock: an observer may use the client.
        let observers = self.inner.observers.lock();
        let observers = observers.unwrap_or_else(PoisonError::into_inner).clone();
        for observer in observers {
            observer(operation);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.base_url.as_str())
            .finish_non_exhaustive()
    }
}

fn parse_base_url(text: &str) -> Result<Url, BuildError> {
    parse_url(text, ["https", "http"]).map_err(BuildError::base_url)
}

/// Reads an address. The problem does not show the text, which may contain a password. It names these schemes.
fn parse_url(text: &str, [secure, plain]: [&str; 2]) -> Result<Url, String> {
    let step = format!("write it as {secure}://HOST");
    let url = Url::parse(text.trim())
        .map_err(|problem| format!("it is not a URL ({problem}): {step}"))?;
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    let has_more = url.query().is_some() || url.fragment().is_some();
    Err(match url.scheme() {
        "http" | "https" if !url.has_host() => format!("it has no host: {step}"),
        "http" | "https" if has_credentials => {
            "it contains credentials: remove them, and set the token".to_owned()
        }
        "http" | "https" if has_more => "it contains a query or a fragment: remove it".to_owned(),
        "http" | "https" => return Ok(url),
        _ => format!("it is neither {secure} nor {plain}: {step}"),
    })
}

/// The address of the websocket API for an address of the API, if it is known.
#[cfg(feature = "stream")]
fn stream_url_of(base_url: &Url) -> Option<Url> {
    let is_default = Url::parse(DEFAULT_BASE_URL).is_ok_and(|known| known == *base_url);
    let default = is_default.then(|| parse_stream_url(DEFAULT_STREAM_URL));
    default?.ok()
}

/// Reads an address with one of the schemes `ws`, `wss`, `http` and `https`.
#[cfg(feature = "stream")]
fn parse_stream_url(text: &str) -> Result<Url, BuildError> {
    let text = text.trim();
    let lower = text.get(..6).unwrap_or_default().to_ascii_lowercase();
    let text = match (lower.strip_prefix("wss://"), lower.strip_prefix("ws://")) {
        (Some(_), _) => format!("https://{}", text.get(6..).unwrap_or_default()),
        (_, Some(_)) => format!("http://{}", text.get(5..).unwrap_or_default()),
        _ => text.to_owned(),
    };
    parse_url(&text, ["wss", "ws"]).map_err(BuildError::stream_url)
}

/// The settings of a [`Client`].
///
/// ```
/// use std::time::Duration;
/// use qovery_api::{AccessToken, Client};
///
/// let client = Client::builder()
///     .token(AccessToken::new("qov_0123456789")?)
///     .request_timeout(Duration::from_secs(20))
///     .user_agent("nightly-deploys/1.2")
///     .build()?;
/// # Ok::<(), qovery_api::BuildError>(())
/// ```
#[derive(Default)]
#[must_use]
pub struct ClientBuilder {
    base_url: Option<String>,
    #[cfg(feature = "stream")]
    stream_url: Option<String>,
    transport: Option<Arc<dyn Transport>>,
    token: Option<AccessToken>,
    connect_timeout: Option<Duration>,
    request_timeout: Option<Duration>,
    body_limit: Option<usize>,
    decoded_limit: Option<usize>,
    user_agent: Option<String>,
    http: Option<reqwest::ClientBuilder>,
    make_http: Option<MakeHttp>,
    strict_decoding: bool,
}

impl ClientBuilder {
    /// Sets the base URL of the API. It may contain a path. Default: `https://api.qovery.com`.
    ///
    /// An `http://` address of any host is accepted: the token is then sent unencrypted. By default, the
    /// clients of `qovery-ext` accept an `http://` address only if it is an address of this machine.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the token of each request. Default: none.
    pub fn token(mut self, token: AccessToken) -> Self {
        self.token = Some(token);
        self
    }

    /// Sets the time limit for opening a connection. Default: 10 s.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    /// Sets the time limit for one request, from connecting to the last byte of the response.
    /// Default: 60 s. [`Call::timeout`](super::Call::timeout) sets it for a single call.
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = Some(limit);
        self
    }

    /// Sets the largest size of the body of a response, in bytes. Default: 64 MiB.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Sets the largest size of a decoded response in memory, in bytes. Default: 7 times
    /// [`body_limit`](Self::body_limit), but at least 64 KiB. With the default of `body_limit`, this is 448 MiB.
    ///
    /// The size is estimated before memory is allocated, from the number of values in the document
    /// and the sizes of their types. The estimate is an upper bound. For example, a list of 10,000
    /// environments (5 MiB of JSON) takes less than a third of the default. A larger response is an
    /// error: [`Error::is_too_large`](super::Error::is_too_large).
    ///
    /// Applies to any [transport](Self::transport).
    ///
    /// ```
    /// use qovery_api::Client;
    ///
    /// let client = Client::builder()
    ///     .body_limit(256 * 1024 * 1024)
    ///     .decoded_limit(4 * 1024 * 1024 * 1024)
    ///     .build()?;
    /// # Ok::<(), qovery_api::BuildError>(())
    /// ```
    pub fn decoded_limit(mut self, bytes: usize) -> Self {
        self.decoded_limit = Some(bytes);
        self
    }

    /// Returns the default of [`decoded_limit`](Self::decoded_limit) for this limit on bodies, in
    /// bytes.
    pub fn decoded_limit_for(body_limit: usize) -> usize {
        budget::for_bodies_of(body_limit)
    }

    /// Adds the name of your program to the `User-Agent` header, such as `nightly-deploys/1.2`. It
    /// follows the name of this library.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = Some(name.into());
        self
    }

    /// Sets the reqwest settings to start from: proxies, certificates, pools. With these settings, streams are refused:
    /// use [`reqwest_with`](Self::reqwest_with).
    pub fn reqwest(mut self, settings: reqwest::ClientBuilder) -> Self {
        self.http = Some(settings);
        self
    }

    /// Like [`reqwest`](Self::reqwest), for settings that are built more than once: the feature
    /// `stream` opens websockets with a second HTTP client, over HTTP/1.1.
    pub fn reqwest_with(
        mut self,
        settings: impl Fn() -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.make_http = Some(Arc::new(settings));
        self
    }

    /// Sets the address of the websocket API, such as `wss://ws.qovery.com`. It may contain a path.
    /// Default: `wss://ws.qovery.com` for a client of `https://api.qovery.com`, otherwise none. A
    /// `ws://` address is accepted: the token is then sent unencrypted.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn stream_url(mut self, url: impl Into<String>) -> Self {
        self.stream_url = Some(url.into());
        self
    }

    /// Sets strict decoding of responses, as with [`Client::strict_decoding`]. Default: false.
    pub fn strict_decoding(mut self, is_strict: bool) -> Self {
        self.strict_decoding = is_strict;
        self
    }

    /// Sends requests through this transport instead of [`HttpTransport`]. Only the base URL, the address of
    /// the websocket API, [`decoded_limit`](Self::decoded_limit) and the kind of decoding can be set with it.
    /// The other settings belong to the transport.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// Returns an error if the base URL, the address of the websocket API or the user agent cannot be used, or if
    /// settings of the HTTP transport were set together with another transport.
    pub fn build(self) -> Result<Client, BuildError> {
        let base_url = self.base_url.as_deref().unwrap_or(DEFAULT_BASE_URL);
        let body_limit = self.body_limit.unwrap_or(DEFAULT_BODY_LIMIT);
        let decoded_limit = self
            .decoded_limit
            .unwrap_or_else(|| budget::for_bodies_of(body_limit));
        if let Some(transport) = self.transport {
            let ignored = [
                ("token", self.token.is_some()),
                ("connect_timeout", self.connect_timeout.is_some()),
                ("request_timeout", self.request_timeout.is_some()),
                ("body_limit", self.body_limit.is_some()),
                ("user_agent", self.user_agent.is_some()),
                ("reqwest", self.http.is_some()),
                ("reqwest_with", self.make_http.is_some()),
            ];
            if let Some((name, _)) = ignored.into_iter().find(|(_, is_set)| *is_set) {
                return Err(BuildError::settings(format_args!(
                    "`{name}` has no effect on a custom transport: set it on the transport"
                )));
            }
            #[allow(unused_mut, reason = "changed only with the websocket API")]
            let mut client = Client::assemble(base_url, transport, decoded_limit)?;
            #[cfg(feature = "stream")]
            client.set_stream_url(self.stream_url.as_deref())?;
            return Ok(client.strict_decoding(self.strict_decoding));
        }
        let mut http = HttpTransport::builder()
            .connect_timeout(self.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT))
            .request_timeout(self.request_timeout.unwrap_or(DEFAULT_TIMEOUT))
            .body_limit(body_limit);
        if let Some(settings) = self.http {
            http = http.reqwest(settings);
        }
        if let Some(make) = self.make_http {
            http = http.reqwest_with(move || make());
        }
        if let Some(token) = self.token {
            http = http.token(token);
        }
        if let Some(name) = self.user_agent {
            http = http.user_agent(name);
        }
        #[allow(unused_mut, reason = "changed only with the websocket API")]
        let mut client = Client::assemble(base_url, Arc::new(http.build()?), decoded_limit)?;
        #[cfg(feature = "stream")]
        client.set_stream_url(self.stream_url.as_deref())?;
        Ok(client.strict_decoding(self.strict_decoding))
    }
}

impl fmt::Debug for ClientBuilder {
    // A base URL that is not parsed yet may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("has_token", &self.token.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("body_limit", &self.body_limit)
            .field("decoded_limit", &self.decoded_limit)
            .field(
                "user_agent",
                &self.user_agent.as_deref().map(Printable::new),
            )
            .field("strict_decoding", &self.strict_decoding)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_that_cannot_be_used_is_refused_without_showing_it() {
        for url in [
            "api.qovery.com",
            "",
            "ftp://h.test",
            "https://user:s3cret@h.test",
            "https://s3cret@h.test",
            "https://h.test/?token=s3cret",
            "https://h.test/#s3cret",
            "file:///tmp",
        ] {
            let error = Client::builder().base_url(url).build().unwrap_err();
            assert!(error.is_base_url(), "{url}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn the_error_of_an_address_has_the_next_step() {
        for (url, step) in [
            (
                "api.qovery.com",
                "it is not a URL (relative URL without a base): write it as https://HOST",
            ),
            (
                "localhost:8080",
                "it is neither https nor http: write it as https://HOST",
            ),
            (
                "https://user@h.test",
                "it contains credentials: remove them, and set the token",
            ),
            (
                "https://h.test/?a=b",
                "it contains a query or a fragment: remove it",
            ),
        ] {
            let error = Client::builder().base_url(url).build().unwrap_err();
            let text = format!("the base URL cannot be used: {step}");
            assert_eq!(error.to_string(), text, "{url}");
        }
    }

    #[cfg(feature = "stream")]
    #[test]
    fn the_error_of_a_websocket_address_names_its_own_schemes() {
        let builder = Client::builder().stream_url("localhost:8080");
        assert_eq!(
            builder.build().unwrap_err().to_string(),
            "the address of the websocket API cannot be used: it is neither wss nor ws: write it as wss://HOST"
        );
    }

    #[test]
    fn neither_client_nor_builder_shows_the_token() {
        let token = AccessToken::new("s3cret").unwrap();
        let builder = Client::builder().token(token);
        let shown = format!("{builder:?}");
        let client = builder.build().unwrap();
        assert!(!format!("{shown} {client:?}").contains("s3cret"));
    }

    #[test]
    fn settings_that_would_be_ignored_are_refused() {
        let other = || HttpTransport::builder().build().unwrap();
        let error = Client::builder()
            .transport(other())
            .request_timeout(Duration::from_secs(1))
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("`request_timeout`"), "{error}");
        assert!(Client::builder().transport(other()).build().is_ok());
    }
}
