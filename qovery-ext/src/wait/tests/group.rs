//! Many operations at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use qovery_api::{BoxFuture, Client, RawResponse, Request, Transport, TransportError};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::server::{Refusal, respond, seconds};
use crate::wait::{
    Action, Group, OnFailure, PollSchedule, ServiceKind, ServiceRef, State, Subject, WaitErrorKind,
    action_request::ActionRequest, api::ApiSource, source::FaultKind,
};

/// Environments in projects; each is deployed for a while and ends in a state.
#[derive(Default)]
struct World {
    environments: HashMap<Uuid, Plan>,
    /// How often each operation was called.
    calls: Mutex<HashMap<&'static str, u32>>,
    executed: Mutex<HashMap<Uuid, Instant>>,
    /// The duration of the status request of a project.
    slow: Option<(Uuid, Duration)>,
}

#[derive(Clone)]
struct Plan {
    project: Uuid,
    takes: Duration,
    ends: &'static str,
    services: usize,
}

/// A final state that represents a refused action.
const REFUSED: &str = "REFUSED";

fn id(kind: u128, number: usize) -> Uuid {
    Uuid::from_u128((kind << 64) | number as u128)
}

fn environment(number: usize) -> Uuid {
    id(1, number)
}

fn service(environment: usize, number: usize) -> ServiceRef {
    ServiceRef::new(ServiceKind::Container, id(3, environment * 100 + number))
}

impl World {
    fn new(projects: usize, each: usize, takes: Duration) -> Self {
        let mut world = Self::default();
        for number in 0..projects * each {
            let plan = Plan {
                project: id(2, number / each),
                takes,
                ends: "DEPLOYED",
                services: 3,
            };
            world.environments.insert(environment(number), plan);
        }
        world
    }

    fn ends(mut self, number: usize, state: &'static str) -> Self {
        self.environments
            .get_mut(&environment(number))
            .unwrap()
            .ends = state;
        self
    }

    fn takes(mut self, number: usize, takes: Duration) -> Self {
        self.environments
            .get_mut(&environment(number))
            .unwrap()
            .takes = takes;
        self
    }

    fn counted(&self, operation: &'static str) -> u32 {
        let calls = self.calls.lock().unwrap();
        calls.get(operation).copied().unwrap_or(0)
    }

    fn state(&self, id: Uuid) -> (State, &'static str) {
        let plan = &self.environments[&id];
        match self.executed.lock().unwrap().get(&id) {
            None => (State::Ready, "none"),
            Some(at) if at.elapsed() < plan.takes => (State::Deploying, "e-1"),
            Some(_) => (State::from(plan.ends), "e-1"),
        }
    }

    fn status(&self, id: Uuid) -> Value {
        let (state, deployment) = self.state(id);
        json!({
            "id": id, "state": state, "last_deployment_state": state, "last_deployment_id": deployment,
        })
    }

    /// The services, in one stage.
    fn stage(&self, id: Uuid) -> Value {
        let (state, deployment) = self.state(id);
        let number = id.as_u128() as u64 as usize;
        let action = match state.is_terminal() {
            true => "SUCCESS",
            false => "ONGOING",
        };
        let services = (0..self.environments[&id].services).map(|i| {
            json!({
                "id": service(number, i).id, "state": state, "service_deployment_status": "UP_TO_DATE",
                "execution_id": deployment,
                "status_details": {"action": "DEPLOY", "status": action, "sub_action": "NONE"},
            })
        });
        let stage = json!({"id": self::id(4, number), "name": "s", "description": ""});
        json!({"stage": stage, "containers": services.collect::<Vec<_>>()})
    }

    fn project_status(&self, project: Uuid) -> Value {
        let environments = self.environments.iter();
        let own = environments.filter(|(_, plan)| plan.project == project);
        let mut ids: Vec<_> = own.map(|(id, _)| *id).collect();
        ids.sort();
        let statuses: Vec<_> = ids.into_iter().map(|id| self.status(id)).collect();
        json!({ "results": statuses })
    }

    fn act(&self, id: Uuid) -> RawResponse {
        if self.environments[&id].ends == REFUSED {
            return Refusal::of(FaultKind::Forbidden).response();
        }
        let mut executed = self.executed.lock().unwrap();
        executed.entry(id).or_insert_with(Instant::now);
        respond(
            200,
            &json!({"id": id, "state": "DEPLOYING", "deployment_request_id": id}),
        )
    }
}

/// The first id in the path, or in the query.
fn id_in(request: &Request) -> Uuid {
    let path = request.url.path().split('/').map(str::to_owned);
    let query = request
        .url
        .query_pairs()
        .map(|(_, value)| value.into_owned());
    let mut ids = path.chain(query).filter_map(|text| text.parse().ok());
    ids.next().expect("an id")
}

struct Transported(Arc<World>);

impl Transport for Transported {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let world = &self.0;
        let (operation, id) = (request.operation.id, id_in(&request));
        *world.calls.lock().unwrap().entry(operation).or_default() += 1;
        Box::pin(async move {
            Ok(match operation {
                "getEnvironmentStatusesWithStages" => respond(
                    200,
                    &json!({"environment": world.status(id), "stages": [world.stage(id)]}),
                ),
                // The id of a request is that of its environment.
                "getDeploymentStatusByDeploymentRequestId" => {
                    let (state, _) = world.state(id);
                    respond(200, &json!({"status": state, "environment_id": id}))
                }
                "getEnvironment" => {
                    let project = world.environments[&id].project;
                    respond(200, &super::server::environment(id, project))
                }
                "getProjectEnvironmentsStatus" => {
                    if let Some((slow, time)) = world.slow
                        && slow == id
                        && !world.executed.lock().unwrap().is_empty()
                    {
                        tokio::time::sleep(time).await;
                    }
                    respond(200, &world.project_status(id))
                }
                "redeployEnvironment" => world.act(id),
                "redeployContainer" => world.act(environment(id.as_u128() as u64 as usize / 100)),
                "listDeploymentRequestByEnvironmentId"
                | "listDeploymentRequestByServiceId"
                | "listEnvironmentDeploymentHistoryV2" => {
                    respond(200, &json!({"page": 1, "page_size": 20, "results": []}))
                }
                "listEnvironmentLogs" => respond(200, &json!([])),
                other => panic!("{other}"),
            })
        })
    }
}

fn source(world: &Arc<World>) -> Arc<ApiSource> {
    let client = Client::with_transport("https://h.test", Transported(Arc::clone(world)));
    Arc::new(ApiSource::new(client.unwrap()))
}

fn deploy_all(world: &Arc<World>) -> Vec<Action> {
    let source = source(world);
    (0..world.environments.len())
        .map(|number| {
            Action::requesting(
                Arc::clone(&source),
                Subject::environment(environment(number)),
                ActionRequest::Redeploy,
            )
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_polls_of_a_thousand_environments_grow_with_their_ten_projects() {
    let mut polls = Vec::new();
    for each in [10, 100] {
        let world = Arc::new(World::new(10, each, seconds(600)));
        let group = Group::start(deploy_all(&world)).await;
        let outcome = group.schedule(PollSchedule::default().seed(1)).wait().await;
        assert!(outcome.all_reached());
        assert_eq!(outcome.exit_code(), 0);
        assert_eq!(
            world.counted("getEnvironmentStatusesWithStages"),
            0,
            "none was read by itself"
        );
        assert_eq!(
            world.counted("getEnvironment"),
            10,
            "one look-up for each project"
        );
        let operations = u32::try_from(10 * each).unwrap();
        assert_eq!(world.counted("redeployEnvironment"), operations);
        assert_eq!(
            world.counted("getDeploymentStatusByDeploymentRequestId"),
            operations,
            "asked once, at the end"
        );
        polls.push(world.counted("getProjectEnvironmentsStatus"));
    }
    assert!(polls[1] <= polls[0] + 10 && polls[1] < 700, "{polls:?}");
}

#[tokio::test(start_paused = true)]
async fn services_of_one_environment_share_one_request() {
    let world = Arc::new(World::new(1, 1, seconds(60)));
    let source = source(&world);
    let actions = (0..3).map(|i| {
        let subject = Subject::Service {
            service: service(0, i),
            environment: Some(environment(0)),
        };
        Action::requesting(Arc::clone(&source), subject, ActionRequest::Redeploy)
    });
    let group = Group::start(actions).await;
    let before = world.counted("getEnvironmentStatusesWithStages");
    let outcome = group
        .schedule(PollSchedule::every(seconds(10)))
        .wait()
        .await;
    assert!(outcome.all_reached(), "{:?}", outcome.errors().next());
    assert_eq!(
        world.counted("getEnvironmentStatusesWithStages") - before,
        7,
        "at 0, 10, … 60 s, for all three"
    );
}

#[tokio::test(start_paused = true)]
async fn finish_waits_for_all_and_stop_returns_the_others() {
    let world = || {
        Arc::new(
            World::new(1, 3, seconds(100))
                .ends(1, "BUILD_ERROR")
                .takes(1, seconds(20)),
        )
    };
    let outcome = Group::start(deploy_all(&world())).await.wait().await;
    let kinds: Vec<_> = outcome
        .results
        .iter()
        .map(|r| r.as_ref().map(Result::is_ok))
        .collect();
    assert_eq!(kinds, [Some(true), Some(false), Some(true)]);
    assert_eq!(outcome.exit_code(), 1);

    let group = Group::start(deploy_all(&world()))
        .await
        .on_failure(OnFailure::Stop);
    let outcome = group.wait().await;
    assert!(outcome.results[0].is_none() && outcome.results[2].is_none());
    assert_eq!(outcome.unfinished.len(), 2);
    assert_eq!(outcome.exit_code(), 1);
    // Operations that were returned continue.
    let rest = Group::of(outcome.unfinished).wait().await;
    assert!(rest.all_reached());
}

#[tokio::test(start_paused = true)]
async fn each_member_keeps_its_own_deadline() {
    let world = Arc::new(World::new(1, 2, seconds(300)));
    let mut actions = deploy_all(&world);
    let short = actions.remove(0).within(seconds(30));
    let group = Group::start([short, actions.remove(0)]).await;
    let outcome = group.wait().await;
    let first = outcome.results[0]
        .as_ref()
        .unwrap()
        .as_ref()
        .expect_err("too short");
    assert_eq!(first.kind(), WaitErrorKind::DeadlinePassed);
    assert_eq!(first.elapsed(), seconds(30));
    assert!(outcome.results[1].as_ref().unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_action_that_cannot_be_started_is_a_result_of_its_own() {
    let world = Arc::new(World::new(1, 2, seconds(10)).ends(1, REFUSED));
    let outcome = Group::start(deploy_all(&world)).await.wait().await;
    assert!(outcome.results[0].as_ref().unwrap().is_ok());
    let refused = outcome.results[1]
        .as_ref()
        .unwrap()
        .as_ref()
        .expect_err("forbidden");
    assert_eq!(refused.kind(), WaitErrorKind::Refused);
    assert_eq!(outcome.exit_code(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_slow_project_does_not_delay_the_others() {
    let mut world = World::new(2, 2, seconds(20));
    world.slow = Some((id(2, 0), seconds(50)));
    let world = Arc::new(world);
    let outcome = Group::start(deploy_all(&world)).await.wait().await;
    assert!(outcome.all_reached());
    let elapsed = |i: usize| {
        outcome.results[i]
            .as_ref()
            .unwrap()
            .as_ref()
            .unwrap()
            .elapsed
    };
    assert!(elapsed(2) < seconds(45), "{:?}", elapsed(2));
    assert!(elapsed(0) >= seconds(50), "{:?}", elapsed(0));
}

#[tokio::test(start_paused = true)]
async fn a_shared_request_that_hangs_ends_with_the_deadline_of_each() {
    let mut world = World::new(1, 2, seconds(20));
    world.slow = Some((id(2, 0), seconds(50)));
    let world = Arc::new(world);
    let mut actions = deploy_all(&world);
    let short = actions.remove(0).within(seconds(10));
    let outcome = Group::start([short, actions.remove(0)]).await.wait().await;
    let first = outcome.results[0].as_ref().unwrap().as_ref();
    let first = first.expect_err("the status takes too long");
    assert_eq!(first.kind(), WaitErrorKind::DeadlinePassed);
    assert!(first.elapsed() <= seconds(15), "{:?}", first.elapsed());
    assert!(outcome.results[1].as_ref().unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_shares_no_poll_also_gets_a_last_poll() {
    let world = Arc::new(World::new(1, 1, seconds(29)));
    let actions = deploy_all(&world);
    let late = actions.into_iter().map(|a| {
        a.within(seconds(30))
            .schedule(PollSchedule::every(seconds(28)))
    });
    let outcome = Group::start(late).await.wait().await;
    let reached = outcome.results[0].as_ref().unwrap().as_ref();
    assert_eq!(reached.expect("the last poll sees it").elapsed, seconds(30));
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_dropped_at_any_time_sends_no_more_requests() {
    for pause in [0_u64, 1, 700, 1000, 5000, 19_000, 25_000] {
        let world = Arc::new(World::new(1, 3, seconds(20)));
        let group = Group::start(deploy_all(&world)).await;
        let _ = tokio::time::timeout(Duration::from_millis(pause), group.wait()).await;
        let polls = world.counted("getProjectEnvironmentsStatus");
        tokio::time::advance(seconds(600)).await;
        tokio::task::yield_now().await;
        assert_eq!(world.counted("getProjectEnvironmentsStatus"), polls);
        assert_eq!(
            world.counted("redeployEnvironment"),
            3,
            "nothing was canceled"
        );
    }
}
