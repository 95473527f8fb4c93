//! The error of `collect_all`.

use std::{error::Error as StdError, fmt};

use super::{PageError, ResumeCursor};

/// The error of `collect_all`: the list was not read to its end. It holds the items that were read.
///
/// ```no_run
/// use qovery_api::{Client, types::Event, uuid::Uuid};
/// use qovery_ext::page::PagedCall;
///
/// # #[allow(deprecated)]
/// async fn first_thousand(client: &Client, database: Uuid) -> Vec<Event> {
///     match client.list_database_event(database).items().collect_all(1000).await {
///         Ok(all) => all,
///         Err(error) => {
///             eprintln!("{error}; continue from {:?}", error.resume_cursor());
///             error.into_items()
///         }
///     }
/// }
/// ```
pub struct CollectError<I> {
    items: Vec<I>,
    cause: Cause,
}

#[derive(Debug)]
pub(super) enum Cause {
    Page(PageError),
    TooMany {
        bound: usize,
        cursor: Option<ResumeCursor>,
    },
}

impl<I> CollectError<I> {
    pub(super) fn new(items: Vec<I>, cause: Cause) -> Self {
        Self { items, cause }
    }

    /// Returns the items that were read before the error, in order.
    pub fn items(&self) -> &[I] {
        &self.items
    }

    /// Returns the items that were read before the error, in order.
    pub fn into_items(self) -> Vec<I> {
        self.items
    }

    /// Returns whether there are more items than the bound allows.
    pub fn is_too_many(&self) -> bool {
        matches!(self.cause, Cause::TooMany { .. })
    }

    /// Returns the error of the next page, if that page could not be read.
    pub fn page_error(&self) -> Option<&PageError> {
        match &self.cause {
            Cause::Page(error) => Some(error),
            Cause::TooMany { .. } => None,
        }
    }

    /// Returns the error of the call, if a call failed.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        self.page_error()?.api_error()
    }

    /// Returns the cursor to resume from after [`CollectError::items`].
    pub fn resume_cursor(&self) -> Option<&ResumeCursor> {
        match &self.cause {
            Cause::Page(error) => Some(error.resume_cursor()),
            Cause::TooMany { cursor, .. } => cursor.as_ref(),
        }
    }
}

impl<I> fmt::Display for CollectError<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Page(_) => write!(f, "not all items could be read, only {}", self.items.len()),
            Cause::TooMany { bound, .. } => write!(
                f,
                "the list has more than {bound} items: raise the bound, or read the list as a \
                 stream"
            ),
        }
    }
}

impl<I> fmt::Debug for CollectError<I> {
    // Items may carry secrets, and are many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectError")
            .field("items_read", &self.items.len())
            .field("cause", &self.cause)
            .finish()
    }
}

impl<I> StdError for CollectError<I> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Cause::Page(error) => Some(error),
            Cause::TooMany { .. } => None,
        }
    }
}
