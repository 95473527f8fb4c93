//! Converts a published schema to its facts in the form of OpenAPI 3.0.
//!
//! Everything that describes the data is kept, in one form; explanatory keywords (titles,
//! descriptions, examples, extensions) are dropped. Names of properties are never keywords.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value, json};

use super::keywords::{
    BESIDE_A_REFERENCE, COPIED, allows_null_alone, copy, encoding, in_order, is_null, kinds, limit,
    null, only_null, simplified, values,
};

use crate::contract::checked::{self, CONDITIONS};
use crate::contract::choice::{extends_parent, is_never};
use crate::contract::pointer::{escape, steps};
use crate::contract::references::{self, to_schema};
use crate::contract::{Document, inner};
use crate::problem::Problem;

/// Extensions that the generator reads. They are decisions of this project, and stand in the overlay.
pub(crate) const OF_THE_OVERLAY: [&str; 4] = [
    "x-enum-varnames",
    "x-may-be-absent",
    "x-rust-name",
    "x-secret",
];

/// Reads the schemas of one document.
pub(super) struct Schemas<'a> {
    document: &'a Document,
    /// Whether keywords beside a reference count, as they do since 3.1.
    siblings_count: bool,
    /// The names of schemas outside `components/schemas`, by pointer.
    inner: BTreeMap<String, String>,
    /// Those of them that a reference names.
    met: BTreeSet<String>,
    waiting: VecDeque<(String, String)>,
    /// The locations of the extensions in [`OF_THE_OVERLAY`].
    extensions: Vec<String>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self {
            document,
            siblings_count: !document
                .value
                .get("openapi")
                .and_then(Value::as_str)
                .is_some_and(|version| version.starts_with("3.0")),
            inner: inner::names(document),
            met: BTreeSet::new(),
            waiting: VecDeque::new(),
            extensions: Vec::new(),
        }
    }

    /// All named schemas, and those that received a name because a reference targets them.
    /// With them come the locations of extensions that are not kept. Call it last: the other methods collect
    /// the schemas that need a name.
    pub(super) fn named(mut self) -> Result<(Map<String, Value>, Vec<String>), Problem> {
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
        // A schema that extends a parent is its member, wherever it is.
        for (target, name) in self.inner.clone() {
            let schema = document.value.pointer(&target);
            if schema.is_some_and(|schema| extends_parent(document, schema)) {
                self.named_inner(target, &name);
            }
        }
        while let Some((pointer, name)) = self.waiting.pop_front() {
            if let Some(schema) = document.value.pointer(&pointer) {
                let facts = self.own(schema, &pointer)?;
                schemas.insert(name, facts);
            }
        }
        Ok((schemas, self.extensions))
    }

    /// The facts of one schema. One that a reference names is a reference here too.
    pub(super) fn facts(&mut self, schema: &Value, pointer: &str) -> Result<Value, Problem> {
        let (Some(name), Value::Object(map)) = (self.inner.get(pointer).cloned(), schema) else {
            return self.own(schema, pointer);
        };
        let mut facts = Map::from_iter([(
            "allOf".to_owned(),
            json!([{"$ref": self.named_inner(pointer.to_owned(), &name)}]),
        )]);
        copy(map, &BESIDE_A_REFERENCE, &mut facts);
        Ok(Value::Object(simplified(facts)))
    }

    /// The facts of a schema, also if a reference names it.
    fn own(&mut self, schema: &Value, pointer: &str) -> Result<Value, Problem> {
        let map = match schema {
            Value::Object(map) => map,
            Value::Bool(true) => return Ok(json!({})),
            Value::Bool(false) => return Ok(json!({"not": {}})),
            _ => {
                return Err(
                    Problem::at(self.document, pointer, "a schema has to be a mapping")
                        .with_help("write `type:` or `$ref:` here"),
                );
            }
        };
        if let Some(keyword) = CONDITIONS
            .iter()
            .find(|keyword| map.contains_key(**keyword))
        {
            let what = format!("OpenAPI 3.0 has no `{keyword}`");
            let help = if keyword.starts_with('$') {
                "name the schema and refer to it with `$ref`"
            } else {
                "describe the values without it: each case as a member of `anyOf`"
            };
            let place = format!("{pointer}/{}", escape(keyword));
            return Err(Problem::at(self.document, &place, what).with_help(help));
        }
        // These would be lost.
        checked::values(self.document, map, pointer)?;
        checked::discriminator(self.document, map, pointer)?;
        let extensions = OF_THE_OVERLAY
            .iter()
            .filter(|name| map.contains_key(**name));
        self.extensions
            .extend(extensions.map(|name| format!("{pointer}/{name}")));
        let facts = match map.get("$ref") {
            Some(Value::String(reference)) => self.reference(map, reference, pointer)?,
            _ => self.definition(map, pointer)?,
        };
        // A schema that extends a parent is a member of it, and not another name of it.
        let is_component =
            pointer.starts_with("/components/schemas/") && steps(pointer).count() == 3;
        let is_named = is_component || self.inner.contains_key(pointer);
        if is_named && !map.contains_key("$ref") && extends_parent(self.document, schema) {
            return Ok(Value::Object(facts));
        }
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
        // Keywords that describe the value become a part of `allOf` after the reference: if two parts declare a
        // property, the later one is used.
        let is_null = beside.get("enum") == only_null().get("enum");
        let describes = |keyword: &String| {
            keyword == "nullable" && !is_null || BESIDE_A_REFERENCE.contains(&keyword.as_str())
        };
        let (mut facts, part): (Map<_, _>, Map<_, _>) = beside
            .into_iter()
            .partition(|(keyword, _)| describes(keyword));
        let mut all = vec![target];
        if !part.is_empty() {
            all.push(Value::Object(part));
        }
        facts.insert("allOf".to_owned(), Value::Array(all));
        Ok(facts)
    }

    /// The reference in the one form that the contract has: to a named schema.
    fn target(&mut self, reference: &str, pointer: &str) -> Result<String, Problem> {
        let target = references::target(self.document, reference, pointer)?;
        if let Some(name) = references::schema_name(reference) {
            return Ok(to_schema(&name));
        }
        let Some(name) = self.inner.get(&target).cloned() else {
            return Err(references::no_schema(self.document, reference, pointer));
        };
        Ok(self.named_inner(target, &name))
    }

    /// The reference to a schema outside of `components/schemas`, which becomes a component.
    fn named_inner(&mut self, target: String, name: &str) -> String {
        if self.met.insert(target.clone()) {
            self.waiting.push_back((target, name.to_owned()));
        }
        to_schema(name)
    }

    fn definition(
        &mut self,
        map: &Map<String, Value>,
        pointer: &str,
    ) -> Result<Map<String, Value>, Problem> {
        let mut facts = Map::new();
        let mut nullable = false;
        if allows_null_alone(map) {
            copy(map, &BESIDE_A_REFERENCE, &mut facts);
            facts.extend(only_null());
            return Ok(facts);
        }
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
            null(&mut facts);
        }
        if map.get("nullable") == Some(&Value::Bool(true)) {
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
            let is_choice = keyword != "allOf";
            let possible = list.iter().enumerate();
            let possible = possible.filter(|(_, inner)| !is_choice || !is_never(inner));
            let possible: Vec<_> = possible.collect();
            for (index, inner) in &possible {
                if is_choice && is_null(inner) {
                    *nullable = true;
                } else {
                    kept.push(self.facts(inner, &format!("{pointer}/{keyword}/{index}"))?);
                }
            }
            if kept.is_empty() && !possible.is_empty() {
                continue;
            }
            // A choice between one thing and null is that thing, nullable.
            let only = kept.len() == 1 && kept.len() < possible.len();
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
                )
                .with_help("map it to `#/components/schemas/NAME`"));
            };
            // A bare name is allowed too. It is converted, so that the contract has one form.
            let reference = if target.contains('/') || target.starts_with('#') {
                target.to_owned()
            } else {
                to_schema(target)
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

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
