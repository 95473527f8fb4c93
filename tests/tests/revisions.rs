//! Clients of the published revisions. They take minutes to build, so they are tested on demand:
//!
//! ```text
//! QOVERY_REVISIONS=/path/to/revisions cargo test -p integration-tests --test revisions -- --ignored --nocapture
//! ```

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::document;
use integration_tests::revision::{Generated, key, published};
use integration_tests::samples::{Builder, Variation};
use serde_json::Value;

const REVISIONS: [&str; 5] = ["2021-07-12", "2022-09-13", "2023-05-19", "2025-06-03", "2026-08-20"];

/// What next year's server no longer sends, and last year's client cannot do without.
const EXPLAINED: &[(&str, &str)] = &[];

#[test]
#[ignore = "builds five clients"]
fn every_published_revision_gives_a_client_that_compiles() {
    for date in REVISIONS {
        println!("{date}");
        Generated::from(&published(date)).check();
    }
}

#[test]
#[ignore = "builds a client"]
fn last_years_client_decodes_what_this_years_server_sends() {
    let this_year = xtask::contract(&published("2026-08-20"), None).expect("readable");
    let last_year = xtask::contract(&published("2025-06-03"), None).expect("readable");
    let known: BTreeSet<String> = document::operations(&last_year).iter().map(key).collect();

    let mut answers: Vec<(String, Option<Value>)> = Vec::new();
    let mut about = Vec::new();
    let mut both = BTreeSet::new();
    for operation in document::operations(&this_year) {
        let key = key(&operation);
        if !known.contains(&key) {
            continue;
        }
        both.insert(key.clone());
        for (status, body) in &operation.successes {
            let Some((media, schema)) = body else {
                answers.push((key.clone(), None));
                about.push(format!("{status} empty"));
                continue;
            };
            if !media.contains("json") {
                answers.push((key.clone(), Some(Value::from("text"))));
                about.push(format!("{status} {media}"));
                continue;
            }
            for node in Builder::all_values(&this_year, schema) {
                for variation in Variation::of(&node) {
                    answers.push((key.clone(), Some(node.render(variation))));
                    about.push(format!("{status} {variation:?}"));
                }
            }
        }
    }

    let client = Generated::from(&published("2025-06-03"));
    client.build();
    let outcomes = client.decode(&answers);
    let mut failed: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (((operation, _), about), outcome) in answers.iter().zip(&about).zip(outcomes) {
        if let Some(problem) = outcome {
            let reasons = failed.entry(operation.clone()).or_default();
            reasons.entry(problem).or_default().insert(about.clone());
        }
    }
    println!("{} operations in both, {} answers, {} operations fail", both.len(), answers.len(), failed.len());
    for (operation, reasons) in &failed {
        for (reason, when) in reasons {
            println!("{operation}: {reason} ({when:?})");
        }
    }
    let explained: BTreeSet<&str> = EXPLAINED.iter().map(|(operation, _)| *operation).collect();
    let failed: BTreeSet<&str> = failed.keys().map(String::as_str).collect();
    assert_eq!(failed, explained);
}
