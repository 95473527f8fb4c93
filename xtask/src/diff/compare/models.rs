//! Changes of types: fields, constructors and setters, values and members.

use std::collections::{BTreeMap, BTreeSet};

use super::{Argument, Found, arguments, places};
use crate::codegen::model::{FieldModel, SchemaKind, SchemaModel};
use crate::diff::phrase::Phrase;
use crate::diff::rules::{self, Rule};
use crate::diff::side::Side;
use crate::diff::surface::{Kind, Struct, TypeItem, Union, Value};

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
    for alias in found.before.aliases.keys() {
        // A former name of an operation may be its name again.
        let is_there = new.surface.aliases.contains_key(alias)
            || new.surface.types.contains_key(alias)
            || new.surface.calls.contains_key(alias);
        if !is_there {
            let phrase = Phrase::of(alias).words(", a former name, is gone");
            found.add(rules::TYPE_REMOVED, ("shared", alias), phrase, None, None);
        }
    }
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

/// The types that one schema of the contract, or one place of it, was and is generated as.
fn renamed(old: &Side, new: &Side) -> BTreeMap<String, String> {
    let identity = |schema: &SchemaModel| match &schema.contract_name {
        Some(name) => format!("schema {name}"),
        None => schema.pointer.clone(),
    };
    let added: BTreeMap<String, &String> = new
        .normalised
        .schemas
        .iter()
        .filter(|(name, _)| !old.surface.types.contains_key(*name))
        .map(|(name, schema)| (identity(schema), name))
        .collect();
    let gone = old.normalised.schemas.iter();
    let gone = gone.filter(|(name, _)| !new.surface.types.contains_key(*name));
    gone.filter_map(|(name, schema)| Some((name.clone(), (*added.get(&identity(schema))?).clone())))
        .collect()
}

/// Names the places that use a type: the one place first, or all of them after the sentence.
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
        phrase = phrase.code(user);
    }
    phrase
}

/// The type with the one place that has it in front of it.
fn in_place(side: &Side, name: &str) -> (Phrase, bool) {
    match side.users(name).as_slice() {
        [only] => (Phrase::of(only).words(": ").code(name), true),
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
    if features(was).difference(&features(is)).next().is_some() {
        let list = |item: &TypeItem| features(item).into_iter().collect::<Vec<_>>().join(", ");
        let phrase = Phrase::of(new_name)
            .words(" was behind the features ")
            .code(list(was))
            .words(" and is behind ")
            .code(list(is));
        let (old, new) = both();
        found.add(rules::TYPE_MOVED, key, phrase, old, new);
    }
    if new_schema.deprecated && !old_schema.deprecated {
        let (old, new) = both();
        found.add(
            rules::TYPE_DEPRECATED,
            key,
            Phrase::of(new_name).words(" is no longer published"),
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
            revived(new_name),
            old,
            new,
        );
    }
    match (&was.kind, &is.kind) {
        (Kind::Struct(was), Kind::Struct(is)) => {
            fields(found, key, (was, old_schema), (is, new_schema));
            constructor(found, key, (was, old_schema), (is, new_schema));
        }
        (Kind::Enum(was), Kind::Enum(is)) => {
            values(found, key, (was, old_schema), (is, new_schema))
        }
        (Kind::Union(was), Kind::Union(is)) => {
            members(found, key, (was, old_schema), (is, new_schema))
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

/// Says that a fact which only the contract had is in the newest revision again: its mark is gone.
pub(super) fn revived(subject: &str) -> Phrase {
    Phrase::of(subject).words(" is published again")
}

/// The features that include the type; an empty set means all.
fn features(item: &TypeItem) -> BTreeSet<String> {
    if item.area != "shared" {
        return BTreeSet::from([item.area.clone()]);
    }
    item.condition
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
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

fn fields(
    found: &mut Found<'_>,
    key: (&str, &str),
    (was, old_schema): Old<'_, Struct>,
    (is, new_schema): Old<'_, Struct>,
) {
    let (_, subject) = key;
    let (old, new) = (found.old, found.new);
    let at = |side: &Side, schema: &SchemaModel, name: &str| match facts(schema, name) {
        Some(field) => side.property(schema, &field.name),
        None => schema.pointer.clone(),
    };
    for (name, ty) in &was.fields {
        let path = format!("{subject}::{name}");
        let before = facts(old_schema, name);
        let pointer = at(old, old_schema, name);
        let Some((_, now)) = is.fields.iter().find(|(other, _)| other == name) else {
            let phrase = Phrase::of(&path).words(" is gone: ").code(ty);
            found.add(rules::FIELD_REMOVED, key, phrase, Some(pointer), None);
            continue;
        };
        let place = at(new, new_schema, name);
        if ty != now {
            let rule = retyped(ty, now);
            let phrase = Phrase::of(&path)
                .words(" was ")
                .code(ty)
                .words(" and is ")
                .code(now);
            found.add(
                rule,
                key,
                phrase,
                Some(pointer.clone()),
                Some(place.clone()),
            );
        }
        let Some((before, after)) = before.zip(facts(new_schema, name)) else {
            continue;
        };
        field_facts(found, key, &path, (before, pointer), (after, place));
    }
    for (name, ty) in &is.fields {
        if !was.fields.iter().any(|(known, _)| known == name) {
            let phrase = Phrase::of(format!("{subject}::{name}"))
                .words(" is new: ")
                .code(ty);
            found.add(
                rules::FIELD_ADDED,
                key,
                phrase,
                None,
                Some(at(new, new_schema, name)),
            );
        }
    }
}

/// Which rule a change of type falls under.
fn retyped(was: &str, is: &str) -> &'static Rule {
    if is.contains("Secret") && !was.contains("Secret") {
        rules::FIELD_SECRET
    } else if is == format!("Option<{was}>") {
        rules::FIELD_OPTIONAL
    } else if was == format!("Option<{is}>") {
        rules::FIELD_REQUIRED
    } else {
        rules::FIELD_TYPE_CHANGED
    }
}

/// Compares the facts of a field beside its type.
fn field_facts(
    found: &mut Found<'_>,
    key: (&str, &str),
    path: &str,
    (was, old): (&FieldModel, String),
    (is, new): (&FieldModel, String),
) {
    let mut add = |rule, phrase| found.add(rule, key, phrase, Some(old.clone()), Some(new.clone()));
    let shown = |value: &Option<serde_json::Value>| {
        value
            .as_ref()
            .map_or_else(|| "nothing".to_owned(), ToString::to_string)
    };
    if was.name != is.name {
        add(
            rules::FIELD_WIRE_CHANGED,
            Phrase::of(path)
                .words(" was ")
                .code(&was.name)
                .words(" in JSON and is ")
                .code(&is.name),
        );
    }
    if was.default != is.default {
        add(
            rules::DEFAULT_CHANGED,
            Phrase::of(path)
                .words(": the default was ")
                .code(shown(&was.default))
                .words(" and is ")
                .code(shown(&is.default)),
        );
    }
    if let (Some(before), Some(after)) = (&was.constant, &is.constant)
        && before != after
    {
        add(
            rules::CONSTANT_CHANGED,
            Phrase::of(path)
                .words(" is always ")
                .code(after)
                .words(" and was always ")
                .code(before),
        );
    }
    if (was.read_only, was.write_only) != (is.read_only, is.write_only) {
        let access = |one: &FieldModel| match (one.read_only, one.write_only) {
            (true, _) => "only read",
            (_, true) => "only sent",
            _ => "read and sent",
        };
        add(
            rules::ACCESS_CHANGED,
            Phrase::of(path).words(&format!(" was {} and is {}", access(was), access(is))),
        );
    }
    if is.deprecated && !was.deprecated {
        add(
            rules::FIELD_DEPRECATED,
            Phrase::of(path).words(" is no longer published"),
        );
    } else if was.deprecated && !is.deprecated {
        add(rules::DOCUMENTATION_CHANGED, revived(path));
    } else if was.description != is.description && was.default == is.default {
        add(
            rules::DOCUMENTATION_CHANGED,
            Phrase::of(path).words(": the documentation differs"),
        );
    }
}

fn constructor(
    found: &mut Found<'_>,
    key: (&str, &str),
    (was, old_schema): Old<'_, Struct>,
    (is, new_schema): Old<'_, Struct>,
) {
    let (_, subject) = key;
    let (old, new) = (found.old, found.new);
    let both = || places(&old_schema.pointer, &new_schema.pointer);
    let (before, after) = match (&was.new, &is.new) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(_)) => {
            let (old, new) = both();
            found.add(
                rules::CONSTRUCTOR_ADDED,
                key,
                Phrase::of(format!("{subject}::new")).words(" is new: the type is sent now"),
                old,
                new,
            );
            return;
        }
        (Some(_), None) => {
            let (old, new) = both();
            found.add(
                rules::CONSTRUCTOR_REMOVED,
                key,
                Phrase::of(format!("{subject}::new")).words(" is gone: the type is no longer sent"),
                old,
                new,
            );
            return;
        }
        (None, None) => return,
    };
    let at = |name: &str| {
        let in_side = |side: &Side, schema: &SchemaModel| {
            facts(schema, name).map(|field| side.property(schema, &field.name))
        };
        (in_side(old, old_schema), in_side(new, new_schema))
    };
    let constructor = format!("{subject}::new");
    for argument in arguments(before, after) {
        let (rule, phrase, name) = match &argument {
            Argument::Added(name, ty) => (
                rules::NEW_ARGUMENT_ADDED,
                Phrase::of(&constructor)
                    .words(" takes a new argument ")
                    .code(format!("{name}: {ty}")),
                name,
            ),
            Argument::Removed(name, ty) => {
                let phrase = Phrase::of(&constructor)
                    .words(" no longer takes ")
                    .code(format!("{name}: {ty}"));
                let is_setter = is.setters.contains_key(name);
                let phrase = if is_setter {
                    phrase.words(", which is a setter now")
                } else {
                    phrase
                };
                (rules::NEW_ARGUMENT_REMOVED, phrase, name)
            }
            Argument::Retyped(name, was, is) => (
                rules::NEW_ARGUMENT_TYPE_CHANGED,
                Phrase::of(&constructor)
                    .words(": the argument ")
                    .code(name)
                    .words(" was ")
                    .code(was)
                    .words(" and is ")
                    .code(is),
                name,
            ),
            Argument::Renamed(was, is) => (
                rules::ARGUMENT_RENAMED,
                Phrase::of(&constructor)
                    .words(": the argument ")
                    .code(was)
                    .words(" is called ")
                    .code(is),
                is,
            ),
            Argument::Reordered => {
                let (old, new) = both();
                found.add(
                    rules::NEW_ARGUMENTS_REORDERED,
                    key,
                    Phrase::of(&constructor).words(": the arguments have another order"),
                    old,
                    new,
                );
                continue;
            }
        };
        let (old, new) = at(name);
        found.add(rule, key, phrase, old, new);
    }
    for (name, setter) in &was.setters {
        let (old, new) = at(name);
        match is.setters.get(name) {
            None => {
                let phrase =
                    Phrase::of(format!("{subject}::{name}({})", setter.ty)).words(" is gone");
                let phrase = match after.iter().any(|(argument, _)| argument == name) {
                    true => phrase.words(": it is an argument of ").code(&constructor),
                    false => phrase,
                };
                found.add(rules::MODEL_SETTER_REMOVED, key, phrase, old, new);
            }
            Some(now) if now.ty != setter.ty => {
                let phrase = Phrase::of(format!("{subject}::{name}"))
                    .words(" took ")
                    .code(&setter.ty)
                    .words(" and takes ")
                    .code(&now.ty);
                found.add(rules::MODEL_SETTER_TYPE_CHANGED, key, phrase, old, new);
            }
            Some(_) => {}
        }
    }
    for (name, setter) in is
        .setters
        .iter()
        .filter(|(name, _)| !was.setters.contains_key(*name))
    {
        let phrase = Phrase::of(format!("{subject}::{name}({})", setter.ty)).words(" is new");
        found.add(rules::MODEL_SETTER_ADDED, key, phrase, None, at(name).1);
    }
}

fn values(
    found: &mut Found<'_>,
    key: (&str, &str),
    (was, old_schema): Old<'_, Vec<Value>>,
    (is, new_schema): Old<'_, Vec<Value>>,
) {
    let (_, subject) = key;
    let (old, new) = (found.old, found.new);
    let (lead, has_place) = in_place(new, subject);
    let tail = |phrase: Phrase| {
        if has_place {
            phrase
        } else {
            used(new, subject, phrase)
        }
    };
    let mut renamed = BTreeSet::new();
    for value in was {
        let pointer = Some(old.value(old_schema, &value.text));
        let same_name = is.iter().find(|other| other.name == value.name);
        let Some(now) = same_name else {
            let other = is.iter().find(|other| {
                let is_same = other.text == value.text || other.aliases.contains(&value.text);
                is_same && !was.iter().any(|known| known.name == other.name)
            });
            match other {
                Some(other) => {
                    renamed.insert(other.name.clone());
                    let phrase = Phrase::of(format!("{subject}::{}", value.name))
                        .words(" is ")
                        .code(format!("{subject}::{}", other.name))
                        .words(" now");
                    found.add(
                        rules::VALUE_RENAMED,
                        key,
                        phrase,
                        pointer,
                        Some(new.value(new_schema, &other.text)),
                    );
                }
                None => {
                    let phrase = tail(
                        lead.clone()
                            .words(" lost ")
                            .code(&value.text)
                            .words(", the variant ")
                            .code(&value.name),
                    );
                    found.add(rules::VALUE_REMOVED, key, phrase, pointer, None);
                }
            }
            continue;
        };
        let place = Some(new.value(new_schema, &now.text));
        if now.text != value.text {
            let phrase = Phrase::of(format!("{subject}::{}", value.name))
                .words(" was ")
                .code(&value.text)
                .words(" and is ")
                .code(&now.text);
            found.add(
                rules::VALUE_RESPELLED,
                key,
                phrase,
                pointer.clone(),
                place.clone(),
            );
        }
        let spellings = |one: &Value| one.aliases.iter().cloned().collect::<BTreeSet<_>>();
        if spellings(now) != spellings(value) {
            let list = |phrase: Phrase, one: &Value| match spellings(one) {
                none if none.is_empty() => phrase.words("no other spelling"),
                all => phrase.code(all.into_iter().collect::<Vec<_>>().join(", ")),
            };
            let phrase =
                Phrase::of(format!("{subject}::{}", value.name)).words(" is also read from ");
            let phrase = list(list(phrase, now).words(", and was from "), value);
            found.add(
                rules::VALUE_ALIAS_CHANGED,
                key,
                phrase,
                pointer.clone(),
                place.clone(),
            );
        }
        let is_old = |side: &Side, schema: &SchemaModel, text: &str| {
            side.lists(schema, "x-deprecatedValues", text)
        };
        let path = format!("{subject}::{}", value.name);
        match (
            is_old(old, old_schema, &value.text),
            is_old(new, new_schema, &now.text),
        ) {
            (false, true) => {
                let phrase = Phrase::of(path).words(" is no longer published");
                found.add(rules::VALUE_DEPRECATED, key, phrase, pointer, place);
            }
            (true, false) => {
                found.add(
                    rules::DOCUMENTATION_CHANGED,
                    key,
                    revived(&path),
                    pointer,
                    place,
                );
            }
            _ => {}
        }
    }
    for value in is {
        if !was.iter().any(|known| known.name == value.name) && !renamed.contains(&value.name) {
            let phrase = tail(
                lead.clone()
                    .words(" gained ")
                    .code(&value.text)
                    .words(", the variant ")
                    .code(&value.name),
            );
            found.add(
                rules::VALUE_ADDED,
                key,
                phrase,
                None,
                Some(new.value(new_schema, &value.text)),
            );
        }
    }
}

fn members(
    found: &mut Found<'_>,
    key: (&str, &str),
    (was, old_schema): Old<'_, Union>,
    (is, new_schema): Old<'_, Union>,
) {
    let (_, subject) = key;
    let (old, new) = (found.old, found.new);
    let both = || places(&old_schema.pointer, &new_schema.pointer);
    for member in &was.members {
        let path = format!("{subject}::{}", member.name);
        let (old_place, new_place) = both();
        let Some(now) = is.members.iter().find(|other| other.name == member.name) else {
            let phrase = Phrase::of(path).words(" is gone: ").code(&member.ty);
            found.add(rules::MEMBER_REMOVED, key, phrase, old_place, None);
            continue;
        };
        if now.ty != member.ty {
            let phrase = Phrase::of(&path)
                .words(" was ")
                .code(&member.ty)
                .words(" and is ")
                .code(&now.ty);
            found.add(
                rules::MEMBER_TYPE_CHANGED,
                key,
                phrase,
                old_place.clone(),
                new_place.clone(),
            );
        }
        if now.key != member.key || was.how != is.how {
            let mark = |how: &str, key: &str| format!("{how} {key}");
            let phrase = Phrase::of(&path)
                .words(" was distinguished by ")
                .code(mark(&was.how, &member.key))
                .words(" and is distinguished by ")
                .code(mark(&is.how, &now.key));
            found.add(
                rules::MEMBER_KEY_CHANGED,
                key,
                phrase,
                old_place.clone(),
                new_place.clone(),
            );
        }
        let is_old = |side: &Side, schema: &SchemaModel, ty: &str| {
            let bare = ty.trim_start_matches("Box<").trim_end_matches('>');
            let known = side.schema(bare);
            known.is_some_and(|known| {
                side.lists(
                    schema,
                    "x-deprecatedMembers",
                    &format!("#{}", known.pointer),
                )
            })
        };
        match (
            is_old(old, old_schema, &member.ty),
            is_old(new, new_schema, &now.ty),
        ) {
            (false, true) => {
                let phrase = Phrase::of(&path).words(" is no longer published");
                found.add(rules::MEMBER_DEPRECATED, key, phrase, old_place, new_place);
            }
            (true, false) => found.add(
                rules::DOCUMENTATION_CHANGED,
                key,
                revived(&path),
                old_place,
                new_place,
            ),
            _ => {}
        }
    }
    for member in &is.members {
        if !was.members.iter().any(|known| known.name == member.name) {
            let phrase = Phrase::of(subject)
                .words(" gained the member ")
                .code(format!("{}({})", member.name, member.ty));
            found.add(rules::MEMBER_ADDED, key, phrase, None, both().1);
        }
    }
}
