//! Property: a contract gives the same client with and without `import`, or `import` refuses it.

use std::collections::BTreeSet;
use std::path::Path;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::*;
use crate::codegen::doc::Doc;
use crate::codegen::model::SchemaKind;
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
        ];
        let (keyword, value) = self.one(&notes);
        // A known limit: no version has a `nullable` beside `$ref`, and the two ways read it differently
        // if the type of what it refers to is another one.
        if keyword != "nullable" || schema.get("$ref").is_none() {
            schema[keyword] = value;
        }
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
            ("dependentRequired", json!({"id": ["x"]})),
            ("dependentSchemas", json!({"id": {}})),
            ("if", json!({"required": ["id"]})),
        ];
        if self.often(2) {
            // Most of the last ones would be refused.
            let most = if self.rarely() { rare.len() } else { 5 };
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
            } else {
                self.schema(3)
            };
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
        json!({"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, "components": {"schemas": schemas}})
    }
}

/// The facts that the client is made of, without texts and locations.
fn client(document: &Document) -> Result<String, String> {
    let mut normalised = normalise(document).map_err(|problem| problem.to_string())?;
    crate::codegen::progenitor(&normalised).map_err(|problem| problem.to_string())?;
    for operation in &mut normalised.operations {
        operation.pointer.clear();
        (operation.summary, operation.description) = (None, None);
        operation.success.description = None;
        operation
            .errors
            .iter_mut()
            .for_each(|(_, text)| *text = None);
        operation
            .parameters
            .iter_mut()
            .for_each(|one| one.description = Doc::default());
        operation
            .body
            .iter_mut()
            .for_each(|one| one.description = None);
    }
    for schema in normalised.schemas.values_mut() {
        schema.pointer.clear();
        (schema.description, schema.contract_name) = (None, None);
        match &mut schema.kind {
            SchemaKind::Struct(structure) => structure
                .fields
                .iter_mut()
                .for_each(|one| one.description = Doc::default()),
            SchemaKind::OpenEnum(values) => {
                values.iter_mut().for_each(|one| one.description = None)
            }
            SchemaKind::Union(union) => union
                .variants
                .iter_mut()
                .for_each(|one| one.description = Doc::default()),
        }
    }
    let mut document = normalised.document;
    document["info"] = Value::Null;
    Ok(format!(
        "{:#?}\n{:#?}\n{document:#}",
        normalised.operations, normalised.schemas
    ))
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
    let mut open = vec![contract["paths"].clone()];
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
        (Ok(direct), Ok(after)) if direct == after => Ok(true),
        (Ok(direct), Ok(after)) => {
            let lines = direct.lines().zip(after.lines());
            let lines = lines.filter(|(one, other)| one != other).take(6);
            Err(format!("{:#?}\n{imported}", lines.collect::<Vec<_>>()))
        }
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

/// `SEEDS=FROM..TO` runs others.
///
/// Known limit: of the seeds to 800 and 1000 to 1300, five differ. Their keywords contradict each other, such as
/// `type: boolean` beside a `$ref` to a text, or `const` beside `not`, or differ only in `contentSchema`.
#[test]
fn a_random_contract_gives_the_same_client_with_and_without_import() {
    let given = std::env::var("SEEDS").ok();
    let seeds = given.as_deref().and_then(|given| {
        let (from, to) = given.split_once("..")?;
        Some(from.parse().ok()?..to.parse().ok()?)
    });
    let (mut compared, mut failures) = (0, Vec::new());
    let seeds = seeds.unwrap_or(0..400);
    let all = seeds.clone().count();
    for seed in seeds {
        let contract = Maker::new(seed).contract();
        match difference(&contract) {
            Ok(is_compared) => compared += usize::from(is_compared),
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
}
