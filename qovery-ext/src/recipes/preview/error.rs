//! Errors of preview environments.

use std::fmt;

use qovery_api::{Error, Printable};
use uuid::Uuid;

use super::super::{
    ApplyVariablesError, DotenvError, FindError, Named, SetVariableError, VersionError,
};
use crate::{
    Interrupt,
    wait::{UnsupportedVersion, WaitError},
};

/// A preview environment was not created, deployed or deleted.
///
/// Available on crate feature `preview` only.
#[derive(Debug)]
pub struct PreviewError(Box<Reason>);

#[derive(Debug)]
pub(super) enum Reason {
    Find(FindError),
    Call(String, Error),
    Wait(WaitError),
    Version(VersionError),
    Commit(UnsupportedVersion),
    Variable(SetVariableError),
    Variables(ApplyVariablesError),
    Dotenv(DotenvError),
    Refused(String),
    /// An environment of the name that is not known as a preview.
    Unmarked {
        environment: Named,
        original: String,
    },
}

impl PreviewError {
    pub(super) fn new(reason: Reason) -> Self {
        Self(Box::new(reason))
    }

    pub(super) fn call(what: impl Into<String>, error: Error) -> Self {
        Self::new(Reason::Call(what.into(), error))
    }

    pub(super) fn wait(error: WaitError) -> Self {
        Self::new(Reason::Wait(error))
    }

    pub(super) fn refused(text: String) -> Self {
        Self::new(Reason::Refused(text))
    }

    /// Returns whether the request is impossible: the environment lacks a named service, or an
    /// environment of this name is not a preview.
    pub fn is_refused(&self) -> bool {
        matches!(
            *self.0,
            Reason::Refused(_) | Reason::Commit(_) | Reason::Dotenv(_) | Reason::Unmarked { .. }
        )
    }

    /// Returns the id of an environment that has the name of the preview and is not marked as one.
    /// It was not changed. [`PreviewEnvironment::adopt`](super::PreviewEnvironment::adopt) marks
    /// it.
    pub fn unmarked(&self) -> Option<Uuid> {
        match &*self.0 {
            Reason::Unmarked { environment, .. } => Some(environment.id),
            _ => None,
        }
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
            Reason::Commit(_)
            | Reason::Dotenv(_)
            | Reason::Refused(_)
            | Reason::Unmarked { .. } => None,
        }
    }

    /// Returns the exit code of the wait, or 3 for any other error, for [`std::process::exit`].
    pub fn exit_code(&self) -> u8 {
        self.wait_error().map_or(3, WaitError::exit_code)
    }
}

impl fmt::Display for PreviewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Find(error) => error.fmt(f),
            Reason::Call(what, _) => write!(f, "{} failed", Printable::new(what)),
            Reason::Wait(error) => error.fmt(f),
            Reason::Version(error) => error.fmt(f),
            Reason::Commit(error) => error.fmt(f),
            Reason::Variable(error) => error.fmt(f),
            Reason::Variables(error) => error.fmt(f),
            Reason::Dotenv(error) => error.fmt(f),
            Reason::Refused(text) => Printable::new(text).fmt(f),
            Reason::Unmarked {
                environment,
                original,
            } => write!(
                f,
                "environment {environment} exists and is not marked as a preview of {}: if it is one, \
                 call `PreviewEnvironment::adopt` once; otherwise choose another name",
                Printable::new(original)
            ),
        }
    }
}

impl std::error::Error for PreviewError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.api_error().map(|error| error as _)
    }
}

pub(super) enum Ended<E> {
    Preview(PreviewError),
    Work(E),
    Interrupted,
    NotDeleted,
}

/// The error of [`PreviewEnvironment::run`](super::PreviewEnvironment::run).
///
/// Available on crate feature `preview` only.
pub struct RunPreviewError<E> {
    pub(super) ended: Ended<E>,
    pub(super) not_deleted: Option<PreviewError>,
}

impl<E> RunPreviewError<E> {
    /// Returns the error of the closure.
    pub fn work_error(&self) -> Option<&E> {
        match &self.ended {
            Ended::Work(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of creating or deploying the environment.
    pub fn preview_error(&self) -> Option<&PreviewError> {
        match &self.ended {
            Ended::Preview(error) => Some(error),
            _ => None,
        }
    }

    /// Returns whether the run was interrupted by Ctrl-C or SIGTERM.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.ended, Ended::Interrupted)
    }

    /// Returns the reason why the environment was not deleted at the end; `None` if it was deleted.
    pub fn not_deleted(&self) -> Option<&PreviewError> {
        self.not_deleted.as_ref()
    }

    /// Returns the exit code, for [`std::process::exit`]: that of the [`PreviewError`], 130 after
    /// an interruption, or 1 if the closure failed.
    pub fn exit_code(&self) -> u8 {
        match (&self.ended, &self.not_deleted) {
            (Ended::Preview(error), _) | (Ended::NotDeleted, Some(error)) => error.exit_code(),
            (Ended::Interrupted, _) => Interrupt::EXIT_CODE,
            _ => 1,
        }
    }
}

impl<E: fmt::Display> fmt::Display for RunPreviewError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ended {
            Ended::Preview(error) => error.fmt(f)?,
            Ended::Work(error) => error.fmt(f)?,
            Ended::Interrupted => f.write_str("interrupted")?,
            Ended::NotDeleted => f.write_str("the work is done")?,
        }
        match &self.not_deleted {
            Some(error) => write!(f, "\nthe preview environment was not deleted: {error}"),
            None => Ok(()),
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for RunPreviewError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ended: &dyn fmt::Debug = match &self.ended {
            Ended::Preview(error) => error,
            Ended::Work(error) => error,
            Ended::Interrupted => &"interrupted",
            Ended::NotDeleted => &"done",
        };
        f.debug_struct("RunPreviewError")
            .field("ended", ended)
            .field("not_deleted", &self.not_deleted)
            .finish()
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for RunPreviewError<E> {}
