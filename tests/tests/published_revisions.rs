//! Clients of the published revisions. They take minutes to build, so the tests run on demand:
//!
//! ```text
//! QOVERY_REVISIONS=/path/to/revisions cargo test -p integration-tests --test published_revisions -- --ignored --nocapture
//! ```

#![allow(
    clippy::expect_used,
    reason = "a function that a test calls fails like the test itself"
)]

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::document::{self, Operation};
use integration_tests::edits::{lost, paths, with_unknown_fields};
use integration_tests::revision::{Generated, key, published, reference};
use integration_tests::samples::{Builder, Variation};
use serde_json::Value;

const REVISIONS: [&str; 5] = [
    "2021-07-12",
    "2022-09-13",
    "2023-05-19",
    "2025-06-03",
    "2026-08-20",
];

/// Operations whose current responses the client of last year cannot decode.
const UNREADABLE: [&str; 4] = [
    "GET /terraform/{}",
    "POST /environment/{}/terraform",
    "POST /terraform/{}/clone",
    "PUT /terraform/{}",
];

/// Required fields of last year that the contract of this year no longer has or no longer requires. An older client
/// cannot decode a response without them, except inside a union: there, the member becomes unknown, and the rest of the
/// response decodes. Each entry has the reason.
const EXPLAINED: [(&str, &str); 4] = [
    (
        "terraform_files_source.git: the field `provider` is missing",
        "the Git source of a Terraform service may come without its provider",
    ),
    (
        "terraform_files_source: the field `git` is missing",
        "or without its Git source, if the server omits empty objects",
    ),
    (
        "terraform_files_source.git: expected struct ApplicationGitRepository, found null",
        "or with null as its Git source",
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
fn an_older_client_reads_and_edits_the_responses_of_a_newer_server() {
    let client = Generated::from(&published("2025-06-03"));
    client.build();
    reads_all_but_the_operations_that_lost_required_fields(&client);
    edits_and_loses_nothing(&client);
}

fn reads_all_but_the_operations_that_lost_required_fields(client: &Generated) {
    let this_year = xtask::contract(&published("2026-08-20"), None).expect("readable");
    let last_year = xtask::contract(&published("2025-06-03"), None).expect("readable");
    let known: BTreeSet<String> = document::operations(&last_year).iter().map(key).collect();

    let mut responses: Vec<(String, Option<Value>)> = Vec::new();
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
                responses.push((key.clone(), None));
                about.push(format!("{status} empty"));
                continue;
            };
            if !media.contains("json") {
                responses.push((key.clone(), Some(Value::from("text"))));
                about.push(format!("{status} {media}"));
                continue;
            }
            for node in Builder::all_values(&this_year, schema) {
                for variation in Variation::of(&node) {
                    responses.push((key.clone(), Some(node.render(variation))));
                    about.push(format!("{status} {variation:?}"));
                }
            }
        }
    }

    let outcomes = client.decode(&responses);
    let mut failed: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (((operation, _), about), outcome) in responses.iter().zip(&about).zip(outcomes) {
        if let Err(problem) = outcome {
            let reasons = failed.entry(operation.clone()).or_default();
            reasons.entry(problem).or_default().insert(about.clone());
        }
    }
    println!(
        "{} operations in both, {} responses, {} operations fail",
        both.len(),
        responses.len(),
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
    assert_eq!(failed.keys().collect::<Vec<_>>(), UNREADABLE);
}

/// The schema of the first success that has a body.
fn response(operation: &Operation) -> Option<&Value> {
    let mut bodies = operation
        .successes
        .iter()
        .filter_map(|(_, body)| body.as_ref());
    bodies.next().map(|(_, schema)| schema)
}

/// Properties that the client of last year loses, with the reason. The client is generated from the published
/// revision, without the overlay.
const NOT_CARRIED: [(&str, &str); 3] = [
    (
        "git_repository.provider: ",
        "last year's response declares the provider, and last year's request does not",
    ),
    (
        "git_repository.git_token_id: \"text ",
        "last year's response has any text there and last year's request a UUID; in the contract of this \
         repository the overlay makes both texts",
    ),
    (
        "the response contains a `ClusterCredentials` that this version of the library does not know",
        "credentials of a kind of this year: the conversion fails and says so",
    ),
];

fn edits_and_loses_nothing(client: &Generated) {
    let this_year = xtask::contract(&published("2026-08-20"), None).expect("readable");
    let last_year = xtask::contract(&published("2025-06-03"), None).expect("readable");

    let operations = |contract: &Value| -> BTreeMap<String, Operation> {
        let operations = document::operations(contract).into_iter();
        operations
            .map(|operation| (key(&operation), operation))
            .collect()
    };
    let (new, old) = (operations(&this_year), operations(&last_year));
    let mut responses = Vec::new();
    let mut about = Vec::new();
    let mut pairs = BTreeSet::new();
    for (name, put) in old.iter().filter(|(name, _)| name.starts_with("PUT ")) {
        let get = name.replacen("PUT", "GET", 1);
        let (Some(new_put), Some(request)) = (new.get(name), &put.body) else {
            continue;
        };
        for read in [name, &get] {
            let (Some(old_read), Some(new_read)) = (old.get(read), new.get(read)) else {
                continue;
            };
            let models = response(old_read)
                .and_then(reference)
                .zip(reference(&request.1));
            let Some((from, to)) = models else { continue };
            let is_known = client.edits.contains(&(from.to_owned(), to.to_owned()));
            let (Some(sent), Some((_, wanted))) = (response(new_read), &new_put.body) else {
                continue;
            };
            if !is_known {
                continue;
            }
            pairs.insert(name.clone());
            let known = paths(&this_year, wanted);
            for node in Builder::all_values(&this_year, sent) {
                for variation in [
                    Variation::Full,
                    Variation::RequiredOnly,
                    Variation::UnknownEnum,
                ] {
                    let (text, levels) = with_unknown_fields(&node, variation);
                    let before: Value = serde_json::from_str(&text).expect("JSON");
                    responses.push((format!("EDIT {from} {to}"), Some(before.clone())));
                    about.push((name.clone(), before, levels, known.clone()));
                }
            }
        }
    }
    let outcomes = client.decode(&responses);
    let (mut found, mut edited) = (BTreeSet::new(), BTreeSet::new());
    for ((name, before, _, known), outcome) in about.iter().zip(outcomes) {
        match outcome {
            Ok(after) => {
                edited.insert(name.clone());
                let after: Value = serde_json::from_str(&after).expect("JSON");
                let lost = lost(before, &after, "", known);
                found.extend(lost.into_iter().map(|what| format!("{name}: {what}")));
                if !after.to_string().contains("next_years_field") {
                    found.insert(format!("{name}: no unknown field is carried"));
                }
            }
            Err(problem) if problem.starts_with("the response has no `") => {}
            Err(problem) => {
                found.insert(format!("{name}: {problem}"));
            }
        }
    }
    for (known, why) in NOT_CARRIED {
        let is_so = found.iter().any(|problem| problem.contains(known));
        assert!(is_so, "{why}: no longer so");
    }
    found.retain(|problem| {
        let mut explained = NOT_CARRIED.iter().chain(&EXPLAINED);
        !explained.any(|(known, _)| problem.contains(known))
    });
    println!("{} pairs, {} edited", pairs.len(), edited.len());
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(pairs, edited);
    assert_eq!(pairs.len(), 48, "{pairs:#?}");
}
