//! Why paging could not go on.

use std::{error::Error as StdError, fmt};

use qovery_api::{OperationInfo, Printable};

use super::ResumeCursor;

/// Why the next page could not be delivered.
///
/// What was read before is not lost: it was delivered, and the stream can be asked again from the
/// same place (`retry`), or another one later ([`PageError::resume_cursor`]).
///
/// ```
/// use qovery_ext::page::PageError;
///
/// fn advice(error: &PageError) -> &'static str {
///     match error.call_error() {
///         Some(call) if call.is_unauthorized() => "sign in, then resume",
///         Some(_) => "resume later",
///         None if error.is_repetition() => "the server goes in a circle",
///         None => "the server does not say how to go on",
///     }
/// }
/// ```
pub struct PageError(Box<Inner>);

struct Inner {
    operation: &'static OperationInfo,
    kind: Kind,
    pages_read: u64,
    cursor: ResumeCursor,
}

#[derive(Debug)]
pub(super) enum Kind {
    Call(qovery_api::Error),
    CursorRepeated,
    WentBack,
    LinkWithoutToken,
    ItemWithoutId,
    WrongCursor(String),
}

impl PageError {
    pub(super) fn new(
        operation: &'static OperationInfo,
        kind: Kind,
        pages_read: u64,
        cursor: ResumeCursor,
    ) -> Self {
        Self(Box::new(Inner {
            operation,
            kind,
            pages_read,
            cursor,
        }))
    }

    /// The failure of the call, where it was the call that failed.
    ///
    /// Troubleshooting: whether another try can help is the call's to say; paging only reads, so
    /// that trying again is safe.
    pub fn call_error(&self) -> Option<&qovery_api::Error> {
        match &self.0.kind {
            Kind::Call(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the server led back to where the pager had been: a cursor came again, or a page of
    /// items that were delivered long ago. Going on would never end.
    ///
    /// Troubleshooting: everything up to there was delivered, once. A server that pays no heed to
    /// the cursor looks like this after its first page.
    pub fn is_repetition(&self) -> bool {
        matches!(self.0.kind, Kind::CursorRepeated | Kind::WentBack)
    }

    /// Whether a page does not say how to go on: its link carries no token, or its last item no id.
    /// There may be more items; they cannot be reached from there.
    pub fn is_dead_end(&self) -> bool {
        matches!(self.0.kind, Kind::LinkWithoutToken | Kind::ItemWithoutId)
    }

    /// Whether the cursor to resume from belongs to another operation, or goes in a direction in
    /// which this one does not page. Nothing was sent.
    pub fn is_wrong_cursor(&self) -> bool {
        matches!(self.0.kind, Kind::WrongCursor(_))
    }

    /// The operation that was paged.
    pub fn operation(&self) -> &'static OperationInfo {
        self.0.operation
    }

    /// How many pages were read before.
    pub fn pages_read(&self) -> u64 {
        self.0.pages_read
    }

    /// Where to go on, so that nothing is skipped and nothing delivered twice.
    pub fn resume_cursor(&self) -> &ResumeCursor {
        &self.0.cursor
    }
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        let s = if inner.pages_read == 1 { "" } else { "s" };
        write!(
            f,
            "{}, after {} page{s}: ",
            inner.operation.id, inner.pages_read
        )?;
        match &inner.kind {
            Kind::Call(_) => f.write_str("the next page could not be read"),
            Kind::CursorRepeated => f.write_str(
                "the server names a cursor again that was used before, so its pages go in a circle",
            ),
            Kind::WentBack => f.write_str("the server sent items again that were read long before"),
            Kind::LinkWithoutToken => {
                f.write_str("the page links to another one without saying its token")
            }
            Kind::ItemWithoutId => {
                f.write_str("the last item of the page has no id, so the next page cannot be named")
            }
            Kind::WrongCursor(problem) => Printable::new(problem).fmt(f),
        }
    }
}

impl fmt::Debug for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageError")
            .field("operation", &self.0.operation.id)
            .field("kind", &self.0.kind)
            .field("pages_read", &self.0.pages_read)
            .field("resume_cursor", &self.0.cursor)
            .finish()
    }
}

impl StdError for PageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Call(error) => Some(error),
            _ => None,
        }
    }
}
