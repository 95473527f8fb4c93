//! Many operations at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;
use uuid::Uuid;

use super::server::seconds;
use crate::wait::{
    Action, BoxFuture, Group, OnFailure, PollSchedule, ServiceKind, ServiceRef, ServiceSnapshot,
    Snapshot, State, Subject, WaitErrorKind,
    action_request::ActionRequest,
    failure_report::DeploymentLog,
    source::{
        ActionResponse, Fault, FaultKind, HistoryEntry, QueueRow, Reading, RequestReading, Source,
    },
};

/// Environments in projects; each is deployed for a while and ends in a state.
#[derive(Default)]
struct World {
    environments: HashMap<Uuid, Plan>,
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

    fn count(&self, call: &'static str) {
        *self.calls.lock().unwrap().entry(call).or_default() += 1;
    }

    fn counted(&self, call: &'static str) -> u32 {
        self.calls.lock().unwrap().get(call).copied().unwrap_or(0)
    }

    fn state(&self, id: Uuid) -> (State, &'static str) {
        let plan = &self.environments[&id];
        match self.executed.lock().unwrap().get(&id) {
            None => (State::Ready, "none"),
            Some(at) if at.elapsed() < plan.takes => (State::Deploying, "e-1"),
            Some(_) => (State::from(plan.ends), "e-1"),
        }
    }

    fn snapshot(&self, id: Uuid, subject: Subject, with_services: bool) -> Reading {
        let (state, deployment) = self.state(id);
        let mut snapshot = Snapshot::new(subject, state.clone());
        snapshot.deployment_id = Some(deployment.to_owned());
        if with_services {
            let number = id.as_u128() as u64 as usize;
            snapshot.services = (0..self.environments[&id].services)
                .map(|i| {
                    let mut own = ServiceSnapshot::new(service(number, i), state.clone());
                    own.deployment_id = Some(deployment.to_owned());
                    own.action_status = Some(
                        if state.is_terminal() {
                            "SUCCESS"
                        } else {
                            "ONGOING"
                        }
                        .to_owned(),
                    );
                    own
                })
                .collect();
        }
        Reading {
            snapshot,
            retry_after: None,
        }
    }
}

fn none<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, Result<T, Fault>> {
    Box::pin(async { Ok(value) })
}

impl Source for World {
    fn read<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Reading, Fault>> {
        self.count("read");
        let id = subject
            .environment_id()
            .expect("these tests have no clusters");
        let whole = self.snapshot(id, Subject::environment(id), true);
        let snapshot = whole.snapshot.part(subject).expect("it is there");
        none(Reading { snapshot, ..whole })
    }

    fn request(&self, request: Uuid) -> BoxFuture<'_, Result<Option<RequestReading>, Fault>> {
        self.count("request");
        let (state, _) = self.state(request);
        none(Some(RequestReading {
            environment: Some(request),
            state,
        }))
    }

    fn queue<'a>(&'a self, _: &'a Subject) -> BoxFuture<'a, Result<Option<Vec<QueueRow>>, Fault>> {
        self.count("queue");
        none(Some(Vec::new()))
    }

    fn history<'a>(
        &'a self,
        _: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Vec<HistoryEntry>>, Fault>> {
        none(None)
    }

    fn start<'a>(
        &'a self,
        subject: &'a Subject,
        _: &'a ActionRequest,
    ) -> BoxFuture<'a, Result<ActionResponse, Fault>> {
        self.count("act");
        let id = subject.environment_id().expect("an environment");
        if self.environments[&id].ends == REFUSED {
            return Box::pin(async { Err(Fault::new(FaultKind::Forbidden, "no")) });
        }
        self.executed
            .lock()
            .unwrap()
            .entry(id)
            .or_insert_with(Instant::now);
        none(ActionResponse {
            request: Some(id),
            execution: None,
            idle: false,
            server_time: None,
        })
    }

    fn log<'a>(
        &'a self,
        _: &'a Subject,
        _: Option<&'a str>,
        _: bool,
    ) -> BoxFuture<'a, Result<DeploymentLog, Fault>> {
        none(DeploymentLog::default())
    }

    fn project_of(&self, environment: Uuid) -> BoxFuture<'_, Result<Uuid, Fault>> {
        self.count("project_of");
        none(self.environments[&environment].project)
    }

    fn read_project(&self, project: Uuid) -> BoxFuture<'_, Result<Vec<Reading>, Fault>> {
        self.count("read_project");
        let mut ids: Vec<_> = self
            .environments
            .iter()
            .filter(|(_, p)| p.project == project)
            .map(|(id, _)| *id)
            .collect();
        ids.sort();
        Box::pin(async move {
            if let Some((slow, time)) = self.slow
                && slow == project
                && !self.executed.lock().unwrap().is_empty()
            {
                tokio::time::sleep(time).await;
            }
            Ok(ids
                .into_iter()
                .map(|id| self.snapshot(id, Subject::environment(id), false))
                .collect())
        })
    }
}

fn deploy_all(world: &Arc<World>) -> Vec<Action> {
    (0..world.environments.len())
        .map(|number| {
            let source: Arc<dyn Source> = world.clone();
            Action::requesting(
                source,
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
        assert_eq!(world.counted("read"), 0, "none was read by itself");
        assert_eq!(
            world.counted("project_of"),
            10,
            "one look-up for each project"
        );
        let operations = u32::try_from(10 * each).unwrap();
        assert_eq!(world.counted("act"), operations);
        assert_eq!(
            world.counted("request"),
            operations,
            "asked once, at the end"
        );
        polls.push(world.counted("read_project"));
    }
    assert!(polls[1] <= polls[0] + 10 && polls[1] < 700, "{polls:?}");
}

#[tokio::test(start_paused = true)]
async fn services_of_one_environment_share_one_request() {
    let world = Arc::new(World::new(1, 1, seconds(60)));
    let actions = (0..3).map(|i| {
        let subject = Subject::Service {
            service: service(0, i),
            environment: Some(environment(0)),
        };
        let source: Arc<dyn Source> = world.clone();
        Action::requesting(source, subject, ActionRequest::Redeploy)
    });
    let group = Group::start(actions).await;
    let before = world.counted("read");
    let outcome = group
        .schedule(PollSchedule::every(seconds(10)))
        .wait()
        .await;
    assert!(outcome.all_reached(), "{:?}", outcome.errors().next());
    assert_eq!(
        world.counted("read") - before,
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
        let polls = world.counted("read_project");
        tokio::time::advance(seconds(600)).await;
        tokio::task::yield_now().await;
        assert_eq!(world.counted("read_project"), polls);
        assert_eq!(world.counted("act"), 3, "nothing was canceled");
    }
}
