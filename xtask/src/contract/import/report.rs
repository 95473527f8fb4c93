//! What an import changed, and what still lacks a text of ours.
//!
//! Only facts count as changes: a text that somebody wrote is not one.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::defaults;
use super::layer::{Key, Layer, Operation};
use super::markup;
use super::merge::Merged;
use crate::printable::Printable;

/// How many names of one kind are listed before the rest is only counted.
const LISTED: usize = 40;

/// The difference that an import makes, and what it leaves to be written.
#[derive(Debug, Default)]
pub(crate) struct Report {
    operations: usize,
    schemas: usize,
    sections: Vec<(&'static str, Vec<String>)>,
    /// Where texts stand that hold markup.
    markup: Vec<String>,
}

impl Report {
    pub(super) fn new(before: Option<&Layer>, after: &Merged, document: &Value) -> Self {
        let mut report = Self {
            operations: after.operations.len(),
            schemas: after.schemas.len(),
            sections: Vec::new(),
            markup: markup::places(document),
        };
        let named = |operations: &BTreeMap<Key, Operation>| -> Named<Key> {
            let entry = |(key, operation): (&Key, &Operation)| {
                (key.clone(), (operation.name(), whole(operation)))
            };
            operations.iter().map(entry).collect()
        };
        let old = before
            .map(|layer| named(&layer.operations))
            .unwrap_or_default();
        report.compare(
            [
                "operations changed",
                "operations added",
                "operations removed",
            ],
            &old,
            &named(&after.operations),
        );
        let named = |schemas: &Map<String, Value>| -> Named<String> {
            schemas
                .iter()
                .map(|(name, schema)| (name.clone(), (name.clone(), schema.clone())))
                .collect()
        };
        let old = before
            .map(|layer| named(&layer.schemas))
            .unwrap_or_default();
        report.compare(
            ["schemas changed", "schemas added", "schemas removed"],
            &old,
            &named(&after.schemas),
        );
        report.sections.push((
            "operations whose summary is still the one made from the id",
            made_summaries(document),
        ));
        let schemas = document
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        let silent = schemas
            .into_iter()
            .flatten()
            .filter(|(_, schema)| schema.get("description").is_none());
        report.sections.push((
            "schemas without a description",
            silent.map(|(name, _)| name.clone()).collect(),
        ));
        report
    }

    fn compare<K: Ord>(&mut self, titles: [&'static str; 3], old: &Named<K>, new: &Named<K>) {
        let [changed, added, removed] = titles;
        let both = new
            .iter()
            .filter(|(key, (_, value))| old.get(key).is_some_and(|(_, old)| old != value));
        self.sections
            .push((changed, both.map(|(_, (name, _))| name.clone()).collect()));
        let without = |these: &Named<K>, those: &Named<K>| -> Vec<String> {
            these
                .iter()
                .filter(|(key, _)| !those.contains_key(key))
                .map(|(_, (name, _))| name.clone())
                .collect()
        };
        self.sections.push((added, without(new, old)));
        self.sections.push((removed, without(old, new)));
    }
}

/// What is compared: the name for people and the facts, by identity.
type Named<K> = BTreeMap<K, (String, Value)>;

/// An operation with the parameters of its path: where they stand is no change.
fn whole(operation: &Operation) -> Value {
    let mut facts = operation.facts.clone();
    super::assemble::take_down(&operation.path_parameters, &mut facts);
    Value::Object(facts)
}

fn made_summaries(document: &Value) -> Vec<String> {
    let mut made = Vec::new();
    for (path, item) in document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let text = |keyword: &str| operation.get(keyword).and_then(Value::as_str);
            let method = method.to_uppercase();
            if text("summary").is_some_and(|summary| {
                summary == defaults::summary(text("operationId"), &method, path)
            }) {
                made.push(format!("{method} {path}"));
            }
        }
    }
    made
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} operations, {} schemas",
            self.operations, self.schemas
        )?;
        for (title, names) in self.sections.iter().filter(|(_, names)| !names.is_empty()) {
            writeln!(f, "{title}: {}", names.len())?;
            for name in names.iter().take(LISTED) {
                writeln!(f, "  {}", Printable::new(name))?;
            }
            if let Some(more) = names.len().checked_sub(LISTED).filter(|more| *more > 0) {
                writeln!(f, "  and {more} more")?;
            }
        }
        for place in self.markup.iter().take(LISTED) {
            writeln!(
                f,
                "note: {}: the text holds a code fence or HTML, which the docs show as text",
                Printable::new(place)
            )?;
        }
        if let Some(more) = self
            .markup
            .len()
            .checked_sub(LISTED)
            .filter(|more| *more > 0)
        {
            writeln!(f, "note: {more} more texts hold a code fence or HTML")?;
        }
        Ok(())
    }
}
