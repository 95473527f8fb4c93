//! Merges several layers into the facts of one contract: the newest layer is current, the older ones add the
//! facts that it lacks.
//!
//! Nothing is removed: operations, schemas, properties, values, members and parameters that only an
//! older layer has stay, marked deprecated. A schema that the newest layer has is taken from there, for
//! the old operations too: the server answers with today's data. If the newest layer uses a name for
//! something of another kind (a text for a mapping, say), the old schema gets the suffix `Legacy`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::data_type::data_type;
use super::extensions::{FORMER_IDS, FORMER_NAMES, texts};
use super::keep::{Keeper, deprecated};
use super::layer::Layer;
use super::merged::Merged;
use super::operation::{Key, Operation, each_reference_of};
use super::renames;
use super::validity::{self, names_in};
use crate::contract::inner::free;
use crate::contract::references::{schema_name, to_schema};
use crate::contract::walk::each_reference;

/// Merges layers, which are given from the oldest to the newest.
pub(super) fn merge(layers: &[Layer]) -> Merged {
    let (newest, older) = match layers.split_last() {
        Some((newest, older)) => (Some(newest), older),
        None => (None, layers),
    };
    let mut merged = Merged {
        operations: newest
            .map(|newest| newest.operations.clone())
            .unwrap_or_default(),
        schemas: newest
            .map(|newest| newest.schemas.clone())
            .unwrap_or_default(),
        kept: BTreeSet::new(),
        renamed: BTreeSet::new(),
        renamed_schemas: BTreeMap::new(),
    };
    keep_tags(&mut merged.operations, older);
    // Older layers have these facts already. Without them, the comparison would report differences.
    validity::restore(&mut merged);
    for layer in older.iter().rev() {
        add_older(&mut merged, layer);
    }
    merged.schemas.sort_keys();
    validity::restore(&mut merged);
    merged
}

/// An operation without a tag keeps the one that it had. Without one, `generate` finds its area by the path, or
/// fails.
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
        let before = older.iter().rev();
        let tags = before
            .filter_map(|layer| layer.operations.get(&key))
            .find(|operation| !untagged(operation))
            .and_then(|operation| operation.facts.get("tags").cloned());
        if let (Some(tags), Some(operation)) = (tags, operations.get_mut(&key)) {
            operation.facts.insert("tags".to_owned(), tags);
        }
    }
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
    let (names, older) = add_schemas(merged, layer);
    let (both, only): (Vec<_>, Vec<_>) = layer
        .operations
        .values()
        .cloned()
        .partition(|operation| merged.operations.contains_key(&operation.key()));
    for mut operation in only {
        let before = operation
            .facts
            .insert("deprecated".to_owned(), Value::Bool(true));
        if let Some(id) = operation.id().map(str::to_owned) {
            let id = if ids.contains(&id) {
                free(&format!("{id}Legacy"), |id| ids.contains(id))
            } else {
                id
            };
            ids.insert(id.clone());
            operation
                .facts
                .insert("operationId".to_owned(), Value::from(id));
        }
        if let Some(spelling) = spellings.get(&operation.key().path) {
            respell(&mut operation, spelling);
        }
        rename(&mut operation, &names);
        if before.is_none() {
            merged.kept.insert(operation.name());
        }
        merged.operations.insert(operation.key(), operation);
    }
    for old in &both {
        keep_id(merged, old, &ids);
    }
    let mut keeper = Keeper::new(merged, &older);
    for mut operation in both {
        rename(&mut operation, &names);
        keeper.operation(&operation);
    }
    for name in older.keys() {
        keeper.schema(name);
    }
    let kept = keeper.finish();
    merged.kept.extend(kept);
}

/// An operation with another id keeps the id that it had as one of its former ones.
fn keep_id(merged: &mut Merged, old: &Operation, ids: &BTreeSet<String>) {
    let Some(new) = merged.operations.get_mut(&old.key()) else {
        return;
    };
    let now = new.id().map(str::to_owned);
    let earlier = old.facts.get(FORMER_IDS).and_then(Value::as_array);
    let earlier = earlier.into_iter().flatten().filter_map(Value::as_str);
    let mut former: Vec<&str> = earlier.collect();
    former.extend(old.id().filter(|id| now.as_deref() != Some(*id)));
    for id in former {
        if ids.contains(id) {
            continue;
        }
        let all = new.facts.entry(FORMER_IDS).or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut().filter(|all| !all.contains(&json!(id))) {
            all.push(json!(id));
            if let Some(now) = now.as_ref().filter(|_| old.id() == Some(id)) {
                merged.renamed.insert((id.to_owned(), now.clone()));
            }
        }
    }
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

/// Adds the schemas that only the layer has. Returns the names that its schemas have in the contract, and the
/// schemas by these names.
fn add_schemas(
    merged: &mut Merged,
    layer: &Layer,
) -> (BTreeMap<String, String>, Map<String, Value>) {
    let renamed = renames::schemas(merged, layer);
    // `integer` and `number` count as the same type here.
    let kind =
        |schema, schemas| data_type(schema, schemas).map(|kind| kind.replace("integer", "number"));
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (name, schema) in &layer.schemas {
        if let Some(new) = renamed.get(name) {
            names.insert(name.clone(), new.clone());
            continue;
        }
        let Some(current) = merged.schemas.get(name) else {
            names.insert(name.clone(), name.clone());
            continue;
        };
        let (old, new) = (kind(schema, &layer.schemas), kind(current, &merged.schemas));
        let own = if old.is_none() || new.is_none() || old == new {
            name.clone()
        } else {
            free(&format!("{name}Legacy"), |name| {
                merged.schemas.contains_key(name) || layer.schemas.contains_key(name)
            })
        };
        names.insert(name.clone(), own);
    }
    let mut older = Map::new();
    for (name, schema) in &layer.schemas {
        let mut schema = schema.clone();
        each_reference(&mut schema, &mut |reference| renamed_in(reference, &names));
        let own = names.get(name).unwrap_or(name);
        // If a renamed schema has the name of another schema of this layer, the other one is compared.
        if renamed.contains_key(name) && layer.schemas.contains_key(own) {
            continue;
        }
        older.insert(own.clone(), schema);
    }
    for (name, schema) in &older {
        if !merged.schemas.contains_key(name) {
            if schema.get("deprecated").is_none() {
                merged.kept.insert(name.clone());
            }
            merged
                .schemas
                .insert(name.clone(), deprecated(schema.clone()));
        }
    }
    keep_names(merged, layer, &renamed);
    (names, older)
}

/// A schema with another name keeps the names that it had.
fn keep_names(merged: &mut Merged, layer: &Layer, renamed: &BTreeMap<String, String>) {
    let mut former: Vec<(String, String)> = Vec::new();
    for (name, schema) in &layer.schemas {
        let own = renamed.get(name).unwrap_or(name);
        let earlier = texts(schema, FORMER_NAMES);
        former.extend(earlier.map(|earlier| (own.clone(), earlier.to_owned())));
        if own != name {
            former.push((own.clone(), name.clone()));
            merged.renamed.insert((name.clone(), own.clone()));
            merged.renamed_schemas.insert(name.clone(), own.clone());
        }
    }
    for (own, former) in former {
        if merged.schemas.contains_key(&former) {
            continue;
        }
        let schema = merged.schemas.get_mut(&own).and_then(Value::as_object_mut);
        let Some(schema) = schema else { continue };
        // A reference allows no keywords beside it.
        if let Some(reference) = schema.shift_remove("$ref") {
            schema.insert("allOf".to_owned(), json!([{"$ref": reference}]));
        }
        let all = schema.entry(FORMER_NAMES).or_insert_with(|| json!([]));
        if let Some(all) = all
            .as_array_mut()
            .filter(|all| !all.contains(&json!(former)))
        {
            all.push(json!(former));
        }
    }
}

fn rename(operation: &mut Operation, names: &BTreeMap<String, String>) {
    each_reference_of(operation, &mut |reference| renamed_in(reference, names));
}

fn renamed_in(reference: &mut String, names: &BTreeMap<String, String>) {
    if let Some(name) = schema_name(reference).and_then(|name| names.get(&name)) {
        *reference = to_schema(name);
    }
}
