//! What becomes of operations, their parameters, bodies and successes.

use serde_json::{Value, json};

use super::super::tests::{api, normalised, operation, problem};
use crate::codegen::model::{BodyKind, Format, Location, OperationModel, TypeModel};

const REFERENCE: &str = "#/components/schemas/Root";

fn only(value: Value) -> OperationModel {
    let mut operations = normalised(value).operations;
    assert_eq!(operations.len(), 1);
    operations.remove(0)
}

fn empty() -> Value {
    json!({"204": {"description": "Gone."}})
}

fn told(operation: &OperationModel) -> Vec<(&str, &str, Location)> {
    let parameters = operation.parameters.iter();
    parameters
        .map(|parameter| {
            (
                parameter.name.as_str(),
                parameter.rust_name.as_str(),
                parameter.location,
            )
        })
        .collect()
}

fn success(responses: Value) -> OperationModel {
    only(operation(
        "/a",
        json!({"operationId": "a", "responses": responses}),
    ))
}

fn json_body(name: &str) -> Value {
    json!({"description": "", "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}}})
}

#[test]
fn an_operation_without_an_id_gets_one_from_method_and_path() {
    let found = only(operation(
        "/project/{projectId}/secret/{secretId}",
        json!({"responses": empty()}),
    ));
    assert_eq!(found.id, "getProjectByProjectIdSecretBySecretId");
    assert_eq!(
        found.method_name,
        "get_project_by_project_id_secret_by_secret_id"
    );
}

#[test]
fn odd_ids_become_rust_names_and_keep_their_own() {
    let found = only(operation(
        "/a",
        json!({"operationId": "get-cluster-logs", "responses": empty()}),
    ));
    assert_eq!(
        (
            found.id.as_str(),
            found.method_name.as_str(),
            found.type_name.as_str()
        ),
        ("get-cluster-logs", "get_cluster_logs", "GetClusterLogs")
    );
    let found = only(operation(
        "/a",
        json!({"operationId": "StopCluster", "responses": empty()}),
    ));
    assert_eq!(
        (found.method_name.as_str(), found.type_name.as_str()),
        ("stop_cluster", "StopCluster")
    );
}

#[test]
fn two_operations_of_one_id_or_one_rust_name_are_a_problem() {
    let twice = |first: &str, second: &str| {
        let one = |id: &str| json!({"get": {"operationId": id, "responses": empty()}});
        problem(api(json!({"/a": one(first), "/b": one(second)}), json!({})))
    };
    let found = twice("deleteMember", "deleteMember");
    assert!(found.contains("/paths/~1b/get/operationId: two operations have the id `deleteMember`; the other one is /paths/~1a/get"), "{found}");
    let found = twice("stop_cluster", "StopCluster");
    assert!(
        found.contains("both become `stop_cluster` in Rust"),
        "{found}"
    );
}

#[test]
fn parameters_come_from_path_and_operation_each_once_and_in_the_order_of_the_path() {
    let parameter = |name: &str, required: bool| json!({"name": name, "in": "path", "required": required, "schema": {"type": "string", "format": "uuid"}});
    let item = json!({
        "parameters": [parameter("b", true), parameter("a", true), {"name": "q", "in": "query", "schema": {"type": "string"}}],
        "get": {"operationId": "a", "responses": empty(), "parameters": [
            parameter("b", true), parameter("b", true),
            {"name": "q", "in": "query", "required": true, "schema": {"type": "integer"}},
            {"name": "gone", "in": "path", "required": true, "schema": {"type": "string"}},
        ]},
    });
    let found = normalised(api(json!({"/x/{a}/{b}/{undeclared}": item}), json!({})));
    let operation = &found.operations[0];
    assert_eq!(
        told(operation),
        [
            ("a", "a", Location::Path),
            ("b", "b", Location::Path),
            ("undeclared", "undeclared", Location::Path),
            ("q", "q", Location::Query),
        ]
    );
    assert_eq!(operation.parameters[2].ty, TypeModel::Text);
    assert_eq!(
        (
            &operation.parameters[3].ty,
            operation.parameters[3].required
        ),
        (&TypeModel::Integer, true),
        "the operation's own declaration holds"
    );
    assert!(
        found
            .remarks
            .iter()
            .any(|remark| remark.text.contains("`gone` does not stand in the path"))
    );
}

#[test]
fn references_into_other_paths_and_to_path_items_are_followed() {
    let paths = json!({
        "/a/{id}": {"get": {"operationId": "a", "responses": empty(), "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]}},
        "/b/{id}": {"get": {"operationId": "b", "responses": empty(), "parameters": [{"$ref": "#/paths/~1a~1%7Bid%7D/get/parameters/0"}]}},
        "/c/{id}": {"$ref": "#/x-items/c"},
    });
    let mut value = api(paths, json!({}));
    value["x-items"] = json!({"c": {"get": {"operationId": "c", "responses": empty()}}});
    let found = normalised(value);
    assert_eq!(told(&found.operations[1]), [("id", "id", Location::Path)]);
    assert_eq!(found.operations[2].path, "/c/{id}");
}

#[test]
fn arguments_of_one_operation_have_names_of_their_own() {
    let parameter = |location: &str| json!({"name": "id", "in": location, "required": true, "schema": {"type": "string"}});
    let found = only(operation(
        "/a/{id}",
        json!({"operationId": "a", "responses": empty(), "parameters": [
            parameter("path"), parameter("query"), parameter("header"),
            {"name": "body", "in": "query", "schema": {"type": "string"}},
            {"name": "self", "in": "query", "schema": {"type": "string"}},
            {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
        ]}),
    ));
    let names: Vec<&str> = told(&found)
        .into_iter()
        .map(|(_, rust_name, _)| rust_name)
        .collect();
    assert_eq!(
        names,
        ["id", "id_query", "id_header", "body_query", "self_query"]
    );
}

#[test]
fn lists_are_sent_one_by_one_or_with_commas_as_the_contract_says() {
    let list = |explode: bool| json!({"name": format!("l{explode}"), "in": "query", "explode": explode, "schema": {"type": "array", "items": {"enum": ["A", "B"]}}});
    let found = only(operation(
        "/a",
        json!({"operationId": "a", "responses": empty(), "parameters": [list(true), list(false)]}),
    ));
    assert_eq!(
        found
            .parameters
            .iter()
            .map(|parameter| parameter.comma_separated)
            .collect::<Vec<_>>(),
        [false, true]
    );
    assert!(
        matches!(&found.parameters[0].ty, TypeModel::List(inner) if matches!(**inner, TypeModel::Named(_)))
    );
}

#[test]
fn parameters_that_no_url_can_hold_are_a_problem() {
    let one = |parameter: Value| {
        problem(operation(
            "/a",
            json!({"operationId": "a", "responses": empty(), "parameters": [parameter]}),
        ))
    };
    for (parameter, expected) in [
        (
            json!({"name": "c", "in": "cookie", "schema": {"type": "string"}}),
            "/paths/~1a/get/parameters/0/in: the parameter `c` travels in cookie",
        ),
        (
            json!({"name": "c", "in": "query", "style": "deepObject", "schema": {"type": "object"}}),
            "the style `deepObject`",
        ),
        (
            json!({"name": "c", "in": "query", "content": {"application/json": {}}}),
            "encoded by a media type",
        ),
        (
            json!({"name": "h", "in": "header", "schema": {"type": "array", "items": {"type": "string"}}}),
            "neither a simple value nor, in a query, a list",
        ),
        (
            json!({"name": "c", "in": "query", "schema": {"$ref": REFERENCE}}),
            "neither a simple value nor, in a query, a list",
        ),
    ] {
        let found = one(parameter);
        assert!(found.contains(expected), "{found}");
    }
    let found = problem(operation(
        "/a/{b",
        json!({"operationId": "a", "responses": empty()}),
    ));
    assert!(
        found.contains("the braces of the path `/a/{b` do not match"),
        "{found}"
    );
}

#[test]
fn a_body_is_of_one_media_type_and_says_whether_it_is_required() {
    let body = |body: Value| {
        only(operation(
            "/a",
            json!({"operationId": "a", "responses": empty(), "requestBody": body}),
        ))
        .body
    };
    let found = body(
        json!({"content": {"text/plain": {}, "application/json": {"schema": {"$ref": REFERENCE}}}}),
    )
    .expect("a body");
    assert_eq!((found.kind, found.required), (BodyKind::Json, None));
    let found = body(json!({"required": false, "content": {"application/x-yaml": {"schema": {"type": "object"}}}})).expect("a body");
    assert_eq!(
        (found.kind, found.content_type.as_str(), found.required),
        (BodyKind::Text, "application/x-yaml", Some(false))
    );
    let found = body(json!({"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}})).expect("a body");
    assert_eq!(found.kind, BodyKind::Bytes);
    let found = body(
        json!({"content": {"application/x-www-form-urlencoded": {"schema": {"$ref": REFERENCE}}}}),
    )
    .expect("a body");
    assert_eq!(found.kind, BodyKind::Form);
    assert_eq!(body(json!({"content": {}})), None);
    let found = problem(operation(
        "/a",
        json!({"operationId": "a", "responses": empty(), "requestBody": {"content": {"multipart/form-data": {}}}}),
    ));
    assert!(found.contains("/paths/~1a/get/requestBody/content/multipart~1form-data: a body of `multipart/form-data` is not supported"), "{found}");
}

#[test]
fn any_2xx_is_a_success_and_an_empty_one_beside_others_may_happen() {
    let found = success(json!({"200": json_body("Root"), "404": {"description": "Not there."}}));
    assert_eq!(
        (found.success.format, found.success.ty),
        (Format::Json, Some(TypeModel::Named("Root".into())))
    );
    assert_eq!(
        found.errors,
        [("404".to_owned(), Some("Not there.".to_owned()))]
    );
    let found = success(json!({"202": json_body("Root"), "204": {"description": ""}}));
    assert_eq!(
        (found.success.format, found.success.statuses.join(" ")),
        (Format::JsonOrEmpty, "202 204".to_owned())
    );
    let found = success(json!({"201": json_body("Root"), "202": json_body("Root")}));
    assert_eq!(found.success.format, Format::Json);
    assert_eq!(success(empty()).success.format, Format::NoContent);
    assert_eq!(success(json!({})).success.format, Format::NoContent);
    assert_eq!(
        success(json!({"default": json_body("Root")}))
            .success
            .format,
        Format::Json
    );
    let found = success(json!({"default": json_body("Root"), "204": {"description": ""}}));
    assert_eq!(
        found.success.format,
        Format::NoContent,
        "default is for errors where a 2xx is declared"
    );
}

#[test]
fn of_different_successes_that_of_the_lowest_status_is_taken_with_a_remark() {
    let responses =
        json!({"202": json_body("Other"), "200": json_body("Root"), "2XX": json_body("Other")});
    let schemas = json!({"Root": {"properties": {"a": {"type": "string"}}}, "Other": {"properties": {"b": {"type": "string"}}}});
    let found = normalised(api(
        json!({"/a": {"get": {"operationId": "a", "responses": responses}}}),
        schemas,
    ));
    assert_eq!(
        found.operations[0].success.ty,
        Some(TypeModel::Named("Root".into()))
    );
    assert_eq!(
        found.remarks[0].text,
        "several successes of different types are declared; that of 200 is taken"
    );
}

#[test]
fn a_text_may_be_a_secret_as_a_whole() {
    let is_secret = |schema: Value| {
        let content = json!({"application/x-yaml": {"schema": schema}});
        let found = success(json!({"200": {"description": "", "content": content}}));
        assert_eq!(found.success.format, Format::Text);
        found.success.secret
    };
    assert!(is_secret(json!({"type": "string", "x-secret": true})));
    assert!(is_secret(json!({"type": "string", "format": "password"})));
    assert!(!is_secret(json!({"type": "string"})));
}

#[test]
fn text_and_bytes_are_passed_on() {
    let of = |media: &str| {
        success(
            json!({"200": {"description": "", "content": {media: {"schema": {"type": "string"}}}}}),
        )
        .success
        .format
    };
    assert_eq!(of("application/x-yaml"), Format::Text);
    assert_eq!(of("text/plain; charset=utf-8"), Format::Text);
    assert_eq!(of("application/octet-stream"), Format::Binary);
    assert_eq!(of("application/json; charset=utf-8"), Format::Json);
    let found = success(
        json!({"200": {"description": "", "content": {"text/plain": {}, "application/json": {"schema": {"$ref": REFERENCE}}}}}),
    );
    assert_eq!(found.success.format, Format::Json);
}
