//! A paged operation as a stream of its items.
//!
//! The stream does not keep delivered items. Dropping [`Items::next`] before it
//! completes loses nothing; dropping the stream ends the request in flight, and
//! [`Items::resume_cursor`], taken at any time before, continues in a new stream.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

use futures_core::{Stream, stream::FusedStream};
use qovery_api::{PagedOperation, Paging};

use super::{
    CollectError, Ending, PageError, ResumeCursor,
    collect_error::Cause,
    walk::{Identified, Walk},
};

/// The items of a paged operation, each once, in the server's order.
///
/// Lazy: the first request is sent when the first item is requested. Each further page is requested when the
/// previous one is used up (with [`Pager::read_ahead`](super::Pager::read_ahead), when the previous one has
/// arrived).
///
/// An error follows all items that were read before it, and ends the stream. [`Items::retry`] continues from
/// the same position. To continue later, use [`Items::resume_cursor`].
///
/// It is also a [`Stream`], for combinators.
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
    page: vec::IntoIter<Identified<O::Item>>,
    /// The cursor that the page was fetched with.
    page_at: Option<String>,
    /// How many ids the page has.
    page_ids: usize,
    /// The id of the last item that was delivered of this page.
    last: Option<Arc<str>>,
    count: u64,
}

impl<O: PagedOperation> Items<O> {
    pub(super) fn new(walk: Walk<O>) -> Self {
        Self {
            walk,
            page: Vec::new().into_iter(),
            page_at: None,
            page_ids: 0,
            last: None,
            count: 0,
        }
    }

    /// Returns the next item; `None` at the end and after an error.
    ///
    /// Dropping the future loses nothing: the next call continues the same request.
    ///
    /// # Errors
    /// See [`PageError`].
    pub async fn next(&mut self) -> Option<Result<O::Item, PageError>> {
        std::future::poll_fn(|context| self.poll_item(context)).await
    }

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
            let cause = match (self.next().await, full_at) {
                (None, _) => return Ok(read),
                (Some(Ok(item)), None) => {
                    read.push(item);
                    continue;
                }
                (Some(Ok(_)), Some(cursor)) => Cause::TooMany { bound, cursor },
                (Some(Err(error)), _) => Cause::Page(error),
            };
            return Err(CollectError::new(read, cause));
        }
    }

    /// Returns the cursor to resume from without skipping or repeating an item; `None` if nothing is left
    /// to read. The cursor remembers up to 1,000 ids: see [`ResumeCursor`].
    ///
    /// Items without an id may be delivered again.
    pub fn resume_cursor(&self) -> Option<ResumeCursor> {
        if self.page.as_slice().is_empty() {
            return self.walk.resume_cursor();
        }
        let at = match (O::PAGING, &self.last) {
            (Paging::StartId { .. }, Some(last)) => Some(last.to_string()),
            _ => self.page_at.clone(),
        };
        Some(self.walk.cursor(at, self.undelivered()))
    }

    /// Returns the cursor of the next item's page. Resuming from it skips no item, but may repeat items of
    /// this page; `None` if nothing is left to read.
    pub fn page_cursor(&self) -> Option<ResumeCursor> {
        if self.page.as_slice().is_empty() {
            return self.walk.resume_cursor();
        }
        Some(self.walk.cursor(self.page_at.clone(), self.page_ids))
    }

    /// How many ids the rest of the page has.
    fn undelivered(&self) -> usize {
        let rest = self.page.as_slice().iter();
        rest.filter(|(id, _)| id.is_some()).count()
    }

    /// Continues after an error, from the same position. Does nothing if there was no error.
    pub fn retry(&mut self) {
        self.walk.retry();
    }

    /// Returns why the stream ended; `None` before its end and after an error.
    pub fn ending(&self) -> Option<Ending> {
        let is_used_up = self.page.as_slice().is_empty();
        self.walk.ending().filter(|_| is_used_up)
    }

    /// Returns how many items were delivered.
    pub fn items_delivered(&self) -> u64 {
        self.count
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<O::Item, PageError>>> {
        loop {
            if let Some((id, item)) = self.page.next() {
                self.count = self.count.saturating_add(1);
                self.last = id;
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.walk.poll_page(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => {
                    self.page_at = page.at;
                    self.last = None;
                    self.page = page.items.into_iter();
                    self.page_ids = self.undelivered();
                }
            }
        }
    }
}

impl<O: PagedOperation> Stream for Items<O> {
    type Item = Result<O::Item, PageError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.page.len(), None)
    }
}

impl<O: PagedOperation> FusedStream for Items<O> {
    fn is_terminated(&self) -> bool {
        self.page.as_slice().is_empty() && self.walk.is_over()
    }
}

// The stream never pins an item.
impl<O: PagedOperation> Unpin for Items<O> {}

impl<O: PagedOperation> fmt::Debug for Items<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("operation", &O::INFO.id)
            .field("delivered", &self.count)
            .field("ending", &self.ending())
            .finish_non_exhaustive()
    }
}
