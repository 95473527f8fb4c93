//! Imports and generates contracts that bytes changed.
//!
//! Every contract gives Rust whose documentation is text, or a message that acts on no terminal. The changes
//! and the checks are those of the tests of the generator.

#![no_main]
#![forbid(unsafe_code)]

use libfuzzer_sys::fuzz_target;

#[path = "../../xtask/tests/support/mod.rs"]
mod support;

fuzz_target!(|input: &[u8]| support::mutated::check(&support::mutated::contract(input)));
