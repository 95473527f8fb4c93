//! A paged operation as a stream of its items.
//!
//! The stream does not keep delivered items. Dropping [`Items::next`] before it
//! completes loses nothing; dropping the stream ends the request in flight, and
//! [`Items::resume_cursor`], taken at any time before, continues in a new stream.

use qovery_api::PagedOperation;

use super::{CollectError, Ending, PageError, ResumeCursor, walk::Walk};

/// The items of a paged operation, each once, in the server's order.
///
/// Lazy: the first request is sent when the first item is requested. Each further page is requested when the
/// previous one is used up (with [`Pager::read_ahead`](super::Pager::read_ahead), when the previous one has
/// arrived).
///
/// An error follows all items that were read before it, and ends the stream. [`Items::retry`] continues from
/// the same position. To continue later, use [`Items::resume_cursor`].
///
/// It is also a [`Stream`](futures_core::Stream), for combinators.
///
/// ```no_run
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::{PagedCall, ResumeCursor};
///
/// /// Works on new items, and returns the place to continue from the next time.
/// async fn work(client: &Client, database: Uuid, place: ResumeCursor) -> Option<ResumeCursor> {
///     let backups = client.list_database_backup(database);
///     let mut backups = backups.paged().resume(place).items();
///     while let Some(backup) = backups.next().await {
///         match backup {
///             Ok(backup) => println!("{}", backup.name),
///             // Nothing that came before is lost.
///             Err(error) => return Some(error.resume_cursor().clone()),
///         }
///     }
///     backups.resume_cursor()
/// }
/// ```
#[must_use = "a stream does nothing until it is asked for items"]
pub struct Items<O: PagedOperation> {
    walk: Walk<O>,
}

page_stream!(Items of "item": O::Item, |walk: &mut Walk<O>| walk.page.items.next());

impl<O: PagedOperation> Items<O> {
    /// Reads all remaining items, at most `bound`.
    ///
    /// Dropping the future drops the items that it has read. To keep them, call [`Items::next`] in
    /// a loop.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read, or if there are more than `bound` items. The error
    /// holds the items that were read, and a cursor to resume from. Reaching a limit set with
    /// [`Pager::at_most_items`](super::Pager::at_most_items) is not an error.
    pub async fn collect_all(
        mut self,
        bound: usize,
    ) -> Result<Vec<O::Item>, CollectError<O::Item>> {
        let mut read = Vec::new();
        loop {
            let full_at = (read.len() >= bound).then(|| self.resume_cursor());
            let (cursor, page_error) = match (self.next().await, full_at) {
                (None, _) => return Ok(read),
                (Some(Ok(item)), None) => {
                    read.push(item);
                    continue;
                }
                (Some(Ok(_)), Some(cursor)) => (cursor, None),
                (Some(Err(error)), _) => (Some(error.resume_cursor().clone()), Some(error)),
            };
            return Err(CollectError {
                operation: O::INFO,
                items: read,
                cursor,
                page_error,
            });
        }
    }

    /// Returns the cursor of the next item's page. Resuming from it skips no item, but may repeat items of
    /// this page; `None` if nothing is left to read.
    pub fn page_cursor(&self) -> Option<ResumeCursor> {
        self.walk
            .page_cursor()
            .or_else(|| self.walk.resume_cursor())
    }
}
