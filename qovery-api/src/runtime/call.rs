//! A call: an operation with its parameters, sent when it is awaited.
//!
//! One generic type serves all operations, so that generated code is a few lines for each. A layer of the
//! transport retries calls. Dropping a call before it is awaited sends nothing. Dropping it while it is
//! awaited abandons it, and the server may still execute it.

mod decoding;

use std::{
    fmt,
    future::{Future, IntoFuture},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::{
    BoxFuture, Client, Error, Operation, OperationInfo, QueryValue, RawResponse, Request, Response,
    RetryMode, TransportError,
    decode::DecodeMode,
    extra, form, headers,
    parameter::{self, Place, Style, Texts},
    path,
    query::Query,
    query_value::text_of,
    sendable,
    text::one_line,
};
use decoding::Decoding;

/// An operation with its parameters, sent when it is awaited.
///
/// Awaiting it returns the decoded body. [`Call::response`] returns the status and the headers too. A call
/// can be cloned, and each clone is sent separately.
///
/// If a part of the call cannot be sent, nothing is sent, and the call fails when it is awaited:
/// [`Error::is_invalid_request`]. For example, a path parameter would reach another endpoint, a header is not
/// text, a number is NaN or infinite, a date is outside of the years 0 to 9999, or the key of an object in the
/// query is the name of another parameter. The message names the field or parameter.
///
/// # Cancel safety
/// Dropping a call before it is awaited sends nothing. Dropping its future abandons the call: the server may still
/// execute a request that was sent.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<O> {
    client: Client,
    parts: Parts,
    operation: PhantomData<fn() -> O>,
}

/// The parts of a call that do not depend on the operation. They are a separate type so that they are compiled
/// once.
#[derive(Clone, Default)]
struct Parts {
    path: String,
    query: Query,
    headers: HeaderMap,
    /// Names with percent-encoded values.
    cookies: Vec<(&'static str, String)>,
    body: Option<Body>,
    timeout: Option<Duration>,
    retry: RetryMode,
    extensions: Extensions,
    /// The extra fields in the body.
    extra: Vec<String>,
    /// The first error of a parameter or setting.
    problem: Option<String>,
}

/// A body with its media type.
#[derive(Clone)]
struct Body {
    content_type: &'static str,
    bytes: Bytes,
}

impl<O: Operation> Call<O> {
    /// Creates a call from the values of its path parameters, in the order of the path. A parameter
    /// that is in the path twice has one value. [`QueryValue`] writes each value as text.
    ///
    /// The operations of the contract are methods of [`Client`]. Use this function for an operation that is not
    /// in the contract.
    ///
    /// ```
    /// use qovery_api::{Call, Client, Json, Operation, OperationInfo};
    /// # use serde_json::Value;
    ///
    /// struct GetNote;
    ///
    /// impl Operation for GetNote {
    ///     type Output = Value;
    ///     type Format = Json;
    ///     const INFO: &'static OperationInfo =
    ///         &OperationInfo::new("getNote", http::Method::GET, "/note/{noteId}");
    /// }
    ///
    /// # async fn run(client: Client) -> Result<(), qovery_api::Error> {
    /// let note = Call::<GetNote>::new(&client, &[&"first"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn new(client: &Client, path_values: &[&dyn QueryValue]) -> Self {
        const SIMPLE: Style = Style::Simple { explode: false };
        let values = path_values.iter();
        Self::with(
            client,
            path::fill(
                O::INFO.path,
                values.map(|value| (SIMPLE, text_of(*value).map(Texts::One))),
            ),
        )
    }

    fn with(client: &Client, path: Result<String, String>) -> Self {
        Self {
            client: client.clone(),
            parts: Parts::new(path),
            operation: PhantomData,
        }
    }

    /// Sets the time limit of this call, from connecting to the last byte of the response. Default:
    /// the limit of the transport. If the transport retries, the limit includes all attempts.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.parts.timeout = Some(limit);
        self
    }

    /// Sets whether this call may be retried. A client without a retry layer never retries.
    /// Default: [`RetryMode::Policy`].
    pub fn retry(mut self, mode: RetryMode) -> Self {
        self.parts.retry = mode;
        self
    }

    /// Sets a header and replaces earlier values of the same name. A `Content-Type` replaces that
    /// of the body.
    ///
    /// The call fails
    /// - if a header cannot hold the value;
    /// - if the header belongs to the connection or sets the length of the message, such as `Content-Length`,
    ///   `Transfer-Encoding` and `Connection`;
    /// - if the header is for a proxy, or leads to another server, path or method, such as `Host`,
    ///   `Proxy-Authorization`, `X-Forwarded-Host`, `X-Original-URL` and `X-HTTP-Method-Override`;
    /// - if a `User-Agent` begins like that of the command-line tool or of the Terraform provider.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.parts.header(name, value);
        self
    }

    /// Sets a query parameter and replaces earlier values of the same name. The value is encoded.
    ///
    /// The call fails if the value has a [`refusal`](QueryValue::refusal), or if the name is also a key of an
    /// object that another parameter sends.
    pub fn query(mut self, name: &str, value: impl QueryValue) -> Self {
        match text_of(&value) {
            Ok(text) => self.parts.query.set(name, &text),
            Err(problem) => self
                .parts
                .fail(format!("the parameter `{}` {problem}", one_line(name, 80))),
        }
        self
    }

    /// Removes all values of a query parameter.
    pub fn without_query(mut self, name: &str) -> Self {
        self.parts.query.remove(name);
        self
    }

    /// Adds a value for the layers of the transport, and replaces an earlier value of the same
    /// type.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.parts.extensions.insert(value);
        self
    }

    /// Returns the operation of the call.
    pub fn operation(&self) -> &'static OperationInfo {
        O::INFO
    }

    /// Sends the call, and returns status, headers and decoded body.
    pub fn response(self) -> ResponseFuture<O> {
        let mut parts = self.parts;
        if !parts.headers.contains_key(header::ACCEPT) {
            parts.header(header::ACCEPT.as_str(), O::ACCEPT);
        }
        ResponseFuture {
            limit: self.client.decoded_limit(),
            mode: self.client.decoding(),
            state: State::Sending(send(self.client, O::INFO, parts)),
        }
    }
}

#[allow(
    dead_code,
    reason = "which of these the generated code uses depends on the contract"
)]
impl<O: Operation> Call<O> {
    /// Creates a call whose path has lists, objects or a style other than the default.
    pub(crate) fn styled<const N: usize>(
        client: &Client,
        path_values: [(Style, Result<Texts, String>); N],
    ) -> Self {
        Self::with(client, path::fill(O::INFO.path, path_values))
    }

    /// Sets the body to a JSON document.
    pub(crate) fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.json_as("application/json", body)
    }

    /// Sets the body to a JSON document of this media type.
    pub(crate) fn json_as<T: Serialize + ?Sized>(
        mut self,
        content_type: &'static str,
        body: &T,
    ) -> Self {
        let (encoded, extra) = extra::noting(|| serde_json::to_vec(body));
        self.parts.extra = extra;
        let encoded =
            sendable::check(body).and_then(|()| encoded.map_err(|error| error.to_string()));
        self.parts.encoded(content_type, encoded);
        self
    }

    /// Sets the body to a form.
    pub(crate) fn form<T: Serialize + ?Sized>(
        mut self,
        content_type: &'static str,
        encodings: &[form::Encoding],
        body: &T,
    ) -> Self {
        let (encoded, extra) = extra::noting(|| form::encode(body, encodings));
        self.parts.extra = extra;
        self.parts
            .encoded(content_type, encoded.map(String::into_bytes));
        self
    }

    /// Sets the body to text of this media type.
    pub(crate) fn text(self, content_type: &'static str, body: impl Into<String>) -> Self {
        self.bytes(content_type, body.into())
    }

    /// Sets the body to bytes of this media type.
    pub(crate) fn bytes(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.parts.body = Some(Body {
            content_type,
            bytes: body.into(),
        });
        self
    }

    /// Sets a query parameter to several values, as `name=a&name=b`. None removes it.
    pub(crate) fn query_repeated<T: QueryValue>(self, name: &'static str, values: &[T]) -> Self {
        let style = Style::Form { explode: true };
        self.parameter(Place::Query, name, style, parameter::list(values))
    }

    /// Sets a query parameter to several values, as `name=a,b`. None removes it.
    pub(crate) fn query_joined<T: QueryValue>(self, name: &'static str, values: &[T]) -> Self {
        let style = Style::Form { explode: false };
        self.parameter(Place::Query, name, style, parameter::list(values))
    }

    /// Sets a query, header or cookie parameter, in the style that the contract declares.
    pub(crate) fn parameter(
        mut self,
        place: Place,
        name: &'static str,
        style: Style,
        value: Result<Texts, String>,
    ) -> Self {
        self.parts.parameter(place, name, style, value);
        self
    }

    /// Reserves the names of query parameters, so that no key of an object is sent as one of them.
    pub(crate) fn declared(mut self, names: &'static [&'static str]) -> Self {
        self.parts.query.reserve(names);
        self
    }
}

/// The prefixes of `User-Agent` that identify the command-line tool and the Terraform provider to the API.
const OTHER_ORIGINS: [&[u8]; 2] = [b"cli", b"terraform provider"];

/// Headers that only the transport sets: a wrong length would cut off the body, and the others apply to one connection.
const FRAMING: [&str; 12] = [
    "alt-used",
    "connection",
    "content-length",
    "expect",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that make a proxy or server execute a different request: on another server or path, or with another method,
/// which would also make a retry unsafe.
const ROUTING: [&str; 14] = [
    "forwarded",
    "host",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
];

fn claims_other_origin(user_agent: &[u8]) -> bool {
    let name = user_agent.trim_ascii_start();
    OTHER_ORIGINS.iter().any(|origin| {
        name.get(..origin.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(origin))
    })
}

impl Parts {
    fn new(path: Result<String, String>) -> Self {
        let mut parts = Self::default();
        match path {
            Ok(path) => parts.path = path,
            Err(problem) => parts.fail(problem),
        }
        parts
    }

    fn fail(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }

    fn header(&mut self, name: &str, value: &str) {
        let (Ok(name), Ok(mut value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) else {
            // The text itself is not shown, because an invalid name may contain a secret.
            self.fail(match HeaderName::from_bytes(name.as_bytes()) {
                Ok(name) => format!("the value of the header `{name}` has a character that is not allowed in headers"),
                Err(_) => "the name of a header has a character that is not allowed there".to_owned(),
            });
            return;
        };
        if FRAMING.contains(&name.as_str()) {
            self.fail(format!("the header `{name}` is set by the transport"));
            return;
        }
        if ROUTING.contains(&name.as_str()) {
            self.fail(format!(
                "the header `{name}` can lead to another server, path or method: set the base URL of the \
                 client, or call another operation"
            ));
            return;
        }
        if name == header::USER_AGENT && claims_other_origin(value.as_bytes()) {
            self.fail(
                "the user agent must not begin with the name of another client of the API: the API \
                 would attribute the request to that client"
                    .to_owned(),
            );
            return;
        }
        if [header::AUTHORIZATION, header::COOKIE].contains(&name) {
            value.set_sensitive(true);
        }
        self.headers.insert(name, value);
    }

    fn parameter(
        &mut self,
        place: Place,
        name: &'static str,
        style: Style,
        value: Result<Texts, String>,
    ) {
        let set = value.and_then(|texts| match place {
            Place::Query => self.query.set_styled(name, style, &texts),
            Place::Header => {
                match parameter::in_header(style, &texts)? {
                    Some(text) => self.header(name, &text),
                    None => {
                        self.headers.remove(name);
                    }
                }
                Ok(())
            }
            Place::Cookie => {
                let text = parameter::in_cookie(name, style, &texts);
                self.cookies.retain(|(known, _)| *known != name);
                self.cookies.extend(text.map(|text| (name, text)));
                Ok(())
            }
        });
        if let Err(problem) = set {
            self.fail(format!("the parameter `{name}` {problem}"));
        }
    }

    fn encoded(&mut self, content_type: &'static str, encoded: Result<Vec<u8>, String>) {
        match encoded {
            Ok(bytes) => {
                self.body = Some(Body {
                    content_type,
                    bytes: bytes.into(),
                });
            }
            Err(error) => self.fail(format!("the body cannot be encoded: {error}")),
        }
    }

    /// Appends the cookies to the header.
    fn add_cookies(&mut self) -> Result<(), String> {
        if self.cookies.is_empty() {
            return Ok(());
        }
        let mut value = match self.headers.get(header::COOKIE) {
            Some(known) => known.as_bytes().to_vec(),
            None => Vec::new(),
        };
        for (_, text) in &self.cookies {
            if !value.is_empty() {
                value.extend(b"; ");
            }
            value.extend(text.as_bytes());
        }
        let mut value = HeaderValue::from_bytes(&value).map_err(|_| {
            "the value of a cookie has a character that is not allowed in headers".to_owned()
        })?;
        value.set_sensitive(true);
        self.headers.insert(header::COOKIE, value);
        Ok(())
    }

    fn into_request(
        mut self,
        base: &reqwest::Url,
        info: &'static OperationInfo,
    ) -> Result<Request, String> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        self.add_cookies()?;
        let mut url = path::join(base, &self.path)?;
        // A base URL has no query that would have to be removed.
        if let Some(query) = self.query.encode()? {
            url.set_query(Some(&query));
        }
        let mut request = Request::new(info, url);
        request.headers = self.headers;
        if let Some(body) = self.body {
            let headers = request.headers.entry(header::CONTENT_TYPE);
            headers.or_insert(HeaderValue::from_static(body.content_type));
            request.body = Some(body.bytes);
        }
        request.timeout = self.timeout;
        request.retry = self.retry;
        request.extensions = self.extensions;
        Ok(request)
    }
}

fn send(
    client: Client,
    info: &'static OperationInfo,
    parts: Parts,
) -> BoxFuture<'static, Result<RawResponse, Error>> {
    Box::pin(async move {
        let mut parts = parts;
        let extra = std::mem::take(&mut parts.extra);
        let request = parts
            .into_request(client.base_url(), info)
            .map_err(|problem| Error::invalid_request(info, problem))?;
        let wants_part = request.headers.contains_key(header::RANGE);
        let mut write = Write::new(&client, info);
        let response = client
            .transport()
            .send(request)
            .await
            .map_err(|error| write.failed(Error::transport(info, error)))?;
        if !wants_part && let Some(problem) = partial(&response) {
            let error = TransportError::body(problem);
            let error = error.with_attempts(response.attempts, response.elapsed);
            Err(Error::transport(info, error))
        } else if response.status.is_success() {
            Ok(response)
        } else {
            Err(write.failed(Error::api(info, response).with_extra_fields(extra)))
        }
    })
}

/// A call that changes something. When it is dropped, it reports the write to the observers of the client, unless it
/// was certainly not executed.
struct Write<'a> {
    client: &'a Client,
    info: &'static OperationInfo,
    may_be_executed: bool,
}

impl<'a> Write<'a> {
    fn new(client: &'a Client, info: &'static OperationInfo) -> Self {
        Self {
            client,
            info,
            may_be_executed: !info.method.is_safe(),
        }
    }

    fn failed(&mut self, error: Error) -> Error {
        self.may_be_executed &= error.may_have_been_executed();
        error
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        if self.may_be_executed {
            self.client.report_write(self.info);
        }
    }
}

/// The error of a successful response with only a part of a body (206) or with the difference to another body (226), if
/// the request did not ask for it. A cache has answered, and the caller would take the part for the whole.
fn partial(response: &RawResponse) -> Option<String> {
    let is_whole = match response.status {
        StatusCode::PARTIAL_CONTENT => covers_all(&response.headers, response.body.len()),
        StatusCode::IM_USED => false,
        _ => true,
    };
    (!is_whole).then(|| {
        format!(
            "status {}: the response has only a part of the body, and the request did not ask for a part",
            response.status.as_u16()
        )
    })
}

/// Whether `Content-Range` is `bytes 0-9/10`, and the body has that many bytes: then it is complete.
fn covers_all(headers: &HeaderMap, received: usize) -> bool {
    let range = headers::text(headers, header::CONTENT_RANGE.as_str());
    let Some((first, rest)) = range
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split_once('-'))
    else {
        return false;
    };
    let last_and_length = rest
        .split_once('/')
        .and_then(|(last, length)| Some((last.parse::<u64>().ok()?, length.parse::<u64>().ok()?)));
    first == "0"
        && last_and_length.is_some_and(|(last, length)| {
            last.checked_add(1) == Some(length) && usize::try_from(length) == Ok(received)
        })
}

impl<O> Clone for Call<O> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            parts: self.parts.clone(),
            operation: PhantomData,
        }
    }
}

impl<O: Operation> fmt::Debug for Call<O> {
    // Path, query, headers and body may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &O::INFO.id)
            .finish_non_exhaustive()
    }
}

impl<O: Operation> IntoFuture for Call<O> {
    type Output = Result<O::Output, Error>;
    type IntoFuture = CallFuture<O>;

    fn into_future(self) -> CallFuture<O> {
        CallFuture(self.response())
    }
}

/// The future of a call. Yields the decoded body.
///
/// # Cancel safety
/// Dropping the future abandons the call: the server may still execute a request that was sent.
#[must_use = "futures do nothing unless awaited"]
pub struct CallFuture<O: Operation>(ResponseFuture<O>);

impl<O: Operation> Future for CallFuture<O> {
    type Output = Result<O::Output, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let response = ready!(Pin::new(&mut self.get_mut().0).poll(context));
        Poll::Ready(response.map(Response::into_inner))
    }
}

/// The future of a call. Yields the response: status, headers and decoded body.
///
/// In a Tokio runtime a body of 256 KiB or more is decoded on a thread for blocking work.
///
/// # Cancel safety
/// Dropping the future abandons the call: the server may still execute a request that was sent.
#[must_use = "futures do nothing unless awaited"]
pub struct ResponseFuture<O: Operation> {
    limit: usize,
    mode: DecodeMode,
    state: State<O>,
}

enum State<O: Operation> {
    Sending(BoxFuture<'static, Result<RawResponse, Error>>),
    Decoding(Box<Decoding<O>>),
}

impl<O: Operation> Future for ResponseFuture<O> {
    type Output = Result<Response<O::Output>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let State::Sending(raw) = &mut this.state {
            let raw = ready!(raw.as_mut().poll(context))?;
            let decoding = Decoding::begin(raw, this.limit, this.mode);
            this.state = State::Decoding(Box::new(decoding));
        }
        match &mut this.state {
            State::Decoding(decoding) => decoding.poll(context),
            State::Sending(_) => Poll::Pending,
        }
    }
}

impl<O: Operation> fmt::Debug for CallFuture<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallFuture").field(&O::INFO.id).finish()
    }
}

impl<O: Operation> fmt::Debug for ResponseFuture<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResponseFuture").field(&O::INFO.id).finish()
    }
}

#[cfg(test)]
mod tests;
