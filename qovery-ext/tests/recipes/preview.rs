//! Preview environments.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use qovery_ext::{
    qovery_api::{
        Client,
        types::{CloneEnvironmentRequest, EnvironmentModeEnum as Mode},
        uuid,
    },
    recipes::{
        FindExt, Preview, PreviewEnvironment, PreviewError, Variable, VariableOwner,
        delete_expired_previews, set_variable,
    },
    wait::WaitExt,
};
use qovery_fake::{
    FakeEnvironment, FakeQovery, FakeService, Fault, RecordedRequest, Step, Trigger,
    Workload as Kind,
};
use serde_json::{Value, json};

struct Scene {
    fake: FakeQovery,
    client: Client,
    staging: FakeEnvironment,
}

fn scene() -> Scene {
    let fake = FakeQovery::new();
    let staging = fake
        .organization("my-org")
        .project("shop")
        .environment("staging");
    let git = json!({"url": "https://github.com/acme/shop", "branch": "main", "root_path": "/", "provider": "GITHUB"});
    let kept = |service: FakeService| service.with("description", json!("kept"));
    kept(staging.service(Kind::Application, "api"))
        .with("git_repository", git.clone())
        .url("https://api.example.com");
    kept(staging.service(Kind::Container, "web"))
        .with("tag", json!("main"))
        .with("min_running_instances", json!(3));
    kept(staging.service(Kind::CronJob, "cron")).with(
        "source",
        json!({"docker": {"git_repository": git.clone(), "dockerfile_path": "Dockerfile"}}),
    );
    kept(staging.service(Kind::Helm, "git-chart"))
        .with("source", json!({"git": {"git_repository": git.clone()}}));
    kept(staging.service(Kind::Helm, "redis"))
        .with("source", json!({"repository": {"chart_name": "redis", "chart_version": "7.0", "repository": {"id": "00000000-0000-0000-0000-000000000002", "name": "charts", "url": "https://charts.example.com"}}}));
    kept(staging.service(Kind::Terraform, "infra"))
        .with(
            "auto_deploy_config",
            json!({"auto_deploy": true, "terraform_action": "PLAN"}),
        )
        .with(
            "terraform_files_source",
            json!({"git": {"git_repository": git}}),
        );
    staging.service(Kind::Database, "orders");
    Scene {
        client: fake.client(),
        fake,
        staging,
    }
}

fn preview() -> PreviewEnvironment {
    PreviewEnvironment::named("pr-17")
        .from("my-org/shop/staging")
        .branch("api", "feature")
        .branch("cron", "feature")
        .branch("git-chart", "feature")
        .branch("infra", "feature")
        .chart("redis", "7.1")
        .image("web", "pr-17")
        .variables(BTreeMap::from([("A", "1")]))
        .dotenv("B='two words'\n")
        .variable(Variable::new("TOKEN", "hunter2").secret())
        .service_variable("api", Variable::new("C", "3"))
}

impl Scene {
    /// The existing copies.
    async fn copies(&self) -> Vec<FakeEnvironment> {
        let project = self.staging.project_id();
        let listed = self.client.list_environment(project).await.unwrap().results;
        let project = self.fake.organization("my-org").project("shop");
        listed
            .iter()
            .filter(|one| one.id != self.staging.id())
            .map(|one| project.environment(&one.name))
            .collect()
    }

    fn writes(&self) -> Vec<String> {
        let executions = self.fake.executions();
        executions
            .into_iter()
            .filter_map(|one| one.operation)
            .collect()
    }
}

fn settings(environment: &FakeEnvironment, name: &str, path: &str) -> Option<Value> {
    let services = environment.services();
    let service = services
        .iter()
        .find(|one| one.property("name") == Some(json!(name)))?;
    let first = path.trim_start_matches('/').split('/').next()?;
    let rest = path.trim_start_matches('/').strip_prefix(first)?;
    service.property(first)?.pointer(rest).cloned()
}

#[tokio::test(start_paused = true)]
async fn a_preview_has_the_requested_changes_and_keeps_all_other_settings() {
    let scene = scene();
    let deployed = preview().deploy(&scene.client).await.unwrap();
    assert!(deployed.is_new);
    let url = &deployed.urls[0].url;
    assert_ne!(url, "https://api.example.com", "that of the original");
    assert!(url.ends_with("-api.example.com"), "{url}");
    assert_eq!(deployed.environment.mode, Some("PREVIEW".into()));
    let copies = scene.copies().await;
    let [copy] = copies.as_slice() else {
        panic!("{copies:?}")
    };
    for (service, path, expected) in [
        ("api", "/git_repository/branch", json!("feature")),
        (
            "cron",
            "/source/docker/git_repository/branch",
            json!("feature"),
        ),
        (
            "git-chart",
            "/source/git/git_repository/branch",
            json!("feature"),
        ),
        (
            "infra",
            "/terraform_files_source/git/git_repository/branch",
            json!("feature"),
        ),
        ("redis", "/source/repository/chart_version", json!("7.1")),
        ("web", "/tag", json!("pr-17")),
        ("web", "/min_running_instances", json!(3)),
        ("api", "/description", json!("kept")),
        ("redis", "/description", json!("kept")),
        ("infra", "/description", json!("kept")),
    ] {
        assert_eq!(
            settings(copy, service, path),
            Some(expected),
            "{service}{path}"
        );
    }
    for (service, path) in [("api", "/git_repository/branch"), ("web", "/tag")] {
        assert_eq!(
            settings(&scene.staging, service, path),
            Some(json!("main")),
            "the original"
        );
    }
    assert_eq!(copy.state().as_deref(), Some("DEPLOYED"));

    // The second run updates.
    scene.fake.clear_requests();
    let again = preview()
        .image("web", "pr-17b")
        .deploy(&scene.client)
        .await
        .unwrap();
    assert!(!again.is_new);
    assert_eq!(again.environment.id(), deployed.environment.id());
    let written = scene.writes();
    assert!(
        !written.contains(&"cloneEnvironment".to_owned()),
        "{written:?}"
    );
    assert!(
        !written.contains(&"editApplication".to_owned()),
        "it is so already: {written:?}"
    );
    assert_eq!(scene.copies().await.len(), 1);

    assert!(preview().delete(&scene.client).await.unwrap());
    assert!(scene.copies().await.is_empty());
    assert!(
        !preview().delete(&scene.client).await.unwrap(),
        "there is none"
    );
    assert_eq!(
        scene.staging.state().as_deref(),
        Some("READY"),
        "the original was left alone"
    );
}

#[tokio::test(start_paused = true)]
async fn commits_are_deployed_in_one_deployment_of_all_services() {
    let scene = scene();
    let preview = PreviewEnvironment::named("pr-18")
        .from("my-org/shop/staging")
        .commit("api", "4f1c2d9")
        .commit("infra", "4f1c2d9");
    preview.deploy(&scene.client).await.unwrap();
    let executions = scene.fake.executions();
    let deployed = executions.last().unwrap();
    assert_eq!(deployed.operation.as_deref(), Some("deployAllServices"));
    let body = deployed.body.as_ref().unwrap();
    assert_eq!(body["applications"][0]["git_commit_id"], "4f1c2d9");
    assert_eq!(body["terraforms"][0]["git_commit_id"], "4f1c2d9");
    assert_eq!(body["helms"].as_array().unwrap().len(), 2);
    assert_eq!(body["databases"].as_array().unwrap().len(), 1);
    let wrong = preview
        .commit("orders", "4f1c2d9")
        .deploy(&scene.client)
        .await
        .unwrap_err();
    assert!(
        wrong.is_refused() && wrong.to_string().contains("database"),
        "{wrong}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_remains_of_an_interrupted_run_are_continued_and_can_be_deleted() {
    for operation in [
        "listOrganization",
        "listProject",
        "listEnvironment",
        "cloneEnvironment",
        "listVariables",
        "createVariable",
        "editEnvironment",
        "listServicesByEnvironmentId",
        "getApplication",
        "editApplication",
        "getHelm",
        "editHelm",
        "editContainer",
        "editJob",
        "editTerraform",
        "deployEnvironment",
        "listEnvironmentServicesLinks",
    ] {
        let scene = scene();
        scene.fake.inject(Fault::status(403).on(operation));
        let error = preview().deploy(&scene.client).await.unwrap_err();
        assert!(error.api_error().is_some(), "{operation}: {error}");
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{operation}"
        );
        assert!(
            scene.fake.pending_faults().is_empty(),
            "{operation} is a step"
        );
        let left = scene.copies().await.len();
        assert!(left <= 1, "{operation}");
        let deployed = preview().deploy(&scene.client).await.unwrap();
        assert_eq!(deployed.is_new, left == 0, "{operation}");
        assert_eq!(scene.copies().await.len(), 1, "{operation}");

        let scene = self::scene();
        scene.fake.inject(Fault::status(403).on(operation));
        preview().deploy(&scene.client).await.unwrap_err();
        let left = scene.copies().await.len();
        assert_eq!(
            preview().delete(&scene.client).await.unwrap(),
            left == 1,
            "{operation}"
        );
        assert!(scene.copies().await.is_empty(), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_remains_of_a_run_that_is_dropped_at_any_time_are_found_again() {
    for milliseconds in (0..4000).step_by(130) {
        let scene = scene();
        scene.fake.latency(Duration::from_millis(100));
        let limit = Duration::from_millis(milliseconds);
        let wanted = preview();
        let run = wanted.deploy(&scene.client);
        let _dropped = tokio::time::timeout(limit, run).await;
        scene.fake.latency(Duration::ZERO);
        assert!(scene.copies().await.len() <= 1, "{milliseconds} ms");
        preview().deploy(&scene.client).await.unwrap();
        assert_eq!(scene.copies().await.len(), 1, "{milliseconds} ms");
        assert!(preview().delete(&scene.client).await.unwrap());
        assert!(scene.copies().await.is_empty(), "{milliseconds} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_response_to_the_clone_request_creates_no_second_copy() {
    let scene = scene();
    scene
        .fake
        .inject(Fault::connection_lost_after_execution().on("cloneEnvironment"));
    preview().deploy(&scene.client).await.unwrap();
    assert_eq!(scene.copies().await.len(), 1);
    let clones = scene
        .writes()
        .into_iter()
        .filter(|name| name == "cloneEnvironment");
    assert_eq!(clones.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_run_repairs_a_copy_after_a_lost_response() {
    for operation in ["cloneEnvironment", "createVariable", "editEnvironment"] {
        let scene = scene();
        let lost = Fault::connection_lost_after_execution();
        scene.fake.inject(lost.on(operation));
        let wanted = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
        let _first = wanted.deploy(&scene.client).await;
        assert!(scene.fake.pending_faults().is_empty(), "{operation}");
        wanted.deploy(&scene.client).await.unwrap();
        assert_eq!(scene.copies().await.len(), 1, "{operation}");
        assert!(wanted.delete(&scene.client).await.unwrap(), "{operation}");
        assert!(scene.copies().await.is_empty(), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_environment_that_is_no_preview_is_never_changed() {
    let scene = scene();
    let production = scene
        .fake
        .organization("my-org")
        .project("shop")
        .environment("production");
    scene.fake.clear_requests();
    let wanted = |name: &str| PreviewEnvironment::named(name).from("my-org/shop/staging");
    for preview in [
        wanted("production"),
        wanted("PRODUCTION"),
        wanted("staging"),
        wanted(" "),
        wanted("x").mode(Mode::Production),
        PreviewEnvironment::named("x"),
        wanted("x").dotenv("no variable"),
    ] {
        let deployed = preview.deploy(&scene.client).await;
        assert!(
            deployed.is_err_and(|error| error.is_refused()),
            "{preview:?}"
        );
        assert!(scene.fake.executions().is_empty(), "{preview:?}");
    }
    assert!(wanted("production").delete(&scene.client).await.is_err());
    assert!(scene.fake.executions().is_empty());
    assert!(production.state().is_some());
    let error = wanted("y")
        .branch("apo", "x")
        .deploy(&scene.client)
        .await
        .unwrap_err();
    assert!(
        error.is_refused() && error.to_string().contains("api"),
        "{error}"
    );
}

/// Environments with the name and mode of a preview that are no previews, with the reason.
async fn namesakes(scene: &Scene, name: &str) -> Vec<(&'static str, uuid::Uuid)> {
    let made = PreviewEnvironment::named("pr-1").from("my-org/shop/staging");
    let day = Duration::from_secs(86_400);
    let made = made.time_to_live(day).ensure(&scene.client).await.unwrap();
    let request = CloneEnvironmentRequest::new(name).mode(Mode::Preview);
    let mut all = Vec::new();
    for (how, original) in [
        ("a copy of the original", scene.staging.id()),
        (
            "a copy of a preview, with its variables",
            made.environment.id(),
        ),
    ] {
        let copied = scene.client.clone_environment(original, &request).await;
        all.push((how, copied.unwrap().id));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn an_environment_of_the_same_name_and_mode_that_was_made_by_hand_is_not_changed() {
    let _quiet = crate::SIGNALS.read().await;
    for which in [0, 1] {
        for name in ["pr-17", "PR-17", "ｐｒ-17 "] {
            let scene = scene();
            let made = namesakes(&scene, "pr-17").await;
            let (how, id) = made[which];
            let other = made[1 - which].1;
            scene.client.environment(other).delete().await.unwrap();
            scene.fake.clear_requests();
            let wanted = PreviewEnvironment::named(name).from("my-org/shop/staging");
            for error in [
                wanted.ensure(&scene.client).await.map(drop).unwrap_err(),
                wanted.deploy(&scene.client).await.map(drop).unwrap_err(),
                wanted.delete(&scene.client).await.map(drop).unwrap_err(),
            ] {
                assert_eq!(error.unmarked(), Some(id), "{how}: {error}");
                assert!(error.is_refused(), "{how}");
                assert!(error.to_string().contains("adopt"), "{error}");
            }
            let worked = wanted.run(&scene.client, async |_| Ok::<_, String>(()));
            let worked = worked.await.unwrap_err();
            assert_eq!(worked.preview_error().unwrap().unmarked(), Some(id));
            assert!(scene.writes().is_empty(), "{how}: {:?}", scene.writes());

            let adopted = wanted.adopt(&scene.client).await.unwrap();
            assert_eq!(adopted.id(), id, "{how}");
            let again = wanted.adopt(&scene.client).await.unwrap();
            assert_eq!(again.id(), id, "{how}");
            let taken_up = wanted.ensure(&scene.client).await.unwrap();
            assert!(!taken_up.is_new && taken_up.environment.id() == id, "{how}");
            assert!(wanted.delete(&scene.client).await.unwrap(), "{how}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_an_environment_of_the_name_and_mode_is_adopted() {
    let scene = scene();
    let wanted = |name: &str| PreviewEnvironment::named(name).from("my-org/shop/staging");
    let nothing = wanted("pr-17").adopt(&scene.client).await.unwrap_err();
    assert!(nothing.is_refused(), "{nothing}");
    let project = scene.fake.organization("my-org").project("shop");
    project.environment("production");
    for name in ["production", "staging"] {
        let error = wanted(name).adopt(&scene.client).await.unwrap_err();
        assert!(error.is_refused(), "{name}: {error}");
    }
    assert!(scene.writes().is_empty(), "{:?}", scene.writes());
}

#[tokio::test(start_paused = true)]
async fn a_preview_of_another_original_is_refused() {
    let scene = scene();
    let project = scene.fake.organization("my-org").project("shop");
    project.environment("testing");
    let of =
        |origin: &str| PreviewEnvironment::named("pr-17").from(format!("my-org/shop/{origin}"));
    let made = of("testing").ensure(&scene.client).await.unwrap();
    let error = of("staging").deploy(&scene.client).await.unwrap_err();
    assert!(error.is_refused(), "{error}");
    assert!(of("staging").delete(&scene.client).await.is_err());
    let adopted = of("staging").adopt(&scene.client).await.unwrap();
    assert_eq!(adopted.id(), made.environment.id());
    assert!(of("staging").delete(&scene.client).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_not_marked_yet_has_another_name_and_is_found_again() {
    for step in ["createVariable", "editEnvironment"] {
        let scene = scene();
        scene.fake.inject(Fault::status(403).on(step));
        let wanted = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
        wanted.deploy(&scene.client).await.unwrap_err();
        let listed = scene.client.list_environment(scene.staging.project_id());
        let names: Vec<_> = listed.await.unwrap().results;
        let names: Vec<_> = names.into_iter().map(|one| one.name).collect();
        assert!(!names.contains(&"pr-17".to_owned()), "{step}: {names:?}");
        // In the meantime, a user creates one.
        let request = CloneEnvironmentRequest::new("pr-17").mode(Mode::Preview);
        let original = scene.staging.id();
        let by_hand = scene.client.clone_environment(original, &request).await;
        let by_hand = by_hand.unwrap().id;
        let refused = wanted.deploy(&scene.client).await.unwrap_err();
        assert_eq!(refused.unmarked(), Some(by_hand), "{step}");
        // The remains are deleted, and the other environment stays.
        let refused = wanted.delete(&scene.client).await.unwrap_err();
        assert_eq!(refused.unmarked(), Some(by_hand), "{step}");
        let left = scene.copies().await;
        assert_eq!(left.len(), 1, "{step}");
        assert_eq!(left[0].id(), by_hand, "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_variables_of_the_recipe_cannot_be_set_by_hand() {
    let scene = scene();
    for key in ["PREVIEW_OF", "PREVIEW_EXPIRES_AT"] {
        let wanted = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
        let wanted = wanted.dotenv(&format!("{key}=x"));
        let error = wanted.deploy(&scene.client).await.unwrap_err();
        assert!(
            error.is_refused() && error.to_string().contains(key),
            "{error}"
        );
        assert!(scene.writes().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_to_live_of_a_copy_made_by_hand_deletes_nothing() {
    let scene = scene();
    let made = PreviewEnvironment::named("old").from("my-org/shop/staging");
    let made = made.time_to_live(Duration::ZERO);
    let made = made.ensure(&scene.client).await.unwrap();
    let request = CloneEnvironmentRequest::new("kept").mode(Mode::Preview);
    let original = made.environment.id();
    let copied = scene.client.clone_environment(original, &request).await;
    let copied = copied.unwrap().id;
    let error = delete_expired_previews(&scene.client, "my-org/shop").await;
    assert_eq!(error.unwrap_err().unmarked(), Some(copied));
    let left = scene.copies().await;
    assert_eq!(left.len(), 1, "the preview is deleted, the copy is not");
    assert_eq!(left[0].id(), copied);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_does_not_fit_is_refused_before_anything_is_made_or_edited() {
    let scene = scene();
    let made = PreviewEnvironment::named("there").from("my-org/shop/staging");
    made.ensure(&scene.client).await.unwrap();
    scene.fake.clear_requests();
    for name in ["new", "there"] {
        let wanted = || {
            let preview = PreviewEnvironment::named(name).from("my-org/shop/staging");
            preview
                .branch("api", "feature")
                .variable(Variable::new("A", "1"))
        };
        for preview in [
            wanted().branch("apo", "x"),
            wanted().image("webb", "x"),
            wanted().chart("rediss", "x"),
            wanted().commit("apo", "4f1c2d9"),
            wanted().service_variable("apo", Variable::new("B", "2")),
            wanted().image("api", "x"),
            wanted().branch("redis", "x"),
            wanted().chart("git-chart", "x"),
            wanted().branch("orders", "x"),
            wanted().image("infra", "x"),
            wanted().image("cron", "x"),
            wanted().branch("web", " "),
            wanted().commit("web", "4f1c2d9"),
            wanted().commit("orders", "4f1c2d9"),
        ] {
            let error = preview.deploy(&scene.client).await.unwrap_err();
            assert!(
                scene.fake.executions().is_empty(),
                "{name}: {preview:?}: {error}"
            );
        }
    }
    assert_eq!(scene.copies().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_preview_can_be_on_another_cluster_and_in_another_mode() {
    let scene = scene();
    let cluster = scene.fake.organization("my-org").cluster("previews");
    let wanted = PreviewEnvironment::named("dev-1")
        .from("my-org/shop/staging")
        .cluster("Previews")
        .mode(Mode::Development);
    let made = wanted.ensure(&scene.client).await.unwrap();
    assert_eq!(made.environment.cluster, Some(cluster.id()));
    assert_eq!(made.environment.mode, Some("DEVELOPMENT".into()));
    assert!(!scene.writes().contains(&"deployEnvironment".to_owned()));
    let wrong = PreviewEnvironment::named("p")
        .from("my-org/shop/staging")
        .cluster("nowhere");
    assert!(
        wrong
            .ensure(&scene.client)
            .await
            .unwrap_err()
            .to_string()
            .contains("previews")
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_refused_before_a_preview_exists_gives_the_reason_once() {
    let _quiet = crate::SIGNALS.read().await;
    let scene = scene();
    let shop = scene.fake.organization("my-org").project("shop");
    let _by_hand = shop.environment("by-hand").in_mode("PREVIEW");
    for wanted in [
        PreviewEnvironment::named("pr-17"),
        preview().mode(Mode::Production),
        PreviewEnvironment::named("by-hand").from("my-org/shop/staging"),
    ] {
        let refused = wanted
            .run(&scene.client, async |_| Ok::<_, String>(()))
            .await
            .unwrap_err();
        assert!(refused.preview_error().unwrap().is_refused(), "{refused}");
        assert!(refused.not_deleted().is_none(), "{refused}");
        for text in [refused.to_string(), format!("{refused:?}")] {
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
    assert!(scene.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_deletes_at_the_end_and_when_the_work_or_the_deployment_fails() {
    let _quiet = crate::SIGNALS.read().await;
    let scene = scene();
    let seen = preview()
        .run(&scene.client, async |preview: Preview| {
            Ok::<_, String>(preview.urls.len())
        })
        .await;
    assert_eq!(seen.unwrap(), 1);
    assert!(scene.copies().await.is_empty());

    let failed = preview()
        .run(&scene.client, async |_| Err::<(), _>("the tests failed"))
        .await;
    let failed = failed.unwrap_err();
    assert_eq!(failed.work_error(), Some(&"the tests failed"));
    assert!(failed.wait_error().is_none() && failed.api_error().is_none());
    assert_eq!(
        (failed.exit_code(), failed.not_deleted().is_none()),
        (1, true)
    );
    assert!(scene.copies().await.is_empty());

    scene
        .fake
        .inject(Fault::status(403).on("deployEnvironment"));
    let worked = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&worked);
    let failed = preview()
        .run(&scene.client, async move |_| {
            noted.store(true, Ordering::Relaxed);
            Ok::<_, String>(())
        })
        .await
        .unwrap_err();
    assert_eq!(failed.exit_code(), 3);
    assert!(failed.preview_error().is_some() && !worked.load(Ordering::Relaxed));
    assert!(failed.wait_error().is_some_and(|error| error.is_refused()));
    assert!(failed.api_error().is_some_and(|error| error.is_forbidden()));
    assert!(std::error::Error::source(&failed).is_some());
    assert!(scene.copies().await.is_empty());

    scene
        .fake
        .inject(Fault::status(403).on("deleteEnvironment"));
    let kept = preview()
        .run(&scene.client, async |_| Ok::<_, String>(()))
        .await
        .unwrap_err();
    assert!(kept.not_deleted().is_some(), "{kept}");
    assert!(kept.api_error().is_some_and(|error| error.is_forbidden()));
    assert!(kept.to_string().contains("was not deleted"), "{kept}");
    assert!(preview().delete(&scene.client).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_work_panics_deletes_and_panics() {
    let _quiet = crate::SIGNALS.read().await;
    let scene = scene();
    let client = scene.client.clone();
    let run = tokio::spawn(async move {
        let work = async |_| -> Result<(), String> { panic!("in the work") };
        preview().run(&client, work).await
    });
    let panicked = run.await.unwrap_err();
    assert!(panicked.is_panic());
    assert!(scene.copies().await.is_empty());
}

#[cfg(unix)]
fn send_to_this_process(signal: &str) {
    let id = std::process::id().to_string();
    let mut kill = std::process::Command::new("kill");
    let kill = kill.arg(format!("-{signal}")).arg(id);
    assert!(kill.status().unwrap().success());
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_during_the_deletion_after_work_that_succeeded_is_no_refusal() {
    let _alone = crate::SIGNALS.write().await;
    let scene = scene();
    let wanted = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
    wanted.ensure(&scene.client).await.unwrap();
    let fake = scene.fake.clone();
    let deleting = tokio::spawn(async move {
        let is_deletion = |request: &RecordedRequest| request.method == "DELETE";
        while !fake.executions().iter().any(is_deletion) {
            fake.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        send_to_this_process("TERM");
    });
    let work = async |_| -> Result<(), Box<dyn Error>> { Ok(()) };
    let ended = wanted.run(&scene.client, work).await.unwrap_err();
    deleting.await.unwrap();
    assert!(ended.is_interrupted(), "{ended}");
    assert!(ended.not_deleted().unwrap().is_interrupted(), "{ended}");
    assert_eq!(ended.exit_code(), 130);
    assert_eq!(qovery_ext::exit_code(&ended), 130);
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_the_work_and_deletes() {
    let _alone = crate::SIGNALS.write().await;
    for signal in ["INT", "TERM"] {
        let scene = scene();
        let wanted = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
        let made = wanted.ensure(&scene.client).await.unwrap();
        scene.fake.advance(Duration::from_secs(1));
        let (started, on) = tokio::sync::oneshot::channel::<()>();
        let fake = scene.fake.clone();
        let ticking = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_millis(20)).await;
                fake.advance(Duration::from_secs(60));
            }
        });
        let kill = tokio::spawn(async move {
            on.await.unwrap();
            send_to_this_process(signal);
        });
        let ended = wanted
            .run(&scene.client, async |_| -> Result<(), Box<dyn Error>> {
                started.send(()).unwrap();
                std::future::pending().await
            })
            .await
            .unwrap_err();
        kill.await.unwrap();
        ticking.abort();
        assert!(
            ended.is_interrupted() && ended.not_deleted().is_none(),
            "{signal}: {ended}"
        );
        assert_eq!(ended.exit_code(), 130);
        assert_eq!(qovery_ext::exit_code(&ended), 130);
        let gone = scene.client.find(made.environment.id().to_string()).await;
        assert!(gone.unwrap_err().is_not_found(), "{signal}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_without_a_time_to_live_removes_that_of_an_earlier_run() {
    let scene = scene();
    let wanted = || PreviewEnvironment::named("pr-22").from("my-org/shop/staging");
    let expiring = wanted().time_to_live(Duration::ZERO);
    expiring.ensure(&scene.client).await.unwrap();
    let kept = wanted().ensure(&scene.client).await.unwrap();
    assert!(!kept.is_new);
    let deleted = delete_expired_previews(&scene.client, "my-org/shop").await;
    assert!(deleted.unwrap().is_empty());
    expiring.ensure(&scene.client).await.unwrap();
    let deleted = delete_expired_previews(&scene.client, "my-org/shop").await;
    assert_eq!(deleted.unwrap(), ["pr-22"]);
}

#[tokio::test(start_paused = true)]
async fn variables_are_taken_as_pairs_and_as_variables_with_their_secrets() {
    let scene = scene();
    let file = qovery_ext::recipes::parse_dotenv("A=1\nTOKEN=hunter2").unwrap();
    let file = file.into_iter().map(|one| match one.key() {
        "TOKEN" => one.secret(),
        _ => one,
    });
    let made = PreviewEnvironment::named("pr-23").from("my-org/shop/staging");
    let made = made.variables([("B", "2")]).variables(file);
    let made = made.ensure(&scene.client).await.unwrap();
    let listed = scene.client.list_variables(
        made.environment.id(),
        qovery_ext::qovery_api::types::ApiVariableScopeEnum::Environment,
    );
    let listed = listed.await.unwrap().results;
    let is_secret = |key: &str| {
        let one = listed.iter().find(|one| one.key == key);
        one.map(|one| one.is_secret)
    };
    let found = (is_secret("A"), is_secret("B"), is_secret("TOKEN"));
    assert_eq!(found, (Some(false), Some(false), Some(true)));
}

#[tokio::test(start_paused = true)]
async fn previews_whose_time_is_over_are_deleted_and_others_stay() {
    let scene = scene();
    let wanted = |name: &str| PreviewEnvironment::named(name).from("my-org/shop/staging");
    let day = Duration::from_secs(86_400);
    wanted("old")
        .time_to_live(Duration::ZERO)
        .ensure(&scene.client)
        .await
        .unwrap();
    wanted("new")
        .time_to_live(day)
        .ensure(&scene.client)
        .await
        .unwrap();
    wanted("endless").ensure(&scene.client).await.unwrap();
    let deleted = delete_expired_previews(&scene.client, "my-org/shop")
        .await
        .unwrap();
    assert_eq!(deleted, ["old"]);
    assert_eq!(scene.copies().await.len(), 2);
    wanted("new")
        .time_to_live(Duration::ZERO)
        .ensure(&scene.client)
        .await
        .unwrap();
    scene
        .fake
        .inject(Fault::status(403).on("deleteEnvironment"));
    assert!(
        delete_expired_previews(&scene.client, "my-org/shop")
            .await
            .is_err()
    );
    let deleted = delete_expired_previews(&scene.client, "my-org/shop")
        .await
        .unwrap();
    assert_eq!(deleted, ["new"], "a later call tries again");
}

#[tokio::test(start_paused = true)]
async fn a_failed_deployment_does_not_delete_the_preview() {
    let scene = scene();
    let made = preview().ensure(&scene.client).await.unwrap();
    let copy = scene.copies().await.remove(0);
    let services = copy.services();
    let api = services
        .iter()
        .find(|one| one.property("name") == Some(json!("api")))
        .unwrap();
    copy.next_deployment().fails_at(api, Step::Build);
    let error = preview().deploy(&scene.client).await.unwrap_err();
    assert!(error.wait_error().unwrap().is_failed());
    assert_eq!(error.exit_code(), 1);
    assert_eq!(scene.copies().await.len(), 1);
    // Watched by the caller.
    let deployment = preview().deployment(&scene.client, &made).unwrap();
    deployment.await.unwrap();
    let _resumed = scene.client.environment(made.environment.id());
}

#[tokio::test(start_paused = true)]
async fn a_mode_is_the_same_in_upper_and_lower_case_and_stays() {
    let scene = scene();
    let wanted = |mode: &str| {
        let preview = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
        preview.mode(mode)
    };
    for mode in ["production", " Production "] {
        let error = wanted(mode).deploy(&scene.client).await.unwrap_err();
        assert!(error.is_refused(), "{mode}: {error}");
    }
    assert!(scene.writes().is_empty());
    let made = wanted("staging").ensure(&scene.client).await.unwrap();
    assert_eq!(made.environment.mode, Some(Mode::Staging));
    let renamed = scene.fake.executions().into_iter();
    let mut renamed = renamed.filter(|one| one.operation.as_deref() == Some("editEnvironment"));
    let body = renamed.next().unwrap().body.unwrap();
    assert_eq!(body, json!({"name": "pr-17", "mode": "STAGING"}));
    assert!(
        !wanted("Staging")
            .ensure(&scene.client)
            .await
            .unwrap()
            .is_new
    );
    assert!(wanted("STAGING").delete(&scene.client).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_variable_that_cannot_take_its_value_is_refused_before_anything_is_made() {
    let scene = scene();
    let owner = VariableOwner::Environment(scene.staging.id());
    for variable in [
        Variable::new("PLAIN", "1"),
        Variable::new("TOKEN", "1").secret(),
    ] {
        set_variable(&scene.client, owner, &variable).await.unwrap();
    }
    scene.fake.clear_requests();
    let wanted = || PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
    for preview in [
        wanted().variable(Variable::new("PLAIN", "hunter2").secret()),
        wanted().dotenv("TOKEN=hunter2"),
        wanted().service_variable("orders", Variable::new("A", "hunter2")),
        wanted().service_variable("apii", Variable::new("A", "hunter2")),
    ] {
        let error = preview.deploy(&scene.client).await.unwrap_err();
        assert!(error.is_refused(), "{preview:?}: {error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        assert!(scene.writes().is_empty(), "{preview:?}");
    }
    let error = wanted().branch("apii", "x").deploy(&scene.client).await;
    let text = error.unwrap_err().to_string();
    assert!(text.contains("did you mean api ("), "{text}");
    let ok = wanted().dotenv("PLAIN=2").ensure(&scene.client).await;
    assert!(ok.unwrap().is_new);
}

#[tokio::test(start_paused = true)]
async fn a_preview_whose_making_was_interrupted_has_a_time_to_live() {
    for step in ["editEnvironment", "editContainer", "createVariable"] {
        let scene = scene();
        let wanted = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
        let wanted = wanted.image("web", "pr-17").dotenv("A=1");
        // The mark and the expiry are the first two variables.
        let skipped = if step == "createVariable" { 2 } else { 0 };
        let fault = Fault::status(403).on(step).after(skipped);
        scene.fake.inject(fault);
        let wanted = wanted.time_to_live(Duration::ZERO);
        wanted.deploy(&scene.client).await.unwrap_err();
        assert_eq!(scene.copies().await.len(), 1, "{step}");
        let deleted = delete_expired_previews(&scene.client, "my-org/shop").await;
        assert_eq!(deleted.unwrap().len(), 1, "{step}");
        assert!(scene.copies().await.is_empty(), "{step}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_expired_preview_that_cannot_be_deleted_or_read_keeps_no_other() {
    let made = || async {
        let scene = scene();
        for name in ["a", "b", "c"] {
            let wanted = PreviewEnvironment::named(name).from("my-org/shop/staging");
            let wanted = wanted.time_to_live(Duration::ZERO);
            wanted.ensure(&scene.client).await.unwrap();
        }
        scene
    };
    for (operation, after) in [("deleteEnvironment", 0), ("listVariables", 1)] {
        let scene = made().await;
        scene
            .fake
            .inject(Fault::status(403).on(operation).after(after));
        let error = delete_expired_previews(&scene.client, "my-org/shop").await;
        assert!(error.is_err(), "{operation}");
        assert_eq!(scene.copies().await.len(), 1, "{operation}");
        let deleted = delete_expired_previews(&scene.client, "my-org/shop").await;
        assert_eq!(deleted.unwrap().len(), 1, "{operation}");
    }
    // Another job has deleted this one since it was listed.
    let scene = made().await;
    scene
        .fake
        .inject(Fault::status(404).on("listVariables").after(1));
    let deleted = delete_expired_previews(&scene.client, "my-org/shop").await;
    assert_eq!(deleted.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_preview_may_have_any_name() {
    let scene = scene();
    for name in ["feature/cart", " pr 17 ", "Ünïcode ✔", "a\"b", "pr-17?x#y"] {
        let wanted = PreviewEnvironment::named(name).from("my-org/shop/staging");
        let made = wanted.deploy(&scene.client).await.unwrap();
        assert_eq!(made.environment.name(), name.trim());
        assert!(
            !wanted.deploy(&scene.client).await.unwrap().is_new,
            "{name}"
        );
        assert!(wanted.delete(&scene.client).await.unwrap(), "{name}");
        assert!(scene.copies().await.is_empty(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_at_any_step_leaves_nothing() {
    let _quiet = crate::SIGNALS.read().await;
    for operation in [
        "cloneEnvironment",
        "createVariable",
        "editEnvironment",
        "getApplication",
        "editApplication",
        "editHelm",
        "editContainer",
        "editJob",
        "editTerraform",
        "deployEnvironment",
        "listEnvironmentServicesLinks",
    ] {
        for lost in [false, true] {
            let scene = scene();
            let fault = match lost {
                true => Fault::connection_lost_after_execution(),
                false => Fault::status(403),
            };
            scene.fake.inject(fault.on(operation));
            let run = preview().time_to_live(Duration::from_secs(60));
            let run = run.run(&scene.client, async |_| Ok::<_, String>(()));
            let ended = run.await;
            assert!(scene.fake.pending_faults().is_empty(), "{operation}");
            if let Err(error) = &ended {
                assert!(error.not_deleted().is_none(), "{operation}: {error}");
            }
            assert!(ended.is_err() || lost, "{operation}: {ended:?}");
            assert!(scene.copies().await.is_empty(), "{operation}, lost: {lost}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_a_preview_does_not_inherit_its_time_to_live() {
    let scene = scene();
    let base = PreviewEnvironment::named("base").from("my-org/shop/staging");
    let base = base.time_to_live(Duration::ZERO);
    base.ensure(&scene.client).await.unwrap();
    let of_it = |name: &str| PreviewEnvironment::named(name).from("my-org/shop/base");
    of_it("endless").ensure(&scene.client).await.unwrap();
    let day = Duration::from_secs(86_400);
    let limited = of_it("limited").time_to_live(day);
    limited.ensure(&scene.client).await.unwrap();
    let deleted = delete_expired_previews(&scene.client, "my-org/shop").await;
    assert_eq!(deleted.unwrap(), ["base"]);
    assert_eq!(scene.copies().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_continues_an_interrupted_one_sets_its_own_mode() {
    let scene = scene();
    let wanted = |mode: Mode| {
        let preview = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
        preview.mode(mode)
    };
    scene.fake.inject(Fault::status(403).on("editEnvironment"));
    let first = wanted(Mode::Staging).ensure(&scene.client).await;
    first.unwrap_err();
    let made = wanted(Mode::Preview).ensure(&scene.client).await.unwrap();
    assert_eq!(made.environment.mode, Some(Mode::Preview));
    let again = wanted(Mode::Preview).ensure(&scene.client).await.unwrap();
    assert_eq!(again.environment.id(), made.environment.id());
    assert!(wanted(Mode::Preview).delete(&scene.client).await.unwrap());
    assert!(scene.copies().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_copy_in_the_making_is_no_name_of_a_preview_or_of_a_production_environment() {
    let scene = scene();
    let id = scene.staging.id().simple().to_string();
    let name = format!("pr-17-new-preview-of-{}", &id[..12]);
    let project = scene.fake.organization("my-org").project("shop");
    let production = project.environment(&name).in_mode("PRODUCTION");
    scene.fake.clear_requests();
    for name in [name.clone(), name.to_uppercase()] {
        let wanted = PreviewEnvironment::named(name).from("my-org/shop/staging");
        for error in [
            wanted.ensure(&scene.client).await.map(drop).unwrap_err(),
            wanted.adopt(&scene.client).await.map(drop).unwrap_err(),
            wanted.delete(&scene.client).await.map(drop).unwrap_err(),
        ] {
            assert!(error.is_refused(), "{error}");
        }
    }
    let wanted = PreviewEnvironment::named("pr-17").from("my-org/shop/staging");
    assert!(!wanted.delete(&scene.client).await.unwrap());
    assert!(scene.writes().is_empty(), "{:?}", scene.writes());
    assert!(wanted.ensure(&scene.client).await.unwrap().is_new);
    assert!(wanted.delete(&scene.client).await.unwrap());
    let left = scene.copies().await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id(), production.id());
}

async fn deploy(client: &Client) -> Result<Preview, PreviewError> {
    preview().deploy(client).await
}

async fn ensure(client: &Client) -> Result<Preview, PreviewError> {
    preview().ensure(client).await
}

/// Two clients of one fake, which need some time for each request.
fn two_clients(scene: &Scene) -> [Client; 2] {
    scene.fake.latency(Duration::from_millis(40));
    [scene.fake.client(), scene.fake.client()]
}

#[tokio::test(start_paused = true)]
async fn two_first_runs_at_the_same_time_leave_one_preview() {
    // The second run begins at another step of the first one.
    for delay in (0..400).step_by(20) {
        let scene = scene();
        let [one, two] = two_clients(&scene);
        let later = async {
            tokio::time::sleep(Duration::from_millis(delay)).await;
            deploy(&two).await
        };
        let (first, second) = tokio::join!(deploy(&one), later);
        scene.fake.latency(Duration::ZERO);
        let copies = scene.copies().await;
        let clones = scene
            .writes()
            .iter()
            .filter(|w| *w == "cloneEnvironment")
            .count();
        let results = [&first, &second];
        let failed: Vec<_> = results
            .iter()
            .filter_map(|one| one.as_ref().err())
            .collect();
        let texts: Vec<String> = failed.iter().map(ToString::to_string).collect();
        assert_eq!(copies.len(), 1, "{delay}: {texts:?}");
        assert!(failed.len() < 2, "{delay}: {texts:?}");
        assert_eq!(
            clones == 2,
            texts
                .iter()
                .any(|t| t.contains("copy of this run was deleted"))
        );
        if clones == 2 {
            assert!(failed[0].is_concurrent() && !failed[0].is_refused());
            assert_eq!(failed[0].exit_code(), 3);
            assert!(texts[0].contains(&copies[0].id().to_string()), "{texts:?}");
        }
        // The next run updates the preview that remained.
        let again = preview().deploy(&scene.client).await;
        let again = again.unwrap_or_else(|error| panic!("{delay}: {error}"));
        assert!(!again.is_new && again.environment.id() == copies[0].id());
    }
}

#[tokio::test(start_paused = true)]
async fn many_first_runs_at_the_same_time_leave_one_preview_and_delete_nothing_else() {
    let scene = scene();
    scene.fake.latency(Duration::from_millis(40));
    let runs = (0..7).map(|_| {
        let client = scene.fake.client();
        async move { preview().deploy(&client).await }
    });
    let results = futures_util::future::join_all(runs).await;
    let (made, refused): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (1, 6));
    let kept = made[0].as_ref().unwrap().environment.id();
    assert!(
        refused
            .iter()
            .all(|one| one.as_ref().unwrap_err().is_concurrent())
    );
    let copies = scene.copies().await;
    assert_eq!(
        copies.iter().map(FakeEnvironment::id).collect::<Vec<_>>(),
        [kept]
    );
    let deletions = scene
        .writes()
        .iter()
        .filter(|w| *w == "deleteEnvironment")
        .count();
    assert_eq!(deletions, 6, "each run deletes its own copy");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_comes_second_does_not_delete_the_preview_of_the_first() {
    let scene = scene();
    let [one, two] = two_clients(&scene);
    let work = async |_: Preview| {
        tokio::time::sleep(Duration::from_secs(300)).await;
        Ok::<_, std::io::Error>(7)
    };
    let _listening = super::SIGNALS.read().await;
    let (first, second) = {
        let (first, second) = (preview(), preview());
        tokio::join!(first.run(&one, work), second.run(&two, work))
    };
    let (done, failed) = match (first, second) {
        (Ok(done), Err(failed)) | (Err(failed), Ok(done)) => (done, failed),
        other => panic!("{other:?}"),
    };
    assert_eq!(done, 7);
    assert!(failed.preview_error().unwrap().is_concurrent(), "{failed}");
    assert!(failed.not_deleted().is_none(), "{failed}");
    assert!(
        scene.copies().await.is_empty(),
        "the first run has deleted it at its end"
    );
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_came_second_and_cannot_be_deleted_is_named() {
    let scene = scene();
    let [one, two] = two_clients(&scene);
    scene
        .fake
        .inject(Fault::status(403).on("deleteEnvironment").times(9));
    let (first, second) = tokio::join!(ensure(&one), ensure(&two));
    let error = first.err().or(second.err()).unwrap();
    let text = error.to_string();
    assert!(
        error.is_concurrent() && text.contains("was not deleted, delete it: "),
        "{text}"
    );
    scene.fake.clear_faults();
    scene.fake.latency(Duration::ZERO);
    let copies = scene.copies().await;
    assert_eq!(copies.len(), 2);
    assert!(
        copies
            .iter()
            .all(|copy| text.contains(&copy.id().to_string())),
        "{text}"
    );
    let refused = preview().ensure(&scene.client).await.unwrap_err();
    assert!(refused.is_refused(), "{refused}");
    // A third run has made neither of them.
    let _listening = super::SIGNALS.read().await;
    let work = async |_: Preview| Ok::<_, std::io::Error>(());
    let refused = preview().run(&scene.client, work).await.unwrap_err();
    assert!(refused.preview_error().unwrap().is_refused(), "{refused}");
    assert_eq!(scene.copies().await.len(), 2);
    assert!(preview().delete(&scene.client).await.unwrap());
    assert!(scene.copies().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_see_whether_another_one_was_first_deletes_its_own_copy() {
    let scene = scene();
    let mut unknown = 0;
    for readable in 0..6 {
        let fault = Fault::status(403).on("listEnvironment").after(readable);
        scene.fake.inject(fault.times(1));
        let result = preview().ensure(&scene.client).await;
        scene.fake.clear_faults();
        let Err(error) = result else {
            assert!(preview().delete(&scene.client).await.unwrap());
            continue;
        };
        let text = error.to_string();
        if text.contains("it is not known whether another run") {
            unknown += 1;
            assert!(error.is_concurrent(), "{text}");
            assert!(text.contains("the copy of this run was deleted"), "{text}");
            assert!(scene.copies().await.is_empty(), "{text}");
        } else {
            preview().delete(&scene.client).await.unwrap();
        }
    }
    assert_eq!(unknown, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_copy_beside_that_of_another_run_is_not_deleted_without_proof() {
    let scene = scene();
    let [one, two] = two_clients(&scene);
    let lost = Fault::connection_lost_after_execution();
    scene.fake.inject(lost.on("cloneEnvironment").times(2));
    let (first, second) = tokio::join!(ensure(&one), ensure(&two));
    for error in [first.unwrap_err(), second.unwrap_err()] {
        let text = error.to_string();
        assert!(
            error.is_concurrent() && text.contains("delete both"),
            "{text}"
        );
    }
    assert_eq!(scene.copies().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_added_to_the_original_later_is_named_as_such() {
    let scene = scene();
    preview().ensure(&scene.client).await.unwrap();
    scene.staging.service(Kind::Application, "Late");
    let before = scene.writes().len();
    let with = [
        preview().branch("late", "feature"),
        preview().commit("late", "4f1c2d9"),
        preview().service_variable("late", Variable::new("A", "1")),
    ];
    for late in &with {
        let error = late.deploy(&scene.client).await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_refused(), "{text}");
        assert!(
            text.contains("environment pr-17 (") && text.contains("lacks the service Late"),
            "{text}"
        );
        assert!(
            text.contains("added later to the original, environment staging ("),
            "{text}"
        );
        assert!(
            text.contains("delete the preview and deploy it again"),
            "{text}"
        );
    }
    let unknown = preview()
        .branch("lite", "feature")
        .deploy(&scene.client)
        .await;
    let unknown = unknown.unwrap_err().to_string();
    assert!(
        unknown.starts_with("no service is named \"lite\""),
        "{unknown}"
    );
    assert_eq!(scene.writes().len(), before, "nothing was sent");
    assert!(preview().delete(&scene.client).await.unwrap());
    with[0].deploy(&scene.client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_does_not_exist_is_an_error_of_an_update_too() {
    let scene = scene();
    preview().ensure(&scene.client).await.unwrap();
    let before = scene.writes().len();
    let error = preview().cluster("nowhere").ensure(&scene.client).await;
    let error = error.unwrap_err();
    assert!(
        error.is_refused() && error.to_string().contains("\"nowhere\""),
        "{error}"
    );
    assert_eq!(scene.writes().len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_preview_that_another_run_deletes_at_the_same_time_is_no_error() {
    for is_expired in [false, true] {
        let scene = scene();
        let own = preview().time_to_live(Duration::ZERO);
        own.ensure(&scene.client).await.unwrap();
        let copy = scene.copies().await.remove(0);
        // The deletion of another program is over between the list and the request.
        let other = scene.fake.client();
        scene.fake.latency(Duration::from_secs(20));
        let delete = async {
            match is_expired {
                false => own.delete(&scene.client).await,
                true => {
                    let deleted = delete_expired_previews(&scene.client, "my-org/shop").await;
                    deleted.map(|names| !names.is_empty())
                }
            }
        };
        let list = async {
            loop {
                let requests = scene.fake.requests();
                let is_listed =
                    |one: &RecordedRequest| one.operation.as_deref() == Some("listVariables");
                if requests.iter().rev().take(1).any(is_listed) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // The next request of the run arrives after the deletion.
            tokio::time::sleep(Duration::from_millis(20_100)).await;
            scene.fake.latency(Duration::ZERO);
            let deleted = other.delete_environment(copy.id());
            deleted.await.unwrap();
        };
        scene.fake.clear_requests();
        let (deleted, ()) = tokio::join!(delete, list);
        deleted.unwrap_or_else(|error| panic!("{is_expired}: {error:#}"));
        assert!(scene.copies().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_preview_whose_deletion_waits_behind_that_of_another_user_is_no_error() {
    for is_expired in [false, true] {
        let scene = scene();
        let own = preview().time_to_live(Duration::ZERO);
        own.ensure(&scene.client).await.unwrap();
        let copy = scene.copies().await.remove(0);
        copy.external_actor().deploys();
        copy.external_actor().asks_for(Trigger::Delete);
        match is_expired {
            false => drop(own.delete(&scene.client).await.unwrap()),
            true => drop(
                delete_expired_previews(&scene.client, "my-org/shop")
                    .await
                    .unwrap(),
            ),
        }
        assert!(scene.copies().await.is_empty());
        let deletes = scene.writes().into_iter();
        assert_eq!(deletes.filter(|one| one == "deleteEnvironment").count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_that_a_service_cannot_take_is_refused_with_its_name() {
    let scene = scene();
    let orders = scene.staging.services().pop().unwrap().id();
    let preview = preview().commit("orders", "4f1c2d9");
    let error = preview.ensure(&scene.client).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!(
            "database orders ({orders}) cannot be deployed with git_commit_id"
        )),
        "{text}"
    );
    assert!(error.is_refused());
}

#[tokio::test(start_paused = true)]
async fn a_misspelled_mode_is_refused_before_anything_is_made_or_deleted() {
    let scene = scene();
    preview().ensure(&scene.client).await.unwrap();
    let before = scene.writes().len();
    for name in ["pr-17", "pr-18"] {
        let other = PreviewEnvironment::named(name).from("my-org/shop/staging");
        let other = other.mode("preveiw");
        for error in [
            other.ensure(&scene.client).await.unwrap_err(),
            other.delete(&scene.client).await.unwrap_err(),
            other.adopt(&scene.client).await.unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(error.is_refused(), "{text}");
            assert!(text.contains("did you mean PREVIEW?"), "{text}");
        }
    }
    assert_eq!(scene.writes().len(), before);
    // A mode that another environment has is left to the server, which knows more modes than the client.
    let project = scene.fake.organization("my-org").project("shop");
    let _sandbox = project.environment("sandbox").in_mode("SANDBOX");
    let other = PreviewEnvironment::named("pr-18").from("my-org/shop/staging");
    let sent = other.mode("sandbox").ensure(&scene.client).await;
    let sent = sent.unwrap_err();
    assert!(sent.api_error().unwrap().is_bad_request(), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn the_remains_of_simultaneous_runs_that_are_dropped_are_all_found_by_a_deletion() {
    for limit in (0..700).step_by(35) {
        let scene = scene();
        let [one, two] = two_clients(&scene);
        let limit = Duration::from_millis(limit);
        let other = tokio::time::timeout(limit, ensure(&two));
        let (first, second) = tokio::join!(ensure(&one), other);
        scene.fake.latency(Duration::ZERO);
        // A deletion that was sent continues.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let copies = scene.copies().await.len();
        assert!(copies >= usize::from(first.is_ok()), "{limit:?}");
        let is_done = matches!(second, Ok(Ok(_)));
        assert!(!(is_done && first.is_ok() && copies > 1), "{limit:?}");
        assert!(preview().delete(&scene.client).await.unwrap(), "{limit:?}");
        assert!(scene.copies().await.is_empty(), "{limit:?}");
    }
}
