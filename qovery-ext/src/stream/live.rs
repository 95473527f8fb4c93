//! The public type of all streams: its settings before the first poll, its events after it.
//!
//! The engine connects and reads.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::{FusedStream, Stream, stream::BoxStream};
use futures_util::stream;
use qovery_api::{Client, stream::StreamRequest};

use super::{
    engine::{Event, Feed, Machine, Settings},
    error::StreamError,
    reconnect::Reconnect,
};

type Outcome<T> = Result<Event<T>, StreamError>;

/// Creates a stream.
type Start<T, O> = fn(Client, Settings, O) -> BoxStream<'static, Outcome<T>>;

/// A stream of events. It connects when it is first polled. `O` has the options of this kind of stream.
///
/// Available on crate feature `stream` only.
///
/// | setting | default |
/// |---|---|
/// | limit on the response to the handshake | 30 s |
/// | pings | every 30 s |
/// | time without any frame, responses to pings included, after which the connection counts as lost | 75 s |
/// | largest message | 16 MiB |
/// | reconnecting | see [`Reconnect`] |
///
/// A complete stream ends with `None` (close code 1000). A stream that ends early yields a [`StreamError`]
/// first. After the end, it always yields `None`.
///
/// # Slow consumers
/// Nothing runs in the background. While a program does not poll, the client reads nothing, and the server has
/// to wait. The client then holds one message and a buffer of 8 KiB. If the server closes the connection
/// instead of waiting, the stream reconnects, and reports if lines may be missing.
///
/// # Cancel safety
/// Dropping the future of `next()` loses nothing: the stream holds the message that was partly read, and the
/// delay before the next connection. Dropping the stream closes the connection.
#[must_use = "a stream does nothing until it is asked for events"]
pub struct Live<T, O = ()> {
    /// The name of the request in the contract.
    name: &'static str,
    state: State<T, O>,
}

enum State<T, O> {
    New {
        client: Client,
        settings: Box<Settings>,
        options: O,
        start: Start<T, O>,
    },
    Running(BoxStream<'static, Outcome<T>>),
    Ended,
}

/// Creates the stream of a feed.
pub(super) fn run<F: Feed>(
    client: Client,
    settings: Settings,
    feed: F,
) -> BoxStream<'static, Outcome<F::Item>> {
    let machine = Machine::new(client, feed, settings);
    Box::pin(stream::unfold(machine, async |mut machine| {
        let event = machine.next().await?;
        Some((event, machine))
    }))
}

impl<T, O> Live<T, O> {
    pub(super) fn new<R: StreamRequest>(client: &Client, options: O, start: Start<T, O>) -> Self {
        Self {
            name: R::ID,
            state: State::New {
                client: client.clone(),
                settings: Box::default(),
                options,
                start,
            },
        }
    }

    /// Changes a setting. A stream that has begun keeps its settings.
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        if let State::New { settings, .. } = &mut self.state {
            change(settings);
        }
        self
    }

    /// Changes an option. A stream that has begun keeps its options.
    pub(super) fn option(mut self, change: impl FnOnce(&mut O)) -> Self {
        if let State::New { options, .. } = &mut self.state {
            change(options);
        }
        self
    }

    /// Sets the delays and the number of reconnects. Default: see [`Reconnect`].
    pub fn reconnect(self, policy: Reconnect) -> Self {
        self.set(|settings| settings.reconnect = policy)
    }

    /// Sets the largest message, in bytes. A larger one ends the connection before memory is
    /// allocated for it. Default: 16 MiB.
    pub fn message_limit(self, bytes: usize) -> Self {
        self.set(|settings| settings.limits.message = bytes)
    }

    /// Sets the interval of pings. Default: 30 s.
    pub fn ping_every(self, interval: Duration) -> Self {
        self.set(|settings| settings.limits.ping = interval.max(Duration::from_millis(1)))
    }

    /// Sets the time without any frame, responses to pings included, after which the connection counts as lost. It
    /// should be more than twice the interval of pings. Default: 75 s.
    pub fn silence_limit(self, limit: Duration) -> Self {
        self.set(|settings| settings.limits.silence = limit)
    }

    /// Returns the next event; `None` at the end and after an error. The first call connects.
    ///
    /// Dropping the future loses nothing: the next call continues from the same position.
    ///
    /// # Errors
    /// Returns an error if the stream cannot be continued: see [`StreamError`].
    pub async fn next(&mut self) -> Option<Outcome<T>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns a stream of the items only. Gaps and unreadable frames are emitted through `tracing`
    /// as warnings, lost connections as information, with the name of the request in the contract as `stream`.
    pub fn items(self) -> Items<T, O> {
        Items(self)
    }
}

// No field is pinned structurally: the running future is boxed.
impl<T, O> Unpin for Live<T, O> {}

impl<T, O> Stream for Live<T, O> {
    type Item = Outcome<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Outcome<T>>> {
        let running = match std::mem::replace(&mut self.state, State::Ended) {
            State::Ended => return Poll::Ready(None),
            State::New {
                client,
                settings,
                options,
                start,
            } => start(client, *settings, options),
            State::Running(running) => running,
        };
        self.state = State::Running(running);
        let State::Running(running) = &mut self.state else {
            return Poll::Ready(None);
        };
        let event = ready!(running.as_mut().poll_next(context));
        if event.is_none() {
            self.state = State::Ended;
        }
        Poll::Ready(event)
    }
}

impl<T, O> FusedStream for Live<T, O> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Ended)
    }
}

impl<T, O> fmt::Debug for Live<T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::New { .. } => "not begun",
            State::Running(_) => "running",
            State::Ended => "ended",
        };
        f.debug_struct("Live")
            .field("name", &self.name)
            .field("state", &format_args!("{state}"))
            .finish()
    }
}

/// The items of a [`Live`] stream, without its other events.
///
/// Available on crate feature `stream` only.
#[must_use = "a stream does nothing until it is asked for items"]
#[derive(Debug)]
pub struct Items<T, O = ()>(Live<T, O>);

impl<T, O> Items<T, O> {
    /// Returns the next item; `None` at the end and after an error. The first call connects.
    ///
    /// Dropping the future loses nothing: the next call continues from the same position.
    ///
    /// # Errors
    /// Returns an error if the stream cannot be continued: see [`StreamError`].
    pub async fn next(&mut self) -> Option<Result<T, StreamError>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T, O> Stream for Items<T, O> {
    type Item = Result<T, StreamError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<T, StreamError>>> {
        let stream = self.0.name;
        loop {
            match ready!(Pin::new(&mut self.0).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(Event::Item(item))) => return Poll::Ready(Some(Ok(item))),
                Some(Ok(Event::Gap(gap))) => {
                    tracing::warn!(stream, from = ?gap.from, to = %gap.to, "lines may be missing");
                }
                Some(Ok(Event::Unreadable(unreadable))) => {
                    tracing::warn!(stream, cause = %unreadable.cause, "a frame cannot be read");
                }
                Some(Ok(Event::Reconnecting(lost))) => {
                    tracing::info!(stream, cause = %lost.cause, after = ?lost.after, "reconnecting");
                }
            }
        }
    }
}

impl<T, O> FusedStream for Items<T, O> {
    fn is_terminated(&self) -> bool {
        self.0.is_terminated()
    }
}
