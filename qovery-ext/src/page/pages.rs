//! A paged operation as a stream of its pages.
//!
//! To read single items, use [`Items`](super::Items). Dropping [`Pages::next`] before it completes
//! loses nothing; dropping the stream ends the request in flight, and [`Pages::resume_cursor`],
//! taken at any time before, continues in a new stream.

use qovery_api::PagedOperation;

use super::{Ending, PageError, ResumeCursor, cursor::Direction, seen::Known, walk::Walk};

/// One page of a paged operation, without the items that an earlier page had.
///
/// The cursors of the neighboring pages can be stored and resumed with the same call: see
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
    /// The cursor of the next page; `None` if there is no next page, or if this is unknown. In a backward walk it has
    /// no delivered ids: a stream that is resumed from it delivers the items of the next pages again.
    pub next: Option<ResumeCursor>,
    /// The cursor of the previous page; `None` if there is no previous page, or if the operation does not
    /// page backward. In a forward walk it has no delivered ids: a stream that is resumed from it delivers the items
    /// of the previous pages again.
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
}

page_stream!(Pages of "page": Page<O::Item>, deliver);

/// Takes the whole current page.
fn deliver<O: PagedOperation>(walk: &mut Walk<O>) -> Option<Page<O::Item>> {
    let cursor = walk.page_cursor()?;
    let items = std::mem::take(&mut walk.page.items).collect();
    let onward = walk.resume_cursor().filter(|_| walk.leads_on());
    let turned = |direction| {
        let at = walk.page.turned.clone()?;
        let known = Known::default();
        Some(ResumeCursor::new(O::INFO.id, direction, Some(at), known))
    };
    let (next, previous) = if cursor.is_backward() {
        (turned(Direction::Forward), onward)
    } else {
        (onward, turned(Direction::Backward))
    };
    Some(Page {
        items,
        declared_size: walk.page.declared_size,
        cursor,
        next,
        previous,
    })
}
