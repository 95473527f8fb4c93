//! Combinations of creating, cloning, editing and deleting, in several parents.

use http::Method;
use serde_json::{Value, json};

use super::Setup;
use crate::Workload;

fn create(setup: &Setup, path: &str, body: &Value) -> Value {
    let (status, created) = setup.call(Method::POST, path, body);
    assert!(status < 300, "{path}: {status} {created}");
    created
}

fn edit(setup: &Setup, path: &str, body: &Value) -> Value {
    let (status, edited) = setup.call(Method::PUT, path, body);
    assert_eq!(status, 200, "{path}: {edited}");
    edited
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    let results = list["results"].as_array().unwrap();
    results
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

fn registry(name: &str) -> Value {
    json!({"name": name, "kind": "ECR", "config": {}, "url": "https://r.example.com"})
}

fn variable(key: &str, value: &str, scope: &str, parent: &str) -> Value {
    json!({"key": key, "value": value, "is_secret": false, "variable_scope": scope, "variable_parent_id": parent})
}

#[test]
fn a_resource_is_not_found_below_another_parent() {
    let setup = Setup::new();
    let ours = setup.fake.organization("ours").id();
    let theirs = setup.fake.organization("theirs").id();
    let created = create(
        &setup,
        &format!("/organization/{ours}/containerRegistry"),
        &registry("r"),
    );
    let below = |organization| {
        format!(
            "/organization/{organization}/containerRegistry/{}",
            id(&created)
        )
    };
    assert_eq!(setup.get(&below(ours))["name"], "r");
    let wrong = below(theirs);
    assert_eq!(setup.call(Method::GET, &wrong, &Value::Null).0, 404);
    assert_eq!(setup.call(Method::PUT, &wrong, &registry("stolen")).0, 404);
    assert_eq!(setup.call(Method::DELETE, &wrong, &Value::Null).0, 404);
    assert_eq!(setup.get(&below(ours))["name"], "r");
}

#[test]
fn equal_names_and_keys_in_different_parents_are_different_resources() {
    let setup = Setup::new();
    let one = setup
        .fake
        .organization("acme")
        .project("one")
        .environment("preview");
    let two = setup
        .fake
        .organization("acme")
        .project("two")
        .environment("preview");
    assert_ne!(one.id(), two.id());
    for environment in [&one, &two] {
        let body = json!({
            "name": "web", "registry_id": null, "image_name": "acme/web", "tag": environment.id(), "healthchecks": {},
        });
        let registries = format!(
            "/organization/{}/containerRegistry",
            environment.organization_id()
        );
        let known = create(&setup, &registries, &registry("same"));
        let mut body = body;
        body["registry_id"] = known["id"].clone();
        let web = create(
            &setup,
            &format!("/environment/{}/container", environment.id()),
            &body,
        );
        create(
            &setup,
            "/variable",
            &variable("KEY", id(&web), "CONTAINER", id(&web)),
        );
        let again = variable("KEY", "2", "CONTAINER", id(&web));
        assert_eq!(setup.call(Method::POST, "/variable", &again).0, 409);
        let list = setup.get(&format!("/variable?parent_id={}&scope=CONTAINER", id(&web)));
        assert_eq!(list["results"].as_array().unwrap().len(), 1);
        assert_eq!(list["results"][0]["value"], id(&web));
        let list = setup.get(&format!("/environment/{}/container", environment.id()));
        assert_eq!(names(&list), ["web"]);
        assert_eq!(list["results"][0]["tag"], environment.id().to_string());
        assert_eq!(list["results"][0]["registry"]["id"], known["id"]);
    }
}

#[test]
fn a_clone_and_its_original_are_edited_separately() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let registries = format!(
        "/organization/{}/containerRegistry",
        environment.organization_id()
    );
    let known = create(&setup, &registries, &registry("first"));
    let other = create(&setup, &registries, &registry("second"));
    let ports = json!([
        {"name": "http", "internal_port": 80, "external_port": 443, "publicly_accessible": true, "protocol": "HTTP"},
        {"name": "grpc", "internal_port": 90, "publicly_accessible": false, "protocol": "GRPC"},
    ]);
    let body = json!({
        "name": "web", "registry_id": known["id"], "image_name": "acme/web", "tag": "1", "healthchecks": {},
        "ports": ports, "arguments": ["--a", ""], "unknown_field": {"id": known["id"]},
    });
    let web = create(
        &setup,
        &format!("/environment/{}/container", environment.id()),
        &body,
    );
    assert_eq!(web.get("unknown_field"), None, "{web}");
    let edited = edit(
        &setup,
        &format!("/container/{}", id(&web)),
        &json!({
            "name": "web", "registry_id": other["id"], "image_name": "acme/web", "tag": "2", "healthchecks": {},
            "ports": ports,
        }),
    );
    assert_eq!(edited["registry"]["id"], other["id"]);
    let clone = create(
        &setup,
        &format!("/environment/{}/clone", environment.id()),
        &json!({"name": "copy"}),
    );
    let list = setup.get(&format!("/environment/{}/container", id(&clone)));
    let copy = &list["results"][0];
    assert_ne!(copy["id"], web["id"]);
    for field in [
        "name",
        "registry",
        "registry_id",
        "image_name",
        "tag",
        "healthchecks",
    ] {
        assert_eq!(copy[field], edited[field], "{field}");
    }
    for (index, sent) in ports.as_array().unwrap().iter().enumerate() {
        for (field, value) in sent.as_object().unwrap() {
            assert_eq!(&copy["ports"][index][field], value, "{field}");
        }
    }
    assert_eq!(copy["environment"]["id"], clone["id"]);
    let path = format!("/container/{}", id(copy));
    edit(
        &setup,
        &path,
        &json!({
            "name": "other", "registry_id": known["id"], "image_name": "acme/other", "tag": "3", "healthchecks": {},
        }),
    );
    assert_eq!(setup.get(&path)["tag"], "3");
    assert_eq!(setup.get(&path)["registry"]["name"], "first");
    let original = setup.get(&format!("/container/{}", id(&web)));
    assert_eq!(original, edited);
    // A clone of the clone has the last edit.
    let again = create(
        &setup,
        &format!("/environment/{}/clone", id(&clone)),
        &json!({"name": "again"}),
    );
    let list = setup.get(&format!("/environment/{}/container", id(&again)));
    assert_eq!(names(&list), ["other"]);
    assert_eq!(list["results"][0]["tag"], "3");
}

#[test]
fn references_follow_the_edits_of_the_resource_that_they_name() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let registries = format!(
        "/organization/{}/containerRegistry",
        environment.organization_id()
    );
    let known = create(&setup, &registries, &registry("before"));
    let image = json!({"image_name": "acme/job", "tag": "2", "registry_id": known["id"]});
    let job = create(
        &setup,
        &format!("/environment/{}/job", environment.id()),
        &json!({
            "name": "nightly", "healthchecks": {}, "source": {"image": image},
            "schedule": {"cronjob": {"scheduled_at": "0 3 * * *"}},
        }),
    );
    edit(
        &setup,
        &format!("{registries}/{}", id(&known)),
        &registry("after"),
    );
    let read = setup.get(&format!("/job/{}", id(&job)));
    assert_eq!(read["source"]["image"]["registry"]["name"], "after");

    let cluster = format!(
        "/organization/{}/cluster/{}",
        environment.organization_id(),
        environment.cluster_id()
    );
    let mut body = setup.get(&format!(
        "/organization/{}/cluster",
        environment.organization_id()
    ))["results"][0]
        .clone();
    body["name"] = json!("renamed");
    edit(&setup, &cluster, &body);
    let read = setup.get(&format!("/environment/{}", environment.id()));
    assert_eq!(read["cluster_name"], "renamed", "{read}");
}

#[test]
fn an_alias_and_an_override_show_the_present_variable() {
    let setup = Setup::new();
    let environment = setup.fake.environment("preview");
    let parent = environment.id().to_string();
    let original = create(
        &setup,
        "/variable",
        &variable("HOST", "a", "ENVIRONMENT", &parent),
    );
    let alias = create(
        &setup,
        &format!("/variable/{}/alias", id(&original)),
        &json!({
            "key": "ALIAS", "alias_scope": "ENVIRONMENT", "alias_parent_id": parent,
        }),
    );
    assert_eq!(alias["aliased_variable"]["key"], "HOST");
    edit(
        &setup,
        &format!("/variable/{}", id(&original)),
        &json!({"key": "NAME", "value": "b"}),
    );
    let list = |parent: &str| {
        setup.get(&format!("/variable?parent_id={parent}&scope=ENVIRONMENT"))["results"].clone()
    };
    let find = |list: &Value, key: &str| {
        let mut list = list.as_array().unwrap().iter();
        list.find(|one| one["key"] == key)
            .cloned()
            .unwrap_or_else(|| panic!("no {key}"))
    };
    let shown = find(&list(&parent), "ALIAS");
    assert_eq!(shown["aliased_variable"]["id"], original["id"]);
    assert_eq!(shown["aliased_variable"]["key"], "NAME");
    assert_eq!(shown["value"], "b");

    // The alias of a clone is one of the variable of the clone.
    let clone = create(
        &setup,
        &format!("/environment/{parent}/clone"),
        &json!({"name": "copy"}),
    );
    let copied = list(id(&clone));
    let (name, alias) = (find(&copied, "NAME"), find(&copied, "ALIAS"));
    assert_ne!(name["id"], original["id"]);
    assert_eq!(alias["variable_type"], "ALIAS");
    assert_eq!(alias["aliased_variable"]["id"], name["id"]);

    // An override has a value of its own, in another scope, and the name of its variable.
    let service = environment
        .service(Workload::Application, "api")
        .id()
        .to_string();
    let path = format!("/variable/{}/override", id(&original));
    let body =
        json!({"value": "c", "override_scope": "APPLICATION", "override_parent_id": service});
    create(&setup, &path, &body);
    assert_eq!(setup.call(Method::POST, &path, &body).0, 409);
    edit(
        &setup,
        &format!("/variable/{}", id(&original)),
        &json!({"key": "NAME", "value": "d"}),
    );
    let of_service =
        setup.get(&format!("/variable?parent_id={service}&scope=APPLICATION"))["results"].clone();
    // The list of a service contains the variables of wider scopes too.
    let own = |list: &Value| {
        let all = list.as_array().unwrap().iter();
        json!(
            all.filter(|one| one["scope"] == "APPLICATION")
                .collect::<Vec<_>>()
        )
    };
    let shown = find(&own(&of_service), "NAME");
    assert_eq!(
        (&shown["value"], &shown["overridden_variable"]["value"]),
        (&json!("c"), &json!("d"))
    );
    let clone = create(
        &setup,
        &format!("/environment/{parent}/clone"),
        &json!({"name": "second"}),
    );
    let name = find(&list(id(&clone)), "NAME");
    let copied =
        setup.get(&format!("/environment/{}/application", id(&clone)))["results"][0].clone();
    let of_copy = setup.get(&format!(
        "/variable?parent_id={}&scope=APPLICATION",
        id(&copied)
    ))["results"]
        .clone();
    let shown = find(&own(&of_copy), "NAME");
    assert_eq!(shown["overridden_variable"]["id"], name["id"]);
    assert_eq!(shown["value"], "c");

    // The alias and the override are deleted with their variable.
    let path = format!("/variable/{}", id(&original));
    assert_eq!(setup.call(Method::DELETE, &path, &Value::Null).0, 204);
    assert_eq!(list(&parent), json!([]));
    let path = format!("/variable?parent_id={service}&scope=APPLICATION");
    assert_eq!(setup.get(&path)["results"], json!([]));
    assert_eq!(list(id(&clone)).as_array().unwrap().len(), 2);
}

#[test]
fn a_deleted_resource_is_gone_from_every_list_with_everything_below_it() {
    let setup = Setup::new();
    let organization = setup.fake.organization("acme");
    let environment = organization.project("one").environment("preview");
    let kept = organization.project("two").environment("preview");
    let service = environment.service(Workload::Application, "api");
    let own = create(
        &setup,
        "/variable",
        &variable("A", "1", "APPLICATION", &service.id().to_string()),
    );
    let path = format!("/project/{}", environment.project_id());
    assert_eq!(setup.call(Method::DELETE, &path, &Value::Null).0, 204);
    for path in [
        path,
        format!("/environment/{}", environment.id()),
        format!("/application/{}", service.id()),
        format!("/environment/{}/status", environment.id()),
    ] {
        assert_eq!(
            setup.call(Method::GET, &path, &Value::Null).0,
            404,
            "{path}"
        );
    }
    let path = format!("/variable/{}", id(&own));
    assert_eq!(setup.call(Method::DELETE, &path, &Value::Null).0, 404);
    let list = setup.get(&format!("/organization/{}/project", organization.id()));
    assert_eq!(names(&list), ["two"]);
    let list = setup.get(&format!("/organization/{}/environments", organization.id()));
    assert_eq!(list["results"].as_array().unwrap().len(), 1);
    assert_eq!(list["results"][0]["id"], kept.id().to_string());
    // The name can be used again, for a new resource.
    let again = create(
        &setup,
        &format!("/organization/{}/project", organization.id()),
        &json!({"name": "one"}),
    );
    assert_ne!(id(&again), environment.project_id().to_string());
    let list = setup.get(&format!("/project/{}/environment", id(&again)));
    assert_eq!(list["results"], json!([]));
}
