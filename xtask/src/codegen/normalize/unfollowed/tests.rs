use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::keywords::Handling;
use super::super::normalize;
use super::*;
use crate::codegen::model::Normalized;
use crate::contract::source;

/// The location of each object in the contract of these tests.
const PLACES: &[(Thing, &[&str])] = &[
    (Thing::Contract, &[""]),
    (Thing::Components, &["/components"]),
    (
        Thing::PathItem,
        &["/paths/~1a~1{id}", "/components/pathItems/Shared"],
    ),
    (
        Thing::Operation,
        &["/paths/~1a~1{id}/post", "/components/pathItems/Shared/get"],
    ),
    (
        Thing::Parameter,
        &[
            "/paths/~1a~1{id}/post/parameters/0",
            "/paths/~1a~1{id}/parameters/0",
            "/components/parameters/Shared",
        ],
    ),
    (
        Thing::Body,
        &[
            "/paths/~1a~1{id}/post/requestBody",
            "/components/requestBodies/Shared",
        ],
    ),
    (
        Thing::Media,
        &[
            "/paths/~1a~1{id}/post/requestBody/content/application~1x-www-form-urlencoded",
            "/paths/~1a~1{id}/post/responses/200/content/application~1json",
            "/paths/~1c/get/parameters/0/content/application~1json",
        ],
    ),
    (
        Thing::Encoding,
        &[
            "/paths/~1a~1{id}/post/requestBody/content/application~1x-www-form-urlencoded/encoding/list",
        ],
    ),
    (
        Thing::Response,
        &[
            "/paths/~1a~1{id}/post/responses/200",
            "/components/responses/Shared",
        ],
    ),
    (
        Thing::Schema,
        &[
            "/components/schemas/Answer",
            "/components/schemas/Answer/properties/text",
            "/components/schemas/Answer/properties/list/items",
            "/components/schemas/Answer/additionalProperties",
            "/components/schemas/Choice/oneOf/0",
            "/components/schemas/Parts/allOf/1",
            "/paths/~1a~1{id}/post/parameters/0/schema",
            "/paths/~1a~1{id}/post/requestBody/content/application~1x-www-form-urlencoded/schema",
            "/paths/~1c/get/responses/200/content/application~1json/schema/items",
        ],
    ),
];

/// A contract that has each thing at its places.
fn contract() -> Value {
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let shared = |kind: &str| json!({"$ref": format!("#/components/{kind}/Shared")});
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": BASE_URL}],
        "paths": {
            "/a/{id}": {
                "parameters": [{"name": "first", "in": "query", "schema": {"type": "string"}}],
                "post": {
                    "operationId": "a",
                    "parameters": [
                        {"name": "second", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                        shared("parameters"),
                    ],
                    "requestBody": {"content": {"application/x-www-form-urlencoded": {
                        "schema": object(json!({"list": {"type": "array", "items": {"type": "string"}}})),
                        "encoding": {"list": {}},
                    }}},
                    "responses": {"200": {"description": "Fine.", "content": {"application/json": {"schema": schema("Answer")}}}},
                },
            },
            "/b": {"$ref": "#/components/pathItems/Shared"},
            "/c": {"get": {
                "operationId": "c",
                "parameters": [{"name": "filter", "in": "query", "content": {"application/json": {"schema": object(json!({"a": {"type": "string"}}))}}}],
                "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "array", "items": schema("Choice")}}}}},
            }},
        },
        "components": {
            "schemas": {
                "Answer": {
                    "type": "object",
                    "properties": {
                        "text": {"type": "string"},
                        "list": {"type": "array", "items": {"type": "string"}},
                        "parts": schema("Parts"),
                    },
                    "additionalProperties": {"type": "string"},
                },
                "Choice": {"oneOf": [object(json!({"left": {"type": "string"}})), object(json!({"right": {"type": "string"}}))]},
                "Parts": {"allOf": [object(json!({"one": {"type": "string"}})), object(json!({"two": {"type": "string"}}))]},
            },
            "parameters": {"Shared": {"name": "third", "in": "query", "schema": {"type": "integer"}}},
            "requestBodies": {"Shared": {"content": {"application/json": {"schema": schema("Parts")}}}},
            "responses": {"Shared": {"description": "Shared.", "content": {"application/json": {"schema": schema("Parts")}}}},
            "pathItems": {"Shared": {"get": {
                "operationId": "b",
                "requestBody": shared("requestBodies"),
                "responses": {"200": shared("responses")},
            }}},
        },
    })
}

fn read(value: &Value) -> Result<Normalized, String> {
    let document = source::parse(Path::new("api.json"), value.to_string()).expect("a document");
    normalize(&document).map_err(|problem| problem.to_string())
}

/// The facts that the client is generated from, without locations and notes.
fn facts(normalized: &Normalized) -> String {
    format!("{:?} {:?}", normalized.operations, normalized.schemas)
}

/// Adds a keyword at a location; `None` if the contract already has it there.
fn with(place: &str, keyword: &str, value: Value) -> Option<Value> {
    let mut contract = contract();
    let thing = contract
        .pointer_mut(place)
        .unwrap_or_else(|| panic!("{place}"));
    let thing = thing.as_object_mut().expect("a mapping");
    // An object with a reference has no other keyword.
    if thing.contains_key(keyword) || thing.contains_key("$ref") {
        return None;
    }
    thing.insert(keyword.to_owned(), value);
    Some(contract)
}

/// A value that a keyword may have: one that a followed keyword makes a difference with.
fn example(thing: Thing, keyword: &str) -> Vec<Value> {
    let schema = json!({"type": "integer"});
    let one = match (thing, keyword) {
        (_, "$ref") => json!("#/components/schemas/Choice"),
        (_, "servers") => json!([{"url": "https://elsewhere.test"}]),
        (
            _,
            "deprecated" | "readOnly" | "writeOnly" | "nullable" | "uniqueItems" | "allowReserved"
            | "allowEmptyValue",
        ) => json!(true),
        (Thing::Parameter, "content") => json!({"application/json": {"schema": schema}}),
        (Thing::Media, "encoding") => json!({"list": {"style": "pipeDelimited", "explode": false}}),
        (_, "required") if thing != Thing::Schema => json!(true),
        (_, "style") => json!("pipeDelimited"),
        (_, "explode") => json!(false),
        (_, "contentType") => json!("application/json"),
        (_, "parameters") => json!([{"name": "more", "in": "query", "schema": schema}]),
        (_, "requestBody") => json!({"content": {"application/json": {"schema": schema}}}),
        (Thing::PathItem, method) if !["summary", "description"].contains(&method) => {
            json!({"operationId": "more", "responses": {"204": {"description": ""}}})
        }
        (
            _,
            "webhooks" | "callbacks" | "links" | "headers" | "examples" | "$defs" | "definitions"
            | "securitySchemes",
        ) => json!({}),
        (_, "tags") => json!(["Environment"]),
        (Thing::Schema, "type") => json!("integer"),
        (Thing::Schema, "format") => {
            return vec![json!("uuid"), json!("int32"), json!("date-time")];
        }
        (Thing::Schema, "enum") => json!(["A", "B"]),
        (Thing::Schema, "const") => json!("A"),
        (Thing::Schema, "properties" | "patternProperties") => json!({"^z": schema}),
        (Thing::Schema, "required") => {
            return vec![
                json!(["text"]),
                json!(["left"]),
                json!(["two"]),
                json!(["list"]),
                json!(["z"]),
            ];
        }
        (
            Thing::Schema,
            "items" | "additionalProperties" | "contains" | "propertyNames" | "not" | "if",
        ) => schema,
        (Thing::Schema, "allOf") => {
            return vec![
                json!([{"properties": {"z": {}}}]),
                json!([{"type": "string", "maxLength": 1, "enum": ["A"]}]),
            ];
        }
        (Thing::Schema, "anyOf" | "oneOf") => {
            json!([{"type": "string"}, {"properties": {"z": {}}}])
        }
        (Thing::Schema, "discriminator") => json!({"propertyName": "text"}),
        (Thing::Schema, "default") => return vec![json!("A"), json!({})],
        (Thing::Schema, "pattern") => json!("^a"),
        (Thing::Schema, "prefixItems") => json!([schema]),
        (_, "description" | "summary" | "operationId" | "title") => json!("Something."),
        _ => json!(3),
    };
    vec![one]
}

#[test]
fn every_keyword_at_every_place_is_followed_or_described_or_noted_or_refused() {
    let plain = read(&contract()).expect("it is fine");
    assert_eq!(plain.remarks, []);
    let plain = facts(&plain);
    for (thing, places) in PLACES {
        let keywords = Keywords::of(*thing);
        for keyword in keywords.all() {
            let handling = keywords.handling(keyword).expect("known");
            let mut is_followed = false;
            for place in *places {
                for value in example(*thing, keyword) {
                    let Some(contract) = with(place, keyword, value) else {
                        // The required keywords of a contract are covered by all other tests.
                        is_followed = true;
                        continue;
                    };
                    let at = format!("{place}/{}", step(keyword));
                    let read = read(&contract);
                    let notes = |read: &Normalized| {
                        let mut notes = read.remarks.iter();
                        notes.any(|note| note.pointer == at || note.pointer.starts_with(*place))
                    };
                    match (handling, read) {
                        (Handling::Followed, Err(_)) => is_followed = true,
                        (Handling::Followed, Ok(read)) => {
                            is_followed |= facts(&read) != plain || notes(&read);
                        }
                        (Handling::Describes, read) => {
                            let read = read.unwrap_or_else(|problem| panic!("{at}: {problem}"));
                            assert_eq!(read.remarks, [], "{at}");
                            assert_eq!(facts(&read), plain, "{at}");
                        }
                        // A refusal is acceptable instead of an expected note.
                        (Handling::Noted(_), Err(_)) => {}
                        (Handling::Noted(_), Ok(read)) => {
                            let mut notes = read.remarks.iter();
                            let is_noted = notes.any(|note| note.pointer == at);
                            assert!(is_noted, "{at}: {:?}", read.remarks);
                            is_followed = true;
                        }
                    }
                }
            }
            assert!(
                handling == Handling::Describes || is_followed,
                "`{keyword}` of {thing:?} is neither followed nor noted anywhere"
            );
        }
    }
}

#[test]
fn an_unknown_keyword_is_noted_at_every_location_unless_it_is_an_extension() {
    for (thing, places) in PLACES {
        for place in *places {
            for (keyword, is_noted) in [("requierd", true), ("x-requierd", false)] {
                let Some(contract) = with(place, keyword, json!({})) else {
                    continue;
                };
                let read = read(&contract).unwrap_or_else(|problem| panic!("{place}: {problem}"));
                let noted = read.remarks.iter().map(|note| note.pointer.clone());
                let expected = is_noted.then(|| format!("{place}/{keyword}"));
                assert_eq!(
                    noted.collect::<Vec<_>>(),
                    Vec::from_iter(expected),
                    "{thing:?}"
                );
            }
        }
    }
}

#[test]
fn a_property_named_like_a_keyword_is_a_property() {
    let mut contract = contract();
    let properties = contract
        .pointer_mut("/components/schemas/Answer/properties")
        .expect("there");
    for name in ["contains", "servers", "unknown", "properties"] {
        properties[name] = json!({"type": "string"});
    }
    assert_eq!(read(&contract).expect("fine").remarks, []);
}

#[test]
fn keywords_beside_the_reference_of_a_parameter_are_noted() {
    let mut contract = contract();
    let parameter = contract
        .pointer_mut("/paths/~1a~1{id}/post/parameters/1")
        .expect("there");
    parameter["required"] = json!(true);
    parameter["description"] = json!("Fine in 3.1.");
    let notes = read(&contract).expect("fine").remarks;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(
        notes[0].pointer,
        "/paths/~1a~1{id}/post/parameters/1/required"
    );
}

#[test]
fn servers_elsewhere_are_noted_and_several_patterns_too() {
    let mut contract = contract();
    contract["servers"] = json!([{"url": "https://a.test"}, {"url": "https://b.test"}]);
    let notes = read(&contract).expect("fine").remarks;
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].text.contains("`https://a.test`, `https://b.test`"),
        "{notes:?}"
    );
    let patterns = json!({"^a": {"type": "string"}, "^b": {"type": "integer"}});
    let contract = with(
        "/components/schemas/Parts/allOf/1",
        "patternProperties",
        patterns,
    )
    .expect("new");
    let notes = read(&contract).expect("fine").remarks;
    assert_eq!(notes.len(), 1, "{notes:?}");
}

#[test]
fn the_base_url_is_that_of_the_runtime() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qovery-api/src/runtime/client.rs");
    let text = fs::read_to_string(path).expect("readable");
    assert!(text.contains(&format!("DEFAULT_BASE_URL: &str = \"{BASE_URL}\"")));
}
