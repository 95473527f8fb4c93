//! A fact that is missing from a response proves nothing.

use qovery_api::{Client, types};
use serde_json::{Value, json};

use super::{
    ApiSource,
    start::action_response,
    statuses::{of_environment, of_service},
};
use crate::wait::{
    Goal, Phase, ServiceKind, ServiceRef, State, Subject,
    source::{Fault, FaultKind},
};

const ID: &str = "00000000-0000-4000-8000-000000000001";

fn decode<T: serde::de::DeserializeOwned>(body: Value) -> T {
    qovery_api::decode(body.to_string().as_bytes()).expect("a body that decodes")
}

fn environment(state: &str) -> types::EnvironmentStatus {
    decode(json!({"id": ID, "state": state}))
}

fn service(state: &str) -> types::Status {
    decode(json!({"id": ID, "state": state, "service_deployment_status": "UP_TO_DATE"}))
}

#[test]
fn the_state_of_a_whole_environment_is_no_end_of_its_last_deployment() {
    let subject = Subject::environment(uuid::Uuid::nil());
    for state in [
        "DEPLOYED",
        "STOPPED",
        "DELETED",
        "CANCELED",
        "DEPLOYMENT_ERROR",
    ] {
        let seen = of_environment(&subject, &environment(state));
        assert!(!seen.state.is_terminal(), "{state}");
        for goal in Goal::ALL {
            assert_eq!(seen.state.phase(goal), Phase::Running, "{state} {goal:?}");
        }
    }
    let seen = of_environment(&subject, &environment("DEPLOYING"));
    assert_eq!(seen.state, State::Deploying);
}

#[test]
fn a_service_without_the_field_does_not_count_as_part_of_the_deployment() {
    let seen = of_service(ServiceKind::Application, &service("DEPLOYED"), None);
    assert_eq!(seen.part_of_last_deployment, None);
    assert_eq!(seen.requests_waiting, None);
    assert_eq!(seen.action_status, None);
}

#[test]
fn a_response_without_a_count_does_not_prove_an_empty_queue() {
    assert!(!action_response(&service("DEPLOYED")).idle);
    assert!(!action_response(&environment("DEPLOYED")).idle);
    let mut counted = service("CANCELED");
    counted.deployment_requests_count = Some(0);
    assert!(action_response(&counted).idle);
}

/// Answers requests by their path.
struct Scripted(Script);

/// Status, media type and body for a path.
type Script = fn(&str) -> (u16, &'static str, Value);

impl qovery_api::Transport for Scripted {
    fn send(
        &self,
        request: qovery_api::Request,
    ) -> qovery_api::BoxFuture<'_, Result<qovery_api::RawResponse, qovery_api::TransportError>>
    {
        use qovery_api::http::{HeaderMap, HeaderValue, StatusCode, header};
        let (status, media, body) = (self.0)(request.url.path());
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        let status = StatusCode::from_u16(status).unwrap();
        let body = match body {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Box::pin(async move { Ok(qovery_api::RawResponse::new(status, headers, body)) })
    }
}

const JSON: &str = "application/json";
const PARENT: &str = "00000000-0000-4000-8000-000000000002";

fn uuid(text: &str) -> uuid::Uuid {
    text.parse().unwrap()
}

/// Each kind of subject, with its parent known and, if possible, unknown.
fn subjects() -> Vec<Subject> {
    let (id, parent) = (uuid(ID), uuid(PARENT));
    let service = ServiceRef::new(ServiceKind::Container, id);
    let another = ServiceRef::new(ServiceKind::Helm, uuid::Uuid::from_u128(9));
    vec![
        Subject::Environment {
            id,
            project: Some(parent),
        },
        Subject::environment(id),
        Subject::Service {
            service,
            environment: Some(parent),
        },
        Subject::service(service),
        Subject::services(parent, vec![another, service]),
        Subject::cluster(parent, id),
    ]
}

async fn listed(subject: &Subject, response: Script) -> Result<Option<bool>, Fault> {
    let client = Client::with_transport("https://h.test", Scripted(response)).unwrap();
    ApiSource::new(client).listed(subject).await
}

/// The environment or service itself, with its parent; `None` for the path of a list.
fn itself(path: &str) -> Option<Value> {
    let parent = json!({"id": PARENT});
    path.ends_with(ID).then(|| {
        json!({
            "id": ID, "created_at": "2026-01-01T00:00:00Z", "name": "n", "mode": "PREVIEW",
            "organization": parent, "project": parent, "environment": parent, "cluster_id": PARENT,
            "maximum_cpu": 1, "maximum_memory": 1, "image_name": "i", "tag": "t", "cpu": 1,
            "memory": 1, "min_running_instances": 1, "max_running_instances": 1,
            "healthchecks": {}, "auto_preview": true, "auto_deploy": true, "icon_uri": "",
            "service_type": "CONTAINER", "arguments": [], "ports": [], "storage": [],
            "maximum_gpu": 0, "gpu": 0,
            "registry": {"id": PARENT, "name": "r", "url": "https://r.test", "kind": "ECR"},
        })
    })
}

#[tokio::test]
async fn the_list_of_the_parent_shows_whether_a_subject_exists() {
    for subject in subjects() {
        let there = listed(&subject, |path| {
            let list = json!({"results": [{"id": PARENT}, {"id": ID, "name": "n", "kind": 7}]});
            (200, JSON, itself(path).unwrap_or(list))
        });
        assert_eq!(there.await.unwrap(), Some(true), "{subject}");
        let gone = listed(&subject, |path| {
            let list = json!({"results": [{"id": PARENT}]});
            (200, JSON, itself(path).unwrap_or(list))
        });
        assert_eq!(gone.await.unwrap(), Some(false), "{subject}");
    }
}

#[tokio::test]
async fn a_response_without_a_list_is_no_evidence() {
    for subject in subjects() {
        let responses: [Script; 9] = [
            |_| (200, JSON, json!({})),
            |_| (200, JSON, json!({"results": null})),
            |_| (200, JSON, json!([])),
            |_| (200, JSON, json!({"results": [{"name": "n"}]})),
            |_| (200, "text/html", json!("<html>Sign in</html>")),
            |_| (404, "text/html", json!("<html>Not found</html>")),
            |_| (403, "text/plain", json!("denied")),
            |_| (499, JSON, json!({"status": 499, "detail": "d"})),
            |_| (503, JSON, json!({"status": 503, "detail": "d"})),
        ];
        for response in responses {
            let (_, media, body) = response("");
            match listed(&subject, response).await {
                Err(fault) => assert!(fault.is_transient(), "{subject}: {fault}"),
                Ok(found) => panic!("{subject} {media} {body}: {found:?}"),
            }
        }
        for response in [
            (|_| (404, JSON, json!({"status": 404, "detail": "d"}))) as Script,
            |_| {
                (
                    400,
                    JSON,
                    json!({"status": 400, "detail": "project does not exist"}),
                )
            },
        ] {
            let shown = listed(&subject, response)
                .await
                .expect("a response of the API");
            assert_eq!(shown, None, "{subject}");
        }
        let refused = listed(&subject, |path| match itself(path) {
            Some(itself) => (200, JSON, itself),
            None => (403, JSON, json!({"status": 403, "detail": "d"})),
        })
        .await
        .expect_err("the token may not read the list");
        assert_eq!(refused.kind, FaultKind::Forbidden, "{subject}");
    }
}

#[tokio::test]
async fn a_parent_that_was_looked_up_while_the_subject_existed_is_kept() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static GONE: AtomicBool = AtomicBool::new(false);
    let client = Client::with_transport(
        "https://h.test",
        Scripted(|path| match itself(path) {
            Some(_) if GONE.load(Ordering::Relaxed) => {
                (404, JSON, json!({"status": 404, "detail": "gone"}))
            }
            Some(itself) => (200, JSON, itself),
            None => (200, JSON, json!({"results": []})),
        }),
    );
    let source = ApiSource::new(client.unwrap());
    let subject = Subject::environment(uuid(ID));
    source.parents.parent_of(&subject).await.unwrap();
    GONE.store(true, Ordering::Relaxed);
    assert_eq!(source.listed(&subject).await.unwrap(), Some(false));
}
