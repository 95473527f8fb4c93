//! The document as progenitor takes it, once for its types and once for its operations.
//!
//! Operations name the types and need not know what is in them, so that the two can be generated beside
//! each other, and what is in a type is read once.

use openapiv3::{
    Components, Info, ObjectType, OpenAPI, PathItem, Paths, ReferenceOr, Schema, SchemaKind, Type,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The schemas of the document, without operations.
///
/// # Errors
/// Where the document is not OpenAPI.
pub(super) fn of_types(document: &Value) -> Result<OpenAPI, String> {
    let schemas = document.pointer("/components/schemas");
    Ok(OpenAPI {
        components: Some(Components {
            schemas: part(schemas)?,
            ..Components::default()
        }),
        ..head(document)?
    })
}

/// The operations of the document, and its schemas by their names only: every one that is an object is
/// an empty one.
///
/// # Errors
/// Where the document is not OpenAPI.
pub(super) fn of_operations(document: &Value) -> Result<OpenAPI, String> {
    let schemas = document.pointer("/components/schemas");
    let schemas = schemas.and_then(Value::as_object).into_iter().flatten();
    let outline = |(name, schema): (&String, &Value)| {
        let is_object = schema.get("properties").is_some();
        let outline = if is_object {
            ReferenceOr::Item(object())
        } else {
            part(Some(schema))?
        };
        Ok((name.clone(), outline))
    };
    let paths: Map<String, Value> = part(document.get("paths"))?;
    let paths = paths.into_iter().map(|(path, item)| {
        let item = PathItem::deserialize(item).map_err(|error| error.to_string())?;
        Ok((path, ReferenceOr::Item(item)))
    });
    Ok(OpenAPI {
        paths: Paths {
            paths: paths.collect::<Result<_, String>>()?,
            ..Paths::default()
        },
        components: Some(Components {
            schemas: schemas.map(outline).collect::<Result<_, String>>()?,
            ..Components::default()
        }),
        ..head(document)?
    })
}

/// What stands above paths and components.
fn head(document: &Value) -> Result<OpenAPI, String> {
    Ok(OpenAPI {
        openapi: part(document.get("openapi"))?,
        info: part::<Info>(document.get("info"))?,
        ..OpenAPI::default()
    })
}

/// A schema that becomes a struct, whatever is in it.
fn object() -> Schema {
    let property = Schema {
        schema_data: openapiv3::SchemaData::default(),
        schema_kind: SchemaKind::Type(Type::Boolean(openapiv3::BooleanType::default())),
    };
    let object = ObjectType {
        properties: [("any".to_owned(), ReferenceOr::boxed_item(property))].into(),
        ..ObjectType::default()
    };
    Schema {
        schema_data: openapiv3::SchemaData::default(),
        schema_kind: SchemaKind::Type(Type::Object(object)),
    }
}

fn part<'a, T: Deserialize<'a>>(value: Option<&'a Value>) -> Result<T, String> {
    let value = value.unwrap_or(&Value::Null);
    T::deserialize(value).map_err(|error| error.to_string())
}
