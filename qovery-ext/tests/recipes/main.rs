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
mod each_request;
mod find;
mod history;
mod preview;
mod terraform;
mod variables;
mod versions;

/// A signal reaches all tests of this process. The test that sends one waits until no other test listens.
static SIGNALS: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());
