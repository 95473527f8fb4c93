//! The end of a connection, and whether another connection can help.
//!
//! The close codes are those that the clients of the API use. The engine, which counts the attempts, decides
//! about the end of a stream.

use std::{fmt, time::Duration};

use qovery_api::{Printable, RawResponse, TransportError, http::StatusCode};

/// The reason why a connection ended or was not made.
#[derive(Debug)]
pub(super) enum Fault {
    /// No response to the handshake.
    Transport(TransportError),
    /// A response to the handshake that does not switch protocols.
    Refused {
        status: StatusCode,
        request_id: Option<String>,
    },
    /// A response that switches protocols, but not to this websocket.
    Handshake(&'static str),
    /// The organization, project or cluster of the id could not be found.
    Lookup(qovery_api::Error),
    /// It is known that the id belongs to no resource.
    Unknown(String),
    /// The client has no address of the websocket API.
    NoAddress,
    /// Nothing was sent, because the request has a value that cannot be sent or honored.
    Invalid(String),
    /// The server closed the connection.
    Closed { code: u16, reason: String },
    /// The connection was lost.
    Lost(String),
    /// Nothing was received for this long.
    Silent(Duration),
    /// Input was not sent, because the connection to the command has ended.
    CommandEnded,
    /// A message of more bytes than this.
    TooLarge(usize),
    /// An invalid frame, or a frame that was not negotiated.
    Protocol(String),
}

/// The consequence of the end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Done,
    /// Connecting again may help.
    Transient,
    Permanent,
    NoAgent,
    Unauthorized,
}

impl Fault {
    pub(super) fn refused(response: &RawResponse) -> Self {
        Self::Refused {
            status: response.status,
            request_id: response.request_id().map(str::to_owned),
        }
    }

    pub(super) fn handshake(what: &'static str) -> Self {
        Self::Handshake(what)
    }

    pub(super) fn meaning(&self) -> Meaning {
        match self {
            Self::Transport(error) if error.is_refused() => Meaning::Permanent,
            Self::Lookup(error) => match (error.status(), error.transport_error()) {
                // The page of a proxy is no evidence about the id.
                (Some(_), _) if error.is_api() && !error.is_from_api() => Meaning::Transient,
                (Some(status), _) if error.is_api() => of_status(status),
                (_, Some(transport)) if !transport.is_refused() => Meaning::Transient,
                _ => Meaning::Permanent,
            },
            Self::Refused { status, .. } => of_status(*status),
            Self::Closed { code, reason } => of_close(*code, reason),
            Self::Handshake(_) | Self::NoAddress | Self::Invalid(_) | Self::Unknown(_) => {
                Meaning::Permanent
            }
            Self::Transport(_)
            | Self::Lost(_)
            | Self::Silent(_)
            | Self::CommandEnded
            | Self::TooLarge(_)
            | Self::Protocol(_) => Meaning::Transient,
        }
    }

    /// The close code, if the server closed the connection.
    pub(super) fn close_code(&self) -> Option<u16> {
        match self {
            Self::Closed { code, .. } => Some(*code),
            _ => None,
        }
    }
}

fn of_status(status: StatusCode) -> Meaning {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Meaning::Unauthorized,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Meaning::Transient,
        status if status.is_server_error() => Meaning::Transient,
        _ => Meaning::Permanent,
    }
}

fn of_close(code: u16, reason: &str) -> Meaning {
    match code {
        1000 => Meaning::Done,
        1007 | 1008 => Meaning::Permanent,
        1011 if reason.contains("NotFound") => Meaning::NoAgent,
        // Going away, 1011 with a timeout of the agent or without a known reason, 1012, 1013, and codes
        // newer than this list.
        _ => Meaning::Transient,
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => error.fmt(f),
            Self::Refused { status, request_id } => {
                write!(f, "the server answered {} instead of opening a websocket", status.as_u16())?;
                match request_id {
                    Some(id) => write!(f, " (request {})", Printable::new(id)),
                    None => Ok(()),
                }
            }
            Self::Handshake(what) => write!(f, "{what} does not fit the handshake of a websocket"),
            Self::Lookup(error) => error.fmt(f),
            Self::Unknown(what) | Self::Invalid(what) => Printable::new(what).fmt(f),
            Self::NoAddress => f.write_str(
                "the address of the websocket API is not known: set it with `stream_url` or QOVERY_WS_URL",
            ),
            Self::Closed { code, reason } if reason.is_empty() => {
                write!(f, "the server closed the websocket with code {code}")
            }
            Self::Closed { code, reason } => write!(
                f,
                "the server closed the websocket with code {code}: {}",
                Printable::new(reason)
            ),
            Self::Lost(what) => write!(f, "the websocket was lost: {}", Printable::new(what)),
            Self::Silent(limit) => write!(f, "nothing arrived on the websocket for {limit:?}"),
            Self::CommandEnded => f.write_str(
                "the connection to the command has ended: call `read` for the rest of its output and the cause",
            ),
            Self::TooLarge(limit) => {
                write!(f, "a message is larger than the limit of {limit} bytes: raise `message_limit`")
            }
            Self::Protocol(what) => {
                write!(f, "the server sent no valid websocket frame: {}", Printable::new(what))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_codes_have_the_meaning_that_the_clients_of_the_api_give_them() {
        for (code, reason, meaning) in [
            (1000, "", Meaning::Done),
            (1007, "permission denied", Meaning::Permanent),
            (1008, "token expired", Meaning::Permanent),
            (
                1011,
                "exceeded for receiving agent response",
                Meaning::Transient,
            ),
            (1011, "timeout while connecting to pod", Meaning::Transient),
            (1011, "while setting up port forward", Meaning::Transient),
            (1011, "Retry budget exhausted", Meaning::Transient),
            (1011, "something else", Meaning::Transient),
            (1011, "status: NotFound, no agent", Meaning::NoAgent),
            (1001, "NotFound", Meaning::Transient),
            (1012, "", Meaning::Transient),
            (4999, "", Meaning::Transient),
        ] {
            assert_eq!(of_close(code, reason), meaning, "{code} {reason}");
        }
    }

    #[test]
    fn a_response_to_the_handshake_is_judged_by_its_status() {
        for (status, meaning) in [
            (200, Meaning::Permanent),
            (302, Meaning::Permanent),
            (400, Meaning::Permanent),
            (401, Meaning::Unauthorized),
            (403, Meaning::Unauthorized),
            (404, Meaning::Permanent),
            (429, Meaning::Transient),
            (503, Meaning::Transient),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(of_status(status), meaning, "{status}");
        }
    }

    #[test]
    fn a_reason_cannot_control_the_terminal() {
        let fault = Fault::Closed {
            code: 1008,
            reason: "a\u{1b}[2Jb".to_owned(),
        };
        assert!(!fault.to_string().contains('\u{1b}'));
    }
}
