//! Errors of building a client.
//!
//! Calls that fail return [`Error`](super::Error).

use std::{error, fmt};

use super::Printable;

type Source = Box<dyn error::Error + Send + Sync>;

/// A [`Client`](super::Client) or an [`AccessToken`](super::AccessToken) could not be built.
///
/// The error never shows a token.
pub struct BuildError(Box<Inner>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Token,
    BaseUrl,
    #[cfg(feature = "stream")]
    StreamUrl,
    Settings,
}

struct Inner {
    kind: Kind,
    message: String,
    source: Option<Source>,
}

impl BuildError {
    fn new(kind: Kind, message: String) -> Self {
        Self(Box::new(Inner {
            kind,
            message,
            source: None,
        }))
    }

    pub(crate) fn token(problem: &str) -> Self {
        Self::new(
            Kind::Token,
            format!("the access token cannot be used: {problem}"),
        )
    }

    pub(crate) fn base_url(problem: impl fmt::Display) -> Self {
        Self::new(
            Kind::BaseUrl,
            format!("the base URL cannot be used: {problem}"),
        )
    }

    #[cfg(feature = "stream")]
    pub(crate) fn stream_url(problem: impl fmt::Display) -> Self {
        Self::new(
            Kind::StreamUrl,
            format!("the address of the websocket API cannot be used: {problem}"),
        )
    }

    pub(crate) fn settings(problem: impl fmt::Display) -> Self {
        Self::new(Kind::Settings, problem.to_string())
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns whether the access token is missing or malformed.
    pub fn is_token(&self) -> bool {
        self.0.kind == Kind::Token
    }

    /// Returns whether the base URL is malformed or not accepted.
    pub fn is_base_url(&self) -> bool {
        self.0.kind == Kind::BaseUrl
    }

    /// Returns whether the address of the websocket API is malformed or not accepted.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn is_stream_url(&self) -> bool {
        self.0.kind == Kind::StreamUrl
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable::new(&self.0.message).fmt(f)
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BuildError")
            .field(&Printable::new(&self.0.message))
            .finish()
    }
}

impl error::Error for BuildError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let source: &(dyn error::Error + 'static) = self.0.source.as_deref()?;
        Some(source)
    }
}
