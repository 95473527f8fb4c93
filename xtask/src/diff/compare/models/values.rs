//! Changes of the values of an enum.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Found;
use super::{Old, in_place, revived, used};
use crate::codegen::model::{SchemaKind, SchemaModel};
use crate::diff::phrase::Phrase;
use crate::diff::rules;
use crate::diff::side::Side;
use crate::diff::surface::{Enum, Value};

pub(super) fn compare(
    found: &mut Found<'_>,
    key: (&str, &str),
    (was, old_schema): Old<'_, Enum>,
    (is, new_schema): Old<'_, Enum>,
) {
    former_names(found, key, (was, old_schema), (is, new_schema));
    let (_, subject) = key;
    let (was, is) = (&was.values, &is.values);
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
            let (rule, phrase) = match was.iter().find(|other| other.text == now.text) {
                Some(other) => {
                    let other = format!("{subject}::{}", other.name);
                    let phrase = phrase.words(", as ").code(other).words(" was");
                    (rules::VALUE_REPLACED, phrase)
                }
                None => (rules::VALUE_RESPELLED, phrase),
            };
            found.add(rule, key, phrase, pointer.clone(), place.clone());
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
            _ if described(old_schema, &value.text) != described(new_schema, &now.text) => {
                let phrase = Phrase::of(path).words(": the documentation differs");
                found.add(rules::DOCUMENTATION_CHANGED, key, phrase, pointer, place);
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

/// The description of a value.
fn described<'a>(schema: &'a SchemaModel, text: &str) -> Option<&'a str> {
    let SchemaKind::OpenEnum(values) = &schema.kind else {
        return None;
    };
    let value = values.iter().find(|value| value.value == text);
    value.and_then(|value| value.description.as_deref())
}

/// Compares the constants that are former names of variants. A variant that became one is renamed, which
/// is a change of its own.
fn former_names(
    found: &mut Found<'_>,
    key: (&str, &str),
    (was, old_schema): Old<'_, Enum>,
    (is, new_schema): Old<'_, Enum>,
) {
    let (_, subject) = key;
    let variant =
        |side: &Enum, name: &str| side.values.iter().find(|one| one.name == name).cloned();
    // The current names of variants, which the values say.
    let mut current = BTreeMap::new();
    for value in &was.values {
        let mut others = is.values.iter();
        let now =
            others.find(|other| other.text == value.text || other.aliases.contains(&value.text));
        current.extend(now.map(|now| (value.name.as_str(), now.name.as_str())));
    }
    let at = |side: &Side, schema: &SchemaModel, of: &Enum, name: &str| {
        let text = variant(of, name).map(|value| value.text);
        text.map_or_else(|| schema.pointer.clone(), |text| side.value(schema, &text))
    };
    for (name, target) in &was.constants {
        let own = variant(is, name).map(|value| value.name);
        let now = is.constants.get(name).or(own.as_ref());
        if now.is_some_and(|now| current.get(target.as_str()) == Some(&now.as_str())) {
            continue;
        }
        let phrase = Phrase::of(format!("{subject}::{name}"))
            .words(", a former name of ")
            .code(format!("{subject}::{target}"));
        let phrase = match now {
            Some(now) if now == name => phrase.words(", is a variant of its own now"),
            Some(now) => phrase
                .words(", is one of ")
                .code(format!("{subject}::{now}"))
                .words(" now"),
            None => phrase.words(", is gone"),
        };
        let old = at(found.old, old_schema, was, target);
        let new = now.map(|now| at(found.new, new_schema, is, now));
        found.add(rules::VARIANT_ALIAS_REMOVED, key, phrase, Some(old), new);
    }
    for (name, target) in &is.constants {
        if was.constants.contains_key(name) || variant(was, name).is_some() {
            continue;
        }
        let phrase = Phrase::of(format!("{subject}::{name}"))
            .words(" is a former name of ")
            .code(format!("{subject}::{target}"));
        let new = at(found.new, new_schema, is, target);
        found.add(rules::VARIANT_ALIAS_ADDED, key, phrase, None, Some(new));
    }
}
