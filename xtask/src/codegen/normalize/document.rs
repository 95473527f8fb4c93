//! Writes the draft as a document that progenitor accepts.
//!
//! The document uses only constructs that progenitor and typify turn into the wanted types. Unions
//! become objects with a property for each member, which carry the members' types and let typify
//! box recursive types. Enums are replaced later, so their schemas here are placeholders.
//! Prose is omitted: the passes take it from the facts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::conflict::Conflict;
use super::draft::{Draft, DraftBody, DraftOperation, DraftParameter};
use super::schema::{Components, Kind, Object, Schema, TextFormat, Union};
use super::{discrimination, requests, unions};
use crate::codegen::model::{BodyKind, Format, Usage};

/// The `x-rust-type` of the type that distinguishes absent, null and a value.
const PATCH: (&str, &str) = ("qovery-api", "qovery_api::Patch");

/// The box for a recursive value: typify does not box anything inside a type of another
/// crate.
const BOXED: (&str, &str) = ("std", "std::boxed::Box");

/// Writes the document.
///
/// # Errors
/// Returns an error if the tags of a union cannot be determined.
pub(crate) fn write(
    draft: &Draft,
    usage: &BTreeMap<String, Usage>,
    info: (&str, &str),
) -> Result<Value, Conflict> {
    let mut schemas = Map::new();
    for (name, schema) in &draft.components {
        let usage = usage.get(name).copied().unwrap_or_default();
        let value = component(&draft.components, (name, schema), usage)?;
        schemas.insert(name.clone(), value);
    }
    let operations = draft.operations.iter();
    // Only the types are read: each operation is on a path of its own, and all parameters travel in
    // the query, whatever the contract's paths and styles are.
    let paths: Map<String, Value> = operations
        .map(|operation| {
            let method = operation.http_method.to_ascii_lowercase();
            let path = format!("/{}", operation.method_name);
            (
                path,
                object([(method.as_str(), operation_value(operation))]),
            )
        })
        .collect();
    Ok(object([
        ("openapi", json!("3.0.3")),
        ("info", json!({"title": info.0, "version": info.1})),
        ("paths", paths.into()),
        ("components", object([("schemas", schemas.into())])),
    ]))
}

/// An object with these members. `json!` would copy values that are not written in it.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let members = members.into_iter();
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn operation_value(operation: &DraftOperation) -> Value {
    let mut value = Map::new();
    value.insert("operationId".into(), json!(operation.method_name));
    value.insert(
        "parameters".into(),
        operation.parameters.iter().map(parameter).collect(),
    );
    if let Some(body) = &operation.body {
        value.insert("requestBody".into(), request_body(body));
    }
    let mut response = json!({"description": ""});
    let content = match (operation.success.format, &operation.success.schema) {
        (Format::Json | Format::JsonOrEmpty, Some(schema)) => {
            let schema = object([("schema", used(schema))]);
            Some(object([("application/json", schema)]))
        }
        (Format::Text, _) => Some(json!({"text/plain": {"schema": {"type": "string"}}})),
        (Format::Binary, _) => Some(
            json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}),
        ),
        _ => None,
    };
    if let (Some(content), Some(response)) = (content, response.as_object_mut()) {
        response.insert("content".into(), content);
    }
    value.insert("responses".into(), object([("2XX", response)]));
    Value::Object(value)
}

fn parameter(parameter: &DraftParameter) -> Value {
    object([
        ("name", json!(parameter.rust_name)),
        ("in", json!("query")),
        ("required", json!(parameter.required)),
        ("schema", used(&parameter.schema)),
    ])
}

fn request_body(body: &DraftBody) -> Value {
    let (media, schema) = match body.kind {
        BodyKind::Json | BodyKind::Form => ("application/json", used(&body.schema)),
        BodyKind::Text => ("text/plain", json!({"type": "string"})),
        BodyKind::Bytes => (
            "application/octet-stream",
            json!({"type": "string", "format": "binary"}),
        ),
    };
    let content = object([(media, object([("schema", schema)]))]);
    object([("required", json!(true)), ("content", content)])
}

fn component(
    components: &Components,
    (name, schema): (&str, &Schema),
    usage: Usage,
) -> Result<Value, Conflict> {
    Ok(match &schema.kind {
        Kind::Object(object) => object_value(components, name, object, usage),
        Kind::Union(union) => carrier(components, schema, union)?,
        Kind::Enum(_) => json!({"type": "string"}),
        _ => used(schema),
    })
}

fn object_value(components: &Components, owner: &str, shape: &Object, usage: Usage) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    // Under the names of their fields, so that no two of them become one.
    for property in shape.properties.values() {
        let name = property.rust_name.clone();
        if property.required {
            required.push(name.clone());
        }
        let mut schema = property.schema.clone();
        let value = if requests::is_patch(property, usage) {
            schema.nullable = false;
            let mut value = used(&schema);
            if holds(components, &schema, owner) {
                value = of_type(BOXED, &value);
            }
            of_type(PATCH, &value)
        } else {
            schema.nullable |= requests::is_optional_collection(property, usage);
            used(&schema)
        };
        properties.insert(name, value);
    }
    let mut value = object([
        ("type", json!("object")),
        ("properties", properties.into()),
        ("required", required.into()),
    ]);
    if let (Some(extra), Some(value)) = (&shape.extra, value.as_object_mut()) {
        value.insert("additionalProperties".into(), used(extra));
    }
    value
}

/// A Rust type with one parameter.
fn of_type((name, path): (&str, &str), parameter: &Value) -> Value {
    let mut parameter = parameter.clone();
    as_json_schema(&mut parameter);
    json!({"x-rust-type": {"crate": name, "version": "*", "path": path, "parameters": [parameter]}})
}

/// Writes in the form of JSON Schema that the values of lists and maps may be null: progenitor reads the parameter
/// of a type as JSON Schema, which has no `nullable`.
fn as_json_schema(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    for inner in ["items", "additionalProperties"] {
        map.get_mut(inner).into_iter().for_each(as_json_schema);
    }
    if map.remove("nullable").is_some() {
        let value = match map.get("allOf").and_then(|parts| parts.get(0)) {
            Some(reference) => reference.clone(),
            None => schema.take(),
        };
        *schema = json!({"oneOf": [value, {"type": "null"}]});
    }
}

/// Whether a value contains a value of a component directly, and not in a list or a map.
fn holds(components: &Components, schema: &Schema, owner: &str) -> bool {
    let mut open = vec![schema];
    let mut seen = BTreeSet::new();
    while let Some(schema) = open.pop() {
        match &schema.kind {
            Kind::Ref(name) if name == owner => return true,
            Kind::Ref(name) if seen.insert(name) => open.extend(components.get(name)),
            Kind::Object(object) => {
                let properties = object.properties.values();
                open.extend(properties.map(|property| &property.schema));
            }
            Kind::Union(union) => open.extend(union.members.iter().map(|member| &member.schema)),
            _ => {}
        }
    }
    false
}

fn carrier(components: &Components, schema: &Schema, union: &Union) -> Result<Value, Conflict> {
    let tags = discrimination::tags(components, schema, union)?
        .map(|(_, tags)| tags)
        .unwrap_or_default();
    let names: Vec<String> = unions::variant_names(union, &tags)
        .iter()
        .map(|name| unions::carrier(name))
        .collect();
    let properties: Map<String, Value> = names
        .iter()
        .cloned()
        .zip(union.members.iter().map(|member| used(&member.schema)))
        .collect();
    Ok(json!({"type": "object", "properties": properties, "required": names}))
}

/// The schema at a place of use.
fn used(schema: &Schema) -> Value {
    let mut value = match &schema.kind {
        Kind::Ref(name) => {
            let reference = json!({"$ref": format!("#/components/schemas/{name}")});
            if schema.nullable {
                json!({"allOf": [reference]})
            } else {
                reference
            }
        }
        Kind::Text(TextFormat::Plain | TextFormat::Binary) => json!({"type": "string"}),
        Kind::Text(TextFormat::Uuid) => json!({"type": "string", "format": "uuid"}),
        Kind::Text(TextFormat::Date) => json!({"type": "string", "format": "date"}),
        Kind::Text(TextFormat::DateTime) => json!({"type": "string", "format": "date-time"}),
        Kind::Integer => json!({"type": "integer"}),
        Kind::Unsigned => json!({"type": "integer", "format": "uint64"}),
        Kind::Number => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::List(items) => object([("type", json!("array")), ("items", used(items))]),
        Kind::Map(values) => match values.kind {
            Kind::Any => json!({"type": "object"}),
            _ => object([
                ("type", json!("object")),
                ("additionalProperties", used(values)),
            ]),
        },
        // A schema of any value allows null already.
        _ => return json!({}),
    };
    if let Some(value) = value.as_object_mut().filter(|_| schema.nullable) {
        value.insert("nullable".into(), json!(true));
    }
    value
}
