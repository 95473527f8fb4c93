//! A response, before and after decoding.

use std::time::Duration;

use bytes::Bytes;
use chrono::Utc;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{ApiError, headers, origin::Origin, redact::Token};

/// A complete response as the transport received it, of any status.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
    /// The number of attempts, including this one.
    pub attempts: u32,
    /// The time from the start of the first attempt to the end of the last one.
    pub elapsed: Duration,
    /// Whether an earlier attempt may have been executed.
    pub executed_before: bool,
    /// The credentials that the request was sent with, for an error that decodes or keeps the body.
    authorization: Option<HeaderValue>,
}

impl RawResponse {
    /// Creates the response to a first attempt.
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
            attempts: 1,
            elapsed: Duration::ZERO,
            executed_before: false,
            authorization: None,
        }
    }

    /// Removes the token of the request's `Authorization` header from the headers and, if this is not a success, from
    /// the body. The body of a success is not changed, but an error that contains this body has it without the token.
    ///
    /// The token is found in plain form, and percent-encoded, escaped for JSON or HTML,
    /// quoted-printable, in base64 or hexadecimal, with up to three nested encodings, and across
    /// line ends. A token of fewer than 6 characters is not found in base64 or hexadecimal, in the name of a header,
    /// or in a header that is a number or a date. Other text that contains the characters of a short token is replaced
    /// too.
    ///
    /// For transports: [`HttpTransport`](super::HttpTransport) calls it itself.
    ///
    /// ```
    /// use qovery_api::{RawResponse, http::{HeaderMap, HeaderValue, StatusCode}};
    ///
    /// let page = "cannot serve: Authorization: Token qov_0123456789";
    /// let mut response = RawResponse::new(StatusCode::BAD_GATEWAY, HeaderMap::new(), page);
    /// response.redact(&HeaderValue::from_static("Token qov_0123456789"));
    /// assert_eq!(response.body, "cannot serve: Authorization: Token [redacted]");
    /// ```
    pub fn redact(&mut self, authorization: &HeaderValue) {
        let Some(token) = Token::of(authorization) else {
            return;
        };
        token.clean_headers(&mut self.headers);
        if !self.status.is_success() {
            token.clean_body(&mut self.body);
        }
        self.authorization = Some(authorization.clone());
    }

    /// The token that an error about the body must not contain.
    pub(crate) fn token(&self) -> Option<Token> {
        Token::of(self.authorization.as_ref()?)
    }

    /// Returns whether the response looks like one of the API, and not like that of a proxy, a
    /// firewall or a login page. See [`Error::is_from_api`](super::Error::is_from_api).
    pub fn is_from_api(&self) -> bool {
        let origin = if self.status.is_success() {
            Origin::of_unreadable(&self.headers, &self.body)
        } else {
            let parsed = ApiError::parse(&self.body, None);
            Origin::of_refusal(self.status, &self.headers, &self.body, parsed.as_ref())
        };
        origin == Origin::Api
    }

    /// Returns the request id of the server: `X-Qovery-Request-Id`, else `X-Request-Id`.
    pub fn request_id(&self) -> Option<&str> {
        headers::request_id(&self.headers)
    }

    /// Returns the delay that the server demands before the next request.
    ///
    /// The source is `Retry-After` in seconds or as a date. If it is absent and the status is 429
    /// or `X-RateLimit-Remaining` is 0, the source is `X-RateLimit-Reset`: seconds, a time in
    /// seconds or milliseconds since 1970 if the number is large, or a date. A fraction of a second
    /// is rounded up, and a time in the past is zero. The value comes from the server and is not
    /// limited.
    pub fn retry_after(&self) -> Option<Duration> {
        let limited = self.status == StatusCode::TOO_MANY_REQUESTS;
        headers::retry_after(&self.headers, limited, Utc::now())
    }
}

impl std::fmt::Debug for RawResponse {
    // Headers and body may contain secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A successful response: the decoded body with status and headers.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response<T> {
    /// The status, any 2xx.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The decoded body.
    pub body: T,
    /// The number of attempts, including the last one.
    pub attempts: u32,
    /// The time from the start of the first attempt to the end of the last one.
    pub elapsed: Duration,
    origin: Origin,
}

impl<T> Response<T> {
    pub(crate) fn new(raw: RawResponse, body: T, origin: Origin) -> Self {
        Self {
            origin,
            status: raw.status,
            headers: raw.headers,
            body,
            attempts: raw.attempts,
            elapsed: raw.elapsed,
        }
    }

    /// Returns the decoded body.
    pub fn into_inner(self) -> T {
        self.body
    }

    /// Returns the response with another body.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Response<U> {
        Response {
            status: self.status,
            headers: self.headers,
            body: change(self.body),
            attempts: self.attempts,
            elapsed: self.elapsed,
            origin: self.origin,
        }
    }

    /// Returns whether the response looks like one of the API.
    ///
    /// Returns `false` if it is declared to be HTML. Also returns `false` if the operation returns
    /// nothing and the body is neither empty nor a JSON document: a proxy or a login page may have answered, and
    /// the API may not have received the request. A body that is a web page is already an error
    /// ([`Error::is_web_page`](super::Error::is_web_page)).
    pub fn is_from_api(&self) -> bool {
        self.origin == Origin::Api
    }

    /// Returns the request id of the server: `X-Qovery-Request-Id`, else `X-Request-Id`.
    pub fn request_id(&self) -> Option<&str> {
        headers::request_id(&self.headers)
    }
}

impl<T> std::ops::Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.body
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Response<T> {
    // Headers may contain secrets; models redact their own.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
