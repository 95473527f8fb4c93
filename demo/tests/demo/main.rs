//! Runs the program as a user does and checks its output and its exit code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot continue fails, also in its helpers"
)]

mod api;
mod hostile;
mod program;
mod tour;
