//! The recipes against the fake, over paused time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot continue fails, also in its helpers"
)]

mod basics;
mod bulk;
mod find;
mod history;
mod preview;
mod terraform;
mod variables;
mod versions;
