//! Property: a contract gives the same client with and without `import`, or `import` refuses it.

use std::path::Path;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::*;
use crate::codegen::comparison;
use crate::contract::import::{Loss, import};
use crate::contract::overlay::remove;
use crate::contract::{canonical, source};

/// Names of schemas. Some of them are one name in Rust.
const COMPONENTS: [&str; 10] = [
    "Alpha", "alpha", "beta_two", "beta-two", "BetaTwo2", "Gamma", "a/b", "x.y", "AInner", "Zeta",
];

/// The separator before the chance of a member, in tenths.
const MARKS: [char; 2] = ['?', '+'];

/// Contracts of version 3.1 with every keyword in every position.
struct Maker {
    random: Rng,
    names: Vec<&'static str>,
    grammar: Value,
}

impl Maker {
    fn new(seed: u64, grammar: &Value) -> Self {
        let mut random = Rng::with_seed(seed);
        let mut names = COMPONENTS.to_vec();
        random.shuffle(&mut names);
        names.truncate(random.usize(2..6));
        let grammar = grammar.clone();
        Self {
            random,
            names,
            grammar,
        }
    }

    /// The rules of the parts of contracts.
    fn grammar() -> Value {
        let text = include_str!("imported/grammar.yaml").to_owned();
        let grammar = source::parse(Path::new("grammar.yaml"), text);
        grammar.unwrap_or_else(|problem| panic!("{problem}")).value
    }

    fn often(&mut self, of_ten: u8) -> bool {
        self.random.u8(..10) < of_ten
    }

    /// A reference to a component, or to the first one, which is an object.
    fn reference(&mut self, is_first: bool) -> Value {
        let index = if is_first {
            0
        } else {
            self.random.usize(..self.names.len())
        };
        let name = self.names[index].replace('/', "~1");
        let inside = match self.random.u8(..7) {
            0 if !is_first => "/$defs/Inner",
            1 if !is_first => "/$defs/other",
            _ => "",
        };
        json!(format!("#/components/schemas/{name}{inside}"))
    }

    /// A part by the alternatives of a rule.
    fn part(&mut self, rule: &str, depth: u8) -> Value {
        let (rule, depth) = match rule {
            "reference" | "first" => return self.reference(rule == "first"),
            "named" => {
                let names: Vec<Value> = (0..self.random.usize(..4))
                    .map(|_| self.part("property", 0))
                    .collect();
                let names = names.iter().filter_map(Value::as_str);
                return names
                    .map(|name| (name, self.part("schema", depth)))
                    .collect();
            }
            "schema" if depth == 0 => ("leaf", 0),
            "schema" => (rule, depth - 1),
            rule => (rule, depth),
        };
        let alternatives = self.grammar[rule].as_array().cloned();
        let alternatives = alternatives.unwrap_or_else(|| panic!("no rule {rule}"));
        let weighted = alternatives.iter().flat_map(|one| {
            let only = one.as_object().filter(|one| one.len() == 1);
            let (weight, one) = only
                .and_then(|only| only.iter().next())
                .and_then(|(key, inner)| Some((key.strip_prefix('x')?.parse().ok()?, inner)))
                .unwrap_or((1, one));
            std::iter::repeat_n(one, weight)
        });
        let weighted: Vec<&Value> = weighted.collect();
        let chosen = weighted[self.random.usize(..weighted.len())];
        self.expanded(chosen, depth)
    }

    /// A template with choices in place of its rules.
    fn expanded(&mut self, template: &Value, depth: u8) -> Value {
        let rule = |text: &str| Some(text.strip_prefix('<')?.strip_suffix('>')?.to_owned());
        match template {
            Value::String(text) => match rule(text) {
                Some(rule) => self.part(&rule, depth),
                None => template.clone(),
            },
            Value::Array(items) => items
                .iter()
                .map(|item| self.expanded(item, depth))
                .collect(),
            Value::Object(members) => {
                let mut map = Map::new();
                for (key, inner) in members {
                    let (name, chance) = key.split_once(MARKS).unwrap_or((key, "10"));
                    let chance = chance
                        .split(' ')
                        .next()
                        .and_then(|chance| chance.parse().ok());
                    if !self.often(chance.expect("a chance of ten")) {
                        continue;
                    }
                    let value = self.expanded(inner, depth);
                    if name.is_empty() {
                        map.extend(value.as_object().cloned().unwrap_or_default());
                        continue;
                    }
                    let name = match rule(name) {
                        Some(rule) => self.part(&rule, depth).as_str().expect("a name").to_owned(),
                        None => name.to_owned(),
                    };
                    map.insert(name, value);
                }
                Value::Object(map)
            }
            _ => template.clone(),
        }
    }

    fn contract(&mut self) -> Value {
        let mut schemas = Map::new();
        for name in self.names.clone() {
            // Parts of others refer to the first one.
            let is_object = name == self.names[0] || self.random.bool();
            let mut schema = if is_object {
                self.part("object", 2)
            } else if self.often(2) {
                self.part("heir", 0)
            } else {
                self.part("schema", 3)
            };
            if name == self.names[0] && self.often(2) {
                schema["properties"]["kind"] = json!({"type": "string"});
                schema["discriminator"] = json!({"propertyName": "kind"});
            }
            if schema.is_boolean() {
                schema = json!({});
            }
            if let Value::Object(map) = &mut schema {
                map.insert(
                    "$defs".to_owned(),
                    json!({"Inner": self.part("schema", 2), "other": self.part("schema", 1)}),
                );
            }
            schemas.insert(name.to_owned(), schema);
        }
        let mut all = ["/a", "/a/{id}", "/b-c", "/b/c", "/Z"];
        self.random.shuffle(&mut all);
        let mut paths = Map::new();
        for path in all.iter().take(self.random.usize(1..4)) {
            let mut item = Map::new();
            for method in ["get", "post", "put", "delete", "patch"] {
                if !self.often(4) {
                    continue;
                }
                let mut operation = self.part("operation", 2);
                if path.contains('{')
                    && let Some(parameters) = operation["parameters"].as_array_mut()
                {
                    parameters.push(json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}));
                }
                if !["get", "delete"].contains(&method) && self.often(8) {
                    operation["requestBody"] = self.part("body", 2);
                }
                item.insert(method.to_owned(), operation);
            }
            if self.often(2) {
                item.insert("parameters".to_owned(), json!([self.part("parameter", 1)]));
            }
            paths.insert((*path).to_owned(), Value::Object(item));
        }
        let contract = json!({
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "paths": paths,
            "components": {"schemas": schemas},
            "webhooks": {},
        });
        self.with_references(contract)
    }

    /// The contract with references in place of some path items, parameters, bodies, responses and headers.
    fn with_references(&mut self, mut contract: Value) -> Value {
        let items = contract["paths"].as_object().cloned().unwrap_or_default();
        for (path, mut item) in items {
            for (method, operation) in item.as_object_mut().into_iter().flatten() {
                if method == "parameters" {
                    continue;
                }
                for (parts, kind) in [("parameters", "parameters"), ("responses", "responses")] {
                    let inner = match &mut operation[parts] {
                        Value::Array(list) => list.iter_mut().collect::<Vec<_>>(),
                        Value::Object(map) => map.values_mut().collect(),
                        _ => continue,
                    };
                    for one in inner {
                        if self.often(2) {
                            self.take_out(one, kind, &mut contract);
                        }
                    }
                }
                if self.often(3) && operation.get("requestBody").is_some() {
                    self.take_out(
                        &mut operation["requestBody"],
                        "requestBodies",
                        &mut contract,
                    );
                }
            }
            if self.often(2) {
                let beside = item
                    .as_object_mut()
                    .and_then(|item| item.remove("parameters"));
                self.take_out(&mut item, "pathItems", &mut contract);
                if let Some(beside) = beside {
                    item["parameters"] = beside;
                }
            }
            contract["paths"][&path] = item;
        }
        contract
    }

    /// Moves a part to `components` or to another place, and puts a reference in its place, perhaps through another
    /// reference.
    fn take_out(&mut self, part: &mut Value, kind: &str, contract: &mut Value) {
        let is_hook = kind == "pathItems" && self.random.bool();
        let place = if is_hook {
            &mut contract["webhooks"]
        } else {
            &mut contract["components"][kind]
        };
        if place.is_null() {
            *place = json!({});
        }
        let name = format!("P{}", place.as_object().map_or(0, Map::len));
        let prefix = if is_hook {
            "#/webhooks".to_owned()
        } else {
            format!("#/components/{kind}")
        };
        place[&name] = part.take();
        *part = json!({"$ref": format!("{prefix}/{name}")});
        if self.often(3) {
            let next = format!("{name}b");
            place[&next] = std::mem::replace(part, json!({"$ref": format!("{prefix}/{next}")}));
        }
    }
}

/// The facts that the client is made of.
fn client(document: &Document) -> Result<Normalized, String> {
    let normalized = normalize(document).map_err(|problem| problem.to_string())?;
    crate::codegen::progenitor(&normalized).map_err(|problem| problem.to_string())?;
    Ok(normalized)
}

/// The difference between the clients with and without `import`, if there is one.
fn difference(contract: &Value) -> Result<bool, String> {
    let document = source::parse(Path::new("api.json"), contract.to_string())
        .map_err(|problem| problem.to_string())?;
    let direct = client(&document);
    let imported = match import(None, std::slice::from_ref(&document), Loss::Allowed) {
        Ok(imported) => {
            canonical::text(&imported.document).map_err(|problem| problem.to_string())?
        }
        Err(problem) => {
            let message = problem.to_string();
            let is_whole = message.contains("api.json:")
                && message.contains("/")
                && message.contains("help: ");
            return if is_whole {
                Ok(false)
            } else {
                Err(format!("a refusal without place or help: {message}"))
            };
        }
    };
    let document = source::parse(Path::new("imported.yaml"), imported.clone())
        .map_err(|problem| problem.to_string())?;
    match (direct, client(&document)) {
        (Ok(direct), Ok(after)) => match comparison::difference(&direct, &after) {
            None => Ok(true),
            Some(difference) => Err(format!("{difference:#?}\n{imported}")),
        },
        (Err(_), Err(_)) => Ok(false),
        (Err(direct), Ok(_)) => Err(format!("refused only without import: {direct}\n{imported}")),
        (Ok(_), Err(after)) => Err(format!("refused only after import: {after}\n{imported}")),
    }
}

/// Makes a failing contract smaller, part by part.
fn smallest(contract: &Value) -> Value {
    let mut best = contract.clone();
    let mut left = Vec::new();
    places(&best, "", &mut left);
    while let Some(place) = left.pop() {
        let mut less = best.clone();
        remove(&mut less, &place);
        if difference(&less).is_err() {
            best = less;
            left.clear();
            places(&best, "", &mut left);
        }
    }
    best
}

/// The parts that a contract may lack; the outer ones come last.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    const KEPT: &str = "openapi info webhooks paths responses tags name in";
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, one)| (step(key), one)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(index, one)| (index.to_string(), one))
            .collect(),
        _ => Vec::new(),
    };
    for (key, inner) in inner {
        let place = format!("{pointer}/{key}");
        places(inner, &place, found);
        if !KEPT.split(' ').any(|kept| kept == key) {
            found.push(place);
        }
    }
}

/// Whether the command `import` refuses a contract because the client would be another one, with the location and
/// the reason.
fn is_refused_by_the_command(contract: &Value) -> bool {
    let document = source::parse(Path::new("api.json"), contract.to_string());
    let refusal = document.and_then(|document| crate::import::same_client::check(&document));
    let refusal = refusal.err().map(|problem| problem.to_string());
    refusal.is_some_and(|refusal| {
        let place = refusal.strip_prefix("api.json:1: /");
        place.is_some() && refusal.contains("cannot express this") && refusal.contains("help: ")
    })
}

/// `SEEDS=FROM..TO` selects other seeds, and `SHOW` the number of failures to print.
#[test]
fn a_random_contract_gives_the_same_client_with_and_without_import() {
    let given = std::env::var("SEEDS").ok();
    let seeds = given.as_deref().and_then(|given| {
        let (from, to) = given.split_once("..")?;
        Some(from.parse().ok()?..to.parse().ok()?)
    });
    let grammar = Maker::grammar();
    let (mut compared, mut refused, mut failures) = (0, 0, Vec::new());
    let seeds = seeds.unwrap_or(0..400);
    let all = seeds.clone().count();
    for seed in seeds {
        let contract = Maker::new(seed, &grammar).contract();
        match difference(&contract) {
            Ok(is_compared) => compared += usize::from(is_compared),
            Err(_) if is_refused_by_the_command(&contract) => refused += 1,
            Err(_) => failures.push((seed, contract)),
        }
    }
    let shown = std::env::var("SHOW")
        .ok()
        .and_then(|shown| shown.parse().ok());
    for (seed, contract) in failures.iter().take(shown.unwrap_or(3)) {
        let contract = smallest(contract);
        let what = difference(&contract).expect_err("it still fails");
        println!("seed {seed}: {contract}\n{what}\n");
    }
    assert!(
        failures.is_empty(),
        "{} of {all}, {compared} compared",
        failures.len()
    );
    assert!(compared * 2 >= all, "{compared} of {all} were compared");
    // A comparison refuses these contracts. `import` and `generate` should read a contract in the same way, so
    // there must be few of them.
    let most = all.div_ceil(200);
    assert!(
        refused <= most,
        "{refused} of {all} are refused by a comparison"
    );
}

#[test]
fn a_random_contract_is_refused_with_its_place_or_generated() {
    let grammar = Maker::grammar();
    for seed in 10_000..10_300 {
        let contract = Maker::new(seed, &grammar).contract();
        let document = source::parse(Path::new("api.json"), contract.to_string()).expect("JSON");
        let read = normalize(&document).map_err(|problem| problem.to_string());
        match &read {
            Err(problem) => assert!(problem.starts_with("api.json:1: /"), "{seed}: {problem}"),
            Ok(normalized) => {
                let written = crate::codegen::progenitor(normalized);
                written.unwrap_or_else(|problem| panic!("{seed}: {problem}"));
                let again = normalize(&document).expect("accepted once");
                assert_eq!(format!("{normalized:?}"), format!("{again:?}"), "{seed}");
            }
        }
    }
}

/// A contract with one operation, which has these schemas in its response.
fn of_schemas(schemas: Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": {
            "operationId": "getA",
            "tags": ["Environment"],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}},
        }}},
        "components": {"schemas": schemas},
    })
}

#[test]
fn keywords_that_contradict_each_other_give_the_same_client_with_and_without_import() {
    let to = |name: &str| format!("#/components/schemas/{name}");
    let property = |schema: Value| json!({"properties": {"x": schema}});
    for (schemas, is_compared) in [
        (
            json!({"A": property(json!({"$ref": to("B"), "type": "string"})), "B": {"anyOf": [{"const": 7}]}}),
            true,
        ),
        (
            json!({"A": property(json!({"$ref": to("B"), "default": 1.0})), "B": {"anyOf": [{"type": "null"}]}}),
            true,
        ),
        (
            json!({
                "A": property(json!({"$ref": to("B"), "type": "string", "format": "uuid", "maxLength": 3})),
                "B": {"type": "object", "properties": {"y": {}}},
            }),
            true,
        ),
        (
            json!({"A": property(json!({"const": null, "not": {}}))}),
            false,
        ),
        (
            json!({"A": property(json!({"oneOf": [{"$ref": to("B")}, {"type": "integer"}]})), "B": {"nullable": true}}),
            true,
        ),
        (
            json!({"A": property(json!({"$ref": to("B"), "type": ["boolean"]})), "B": {"type": ["string", "array"]}}),
            true,
        ),
        (
            json!({"A": property(json!({"$ref": to("B"), "type": ["boolean", "null"]})), "B": {"type": ["string", "array"]}}),
            true,
        ),
        (
            json!({"A": property(json!({"$ref": to("B"), "type": "array", "minItems": 2})), "B": {"type": "string", "enum": ["a", "b"]}}),
            true,
        ),
        (
            json!({"A": property(json!({"$ref": to("B"), "type": ["object", "null"]})), "B": {"enum": [null]}}),
            true,
        ),
        (
            json!({"A": property(json!({"oneOf": [{"$ref": to("B")}], "discriminator": {"propertyName": "kind"}})), "B": {"anyOf": [{"type": "null"}]}}),
            true,
        ),
        (
            json!({"A": property(json!({"oneOf": [{"$ref": to("B")}], "discriminator": {"propertyName": "kind"}})), "B": {"anyOf": [{"properties": {"y": {}}}, {"type": "null"}]}}),
            true,
        ),
        (
            json!({"A": property(json!({"anyOf": [{}, {"anyOf": [{"type": "null"}]}]}))}),
            true,
        ),
        (
            json!({"A": property(json!({"$ref": to("B"), "maxLength": 3})), "B": {"anyOf": [{}, {"const": null}]}}),
            true,
        ),
        (
            json!({"A": property(json!({"oneOf": [{"const": "K"}], "enum": [true]}))}),
            false,
        ),
        (
            json!({"A": property(json!({"oneOf": [{"const": "K"}], "default": true}))}),
            true,
        ),
        (
            json!({"A": property(json!({"$ref": to("B"), "enum": ["", null]})), "B": {}}),
            true,
        ),
        (
            json!({
                "A": property(json!({"$ref": to("Pet")})),
                "Pet": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}, "discriminator": {"propertyName": "kind"}},
                "Cat": {"allOf": [{"$ref": to("Pet")}]},
                "Lion": {"allOf": [{"$ref": to("Cat")}, {"properties": {"mane": {"type": "string"}}}]},
            }),
            true,
        ),
        (
            json!({
                "A": property(json!({"$ref": to("Pet")})),
                "Pet": {"discriminator": {"propertyName": "kind"}, "properties": {"kind": {"type": "string"}}},
                "Animal": {"$ref": to("Pet")},
                "Cat": {"allOf": [{"$ref": to("Animal")}]},
                "Newt": {"$ref": to("Pet"), "writeOnly": true},
                "Box": {"$defs": {"Dog": {"allOf": [{"$ref": to("Pet")}]}}, "properties": {"dog": {"$ref": to("Box/$defs/Dog")}}},
            }),
            true,
        ),
        (
            json!({"A": property(json!({"anyOf": [{"type": "string"}, {"type": ["string", "string"]}, {"const": null}]}))}),
            true,
        ),
        (
            json!({"A": property(json!({"format": "date-time", "anyOf": [{"type": "null"}]}))}),
            true,
        ),
        (
            json!({"A": property(json!({"nullable": true, "oneOf": [{"type": "array"}]}))}),
            true,
        ),
        (
            json!({"A": property(json!({"properties": {}, "allOf": [{}]}))}),
            true,
        ),
        (
            json!({"A": property(json!({"$ref": to("A"), "type": "string", "format": "password"}))}),
            true,
        ),
    ] {
        let contract = of_schemas(schemas);
        assert_eq!(difference(&contract), Ok(is_compared), "{contract}");
    }
}

#[test]
fn operations_with_one_id_have_the_same_names_with_and_without_import() {
    for id in [None, Some("putBc"), Some("put_bc"), Some("PutBC")] {
        let mut contract = of_schemas(json!({"A": {"type": "string"}}));
        let operation = |id: Option<&str>| json!({"operationId": id, "tags": ["Environment"], "responses": {"204": {"description": ""}}});
        contract["paths"]["/a"]["put"] = operation(Some("getIt"));
        contract["paths"]["/b-c"] = json!({"put": operation(Some("getIt"))});
        contract["paths"]["/b/c"] = json!({"put": operation(id)});
        assert_eq!(difference(&contract), Ok(true), "{contract}");
    }
}

#[test]
fn two_media_types_of_one_body_are_equal_if_a_keyword_does_not_affect_the_type() {
    let mut contract = of_schemas(json!({"A": {"type": "string"}}));
    let content = json!({
        "application/json": {"schema": {"type": "string", "contentSchema": {}}},
        "application/octet-stream": {"schema": {"type": "string"}},
    });
    contract["paths"]["/a"]["post"] = json!({
        "operationId": "postA",
        "tags": ["Environment"],
        "requestBody": {"content": content},
        "responses": {"204": {"description": ""}},
    });
    assert_eq!(difference(&contract), Ok(true));
}

/// A contract with references in both versions, and each of its parts that a reference can stand for.
fn with_references(change: impl Fn(&mut Value)) -> Vec<Value> {
    let all = ["3.0.3", "3.1.0"].map(|version| {
        let mut contract = of_schemas(json!({"A": {"type": "object", "properties": {"a": {"type": "string"}}}}));
        contract["openapi"] = json!(version);
        let text = json!({"type": "string"});
        let json = json!({"application/json": {"schema": {"$ref": "#/components/schemas/A"}}});
        let parts = [
            ("parameters", json!({"name": "q", "in": "query", "schema": text})),
            ("requestBodies", json!({"content": json})),
            ("responses", json!({"description": "", "content": json})),
            ("headers", json!({"schema": text})),
            ("examples", json!({"value": {"$ref": "data"}})),
            ("pathItems", json!({"delete": {"operationId": "deleteA", "tags": ["Environment"], "responses": {"204": {"description": ""}}}})),
        ];
        for (kind, part) in parts {
            // Each part is reached through two references.
            let to = |name: &str| json!({"$ref": format!("#/components/{kind}/{name}")});
            contract["components"][kind] = json!({"P": to("Q"), "Q": to("R"), "R": part});
        }
        contract["webhooks"] = json!({"hook": {"$ref": "#/components/pathItems/P"}});
        change(&mut contract);
        contract
    });
    all.to_vec()
}

#[test]
fn a_reference_to_each_part_is_followed_to_its_definition_with_and_without_import() {
    let to = |target: &str| json!({"$ref": format!("#/{target}")});
    let one = |part: &str, reference: Value| {
        with_references(|contract| contract["paths"]["/a"]["get"][part] = reference.clone())
    };
    let response = |response: Value| json!({"200": response});
    let header = json!({"description": "", "headers": {"X-A": to("components/headers/P")}});
    let example = json!({"description": "", "content": {"application/json": {
        "schema": to("components/schemas/A"), "examples": {"e": to("components/examples/P")},
    }}});
    for contract in [
        one("parameters", json!([to("components/parameters/P")])),
        one("responses", response(to("components/responses/P"))),
        one("responses", response(header)),
        one("responses", response(example)),
        with_references(|contract| {
            let get = contract["paths"]["/a"]["get"].take();
            contract["paths"] = json!({"/a": {"post": get}});
            contract["paths"]["/a"]["post"]["requestBody"] = to("components/requestBodies/P");
        }),
        with_references(|contract| contract["paths"]["/b"] = to("components/pathItems/P")),
        with_references(|contract| contract["paths"]["/b"] = to("webhooks/hook")),
        // Beside a reference there are more operations, and parameters for all of them.
        with_references(|contract| {
            let item = &mut contract["paths"]["/a"];
            item["$ref"] = json!("#/components/pathItems/P");
            item["parameters"] = json!([to("components/parameters/Q")]);
        }),
    ]
    .concat()
    {
        assert_eq!(difference(&contract), Ok(true), "{contract}");
    }
}

#[test]
fn a_path_item_has_the_operations_beside_its_reference_and_those_of_its_target() {
    for contract in with_references(|contract| {
        let item = &mut contract["paths"]["/a"];
        item["$ref"] = json!("#/components/pathItems/P");
        item["parameters"] = json!([{"$ref": "#/components/parameters/Q"}]);
    }) {
        let document = source::parse(Path::new("api.json"), contract.to_string()).expect("JSON");
        let found = client(&document).expect("a client");
        let names = found.operations.iter().map(|one| {
            let parameters = one
                .parameters
                .iter()
                .map(|parameter| parameter.name.as_str());
            (one.method_name.as_str(), parameters.collect::<Vec<_>>())
        });
        assert_eq!(
            names.collect::<Vec<_>>(),
            [("get_a", vec!["q"]), ("delete_a", vec!["q"])]
        );
    }
    // The operation beside the reference holds, which is noted.
    for contract in with_references(|contract| {
        let get = contract["paths"]["/a"]["get"].clone();
        contract["components"]["pathItems"]["R"]["get"] = get;
        contract["paths"]["/a"]["$ref"] = json!("#/components/pathItems/R");
    }) {
        let document = source::parse(Path::new("api.json"), contract.to_string()).expect("JSON");
        let found = client(&document).expect("a client");
        let notes: Vec<String> = found.remarks.iter().map(ToString::to_string).collect();
        assert!(
            notes
                .iter()
                .any(|note| note.contains("replaces `/components/pathItems/R/get`")),
            "{notes:?}"
        );
    }
}
