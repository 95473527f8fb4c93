//! Property: a contract gives the same client with and without `import`, or `import` refuses it.

use std::collections::BTreeSet;
use std::path::Path;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::*;
use crate::codegen::comparison;
use crate::contract::import::{Loss, import};
use crate::contract::{canonical, source};

/// Names of schemas. Some of them are one name in Rust.
const COMPONENTS: [&str; 10] = [
    "Alpha", "alpha", "beta_two", "beta-two", "BetaTwo2", "Gamma", "a/b", "x.y", "AInner", "Zeta",
];

const KINDS: [&str; 7] = [
    "string", "integer", "number", "boolean", "null", "array", "object",
];

const PROPERTIES: [&str; 8] = ["type", "id", "items", "a b", "aB", "a_b", "x", "kind"];

/// Contracts of version 3.1 with every keyword in every position.
struct Maker {
    random: Rng,
    names: Vec<&'static str>,
}

impl Maker {
    fn new(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let mut names = COMPONENTS.to_vec();
        random.shuffle(&mut names);
        names.truncate(random.usize(2..6));
        Self { random, names }
    }

    fn one<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.random.usize(..all.len())].clone()
    }

    /// For forms that are refused: a contract has many parts, and should be compared all the same.
    fn rarely(&mut self) -> bool {
        self.random.u8(..40) == 0
    }

    fn often(&mut self, of_ten: u8) -> bool {
        self.random.u8(..10) < of_ten
    }

    fn reference(&mut self) -> String {
        let names = self.names.clone();
        let name = self.one(&names).replace('/', "~1");
        let inside = ["", "", "", "", "", "/$defs/Inner", "/$defs/other"];
        format!("#/components/schemas/{name}{}", self.one(&inside))
    }

    /// A reference to the first component, which is an object.
    fn to_object(&self) -> String {
        format!("#/components/schemas/{}", self.names[0].replace('/', "~1"))
    }

    fn value(&mut self) -> Value {
        let values = [
            json!("A"),
            json!("b c"),
            json!(""),
            json!("1.30"),
            json!(1),
            json!(0),
            json!(-7),
            json!(2.5),
            json!(1.0),
            json!(true),
            json!(null),
            json!([]),
            json!({"a": 1}),
            json!(18_446_744_073_709_551_615_u64),
        ];
        self.one(&values)
    }

    fn named(&mut self, depth: u8) -> Value {
        let mut named = Map::new();
        for _ in 0..self.random.usize(0..4) {
            let name = self.one(&PROPERTIES);
            named.insert(name.to_owned(), self.schema(depth));
        }
        Value::Object(named)
    }

    fn schema(&mut self, depth: u8) -> Value {
        let within = depth.saturating_sub(1);
        let form = if depth == 0 {
            self.one(&[4, 5, 6, 7, 7, 12, 13])
        } else {
            self.random.u8(..14)
        };
        match form {
            0..=3 => self.object(within),
            4..=6 => self.scalar(),
            7 => self.referring(within),
            8 => self.list(within),
            9 => self.composed(within),
            10 | 11 => self.choice(within),
            12 => self.odd(),
            _ if self.often(3) => self.wild(within),
            _ => self.scalar(),
        }
    }

    /// Keywords that say nothing of the values, or little.
    fn note(&mut self, schema: &mut Value) {
        let value = self.value();
        let notes = [
            ("deprecated", json!(true)),
            ("readOnly", json!(true)),
            ("writeOnly", json!(true)),
            ("nullable", json!(true)),
            ("default", value.clone()),
            ("examples", json!([value])),
            ("$comment", json!("A text")),
            ("$id", json!("a")),
            ("$anchor", json!("a")),
            ("title", json!("A text")),
            ("description", json!("A text")),
            ("externalDocs", json!({"url": "https://a.test"})),
            (
                "$schema",
                json!("https://json-schema.org/draft/2020-12/schema"),
            ),
            ("$dynamicAnchor", json!("a")),
            ("definitions", json!({"a": {"type": "string"}})),
            ("xml", json!({"name": "a"})),
            ("example", json!("A text")),
            ("x-other", json!({"type": "string"})),
        ];
        let (keyword, value) = self.one(&notes);
        schema[keyword] = value;
    }

    fn object(&mut self, depth: u8) -> Value {
        let properties = self.named(depth);
        let names: Vec<String> = properties
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .cloned()
            .collect();
        let mut schema = json!({"properties": properties});
        if self.often(8) {
            schema["type"] =
                self.one(&[json!("object"), json!("object"), json!(["object", "null"])]);
        }
        if self.often(4) {
            let name = if names.is_empty() {
                "gone".to_owned()
            } else {
                self.one(&names)
            };
            schema["required"] = json!([name, name]);
        }
        if self.often(2) {
            schema["additionalProperties"] = if self.often(4) {
                json!(self.random.bool())
            } else {
                self.schema(depth)
            };
        }
        let rare = [
            ("patternProperties", json!({"^x": self.schema(0)})),
            ("minProperties", json!(1)),
            ("maxProperties", json!(9)),
            ("unevaluatedProperties", json!(self.random.bool())),
            ("propertyNames", json!({"pattern": "^a"})),
            ("dependencies", json!({"id": ["x"]})),
            ("dependentRequired", json!({"id": ["x"]})),
            ("dependentSchemas", json!({"id": {}})),
            ("if", json!({"required": ["id"]})),
        ];
        if self.often(2) {
            // Most of the last ones would be refused.
            let most = if self.rarely() { rare.len() } else { 6 };
            let (keyword, value) = self.one(&rare[..most]);
            schema[keyword] = value;
        }
        if self.often(2) {
            self.note(&mut schema);
        }
        schema
    }

    fn list(&mut self, depth: u8) -> Value {
        let mut schema =
            json!({"type": self.one(&[json!("array"), json!("array"), json!(["array", "null"])])});
        if self.often(8) {
            schema["items"] = self.schema(depth);
        }
        let rare = [
            ("prefixItems", json!([self.schema(0)])),
            ("contains", self.schema(0)),
            ("minContains", json!(1)),
            ("maxContains", json!(1)),
            ("additionalItems", json!(false)),
            ("items", json!(self.random.bool())),
            ("default", json!([])),
            ("unevaluatedItems", json!(false)),
            ("minItems", json!(2)),
            ("maxItems", json!(2)),
            ("uniqueItems", json!(self.random.bool())),
        ];
        if self.often(3) {
            let (keyword, value) = self.one(&rare);
            schema[keyword] = value;
        }
        if self.often(2) {
            self.note(&mut schema);
        }
        schema
    }

    fn scalar(&mut self) -> Value {
        let kind = self.one(&["string", "string", "string", "integer", "number", "boolean"]);
        let mut schema =
            json!({"type": if self.often(2) { json!([kind, "null"]) } else { json!(kind) }});
        let keywords = match kind {
            "string" => vec![
                (
                    "enum",
                    self.one(&[
                        json!(["A", "b", "A"]),
                        json!(["1.30", "", null]),
                        json!(["c d"]),
                    ]),
                ),
                ("const", json!("K")),
                (
                    "format",
                    json!(self.one(&[
                        "uuid",
                        "date-time",
                        "date",
                        "binary",
                        "byte",
                        "password",
                        "strange"
                    ])),
                ),
                (
                    "contentEncoding",
                    json!(self.one(&["base64", "base64url", "binary", "gzip"])),
                ),
                (
                    "contentMediaType",
                    json!(self.one(&["application/octet-stream", "application/json"])),
                ),
                ("contentSchema", json!({"type": "object"})),
                (self.one(&["minLength", "maxLength"]), json!(3)),
                ("pattern", json!("^a")),
            ],
            "boolean" => vec![("enum", json!([true])), ("const", json!(false))],
            kind => {
                let limit = self.one(&[
                    json!(0),
                    json!(5),
                    json!(2.5),
                    json!(18_446_744_073_709_551_615_u64),
                ]);
                vec![
                    (
                        "enum",
                        if kind == "integer" {
                            json!([1, 2])
                        } else {
                            json!([1.5, 2])
                        },
                    ),
                    ("const", json!(7)),
                    (
                        "format",
                        json!(self.one(&["int32", "int64", "uint64", "double", "float"])),
                    ),
                    ("minimum", json!(0)),
                    (
                        self.one(&["maximum", "exclusiveMaximum", "exclusiveMinimum"]),
                        limit,
                    ),
                    ("multipleOf", json!(2)),
                ]
            }
        };
        for _ in 0..self.random.usize(..3) {
            let (keyword, value) = self.one(&keywords);
            schema[keyword] = value;
        }
        if self.often(1)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.remove("type");
        }
        if self.often(2) {
            self.note(&mut schema);
        }
        schema
    }

    fn referring(&mut self, depth: u8) -> Value {
        let beside = self.often(1);
        let mut schema = if beside {
            self.object(depth)
        } else {
            json!({})
        };
        let reference = if beside && !self.rarely() {
            self.to_object()
        } else {
            self.reference()
        };
        schema["$ref"] = json!(reference);
        if self.often(4) {
            self.note(&mut schema);
        }
        schema
    }

    fn composed(&mut self, depth: u8) -> Value {
        let mut schema = if self.often(4) {
            self.object(depth)
        } else {
            json!({})
        };
        let object = self.to_object();
        let parts: Vec<Value> = (0..self.random.usize(1..4))
            .map(|_| {
                if self.often(4) {
                    json!({"$ref": object})
                } else {
                    self.object(depth)
                }
            })
            .collect();
        schema["allOf"] = json!(parts);
        schema
    }

    fn choice(&mut self, depth: u8) -> Value {
        if self.often(2) {
            let (one, other) = (self.reference(), self.reference());
            let mut discriminator = json!({"propertyName": self.one(&["kind", "type"])});
            if self.random.bool() {
                discriminator["mapping"] = json!({"ONE": one, "OTHER": other});
            }
            return json!({"oneOf": [{"$ref": one}, {"$ref": other}], "discriminator": discriminator});
        }
        let mut members: Vec<Value> = (0..self.random.usize(1..4))
            .map(|_| self.schema(depth))
            .collect();
        if self.often(3) {
            members.push(self.one(&[
                json!({"type": "null"}),
                json!({"const": null}),
                json!({"enum": [null]}),
            ]));
        }
        let mut schema = json!({});
        schema[self.one(&["oneOf", "anyOf"])] = json!(members);
        if self.often(2) {
            self.note(&mut schema);
        }
        schema
    }

    /// A schema that extends the first component, which may have a discriminator.
    fn heir(&mut self) -> Value {
        let parent = json!({"$ref": self.to_object()});
        match self.random.u8(..3) {
            0 => json!({"allOf": [parent]}),
            1 => json!({"allOf": [parent], "properties": {"own": self.scalar()}}),
            _ => json!({"allOf": [parent, self.object(0)]}),
        }
    }

    fn odd(&mut self) -> Value {
        let mut kinds = KINDS.to_vec();
        self.random.shuffle(&mut kinds);
        kinds.truncate(self.random.usize(1..4));
        let (one, other) = (self.value(), self.value());
        let odd = [
            json!(true),
            json!(false),
            json!({}),
            json!({"type": "null"}),
            json!({"enum": [null]}),
            json!({"const": one}),
            json!({"enum": [one, other]}),
            json!({"type": kinds}),
            json!({"type": kinds, "enum": [one, other, "A", 1]}),
            json!({"type": kinds, "format": "uuid", "minLength": 1, "minimum": 1, "properties": {"q": {}}, "items": {}}),
            json!({"required": ["a"]}),
            json!({"items": {"type": "string"}}),
            json!({"prefixItems": [{}]}),
            json!({"minimum": 1}),
            json!({"minLength": 1}),
            json!({"format": "uuid"}),
            json!({"patternProperties": {"^a": {}, "^b": {"type": "string"}}}),
            json!({"not": {}}),
            json!({"type": []}),
            json!({"type": ["string", "string"]}),
            json!({"allOf": []}),
            json!({"anyOf": []}),
            json!({"oneOf": [{}]}),
            json!({"oneOf": [true, {"type": "string"}]}),
            json!({"anyOf": [{"type": "null"}, {"type": "null"}]}),
            json!({"type": "array", "items": false, "prefixItems": [{"type": "string"}]}),
            json!({"type": "object", "patternProperties": {}, "additionalProperties": {"type": "string"}}),
            json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {}, "b": {}}}),
        ];
        self.one(&odd)
    }

    /// Keywords that do not belong together.
    fn wild(&mut self, depth: u8) -> Value {
        let mut schema = self.schema(0);
        let other = self.schema(depth);
        if let (Value::Object(schema), Value::Object(other)) = (&mut schema, other) {
            schema.extend(other);
        }
        schema
    }

    fn parameter(&mut self) -> Value {
        let place = self.one(&["query", "query", "header", "cookie"]);
        let is_fit = place == "query" || self.rarely();
        let fit = PROPERTIES.iter().copied();
        let fit: Vec<&str> = fit.filter(|name| is_fit || !name.contains(' ')).collect();
        let mut parameter = json!({"name": self.one(&fit), "in": place});
        if self.often(3) {
            parameter["required"] = json!(true);
        }
        if self.often(2) {
            parameter["explode"] = json!(self.random.bool());
        }
        if self.often(1) {
            parameter["deprecated"] = json!(true);
        }
        if self.often(1) {
            let all = [
                "form",
                "pipeDelimited",
                "spaceDelimited",
                "deepObject",
                "simple",
            ];
            let fit = match place {
                _ if self.rarely() => &all[..],
                "query" => &all[..3],
                "cookie" => &all[..1],
                _ => &all[4..],
            };
            parameter["style"] = json!(self.one(fit));
        }
        if self.often(1) {
            parameter["content"] = json!({"application/json": {"schema": self.schema(1)}});
        } else {
            let schema = match self.random.u8(..10) {
                0 => json!({"type": "array", "items": self.scalar()}),
                1 if place == "query" => json!({"properties": {"x": self.scalar()}}),
                2 if self.often(3) => self.schema(1),
                _ => self.scalar(),
            };
            if schema.get("items").is_some() && place == "cookie" {
                parameter["explode"] = json!(false);
            }
            parameter["schema"] = schema;
        }
        parameter
    }

    fn content(&mut self) -> Value {
        let media = [
            "application/json",
            "application/json",
            "application/json",
            "application/problem+json",
            "text/plain",
            "*/*",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
        ];
        let mut content = Map::new();
        for _ in 0..self.random.usize(1..3) {
            let schema = if self.often(6) {
                json!({"$ref": self.reference()})
            } else {
                self.schema(2)
            };
            content.insert(self.one(&media).to_owned(), json!({"schema": schema}));
        }
        Value::Object(content)
    }

    fn operation(&mut self, path: &str) -> Value {
        let ids = ["getIt", "get_it", "getThing", "listThings", "GetIt"];
        let mut parameters: Vec<Value> = (0..self.random.usize(0..3))
            .map(|_| self.parameter())
            .collect();
        if path.contains('{') {
            parameters.push(
                json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}),
            );
        }
        let statuses = ["200", "201", "202", "204", "2XX", "default"];
        let mut responses = Map::new();
        for _ in 0..self.random.usize(1..3) {
            let response = if self.often(7) {
                json!({"description": "", "content": self.content()})
            } else {
                json!({"description": ""})
            };
            responses.insert(self.one(&statuses).to_owned(), response);
        }
        responses.insert("404".to_owned(), json!({"description": ""}));
        let mut operation =
            json!({"tags": ["Environment"], "parameters": parameters, "responses": responses});
        if self.often(9) {
            operation["operationId"] = json!(self.one(&ids));
        }
        operation
    }

    fn contract(&mut self) -> Value {
        let mut schemas = Map::new();
        for name in self.names.clone() {
            // Parts of others refer to the first one.
            let is_object = name == self.names[0] || self.random.bool();
            let mut schema = if is_object {
                self.object(2)
            } else if self.often(2) {
                self.heir()
            } else {
                self.schema(3)
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
                    json!({"Inner": self.schema(2), "other": self.schema(1)}),
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
                let mut operation = self.operation(path);
                if !["get", "delete"].contains(&method) && self.often(8) {
                    operation["requestBody"] =
                        json!({"content": self.content(), "required": self.random.bool()});
                }
                item.insert(method.to_owned(), operation);
            }
            if self.often(2) {
                item.insert("parameters".to_owned(), json!([self.parameter()]));
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
fn client(document: &Document) -> Result<Normalised, String> {
    let normalised = normalise(document).map_err(|problem| problem.to_string())?;
    crate::codegen::progenitor(&normalised).map_err(|problem| problem.to_string())?;
    Ok(normalised)
}

/// The value without the keywords that neither way follows.
fn followed(value: &Value) -> Value {
    let skipped = [
        "$defs",
        "prefixItems",
        "contains",
        "contentSchema",
        "propertyNames",
        "dependentSchemas",
    ];
    match value {
        Value::Object(map) => {
            let kept = map.iter();
            let kept = kept.filter(|(key, _)| !skipped.contains(&key.as_str()));
            Value::Object(
                kept.map(|(key, one)| (key.clone(), followed(one)))
                    .collect(),
            )
        }
        Value::Array(list) => list.iter().map(followed).collect(),
        other => other.clone(),
    }
}

/// The contract without the schemas that no operation reaches: `import` drops them unseen, and `generate`
/// reads them first.
fn reachable(contract: &Value) -> Value {
    let mut contract = contract.clone();
    let Some(all) = contract
        .pointer_mut("/components/schemas")
        .and_then(|schemas| schemas.as_object_mut().map(std::mem::take))
    else {
        return contract;
    };
    let mut parts = contract.clone();
    parts["components"]["schemas"] = Value::Null;
    let mut open = vec![parts];
    let mut reached = BTreeSet::new();
    while let Some(value) = open.pop() {
        let text = followed(&value).to_string();
        for (name, schema) in &all {
            let reference = format!("#/components/schemas/{}", name.replace('/', "~1"));
            let inner = schema.get("$defs").and_then(Value::as_object);
            let inner = inner.into_iter().flatten();
            let inner = inner.map(|(key, one)| (format!("{reference}/$defs/{key}"), one));
            for (reference, schema) in inner.chain([(reference.clone(), schema)]) {
                if text.contains(&format!("\"{reference}\"")) && reached.insert(reference) {
                    open.push(schema.clone());
                }
            }
        }
    }
    let mut kept = Map::new();
    for (name, schema) in all {
        let reference = format!("#/components/schemas/{}", name.replace('/', "~1"));
        let inner = schema.get("$defs").and_then(Value::as_object).cloned();
        let mut inner = inner.unwrap_or_default();
        inner.retain(|key, _| reached.contains(&format!("{reference}/$defs/{key}")));
        if reached.contains(&reference) || !inner.is_empty() {
            // The components around a schema that is reached say nothing of it.
            let mut schema = if reached.contains(&reference) {
                schema
            } else {
                json!({})
            };
            schema["$defs"] = Value::Object(inner);
            kept.insert(name, schema);
        }
    }
    contract["components"]["schemas"] = Value::Object(kept);
    contract
}

/// How the ways differ, if they do.
fn difference(contract: &Value) -> Result<bool, String> {
    let contract = reachable(contract);
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

/// Makes a failing contract smaller.
fn smallest(contract: &Value) -> Value {
    let mut best = contract.clone();
    loop {
        let smaller = smaller(&best)
            .into_iter()
            .find(|one| difference(one).is_err());
        match smaller {
            Some(one) => best = one,
            None => return best,
        }
    }
}

/// The same value with one part less.
fn smaller(value: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match value {
        Value::Object(map) => {
            for key in map.keys().filter(|key| {
                ![
                    "openapi",
                    "info",
                    "webhooks",
                    "paths",
                    "responses",
                    "tags",
                    "name",
                    "in",
                ]
                .contains(&key.as_str())
            }) {
                let mut less = map.clone();
                less.remove(key);
                found.push(Value::Object(less));
            }
            for (key, inner) in map {
                for one in smaller(inner) {
                    let mut less = map.clone();
                    less.insert(key.clone(), one);
                    found.push(Value::Object(less));
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                let mut less = list.clone();
                less.remove(index);
                found.push(Value::Array(less));
                for one in smaller(inner) {
                    let mut less = list.clone();
                    less[index] = one;
                    found.push(Value::Array(less));
                }
            }
        }
        _ => {}
    }
    found
}

/// Whether the command `import` refuses a contract because the client would be another one, with the location and
/// the reason.
fn is_refused_by_the_command(contract: &Value) -> bool {
    let contract = reachable(contract);
    let document = source::parse(Path::new("api.json"), contract.to_string());
    let refusal = document.and_then(|document| crate::import::same_client::check(&document));
    let refusal = refusal.err().map(|problem| problem.to_string());
    refusal.is_some_and(|refusal| {
        let place = refusal.strip_prefix("api.json:1: /");
        place.is_some() && refusal.contains("cannot express this") && refusal.contains("help: ")
    })
}

/// `SEEDS=FROM..TO` runs others, and `SHOW` is the number of failures to print.
#[test]
fn a_random_contract_gives_the_same_client_with_and_without_import() {
    let given = std::env::var("SEEDS").ok();
    let seeds = given.as_deref().and_then(|given| {
        let (from, to) = given.split_once("..")?;
        Some(from.parse().ok()?..to.parse().ok()?)
    });
    let (mut compared, mut refused, mut failures) = (0, 0, Vec::new());
    let seeds = seeds.unwrap_or(0..400);
    let all = seeds.clone().count();
    for seed in seeds {
        let contract = Maker::new(seed).contract();
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
    // A comparison refuses them. The two ways are meant to read a contract alike.
    let most = all.div_ceil(100);
    assert!(
        refused <= most,
        "{refused} of {all} are refused by a comparison"
    );
}

/// A contract with one operation, which has this schema in its answer.
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
    ] {
        let contract = of_schemas(schemas);
        assert_eq!(difference(&contract), Ok(is_compared), "{contract}");
    }
}

#[test]
fn a_keyword_that_says_nothing_of_the_type_leaves_two_media_types_of_one_body_alike() {
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

/// What each way says of a contract that both refuse.
fn refusals(contract: &Value) -> [String; 2] {
    let document = source::parse(Path::new("api.json"), contract.to_string()).expect("JSON");
    let imported = import(None, std::slice::from_ref(&document), Loss::Allowed);
    let direct = client(&document).expect_err("no client");
    [direct, imported.err().expect("no import").to_string()]
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
            // Each of them by way of two references.
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

#[test]
fn a_reference_to_another_thing_or_at_a_place_for_none_is_refused_with_and_without_import() {
    let to = |target: &str| json!({"$ref": format!("#/{target}")});
    let at = |pointer: &'static str, reference: Value| {
        with_references(move |contract| {
            let place = contract.pointer_mut(pointer);
            *place.expect(pointer) = reference.clone();
        })
    };
    let get = "/paths/~1a/get";
    let content = "/paths/~1a/get/responses/200/content";
    let media = "/paths/~1a/get/responses/200/content/application~1json";
    let response = "/paths/~1a/get/responses/200";
    for (contracts, wanted) in [
        (
            at("/paths/~1a", to("components/schemas/A")),
            "refers to no path item",
        ),
        (
            at("/paths/~1a", to("components/responses/R")),
            "refers to no path item",
        ),
        (
            at("/paths/~1a", to("components/pathItems/R/delete")),
            "refers to no path item",
        ),
        (
            at(response, to("components/schemas/A")),
            "refers to no response",
        ),
        (
            at(response, to("components/requestBodies/P")),
            "refers to no response",
        ),
        (
            at(
                response,
                to("components/responses/R/content/application~1json/schema"),
            ),
            "refers to no response",
        ),
        (
            at(get, to("components/pathItems/R/delete")),
            "cannot stand here",
        ),
        (
            at("/paths/~1a/get/responses", to("x-responses")),
            "cannot stand here",
        ),
        (
            at(content, to("components/responses/R/content")),
            "cannot stand here",
        ),
        (
            at(
                media,
                to("components/responses/R/content/application~1json"),
            ),
            "cannot stand here",
        ),
        (
            with_references(|contract| {
                contract["paths"]["/a"]["get"]["parameters"] = json!([to("components/schemas/A")])
            }),
            "refers to no parameter",
        ),
        (
            with_references(|contract| {
                contract["paths"]["/a"]["put"] = json!({
                    "operationId": "putA",
                    "tags": ["Environment"],
                    "requestBody": to("components/responses/P"),
                    "responses": {"204": {"description": ""}},
                })
            }),
            "refers to no request body",
        ),
    ] {
        for contract in contracts {
            for refusal in refusals(&contract) {
                let is_whole = refusal.contains(wanted) && refusal.contains("help: ");
                assert!(
                    is_whole && refusal.starts_with("api.json:"),
                    "{refusal}\n{contract}"
                );
            }
        }
    }
}
