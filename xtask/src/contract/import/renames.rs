//! Detects schemas that have another name in the newest revision and are otherwise identical.
//!
//! A schema is renamed if its name is gone, a new name has exactly its shape, and either a location that
//! referred to the old name refers to the new one, or no other schema has that shape. A schema that changed
//! together with its name is another schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::extensions::{FORMER_NAMES, texts};
use super::layer::Layer;
use super::merged::Merged;
use crate::contract::pointer::escape;
use crate::contract::references::{schema_name, to_schema};
use crate::contract::walk::each_reference;

/// The new name of each schema of the older layer that has one.
pub(super) fn schemas(newer: &Merged, older: &Layer) -> BTreeMap<String, String> {
    let gone: Vec<&String> = older
        .schemas
        .keys()
        .filter(|name| !newer.schemas.contains_key(*name))
        .collect();
    let new: Vec<&String> = newer
        .schemas
        .keys()
        .filter(|name| !older.schemas.contains_key(*name))
        .collect();
    let mut renames = BTreeMap::new();
    // An earlier import has already found this rename.
    for (name, schema) in &newer.schemas {
        for former in
            texts(schema, FORMER_NAMES).filter(|former| older.schemas.contains_key(*former))
        {
            if !newer.schemas.contains_key(former) {
                renames.insert(former.to_owned(), name.clone());
            }
        }
    }
    if gone.is_empty() || new.is_empty() {
        return renames;
    }
    let moved = moved(newer, older);
    loop {
        let taken: BTreeSet<&String> = renames.values().collect();
        let mut fits: Vec<(String, String)> = Vec::new();
        for old in gone.iter().filter(|old| !renames.contains_key(**old)) {
            for new in new.iter().filter(|new| !taken.contains(**new)) {
                let (Some(was), Some(is)) = (older.schemas.get(*old), newer.schemas.get(*new))
                else {
                    continue;
                };
                if shape(was, &renames, (old, new)) == shape(is, &BTreeMap::new(), (old, new)) {
                    fits.push(((*old).clone(), (*new).clone()));
                }
            }
        }
        let alone = |old: &str, new: &str| {
            fits.iter()
                .filter(|(one, other)| one == old || other == new)
                .count()
                == 1
                && older.schemas.get(old).is_some_and(is_distinctive)
        };
        let before = renames.len();
        for (old, new) in &fits {
            let is_free = !renames.contains_key(old) && !renames.values().any(|taken| taken == new);
            if is_free && (moved.contains(&(old.clone(), new.clone())) || alone(old, new)) {
                renames.insert(old.clone(), new.clone());
            }
        }
        if renames.len() == before {
            return renames;
        }
    }
}

/// A schema reduced to the keywords that describe the data, with renamed references.
fn shape(schema: &Value, renames: &BTreeMap<String, String>, (old, new): (&str, &str)) -> Value {
    let mut schema = schema.clone();
    if let Some(map) = schema.as_object_mut() {
        map.shift_remove(FORMER_NAMES);
        map.shift_remove("deprecated");
    }
    each_reference(&mut schema, &mut |reference| {
        let Some(name) = schema_name(reference) else {
            return;
        };
        let name = if name == old {
            new
        } else {
            renames.get(&name).map_or(name.as_str(), String::as_str)
        };
        *reference = to_schema(name);
    });
    schema
}

/// Whether a shape is one that no other schema has by chance.
fn is_distinctive(schema: &Value) -> bool {
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .map_or(0, Map::len);
    let values = schema
        .get("enum")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    properties > 1 || values > 1
}

/// The old and the new name of each reference whose target has another name now.
fn moved(newer: &Merged, older: &Layer) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut compare = |was: &Value, is: &Value| {
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        named(was, &mut String::new(), &mut before);
        named(is, &mut String::new(), &mut after);
        for (place, name) in before {
            if let Some(other) = after.get(&place).filter(|other| **other != name) {
                found.insert((name, other.clone()));
            }
        }
    };
    for (name, was) in &older.schemas {
        if let Some(is) = newer.schemas.get(name) {
            compare(was, is);
        }
    }
    for (key, was) in &older.operations {
        if let Some(is) = newer.operations.get(key) {
            compare(
                &Value::Object(was.facts.clone()),
                &Value::Object(is.facts.clone()),
            );
        }
    }
    found
}

/// The schema that each place below names, by pointer.
fn named(value: &Value, pointer: &mut String, into: &mut BTreeMap<String, String>) {
    let length = pointer.len();
    match value {
        Value::Object(map) => {
            if let Some(name) = map
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(schema_name)
            {
                into.insert(pointer.clone(), name);
            }
            for (key, inner) in map {
                pointer.push('/');
                pointer.push_str(&escape(key));
                named(inner, pointer, into);
                pointer.truncate(length);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                named(inner, pointer, into);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}
