//! What an answer does not say proves nothing.

use qovery_api::types;
use serde_json::{Value, json};

use super::{
    act::Answer,
    read::{of_environment, of_service},
};
use crate::wait::{Goal, Phase, ServiceKind, State, Subject};

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
fn a_service_that_does_not_say_so_took_no_proven_part() {
    let seen = of_service(ServiceKind::Application, &service("DEPLOYED"), None);
    assert_eq!(seen.part_of_last_deployment, None);
    assert_eq!(seen.requests_waiting, None);
    assert_eq!(seen.action_status, None);
}

#[test]
fn an_answer_without_a_count_does_not_say_that_nothing_waits() {
    assert!(!service("DEPLOYED").receipt().idle);
    assert!(!environment("DEPLOYED").receipt().idle);
    let mut counted = service("CANCELED");
    counted.deployment_requests_count = Some(0);
    assert!(counted.receipt().idle);
}
