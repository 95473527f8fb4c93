//! Reads the schema's own keywords: its type, its properties, its items, its values.
//!
//! If `type` is missing, the other keywords determine it. References and compositions are read elsewhere.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::enums;
use super::super::schema::{Kind, Member, Object, Property, Schema, TextFormat, Union};
use super::super::schema_keys::{enumerated, list, types};
use super::Reader;
use crate::contract::checked;
use crate::contract::choice::{is_never, is_of_type};
use crate::contract::pointer::escape as step;
use crate::problem::Problem;

/// The schema of its own keywords, without references and compositions.
///
/// # Errors
/// Returns an error if the type is unknown, or something in the schema is not a schema.
pub(super) fn schema(
    reader: &Reader<'_>,
    map: &Map<String, Value>,
    pointer: &str,
) -> Result<Schema, Problem> {
    checked::values(reader.document, map, pointer)?;
    let named: Vec<&str> = types(map)
        .into_iter()
        .filter(|name| *name != "null")
        .collect();
    if named.len() > 1 {
        no_other_type(reader, &named, map, pointer);
        let members = named
            .iter()
            .filter_map(|name| Some((name, of_type(name, map)?)))
            .map(|(name, map)| {
                Ok(Member {
                    schema: typed(reader, name, &map, pointer)?,
                    source: None,
                })
            })
            .collect::<Result<_, Problem>>()?;
        let union = Union {
            members,
            discriminator: None,
        };
        let mut schema = Schema::new(Kind::Union(union), pointer);
        schema.nullable = enumerated(map).is_some_and(|values| values.contains(&Value::Null));
        return Ok(schema);
    }
    match named.first() {
        Some(name) => typed(reader, name, map, pointer),
        None if types(map).contains(&"null") => Ok(Schema::new(Kind::Null, pointer)),
        None => untyped(reader, map, pointer),
    }
}

fn typed(
    reader: &Reader<'_>,
    name: &str,
    map: &Map<String, Value>,
    pointer: &str,
) -> Result<Schema, Problem> {
    let format = map
        .get("format")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let values = enumerated(map);
    if name != "string" {
        no_other_type(reader, &[name], map, pointer);
    }
    let kind = match name {
        "object" => return object(reader, map, pointer),
        "string" => {
            if let Some(values) = values {
                let remark = |place: &str, what| reader.remark(place, what);
                return Ok(enums::read(&values, map, pointer, remark));
            }
            Kind::Text(text_format(format))
        }
        "integer" | "number" if format == "uint64" => Kind::Unsigned,
        "integer" if is_beyond_signed(map) => Kind::Unsigned,
        "integer" => Kind::Integer,
        // A whole number in a format for whole numbers, whatever the type is called.
        "number" if matches!(format, "int32" | "int64" | "uint32") => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "array" => {
            // The first items of a list may have types of their own.
            let items = map.get("items");
            let says = |items: &&Value| !map.contains_key("prefixItems") && !is_never(items);
            let items = match items.filter(says) {
                Some(items) => reader.schema(items, &format!("{pointer}/items"))?,
                None => Schema::new(Kind::Any, pointer),
            };
            Kind::List(Box::new(items))
        }
        other => {
            return Err(reader
                .problem(
                    &format!("{pointer}/type"),
                    format!("`{other}` is not a type"),
                )
                .with_help("one of string, integer, number, boolean, array, object"));
        }
    };
    let mut schema = Schema::new(kind, pointer);
    schema.nullable = values.is_some_and(|values| values.contains(&Value::Null));
    Ok(schema)
}

/// Notes the listed values that have none of the types.
fn no_other_type(reader: &Reader<'_>, names: &[&str], map: &Map<String, Value>, pointer: &str) {
    let Some(Value::Array(values)) = map.get("enum") else {
        return;
    };
    let strange = values
        .iter()
        .filter(|value| !value.is_null() && !names.iter().any(|name| is_of_type(name, value)));
    let strange: Vec<String> = strange.map(|value| format!("`{value}`")).collect();
    if !strange.is_empty() {
        let what = format!(
            "`enum` lists {}, which fits no type of the schema and is ignored",
            strange.join(", ")
        );
        reader.remark(&format!("{pointer}/enum"), what);
    }
}

/// Reads a schema without `type`: the other keywords determine the type.
fn untyped(
    reader: &Reader<'_>,
    map: &Map<String, Value>,
    pointer: &str,
) -> Result<Schema, Problem> {
    let has = |keys: &[&str]| keys.iter().any(|key| map.contains_key(*key));
    if let Some(values) = enumerated(map) {
        let kinds = values.iter().map(kind_of).filter(|kind| *kind != "null");
        let kinds: BTreeSet<&str> = kinds.collect();
        let is_number = |kind: &&str| matches!(*kind, "integer" | "number");
        return match kinds.first().copied() {
            None => Ok(Schema::new(Kind::Null, pointer)),
            Some(kind @ ("string" | "boolean" | "integer" | "number")) if kinds.len() == 1 => {
                typed(reader, kind, map, pointer)
            }
            Some(_) if kinds.iter().all(is_number) => typed(reader, "number", map, pointer),
            Some(_) => Ok(Schema::new(Kind::Any, pointer)),
        };
    }
    if has(&["properties", "additionalProperties", "patternProperties"]) {
        typed(reader, "object", map, pointer)
    } else if has(&["items", "prefixItems"]) {
        typed(reader, "array", map, pointer)
    } else if has(&["pattern", "minLength", "maxLength"])
        || map
            .get("format")
            .and_then(Value::as_str)
            .is_some_and(is_text_format)
    {
        let mut text = typed(reader, "string", map, pointer)?;
        text.is_implied = true;
        Ok(text)
    } else if !list(map, "required").is_empty() {
        object(reader, map, pointer)
    } else {
        Ok(Schema::new(Kind::Any, pointer))
    }
}

fn object(reader: &Reader<'_>, map: &Map<String, Value>, pointer: &str) -> Result<Schema, Problem> {
    let mut object = Object::default();
    let required: Vec<&str> = list(map, "required")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let declared = map.get("properties").and_then(Value::as_object);
    for (name, value) in declared.into_iter().flatten() {
        if is_never(value) {
            continue;
        }
        let schema = reader.schema(value, &format!("{pointer}/properties/{}", step(name)))?;
        let property = Property {
            schema,
            required: required.contains(&name.as_str()),
            rust_name: String::new(),
        };
        object.properties.insert(name.clone(), property);
    }
    object.required_elsewhere = required
        .iter()
        .filter(|name| !object.properties.contains_key(**name))
        .map(|name| (*name).to_owned())
        .collect();
    let patterns = map.get("patternProperties").and_then(Value::as_object);
    let extra = match (patterns, map.get("additionalProperties")) {
        (Some(patterns), _) => match (patterns.len(), patterns.iter().next()) {
            (1, Some((pattern, value))) => {
                let place = format!("{pointer}/patternProperties/{}", step(pattern));
                Some(reader.schema(value, &place)?)
            }
            // Of several types, any.
            _ => None,
        },
        (None, Some(value @ Value::Object(_))) => {
            Some(reader.schema(value, &format!("{pointer}/additionalProperties"))?)
        }
        _ => None,
    };
    if object.properties.is_empty() && object.required_elsewhere.is_empty() {
        let value = extra.unwrap_or_else(|| Schema::new(Kind::Any, pointer));
        return Ok(Schema::new(Kind::Map(Box::new(value)), pointer));
    }
    // Unrestricted further properties are the default of every object.
    object.extra = extra
        .filter(|schema| !matches!(schema.kind, Kind::Any))
        .map(Box::new);
    Ok(Schema::new(Kind::Object(object), pointer))
}

/// A schema with only those values of `enum` that have this type; `None` if there are none.
fn of_type(name: &str, map: &Map<String, Value>) -> Option<Map<String, Value>> {
    let mut map = map.clone();
    let Some(mut values) = enumerated(&map) else {
        return Some(map);
    };
    values.retain(|value| is_of_type(name, value));
    if values.is_empty() {
        return None;
    }
    map.insert("enum".to_owned(), Value::Array(values));
    Some(map)
}

/// The type of a value of JSON.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether the limits allow integers that do not fit into a signed 64-bit integer, and no negative ones.
fn is_beyond_signed(map: &Map<String, Value>) -> bool {
    // An exclusive limit is a number since 3.1, and before that a flag beside the other one.
    let limits = |names: [&str; 2]| {
        let limits = names.into_iter().filter_map(|name| map.get(name));
        limits.filter(|limit| limit.is_number()).collect::<Vec<_>>()
    };
    let is_large = |limit: &&Value| limit.is_u64() && !limit.is_i64();
    let is_negative = |value: &&Value| value.as_f64().is_some_and(|value| value < 0.0);
    let least = limits(["minimum", "exclusiveMinimum"]);
    let mut values = enumerated(map).unwrap_or_default();
    values.extend(map.get("default").cloned());
    if values.iter().any(|value| is_large(&value)) {
        return !values.iter().chain(least).any(|value| is_negative(&value));
    }
    let most = limits(["maximum", "exclusiveMaximum"]);
    !most.is_empty() && most.iter().all(is_large) && least.into_iter().any(Value::is_u64)
}

fn text_format(format: &str) -> TextFormat {
    match format.to_ascii_lowercase().as_str() {
        "uuid" => TextFormat::Uuid,
        "date" => TextFormat::Date,
        "date-time" => TextFormat::DateTime,
        "binary" => TextFormat::Binary,
        _ => TextFormat::Plain,
    }
}

fn is_text_format(format: &str) -> bool {
    !matches!(format, "int32" | "int64" | "float" | "double")
}
