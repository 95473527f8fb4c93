//! A connection that was switched to another protocol.
//!
//! `qovery-ext` reads and writes websocket frames.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{RawResponse, headers, redact::Token};

/// Bytes in both directions.
trait Io: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Io for T {}

/// The response to a request to switch to another protocol.
#[derive(Debug)]
#[non_exhaustive]
pub enum Upgrade {
    /// The server switched: the connection now uses the other protocol.
    Switched(Upgraded),
    /// Any other response, complete.
    Refused(RawResponse),
}

/// A connection after the server answered `101 Switching Protocols`.
///
/// Dropping it closes the connection.
pub struct Upgraded {
    /// The headers of the response.
    pub headers: HeaderMap,
    io: Pin<Box<dyn Io>>,
    token: Option<Box<Token>>,
}

impl Upgraded {
    /// Creates a connection whose data begins after these headers. For transports.
    pub fn new(headers: HeaderMap, io: impl AsyncRead + AsyncWrite + Send + 'static) -> Self {
        Self {
            headers,
            io: Box::pin(io),
            token: None,
        }
    }

    /// Sets the `Authorization` header whose token is removed from the headers and by
    /// [`redact`](Self::redact).
    #[must_use]
    pub fn authorized_by(mut self, authorization: &HeaderValue) -> Self {
        self.token = Token::of(authorization).map(Box::new);
        if let Some(token) = &self.token {
            token.clean_headers(&mut self.headers);
        }
        self
    }

    /// Returns the text without the token of the request, which a server may repeat, for example in
    /// the reason of a close frame.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(token) = &self.token {
            token.clean_text(&mut text);
        }
        text
    }

    /// Returns the request id of the server: `X-Qovery-Request-Id`, else `X-Request-Id`.
    pub fn request_id(&self) -> Option<&str> {
        headers::request_id(&self.headers)
    }
}

impl fmt::Debug for Upgraded {
    // Headers may repeat the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").finish_non_exhaustive()
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.as_mut().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.as_mut().poll_shutdown(context)
    }
}
