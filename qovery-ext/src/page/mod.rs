//! Paging: lists in pages, as streams of items or of pages.
//!
//! [`PagedCall`] adds the methods `items`, `pages` and `paged` to the calls of paged operations. The
//! contract determines which operations page, and how; all of them have the same guarantees:
//!
//! - **Each item once, in the server's order.** Items are identified by their ids. Pages may start at
//!   their cursor, after it or before it, and items may appear at the head of the list. If delivered items
//!   come again in another order, the list ends as [`Ending::Reordered`] and not as complete.
//! - **A list does not end early.** If the operation pages by item, an empty page ends the list only after
//!   another request, which starts at an earlier item. If it pages by links, a page without a link ends the list;
//!   if it is empty, the page before it and then this page are requested once more before. A page that is shorter than
//!   the page size does not end the list, unless its last item is the item of its own cursor.
//! - **Every list ends.** If a server repeats its pages ([`PageError::is_repetition`]), returns no usable
//!   next page ([`PageError::is_dead_end`]) or loses the position ([`PageError::is_place_lost`]), the list
//!   ends with an error.
//! - **An error loses no items.** It follows all items that were read before it. `retry` continues from the
//!   same position at once, and a [`ResumeCursor`] continues later or in another process.
//! - **Resuming neither skips nor repeats an item**, even if the server ignores the cursor: see
//!   [`Items::resume_cursor`]. [`Items::page_cursor`] may repeat the items of one page.
//! - **Memory is bounded.** Therefore the middle of a long list is [forgotten](self#memory).
//! - **Dropping is safe** at any await point: `next` can be called again. A stream that is dropped ends its
//!   request and leaves no task behind.
//!
//! ```
//! use qovery_api::{Call, PagedOperation};
//! use qovery_ext::page::{PageError, PagedCall};
//!
//! # struct Log;
//! # impl Log { fn add<I>(&mut self, _: I) {} }
//! async fn newest_hundred<O: PagedOperation>(call: Call<O>, log: &mut Log) -> Result<(), PageError> {
//!     let mut items = call.paged().at_most_items(100).read_ahead().items();
//!     while let Some(item) = items.next().await {
//!         log.add(item?);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Memory
//!
//! A stream holds one page (two with `read_ahead`) and at most about 2 MiB of ids and cursors: the first
//! 5,000 ids, the last 5,000 ids, and 5,000 cursors. All other ids are forgotten. If it has delivered more than
//! 10,000 items and the server starts over, the stream ends with an error at the first remembered items. There is one
//! exception: if the server skips the remembered items and returns a page that begins with a forgotten item, the
//! forgotten items of this page are delivered again.
//!
//! # Windows
//!
//! Some operations return only their newest items, and take a number of items but no cursor. They have no
//! stream: `items` does not compile for them. [`WindowCall`] returns a [`Window`]. It shows whether the list
//! has more items, and can be widened.
//!
//! Lists that are not paged are returned whole: await the call.

#[macro_use]
mod stream;

mod collect_error;
mod cursor;
mod error;
mod items;
mod link;
#[cfg(doctest)]
#[path = "tests/must_not_compile.rs"]
mod must_not_compile;
mod navigator;
mod page_request;
mod pager;
mod pages;
mod seen;
mod walk;
mod window;

pub use collect_error::CollectError;
pub use cursor::ResumeCursor;
pub use error::PageError;
pub use items::Items;
pub use pager::{PagedCall, Pager};
pub use pages::{Page, Pages};
pub use window::{Window, WindowCall, WindowExtent};

/// The reason why a stream ended.
///
/// ```no_run
/// # use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::{Ending, PagedCall};
///
/// # async fn run(client: Client, database: Uuid) {
/// let mut backups = client.list_database_backup(database).paged().at_most_pages(5).items();
/// while let Some(Ok(backup)) = backups.next().await {
///     println!("{}", backup.name);
/// }
/// if backups.ending() != Some(Ending::Complete) {
///     println!("and perhaps more");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// All items of the server were read.
    Complete,
    /// All available items were read, and the server reports that it withholds items, for example
    /// beyond a limit of the plan.
    HeldBack,
    /// All pages were read, and delivered items came again in another order. If the server changes the order
    /// of a list while it is read, an item that moves past the position of the stream is not delivered.
    Reordered,
    /// The limit on items was reached; there may be more.
    ItemLimit,
    /// The limit on pages was reached; there may be more.
    PageLimit,
}

#[cfg(test)]
mod tests;
