//! A paged operation as a stream of its items.
//!
//! Not for keeping items: each is handed out once and not held. Dropping [`Items::next`] before it
//! is done loses nothing; dropping the stream ends the request under way, and
//! [`Items::resume_cursor`], taken at any time before, says where to go on.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures_core::{Stream, stream::FusedStream};
use qovery_api::{PagedOperation, Paging};

use super::{CollectError, Ending, PageError, ResumeCursor, collect, walk::Walk};

/// The items of a paged operation, each once, in the server's order.
///
/// Lazy: nothing is sent before the first item is asked for, and a page only when the one before is
/// used up (with [`Pager::read_ahead`](super::Pager::read_ahead), when it has come).
///
/// An error comes after all items that were read before it, and ends the stream. [`Items::retry`]
/// goes on from the same place, and so does [`Items::resume_cursor`] later.
///
/// It is also a [`Stream`], for combinators.
///
/// ```no_run
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::{PagedCall, ResumeCursor};
///
/// /// Works on what is new, and gives back where to go on the next time.
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
    page: vec::IntoIter<(Option<String>, O::Item)>,
    /// What the page was fetched with.
    page_at: Option<String>,
    /// The ids of what was delivered and belongs to the page.
    delivered: Vec<String>,
    /// The last item that was delivered, where it is on this page and has an id.
    last: Option<String>,
    count: u64,
    limit: Option<u64>,
    ending: Option<Ending>,
}

impl<O: PagedOperation> Items<O> {
    pub(super) fn new(walk: Walk<O>, limit: Option<u64>) -> Self {
        Self {
            walk,
            page: Vec::new().into_iter(),
            page_at: None,
            delivered: Vec::new(),
            last: None,
            count: 0,
            limit,
            ending: None,
        }
    }

    /// The next item; `None` at the end and after an error.
    ///
    /// Dropping the future loses nothing: the next call goes on with the same request.
    ///
    /// # Errors
    /// See [`PageError`].
    pub async fn next(&mut self) -> Option<Result<O::Item, PageError>> {
        std::future::poll_fn(|context| self.poll_item(context)).await
    }

    /// Reads everything that is left, at most `bound` items.
    ///
    /// Dropping the future drops what it has read: where that matters, call [`Items::next`] in a
    /// loop.
    ///
    /// # Errors
    /// Where a page cannot be read, and where there are more than `bound` items. The error holds
    /// what was read, and where to go on. A limit set with
    /// [`Pager::at_most_items`](super::Pager::at_most_items) is no error.
    pub async fn collect_all(self, bound: usize) -> Result<Vec<O::Item>, CollectError<O::Item>> {
        collect::collect_all(self, bound).await
    }

    /// Where to go on, so that no item is skipped and none delivered twice; `None` where nothing is
    /// left to read.
    ///
    /// Where the operation pages by item, that is the last item that was delivered; otherwise it is
    /// the page with the ids of what was delivered of it, which takes some 40 bytes for each.
    /// Items without an id are delivered again.
    pub fn resume_cursor(&self) -> Option<ResumeCursor> {
        if self.page.as_slice().is_empty() {
            return self.walk.resume_cursor();
        }
        match (O::PAGING, &self.last) {
            (Paging::StartId { .. }, Some(last)) => {
                let later = self.walk.delivered_later().to_vec();
                Some(self.walk.cursor(Some(last.clone()), later))
            }
            _ => Some(
                self.walk
                    .cursor(self.page_at.clone(), self.delivered.clone()),
            ),
        }
    }

    /// Where the page of the next item begins, so that no item is skipped and those of this page
    /// may be delivered twice. Shorter than [`Items::resume_cursor`]; `None` where nothing is left.
    pub fn page_cursor(&self) -> Option<ResumeCursor> {
        if self.page.as_slice().is_empty() {
            return self.walk.resume_cursor();
        }
        Some(self.walk.cursor(self.page_at.clone(), Vec::new()))
    }

    /// Goes on after an error, from the same place. Without one, does nothing.
    pub fn retry(&mut self) {
        self.walk.retry();
    }

    /// Why the stream ended; `None` while it goes on and after an error.
    pub fn ending(&self) -> Option<Ending> {
        match self.ending {
            None if self.page.as_slice().is_empty() => self.walk.ending(),
            ending => ending,
        }
    }

    /// How many items were delivered.
    pub fn count_delivered(&self) -> u64 {
        self.count
    }

    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<O::Item, PageError>>> {
        loop {
            if self.ending.is_some() {
                return Poll::Ready(None);
            }
            if self.limit.is_some_and(|limit| self.count >= limit) {
                self.reach_limit();
                continue;
            }
            if let Some((id, item)) = self.page.next() {
                self.count = self.count.saturating_add(1);
                self.delivered.extend(id.clone());
                self.last = id;
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.walk.poll_page(context)) {
                None => {
                    self.ending = self.walk.ending();
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => {
                    self.page_at = page.at;
                    self.delivered = page.delivered;
                    self.last = None;
                    self.page = page.items.into_iter();
                    if self.wants_another_page() {
                        self.walk.start_ahead();
                    }
                }
            }
        }
    }

    fn wants_another_page(&self) -> bool {
        let held = u64::try_from(self.page.len()).unwrap_or(u64::MAX);
        self.limit
            .is_none_or(|limit| self.count.saturating_add(held) < limit)
    }

    // The walk keeps its place, from which the rest can be resumed.
    fn reach_limit(&mut self) {
        let is_all = self.page.as_slice().is_empty() && self.walk.resume_cursor().is_none();
        self.ending = if is_all {
            self.walk.ending()
        } else {
            self.walk.end_request();
            Some(Ending::ItemLimit)
        };
    }
}

impl<O: PagedOperation> Stream for Items<O> {
    type Item = Result<O::Item, PageError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self
            .limit
            .and_then(|limit| usize::try_from(limit.saturating_sub(self.count)).ok());
        let held = self.page.len();
        (left.map_or(held, |left| held.min(left)), None)
    }
}

impl<O: PagedOperation> FusedStream for Items<O> {
    fn is_terminated(&self) -> bool {
        self.ending.is_some() || (self.page.as_slice().is_empty() && self.walk.is_over())
    }
}

// No part of an item is needed in place.
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
