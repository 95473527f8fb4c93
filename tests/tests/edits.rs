//! Read, change, write: the request that is made of a response says everything that the response said
//! and the request can carry. Which fields both have is read from the contract.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where what it takes for granted does not hold"
)]

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::calls::{EDITS, Edit, Model, OPERATIONS};
use integration_tests::document::{self, Operation};
use integration_tests::samples::{Builder, Node, Variation};
use qovery_api::types;
use serde_json::{Value, json};

/// Operations that replace something and whose request cannot be made of what the server has.
const WITHOUT: [(&str, &str); 12] = [
    ("AttachServiceToDeploymentStage", "the answer lists stages"),
    ("editAWSCredentials", "the secret is not in the answer"),
    (
        "editAzureCredentials",
        "the answer has an application, not a client",
    ),
    ("editClusterDnsProvider", "the secret is not in the answer"),
    ("editDOCredentials", "the secret is not in the answer"),
    ("editGcpCredentials", "the secret is not in the answer"),
    ("editGitToken", "the token is not in the answer"),
    ("editOrganizationMemberRole", "the answer lists members"),
    ("editScalewayCredentials", "the secret is not in the answer"),
    ("updateDeploymentRulesPriorityOrder", "there is no answer"),
    (
        "updateKarpenterPrivateFargateSubnetIds",
        "there is no answer",
    ),
    ("editClusterKubeconfig", "it is a text"),
];

fn schema(operation: &Operation, is_body: bool) -> Option<Value> {
    let body = if is_body {
        operation.body.clone()
    } else {
        let mut successes = operation.successes.iter();
        successes.find_map(|(_, body)| body.clone())
    };
    body.filter(|(media, _)| media.contains("json"))
        .map(|(_, schema)| schema)
}

/// The schema of a type, by any operation that takes or gives it.
fn schema_of(operations: &[Operation], name: &str, is_body: bool) -> Value {
    let entry = OPERATIONS.iter().find(|entry| {
        let model: Option<Model> = if is_body { entry.body } else { entry.output };
        model.is_some_and(|model| (model.name)() == name)
    });
    let id = entry.expect("an operation that has the type").id;
    let operation = operations.iter().find(|operation| operation.id == id);
    schema(operation.unwrap(), is_body).unwrap()
}

/// The paths of everything that a value of the schema may have; lists are `[]`, maps are open.
fn paths(contract: &Value, schema: &Value) -> BTreeSet<String> {
    fn walk(node: &Node, path: &str, paths: &mut BTreeSet<String>) {
        match node {
            Node::Object(object) => {
                for field in &object.fields {
                    let path = format!("{path}.{}", field.name);
                    walk(&field.node, &path, paths);
                    paths.insert(path);
                }
                for (_, node) in &object.extra {
                    let path = format!("{path}.*");
                    walk(node, &path, paths);
                    paths.insert(path);
                }
            }
            Node::List(items) => {
                let path = format!("{path}[]");
                items.iter().for_each(|item| walk(item, &path, paths));
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    for node in Builder::instances(contract, schema) {
        walk(&node, "", &mut found);
    }
    found
}

/// What a request lacks that the response said and the request can carry.
fn lost(response: &Value, request: &Value, path: &str, known: &BTreeSet<String>) -> Vec<String> {
    match (response, request) {
        (Value::Object(before), Value::Object(after)) => {
            let mut found = Vec::new();
            for (name, value) in before {
                let path = format!("{path}.{name}");
                let any = format!("{}.*", path.rsplit_once('.').unwrap().0);
                if !known.contains(&path) && !known.contains(&any) || value.is_null() {
                    continue;
                }
                let path = if known.contains(&path) { path } else { any };
                match after.get(name) {
                    Some(after) => found.extend(lost(value, after, &path, known)),
                    None => found.push(format!("{path}: {value} is not sent")),
                }
            }
            found
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .flat_map(|(before, after)| lost(before, after, &format!("{path}[]"), known))
            .collect(),
        (Value::Number(before), Value::Number(after)) if before.as_f64() == after.as_f64() => {
            Vec::new()
        }
        _ if response == request => Vec::new(),
        _ => vec![format!("{path}: {response} becomes {request}")],
    }
}

fn problems(edit: &Edit, contract: &Value, operations: &[Operation]) -> (usize, Vec<String>) {
    let known = paths(contract, &schema_of(operations, (edit.target)(), true));
    let response = schema_of(operations, (edit.source)(), false);
    let (mut converted, mut found) = (0, Vec::new());
    for node in Builder::all_values(contract, &response) {
        for variation in [
            Variation::Full,
            Variation::RequiredOnly,
            Variation::NullableNull,
            Variation::UnknownEnum,
        ] {
            let before = node.render(variation);
            let place = format!("{} to {} {variation:?}", edit.from, edit.to);
            match (edit.convert)(before.to_string().as_bytes()) {
                Ok(after) => {
                    converted += 1;
                    let lost = lost(&before, &after, "", &known);
                    found.extend(lost.into_iter().map(|what| format!("{place}: {what}")));
                }
                Err(error) if error.starts_with("the response lacks `") => {}
                Err(error) => found.push(format!("{place}: {error}")),
            }
        }
    }
    if converted == 0 {
        found.push(format!("{} to {}: never", edit.from, edit.to));
    }
    (converted, found)
}

#[test]
fn a_request_made_of_a_response_loses_nothing_that_it_can_carry() {
    let contract = document::contract();
    let operations = document::operations(&contract);
    let mut found = Vec::new();
    let mut count = 0;
    for edit in EDITS {
        let (converted, problems) = problems(edit, &contract, &operations);
        count += converted;
        found.extend(problems);
    }
    let shown: Vec<&String> = found.iter().take(40).collect();
    assert!(found.is_empty(), "{} problems: {shown:#?}", found.len());
    assert!(count > 500, "{count}");
}

#[test]
fn whatever_can_be_replaced_can_be_read_changed_and_written() {
    let contract = document::contract();
    let operations = document::operations(&contract);
    let mut without = BTreeSet::new();
    let reads: BTreeMap<&str, &Operation> = operations
        .iter()
        .filter(|operation| operation.method == "GET")
        .map(|operation| (operation.path.as_str(), operation))
        .collect();
    let output = |id: &str| {
        let entry = OPERATIONS.iter().find(|entry| entry.id == id).unwrap();
        entry.output.map(|model| (model.name)())
    };
    for operation in operations.iter().filter(|o| o.method == "PUT") {
        let entry = OPERATIONS.iter().find(|entry| entry.id == operation.id);
        let Some(body) = entry.unwrap().body.map(|model| (model.name)()) else {
            if operation.body.is_some() {
                without.insert(operation.id.as_str());
            }
            continue;
        };
        let read = reads
            .get(operation.path.as_str())
            .map(|read| read.id.as_str());
        let answers = [Some(operation.id.as_str()), read];
        let mut answers = answers.into_iter().flatten().filter_map(output);
        let converts = answers.any(|answer| {
            answer == body
                || EDITS
                    .iter()
                    .any(|edit| (edit.source)() == answer && (edit.target)() == body)
        });
        if !converts {
            without.insert(operation.id.as_str());
        }
    }
    let known: BTreeSet<&str> = WITHOUT.iter().map(|(id, _)| *id).collect();
    assert_eq!(without, known);
}

#[test]
fn a_git_token_survives_an_edit() {
    let repository = json!({
        "provider": "GITHUB", "owner": "o", "url": "https://example.test/r.git", "name": "r",
        "git_token_id": "token-1"
    });
    let read: types::ApplicationGitRepository =
        qovery_api::decode(repository.to_string().as_bytes()).unwrap();
    let application = types::ApplicationGitRepositoryRequest::from(&read);
    let helm = types::HelmGitRepositoryRequest::from(&read);
    for request in [
        serde_json::to_value(application).unwrap(),
        serde_json::to_value(helm).unwrap(),
    ] {
        assert_eq!(request["git_token_id"], "token-1");
    }
}

#[test]
fn the_value_of_a_cluster_feature_survives_an_edit() {
    let settings = json!({"spot_enabled": true, "disk_size_in_gib": 50,
        "default_service_architecture": "ARM64", "qovery_node_pools": {"requirements": []}});
    for (object, value) in [
        (
            json!({"type": "STRING", "value": "10.0.0.0/16"}),
            json!("10.0.0.0/16"),
        ),
        (json!({"type": "BOOLEAN", "value": true}), json!(true)),
        (
            json!({"type": "KARPENTER", "value": settings}),
            settings.clone(),
        ),
        (json!({"type": "NAT_GATEWAY", "value": null}), json!({})),
        (json!({"type": "NEXT_YEARS", "value": [1]}), json!([1])),
    ] {
        let feature = json!({"id": "00000000-0000-4000-8000-000000000001", "value_object": object});
        let read: types::ClusterFeatureResponse =
            qovery_api::decode(feature.to_string().as_bytes()).unwrap();
        let request = types::ClusterRequestFeature::from(read);
        let request = serde_json::to_value(request).unwrap();
        assert_eq!(request["value"], value, "{object}");
    }
}

#[test]
fn what_the_response_lacks_and_the_request_must_say_is_an_error_that_names_it() {
    let domain = json!({"id": "00000000-0000-4000-8000-000000000001",
        "created_at": "2026-05-04T10:20:30Z", "domain": "example.test"});
    let read: types::CustomDomain = qovery_api::decode(domain.to_string().as_bytes()).unwrap();
    assert_eq!(read.generate_certificate, None);
    let error = types::CustomDomainRequest::try_from(&read).unwrap_err();
    assert_eq!(error.absent_field(), Some("generate_certificate"));
    let request = types::CustomDomainRequest::new("example.test", true);
    assert_eq!(request.generate_certificate, Some(true));
}
