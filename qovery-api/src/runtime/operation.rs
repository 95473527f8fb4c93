//! Static facts about an operation, known without calling it.
//!
//! The implementations are generated, one for each operation of the contract.

use http::Method;

use super::ResponseFormat;

/// One operation of the contract, as a type.
pub trait Operation: Send + Sync + Sized + 'static {
    /// The result of a successful call.
    type Output: Send + 'static;
    /// The format that converts the body of a successful response into [`Self::Output`].
    type Format: ResponseFormat<Self::Output>;
    /// The value of the `Accept` header: the media types that the contract declares. Default: that of
    /// the format.
    const ACCEPT: &'static str = <Self::Format as ResponseFormat<Self::Output>>::ACCEPT;
    /// Facts about the operation.
    const INFO: &'static OperationInfo;
}

/// Facts about one operation, taken from the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationInfo {
    /// The `operationId` of the contract, unchanged.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path template with its parameters in braces, such as `/environment/{environmentId}`.
    pub path: &'static str,
}

impl OperationInfo {
    /// Creates the facts about an operation.
    pub const fn new(id: &'static str, method: Method, path: &'static str) -> Self {
        Self { id, method, path }
    }
}

/// How an operation pages, derived from the contract.
// Exhaustive, so that a pager that does not know a new shape does not compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// The next page starts at (or after) the last item, whose id is sent as a query parameter. A page with fewer
    /// items than its declared size need not be the last one: a server that filters sends such pages.
    StartId {
        /// The query parameter that takes the id of an item.
        parameter: &'static str,
    },
    /// The response links to the next and the previous page. The query of a link contains a token.
    ContinueToken {
        /// The query parameter that takes the forward token, in the request and in the link.
        forward: &'static str,
        /// The query parameter that takes the backward token, if the operation has one.
        backward: Option<&'static str>,
    },
}

/// An operation that returns its items in pages that are linked by cursors.
pub trait PagedOperation: Operation {
    /// The items of a page.
    type Item: Send + 'static;
    /// The way of paging.
    const PAGING: Paging;

    /// Splits a page into its items and links.
    fn split(page: Self::Output) -> PageParts<Self::Item>;

    /// Returns the id of an item, if it has one.
    ///
    /// If the operation pages by item, the id is also the cursor (for commits: their hash).
    fn item_id(item: &Self::Item) -> Option<String>;
}

/// A paged operation that can also page backward: its [`Paging`] has a backward parameter.
pub trait PagedBackward: PagedOperation {}

/// An operation that returns only its newest items, as many as requested.
///
/// It has no cursor: items beyond the window cannot be read.
pub trait WindowOperation: Operation {
    /// The items of a window.
    type Item: Send + 'static;
    /// The query parameter that takes the number of items.
    const SIZE_PARAMETER: &'static str;
    /// The number of items that the server sends if the parameter is absent.
    const DEFAULT_SIZE: u32;

    /// Splits a response into its items.
    fn split(page: Self::Output) -> PageParts<Self::Item>;
}

/// The parts of a page.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PageParts<I> {
    /// The items, in the server's order.
    pub items: Vec<I>,
    /// The page size, if the server declared one.
    pub declared_size: Option<u64>,
    /// The link to the next page, if there is one.
    pub next: Option<String>,
    /// The link to the previous page, if there is one.
    pub previous: Option<String>,
    /// Whether the server reports that it withholds items, for example beyond a limit of the plan.
    pub items_held_back: bool,
}

impl<I> PageParts<I> {
    /// Creates a page of these items, without links, without a declared size, and with nothing
    /// withheld.
    pub fn new(items: Vec<I>) -> Self {
        Self {
            items,
            declared_size: None,
            next: None,
            previous: None,
            items_held_back: false,
        }
    }
}
