//! The client that is generated from `openapi.yaml` beside it, on the runtime of `qovery-api`.
//!
//! For tests of the requests that calls send: the contract of the Qovery API has few of the media types,
//! locations and styles that a contract can declare.
#![forbid(unsafe_code)]

extern crate self as qovery_api;

mod generated;
// Formatted in its own package, because the path of the test module would be wrong here.
#[rustfmt::skip]
#[path = "../../../qovery-api/src/mock.rs"]
#[allow(
    dead_code,
    reason = "what the generated code uses depends on the contract"
)]
pub mod mock;
#[rustfmt::skip]
#[path = "../../../qovery-api/src/runtime/mod.rs"]
mod runtime;

pub use bytes;
pub use chrono;
pub use generated::{contract, operations, types};
pub use http;
pub use httpmock;
pub use reqwest;
pub use runtime::*;
pub use serde_json;
pub use uuid;
