//! Members of `oneOf` and `anyOf` that shape no value, and schemas that are members because of a schema they extend.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Document;
use super::references::pointer_of;

/// Whether a schema only lists required names: a choice between such schemas restricts values.
pub(crate) fn only_requires(member: &Value) -> bool {
    member.as_object().is_some_and(|map| {
        map.contains_key("required")
            && map
                .keys()
                .all(|key| matches!(key.as_str(), "required" | "type" | "title" | "description"))
    })
}

/// Whether no value fits a schema. The second form is that of OpenAPI 3.0.
pub(crate) fn is_never(schema: &Value) -> bool {
    let excludes_all = |map: &Map<String, Value>| {
        map.len() == 1
            && map
                .get("not")
                .is_some_and(|not| not == &Value::Bool(true) || not == &Value::Object(Map::new()))
    };
    schema == &Value::Bool(false) || schema.as_object().is_some_and(excludes_all)
}

/// Whether a schema extends, directly or indirectly, one with a discriminator that lists no members: it is a member
/// of that one then.
pub(crate) fn extends_parent(document: &Document, schema: &Value) -> bool {
    let mut open = vec![schema];
    let mut seen = BTreeSet::new();
    while let Some(schema) = open.pop() {
        let parts = schema.get("allOf").and_then(Value::as_array);
        let references = parts
            .into_iter()
            .flatten()
            .filter_map(|part| part.get("$ref"));
        for reference in references.filter_map(Value::as_str) {
            let target = pointer_of(reference).and_then(|target| document.value.pointer(&target));
            let Some(target) = target.filter(|_| seen.insert(reference)) else {
                continue;
            };
            let lists = ["oneOf", "anyOf"]
                .iter()
                .any(|keyword| target.get(*keyword).is_some());
            if target.get("discriminator").is_some() && !lists {
                return true;
            }
            open.push(target);
        }
    }
    false
}
