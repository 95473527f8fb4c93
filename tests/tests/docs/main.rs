//! The README and the guide are true: links have targets, tables agree with the code, commands
//! and tests exist.
//!
//! Not for the snippets: those are compiled and run as tests of the docs.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod book;
mod commands;
mod cookbook;
mod limits;
mod links;
mod names;
mod page;
mod retries;
mod secret_fields;
mod tables;
mod test_map;
mod wait_outcomes;
