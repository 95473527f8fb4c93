//! Tests the names of inline schemas, and which schemas are identical.

use serde_json::{Value, json};

use super::super::tests::{normalized, problem, schemas};
use crate::codegen::model::Normalized;

fn names(found: &Normalized) -> Vec<&str> {
    found.schemas.keys().map(String::as_str).collect()
}

fn root(properties: Value) -> Value {
    json!({"properties": properties})
}

fn object(property: &str) -> Value {
    json!({"properties": {property: {"type": "string"}, "shared": {"type": "integer"}}})
}

#[test]
fn inline_things_are_named_after_what_they_are_in() {
    let found = normalized(schemas(json!({"Root": root(json!({
        "policies": {"type": "array", "items": object("a")},
        "labels": {"type": "object", "additionalProperties": object("b")},
        "state": {"enum": ["ON", "OFF"]},
    }))})));
    assert_eq!(
        names(&found),
        ["Root", "RootLabel", "RootPolicy", "RootState"]
    );
}

#[test]
fn the_items_of_a_list_of_results_are_its_items_and_never_items_of_items() {
    let inner = json!({"properties": {"results": {"type": "array", "items": object("a")}}});
    let found = normalized(schemas(
        json!({"Root": root(json!({"results": {"type": "array", "items": inner}}))}),
    ));
    assert_eq!(names(&found), ["Root", "RootItem", "RootItemEntry"]);
}

#[test]
fn equal_things_are_one_and_are_named_by_what_their_names_share() {
    let found = normalized(schemas(json!({
        "Root": root(json!({"x": {"$ref": "#/components/schemas/HelmRequest"}, "y": {"$ref": "#/components/schemas/HelmEditRequest"}})),
        "HelmRequest": root(json!({"source": object("git"), "one": {"type": "string"}})),
        "HelmEditRequest": root(json!({"source": object("git"), "two": {"type": "string"}})),
    })));
    assert_eq!(
        names(&found),
        [
            "HelmEditRequest",
            "HelmRequest",
            "HelmRequestSource",
            "Root"
        ]
    );
}

#[test]
fn an_inline_schema_that_equals_a_component_is_that_component() {
    let found = normalized(schemas(json!({
        "Root": root(json!({"state": {"enum": ["OFF", "ON"]}, "other": {"$ref": "#/components/schemas/State"}})),
        "State": {"type": "string", "enum": ["ON", "OFF"], "description": "The state."},
    })));
    assert_eq!(names(&found), ["Root", "State"]);
}

#[test]
fn objects_with_equal_inline_schemas_are_equal() {
    let outer = json!({"properties": {"inner": object("a"), "kind": {"enum": ["A", "B"]}}});
    let found = normalized(schemas(
        json!({"Root": root(json!({"left": outer, "right": outer}))}),
    ));
    assert_eq!(names(&found).len(), 4, "{:?}", names(&found));
}

#[test]
fn a_secret_makes_a_difference() {
    let secret = json!({"properties": {"a": {"type": "string", "x-secret": true}, "shared": {"type": "integer"}}});
    let found = normalized(schemas(
        json!({"Root": root(json!({"left": object("a"), "right": secret}))}),
    ));
    assert_eq!(names(&found), ["Root", "RootLeft", "RootRight"]);
}

#[test]
fn a_name_that_is_taken_is_not_given_again() {
    let found = normalized(schemas(json!({
        "Root": root(json!({"part": object("a"), "other": {"$ref": "#/components/schemas/RootPart"}})),
        "RootPart": object("b"),
    })));
    assert_eq!(names(&found), ["Root", "RootPart", "RootPartDetails"]);
}

#[test]
fn components_that_would_get_one_name_are_numbered_and_the_fitting_one_keeps_it() {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let found = normalized(schemas(json!({
        "Root": root(json!({"a": reference("AWSKey"), "b": reference("AwsKey")})),
        "AWSKey": object("a"),
        "AwsKey": object("b"),
    })));
    assert_eq!(names(&found), ["AwsKey", "AwsKey2", "Root"]);
    assert_eq!(
        found.schemas["AwsKey"].contract_name.as_deref(),
        Some("AwsKey")
    );
    assert_eq!(
        found.schemas["AwsKey2"].contract_name.as_deref(),
        Some("AWSKey")
    );
}

#[test]
fn the_contract_can_give_names_itself() {
    let mut part = object("a");
    part["x-rust-name"] = json!("Chosen");
    let found = normalized(schemas(json!({
        "Root": root(json!({"part": part, "other": {"$ref": "#/components/schemas/other"}})),
        "other": {"x-rust-name": "Renamed", "enum": ["A", "B"]},
    })));
    assert_eq!(names(&found), ["Chosen", "Renamed", "Root"]);
}

#[test]
fn a_given_name_must_be_a_rust_name_and_belong_to_one_schema() {
    let mut part = object("a");
    part["x-rust-name"] = json!("not a name");
    let found = problem(schemas(json!({"Root": root(json!({"part": part}))})));
    assert!(found.contains("/components/schemas/Root/properties/part/x-rust-name: `not a name` is not the name of a Rust type"), "{found}");
    part["x-rust-name"] = json!("Root");
    let found = problem(schemas(json!({"Root": root(json!({"part": part}))})));
    assert!(
        found.contains(
            "`x-rust-name` gives this the name `Root`, which /components/schemas/Root has too"
        ),
        "{found}"
    );
}
