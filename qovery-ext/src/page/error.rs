//! Errors of paging.

use std::{error::Error as StdError, fmt};

use qovery_api::{OperationInfo, Printable};

use super::ResumeCursor;
use crate::{
    causes::{self, debug_as_text},
    codes,
};

/// The error of paging: the next page could not be delivered.
///
/// Earlier items are not lost: the stream has delivered them. To continue, call `retry` on the stream
/// or resume another stream later ([`PageError::resume_cursor`]).
///
/// ```
/// use qovery_ext::page::PageError;
///
/// fn advice(error: &PageError) -> &'static str {
///     match error.api_error() {
///         Some(call) if call.is_unauthorized() => "sign in, then resume",
///         Some(_) => "resume later",
///         None if error.is_repetition() => "the server repeats its pages",
///         None => "the server returns no usable next page",
///     }
/// }
/// ```
pub struct PageError(pub(super) Box<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) operation: &'static OperationInfo,
    pub(super) kind: Kind,
    pub(super) pages_read: u64,
    pub(super) cursor: ResumeCursor,
}

#[derive(Debug)]
pub(super) enum Kind {
    Call(qovery_api::Error),
    CursorRepeated,
    WentBack,
    LinkWithoutToken,
    ItemWithoutId,
    NothingNew,
    PlaceLost,
    WrongCursor(String),
}

impl PageError {
    /// Returns the error of the call, if the call failed.
    ///
    /// Troubleshooting: see the predicates of that error. Retrying is safe, because paging only
    /// reads.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        match &self.0.kind {
            Kind::Call(error) => Some(error),
            _ => None,
        }
    }

    /// Returns whether the server repeatedly sends items that were already delivered, so that the
    /// list would never end.
    ///
    /// Troubleshooting: all items before the repetition were delivered once. A server that ignores the cursor
    /// causes this error after its first pages.
    pub fn is_repetition(&self) -> bool {
        matches!(self.0.kind, Kind::CursorRepeated | Kind::WentBack)
    }

    /// Returns whether no next page can be requested: the link of the last page has no token, its last item
    /// has no id, or 1,000 pages in a row contained nothing new. There may be more items.
    pub fn is_dead_end(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::LinkWithoutToken | Kind::ItemWithoutId | Kind::NothingNew
        )
    }

    /// Returns whether the position in the list was lost: the item that names the next page was deleted,
    /// and so were the earlier items from which the page could be requested.
    ///
    /// Troubleshooting: the list may have more items, so read it from its beginning.
    pub fn is_place_lost(&self) -> bool {
        matches!(self.0.kind, Kind::PlaceLost)
    }

    /// Returns whether the cursor belongs to another operation, or has a direction that this
    /// operation does not support. Nothing was sent.
    pub fn is_wrong_cursor(&self) -> bool {
        matches!(self.0.kind, Kind::WrongCursor(_))
    }

    /// Returns the exit code for a program, see the [table](crate::exit_code#codes): that of the call if a call failed, 3
    /// for a wrong cursor, 2 if the list could not be read to its end.
    pub fn exit_code(&self) -> u8 {
        match &self.0.kind {
            Kind::Call(error) => codes::of_call(error),
            Kind::WrongCursor(_) => codes::REFUSED,
            _ => codes::UNKNOWN,
        }
    }

    /// Returns the paged operation.
    pub fn operation(&self) -> &'static OperationInfo {
        self.0.operation
    }

    /// Returns how many pages were read before the error.
    pub fn pages_read(&self) -> u64 {
        self.0.pages_read
    }

    /// Returns the cursor to resume from without skipping or repeating an item.
    pub fn resume_cursor(&self) -> &ResumeCursor {
        &self.0.cursor
    }

    /// The next step after a list that was not read to its end.
    fn advice(&self) -> &'static str {
        match &self.0.kind {
            Kind::Call(error) if error.is_unauthorized() || error.is_forbidden() => {
                "check the token and its role, then resume with `resume_cursor`"
            }
            Kind::Call(_) | Kind::LinkWithoutToken | Kind::ItemWithoutId | Kind::NothingNew => {
                "retry, or resume later with `resume_cursor`"
            }
            Kind::CursorRepeated | Kind::WentBack | Kind::PlaceLost => {
                "read the list again from the beginning"
            }
            Kind::WrongCursor(_) => "resume with a cursor of this operation and direction",
        }
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            operation,
            kind,
            pages_read,
            ..
        } = &*self.0;
        let s = if *pages_read == 1 { "" } else { "s" };
        let problem = match kind {
            Kind::Call(error) => {
                let advice = self.advice();
                &format!("the next page could not be read: {error} ({advice})")
            }
            Kind::CursorRepeated => {
                "the server returned a cursor that was used before, so its pages form a cycle: read the list \
                 again from the beginning, or report the server"
            }
            Kind::WentBack => {
                "the server returned items again that were read before, so it may ignore the cursor: read the \
                 list again from the beginning, or report the server"
            }
            Kind::NothingNew => "too many pages in a row had no new item: retry, or resume later",
            Kind::PlaceLost => {
                "the items from which the next page can be requested were deleted, so the list may be \
                 incomplete: read it again from the beginning"
            }
            Kind::LinkWithoutToken => {
                "the link to the next page has no token: retry, or resume later"
            }
            Kind::ItemWithoutId => {
                "the last item of the page has no id, so the next page cannot be requested: retry, or resume \
                 later"
            }
            Kind::WrongCursor(problem) => problem,
        };
        let problem = Printable::new(problem);
        let id = operation.id;
        causes::write(
            f,
            self,
            format_args!("{id}, after {pages_read} page{s}: {problem}"),
        )
    }
}

debug_as_text!(PageError);

impl StdError for PageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.api_error()?)
    }
}
