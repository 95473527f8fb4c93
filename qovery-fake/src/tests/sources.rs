//! The sources of services, and the versions that deployments use.

use http::Method;
use serde_json::{Value, json};

use super::Setup;
use crate::{ConfiguredVersion, FakeService, Workload};

/// The version in the newest entry of the history of a service.
fn newest(setup: &Setup, service: &FakeService) -> Value {
    let segment = service.workload().segment();
    let path = format!("/{segment}/{}/deploymentHistoryV2", service.id());
    let details = setup.get(&path)["results"][0]["details"].clone();
    let mut versions = ["/commit/git_commit_id", "/tag", "/repository/chart_version"]
        .into_iter()
        .filter_map(|path| details.pointer(path))
        .filter(|version| version.as_str().is_some_and(|text| !text.is_empty()));
    versions.next().cloned().unwrap_or_default()
}

fn deploy(setup: &Setup, service: &FakeService, body: &Value) {
    let segment = service.workload().segment();
    let path = format!("/{segment}/{}/deploy", service.id());
    let (status, response) = setup.call(Method::POST, &path, body);
    assert_eq!(status, 202, "{response}");
    setup.fake.advance(std::time::Duration::from_secs(120));
}

fn deploy_all(setup: &Setup, service: &FakeService) {
    let path = format!("/environment/{}/deploy", service.environment().id());
    let (status, response) = setup.call(Method::POST, &path, &Value::Null);
    assert_eq!(status, 202, "{response}");
    setup.fake.advance(std::time::Duration::from_secs(120));
}

#[test]
fn a_service_has_a_source_and_its_deployment_a_version_of_it() {
    for (kind, source, version) in [
        (Workload::Application, "/git_repository/url", None),
        (Workload::CronJob, "/source/docker/git_repository/url", None),
        (
            Workload::Terraform,
            "/terraform_files_source/git/git_repository/url",
            None,
        ),
        (Workload::Container, "/image_name", Some("1.0")),
        (
            Workload::LifecycleJob,
            "/source/image/image_name",
            Some("1.0"),
        ),
        (
            Workload::Helm,
            "/source/repository/chart_name",
            Some("1.0.0"),
        ),
    ] {
        let setup = Setup::new();
        let environment = setup.fake.environment("staging");
        let service = environment.service(kind, "My Api");
        let path = format!("/{}/{}", kind.segment(), service.id());
        let read = setup.get(&path);
        let shown = read.pointer(source).and_then(Value::as_str);
        assert!(shown.unwrap().contains("my-api"), "{kind:?}: {read}");
        let commits = setup
            .call(Method::GET, &format!("{path}/commit"), &Value::Null)
            .1;
        deploy_all(&setup, &service);
        let first = newest(&setup, &service);
        if version.is_none() {
            assert_eq!(commits["results"][0]["git_commit_id"], first, "{kind:?}");
        }
        match version {
            Some(version) => assert_eq!(first, version, "{kind:?}"),
            None => assert_eq!(first.as_str().unwrap().len(), 40, "{kind:?}: {first}"),
        }
        deploy_all(&setup, &service);
        assert_eq!(newest(&setup, &service), first, "{kind:?}");
        if version.is_none() {
            let repository = source.replace("/url", "/deployed_commit_id");
            assert_eq!(setup.get(&path).pointer(&repository), Some(&first));
            // A commit that a deployment has chosen remains the deployed one.
            deploy(&setup, &service, &json!({"git_commit_id": "4f1c2d9"}));
            assert_eq!(newest(&setup, &service), "4f1c2d9", "{kind:?}");
            deploy_all(&setup, &service);
            assert_eq!(newest(&setup, &service), "4f1c2d9", "{kind:?}");
        }
    }
}

#[test]
fn the_first_deployment_of_a_branch_takes_its_newest_commit() {
    let setup = Setup::new();
    let environment = setup.fake.environment("staging");
    let api = environment.service(Workload::Application, "api").commits(3);
    let commits = setup.get(&format!("/application/{}/commit", api.id()));
    deploy_all(&setup, &api);
    assert_eq!(newest(&setup, &api), commits["results"][0]["git_commit_id"]);
    // Two services of one repository and branch have the same newest commit, others do not.
    let [same, other] = ["api", "web"].map(|name| {
        let environment = setup.fake.environment("production");
        let service = environment.service(Workload::Application, name);
        deploy_all(&setup, &service);
        newest(&setup, &service)
    });
    assert_ne!(same, other);
    let again = setup.fake.environment("other");
    let again = again.service(Workload::Application, "API");
    deploy_all(&setup, &again);
    assert_eq!(newest(&setup, &again), same);
}

#[test]
fn a_chosen_version_becomes_the_configured_one_or_not_as_set() {
    for (kind, part, place, before) in [
        (Workload::Container, "image_tag", "/tag", "1.0"),
        (
            Workload::LifecycleJob,
            "image_tag",
            "/source/image/tag",
            "1.0",
        ),
        (
            Workload::Helm,
            "chart_version",
            "/source/repository/chart_version",
            "1.0.0",
        ),
    ] {
        for (effect, after) in [
            (ConfiguredVersion::Follows, "2.0"),
            (ConfiguredVersion::Stays, before),
        ] {
            let setup = Setup::new();
            if effect != ConfiguredVersion::default() {
                setup.fake.configured_version(effect);
            }
            let environment = setup.fake.environment("staging");
            let service = environment.service(kind, "api");
            deploy(&setup, &service, &json!({ part: "2.0" }));
            assert_eq!(newest(&setup, &service), "2.0", "{kind:?} {effect:?}");
            let path = format!("/{}/{}", kind.segment(), service.id());
            let read = setup.get(&path);
            assert_eq!(read.pointer(place), Some(&json!(after)), "{kind:?}");
            deploy_all(&setup, &service);
            assert_eq!(newest(&setup, &service), after, "{kind:?} {effect:?}");
        }
    }
}

#[test]
fn queued_deployments_keep_their_own_versions_and_a_plan_deploys_none() {
    let setup = Setup::new();
    setup.fake.configured_version(ConfiguredVersion::Stays);
    let environment = setup.fake.environment("staging");
    let web = environment.service(Workload::Container, "web");
    let path = format!("/container/{}/deploy", web.id());
    for tag in ["2.0", "3.0"] {
        setup.call(Method::POST, &path, &json!({"image_tag": tag}));
    }
    setup.fake.advance(std::time::Duration::from_secs(300));
    let history = format!("/container/{}/deploymentHistoryV2", web.id());
    let history = setup.get(&history);
    let tags = [0, 1].map(|row| history["results"][row]["details"]["tag"].clone());
    assert_eq!(tags, ["3.0", "2.0"]);

    let infra = environment.service(Workload::Terraform, "infra");
    deploy(&setup, &infra, &json!({"git_commit_id": "aaa"}));
    let plan = json!({"action": "PLAN", "git_commit_id": "bbb"});
    deploy(&setup, &infra, &plan);
    assert_eq!(newest(&setup, &infra), "bbb");
    deploy_all(&setup, &infra);
    assert_eq!(newest(&setup, &infra), "aaa");
}

#[test]
fn a_property_that_a_service_cannot_have_is_refused_with_the_closest_name() {
    let setup = Setup::new();
    let environment = setup.fake.environment("staging");
    let service = |kind| environment.service(kind, "api");
    let git = json!({"url": "https://github.com/acme/api", "branch": "main"});
    for (kind, property, value, problem) in [
        (
            Workload::Container,
            "tagg",
            json!("1"),
            "\"tagg\" is unknown: did you mean \"tag\"?",
        ),
        (
            Workload::Container,
            "xyzzy",
            json!(1),
            "\"xyzzy\" is unknown",
        ),
        (
            Workload::Container,
            "tag",
            json!(17),
            "\"tag\" must be of type string",
        ),
        (
            Workload::Container,
            "min_running_instances",
            json!("3"),
            "\"min_running_instances\" must be of type integer",
        ),
        (
            Workload::Container,
            "id",
            json!("x"),
            "\"id\" is set by the server",
        ),
        (
            Workload::Application,
            "git_repositry",
            git.clone(),
            "did you mean \"git_repository\"?",
        ),
        (
            Workload::Application,
            "git_repository",
            json!({"brunch": "main"}),
            "\"git_repository.brunch\" is unknown: did you mean \"branch\"?",
        ),
        (
            Workload::Application,
            "git_repository",
            json!({"branch": ["main"]}),
            "\"git_repository.branch\" must be of type string",
        ),
        (
            Workload::Application,
            "git_repository",
            json!({"provider": "GITHUBB"}),
            "\"git_repository.provider\" has the unknown value \"GITHUBB\"",
        ),
        (
            Workload::CronJob,
            "source",
            json!({"docker": {"git_repositories": git}}),
            "did you mean \"git_repository\"?",
        ),
        (
            Workload::Helm,
            "source",
            json!({"repositories": {}}),
            "is unknown: did you mean",
        ),
        (
            Workload::Terraform,
            "terraform_files_source",
            json!({"git": {"git_repository": {"url": 1}}}),
            "must be of type string",
        ),
        (Workload::Database, "tag", json!("1"), "\"tag\" is unknown"),
    ] {
        let error = service(kind).try_with(property, value.clone());
        let text = error.expect_err(&format!("{kind:?} {property} {value}"));
        let text = text.to_string();
        assert!(text.contains(problem), "{kind:?}: {text}");
    }
    let panicked = std::panic::catch_unwind(|| {
        let fake = crate::FakeQovery::new();
        let web = fake.environment("x").service(Workload::Container, "web");
        web.with("tagg", json!("1"))
    });
    assert!(panicked.is_err());
    // What fits is stored.
    let web = service(Workload::Container).with("tag", json!("9"));
    assert_eq!(web.property("tag"), Some(json!("9")));
    let api = service(Workload::Application).with("git_repository", git);
    let read = setup.get(&format!("/application/{}", api.id()));
    assert_eq!(read["git_repository"]["branch"], "main");
}

#[test]
fn another_branch_is_deployed_in_its_own_newest_commit() {
    let setup = Setup::new();
    let environment = setup.fake.environment("staging");
    let api = environment.service(Workload::Application, "api");
    deploy_all(&setup, &api);
    let first = newest(&setup, &api);
    let path = format!("/application/{}", api.id());
    let repository = setup.get(&path)["git_repository"].clone();
    let body = json!({
        "name": "api",
        "healthchecks": {},
        "git_repository": {"url": repository["url"], "branch": "feature", "provider": "GITHUB"},
    });
    let (status, response) = setup.call(Method::PUT, &path, &body);
    assert_eq!(status, 200, "{response}");
    deploy_all(&setup, &api);
    let second = newest(&setup, &api);
    assert_ne!(first, second);
    assert_eq!(
        setup.get(&path)["git_repository"]["deployed_commit_id"],
        second
    );
}
