//! Plays one socket: sends the frames that are due, answers incoming frames, and fails as scripted.
//!
//! Frames that violate the protocol are written as bytes.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};

use super::{
    Accepted,
    feed::{Due, Frame},
};
use crate::{
    engine::Engine,
    sockets::{Kind, SocketFault, When},
};

/// The maximum delay before a socket reads the world again.
const TICK: Duration = Duration::from_secs(1);

/// The end of a socket.
struct Ended;

struct Socket<'a, T> {
    fake: &'a Engine,
    stream: WebSocketStream<T>,
    fault: Option<SocketFault>,
    index: usize,
    opened: Duration,
    sent: u32,
    /// A frame that is held back until the next one was sent.
    held: Option<Frame>,
    delay: Duration,
    /// How long the client may take to read a frame.
    patience: Option<Duration>,
    is_mute: bool,
    rewrites: Option<(String, String)>,
    lateness: Duration,
    /// Frames that are late, with the time to send each.
    late: VecDeque<(Duration, Frame)>,
}

pub(super) async fn serve<T>(fake: &Engine, accepted: Accepted, io: T)
where
    T: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Accepted {
        mut feed,
        fault,
        index,
        ..
    } = accepted;
    let mut socket = Socket {
        fake,
        stream: WebSocketStream::from_raw_socket(io, Role::Server, Some(config())).await,
        fault,
        index,
        opened: fake.elapsed(),
        sent: 0,
        held: None,
        delay: Duration::ZERO,
        patience: None,
        is_mute: false,
        rewrites: None,
        lateness: Duration::ZERO,
        late: VecDeque::new(),
    };
    loop {
        let changed = fake.changed();
        let due = fake.read(|core| feed.due(core));
        if socket.deliver(due).await.is_err() || socket.send_late().await.is_err() {
            return;
        }
        let wait = socket.wait();
        tokio::select! {
            // The same story plays in the same way.
            biased;
            message = socket.stream.next() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    let due = feed.received(&bytes);
                    if socket.deliver(due).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            () = fake.clock().wait(wait) => {}
            () = changed => {}
        }
    }
}

/// Small buffers: a test may open many sockets.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(0)
}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Socket<'_, T> {
    /// The time until the next event without a change of the world.
    fn wait(&self) -> Duration {
        let now = self.fake.elapsed();
        let due = self.fake.read(|core| core.world.events.next_due());
        let fault = match &self.fault {
            Some(SocketFault {
                when: When::After(time),
                ..
            }) => Some(self.opened + *time),
            _ => None,
        };
        let late = self.late.front().map(|(due, _)| *due);
        let due = due.into_iter().chain(fault).chain(late).min();
        due.map_or(TICK, |due| due.saturating_sub(now).min(TICK))
    }

    async fn deliver(&mut self, due: Due) -> Result<(), Ended> {
        for frame in due.frames {
            self.apply_fault(Some(&frame)).await?;
            self.frame(frame).await?;
        }
        self.apply_fault(None).await?;
        if let Some((code, reason)) = due.close {
            self.close(code, reason.to_owned()).await;
            return Err(Ended);
        }
        Ok(())
    }

    async fn frame(&mut self, frame: Frame) -> Result<(), Ended> {
        if !self.delay.is_zero() {
            self.fake.clock().wait(self.delay).await;
        }
        if self.held.is_none() && self.reorders() {
            self.held = Some(frame);
            return Ok(());
        }
        if !self.lateness.is_zero() {
            let due = self.fake.elapsed() + self.lateness;
            self.late.push_back((due, frame));
            return Ok(());
        }
        self.send(frame).await?;
        match self.held.take() {
            Some(held) => self.send(held).await,
            None => Ok(()),
        }
    }

    fn reorders(&mut self) -> bool {
        let fault = self.fault.as_ref();
        fault.is_some_and(|fault| fault.kind == Kind::Reorder) && self.take_due(true).is_some()
    }

    /// Sends the late frames whose time has come.
    async fn send_late(&mut self) -> Result<(), Ended> {
        let now = self.fake.elapsed();
        while self.late.front().is_some_and(|(due, _)| *due <= now)
            && let Some((_, frame)) = self.late.pop_front()
        {
            self.send(frame).await?;
        }
        Ok(())
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Ended> {
        if self.is_mute {
            return Ok(());
        }
        let frame = match (frame, &self.rewrites) {
            (Frame::Text(text), Some((from, to))) => Frame::Text(text.replace(from, to)),
            (frame, _) => frame,
        };
        self.sent += 1;
        let (index, sent) = (self.index, self.sent);
        self.fake.sockets(|sockets| {
            if let Some(record) = sockets.record.get_mut(index) {
                record.frames = sent;
            }
        });
        let message = match frame {
            Frame::Text(text) => Message::Text(text.into()),
            Frame::Binary(bytes) => Message::Binary(bytes),
        };
        let sending = self.stream.send(message);
        let Some(patience) = self.patience else {
            return sending.await.map_err(|_| Ended);
        };
        tokio::select! {
            biased;
            sent = sending => sent.map_err(|_| Ended),
            () = self.fake.clock().wait(patience) => Err(Ended),
        }
    }

    /// Returns the fault if it is due, and if it matches: some faults need a frame, others need none.
    fn take_due(&mut self, with_frame: bool) -> Option<Kind> {
        let fault = self.fault.as_ref()?;
        let is_due = match fault.when {
            When::AfterFrames(frames) => self.sent >= frames,
            When::After(time) => self.fake.elapsed() >= self.opened + time,
        };
        let needs_frame = matches!(
            fault.kind,
            Kind::CutInFrame | Kind::Duplicate | Kind::Reorder
        );
        let is_it = is_due && needs_frame == with_frame;
        if !is_it {
            return None;
        }
        let kind = fault.kind.clone();
        if !fault.repeats {
            self.fault = None;
        }
        Some(kind)
    }

    /// Applies a fault; `frame` is the next frame.
    async fn apply_fault(&mut self, frame: Option<&Frame>) -> Result<(), Ended> {
        let with_frame = frame.is_some()
            && self
                .fault
                .as_ref()
                .is_some_and(|fault| matches!(fault.kind, Kind::CutInFrame | Kind::Duplicate));
        let Some(kind) = self.take_due(with_frame) else {
            return Ok(());
        };
        match (kind, frame) {
            (Kind::CutInFrame, Some(frame)) => {
                let bytes = match frame {
                    Frame::Text(text) => Bytes::from(text.clone()),
                    Frame::Binary(bytes) => bytes.clone(),
                };
                let raw = raw(0x81, &bytes);
                let half = raw.get(..raw.len() / 2).unwrap_or_default();
                self.write(half).await;
                Err(Ended)
            }
            (Kind::Duplicate, Some(frame)) => self.send(frame.clone()).await,
            (Kind::Lost, _) => Err(Ended),
            (Kind::Silent, _) => {
                // Held open, and never read again.
                std::future::pending::<()>().await;
                Err(Ended)
            }
            (Kind::Mute, _) => {
                self.is_mute = true;
                Ok(())
            }
            (Kind::Late(lateness), _) => {
                self.lateness = lateness;
                Ok(())
            }
            (Kind::Rewrite(from, to), _) => {
                self.rewrites = Some((from, to));
                Ok(())
            }
            (Kind::Close(code, reason), _) => {
                self.close(code, reason).await;
                Err(Ended)
            }
            (Kind::Giant(bytes), _) => {
                let frame = raw(0x81, &vec![b' '; bytes]);
                self.write(&frame).await;
                Ok(())
            }
            (Kind::InvalidText, _) => {
                self.write(&raw(0x81, b"{\"a\": \"\xff\xfe\"}")).await;
                Ok(())
            }
            (Kind::Compressed, _) => {
                self.write(&raw(0xC1, b"\xaa\x56\x4a\x04\x00")).await;
                Ok(())
            }
            (Kind::Text(text), _) => self.send(Frame::Text(text)).await,
            (Kind::Trickle(delay), _) => {
                self.delay = delay;
                Ok(())
            }
            (Kind::Impatient(limit), _) => {
                self.patience = Some(limit);
                Ok(())
            }
            (Kind::Refused(_) | Kind::Reorder | Kind::CutInFrame | Kind::Duplicate, _) => Ok(()),
        }
    }

    async fn write(&mut self, bytes: &[u8]) {
        // A client that has disconnected does not read it.
        let _ = self.stream.flush().await;
        let io = self.stream.get_mut();
        if io.write_all(bytes).await.is_ok() {
            let _ = io.flush().await;
        }
    }

    async fn close(&mut self, code: u16, reason: String) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        if self.stream.close(Some(frame)).await.is_ok() {
            // Until the client has answered.
            while let Some(Ok(_)) = self.stream.next().await {}
        }
    }
}

/// A complete unmasked frame with this first byte, as a server sends it.
fn raw(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(u8::try_from(short).unwrap_or_default()),
        medium @ 126..=0xFFFF => {
            frame.push(126);
            frame.extend(u16::try_from(medium).unwrap_or_default().to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend(u64::try_from(long).unwrap_or_default().to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}
