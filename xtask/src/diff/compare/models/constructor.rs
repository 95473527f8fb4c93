//! Changes of the constructor and the setters of a struct.

use super::super::texts::{argument_renamed, argument_replaced, arguments_reordered};
use super::super::{Argument, Found, arguments, places};
use super::{Old, facts};
use crate::codegen::model::SchemaModel;
use crate::diff::phrase::Phrase;
use crate::diff::rules;
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
    // Two names of one property.
    let is_same = |was: &str, is: &str| {
        let wire = facts(old_schema, was).map(|field| &field.name);
        wire.is_some() && wire == facts(new_schema, is).map(|field| &field.name)
    };
    for argument in arguments(before, after, &is_same) {
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
            Argument::Renamed(was, is) => {
                let phrase = argument_renamed(&constructor, was, is);
                let (old, new) = (at(was).0, at(is).1);
                found.add(rules::ARGUMENT_RENAMED, key, phrase, old, new);
                continue;
            }
            Argument::Replaced(was, is, ty) => {
                let phrase = argument_replaced(&constructor, was, is, ty);
                let (old, new) = (at(was).0, at(is).1);
                found.add(rules::ARGUMENT_REPLACED, key, phrase, old, new);
                continue;
            }
            Argument::Reordered => {
                let (old, new) = both();
                found.add(
                    rules::NEW_ARGUMENTS_REORDERED,
                    key,
                    arguments_reordered(&constructor, after),
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
