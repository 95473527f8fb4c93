//! The trait that sends every request.
//!
//! A transport sends a request and reads the whole response, with any status. The call interprets the status.
//! Dropping the returned future abandons the request; the server may still execute it.

use std::{error, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use http::HeaderValue;

use super::{RawResponse, Request, redact, redact::Token, text};

/// A boxed future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends requests. Layers (authentication, retries, limits) wrap another transport.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and reads the whole response.
    ///
    /// # Errors
    /// Returns an error if no complete response was received. A response of any status is not an error here.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the request; the server may still execute it.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>>;

    /// Sends `request`, which asks the server to switch to another protocol, over HTTP/1.1.
    ///
    /// Default: returns an error. A transport that wraps another one passes the request on.
    ///
    /// # Errors
    /// Returns an error if no response was received. A response of any status is not an error here.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    fn upgrade(&self, request: Request) -> BoxFuture<'_, Result<super::Upgrade, TransportError>> {
        let _ = request;
        let refused = "this transport does not open websockets: implement `Transport::upgrade`";
        Box::pin(async move { Err(TransportError::refused(refused)) })
    }
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        (**self).send(request)
    }

    #[cfg(feature = "stream")]
    fn upgrade(&self, request: Request) -> BoxFuture<'_, Result<super::Upgrade, TransportError>> {
        (**self).upgrade(request)
    }
}

type Source = Box<dyn error::Error + Send + Sync>;

/// No complete response was received.
///
/// [`may_have_been_executed`](Self::may_have_been_executed) returns whether the server may have executed the
/// request. If it returns `false`, a retry is safe. The error shows neither headers nor the query.
pub struct TransportError(Box<Inner>);

struct Inner {
    kind: Kind,
    source: Option<Source>,
    may_have_been_executed: bool,
    attempts: u32,
    elapsed: Duration,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Connect { timed_out: bool },
    Timeout(Duration),
    Body,
    TooLarge(usize),
    Refused(String),
    Interrupted,
}

impl TransportError {
    fn new(kind: Kind, source: Option<Source>) -> Self {
        let sent = !matches!(kind, Kind::Connect { .. } | Kind::Refused(_));
        Self(Box::new(Inner {
            kind,
            source: source.map(redact::printable_cause),
            may_have_been_executed: sent,
            attempts: 1,
            elapsed: Duration::ZERO,
        }))
    }

    /// Creates the error of a connection that was not made. Nothing was sent.
    pub fn connect(source: impl Into<Source>) -> Self {
        Self::new(Kind::Connect { timed_out: false }, Some(source.into()))
    }

    /// Creates the error of a connection that was not made in time. Nothing was sent.
    pub fn connect_timeout(source: impl Into<Source>) -> Self {
        Self::new(Kind::Connect { timed_out: true }, Some(source.into()))
    }

    /// Creates the error of a response that was not complete within `limit`.
    pub fn timeout(limit: Duration) -> Self {
        Self::new(Kind::Timeout(limit), None)
    }

    /// Creates the error of a body that ended early or is damaged.
    pub fn body(source: impl Into<Source>) -> Self {
        Self::new(Kind::Body, Some(source.into()))
    }

    /// Creates the error of a body that is larger than `limit` bytes.
    pub fn too_large(limit: usize) -> Self {
        Self::new(Kind::TooLarge(limit), None)
    }

    /// Creates the error of a request that the client itself refused to send. Nothing was sent.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused(message.into()), None)
    }

    /// Creates the error of a connection that was lost after sending began and before a response
    /// arrived.
    pub fn interrupted(source: impl Into<Source>) -> Self {
        Self::new(Kind::Interrupted, Some(source.into()))
    }

    /// Returns the error with the number of attempts and their total time.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32, elapsed: Duration) -> Self {
        self.0.attempts = attempts;
        self.0.elapsed = elapsed;
        self
    }

    /// Returns the error with another value of
    /// [`may_have_been_executed`](Self::may_have_been_executed). For example, the request never
    /// left a queue, or an earlier attempt may have been executed.
    #[must_use]
    pub fn with_may_have_been_executed(mut self, may: bool) -> Self {
        self.0.may_have_been_executed = may;
        self
    }

    /// Returns the error with this cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(redact::printable_cause(source.into()));
        self
    }

    /// Removes the token of the request's `Authorization` header from the error and its cause.
    ///
    /// For transports: [`HttpTransport`](super::HttpTransport) calls it itself.
    #[must_use]
    pub fn redact(mut self, authorization: &HeaderValue) -> Self {
        if let Some(token) = Token::of(authorization) {
            if let Kind::Refused(message) = &mut self.0.kind {
                token.clean_text(message);
            }
            self.0.source = self.0.source.take().map(|cause| token.clean_cause(cause));
        }
        self
    }

    /// Returns whether no connection was made.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, Kind::Connect { .. })
    }

    /// Returns whether a time limit passed. [`Self::is_connect`] also returns true if it passed while connecting.
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Timeout(_) | Kind::Connect { timed_out: true }
        )
    }

    /// Returns whether the body could not be read completely.
    pub fn is_body(&self) -> bool {
        self.0.kind == Kind::Body
    }

    /// Returns whether the body was larger than the limit.
    pub fn is_too_large(&self) -> bool {
        matches!(self.0.kind, Kind::TooLarge(_))
    }

    /// Returns whether the client itself refused to send the request.
    pub fn is_refused(&self) -> bool {
        matches!(self.0.kind, Kind::Refused(_))
    }

    /// Returns whether the connection was lost between sending and the response.
    pub fn is_interrupted(&self) -> bool {
        self.0.kind == Kind::Interrupted
    }

    /// Returns whether the server may have executed the request. `false` is certain.
    pub fn may_have_been_executed(&self) -> bool {
        self.0.may_have_been_executed
    }

    /// Returns the number of attempts.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the time from the start of the first attempt to the end of the last one.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The innermost cause as one line, if there is a cause.
    fn root_cause(&self) -> Option<String> {
        let mut cause = error::Error::source(self)?;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Some(text::one_line(&cause.to_string(), 200))
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.kind {
            Kind::Connect { timed_out: false } => f.write_str("could not connect to the server")?,
            Kind::Connect { timed_out: true } => {
                f.write_str("could not connect to the server in time")?;
            }
            Kind::Timeout(limit) => write!(f, "no complete response within {limit:?}")?,
            Kind::Body => f.write_str("the response ended before it was complete")?,
            Kind::TooLarge(limit) => {
                write!(f, "the response is larger than the limit of {limit} bytes")?;
            }
            Kind::Refused(message) => write!(f, "not sent: {}", text::one_line(message, 500))?,
            Kind::Interrupted => {
                f.write_str("the connection was lost before a response was received")?
            }
        }
        if let Some(cause) = self.root_cause() {
            write!(f, " ({cause})")?;
        }
        match self.0.kind {
            Kind::Connect { .. } => {
                f.write_str(": check the network, the base URL and the proxies")
            }
            Kind::TooLarge(_) => f.write_str(": ask for less at once, or raise `body_limit`"),
            Kind::Timeout(_) | Kind::Body | Kind::Refused(_) | Kind::Interrupted => Ok(()),
        }
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("message", &format_args!("{self}"))
            .field("may_have_been_executed", &self.0.may_have_been_executed)
            .field("attempts", &self.0.attempts)
            .field("elapsed", &self.0.elapsed)
            .finish()
    }
}

impl error::Error for TransportError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let source: &(dyn error::Error + 'static) = self.0.source.as_deref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sent_request_may_have_been_executed() {
        let limit = Duration::from_secs(1);
        for (error, may) in [
            (TransportError::connect("refused"), false),
            (TransportError::connect_timeout("slow"), false),
            (TransportError::refused("no token"), false),
            (TransportError::timeout(limit), true),
            (TransportError::body("end of file"), true),
            (TransportError::too_large(10), true),
            (TransportError::interrupted("reset"), true),
        ] {
            assert_eq!(error.may_have_been_executed(), may, "{error}");
            assert!(
                !error
                    .with_may_have_been_executed(false)
                    .may_have_been_executed()
            );
        }
    }

    #[test]
    fn a_slow_connection_is_both_a_timeout_and_a_connection_fault() {
        let error = TransportError::connect_timeout("slow");
        assert!(error.is_timeout() && error.is_connect());
        assert!(!TransportError::connect("refused").is_timeout());
    }

    #[test]
    fn the_message_is_one_line_with_the_innermost_cause() {
        let error = TransportError::interrupted("reset\nby peer").with_attempts(3, Duration::ZERO);
        assert_eq!(
            error.to_string(),
            "the connection was lost before a response was received (reset\\nby peer)"
        );
        assert_eq!(error.attempts(), 3);
        assert!(error::Error::source(&error).is_some());
    }

    #[test]
    fn the_message_has_the_next_step_if_a_retry_alone_does_not_help() {
        for (error, text) in [
            (
                TransportError::connect("refused"),
                "could not connect to the server (refused): check the network, the base URL and the proxies",
            ),
            (
                TransportError::connect_timeout("slow"),
                "could not connect to the server in time (slow): check the network, the base URL and the proxies",
            ),
            (
                TransportError::too_large(10),
                "the response is larger than the limit of 10 bytes: ask for less at once, or raise `body_limit`",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
