//! The error of building a client.
//!
//! Calls that fail return [`qovery_api::Error`].

use std::{error, fmt};

use qovery_api::{BuildError, Printable};

use crate::causes::{self, debug_as_text};

type Source = Box<dyn error::Error + Send + Sync>;

/// A client could not be built.
///
/// The message names the sources that were read and the next step. It never shows a token, and never the
/// address, which may contain a password.
///
/// ```
/// use qovery_ext::connect::Connect;
///
/// let nothing_is_set = Connect::new().environment(|_| None).build();
/// let error = nothing_is_set.unwrap_err();
/// assert!(error.is_missing_token());
/// assert!(error.to_string().contains("QOVERY_API_TOKEN"));
/// ```
pub struct ConnectError(Box<Inner>);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    MissingToken,
    MalformedToken,
    ExpiredToken,
    BaseUrl,
    InsecureUrl,
    CliContext,
    Settings,
}

struct Inner {
    kind: Kind,
    message: String,
    source: Option<Source>,
}

impl ConnectError {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            source: None,
        }))
    }

    pub(super) fn malformed_token(origin: &str, problem: impl fmt::Display) -> Self {
        Self::new(Kind::MalformedToken, format!("{origin}: {problem}"))
    }

    pub(super) fn base_url(origin: &str, problem: impl fmt::Display) -> Self {
        Self::new(Kind::BaseUrl, format!("{origin}: {problem}"))
    }

    pub(super) fn insecure_url(origin: &str) -> Self {
        Self::new(
            Kind::InsecureUrl,
            format!(
                "{origin}: an http:// address of another machine is refused, because the token \
                 would be sent unencrypted: use https://, or call `allow_insecure_http`"
            ),
        )
    }

    pub(super) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The error of the runtime, with the source of the address.
    pub(super) fn build(url_origin: &str, error: BuildError) -> Self {
        if error.is_base_url() {
            return Self::base_url(url_origin, &error).with_source(error);
        }
        if error.is_token() {
            return Self::new(Kind::MalformedToken, error.to_string()).with_source(error);
        }
        Self::new(Kind::Settings, error.to_string()).with_source(error)
    }

    /// Returns whether no token was found. The message names the sources that were read and the next step.
    pub fn is_missing_token(&self) -> bool {
        self.0.kind == Kind::MissingToken
    }

    /// Returns whether the token cannot be sent: it is empty, or contains a space, a line break or another control
    /// character, or a character that is not ASCII; or its variable is not Unicode. The message names its source.
    pub fn is_malformed_token(&self) -> bool {
        self.0.kind == Kind::MalformedToken
    }

    /// Returns whether the token in the context file of the command-line tool has expired. Sign in again.
    pub fn is_expired_token(&self) -> bool {
        self.0.kind == Kind::ExpiredToken
    }

    /// Returns whether the address of the API, or that of the websocket API, is malformed or insecure.
    pub fn is_base_url(&self) -> bool {
        matches!(self.0.kind, Kind::BaseUrl | Kind::InsecureUrl)
    }

    /// Returns whether the address of the API, or that of the websocket API, is unencrypted, does not belong to this
    /// machine, and was not [allowed](super::Connect::allow_insecure_http).
    pub fn is_insecure_url(&self) -> bool {
        self.0.kind == Kind::InsecureUrl
    }

    /// Returns whether the context file of the command-line tool is missing, unreadable, too large, not a regular file
    /// or in another format, or whether the home directory is not known.
    pub fn is_cli_context(&self) -> bool {
        self.0.kind == Kind::CliContext
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        causes::write(f, self, Printable::new(&self.0.message))
    }
}

debug_as_text!(ConnectError);

impl error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let source: &(dyn error::Error + 'static) = self.0.source.as_deref()?;
        Some(source)
    }
}
