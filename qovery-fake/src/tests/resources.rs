//! Resources that are listed, added, read, edited and deleted.

use http::Method;
use serde_json::{Value, json};

use super::Setup;
use crate::Workload;

#[test]
fn a_resource_can_be_added_listed_read_edited_and_deleted() {
    let setup = Setup::new();
    let organization = setup.fake.organization("first");
    let other = setup.fake.organization("other");
    let collection = format!("/organization/{}/webhook", organization.id());
    let body = json!({
        "kind": "STANDARD",
        "target_url": "https://example.com/hook",
        "events": ["DEPLOYMENT_STARTED"],
        "description": "to be gone after the edit",
    });
    let (status, created) = setup.call(Method::POST, &collection, &body);
    assert_eq!(status, 201, "{created}");
    let id = created["id"].as_str().unwrap().to_owned();
    let item = format!("{collection}/{id}");
    assert_eq!(setup.get(&item)["target_url"], "https://example.com/hook");
    let list = setup.get(&collection);
    assert_eq!(list["results"].as_array().unwrap().len(), 1);
    assert_eq!(list["results"][0]["id"], id);
    let elsewhere = setup.get(&format!("/organization/{}/webhook", other.id()));
    assert!(elsewhere["results"].as_array().unwrap().is_empty());

    let body = json!({
        "kind": "SLACK",
        "target_url": "https://example.com/other",
        "events": ["DEPLOYMENT_STARTED"],
    });
    let (status, edited) = setup.call(Method::PUT, &item, &body);
    assert_eq!(status, 200, "{edited}");
    assert_eq!(edited["id"], id);
    assert_eq!(edited["kind"], "SLACK");
    // An edit replaces the whole.
    assert_ne!(edited["description"], "to be gone after the edit");

    let (status, _) = setup.call(Method::DELETE, &item, &Value::Null);
    assert_eq!(status, 204);
    assert_eq!(setup.call(Method::GET, &item, &Value::Null).0, 404);
    assert!(
        setup.get(&collection)["results"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_resource_whose_path_has_no_owner_names_its_owner_in_the_body() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let organization = environment.organization_id();
    let list = format!("/organization/{organization}/mcpServer");
    let schema = json!({"name": "tools", "type": "CUSTOM", "url": "https://example.com"});
    let (status, body) = setup.call(Method::POST, &list, &schema);
    assert_eq!(status, 201, "{body}");
    assert!(setup.fake.put(
        "/mcpServer/11111111-1111-4111-8111-111111111111",
        json!({"name": "put", "organization_id": organization}),
    ));
    let server = setup.get("/mcpServer/11111111-1111-4111-8111-111111111111");
    assert_eq!(server["name"], "put");
}

#[test]
fn created_services_can_be_deployed() {
    let setup = Setup::new();
    let (status, organization) = setup.call(
        Method::POST,
        "/organization",
        &json!({"name": "mine", "plan": "FREE"}),
    );
    assert_eq!(status, 201, "{organization}");
    let path = format!(
        "/organization/{}/project",
        organization["id"].as_str().unwrap()
    );
    let (_, project) = setup.call(Method::POST, &path, &json!({"name": "shop"}));
    assert_eq!(project["organization"]["id"], organization["id"]);
    let path = format!("/project/{}/environment", project["id"].as_str().unwrap());
    let (_, environment) = setup.call(Method::POST, &path, &json!({"name": "preview"}));
    let environment = environment["id"].as_str().unwrap().to_owned();
    let body = json!({
        "name": "web",
        "registry_id": "22222222-2222-4222-8222-222222222222",
        "image_name": "web",
        "tag": "1.0",
        "healthchecks": {},
    });
    let path = format!("/environment/{environment}/container");
    let (status, container) = setup.call(Method::POST, &path, &body);
    assert_eq!(status, 201, "{container}");
    assert_eq!(container["tag"], "1.0");
    assert_eq!(container["environment"]["id"], environment);
    let container = container["id"].as_str().unwrap().to_owned();

    let body = json!({"image_tag": "1.1"});
    let (status, response) = setup.call(
        Method::POST,
        &format!("/container/{container}/deploy"),
        &body,
    );
    assert_eq!(status, 202, "{response}");
    assert_eq!(response["id"], container);
    setup.seconds(60);
    assert_eq!(
        setup.get(&format!("/container/{container}/status"))["state"],
        "DEPLOYED"
    );
    assert_eq!(setup.get(&format!("/container/{container}"))["tag"], "1.1");
}

#[test]
fn an_edited_service_is_out_of_date_until_it_is_deployed() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let web = environment
        .service(Workload::Container, "web")
        .in_state("DEPLOYED");
    let path = format!("/container/{}", web.id());
    let drift = || setup.get(&format!("{path}/status"))["service_deployment_status"].clone();
    assert_eq!(drift(), "UP_TO_DATE");
    let body = json!({
        "name": "web2",
        "registry_id": "22222222-2222-4222-8222-222222222222",
        "image_name": "web",
        "tag": "2",
        "healthchecks": {},
    });
    let (status, _) = setup.call(Method::PUT, &path, &body);
    assert_eq!(status, 200);
    assert_eq!(drift(), "OUT_OF_DATE");
    setup.post(&format!("{path}/redeploy"));
    setup.seconds(60);
    assert_eq!(drift(), "UP_TO_DATE");
    assert_eq!(web.property("tag").unwrap(), "2");
}

#[test]
fn a_document_of_its_own_is_read_back_as_it_was_written() {
    let setup = Setup::new();
    let organization = setup.fake.organization("first");
    let path = format!("/organization/{}/billingInfo", organization.id());
    let before = setup.get(&path);
    let body = json!({
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.com",
        "address": "1 Street",
        "city": "London",
        "zip": "1",
        "country_code": "GB",
    });
    let (status, edited) = setup.call(Method::PUT, &path, &body);
    assert_eq!(status, 200, "{edited}");
    assert_ne!(before, edited);
    assert_eq!(setup.get(&path), edited);
    assert_eq!(edited["first_name"], "Ada");
}

#[test]
fn the_children_of_a_deleted_resource_are_deleted_too() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let web = environment.service(Workload::Container, "web");
    let project = format!("/project/{}", environment.project_id());
    assert_eq!(setup.call(Method::DELETE, &project, &Value::Null).0, 204);
    for path in [
        project,
        format!("/environment/{}", environment.id()),
        format!("/environment/{}/status", environment.id()),
        format!("/container/{}", web.id()),
        format!("/container/{}/status", web.id()),
    ] {
        assert_eq!(
            setup.call(Method::GET, &path, &Value::Null).0,
            404,
            "{path}"
        );
    }
    assert_eq!(web.state(), None);
    assert_eq!(environment.state(), None);
}

#[test]
fn variables_conflict_by_name_derive_and_keep_secrets() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let web = environment.service(Workload::Container, "web");
    let variable = |key: &str, secret: bool| {
        json!({
            "key": key,
            "value": "s3cret",
            "is_secret": secret,
            "variable_scope": "ENVIRONMENT",
            "variable_parent_id": environment.id(),
        })
    };
    let (status, plain) = setup.call(Method::POST, "/variable", &variable("URL", false));
    assert_eq!(status, 201, "{plain}");
    assert_eq!(plain["value"], "s3cret");
    assert_eq!(plain["scope"], "ENVIRONMENT");
    let (status, conflict) = setup.call(Method::POST, "/variable", &variable("URL", false));
    assert_eq!(status, 409);
    assert_eq!(
        conflict["detail"],
        "409 Conflict - Variable already exists: URL"
    );
    let (_, secret) = setup.call(Method::POST, "/variable", &variable("PASSWORD", true));
    assert_eq!(secret["value"], Value::Null);

    let list = format!("/variable?parent_id={}&scope=ENVIRONMENT", environment.id());
    assert_eq!(setup.get(&list)["results"].as_array().unwrap().len(), 2);
    let secrets = setup.get(&format!("{list}&is_secret=true"));
    assert_eq!(secrets["results"].as_array().unwrap().len(), 1);

    let item = format!("/variable/{}", plain["id"].as_str().unwrap());
    let body = json!({"key": "URL", "value": null});
    let (status, edited) = setup.call(Method::PUT, &item, &body);
    assert_eq!((status, &edited["value"]), (200, &json!("s3cret")));
    let body = json!({
        "value": "narrow",
        "override_scope": "CONTAINER",
        "override_parent_id": web.id(),
    });
    let (status, narrow) = setup.call(Method::POST, &format!("{item}/override"), &body);
    assert_eq!(status, 201, "{narrow}");
    assert_eq!(narrow["overridden_variable"]["key"], "URL");
    let body = json!({"key": "LINK", "alias_scope": "CONTAINER", "alias_parent_id": web.id()});
    let (status, alias) = setup.call(Method::POST, &format!("{item}/alias"), &body);
    assert_eq!(status, 201, "{alias}");
    assert_eq!(alias["variable_type"], "ALIAS");
    let of_web = setup.get(&format!("/variable?parent_id={}&scope=CONTAINER", web.id()));
    let scopes: Vec<_> = of_web["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["scope"])
        .collect();
    let of_scope = |scope: &str| scopes.iter().filter(|one| **one == scope).count();
    assert_eq!(
        (of_scope("CONTAINER"), of_scope("ENVIRONMENT"), scopes.len()),
        (2, 2, 4),
        "the variables of wider scopes apply to the service"
    );
    assert_eq!(setup.call(Method::DELETE, &item, &Value::Null).0, 204);
    assert_eq!(setup.get(&list)["results"].as_array().unwrap().len(), 1);
}

#[test]
fn a_clone_has_the_configuration_and_was_never_deployed() {
    let setup = Setup::new();
    let environment = setup.fake.environment("staging");
    environment
        .service(Workload::Database, "db")
        .in_stage("data")
        .in_state("DEPLOYED");
    let web = environment
        .service(Workload::Container, "web")
        .in_stage("code")
        .with("tag", json!("9"))
        .url("https://web.example.com");
    let body = json!({
        "key": "A",
        "value": "1",
        "is_secret": false,
        "variable_scope": "CONTAINER",
        "variable_parent_id": web.id(),
    });
    setup.call(Method::POST, "/variable", &body);
    let path = format!("/environment/{}/clone", environment.id());
    let (status, clone) = setup.call(Method::POST, &path, &json!({"name": "preview"}));
    assert_eq!(status, 202, "{clone}");
    assert_eq!(clone["name"], "preview");
    let id = clone["id"].as_str().unwrap();
    assert_eq!(
        setup.get(&format!("/environment/{id}/status"))["state"],
        "READY"
    );
    let statuses = setup.get(&format!("/environment/{id}/statusesWithStages"));
    assert_eq!(statuses["stages"][0]["stage"]["name"], "data");
    assert_eq!(statuses["stages"][1]["containers"][0]["state"], "READY");
    let containers = setup.get(&format!("/environment/{id}/container"));
    assert_eq!(containers["results"][0]["tag"], "9");
    let copy = containers["results"][0]["id"].as_str().unwrap();
    let links = setup.get(&format!("/environment/{id}/link"));
    let url = links["results"][0]["url"].as_str().unwrap();
    assert_ne!(url, "https://web.example.com", "its own");
    assert!(
        url.starts_with("https://z") && url.ends_with("-web.example.com"),
        "{url}"
    );
    assert_eq!(links["results"][0]["service_id"], copy);
    let variables = setup.get(&format!("/variable?parent_id={copy}&scope=CONTAINER"));
    assert_eq!(variables["results"][0]["key"], "A");
}

#[test]
fn stages_can_be_added_reordered_filled_and_deleted() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let db = environment
        .service(Workload::Database, "db")
        .in_stage("one");
    let path = format!("/environment/{}/deploymentStage", environment.id());
    let (status, two) = setup.call(Method::POST, &path, &json!({"name": "two"}));
    assert_eq!(status, 200, "{two}");
    assert_eq!(
        setup.call(Method::POST, &path, &json!({"name": "two"})).0,
        409
    );
    let one = setup.get(&path)["results"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let two = two["id"].as_str().unwrap().to_owned();
    let names = || -> Vec<String> {
        let list = setup.get(&path);
        let results = list["results"].as_array().unwrap().clone();
        results
            .iter()
            .map(|s| s["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(), ["one", "two"]);
    let moved = format!("/deploymentStage/{one}/moveAfter/{two}");
    assert_eq!(setup.call(Method::PUT, &moved, &Value::Null).0, 200);
    assert_eq!(names(), ["two", "one"]);
    let moved = format!("/deploymentStage/{one}/moveBefore/{two}");
    assert_eq!(setup.call(Method::PUT, &moved, &Value::Null).0, 200);
    assert_eq!(names(), ["one", "two"]);
    let item = format!("/deploymentStage/{one}");
    assert_eq!(setup.call(Method::DELETE, &item, &Value::Null).0, 400);
    let attach = format!("/deploymentStage/{two}/service/{}", db.id());
    assert_eq!(setup.call(Method::PUT, &attach, &Value::Null).0, 200);
    assert_eq!(
        setup.get(&format!("/service/{}/deploymentStage", db.id()))["name"],
        "two"
    );
    assert_eq!(setup.call(Method::DELETE, &item, &Value::Null).0, 204);
    assert_eq!(names(), ["two"]);
}

#[test]
fn environments_and_services_are_listed_by_their_parents() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let web = environment.service(Workload::Container, "web");
    let elsewhere = setup
        .fake
        .organization("other")
        .project("other")
        .environment("other");
    let list = |path: String| setup.get(&path)["results"].as_array().unwrap().clone();
    for environment in [&environment, &elsewhere] {
        let organization = environment.organization_id();
        let all = list(format!("/organization/{organization}/environments"));
        assert_eq!(all.len(), 1);
        assert_eq!(all[0]["id"], environment.id().to_string());
        let path = format!("/project/{}/environment/overview", environment.project_id());
        assert_eq!(list(path)[0]["id"], environment.id().to_string());
        let path = format!("/cluster/{}/environments", environment.cluster_id());
        let all = list(path);
        assert_eq!(
            (all.len(), &all[0]["environment_id"]),
            (1, &json!(environment.id()))
        );
    }
    let services = |organization| list(format!("/organization/{organization}/services"));
    let all = services(environment.organization_id());
    assert_eq!(all[0]["id"], web.id().to_string());
    assert_eq!(all[0]["environment_name"], "preview");
    assert!(services(elsewhere.organization_id()).is_empty());
}
