//! What another process needs to wait on with.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use qovery_api::Printable;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Goal, Subject, tracker::Tracker};

/// Everything needed to go on waiting for an operation later, in this process or in another one.
///
/// Holds ids and states, no secrets. Has two forms: serde (for files) and text (for a command line
/// or a CI variable). Both carry a version; a token of a version that this crate does not know is
/// refused instead of being misread. A text of more than [`MAX_LENGTH`](Self::MAX_LENGTH) is refused
/// before it is decoded.
///
/// ```
/// # fn show(token: qovery_ext::wait::OperationToken) -> Result<(), Box<dyn std::error::Error>> {
/// let text = token.to_string();
/// let again: qovery_ext::wait::OperationToken = text.parse()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct OperationToken {
    pub(super) subject: Subject,
    /// `None` where a condition is waited for, which is code and cannot be written down.
    pub(super) tracker: Option<Tracker>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Form {
    version: u32,
    subject: Subject,
    operation: Option<Tracker>,
}

impl OperationToken {
    /// The version that this crate writes.
    pub const VERSION: u32 = 1;

    /// The longest text that is read, in bytes.
    pub const MAX_LENGTH: usize = 16 * 1024;

    /// What the operation waits on.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What it waits for; `None` for a condition.
    pub fn goal(&self) -> Option<Goal> {
        self.tracker.as_ref().map(Tracker::goal)
    }

    /// The deployment request, where the server named one.
    pub fn deployment_request_id(&self) -> Option<Uuid> {
        self.tracker.as_ref().and_then(Tracker::request)
    }
}

impl From<OperationToken> for Form {
    fn from(token: OperationToken) -> Self {
        Self {
            version: OperationToken::VERSION,
            subject: token.subject,
            operation: token.tracker,
        }
    }
}

impl TryFrom<Form> for OperationToken {
    type Error = TokenError;

    fn try_from(form: Form) -> Result<Self, TokenError> {
        if form.version != Self::VERSION {
            return Err(TokenError(format!(
                "the token is of version {}, this program reads version {}",
                form.version,
                Self::VERSION
            )));
        }
        Ok(Self {
            subject: form.subject,
            tracker: form.operation,
        })
    }
}

impl fmt::Display for OperationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&Form::from(self.clone())).map_err(|_| fmt::Error)?;
        write!(f, "qovery-op-{}", URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for OperationToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.len() > Self::MAX_LENGTH {
            let limit = Self::MAX_LENGTH;
            return Err(TokenError(format!(
                "it is {} bytes long, the limit is {limit}",
                text.len()
            )));
        }
        let encoded = text
            .strip_prefix("qovery-op-")
            .ok_or_else(|| TokenError("a token begins with \"qovery-op-\"".to_owned()))?;
        let json = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| TokenError("the token is cut off or changed".to_owned()))?;
        serde_json::from_slice(&json).map_err(|error| TokenError(error.to_string()))
    }
}

/// Why a token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenError(pub(super) String);

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not a usable operation token: {}",
            Printable::new(&self.0)
        )
    }
}

impl std::error::Error for TokenError {}
