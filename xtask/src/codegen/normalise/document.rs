//! Writing the draft as a document that progenitor accepts.
//!
//! Every construct in it is one that progenitor and typify turn into the type that is wanted. Unions
//! become objects with a property for each member, which carry the members' types and let typify
//! box what would contain itself; enums are replaced, so what stands here for them is never seen.
//! Prose is left out: the passes take it from the facts.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::draft::{Draft, DraftBody, DraftOperation, DraftParameter};
use super::merge::Conflict;
use super::schema::{Components, Kind, Object, Schema, TextFormat, Union};
use super::{requests, telling, unions};
use crate::codegen::model::{BodyKind, Format, Location, Usage};

/// The type that tells absent, null and a value apart, as `x-rust-type` names it.
const PATCH: (&str, &str) = ("qovery-api", "qovery_api::Patch");

/// Writes the document.
///
/// # Errors
/// Where a union's tags cannot be told.
pub(crate) fn write(
    draft: &Draft,
    usage: &BTreeMap<String, Usage>,
    info: (&str, &str),
) -> Result<Value, Conflict> {
    let mut schemas = Map::new();
    for (name, schema) in &draft.components {
        let usage = usage.get(name).copied().unwrap_or_default();
        schemas.insert(name.clone(), component(&draft.components, schema, usage)?);
    }
    let mut paths: Map<String, Value> = Map::new();
    for operation in &draft.operations {
        let item = paths.entry(path(operation)).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(
                operation.http_method.to_ascii_lowercase(),
                operation_value(operation),
            );
        }
    }
    Ok(json!({
        "openapi": "3.0.3",
        "info": {"title": info.0, "version": info.1},
        "paths": paths,
        "components": {"schemas": schemas},
    }))
}

/// The path with the names that the arguments have.
fn path(operation: &DraftOperation) -> String {
    let mut path = operation.path.clone();
    for parameter in operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Path)
    {
        path = path.replace(
            &format!("{{{}}}", parameter.name),
            &format!("{{{}}}", parameter.rust_name),
        );
    }
    path
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
            Some(json!({"application/json": {"schema": used(schema)}}))
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
    value.insert("responses".into(), json!({"2XX": response}));
    Value::Object(value)
}

fn parameter(parameter: &DraftParameter) -> Value {
    let location = match parameter.location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
    };
    json!({
        "name": parameter.rust_name,
        "in": location,
        "required": parameter.required,
        "schema": used(&parameter.schema),
    })
}

fn request_body(body: &DraftBody) -> Value {
    let (media, schema) = match body.kind {
        BodyKind::Json => ("application/json", used(&body.schema)),
        BodyKind::Form => ("application/x-www-form-urlencoded", used(&body.schema)),
        BodyKind::Text => ("text/plain", json!({"type": "string"})),
        BodyKind::Bytes => (
            "application/octet-stream",
            json!({"type": "string", "format": "binary"}),
        ),
    };
    json!({"required": true, "content": {media: {"schema": schema}}})
}

fn component(components: &Components, schema: &Schema, usage: Usage) -> Result<Value, Conflict> {
    Ok(match &schema.kind {
        Kind::Object(object) => object_value(object, usage),
        Kind::Union(union) => carrier(components, schema, union)?,
        Kind::Enum(_) => json!({"type": "string"}),
        _ => used(schema),
    })
}

fn object_value(object: &Object, usage: Usage) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, property) in &object.properties {
        if property.required {
            required.push(name.as_str());
        }
        let mut schema = property.schema.clone();
        let value = if requests::is_patch(property, usage) {
            schema.nullable = false;
            json!({"x-rust-type": {"crate": PATCH.0, "version": "*", "path": PATCH.1, "parameters": [used(&schema)]}})
        } else {
            schema.nullable |= requests::is_optional_collection(property, usage);
            used(&schema)
        };
        properties.insert(name.clone(), value);
    }
    let mut value = json!({"type": "object", "properties": properties, "required": required});
    if let (Some(extra), Some(value)) = (&object.extra, value.as_object_mut()) {
        value.insert("additionalProperties".into(), used(extra));
    }
    value
}

fn carrier(components: &Components, schema: &Schema, union: &Union) -> Result<Value, Conflict> {
    let tags = telling::tags(components, schema, union)?
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

/// A schema where it is used.
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
        Kind::Number => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::List(items) => json!({"type": "array", "items": used(items)}),
        Kind::Map(values) => match values.kind {
            Kind::Any => json!({"type": "object"}),
            _ => json!({"type": "object", "additionalProperties": used(values)}),
        },
        // Any value may be null as it is.
        _ => return json!({}),
    };
    if let Some(value) = value.as_object_mut().filter(|_| schema.nullable) {
        value.insert("nullable".into(), json!(true));
    }
    value
}
