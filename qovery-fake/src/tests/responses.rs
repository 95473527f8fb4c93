//! Every operation of the contract returns a response that matches its declared schema.

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Setup;
use crate::{
    Workload,
    contract::{Amount, Contract, Direction, Operation, Place},
};

/// A fake with one resource of each kind that a path can name.
fn with_one_of_everything() -> (Setup, Vec<(String, String)>) {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let mut ids = vec![
        (
            "organizationId".to_owned(),
            environment.organization_id().to_string(),
        ),
        ("projectId".to_owned(), environment.project_id().to_string()),
        ("environmentId".to_owned(), environment.id().to_string()),
        ("clusterId".to_owned(), environment.cluster_id().to_string()),
    ];
    for kind in Workload::ALL {
        let service = environment.service(kind, "service").in_stage("one");
        ids.push((format!("{}Id", kind.segment()), service.id().to_string()));
        ids.push(("serviceId".to_owned(), service.id().to_string()));
    }
    let stages = setup.get(&format!(
        "/environment/{}/deploymentStage",
        environment.id()
    ));
    let stage = stages
        .pointer("/results/0/id")
        .and_then(Value::as_str)
        .unwrap();
    ids.push(("deploymentStageId".to_owned(), stage.to_owned()));
    environment
        .service(Workload::Database, "other")
        .in_stage("two");
    let stages = setup.get(&format!(
        "/environment/{}/deploymentStage",
        environment.id()
    ));
    let stage = stages
        .pointer("/results/1/id")
        .and_then(Value::as_str)
        .unwrap();
    ids.push(("stageId".to_owned(), stage.to_owned()));
    (setup, ids)
}

/// Fills the parameters of a template and puts the resources that do not exist yet.
fn path_of(setup: &Setup, operation: &Operation, ids: &[(String, String)]) -> String {
    let contract = Contract::shared();
    let mut path = String::new();
    let mut number = 0;
    for segment in operation.template.split('/').skip(1) {
        path.push('/');
        let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
            path.push_str(segment);
            continue;
        };
        if let Some((_, id)) = ids.iter().rev().find(|(n, _)| n == name) {
            path.push_str(id);
            continue;
        }
        if name == "deploymentRequestId" {
            let environment = ids.iter().find(|(n, _)| n == "environmentId").unwrap();
            let response = setup.post(&format!("/environment/{}/deploy", environment.1));
            let request = response
                .get("deployment_request_id")
                .and_then(Value::as_str);
            path.push_str(request.unwrap());
            continue;
        }
        number += 1;
        let declared = operation.parameters.iter().find(|p| p.name == name);
        let schema = declared.map(|p| p.schema.clone()).unwrap_or_default();
        let value = contract.build(&schema, &Value::Null, Amount::Minimal);
        let value = match value.as_str() {
            _ if name.ends_with("Id") => Uuid::from_u128(0x77 + number).to_string(),
            Some(text) => text.to_owned(),
            None => "1".to_owned(),
        };
        let target = name.strip_prefix("target").map(|rest| {
            let (first, rest) = rest.split_at(1);
            format!("{}{rest}", first.to_lowercase())
        });
        if let Some((_, id)) = target.and_then(|t| ids.iter().find(|(n, _)| *n == t)) {
            path.push_str(id);
            continue;
        }
        path.push_str(&value);
        if contract.names_an_item(name) && !setup.fake.put(&path, json!({"name": "put"})) {
            // The resource itself has another path.
            let name = name.strip_suffix("Id").unwrap();
            let known = setup
                .fake
                .put(&format!("/{name}/{value}"), json!({"name": "put"}));
            assert!(known, "no path for a {name}");
        } else if let Some(target) = name.strip_prefix("target") {
            let (first, rest) = target.split_at(1);
            let name = format!(
                "{}{}",
                first.to_lowercase(),
                rest.strip_suffix("Id").unwrap()
            );
            assert!(
                setup
                    .fake
                    .put(&format!("/{name}/{value}"), json!({"name": "put"}))
            );
        }
    }
    path
}

fn query_of(setup: &Setup, operation: &Operation, ids: &[(String, String)]) -> String {
    let contract = Contract::shared();
    let required = operation.parameters.iter();
    let required = required.filter(|p| p.place == Place::Query && p.required);
    let pairs: Vec<String> = required
        .map(|parameter| {
            let built = contract.build(&parameter.schema, &Value::Null, Amount::Minimal);
            let mut value = built
                .as_str()
                .map_or_else(|| built.to_string(), str::to_owned);
            let environment = &ids.iter().find(|(n, _)| n == "environmentId").unwrap().1;
            if parameter.name == "parent_id" {
                value.clone_from(environment);
            } else if parameter.name == "deploymentRequestId" {
                let response = setup.post(&format!("/environment/{environment}/deploy"));
                let request = response
                    .get("deployment_request_id")
                    .and_then(Value::as_str);
                request.unwrap().clone_into(&mut value);
            }
            format!("{}={value}", parameter.name)
        })
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}

/// Bodies whose ids must exist, which a built example cannot know.
fn body_of(operation: &Operation, ids: &[(String, String)]) -> Value {
    let Some(schema) = operation
        .body
        .as_ref()
        .and_then(|body| body.schema.as_ref())
    else {
        return Value::Null;
    };
    let id = |name: &str| ids.iter().find(|(n, _)| n == name).unwrap().1.clone();
    let mut facts = json!({
        "environment_id": id("environmentId"),
        "variable_parent_id": id("environmentId"),
        "override_parent_id": id("environmentId"),
        "alias_parent_id": id("environmentId"),
        "cluster_id": id("clusterId"),
        "project_id": id("projectId"),
        "organization_id": id("organizationId"),
        "key": format!("KEY_{}", operation.id),
    });
    if operation.template.contains("/service/")
        || operation.template.ends_with("/application/deploy")
        || operation
            .template
            .ends_with("/environment/{environmentId}/container/deploy")
    {
        facts = json!({
            "databases": [id("databaseId")],
            "database_ids": [id("databaseId")],
        });
    }
    Contract::shared().build(schema, &facts, Amount::Minimal)
}

#[test]
fn every_operation_answers_as_the_contract_declares() {
    let contract = Contract::shared();
    let mut checked = 0;
    let mut problems = Vec::new();
    for amount in [Amount::Full, Amount::Minimal] {
        let shared = with_one_of_everything();
        for operation in contract.operations() {
            let fresh = (operation.method != Method::GET).then(with_one_of_everything);
            let (setup, ids) = fresh.as_ref().unwrap_or(&shared);
            setup.fake.full_examples(amount == Amount::Full);
            if operation.id == "DeleteDeploymentStage" {
                // Only an empty stage can be deleted.
                for service in setup.fake.environment("preview").services() {
                    service.in_stage("two");
                }
            }
            let path = path_of(setup, operation, ids) + &query_of(setup, operation, ids);
            let body = body_of(operation, ids);
            let response = setup.respond(operation.method.clone(), &path, &body);
            let name = format!("{} {} ({path})", operation.method, operation.template);
            checked += 1;
            if response.status.as_u16() != operation.success.status {
                let text = String::from_utf8_lossy(&response.body).into_owned();
                problems.push(format!("{name}: {} {text}", response.status));
                continue;
            }
            let Some((media, schema)) = &operation.success.content else {
                assert!(response.body.is_empty(), "{name} has a body");
                continue;
            };
            if media != "application/json" {
                assert!(!response.body.is_empty(), "{name} has no body");
                continue;
            }
            let value: Value = serde_json::from_slice(&response.body).unwrap();
            for wrong in contract.violations(schema, &value, Direction::Response) {
                problems.push(format!("{name}: {wrong}"));
            }
        }
    }
    assert!(
        problems.is_empty(),
        "{}\n{}",
        problems.len(),
        problems.join("\n")
    );
    assert_eq!(checked, 2 * contract.operations().len());
    assert!(contract.operations().len() >= 600);
    let reads = contract
        .operations()
        .iter()
        .filter(|o| o.method == Method::GET);
    assert!(reads.count() >= 280);
}
