//! From several layers to the facts of one contract: the newest says what is current, the older
//! ones add what it no longer mentions.
//!
//! A schema that the newest layer has is taken from there, for the old operations too: the server
//! answers with today's data. What only old operations need keeps its name; only where the newest
//! layer uses that name for something of another kind (a text for a mapping, say) it gets the
//! suffix `Legacy`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use super::layer::{Key, Layer, Operation};
use super::unused;
use super::validity::{self, kind, names_in};
use crate::contract::references::{SCHEMAS, schema_name};
use crate::contract::walk::each_reference;

/// The facts of the contract.
pub(super) struct Merged {
    pub(super) operations: BTreeMap<Key, Operation>,
    pub(super) schemas: Map<String, Value>,
}

/// `layers` from the oldest to the newest.
pub(super) fn merge(layers: &[Layer]) -> Merged {
    let Some((newest, older)) = layers.split_last() else {
        return Merged {
            operations: BTreeMap::new(),
            schemas: Map::new(),
        };
    };
    let mut merged = Merged {
        operations: newest.operations.clone(),
        schemas: newest.schemas.clone(),
    };
    keep_tags(&mut merged.operations, older);
    for layer in older.iter().rev() {
        add_older(&mut merged, layer);
    }
    drop_unreachable(&mut merged);
    merged.schemas.sort_keys();
    validity::restore(&mut merged);
    merged
}

/// An operation without a tag keeps the one that it had, or takes that of its neighbours.
fn keep_tags(operations: &mut BTreeMap<Key, Operation>, older: &[Layer]) {
    let untagged = |operation: &Operation| {
        operation
            .facts
            .get("tags")
            .and_then(Value::as_array)
            .is_none_or(Vec::is_empty)
    };
    let missing: Vec<Key> = operations
        .iter()
        .filter(|(_, operation)| untagged(operation))
        .map(|(key, _)| key.clone())
        .collect();
    for key in missing {
        let kept = older
            .iter()
            .rev()
            .filter_map(|layer| layer.operations.get(&key))
            .find(|operation| !untagged(operation));
        let tags = kept
            .and_then(|operation| operation.facts.get("tags").cloned())
            .or_else(|| neighbours_tag(&key, operations));
        if let (Some(tags), Some(operation)) = (tags, operations.get_mut(&key)) {
            operation.facts.insert("tags".to_owned(), tags);
        }
    }
}

/// The tag that most operations have below the longest path that this one shares with any.
fn neighbours_tag(key: &Key, operations: &BTreeMap<Key, Operation>) -> Option<Value> {
    let mut start = key.path.as_str();
    while let Some(end) = start.rfind('/') {
        start = start.get(..end)?;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (other, operation) in operations {
            let below = other
                .path
                .strip_prefix(start)
                .is_some_and(|rest| rest.starts_with('/'));
            if let Some(tag) = operation
                .facts
                .get("tags")
                .and_then(|tags| tags.get(0))
                .and_then(Value::as_str)
                .filter(|_| below)
            {
                *counts.entry(tag.to_owned()).or_default() += 1;
            }
        }
        // Of equally frequent ones the first by name, so that the outcome does not depend on anything else.
        if let Some((tag, _)) = counts.into_iter().rev().max_by_key(|(_, count)| *count) {
            return Some(Value::from(vec![tag]));
        }
    }
    None
}

fn add_older(merged: &mut Merged, layer: &Layer) {
    let mut ids: BTreeSet<String> = merged
        .operations
        .values()
        .filter_map(|operation| operation.id().map(str::to_owned))
        .collect();
    let spellings: BTreeMap<String, String> = merged
        .operations
        .values()
        .map(|operation| (operation.key().path, operation.path.clone()))
        .collect();
    let mut added: Vec<Operation> = layer
        .operations
        .iter()
        .filter(|(key, _)| !merged.operations.contains_key(*key))
        .map(|(_, operation)| operation.clone())
        .collect();
    for operation in &mut added {
        operation
            .facts
            .insert("deprecated".to_owned(), Value::Bool(true));
        if let Some(id) = operation.id().map(str::to_owned) {
            let id = if ids.contains(&id) {
                unused(&format!("{id}Legacy"), |id| ids.contains(id))
            } else {
                id
            };
            ids.insert(id.clone());
            operation
                .facts
                .insert("operationId".to_owned(), Value::from(id));
        }
        if let Some(spelling) = spellings.get(&operation.key().path) {
            respell(operation, spelling);
        }
    }
    let names = add_schemas(merged, layer, &mut added);
    for operation in &mut added {
        rename(operation, &names);
    }
    merged.operations.extend(
        added
            .into_iter()
            .map(|operation| (operation.key(), operation)),
    );
}

/// Gives the parameters of a path the names that the newest layer has for them.
fn respell(operation: &mut Operation, spelling: &str) {
    let renamed: BTreeMap<String, String> = names_in(&operation.path)
        .into_iter()
        .zip(names_in(spelling))
        .collect();
    operation.path = spelling.to_owned();
    let own = operation
        .facts
        .get_mut("parameters")
        .and_then(Value::as_array_mut);
    for parameter in own
        .into_iter()
        .flatten()
        .chain(&mut operation.path_parameters)
        .filter_map(Value::as_object_mut)
    {
        let in_path = parameter.get("in").is_some_and(|place| place == "path");
        let name = parameter
            .get("name")
            .and_then(Value::as_str)
            .and_then(|name| renamed.get(name))
            .cloned();
        if let Some(name) = name.filter(|_| in_path) {
            parameter.insert("name".to_owned(), Value::from(name));
        }
    }
}

/// Adds what the operations need beyond the schemas that are there, and returns the new names.
fn add_schemas(
    merged: &mut Merged,
    layer: &Layer,
    operations: &mut [Operation],
) -> BTreeMap<String, String> {
    let newer: BTreeSet<String> = merged.schemas.keys().cloned().collect();
    let mut waiting = VecDeque::new();
    for operation in operations {
        visit(operation, &mut |reference| {
            waiting.extend(schema_name(reference))
        });
    }
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    while let Some(name) = waiting.pop_front() {
        let Some(schema) = layer
            .schemas
            .get(&name)
            .filter(|_| !names.contains_key(&name))
        else {
            continue;
        };
        let current = merged.schemas.get(&name).filter(|_| newer.contains(&name));
        let Some(current) = current else {
            names.insert(name.clone(), name.clone());
            add(merged, &name, schema, &mut waiting);
            continue;
        };
        // That a number turned out to be an integer makes no difference here.
        let kind =
            |schema, schemas| kind(schema, schemas).map(|kind| kind.replace("integer", "number"));
        let (old, new) = (kind(schema, &layer.schemas), kind(current, &merged.schemas));
        if old.is_none() || new.is_none() || old == new {
            names.insert(name.clone(), name);
        } else {
            let own = unused(&format!("{name}Legacy"), |name| {
                merged.schemas.contains_key(name) || layer.schemas.contains_key(name)
            });
            add(merged, &own, schema, &mut waiting);
            names.insert(name, own);
        }
    }
    for own in names.values().filter(|name| !newer.contains(*name)) {
        if let Some(schema) = merged.schemas.get_mut(own) {
            each_reference(schema, &mut |reference| renamed(reference, &names));
        }
    }
    names
}

fn add(merged: &mut Merged, name: &str, schema: &Value, waiting: &mut VecDeque<String>) {
    let mut schema = schema.clone();
    each_reference(&mut schema, &mut |reference| {
        waiting.extend(schema_name(reference))
    });
    merged.schemas.insert(name.to_owned(), schema);
}

fn rename(operation: &mut Operation, names: &BTreeMap<String, String>) {
    visit(operation, &mut |reference| renamed(reference, names));
}

fn renamed(reference: &mut String, names: &BTreeMap<String, String>) {
    if let Some(name) = schema_name(reference).and_then(|name| names.get(&name)) {
        *reference = format!("{SCHEMAS}{name}");
    }
}

fn visit(operation: &mut Operation, visit: &mut impl FnMut(&mut String)) {
    operation
        .facts
        .values_mut()
        .for_each(|value| each_reference(value, visit));
    operation
        .path_parameters
        .iter_mut()
        .for_each(|value| each_reference(value, visit));
}

fn drop_unreachable(merged: &mut Merged) {
    let mut waiting = VecDeque::new();
    for operation in merged.operations.values_mut() {
        visit(operation, &mut |reference| {
            waiting.extend(schema_name(reference))
        });
    }
    let mut reached = BTreeSet::new();
    while let Some(name) = waiting.pop_front() {
        if let Some(schema) = merged
            .schemas
            .get_mut(&name)
            .filter(|_| reached.insert(name.clone()))
        {
            each_reference(schema, &mut |reference| {
                waiting.extend(schema_name(reference))
            });
        }
    }
    merged.schemas.retain(|name, _| reached.contains(name));
}
