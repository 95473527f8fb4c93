//! A fault in each request of each recipe: the error is typed, and the next run repairs the remains.

use std::{collections::BTreeMap, error::Error, time::Duration};

use qovery_ext::{
    qovery_api::Client,
    recipes::{
        Bulk, FindExt, PreviewEnvironment, Variable, VariableOwner, delete_expired_previews,
        export_dotenv, find_service, history, plan_terraform, plan_variables, promote,
        remove_variable, roll_back, service_history, services, set_alias, set_branch, set_image,
        urls,
    },
    wait::{ServiceKind, ServiceRef, ServiceVersion, WaitExt},
};
use qovery_fake::{FakeEnvironment, FakeQovery, Fault, Workload as Kind};
use serde_json::{Value, json};

const SECRET: &str = "hunter2-hunter2";

/// The faults of one request.
fn faults() -> Vec<(&'static str, Fault)> {
    vec![
        ("403", Fault::status(403)),
        ("404", Fault::status(404)),
        ("500", Fault::status(500)),
        ("lost before", Fault::connection_lost_before_execution()),
        ("lost after", Fault::connection_lost_after_execution()),
        ("garbage", Fault::garbage()),
    ]
}

struct Scene {
    fake: FakeQovery,
    client: Client,
    staging: FakeEnvironment,
    production: FakeEnvironment,
}

fn git(branch: &str) -> Value {
    json!({"url": "https://github.com/acme/shop", "branch": branch, "root_path": "/", "provider": "GITHUB"})
}

fn scene() -> Scene {
    let fake = FakeQovery::new();
    let project = fake.organization("my-org").project("shop");
    let staging = project.environment("staging");
    let production = project.environment("production").in_mode("PRODUCTION");
    for environment in [&staging, &production] {
        let api = environment.service(Kind::Application, "api");
        let _api = api
            .with("git_repository", git("main"))
            .url("https://api.example.com");
        let web = environment.service(Kind::Container, "web");
        let _web = web
            .with("image_name", json!("acme/web"))
            .with("tag", json!("main"));
    }
    let infra = staging.service(Kind::Terraform, "infra");
    // It has no description.
    let infra = infra.with(
        "terraform_files_source",
        json!({"git": {"git_repository": git("main")}}),
    );
    let _infra = infra.with(
        "auto_deploy_config",
        json!({"auto_deploy": true, "terraform_action": "PLAN"}),
    );
    Scene {
        client: fake.client(),
        fake,
        staging,
        production,
    }
}

impl Scene {
    fn service(&self, name: &str, kind: ServiceKind) -> ServiceRef {
        let services = self.staging.services();
        let named = |one: &&qovery_fake::FakeService| one.property("name") == Some(json!(name));
        ServiceRef::new(kind, services.iter().find(named).unwrap().id())
    }

    fn web(&self) -> ServiceRef {
        self.service("web", ServiceKind::Container)
    }

    /// The environments other than the two of the scene.
    async fn copies(&self) -> Vec<FakeEnvironment> {
        let client = self.fake.client();
        let listed = client.list_environment(self.staging.project_id()).await;
        let project = self.fake.organization("my-org").project("shop");
        let own = [self.staging.id(), self.production.id()];
        let listed = listed.unwrap().results.into_iter();
        let copies = listed.filter(|one| !own.contains(&one.id));
        copies.map(|one| project.environment(&one.name)).collect()
    }

    /// The two environments of the scene, with their services.
    fn originals(&self) -> Vec<Option<Value>> {
        let environments = [&self.staging, &self.production];
        let services = environments.iter().flat_map(|one| one.services());
        let properties = ["name", "tag", "git_repository"];
        services
            .flat_map(|service| properties.map(|name| service.property(name)))
            .collect()
    }
}

fn preview() -> PreviewEnvironment {
    PreviewEnvironment::named("pr-17")
        .from("my-org/shop/staging")
        .branch("api", "feature")
        .branch("infra", "feature")
        .image("web", "pr-17")
        .variables(BTreeMap::from([("A", "1")]))
        .variable(Variable::new("TOKEN", SECRET).secret())
        .service_variable("api", Variable::new("C", "3"))
        .time_to_live(Duration::from_secs(3600))
}

/// The positions of the requests of a run without faults. Of the polls of a wait, which are similar, only a few
/// are included.
fn places(fake: &FakeQovery) -> Vec<u32> {
    const POLLS: [&str; 3] = ["Status", "Log", "History"];
    let mut seen = BTreeMap::new();
    let requests = fake.requests().into_iter().zip(0_u32..);
    let places = requests.filter_map(|(request, place)| {
        let operation = request.operation?;
        let is_poll = POLLS.iter().any(|part| operation.contains(part));
        let before = seen.entry(operation).or_insert(0);
        *before += 1;
        (!is_poll || *before <= 2).then_some(place)
    });
    places.collect()
}

async fn places_of<S: AsyncFn(&Scene)>(setting: &S, run: &impl AsyncFn(&Scene)) -> Vec<u32> {
    let scene = scene();
    setting(&scene).await;
    scene.client.forget_names();
    scene.fake.clear_requests();
    run(&scene).await;
    places(&scene.fake)
}

/// Checks that an error has a message, and does not show the secret.
fn check(error: &(impl Error + 'static), what: &str) {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    assert!(!text.contains(SECRET), "{what}: {text}");
    assert!(!error.to_string().trim().is_empty(), "{what}");
}

async fn is_whole(scene: &Scene, what: &str) {
    let copies = scene.copies().await;
    assert_eq!(copies.len(), 1, "{what}");
    let copy = &copies[0];
    assert_eq!(copy.state().as_deref(), Some("DEPLOYED"), "{what}");
    for service in copy.services() {
        let name = service.property("name").unwrap();
        let (property, pointer, expected) = match name.as_str().unwrap() {
            "api" => ("git_repository", "/branch", "feature"),
            "web" => ("tag", "", "pr-17"),
            _ => (
                "terraform_files_source",
                "/git/git_repository/branch",
                "feature",
            ),
        };
        let found = service.property(property).unwrap();
        assert_eq!(
            found.pointer(pointer),
            Some(&json!(expected)),
            "{what}: {name}"
        );
    }
    let variables = scene.fake.client();
    let scope = qovery_ext::qovery_api::types::ApiVariableScopeEnum::Environment;
    let listed = variables.list_variables(copy.id(), scope).await.unwrap();
    let mut keys: Vec<_> = listed.results.into_iter().map(|one| one.key).collect();
    keys.retain(|key| !key.starts_with("QOVERY_"));
    keys.sort();
    let expected = ["A", "PREVIEW_EXPIRES_AT", "PREVIEW_OF", "TOKEN"];
    assert_eq!(keys, expected, "{what}");
}

#[tokio::test(start_paused = true)]
async fn after_a_fault_in_any_request_the_next_run_completes_the_preview() {
    let nothing = async |_: &Scene| ();
    let made = async |scene: &Scene| {
        drop(
            preview()
                .image("web", "old")
                .deploy(&scene.client)
                .await
                .unwrap(),
        )
    };
    let deploy = async |scene: &Scene| drop(preview().deploy(&scene.client).await.unwrap());
    for is_update in [false, true] {
        let setting = async |scene: &Scene| match is_update {
            true => made(scene).await,
            false => nothing(scene).await,
        };
        let places = places_of(&setting, &deploy).await;
        assert!(places.len() > 20, "{places:?}");
        for (fault, each) in faults() {
            if is_update && !["500", "lost after", "garbage"].contains(&fault) {
                continue;
            }
            for &at in &places {
                let what = format!("{fault} in request {at}, update: {is_update}");
                let scene = scene();
                setting(&scene).await;
                let before = scene.originals();
                scene.client.forget_names();
                scene.fake.inject(each.clone().after(at));
                if let Err(error) = preview().deploy(&scene.client).await {
                    check(&error, &what);
                }
                scene.fake.clear_faults();
                assert!(scene.copies().await.len() <= 1, "{what}");
                let again = preview().deploy(&scene.fake.client()).await;
                again.unwrap_or_else(|error| panic!("{what}: {error:?}"));
                is_whole(&scene, &what).await;
                assert!(preview().delete(&scene.client).await.unwrap(), "{what}");
                assert_eq!(scene.copies().await.len(), 0, "{what}");
                assert_eq!(scene.originals(), before, "{what}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_fault_in_any_request_a_deletion_finds_the_preview() {
    let nothing = async |_: &Scene| ();
    let deploy = async |scene: &Scene| drop(preview().deploy(&scene.client).await.unwrap());
    let places = places_of(&nothing, &deploy).await;
    for (fault, each) in faults() {
        for &at in &places {
            let what = format!("{fault} in request {at}");
            let scene = scene();
            scene.fake.inject(each.clone().after(at));
            let _failed = preview().deploy(&scene.client).await;
            scene.fake.clear_faults();
            let left = scene.copies().await.len();
            let deleted = preview().delete(&scene.fake.client()).await.unwrap();
            assert_eq!((deleted, left), (left == 1, usize::from(deleted)), "{what}");
            assert_eq!(scene.copies().await.len(), 0, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_fault_in_any_request_of_a_deletion_the_next_one_completes_it() {
    let made = async |scene: &Scene| drop(preview().deploy(&scene.client).await.unwrap());
    let delete = async |scene: &Scene| {
        scene.client.forget_names();
        assert!(preview().delete(&scene.client).await.unwrap());
    };
    let places = places_of(&made, &delete).await;
    for (fault, each) in faults() {
        for &at in &places {
            let what = format!("{fault} in request {at}");
            let scene = scene();
            made(&scene).await;
            scene.client.forget_names();
            scene.fake.inject(each.clone().after(at));
            if let Err(error) = preview().delete(&scene.client).await {
                check(&error, &what);
            }
            scene.fake.clear_faults();
            let again = preview().delete(&scene.fake.client()).await;
            again.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            assert_eq!(scene.copies().await.len(), 0, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_with_a_fault_in_any_request_leaves_nothing_or_reports_it() {
    let _quiet = crate::SIGNALS.read().await;
    let nothing = async |_: &Scene| ();
    let run = async |scene: &Scene| {
        let wanted = preview();
        let ran = wanted.run(&scene.client, async |_| Ok::<_, std::io::Error>(()));
        ran.await.unwrap();
    };
    let places = places_of(&nothing, &run).await;
    for (fault, each) in faults() {
        for &at in &places {
            let what = format!("{fault} in request {at}");
            let scene = scene();
            scene.fake.inject(each.clone().after(at));
            let wanted = preview();
            let ran = wanted.run(&scene.client, async |_| Ok::<_, std::io::Error>(()));
            let ran = ran.await;
            // A run that ends early does not reach the fault.
            scene.fake.clear_faults();
            let left = scene.copies().await.len();
            match &ran {
                Ok(()) => assert_eq!(left, 0, "{what}"),
                Err(error) => {
                    check(error, &what);
                    assert!(
                        left == 0 || error.not_deleted().is_some(),
                        "{what}: {error}"
                    );
                }
            }
            // A deletion that was requested can end until then.
            tokio::time::sleep(Duration::from_secs(600)).await;
            let left = scene.copies().await.len();
            let again = preview().delete(&scene.fake.client()).await.unwrap();
            assert_eq!(again, left == 1, "{what}");
            assert_eq!(scene.copies().await.len(), 0, "{what}");
        }
    }
}

/// Runs a recipe with each fault in each request. The same recipe without a fault then has the same result as
/// without the first run.
async fn survives<E: Error + 'static>(
    name: &str,
    setting: impl AsyncFn(&Scene),
    recipe: impl AsyncFn(&Scene) -> Result<(), E>,
    end: impl AsyncFn(&Scene) -> Value,
) {
    let whole = scene();
    setting(&whole).await;
    whole.client.forget_names();
    whole.fake.clear_requests();
    recipe(&whole)
        .await
        .unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let places = places(&whole.fake);
    assert!(!places.is_empty(), "{name}");
    let expected = end(&whole).await;
    for (fault, each) in faults() {
        for &at in &places {
            let what = format!("{name}: {fault} in request {at}");
            let scene = scene();
            setting(&scene).await;
            scene.client.forget_names();
            scene.fake.inject(each.clone().after(at));
            let first = recipe(&scene).await;
            if let Err(error) = &first {
                check(error, &what);
            }
            scene.fake.clear_faults();
            scene.client.forget_names();
            let again = recipe(&scene).await;
            again.unwrap_or_else(|error| panic!("{what}: {error:?} after {first:?}"));
            assert_eq!(end(&scene).await, expected, "{what}");
        }
    }
}

/// The variables of an owner, by key.
async fn variables(scene: &Scene) -> Value {
    let client = scene.fake.client();
    let scope = qovery_ext::qovery_api::types::ApiVariableScopeEnum::Environment;
    let listed = client.list_variables(scene.staging.id(), scope).await;
    let mut all: Vec<_> = listed.unwrap().results;
    all.sort_by(|a, b| a.key.cmp(&b.key));
    let shown = all.into_iter().map(|one| {
        let of = one.aliased_variable.map(|one| one.key);
        json!([one.key, one.value, one.is_secret, one.mount_path, of])
    });
    shown.collect()
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_any_request_of_a_recipe_for_variables_is_repaired_by_the_next_run() {
    let owner = |scene: &Scene| VariableOwner::Environment(scene.staging.id());
    let some = async |scene: &Scene| {
        let wanted = ["SAME", "OTHER"].map(|key| Variable::new(key, "old"));
        let plan = plan_variables(&scene.client, owner(scene), wanted).await;
        plan.unwrap().apply().await.unwrap();
        let token = Variable::new("TOKEN", "old").secret();
        let owner = owner(scene);
        qovery_ext::recipes::set_variable(&scene.client, owner, &token)
            .await
            .unwrap();
    };
    survives(
        "plan and apply",
        some,
        async |scene| {
            let wanted = [
                Variable::new("SAME", "old"),
                Variable::new("OTHER", "new"),
                Variable::new("NEW", "x").description("d"),
                Variable::new("FILE", "y").mounted_at("/etc/y"),
                Variable::new("TOKEN", SECRET).secret(),
                Variable::new("NEW_TOKEN", SECRET).secret(),
            ];
            let plan = plan_variables(&scene.client, owner(scene), wanted).await;
            let plan = plan.map_err(|error| Box::new(error) as Box<dyn Error>);
            let done = plan.map(|plan| async move { plan.apply().await });
            match done {
                Ok(done) => done.await.map(drop).map_err(Failed::new),
                Err(error) => Err(Failed(error)),
            }
        },
        variables,
    )
    .await;
    survives(
        "alias",
        some,
        async |scene| {
            let set = set_alias(&scene.client, owner(scene), "ALIAS", "SAME").await;
            set.map(drop)
        },
        variables,
    )
    .await;
    survives(
        "remove",
        some,
        async |scene| {
            let removed = remove_variable(&scene.client, owner(scene), "SAME").await;
            removed.map(drop)
        },
        variables,
    )
    .await;
    survives(
        "export",
        some,
        async |scene| export_dotenv(&scene.client, owner(scene)).await.map(drop),
        variables,
    )
    .await;
}

/// An error of any of several types.
#[derive(Debug)]
struct Failed(Box<dyn Error>);

impl Failed {
    fn new(error: impl Error + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_any_request_of_a_recipe_for_versions_is_repaired_by_the_next_run() {
    let nothing = async |_: &Scene| ();
    let state = async |scene: &Scene| {
        let environments = [&scene.staging, &scene.production].map(|one| one.state());
        json!([scene.originals(), environments])
    };
    survives(
        "set_image",
        nothing,
        async |scene| set_image(&scene.client, scene.web(), "2").await.map(drop),
        state,
    )
    .await;
    survives(
        "set_branch",
        nothing,
        async |scene| {
            let api = scene.service("api", ServiceKind::Application);
            set_branch(&scene.client, api, "next").await.map(drop)
        },
        state,
    )
    .await;
    let deployed = async |scene: &Scene| {
        for tag in ["1", "2"] {
            let web = scene.client.container(scene.web().id);
            web.deploy(ServiceVersion::image_tag(tag)).await.unwrap();
        }
    };
    survives(
        "roll_back",
        deployed,
        async |scene| {
            // The history decides, and does not change.
            roll_back(&scene.client, scene.web()).await.map(drop)
        },
        state,
    )
    .await;
    survives(
        "promote",
        deployed,
        async |scene| {
            let (from, to) = (scene.staging.id(), scene.production.id());
            let plan = promote(&scene.client, from, to)
                .await
                .map_err(Failed::new)?;
            match plan.deploy() {
                Some(deploy) => deploy.await.map(drop).map_err(Failed::new),
                None => Ok(()),
            }
        },
        state,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_any_request_of_a_recipe_that_reads_is_an_error_or_has_no_effect() {
    let nothing = async |scene: &Scene| {
        scene
            .client
            .environment(scene.staging.id())
            .deploy()
            .await
            .unwrap();
        scene.fake.clear_requests();
    };
    let none = async |_: &Scene| Value::Null;
    survives(
        "find",
        nothing,
        async |scene| {
            let found = scene.client.find("my-org/shop/staging/api").service().await;
            found.map(|found| assert_eq!(found.name(), "api"))
        },
        none,
    )
    .await;
    survives(
        "find by id",
        nothing,
        async |scene| {
            let found = scene
                .client
                .find(scene.web().id.to_string())
                .service()
                .await;
            found.map(|found| assert_eq!(found.name(), "web"))
        },
        none,
    )
    .await;
    survives(
        "services and urls",
        nothing,
        async |scene| {
            let id = scene.staging.id();
            services(&scene.client, id).await.map_err(Failed::new)?;
            let links = urls(&scene.client, id).await.map_err(Failed::new)?;
            assert!(
                links
                    .iter()
                    .all(|link| link.url == "https://api.example.com")
            );
            let found = find_service(&scene.client, id, "WEB").await;
            found.map(drop).map_err(Failed::new)
        },
        none,
    )
    .await;
    survives(
        "history",
        nothing,
        async |scene| {
            let rows = history(&scene.client, scene.staging.id(), 9).await;
            rows.map_err(Failed::new)?;
            let rows = service_history(&scene.client, scene.web(), 9).await;
            rows.map(drop).map_err(Failed::new)
        },
        none,
    )
    .await;
    survives(
        "terraform",
        nothing,
        async |scene| {
            let infra = scene.service("infra", ServiceKind::Terraform);
            let plan = plan_terraform(&scene.client, infra.id, Some("4f1c2d9")).await;
            let plan = plan.map_err(Failed::new)?;
            let apply = plan.apply().await.map_err(Failed::new)?;
            apply.await.map(drop).map_err(Failed::new)
        },
        none,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_any_request_of_a_bulk_action_is_repaired_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    let running = async |scene: &Scene| {
        number.set(number.get() + 1);
        for environment in [&scene.staging, &scene.production] {
            let _running = environment.clone().in_state("DEPLOYED");
        }
    };
    let journal = || folder.path().join(number.get().to_string());
    let state = async |scene: &Scene| json!(scene.staging.state());
    for (name, deploys) in [("stop", false), ("deploy", true)] {
        survives(
            name,
            running,
            async |scene| {
                let bulk = Bulk::new(&scene.client).except_mode("PRODUCTION");
                let bulk = bulk.journal(journal());
                let summary = bulk.run(|one| match deploys {
                    true => one.deploy(),
                    false => one.stop(),
                });
                summary.await.map(drop)
            },
            state,
        )
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_fault_in_any_request_the_next_run_deletes_each_expired_preview() {
    let made = async |scene: &Scene| {
        for name in ["a", "b"] {
            let wanted = PreviewEnvironment::named(name).from("my-org/shop/staging");
            let wanted = wanted.time_to_live(Duration::ZERO);
            wanted.ensure(&scene.client).await.unwrap();
        }
    };
    survives(
        "expired",
        made,
        async |scene| {
            let deleted = delete_expired_previews(&scene.client, "my-org/shop").await;
            deleted.map(drop)
        },
        async |scene| json!(scene.copies().await.len()),
    )
    .await;
}
