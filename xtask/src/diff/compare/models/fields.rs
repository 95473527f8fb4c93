//! Changes of the fields of a struct.

use super::super::texts::{default_changed, limits_changed};
use super::super::{Found, places};
use super::{Old, facts};
use crate::codegen::model::{FieldModel, SchemaKind, SchemaModel};
use crate::diff::phrase::Phrase;
use crate::diff::rules::{self, Rule};
use crate::diff::side::Side;
use crate::diff::surface::Struct;

pub(super) fn compare(
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
        let replaces = match &old_schema.kind {
            SchemaKind::Struct(known) if before.name != after.name => {
                let mut others = known.fields.iter();
                others.find(|other| other.name == after.name)
            }
            _ => None,
        };
        if let Some(other) = replaces {
            let phrase = Phrase::of(&path)
                .words(" was ")
                .code(&before.name)
                .words(" in JSON and is ")
                .code(&after.name)
                .words(", as ")
                .code(other.rust_name.trim_start_matches("r#"))
                .words(" was");
            let (old, new) = places(&pointer, &place);
            found.add(rules::FIELD_REPLACED, key, phrase, old, new);
        }
        let is_sent = old_schema.usage.request && new_schema.usage.request && ty == now;
        let limits =
            is_sent.then(|| limits_changed(&path, &old.limits(&pointer), &new.limits(&place)));
        let limits = limits.flatten();
        let has_other_limits = limits.is_some();
        if let Some(phrase) = limits {
            let (old, new) = places(&pointer, &place);
            found.add(rules::LIMIT_CHANGED, key, phrase, old, new);
        }
        let told = Told {
            name: replaces.is_some(),
            limits: has_other_limits,
        };
        field_facts(found, key, &path, (before, pointer), (after, place), told);
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

/// The facts that changes of their own name.
struct Told {
    name: bool,
    limits: bool,
}

/// Compares the facts of a field beside its type.
fn field_facts(
    found: &mut Found<'_>,
    key: (&str, &str),
    path: &str,
    (was, old): (&FieldModel, String),
    (is, new): (&FieldModel, String),
    told: Told,
) {
    let mut add = |rule, phrase| found.add(rule, key, phrase, Some(old.clone()), Some(new.clone()));
    if was.name != is.name && !told.name {
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
            default_changed(path, was.default.as_ref(), is.default.as_ref()),
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
            Phrase::of(path).words(" is deprecated now"),
        );
    } else if was.deprecated && !is.deprecated {
        let phrase = Phrase::of(path).words(" is no longer deprecated");
        add(rules::DOCUMENTATION_CHANGED, phrase);
    } else if was.description != is.description && was.default == is.default && !told.limits {
        add(
            rules::DOCUMENTATION_CHANGED,
            Phrase::of(path).words(": the documentation differs"),
        );
    }
}
