//! Answers for the fuzzer to begin with, which are written on demand:
//!
//! ```text
//! cargo test -p integration-tests --test seeds -- --ignored
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where what it takes for granted does not hold"
)]

use std::fs;

use integration_tests::document;
use integration_tests::samples::{Builder, Variation};

/// The operations whose answers are fuzzed, in the order of the fuzz target.
const OPERATIONS: [&str; 5] = [
    "listServicesByEnvironmentId",
    "listOrganizationCluster",
    "listJobs",
    "listApplication",
    "listAWSFeatures",
];

#[test]
#[ignore = "writes files"]
fn seeds_for_the_fuzzer() {
    let contract = document::contract();
    let operations = document::operations(&contract);
    let corpus = document::workspace().join("fuzz/corpus/decode");
    fs::create_dir_all(&corpus).unwrap();
    for (kind, id) in OPERATIONS.iter().enumerate() {
        let operation = operations.iter().find(|operation| operation.id == *id);
        let successes = &operation.expect("an operation").successes;
        let body = successes.iter().find_map(|(_, body)| body.clone());
        let (_, schema) = body.expect("a body");
        for (number, node) in Builder::instances(&contract, &schema).iter().enumerate() {
            for variation in Variation::of(node) {
                let mut seed = vec![u8::try_from(kind).unwrap()];
                seed.extend(node.render(variation).to_string().into_bytes());
                let name = format!("{id}-{number}-{variation:?}").replace(['(', ')'], "-");
                fs::write(corpus.join(name), seed).unwrap();
            }
        }
    }
}
