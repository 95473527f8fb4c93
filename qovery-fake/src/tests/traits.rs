//! Each value of each trait of the API, as a reader sees it.

use std::{collections::BTreeSet, time::Duration};

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Setup;
use crate::{
    AfterDeletion, ApiTraits, CanceledInQueue, FakeEnvironment, FakeService, History, Lags,
    Merging, Origin, QueueRows, Replicas, RequestState, ResponseBody, ResponseId, StatusRequest,
    Step, Unreached, Workload,
};

/// An environment of two services that are deployed one after the other, in 5 s each.
struct Scene {
    setup: Setup,
    environment: FakeEnvironment,
    first: FakeService,
    second: FakeService,
}

impl Scene {
    fn with(traits: ApiTraits) -> Self {
        let setup = Setup::new();
        let environment = setup.fake.environment("preview");
        let service = |name: &str, stage: &str| {
            environment
                .service(Workload::Database, name)
                .in_stage(stage)
        };
        let (first, second) = (service("first", "one"), service("second", "two"));
        let environment = environment.history(1).in_state("DEPLOYED");
        setup.fake.api(traits);
        Self {
            setup,
            environment,
            first,
            second,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/environment/{}/{rest}", self.environment.id())
    }

    fn deploy(&self) -> Value {
        self.setup.post(&self.path("deploy"))
    }

    fn status(&self) -> Value {
        self.setup.get(&self.path("status"))
    }

    fn status_of(&self, service: &FakeService) -> Value {
        self.setup
            .get(&format!("/database/{}/status", service.id()))
    }

    fn queue(&self) -> Vec<Value> {
        rows(&self.setup.get(&self.path("deploymentQueue")))
    }

    fn history(&self) -> Vec<Value> {
        rows(&self.setup.get(&self.path("deploymentHistoryV2")))
    }

    fn request_status(&self, id: &str) -> (u16, Value) {
        let path = format!("/environment/deploymentStatus?deploymentRequestId={id}");
        self.setup.call(Method::GET, &path, &Value::Null)
    }

    fn read(&self, rest: &str) -> u16 {
        let path = self.path(rest);
        self.setup.call(Method::GET, &path, &Value::Null).0
    }

    /// The request that was accepted last.
    fn last_request(&self) -> String {
        let all = self.environment.deployments();
        all.last().unwrap().request_id.to_string()
    }
}

fn rows(body: &Value) -> Vec<Value> {
    body["results"].as_array().unwrap().clone()
}

fn request_of(row: &Value) -> &str {
    row["identifier"]["deployment_request_id"].as_str().unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_response_has_the_id_always_or_if_the_request_has_to_wait_or_never() {
    for (trait_, idle, busy) in [
        (ResponseId::Always, true, true),
        (ResponseId::IfQueued, false, true),
        (ResponseId::Never, false, false),
    ] {
        let scene = Scene::with(ApiTraits::new().response_id(trait_));
        let has_id = |body: Value| !body["deployment_request_id"].is_null();
        assert_eq!(has_id(scene.deploy()), idle, "{trait_:?}");
        scene.setup.seconds(3);
        assert_eq!(has_id(scene.deploy()), busy, "{trait_:?}");
    }
}

#[test]
fn the_response_has_the_chosen_body_whatever_the_contract_declares() {
    for body in ResponseBody::ALL {
        let scene = Scene::with(ApiTraits::new().response_body(*body));
        let path = format!("/database/{}/deploy", scene.first.id());
        let (status, shown) = scene.setup.call(Method::POST, &path, &Value::Null);
        let request = scene.last_request();
        match body {
            ResponseBody::Declared | ResponseBody::ServiceStatus => {
                assert_eq!(shown["id"], json!(scene.first.id()), "{body:?}");
                assert_eq!(shown["deployment_request_id"], json!(request));
                assert!(shown.get("status_details").is_some());
            }
            ResponseBody::EnvironmentStatus => {
                assert_eq!(shown["id"], json!(scene.environment.id()));
                assert_eq!(shown["deployment_request_id"], json!(request));
                assert_eq!(shown["last_deployment_state"], "DEPLOYMENT_QUEUED");
                assert_eq!(
                    shown["origin"],
                    Value::Null,
                    "that of the deployment before"
                );
            }
            ResponseBody::Empty => assert_eq!((status, shown), (202, Value::Null)),
            ResponseBody::NoContent => assert_eq!((status, shown), (204, Value::Null)),
        }
        let (status, shown) = scene
            .setup
            .call(Method::POST, &scene.path("stop"), &Value::Null);
        assert!((200..300).contains(&status));
        if *body == ResponseBody::ServiceStatus {
            assert_eq!(shown["id"], json!(scene.first.id()));
        }
    }
}

#[test]
fn the_request_of_a_status_is_the_one_that_the_trait_names() {
    for meaning in StatusRequest::ALL {
        let scene = Scene::with(ApiTraits::new().status_request(*meaning));
        let named = || scene.status()["deployment_request_id"].clone();
        let first = scene.deploy()["deployment_request_id"].clone();
        scene.setup.seconds(2);
        let second = scene.deploy()["deployment_request_id"].clone();
        let third = scene.deploy()["deployment_request_id"].clone();
        let while_the_first_runs = match meaning {
            StatusRequest::RunningOrNext | StatusRequest::RunShown => &first,
            StatusRequest::NextQueued => &second,
            StatusRequest::LastRequested => &third,
            StatusRequest::Null => &Value::Null,
        };
        assert_eq!(named(), *while_the_first_runs, "{meaning:?}");
        let of_service = scene.status_of(&scene.first)["deployment_request_id"].clone();
        assert_eq!(of_service, *while_the_first_runs, "{meaning:?}");
        scene.setup.seconds(120);
        let at_rest = match meaning {
            StatusRequest::RunShown | StatusRequest::LastRequested => &third,
            _ => &Value::Null,
        };
        assert_eq!(named(), *at_rest, "{meaning:?}");
    }
}

#[test]
fn the_request_status_is_exact_or_follows_the_trait() {
    for shown in RequestState::ALL {
        let traits = ApiTraits::new().request_state(*shown);
        let scene = Scene::with(traits.preparation(seconds(4)));
        scene.deploy();
        let ours = scene.last_request();
        let state = || {
            let (status, body) = scene.request_status(&ours);
            body["status"]
                .as_str()
                .filter(|_| status == 200)
                .map_or_else(|| status.to_string(), str::to_owned)
        };
        scene.setup.seconds(3);
        // It runs, and its first service has not started.
        assert_eq!(scene.status()["state"], "DEPLOYING");
        let prepared = match shown {
            RequestState::QueuedUntilFirstService => "DEPLOYMENT_QUEUED",
            RequestState::ServerError => "500",
            RequestState::Forbidden => "403",
            _ => "DEPLOYING",
        };
        assert_eq!(state(), prepared, "{shown:?}");
        scene.setup.seconds(3);
        scene
            .environment
            .external_actor()
            .asks_for(crate::Trigger::Stop);
        scene.setup.seconds(12);
        // It has ended, and a stop runs.
        assert_eq!(scene.status()["state"], "STOPPING");
        let ended = match shown {
            RequestState::Exact | RequestState::QueuedUntilFirstService => "DEPLOYED",
            RequestState::OfEnvironment => "STOPPING",
            RequestState::NotFoundAfterEnd => "404",
            RequestState::ServerError => "500",
            RequestState::Forbidden => "403",
        };
        assert_eq!(state(), ended, "{shown:?}");
    }
}

#[test]
fn a_request_has_a_row_in_the_queue_as_the_trait_says() {
    for (rows, at_once, later, while_it_runs) in [
        (QueueRows::AtOnce, 1, 1, 1),
        (QueueRows::After(seconds(3)), 0, 1, 0),
        (QueueRows::IfItHasToWait, 0, 0, 1),
        (QueueRows::WithRunning, 1, 1, 2),
    ] {
        let scene = Scene::with(ApiTraits::new().queue_rows(rows));
        let environment = scene.environment.clone().starts_after(seconds(4));
        scene.deploy();
        assert_eq!(scene.queue().len(), at_once, "{rows:?}");
        scene.setup.seconds(3);
        assert_eq!(scene.queue().len(), later, "{rows:?}");
        scene.setup.seconds(2);
        let environment = environment.starts_after(seconds(1));
        environment.external_actor().through(Origin::Git).deploys();
        let queue = scene.queue();
        assert_eq!(queue.len(), while_it_runs, "{rows:?}");
        let path = format!("/service/{}/deploymentQueue", scene.first.id());
        assert_eq!(
            super::traits::rows(&scene.setup.get(&path)).len(),
            while_it_runs
        );
        if rows == QueueRows::WithRunning {
            assert_eq!(queue[0]["stages"][0]["status"], "ONGOING");
            assert_eq!(queue[1]["stages"][0]["status"], "QUEUED");
        }
    }
}

#[test]
fn a_canceled_queued_request_leaves_the_traces_of_the_trait() {
    for left in CanceledInQueue::ALL {
        let scene = Scene::with(ApiTraits::new().canceled_in_queue(*left));
        let before = (scene.status(), scene.status_of(&scene.first));
        scene.deploy();
        let ours = scene.last_request();
        let path = format!("/deploymentQueue/{ours}/cancelDeployment");
        scene.setup.post(&path);
        assert_eq!(scene.request_status(&ours).1["status"], "CANCELED");
        let entries = scene.history().len();
        let after = (scene.status(), scene.status_of(&scene.first));
        match left {
            CanceledInQueue::NoTrace => {
                assert_eq!(after, before);
                assert_eq!(entries, 1);
            }
            CanceledInQueue::StateOnly => {
                assert_eq!(after.0["last_deployment_state"], "CANCELED");
                assert_eq!(entries, 1);
            }
            CanceledInQueue::HistoryEntry => {
                assert_eq!(after.0["last_deployment_state"], "CANCELED");
                let history = scene.history();
                assert_eq!(history.len(), 2);
                assert_eq!(history[0]["status"], "CANCELED");
                assert_eq!(history[0]["stages"][0]["services"][0]["status"], "CANCELED");
                assert_eq!(
                    history[0]["identifier"]["execution_id"],
                    after.0["last_deployment_id"]
                );
            }
        }
    }
}

#[test]
fn identical_queued_requests_of_one_user_are_merged_and_those_of_others_are_not() {
    let scene = Scene::with(ApiTraits::new().merging(Merging::ByUserAndAction));
    scene.deploy();
    scene.setup.seconds(2);
    scene.deploy();
    let absorbing = scene.last_request();
    scene
        .environment
        .external_actor()
        .by_the_same_user()
        .deploys();
    let absorbed = scene.last_request();
    assert_eq!(scene.queue().len(), 1);
    assert_eq!(request_of(&scene.queue()[0]), absorbing);
    scene
        .environment
        .external_actor()
        .by("else@example.com")
        .deploys();
    scene
        .environment
        .external_actor()
        .by("else@example.com")
        .asks_for(crate::Trigger::Stop);
    assert_eq!(scene.queue().len(), 3);
    let all = scene.environment.deployments();
    let merged: Vec<_> = all.iter().filter_map(|d| d.merged_into).collect();
    assert_eq!(merged, [Uuid::parse_str(&absorbing).unwrap()]);
    scene.setup.seconds(13);
    assert_eq!(scene.request_status(&absorbed).1["status"], "DEPLOYING");
}

#[test]
fn histories_are_both_or_one_or_short_or_missing() {
    for history in History::ALL {
        let scene = Scene::with(ApiTraits::new().history(*history));
        let environment = scene.environment.clone().history(29);
        assert_eq!(environment.id(), scene.environment.id());
        let (first, second) = match history {
            History::V2AndV1 | History::Last20 => (200, 200),
            History::V2Only => (404, 200),
            History::Missing => (404, 404),
        };
        assert_eq!(scene.read("deploymentHistory"), first, "{history:?}");
        assert_eq!(scene.read("deploymentHistoryV2"), second, "{history:?}");
        let path = format!("/database/{}/deploymentHistoryV2", scene.first.id());
        assert_eq!(scene.setup.call(Method::GET, &path, &Value::Null).0, second);
        if second == 200 {
            let body = scene
                .setup
                .get(&scene.path("deploymentHistoryV2?pageSize=100"));
            let entries = if *history == History::Last20 { 20 } else { 30 };
            assert_eq!(rows(&body).len(), entries, "{history:?}");
        }
    }
}

#[test]
fn each_endpoint_lags_by_itself() {
    let lags = |change: fn(&mut Lags)| {
        let mut lags = Lags::default();
        change(&mut lags);
        lags
    };
    let all = [
        lags(|lags| lags.environment_status = seconds(5)),
        lags(|lags| lags.service_status = seconds(5)),
        lags(|lags| lags.request_status = seconds(5)),
        lags(|lags| lags.queue = seconds(5)),
        lags(|lags| lags.history = seconds(5)),
        Lags::default(),
    ];
    for (behind, lags) in all.into_iter().enumerate() {
        let scene = Scene::with(ApiTraits::new().lags(lags));
        scene.first.clone().takes(Step::Deployment, seconds(60));
        scene.setup.seconds(60);
        scene.deploy();
        let ours = scene.last_request();
        let seen = || {
            let stages = scene.setup.get(&scene.path("statusesWithStages"));
            [
                scene.status()["state"] == "DEPLOYED"
                    && stages["environment"]["state"] == "DEPLOYED",
                scene.status_of(&scene.first)["state"] == "DEPLOYED",
                scene.request_status(&ours).0 == 404,
                scene.queue().is_empty(),
                scene.history().len() == 1,
            ]
        };
        // Queued for a second, then running.
        let at_once = seen();
        scene.setup.seconds(2);
        let running = seen();
        scene.setup.seconds(5);
        let caught_up = seen();
        for endpoint in 0..5 {
            let lags = endpoint == behind;
            let name = format!("endpoint {endpoint}, lag of {behind}");
            // The history shows executions, not requests. A row leaves the queue when its request starts.
            let (expected_at_once, expected_running) = match endpoint {
                3 => (lags, true),
                4 => (true, lags),
                _ => (lags, lags),
            };
            assert_eq!(at_once[endpoint], expected_at_once, "{name}");
            assert_eq!(running[endpoint], expected_running, "{name}");
            assert_eq!(caught_up[endpoint], endpoint == 3, "{name}");
        }
        if behind == 3 {
            // The queue shows the requests that waited 5 s ago.
            let scene = Scene::with(ApiTraits::new().lags(lags));
            scene.setup.seconds(60);
            scene.deploy();
            scene.setup.seconds(5);
            assert_eq!(scene.queue().len(), 1);
        }
    }
}

#[test]
fn a_lagging_status_shows_deleted_objects_until_the_lag_is_over() {
    let lags = Lags {
        environment_status: seconds(5),
        ..Lags::default()
    };
    let scene = Scene::with(ApiTraits::new().lags(lags));
    let path = format!("/environment/{}", scene.environment.id());
    let (status, _) = scene.setup.call(Method::DELETE, &path, &Value::Null);
    assert_eq!(status, 204);
    scene.setup.seconds(13);
    assert_eq!(scene.setup.call(Method::GET, &path, &Value::Null).0, 404);
    assert_eq!(scene.read("deploymentQueue"), 404);
    assert_eq!(scene.status()["state"], "DELETING");
    scene.setup.seconds(5);
    assert_eq!(scene.read("status"), 404);
}

#[test]
fn two_replicas_alternate_and_agree_when_nothing_changes() {
    let traits = ApiTraits::new().replicas(Replicas::SecondIsBehind(seconds(5)));
    let scene = Scene::with(traits);
    scene.setup.seconds(60);
    scene.deploy();
    let states = || -> BTreeSet<String> {
        (0..40)
            .map(|_| scene.status()["state"].as_str().unwrap().to_owned())
            .collect()
    };
    let both = BTreeSet::from(["DEPLOYED".to_owned(), "DEPLOYMENT_QUEUED".to_owned()]);
    assert_eq!(states(), both);
    scene.setup.seconds(60);
    assert_eq!(states().len(), 1);
}

#[test]
fn a_service_that_its_deployment_did_not_reach_follows_the_trait() {
    for unreached in Unreached::ALL {
        let scene = Scene::with(ApiTraits::new().unreached(*unreached));
        scene.deploy();
        scene.setup.seconds(30);
        let before = scene.status_of(&scene.second);
        scene
            .environment
            .next_deployment()
            .fails_at(&scene.first, Step::Deployment);
        scene.deploy();
        scene.setup.seconds(30);
        let failed = scene.status();
        assert_eq!(failed["last_deployment_state"], "DEPLOYMENT_ERROR");
        let after = scene.status_of(&scene.second);
        assert_eq!(after["state"], "DEPLOYED");
        let is_new = after["execution_id"] == failed["last_deployment_id"];
        let marker = after["status_details"]["status"] == "NEVER";
        match unreached {
            Unreached::Marked => assert!(is_new && marker, "{after}"),
            Unreached::OldStateAndOldId => assert_eq!(after, before),
            Unreached::OldStateAndNewId => assert!(is_new && !marker, "{after}"),
        }
    }
}

#[test]
fn deleted_resources_and_their_requests_have_the_response_of_the_trait() {
    for after in AfterDeletion::ALL {
        let scene = Scene::with(ApiTraits::new().after_deletion(*after));
        let path = format!("/environment/{}", scene.environment.id());
        scene.setup.call(Method::DELETE, &path, &Value::Null);
        let ours = scene.last_request();
        scene.setup.seconds(30);
        let (status, request) = match after {
            AfterDeletion::RequestStatusKnown => (404, 200),
            AfterDeletion::NotFound => (404, 404),
            AfterDeletion::Forbidden => (403, 403),
            AfterDeletion::BadRequest => (400, 400),
        };
        assert_eq!(scene.read("status"), status, "{after:?}");
        let (code, body) = scene.request_status(&ours);
        assert_eq!(code, request, "{after:?}");
        if code == 200 {
            assert_eq!(body["status"], "DELETED");
        }
    }
}

#[test]
fn queued_requests_of_a_deleted_environment_end_as_canceled() {
    let scene = Scene::with(ApiTraits::new());
    scene
        .environment
        .external_actor()
        .asks_for(crate::Trigger::Delete);
    scene.deploy();
    scene.setup.seconds(30);
    let ours = scene.environment.deployments().pop().unwrap();
    assert!(ours.is_over);
    assert_eq!((ours.state.as_str(), ours.execution_id), ("CANCELED", None));
}

#[test]
fn rows_and_entries_have_user_origin_and_services() {
    let scene = Scene::with(ApiTraits::new());
    scene.deploy();
    scene.setup.seconds(2);
    scene
        .environment
        .external_actor()
        .through(Origin::Git)
        .by("push@example.com")
        .only([&scene.second])
        .deploys();
    let row = &scene.queue()[0];
    assert_eq!(row["auditing_data"]["origin"], "GIT");
    assert_eq!(row["auditing_data"]["triggered_by"], "push@example.com");
    assert_eq!(row["trigger_action"], "DEPLOY");
    let services = |entry: &Value| -> Vec<String> {
        let stages = entry["stages"].as_array().unwrap();
        let services = stages
            .iter()
            .flat_map(|stage| stage["services"].as_array().unwrap());
        services
            .map(|service| {
                service["identifier"]["service_id"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    assert_eq!(services(row), [scene.second.id().to_string()]);
    scene.setup.seconds(60);
    let history = scene.history();
    assert_eq!(history[0]["auditing_data"]["origin"], "GIT");
    assert_eq!(services(&history[0]), [scene.second.id().to_string()]);
    assert_eq!(history[1]["auditing_data"]["origin"], "API");
    assert_eq!(services(&history[1]).len(), 2);
    let own = &scene.environment.deployments()[2];
    assert_eq!(own.requested, [scene.second.id()]);
    assert_eq!((own.origin.as_str(), own.is_callers), ("GIT", false));
}

#[test]
fn the_origin_of_a_call_follows_from_its_user_agent() {
    for (user_agent, origin) in [
        ("qovery-api-rust/0.1.0", "API"),
        ("CLI 1.2.3", "CLI"),
        ("Terraform provider 0.30", "TERRAFORM_PROVIDER"),
        ("QoverySkill/deploy (version: 1)", "SKILL"),
        ("Mozilla/5.0", "CONSOLE"),
        ("CLIent", "API"),
    ] {
        let scene = Scene::with(ApiTraits::new());
        let mut incoming = scene
            .setup
            .incoming(Method::POST, &scene.path("deploy"), &Value::Null);
        incoming
            .headers
            .insert(http::header::USER_AGENT, user_agent.parse().unwrap());
        scene.setup.fake.handle(&incoming);
        let own = scene.environment.deployments().pop().unwrap();
        assert_eq!(own.origin, origin, "{user_agent}");
        assert!(own.is_callers);
    }
}

#[test]
fn random_traits_are_the_same_for_a_seed_and_have_every_value() {
    let all: Vec<ApiTraits> = (0..400).map(ApiTraits::random).collect();
    assert_eq!(all[7], ApiTraits::random(7));
    fn values<T: std::fmt::Debug>(all: &[ApiTraits], of: impl Fn(&ApiTraits) -> T) -> usize {
        let values = all.iter().map(|traits| {
            let value = format!("{:?}", of(traits));
            value.split(['(', ' ']).next().unwrap().to_owned()
        });
        values.collect::<BTreeSet<_>>().len()
    }
    assert_eq!(values(&all, |t| t.response_id), ResponseId::ALL.len());
    assert_eq!(values(&all, |t| t.response_body), ResponseBody::ALL.len());
    assert_eq!(values(&all, |t| t.status_request), StatusRequest::ALL.len());
    assert_eq!(values(&all, |t| t.request_state), RequestState::ALL.len());
    assert_eq!(values(&all, |t| t.queue_rows), 4);
    assert_eq!(
        values(&all, |t| t.canceled_in_queue),
        CanceledInQueue::ALL.len()
    );
    assert_eq!(values(&all, |t| t.merging), Merging::ALL.len());
    assert_eq!(values(&all, |t| t.history), History::ALL.len());
    assert_eq!(values(&all, |t| t.replicas), 2);
    assert_eq!(values(&all, |t| t.unreached), Unreached::ALL.len());
    assert_eq!(values(&all, |t| t.after_deletion), AfterDeletion::ALL.len());
    assert!(all.iter().all(|t| t.lags.longest() <= seconds(10)));
    assert!(all.iter().any(|t| t.lags.queue != t.lags.history));
}
