//! Operations that return only their newest items.
//!
//! Their calls take a number of items and no cursor, so they cannot be streamed. To see more items,
//! request a wider window. Dropping the future of a window abandons its request, which only
//! reads.

use std::{fmt, future::Future};

use qovery_api::{Call, Error, WindowOperation};

/// Reads the newest items of an operation that does not page.
///
/// ```no_run
/// use qovery_api::{Client, Error, uuid::Uuid};
/// use qovery_ext::page::WindowCall;
///
/// async fn print(client: &Client, environment: Uuid) -> Result<(), Error> {
///     let history = client.list_environment_deployment_history_v2(environment);
///     let mut window = history.window(20).await?;
///     if window.is_cut() {
///         window = window.widen(100).await?;
///     }
///     let more = if window.is_cut() { ", and perhaps more" } else { "" };
///     println!("{} deployments{more}", window.items().len());
///     Ok(())
/// }
/// ```
pub trait WindowCall: Sized {
    /// The operation that is called.
    type Operation: WindowOperation;

    /// Returns the newest items, at most `size` of them (0 counts as 1). Without a size, the server sends
    /// [`WindowOperation::DEFAULT_SIZE`] items; its maximum is not documented.
    ///
    /// Dropping the future abandons the request, which only reads.
    ///
    /// # Errors
    /// Returns an error if the call fails.
    fn window(
        self,
        size: u32,
    ) -> impl Future<Output = Result<Window<Self::Operation>, Error>> + Send;
}

impl<O: WindowOperation> WindowCall for Call<O> {
    type Operation = O;

    async fn window(self, size: u32) -> Result<Window<O>, Error> {
        let size = size.max(1);
        let parts = O::split(self.clone().query(O::SIZE_PARAMETER, size).await?);
        let extent = WindowExtent::of(
            parts.items.len() as u64,
            size.into(),
            O::DEFAULT_SIZE.into(),
            parts.declared_size,
            parts.items_held_back,
        );
        Ok(Window {
            call: self,
            items: parts.items,
            size,
            extent,
        })
    }
}

/// The newest items of an operation, and whether the list has more.
///
/// The operation takes no cursor, so items beyond the window cannot be read separately.
/// [`Window::widen`] requests more items. [`WindowCall`] has an example.
pub struct Window<O: WindowOperation> {
    call: Call<O>,
    items: Vec<O::Item>,
    size: u32,
    extent: WindowExtent,
}

/// How much of a list a window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WindowExtent {
    /// The whole list: the server sent fewer items than requested, and fewer than the page size that it declares. If
    /// it declares none, the default size takes its place.
    Complete,
    /// As many items as requested. There may be more: widen the window to see.
    Full,
    /// Fewer items than requested, because the server makes its windows smaller or holds items
    /// back. There may be more, and a wider window is not likely to show them.
    Limited,
}

impl WindowExtent {
    /// Returns `Complete` only if the list is certainly complete.
    pub(super) fn of(
        count: u64,
        asked: u64,
        default: u64,
        declared: Option<u64>,
        held_back: bool,
    ) -> Self {
        // If the server declares no limit, it is unknown, but at least the default size.
        let limit = declared.filter(|size| *size > 0).unwrap_or(default);
        if count >= asked {
            Self::Full
        } else if held_back || (count > 0 && count >= limit.min(asked)) {
            Self::Limited
        } else {
            Self::Complete
        }
    }
}

impl<O: WindowOperation> Window<O> {
    /// Returns the items, in the server's order.
    pub fn items(&self) -> &[O::Item] {
        &self.items
    }

    /// Returns the items, in the server's order.
    pub fn into_items(self) -> Vec<O::Item> {
        self.items
    }

    /// Returns the requested number of items.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Returns how much of the list the window shows.
    pub fn extent(&self) -> WindowExtent {
        self.extent
    }

    /// Returns whether the list may have more items. If it returns `false`, there are no more.
    pub fn is_cut(&self) -> bool {
        self.extent != WindowExtent::Complete
    }

    /// Reads the list again with a window of `size`, at least as wide as this one. Dropping the
    /// future abandons the request, which only reads.
    ///
    /// # Errors
    /// Returns an error if the call fails. This window does not change.
    pub async fn widen(&self, size: u32) -> Result<Self, Error> {
        self.call.clone().window(size.max(self.size)).await
    }
}

impl<O: WindowOperation> fmt::Debug for Window<O> {
    // Items may carry secrets, and are many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Window")
            .field("operation", &O::INFO.id)
            .field("items", &self.items.len())
            .field("size", &self.size)
            .field("extent", &self.extent)
            .finish()
    }
}
