//! Changes of the values of an enum.

use std::collections::BTreeSet;

use super::super::Found;
use super::{Old, in_place, revived, used};
use crate::codegen::model::SchemaModel;
use crate::diff::phrase::Phrase;
use crate::diff::rules;
use crate::diff::side::Side;
use crate::diff::surface::Value;

pub(super) fn compare(
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
