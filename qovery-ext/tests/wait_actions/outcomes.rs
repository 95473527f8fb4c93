//! The outcomes of actions.

use std::time::Duration;

use qovery_ext::wait::{
    Goal, OperationToken, Phase, ServiceKind, ServiceSelection, ServiceVersion, WaitErrorKind,
    WaitExt,
};
use qovery_fake::{AfterDeletion, ApiTraits, FakeQovery, Gone, Step, Workload as FakeKind};

use crate::{
    World,
    intermediary::{Instead, Intermediary, Passed},
};

#[tokio::test(start_paused = true)]
async fn a_failure_has_stage_service_step_the_last_lines_of_the_log_and_a_link() {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    environment
        .service(FakeKind::Database, "orders")
        .in_stage("data");
    let api = environment
        .service(FakeKind::Application, "api")
        .in_stage("code");
    environment
        .next_deployment()
        .fails_at(&api, Step::Build)
        .because("the compiler found an error")
        .after_logging(["compiling", "error[E0425]: cannot find value `x`"]);
    let error = fake
        .client()
        .environment(environment.id())
        .deploy()
        .await
        .expect_err("the build fails");
    assert_eq!(
        (error.kind(), error.exit_code()),
        (WaitErrorKind::Failed, 1)
    );
    let report = error.report().expect("a report");
    assert_eq!(report.stages[0].name, "code");
    let failed = &report.services[0];
    assert_eq!(failed.service.id, api.id());
    assert_eq!(failed.name.as_deref(), Some("api"));
    assert_eq!(failed.stage.as_deref(), Some("code"));
    assert_eq!(failed.step.as_ref().map(|s| s.name.as_str()), Some("BUILD"));
    let texts: Vec<_> = failed.lines.iter().map(|l| l.text.as_str()).collect();
    assert!(
        texts.contains(&"error[E0425]: cannot find value `x`"),
        "{texts:?}"
    );
    assert_eq!(texts.last(), Some(&"the compiler found an error"));
    let deployment = environment.deployments()[0].clone();
    assert_eq!(report.deployment_id, deployment.execution_id);
    assert_eq!(report.deployment_request_id, Some(deployment.request_id));
    let link = report.console_url.as_deref().expect("a link");
    assert!(link.contains(&environment.id().to_string()), "{link}");
    let text = error.to_string();
    for part in ["api", "BUILD", "cannot find value", link] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_a_service_that_was_not_reached_names_the_service_that_failed() {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    let database = environment
        .service(FakeKind::Database, "orders")
        .in_stage("data");
    let api = environment
        .service(FakeKind::Container, "api")
        .in_stage("code");
    environment
        .next_deployment()
        .fails_at(&database, Step::Deployment)
        .because("no volume could be attached");
    let client = fake.client();
    let handle = client.environment(environment.id());
    let selection = ServiceSelection::new()
        .with(ServiceKind::Database, database.id())
        .with(ServiceKind::Container, api.id());
    let error = handle.deploy_services(selection).await.expect_err("failed");
    let failed: Vec<_> = error.report().expect("a report").services.iter().collect();
    assert_eq!(failed[0].service.id, database.id());

    // The same, for a wait on the service that was not reached.
    environment
        .next_deployment()
        .fails_at(&database, Step::Deployment)
        .because("no volume could be attached");
    let mut deploying = handle.deploy().start().await.expect("accepted");
    deploying.poll_once().await.expect("deploying");
    let error = handle
        .service(ServiceKind::Container, api.id())
        .wait_for(Goal::Deployed)
        .within(Duration::from_secs(300))
        .await
        .expect_err("it was never deployed");
    assert_ne!(error.exit_code(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_of_another_process_can_be_waited_for() {
    let world = World::new();
    world.environment.external_actor().deploys();
    let client = world.fake.client();
    let environment = client.environment(world.environment.id());
    let reached = environment
        .wait_for(Goal::Deployed)
        .await
        .expect("deployed by somebody else");
    let theirs = world.environment.deployments()[1].clone();
    assert!(theirs.is_over, "not before it was so");
    assert!(reached.elapsed >= theirs.ended_at.expect("it ended"));
    assert!(world.asked().is_empty());

    // And exactly one request of an external actor.
    world
        .environment
        .external_actor()
        .asks_for(qovery_fake::Trigger::Stop);
    let request = world.environment.deployments()[2].request_id;
    client
        .deployment_request(request)
        .wait_for(Goal::Stopped)
        .await
        .expect("stopped by somebody else");
}

#[tokio::test(start_paused = true)]
async fn a_new_object_with_an_old_name_is_not_followed() {
    for gone in [Gone::NotFound, Gone::Forbidden, Gone::BadRequest] {
        let world = World::new();
        let environment = world.environment.clone().gone_as(gone);
        let client = world.fake.client();
        let handle = client.environment(environment.id());
        let mut deleting = handle.delete().start().await.expect("accepted");
        deleting.poll_once().await.expect("deleting");
        while environment.state().is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let again = world.fake.environment("preview");
        assert_ne!(again.id(), environment.id());
        let reached = deleting.await.expect("the old one is gone");
        assert!(reached.is_gone(), "{gone:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_ends_between_two_processes_is_reached_although_its_subject_is_forbidden_then()
 {
    for kind in [FakeKind::Container, FakeKind::Helm, FakeKind::Database] {
        let world = World::new();
        world
            .fake
            .api(ApiTraits::new().after_deletion(AfterDeletion::Forbidden));
        let service = world.service(kind);
        let client = world.fake.client();
        let delete = match kind {
            FakeKind::Container => client.container(service.id()).delete(),
            FakeKind::Helm => client.helm(service.id()).delete(),
            _ => client.database(service.id()).delete(),
        };
        let mut operation = delete.start().await.expect("accepted");
        operation.poll_once().await.expect("it goes on");
        let token = operation.token().to_string();
        drop(operation);
        while service.state().is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let token: OperationToken = token.parse().expect("a token");
        let resumed = world.fake.client().resume(token).expect("a goal");
        let reached = resumed.await.expect("the environment lists it no longer");
        assert!(reached.is_gone(), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_failure_of_a_neighbor_does_not_affect_the_outcome() {
    let world = World::new();
    world
        .service(FakeKind::Database)
        .clone()
        .in_state("DEPLOYMENT_ERROR");
    let client = world.fake.client();
    let id = world.service(FakeKind::Container).id();
    client
        .container(id)
        .deploy(ServiceVersion::configured())
        .await
        .expect("its own status counts");
    let environment = client.environment(world.environment.id());
    let selection = ServiceSelection::new().with(ServiceKind::Container, id);
    environment
        .deploy_services(selection)
        .await
        .expect("the services that were asked for count");
    assert_eq!(
        world.service(FakeKind::Database).state().as_deref(),
        Some("DEPLOYMENT_ERROR")
    );
}

#[tokio::test(start_paused = true)]
async fn progress_has_the_numbers_and_durations_of_services_and_stages() {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    for (name, stage) in [("orders", "data"), ("api", "code"), ("web", "code")] {
        environment
            .service(FakeKind::Database, name)
            .in_stage(stage)
            .takes(Step::Deployment, Duration::from_secs(60));
    }
    let reported = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = std::sync::Arc::clone(&reported);
    let reached = fake
        .client()
        .environment(environment.id())
        .deploy()
        .on_progress(move |p| sink.lock().expect("no panic").push(p.clone()))
        .await
        .expect("deployed");
    let reported = reported.lock().expect("no panic");
    let halfway = reported
        .iter()
        .find(|p| p.services.reached == 1)
        .expect("the first stage ends before the second");
    assert_eq!((halfway.services.total, halfway.services.running), (3, 2));
    assert_eq!((halfway.stages.total, halfway.stages.reached), (2, 1));
    assert!(
        halfway.to_string().contains("1 of 3 services deployed"),
        "{halfway}"
    );
    let last = reported.last().expect("an end");
    assert_eq!((last.phase, last.services.reached), (Phase::Reached, 3));
    let services = &reached.snapshot.as_ref().expect("a status").services;
    assert!(
        services
            .iter()
            .all(|s| s.duration == Some(Duration::from_secs(60))),
        "{services:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_used_much_later_does_not_follow_the_request_of_another_user() {
    let world = World::new();
    let client = world.fake.client();
    let environment = client.environment(world.environment.id());
    let id = world.service(FakeKind::Container).id();
    let selection = ServiceSelection::new().with(ServiceKind::Container, id);
    let stopping = environment.stop_services(selection);
    let token = stopping.start().await.expect("accepted").token();
    // The token is one hour old.
    let json = serde_json::to_value(&token).expect("a document");
    let mut old = json.clone();
    let made = json["made"].as_u64().expect("a time");
    old["made"] = (made - 3600).into();
    let old: OperationToken = serde_json::from_value(old).expect("a token");
    tokio::time::sleep(Duration::from_secs(60)).await;
    world.environment.external_actor().deploys();
    world
        .environment
        .external_actor()
        .asks_for(qovery_fake::Trigger::Stop);
    let theirs = world.environment.deployments().pop().expect("a request");
    let mut resumed = client
        .resume(old)
        .expect("a goal")
        .start()
        .await
        .expect("resumed");
    let _ = resumed.poll_once().await;
    assert_ne!(
        resumed.token().deployment_request_id(),
        Some(theirs.request_id)
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_not_shown_yet_is_looked_up_until_the_settle_period_is_over() {
    const JSON: &str = "application/json";
    for instead in [
        Instead::Response(404, JSON, r#"{"status":404,"detail":"no such request"}"#),
        Instead::Response(403, JSON, r#"{"status":403,"detail":"denied"}"#),
        Instead::Response(200, JSON, "{}"),
        Instead::Response(200, "", ""),
    ] {
        let looks_up =
            |r: &qovery_api::Request| r.operation.id == "getDeploymentStatusByDeploymentRequestId";
        let world = World::new();
        world.environment.external_actor().deploys();
        let request = world.environment.deployments()[1].request_id;
        let intermediary = Intermediary::new(&world.fake);
        intermediary.respond(4, instead, Passed::Not, looks_up);
        let client = intermediary.client();
        let handle = client.deployment_request(request);
        let reached = handle.wait_for(Goal::Deployed).await;
        reached.unwrap_or_else(|error| panic!("{instead:?}: {error}"));

        intermediary.respond(u32::MAX, instead, Passed::Not, looks_up);
        let started = tokio::time::Instant::now();
        let settle = Duration::from_secs(5);
        let never = handle.wait_for(Goal::Deployed).settle(settle).await;
        let error = never.expect_err("nothing names its environment");
        assert_eq!(error.kind(), WaitErrorKind::Refused, "{instead:?}");
        assert!(error.to_string().contains("in_environment"), "{error}");
        let took = started.elapsed();
        assert!(took >= settle && took < settle * 2, "{instead:?} {took:?}");
    }
}
