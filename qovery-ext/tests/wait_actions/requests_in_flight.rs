//! The number of requests that are in flight at a time, for a group and for many single waits.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use qovery_api::{
    BoxFuture, Client, RawResponse, Request, Transport, TransportError, http::Method,
};
use qovery_ext::wait::{Action, Goal, Group, OperationToken, WaitExt, WaitOptions};
use qovery_fake::{FakeEnvironment, FakeQovery, FakeTransport, Step, Workload as FakeKind};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Delays each request, and counts the requests in flight.
#[derive(Clone)]
struct Slow {
    api: FakeTransport,
    takes: Duration,
    /// An operation that never succeeds.
    broken: Option<&'static str>,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Default)]
struct Counts {
    in_flight: BTreeMap<bool, usize>,
    most: BTreeMap<bool, usize>,
    requests: BTreeMap<String, usize>,
}

impl Slow {
    fn new(fake: &FakeQovery, takes: Duration) -> Self {
        Self {
            api: fake.transport(),
            takes,
            broken: None,
            counts: Arc::default(),
        }
    }

    fn client(&self) -> Client {
        Client::with_transport("https://fake.qovery.test", self.clone()).expect("a URL")
    }

    /// The maximum number of requests in flight: actions, and requests that read.
    fn most(&self, actions: bool) -> usize {
        let counts = self.counts.lock().expect("no panic");
        counts.most.get(&actions).copied().unwrap_or(0)
    }

    fn requests(&self, operation: &str) -> usize {
        let counts = self.counts.lock().expect("no panic");
        counts.requests.get(operation).copied().unwrap_or(0)
    }
}

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        Box::pin(async move {
            let (is_action, id) = (
                request.operation.method != Method::GET,
                request.operation.id,
            );
            {
                let mut counts = self.counts.lock().expect("no panic");
                *counts.requests.entry(id.to_owned()).or_default() += 1;
                let now = counts.in_flight.entry(is_action).or_default();
                *now += 1;
                let now = *now;
                let most = counts.most.entry(is_action).or_default();
                *most = now.max(*most);
            }
            tokio::time::sleep(self.takes).await;
            let response = if self.broken == Some(id) {
                Err(TransportError::interrupted("reset"))
            } else {
                self.api.send(request).await
            };
            let mut counts = self.counts.lock().expect("no panic");
            *counts.in_flight.entry(is_action).or_default() -= 1;
            response
        })
    }
}

fn environments(fake: &FakeQovery, count: usize) -> Vec<FakeEnvironment> {
    (0..count)
        .map(|number| {
            let environment = fake.environment(&format!("preview-{number}"));
            environment
                .service(FakeKind::Container, "web")
                .takes(Step::Deployment, 20 * SECOND);
            environment
        })
        .collect()
}

fn deployments(client: &Client, environments: &[FakeEnvironment]) -> Vec<Action> {
    environments
        .iter()
        .map(|environment| client.environment(environment.id()).deploy())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_requested_number_of_actions_is_started_at_once() {
    for (at_once, expected) in [
        (None, 8),
        (Some(1), 1),
        (Some(3), 3),
        (Some(0), 1),
        (Some(20), 20),
    ] {
        let fake = FakeQovery::new();
        let environments = environments(&fake, 24);
        let slow = Slow::new(&fake, SECOND);
        let mut start = Group::start(deployments(&slow.client(), &environments));
        if let Some(at_once) = at_once {
            start = start.at_once(at_once);
        }
        let group = start.await;
        assert_eq!(slow.most(true), expected, "{at_once:?}");
        assert_eq!(group.tokens().len(), 24);
    }
    assert_eq!(Group::STARTED_AT_ONCE, 8);
}

#[tokio::test(start_paused = true)]
async fn tokens_exist_as_soon_as_an_action_is_accepted_and_before_the_wait_of_the_group() {
    let fake = FakeQovery::new();
    let environments = environments(&fake, 5);
    let slow = Slow::new(&fake, SECOND);
    let client = slow.client();
    let mut actions = deployments(&client, &environments);
    actions.insert(
        2,
        client.environment(qovery_api::uuid::Uuid::nil()).deploy(),
    );
    let journal: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = Arc::clone(&journal);
    let group = Group::start(actions)
        .at_once(2)
        .on_started(move |token| sink.lock().expect("no panic").push(token.to_string()))
        .await;
    let tokens = group.tokens();
    assert_eq!(tokens.len(), 6, "one for each, in their order");
    let ids: Vec<_> = tokens
        .iter()
        .map(|t| t.subject().environment_id())
        .collect();
    for (id, environment) in ids.iter().take(2).zip(&environments) {
        assert_eq!(*id, Some(environment.id()));
    }
    let journal = journal.lock().expect("no panic").clone();
    assert_eq!(journal.len(), 5, "what was refused is not under way");
    drop(group);
    // Another process continues.
    let resumed = journal.iter().map(|line| {
        let token: OperationToken = line.parse().expect("a token");
        client.resume(token).expect("a goal")
    });
    let outcome = Group::start(resumed).await.wait().await;
    assert!(outcome.all_reached(), "{:?}", outcome.errors().next());
    assert_eq!(
        slow.requests("deployEnvironment"),
        5,
        "none was started twice"
    );
}

#[tokio::test(start_paused = true)]
async fn projects_are_looked_up_many_at_a_time_also_if_that_fails() {
    let fake = FakeQovery::new();
    let environments = environments(&fake, 300);
    let mut slow = Slow::new(&fake, SECOND);
    slow.broken = Some("getEnvironment");
    let client = slow.client();
    let started = Instant::now();
    let group = Group::start(deployments(&client, &environments))
        .at_once(64)
        .await;
    assert!(started.elapsed() < 90 * SECOND, "{:?}", started.elapsed());
    assert_eq!(slow.requests("deployEnvironment"), 300);
    drop(group);
    // One successful look-up finds all other environments of its project.
    let slow = Slow::new(&fake, SECOND);
    let group = Group::start(deployments(&slow.client(), &environments)).await;
    assert_eq!(slow.requests("getEnvironment"), 1);
    drop(group);
}

#[tokio::test(start_paused = true)]
async fn many_single_waits_of_one_client_respect_its_limit() {
    for (limit, expected) in [(None, 32), (Some(5), 5), (Some(0), 1)] {
        let fake = FakeQovery::new();
        let environments = environments(&fake, 100);
        let slow = Slow::new(&fake, Duration::from_millis(50));
        let client = slow.client();
        if let Some(limit) = limit {
            client.limit_wait_requests(limit);
        }
        let waits = deployments(&client.clone(), &environments);
        let waits = waits.into_iter().map(IntoFuture::into_future);
        for result in join_all(waits).await {
            result.expect("deployed");
        }
        let most = slow.most(true) + slow.most(false);
        assert!(
            slow.most(false) <= expected,
            "{limit:?}: {}",
            slow.most(false)
        );
        assert!(most >= expected, "the limit is used: {most}");
    }
}

#[tokio::test(start_paused = true)]
async fn time_in_the_queue_is_no_failed_poll_and_a_deadline_applies_to_it() {
    let fake = FakeQovery::new();
    let environments = environments(&fake, 60);
    let slow = Slow::new(&fake, SECOND);
    let client = slow.client();
    client.limit_wait_requests(1);
    let mut options = WaitOptions::default();
    options.poll_timeout = 5 * SECOND;
    options.tolerated_failures = 0;
    let waits = environments.iter().map(|environment| {
        let action = client
            .environment(environment.id())
            .wait_for(Goal::Deployed);
        action
            .options(options.clone())
            .within(300 * SECOND)
            .into_future()
    });
    let started = Instant::now();
    for result in join_all(waits).await {
        let error = result.expect_err("nobody deploys it");
        assert!(error.is_deadline_passed(), "{error}");
    }
    assert!(started.elapsed() <= 306 * SECOND, "{:?}", started.elapsed());
}
