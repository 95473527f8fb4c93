//! The type of the data that a schema describes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::contract::references::schema_name;

/// How many schemas are looked at to find the type of one.
const DEEPEST: usize = 100;

/// The type of the data that a schema describes, as far as all its parts agree on one.
pub(super) fn data_type(schema: &Value, schemas: &Map<String, Value>) -> Option<String> {
    type_within(schema, schemas, &mut BTreeMap::new())
}

/// `known` holds the kinds of the schemas that were looked at, and none of those that are being looked at.
fn type_within(
    schema: &Value,
    schemas: &Map<String, Value>,
    known: &mut BTreeMap<String, Option<String>>,
) -> Option<String> {
    if let Some(kind) = schema.get("type").and_then(Value::as_str) {
        return Some(kind.to_owned());
    }
    if schema.get("properties").is_some() {
        return Some("object".to_owned());
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
    let parts = ["allOf", "oneOf", "anyOf"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword)?.as_array());
    let mut kinds: Vec<String> = parts
        .flatten()
        .filter_map(|part| type_within(part, schemas, known))
        .collect();
    kinds.dedup();
    match kinds.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    }
}
