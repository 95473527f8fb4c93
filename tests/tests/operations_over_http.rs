//! Every operation of the contract, over HTTP: the request of its method, and the decoding of the
//! response. The expectations come from the table of operations and from the contract.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::OPERATIONS;
use integration_tests::calls::Entry;
use integration_tests::document::{self, Operation};
use integration_tests::exchange::{Exchange, Seen};
use integration_tests::expected::{Plan, plans};
use integration_tests::samples::{Builder, Direction, Variation, compare};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// One row of the table of operations.
struct Row {
    method: &'static str,
    path: &'static str,
    id: String,
    only_in_the_reference: bool,
}

/// The published operations with their properties. If two have one id, the operation of the old reference has
/// another name in the contract.
fn rows() -> Vec<Row> {
    let lines = include_str!("../fixtures/operations.tsv").lines().skip(1);
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    let twice = |id: &str| rows.iter().filter(|row| row[2] == id).count() > 1;
    let row = |row: &Vec<&'static str>| {
        let only_in_the_reference = row[4] == "reference-1.0.3";
        let suffix = if only_in_the_reference && twice(row[2]) {
            "Legacy"
        } else {
            ""
        };
        let id = format!("{}{suffix}", row[2]);
        Row {
            method: row[0],
            path: row[1],
            id,
            only_in_the_reference,
        }
    };
    rows.iter().map(row).collect()
}

struct Setting {
    contract: Value,
    operations: BTreeMap<String, Operation>,
    exchange: Exchange,
}

async fn setting() -> Setting {
    let contract = document::contract();
    let operations = document::operations(&contract);
    let operations = operations
        .into_iter()
        .map(|operation| (operation.id.clone(), operation));
    Setting {
        operations: operations.collect(),
        contract,
        exchange: Exchange::start().await,
    }
}

/// Sets the response to the first success in the contract.
fn respond_well(setting: &Setting, operation: &Operation) {
    let (status, body) = operation.successes.first().cloned().unwrap_or((204, None));
    let (media, body) = match body {
        Some((media, schema)) if media.contains("json") => {
            let node = &Builder::instances(&setting.contract, &schema)[0];
            (Some(media), node.render(Variation::Full).to_string())
        }
        Some((media, _)) => (Some(media), "text".to_owned()),
        None => (None, String::new()),
    };
    setting
        .exchange
        .respond_with(status, media.as_deref(), body);
}

async fn send(setting: &Setting, entry: &Entry, plan: &Plan) -> Result<Seen, String> {
    let call = (entry.call)(&setting.exchange.client, &plan.given)?;
    call.await.map_err(|error| error.to_string())?;
    match setting.exchange.take().as_slice() {
        [seen] => Ok(seen.clone()),
        several => Err(format!("{} requests", several.len())),
    }
}

fn report(problems: Vec<String>) {
    let shown: Vec<&String> = problems.iter().take(60).collect();
    assert!(
        problems.is_empty(),
        "{} problems: {shown:#?}",
        problems.len()
    );
}

#[test]
fn the_table_the_contract_and_the_client_have_the_same_operations() {
    let contract = document::contract();
    let rows: BTreeSet<(String, String, String)> = rows()
        .into_iter()
        .map(|row| (row.id, row.method.to_owned(), row.path.to_owned()))
        .collect();
    assert_eq!(rows.len(), 623);
    let declared = document::operations(&contract).into_iter();
    let declared: BTreeSet<_> = declared.map(|o| (o.id, o.method, o.path)).collect();
    assert_eq!(rows, declared);
    let ids: BTreeSet<&str> = rows.iter().map(|(id, ..)| id.as_str()).collect();
    assert_eq!(OPERATIONS.len(), 623);
    assert_eq!(
        OPERATIONS
            .iter()
            .map(|entry| entry.id)
            .collect::<BTreeSet<_>>(),
        ids
    );
}

#[test]
fn operations_of_the_old_reference_only_are_deprecated() {
    let operations = document::operations(&document::contract());
    for row in rows().iter().filter(|row| row.only_in_the_reference) {
        let operation = operations.iter().find(|operation| operation.id == row.id);
        assert!(
            operation.is_some_and(|operation| operation.deprecated),
            "{}",
            row.id
        );
    }
}

#[tokio::test]
async fn a_request_without_a_body_says_so_if_its_method_has_one() {
    let setting = setting().await;
    let mut problems = Vec::new();
    let mut count = 0;
    for entry in OPERATIONS {
        let operation = &setting.operations[entry.id];
        let has_one = matches!(operation.method.as_str(), "POST" | "PUT" | "PATCH");
        for plan in plans(&setting.contract, operation) {
            if plan.body.is_some() {
                continue;
            }
            count += usize::from(has_one);
            respond_well(&setting, operation);
            match send(&setting, entry, &plan).await {
                Ok(seen) => {
                    let expected = has_one.then_some("0");
                    let said = seen.header("content-length");
                    if said != expected {
                        problems.push(format!("{}: {said:?}", entry.id));
                    }
                }
                Err(problem) => problems.push(format!("{}: {problem}", entry.id)),
            }
        }
    }
    report(problems);
    let without_body = setting.operations.values().filter(|operation| {
        let has_one = matches!(operation.method.as_str(), "POST" | "PUT" | "PATCH");
        has_one && operation.body.is_none()
    });
    assert_eq!(count, without_body.count());
    assert!(count > 0);
}

#[tokio::test]
async fn every_method_sends_its_operation_with_all_arguments() {
    let setting = setting().await;
    let rows: BTreeMap<String, Row> = rows()
        .into_iter()
        .map(|row| (row.id.clone(), row))
        .collect();
    let mut problems = Vec::new();
    for entry in OPERATIONS {
        let (operation, row) = (&setting.operations[entry.id], &rows[entry.id]);
        respond_well(&setting, operation);
        for plan in plans(&setting.contract, operation) {
            let seen = match send(&setting, entry, &plan).await {
                Ok(seen) => seen,
                Err(problem) => {
                    problems.push(format!("{}: {problem}", entry.id));
                    continue;
                }
            };
            let mut wrong = |what: String| problems.push(format!("{}: {what}", entry.id));
            if seen.method != row.method || seen.path != plan.path {
                wrong(format!(
                    "{} {} and not {} {}",
                    seen.method, seen.path, row.method, plan.path
                ));
            }
            // The path of the plan comes from the contract; the table takes precedence.
            let parts = |path: &str| path.split('/').count();
            if parts(&seen.path) != parts(row.path) {
                wrong(format!("{} is not of {}", seen.path, row.path));
            }
            let mut query = seen.query.clone();
            query.sort();
            if query != plan.query {
                wrong(format!("the query is {query:?} and not {:?}", plan.query));
            }
            if seen.header("authorization") != Some("Token qov_test-token") {
                wrong("the token is missing".to_owned());
            }
            if seen.header("api-version").is_some() {
                wrong("a header that the API does not know".to_owned());
            }
            for difference in body_differences(operation, &plan, &seen) {
                wrong(difference);
            }
        }
    }
    report(problems);
}

fn body_differences(operation: &Operation, plan: &Plan, seen: &Seen) -> Vec<String> {
    let Some((media, _)) = &operation.body else {
        let nothing = seen.body.is_empty();
        return if nothing {
            vec![]
        } else {
            vec!["an unexpected body".to_owned()]
        };
    };
    let mut differences = Vec::new();
    if seen.header("content-type") != Some(media) {
        differences.push(format!("content type {:?}", seen.header("content-type")));
    }
    match &plan.body {
        Some(node) if media == "application/json" => {
            let found = compare(node, &plan.given.body, &seen.json(), Direction::Request);
            differences.extend(found.into_iter().map(|found| format!("body{found}")));
        }
        _ => {
            if plan.given.body.as_str().map(str::as_bytes) != Some(&seen.body) {
                differences.push("the text of the body changed".to_owned());
            }
        }
    }
    differences
}

#[tokio::test]
async fn no_value_of_a_path_parameter_reaches_another_endpoint() {
    const HOSTILE: [&str; 36] = [
        "..",
        ".",
        "",
        "/",
        "\\",
        "%",
        "%2e%2e",
        "?",
        "#",
        " ",
        "a b",
        "a/b",
        "../..",
        "a/../b",
        "%2F",
        "x?y=z",
        "x#y",
        "..;",
        "%252e%252e",
        "a\\..\\b",
        "..;a=b",
        ";a=b",
        ".. ",
        "...",
        ". ./x",
        "a//b",
        "a/",
        "%2e%2e;a=b",
        "%25252525252e%25252525252e",
        "%u002e%u002e",
        "%c0%ae%c0%ae",
        "\u{ff0e}\u{ff0e}",
        "\u{2025}",
        "\u{ff05}2e\u{ff05}2e",
        ".\u{200b}.",
        "..\u{0}",
    ];
    let setting = setting().await;
    let (mut problems, mut tried) = (Vec::new(), 0);
    for entry in OPERATIONS {
        let operation = &setting.operations[entry.id];
        respond_well(&setting, operation);
        let plan = plans(&setting.contract, operation).swap_remove(0);
        for parameter in operation.path_parameters() {
            let schema = &parameter.schema;
            let is_free = schema["type"] == "string"
                && schema.get("format").is_none()
                && schema.get("enum").is_none();
            for value in HOSTILE.iter().filter(|_| is_free) {
                tried += 1;
                let mut plan = plan.clone();
                plan.given
                    .values
                    .insert(format!("path {}", parameter.name), Value::from(*value));
                let call = match (entry.call)(&setting.exchange.client, &plan.given) {
                    Ok(call) => call,
                    Err(problem) => {
                        problems.push(format!("{}: {problem}", entry.id));
                        continue;
                    }
                };
                let outcome = call.await;
                let seen = setting.exchange.take();
                let fine = match (&outcome, seen.as_slice()) {
                    (Err(error), []) => error.is_invalid_request(),
                    (_, [seen]) => {
                        stays(&operation.path, &parameter.name, &seen.path, value)
                            && seen.query.len() == plan.query.len()
                    }
                    _ => false,
                };
                if !fine {
                    problems.push(format!("{} with {value:?}: {outcome:?} {seen:?}", entry.id));
                }
            }
        }
    }
    report(problems);
    assert!(tried > 400, "{tried}");
}

/// Whether a path matches the template, with this value for the parameter.
fn stays(template: &str, parameter: &str, path: &str, value: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(path).all(|(wanted, found)| {
            if *wanted == format!("{{{parameter}}}") {
                let decoded = percent_decode_str(found).decode_utf8_lossy();
                decoded == value && !["", ".", ".."].contains(&&*decoded)
            } else {
                wanted.starts_with('{') || *wanted == found
            }
        })
}

#[tokio::test]
async fn every_declared_success_decodes() {
    let setting = setting().await;
    let mut problems = Vec::new();
    for entry in OPERATIONS {
        let operation = &setting.operations[entry.id];
        let plan = plans(&setting.contract, operation).swap_remove(0);
        for (status, body) in &operation.successes {
            let instances = match body {
                Some((media, schema)) if media.contains("json") => {
                    let instances = Builder::instances(&setting.contract, schema);
                    instances
                        .into_iter()
                        .map(|node| (Some(media), node.render(Variation::Full), Some(node)))
                        .collect()
                }
                Some((media, _)) => {
                    vec![(Some(media), Value::from("a: text\nof: two lines\n"), None)]
                }
                None => vec![(None, Value::Null, None)],
            };
            for (media, sent, node) in instances {
                let text = match (&sent, &node) {
                    (Value::Null, None) => String::new(),
                    (Value::String(text), None) => text.clone(),
                    _ => sent.to_string(),
                };
                setting
                    .exchange
                    .respond_with(*status, media.map(String::as_str), text);
                let outcome = match (entry.call)(&setting.exchange.client, &plan.given) {
                    Ok(call) => call.await.map_err(|error| error.to_string()),
                    Err(problem) => Err(problem),
                };
                match (outcome, node) {
                    (Err(problem), _) => problems.push(format!("{} {status}: {problem}", entry.id)),
                    (Ok(response), _) if response.status != *status => {
                        problems.push(format!(
                            "{}: {} and not {status}",
                            entry.id, response.status
                        ));
                    }
                    (Ok(response), Some(node)) => {
                        let differences =
                            compare(&node, &sent, &response.body, Direction::Response);
                        problems.extend(
                            differences
                                .into_iter()
                                .map(|d| format!("{} {status}{d}", entry.id)),
                        );
                    }
                    (Ok(response), None) if response.body != sent => {
                        problems.push(format!(
                            "{} {status}: {} and not {sent}",
                            entry.id, response.body
                        ));
                    }
                    (Ok(_), None) => {}
                }
            }
        }
    }
    report(problems);
}
