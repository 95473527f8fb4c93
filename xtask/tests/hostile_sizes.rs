//! Contracts that are large, or that become large when references are written out: each run ends soon, with a
//! client, or with a message that names the file, the place and the reason.

#![allow(clippy::expect_used, reason = "a test fails if its setup fails")]

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

/// The limit for a run without optimization and beside other tests. If no other program runs, a client takes a
/// tenth of this time.
const LONGEST: Duration = Duration::from_secs(300);

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn object(property: &str) -> Value {
    json!({"type": "object", "properties": {property: {"type": "string"}}})
}

fn contract(schemas: Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/environment": {"get": {"operationId": "getRoot", "tags": ["Environment"], "responses": {
            "200": {"description": "x", "content": {"application/json": {"schema": reference("Root")}}},
        }}}},
        "components": {"schemas": schemas},
    })
}

/// `Root` leads to `S0`, that to `S1` and so on, as `link` says, and the last one is `last`.
fn chain(length: usize, link: impl Fn(&str) -> Value, last: Value) -> Value {
    let mut schemas = Map::new();
    schemas.insert("Root".to_owned(), link("S0"));
    for number in 0..length {
        schemas.insert(format!("S{number}"), link(&format!("S{}", number + 1)));
    }
    schemas.insert(format!("S{length}"), last);
    contract(Value::Object(schemas))
}

/// Nested schemas.
fn nested(depth: usize, wrap: impl Fn(usize, Value) -> Value, inner: Value) -> Value {
    let schema = (0..depth).fold(inner, |inner, level| wrap(level, inner));
    contract(json!({"Root": schema}))
}

enum Outcome {
    Client,
    Refused(&'static str),
    /// Both results are correct.
    Any,
}

#[track_caller]
fn ends(name: &str, text: &str, outcome: &Outcome) {
    let home = tempfile::tempdir().expect("a directory");
    let spec = home.path().join(name);
    fs::write(&spec, text).expect("written");
    let begin = Instant::now();
    let generated = xtask::generate(&spec, None, &home.path().join("out"));
    let imported = xtask::import(
        std::slice::from_ref(&spec),
        &home.path().join("openapi.yaml"),
    );
    let took = begin.elapsed();
    assert!(took < LONGEST, "{name} took {took:?}");
    for message in [generated.as_ref().err(), imported.as_ref().err()]
        .into_iter()
        .flatten()
    {
        let start: String = message.chars().take(400).collect();
        assert!(message.contains(name), "{start}");
        assert!(message.len() < 3000, "{start}");
    }
    match (outcome, generated) {
        (Outcome::Client, generated) => generated.expect(name),
        (Outcome::Refused(part), Err(message)) => {
            assert!(message.contains(part), "{name}: {message}");
        }
        (Outcome::Refused(part), Ok(())) => assert_eq!("accepted", *part, "{name}"),
        (Outcome::Any, _) => {}
    }
}

#[track_caller]
fn bombs(bombs: Vec<(&str, Value, Outcome)>) {
    for (name, contract, outcome) in bombs {
        ends(&format!("{name}.json"), &contract.to_string(), &outcome);
    }
}

#[test]
fn generation_ends_for_chains_of_references() {
    let last = || object("a");
    bombs(vec![
        (
            "ref",
            chain(4200, reference, last()),
            Outcome::Refused("has more than 100 schemas"),
        ),
        ("short-ref", chain(40, reference, last()), Outcome::Client),
        (
            "list",
            chain(
                4200,
                |next| json!({"type": "array", "items": reference(next)}),
                last(),
            ),
            Outcome::Refused("has more than 100 schemas"),
        ),
        (
            "short-list",
            chain(
                40,
                |next| json!({"type": "array", "items": reference(next)}),
                last(),
            ),
            Outcome::Client,
        ),
        (
            "map",
            chain(
                1200,
                |next| json!({"type": "object", "additionalProperties": reference(next)}),
                last(),
            ),
            Outcome::Refused("has more than 100 schemas"),
        ),
        (
            "all-of",
            chain(
                1200,
                |next| json!({"allOf": [reference(next), object(next)]}),
                last(),
            ),
            Outcome::Refused("has more than 100 schemas"),
        ),
        (
            "short-all-of",
            chain(
                60,
                |next| json!({"allOf": [reference(next), object(next)]}),
                last(),
            ),
            Outcome::Client,
        ),
        (
            "any-of",
            chain(
                500,
                |next| json!({"anyOf": [reference(next), {"type": "integer"}]}),
                last(),
            ),
            Outcome::Any,
        ),
        (
            "properties",
            chain(
                1200,
                |next| json!({"type": "object", "properties": {"a": reference(next)}}),
                last(),
            ),
            Outcome::Client,
        ),
        (
            "lists-of-lists",
            chain(
                90,
                |next| {
                    (0..20).fold(
                        reference(next),
                        |inner, _| json!({"type": "array", "items": inner}),
                    )
                },
                last(),
            ),
            Outcome::Refused("nested in each other"),
        ),
    ]);
}

#[test]
fn generation_ends_for_references_between_parameters_and_responses() {
    let linked = |kind: &str, last: Value| {
        let mut all = Map::new();
        for number in 0..900 {
            let next = format!("#/components/{kind}/P{}", number + 1);
            all.insert(format!("P{number}"), json!({"$ref": next}));
        }
        all.insert("P900".to_owned(), last);
        let mut contract = contract(json!({"Root": object("a")}));
        contract["components"][kind] = Value::Object(all);
        contract
    };
    let mut parameters = linked(
        "parameters",
        json!({"name": "x", "in": "query", "schema": {"type": "string"}}),
    );
    parameters["paths"]["/environment"]["get"]["parameters"] =
        json!([{"$ref": "#/components/parameters/P0"}]);
    let mut responses = linked("responses", json!({"description": "x"}));
    responses["paths"]["/environment"]["get"]["responses"]["200"] =
        json!({"$ref": "#/components/responses/P0"});
    bombs(vec![
        ("parameters", parameters, Outcome::Client),
        ("responses", responses, Outcome::Client),
    ]);
}

#[test]
fn generation_ends_for_schemas_that_each_use_the_next_one_twice() {
    let last = || object("z");
    let inside = |count: usize, part: fn(&str) -> Value| {
        let mut properties = Map::new();
        for number in 0..count {
            let next = format!("#/components/schemas/Root/properties/p{}", number + 1);
            properties.insert(format!("p{number}"), part(&next));
        }
        properties.insert(format!("p{count}"), json!({"type": "string"}));
        contract(json!({"Root": {"type": "object", "properties": properties}}))
    };
    bombs(vec![
        (
            "one-of",
            chain(
                30,
                |next| json!({"allOf": [{"oneOf": [reference(next), reference(next)]}, object(next)]}),
                last(),
            ),
            Outcome::Refused("repeat more than"),
        ),
        (
            "any-of",
            chain(
                30,
                |next| json!({"anyOf": [reference(next), {"allOf": [reference(next), object(next)]}]}),
                last(),
            ),
            Outcome::Refused("repeat more than"),
        ),
        (
            "all-of",
            chain(
                30,
                |next| json!({"allOf": [reference(next), reference(next)]}),
                last(),
            ),
            Outcome::Client,
        ),
        (
            "properties",
            chain(
                30,
                |next| json!({"type": "object", "properties": {"l": reference(next), "r": reference(next)}}),
                last(),
            ),
            Outcome::Client,
        ),
        (
            "maps",
            chain(
                30,
                |next| json!({"type": "array", "items": {"oneOf": [reference(next), {"type": "object", "additionalProperties": reference(next)}]}}),
                json!({"type": "string"}),
            ),
            Outcome::Any,
        ),
        (
            "inside",
            inside(
                30,
                |next| json!({"type": "object", "properties": {"l": {"$ref": next}, "r": {"$ref": next}}}),
            ),
            Outcome::Client,
        ),
        (
            "inside-chain",
            inside(1900, |next| json!({"$ref": next})),
            Outcome::Refused("has more than 100 schemas"),
        ),
        (
            "nullable",
            chain(
                30,
                |next| json!({"nullable": true, "anyOf": [reference(next), {"nullable": true, "allOf": [reference(next)]}]}),
                last(),
            ),
            Outcome::Any,
        ),
    ]);
}

#[test]
fn generation_ends_for_nested_schemas() {
    let text = || json!({"type": "string"});
    let mut cases = Vec::new();
    for depth in [20, 45, 300] {
        let outcome = || {
            if depth == 300 {
                Outcome::Refused("cannot be read as JSON")
            } else {
                Outcome::Any
            }
        };
        cases.push((
            "items",
            nested(
                depth,
                |_, inner| json!({"type": "array", "items": inner}),
                text(),
            ),
            outcome(),
        ));
        cases.push((
            "maps",
            nested(
                depth,
                |_, inner| json!({"type": "object", "additionalProperties": inner}),
                text(),
            ),
            outcome(),
        ));
        cases.push((
            "all-of",
            nested(
                depth,
                |level, inner| json!({"allOf": [inner, object(&format!("p{level}"))]}),
                object("z"),
            ),
            outcome(),
        ));
        cases.push((
            "not",
            nested(depth, |_, inner| json!({"not": inner}), text()),
            outcome(),
        ));
        cases.push(("one-of", nested(depth, |level, inner| json!({"oneOf": [{"allOf": [inner, object(&format!("p{level}"))]}, object(&format!("q{level}"))]}), object("z")), outcome()));
        cases.push((
            "properties",
            nested(
                depth,
                |_, inner| json!({"type": "object", "properties": {"p": inner}}),
                text(),
            ),
            outcome(),
        ));
    }
    bombs(cases);
}

#[test]
fn many_of_a_kind_end() {
    let texts = |count: usize| -> Value {
        (0..count)
            .map(|number| json!(format!("V{number}")))
            .collect()
    };
    let properties = |count: usize| -> Value {
        let all = (0..count).map(|number| (format!("p{number}"), json!({"type": "string"})));
        Value::Object(all.collect())
    };
    let mut many_parameters = contract(json!({"Root": object("a")}));
    many_parameters["paths"]["/environment"]["get"]["parameters"] = (0..5000)
        .map(|number| json!({"name": format!("p{number}"), "in": "query", "schema": {"type": "string"}}))
        .collect();
    let mut many_paths = contract(json!({"Root": object("a")}));
    many_paths["paths"] = Value::Object(
        (0..20_000)
            .map(|number| {
                (
                    format!("/environment/a{number}"),
                    json!({"get": {"responses": {"204": {"description": "x"}}}}),
                )
            })
            .collect(),
    );
    let mut many_operations = contract(json!({"Root": object("a")}));
    many_operations["paths"] = (0..1_300)
        .map(|number| {
            let operation =
                json!({"tags": ["Environment"], "responses": {"204": {"description": "x"}}});
            (format!("/environment/a{number}"), json!({"get": operation}))
        })
        .collect::<Map<String, Value>>()
        .into();
    let runs: String = (1..1_900).map(|count| "`".repeat(count) + " ").collect();
    let described = |text: &str| {
        let mut schema = object("a");
        schema["description"] = json!(text);
        contract(json!({"Root": schema}))
    };
    let mut long_path = contract(json!({"Root": object("a")}));
    long_path["paths"] =
        json!({"/a".repeat(10_000): {"get": {"responses": {"204": {"description": "x"}}}}});
    bombs(vec![
        (
            "values",
            contract(
                json!({"Root": {"type": "object", "properties": {"e": {"type": "string", "enum": texts(100_000)}}}}),
            ),
            Outcome::Refused(
                "/components/schemas/Root/properties/e/enum: `enum` has 100000 entries",
            ),
        ),
        (
            "some-values",
            contract(
                json!({"Root": {"type": "object", "properties": {"e": {"type": "string", "enum": texts(1000)}}}}),
            ),
            Outcome::Client,
        ),
        (
            "properties",
            contract(json!({"Root": {"type": "object", "properties": properties(50_000)}})),
            Outcome::Refused("entries, more than"),
        ),
        (
            "members",
            contract(
                json!({"Root": {"oneOf": (0..10_000).map(|number| object(&format!("p{number}"))).collect::<Value>()}}),
            ),
            Outcome::Refused("/components/schemas/Root/oneOf"),
        ),
        (
            "parameters",
            many_parameters,
            Outcome::Refused("/paths/~1environment/get/parameters"),
        ),
        ("paths", many_paths, Outcome::Refused("/paths: ")),
        (
            "operations",
            many_operations,
            // The 1201st path by name.
            Outcome::Refused("/paths/~1environment~1a909: the contract has more than 1200"),
        ),
        ("runs-of-backticks", described(&runs), Outcome::Client),
        (
            "many-lines",
            described(&"- a\n".repeat(100_000)),
            Outcome::Refused("/components/schemas/Root/description: the text has more than"),
        ),
        (
            "much-text",
            described(&"`a` [b](c) ".repeat(300_000)),
            Outcome::Refused("/components/schemas/Root/description: the text has more than"),
        ),
        (
            "long-path",
            long_path,
            Outcome::Refused("the name is longer than"),
        ),
        (
            "long-name",
            contract(json!({"Root": object(&"x".repeat(1_000_000))})),
            Outcome::Refused("the name is longer than"),
        ),
        (
            "long-text",
            contract(
                json!({"Root": {"type": "object", "description": "a `b` [c] <d> ".repeat(70_000), "properties": {"p": {"type": "string", "default": "`".repeat(1_000_000)}}}}),
            ),
            Outcome::Client,
        ),
    ]);
}

#[test]
fn generation_ends_for_yaml_that_expands() {
    let head = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {}\n";
    let mut aliases = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        aliases.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    let merged: String = (1..20)
        .map(|level| {
            format!(
                "m{level}: &m{level} {{<<: [*m{}, *m{}]}}\n",
                level - 1,
                level - 1
            )
        })
        .collect();
    for (name, text, part) in [
        ("brackets", "[".repeat(195_000), "cannot be read as YAML"),
        ("braces", "{a: ".repeat(60_000), "cannot be read as YAML"),
        (
            "dashes",
            format!("x:\n  {}", "- ".repeat(100_000)),
            "nested in each other",
        ),
        (
            "questions",
            format!("x:\n  {}", "? ".repeat(100_000)),
            "plain text",
        ),
        ("aliases", aliases, "more than 250000 values"),
        ("merges", format!("m0: &m0 {{}}\n{merged}"), "merge keys"),
        (
            "items",
            format!("x: [{}]", "a,".repeat(2_000_000)),
            "more than 250000 values",
        ),
        (
            "lines",
            format!("x:\n{}", " - a\n".repeat(1_000_000)),
            "more than 250000 values",
        ),
        ("large", "# x\n".repeat(5_000_000), "is larger than 16 MiB"),
        (
            "text",
            format!("x: &x {}\ny: [{}]", "z".repeat(1 << 20), "*x,".repeat(100)),
            "MiB of text",
        ),
    ] {
        let text = if name == "brackets" || name == "braces" {
            format!("openapi: 3.0.3\npaths: {text}")
        } else {
            format!("{head}{text}")
        };
        ends(&format!("{name}.yaml"), &text, &Outcome::Refused(part));
    }
}

#[test]
fn generation_ends_for_models_that_contain_each_other_in_requests_and_responses() {
    const COUNT: usize = 600;
    let model = |number: usize, suffix: &str| {
        let parts = (0..8).map(|part| {
            let other = (number * 7 + part) % COUNT;
            (format!("p{part}"), reference(&format!("S{other}{suffix}")))
        });
        json!({"type": "object", "properties": parts.collect::<Map<String, Value>>()})
    };
    let mut contract = contract(json!({"Root": object("a")}));
    for number in 0..COUNT {
        for suffix in ["", "Edit"] {
            contract["components"]["schemas"][format!("S{number}{suffix}")] = model(number, suffix);
        }
        let content = |name: String| json!({"application/json": {"schema": reference(&name)}});
        let answer = json!({"200": {"description": "x", "content": content(format!("S{number}"))}});
        contract["paths"][format!("/s{number}")] = json!({
            "get": {"tags": ["Environment"], "responses": answer},
            "put": {
                "tags": ["Environment"],
                "requestBody": {"content": content(format!("S{number}Edit"))},
                "responses": answer,
            },
        });
    }
    bombs(vec![("edits", contract, Outcome::Any)]);
}

#[test]
fn generation_ends_for_a_resource_that_is_its_own_id_or_value() {
    let part = |name: &str, other: &str| {
        json!({"type": "object", "required": [name], "properties": {
            name: reference(other),
            "tag": {"type": "string"},
        }})
    };
    let text = json!({"type": "string"});
    for (name, request) in [
        ("id", text.clone()),
        ("id", json!({"type": "string", "format": "uuid"})),
        ("value", text.clone()),
        ("value", json!({"type": "array", "items": text})),
    ] {
        for others in [["Root", "Root"], ["Other", "Root"]] {
            let mut contract = contract(json!({
                "Root": part(name, others[0]),
                "Other": part(name, others[1]),
                "Edit": {"type": "object", "required": [name], "properties": {name: request}},
            }));
            let content = |name: &str| json!({"application/json": {"schema": reference(name)}});
            let answer = json!({"200": {"description": "x", "content": content("Root")}});
            contract["paths"]["/root"] = json!({
                "get": {"tags": ["Environment"], "responses": answer},
                "put": {
                    "tags": ["Environment"],
                    "requestBody": {"content": content("Edit")},
                    "responses": answer,
                },
            });
            bombs(vec![("own-part", contract, Outcome::Client)]);
        }
    }
}

#[test]
fn unions_of_unions_of_many_models_are_refused() {
    let members = (0..85).map(|outer| {
        let models = (0..300).map(|inner| object(&format!("a{outer}_{inner}")));
        json!({"anyOf": models.collect::<Vec<_>>()})
    });
    let contract = contract(json!({"Root": {"anyOf": members.collect::<Vec<_>>()}}));
    bombs(vec![(
        "members",
        contract,
        Outcome::Refused("more than 30000"),
    )]);
}
