//! What generated code stands on: calls, responses, errors and the transport hook.
//!
//! Hand-written and independent of the contract. Not for anything that only one operation needs.

mod call;
mod client;
mod error;
mod format;
mod operation;
mod path;
mod request;
mod response;
mod token;
mod transport;

pub use call::{Call, CallFuture};
pub use client::{Client, ClientBuilder};
pub use error::Error;
pub use format::{Binary, Json, JsonOrEmpty, NoContent, ResponseFormat, Text};
pub use operation::{Operation, OperationInfo, PageParts, PagedOperation, Paging};
pub use request::{Request, RetryMode};
pub use response::{RawResponse, Response};
pub use token::{AccessToken, AuthScheme};
pub use transport::{BoxFuture, HttpTransport, Transport, TransportError};
