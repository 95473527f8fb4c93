//! Writes the draft as a document that progenitor accepts.
//!
//! The document uses only constructs that progenitor and typify turn into the wanted types. Unions
//! become objects with a property for each member, which carry the members' types and let typify
//! box recursive types. Enums are replaced later, so their schemas here are placeholders.
//! Prose is omitted: the passes take it from the facts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::draft::{Draft, DraftOperation, DraftParameter};
use super::schema::{Components, Kind, Object, Schema, TextFormat, Union};
use super::{discrimination, requests, unions};
use crate::codegen::model::{BodyKind, Format, Usage};
use crate::problem::Problem;

/// Writes the document.
///
/// # Errors
/// Returns an error if the tags of a union cannot be determined.
pub(crate) fn write(
    draft: &Draft,
    usage: &BTreeMap<String, Usage>,
    info: (&str, &str),
) -> Result<Value, Problem> {
    let mut schemas = Map::new();
    for (name, schema) in &draft.components {
        let usage = usage.get(name).copied().unwrap_or_default();
        let value = component(&draft.components, schema, usage)?;
        schemas.insert(name.clone(), value);
    }
    let operations = draft.operations.iter();
    // Only the types are read: each operation is on a path of its own, and all parameters travel in
    // the query, whatever the contract's paths and styles are.
    let paths: Map<String, Value> = operations
        .map(|operation| {
            let method = operation.model.http_method.to_ascii_lowercase();
            let path = format!("/{}", operation.model.method_name);
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
    value.insert("operationId".into(), json!(operation.model.method_name));
    value.insert(
        "parameters".into(),
        operation.parameters.iter().map(parameter).collect(),
    );
    if let (Some(model), Some(body)) = (&operation.model.body, &operation.body) {
        value.insert("requestBody".into(), request_body(model.kind, &body.schema));
    }
    let mut response = json!({"description": ""});
    let content = match (operation.model.success.format, &operation.success) {
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
        ("name", json!(parameter.model.rust_name)),
        ("in", json!("query")),
        ("required", json!(parameter.model.required)),
        ("schema", used(&parameter.schema)),
    ])
}

fn request_body(kind: BodyKind, schema: &Schema) -> Value {
    let (media, schema) = match kind {
        BodyKind::Json | BodyKind::Form => ("application/json", used(schema)),
        BodyKind::Text => ("text/plain", json!({"type": "string"})),
        BodyKind::Bytes => (
            "application/octet-stream",
            json!({"type": "string", "format": "binary"}),
        ),
    };
    let content = object([(media, object([("schema", schema)]))]);
    object([("required", json!(true)), ("content", content)])
}

fn component(components: &Components, schema: &Schema, usage: Usage) -> Result<Value, Problem> {
    Ok(match &schema.kind {
        Kind::Object(object) => object_value(object, usage),
        Kind::Union(union) => carrier(components, schema, union)?,
        Kind::Enum(_) => json!({"type": "string"}),
        _ => used(schema),
    })
}

fn object_value(shape: &Object, usage: Usage) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    // Under the names of their fields, so that no two of them become one.
    for property in shape.properties.values() {
        let name = property.rust_name.clone();
        if property.required {
            required.push(name.clone());
        }
        let mut schema = property.schema.clone();
        // The null of a patch is in the type that the passes put around the value.
        schema.nullable &= !requests::is_patch(property, usage);
        schema.nullable |= requests::is_optional_collection(property, usage);
        properties.insert(name, used(&schema));
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

fn carrier(components: &Components, schema: &Schema, union: &Union) -> Result<Value, Problem> {
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
