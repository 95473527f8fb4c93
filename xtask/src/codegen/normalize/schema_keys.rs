//! The keywords of a schema as lists and names.

use indexmap::IndexSet;
use serde_json::{Map, Value};

use crate::contract::choice::only_requires;

/// The names of the types, each once.
pub(crate) fn types(map: &Map<String, Value>) -> Vec<&str> {
    match map.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str);
            names.collect::<IndexSet<_>>().into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A text, unless it is blank.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    let text = value.and_then(Value::as_str);
    text.filter(|text| !text.trim().is_empty())
        .map(str::to_owned)
}

/// The entries of a list; none if there is no list.
pub(crate) fn list<'v>(map: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    map.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether a schema has a list of alternatives, `oneOf` or `anyOf`.
pub(crate) fn chooses(map: &Map<String, Value>) -> bool {
    let lists = ["oneOf", "anyOf"].map(|keyword| list(map, keyword));
    lists
        .iter()
        .any(|members| !members.is_empty() && !members.iter().all(only_requires))
}

/// The listed values of an integer or a boolean, as they are spelled in JSON.
pub(crate) fn spelled_values(map: &Map<String, Value>) -> Vec<String> {
    let values = enumerated(map).unwrap_or_default();
    let is_simple = |value: &Value| value.is_i64() || value.is_u64() || value.is_boolean();
    match values.iter().all(is_simple) {
        true => values.iter().map(Value::to_string).collect(),
        false => Vec::new(),
    }
}

/// The values of `enum` or `const`.
pub(crate) fn enumerated(map: &Map<String, Value>) -> Option<Vec<Value>> {
    match (map.get("enum"), map.get("const")) {
        (Some(Value::Array(values)), None) => Some(values.clone()),
        (_, Some(value)) => Some(vec![value.clone()]),
        _ => None,
    }
}
