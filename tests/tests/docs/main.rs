//! The README and the guide are true: links have targets, tables agree with the code, commands
//! and tests exist.
//!
//! The snippets are compiled and run as documentation tests.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot continue fails"
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
