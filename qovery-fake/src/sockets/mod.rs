//! The websockets of a fake: the requests for them, and the pending faults.

mod fault;

use std::time::Duration;

pub use fault::SocketFault;
pub(crate) use fault::{Kind, When};

/// A request for a websocket.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedSocket {
    /// The time of its arrival, counted from the creation of the fake.
    pub at: Duration,
    /// The path, such as `/service/logs`.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The status of the response: 101 if the socket was opened.
    pub status: u16,
    /// How many data frames were sent.
    pub frames: u32,
    /// Whether the socket is still open.
    pub is_open: bool,
}

/// The sockets of a fake.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    pub(crate) faults: Vec<SocketFault>,
    pub(crate) record: Vec<RecordedSocket>,
}
