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
    NothingNew,
    PlaceLost,
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

    /// Whether the server leads back to items that were delivered, again and again, so that going on
    /// would never end.
    ///
    /// Troubleshooting: everything up to there was delivered, once. A server that ignores the cursor
    /// looks like this after its first pages.
    pub fn is_repetition(&self) -> bool {
        matches!(self.0.kind, Kind::CursorRepeated | Kind::WentBack)
    }

    /// Whether the pages do not lead on: the link of the last one carries no token, its last item no
    /// id, or 1,000 pages in a row brought nothing new. There may be more items.
    pub fn is_dead_end(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::LinkWithoutToken | Kind::ItemWithoutId | Kind::NothingNew
        )
    }

    /// Whether the list may have more items than were delivered, because the item that names the next
    /// page was deleted, and so were those before it that the walk could ask from.
    ///
    /// Troubleshooting: read the list from its beginning.
    pub fn is_place_lost(&self) -> bool {
        matches!(self.0.kind, Kind::PlaceLost)
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
            Kind::WentBack => f.write_str(
                "the server leads back to items that were read before, as if it ignored the cursor",
            ),
            Kind::NothingNew => f.write_str("too many pages in a row brought nothing new"),
            Kind::PlaceLost => f.write_str(
                "the items that the next page could be asked from were deleted, so the list may be \
                 incomplete: read it again from its beginning",
            ),
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
