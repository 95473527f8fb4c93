//! A call with its settings of paging: limits, direction, first page.
//!
//! [`Items`] and [`Pages`] read with these settings. Nothing here sends a request.

use std::fmt;

use qovery_api::{Call, PagedBackward, PagedOperation};

use super::{
    Items, Pages, ResumeCursor,
    cursor::Direction,
    walk::{Settings, Walk},
};

/// Turns the call of a paged operation into a stream.
///
/// The parameters of the call apply to each page. If the call has a `start_id` or a page token, the stream
/// starts there.
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

    /// Returns the call with its paging settings, to change them.
    fn paged(self) -> Pager<Self::Operation>;

    /// Returns a stream of all items.
    fn items(self) -> Items<Self::Operation> {
        self.paged().items()
    }

    /// Returns a stream of all pages.
    fn pages(self) -> Pages<Self::Operation> {
        self.paged().pages()
    }
}

impl<O: PagedOperation> PagedCall for Call<O> {
    type Operation = O;

    fn paged(self) -> Pager<O> {
        Pager {
            call: self,
            settings: Settings::default(),
        }
    }
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

    /// Ends after this many pages, including pages without new items. The limit does not count failed requests.
    /// Default: no limit.
    pub fn at_most_pages(mut self, count: u64) -> Self {
        self.settings.page_limit = Some(count);
        self
    }

    /// Requests the next page as soon as a page has arrived, in a task of the current Tokio runtime. The page
    /// arrives while the program processes the previous one. Reads one page ahead. Without a runtime there is
    /// no background task, and this setting has no benefit.
    ///
    /// Default: off, because the page that is read ahead may not be needed.
    pub fn read_ahead(mut self) -> Self {
        self.settings.read_ahead = true;
        self
    }

    /// Continues from a stored cursor, in its direction. The call must be the same as before.
    ///
    /// If the cursor belongs to another operation, the stream returns an error in place of its
    /// first page: [`PageError::is_wrong_cursor`](super::PageError::is_wrong_cursor).
    pub fn resume(mut self, cursor: ResumeCursor) -> Self {
        self.settings.resume = Some(cursor);
        self
    }

    /// Reads backward, toward the start of the server's list. Begins with the page that the call selects;
    /// to begin with the page before another one, resume from [`Page::previous`](super::Page).
    ///
    /// The pages are in reverse order. The items of each page are in the server's order.
    pub fn backward(mut self) -> Self
    where
        O: PagedBackward,
    {
        self.settings.direction = Direction::Backward;
        self
    }

    /// Returns a stream of all items.
    pub fn items(self) -> Items<O> {
        Items::new(Walk::new(self.call, self.settings))
    }

    /// Returns a stream of all pages. With a limit on items, the last page is cut to it.
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
