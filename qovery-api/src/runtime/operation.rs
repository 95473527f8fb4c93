//! What is known of an operation without calling it.
//!
//! The implementations are generated, one for each operation of the contract.

use http::Method;

use super::{Call, ResponseFormat};

/// One operation of the contract, as a type.
pub trait Operation: Send + Sync + Sized + 'static {
    /// What a successful call yields.
    type Output: Send + 'static;
    /// How the body of a successful response becomes [`Self::Output`].
    type Format: ResponseFormat<Self::Output>;
    /// Facts about the operation.
    const INFO: &'static OperationInfo;
}

/// Facts about one operation, taken from the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationInfo {
    /// The contract's `operationId`, word for word.
    pub id: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path template with its parameters in braces, such as `/environment/{environmentId}`.
    pub path: &'static str,
}

impl OperationInfo {
    /// Describes an operation.
    pub const fn new(id: &'static str, method: Method, path: &'static str) -> Self {
        Self { id, method, path }
    }
}

/// How an operation pages, derived from the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// The next page starts at (or after) the last item's id, sent as this query parameter.
    StartId {
        /// The query parameter that takes the cursor.
        parameter: &'static str,
    },
    /// The response links to the next and the previous page; their query carries a token.
    ContinueToken {
        /// The query parameter that takes the forward token.
        forward: &'static str,
        /// The query parameter that takes the backward token.
        backward: &'static str,
    },
    /// Only the newest items can be read; this query parameter says how many.
    Window {
        /// The query parameter that takes the number of items.
        parameter: &'static str,
        /// How many items the server sends where the parameter is absent.
        default_size: u32,
    },
}

/// An operation that returns its items in pages or in a window.
pub trait PagedOperation: Operation {
    /// What a page is made of.
    type Item: Send + 'static;
    /// How the operation pages.
    const PAGING: Paging;

    /// Takes a page apart.
    fn split(page: Self::Output) -> PageParts<Self::Item>;

    /// The value of the cursor that names this item, where the operation pages by item.
    fn cursor_of(item: &Self::Item) -> Option<String>;

    /// The same call, positioned with one of the paging parameters.
    fn with_cursor(call: Call<Self>, parameter: &'static str, value: String) -> Call<Self> {
        call.query(parameter, value)
    }
}

/// A page, taken apart.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PageParts<I> {
    /// The items, in the server's order.
    pub items: Vec<I>,
    /// The page size that the server declared, where it did.
    pub declared_size: Option<u64>,
    /// The link to the next page, where the server sent one.
    pub next: Option<String>,
    /// The link to the previous page, where the server sent one.
    pub previous: Option<String>,
}

impl<I> PageParts<I> {
    /// A page of these items, without links and of undeclared size.
    pub fn new(items: Vec<I>) -> Self {
        Self {
            items,
            declared_size: None,
            next: None,
            previous: None,
        }
    }
}
