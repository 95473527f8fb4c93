//! Shared by the tests of the whole workspace: the contract as a document, and instances of its
//! schemas.
//!
//! Nothing here is part of the client. A violated assumption ends a test with a panic that explains it.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot continue fails"
)]

pub mod calls;
pub mod document;
pub mod edits;
pub mod exchange;
pub mod expected;
#[rustfmt::skip]
mod generated;
#[cfg(doctest)]
mod guide;
pub mod hostile;
pub mod mocks;
pub mod revision;
pub mod samples;

pub use generated::mocks::MOCKS;
pub use generated::{EDITS, OPERATIONS};
