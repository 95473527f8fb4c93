//! Past deployments as rows.

use std::time::Duration;

use qovery_ext::{
    recipes::{DeploymentOutcome as Outcome, history, service_history},
    wait::{ServiceKind, ServiceRef, ServiceVersion, WaitExt},
};
use qovery_fake::{FakeQovery, Fault, Origin, Step, Workload as Kind};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_row_has_times_outcome_user_and_each_service_with_its_version() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let orders = environment
        .service(Kind::Database, "orders")
        .in_stage("data");
    let web = environment
        .service(Kind::Container, "web")
        .in_stage("code")
        .with("tag", json!("1.0"))
        .takes(Step::Deployment, Duration::from_secs(30));
    let client = fake.client();
    let handle = client.environment(environment.id());
    handle.deploy().await.unwrap();
    environment
        .next_deployment()
        .fails_at(&web, Step::Deployment);
    client
        .container(web.id())
        .deploy(ServiceVersion::image_tag("2.0"))
        .await
        .unwrap_err();
    environment.external_actor().through(Origin::Git).deploys();
    tokio::time::sleep(Duration::from_secs(10)).await;

    let rows = history(&client, environment.id(), 10).await.unwrap();
    assert_eq!(rows.len(), 3);
    let [running, failed, first] = rows.as_slice() else {
        panic!()
    };
    assert_eq!(running.outcome, Outcome::UnderWay);
    assert_eq!(
        (running.end, running.origin.as_deref()),
        (None, Some("GIT"))
    );
    assert_eq!(failed.outcome, Outcome::Failed);
    assert_eq!(failed.action, "DEPLOY");
    assert_eq!(first.outcome, Outcome::Succeeded);
    let took = first.duration.unwrap();
    assert!(took >= Duration::from_secs(30), "{took:?}");
    let between = (first.end.unwrap() - first.start).to_std().unwrap();
    assert_eq!(between.as_secs(), took.as_secs());
    assert_eq!(first.services.len(), 2);
    assert_eq!(first.services[0].id, orders.id());
    assert_eq!(first.services[0].version, None, "a database has none");
    let row = &first.services[1];
    let written = serde_json::to_value(row).unwrap();
    assert_eq!(written["version"], json!({"image_tag": "1.0"}));
    assert!(row.is_deployment() && !row.is_plan());
    assert_eq!(
        row.service_ref(),
        Some(ServiceRef::new(ServiceKind::Container, web.id()))
    );
    assert_eq!(row.version, Some(ServiceVersion::image_tag("1.0")));
    assert_eq!(row.name, "web");
    assert!(row.duration.unwrap() >= Duration::from_secs(30));
    let line = first.to_string();
    assert!(
        line.contains("succeeded") && line.contains("(API)"),
        "{line}"
    );
    let written = serde_json::to_value(first).unwrap();
    assert_eq!(written["duration"], json!(took.as_secs_f64()));

    let own = ServiceRef::new(ServiceKind::Container, web.id());
    let rows = service_history(&client, own, 10).await.unwrap();
    assert_eq!(rows[1].version, Some(ServiceVersion::image_tag("2.0")));
    assert_eq!(rows[1].outcome, Outcome::Failed);
    assert_eq!(
        history(&client, environment.id(), 1).await.unwrap().len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_service_has_a_history_and_an_error_is_passed_on() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let kinds = [
        (Kind::Application, ServiceKind::Application),
        (Kind::Container, ServiceKind::Container),
        (Kind::Database, ServiceKind::Database),
        (Kind::CronJob, ServiceKind::Job),
        (Kind::Helm, ServiceKind::Helm),
        (Kind::Terraform, ServiceKind::Terraform),
        (Kind::AgenticWorkflow, ServiceKind::AgenticWorkflow),
    ];
    let services = kinds.map(|(kind, own)| {
        let service = environment.service(kind, &format!("{kind:?}"));
        ServiceRef::new(own, service.id())
    });
    let client = fake.client();
    client.environment(environment.id()).deploy().await.unwrap();
    for service in services {
        let rows = service_history(&client, service, 5).await.unwrap();
        assert_eq!(rows.len(), 1, "{service}");
        assert_eq!(rows[0].kind, Some(service.kind));
        assert_eq!(rows[0].outcome, Outcome::Succeeded);
    }
    fake.inject(Fault::status(403).on("listEnvironmentDeploymentHistoryV2"));
    let error = history(&client, environment.id(), 5).await.unwrap_err();
    assert!(error.is_forbidden());
}
