//! Tests the client with a server that a third-party tool runs from the published contract. The server checks every
//! request against that contract. It responds with the examples of the contract, or with random values (`-d`). This
//! test runs on demand:
//!
//! ```text
//! npx @stoplight/prism-cli mock --port 4010 REVISION
//! PUBLISHED_MOCK=http://127.0.0.1:4010 cargo test -p integration-tests --test published_mock -- --ignored --nocapture
//!
//! npx @stoplight/prism-cli mock -d --port 4010 REVISION
//! PUBLISHED_MOCK_ROUNDS=5 PUBLISHED_MOCK=http://127.0.0.1:4010 cargo test -p integration-tests --test published_mock -- --ignored --nocapture
//! ```

#![allow(clippy::expect_used, reason = "a test fails if its setup fails")]

use std::collections::BTreeMap;

use integration_tests::OPERATIONS;
use integration_tests::document;
use integration_tests::expected::plans;
use qovery_api::{AccessToken, Client};

/// Parameters and fields that the published contract requires without declaring them, so that clients do not send them:
/// owner, name and provider of a git repository, the plan of an organization, `registry_d`.
const UNDECLARED: &str = "the published contract requires what it does not declare";
/// The client treats addresses and durations as text, and the test data are neither.
const SAMPLE: &str = "the value of the test does not have the published format";
/// Commits are numbered from one, and their ids are not UUIDs.
const CURSOR: &str = "the published contract takes the id of a commit for a UUID";

/// Operations that the server refuses for reasons outside of the client.
const EXPLAINED: [(&str, &str); 17] = [
    ("checkContainerImage", UNDECLARED),
    ("checkDockerfile", UNDECLARED),
    ("checkGitFile", UNDECLARED),
    ("checkHelmRepository", UNDECLARED),
    ("createAlertReceiver", SAMPLE),
    ("createAlertRule", SAMPLE),
    ("createHelm", UNDECLARED),
    ("editAlertReceiver", SAMPLE),
    ("editAlertRule", SAMPLE),
    ("editHelm", UNDECLARED),
    ("editOrganization", UNDECLARED),
    ("listApplicationCommit", CURSOR),
    ("listDirectoriesFromGitRepository", UNDECLARED),
    ("listJobCommit", CURSOR),
    ("listTfVarsFilesFromGitRepo", UNDECLARED),
    ("parseTerraformVariablesFromGitRepo", UNDECLARED),
    ("validateNewAlertReceiver", SAMPLE),
];

#[tokio::test]
#[ignore = "needs a server: set PUBLISHED_MOCK to its address"]
async fn every_operation_that_is_still_published_is_accepted_and_read() {
    let address = std::env::var("PUBLISHED_MOCK").expect("PUBLISHED_MOCK names the server");
    let client = Client::builder()
        .base_url(address)
        .token(AccessToken::new("qov_test-token").expect("a token"))
        .build()
        .expect("a client");
    let rounds = std::env::var("PUBLISHED_MOCK_ROUNDS");
    let rounds = rounds.map_or(1, |rounds| rounds.parse().expect("a number of rounds"));
    let mut problems = BTreeMap::new();
    for round in 1..=rounds {
        let found = problems_of_a_round(&client).await;
        println!("round {round}: {} operations fail", found.len());
        problems.extend(found);
    }
    assert!(
        problems.is_empty(),
        "{} operations: {problems:#?}",
        problems.len()
    );
}

/// Calls every operation once. Returns the problems by operation id.
async fn problems_of_a_round(client: &Client) -> BTreeMap<String, String> {
    let contract = document::contract();
    let (mut called, mut explained) = (0, 0);
    let mut problems = BTreeMap::new();
    for operation in document::operations(&contract) {
        let entry = OPERATIONS.iter().find(|entry| entry.id == operation.id);
        let (Some(entry), false) = (entry, operation.deprecated) else {
            continue;
        };
        let plan = plans(&contract, &operation).into_iter().next();
        let plan = plan.expect("every operation can be called");
        called += 1;
        let outcome = match (entry.call)(client, &plan.given) {
            Ok(call) => call.await,
            Err(problem) => {
                problems.insert(operation.id, problem);
                continue;
            }
        };
        if let Err(error) = outcome {
            let mut message = error.to_string();
            if let Some(body) = error.body() {
                message.push_str(&format!("\n{}", String::from_utf8_lossy(body)));
            }
            // With random values, the server sometimes fails itself.
            if error.is_server_error() && message.contains("prism/errors#UNKNOWN") {
                println!("{}: the server failed by itself", operation.id);
                explained += 1;
                continue;
            }
            let known = EXPLAINED.iter().find(|(id, _)| *id == operation.id);
            // Only refused requests have an exception. A response must always decode.
            match known.filter(|_| {
                error.is_bad_request() || error.status().is_some_and(|status| status == 422)
            }) {
                Some((_, why)) => {
                    println!("{}: {why}", operation.id);
                    explained += 1;
                }
                None => {
                    problems.insert(operation.id, message);
                }
            }
        }
    }
    println!("{called} operations called, {explained} failures explained");
    problems
}
