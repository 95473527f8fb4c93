//! Changes of types: added, removed, renamed, moved to other features.

mod constructor;
mod fields;
mod members;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use super::texts::{Features, limits_changed, moved, of_area};
use super::{Found, places};
use crate::codegen::model::{FieldModel, SchemaKind, SchemaModel};
use crate::diff::phrase::Phrase;
use crate::diff::rules;
use crate::diff::side::Side;
use crate::diff::surface::{Kind, TypeItem};

pub(super) fn compare(found: &mut Found<'_>) {
    let (old, new) = (found.old, found.new);
    let renamed = renamed(old, new);
    for (name, item) in &found.before.types {
        let key = (item.area.as_str(), name.as_str());
        let pointer =
            |side: &Side, name: &str| side.schema(name).map(|schema| schema.pointer.clone());
        let was = pointer(old, name);
        if let Some(now) = new.surface.types.get(name) {
            pair(found, name, item, name, now);
            continue;
        }
        if let Some((target, now)) = new
            .surface
            .aliases
            .get(name)
            .and_then(|target| Some((target, new.surface.types.get(target)?)))
        {
            let phrase = Phrase::of(name).words(" is ").code(target).words(" now");
            found.add(rules::TYPE_ALIASED, key, phrase, was, pointer(new, target));
            pair(found, name, item, target, now);
        } else if let Some((target, now)) = renamed
            .get(name)
            .and_then(|target| Some((target, new.surface.types.get(target)?)))
        {
            let phrase = Phrase::of(name).words(" is ").code(target).words(" now");
            found.add(rules::TYPE_RENAMED, key, phrase, was, pointer(new, target));
            pair(found, name, item, target, now);
        } else {
            let phrase = used(old, name, Phrase::of(name).words(" is gone"));
            found.add(rules::TYPE_REMOVED, key, phrase, was, None);
        }
    }
    former_names(found);
    for (name, item) in &new.surface.types {
        let is_known = found.before.types.contains_key(name)
            || renamed.values().any(|known| known == name)
            || old
                .surface
                .types
                .keys()
                .any(|known| new.surface.aliases.get(known) == Some(name));
        if !is_known {
            let phrase = used(new, name, Phrase::of(name).words(" is new"));
            let pointer = new.schema(name).map(|schema| schema.pointer.clone());
            found.add(rules::TYPE_ADDED, (&item.area, name), phrase, None, pointer);
        }
    }
}

/// Compares the aliases of types and operations.
fn former_names(found: &mut Found<'_>) {
    let (old, new) = (found.before, &found.new.surface);
    let is_there = |name: &String| new.types.contains_key(name) || new.calls.contains_key(name);
    for (alias, target) in &old.aliases {
        // A former name may be the current name again.
        let own = Some(alias).filter(|alias| is_there(alias));
        let Some(now) = new.aliases.get(alias).or(own) else {
            let phrase = Phrase::of(alias).words(", a former name, is gone");
            found.add(rules::TYPE_REMOVED, ("shared", alias), phrase, None, None);
            continue;
        };
        let current = new.aliases.get(target).unwrap_or(target);
        // A type that is gone is reported separately.
        if current != now && is_there(current) {
            let area = found.area_of(current);
            let phrase = Phrase::of(alias)
                .words(" was a former name of ")
                .code(current)
                .words(" and stands for ")
                .code(now);
            let (old, _) = found.pointers(target);
            let (_, new) = found.pointers(now);
            found.add(rules::ALIAS_CHANGED, (&area, current), phrase, old, new);
        }
    }
    for (alias, target) in &new.aliases {
        let is_known = old.aliases.contains_key(alias)
            || old.types.contains_key(alias)
            || !new.types.contains_key(target)
            || !old.types.contains_key(target);
        if !is_known {
            let area = found.area_of(target);
            let phrase = Phrase::of(alias)
                .words(" is a former name of ")
                .code(target);
            let (old, new) = found.pointers(target);
            found.add(rules::ALIAS_ADDED, (&area, target), phrase, old, new);
        }
    }
}

/// The new names of types that are gone: the type of the same schema, or of the same place of the contract, or
/// else the one similar type that has taken over all of its users.
fn renamed(old: &Side, new: &Side) -> BTreeMap<String, String> {
    let identity = |schema: &SchemaModel| match &schema.contract_name {
        Some(name) => format!("schema {name}"),
        None => schema.pointer.clone(),
    };
    let added: BTreeMap<String, &String> = new
        .normalized
        .schemas
        .iter()
        .filter(|(name, _)| !old.surface.types.contains_key(*name))
        .map(|(name, schema)| (identity(schema), name))
        .collect();
    let gone = old.normalized.schemas.iter();
    let gone = gone.filter(|(name, _)| !new.surface.types.contains_key(*name));
    let mut found: BTreeMap<String, String> = gone
        .filter_map(|(name, schema)| Some((name.clone(), (*added.get(&identity(schema))?).clone())))
        .collect();
    // A type that is found may be the user of others.
    loop {
        let more = replaced(old, new, &found);
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// The types that are gone and whose users all use one new, similar type.
fn replaced(old: &Side, new: &Side, known: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let is_alias = |name: &String| new.surface.aliases.contains_key(name);
    let gone = old.surface.types.iter().filter(|(name, _)| {
        !new.surface.types.contains_key(*name) && !known.contains_key(*name) && !is_alias(name)
    });
    let gone: Vec<_> = gone.collect();
    let added = new.surface.types.iter().filter(|(name, _)| {
        !old.surface.types.contains_key(*name) && !known.values().any(|known| known == *name)
    });
    let added: Vec<_> = added.collect();
    let users = |side: &Side, name: &str| -> BTreeSet<String> {
        let users = side.users(name).iter().map(|user| {
            let (owner, rest) = user.split_once("::").unwrap_or((user, ""));
            let owner = known.get(owner).map_or(owner, String::as_str);
            format!("{owner}::{rest}")
        });
        users.collect()
    };
    let mut found = Vec::new();
    for (name, was) in &gone {
        let used = users(old, name);
        let is_same = |other: &str, is: &TypeItem| {
            !used.is_empty() && users(new, other) == used && similar(&was.kind, &is.kind)
        };
        let mut targets = added.iter().filter(|(other, is)| is_same(other, is));
        let (Some((target, now)), None) = (targets.next(), targets.next()) else {
            continue;
        };
        let is_rival = |other: &str, item: &TypeItem| {
            other != *name && users(old, other) == used && similar(&item.kind, &now.kind)
        };
        if !gone.iter().any(|(other, item)| is_rival(other, item)) {
            found.push(((*name).clone(), (*target).clone()));
        }
    }
    found
}

/// Whether two types are of one kind and have at least half of their parts in common.
fn similar(one: &Kind, other: &Kind) -> bool {
    let parts = |kind: &Kind| -> BTreeSet<String> {
        match kind {
            Kind::Struct(item) => item.fields.iter().map(|(name, _)| name.clone()).collect(),
            Kind::Enum(item) => item.values.iter().map(|value| value.text.clone()).collect(),
            Kind::Union(item) => item.members.iter().map(|one| one.name.clone()).collect(),
        }
    };
    let (before, after) = (parts(one), parts(other));
    let common = before.intersection(&after).count();
    one.name() == other.name() && common * 2 >= before.len().max(after.len()) && common > 0
}

/// Adds the places that use a type to the end of the sentence.
fn used(side: &Side, name: &str, phrase: Phrase) -> Phrase {
    let users = side.users(name);
    if users.is_empty() {
        return phrase;
    }
    let mut phrase = phrase.words(", used by ");
    for (index, user) in users.iter().enumerate() {
        if index > 0 {
            phrase = phrase.words(", ");
        }
        phrase = phrase.code(user.as_str());
    }
    phrase
}

/// The name of a type. If only one place uses the type, the place comes first. Returns whether that is so.
fn in_place(side: &Side, name: &str) -> (Phrase, bool) {
    match side.users(name) {
        [only] => (Phrase::of(only.as_str()).words(": ").code(name), true),
        _ => (Phrase::of(name), false),
    }
}

fn pair(found: &mut Found<'_>, old_name: &str, was: &TypeItem, new_name: &str, is: &TypeItem) {
    let key = (is.area.as_str(), new_name);
    let (old, new) = (found.old, found.new);
    let (Some(old_schema), Some(new_schema)) = (old.schema(old_name), new.schema(new_name)) else {
        return;
    };
    let both = || places(&old_schema.pointer, &new_schema.pointer);
    if let Some(phrase) = moved(new_name, features(was), features(is)) {
        let (old, new) = both();
        found.add(rules::TYPE_MOVED, key, phrase, old, new);
    }
    if new_schema.deprecated && !old_schema.deprecated {
        let (old, new) = both();
        found.add(
            rules::TYPE_DEPRECATED,
            key,
            Phrase::of(new_name).words(" is deprecated now"),
            old,
            new,
        );
    }
    let is_revived = old_schema.deprecated && !new_schema.deprecated;
    if is_revived {
        let (old, new) = both();
        found.add(
            rules::DOCUMENTATION_CHANGED,
            key,
            Phrase::of(new_name).words(" is no longer deprecated"),
            old,
            new,
        );
    }
    match (&was.kind, &is.kind) {
        (Kind::Struct(was), Kind::Struct(is)) => {
            if was.new.is_some() && is.new.is_some() {
                let limits =
                    |side: &Side, schema: &SchemaModel| side.limits_of_type(&schema.pointer);
                let (before, after) = (limits(old, old_schema), limits(new, new_schema));
                if let Some(phrase) = limits_changed(new_name, &before, &after) {
                    let (old, new) = both();
                    found.add(rules::LIMIT_CHANGED, key, phrase, old, new);
                }
            }
            fields::compare(found, key, (was, old_schema), (is, new_schema));
            constructor::compare(found, key, (was, old_schema), (is, new_schema));
        }
        (Kind::Enum(was), Kind::Enum(is)) => {
            values::compare(found, key, (was, old_schema), (is, new_schema))
        }
        (Kind::Union(was), Kind::Union(is)) => {
            members::compare(found, key, (was, old_schema), (is, new_schema))
        }
        (was, is) => {
            let phrase =
                Phrase::of(new_name).words(&format!(" was {} and is {}", was.name(), is.name()));
            let (old, new) = both();
            found.add(rules::TYPE_KIND_CHANGED, key, phrase, old, new);
        }
    }
    if old_schema.description != new_schema.description && !is_revived {
        let (old, new) = both();
        found.add(
            rules::DOCUMENTATION_CHANGED,
            key,
            Phrase::of(new_name).words(": the documentation differs"),
            old,
            new,
        );
    }
}

/// Says that the newest published revision contains a fact again that only the contract had kept.
fn revived(subject: &str) -> Phrase {
    Phrase::of(subject).words(" is published again")
}

/// The features that include the type.
fn features(item: &TypeItem) -> Features {
    if item.area != "shared" {
        return of_area(&item.area);
    }
    let names = item.condition.split('"').skip(1).step_by(2);
    (!item.condition.is_empty()).then(|| names.map(str::to_owned).collect())
}

fn facts<'a>(schema: &'a SchemaModel, name: &str) -> Option<&'a FieldModel> {
    let SchemaKind::Struct(facts) = &schema.kind else {
        return None;
    };
    let plain = name.trim_end_matches('_');
    let rust = |field: &FieldModel| field.rust_name.trim_start_matches("r#").to_owned();
    let mut fields = facts.fields.iter();
    fields
        .clone()
        .find(|field| rust(field) == name)
        .or_else(|| fields.find(|field| rust(field) == plain))
}

type Old<'a, T> = (&'a T, &'a SchemaModel);
