//! Errors of streams.

use std::{error, fmt};

use super::fault::Fault;
use crate::{
    causes::{self, debug_as_text},
    codes,
};

/// A stream ended early. The error is the last item of the stream.
///
/// Available on crate feature `stream` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) {
/// use qovery_ext::stream::{LiveExt, StreamErrorKind};
///
/// let mut statuses = client.deployment_status(environment).items();
/// while let Some(status) = statuses.next().await {
///     match status {
///         Ok(_) => println!("a new status"),
///         Err(error) if error.kind() == StreamErrorKind::NoAgent => println!("the cluster is stopped"),
///         Err(error) => println!("{error}"),
///     }
/// }
/// # }
/// ```
pub struct StreamError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: StreamErrorKind,
    attempts: u32,
    fault: Fault,
}

/// The reason why a stream ended with an error. A stream that ends without an error is complete.
///
/// Available on crate feature `stream` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StreamErrorKind {
    /// A permanent refusal: the id or the query is wrong, or the server closed the connection with the code 1007 or
    /// 1008. Or the server answered the handshake with another protocol. Or nothing was sent: the address of the
    /// websocket API is not known, an option is invalid, or the token source failed. Another connection would be
    /// refused too.
    Permanent,
    /// All reconnects that [`Reconnect`](super::Reconnect) allows in a row have failed, or a command or a forwarded
    /// connection was lost, which is never opened again. A later attempt may succeed.
    Exhausted,
    /// The cluster has no agent that could answer: it is stopped, or was never deployed.
    NoAgent,
    /// The server answered 401 or 403: the token is refused, or lacks the permission.
    Unauthorized,
}

impl StreamError {
    pub(super) fn new(kind: StreamErrorKind, attempts: u32, fault: Fault) -> Self {
        Self(Box::new(Inner {
            kind,
            attempts,
            fault,
        }))
    }

    /// The error of a stream that has no address to connect to.
    pub(crate) fn no_address() -> Self {
        Self::new(StreamErrorKind::Permanent, 0, Fault::NoAddress)
    }

    /// Returns the reason why the stream ended.
    pub fn kind(&self) -> StreamErrorKind {
        self.0.kind
    }

    /// Returns the last close code of the server, if the server closed the connection.
    pub fn close_code(&self) -> Option<u16> {
        self.0.fault.close_code()
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes). It is 2 if a later attempt may succeed, and 3
    /// otherwise.
    pub fn exit_code(&self) -> u8 {
        match (&self.0.fault, self.0.kind) {
            (Fault::Lookup(error), _) => codes::of_call(error),
            (_, StreamErrorKind::Exhausted) => codes::UNKNOWN,
            _ => codes::REFUSED,
        }
    }

    /// Returns the number of connections since the last frame that were lost or could not be made.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the error of the call that looked up the id, if that call failed.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        match &self.0.fault {
            Fault::Lookup(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fault, attempts) = (&self.0.fault, self.0.attempts);
        let message = match self.0.kind {
            StreamErrorKind::Permanent => {
                format!("the stream was refused: {fault}{}", advice(fault))
            }
            // The fault says that the connection was lost or could not be made.
            StreamErrorKind::Exhausted if attempts <= 1 => format!("{fault}{}", later(fault)),
            StreamErrorKind::Exhausted => {
                format!(
                    "the stream was lost after {attempts} attempts in a row: {fault}{}",
                    later(fault)
                )
            }
            StreamErrorKind::NoAgent => {
                format!("the cluster has no running agent, start the cluster first: {fault}")
            }
            StreamErrorKind::Unauthorized => {
                format!(
                    "the token does not allow this stream: {fault}; check the token and its role"
                )
            }
        };
        causes::write(f, self, message)
    }
}

/// The next step after a permanent refusal, unless the text of the fault has it.
fn advice(fault: &Fault) -> &'static str {
    match fault {
        Fault::Closed { .. } | Fault::Unknown(_) => "; check the id and the token",
        Fault::Lookup(error) if error.is_not_found() => "; check the id and the token",
        Fault::Refused { .. } => "; check the id, and the address of the websocket API",
        Fault::Handshake(_) => "; check the address of the websocket API, and the proxies",
        _ => "",
    }
}

/// The next step after a lost connection, unless the text of the fault has it.
fn later(fault: &Fault) -> &'static str {
    match fault {
        Fault::TooLarge(_) | Fault::CommandEnded => "",
        _ => "; try again later",
    }
}

debug_as_text!(StreamError);

impl error::Error for StreamError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.0.fault {
            Fault::Transport(error) => Some(error),
            Fault::Lookup(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_lost_stream_is_advised_to_try_again_unless_that_cannot_help() {
        for attempts in [1, 11] {
            for (fault, end) in [
                (Fault::Silent(Duration::from_secs(75)), "; try again later"),
                (Fault::TooLarge(9), ": raise `message_limit`"),
                (Fault::CommandEnded, "its output and the cause"),
            ] {
                let error = StreamError::new(StreamErrorKind::Exhausted, attempts, fault);
                assert!(error.to_string().ends_with(end), "{error}");
            }
        }
    }
}
