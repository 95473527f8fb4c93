//! The form of a schema: whether a part of an older schema fits into a newer one.

use serde_json::Value;

use super::json::list;
use crate::contract::references::schema_name;

/// The name of the schema that this one only refers to, by `$ref` or by an `allOf` with one member.
pub(in super::super) fn referred(schema: &Value) -> Option<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return schema_name(reference);
    }
    let lone = schema.get("allOf").and_then(Value::as_array)?;
    let is_plain = schema.get("properties").is_none() && schema.get("enum").is_none();
    match lone.as_slice() {
        [only] if is_plain => schema_name(only.get("$ref")?.as_str()?),
        _ => None,
    }
}

/// The form of the values of a schema, by its own keywords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    Object,
    Map,
    Values(String),
    Union,
    Plain(String),
    Any,
}

pub(super) fn form(schema: &Value) -> Form {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    if list(schema, "oneOf").is_some() || list(schema, "anyOf").is_some() {
        return Form::Union;
    }
    if list(schema, "enum").is_some() {
        return Form::Values(text("type").to_owned());
    }
    if schema.get("properties").is_some() || list(schema, "allOf").is_some() {
        return Form::Object;
    }
    match text("type") {
        "object"
            if schema
                .get("additionalProperties")
                .is_some_and(Value::is_object) =>
        {
            Form::Map
        }
        "object" => Form::Object,
        "" => Form::Any,
        kind => Form::Plain(kind.to_owned()),
    }
}

/// A short description of a schema for a report.
pub(super) fn shown(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        return name;
    }
    match form(schema) {
        Form::Object => "an object".to_owned(),
        Form::Map => "a map".to_owned(),
        Form::Values(_) => "an enum".to_owned(),
        Form::Union => "a union".to_owned(),
        Form::Plain(kind) => kind,
        Form::Any => "any value".to_owned(),
    }
}
