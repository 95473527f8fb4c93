//! Errors of preview environments.

use std::fmt;

use qovery_api::{Error, Printable};
use uuid::Uuid;

use super::super::{
    ApplyVariablesError, DotenvError, FindError, Named, SetVariableError, VersionError,
};
use crate::{
    causes::{self, debug_as_text},
    codes,
    wait::WaitError,
};

/// A preview environment was not created, deployed or deleted.
///
/// Available on crate feature `preview` only.
pub struct PreviewError(Box<Reason>);

#[derive(Debug)]
pub(super) enum Reason {
    Find(FindError),
    /// The message, and the error.
    Call(String, Error),
    Wait(WaitError),
    Version(VersionError),
    Variable(SetVariableError),
    Variables(ApplyVariablesError),
    Dotenv(DotenvError),
    Refused(String),
    /// Another run has created a preview with the name at the same time.
    Concurrent(String),
    /// A signal came during the deletion.
    Interrupted,
    /// Several previews have the name, and other runs may have created some of them.
    Several(String),
    /// An environment has the name of a preview of this original, or a time to live, and is not marked as a preview.
    Unmarked {
        environment: Named,
        original: Option<String>,
    },
}

impl PreviewError {
    pub(super) fn new(reason: Reason) -> Self {
        Self(Box::new(reason))
    }

    /// A call that only reads has failed.
    pub(super) fn call(what: impl fmt::Display, error: Error) -> Self {
        Self::new(Reason::Call(format!("{what} failed"), error))
    }

    /// A call that changes something has failed. If the server may have executed it, the message says so.
    pub(super) fn write(what: impl fmt::Display, error: Error) -> Self {
        let what = match error.may_have_been_executed() {
            true => format!(
                "{what} failed, but the server may have executed it: run this again to continue"
            ),
            false => format!("{what} failed"),
        };
        Self::new(Reason::Call(what, error))
    }

    pub(super) fn wait(error: WaitError) -> Self {
        Self::new(Reason::Wait(error))
    }

    pub(super) fn variables(error: ApplyVariablesError) -> Self {
        Self::new(Reason::Variables(error))
    }

    pub(super) fn interrupted() -> Self {
        Self::new(Reason::Interrupted)
    }

    pub(super) fn refused(text: String) -> Self {
        Self::new(Reason::Refused(text))
    }

    /// Returns whether the request is impossible, for example because the environment lacks a named service,
    /// a variable cannot take its value, or an environment of this name is not a preview.
    pub fn is_refused(&self) -> bool {
        match &*self.0 {
            Reason::Refused(_) | Reason::Several(_) => true,
            Reason::Dotenv(_) => true,
            Reason::Unmarked { .. } => true,
            Reason::Find(error) => error.api_error().is_none(),
            Reason::Version(error) => error.is_unsupported(),
            Reason::Variable(error) => error.is_conflict(),
            Reason::Variables(error) => error.cause().is_conflict(),
            Reason::Call(..) | Reason::Wait(_) | Reason::Concurrent(_) | Reason::Interrupted => {
                false
            }
        }
    }

    /// Returns whether another run created, or may have created, the preview of this name at the same time. The copy
    /// that this run had created was deleted, unless the message says otherwise: after a lost response, both copies
    /// remain. The environment of the other run was not changed. When the other run has ended, run this again: it
    /// updates that preview.
    pub fn is_concurrent(&self) -> bool {
        matches!(*self.0, Reason::Concurrent(_))
    }

    /// Whether previews of other runs may have the name, so that none is deleted by its name.
    pub(super) fn is_about_other_runs(&self) -> bool {
        matches!(*self.0, Reason::Concurrent(_) | Reason::Several(_))
    }

    /// Returns the id of an environment that has the name and the mode of the preview, or a time to live, but
    /// is not marked as a preview. The environment was not changed.
    /// [`PreviewEnvironment::adopt`](super::PreviewEnvironment::adopt) marks it.
    pub fn unmarked(&self) -> Option<Uuid> {
        match &*self.0 {
            Reason::Unmarked { environment, .. } => Some(environment.id),
            _ => None,
        }
    }

    /// Returns whether a signal ended the deletion of the preview before its end was known.
    pub fn is_interrupted(&self) -> bool {
        matches!(*self.0, Reason::Interrupted)
    }

    /// Returns the error of the wait for its deployment or deletion.
    pub fn wait_error(&self) -> Option<&WaitError> {
        match &*self.0 {
            Reason::Wait(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the call that failed.
    pub fn api_error(&self) -> Option<&Error> {
        match &*self.0 {
            Reason::Find(error) => error.api_error(),
            Reason::Call(_, error) => Some(error),
            Reason::Wait(error) => error.api_error(),
            Reason::Version(error) => error.api_error(),
            Reason::Variable(error) => error.api_error(),
            Reason::Variables(error) => error.cause().api_error(),
            Reason::Dotenv(_)
            | Reason::Refused(_)
            | Reason::Concurrent(_)
            | Reason::Several(_)
            | Reason::Interrupted
            | Reason::Unmarked { .. } => None,
        }
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes).
    pub fn exit_code(&self) -> u8 {
        match (&*self.0, self.wait_error()) {
            (Reason::Interrupted, _) => codes::INTERRUPTED,
            (Reason::Version(error), _) => error.exit_code(),
            (_, Some(error)) => error.exit_code(),
            (_, None) => self.api_error().map_or(codes::REFUSED, codes::of_call),
        }
    }
}

impl fmt::Display for PreviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Find(error) => error.fmt(f),
            Reason::Call(what, error) => {
                causes::write(f, self, Printable::new(&format!("{what}: {error}")))
            }
            Reason::Wait(error) => error.fmt(f),
            Reason::Interrupted => {
                f.write_str("interrupted during the deletion: delete it again to be sure")
            }
            Reason::Version(error) => error.fmt(f),
            Reason::Variable(error) => error.fmt(f),
            Reason::Variables(error) => error.fmt(f),
            Reason::Dotenv(error) => error.fmt(f),
            Reason::Refused(text) | Reason::Concurrent(text) | Reason::Several(text) => {
                Printable::new(text).fmt(f)
            }
            Reason::Unmarked {
                environment,
                original: Some(original),
            } => write!(
                f,
                "environment {environment} exists and is not marked as a preview of {}: if it is one, \
                 call `PreviewEnvironment::adopt` once; otherwise choose another name",
                Printable::new(original)
            ),
            Reason::Unmarked {
                environment,
                original: None,
            } => write!(
                f,
                "environment {environment} has a time to live and is not marked as a preview: if it is one, \
                 call `PreviewEnvironment::adopt` once; otherwise remove its variable `PREVIEW_EXPIRES_AT`"
            ),
        }
    }
}

debug_as_text!(PreviewError);

impl std::error::Error for PreviewError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            // Their sources leave out a response that repeats a secret.
            Reason::Variable(error) => error.source(),
            Reason::Variables(error) => error.source(),
            _ => self.api_error().map(|error| error as _),
        }
    }
}
