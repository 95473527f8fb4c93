//! Runs a stream: connects, reads, reconnects after a delay, and decides when to stop.
//!
//! Nothing runs in the background: a stream that is not polled reads nothing, so a slow consumer slows down
//! the server. Each feed interprets its own frames.

use std::{collections::VecDeque, fmt, time::Duration};

use qovery_api::{Client, Printable, bytes::Bytes, decode_in_background, stream::StreamRequest};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::sleep;

use super::{
    error::{StreamError, StreamErrorKind},
    fault::{Fault, Meaning},
    reconnect::Reconnect,
    seen::Gap,
    socket::{Limits, Socket},
};

/// One event of a stream.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event<T> {
    /// A line, a status, a measurement.
    Item(T),
    /// Lines may be missing here. Only streams of lines yield it: in other streams an item replaces
    /// the previous one.
    Gap(Gap),
    /// The connection was lost; the stream reconnects after a delay.
    Reconnecting(Reconnecting),
    /// A frame that does not match the contract. The stream continues.
    Unreadable(Unreadable),
}

/// A connection that was lost.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconnecting {
    /// The delay before the next connection.
    pub after: Duration,
    /// The number of connections since the last frame that were lost or could not be made.
    pub attempts: u32,
    /// The reason why the connection was lost. Control characters are escaped.
    pub cause: String,
}

/// A frame that cannot be read.
///
/// Available on crate feature `stream` only.
///
/// `Debug` shows only the length of the frame, because its contents may include the token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// The frame as received.
    pub frame: Bytes,
    /// The difference from the contract, with its path. The token is redacted, and control characters are
    /// escaped.
    pub cause: String,
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.frame.len();
        f.debug_struct("Unreadable")
            .field("frame", &format_args!("{bytes} bytes"))
            .field("cause", &self.cause)
            .finish()
    }
}

/// One kind of stream: its request, and the conversion of frames to items.
pub(super) trait Feed: Send + 'static {
    type Request: StreamRequest<Frame = Self::Frame>;
    type Frame: DeserializeOwned + Send + 'static;
    type Item: Send + 'static;

    /// Checks the options before anything is sent. Values that are sent unchanged are checked with the request.
    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// The request for the next connection. `resumes` says whether it may ask to continue after the last
    /// item.
    fn request(
        &mut self,
        client: &Client,
        resumes: bool,
    ) -> impl Future<Output = Result<Self::Request, Fault>> + Send;

    /// Called before the first frame of a new connection.
    fn reconnected(&mut self);

    /// Whether the request asks to continue after an item.
    fn has_position(&self) -> bool {
        false
    }

    /// Whether the stream ends after its first frame.
    fn is_one_frame(&self) -> bool {
        false
    }

    /// Receives a frame; `raw` has its bytes.
    fn take(&mut self, frame: Self::Frame, raw: &Bytes, events: &mut VecDeque<Event<Self::Item>>);
}

/// Settings of a stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) limits: Limits,
    pub(super) reconnect: Reconnect,
}

/// A running stream.
pub(super) struct Machine<F: Feed> {
    client: Client,
    feed: F,
    settings: Settings,
    socket: Option<Socket>,
    events: VecDeque<Event<F::Item>>,
    /// The number of connections since the last frame that were lost or could not be made.
    failures: u32,
    /// The delay before the next connection.
    wait: Duration,
    has_connected: bool,
    /// Whether this connection delivered a frame.
    has_frame: bool,
    /// Whether the request asked to continue after an item, and the server has not refused that.
    resumes: bool,
    has_ended: bool,
}

type Outcome<T> = Result<Event<T>, StreamError>;

impl<F: Feed> Machine<F> {
    pub(super) fn new(client: Client, feed: F, settings: Settings) -> Self {
        Self {
            client,
            feed,
            settings,
            socket: None,
            events: VecDeque::new(),
            failures: 0,
            wait: Duration::ZERO,
            has_connected: false,
            has_frame: false,
            resumes: true,
            has_ended: false,
        }
    }

    /// The next event; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Outcome<F::Item>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(Ok(event));
            }
            if self.has_ended {
                return None;
            }
            let received = match &mut self.socket {
                Some(socket) => socket.next().await,
                None => {
                    sleep(std::mem::take(&mut self.wait)).await;
                    match self.connect().await {
                        Ok(socket) => {
                            self.socket = Some(socket);
                            continue;
                        }
                        Err(fault) => Err(fault),
                    }
                }
            };
            match received {
                Ok(message) => self.take(&message.into_bytes()).await,
                Err(fault) => {
                    self.socket = None;
                    if let Some(error) = self.lost(fault) {
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<Socket, Fault> {
        let url = self.client.stream_url().cloned().ok_or(Fault::NoAddress)?;
        self.has_frame = false;
        self.feed.check()?;
        let request = self.feed.request(&self.client, self.resumes).await?;
        request.check().map_err(Fault::Invalid)?;
        let url = request.url(&url);
        let limits = self.settings.limits;
        let socket = Socket::open(&self.client, F::Request::INFO, url, limits).await?;
        if self.has_connected {
            self.feed.reconnected();
        }
        self.has_connected = true;
        Ok(socket)
    }

    async fn take(&mut self, frame: &Bytes) {
        self.has_frame = true;
        self.failures = 0;
        if is_invalidation(frame) {
            return;
        }
        match decode_in_background::<F::Frame>(frame.clone()).await {
            Ok(value) => self.feed.take(value, frame, &mut self.events),
            Err(error) => {
                let cause = error.to_string();
                let socket = self.socket.as_ref();
                let cause = socket.map_or_else(|| cause.clone(), |socket| socket.redact(&cause));
                self.events.push_back(Event::Unreadable(Unreadable {
                    frame: frame.clone(),
                    cause: Printable::new(&cause).to_string(),
                }));
            }
        }
        if self.feed.is_one_frame() {
            self.has_ended = true;
            if let Some(socket) = self.socket.take() {
                socket.close().await;
            }
        }
    }

    /// Decides how to continue after the end of a connection. A returned error ends the stream.
    fn lost(&mut self, fault: Fault) -> Option<StreamError> {
        let attempts = self.failures.saturating_add(1);
        let mut meaning = fault.meaning();
        let is_resumed = self.resumes && self.has_connected && self.feed.has_position();
        if meaning == Meaning::Permanent && is_resumed && !self.has_frame {
            // The format of the start time is not documented: the server may refuse it and accept the rest.
            self.resumes = false;
            meaning = Meaning::Transient;
        }
        if self.feed.is_one_frame() && self.has_frame {
            meaning = Meaning::Done;
        }
        let kind = match meaning {
            Meaning::Done => {
                self.has_ended = true;
                return None;
            }
            Meaning::Transient => {
                let Some(after) = self.settings.reconnect.delay(self.failures) else {
                    self.has_ended = true;
                    let kind = StreamErrorKind::Exhausted;
                    return Some(StreamError::new(kind, attempts, fault));
                };
                self.failures = attempts;
                self.wait = after;
                self.events.push_back(Event::Reconnecting(Reconnecting {
                    after,
                    attempts,
                    cause: fault.to_string(),
                }));
                return None;
            }
            Meaning::Permanent => StreamErrorKind::Permanent,
            Meaning::NoAgent => StreamErrorKind::NoAgent,
            Meaning::Unauthorized => StreamErrorKind::Unauthorized,
        };
        self.has_ended = true;
        Some(StreamError::new(kind, attempts, fault))
    }
}

/// Whether a frame is only a request to the console to read a resource again: `{entity: […], id?}`.
fn is_invalidation(frame: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Invalidation {
        #[allow(dead_code, reason = "only its type counts")]
        entity: Vec<String>,
        #[allow(dead_code, reason = "only its type counts")]
        #[serde(default)]
        id: Option<String>,
    }
    let begins = frame.trim_ascii_start().starts_with(b"{");
    begins && frame.len() < 4096 && serde_json::from_slice::<Invalidation>(frame).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_frame_without_other_fields_is_an_invalidation() {
        assert!(is_invalidation(
            br#"{"entity": ["services", "list"], "id": "x"}"#
        ));
        assert!(is_invalidation(br#" {"entity": []}"#));
        assert!(!is_invalidation(br#"{"entity": "services"}"#));
        assert!(!is_invalidation(
            br#"{"entity": ["a"], "message": "a line"}"#
        ));
        assert!(!is_invalidation(br#"[{"entity": []}]"#));
        assert!(!is_invalidation(b"entity"));
    }
}
