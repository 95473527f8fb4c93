//! Shared helpers for the tests of hostile contracts.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

pub mod generated;
pub mod mutated;
pub mod rendered;
pub mod seed;
