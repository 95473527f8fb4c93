//! The recipes against the fake.

use qovery_ext::{
    recipes::{
        Variable, VariableChange, VariableOwner, find_service, services, set_variable, urls,
    },
    wait::{ServiceKind as Kind, ServiceRef},
};
use qovery_fake::{FakeEnvironment, FakeQovery, Fault, Workload};

fn scene() -> (FakeQovery, FakeEnvironment) {
    let fake = FakeQovery::new();
    let environment = fake.environment("preview");
    (fake, environment)
}

#[tokio::test]
async fn services_of_every_kind_are_listed_with_their_reference() {
    let (fake, environment) = scene();
    for kind in Workload::ALL {
        environment.service(kind, &format!("{kind:?}"));
    }
    let listed = services(&fake.client(), environment.id()).await.unwrap();
    assert_eq!(listed.len(), Workload::ALL.len());
    for service in environment.services() {
        let found = listed
            .iter()
            .find(|listed| listed.id == service.id())
            .unwrap();
        assert!(found.service_ref().is_some(), "{found}");
        assert_eq!(found.name, format!("{:?}", service.workload()));
    }
    assert_eq!(
        fake.requests().len(),
        1,
        "one request, however many kinds there are"
    );
}

#[tokio::test]
async fn a_service_is_found_by_name_and_an_error_of_the_api_is_passed_on() {
    let (fake, environment) = scene();
    let api = environment.service(Workload::Container, "api");
    let client = fake.client();
    let found = find_service(&client, environment.id(), "API")
        .await
        .unwrap();
    assert_eq!(
        found.service_ref(),
        Some(ServiceRef::new(Kind::Container, api.id()))
    );
    let error = find_service(&client, environment.id(), "web")
        .await
        .unwrap_err();
    assert!(error.is_not_found() && error.api_error().is_none());
    let id = api.id().to_string();
    assert!(error.to_string().contains(&id), "{error}");
    let found = find_service(&client, environment.id(), &id).await;
    assert_eq!(found.unwrap().id, api.id());
    let close = find_service(&client, environment.id(), "apii").await;
    assert_eq!(close.unwrap_err().closest().unwrap().name, "api");

    fake.inject(Fault::status(403).on("listServicesByEnvironmentId"));
    let error = find_service(&client, environment.id(), "api")
        .await
        .unwrap_err();
    assert!(error.api_error().unwrap().is_forbidden());
    assert!(!error.is_not_found() && !error.is_ambiguous());
}

#[tokio::test]
async fn urls_have_their_services_and_the_main_one_is_first() {
    let (fake, environment) = scene();
    environment.service(Workload::Database, "orders");
    let web = environment.service(Workload::Application, "web");
    let _web = web
        .url("https://shop.example.com")
        .url("https://web.example.com");
    let _api = environment
        .service(Workload::Container, "api")
        .url("https://api.example.com");
    let urls = urls(&fake.client(), environment.id()).await.unwrap();
    let shown: Vec<_> = urls
        .iter()
        .map(|url| (url.service.name.as_str(), url.url.as_str(), url.is_default))
        .collect();
    assert_eq!(
        shown,
        [
            ("api", "https://api.example.com", true),
            ("web", "https://shop.example.com", true),
            ("web", "https://web.example.com", false),
        ]
    );
}

#[tokio::test]
async fn a_variable_is_created_then_edited_then_unchanged() {
    let (fake, environment) = scene();
    let client = fake.client();
    let owner = VariableOwner::Environment(environment.id());
    let described = Variable::new("LOG_LEVEL", "info").description("how much is logged");
    for (variable, expected) in [
        (described, VariableChange::Created),
        (Variable::new("LOG_LEVEL", "debug"), VariableChange::Edited),
        (
            Variable::new("LOG_LEVEL", "debug"),
            VariableChange::Unchanged,
        ),
        (
            Variable::new("PASSWORD", "one").secret(),
            VariableChange::Created,
        ),
        (
            Variable::new("PASSWORD", "two").secret(),
            VariableChange::Edited,
        ),
    ] {
        let change = set_variable(&client, owner, &variable).await.unwrap();
        assert_eq!(change, expected, "{variable:?}");
    }
    let scope = qovery_api::types::ApiVariableScopeEnum::Environment;
    let listed = client
        .list_variables(environment.id(), scope)
        .await
        .unwrap()
        .results;
    assert_eq!(listed.len(), 2);
    let level = listed
        .iter()
        .find(|variable| variable.key == "LOG_LEVEL")
        .unwrap();
    assert_eq!(level.value.as_deref(), Some("debug"));
    assert_eq!(
        level.description.as_deref(),
        Some("how much is logged"),
        "not lost by the edit"
    );
}

#[tokio::test]
async fn a_secret_does_not_become_plain_and_a_database_has_no_variables() {
    let (fake, environment) = scene();
    let client = fake.client();
    let owner = VariableOwner::Environment(environment.id());
    let secret = Variable::new("PASSWORD", "hunter2").secret();
    set_variable(&client, owner, &secret).await.unwrap();
    let error = set_variable(&client, owner, &Variable::new("PASSWORD", "hunter3")).await;
    let error = error.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    assert!(!format!("{error:?} {error}").contains("hunter"));

    let orders = environment.service(Workload::Database, "orders");
    let owner = VariableOwner::Service(ServiceRef::new(Kind::Database, orders.id()));
    fake.clear_requests();
    let error = set_variable(&client, owner, &secret).await.unwrap_err();
    assert!(error.is_conflict() && fake.requests().is_empty());
}

#[tokio::test]
async fn a_variable_of_a_service_belongs_to_that_service() {
    let (fake, environment) = scene();
    let client = fake.client();
    for (kind, own) in [
        (Workload::Application, Kind::Application),
        (Workload::Container, Kind::Container),
        (Workload::CronJob, Kind::Job),
        (Workload::Helm, Kind::Helm),
        (Workload::Terraform, Kind::Terraform),
    ] {
        let service = environment.service(kind, "service");
        let owner = VariableOwner::Service(ServiceRef::new(own, service.id()));
        let change = set_variable(&client, owner, &Variable::new("A", "1"))
            .await
            .unwrap();
        assert_eq!(change, VariableChange::Created, "{kind:?}");
        let body = fake.executions().pop().unwrap().body.unwrap();
        assert_eq!(body["variable_parent_id"], service.id().to_string());
    }
}
