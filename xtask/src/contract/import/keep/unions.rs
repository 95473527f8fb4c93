//! The members of unions that only the older layer has.

use serde_json::{Value, json};

use super::super::extensions::OLD_MEMBERS;
use super::form::{form, referred, same_form, shown};
use super::json::{extend, list};
use super::{Keeper, Root};
use crate::contract::references::SCHEMAS;

/// Members of a union stay, behind those that the newest revision has.
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
        let is_known = known
            .iter()
            .any(|other| other == member || reference.is_some() && referred(other) == reference);
        if is_known {
            continue;
        }
        // An inline member has no name: its index identifies it.
        let same = known.get(index).filter(|other| {
            reference.is_none()
                && referred(other).is_none()
                && same_form(&form(other), &form(member))
        });
        match same {
            Some(_) => keeper.add(
                root.clone(),
                format!("{pointer}/{now}/{index}"),
                member,
                format!("{place}|{index}"),
            ),
            None => left.push(member.clone()),
        }
    }
    let was_old = |member: &Value| {
        let name = referred(member).map(|name| json!(format!("{SCHEMAS}{name}")));
        list(old, OLD_MEMBERS).is_some_and(|known| name.is_some_and(|name| known.contains(&name)))
    };
    for member in left.iter().filter(|member| !was_old(member)) {
        keeper
            .outcome
            .kept
            .insert(format!("{place}: member {}", shown(member)));
    }
    let mapping = old
        .pointer("/discriminator/mapping")
        .and_then(Value::as_object)
        .cloned();
    let Some(Value::Object(target)) = keeper.at(root, pointer) else {
        return;
    };
    if left.is_empty() {
        return;
    }
    extend(target, now, &left);
    let named: Vec<Value> = left
        .iter()
        .filter_map(referred)
        .map(|name| json!(format!("{SCHEMAS}{name}")))
        .collect();
    extend(target, OLD_MEMBERS, &named);
    let discriminator = target
        .get_mut("discriminator")
        .and_then(Value::as_object_mut);
    if let (Some(discriminator), Some(mapping)) = (discriminator, mapping) {
        let known = discriminator.entry("mapping").or_insert_with(|| json!({}));
        for (value, to) in mapping {
            if let Some(known) = known.as_object_mut().filter(|_| named.contains(&to)) {
                known.entry(value).or_insert(to);
            }
        }
    }
}
