//! The error of `collect_all`.

use std::{error::Error as StdError, fmt};

use qovery_api::OperationInfo;

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
    pub(super) operation: &'static OperationInfo,
    pub(super) items: Vec<I>,
    pub(super) cursor: Option<ResumeCursor>,
    /// `None` if there are more items than the bound. `items` then has as many items as the bound.
    pub(super) page_error: Option<PageError>,
}

impl<I> CollectError<I> {
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
        self.page_error.is_none()
    }

    /// Returns the error of the next page, if that page could not be read.
    pub fn page_error(&self) -> Option<&PageError> {
        self.page_error.as_ref()
    }

    /// Returns the error of the call, if a call failed.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        self.page_error()?.api_error()
    }

    /// Returns the cursor to resume from after [`CollectError::items`].
    pub fn resume_cursor(&self) -> Option<&ResumeCursor> {
        self.cursor.as_ref()
    }
}

impl<I> fmt::Display for CollectError<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, count) = (self.operation.id, self.items.len());
        let s = if count == 1 { "" } else { "s" };
        let Some(error) = &self.page_error else {
            return write!(
                f,
                "{id}: the list has more than {count} item{s}: raise the bound, or read the list as a stream"
            );
        };
        write!(f, "{id}: only {count} item{s} could be read: ")?;
        // With the next step.
        error.fmt(f)
    }
}

impl<I> fmt::Debug for CollectError<I> {
    // Items may carry secrets, and are many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CollectError: {self:#}")
    }
}

impl<I> StdError for CollectError<I> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.page_error.as_ref()?)
    }
}
