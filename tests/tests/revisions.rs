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

const REVISIONS: [&str; 5] = [
    "2021-07-12",
    "2022-09-13",
    "2023-05-19",
    "2025-06-03",
    "2026-08-20",
];

/// Required fields of last year that this year's contract no longer has, or no longer requires. A
/// client that was told to rely on them cannot do without; each is why some operations fail.
const EXPLAINED: [(&str, &str); 5] = [
    (
        "the field `azure_client_id` is missing",
        "credentials for Azure lost it: AzureStaticClusterCredentials, within ClusterCredentials",
    ),
    (
        "terraform_files_source.git: the field `provider` is missing",
        "the Git source of a Terraform service may come without its provider",
    ),
    (
        "terraform_files_source: the field `git` is missing",
        "and so may the whole of it, for a server that leaves empty objects out",
    ),
    (
        "terraform_files_source.git: expected struct ApplicationGitRepository, found null",
        "or that sends null for them",
    ),
    (
        "read_from_terraform_block",
        "the version of a Terraform service's provider may come without it",
    ),
];

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
    println!(
        "{} operations in both, {} answers, {} operations fail",
        both.len(),
        answers.len(),
        failed.len()
    );
    for (operation, reasons) in &failed {
        for (reason, when) in reasons {
            println!("{operation}: {reason} ({when:?})");
        }
    }
    let unexplained: Vec<(&String, &String)> = failed
        .iter()
        .flat_map(|(operation, reasons)| reasons.keys().map(move |reason| (operation, reason)))
        .filter(|(_, reason)| !EXPLAINED.iter().any(|(known, _)| reason.contains(known)))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    for (known, why) in EXPLAINED {
        let concerns = |reasons: &&BTreeMap<String, BTreeSet<String>>| {
            reasons.keys().any(|reason| reason.contains(known))
        };
        let operations = failed.values().filter(concerns).count();
        println!("{operations} operations: {why}");
        assert!(operations > 0, "{why}: no longer so");
    }
}
