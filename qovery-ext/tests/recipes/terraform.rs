//! Terraform: plan, read, apply.

use qovery_ext::{
    display::{Display, ShowExt},
    recipes::{history, plan_terraform, read_terraform_plan},
    wait::{Goal, ServiceVersion, WaitExt},
};
use qovery_fake::{FakeEnvironment, FakeQovery, FakeService, Fault, Step, Workload as Kind};

fn scene() -> (FakeQovery, FakeEnvironment, FakeService) {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let infra = environment.service(Kind::Terraform, "infra");
    environment.service(Kind::Container, "web");
    (fake, environment, infra)
}

const PLAN: [&str; 2] = [
    "  + aws_s3_bucket.assets",
    "Plan: 1 to add, 0 to change, 2 to destroy.",
];

#[tokio::test(start_paused = true)]
async fn a_plan_is_computed_read_and_applied_in_its_commit() {
    let (fake, environment, infra) = scene();
    let client = fake.client();
    environment.next_deployment().logs(&infra, PLAN);
    let plan = plan_terraform(&client, infra.id(), Some("4f1c2d9"))
        .await
        .unwrap();
    let planned = fake.executions().pop().unwrap().body.unwrap();
    assert_eq!(
        (&planned["action"], &planned["git_commit_id"]),
        (&"PLAN".into(), &"4f1c2d9".into())
    );
    let counts = plan.counts.unwrap();
    assert_eq!((counts.add, counts.change, counts.destroy), (1, 0, 2));
    let text = plan.to_string();
    assert!(text.contains("+ aws_s3_bucket.assets"), "{text}");
    assert!(
        text.ends_with("1 to add, 0 to change, 2 to destroy"),
        "{text}"
    );
    assert_eq!(plan.commit.as_deref(), Some("4f1c2d9"));

    plan.apply().await.unwrap().await.unwrap();
    let applied = fake.executions().pop().unwrap().body.unwrap();
    assert_eq!(applied["git_commit_id"], "4f1c2d9");
    assert!(
        applied.get("action").is_none_or(serde_json::Value::is_null),
        "{applied}"
    );

    fake.clear_requests();
    let stale = plan.apply().await.unwrap_err();
    assert!(
        stale.is_refused() && stale.to_string().contains("plan it again"),
        "{stale}"
    );
    assert!(fake.executions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_a_known_commit_is_not_applied_and_gives_the_reason() {
    let (fake, _environment, infra) = scene();
    let client = fake.client();
    let infra = infra.with("terraform_files_source", serde_json::json!({}));
    let plan = plan_terraform(&client, infra.id(), None).await.unwrap();
    assert_eq!((plan.commit.as_deref(), plan.counts), (None, None));
    assert!(plan.to_string().ends_with("cannot be applied"), "{plan}");
    assert!(plan.apply().await.unwrap_err().is_refused());
    let plan = plan_terraform(&client, infra.id(), Some("4f1c2d9"));
    let plan = plan.await.unwrap();
    assert!(!plan.to_string().contains("cannot be applied"), "{plan}");
    plan.apply().await.unwrap().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_first_plan_of_a_module_is_that_of_the_newest_commit_and_is_applied() {
    let (fake, _environment, infra) = scene();
    let client = fake.client();
    let infra = infra.commits(3);
    let commits = client.list_terraform_commit(infra.id()).await.unwrap();
    let newest = commits.results[0].as_ref().unwrap().git_commit_id.clone();
    let plan = plan_terraform(&client, infra.id(), None).await.unwrap();
    assert_eq!(plan.commit.as_ref(), Some(&newest));
    let planned = fake.executions().pop().unwrap().body.unwrap();
    assert_eq!(
        planned["git_commit_id"], newest,
        "not the commit of a later push"
    );
    plan.apply().await.unwrap().await.unwrap();

    // The commit that was deployed last is that of the next plan.
    client
        .terraform(infra.id())
        .deploy(ServiceVersion::commit("4f1c2d9"))
        .await
        .unwrap();
    let plan = plan_terraform(&client, infra.id(), None).await.unwrap();
    assert_eq!(plan.commit.as_deref(), Some("4f1c2d9"));
    let reached = client
        .terraform(infra.id())
        .plan(ServiceVersion::configured())
        .await
        .unwrap();
    let plan = read_terraform_plan(&client, infra.id(), &reached, None)
        .await
        .unwrap();
    assert_eq!(plan.commit.as_deref(), Some("4f1c2d9"));
    plan.apply().await.unwrap().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_module_whose_commits_cannot_be_listed_is_planned_and_a_lost_list_is_an_error() {
    let (fake, _environment, infra) = scene();
    let client = fake.client();
    fake.inject(Fault::status(400).on("listTerraformCommit"));
    let plan = plan_terraform(&client, infra.id(), None).await.unwrap();
    assert!(plan.commit.is_some(), "the history names it: {plan}");
    for operation in ["getTerraform", "listTerraformCommit"] {
        let before = fake.executions().len();
        fake.inject(Fault::status(500).on(operation));
        let failed = plan_terraform(&client, infra.id(), None).await;
        let failed = failed.unwrap_err();
        assert!(failed.api_error().is_some(), "{operation}: {failed}");
        assert_eq!(fake.executions().len(), before, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plan_fails_at_each_step_with_its_own_error() {
    let (fake, environment, infra) = scene();
    let client = fake.client();
    environment
        .next_deployment()
        .fails_at(&infra, Step::Deployment);
    let failed = plan_terraform(&client, infra.id(), Some("4f1c2d9"))
        .await
        .unwrap_err();
    assert!(failed.wait_error().unwrap().is_failed(), "{failed}");
    for operation in ["listTerraformDeploymentHistoryV2", "listEnvironmentLogs"] {
        fake.inject(Fault::status(403).on(operation));
        let failed = plan_terraform(&client, infra.id(), Some("4f1c2d9"))
            .await
            .unwrap_err();
        assert!(
            failed.api_error().unwrap().is_forbidden(),
            "{operation}: {failed}"
        );
    }
    fake.inject(Fault::status(403).on("deployTerraform"));
    let refused = plan_terraform(&client, infra.id(), Some("4f1c2d9"))
        .await
        .unwrap_err();
    assert!(refused.wait_error().unwrap().is_refused());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_has_applied_its_changes_is_not_read_as_a_plan() {
    let (fake, _environment, infra) = scene();
    let client = fake.client();
    let module = client.terraform(infra.id());
    let applied = module.deploy(ServiceVersion::commit("4f1c2d9"));
    let applied = applied.await.unwrap();
    let error = read_terraform_plan(&client, infra.id(), &applied, None).await;
    let error = error.unwrap_err();
    assert!(error.is_refused(), "{error}");
    assert!(error.to_string().contains("is not a plan"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_called_a_plan_in_each_text() {
    let (fake, environment, infra) = scene();
    let client = fake.client();
    let plan = || {
        client
            .terraform(infra.id())
            .plan(ServiceVersion::commit("4f1c2d9"))
    };
    let (send, lines) = std::sync::mpsc::channel();
    let reached = plan()
        .on_progress(move |now| send.send(now.goal).unwrap())
        .await
        .unwrap();
    assert!(lines.iter().all(|goal| goal == Some(Goal::Planned)));
    assert!(
        reached.to_string().contains("is planned after"),
        "{reached}"
    );

    let printed = std::env::temp_dir().join(format!("plan-{}", infra.id()));
    let display = Display::detect().write_to(std::fs::File::create(&printed).unwrap());
    plan().show_on(display).await.unwrap();
    let text = std::fs::read_to_string(&printed).unwrap();
    std::fs::remove_file(&printed).unwrap();
    assert!(text.contains("Planning terraform infra"), "{text}");
    assert!(text.contains("✔ Planned: "), "{text}");
    assert!(
        !text.contains("Deploying") && !text.contains("✔ Deployed"),
        "{text}"
    );

    environment
        .next_deployment()
        .fails_at(&infra, Step::Deployment);
    let operation = plan().start().await.unwrap();
    // The goal is in the token too.
    let token = operation.token().to_string().parse().unwrap();
    let failed = client.resume(token).unwrap().await.unwrap_err().to_string();
    assert!(failed.starts_with("planning terraform "), "{failed}");

    let rows = history(&client, environment.id(), 5).await.unwrap();
    assert!(rows.iter().all(|row| row.is_plan()));
    for row in &rows {
        let (line, service) = (row.to_string(), row.services[0].to_string());
        assert!(
            line.contains("  PLAN  ") && !line.contains("DEPLOY "),
            "{line}"
        );
        assert!(line.contains(" UTC  "), "{line}");
        assert!(service.contains("  PLAN  "), "{service}");
        assert_eq!(row.action, "DEPLOY", "as the API spells it");
    }
    client.environment(environment.id()).deploy().await.unwrap();
    let rows = history(&client, environment.id(), 1).await.unwrap();
    assert!(
        !rows[0].is_plan() && rows[0].to_string().contains("  DEPLOY  "),
        "{}",
        rows[0]
    );
}
