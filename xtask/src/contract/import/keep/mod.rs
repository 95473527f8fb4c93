//! Keeps properties, values of enums, members of unions and parameters that only an older layer has.
//!
//! Compares the same place of the new contract and of the older layer. Everything that it adds is deprecated and
//! optional. Whole operations and schemas are added by `merge`. If a fact cannot be kept, the report of the
//! command lists it as a breaking change.

mod form;
mod json;
mod operations;
mod properties;
mod unions;
mod values;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use self::form::{form, referred};
#[cfg(test)]
pub(super) use self::properties::effective;
use super::merged::Merged;
use super::operation::{Key, Operation};

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
    /// The name of the place in reports.
    place: String,
}

/// Compares the older layer with the contract, place by place, and keeps its facts.
pub(super) struct Keeper<'a> {
    merged: &'a mut Merged,
    /// The schemas of the older layer, by the names that they have in the contract.
    older: &'a Map<String, Value>,
    open: Vec<Comparison>,
    seen: BTreeSet<(Root, String, String)>,
    /// The facts that were added to the newest layer.
    kept: BTreeSet<String>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(merged: &'a mut Merged, older: &'a Map<String, Value>) -> Self {
        Self {
            merged,
            older,
            open: Vec::new(),
            seen: BTreeSet::new(),
            kept: BTreeSet::new(),
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
            );
        }
    }

    /// Keeps the parameters and the parts of the bodies of an operation that both layers have.
    pub(super) fn operation(&mut self, old: &Operation) {
        if let Some(new) = self.merged.operations.get_mut(&old.key()) {
            let comparisons = operations::keep(new, old, &mut self.kept);
            self.open.extend(comparisons);
        }
    }

    /// Goes through all places, and returns the facts that were kept.
    pub(super) fn finish(mut self) -> BTreeSet<String> {
        while let Some(next) = self.open.pop() {
            self.compare(next);
        }
        self.kept
    }

    fn add(&mut self, root: Root, pointer: String, old: &Value, place: String) {
        self.open.push(Comparison {
            root,
            pointer,
            old: old.clone(),
            place,
        });
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

    /// Compares one place.
    fn compare(&mut self, comparison: Comparison) {
        let Comparison {
            root,
            pointer,
            old,
            place,
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
        match (referred(&new), referred(&old)) {
            // Named schemas are compared by themselves.
            (Some(_), Some(_)) => {}
            (Some(target), None) => {
                let known = self.merged.schemas.get(&target);
                // The inline schema has a name now: its parts belong to the named schema.
                if known.is_some_and(|known| form(known) == form(&old)) {
                    self.add(Root::Schema(target), String::new(), &old, place);
                }
            }
            (None, Some(name)) => {
                if let Some(known) = self.older.get(&name).cloned() {
                    self.inline(&root, &pointer, &new, &known, &place);
                }
            }
            (None, None) => self.inline(&root, &pointer, &new, &old, &place),
        }
    }

    fn inline(&mut self, root: &Root, pointer: &str, new: &Value, old: &Value, place: &str) {
        if form(new) != form(old) {
            return;
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
