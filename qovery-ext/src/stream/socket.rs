//! One websocket: the handshake over the client's transport, frames, pings and silence.
//!
//! The engine reconnects. Reading can be dropped at any point, because the socket keeps the part of a frame
//! that was read.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use futures_util::{Sink as _, SinkExt as _, StreamExt as _};
use qovery_api::{
    Client, OperationInfo, Request, Upgrade, Upgraded,
    bytes::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    reqwest::Url,
};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        error::CapacityError,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::{fair::Fair, fault::Fault};
use crate::clock::after;

/// The largest message that is read, in bytes.
const MESSAGE_LIMIT: usize = 16 * 1024 * 1024;
/// How many bytes are read from the connection at a time. Together with one frame, this is the memory for a
/// consumer that does not read.
const READ_BUFFER: usize = 8 * 1024;

/// Limits of one socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The limit on the response to the handshake.
    pub(super) connect: Duration,
    /// How often a ping is sent.
    pub(super) ping: Duration,
    /// How long the connection may be silent, including answers to pings.
    pub(super) silence: Duration,
    /// The largest message, in bytes.
    pub(super) message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            ping: Duration::from_secs(30),
            silence: Duration::from_secs(75),
            message: MESSAGE_LIMIT,
        }
    }
}

/// An open websocket.
#[derive(Debug)]
pub(super) struct Socket {
    stream: WebSocketStream<Fair<Upgraded>>,
    limits: Limits,
    next_ping: Instant,
    silent_at: Instant,
    /// Whether the silence was extended because the consumer did not poll.
    is_extended: bool,
    /// Whether data is not completely sent yet.
    is_sending: bool,
    /// Whether data or a ping is not completely sent yet.
    needs_flush: bool,
}

/// Sends the queued frames, and receives: `None` once all are sent, otherwise the next message.
async fn exchange(
    stream: &mut WebSocketStream<Fair<Upgraded>>,
    needs_flush: bool,
) -> Option<Option<Result<Message, tungstenite::Error>>> {
    poll_fn(|context| {
        if needs_flush {
            match Pin::new(&mut *stream).poll_flush(context) {
                Poll::Ready(Ok(())) => return Poll::Ready(None),
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Some(Err(error)))),
                Poll::Pending => {}
            }
        }
        stream.poll_next_unpin(context).map(Some)
    })
    .await
}

/// A message from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    Text(Bytes),
    Binary(Bytes),
}

impl Received {
    pub(super) fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}

/// Checks that the server switched to the requested websocket: RFC 6455, 4.1.
fn check_handshake(headers: &HeaderMap, key: &str) -> Result<(), Fault> {
    let tokens = |name: HeaderName| {
        let values = headers.get_all(name).into_iter();
        values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
    };
    let has = |name, token: &[u8]| {
        tokens(name).any(|found| found.trim_ascii().eq_ignore_ascii_case(token))
    };
    let is_empty = |name| tokens(name).all(|token| token.trim_ascii().is_empty());
    let expected = derive_accept_key(key.as_bytes());
    let mut accepted = headers.get_all(header::SEC_WEBSOCKET_ACCEPT).iter();
    let is_accepted = accepted
        .next()
        .is_some_and(|key| key.as_bytes() == expected.as_bytes())
        && accepted.next().is_none();
    let wrong = if !has(header::UPGRADE, b"websocket") || !has(header::CONNECTION, b"upgrade") {
        "the protocol that the server switched to"
    } else if !is_accepted {
        "the key that the server accepts"
    } else if !is_empty(header::SEC_WEBSOCKET_EXTENSIONS) {
        "an extension that the server uses"
    } else if !is_empty(header::SEC_WEBSOCKET_PROTOCOL) {
        "a subprotocol that the server uses"
    } else {
        return Ok(());
    };
    Err(Fault::handshake(wrong))
}

impl Socket {
    /// Opens a socket. The token is added by the client's transport, as a header.
    pub(super) async fn open(
        client: &Client,
        operation: &'static OperationInfo,
        url: Url,
        limits: Limits,
    ) -> Result<Self, Fault> {
        let key = generate_key();
        let mut request = Request::new(operation, url);
        request.timeout = Some(limits.connect);
        let headers = &mut request.headers;
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        let version = HeaderValue::from_static("13");
        headers.insert(header::SEC_WEBSOCKET_VERSION, version);
        let value = HeaderValue::from_str(&key).map_err(|_| Fault::handshake("its key"))?;
        headers.insert(header::SEC_WEBSOCKET_KEY, value);
        let upgraded = match client.transport().upgrade(request).await {
            Err(error) => return Err(Fault::Transport(error)),
            Ok(Upgrade::Refused(response)) => return Err(Fault::refused(&response)),
            Ok(Upgrade::Switched(upgraded)) => upgraded,
            Ok(_) => return Err(Fault::handshake("its response")),
        };
        check_handshake(&upgraded.headers, &key)?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(limits.message.saturating_add(READ_BUFFER))
            .max_message_size(Some(limits.message))
            .max_frame_size(Some(limits.message));
        let stream =
            WebSocketStream::from_raw_socket(Fair::new(upgraded), Role::Client, Some(config)).await;
        let now = Instant::now();
        Ok(Self {
            stream,
            limits,
            next_ping: after(now, limits.ping),
            silent_at: after(now, limits.silence),
            is_extended: false,
            is_sending: false,
            needs_flush: false,
        })
    }

    /// The next message that carries data. A ping is sent when one is due; any frame that arrives, also
    /// the response to a ping, ends the silence.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Received, Fault> {
        loop {
            if let Some(received) = self.progress().await? {
                return Ok(received);
            }
        }
    }

    /// The next message that carries data, or `None` once all that was [queued](Self::queue) is sent. Sends and
    /// receives at the same time: a server that waits for its reader, as an echo does, would otherwise wait for
    /// ever.
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn progress(&mut self) -> Result<Option<Received>, Fault> {
        let now = Instant::now();
        if now >= self.silent_at && !self.is_extended {
            // The consumer did not poll for longer than the limit. The server gets time to answer a ping.
            self.is_extended = true;
            self.next_ping = now;
            self.silent_at = after(now, self.limits.ping);
        }
        loop {
            tokio::select! {
                // Received data takes precedence over the clocks, because the consumer may not have polled for
                // long.
                biased;
                message = exchange(&mut self.stream, self.needs_flush) => {
                    let Some(message) = message else {
                        self.needs_flush = false;
                        if std::mem::take(&mut self.is_sending) {
                            return Ok(None);
                        }
                        continue;
                    };
                    self.silent_at = after(Instant::now(), self.limits.silence);
                    self.is_extended = false;
                    match message {
                        None => return Err(Fault::Lost("it ended without a close frame".to_owned())),
                        Some(Err(error)) => return Err(self.fault(error)),
                        Some(Ok(Message::Text(text))) => return Ok(Some(Received::Text(text.into()))),
                        Some(Ok(Message::Binary(bytes))) => return Ok(Some(Received::Binary(bytes))),
                        Some(Ok(Message::Close(frame))) => {
                            let (code, reason) = match frame {
                                Some(frame) => (frame.code.into(), frame.reason.to_string()),
                                // RFC 6455, 7.1.5.
                                None => (1005, String::new()),
                            };
                            self.answer_close().await;
                            let reason = self.redact(&reason);
                            return Err(Fault::Closed { code, reason });
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    }
                }
                () = sleep_until(self.next_ping) => self.ping().await?,
                () = sleep_until(self.silent_at) => return Err(Fault::Silent(self.limits.silence)),
            }
        }
    }

    /// Queues bytes to send; [`progress`](Self::progress) sends them. The queue must be empty.
    pub(super) async fn queue(&mut self, bytes: Bytes) -> Result<(), Fault> {
        let queued = self.stream.feed(Message::Binary(bytes)).await;
        queued.map_err(|error| self.fault(error))?;
        (self.is_sending, self.needs_flush) = (true, true);
        Ok(())
    }

    /// Sends the queued frames, without receiving.
    pub(super) async fn flush(&mut self) -> Result<(), Fault> {
        let flushed = self.stream.flush().await;
        flushed.map_err(|error| self.fault(error))?;
        (self.is_sending, self.needs_flush) = (false, false);
        Ok(())
    }

    /// Whether a message is being sent.
    pub(super) fn is_sending(&self) -> bool {
        self.is_sending
    }

    /// Sends a close frame, and waits up to 2 s for that of the server.
    pub(super) async fn close(mut self) {
        let farewell = async {
            if self.stream.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.stream.next().await {}
            }
        };
        // If the server does not answer, the connection is closed.
        let _ = timeout(Duration::from_secs(2), farewell).await;
    }

    async fn ping(&mut self) -> Result<(), Fault> {
        self.next_ping = after(Instant::now(), self.limits.ping);
        if self.needs_flush {
            // The server does not read at the moment. A ping would wait behind the unread frames.
            return Ok(());
        }
        let queued = self.stream.feed(Message::Ping(Bytes::new())).await;
        queued.map_err(|error| self.fault(error))?;
        self.needs_flush = true;
        Ok(())
    }

    /// The library queues the response to a close frame. It is sent here if that is quick.
    async fn answer_close(&mut self) {
        let flushed = timeout(Duration::from_millis(100), self.stream.flush());
        let _ = flushed.await;
    }

    fn fault(&self, error: tungstenite::Error) -> Fault {
        match error {
            tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => {
                Fault::TooLarge(self.limits.message)
            }
            tungstenite::Error::Utf8(_)
            | tungstenite::Error::Protocol(_)
            | tungstenite::Error::AttackAttempt => Fault::Protocol(self.redact(&error.to_string())),
            other => Fault::Lost(self.redact(&other.to_string())),
        }
    }

    /// A text from the server, without the token.
    pub(super) fn redact(&self, text: &str) -> String {
        self.stream.get_ref().inner().redact(text)
    }
}
