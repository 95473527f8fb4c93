//! Keeps properties, values of enums, members of unions and parameters that only an older layer has.
//!
//! Compares the same place of the new contract and of the older layer. Everything that it adds is deprecated
//! and optional. Not for whole operations and schemas, which `merge` adds, and
//! not for judging a change: what cannot be kept is only listed.

mod form;
mod json;
mod operations;
mod presence;
mod properties;
mod unions;
mod values;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use self::form::{form, referred, same_form, shown};
#[cfg(test)]
pub(super) use self::properties::effective;
use super::merged::{Lost, Merged};
use super::operation::{Key, Operation};

/// The facts that were added to the newest layer, and those that could not be.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) kept: BTreeSet<String>,
    pub(super) lost: BTreeSet<Lost>,
}

impl Outcome {
    fn lose(&mut self, place: &str, what: impl Into<String>) {
        let (place, what) = (place.to_owned(), what.into());
        self.lost.insert(Lost { place, what });
    }
}

/// The start of a schema or of parameters in the contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Root {
    Schema(String),
    Operation(Key),
    /// Parameters that the path declares.
    Path(Key),
}

/// A place of the contract, and the schema of the older layer there.
struct Comparison {
    root: Root,
    pointer: String,
    old: Value,
    /// As reports name the place.
    place: String,
    null_check: NullCheck,
}

/// Whether the comparison of a place includes whether its value may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NullCheck {
    /// For items, values of a map, a body and a response.
    Here,
    /// Not for a property, whose presence is compared as a whole, a named schema, which each place
    /// that uses it compares, and a parameter, which is never null.
    Elsewhere,
}

/// Compares the older layer with the contract, place by place, and keeps its facts.
pub(super) struct Keeper<'a> {
    merged: &'a mut Merged,
    /// The schemas of the older layer, by the names that they have in the contract.
    older: &'a Map<String, Value>,
    /// The named schemas that requests hold.
    sent: BTreeSet<String>,
    open: Vec<Comparison>,
    seen: BTreeSet<(Root, String, String)>,
    outcome: Outcome,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        merged: &'a mut Merged,
        older: &'a Map<String, Value>,
        sent: BTreeSet<String>,
    ) -> Self {
        Self {
            merged,
            older,
            sent,
            open: Vec::new(),
            seen: BTreeSet::new(),
            outcome: Outcome::default(),
        }
    }

    /// Keeps the parts of a schema of the older layer.
    pub(super) fn schema(&mut self, name: &str) {
        if let Some(old) = self.older.get(name) {
            self.add(
                Root::Schema(name.to_owned()),
                String::new(),
                old,
                name.to_owned(),
                NullCheck::Elsewhere,
            );
        }
    }

    /// Keeps the parameters and the parts of the bodies of an operation that both layers have.
    pub(super) fn operation(&mut self, old: &Operation) {
        if let Some(new) = self.merged.operations.get_mut(&old.key()) {
            let comparisons = operations::keep(new, old, &mut self.outcome);
            self.open.extend(comparisons);
        }
    }

    /// Goes through all places.
    pub(super) fn finish(mut self) -> Outcome {
        while let Some(next) = self.open.pop() {
            self.compare(next);
        }
        self.outcome
    }

    fn add(
        &mut self,
        root: Root,
        pointer: String,
        old: &Value,
        place: String,
        null_check: NullCheck,
    ) {
        self.open.push(Comparison {
            root,
            pointer,
            old: old.clone(),
            place,
            null_check,
        });
    }

    /// Whether a request has the value of this place.
    fn is_sent(&self, root: &Root, pointer: &str) -> bool {
        match root {
            Root::Schema(name) => self.sent.contains(name),
            Root::Operation(_) => !pointer.starts_with("/responses/"),
            Root::Path(_) => true,
        }
    }

    fn at(&mut self, root: &Root, pointer: &str) -> Option<&mut Value> {
        match root {
            Root::Schema(name) => self.merged.schemas.get_mut(name)?.pointer_mut(pointer),
            Root::Operation(key) => {
                let (first, rest) = split(pointer);
                let facts = &mut self.merged.operations.get_mut(key)?.facts;
                facts.get_mut(first)?.pointer_mut(rest)
            }
            Root::Path(key) => {
                let (first, rest) = split(pointer);
                let all = &mut self.merged.operations.get_mut(key)?.path_parameters;
                all.get_mut(first.parse::<usize>().ok()?)?.pointer_mut(rest)
            }
        }
    }

    fn lose(&mut self, place: &str, what: String) {
        self.outcome.lose(place, what);
    }

    /// Compares one place.
    fn compare(&mut self, comparison: Comparison) {
        let Comparison {
            root,
            pointer,
            old,
            place,
            null_check,
        } = comparison;
        if !self
            .seen
            .insert((root.clone(), pointer.clone(), old.to_string()))
        {
            return;
        }
        let Some(new) = self.at(&root, &pointer).cloned() else {
            return;
        };
        if null_check == NullCheck::Here {
            let was = presence::may_be_null(&old, self.older);
            let is = presence::may_be_null(&new, &self.merged.schemas);
            if let Some(what) = presence::null_change(was, is) {
                self.lose(&place, what.to_owned());
            }
        }
        match (referred(&new), referred(&old)) {
            (Some(new), Some(old)) => {
                if new != old && !self.are_alike(&new, &old) {
                    self.lose(&place, format!("was {old} and is {new}"));
                }
            }
            (Some(target), None) => match self.merged.schemas.get(&target) {
                // The inline schema has a name now: its parts belong to the named schema.
                Some(known) if same_form(&form(known), &form(&old)) => {
                    self.add(
                        Root::Schema(target),
                        String::new(),
                        &old,
                        place,
                        NullCheck::Elsewhere,
                    );
                }
                _ => self.lose(&place, format!("was {} and is {target}", shown(&old))),
            },
            (None, Some(name)) => {
                let known = self.older.get(&name).cloned();
                match known {
                    Some(known) if same_form(&form(&new), &form(&known)) => {
                        self.inline(&root, &pointer, &new, &known, &place);
                    }
                    _ => self.lose(&place, format!("was {name} and is {}", shown(&new))),
                }
            }
            (None, None) => self.inline(&root, &pointer, &new, &old, &place),
        }
    }

    /// Whether two schemas say the same, whatever they are called.
    fn are_alike(&self, new: &str, old: &str) -> bool {
        let old = self.older.get(old).or_else(|| self.merged.schemas.get(old));
        old.is_some() && self.merged.schemas.get(new) == old
    }

    fn inline(&mut self, root: &Root, pointer: &str, new: &Value, old: &Value, place: &str) {
        let (is, was) = (form(new), form(old));
        if !same_form(&is, &was) {
            self.lose(place, format!("was {} and is {}", shown(old), shown(new)));
            return;
        }
        if is != was {
            self.lose(place, format!("was {} and is {}", shown(old), shown(new)));
        }
        values::keep(self, root, pointer, new, old, place);
        for keyword in ["items", "additionalProperties"] {
            if let (Some(Value::Object(_)), Some(inner @ Value::Object(_))) =
                (new.get(keyword), old.get(keyword))
            {
                let step = if keyword == "items" { "[]" } else { "{}" };
                self.add(
                    root.clone(),
                    format!("{pointer}/{keyword}"),
                    inner,
                    format!("{place}{step}"),
                    NullCheck::Here,
                );
            }
        }
        unions::keep(self, root, pointer, new, old, place);
        properties::keep(self, root, pointer, new, old, place);
    }
}

/// The same schema, marked as one that the newest revision no longer has.
pub(super) fn deprecated(schema: Value) -> Value {
    let mut map = match schema {
        Value::Object(map) => map,
        other => return other,
    };
    // A reference allows no keywords beside it.
    if let Some(reference) = map.shift_remove("$ref") {
        map.insert("allOf".to_owned(), json!([{"$ref": reference}]));
    }
    map.insert("deprecated".to_owned(), Value::Bool(true));
    Value::Object(map)
}

fn split(pointer: &str) -> (&str, &str) {
    let rest = pointer.trim_start_matches('/');
    match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    }
}
