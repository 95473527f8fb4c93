//! Why nothing was done with any environment.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use qovery_api::{Error, Printable};

use super::super::{FindError, find_error::closest};
use crate::causes::{self, debug_as_text};

/// The bulk action did not begin: no environment was changed.
///
/// Available on crate feature `bulk` only.
pub struct BulkError(Reason);

#[derive(Debug)]
enum Reason {
    Find(FindError),
    Journal(PathBuf, io::Error),
    /// The message.
    Mode(String),
}

impl BulkError {
    pub(super) fn journal(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self(Reason::Journal(path, error))
    }

    pub(super) fn find(error: FindError) -> Self {
        Self(Reason::Find(error))
    }

    /// No environment has this mode, and the client does not know it.
    pub(super) fn unknown_mode(mode: &str, known: &[&str]) -> Self {
        let likest = closest(mode, known.iter().copied());
        let hint = likest
            .and_then(|place| known.get(place))
            .map(|likest| format!("did you mean {likest}? "))
            .unwrap_or_default();
        Self(Reason::Mode(format!(
            "no environment has the mode \"{mode}\": {hint}known modes: {}",
            known.join(", ")
        )))
    }

    /// Returns the error of the selection, if the environments were not found.
    pub fn find_error(&self) -> Option<&FindError> {
        match &self.0 {
            Reason::Find(error) => Some(error),
            Reason::Journal(..) | Reason::Mode(_) => None,
        }
    }

    /// Returns the error of the call that failed.
    pub fn api_error(&self) -> Option<&Error> {
        self.find_error()?.api_error()
    }

    /// Returns whether a filter names a mode that neither the client knows nor any listed environment has.
    pub fn is_unknown_mode(&self) -> bool {
        matches!(self.0, Reason::Mode(_))
    }

    /// Returns whether the journal cannot be used.
    pub fn is_journal(&self) -> bool {
        matches!(self.0, Reason::Journal(..))
    }
}

impl fmt::Display for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Find(error) => error.fmt(f),
            Reason::Journal(path, error) => {
                let (path, error) = (path.display().to_string(), error.to_string());
                let (path, error) = (Printable::new(&path), Printable::new(&error));
                let message = format_args!("the journal {path} cannot be used: {error}");
                causes::write(f, self, message)
            }
            Reason::Mode(text) => Printable::new(text).fmt(f),
        }
    }
}

debug_as_text!(BulkError);

impl std::error::Error for BulkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Reason::Find(error) => error.source(),
            Reason::Journal(_, error) => Some(error),
            Reason::Mode(_) => None,
        }
    }
}
