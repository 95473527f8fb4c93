//! A cancel affects only the deployment of the operation.

use std::time::Duration;

use qovery_ext::wait::{NotCanceled, ServiceKind, WaitErrorKind, WaitExt};
use qovery_fake::{ApiTraits, QueueRows, ResponseBody, Step, Workload as FakeKind};

use crate::World;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_queued_request_is_canceled_and_the_running_deployment_continues() {
    let world = World::new();
    world.environment.external_actor().deploys();
    let client = world.fake.client();
    let stopping = client.environment(world.environment.id()).stop();
    let operation = stopping.start().await.expect("accepted");
    operation.cancel_on_server().await.expect("ours waits");
    assert_eq!(
        world.asked(),
        ["stopEnvironment", "cancelDeploymentRequest"]
    );
    tokio::time::sleep(600 * SECOND).await;
    let theirs = world.environment.deployments()[1].clone();
    assert!(theirs.is_over);
    assert_eq!(world.environment.state().as_deref(), Some("DEPLOYED"));
    let error = operation.await.expect_err("canceled");
    assert_ne!(error.kind(), WaitErrorKind::Refused, "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_deployment_that_runs_is_canceled_if_it_is_ours() {
    let rows = [QueueRows::AtOnce, QueueRows::WithRunning];
    for (polls, rows) in [0, 1, 3]
        .into_iter()
        .flat_map(|n| rows.map(|rows| (n, rows)))
    {
        let world = World::new();
        world.fake.api(ApiTraits::new().queue_rows(rows));
        let client = world.fake.client();
        let deploying = client.environment(world.environment.id()).deploy();
        let mut operation = deploying.start().await.expect("accepted");
        for _ in 0..polls {
            operation.poll_once().await.expect("deploying");
        }
        tokio::time::sleep(2 * SECOND).await;
        operation.cancel_on_server().await.expect("ours runs");
        assert_eq!(
            world.asked(),
            ["deployEnvironment", "cancelEnvironmentDeployment"],
            "{rows:?}"
        );
        let error = operation.await.expect_err("canceled");
        assert_eq!(error.kind(), WaitErrorKind::Canceled);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_named_request_nothing_is_canceled() {
    let world = World::new();
    let client = world.fake.client();
    let id = world.service(FakeKind::Container).id();
    let environment = client.environment(world.environment.id());
    // The response to a deletion names no request.
    let deleting = environment.service(ServiceKind::Container, id).delete();
    let operation = deleting.start().await.expect("accepted");
    let error = operation.cancel_on_server().await.expect_err("not sent");
    assert_eq!(error.not_canceled(), Some(NotCanceled::Unnamed));
    assert_eq!(
        (error.kind(), error.exit_code()),
        (WaitErrorKind::Refused, 3)
    );
    assert!(!error.may_have_been_executed());
    assert!(error.to_string().contains("not sent"), "{error}");
    assert_eq!(world.asked(), ["deleteContainer"]);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_runs_after_ours_has_ended_is_not_canceled() {
    let world = World::new();
    let client = world.fake.client();
    let deploying = client.environment(world.environment.id()).deploy();
    let mut operation = deploying.start().await.expect("accepted");
    operation.poll_once().await.expect("deploying");
    let canceler = operation.canceler();
    operation.await.expect("deployed");
    world.environment.external_actor().deploys();
    tokio::time::sleep(2 * SECOND).await;
    let error = canceler.cancel().await.expect_err("not sent");
    assert_eq!(
        error.not_canceled(),
        Some(NotCanceled::NotRunning),
        "{error}"
    );
    assert_eq!(world.asked(), ["deployEnvironment"]);
}

#[tokio::test(start_paused = true)]
async fn at_the_deadline_only_our_own_request_is_canceled() {
    let world = World::new();
    let slow = world.service(FakeKind::Container).clone();
    slow.takes(Step::Deployment, 3600 * SECOND);
    world.environment.external_actor().deploys();
    let client = world.fake.client();
    let error = client
        .environment(world.environment.id())
        .stop()
        .within(60 * SECOND)
        .cancel_at_deadline()
        .await
        .expect_err("it never came to it");
    assert_eq!(error.kind(), WaitErrorKind::DeadlinePassed);
    assert!(error.was_canceled_on_server(), "{error}");
    assert_eq!(error.not_canceled(), None);
    assert_eq!(
        world.asked(),
        ["stopEnvironment", "cancelDeploymentRequest"]
    );
    assert!(
        !world.environment.deployments()[1].is_over,
        "theirs goes on"
    );
}

#[tokio::test(start_paused = true)]
async fn the_status_of_an_environment_in_response_to_an_action_on_a_service_names_the_request() {
    let world = World::new();
    world
        .fake
        .api(ApiTraits::new().response_body(ResponseBody::EnvironmentStatus));
    world.environment.external_actor().deploys();
    let client = world.fake.client();
    let application = world.service(FakeKind::Application).id();
    let redeploying = client.application(application).redeploy();
    let operation = redeploying.start().await.expect("accepted");
    operation
        .cancel_on_server()
        .await
        .expect("the request is known by its id, so it can be canceled");
}
