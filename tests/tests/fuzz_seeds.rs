//! Writes the seeds of the fuzzer, on demand:
//!
//! ```text
//! cargo test -p integration-tests --test fuzz_seeds -- --ignored
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::fs;

use integration_tests::document;
use integration_tests::samples::{Builder, Variation};
use qovery_ext::wait::{OperationToken, ServiceKind, WaitExt};
use qovery_fake::{FakeQovery, Workload};

/// The operations whose responses are fuzzed, in the order of the fuzz target.
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

/// Writes seeds for a fuzz target.
fn write(target: &str, seeds: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let corpus = document::workspace().join("fuzz/corpus").join(target);
    fs::create_dir_all(&corpus).unwrap();
    for (name, seed) in seeds {
        fs::write(corpus.join(name), seed).unwrap();
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "writes files"]
async fn tokens_for_the_fuzzer() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let service = environment.service(Workload::Container, "api");
    let cluster = fake.cluster("main");
    let client = fake.client();
    let mut tokens: Vec<(String, OperationToken)> = Vec::new();
    let actions = [
        ("deploy", client.environment(environment.id()).deploy()),
        ("stop", client.environment(environment.id()).stop()),
        (
            "service",
            client
                .service(ServiceKind::Container, service.id())
                .redeploy(),
        ),
        (
            "cluster",
            client
                .cluster(cluster.organization_id(), cluster.id())
                .deploy(),
        ),
        ("delete", client.environment(environment.id()).delete()),
    ];
    for (name, action) in actions {
        let mut operation = action.start().await.unwrap();
        tokens.push((format!("{name}-started"), operation.token()));
        for _ in 0..3 {
            let _ = operation.poll_once().await;
        }
        tokens.push((format!("{name}-polled"), operation.token()));
    }
    let texts = tokens
        .iter()
        .map(|(name, token)| (name.clone(), token.to_string().into_bytes()));
    write("tokens", texts);
    let forms = tokens.iter().map(|(name, token)| {
        let form = serde_json::to_vec(token).unwrap();
        (format!("{name}-form"), form)
    });
    write("tokens", forms);
}

#[test]
#[ignore = "writes files"]
fn cursors_and_values_for_the_fuzzer() {
    let page = r#"{"page":0,"page_size":20,"results":[{"id":"00000000-0000-4000-8000-000000000001","created_at":"2026-01-01T00:00:00Z","name":"n","message":"m","status":{"state":"COMPLETED"}}]}"#;
    let cursors = [
        r#"{"version":1,"operation":"listDatabaseBackup","direction":"forward"}"#,
        r#"{"version":1,"operation":"listDatabaseBackup","direction":"forward","at":"b7","delivered":["1"]}"#,
        r#"{"version":2,"operation":"listDatabaseBackup","direction":"backward"}"#,
    ];
    let cursors = cursors.iter().enumerate();
    write(
        "cursors",
        cursors
            .map(|(number, cursor)| (number.to_string(), format!("{cursor}\n{page}").into_bytes())),
    );
    let values = [
        "1.00000000000000000000001",
        "18446744073709551616",
        "-0",
        "1E400",
        r#""\ud800\u0041""#,
        "null",
        r#"{"a":[1 , {"b":0.1e-7}],"a":2}"#,
        "[[[]]]",
    ];
    write(
        "encode",
        values
            .iter()
            .enumerate()
            .map(|(number, value)| (number.to_string(), value.as_bytes().to_vec())),
    );
    // Three bytes of the response, and three for each change.
    let changes =
        (0..8_u8).map(|kind| (kind.to_string(), vec![kind, 0, 1, kind, kind + 1, kind * 5]));
    write("display", changes);
}
