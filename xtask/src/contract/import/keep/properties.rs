//! The properties that only the older layer has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::json::{list, members};
use super::presence::{Presence, required};
use super::{Keeper, NullCheck, Root, deprecated};
use crate::contract::pointer::escape;
use crate::contract::references::schema_name;

/// Properties stay, optional, wherever the parts of a schema have them.
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
    // Of two parts that declare a property, the first counts on both sides.
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
    let mut order_now = Vec::new();
    effective(
        new,
        &keeper.merged.schemas,
        &mut BTreeSet::new(),
        &mut |name, value, at| {
            now.entry(name.to_owned()).or_insert_with(|| {
                order_now.push(name.to_owned());
                (value.clone(), at)
            });
        },
    );
    presences(keeper, (root, pointer), (new, &now), (old, &before), place);
    if keeper.is_sent(root, pointer) {
        let (was, is) = (
            required(old, keeper.older),
            required(new, &keeper.merged.schemas),
        );
        // The constructor of a request has one argument for each of them.
        let both = |order: &[String]| -> Vec<String> {
            let both = order
                .iter()
                .filter(|name| was.contains(*name) && is.contains(*name));
            both.cloned().collect()
        };
        let arguments = both(&order_now);
        if arguments != both(&order) {
            let what = format!(
                "has its required properties in another order: {}",
                arguments.join(", ")
            );
            keeper.lose(place, what);
        }
    }
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
                keeper.add(root, pointer, value, place, NullCheck::Elsewhere);
            }
            None => left.push((name.clone(), value.clone(), place)),
        }
    }
    let Some(Value::Object(target)) = keeper.at(root, pointer) else {
        return;
    };
    let mut kept = Vec::new();
    for (name, value, place) in left {
        // A choice, or a mapping from any name, has no properties of its own.
        let is_open = !target.contains_key("oneOf")
            && !target.contains_key("anyOf")
            && !target
                .get("additionalProperties")
                .is_some_and(|more| more.is_object() && !target.contains_key("properties"));
        if !is_open {
            kept.push((place, false));
            continue;
        }
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
        let is_news = value.get("deprecated").is_none();
        if let Some(properties) = properties.as_object_mut() {
            properties.insert(name, deprecated(value));
        }
        if is_news {
            kept.push((place, true));
        }
    }
    for (place, is_kept) in kept {
        if is_kept {
            keeper.outcome.kept.insert(place);
        } else {
            keeper.lose(
                &place,
                "cannot be expressed in the new form of the schema".to_owned(),
            );
        }
    }
}

/// Lists the properties that are there in another way than before.
fn presences(
    keeper: &mut Keeper<'_>,
    (root, pointer): (&Root, &str),
    (new, now): (&Value, &BTreeMap<String, (Value, Spot)>),
    (old, before): (&Value, &BTreeMap<String, Value>),
    place: &str,
) {
    let is_sent = keeper.is_sent(root, pointer);
    let (is_required, was_required) = (
        required(new, &keeper.merged.schemas),
        required(old, keeper.older),
    );
    let mut found = Vec::new();
    let mut add = |name: &str, what: &'static str| found.push((format!("{place}.{name}"), what));
    for (name, (value, _)) in now {
        let schemas = &keeper.merged.schemas;
        let is = Presence::of(value, is_required.contains(name), is_sent, schemas);
        let was = match before.get(name) {
            Some(value) => Presence::of(value, was_required.contains(name), is_sent, keeper.older),
            // A new field breaks only those who have to send it.
            None if is_sent => is.optional(),
            None => continue,
        };
        let changes = is.change(was, is_sent);
        changes.into_iter().for_each(|what| add(name, what));
    }
    for name in before.keys().filter(|name| !now.contains_key(*name)) {
        let is_read = before.get(name).is_some_and(|value| {
            let was = Presence::of(value, was_required.contains(name), is_sent, keeper.older);
            !was.change(was.optional(), is_sent).is_empty()
        });
        if is_read {
            add(name, "is no longer published, and may be absent now");
        }
    }
    for (place, what) in found {
        keeper.lose(&place, what.to_owned());
    }
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
