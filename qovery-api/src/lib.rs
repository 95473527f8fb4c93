//! The Qovery API as a Rust client, generated from its contract.
//!
//! Not for policy: a bare [`Client`] has a token and timeouts and nothing else. Retries, limits,
//! paging and waiting live in `qovery-ext`, which plugs into [`Transport`].
#![forbid(unsafe_code)]

// Generated code names the crate by its absolute path, so that it also compiles elsewhere.
extern crate self as qovery_api;

mod runtime;

pub use bytes;
pub use chrono;
pub use http;
pub use reqwest;
pub use runtime::*;
pub use serde_json;
pub use uuid;
