//! The type of the data that a schema describes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::contract::choice::only_requires;
use crate::contract::references::schema_name;

/// The type that the keywords of a schema without `type` have, as `generate` reads them.
fn type_of_keywords(schema: &Value) -> Option<&'static str> {
    let says = |keywords: &[&str]| {
        keywords
            .iter()
            .any(|keyword| schema.get(*keyword).is_some())
    };
    let of_numbers = ["int32", "int64", "float", "double"];
    let format = schema.get("format").and_then(Value::as_str);
    if says(&["properties", "additionalProperties"]) {
        Some("object")
    } else if says(&["items"]) {
        Some("array")
    } else if says(&["pattern", "minLength", "maxLength"])
        || format.is_some_and(|format| !of_numbers.contains(&format))
    {
        Some("string")
    } else if says(&["required"]) {
        Some("object")
    } else {
        None
    }
}

/// How many schemas are looked at to find the type of one.
const DEEPEST: usize = 100;

/// The type of the data that a schema describes, as far as all its parts agree on one.
pub(super) fn data_type(schema: &Value, schemas: &Map<String, Value>) -> Option<String> {
    type_within(schema, schemas, &mut BTreeMap::new())
}

/// `known` holds the type of each named schema. While the type of a schema is searched, its entry is `None`, so
/// that a cycle ends.
fn type_within(
    schema: &Value,
    schemas: &Map<String, Value>,
    known: &mut BTreeMap<String, Option<String>>,
) -> Option<String> {
    if let Some(kind) = schema.get("type").and_then(Value::as_str) {
        return Some(kind.to_owned());
    }
    if let Some(kind) = type_of_keywords(schema) {
        return Some(kind.to_owned());
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = schema_name(reference)?;
        if let Some(known) = known.get(&name) {
            return known.clone();
        }
        if known.len() > DEEPEST {
            return None;
        }
        known.insert(name.clone(), None);
        let kind = type_within(schemas.get(&name)?, schemas, known);
        known.insert(name, kind.clone());
        return kind;
    }
    let mut kinds: Vec<String> = Vec::new();
    for keyword in ["allOf", "oneOf", "anyOf"] {
        let parts = schema.get(keyword).and_then(Value::as_array);
        // `generate` reads no type in a choice between lists of required names.
        let parts = parts.filter(|parts| keyword == "allOf" || !parts.iter().all(only_requires));
        let parts = parts.into_iter().flatten();
        // `generate` ignores a type beside a reference to a schema of another type.
        let is_typed_beside = keyword == "allOf"
            && parts.clone().any(|part| {
                part.get("$ref").is_some()
                    && !is_only_null(part, schemas)
                    && type_within(part, schemas, known).is_some()
            });
        for part in parts.filter(|part| !is_typed_beside || part.get("$ref").is_some()) {
            if is_only_null(part, schemas) {
                continue;
            }
            match type_within(part, schemas, known) {
                Some(kind) => kinds.push(kind),
                // If one member of a choice allows any type, the choice does too.
                None if keyword != "allOf" => return None,
                // One of several types may contradict the type beside it.
                None if chooses(part, schemas) => return None,
                None => {}
            }
        }
    }
    kinds.dedup();
    match kinds.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}

/// Whether only null fits a schema, or the schema that it refers to.
fn is_only_null(schema: &Value, schemas: &Map<String, Value>) -> bool {
    let values = target(schema, schemas)
        .get("enum")
        .and_then(Value::as_array);
    values.is_some_and(|values| values.as_slice() == [Value::Null])
}

/// Whether a part is a reference to a choice.
fn chooses(part: &Value, schemas: &Map<String, Value>) -> bool {
    let target = target(part, schemas);
    part.get("$ref").is_some() && (target.get("oneOf").is_some() || target.get("anyOf").is_some())
}

/// The schema that a reference names, or the schema itself.
fn target<'s>(schema: &'s Value, schemas: &'s Map<String, Value>) -> &'s Value {
    let reference = schema.get("$ref").and_then(Value::as_str);
    let name = reference.and_then(schema_name);
    name.and_then(|name| schemas.get(&name)).unwrap_or(schema)
}
