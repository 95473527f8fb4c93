//! The effects of scripts on deployments.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::Setup;
use crate::{
    ActionResponse, FakeEnvironment, FakeService, Gone, RequestStatus, Step, Trigger, Workload,
};

const SECOND: Duration = Duration::from_secs(1);

/// An environment with a database in a first stage and an application in a second one.
struct Story {
    setup: Setup,
    environment: FakeEnvironment,
    database: FakeService,
    api: FakeService,
    path: String,
}

impl Story {
    fn new() -> Self {
        let setup = Setup::new();
        let environment = setup.fake.environment("preview");
        let database = environment
            .service(Workload::Database, "db")
            .in_stage("data");
        let api = environment
            .service(Workload::Application, "api")
            .in_stage("code");
        let path = format!("/environment/{}", environment.id());
        Self {
            setup,
            environment,
            database,
            api,
            path,
        }
    }

    fn act(&self, action: &str) -> Value {
        self.setup.post(&format!("{}/{action}", self.path))
    }

    fn status(&self) -> Value {
        self.setup.get(&format!("{}/status", self.path))
    }

    fn request_status(&self, id: &Value) -> (u16, Value) {
        let id = id.as_str().unwrap();
        let path = format!("/environment/deploymentStatus?deploymentRequestId={id}");
        self.setup.call(Method::GET, &path, &Value::Null)
    }
}

#[test]
fn a_failed_build_and_a_failed_rollout_end_in_different_states() {
    for (step, state) in [
        (Step::GitClone, "BUILD_ERROR"),
        (Step::Build, "BUILD_ERROR"),
        (Step::Deployment, "DEPLOYMENT_ERROR"),
    ] {
        let story = Story::new();
        let script = story
            .environment
            .next_deployment()
            .fails_at(&story.api, step);
        script
            .because("it broke")
            .after_logging(["first", "second"]);
        let request = story.act("deploy")["deployment_request_id"].clone();
        story.setup.seconds(60);
        assert_eq!(story.status()["last_deployment_state"], state);
        assert_eq!(story.api.state().unwrap(), state);
        assert_eq!(story.database.state().unwrap(), "DEPLOYED");
        assert_eq!(story.request_status(&request).1["status"], state);
        let logs = story.setup.get(&format!("{}/logs", story.path));
        let logs = logs.as_array().unwrap();
        let end = &logs[logs.len() - 3..];
        assert_eq!(end[0]["message"]["safe_message"], "first");
        assert_eq!(end[1]["message"]["safe_message"], "second");
        assert_eq!(end[2]["error"]["user_log_message"], "it broke");
        assert_eq!(end[2]["details"]["transmitter"]["name"], "api");
        assert_eq!(end[2]["details"]["stage"]["name"], "code");
        let status = story
            .setup
            .get(&format!("/application/{}/status", story.api.id()));
        assert_eq!(
            status["steps"]["details"]
                .as_array()
                .unwrap()
                .last()
                .unwrap()["status"],
            "ERROR"
        );
        assert_eq!(status["status_details"]["status"], "ERROR");
    }
}

#[test]
fn a_script_is_for_one_deployment() {
    let story = Story::new();
    story
        .environment
        .nth_deployment(1)
        .fails_at(&story.api, Step::Build);
    for expected in ["DEPLOYED", "BUILD_ERROR", "DEPLOYED"] {
        story.act("deploy");
        story.setup.seconds(60);
        assert_eq!(story.status()["last_deployment_state"], expected);
    }
}

#[test]
fn steps_take_the_time_that_a_script_says() {
    let story = Story::new();
    let api = story.api.clone().takes(Step::Build, 100 * SECOND);
    story
        .environment
        .next_deployment()
        .takes(&api, Step::Build, 30 * SECOND);
    for seconds in [42, 112] {
        story.act("redeploy");
        // 1 s to start, 5 s for the database, 1 s to clone, the build, 5 s to roll out.
        story.setup.seconds(seconds - 1);
        assert_eq!(story.status()["last_deployment_state"], "DEPLOYING");
        story.setup.seconds(1);
        assert_eq!(story.status()["last_deployment_state"], "DEPLOYED");
        assert_eq!(
            story.status()["total_deployment_duration_in_seconds"],
            seconds - 1
        );
    }
}

#[test]
fn a_step_that_hangs_never_ends() {
    let story = Story::new();
    story
        .environment
        .next_deployment()
        .hangs_at(&story.database, Step::Deployment);
    story.act("deploy");
    story.setup.seconds(1_000_000);
    assert_eq!(story.status()["state"], "DEPLOYING");
    assert_eq!(story.api.state().unwrap(), "DEPLOYMENT_QUEUED");
    assert_eq!(story.setup.fake.next_due(), None);
}

#[test]
fn queued_requests_are_shown_and_started_in_order() {
    let story = Story::new();
    story.environment.next_deployment().queued_for(20 * SECOND);
    let first = story.act("deploy")["deployment_request_id"].clone();
    let second = story.act("stop")["deployment_request_id"].clone();
    let queue = || story.setup.get(&format!("{}/deploymentQueue", story.path))["results"].clone();
    assert_eq!(queue().as_array().unwrap().len(), 2);
    assert_eq!(queue()[0]["identifier"]["deployment_request_id"], first);
    assert_eq!(queue()[1]["trigger_action"], "STOP");
    let of_api = format!("/service/{}/deploymentQueue", story.api.id());
    assert_eq!(
        story.setup.get(&of_api)["results"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let status = story
        .setup
        .get(&format!("/application/{}/status", story.api.id()));
    assert_eq!(status["deployment_requests_count"], 2);
    assert_eq!(story.status()["deployment_request_id"], first);
    story.setup.seconds(22);
    assert_eq!(queue().as_array().unwrap().len(), 1);
    assert_eq!(story.request_status(&first).1["status"], "DEPLOYING");
    assert_eq!(story.request_status(&second).1["status"], "STOP_QUEUED");
    story.setup.seconds(60);
    assert_eq!(story.request_status(&first).1["status"], "DEPLOYED");
    assert_eq!(story.request_status(&second).1["status"], "STOPPED");
    assert_eq!(story.status()["last_deployment_state"], "STOPPED");
    assert_eq!(
        story.status()["last_deployment_id"],
        format!("{}-2", story.environment.id())
    );
}

#[test]
fn requests_for_the_same_action_merge_if_the_environment_merges_requests() {
    let story = Story::new();
    story.environment.clone().merges_requests(true);
    let running = story.act("deploy");
    story.setup.seconds(2);
    let path = format!("/application/{}/redeploy", story.api.id());
    let first = story.setup.post(&path)["deployment_request_id"].clone();
    let path = format!("/database/{}/redeploy", story.database.id());
    let second = story.setup.post(&path)["deployment_request_id"].clone();
    assert_ne!(first, second);
    let queue = story.setup.get(&format!("{}/deploymentQueue", story.path));
    assert_eq!(queue["results"].as_array().unwrap().len(), 1);
    story.setup.seconds(100);
    for request in [&running["deployment_request_id"], &first, &second] {
        assert_eq!(story.request_status(request).1["status"], "DEPLOYED");
    }
    // Two executions for three requests.
    assert_eq!(
        story.status()["last_deployment_id"],
        format!("{}-2", story.environment.id())
    );
    let history = story
        .setup
        .get(&format!("{}/deploymentHistoryV2", story.path));
    let services: Vec<usize> = history["results"][0]["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["services"].as_array().unwrap().len())
        .collect();
    assert_eq!(services, [1, 1]);
}

#[test]
fn a_queued_request_can_be_canceled_and_a_running_one_is_a_conflict() {
    let story = Story::new();
    let first = story.act("deploy")["deployment_request_id"].clone();
    story.setup.seconds(2);
    let second = story.act("stop")["deployment_request_id"].clone();
    let cancel = |id: &Value| {
        let path = format!("/deploymentQueue/{}/cancelDeployment", id.as_str().unwrap());
        story.setup.call(Method::POST, &path, &Value::Null).0
    };
    assert_eq!(cancel(&second), 202);
    assert_eq!(cancel(&second), 409);
    assert_eq!(cancel(&first), 409);
    story.setup.seconds(60);
    assert_eq!(story.request_status(&second).1["status"], "CANCELED");
    assert_eq!(story.status()["last_deployment_state"], "DEPLOYED");
}

#[test]
fn canceling_the_only_queued_request_does_not_change_the_services() {
    let story = Story::new();
    story.environment.next_deployment().queued_for(60 * SECOND);
    story.act("deploy");
    assert_eq!(story.act("cancelDeployment")["state"], "CANCELED");
    assert_eq!(story.api.state().unwrap(), "READY");
    story.setup.seconds(100);
    assert_eq!(story.status()["last_deployment_state"], "CANCELED");
    assert_eq!(story.status()["last_deployment_id"], Value::Null);
}

#[test]
fn canceling_the_first_of_two_queued_requests_shows_the_second_one() {
    let story = Story::new();
    story.environment.next_deployment().queued_for(60 * SECOND);
    story.act("deploy");
    let path = format!("/application/{}/redeploy", story.api.id());
    story.setup.post(&path);
    story.act("cancelDeployment");
    assert_eq!(story.database.state().unwrap(), "READY");
    assert_eq!(story.api.state().unwrap(), "DEPLOYMENT_QUEUED");
    story.setup.seconds(100);
    assert_eq!(story.database.state().unwrap(), "READY");
    assert_eq!(story.api.state().unwrap(), "DEPLOYED");
}

#[test]
fn a_running_deployment_is_canceled_in_its_time() {
    let story = Story::new();
    let request = story.act("deploy")["deployment_request_id"].clone();
    story.setup.seconds(8);
    assert_eq!(story.act("cancelDeployment")["state"], "CANCELING");
    assert_eq!(story.request_status(&request).1["status"], "CANCELING");
    assert_eq!(story.api.state().unwrap(), "CANCELING");
    story.setup.seconds(2);
    assert_eq!(story.status()["last_deployment_state"], "CANCELED");
    assert_eq!(story.api.state().unwrap(), "CANCELED");
    assert_eq!(story.database.state().unwrap(), "DEPLOYED");
    assert_eq!(story.request_status(&request).1["status"], "CANCELED");
    story.setup.seconds(100);
    assert_eq!(story.status()["last_deployment_state"], "CANCELED");
}

#[test]
fn a_lifecycle_job_runs_to_its_end_unless_the_cancellation_is_forced() {
    for (force, seconds) in [(false, 30), (true, 2)] {
        let setup = Setup::new();
        let environment = setup.fake.environment("preview");
        let job = environment
            .service(Workload::LifecycleJob, "seed")
            .takes(Step::Execution, 30 * SECOND);
        let path = format!("/environment/{}", environment.id());
        setup.post(&format!("{path}/deploy"));
        setup.seconds(6);
        let status = setup.get(&format!("/job/{}/status", job.id()));
        assert_eq!(status["state"], "EXECUTING");
        assert_eq!(status["status_details"]["status"], "EXECUTING");
        let cancel = format!("{path}/cancelDeployment");
        setup.call(Method::POST, &cancel, &json!({"force_cancel": force}));
        setup.seconds(seconds - 1);
        assert_eq!(environment.state().unwrap(), "CANCELING");
        setup.seconds(1);
        assert_eq!(environment.state().unwrap(), "CANCELED");
    }
}

#[test]
fn an_external_actor_can_cancel_deploy_and_supersede() {
    let story = Story::new();
    story
        .environment
        .next_deployment()
        .canceled_after(8 * SECOND);
    story.act("deploy");
    story.setup.seconds(20);
    assert_eq!(story.status()["last_deployment_state"], "CANCELED");

    story
        .environment
        .next_deployment()
        .superseded_after(8 * SECOND, Trigger::Stop);
    let request = story.act("deploy")["deployment_request_id"].clone();
    story.setup.seconds(9);
    assert_eq!(story.request_status(&request).1["status"], "CANCELED");
    assert_eq!(story.status()["origin"], "CONSOLE");
    story.setup.seconds(20);
    assert_eq!(story.status()["last_deployment_state"], "STOPPED");
    assert_eq!(story.status()["triggered_by"], "someone.else@example.com");

    story
        .environment
        .external_actor()
        .after(10 * SECOND)
        .deploys();
    story.setup.seconds(9);
    assert_eq!(story.status()["state"], "STOPPED");
    story.setup.seconds(1);
    assert_eq!(story.status()["state"], "DEPLOYMENT_QUEUED");
    story.environment.external_actor().cancels();
    story.setup.seconds(10);
    assert_eq!(story.status()["last_deployment_state"], "CANCELED");
    let failing = story
        .environment
        .external_actor()
        .fails_at(&story.api, Step::Build);
    failing.takes(&story.api, Step::Build, SECOND).deploys();
    // 1 s to start, 5 s for the database, 1 s to clone.
    story.setup.seconds(8);
    assert_eq!(story.status()["last_deployment_state"], "BUILD_ERROR");
    // Actions of external actors do not follow the caller's script, and are not requests of the caller.
    story
        .environment
        .next_deployment()
        .fails_at(&story.api, Step::Build);
    story.environment.external_actor().asks_for(Trigger::Deploy);
    story.setup.seconds(60);
    assert_eq!(story.status()["last_deployment_state"], "DEPLOYED");
    assert_eq!(story.setup.fake.executions().len(), 2);
}

#[test]
fn a_queued_request_can_be_superseded() {
    let story = Story::new();
    let script = story.environment.next_deployment().queued_for(60 * SECOND);
    script.superseded_after(10 * SECOND, Trigger::Deploy);
    let request = story.act("deploy")["deployment_request_id"].clone();
    story.setup.seconds(60);
    assert_eq!(story.request_status(&request).1["status"], "CANCELED");
    assert_eq!(story.status()["last_deployment_state"], "DEPLOYED");
    assert_eq!(story.status()["origin"], "CONSOLE");
}

#[test]
fn after_an_action_readers_can_be_shown_the_previous_state() {
    let story = Story::new();
    story
        .environment
        .clone()
        .in_state("DEPLOYED")
        .stale_for(5 * SECOND);
    let response = story.act("redeploy");
    assert_eq!(response["state"], "DEPLOYMENT_QUEUED");
    story.setup.seconds(4);
    assert_eq!(story.status()["state"], "DEPLOYED");
    assert_eq!(story.status()["last_deployment_id"], Value::Null);
    assert_eq!(story.status()["deployment_request_id"], Value::Null);
    let status = story
        .setup
        .get(&format!("/application/{}/status", story.api.id()));
    assert_eq!(status["state"], "DEPLOYED");
    let queue = story.setup.get(&format!("{}/deploymentQueue", story.path));
    assert_eq!(queue["results"], json!([]));
    story.setup.seconds(1);
    assert_eq!(story.status()["state"], "DEPLOYING");
    story.setup.seconds(60);
    assert_eq!(story.status()["state"], "DEPLOYED");
}

#[test]
fn actions_get_the_response_that_the_environment_sets() {
    for (response, body) in [
        (ActionResponse::Declared, Some("DEPLOYMENT_QUEUED")),
        (ActionResponse::WithoutRequestId, Some("DEPLOYMENT_QUEUED")),
        (ActionResponse::Stale, Some("STOPPED")),
        (ActionResponse::Empty, None),
    ] {
        let story = Story::new();
        story
            .environment
            .clone()
            .in_state("STOPPED")
            .action_response(response);
        let got = story.act("redeploy");
        assert_eq!(got.get("state").and_then(Value::as_str), body);
        let has_id = got
            .get("deployment_request_id")
            .is_some_and(Value::is_string);
        assert_eq!(has_id, response == ActionResponse::Declared);
        story.setup.seconds(60);
        assert_eq!(story.status()["state"], "DEPLOYED");
    }
}

#[test]
fn the_status_of_a_request_can_be_unknown_or_empty() {
    for (response, status, body) in [
        (RequestStatus::NotFound, 404, None),
        (RequestStatus::Empty, 200, Some(json!({}))),
        (RequestStatus::NoBody, 200, Some(Value::Null)),
    ] {
        let story = Story::new();
        story.environment.clone().request_status(response);
        let request = story.act("deploy")["deployment_request_id"].clone();
        let (got, got_body) = story.request_status(&request);
        assert_eq!(got, status);
        if let Some(body) = body {
            assert_eq!(got_body, body);
        }
    }
}

#[test]
fn unknown_states_can_be_shown_for_a_while_or_permanently() {
    let story = Story::new();
    let script = story.environment.next_deployment();
    script
        .shows("TELEPORTING", 2 * SECOND, 5 * SECOND)
        .service_shows(&story.api, "DREAMING", 2 * SECOND, 5 * SECOND);
    story.act("deploy");
    story.setup.seconds(3);
    assert_eq!(story.status()["state"], "TELEPORTING");
    assert_eq!(story.status()["last_deployment_state"], "TELEPORTING");
    let api = format!("/application/{}/status", story.api.id());
    assert_eq!(story.setup.get(&api)["state"], "DREAMING");
    story.setup.seconds(4);
    assert_eq!(story.status()["state"], "DEPLOYING");
    story.setup.seconds(60);
    assert_eq!(story.status()["state"], "DEPLOYED");

    story.environment.next_deployment().ends_as("TRANSCENDED");
    let request = story.act("deploy")["deployment_request_id"].clone();
    story.setup.seconds(60);
    assert_eq!(story.status()["last_deployment_state"], "TRANSCENDED");
    assert_eq!(story.request_status(&request).1["status"], "TRANSCENDED");
}

#[test]
fn an_older_failure_of_a_neighbor_keeps_the_environment_in_error() {
    let story = Story::new();
    story.environment.clone().in_state("DEPLOYED");
    story.database.clone().in_state("DEPLOYMENT_ERROR");
    story
        .setup
        .post(&format!("/application/{}/redeploy", story.api.id()));
    story.setup.seconds(60);
    assert_eq!(story.status()["last_deployment_state"], "DEPLOYED");
    assert_eq!(story.status()["state"], "DEPLOYMENT_ERROR");
    let status = |kind: &str, id| story.setup.get(&format!("/{kind}/{id}/status"));
    assert_eq!(
        status("application", story.api.id())["is_part_last_deployment"],
        true
    );
    assert_eq!(
        status("database", story.database.id())["is_part_last_deployment"],
        false
    );
}

#[test]
fn an_action_with_nothing_to_do_changes_nothing() {
    let story = Story::new();
    story.environment.clone().in_state("STOPPED");
    let response = story.act("stop");
    assert_eq!(response["state"], "STOPPED");
    assert_eq!(story.setup.fake.next_due(), None);
    story.environment.next_deployment().has_nothing_to_do();
    story.act("deploy");
    story.setup.seconds(60);
    assert_eq!(story.status()["state"], "STOPPED");
    assert_eq!(story.status()["last_deployment_id"], Value::Null);
}

#[test]
fn reads_of_a_deleted_environment_have_the_chosen_response() {
    for (gone, status) in [
        (Gone::NotFound, 404),
        (Gone::Forbidden, 403),
        (Gone::BadRequest, 400),
    ] {
        let story = Story::new();
        story.environment.clone().in_state("DEPLOYED").gone_as(gone);
        let path = format!("/application/{}", story.api.id());
        assert_eq!(story.setup.call(Method::DELETE, &path, &Value::Null).0, 204);
        story.setup.seconds(3);
        assert_eq!(
            story.setup.get(&format!("{path}/status"))["state"],
            "DELETING"
        );
        story.setup.seconds(30);
        let path = format!("{path}/status");
        assert_eq!(story.setup.call(Method::GET, &path, &Value::Null).0, status);
        assert_eq!(story.environment.services().len(), 1);

        let path = story.path.clone();
        assert_eq!(story.setup.call(Method::DELETE, &path, &Value::Null).0, 204);
        story.setup.seconds(30);
        let path = format!("{path}/status");
        assert_eq!(story.setup.call(Method::GET, &path, &Value::Null).0, status);
        assert_eq!(story.environment.state(), None);
    }
}

#[test]
fn a_deleted_environment_can_be_shown_for_a_while() {
    let story = Story::new();
    story
        .environment
        .clone()
        .gone_as(Gone::ShownFor(10 * SECOND));
    story.setup.call(Method::DELETE, &story.path, &Value::Null);
    story.setup.seconds(15);
    assert_eq!(story.status()["state"], "DELETED");
    story.setup.seconds(10);
    let path = format!("{}/status", story.path);
    assert_eq!(story.setup.call(Method::GET, &path, &Value::Null).0, 404);
}

#[test]
fn a_failed_deletion_deletes_nothing() {
    let story = Story::new();
    story
        .environment
        .next_deployment()
        .fails_at(&story.api, Step::Deployment);
    story.setup.call(Method::DELETE, &story.path, &Value::Null);
    story.setup.seconds(60);
    assert_eq!(story.status()["last_deployment_state"], "DELETE_ERROR");
    assert_eq!(story.environment.services().len(), 2);
}

#[test]
fn uninstalling_keeps_the_configuration() {
    let story = Story::new();
    story.act("deploy");
    story.setup.seconds(60);
    story.act("uninstall");
    story.setup.seconds(60);
    assert_eq!(story.status()["last_deployment_state"], "DELETED");
    assert_eq!(
        story.setup.get(&format!("/application/{}", story.api.id()))["name"],
        "api"
    );
    story.act("deploy");
    story.setup.seconds(60);
    assert_eq!(story.status()["last_deployment_state"], "DEPLOYED");
}

#[test]
fn an_action_affects_only_the_selected_services() {
    let story = Story::new();
    let call = |path: &str, body: Value| {
        story.setup.call(
            Method::POST,
            &format!("{}/service/{path}", story.path),
            &body,
        )
    };
    let (status, response) = call(
        "deploy",
        json!({"applications": [{"application_id": story.api.id(), "git_commit_id": "abc"}]}),
    );
    assert_eq!(status, 202, "{response}");
    assert_eq!(response["id"], story.environment.id().to_string());
    story.setup.seconds(60);
    assert_eq!(story.api.state().unwrap(), "DEPLOYED");
    assert_eq!(story.database.state().unwrap(), "READY");
    let (status, _) = call("stop", json!({"application_ids": [story.api.id()]}));
    assert_eq!(status, 200);
    story.setup.seconds(60);
    assert_eq!(story.api.state().unwrap(), "STOPPED");
    let (status, _) = call(
        "restart-service",
        json!({"database_ids": [story.database.id()]}),
    );
    assert_eq!(status, 202);
    story.setup.seconds(60);
    assert_eq!(story.database.state().unwrap(), "RESTARTED");
    let (status, _) = call("delete", json!({"database_ids": [story.database.id()]}));
    assert_eq!(status, 200);
    story.setup.seconds(60);
    assert_eq!(story.database.state(), None);
    assert_eq!(
        call(
            "stop",
            json!({"application_ids": [uuid::Uuid::from_u128(1)]})
        )
        .0,
        404
    );
    assert_eq!(call("stop", json!({})).0, 400);
}

#[test]
fn the_calendar_can_jump_while_time_advances_steadily() {
    let story = Story::new();
    assert_eq!(
        story.setup.fake.date().to_rfc3339(),
        "2026-01-01T00:00:00+00:00"
    );
    story
        .setup
        .fake
        .shift_calendar(chrono::TimeDelta::days(-30));
    story.act("deploy");
    story.setup.seconds(60);
    assert_eq!(story.status()["last_deployment_state"], "DEPLOYED");
    let date = story.status()["last_deployment_date"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(date.starts_with("2025-12-02T00:00:01"), "{date}");
}
