//! Versions: setting, rolling back, promoting.

use qovery_ext::{
    exit_code,
    qovery_api::Client,
    recipes::{
        Promotion, promote, roll_back, set_branch, set_chart_version, set_image, version_for,
    },
    wait::{ServiceKind, ServiceRef, ServiceVersion, WaitExt},
};
use qovery_fake::{FakeEnvironment, FakeQovery, FakeService, Fault, Step, Workload as Kind};
use serde_json::{Value, json};

fn service(service: &FakeService, kind: ServiceKind) -> ServiceRef {
    ServiceRef::new(kind, service.id())
}

fn git(branch: &str) -> Value {
    json!({"url": "https://github.com/acme/shop", "branch": branch, "root_path": "/", "provider": "GITHUB"})
}

/// A service of each kind that has a version, with the path of the version in its settings.
fn versioned(environment: &FakeEnvironment) -> Vec<(FakeService, ServiceKind, &'static str)> {
    let service = |kind, name| {
        let service = environment.service(kind, name);
        service
            .with("description", json!("kept"))
            .with("icon_uri", json!("app://qovery/kept"))
    };
    vec![
        (
            service(Kind::Application, "app").with("git_repository", git("main")),
            ServiceKind::Application,
            "/git_repository/branch",
        ),
        (
            service(Kind::Container, "web").with("tag", json!("main")),
            ServiceKind::Container,
            "/tag",
        ),
        (
            service(Kind::CronJob, "image-job")
                .with("source", json!({"image": {"image_name": "job", "tag": "main", "registry_id": "00000000-0000-0000-0000-000000000001"}})),
            ServiceKind::Job,
            "/source/image/tag",
        ),
        (
            service(Kind::LifecycleJob, "git-job")
                .with("source", json!({"docker": {"git_repository": git("main"), "dockerfile_path": "Dockerfile"}})),
            ServiceKind::Job,
            "/source/docker/git_repository/branch",
        ),
        (
            service(Kind::Helm, "git-chart").with("source", json!({"git": {"git_repository": git("main")}})),
            ServiceKind::Helm,
            "/source/git/git_repository/branch",
        ),
        (
            service(Kind::Helm, "chart").with("source", json!({"repository": {"chart_name": "redis", "chart_version": "main", "repository": {"id": "00000000-0000-0000-0000-000000000002", "name": "charts", "url": "https://charts.example.com"}}})),
            ServiceKind::Helm,
            "/source/repository/chart_version",
        ),
        (
            service(Kind::Terraform, "infra")
                .with("auto_deploy_config", json!({"auto_deploy": true, "terraform_action": "PLAN"}))
                .with("terraform_files_source", json!({"git": {"git_repository": git("main")}})),
            ServiceKind::Terraform,
            "/terraform_files_source/git/git_repository/branch",
        ),
    ]
}

async fn set(
    client: &Client,
    service: ServiceRef,
    path: &str,
    value: &str,
) -> Result<qovery_ext::recipes::VersionChange, qovery_ext::recipes::VersionError> {
    if path.ends_with("branch") {
        set_branch(client, service, value).await
    } else if path.ends_with("chart_version") {
        set_chart_version(client, service, value).await
    } else {
        set_image(client, service, value).await
    }
}

fn property(service: &FakeService, path: &str) -> Option<Value> {
    let first = path.trim_start_matches('/').split('/').next()?;
    let value = service.property(first)?;
    let rest = path.trim_start_matches('/').strip_prefix(first)?;
    value.pointer(rest).cloned()
}

#[tokio::test(start_paused = true)]
async fn the_version_of_each_kind_is_changed_and_nothing_else() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let client = fake.client();
    for (fake_service, kind, path) in versioned(&environment) {
        let own = service(&fake_service, kind);
        let change = set(&client, own, path, " next ").await;
        let change = change.unwrap_or_else(|error| panic!("{own} {path}: {error:?}"));
        assert_eq!(
            (change.before.as_deref(), change.after.as_str()),
            (Some("main"), "next")
        );
        assert_eq!(property(&fake_service, path), Some(json!("next")), "{path}");
        assert_eq!(
            fake_service.property("description"),
            Some(json!("kept")),
            "{path}"
        );
        assert_eq!(
            fake_service.property("icon_uri"),
            Some(json!("app://qovery/kept")),
            "{path}"
        );
        fake.clear_requests();
        assert!(
            set(&client, own, path, "next")
                .await
                .unwrap()
                .is_unchanged()
        );
        assert!(fake.executions().is_empty(), "nothing is written twice");
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_a_service_does_not_have_is_refused_unsent() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let client = fake.client();
    let orders = environment.service(Kind::Database, "orders");
    let refused = set_image(&client, service(&orders, ServiceKind::Database), "15").await;
    assert!(refused.unwrap_err().is_unsupported());
    for (fake_service, kind, path) in versioned(&environment) {
        let own = service(&fake_service, kind);
        let other = if path.ends_with("branch") {
            "/tag"
        } else {
            "/branch"
        };
        let error = set(&client, own, other, "next").await.unwrap_err();
        assert!(error.is_unsupported(), "{own}: {error}");
        let blank = set(&client, own, path, " ").await.unwrap_err();
        assert!(blank.is_unsupported(), "{blank}");
    }
    assert!(fake.executions().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_edit_fails_at_each_step_with_its_own_error() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let web = environment
        .service(Kind::Container, "web")
        .with("tag", json!("1.0"));
    let client = fake.client();
    let own = service(&web, ServiceKind::Container);
    for (operation, what) in [("getContainer", "reading"), ("editContainer", "editing")] {
        fake.inject(Fault::status(403).on(operation));
        let error = set_image(&client, own, "2.0").await.unwrap_err();
        assert!(error.api_error().unwrap().is_forbidden());
        assert!(error.to_string().starts_with(what), "{error}");
        assert!(error.to_string().contains(": 403 "), "{error}");
        assert_eq!(web.property("tag"), Some(json!("1.0")));
    }
    // Another user edits it at the same time.
    fake.inject(Fault::replace("/tag", json!("3.0")).on("editContainer"));
    let error = set_image(&client, own, "2.0").await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert_eq!((error.exit_code(), exit_code(&error)), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn rolling_back_deploys_the_last_version_that_succeeded() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let web = environment
        .service(Kind::Container, "web")
        .with("tag", json!("1.0"));
    let client = fake.client();
    let own = service(&web, ServiceKind::Container);
    let error = roll_back(&client, own).await.unwrap_err();
    assert!(error.is_without_success(), "{error}");
    let read = "(100 entries were requested, and the API returned 0)";
    assert!(error.to_string().contains(read), "{error}");

    let deploy = |tag: &str| {
        client
            .container(web.id())
            .deploy(ServiceVersion::image_tag(tag))
    };
    deploy("1.0").await.unwrap();
    assert!(
        roll_back(&client, own)
            .await
            .unwrap_err()
            .is_without_success()
    );
    deploy("2.0").await.unwrap();
    client.container(web.id()).stop().await.unwrap();
    let back = roll_back(&client, own).await.unwrap();
    assert_eq!(
        back.version,
        ServiceVersion::image_tag("1.0"),
        "the last one succeeded"
    );

    environment
        .next_deployment()
        .fails_at(&web, Step::Deployment);
    deploy("3.0").await.unwrap_err();
    let back = roll_back(&client, own).await.unwrap();
    assert_eq!(
        back.version,
        ServiceVersion::image_tag("2.0"),
        "the last one failed"
    );
    let text = back.to_string();
    assert!(text.starts_with("container web ("), "{text}");
    assert!(
        text.contains("back to image tag 2.0") && text.contains("image tag 3.0 (failed)"),
        "{text}"
    );
    fake.clear_requests();
    back.deploy().await.unwrap();
    assert_eq!(
        fake.executions()[0].body.as_ref().unwrap()["image_tag"],
        "2.0"
    );

    fake.inject(
        Fault::status(500)
            .on("listContainerDeploymentHistoryV2")
            .times(10),
    );
    assert!(
        roll_back(&client, own)
            .await
            .unwrap_err()
            .api_error()
            .is_some()
    );
    let orders = environment.service(Kind::Database, "orders");
    let database = service(&orders, ServiceKind::Database);
    assert!(
        roll_back(&client, database)
            .await
            .unwrap_err()
            .is_unsupported()
    );
}

struct Pair {
    fake: FakeQovery,
    client: Client,
    staging: FakeEnvironment,
    production: FakeEnvironment,
}

fn pair() -> Pair {
    let fake = FakeQovery::new();
    let project = fake.project("shop");
    let (staging, production) = (
        project.environment("staging"),
        project.environment("production"),
    );
    for environment in [&staging, &production] {
        let web = environment.service(Kind::Container, "web");
        web.with("image_name", json!("acme/web"))
            .with("tag", json!("1.0"));
        let api = environment.service(Kind::Application, "api");
        api.with("git_repository", git("main"));
        environment.service(Kind::Database, "orders");
    }
    Pair {
        client: fake.client(),
        fake,
        staging,
        production,
    }
}

#[tokio::test(start_paused = true)]
async fn exact_versions_are_promoted_after_a_plan() {
    let pair = pair();
    let client = &pair.client;
    let services = pair.staging.services();
    client
        .environment(pair.production.id())
        .deploy()
        .await
        .unwrap();
    client
        .container(services[0].id())
        .deploy(ServiceVersion::image_tag("2.0"))
        .await
        .unwrap();
    client
        .application(services[1].id())
        .deploy(ServiceVersion::commit("4f1c2d9"))
        .await
        .unwrap();
    pair.staging
        .next_deployment()
        .fails_at(&services[0], Step::Deployment);
    client
        .container(services[0].id())
        .deploy(ServiceVersion::image_tag("3.0"))
        .await
        .unwrap_err();
    pair.fake.clear_requests();

    let plan = promote(client, pair.staging.id(), pair.production.id())
        .await
        .unwrap();
    assert!(pair.fake.executions().is_empty(), "a plan changes nothing");
    assert!(!plan.is_empty() && !plan.is_incomplete());
    let text = plan.to_string();
    assert!(
        text.contains("~ web (container): image tag 1.0 -> image tag 2.0"),
        "{text}"
    );
    assert!(
        text.contains("~ api (application): commit ") && text.contains(" -> commit 4f1c2d9"),
        "{text}"
    );
    assert!(!text.contains("orders"), "{text}");
    plan.deploy().unwrap().await.unwrap();
    let executions = pair.fake.executions();
    assert_eq!(executions.len(), 1, "one deployment for all");
    let body = executions[0].body.as_ref().unwrap();
    assert_eq!(body["containers"][0]["image_tag"], "2.0");
    assert_eq!(body["applications"][0]["git_commit_id"], "4f1c2d9");

    let again = promote(client, pair.staging.id(), pair.production.id())
        .await
        .unwrap();
    assert!(again.is_empty() && again.deploy().is_none(), "{again}");
    assert!(
        again
            .to_string()
            .contains("= web (container): image tag 2.0"),
        "{again}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_versions_of_a_deployment_of_a_whole_environment_can_be_promoted() {
    let fake = FakeQovery::new();
    let project = fake.project("shop");
    let client = fake.client();
    let [staging, production] = ["staging", "production"].map(|name| {
        let environment = project.environment(name);
        for kind in Kind::ALL {
            environment.service(kind, &format!("{kind:?}"));
        }
        environment
    });
    staging.services()[0].clone().commits(3);
    for environment in [&staging, &production] {
        let environment = client.environment(environment.id());
        environment.deploy().await.unwrap();
    }
    let plan = promote(&client, staging.id(), production.id()).await;
    let plan = plan.unwrap();
    assert!(!plan.is_incomplete(), "{plan}");
    assert_eq!(plan.services.len(), Kind::ALL.len() - 2, "{plan}");
    // The first one has commits of its own in staging.
    assert_eq!(plan.to_string().matches("~ ").count(), 1, "{plan}");
    plan.deploy().unwrap().await.unwrap();
    let plan = promote(&client, staging.id(), production.id()).await;
    let plan = plan.unwrap();
    assert!(plan.is_empty() && !plan.is_incomplete(), "{plan}");
}

#[tokio::test(start_paused = true)]
async fn services_that_cannot_be_promoted_are_listed_and_not_changed() {
    let pair = pair();
    let client = &pair.client;
    pair.staging
        .service(Kind::Container, "only-here")
        .with("tag", json!("1"));
    pair.production.services()[0]
        .clone()
        .with("image_name", json!("other/web"));
    let plan = promote(client, pair.staging.id(), pair.production.id())
        .await
        .unwrap();
    let of = |name: &str| {
        let service = plan.services.iter().find(|service| service.name == name);
        service.unwrap().promotion.clone()
    };
    assert_eq!(of("only-here"), Promotion::Missing);
    assert!(matches!(of("web"), Promotion::Different(why) if why.contains("other/web")));
    assert_eq!(of("api"), Promotion::Unknown);
    assert!(plan.is_incomplete() && plan.deploy().is_none());
    for operation in [
        "listServicesByEnvironmentId",
        "listEnvironmentDeploymentHistoryV2",
    ] {
        pair.fake.inject(Fault::status(403).on(operation));
        let failed = promote(client, pair.staging.id(), pair.production.id()).await;
        assert!(
            failed.unwrap_err().api_error().unwrap().is_forbidden(),
            "{operation}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_plan_of_a_terraform_module_is_no_version_to_roll_back_to_or_to_promote() {
    let fake = FakeQovery::new();
    let project = fake.project("shop");
    let (staging, production) = (
        project.environment("staging"),
        project.environment("production"),
    );
    let [infra, target] = [&staging, &production].map(|environment| {
        let module = environment.service(Kind::Terraform, "infra");
        module.with(
            "terraform_files_source",
            json!({"git": {"git_repository": git("main")}}),
        )
    });
    let client = fake.client();
    let module = client.terraform(infra.id());
    let own = service(&infra, ServiceKind::Terraform);
    module
        .plan(ServiceVersion::commit("aaaaaaa"))
        .await
        .unwrap();
    let error = roll_back(&client, own).await.unwrap_err();
    assert!(error.is_without_success(), "only planned: {error}");
    let plan = promote(&client, staging.id(), production.id()).await;
    let plan = plan.unwrap();
    assert_eq!(plan.services[0].promotion, Promotion::Unknown, "{plan}");

    for commit in ["bbbbbbb", "ccccccc"] {
        module.deploy(ServiceVersion::commit(commit)).await.unwrap();
    }
    module
        .plan(ServiceVersion::commit("ddddddd"))
        .await
        .unwrap();
    let back = roll_back(&client, own).await.unwrap();
    assert_eq!(back.version, ServiceVersion::commit("bbbbbbb"), "{back}");
    let plan = promote(&client, staging.id(), production.id()).await;
    let plan = plan.unwrap();
    plan.deploy().unwrap().await.unwrap();
    let body = fake.executions().pop().unwrap().body.unwrap();
    assert_eq!(body["terraforms"][0]["git_commit_id"], "ccccccc");
    // A plan of the target changes nothing there.
    let module = client.terraform(target.id());
    module
        .plan(ServiceVersion::commit("eeeeeee"))
        .await
        .unwrap();
    let again = promote(&client, staging.id(), production.id()).await;
    assert!(again.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_version_that_does_not_run_in_the_target_is_promoted_again() {
    let restart = |pair: &Pair, web: &FakeService| {
        let web = pair.client.container(web.id());
        web.restart()
    };
    for (what, changes) in [("restarted", false), ("stopped", true), ("failed", true)] {
        let pair = pair();
        let client = &pair.client;
        let version = || ServiceVersion::image_tag("2.0");
        for environment in [&pair.staging, &pair.production] {
            let web = environment.services()[0].id();
            client.container(web).deploy(version()).await.unwrap();
        }
        let web = pair.production.services().remove(0);
        match what {
            "restarted" => drop(restart(&pair, &web).await.unwrap()),
            "stopped" => drop(client.container(web.id()).stop().await.unwrap()),
            _ => {
                let script = pair.production.next_deployment();
                script.fails_at(&web, Step::Deployment);
                let other = ServiceVersion::image_tag("3.0");
                client.container(web.id()).deploy(other).await.unwrap_err();
            }
        }
        let plan = promote(client, pair.staging.id(), pair.production.id()).await;
        let plan = plan.unwrap();
        let of_web = plan.services.iter().find(|one| one.name == "web").unwrap();
        let expected = match changes {
            true => Promotion::Change {
                before: None,
                after: version(),
            },
            false => Promotion::Unchanged(version()),
        };
        assert_eq!(of_web.promotion, expected, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_this_version_does_not_know_survives_the_change_of_a_version() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let client = fake.client();
    for (fake_service, kind, path) in versioned(&environment) {
        let own = service(&fake_service, kind);
        let known = format!("get{kind:?}");
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let parent = match kind {
            // In the requests, these objects have another form.
            ServiceKind::Helm | ServiceKind::Terraform => "",
            _ => parent,
        };
        let added = Fault::rewrite(move |body| {
            for pointer in ["", parent] {
                let object = body.pointer_mut(pointer).and_then(Value::as_object_mut);
                let object = object.expect("an object is there");
                object.insert("added_next_year".to_owned(), json!({"nested": [1, null]}));
            }
        });
        fake.inject(added.on(known));
        fake.clear_requests();
        // The server of the fake answers without the fields, so that the edit looks like a conflict.
        let changed = set(&client, own, path, "next").await;
        let sent = fake.executions().pop();
        let sent = sent.unwrap_or_else(|| panic!("{own}: {changed:?}"));
        let sent = sent.body.unwrap();
        assert!(sent.get("added_next_year").is_some(), "{own}: {sent}");
        let inner = sent.pointer(parent).unwrap();
        assert!(inner.get("added_next_year").is_some(), "{own}: {sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_becomes_the_version_that_the_source_of_a_service_takes() {
    let fake = FakeQovery::new();
    let environment = fake.environment("staging");
    let client = fake.client();
    for (made, kind, path) in versioned(&environment) {
        let version = version_for(&client, service(&made, kind), "1.8.2").await;
        let expected = match path.rsplit('/').next() {
            Some("tag") => ServiceVersion::image_tag("1.8.2"),
            Some("chart_version") => ServiceVersion::chart("1.8.2"),
            _ => ServiceVersion::commit("1.8.2"),
        };
        assert_eq!(version.unwrap(), expected, "{path}");
    }
    // A job that this version does not know may run an image, or be built from Git.
    let next = service(
        &environment.service(Kind::CronJob, "next"),
        ServiceKind::Job,
    );
    fake.inject(Fault::replace("/job_type", json!("NEXT_YEAR")).on("getJob"));
    let error = version_for(&client, next, "1.8.2").await.unwrap_err();
    assert!(error.is_unsupported(), "{error}");
    assert!(fake.executions().is_empty());
}
