//! The properties that only the older layer has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::json::{list, members};
use super::{Keeper, Root, deprecated};
use crate::contract::pointer::escape;
use crate::contract::references::schema_name;

/// Keeps properties as optional ones, in whichever part of a schema they are declared.
pub(super) fn keep(
    keeper: &mut Keeper<'_>,
    root: &Root,
    pointer: &str,
    new: &Value,
    old: &Value,
    place: &str,
) {
    let mut before = BTreeMap::new();
    let mut order = Vec::new();
    // If two parts declare a property, the first declaration is used, on both sides.
    effective(
        old,
        keeper.older,
        &mut BTreeSet::new(),
        &mut |name, value, _| {
            before.entry(name.to_owned()).or_insert_with(|| {
                order.push(name.to_owned());
                value.clone()
            });
        },
    );
    let mut now: BTreeMap<String, (Value, Spot)> = BTreeMap::new();
    effective(
        new,
        &keeper.merged.schemas,
        &mut BTreeSet::new(),
        &mut |name, value, at| {
            now.entry(name.to_owned()).or_insert((value.clone(), at));
        },
    );
    if before.is_empty() {
        return;
    }
    let mut left = Vec::new();
    for name in order {
        let Some(value) = before.get(&name) else {
            continue;
        };
        let place = format!("{place}.{name}");
        match now.get(&name) {
            Some((_, (home, below))) => {
                let (root, pointer) = match home {
                    None => (root.clone(), format!("{pointer}{below}")),
                    Some(schema) => (Root::Schema(schema.clone()), below.clone()),
                };
                keeper.add(root, pointer, value, place);
            }
            None => left.push((name.clone(), value.clone(), place)),
        }
    }
    let Some(Value::Object(target)) = keeper.at(root, pointer) else {
        return;
    };
    // A choice, or a mapping from any name, has no properties of its own.
    let is_open = !target.contains_key("oneOf")
        && !target.contains_key("anyOf")
        && !target
            .get("additionalProperties")
            .is_some_and(|more| more.is_object() && !target.contains_key("properties"));
    if !is_open {
        return;
    }
    let mut kept = Vec::new();
    for (name, value, place) in left {
        if let Some(required) = target.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|required| *required != json!(name));
        }
        if target
            .get("required")
            .is_some_and(|required| *required == json!([]))
        {
            target.shift_remove("required");
        }
        let properties = target.entry("properties").or_insert_with(|| json!({}));
        if value.get("deprecated").is_none() {
            kept.push(place);
        }
        if let Some(properties) = properties.as_object_mut() {
            properties.insert(name, deprecated(value));
        }
    }
    keeper.kept.extend(kept);
}

/// The location of a property: the named schema, if it is not this one, and the pointer in it.
pub(in super::super) type Spot = (Option<String>, String);

/// Calls `visit` with each property that values of a schema have, whichever part declares it.
pub(in super::super) fn effective(
    schema: &Value,
    schemas: &Map<String, Value>,
    open: &mut BTreeSet<String>,
    visit: &mut dyn FnMut(&str, &Value, Spot),
) {
    parts(schema, &(None, String::new()), schemas, open, visit);
}

fn parts(
    schema: &Value,
    spot: &Spot,
    schemas: &Map<String, Value>,
    open: &mut BTreeSet<String>,
    visit: &mut dyn FnMut(&str, &Value, Spot),
) {
    if let Some(name) = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(schema_name)
    {
        if let Some(target) = schemas.get(&name).filter(|_| open.insert(name.clone())) {
            parts(target, &(Some(name), String::new()), schemas, open, visit);
        }
        return;
    }
    let (home, pointer) = spot;
    for (name, value) in members(schema.get("properties")) {
        visit(
            name,
            value,
            (
                home.clone(),
                format!("{pointer}/properties/{}", escape(name)),
            ),
        );
    }
    for (index, part) in list(schema, "allOf").into_iter().flatten().enumerate() {
        parts(
            part,
            &(home.clone(), format!("{pointer}/allOf/{index}")),
            schemas,
            open,
            visit,
        );
    }
}
