//! The requests that the fake refuses, and the errors that it returns.

use http::{HeaderValue, Method, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Setup;
use crate::{Workload, exchange::Outcome};

fn status_with_authorization(setup: &Setup, value: Option<&str>) -> u16 {
    let mut incoming = setup.incoming(Method::GET, "/organization", &Value::Null);
    incoming.headers.remove(header::AUTHORIZATION);
    if let Some(value) = value {
        let value = HeaderValue::from_str(value).unwrap();
        incoming.headers.insert(header::AUTHORIZATION, value);
    }
    match setup.fake.handle(&incoming).outcome {
        Outcome::Response { response, .. } => response.status.as_u16(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_or_wrong_token_is_refused_and_either_scheme_is_accepted() {
    let setup = Setup::new();
    assert_eq!(status_with_authorization(&setup, None), 401);
    assert_eq!(status_with_authorization(&setup, Some("Token other")), 401);
    assert_eq!(
        status_with_authorization(&setup, Some("qov_fake_token")),
        401
    );
    assert_eq!(
        status_with_authorization(&setup, Some("Basic qov_fake_token")),
        401
    );
    assert_eq!(
        status_with_authorization(&setup, Some("Token qov_fake_token")),
        200
    );
    assert_eq!(
        status_with_authorization(&setup, Some("Bearer qov_fake_token")),
        200
    );
    setup.fake.accept_only("other");
    assert_eq!(
        status_with_authorization(&setup, Some("Token qov_fake_token")),
        401
    );
    assert_eq!(status_with_authorization(&setup, Some("token other")), 200);
}

#[test]
fn a_refusal_has_the_error_body_of_the_api() {
    let setup = Setup::new();
    let id = Uuid::from_u128(1);
    let path = format!("/project/{id}");
    let (status, body) = setup.call(Method::GET, &path, &Value::Null);
    assert_eq!(status, 404);
    assert_eq!(body["status"], 404);
    assert_eq!(body["error"], "Not Found");
    assert_eq!(body["detail"], format!("no project has the id {id}"));
    assert_eq!(body["path"], path);
    assert!(body["timestamp"].is_string());
}

#[test]
fn unknown_paths_methods_and_ids_are_not_found() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let container = environment.service(Workload::Container, "web");
    let unknown = Uuid::from_u128(7);
    for (method, path) in [
        (Method::GET, "/environments".to_owned()),
        (Method::PATCH, format!("/environment/{}", environment.id())),
        (Method::GET, format!("/environment/{unknown}/status")),
        (Method::POST, format!("/environment/{unknown}/deploy")),
        (Method::POST, format!("/container/{unknown}/stop")),
        // The id of a resource of another kind is unknown.
        (Method::GET, format!("/application/{}", container.id())),
        (Method::GET, format!("/environment/{}", container.id())),
        (
            Method::GET,
            format!(
                "/organization/{}/webhook/{unknown}",
                environment.organization_id()
            ),
        ),
        (
            Method::POST,
            format!("/deploymentQueue/{unknown}/cancelDeployment"),
        ),
        (Method::GET, format!("/service/{unknown}/deploymentQueue")),
        (
            Method::GET,
            format!("/environment/deploymentStatus?deploymentRequestId={unknown}"),
        ),
        (Method::DELETE, format!("/application/{unknown}")),
    ] {
        let (status, body) = setup.call(method.clone(), &path, &Value::Null);
        assert_eq!(status, 404, "{method} {path}: {body}");
    }
    assert!(setup.fake.executions().is_empty());
}

#[test]
fn malformed_parameters_are_bad_requests() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let organization = environment.organization_id();
    for path in [
        "/environment/preview/status".to_owned(),
        "/environment/deploymentStatus".to_owned(),
        "/environment/deploymentStatus?deploymentRequestId=1".to_owned(),
        format!("/organization/{organization}/events?eventType=PARTY"),
        format!("/organization/{organization}/events?pageSize=many"),
    ] {
        let (status, body) = setup.call(Method::GET, &path, &Value::Null);
        assert_eq!(status, 400, "{path}: {body}");
    }
}

#[test]
fn bodies_are_checked_against_the_contract() {
    let setup = Setup::new();
    let project = setup.fake.project("project");
    let path = format!("/project/{}/environment", project.id());
    let refused = |body: Value| {
        let (status, response) = setup.call(Method::POST, &path, &body);
        assert_eq!(status, 400, "{body}: {response}");
        response["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(json!({})), "name is required");
    assert_eq!(refused(json!({"name": 1})), "name must be of type string");
    assert_eq!(refused(json!({"name": null})), "name must not be null");
    assert_eq!(refused(json!([])), "the body must be of type object");
    assert_eq!(
        refused(json!({"name": "a", "mode": "FESTIVE"})),
        "mode has the unknown value \"FESTIVE\""
    );
    assert_eq!(
        refused(json!({"name": "a", "cluster": "x"})),
        "cluster must be a uuid"
    );
    assert_eq!(refused(Value::Null), "no body was sent: name is required");

    let mut incoming = setup.incoming(Method::POST, &path, &json!({}));
    incoming.body = "{\"name\":".into();
    let Outcome::Response { response, .. } = setup.fake.handle(&incoming).outcome else {
        panic!("no response")
    };
    assert_eq!(response.status, 400);
    assert!(setup.fake.executions().is_empty());

    // The API ignores unknown properties.
    let (status, _) = setup.call(Method::POST, &path, &json!({"name": "a", "nmae": "b"}));
    assert_eq!(status, 201);
}

#[test]
fn unions_are_checked_by_their_discriminator() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let path = format!("/environment/{}/service/deploy", environment.id());
    let (status, body) = setup.call(Method::POST, &path, &json!({"containers": [{}]}));
    assert_eq!(status, 400);
    assert_eq!(body["detail"], "containers[0].id is required");
    let body = json!({"databases": ["not an id"]});
    let (status, body) = setup.call(Method::POST, &path, &body);
    assert_eq!(status, 400);
    assert_eq!(body["detail"], "databases[0] must be a uuid");
}

#[test]
fn the_record_has_the_request_the_response_and_whether_it_was_executed() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let path = format!("/environment/{}", environment.id());
    setup.seconds(3);
    setup.post(&format!("{path}/deploy"));
    setup.get(&format!("{path}/logs?version=1"));
    setup.call(Method::POST, "/organization", &json!({}));
    let record = setup.fake.requests();
    let seen: Vec<_> = record
        .iter()
        .map(|r| r.operation.as_deref().unwrap())
        .collect();
    assert_eq!(
        seen,
        [
            "deployEnvironment",
            "listEnvironmentLogs",
            "createOrganization"
        ]
    );
    assert_eq!(record[0].at.as_secs(), 3);
    assert_eq!(record[0].status.unwrap(), 202);
    assert_eq!(record[1].query, [("version".to_owned(), "1".to_owned())]);
    assert_eq!(record[2].status.unwrap(), 400);
    let done: Vec<_> = setup
        .fake
        .executions()
        .into_iter()
        .map(|r| r.path)
        .collect();
    assert_eq!(done, [format!("{path}/deploy")]);
    assert!(!format!("{record:?}").contains("qov_fake_token"));
    setup.fake.clear_requests();
    assert!(setup.fake.requests().is_empty());
}
