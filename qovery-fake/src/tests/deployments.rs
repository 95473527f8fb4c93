//! How deployments run.

use super::Setup;
use crate::{Step, Workload};

#[test]
fn a_deployment_goes_through_its_states_and_ends_deployed() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let api = environment.service(Workload::Application, "api");
    let path = format!("/environment/{}", environment.id());
    let response = setup.post(&format!("{path}/deploy"));
    assert_eq!(response["state"], "DEPLOYMENT_QUEUED");
    let request = response["deployment_request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut states = vec![];
    for _ in 0..20 {
        let status = setup.get(&format!("/application/{}/status", api.id()));
        let state = status["state"].as_str().unwrap().to_owned();
        if states.last() != Some(&state) {
            states.push(state);
        }
        setup.seconds(1);
    }
    assert_eq!(
        states,
        ["DEPLOYMENT_QUEUED", "BUILDING", "DEPLOYING", "DEPLOYED"]
    );
    let status = setup.get(&format!("{path}/status"));
    assert_eq!(status["last_deployment_state"], "DEPLOYED");
    assert_eq!(status["state"], "DEPLOYED");
    assert_eq!(
        status["last_deployment_id"],
        format!("{}-1", environment.id())
    );
    let path = format!("/environment/deploymentStatus?deploymentRequestId={request}");
    assert_eq!(setup.get(&path)["status"], "DEPLOYED");
}

#[test]
fn a_failure_in_a_step_ends_the_deployment_and_later_stages_are_skipped() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let database = environment
        .service(Workload::Database, "db")
        .in_stage("data");
    let api = environment
        .service(Workload::Application, "api")
        .in_stage("code");
    environment
        .next_deployment()
        .fails_at(&database, Step::Deployment)
        .because("no volume");
    setup.post(&format!("/environment/{}/deploy", environment.id()));
    setup.seconds(60);
    assert_eq!(environment.state().unwrap(), "DEPLOYMENT_ERROR");
    assert_eq!(database.state().unwrap(), "DEPLOYMENT_ERROR");
    assert_eq!(api.state().unwrap(), "READY");
    let path = format!("/environment/{}/statusesWithStages", environment.id());
    let statuses = setup.get(&path);
    assert_eq!(statuses["stages"][0]["stage"]["status"], "ERROR");
    assert_eq!(statuses["stages"][1]["stage"]["status"], "SKIPPED");
    let logs = setup.get(&format!("/environment/{}/logs", environment.id()));
    let errors: Vec<_> = logs
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["error"]["user_log_message"].as_str())
        .collect();
    assert_eq!(errors, ["no volume"]);
}
