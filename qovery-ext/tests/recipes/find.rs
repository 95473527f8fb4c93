//! Objects by name, path, URL or id.

use std::time::Duration;

use qovery_ext::{
    qovery_api::{
        Client,
        types::{
            CloneEnvironmentRequest, EnvironmentEditRequest, OrganizationEditRequest,
            ProjectRequest,
        },
        uuid::Uuid,
    },
    recipes::{FindExt, Found, Variable, VariableOwner, set_variable},
    wait::{ServiceKind, WaitExt},
};
use qovery_fake::{FakeEnvironment, FakeQovery, FakeService, Fault, Step, Workload as Kind};

struct Shop {
    fake: FakeQovery,
    client: Client,
    staging: FakeEnvironment,
    api: FakeService,
}

fn shop() -> Shop {
    let fake = FakeQovery::new();
    let acme = fake.organization("My-Org");
    fake.organization("Other");
    let shop = acme.project("shop");
    acme.project("Café");
    let staging = shop.environment("staging");
    shop.environment("production");
    let api = staging.service(Kind::Container, "api");
    staging.service(Kind::Database, "orders");
    Shop {
        client: fake.client(),
        fake,
        staging,
        api,
    }
}

impl Shop {
    fn lists(&self) -> Vec<String> {
        let requests = self.fake.requests();
        requests.into_iter().filter_map(|r| r.operation).collect()
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::test(start_paused = true)]
async fn a_path_leads_to_a_handle_with_all_its_parents() {
    let shop = shop();
    let path = "my-org/SHOP/ staging /Api";
    let api = is_send(shop.client.find(path).service()).await.unwrap();
    assert_eq!(api.id(), shop.api.id());
    assert_eq!(api.kind, ServiceKind::Container);
    assert_eq!(api.environment.id, shop.staging.id());
    assert_eq!(api.project.id, shop.staging.project_id());
    assert_eq!(api.organization.id, shop.staging.organization_id());
    assert_eq!(api.organization.name, "My-Org", "as the server spells it");
    let (o, p) = (api.organization.id, api.project.id);
    let (e, s) = (api.environment.id, api.id());
    assert_eq!(
        api.console_url(),
        format!(
            "https://console.qovery.com/organization/{o}/project/{p}/environment/{e}/service/{s}/overview"
        )
    );
    assert_eq!(api.to_string(), format!("container api ({s})"));
    let deployed = api.deploy(qovery_ext::wait::ServiceVersion::configured());
    assert!(deployed.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn one_list_for_each_level_is_read_and_kept_for_a_minute() {
    let shop = shop();
    let lists = [
        "listOrganization",
        "listProject",
        "listEnvironment",
        "listServicesByEnvironmentId",
    ];
    let find = |path: &str| shop.client.clone().find(path).into_future();
    let (a, b, c) = tokio::join!(
        find("my-org/shop/staging/api"),
        find("my-org/shop/staging/orders"),
        find("my-org/shop/staging"),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(
        shop.lists(),
        lists,
        "finds at the same time share their requests"
    );

    tokio::time::advance(Duration::from_secs(59)).await;
    find("my-org/shop/staging/api").await.unwrap();
    assert_eq!(shop.lists(), lists);
    tokio::time::advance(Duration::from_secs(2)).await;
    find("my-org/shop/staging/api").await.unwrap();
    assert_eq!(shop.lists().len(), 8, "the lists are old");

    shop.client.forget_names();
    find("my-org").await.unwrap();
    assert_eq!(shop.lists().len(), 9);
    shop.client.keep_names_for(Duration::ZERO);
    find("my-org").await.unwrap();
    find("my-org").await.unwrap();
    assert_eq!(shop.lists().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_was_created_after_the_list_was_cached_is_found() {
    let shop = shop();
    shop.client.find("my-org/shop/staging").await.unwrap();
    let preview = shop
        .fake
        .organization("My-Org")
        .project("shop")
        .environment("pr-17");
    let found = shop
        .client
        .find("my-org/shop/pr-17")
        .environment()
        .await
        .unwrap();
    assert_eq!(found.id(), preview.id());
    shop.fake.clear_requests();
    let missing = shop.client.find("my-org/shop/pr-18").await.unwrap_err();
    assert!(missing.is_not_found());
    assert_eq!(shop.lists(), ["listEnvironment"], "one new list, no more");
}

#[tokio::test(start_paused = true)]
async fn single_steps_take_names_with_slashes_and_ids() {
    let shop = shop();
    let odd = shop.staging.service(Kind::Helm, "charts/edge");
    let path = shop.client.organization("my-org").project("shop");
    let found = path
        .clone()
        .environment("staging")
        .service("charts/edge")
        .await
        .unwrap();
    assert_eq!(found.id(), odd.id());
    let id = shop.staging.id().to_string();
    let found = path
        .environment(&id)
        .service(&odd.id().to_string())
        .await
        .unwrap();
    assert_eq!(found.environment.name, "staging");
    let cluster = shop
        .client
        .organization("my-org")
        .cluster("CLUSTER")
        .await
        .unwrap();
    assert_eq!(cluster.id(), shop.staging.cluster_id());
    assert!(cluster.console_url().ends_with("/overview"));
}

#[tokio::test(start_paused = true)]
async fn urls_and_ids_of_each_kind_are_found() {
    let shop = shop();
    let api = shop
        .client
        .find("my-org/shop/staging/api")
        .service()
        .await
        .unwrap();
    let cluster = shop
        .client
        .organization("my-org")
        .cluster("cluster")
        .await
        .unwrap();
    for (id, url, kind) in [
        (api.organization.id, None, "organization My-Org"),
        (api.project.id, None, "project shop"),
        (api.environment.id, None, "environment staging"),
        (api.id(), Some(api.console_url()), "container api"),
        (cluster.id(), Some(cluster.console_url()), "cluster cluster"),
    ] {
        for text in [Some(id.to_string()), url].into_iter().flatten() {
            let found = shop.client.find(&text).await.unwrap();
            assert_eq!(found.id(), id, "{text}");
            assert_eq!(found.to_string(), format!("{kind} ({id})"));
            let again = shop.client.find(found.console_url()).await.unwrap();
            assert_eq!(again.id(), id, "its own URL leads back to it");
        }
    }
    let nothing = shop
        .client
        .find(Uuid::from_u128(9).to_string())
        .await
        .unwrap_err();
    assert!(nothing.is_not_found(), "{nothing}");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_lists_the_candidates_with_ids_and_suggests_the_closest_one() {
    let shop = shop();
    let error = shop
        .client
        .find("my-org/shop/stagin/api")
        .await
        .unwrap_err();
    assert!(error.is_not_found() && !error.is_ambiguous());
    assert_eq!(error.closest().unwrap().name, "staging");
    assert_eq!(error.candidates().len(), 2);
    let staging = shop.staging.id();
    let text = error.to_string();
    assert!(
        text.contains(&format!("did you mean staging ({staging})?")),
        "{text}"
    );
    assert!(text.contains("no environment of project shop ("), "{text}");
    assert!(text.contains("production ("), "{text}");
    let cafe = shop.client.find("my-org/CAFE\u{301}").await.unwrap();
    assert!(matches!(cafe, Found::Project(found) if found.name() == "Café"));
}

#[tokio::test(start_paused = true)]
async fn a_name_in_several_cases_is_found_by_its_spelling_and_ambiguous_otherwise() {
    let shop = shop();
    let web = shop.staging.service(Kind::Helm, "web");
    let loud = shop.staging.service(Kind::Application, "WEB");
    let staging = shop
        .client
        .organization("my-org")
        .project("shop")
        .environment("staging");
    assert_eq!(staging.clone().service("web").await.unwrap().id(), web.id());
    assert_eq!(
        staging.clone().service("WEB").await.unwrap().id(),
        loud.id()
    );
    let error = staging.service("Web").await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(error.candidates().len(), 2);
    let text = error.to_string();
    assert!(text.contains("2 services of environment staging"), "{text}");
    assert!(text.contains(&web.id().to_string()) && text.contains(&loud.id().to_string()));
}

#[tokio::test(start_paused = true)]
async fn an_unexpected_kind_is_refused_without_a_request_if_the_path_shows_it() {
    let shop = shop();
    for path in ["my-org/shop", "my-org/shop/staging", "", "a/b/c/d/e"] {
        let error = shop.client.find(path).service().await.unwrap_err();
        assert!(error.is_invalid(), "{path}: {error}");
    }
    let error = shop
        .client
        .find("my-org/cluster")
        .cluster()
        .await
        .unwrap_err();
    assert!(error.to_string().contains(".cluster("), "{error}");
    assert!(shop.fake.requests().is_empty());
    let id = shop.staging.id().to_string();
    let error = shop.client.find(&id).service().await.unwrap_err();
    assert!(
        error.to_string().contains("found environment staging"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_read_is_a_separate_error_and_is_not_cached() {
    for (operation, what) in [
        ("listOrganization", "the list of organizations"),
        (
            "listProject",
            "the list of projects of organization My-Org (",
        ),
        (
            "listEnvironment",
            "the list of environments of project shop (",
        ),
        (
            "listServicesByEnvironmentId",
            "the list of services of environment staging (",
        ),
    ] {
        let shop = shop();
        shop.fake.inject(Fault::status(403).on(operation));
        let find = || shop.client.find("my-org/shop/staging/api").service();
        let error = find().await.unwrap_err();
        assert!(error.api_error().unwrap().is_forbidden(), "{error}");
        assert!(error.to_string().contains(what), "{error}");
        assert!(find().await.is_ok(), "a failure is not kept");
    }
}

#[tokio::test(start_paused = true)]
async fn progress_and_errors_have_names_beside_ids_once_they_are_known() {
    let shop = shop();
    let staging = shop
        .client
        .find("my-org/shop/staging")
        .environment()
        .await
        .unwrap();
    let orders = staging.services().await.unwrap().remove(1);
    let script = shop.staging.next_deployment();
    script.fails_at(&shop.api, Step::Deployment);
    let (send, lines) = std::sync::mpsc::channel();
    // A handle created from an id: the names are those of the client.
    let deploy = shop
        .client
        .environment(shop.staging.id())
        .deploy()
        .log_lines(0);
    let deploy = deploy.on_progress(move |progress| send.send(progress.to_string()).unwrap());
    let error = deploy.await.unwrap_err();
    let (named, api) = (staging.to_string(), shop.api.id());
    assert_eq!(
        named,
        format!("environment staging ({})", shop.staging.id())
    );
    for line in lines {
        assert!(line.starts_with(&named), "{line}");
    }
    let text = error.to_string();
    assert!(text.starts_with(&format!("deploying {named}")), "{text}");
    assert!(text.contains(&format!("api (container {api})")), "{text}");

    let stopped = orders.stop().await.unwrap();
    let expected = format!("database orders ({}) is stopped", orders.id());
    assert!(stopped.to_string().starts_with(&expected), "{stopped}");
    shop.fake.inject(Fault::status(403).on("stopDatabase"));
    let refused = orders.stop().await.unwrap_err().to_string();
    assert!(
        refused.starts_with(&format!("stopping database orders ({}): ", orders.id())),
        "{refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_parent_lists_its_children_by_name() {
    let shop = shop();
    let organization = shop.client.find("my-org").organization().await.unwrap();
    let projects = organization.projects().await.unwrap();
    let names = |all: Vec<String>| all.join(" ");
    assert_eq!(
        names(projects.iter().map(|p| p.name().to_owned()).collect()),
        "Café shop"
    );
    let environments = projects[1].environments().await.unwrap();
    let all = environments.iter().map(|e| e.name().to_owned()).collect();
    assert_eq!(names(all), "production staging");
    assert_eq!(environments[1].mode, Some("DEVELOPMENT".into()));
    assert_eq!(environments[1].cluster, Some(shop.staging.cluster_id()));
    let services = environments[1].services().await.unwrap();
    let all = services.iter().map(|s| s.name().to_owned()).collect();
    assert_eq!(names(all), "api orders");
}

#[tokio::test(start_paused = true)]
async fn a_url_whose_id_is_cut_off_is_refused_and_shows_no_secret() {
    let shop = shop();
    let staging = shop.client.find("my-org/shop/staging").environment();
    let url = staging.await.unwrap().console_url();
    let url = url.replace("https://", "https://ada:hunter2@");
    let cut = url.replace("/overview", "/service/0f2c1d?token=hunter2");
    shop.fake.clear_requests();
    let find = shop.client.find(&cut);
    assert!(!format!("{find:?}").contains("hunter2"), "{find:?}");
    let error = find.await.unwrap_err();
    assert!(error.is_invalid(), "{error}");
    assert!(
        error
            .to_string()
            .contains("\"0f2c1d\" in it is not the id of a service"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    assert!(shop.fake.requests().is_empty(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_reported_as_an_id_without_suggestions_of_names() {
    let shop = shop();
    let staging = shop
        .client
        .find("my-org/shop/staging")
        .environment()
        .await
        .unwrap();
    let gone = Uuid::from_u128(9).to_string();
    let url = staging.console_url();
    for (text, expected) in [
        (
            url.replace(&staging.id().to_string(), &gone),
            "no environment of project shop (",
        ),
        (
            url.replace(&staging.project.id.to_string(), &gone),
            "no project of organization My-Org (",
        ),
        (
            url.replace(&staging.organization.id.to_string(), &gone),
            "no organization has the id",
        ),
        (
            url.replace("/overview", &format!("/service/{gone}")),
            "no service of environment staging (",
        ),
        (
            format!("my-org/shop/staging/{gone}"),
            "no service of environment staging (",
        ),
        (
            gone.clone(),
            "no organization, project, environment, service or cluster has the id",
        ),
    ] {
        let error = shop.client.find(&text).await.unwrap_err();
        assert!(error.is_not_found(), "{text}: {error}");
        let message = error.to_string();
        assert!(message.starts_with(expected), "{text}: {message}");
        assert!(
            message.contains(&format!("has the id {gone}: it may have been deleted")),
            "{message}"
        );
        assert!(
            !message.contains("did you mean") && !message.contains("named"),
            "{message}"
        );
        assert!(
            error.candidates().is_empty() && error.closest().is_none(),
            "{message}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_this_client_has_deleted_is_not_found_in_a_cached_list() {
    let shop = shop();
    let find = |path: &str| shop.client.find(path).into_future();
    let Found::Service(api) = find("my-org/shop/staging/api").await.unwrap() else {
        panic!("a service");
    };
    api.delete().await.unwrap();
    assert!(
        find("my-org/shop/staging/api")
            .await
            .unwrap_err()
            .is_not_found()
    );
    shop.fake.clear_requests();
    find("my-org/shop/staging/orders").await.unwrap();
    assert!(
        shop.lists().is_empty(),
        "the list was read again once: {:?}",
        shop.lists()
    );

    // Through a handle that was made of an id, and through some services at once.
    let orders = find("my-org/shop/staging/orders").await.unwrap().id();
    let some = [qovery_ext::wait::ServiceRef::new(
        ServiceKind::Database,
        orders,
    )];
    let staging = shop.client.environment(shop.staging.id());
    staging
        .delete_services(some.into_iter().collect())
        .await
        .unwrap();
    assert!(
        find("my-org/shop/staging/orders")
            .await
            .unwrap_err()
            .is_not_found()
    );
    staging.delete().await.unwrap();
    assert!(
        find("my-org/shop/staging")
            .await
            .unwrap_err()
            .is_not_found()
    );
    assert!(find("my-org/shop/production").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_adds_renames_or_removes_an_object_clears_the_cached_list() {
    let shop = shop();
    let client = &shop.client;
    let ids = client.find("my-org/shop/staging/api").service();
    let ids = ids.await.unwrap();
    let is_found = async |path: &str| match client.find(path).await {
        Ok(_) => true,
        Err(error) if error.is_not_found() => false,
        Err(error) => panic!("{path}: {error}"),
    };
    // Creations: a second namesake makes a name ambiguous.
    let request = EnvironmentEditRequest::new().name("Renamed");
    client
        .edit_environment(ids.environment.id, &request)
        .await
        .unwrap();
    assert!(!is_found("my-org/shop/staging").await);
    assert!(is_found("my-org/shop/renamed/api").await);
    let copy = CloneEnvironmentRequest::new("RENAMED");
    client
        .clone_environment(ids.environment.id, &copy)
        .await
        .unwrap();
    let error = client.find("my-org/shop/reNamed").await.unwrap_err();
    assert!(error.is_ambiguous(), "{error}");
    let renamed = format!("my-org/shop/{}", ids.environment.id);
    assert!(is_found(&format!("{renamed}/orders")).await);

    let request = ProjectRequest::new("Market");
    client.edit_project(ids.project.id, &request).await.unwrap();
    assert!(!is_found("my-org/shop").await);
    assert!(is_found("my-org/market").await);
    let request = OrganizationEditRequest::new("Ours");
    client
        .edit_organization(ids.organization.id, &request)
        .await
        .unwrap();
    assert!(!is_found("my-org/market").await);
    let renamed = format!("ours/market/{}", ids.environment.id);
    let orders = client.find(format!("{renamed}/orders")).service();
    let orders = orders.await.unwrap();

    // Deletions by direct calls, through a clone of the client too.
    let other = client.clone();
    other.delete_database(orders.id()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(30)).await;
    shop.fake.clear_requests();
    assert!(!is_found(&format!("{renamed}/orders")).await);
    // A lost response may be that of a rename, and a refusal is none.
    let request = ProjectRequest::new("Shop");
    shop.fake
        .inject(Fault::connection_lost_after_execution().on("editProject"));
    client
        .edit_project(ids.project.id, &request)
        .await
        .unwrap_err();
    assert!(!is_found("ours/market").await);
    let refused = Fault::status(403).on("editProject");
    shop.fake.inject(refused);
    assert!(is_found("ours/shop").await);
    client
        .edit_project(ids.project.id, &request)
        .await
        .unwrap_err();
    shop.fake.clear_requests();
    assert!(is_found("ours/shop").await);
    assert!(shop.lists().is_empty(), "{:?}", shop.lists());
    // A dropped rename may have been executed.
    shop.fake.latency(Duration::from_secs(5));
    let request = ProjectRequest::new("Dropped");
    let edit = client.edit_project(ids.project.id, &request).into_future();
    let dropped = tokio::time::timeout(Duration::from_secs(4), edit).await;
    assert!(dropped.is_err());
    shop.fake.latency(Duration::ZERO);
    shop.fake.clear_requests();
    assert!(is_found("ours/shop").await || is_found("ours/dropped").await);
    assert!(shop.lists().contains(&"listProject".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_action_and_a_variable_clear_no_list() {
    let shop = shop();
    let api = shop.client.find("my-org/shop/staging/api").service();
    let api = api.await.unwrap();
    api.redeploy().await.unwrap();
    let owner = VariableOwner::Environment(api.environment.id);
    let variable = Variable::new("A", "1");
    set_variable(&shop.client, owner, &variable).await.unwrap();
    shop.client
        .environment(api.environment.id)
        .stop()
        .await
        .unwrap();
    shop.fake.clear_requests();
    shop.client.find("my-org/shop/staging/api").await.unwrap();
    assert!(shop.lists().is_empty(), "{:?}", shop.lists());
}

#[tokio::test(start_paused = true)]
async fn a_path_that_is_not_found_has_advice_on_its_form() {
    let shop = shop();
    shop.staging.service(Kind::Helm, "a/b");
    for (path, advice) in [
        ("staging", "a path begins with its organization"),
        ("shop/staging", "a path begins with its organization"),
        ("my-org/shop/staging/a%2Fb", ".service(\"a/b\")"),
        ("my-org/shop/staging/A%2fB", ".service(\"a/b\")"),
    ] {
        let error = shop.client.find(path).await.unwrap_err();
        assert!(error.is_not_found(), "{path}");
        assert!(error.to_string().contains(advice), "{path}: {error}");
    }
    shop.fake
        .organization("My-Org")
        .project("shop")
        .environment("x/y");
    let error = shop.client.find("my-org/shop/x/y").await.unwrap_err();
    assert!(
        error.to_string().contains(".environment(\"x/y\")"),
        "{error}"
    );
    for path in ["my-org/shop/stagin", "my-org/shop/staging/ap"] {
        let text = shop.client.find(path).await.unwrap_err().to_string();
        assert!(
            !text.contains("a path begins") && !text.contains("single step"),
            "{text}"
        );
    }
}
