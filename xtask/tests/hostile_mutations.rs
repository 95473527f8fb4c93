//! Randomly changed contracts: none of them injects code or markup into the generated files.
//!
//! `MUTATIONS` sets the number of cases; the fuzzer tries more of them, guided by code coverage.

#![allow(clippy::expect_used, reason = "a test fails if its setup fails")]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::mutated;

#[test]
fn a_changed_contract_gives_rust_code_whose_documentation_is_text() {
    let cases = std::env::var("MUTATIONS")
        .ok()
        .and_then(|count| count.parse().ok());
    let mut config = Config::with_cases(cases.unwrap_or(40));
    config.failure_persistence = None;
    let bytes = vec(any::<u8>(), 5..40);
    let outcome = TestRunner::new(config).run(&bytes, |bytes| {
        mutated::check(&mutated::contract(&bytes));
        Ok(())
    });
    outcome.expect("every changed contract is harmless");
}
