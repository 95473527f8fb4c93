//! Responses that public clients of the API have observed and that differ from the published contract. Each of them has
//! to decode without invented values.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::sync::OnceLock;

use integration_tests::OPERATIONS;
use integration_tests::document;
use integration_tests::samples::{Builder, Variation};
use qovery_api::types;
use serde_json::{Value, json};

/// A complete response of an operation.
fn response(operation: &str) -> Value {
    static CONTRACT: OnceLock<(Value, Vec<document::Operation>)> = OnceLock::new();
    let (contract, operations) = CONTRACT.get_or_init(|| {
        let contract = document::contract();
        let operations = document::operations(&contract);
        (contract, operations)
    });
    let operation = operations.iter().find(|known| known.id == operation);
    let successes = &operation.expect("an operation").successes;
    let body = successes.iter().find_map(|(_, body)| body.clone());
    let (_, schema) = body.expect("a body");
    let instances = Builder::instances(contract, &schema);
    instances.first().unwrap().render(Variation::Full)
}

/// A complete response with another value at a path; `None` removes the value.
fn changed(operation: &str, path: &str, value: Option<Value>) -> Value {
    let mut body = response(operation);
    let (place, name) = path.rsplit_once('/').unwrap();
    let place = body.pointer_mut(place).and_then(Value::as_object_mut);
    let place = place.expect("the object that holds the field");
    assert!(place.contains_key(name), "{operation} has no {path}");
    match value {
        Some(value) => place.insert(name.to_owned(), value),
        None => place.remove(name),
    };
    body
}

fn read(operation: &str, body: &Value) -> Value {
    let entry = OPERATIONS.iter().find(|entry| entry.id == operation);
    let model = entry.unwrap().output.unwrap();
    let reading = (model.read)(body.to_string().as_bytes());
    assert!(reading.is_ok(), "{operation}: {reading:?}");
    reading.unwrap().json
}

#[test]
fn responses_that_public_clients_observed_decode() {
    let cases = [
        ("listVariables", "/results/0/value", Some(Value::Null)),
        ("getDatabase", "/disk_type", Some(Value::Null)),
        ("getEnvironmentStatus", "/origin", Some(Value::Null)),
        ("getEnvironmentStatus", "/triggered_by", Some(Value::Null)),
        ("getEnvironmentStatus", "/last_deployment_state", None),
        ("getApplicationStatus", "/steps", None),
        ("getApplicationStatus", "/is_part_last_deployment", None),
        ("getApplicationStatus", "/deployment_request_id", None),
        ("getApplicationStatus", "/state", Some(json!("RECAP"))),
        (
            "getApplicationStatus",
            "/state",
            Some(json!("WAITING_FOR_GODOT")),
        ),
        (
            "getClusterStatus",
            "/status",
            Some(json!("INVALID_CREDENTIALS")),
        ),
        ("getOrganization", "/plan", Some(json!("USER_2027"))),
        (
            "listOrganizationCluster",
            "/results/0/instance_type",
            Some(json!("KARPENTER")),
        ),
        (
            "listOrganizationCluster",
            "/results/0/max_running_nodes",
            Some(json!(i32::MAX)),
        ),
        (
            "listOrganizationCluster",
            "/results/0/infrastructure_outputs",
            None,
        ),
        (
            "listOrganizationCluster",
            "/results/0/description",
            Some(Value::Null),
        ),
        (
            "listOrganizationCluster",
            "/results/0/description",
            Some(json!("")),
        ),
        (
            "listOrganizationCluster",
            "/results/0/labels_groups",
            Some(Value::Null),
        ),
        ("getApplication", "/description", Some(Value::Null)),
        ("getApplication", "/healthchecks", None),
        ("getApplication", "/healthchecks", Some(Value::Null)),
        ("getContainer", "/gpu", None),
        (
            "listEnvironmentDeploymentHistoryV2",
            "/results/0/trigger_action",
            Some(json!("DEPLOY_DRY_RUN")),
        ),
        (
            "listEnvironmentDeploymentHistoryV2",
            "/page",
            Some(json!(1.0)),
        ),
    ];
    for (operation, path, value) in cases {
        let body = changed(operation, path, value.clone());
        let encoded = read(operation, &body);
        let got = encoded.pointer(path).cloned().unwrap_or_default();
        let meant = value.unwrap_or_default();
        let nothing = |value: &Value| value.is_null() || *value == json!([]) || *value == json!({});
        let same = got == meant || got.as_f64().is_some() && got.as_f64() == meant.as_f64();
        let zero = path == "/gpu" && got == 0;
        assert!(
            same || nothing(&got) && nothing(&meant) || zero,
            "{operation} {path}: {got}"
        );
    }
}

#[test]
fn no_value_is_invented_if_a_status_lacks_it() {
    let mut body = response("getApplicationStatus");
    for name in [
        "is_part_last_deployment",
        "status_details",
        "deployment_requests_count",
    ] {
        body.as_object_mut().unwrap().remove(name);
    }
    let status: types::Status = qovery_api::decode(body.to_string().as_bytes()).unwrap();
    assert_eq!(status.is_part_last_deployment, None);
    assert_eq!(status.status_details, None);
    assert_eq!(status.deployment_requests_count, None);
    assert_eq!(
        serde_json::to_value(status).unwrap().get("status_details"),
        None
    );
}

#[test]
fn a_number_of_gpus_that_is_absent_is_the_default_of_the_contract() {
    let body = changed("getContainer", "/gpu", None);
    let container: types::ContainerResponse =
        qovery_api::decode(body.to_string().as_bytes()).unwrap();
    assert_eq!(container.gpu, 0);
}

#[test]
fn a_deployment_of_a_chart_is_distinguished_from_one_of_an_application() {
    let commit = response("listApplicationCommit")
        .pointer("/results/0")
        .cloned()
        .unwrap();
    let decode = |value: &Value| -> types::DeploymentHistoryServiceDetails {
        qovery_api::decode(value.to_string().as_bytes()).unwrap()
    };
    use types::DeploymentHistoryServiceDetails as Details;
    let application = json!({"commit": commit, "build_pod_name": "p"});
    assert!(matches!(decode(&application), Details::Application(_)));
    assert!(matches!(
        decode(&json!({"commit": commit})),
        Details::Helm(_)
    ));
    let job = json!({"image_name": "i", "tag": "t", "job_type": "CRON", "build_pod_name": null});
    assert!(matches!(decode(&job), Details::Job(_)));
    let container = json!({"image_name": "i", "tag": "t", "arguments": []});
    assert!(matches!(decode(&container), Details::Container(_)));
    let next = json!({"next_years": {"a": 1}});
    assert_eq!(decode(&next), Details::Unknown(next.clone().into()));
    let broken = qovery_api::decode_strictly::<Details>(br#"{"arguments": ["a"], "tag": "t"}"#);
    assert_eq!(
        broken.unwrap_err().to_string(),
        "the field `image_name` is missing (DeploymentHistoryServiceDetails::Container)"
    );
}
