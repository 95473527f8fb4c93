//! Clients of hostile or unusual contracts compile. These checks take a minute, so they run on demand:
//!
//! ```text
//! cargo test -p integration-tests --test clients_of_hostile_contracts -- --ignored
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::fs;

use integration_tests::hostile;
use integration_tests::revision::Generated;
use serde_json::{Value, json};

#[path = "../../xtask/tests/support/seed.rs"]
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "shared with other tests"
)]
mod seed;

/// Generates a client and has its types checked.
fn check(contract: &Value) {
    let home = tempfile::tempdir().unwrap();
    let spec = home.path().join("spec.json");
    fs::write(&spec, contract.to_string()).unwrap();
    Generated::from(&spec).check();
}

fn is_accepted(contract: &Value) -> bool {
    let home = tempfile::tempdir().unwrap();
    let spec = home.path().join("spec.json");
    fs::write(&spec, contract.to_string()).unwrap();
    xtask::generate(&spec, None, &home.path().join("out")).is_ok()
}

/// Values that the specification defines, or that name another element.
fn is_grammar(pointer: &str) -> bool {
    [
        "/openapi",
        "/version",
        "/type",
        "/in",
        "/format",
        "/$ref",
        "/name",
        "/operationId",
        "/title",
        "/propertyName",
    ]
    .iter()
    .any(|end| pointer.ends_with(end))
        || [
            "/required/",
            "/mapping/",
            "/tags/",
            "/enum/",
            "/x-enumAliases/",
        ]
        .iter()
        .any(|part| pointer.contains(part))
        || pointer.starts_with("/servers")
}

/// The seed with the text at every location that accepts any text. Its names have a number, so that many copies
/// fit into one contract.
fn copy(text: &str, number: usize) -> Value {
    let mut contract = seed::contract();
    for pointer in seed::texts(&contract) {
        if !is_grammar(&pointer) {
            *contract.pointer_mut(&pointer).unwrap() = Value::from(text);
        }
    }
    contract["components"]["schemas"]["State"]["enum"] = json!(["READY", "RUNNING", text]);
    let mut renamed = Value::Null;
    rename(&contract, number, &mut renamed);
    renamed
}

fn rename(value: &Value, number: usize, to: &mut Value) {
    *to = match value {
        Value::String(text) if text.starts_with("#/components/schemas/") => {
            Value::from(format!("{text}{number}"))
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let mut inner = Value::Null;
                rename(value, number, &mut inner);
                if name == "operationId" {
                    inner = Value::from(format!("{}{number}", value.as_str().unwrap_or_default()));
                }
                (name.clone(), inner)
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| {
                    let mut inner = Value::Null;
                    rename(item, number, &mut inner);
                    inner
                })
                .collect(),
        ),
        other => other.clone(),
    };
}

/// One contract with all copies.
fn joined(copies: impl Iterator<Item = (usize, Value)>) -> Value {
    let mut contract = seed::contract();
    for (number, copy) in copies {
        for (path, item) in copy["paths"].as_object().unwrap() {
            contract["paths"][format!("/copy{number}{path}")] = item.clone();
        }
        for (name, schema) in copy["components"]["schemas"].as_object().unwrap() {
            contract["components"]["schemas"][format!("{name}{number}")] = schema.clone();
        }
    }
    contract
}

#[test]
#[ignore = "checks a client"]
fn a_client_with_every_hostile_text_at_every_place_compiles() {
    let texts = hostile::texts();
    let copies: Vec<(usize, Value)> = texts
        .iter()
        .enumerate()
        .map(|(number, (_, text))| (number, copy(text, number)))
        .filter(|copy| is_accepted(&joined([copy.clone()].into_iter())))
        .collect();
    println!("{} of {} texts are accepted", copies.len(), texts.len());
    assert!(copies.len() * 4 > texts.len() * 3);
    check(&joined(copies.into_iter()));
}

/// Names that models, their fields and the calls of every client already have.
const NAMES: [&str; 40] = [
    "extra",
    "without_extra",
    "extra_mut",
    "withoutExtra",
    "extraMut",
    "drop_extra",
    "ExtraFields",
    "new",
    "default",
    "from",
    "into",
    "try_from",
    "clone",
    "fmt",
    "eq",
    "serialize",
    "deserialize",
    "visit",
    "read",
    "placeholder",
    "carried",
    "model",
    "types",
    "rt",
    "self",
    "Self",
    "super",
    "crate",
    "type",
    "fn",
    "async",
    "Unknown",
    "unknown",
    "Option",
    "String",
    "Vec",
    "Result",
    "Ok",
    "Box",
    "header",
];

#[test]
#[ignore = "checks a client"]
fn a_client_with_the_names_of_its_own_methods_and_with_large_numbers_compiles() {
    let mut paths = json!({});
    let mut schemas = json!({});
    for (number, name) in NAMES.into_iter().enumerate() {
        let other = NAMES[(number + 1) % NAMES.len()];
        let (model, edit, part) = (
            format!("M{number}"),
            format!("M{number}Edit"),
            format!("P{number}"),
        );
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let content = |name: &str| json!({"application/json": {"schema": reference(name)}});
        let response = || json!({"200": {"description": "d", "content": content(&model)}});
        let parameters = json!([
            {"name": name, "in": "path", "required": true, "schema": {"type": "string"}},
            {"name": other, "in": "query", "schema": {"type": "boolean"}},
        ]);
        let path = format!("/m{number}/{{{name}}}");
        paths[path] = json!({
            "get": {"operationId": format!("getM{number}"), "tags": ["Environment"], "parameters": parameters, "responses": response()},
            "put": {"operationId": format!("editM{number}"), "tags": ["Environment"], "parameters": parameters,
                "requestBody": {"required": true, "content": content(&edit)}, "responses": response()},
        });
        let properties = json!({
            name: {"type": "string"}, "other": reference(&part), "list": {"type": "array", "items": reference(&part)},
        });
        schemas[&model] = json!({"type": "object", "required": [name], "properties": properties});
        schemas[&edit] = json!({"type": "object", "required": [name], "properties": properties});
        schemas[&part] = json!({"oneOf": [
            {"type": "object", "required": [name], "properties": {name: {"type": "integer"}}},
            {"type": "object", "required": [other], "properties": {other: {"type": "object", "properties": {name: {"type": "string"}}}}},
        ]});
    }
    schemas["Numbers"] = serde_json::from_str(
        r#"{"type": "object", "required": ["c"], "properties": {
            "a": {"type": "integer", "format": "uint64", "maximum": 18446744073709551615, "default": 18446744073709551615},
            "b": {"type": "integer", "minimum": -170141183460469231731687303715884105728, "maximum": 340282366920938463463374607431768211455},
            "c": {"type": "integer", "format": "int64", "default": 1e3},
            "d": {"type": "number", "default": 1, "maximum": 1e300},
            "e": {"type": "integer", "default": "5"},
            "f": {"type": "integer", "format": "int64", "minimum": -9223372036854775808, "default": -9223372036854775808},
            "g": {"type": "integer", "enum": [18446744073709551615, -1, 0]},
            "h": {"type": "integer", "format": "uint32", "default": 4294967295},
            "i": {"type": "integer", "format": "uint8", "maximum": 255, "default": 255}
        }}"#,
    )
    .unwrap();
    paths["/numbers"] = json!({"post": {
        "operationId": "postNumbers", "tags": ["Environment"],
        "parameters": [{"name": "big", "in": "query", "schema": {"type": "integer", "format": "uint64"}}],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Numbers"}}}},
        "responses": {"200": {"description": "d", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Numbers"}}}}},
    }});
    check(&json!({
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }));
}
