//! Helpers on top of [`qovery_api`]: connecting, paging, waiting, and recipes of several calls.
//!
//! Not for wrapping operations that need no help: those are called on [`qovery_api::Client`]
//! directly.
#![forbid(unsafe_code)]

pub mod connect;
#[cfg(feature = "fake")]
pub mod fake;
pub mod page;
pub mod recipes;
pub mod wait;

pub use qovery_api;
