//! The keywords of a schema: those that are facts, their order, and the conversion of the forms of
//! version 3.1 to 3.0.
//!
//! `schema` follows references and reads the schemas inside a schema.

use indexmap::IndexSet;
use serde_json::{Map, Value, json};

use super::extensions::{ALIASES, FORMER_NAMES, OLD_MEMBERS, OLD_VALUES};
use crate::contract::choice::is_of_type;

/// The keywords of a schema in output order. Other keywords are not kept.
pub(super) const ORDER: [&str; 39] = [
    "$ref",
    "type",
    "format",
    "nullable",
    "deprecated",
    "readOnly",
    "writeOnly",
    FORMER_NAMES,
    "description",
    "enum",
    "x-enumDescriptions",
    ALIASES,
    OLD_VALUES,
    "default",
    "multipleOf",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "allOf",
    "oneOf",
    "anyOf",
    OLD_MEMBERS,
    "not",
    "discriminator",
    "xml",
    "externalDocs",
];

/// Facts that are copied unchanged, unless they state the default.
pub(super) const COPIED: [&str; 18] = [
    FORMER_NAMES,
    ALIASES,
    OLD_VALUES,
    OLD_MEMBERS,
    "format",
    "default",
    "multipleOf",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "deprecated",
];

/// Keywords allowed beside a reference: they describe the location, not the target.
pub(super) const BESIDE_A_REFERENCE: [&str; 5] = [
    FORMER_NAMES,
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// Copies the facts, except for flags that are `false`, which is the default.
pub(super) fn copy(from: &Map<String, Value>, keywords: &[&str], to: &mut Map<String, Value>) {
    for keyword in keywords {
        let flag = matches!(
            *keyword,
            "deprecated" | "readOnly" | "writeOnly" | "uniqueItems"
        );
        match from.get(*keyword) {
            None => {}
            Some(value) if flag && value != &Value::Bool(true) => {}
            Some(value) => drop(to.insert((*keyword).to_owned(), value.clone())),
        }
    }
}

/// An exclusive limit is a flag in 3.0 and a number since 3.1.
pub(super) fn limit(
    map: &Map<String, Value>,
    exclusive: &str,
    inclusive: &str,
    facts: &mut Map<String, Value>,
    tighter: impl Fn(f64, f64) -> bool,
) {
    match map.get(exclusive) {
        Some(Value::Bool(true)) => drop(facts.insert(exclusive.to_owned(), Value::Bool(true))),
        Some(Value::Number(number)) => {
            let old = facts.get(inclusive).and_then(Value::as_f64);
            if number
                .as_f64()
                .is_some_and(|new| old.is_none_or(|old| tighter(new, old)))
            {
                facts.insert(inclusive.to_owned(), Value::Number(number.clone()));
                facts.insert(exclusive.to_owned(), Value::Bool(true));
            }
        }
        _ => {}
    }
}

pub(super) fn encoding(map: &Map<String, Value>, facts: &mut Map<String, Value>) {
    // The keyword defines how to read a text, but does not make the value a text.
    let is_text = match map.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => false,
    };
    if facts.contains_key("format") || !is_text {
        return;
    }
    let encoding = map.get("contentEncoding").and_then(Value::as_str);
    let format = match (
        encoding,
        map.get("contentMediaType").and_then(Value::as_str),
    ) {
        (Some("base64" | "base64url"), _) => "byte",
        (Some("binary"), _) | (None, Some("application/octet-stream")) => "binary",
        _ => return,
    };
    facts.insert("format".to_owned(), Value::from(format));
}

/// The allowed values; returns whether null is one of them.
pub(super) fn values(map: &Map<String, Value>, facts: &mut Map<String, Value>) -> bool {
    let constant = map.get("const").map(std::slice::from_ref);
    let Some(values) =
        constant.or_else(|| map.get("enum").and_then(Value::as_array).map(Vec::as_slice))
    else {
        return false;
    };
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        if !value.is_null() && !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    // If the values have several types, none of the types fits all of them, and no type is set.
    let all = |fits: fn(&Value) -> bool| !kept.is_empty() && kept.iter().all(fits);
    let kind = [
        ("string", Value::is_string as fn(&Value) -> bool),
        ("boolean", Value::is_boolean),
        ("integer", |value| value.is_i64() || value.is_u64()),
        ("number", Value::is_number),
    ]
    .into_iter()
    .find_map(|(kind, fits)| all(fits).then_some(kind));
    if let Some(kind) = kind.filter(|_| !map.contains_key("type")) {
        facts.insert("type".to_owned(), Value::from(kind));
    }
    let null = values.contains(&Value::Null);
    if !kept.is_empty() {
        facts.insert("enum".to_owned(), Value::Array(kept));
    }
    null
}

/// The type or types; returns whether null is one of them.
pub(super) fn kinds(map: &Map<String, Value>, facts: &mut Map<String, Value>) -> bool {
    let all: Vec<&str> = match map.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return false,
    };
    let rest = all.iter().copied().filter(|kind| *kind != "null");
    let rest: Vec<&str> = rest.collect::<IndexSet<_>>().into_iter().collect();
    if let [kind] = rest.as_slice() {
        facts.insert("type".to_owned(), Value::from(*kind));
    } else if rest.len() > 1 {
        let branches: Vec<Value> = rest
            .into_iter()
            .filter_map(|kind| branch(kind, facts))
            .collect();
        for keyword in OF_A_TYPE.iter().flat_map(|(_, keywords)| *keywords) {
            facts.remove(*keyword);
        }
        facts.insert("anyOf".to_owned(), Value::Array(branches));
    }
    all.contains(&"null")
}

/// The keywords that apply only to values of these types.
const OF_A_TYPE: [(&[&str], &[&str]); 4] = [
    (
        &["array"],
        &["items", "minItems", "maxItems", "uniqueItems"],
    ),
    (
        &["object"],
        &[
            "properties",
            "required",
            "additionalProperties",
            "minProperties",
            "maxProperties",
        ],
    ),
    (
        &["string", "integer", "number", "boolean"],
        &["enum", "format", "minLength", "maxLength", "pattern"],
    ),
    (
        &["integer", "number"],
        &[
            "multipleOf",
            "minimum",
            "exclusiveMinimum",
            "maximum",
            "exclusiveMaximum",
        ],
    ),
];

/// One of several types, with the keywords that belong only to it; `None` if the schema allows no value
/// of the type.
fn branch(kind: &str, facts: &Map<String, Value>) -> Option<Value> {
    let mut branch = Map::from_iter([("type".to_owned(), Value::from(kind))]);
    let own = OF_A_TYPE.iter().filter(|(kinds, _)| kinds.contains(&kind));
    for keyword in own.flat_map(|(_, keywords)| *keywords) {
        let Some(value) = facts.get(*keyword) else {
            continue;
        };
        match (*keyword, value) {
            ("enum", Value::Array(values)) => {
                let fitting = values.iter().filter(|value| is_of_type(kind, value));
                branch.insert("enum".to_owned(), fitting.cloned().collect());
            }
            ("format", format) if is_of_numbers(format) != matches!(kind, "integer" | "number") => {
            }
            ("minLength" | "maxLength" | "pattern", _) if kind != "string" => {}
            (keyword, value) => drop(branch.insert(keyword.to_owned(), value.clone())),
        }
    }
    if kind == "array" && !branch.contains_key("items") {
        branch.insert("items".to_owned(), json!({}));
    }
    let is_possible = facts.get("enum").is_none()
        || branch
            .get("enum")
            .and_then(Value::as_array)
            .is_some_and(|values| !values.is_empty());
    is_possible.then_some(Value::Object(branch))
}

fn is_of_numbers(format: &Value) -> bool {
    let formats = ["int32", "int64", "uint32", "uint64", "float", "double"];
    format
        .as_str()
        .is_some_and(|format| formats.contains(&format))
}

/// A schema that only null fits.
pub(super) fn only_null() -> Map<String, Value> {
    Map::from_iter([
        ("type".to_owned(), Value::from("string")),
        ("nullable".to_owned(), Value::Bool(true)),
        ("enum".to_owned(), json!([null])),
    ])
}

fn is_composed(map: &Map<String, Value>) -> bool {
    ["$ref", "allOf", "oneOf", "anyOf", "not"]
        .iter()
        .any(|keyword| map.contains_key(*keyword))
}

/// Whether only null fits a schema, whatever its other keywords require of other values.
pub(super) fn allows_null_alone(map: &Map<String, Value>) -> bool {
    let values = match (map.get("const"), map.get("enum")) {
        (Some(only), _) => std::slice::from_ref(only),
        (None, Some(Value::Array(values))) => values.as_slice(),
        (None, _) => &[],
    };
    let has_no_other = !values.is_empty() && values.iter().all(Value::is_null);
    let kinds: Vec<&str> = match map.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is_of_null = !kinds.is_empty() && kinds.iter().all(|kind| *kind == "null");
    let may_be_text = kinds.iter().all(|kind| matches!(*kind, "null" | "string"));
    !is_composed(map) && (is_of_null || has_no_other && may_be_text)
}

/// Allows null. `validity` gives the flag a type, or makes null a choice.
pub(super) fn null(facts: &mut Map<String, Value>) {
    let says_nothing = ORDER
        .iter()
        .skip_while(|keyword| **keyword != "enum")
        .chain(&["type"])
        .all(|keyword| !facts.contains_key(*keyword));
    if says_nothing {
        facts.extend(only_null());
    } else {
        facts.insert("nullable".to_owned(), Value::Bool(true));
    }
}

/// Whether only null fits a member of a choice. A reference or a composition in it is followed.
pub(super) fn is_null(schema: &Value) -> bool {
    if schema.as_object().is_some_and(is_composed) {
        return false;
    }
    let only = |value: &Value| {
        value
            .as_array()
            .is_some_and(|list| list.as_slice() == [Value::Null])
    };
    schema.get("type").is_some_and(|kind| {
        kind == "null"
            || kind
                .as_array()
                .is_some_and(|kinds| kinds.as_slice() == ["null"])
    }) || schema.get("enum").is_some_and(only)
        || schema
            .as_object()
            .is_some_and(|map| map.get("const") == Some(&Value::Null))
}

/// Required names once each: first those of the properties in their order, then the others by name.
pub(super) fn in_order(names: &[Value], facts: &Map<String, Value>) -> Option<Value> {
    let mut names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    let order: Vec<&String> = facts
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys)
        .collect();
    names.sort_by_key(|name| {
        (
            order
                .iter()
                .position(|known| known == name)
                .unwrap_or(usize::MAX),
            *name,
        )
    });
    names.dedup();
    (!names.is_empty()).then(|| Value::from(names))
}

/// Removes a redundant `allOf` with one member: a lone reference is returned itself, and a definition is
/// merged with the keywords beside `allOf` if they have none in common.
pub(super) fn simplified(mut facts: Map<String, Value>) -> Map<String, Value> {
    let Some([only]) = facts
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    else {
        return facts;
    };
    let Some(only) = only.as_object().cloned() else {
        return facts;
    };
    if only.contains_key("$ref") {
        if facts.len() == 1 {
            return only;
        }
        return facts;
    }
    if only
        .keys()
        .any(|key| key != "nullable" && facts.contains_key(key))
    {
        return facts;
    }
    facts.remove("allOf");
    facts.extend(only);
    facts
}
