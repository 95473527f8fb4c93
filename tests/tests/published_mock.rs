//! The client against a server that was made from the published contract by somebody else's tool. It
//! checks every request against that contract, and answers as the contract says. On demand:
//!
//! ```text
//! npx @stoplight/prism-cli mock --port 4010 REVISION
//! PUBLISHED_MOCK=http://127.0.0.1:4010 cargo test -p integration-tests --test published_mock -- --ignored --nocapture
//! ```

#![allow(clippy::expect_used, reason = "a test stops where its setup fails")]

use std::collections::BTreeMap;

use integration_tests::calls::OPERATIONS;
use integration_tests::document;
use integration_tests::expected::plans;
use qovery_api::{AccessToken, Client};

/// Failures that are none of the client's, by what their message holds, and why.
const EXPLAINED: &[(&str, &str)] = &[];

#[tokio::test]
#[ignore = "needs a server: set PUBLISHED_MOCK to its address"]
async fn every_operation_that_is_still_published_is_accepted_and_read() {
    let address = std::env::var("PUBLISHED_MOCK").expect("PUBLISHED_MOCK names the server");
    let client = Client::builder()
        .base_url(address)
        .token(AccessToken::new("qov_test-token").expect("a token"))
        .build()
        .expect("a client");
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
        let outcome = match (entry.call)(&client, &plan.given) {
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
            if EXPLAINED.iter().any(|(known, _)| message.contains(known)) {
                explained += 1;
            } else {
                problems.insert(operation.id, message);
            }
        }
    }
    println!("{called} operations called, {explained} failures explained");
    assert!(
        problems.is_empty(),
        "{} operations: {problems:#?}",
        problems.len()
    );
}
