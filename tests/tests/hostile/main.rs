//! Input of an attacker: everything that comes from outside and is not what it should be.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where what it takes for granted does not hold"
)]

mod bodies;
