//! The requests that actions send.

use qovery_api::Client;
use qovery_ext::wait::{
    Action, Goal, ServiceHandle, ServiceKind, ServiceSelection, ServiceVersion, WaitErrorKind,
    WaitExt,
};
use qovery_fake::{FakeQovery, Workload as FakeKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{KINDS, World};

#[tokio::test(start_paused = true)]
async fn every_action_on_an_environment_sends_its_operation_and_reaches_its_goal() {
    type Do = fn(&qovery_ext::wait::EnvironmentHandle) -> Action;
    let table: [(Do, &str, Goal); 6] = [
        (|e| e.deploy(), "deployEnvironment", Goal::Deployed),
        (|e| e.redeploy(), "redeployEnvironment", Goal::Deployed),
        (|e| e.stop(), "stopEnvironment", Goal::Stopped),
        (|e| e.restart(), "rebootServices", Goal::Restarted),
        (|e| e.uninstall(), "uninstallEnvironment", Goal::Uninstalled),
        (|e| e.delete(), "deleteEnvironment", Goal::Deleted),
    ];
    for (act, operation, goal) in table {
        let world = World::new();
        let environment = world.fake.client().environment(world.environment.id());
        let reached = act(&environment).await.expect(operation);
        assert_eq!(world.asked(), [operation]);
        assert_eq!(reached.goal, Some(goal), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_says_whether_it_is_forced() {
    for (forced, body) in [(false, json!(false)), (true, json!(true))] {
        let world = World::new();
        let environment = world.fake.client().environment(world.environment.id());
        let mut deploying = environment.deploy().start().await.expect("accepted");
        deploying.poll_once().await.expect("deploying");
        let cancel = if forced {
            environment.cancel_forced()
        } else {
            environment.cancel()
        };
        cancel.await.expect("canceled");
        assert_eq!(
            world.asked(),
            ["deployEnvironment", "cancelEnvironmentDeployment"]
        );
        let sent = world.fake.executions().pop().and_then(|r| r.body);
        assert_eq!(sent.expect("a body")["force_cancel"], body);
        let error = deploying.await.expect_err("somebody canceled it");
        assert_eq!(error.kind(), WaitErrorKind::Canceled);
    }
}

/// The operations of each kind: deploy, redeploy, stop, restart, uninstall, delete; `None` if the
/// API has none.
fn operations(kind: ServiceKind) -> [Option<&'static str>; 6] {
    match kind {
        ServiceKind::Application => [
            Some("deployApplication"),
            Some("redeployApplication"),
            Some("stopApplication"),
            Some("rebootApplication"),
            Some("uninstallApplication"),
            Some("deleteApplication"),
        ],
        ServiceKind::Container => [
            Some("deployContainer"),
            Some("redeployContainer"),
            Some("stopContainer"),
            Some("rebootContainer"),
            Some("uninstallContainer"),
            Some("deleteContainer"),
        ],
        ServiceKind::Database => [
            Some("deployDatabase"),
            Some("redeployDatabase"),
            Some("stopDatabase"),
            Some("rebootDatabase"),
            Some("uninstallDatabase"),
            Some("deleteDatabase"),
        ],
        ServiceKind::Job => [
            Some("deployJob"),
            Some("redeployJob"),
            Some("stopJob"),
            None,
            Some("uninstallJob"),
            Some("deleteJob"),
        ],
        ServiceKind::Helm => [
            Some("deployHelm"),
            Some("redeployHelm"),
            Some("stopHelm"),
            None,
            Some("uninstallHelm"),
            Some("deleteHelm"),
        ],
        ServiceKind::Terraform => [
            Some("deployTerraform"),
            Some("redeployTerraform"),
            Some("stopSelectedServices"),
            None,
            Some("uninstallTerraform"),
            Some("deleteTerraform"),
        ],
        ServiceKind::AgenticWorkflow => {
            [None, None, None, None, None, Some("deleteAgenticWorkflow")]
        }
        other => panic!("a kind without a row: {other}"),
    }
}

fn version_of(kind: ServiceKind) -> ServiceVersion {
    match kind {
        ServiceKind::Application => ServiceVersion::commit("4f1c2d9"),
        ServiceKind::Container => ServiceVersion::image_tag("1.8.2"),
        _ => ServiceVersion::configured(),
    }
}

#[tokio::test(start_paused = true)]
async fn every_action_on_every_kind_of_service_sends_its_operation_or_is_refused_unsent() {
    let acts: [fn(&ServiceHandle, ServiceKind) -> Action; 6] = [
        |s, kind| s.deploy(version_of(kind)),
        |s, _| s.redeploy(),
        |s, _| s.stop(),
        |s, _| s.restart(),
        |s, _| s.uninstall(),
        |s, _| s.delete(),
    ];
    for (fake_kind, kind) in KINDS {
        for (act, operation) in acts.iter().zip(operations(kind)) {
            let world = World::new();
            let id = world.service(fake_kind).id();
            let result = act(&world.fake.client().service(kind, id), kind).await;
            match operation {
                Some(operation) => {
                    result.expect(operation);
                    assert_eq!(world.asked(), [operation], "{kind}");
                }
                None => {
                    let error = result.expect_err("the API cannot do this");
                    assert_eq!(
                        (error.kind(), error.exit_code()),
                        (WaitErrorKind::Refused, 3)
                    );
                    assert!(!error.may_have_been_executed());
                    assert!(world.asked().is_empty(), "{kind}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_is_sent_in_the_fields_of_the_kind() {
    let table: [(FakeKind, ServiceVersion, Value); 7] = [
        (
            FakeKind::Application,
            ServiceVersion::commit("4f1c2d9"),
            json!({"git_commit_id": "4f1c2d9"}),
        ),
        (
            FakeKind::Container,
            ServiceVersion::image_tag("1.8.2"),
            json!({"image_tag": "1.8.2"}),
        ),
        (
            FakeKind::CronJob,
            ServiceVersion::image_tag("1.8.2"),
            json!({"image_tag": "1.8.2"}),
        ),
        (
            FakeKind::LifecycleJob,
            ServiceVersion::commit("4f1c2d9"),
            json!({"git_commit_id": "4f1c2d9"}),
        ),
        (
            FakeKind::Helm,
            ServiceVersion::chart("2.0.0").values_commit("77aa"),
            json!({"chart_version": "2.0.0", "values_override_git_commit_id": "77aa"}),
        ),
        (
            FakeKind::Terraform,
            ServiceVersion::commit("4f1c2d9"),
            json!({"git_commit_id": "4f1c2d9"}),
        ),
        (
            FakeKind::Helm,
            ServiceVersion::commit("4f1c2d9"),
            json!({"git_commit_id": "4f1c2d9"}),
        ),
    ];
    for (fake_kind, version, expected) in table {
        let world = World::new();
        let service = world.service(fake_kind);
        let kind = KINDS
            .iter()
            .find(|(k, _)| *k == fake_kind)
            .expect("a row")
            .1;
        let handle = world.fake.client().service(kind, service.id());
        handle.deploy(version).await.expect("deployed");
        let sent = world.fake.executions().pop().and_then(|r| r.body);
        let sent = sent.expect("a body");
        for (name, value) in expected.as_object().expect("an object") {
            assert_eq!(sent.get(name), Some(value), "{fake_kind:?}: {sent}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn services_of_all_kinds_are_in_one_deployment_each_with_its_version() {
    let world = World::new();
    let id = |kind| world.service(kind).id();
    let selection = ServiceSelection::new()
        .with_version(
            ServiceKind::Application,
            id(FakeKind::Application),
            ServiceVersion::commit("4f1c2d9"),
        )
        .with_version(
            ServiceKind::Container,
            id(FakeKind::Container),
            ServiceVersion::image_tag("1.8.2"),
        )
        .with(ServiceKind::Database, id(FakeKind::Database))
        .with_version(
            ServiceKind::Job,
            id(FakeKind::CronJob),
            ServiceVersion::image_tag("3"),
        )
        .with_version(
            ServiceKind::Helm,
            id(FakeKind::Helm),
            ServiceVersion::chart("2.0.0"),
        )
        .with_version(
            ServiceKind::Terraform,
            id(FakeKind::Terraform),
            ServiceVersion::commit("99bb"),
        );
    let environment = world.fake.client().environment(world.environment.id());
    environment
        .deploy_services(selection)
        .await
        .expect("deployed");
    assert_eq!(world.asked(), ["deployAllServices"]);
    let sent = world.fake.executions().pop().and_then(|r| r.body);
    let sent = sent.expect("a body");
    assert_eq!(sent["applications"][0]["git_commit_id"], json!("4f1c2d9"));
    assert_eq!(sent["containers"][0]["image_tag"], json!("1.8.2"));
    assert_eq!(sent["databases"], json!([id(FakeKind::Database)]));
    assert_eq!(sent["jobs"][0]["image_tag"], json!("3"));
    assert_eq!(sent["helms"][0]["chart_version"], json!("2.0.0"));
    assert_eq!(sent["terraforms"][0]["git_commit_id"], json!("99bb"));
    assert_eq!(world.environment.deployments().len(), 1 + 1);
}

#[tokio::test(start_paused = true)]
async fn selected_services_are_stopped_restarted_uninstalled_and_deleted() {
    type Do = fn(&qovery_ext::wait::EnvironmentHandle, ServiceSelection) -> Action;
    let table: [(Do, &str); 4] = [
        (|e, s| e.stop_services(s), "stopSelectedServices"),
        (|e, s| e.restart_services(s), "rebootServices"),
        (|e, s| e.uninstall_services(s), "uninstallSelectedServices"),
        (|e, s| e.delete_services(s), "deleteSelectedServices"),
    ];
    for (act, operation) in table {
        let world = World::new();
        let (container, database) = (
            world.service(FakeKind::Container),
            world.service(FakeKind::Database),
        );
        let selection = ServiceSelection::new()
            .with(ServiceKind::Container, container.id())
            .with(ServiceKind::Database, database.id());
        let environment = world.fake.client().environment(world.environment.id());
        act(&environment, selection).await.expect(operation);
        assert_eq!(world.asked(), [operation]);
        let other = world.service(FakeKind::Application).state();
        assert_eq!(other.as_deref(), Some("DEPLOYED"), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_selection_that_an_action_cannot_have_is_refused_with_the_service() {
    let world = World::new();
    let environment = world.fake.client().environment(world.environment.id());
    let id = uuid::Uuid::from_u128(7);
    let selection = |kind| ServiceSelection::new().with(kind, id);
    for (action, starts, why) in [
        (
            environment.restart_services(selection(ServiceKind::Job)),
            "restarting",
            format!("the API cannot restart job {id} in a selection: leave it out"),
        ),
        (
            environment.stop_services(selection(ServiceKind::AgenticWorkflow)),
            "stopping",
            format!("the API cannot stop agentic workflow {id} in a selection: leave it out"),
        ),
    ] {
        let error = action.await.expect_err("refused");
        assert_eq!(error.kind(), WaitErrorKind::Refused);
        let message = error.to_string();
        assert!(
            message.starts_with(starts) && message.ends_with(&why),
            "{message}"
        );
        assert!(world.fake.executions().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_selection_is_refused_and_nothing_is_sent() {
    let world = World::new();
    let environment = world.fake.client().environment(world.environment.id());
    let none = ServiceSelection::new;
    for action in [
        environment.deploy_services(none()),
        environment.stop_services(none()),
        environment.restart_services(none()),
        environment.uninstall_services(none()),
        environment.delete_services(none()),
        environment.wait_for_services(none(), Goal::Deployed),
    ] {
        let error = action.await.expect_err("nothing was selected");
        assert_eq!(
            (error.kind(), error.exit_code()),
            (WaitErrorKind::Refused, 3)
        );
        assert!(!error.may_have_been_executed());
    }
    assert!(world.fake.requests().is_empty());
}

#[test]
fn a_service_is_selected_once_with_the_last_version_that_was_set() {
    let id = uuid::Uuid::from_u128(7);
    let selection = ServiceSelection::new()
        .with(ServiceKind::Container, id)
        .with_version(ServiceKind::Container, id, ServiceVersion::image_tag("2"));
    assert_eq!(selection.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_action_on_a_cluster_sends_its_operation_and_reaches_its_goal() {
    type Do = fn(&qovery_ext::wait::ClusterHandle) -> Action;
    let table: [(Do, &str, Goal); 5] = [
        (|c| c.deploy(), "deployCluster", Goal::Deployed),
        (|c| c.update(), "deployCluster", Goal::Deployed),
        (|c| c.upgrade(), "upgradeCluster", Goal::Deployed),
        (|c| c.stop(), "StopCluster", Goal::Stopped),
        (|c| c.delete(), "deleteCluster", Goal::Deleted),
    ];
    for (act, operation, goal) in table {
        let fake = qovery_fake::FakeQovery::new();
        let cluster = fake.cluster("production");
        let client: Client = fake.client();
        let handle = client.cluster(cluster.organization_id(), cluster.id());
        let reached = act(&handle).await.expect(operation);
        let asked: Vec<_> = fake.executions();
        let asked: Vec<_> = asked
            .iter()
            .filter_map(|r| r.operation.as_deref())
            .collect();
        assert_eq!(asked, [operation]);
        assert_eq!(reached.goal, Some(goal), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_queued_request_is_canceled_by_its_id_with_and_without_a_request_status() {
    for has_status in [true, false] {
        let world = World::new();
        world.environment.external_actor().deploys();
        let client = world.fake.client();
        let environment = client.environment(world.environment.id());
        let waiting = environment.stop().start().await.expect("accepted");
        let id = waiting.token().deployment_request_id().expect("an id");
        let mut request = client.deployment_request(id);
        if !has_status {
            world
                .environment
                .clone()
                .request_status(qovery_fake::RequestStatus::NotFound);
            let error = request
                .cancel()
                .await
                .expect_err("the server does not know");
            assert_eq!(error.kind(), WaitErrorKind::Refused);
            let message = error.to_string();
            let why = "the API returns no environment for it: set it with `in_environment`";
            assert_eq!(
                message,
                format!("waiting for deployment request {id}: {why}")
            );
            request = request.in_environment(world.environment.id());
        }
        request.cancel().await.expect("canceled");
        assert_eq!(
            world.asked(),
            ["stopEnvironment", "cancelDeploymentRequest"]
        );
        drop(waiting);
    }
}

#[test]
fn every_handle_returns_the_id_of_its_subject() {
    let client = FakeQovery::new().client();
    let (id, organization) = (Uuid::from_u128(7), Uuid::from_u128(1));
    let ids = [
        client.environment(id).id(),
        client.application(id).id(),
        client.container(id).id(),
        client.database(id).id(),
        client.job(id).id(),
        client.helm(id).id(),
        client.terraform(id).id(),
        client.agentic_workflow(id).id(),
        client.service(ServiceKind::Job, id).id(),
        client.cluster(organization, id).id(),
        client.deployment_request(id).id(),
    ];
    assert_eq!(ids, [id; 11]);
}
