//! The runtime of generated code: calls, responses, errors and the transport.
//!
//! It is hand-written and does not depend on the contract.

#[allow(
    unused_imports,
    unused_macros,
    reason = "no area is absent if all are enabled"
)]
mod absent;
mod api_error;
mod background;
mod build_error;
mod call;
mod client;
#[allow(
    dead_code,
    reason = "what the generated code uses depends on the contract"
)]
mod conversion;
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) mod date_time;
mod decode;
mod error;
pub(crate) mod extra;
#[allow(
    dead_code,
    reason = "what the generated code uses depends on the contract"
)]
mod form;
mod format;
mod headers;
mod http_transport;
mod limits;
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) mod model;
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) mod open_enum;
mod operation;
mod origin;
#[allow(
    dead_code,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) mod parameter;
mod patch;
pub(crate) mod path;
pub(crate) mod percent;
mod printable;
mod query;
mod query_value;
mod raw_json;
mod redact;
mod request;
mod response;
mod secret;
#[allow(
    dead_code,
    reason = "what the generated code uses depends on the contract"
)]
mod sendable;
#[allow(
    unused_imports,
    unused_macros,
    reason = "what the generated code uses depends on the contract"
)]
mod setters;
mod text;
mod token;
mod transport;
#[allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) mod union;
#[cfg(feature = "stream")]
mod upgrade;

#[allow(unused_imports, reason = "no area is absent if all are enabled")]
pub(crate) use absent::absent;
#[cfg(feature = "httpmock")]
#[allow(unused_imports, reason = "no area is absent if all are enabled")]
pub(crate) use absent::absent_mocks;
pub use api_error::ApiError;
pub use background::decode_in_background;
pub use build_error::BuildError;
pub use call::{Call, CallFuture, ResponseFuture};
#[cfg(feature = "stream")]
pub use client::DEFAULT_STREAM_URL;
pub use client::{Client, ClientBuilder, DEFAULT_BASE_URL};
pub use conversion::ConversionError;
pub use decode::{DecodeError, decode, decode_strictly};
pub use error::Error;
pub use extra::ExtraFields;
#[allow(
    unused_imports,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) use form::FormStyle;
pub use format::{Binary, Json, JsonOrEmpty, NoContent, ResponseFormat, Text};
pub use http_transport::{HttpTransport, HttpTransportBuilder};
pub use model::ModelExt;
pub use open_enum::UnknownValue;
pub use operation::{
    Operation, OperationInfo, PageParts, PagedBackward, PagedOperation, Paging, WindowOperation,
};
#[allow(
    unused_imports,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) use parameter::{Place, Style, document, list, object, one};
pub use patch::Patch;
pub use printable::Printable;
pub use query_value::QueryValue;
pub use request::{Request, RetryMode};
pub use response::{RawResponse, Response};
pub use secret::{Secret, SecretText};
#[allow(
    unused_imports,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) use setters::setters;
pub use token::{AccessToken, AuthScheme};
pub use transport::{BoxFuture, Transport, TransportError};
pub use union::UnknownMember;
#[allow(
    unused_imports,
    reason = "what the generated code uses depends on the contract"
)]
pub(crate) use union::content;
#[cfg(feature = "stream")]
pub use upgrade::{Upgrade, Upgraded};

#[cfg(test)]
mod test_support;
