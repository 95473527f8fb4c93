//! How a call is paged: limits, direction, where to begin.
//!
//! Not for reading: that is [`Items`] and [`Pages`]. Nothing here sends anything.

use std::fmt;

use qovery_api::{Call, PagedBackward, PagedOperation};

use super::{Items, Pages, ResumeCursor, cursor::Direction, walk::Walk};

/// Turns the call of a paged operation into a stream.
///
/// The parameters of the call apply to each page. A `start_id` or a page token that was set on the
/// call is where the stream begins.
///
/// ```no_run
/// use qovery_api::{Client, uuid::Uuid};
/// use qovery_ext::page::{PageError, PagedCall};
///
/// async fn print(client: &Client, environment: Uuid) -> Result<(), PageError> {
///     let mut history = client.list_environment_deployment_history(environment).items();
///     while let Some(deployment) = history.next().await {
///         println!("{}", deployment?.id);
///     }
///     Ok(())
/// }
/// ```
///
/// An operation that does not page has no stream:
///
/// ```compile_fail,E0599
/// use qovery_api::{Call, Client, NoContent, Operation, OperationInfo};
/// use qovery_ext::page::PagedCall;
///
/// struct DeleteNote;
///
/// impl Operation for DeleteNote {
///     type Output = ();
///     type Format = NoContent;
///     const INFO: &'static OperationInfo =
///         &OperationInfo::new("deleteNote", http::Method::DELETE, "/note");
/// }
///
/// fn stream(client: &Client) {
///     Call::<DeleteNote>::new(client, &[]).items();
/// }
/// ```
pub trait PagedCall: Sized {
    /// The operation that is called.
    type Operation: PagedOperation;

    /// The call with its settings for paging, to change them.
    fn paged(self) -> Pager<Self::Operation>;

    /// All items, one after the other.
    fn items(self) -> Items<Self::Operation> {
        self.paged().items()
    }

    /// All pages, one after the other.
    fn pages(self) -> Pages<Self::Operation> {
        self.paged().pages()
    }
}

impl<O: PagedOperation> PagedCall for Call<O> {
    type Operation = O;

    fn paged(self) -> Pager<O> {
        Pager {
            call: self,
            settings: Settings {
                direction: Direction::Forward,
                resume: None,
                item_limit: None,
                page_limit: None,
                read_ahead: false,
            },
        }
    }
}

/// How to page.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) direction: Direction,
    pub(super) resume: Option<ResumeCursor>,
    pub(super) item_limit: Option<u64>,
    pub(super) page_limit: Option<u64>,
    pub(super) read_ahead: bool,
}

/// How a call is paged. By default: forward, from the beginning, without limits, without reading
/// ahead.
///
/// ```no_run
/// use qovery_api::{Client, types::Commit, uuid::Uuid};
/// use qovery_ext::page::{CollectError, PagedCall};
///
/// async fn newest(client: &Client, application: Uuid) -> Result<Vec<Commit>, CollectError<Commit>> {
///     let commits = client.list_application_commit(application);
///     commits.paged().at_most_items(200).read_ahead().items().collect_all(200).await
/// }
/// ```
#[must_use = "a pager does nothing until its items or pages are asked for"]
pub struct Pager<O> {
    call: Call<O>,
    settings: Settings,
}

impl<O: PagedOperation> Pager<O> {
    /// Ends after this many items. Default: no limit.
    pub fn at_most_items(mut self, count: u64) -> Self {
        self.settings.item_limit = Some(count);
        self
    }

    /// Ends after this many pages were read, counting those that bring nothing new: the limit on
    /// requests, apart from failed ones. Default: no limit.
    pub fn at_most_pages(mut self, count: u64) -> Self {
        self.settings.page_limit = Some(count);
        self
    }

    /// Requests the next page as soon as a page has come, in a task of the current Tokio runtime,
    /// so that the network and the consumer work at the same time. One page is read ahead, not
    /// more. Outside of a runtime there is no task, and nothing is gained.
    ///
    /// Default: off, because it requests a page that may not be wanted.
    pub fn read_ahead(mut self) -> Self {
        self.settings.read_ahead = true;
        self
    }

    /// Goes on from a place that was stored, in its direction. The call must be the same as then.
    ///
    /// A cursor that belongs to another operation is reported instead of the first page:
    /// [`PageError::is_wrong_cursor`](super::PageError::is_wrong_cursor).
    pub fn resume(mut self, cursor: ResumeCursor) -> Self {
        self.settings.resume = Some(cursor);
        self
    }

    /// Goes backward, toward what the server lists first. Begins with the page that the call asks
    /// for; to begin with the one before another, resume from [`Page::previous`](super::Page).
    ///
    /// The pages come in reverse order; the items of each are in the server's order.
    pub fn backward(mut self) -> Self
    where
        O: PagedBackward,
    {
        self.settings.direction = Direction::Backward;
        self
    }

    /// All items, one after the other.
    pub fn items(self) -> Items<O> {
        Items::new(Walk::new(self.call, self.settings))
    }

    /// All pages, one after the other. With a limit on items, the last page is cut to it.
    pub fn pages(self) -> Pages<O> {
        Pages::new(Walk::new(self.call, self.settings))
    }
}

impl<O> Clone for Pager<O> {
    fn clone(&self) -> Self {
        Self {
            call: self.call.clone(),
            settings: self.settings.clone(),
        }
    }
}

impl<O: PagedOperation> fmt::Debug for Pager<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager")
            .field("call", &self.call)
            .field("settings", &self.settings)
            .finish()
    }
}
