//! Members of `oneOf` and `anyOf` that shape no value.

use serde_json::{Map, Value};

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
