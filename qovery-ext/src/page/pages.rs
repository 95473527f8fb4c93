//! A paged operation as a stream of its pages.
//!
//! To read single items, use [`Items`](super::Items). Dropping [`Pages::next`] before it completes
//! loses nothing; dropping the stream ends the request in flight, and [`Pages::resume_cursor`],
//! taken at any time before, continues in a new stream.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::{Stream, stream::FusedStream};
use qovery_api::PagedOperation;

use super::{
    Ending, PageError, ResumeCursor,
    cursor::Direction,
    seen::Known,
    walk::{NewPage, Walk},
};

/// Some items of a paged operation, as the server sent them together, without those that an earlier
/// page had.
///
/// The cursors of the neighbouring pages can be stored and resumed with the same call: see
/// [`Pager::resume`](super::Pager::resume).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<I> {
    /// The items, in the server's order. Never empty.
    pub items: Vec<I>,
    /// The page size, if the server declared one.
    pub declared_size: Option<u64>,
    /// The cursor of this page, to read it again.
    pub cursor: ResumeCursor,
    /// The cursor of the next page; `None` if there is no next page, or if this is unknown.
    pub next: Option<ResumeCursor>,
    /// The cursor of the previous page; `None` if there is no previous page, or if the operation does not
    /// page backward.
    pub previous: Option<ResumeCursor>,
}

/// The pages of a paged operation. Pages without new items are not delivered.
///
/// Lazy: nothing is sent before the first page is requested (with
/// [`Pager::read_ahead`](super::Pager::read_ahead), the second page is requested when the first has
/// arrived). An error ends the stream; [`Pages::retry`] continues from the same position, and so does
/// [`Pages::resume_cursor`] later.
///
/// ```no_run
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::{PageError, PagedCall};
///
/// async fn count(client: &Client, application: Uuid) -> Result<usize, PageError> {
///     let mut pages = client.list_application_deployment_history(application).pages();
///     let mut count = 0;
///     while let Some(page) = pages.next().await {
///         count += page?.items.len();
///     }
///     Ok(count)
/// }
/// ```
#[must_use = "a stream does nothing until it is asked for pages"]
pub struct Pages<O: PagedOperation> {
    walk: Walk<O>,
    count: u64,
}

impl<O: PagedOperation> Pages<O> {
    pub(super) fn new(walk: Walk<O>) -> Self {
        Self { walk, count: 0 }
    }

    /// Returns the next page; `None` at the end and after an error.
    ///
    /// Dropping the future loses nothing: the next call continues the same request.
    ///
    /// # Errors
    /// See [`PageError`].
    pub async fn next(&mut self) -> Option<Result<Page<O::Item>, PageError>> {
        std::future::poll_fn(|context| self.poll_page(context)).await
    }

    /// Returns the cursor after the delivered pages; `None` if nothing is left to read.
    ///
    /// Store it after you have processed the page: if you store it before and then stop, the page is skipped.
    /// To process an unfinished page again, use [`Page::cursor`].
    pub fn resume_cursor(&self) -> Option<ResumeCursor> {
        self.walk.resume_cursor()
    }

    /// Continues after an error, from the same position. Does nothing if there was no error.
    pub fn retry(&mut self) {
        self.walk.retry();
    }

    /// Returns why the stream ended; `None` before its end and after an error.
    pub fn ending(&self) -> Option<Ending> {
        self.walk.ending()
    }

    /// Returns how many items were delivered, on all pages.
    pub fn items_delivered(&self) -> u64 {
        self.count
    }

    fn poll_page(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Page<O::Item>, PageError>>> {
        let page = ready!(self.walk.poll_page(context));
        Poll::Ready(page.map(|page| page.map(|page| self.deliver(page))))
    }

    fn deliver(&mut self, page: NewPage<O::Item>) -> Page<O::Item> {
        self.count = self.count.saturating_add(page.items.len() as u64);
        let ids = page.items.iter().filter(|(id, _)| id.is_some()).count();
        let cursor = self.walk.cursor(page.at, ids);
        let onward = self
            .walk
            .resume_cursor()
            .filter(|_| self.walk.can_continue());
        let turned = |direction| {
            page.turned.map(|at| ResumeCursor {
                operation: O::INFO.id.to_owned(),
                direction,
                at: Some(at),
                known: Known::default(),
            })
        };
        let (next, previous) = if cursor.is_backward() {
            (turned(Direction::Forward), onward)
        } else {
            (onward, turned(Direction::Backward))
        };
        Page {
            items: page.items.into_iter().map(|(_, item)| item).collect(),
            declared_size: page.declared_size,
            cursor,
            next,
            previous,
        }
    }
}

impl<O: PagedOperation> Stream for Pages<O> {
    type Item = Result<Page<O::Item>, PageError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_page(context)
    }
}

impl<O: PagedOperation> FusedStream for Pages<O> {
    fn is_terminated(&self) -> bool {
        self.walk.is_over()
    }
}

// The stream never pins a page.
impl<O: PagedOperation> Unpin for Pages<O> {}

impl<O: PagedOperation> fmt::Debug for Pages<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("operation", &O::INFO.id)
            .field("items_delivered", &self.count)
            .field("ending", &self.ending())
            .finish_non_exhaustive()
    }
}
