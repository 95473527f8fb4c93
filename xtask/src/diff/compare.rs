//! Finds the changes between two contracts, in terms of the client that is generated from each.
//!
//! `rules` judges a change, `report` formats it.

mod models;
mod operations;
mod texts;

use std::collections::BTreeSet;

use serde_json::Value;

use super::phrase::Phrase;
use super::rules::{self, Rule};
use super::side::Side;
use super::surface::Surface;

/// A place of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) pointer: String,
    pub(super) line: Option<usize>,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) rule: &'static Rule,
    pub(super) area: String,
    /// The operation's method, or the type, which groups the changes.
    pub(super) subject: String,
    pub(crate) phrase: Phrase,
    pub(crate) old: Option<Place>,
    pub(super) new: Option<Place>,
}

/// All changes from `old` to `new`, by area and subject.
pub(super) fn compare(old: &Side, new: &Side) -> Vec<Change> {
    let before = old.surface.in_names_of(&new.surface);
    let mut found = Found {
        old,
        new,
        before: &before,
        changes: Vec::new(),
    };
    operations::compare(&mut found);
    models::compare(&mut found);
    found.implementations();
    found.document();
    let mut changes = found.changes;
    let order = |change: &Change| {
        let is_method = change.subject.starts_with("Client::");
        (
            change.area.clone(),
            !is_method,
            change.subject.clone(),
            std::cmp::Reverse(change.rule.severity),
        )
    };
    changes.sort_by_key(order);
    changes
}

/// The two sides, and their differences.
struct Found<'a> {
    old: &'a Side,
    new: &'a Side,
    /// The API of the old side, with types in the names of the new one.
    before: &'a Surface,
    changes: Vec<Change>,
}

impl Found<'_> {
    /// Adds a change at a pointer of each side, as far as it is there.
    fn add(
        &mut self,
        rule: &'static Rule,
        (area, subject): (&str, &str),
        phrase: Phrase,
        old: Option<String>,
        new: Option<String>,
    ) {
        let place = |side: &Side, pointer: String| Place {
            line: side.line(&pointer),
            pointer,
        };
        self.changes.push(Change {
            rule,
            area: area.to_owned(),
            subject: subject.to_owned(),
            phrase,
            old: old.map(|pointer| place(self.old, pointer)),
            new: new.map(|pointer| place(self.new, pointer)),
        });
    }

    /// Conversions between types that both sides have, and ways of paging of operations that both have.
    fn implementations(&mut self) {
        let (old, new) = (self.before, &self.new.surface);
        let names = |head: &str| -> Vec<String> {
            let words = head.split(|c: char| !c.is_alphanumeric() && c != '_');
            let named = words.filter(|word| {
                let is_type = old.types.contains_key(*word) || new.types.contains_key(*word);
                is_type || old.calls.contains_key(*word) || new.calls.contains_key(*word)
            });
            named.map(str::to_owned).collect()
        };
        let in_both = |head: &str| {
            names(head).iter().all(|name| {
                old.types.contains_key(name) && new.types.contains_key(name)
                    || old.calls.contains_key(name) && new.calls.contains_key(name)
            })
        };
        let mut found = Vec::new();
        for head in old
            .implementations
            .difference(&new.implementations)
            .filter(|head| in_both(head))
        {
            found.push((rules::CONVERSION_REMOVED, " is gone", head.clone()));
        }
        for head in new
            .implementations
            .difference(&old.implementations)
            .filter(|head| in_both(head))
        {
            found.push((rules::CONVERSION_ADDED, " is new", head.clone()));
        }
        for (rule, words, head) in found {
            let subject = names(&head).pop().unwrap_or_default();
            let area = self.area_of(&subject);
            let phrase = Phrase::of(format!("impl {head}")).words(words);
            let pointers = self.pointers(&subject);
            self.add(rule, (&area, &subject), phrase, pointers.0, pointers.1);
        }
    }

    fn area_of(&self, name: &str) -> String {
        let in_side = |side: &Side| {
            let ty = side.surface.types.get(name).map(|item| item.area.clone());
            ty.or_else(|| {
                let mut methods = side.surface.methods.values();
                methods
                    .find(|method| method.marker == name)
                    .map(|method| method.area.clone())
            })
        };
        in_side(self.new)
            .or_else(|| in_side(self.old))
            .unwrap_or_default()
    }

    fn pointers(&self, name: &str) -> (Option<String>, Option<String>) {
        let in_side = |side: &Side| {
            let ty = side.schema(name).map(|schema| schema.pointer.clone());
            ty.or_else(|| {
                let mut operations = side.normalized.operations.iter();
                operations
                    .find(|one| one.type_name == name)
                    .map(|one| one.pointer.clone())
            })
        };
        (in_side(self.old), in_side(self.new))
    }

    /// Compares the facts that concern every request.
    fn document(&mut self) {
        for (pointer, what) in [
            ("/servers", "addresses"),
            ("/security", "credentials"),
            ("/components/securitySchemes", "forms of credentials"),
        ] {
            let facts = |side: &Side| side.at(pointer).map_or(Value::Null, facts_of);
            let (was, is) = (facts(self.old), facts(self.new));
            if was != is {
                let stated = |phrase: Phrase, facts: Value| match facts {
                    Value::Null => phrase.words("not stated"),
                    facts => phrase.code(facts.to_string()),
                };
                let phrase = Phrase::default().words(&format!("the {what} of the API were "));
                let phrase = stated(stated(phrase, was).words(" and are "), is);
                let place = |side: &Side| side.at(pointer).map(|_| pointer.to_owned());
                let (old, new) = (place(self.old), place(self.new));
                self.add(rules::SERVER_CHANGED, ("", "Client"), phrase, old, new);
            }
        }
    }
}

/// Servers and credentials without their texts. A server without variables is its address.
fn facts_of(value: &Value) -> Value {
    match value {
        Value::Array(list) if list.is_empty() => Value::Null,
        Value::Array(list) => list.iter().map(facts_of).collect(),
        Value::Object(map) => {
            let is_text = |key: &str| key == "description" || key.starts_with("x-");
            let kept = map.iter().filter(|(key, _)| !is_text(key));
            let kept: serde_json::Map<_, _> = kept
                .map(|(key, value)| (key.clone(), facts_of(value)))
                .collect();
            match (kept.len(), kept.get("url")) {
                (1, Some(url)) => url.clone(),
                _ => Value::Object(kept),
            }
        }
        value => value.clone(),
    }
}

/// One difference between two lists of arguments. The names come first, then the types.
#[derive(Debug, PartialEq, Eq)]
enum Argument {
    Added(String, String),
    Removed(String, String),
    Retyped(String, String, String),
    /// The same argument under another name.
    Renamed(String, String),
    /// Another argument, at the same position.
    Replaced(String, String, String),
    Reordered,
}

/// The locations of one thing on both sides.
fn places(old: &str, new: &str) -> (Option<String>, Option<String>) {
    (Some(old.to_owned()), Some(new.to_owned()))
}

/// Compares two lists of arguments; `is_same` says whether an old and a new name are of one thing.
fn arguments(
    old: &[(String, String)],
    new: &[(String, String)],
    is_same: &dyn Fn(&str, &str) -> bool,
) -> Vec<Argument> {
    let names = |all: &[(String, String)]| -> BTreeSet<String> {
        all.iter().map(|(name, _)| name.clone()).collect()
    };
    let (before, after) = (names(old), names(new));
    let mut found = Vec::new();
    let mut renamed = BTreeSet::new();
    if old.len() == new.len() {
        for ((was, old_type), (is, new_type)) in old.iter().zip(new) {
            if was != is && old_type == new_type && !after.contains(was) && !before.contains(is) {
                found.push(if is_same(was, is) {
                    Argument::Renamed(was.clone(), is.clone())
                } else {
                    Argument::Replaced(was.clone(), is.clone(), new_type.clone())
                });
                renamed.extend([was.clone(), is.clone()]);
            }
        }
    }
    for (name, ty) in old
        .iter()
        .filter(|(name, _)| !after.contains(name) && !renamed.contains(name))
    {
        found.push(Argument::Removed(name.clone(), ty.clone()));
    }
    for (name, ty) in new
        .iter()
        .filter(|(name, _)| !before.contains(name) && !renamed.contains(name))
    {
        found.push(Argument::Added(name.clone(), ty.clone()));
    }
    for (name, was) in old {
        if let Some((_, is)) = new.iter().find(|(other, is)| other == name && is != was) {
            found.push(Argument::Retyped(name.clone(), was.clone(), is.clone()));
        }
    }
    let common = |all: &[(String, String)]| -> Vec<String> {
        let both = all.iter().map(|(name, _)| name);
        both.filter(|name| before.contains(*name) && after.contains(*name))
            .cloned()
            .collect()
    };
    if common(old) != common(new) {
        found.push(Argument::Reordered);
    }
    found
}

#[cfg(test)]
mod compiled_tests;
#[cfg(test)]
pub(crate) mod pairs_tests;
#[cfg(test)]
mod peer_tests;
#[cfg(test)]
pub(crate) mod tests;
