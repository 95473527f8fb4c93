//! The typed mocks: each matches the request of the client's method and nothing else, and the client reads its
//! response. The last tests are written like those of a user.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::collections::BTreeMap;

use httpmock::MockServer;
use integration_tests::calls::{Entry, Given, Response};
use integration_tests::document::{self, Operation};
use integration_tests::expected::plans;
use integration_tests::mocks::MockEntry;
use integration_tests::samples::{Builder, Variation};
use integration_tests::{MOCKS, OPERATIONS};
use qovery_api::mock::{MockServerExt as _, model};
use qovery_api::{AccessToken, Client, types, uuid::Uuid};
use serde_json::{Value, json};

fn client(server: &MockServer) -> Client {
    Client::builder()
        .base_url(server.base_url())
        .token(AccessToken::new("qov_test-token").expect("a token"))
        .build()
        .expect("a client")
}

/// A body that the contract allows for the first success of an operation.
fn response(contract: &Value, operation: &Operation) -> Value {
    match operation.successes.first() {
        Some((_, Some((media, schema)))) if media.contains("json") => {
            let instances = Builder::instances(contract, schema);
            let first = instances.first().expect("an instance");
            first.render(Variation::Full)
        }
        Some((_, Some(_))) => Value::from("first: line\n"),
        _ => Value::Null,
    }
}

/// Another value of the same type.
fn another(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => Value::from(!flag),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Value::from(number + 1),
            None => Value::from(number.as_f64().unwrap_or_default() + 1.0),
        },
        Value::String(text) => match text.rfind(|character: char| character.is_ascii_digit()) {
            Some(place) => {
                let digit = if text[place..].starts_with('1') {
                    "2"
                } else {
                    "1"
                };
                Value::from(format!("{}{digit}{}", &text[..place], &text[place + 1..]))
            }
            None => Value::from(format!("{text}-1")),
        },
        Value::Array(items) => items
            .iter()
            .map(another)
            .chain(items.first().cloned())
            .collect(),
        other => other.clone(),
    }
}

/// The same values with one of them changed, for each parameter.
fn changed(given: &Given) -> Vec<(String, Given)> {
    let names = given.values.keys().cloned();
    let changed = names.map(|name| {
        let mut other = given.clone();
        if let Some(value) = other.values.get_mut(&name) {
            *value = another(value);
        }
        (name, other)
    });
    changed.collect()
}

async fn call(client: &Client, entry: &Entry, given: &Given) -> Result<Response, String> {
    let call = (entry.call)(client, given)?;
    call.await.map_err(|error| error.to_string())
}

/// The faults of the mock of one operation.
async fn problems(server: &MockServer, contract: &Value, operation: &Operation) -> Vec<String> {
    let entry = OPERATIONS.iter().find(|entry| entry.id == operation.id);
    let mocked = MOCKS.iter().find(|entry| entry.id == operation.id);
    let (Some(entry), Some(MockEntry { mock, .. })) = (entry, mocked) else {
        return vec!["has no method or no mock".to_owned()];
    };
    let client = client(server);
    let response = response(contract, operation);
    let mut problems = Vec::new();
    for plan in plans(contract, operation) {
        let mock = match mock(server, &plan.given, &response) {
            Ok(mock) => mock,
            Err(problem) => return vec![problem],
        };
        match call(&client, entry, &plan.given).await {
            Err(problem) => problems.push(format!("is not matched or not read: {problem}")),
            Ok(read) if read.body.is_null() != response.is_null() => {
                problems.push(format!("reads {} instead of {response}", read.body));
            }
            Ok(_) => {}
        }
        let times = mock.calls_async().await;
        if times != 1 {
            problems.push(format!("was asked {times} times"));
        }
        for (name, other) in changed(&plan.given) {
            // Header parameters and values that a type refuses are left out.
            if call(&client, entry, &other).await.is_ok() {
                problems.push(format!("does not look at {name}"));
            }
        }
        if mock.calls_async().await != times {
            problems.push("matches other requests".to_owned());
        }
        mock.delete_async().await;
    }
    problems
}

#[tokio::test]
async fn every_mock_matches_only_the_call_of_its_operation_and_its_response_decodes() {
    let contract = document::contract();
    let operations = document::operations(&contract);
    assert_eq!(MOCKS.len(), operations.len());
    let server = MockServer::start_async().await;
    let mut found = BTreeMap::new();
    for operation in &operations {
        let problems = problems(&server, &contract, operation).await;
        if !problems.is_empty() {
            found.insert(&operation.id, problems);
        }
    }
    assert!(found.is_empty(), "{} operations: {found:#?}", found.len());
}

#[tokio::test]
async fn a_test_of_a_user_reads_the_mocked_response() {
    let server = MockServer::start_async().await;
    let project = Uuid::from_u128(7);
    let mock = server.list_environment(|when, then| {
        when.project_id(project);
        then.ok(&types::EnvironmentResponseList::default());
    });
    let read = client(&server).list_environment(project).await;
    assert_eq!(read.expect("mocked").results, []);
    mock.assert_async().await;
}

#[tokio::test]
async fn a_request_that_was_not_mocked_is_an_error() {
    let server = MockServer::start_async().await;
    let mock = server.list_environment(|when, then| {
        when.project_id(Uuid::from_u128(7));
        then.ok(&types::EnvironmentResponseList::default());
    });
    let error = client(&server)
        .list_environment(Uuid::from_u128(8))
        .await
        .expect_err("another project");
    assert!(error.is_not_found(), "{error}");
    assert_eq!(mock.calls_async().await, 0);
}

#[tokio::test]
async fn an_optional_parameter_is_matched_by_its_value_or_by_its_absence() {
    let server = MockServer::start_async().await;
    let environment = Uuid::from_u128(7);
    let history: types::DeploymentHistoryEnvironmentPage =
        model(json!({"page": 1, "page_size": 20, "results": []}));
    let last = Uuid::from_u128(20);
    let first = server.list_environment_deployment_history(|when, then| {
        when.environment_id(environment).start_id(None);
        then.ok(&history);
    });
    let second = server.list_environment_deployment_history(|when, then| {
        when.environment_id(environment).start_id(last);
        then.ok(&history);
    });
    let client = client(&server);
    let call = client.list_environment_deployment_history(environment);
    call.await.expect("the first page");
    let call = client.list_environment_deployment_history(environment);
    call.start_id(last).await.expect("the second page");
    assert_eq!(first.calls_async().await, 1);
    assert_eq!(second.calls_async().await, 1);
}

#[tokio::test]
async fn a_mocked_error_is_decoded_as_an_error_of_the_api() {
    let server = MockServer::start_async().await;
    server.get_environment_status(|_, then| {
        then.error(409, "a deployment is running");
    });
    let error = client(&server)
        .get_environment_status(Uuid::from_u128(7))
        .await
        .expect_err("mocked so");
    assert!(error.is_conflict(), "{error}");
    assert!(
        error.to_string().contains("a deployment is running"),
        "{error}"
    );
}

#[tokio::test]
async fn a_mock_can_answer_with_a_response_outside_of_the_contract() {
    let server = MockServer::start_async().await;
    let mock = server.get_environment_status(|when, then| {
        when.into_inner()
            .header("authorization", "Token qov_test-token");
        then.into_inner()
            .status(502)
            .body("<html>Bad gateway</html>");
    });
    let error = client(&server)
        .get_environment_status(Uuid::from_u128(7))
        .await
        .expect_err("mocked so");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(502));
    mock.assert_async().await;
}
