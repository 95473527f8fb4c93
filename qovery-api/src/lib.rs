//! The Qovery API as a Rust client, generated from its contract.
//!
//! Not for policy: a bare [`Client`] has a token and timeouts and nothing else. Retries, limits,
//! paging and waiting live in `qovery-ext`, which plugs into [`Transport`].
#![forbid(unsafe_code)]

// Generated code names the crate by its absolute path, so that it also compiles elsewhere.
extern crate self as qovery_api;

mod generated;
mod runtime;

#[cfg(feature = "contract")]
#[path = "generated/contract_json.rs"]
mod contract_json;

pub use bytes;
pub use chrono;
pub use generated::{contract, operations, types};
pub use http;
pub use reqwest;
pub use runtime::*;
pub use serde_json;
pub use uuid;

/// The contract that this client was generated from, fixes included, as minified JSON.
///
/// For tools that need more than the types say, such as the fake of `qovery-ext`.
#[cfg(feature = "contract")]
pub fn contract_json() -> &'static str {
    contract_json::TEXT
}
