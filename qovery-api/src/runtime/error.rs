//! The error of a call.
//!
//! All operations have the same type. Building a client has [`BuildError`](super::BuildError).

mod message;

use std::{error, fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use super::{
    ApiError, DecodeError, OperationInfo, RawResponse, TransportError, headers,
    limits::ERROR_BODY_LIMIT, origin::Origin, redact::Token, text,
};

/// A call failed.
///
/// The error has predicates ([`is_not_found`](Self::is_not_found), …) and accessors. `Display` is one line:
/// the operation, the status and the message of the API; after a retry also the number of attempts and the elapsed
/// time. If the operation changes something, `Display` also prints whether the server may have executed the request.
/// Token, headers and query are never shown.
///
/// ```
/// # fn example(error: qovery_api::Error) -> Result<(), qovery_api::Error> {
/// if error.is_not_found() {
///     return Ok(());
/// }
/// if error.may_have_been_executed() {
///     eprintln!("check the state before you retry: {error}");
/// }
/// # Err(error)
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    operation: &'static OperationInfo,
    kind: Kind,
    /// The extra fields of a request that the API refused.
    extra_fields: Vec<String>,
}

enum Kind {
    InvalidRequest(String),
    Transport(TransportError),
    Api(Box<Reply>, Option<Box<ApiError>>),
    Decode(Box<Reply>, DecodeError),
}

/// The parts of a response that the error keeps.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    is_body_truncated: bool,
    attempts: u32,
    elapsed: Duration,
    executed_before: bool,
    retry_after: Option<Duration>,
}

impl Reply {
    /// Keeps the beginning of the body, without the token.
    fn new(raw: RawResponse, token: Option<&Token>) -> Self {
        let body_length = raw.body.len();
        let retry_after = raw.retry_after();
        // If the cut splits a token, the code below finds its part.
        let mut body = raw.body.slice(..body_length.min(2 * ERROR_BODY_LIMIT));
        if let Some(token) = token {
            token.clean_body(&mut body);
        }
        let is_body_truncated = body_length.max(body.len()) > ERROR_BODY_LIMIT;
        if is_body_truncated {
            // A copy, because a slice would keep the whole body in memory.
            body = Bytes::copy_from_slice(body.get(..ERROR_BODY_LIMIT).unwrap_or(&body));
        }
        Self {
            status: raw.status,
            headers: raw.headers,
            body,
            is_body_truncated,
            attempts: raw.attempts,
            elapsed: raw.elapsed,
            executed_before: raw.executed_before,
            retry_after,
        }
    }
}

impl Reply {
    fn origin_of_refusal(&self, parsed: Option<&ApiError>) -> Origin {
        Origin::of_refusal(self.status, &self.headers, &self.body, parsed)
    }

    /// Whether something else answered in the API's place, perhaps after the API had executed the
    /// request. A 429 is sent before a request is passed on.
    fn may_hide_execution(&self, parsed: Option<&ApiError>) -> bool {
        self.status.is_client_error()
            && self.status != StatusCode::TOO_MANY_REQUESTS
            && self.origin_of_refusal(parsed) != Origin::Api
    }
}

impl Error {
    fn new(operation: &'static OperationInfo, kind: Kind) -> Self {
        Self(Box::new(Inner {
            operation,
            kind,
            extra_fields: Vec::new(),
        }))
    }

    /// Adds the extra fields of the request, if the API has refused its input.
    pub(crate) fn with_extra_fields(mut self, names: Vec<String>) -> Self {
        if self.is_bad_request() {
            self.0.extra_fields = names;
        }
        self
    }

    pub(crate) fn invalid_request(operation: &'static OperationInfo, problem: String) -> Self {
        Self::new(operation, Kind::InvalidRequest(problem))
    }

    pub(crate) fn transport(operation: &'static OperationInfo, error: TransportError) -> Self {
        Self::new(operation, Kind::Transport(error))
    }

    pub(crate) fn api(operation: &'static OperationInfo, raw: RawResponse) -> Self {
        let token = raw.token();
        let parsed = ApiError::parse(&raw.body, token.as_ref());
        let reply = Reply::new(raw, token.as_ref());
        Self::new(operation, Kind::Api(Box::new(reply), parsed.map(Box::new)))
    }

    pub(crate) fn decode(
        operation: &'static OperationInfo,
        raw: RawResponse,
        mut error: DecodeError,
    ) -> Self {
        if let Some(message) = headers::compression(&raw.headers) {
            error = DecodeError::compressed(message);
        }
        let token = raw.token();
        if let Some(token) = &token {
            error.redact(token);
        }
        let reply = Reply::new(raw, token.as_ref());
        Self::new(operation, Kind::Decode(Box::new(reply), error))
    }

    fn reply(&self) -> Option<&Reply> {
        match &self.0.kind {
            Kind::Api(reply, _) | Kind::Decode(reply, _) => Some(reply),
            Kind::InvalidRequest(_) | Kind::Transport(_) => None,
        }
    }

    /// The origin of the response, if there is one.
    fn origin(&self) -> Option<Origin> {
        match &self.0.kind {
            Kind::Api(reply, parsed) => Some(reply.origin_of_refusal(parsed.as_deref())),
            Kind::Decode(reply, _) => Some(Origin::of_unreadable(&reply.headers, &reply.body)),
            Kind::InvalidRequest(_) | Kind::Transport(_) => None,
        }
    }

    /// The status of a response that was not a success.
    fn api_status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Api(reply, _) => Some(reply.status),
            _ => None,
        }
    }

    fn is_status(&self, status: StatusCode) -> bool {
        self.api_status() == Some(status)
    }

    /// Returns the operation of the call.
    pub fn operation(&self) -> &'static OperationInfo {
        self.0.operation
    }

    /// Returns whether the call was refused before anything was sent, for example because of a path parameter
    /// that would reach another endpoint, or a header or a body that cannot be encoded.
    pub fn is_invalid_request(&self) -> bool {
        matches!(self.0.kind, Kind::InvalidRequest(_))
    }

    /// Returns whether no complete response was received. [`Self::transport_error`] has the
    /// details.
    pub fn is_transport(&self) -> bool {
        matches!(self.0.kind, Kind::Transport(_))
    }

    /// Returns whether no connection was made: the server has not received this attempt.
    pub fn is_connect(&self) -> bool {
        self.transport_error()
            .is_some_and(TransportError::is_connect)
    }

    /// Returns whether a time limit passed. Unless it passed before the request was sent, the server may have executed
    /// the request: see [`Self::may_have_been_executed`].
    pub fn is_timeout(&self) -> bool {
        self.transport_error()
            .is_some_and(TransportError::is_timeout)
    }

    /// Returns whether the server answered with a status other than a success.
    pub fn is_api(&self) -> bool {
        matches!(self.0.kind, Kind::Api(..))
    }

    /// Returns whether the status was a success, and the body does not fit the contract or becomes [too
    /// large](Self::is_too_large). The request was executed, unless the body is a [web page](Self::is_web_page).
    pub fn is_decode(&self) -> bool {
        matches!(self.0.kind, Kind::Decode(..))
    }

    /// Returns whether the response looks like one of the API: JSON, for an error with the API's
    /// fields (`status`, `detail`, …), or an empty body that is not declared to be HTML. An error with an empty body
    /// must have a status of 400 to 431 or 5xx. A 3xx, a 407 and a 499 never count as a response of the API.
    ///
    /// Returns `false` for the page or text of a proxy, a firewall or a login page, with any
    /// status. Such a response is no evidence about the resource: after the 404 of a load balancer,
    /// the resource may exist, and after the 403 of a firewall, the request may have been executed.
    /// Also returns `false` if no response was received.
    ///
    /// ```
    /// fn is_gone(error: &qovery_api::Error) -> bool {
    ///     error.is_not_found() && error.is_from_api()
    /// }
    /// ```
    pub fn is_from_api(&self) -> bool {
        self.origin() == Some(Origin::Api)
    }

    /// Returns whether a retried `DELETE` was answered with 400, 403, 404 or 410 after an attempt that may have
    /// been executed. That attempt may have deleted the resource. If it did, the response is a result of the
    /// deletion and not a refusal.
    pub fn may_already_be_deleted(&self) -> bool {
        let Kind::Api(reply, _) = &self.0.kind else {
            return false;
        };
        self.0.operation.method == Method::DELETE
            && reply.executed_before
            && matches!(reply.status.as_u16(), 400 | 403 | 404 | 410)
    }

    /// Returns whether a web page was received instead of the API's response, with any status. A
    /// proxy or a login page answered, or the base URL belongs to another server. The response is
    /// no evidence about the request.
    pub fn is_web_page(&self) -> bool {
        self.origin() == Some(Origin::WebPage)
    }

    /// Returns whether the response exceeds the limit on the body
    /// ([`body_limit`](super::ClientBuilder::body_limit)) or on the decoded size
    /// ([`decoded_limit`](super::ClientBuilder::decoded_limit)). The request was executed.
    pub fn is_too_large(&self) -> bool {
        match &self.0.kind {
            Kind::Transport(error) => error.is_too_large(),
            Kind::Decode(_, error) => error.is_too_large(),
            Kind::InvalidRequest(_) | Kind::Api(..) => false,
        }
    }

    /// Returns whether the status is 401: the token is missing, malformed, expired or revoked.
    pub fn is_unauthorized(&self) -> bool {
        self.is_status(StatusCode::UNAUTHORIZED)
    }

    /// Returns whether the status is 403: the token does not allow this. The API also returns 403
    /// for some resources that do not exist.
    pub fn is_forbidden(&self) -> bool {
        self.is_status(StatusCode::FORBIDDEN)
    }

    /// Returns whether the status is 404: the resource does not exist.
    pub fn is_not_found(&self) -> bool {
        self.is_status(StatusCode::NOT_FOUND)
    }

    /// Returns whether the status is 409: a duplicate, a lock, or an operation in progress.
    pub fn is_conflict(&self) -> bool {
        self.is_status(StatusCode::CONFLICT)
    }

    /// Returns whether the status is 429: too many requests. [`Self::retry_after`] returns the
    /// delay that the server demands.
    pub fn is_rate_limited(&self) -> bool {
        self.is_status(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Returns whether the status is 400 or 422: the API refuses the input, or the resource does not exist.
    pub fn is_bad_request(&self) -> bool {
        self.is_status(StatusCode::BAD_REQUEST) || self.is_status(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// Returns whether the status is 5xx: the server, or a proxy in front of it, failed.
    pub fn is_server_error(&self) -> bool {
        self.api_status()
            .is_some_and(|status| status.is_server_error())
    }

    /// Returns the status of the response, if a response was received. This includes a success whose body could
    /// not be decoded.
    pub fn status(&self) -> Option<StatusCode> {
        self.reply().map(|reply| reply.status)
    }

    /// Returns the headers of the response, if one was received.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.reply().map(|reply| &reply.headers)
    }

    /// Returns the error document of the API, if the status was not a success and the body was a
    /// JSON object.
    pub fn api_error(&self) -> Option<&ApiError> {
        match &self.0.kind {
            Kind::Api(_, parsed) => parsed.as_deref(),
            _ => None,
        }
    }

    /// Returns the names of extra fields in a request that the API refused with 400 or 422, as
    /// `Model.field`, at most 20. These fields came with a response, and this version of the
    /// library does not know them. [`without_extra`](crate::ModelExt::without_extra) of the request
    /// removes them.
    pub fn extra_fields(&self) -> &[String] {
        &self.0.extra_fields
    }

    /// Returns the decode error of a successful response.
    pub fn decode_error(&self) -> Option<&DecodeError> {
        match &self.0.kind {
            Kind::Decode(_, error) => Some(error),
            _ => None,
        }
    }

    /// Returns the path of the value that does not fit, such as `results[3].status`. Empty if the
    /// whole body does not fit.
    pub fn decode_path(&self) -> Option<&str> {
        self.decode_error().map(DecodeError::path)
    }

    /// Returns the reason why no complete response was received.
    pub fn transport_error(&self) -> Option<&TransportError> {
        match &self.0.kind {
            Kind::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the first 8 KiB of the body of the response, if one was received.
    pub fn body(&self) -> Option<&Bytes> {
        self.reply().map(|reply| &reply.body)
    }

    /// Returns whether the body was longer than [`Self::body`].
    pub fn is_body_truncated(&self) -> bool {
        self.reply().is_some_and(|reply| reply.is_body_truncated)
    }

    /// Returns the request id of the server: `X-Qovery-Request-Id`, else `X-Request-Id`. Give it to the support of
    /// Qovery.
    pub fn request_id(&self) -> Option<&str> {
        headers::request_id(self.headers()?)
    }

    /// Returns the delay that the server demands before the next request, counted from the
    /// response.
    ///
    /// The source is `Retry-After` in seconds or as a date. If it is absent and the status is 429
    /// or `X-RateLimit-Remaining` is 0, the source is `X-RateLimit-Reset`. The value comes from the
    /// server and is not limited.
    pub fn retry_after(&self) -> Option<Duration> {
        self.reply()?.retry_after
    }

    /// Returns whether the server may have executed the request in any of the attempts. `false` is
    /// certain. After `true`, check the state before you send the request again.
    pub fn may_have_been_executed(&self) -> bool {
        match &self.0.kind {
            Kind::InvalidRequest(_) => false,
            Kind::Transport(error) => error.may_have_been_executed(),
            Kind::Api(reply, parsed) => {
                reply.executed_before
                    || !is_refusal(reply.status)
                    || reply.may_hide_execution(parsed.as_deref())
            }
            Kind::Decode(..) => true,
        }
    }

    /// Returns the number of attempts; 0 if the call was refused before anything was sent.
    pub fn attempts(&self) -> u32 {
        match &self.0.kind {
            Kind::InvalidRequest(_) => 0,
            Kind::Transport(error) => error.attempts(),
            Kind::Api(reply, _) | Kind::Decode(reply, _) => reply.attempts,
        }
    }

    /// Returns the time from the start of the first attempt to the end of the last one.
    pub fn elapsed(&self) -> Duration {
        match &self.0.kind {
            Kind::InvalidRequest(_) => Duration::ZERO,
            Kind::Transport(error) => error.elapsed(),
            Kind::Api(reply, _) | Kind::Decode(reply, _) => reply.elapsed,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.operation.id)?;
        match &self.0.kind {
            Kind::InvalidRequest(problem) => {
                write!(
                    f,
                    "not sent: {}",
                    text::one_line(problem, message::TEXT_LIMIT)
                )?;
            }
            Kind::Transport(error) => error.fmt(f)?,
            Kind::Api(reply, parsed) => {
                let said = parsed.as_deref().and_then(ApiError::text);
                write!(f, "{}: ", message::status_line(reply.status))?;
                let said = said.map(|text| text::one_line(text, message::TEXT_LIMIT));
                f.write_str(&said.unwrap_or_else(|| {
                    let origin = reply.origin_of_refusal(parsed.as_deref());
                    message::without_text(reply.status, &reply.headers, &reply.body, origin)
                }))?;
                if let Some(wait) = reply.retry_after {
                    write!(f, " (retry after {} s)", wait.as_secs())?;
                }
            }
            Kind::Decode(reply, error) => {
                let status = message::status_line(reply.status);
                if self.is_web_page() {
                    let page = message::web_page(&reply.body);
                    write!(f, "{status}, but {page}: {}", text::WEB_PAGE_ADVICE)?;
                } else if error.is_too_large() {
                    write!(f, "{status}, but the body was not decoded: {error}")?;
                } else {
                    write!(f, "{status}, but the body cannot be decoded: {error}")?;
                }
            }
        }
        if !self.0.extra_fields.is_empty() {
            write!(
                f,
                " (the request had fields that this version of the library does not know: {}; \
                 `ModelExt::without_extra()` of the request removes them)",
                self.0.extra_fields.join(", ")
            )?;
        }
        if self.attempts() > 1 {
            write!(
                f,
                " (after {} attempts in {:.1?})",
                self.attempts(),
                self.elapsed()
            )?;
        }
        if self.may_already_be_deleted() {
            f.write_str(" (an earlier attempt may have deleted it)")?;
        }
        let only_reads = matches!(self.0.operation.method, Method::GET | Method::HEAD);
        let is_said = only_reads || self.is_decode() || self.may_already_be_deleted();
        if self.may_have_been_executed() && !is_said {
            f.write_str(" (the server may have executed it)")?;
        }
        if let Some(id) = self.request_id() {
            write!(f, " (request id {})", text::one_line(id, 100))?;
        }
        Ok(())
    }
}

/// Whether a server that answers with this status has not executed the request.
fn is_refusal(status: StatusCode) -> bool {
    match status.as_u16() {
        // A gateway stopped waiting for the server, or for the client.
        408 | 460 | 499 => false,
        // The client has to send the request to another location. Other redirects may lead to the result of the
        // request.
        307 | 308 => true,
        code => (400..500).contains(&code),
    }
}

impl fmt::Debug for Error {
    // Headers and body may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("message", &format_args!("{self}"))
            .field("operation", &self.0.operation.id)
            .field("status", &self.status())
            .field("may_have_been_executed", &self.may_have_been_executed())
            .finish_non_exhaustive()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.0.kind {
            // The message contains that of the transport, so `source` is its cause.
            Kind::Transport(error) => error::Error::source(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
