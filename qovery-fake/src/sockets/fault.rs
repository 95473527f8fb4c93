//! Faults of a websocket.

use std::time::Duration;

/// A fault of the next websocket, or of several.
///
/// Available on crate feature `stream` only.
///
/// By default it applies to one socket of any path, as soon as the socket is open. A socket has at most one fault: the
/// first one that fits its path.
///
/// ```
/// use std::time::Duration;
/// use qovery_fake::{FakeQovery, SocketFault};
///
/// let fake = FakeQovery::new();
/// // Each of the next ten connections is lost after a minute.
/// fake.inject_socket(SocketFault::lost().on("/service/logs").after(Duration::from_secs(60)).times(10));
/// // The next connection to another path is closed permanently after three frames.
/// fake.inject_socket(SocketFault::close(1008, "token expired").after_frames(3));
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until it is injected"]
pub struct SocketFault {
    path: Option<String>,
    left: u32,
    pub(crate) when: When,
    /// Whether it applies to every frame from then on.
    pub(crate) repeats: bool,
    pub(crate) kind: Kind,
}

/// When a fault applies to an open socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    AfterFrames(u32),
    After(Duration),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Refused(u16),
    Silent,
    Mute,
    Late(Duration),
    Rewrite(String, String),
    Lost,
    CutInFrame,
    Duplicate,
    Reorder,
    Close(u16, String),
    Giant(usize),
    InvalidText,
    Compressed,
    Text(String),
    Trickle(Duration),
    Impatient(Duration),
}

impl SocketFault {
    fn new(kind: Kind) -> Self {
        Self {
            path: None,
            left: 1,
            when: When::AfterFrames(0),
            repeats: false,
            kind,
        }
    }

    /// The handshake is answered with this status.
    pub fn refused(status: u16) -> Self {
        Self::new(Kind::Refused(status))
    }

    /// The connection stays open, and nothing is sent any more, not even the response to a ping.
    pub fn silent() -> Self {
        Self::new(Kind::Silent)
    }

    /// The connection stays open, and pings are answered, but no frame is sent.
    pub fn mute() -> Self {
        Self::new(Kind::Mute)
    }

    /// From then on, each frame is sent this much later than it is due.
    pub fn late(delay: Duration) -> Self {
        Self::new(Kind::Late(delay))
    }

    /// From then on, `by` replaces `text` in each text frame.
    pub fn rewrites(text: &str, by: &str) -> Self {
        Self::new(Kind::Rewrite(text.to_owned(), by.to_owned()))
    }

    /// The connection ends without a close frame.
    pub fn lost() -> Self {
        Self::new(Kind::Lost)
    }

    /// The connection ends in the middle of the next frame.
    pub fn cut_in_frame() -> Self {
        Self::new(Kind::CutInFrame)
    }

    /// The next frame is sent twice.
    pub fn duplicate() -> Self {
        Self::new(Kind::Duplicate)
    }

    /// The next two frames are sent in the wrong order.
    pub fn reorder() -> Self {
        Self::new(Kind::Reorder)
    }

    /// The socket is closed with this code and reason.
    pub fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::new(Kind::Close(code, reason.into()))
    }

    /// A frame of this many bytes is sent.
    pub fn giant_frame(bytes: usize) -> Self {
        Self::new(Kind::Giant(bytes))
    }

    /// A text frame is sent that is not UTF-8.
    pub fn invalid_text() -> Self {
        Self::new(Kind::InvalidText)
    }

    /// A frame is sent that is marked as compressed, although compression was not negotiated.
    pub fn compressed() -> Self {
        Self::new(Kind::Compressed)
    }

    /// Sends the frame that makes the console read an entity again.
    pub fn invalidation(entity: &str) -> Self {
        Self::text(format!("{{\"entity\": [{entity:?}], \"id\": \"x\"}}"))
    }

    /// A frame with this text is sent.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Kind::Text(text.into()))
    }

    /// From then on, each frame is sent this long after the previous one.
    pub fn slow(delay: Duration) -> Self {
        Self::new(Kind::Trickle(delay))
    }

    /// From then on, the connection ends if the client does not take a frame within this time.
    pub fn impatient(limit: Duration) -> Self {
        Self::new(Kind::Impatient(limit))
    }

    /// Applies only to sockets of this path, such as `/service/logs`.
    pub fn on(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Applies after this many data frames.
    pub fn after_frames(mut self, frames: u32) -> Self {
        self.when = When::AfterFrames(frames);
        self
    }

    /// Applies when the socket has been open for this long.
    pub fn after(mut self, time: Duration) -> Self {
        self.when = When::After(time);
        self
    }

    /// Makes a [`duplicate`](Self::duplicate) or [`reorder`](Self::reorder) apply to all frames from then on.
    pub fn every_frame(mut self) -> Self {
        self.repeats = true;
        self
    }

    /// Applies to this many sockets, one after the other.
    pub fn times(mut self, sockets: u32) -> Self {
        self.left = sockets;
        self
    }

    /// The status of the handshake, if this fault refuses it.
    pub(crate) fn refusal(&self) -> Option<u16> {
        match self.kind {
            Kind::Refused(status) => Some(status),
            _ => None,
        }
    }

    /// Takes the first fault for a socket of this path.
    pub(crate) fn take(faults: &mut Vec<Self>, path: &str) -> Option<Self> {
        let fits = |fault: &Self| fault.path.as_ref().is_none_or(|wanted| wanted == path);
        let index = faults.iter().position(fits)?;
        let fault = faults.get_mut(index)?;
        fault.left = fault.left.saturating_sub(1);
        if fault.left == 0 {
            return Some(faults.remove(index));
        }
        Some(fault.clone())
    }
}
