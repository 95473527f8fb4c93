//! Members of `oneOf` and `anyOf` that describe no type of their own, and schemas that become members of a union
//! because they extend its schema.

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

/// Whether a value has a type of scalars.
pub(crate) fn is_of_type(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => false,
    }
}

/// Whether a schema extends, directly or indirectly, a schema with a discriminator and without a list of members.
/// The schema is then a member of the extended one.
pub(crate) fn extends_parent(document: &Document, schema: &Value) -> bool {
    let target = |reference: &str| document.value.pointer(&pointer_of(reference)?);
    let mut ancestors = ancestors(schema, target).into_iter();
    ancestors.any(|(_, target)| {
        let mut lists = ["oneOf", "anyOf"].iter();
        target.get("discriminator").is_some() && !lists.any(|list| target.get(*list).is_some())
    })
}

/// The schemas that a schema extends, directly or indirectly, with the references to them.
pub(crate) fn ancestors<'v>(
    schema: &'v Value,
    target: impl Fn(&str) -> Option<&'v Value>,
) -> Vec<(&'v str, &'v Value)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = extended(schema).collect();
    while let Some(reference) = open.pop() {
        if let Some(target) = target(reference).filter(|_| seen.insert(reference)) {
            open.extend(extended(target));
            // Another name stands for its target.
            open.extend(target.get("$ref").and_then(Value::as_str));
            found.push((reference, target));
        }
    }
    found
}

/// The references to schemas that a schema extends. A reference beside nothing but texts is another name of its target,
/// which extends no schema of its own.
fn extended(schema: &Value) -> impl Iterator<Item = &str> {
    let parts = schema.get("allOf").and_then(Value::as_array);
    let parts = parts.into_iter().flatten();
    let own = schema.as_object().filter(|map| map.iter().any(says_more));
    let references = parts.filter_map(|part| part.get("$ref"));
    let references = references.chain(own.and_then(|map| map.get("$ref")));
    references.filter_map(Value::as_str)
}

/// Whether a keyword beside a reference states a fact. `import` keeps these keywords.
fn says_more((keyword, value): (&String, &Value)) -> bool {
    let texts = [
        "$ref",
        "$defs",
        "$comment",
        "title",
        "summary",
        "description",
    ];
    let is_silent = texts.contains(&keyword.as_str()) || keyword.starts_with("example");
    !is_silent && !keyword.starts_with("x-") && value != &Value::Bool(false)
}
