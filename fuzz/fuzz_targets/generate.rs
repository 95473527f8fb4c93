//! Imports and generates changed contracts.
//!
//! Each contract leads to Rust code whose documentation is text, or to a message that controls no terminal. The
//! changes and the checks are shared with the tests of the generator.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../xtask/tests/support/mod.rs"]
mod support;

fuzz_target!(|input: &[u8]| support::mutated::check(&support::mutated::contract(input)));
