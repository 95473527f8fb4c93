//! Shared helpers for the tests of hostile contracts.

#![allow(dead_code, unreachable_pub, reason = "each test uses only a part")]

pub mod generated;
pub mod mutated;
pub mod rendered;
pub mod seed;
