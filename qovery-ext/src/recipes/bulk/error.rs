//! Errors of a bulk action.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use qovery_api::{Error, Printable};

use super::{super::FindError, BulkSummary};
use crate::{
    causes::{self, debug_as_text},
    codes,
};

/// The error of a bulk action. Either no environment was changed, or all actions ended and the journal lacks lines
/// ([`BulkError::summary`]).
///
/// Available on crate feature `bulk` only.
pub struct BulkError(Reason);

#[derive(Debug)]
enum Reason {
    Find(FindError),
    Journal(PathBuf, io::Error),
    /// The message.
    Mode(String),
    /// The actions ended, and lines of the journal could not be written.
    Unwritten(PathBuf, io::Error, Box<BulkSummary>),
}

impl BulkError {
    pub(super) fn journal(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self(Reason::Journal(path, error))
    }

    /// The actions ended with this summary, and the journal lacks lines.
    pub(super) fn unwritten(path: &Path, error: io::Error, summary: BulkSummary) -> Self {
        Self(Reason::Unwritten(path.to_owned(), error, Box::new(summary)))
    }

    pub(super) fn find(error: FindError) -> Self {
        Self(Reason::Find(error))
    }

    /// No environment has a mode, and the client does not know it.
    pub(super) fn unknown_mode(message: String) -> Self {
        Self(Reason::Mode(message))
    }

    /// Returns the error of the selection, if an organization, a project or an environment was not found.
    pub fn find_error(&self) -> Option<&FindError> {
        match &self.0 {
            Reason::Find(error) => Some(error),
            Reason::Journal(..) | Reason::Mode(_) | Reason::Unwritten(..) => None,
        }
    }

    /// Returns the error of the call that failed.
    pub fn api_error(&self) -> Option<&Error> {
        self.find_error()?.api_error()
    }

    /// Returns whether a filter names a mode that the client does not know and no listed environment has.
    pub fn is_unknown_mode(&self) -> bool {
        matches!(self.0, Reason::Mode(_))
    }

    /// Returns whether the journal cannot be used, or lacks lines.
    pub fn is_journal(&self) -> bool {
        matches!(self.0, Reason::Journal(..) | Reason::Unwritten(..))
    }

    /// Returns the outcomes of the actions, if lines of the journal could not be written. Actions whose start
    /// could not be written were not sent; the others have ended. If all are done, remove the journal before the
    /// next run. Otherwise, the next run may wait again for an action that is over, or report a sent action as
    /// uncertain. It never repeats a deployment.
    pub fn summary(&self) -> Option<&BulkSummary> {
        match &self.0 {
            Reason::Unwritten(_, _, summary) => Some(summary),
            _ => None,
        }
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes). If the actions have ended and not all have
    /// reached the goal, it is that of the [`summary`](Self::summary).
    pub fn exit_code(&self) -> u8 {
        let of_actions = self.summary().map(BulkSummary::exit_code);
        match (of_actions, self.api_error()) {
            (Some(code), _) if code != codes::REACHED => code,
            (_, Some(error)) => codes::of_call(error),
            (_, None) => codes::REFUSED,
        }
    }
}

/// The next step for an error of the system, whose text has none.
fn advice(error: &io::Error) -> &'static str {
    let is_of_system = error.raw_os_error().is_some();
    match is_of_system || error.kind() == io::ErrorKind::InvalidInput {
        true => "; check the path and its permissions, or use another journal",
        false => "",
    }
}

impl fmt::Display for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Find(error) => error.fmt(f),
            Reason::Journal(path, error) => {
                let advice = advice(error);
                let (path, error) = (path.display().to_string(), error.to_string());
                let (path, error) = (Printable::new(&path), Printable::new(&error));
                let message = format_args!("the journal {path} cannot be used: {error}{advice}");
                causes::write(f, self, message)
            }
            Reason::Mode(text) => Printable::new(text).fmt(f),
            Reason::Unwritten(path, error, summary) => {
                let (path, error) = (path.display().to_string(), error.to_string());
                let (path, error) = (Printable::new(&path), Printable::new(&error));
                let next = match summary.all_reached() {
                    true => "remove the journal before the next run",
                    false => "run this again to continue",
                };
                let done = summary.last_line();
                let message =
                    format_args!("{done}, but the journal {path} lacks lines: {error}: {next}");
                causes::write(f, self, message)
            }
        }
    }
}

debug_as_text!(BulkError);

impl std::error::Error for BulkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Reason::Find(error) => error.source(),
            Reason::Journal(_, error) | Reason::Unwritten(_, error, _) => Some(error),
            Reason::Mode(_) => None,
        }
    }
}
