//! A request that is made from a response has each value of the response that the request can carry. The contract
//! defines which fields both have.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::calls::{Edit, Model};
use integration_tests::document::{self, Operation};
use integration_tests::edits::{exact, lost, paths, with_unknown_fields};
use integration_tests::samples::{Builder, Variation};
use integration_tests::{EDITS, OPERATIONS};
use qovery_api::{ModelExt, types};
use serde_json::{Value, json};

/// Operations that replace an object and whose request cannot be made from the response.
const WITHOUT: [(&str, &str); 12] = [
    (
        "AttachServiceToDeploymentStage",
        "the response lists stages",
    ),
    ("editAWSCredentials", "the secret is not in the response"),
    (
        "editAzureCredentials",
        "the response has an application, not a client",
    ),
    (
        "editClusterDnsProvider",
        "the secret is not in the response",
    ),
    ("editDOCredentials", "the secret is not in the response"),
    ("editGcpCredentials", "the secret is not in the response"),
    ("editGitToken", "the token is not in the response"),
    ("editOrganizationMemberRole", "the response lists members"),
    (
        "editScalewayCredentials",
        "the secret is not in the response",
    ),
    ("updateDeploymentRulesPriorityOrder", "there is no response"),
    (
        "updateKarpenterPrivateFargateSubnetIds",
        "there is no response",
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

/// The schema of a type, from any operation that sends or returns it.
fn schema_of(operations: &[Operation], name: &str, is_body: bool) -> Value {
    let entry = OPERATIONS.iter().find(|entry| {
        let model: Option<Model> = if is_body { entry.body } else { entry.output };
        model.is_some_and(|model| (model.name)() == name)
    });
    let id = entry.expect("an operation that has the type").id;
    let operation = operations.iter().find(|operation| operation.id == id);
    schema(operation.unwrap(), is_body).unwrap()
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
                    let after: Value = serde_json::from_str(&after).unwrap();
                    let lost = lost(&before, &after, "", &known);
                    found.extend(lost.into_iter().map(|what| format!("{place}: {what}")));
                }
                Err(error) if error.starts_with("the response has no `") => {}
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

/// Levels of a response whose unknown fields are lost in the request, because the request takes another
/// value there: an id, or a part of the object.
const WITHOUT_PLACE: [(&str, &str); 0] = [];

#[test]
fn a_request_made_of_a_response_carries_what_this_version_does_not_know() {
    let contract = document::contract();
    let operations = document::operations(&contract);
    let (mut without_place, mut problems) = (BTreeSet::new(), Vec::new());
    let mut carried = 0;
    for edit in EDITS {
        let known = paths(&contract, &schema_of(&operations, (edit.target)(), true));
        let response = schema_of(&operations, (edit.source)(), false);
        let mut levels: BTreeMap<String, bool> = BTreeMap::new();
        for node in Builder::instances(&contract, &response) {
            for variation in [
                Variation::Full,
                Variation::UnknownEnum,
                Variation::UnknownTag(0),
            ] {
                let (text, added) = with_unknown_fields(&node, variation);
                let after = match (edit.convert)(text.as_bytes()) {
                    Ok(after) => after,
                    Err(error)
                        if error.starts_with("the response has no `")
                            || error.contains("does not know") =>
                    {
                        continue;
                    }
                    Err(error) => {
                        problems.push(format!("{} to {}: {error}", edit.from, edit.to));
                        continue;
                    }
                };
                for (number, path) in added.iter().enumerate() {
                    let is_there = after.matches(&exact(number)).count();
                    carried += is_there;
                    if is_there > 1 {
                        problems.push(format!("{} to {}: {path} twice", edit.from, edit.to));
                    }
                    let level = levels.entry(path.clone()).or_default();
                    *level |= is_there == 1;
                    if variation == Variation::Full && is_there == 0 && known.contains(path) {
                        without_place.insert(format!("{} to {}: {path}", edit.from, edit.to));
                    }
                }
            }
        }
        if levels.get("") != Some(&true) {
            problems.push(format!("{} to {}: nothing is carried", edit.from, edit.to));
        }
    }
    let known: BTreeSet<String> = WITHOUT_PLACE
        .iter()
        .map(|(level, _)| (*level).to_owned())
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(without_place, known);
    assert!(carried > 300, "{carried}");
}

#[test]
fn a_request_drops_unknown_fields_on_demand_and_one_built_by_hand_has_none() {
    let body = json!({
        "id": "00000000-0000-4000-8000-000000000001", "created_at": "2026-05-04T10:20:30Z",
        "name": "n", "mode": "STAGING", "next_years_field": {"a": 1},
        "project": {"id": "00000000-0000-4000-8000-000000000002"},
        "cluster_id": "00000000-0000-4000-8000-000000000003",
        "cloud_provider": {"provider": "AWS", "cluster": "c"},
    });
    let read: types::Environment = qovery_api::decode(body.to_string().as_bytes()).unwrap();
    let request = types::EnvironmentEditRequest::from(&read);
    let names: Vec<_> = request.extra().names().collect();
    assert_eq!(names, ["next_years_field"]);
    let sent = serde_json::to_value(&request).unwrap();
    assert_eq!(sent["next_years_field"], json!({"a": 1}));
    let sent = serde_json::to_value(request.without_extra()).unwrap();
    assert!(sent.get("next_years_field").is_none());
    let built = types::EnvironmentEditRequest::new().name("n");
    assert!(built.extra().is_empty());
}

#[test]
fn a_request_that_is_a_union_loses_the_unknown_fields_of_its_member_on_demand() {
    let body = json!({
        "type": "SLACK", "name": "n", "description": "d", "send_resolved": true,
        "next_years_field": 1,
    });
    let request: types::AlertReceiverEditRequest =
        qovery_api::decode(body.to_string().as_bytes()).unwrap();
    let types::AlertReceiverEditRequest::Slack(member) = &request else {
        panic!("{request:?}");
    };
    assert_eq!(
        member.extra().names().collect::<Vec<_>>(),
        ["next_years_field"]
    );
    let sent = serde_json::to_value(request.without_extra()).unwrap();
    assert_eq!(sent.get("next_years_field"), None);
    assert_eq!(sent["name"], "n");
}

#[test]
fn every_object_that_can_be_replaced_can_be_read_changed_and_written() {
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
        let responses = [Some(operation.id.as_str()), read];
        let mut responses = responses.into_iter().flatten().filter_map(output);
        let converts = responses.any(|response| {
            response == body
                || EDITS
                    .iter()
                    .any(|edit| (edit.source)() == response && (edit.target)() == body)
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
fn a_required_value_that_the_response_lacks_is_an_error_that_names_it() {
    let domain = json!({"id": "00000000-0000-4000-8000-000000000001",
        "created_at": "2026-05-04T10:20:30Z", "domain": "example.test"});
    let read: types::CustomDomain = qovery_api::decode(domain.to_string().as_bytes()).unwrap();
    assert_eq!(read.generate_certificate, None);
    let error = types::CustomDomainRequest::try_from(&read).unwrap_err();
    assert_eq!(error.absent_field(), Some("generate_certificate"));
    let request = types::CustomDomainRequest::new("example.test", true);
    assert_eq!(request.generate_certificate, Some(true));
}
