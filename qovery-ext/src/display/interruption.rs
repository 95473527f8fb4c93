//! When a signal has stopped the display.

use crate::wait::OperationToken;

/// When a signal has stopped the display.
pub(super) enum Interruption {
    /// No action was sent.
    NotSent,
    /// An action was being sent, or the program waited for the response.
    Sending,
    /// The API had accepted the action.
    Waiting(OperationToken),
}

impl Interruption {
    /// The token to continue the wait with.
    pub(super) fn token(&self) -> Option<&OperationToken> {
        match self {
            Self::Waiting(token) => Some(token),
            Self::NotSent | Self::Sending => None,
        }
    }

    /// Whether the action was sent; `None` if a token continues it.
    pub(super) fn advice(&self) -> Option<&'static str> {
        match self {
            Self::NotSent => Some("No action was sent."),
            Self::Sending => Some(
                "It is not known whether the API has received the action: check whether it was executed before you \
                 start it again.",
            ),
            Self::Waiting(_) => None,
        }
    }
}
