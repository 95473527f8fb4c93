//! From a published schema to its facts in the form of OpenAPI 3.0.
//!
//! Everything that says something about the data is kept, in one form; what explains (titles,
//! descriptions, examples, extensions) is dropped. Names of properties are never keywords.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use crate::contract::Document;
use crate::contract::references::{self, SCHEMAS};
use crate::contract::source::{escape, steps};
use crate::problem::Problem;

/// The keywords of a schema in the order in which they are written. Others are not kept.
pub(super) const ORDER: [&str; 35] = [
    "$ref",
    "type",
    "format",
    "nullable",
    "deprecated",
    "readOnly",
    "writeOnly",
    "description",
    "enum",
    "x-enumDescriptions",
    "default",
    "multipleOf",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "allOf",
    "oneOf",
    "anyOf",
    "not",
    "discriminator",
    "xml",
    "externalDocs",
];

/// Facts that are copied as they stand, when they are not what holds anyway.
const COPIED: [&str; 14] = [
    "format",
    "default",
    "multipleOf",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "deprecated",
];

/// What may stand beside a reference: it says something about the place, not about the target.
const BESIDE_A_REFERENCE: [&str; 4] = ["default", "deprecated", "readOnly", "writeOnly"];

/// Keywords of newer versions that OpenAPI 3.0 cannot say and that change what the data may be.
const UNSUPPORTED: [&str; 2] = ["$dynamicRef", "$recursiveRef"];

/// Reads the schemas of one document.
pub(super) struct Schemas<'a> {
    document: &'a Document,
    /// Whether keywords beside a reference count, as they do since 3.1.
    siblings_count: bool,
    /// The names of schemas that stand somewhere else than under `components/schemas`, by pointer.
    moved: BTreeMap<String, String>,
    waiting: VecDeque<(String, String)>,
    names: Vec<String>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let named = document
            .value
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        Self {
            document,
            siblings_count: !document
                .value
                .get("openapi")
                .and_then(Value::as_str)
                .is_some_and(|version| version.starts_with("3.0")),
            moved: BTreeMap::new(),
            waiting: VecDeque::new(),
            names: named.into_iter().flat_map(Map::keys).cloned().collect(),
        }
    }

    /// All named schemas, and those that got a name because a reference leads to them.
    /// To be called last: the others find what has to be named.
    pub(super) fn named(mut self) -> Result<Map<String, Value>, Problem> {
        let mut schemas = Map::new();
        let document = self.document;
        if let Some(named) = document
            .value
            .pointer("/components/schemas")
            .and_then(Value::as_object)
        {
            for (name, schema) in named {
                let pointer = format!("/components/schemas/{}", escape(name));
                let facts = self.facts(schema, &pointer)?;
                schemas.insert(name.clone(), facts);
            }
        }
        while let Some((pointer, name)) = self.waiting.pop_front() {
            if let Some(schema) = document.value.pointer(&pointer) {
                let facts = self.facts(schema, &pointer)?;
                schemas.insert(name, facts);
            }
        }
        Ok(schemas)
    }

    /// The facts of one schema.
    pub(super) fn facts(&mut self, schema: &Value, pointer: &str) -> Result<Value, Problem> {
        let map = match schema {
            Value::Object(map) => map,
            Value::Bool(true) => return Ok(json!({})),
            Value::Bool(false) => return Ok(json!({"not": {}})),
            _ => {
                return Err(Problem::at(
                    self.document,
                    pointer,
                    "a schema has to be a mapping",
                ));
            }
        };
        if let Some(keyword) = UNSUPPORTED
            .iter()
            .find(|keyword| map.contains_key(**keyword))
        {
            let what = format!("`{keyword}` cannot be said in OpenAPI 3.0");
            return Err(Problem::at(self.document, pointer, what)
                .with_help("name the schema and refer to it with `$ref`"));
        }
        let facts = match map.get("$ref") {
            Some(Value::String(reference)) => self.reference(map, reference, pointer)?,
            _ => self.definition(map, pointer)?,
        };
        Ok(Value::Object(simplified(facts)))
    }

    fn reference(
        &mut self,
        map: &Map<String, Value>,
        reference: &str,
        pointer: &str,
    ) -> Result<Map<String, Value>, Problem> {
        let target = json!({"$ref": self.target(reference, pointer)?});
        let mut beside = Map::new();
        if self.siblings_count {
            let mut rest = map.clone();
            rest.remove("$ref");
            beside = self.definition(&rest, pointer)?;
        } else {
            copy(map, &BESIDE_A_REFERENCE, &mut beside);
            if map.get("nullable") == Some(&Value::Bool(true)) {
                beside.insert("nullable".to_owned(), Value::Bool(true));
            }
        }
        let mut all = vec![target];
        if let Some(Value::Array(more)) = beside.remove("allOf") {
            all.extend(more);
        }
        beside.insert("allOf".to_owned(), Value::Array(all));
        Ok(beside)
    }

    /// The reference in the one form that the contract has: to a named schema.
    fn target(&mut self, reference: &str, pointer: &str) -> Result<String, Problem> {
        let target = references::target(self.document, reference, pointer)?;
        if let Some(name) = references::schema_name(reference) {
            return Ok(format!("{SCHEMAS}{name}"));
        }
        if let Some(name) = self.moved.get(&target) {
            return Ok(format!("{SCHEMAS}{name}"));
        }
        let name = self.name_for(&target);
        self.names.push(name.clone());
        self.moved.insert(target.clone(), name.clone());
        self.waiting.push_back((target, name.clone()));
        Ok(format!("{SCHEMAS}{name}"))
    }

    /// A name for a schema inside another: that of the outer one, and the steps that are names.
    fn name_for(&self, target: &str) -> String {
        let keywords = [
            "components",
            "schemas",
            "paths",
            "properties",
            "items",
            "content",
            "schema",
            "$defs",
            "definitions",
            "responses",
        ];
        let name: String = steps(target)
            .filter(|step| !keywords.contains(&step.as_str()))
            .flat_map(|step| {
                step.split(|c: char| !c.is_ascii_alphanumeric())
                    .map(capitalized)
                    .collect::<Vec<_>>()
            })
            .collect();
        super::unused(&name, |name| self.names.iter().any(|taken| taken == name))
    }

    fn definition(
        &mut self,
        map: &Map<String, Value>,
        pointer: &str,
    ) -> Result<Map<String, Value>, Problem> {
        let mut facts = Map::new();
        let mut nullable = map.get("nullable") == Some(&Value::Bool(true));
        copy(map, &COPIED, &mut facts);
        copy(map, &["readOnly", "writeOnly"], &mut facts);
        limit(
            map,
            "exclusiveMinimum",
            "minimum",
            &mut facts,
            |new, old| new >= old,
        );
        limit(
            map,
            "exclusiveMaximum",
            "maximum",
            &mut facts,
            |new, old| new <= old,
        );
        encoding(map, &mut facts);
        nullable |= values(map, &mut facts);
        self.parts(map, pointer, &mut facts, &mut nullable)?;
        nullable |= kinds(map, &mut facts);
        if nullable {
            facts.insert("nullable".to_owned(), Value::Bool(true));
        }
        Ok(facts)
    }

    /// The schemas inside this one.
    fn parts(
        &mut self,
        map: &Map<String, Value>,
        pointer: &str,
        facts: &mut Map<String, Value>,
        nullable: &mut bool,
    ) -> Result<(), Problem> {
        if let Some(properties) = map.get("properties").and_then(Value::as_object) {
            let mut kept = Map::new();
            for (name, inner) in properties {
                kept.insert(
                    name.clone(),
                    self.facts(inner, &format!("{pointer}/properties/{}", escape(name)))?,
                );
            }
            facts.insert("properties".to_owned(), Value::Object(kept));
        }
        if let Some(required) = map
            .get("required")
            .and_then(Value::as_array)
            .and_then(|names| in_order(names, facts))
        {
            facts.insert("required".to_owned(), required);
        }
        self.more_properties(map, pointer, facts)?;
        if map.contains_key("prefixItems") {
            facts.insert("items".to_owned(), json!({}));
        } else if let Some(items) = map.get("items") {
            facts.insert(
                "items".to_owned(),
                self.facts(items, &format!("{pointer}/items"))?,
            );
        }
        if let Some(not) = map.get("not") {
            facts.insert(
                "not".to_owned(),
                self.facts(not, &format!("{pointer}/not"))?,
            );
        }
        for keyword in ["allOf", "oneOf", "anyOf"] {
            let Some(list) = map.get(keyword).and_then(Value::as_array) else {
                continue;
            };
            let mut kept = Vec::new();
            for (index, inner) in list.iter().enumerate() {
                if keyword != "allOf" && is_null(inner) {
                    *nullable = true;
                } else {
                    kept.push(self.facts(inner, &format!("{pointer}/{keyword}/{index}"))?);
                }
            }
            // A choice between one thing and null is that thing, nullable.
            let only = kept.len() == 1 && kept.len() < list.len();
            let keyword = if only { "allOf" } else { keyword };
            match facts.get_mut(keyword).and_then(Value::as_array_mut) {
                Some(all) => all.append(&mut kept),
                None => drop(facts.insert(keyword.to_owned(), Value::Array(kept))),
            }
        }
        if let Some(discriminator) = map.get("discriminator").and_then(Value::as_object) {
            facts.insert(
                "discriminator".to_owned(),
                self.discriminator(discriminator, pointer)?,
            );
        }
        Ok(())
    }

    fn more_properties(
        &mut self,
        map: &Map<String, Value>,
        pointer: &str,
        facts: &mut Map<String, Value>,
    ) -> Result<(), Problem> {
        let more = match (
            map.get("additionalProperties"),
            map.get("patternProperties").and_then(Value::as_object),
        ) {
            (Some(Value::Bool(allowed)), None) => Value::Bool(*allowed),
            (Some(inner), None) => self.facts(inner, &format!("{pointer}/additionalProperties"))?,
            (_, Some(patterns)) => match (patterns.len(), patterns.iter().next()) {
                (1, Some((pattern, inner))) => self.facts(
                    inner,
                    &format!("{pointer}/patternProperties/{}", escape(pattern)),
                )?,
                _ => Value::Bool(true),
            },
            (None, None) => return Ok(()),
        };
        facts.insert("additionalProperties".to_owned(), more);
        Ok(())
    }

    fn discriminator(&mut self, map: &Map<String, Value>, pointer: &str) -> Result<Value, Problem> {
        let mut kept = Map::new();
        if let Some(name) = map.get("propertyName") {
            kept.insert("propertyName".to_owned(), name.clone());
        }
        let Some(mapping) = map.get("mapping").and_then(Value::as_object) else {
            return Ok(Value::Object(kept));
        };
        let mut targets = Map::new();
        for (value, target) in mapping {
            let place = format!("{pointer}/discriminator/mapping/{}", escape(value));
            let Some(target) = target.as_str() else {
                return Err(Problem::at(
                    self.document,
                    &place,
                    "the mapping of a discriminator has to name a schema",
                ));
            };
            // A bare name is allowed; a reference says the same in one way.
            let reference = if target.contains('/') || target.starts_with('#') {
                target.to_owned()
            } else {
                format!("{SCHEMAS}{target}")
            };
            targets.insert(
                value.clone(),
                Value::String(self.target(&reference, &place)?),
            );
        }
        kept.insert("mapping".to_owned(), Value::Object(targets));
        Ok(Value::Object(kept))
    }
}

/// Copies the facts that say something: `false` for a flag is what holds anyway.
fn copy(from: &Map<String, Value>, keywords: &[&str], to: &mut Map<String, Value>) {
    for keyword in keywords {
        let flag = matches!(
            *keyword,
            "deprecated" | "readOnly" | "writeOnly" | "uniqueItems"
        );
        match from.get(*keyword) {
            None => {}
            Some(value) if flag && value != &Value::Bool(true) => {}
            Some(value) => drop(to.insert((*keyword).to_owned(), value.clone())),
        }
    }
}

/// An exclusive limit is a flag in 3.0 and a number since 3.1.
fn limit(
    map: &Map<String, Value>,
    exclusive: &str,
    inclusive: &str,
    facts: &mut Map<String, Value>,
    tighter: impl Fn(f64, f64) -> bool,
) {
    match map.get(exclusive) {
        Some(Value::Bool(true)) => drop(facts.insert(exclusive.to_owned(), Value::Bool(true))),
        Some(Value::Number(number)) => {
            let old = facts.get(inclusive).and_then(Value::as_f64);
            if number
                .as_f64()
                .is_some_and(|new| old.is_none_or(|old| tighter(new, old)))
            {
                facts.insert(inclusive.to_owned(), Value::Number(number.clone()));
                facts.insert(exclusive.to_owned(), Value::Bool(true));
            }
        }
        _ => {}
    }
}

fn encoding(map: &Map<String, Value>, facts: &mut Map<String, Value>) {
    if facts.contains_key("format") {
        return;
    }
    let encoding = map.get("contentEncoding").and_then(Value::as_str);
    let format = match (
        encoding,
        map.get("contentMediaType").and_then(Value::as_str),
    ) {
        (Some("base64" | "base64url"), _) => "byte",
        (Some("binary"), _) | (None, Some("application/octet-stream")) => "binary",
        _ => return,
    };
    facts.insert("format".to_owned(), Value::from(format));
}

/// The allowed values; returns whether null is one of them.
fn values(map: &Map<String, Value>, facts: &mut Map<String, Value>) -> bool {
    let constant = map.get("const").map(std::slice::from_ref);
    let Some(values) =
        constant.or_else(|| map.get("enum").and_then(Value::as_array).map(Vec::as_slice))
    else {
        return false;
    };
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !value.is_null() && !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    let kind = kept.first().and_then(|first| match first {
        Value::String(_) => Some("string"),
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_f64() => Some("number"),
        Value::Number(_) => Some("integer"),
        _ => None,
    });
    if let Some(kind) = kind.filter(|_| !map.contains_key("type")) {
        facts.insert("type".to_owned(), Value::from(kind));
    }
    let null = values.contains(&Value::Null);
    if !kept.is_empty() {
        facts.insert("enum".to_owned(), Value::Array(kept));
    }
    null
}

/// The type or types; returns whether null is one of them.
fn kinds(map: &Map<String, Value>, facts: &mut Map<String, Value>) -> bool {
    let all: Vec<&str> = match map.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return false,
    };
    let rest: Vec<&str> = all.iter().copied().filter(|kind| *kind != "null").collect();
    if let [kind] = rest.as_slice() {
        facts.insert("type".to_owned(), Value::from(*kind));
    } else if rest.len() > 1 {
        let branches = rest.into_iter().map(|kind| branch(kind, facts)).collect();
        for keyword in ["items", "properties", "required", "additionalProperties"] {
            facts.remove(keyword);
        }
        facts.insert("anyOf".to_owned(), Value::Array(branches));
    }
    all.contains(&"null")
}

/// One of several types, with the keywords that belong to it alone.
fn branch(kind: &str, facts: &Map<String, Value>) -> Value {
    let mut branch = Map::from_iter([("type".to_owned(), Value::from(kind))]);
    let own: &[&str] = match kind {
        "array" => &["items"],
        "object" => &["properties", "required", "additionalProperties"],
        _ => &[],
    };
    for keyword in own {
        if let Some(value) = facts.get(*keyword) {
            branch.insert((*keyword).to_owned(), value.clone());
        }
    }
    if kind == "array" && !branch.contains_key("items") {
        branch.insert("items".to_owned(), json!({}));
    }
    Value::Object(branch)
}

fn is_null(schema: &Value) -> bool {
    let only = |value: &Value| {
        value
            .as_array()
            .is_some_and(|list| list.as_slice() == [Value::Null])
    };
    schema.get("type").is_some_and(|kind| {
        kind == "null"
            || kind
                .as_array()
                .is_some_and(|kinds| kinds.as_slice() == ["null"])
    }) || schema.get("enum").is_some_and(only)
        || schema
            .as_object()
            .is_some_and(|map| map.get("const") == Some(&Value::Null))
}

/// Required names once each: first those of the properties in their order, then the others by name.
fn in_order(names: &[Value], facts: &Map<String, Value>) -> Option<Value> {
    let mut names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    let order: Vec<&String> = facts
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .collect();
    names.sort_by_key(|name| {
        (
            order
                .iter()
                .position(|known| known == name)
                .unwrap_or(usize::MAX),
            *name,
        )
    });
    names.dedup();
    (!names.is_empty()).then(|| Value::from(names))
}

/// A lone `allOf` around a reference says no more than the reference; around a definition that has
/// no keyword in common with what is beside it, no more than the two together.
fn simplified(mut facts: Map<String, Value>) -> Map<String, Value> {
    let Some([only]) = facts
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    else {
        return facts;
    };
    let Some(only) = only.as_object().cloned() else {
        return facts;
    };
    if only.contains_key("$ref") {
        if facts.len() == 1 {
            return only;
        }
        return facts;
    }
    if only
        .keys()
        .any(|key| key != "nullable" && facts.contains_key(key))
    {
        return facts;
    }
    facts.remove("allOf");
    facts.extend(only);
    facts
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
