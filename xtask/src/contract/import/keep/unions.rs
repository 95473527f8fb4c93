//! The members of unions that only the older layer has.

use serde_json::{Map, Value, json};

use super::super::extensions::OLD_MEMBERS;
use super::super::keywords::only_null;
use super::form::{form, referred, shown};
use super::json::{extend, list, members};
use super::{Keeper, Root, deprecated};
use crate::contract::references::to_schema;

/// Keeps members of a union, after those that the newest revision has.
pub(super) fn keep(
    keeper: &mut Keeper<'_>,
    root: &Root,
    pointer: &str,
    new: &Value,
    old: &Value,
    place: &str,
) {
    let choice = |schema: &Value| {
        ["oneOf", "anyOf"]
            .into_iter()
            .find(|keyword| list(schema, keyword).is_some())
    };
    let (Some(now), Some(before)) = (choice(new), choice(old)) else {
        return;
    };
    let known = list(new, now).cloned().unwrap_or_default();
    let members = list(old, before).cloned().unwrap_or_default();
    let mut left = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let reference = referred(member);
        let is_known = known.iter().any(|other| {
            *other == current(member) || reference.is_some() && referred(other) == reference
        });
        if is_known {
            continue;
        }
        // An inline member has no name: its index identifies it.
        let same = known.get(index).filter(|other| {
            reference.is_none() && referred(other).is_none() && form(other) == form(member)
        });
        match same {
            Some(_) => keeper.add(
                root.clone(),
                format!("{pointer}/{now}/{index}"),
                member,
                format!("{place}|{index}"),
            ),
            // A member with a name is listed beside the union.
            None if reference.is_none() => left.push(deprecated(member.clone())),
            None => left.push(member.clone()),
        }
    }
    let was_old = |member: &Value| match referred(member).map(|name| json!(to_schema(&name))) {
        Some(name) => list(old, OLD_MEMBERS).is_some_and(|known| known.contains(&name)),
        None => members.contains(member),
    };
    for member in left.iter().filter(|member| !was_old(member)) {
        keeper
            .kept
            .insert(format!("{place}: member {}", shown(member)));
    }
    let Some(Value::Object(target)) = keeper.at(root, pointer) else {
        return;
    };
    extend(target, now, &left);
    // Null is the last choice, wherever it was declared.
    if let Some(members) = target.get_mut(now).and_then(Value::as_array_mut) {
        members.sort_by_key(|member| member.as_object() == Some(&only_null()));
    }
    let named: Vec<Value> = left
        .iter()
        .filter_map(referred)
        .map(|name| json!(to_schema(&name)))
        .collect();
    extend(target, OLD_MEMBERS, &named);
    keep_tags(target, old, &named);
}

/// The member without `deprecated`.
fn current(member: &Value) -> Value {
    let mut member = member.clone();
    if let Some(map) = member.as_object_mut() {
        map.shift_remove("deprecated");
    }
    member
}

/// Keeps entries of the mapping of a discriminator: those of the members that were kept and, if the property of
/// the discriminator is the same, the former entries of the other members.
fn keep_tags(union: &mut Map<String, Value>, old: &Value, kept: &[Value]) {
    let property = |owner: &Value| owner.get("propertyName").cloned();
    let Some(before) = old.get("discriminator") else {
        return;
    };
    let references = ["oneOf", "anyOf"].into_iter();
    let references = references.filter_map(|keyword| union.get(keyword)?.as_array());
    let all: Vec<Value> = references
        .flatten()
        .filter_map(referred)
        .map(|name| json!(to_schema(&name)))
        .collect();
    let Some(discriminator) = union.get_mut("discriminator") else {
        return;
    };
    let is_same = property(discriminator) == property(before);
    let has_mapping = discriminator.get("mapping").is_some();
    let Some(discriminator) = discriminator.as_object_mut() else {
        return;
    };
    let entries: Vec<(&String, &Value)> = members(before.get("mapping"))
        .filter(|(_, to)| kept.contains(to) || is_same && has_mapping && all.contains(to))
        .collect();
    if entries.is_empty() {
        return;
    }
    let known = discriminator.entry("mapping").or_insert_with(|| json!({}));
    for (text, to) in entries {
        if let Some(known) = known.as_object_mut() {
            known.entry(text.clone()).or_insert_with(|| to.clone());
        }
    }
}
