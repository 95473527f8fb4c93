//! What an import changed, and what still lacks a text of ours.
//!
//! Only facts count as changes: a text that somebody wrote is not one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

use super::defaults;
use super::layer::{Layer, Operation};
use super::merge::Merged;

/// How many names of one kind are listed before the rest is only counted.
const LISTED: usize = 40;

/// The difference that an import makes, and what it leaves to be written.
#[derive(Debug, Default)]
pub(crate) struct Report {
    operations: usize,
    schemas: usize,
    sections: Vec<(&'static str, Vec<String>)>,
}

impl Report {
    pub(super) fn new(before: Option<&Layer>, after: &Merged, document: &Value) -> Self {
        let mut report = Self {
            operations: after.operations.len(),
            schemas: after.schemas.len(),
            sections: Vec::new(),
        };
        let named = |operations: Vec<&Operation>| {
            operations
                .into_iter()
                .map(|operation| (operation.name(), whole(operation)))
                .collect::<BTreeMap<_, _>>()
        };
        let old = named(
            before
                .into_iter()
                .flat_map(|layer| layer.operations.values())
                .collect(),
        );
        report.compare(
            [
                "operations added",
                "operations changed",
                "operations removed",
            ],
            &old,
            &named(after.operations.values().collect()),
        );
        let named = |schemas: &Map<String, Value>| {
            schemas
                .iter()
                .map(|(name, schema)| (name.clone(), schema.clone()))
                .collect::<BTreeMap<_, _>>()
        };
        let old = before
            .map(|layer| named(&layer.schemas))
            .unwrap_or_default();
        report.compare(
            ["schemas added", "schemas changed", "schemas removed"],
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

    fn compare(
        &mut self,
        titles: [&'static str; 3],
        old: &BTreeMap<String, Value>,
        new: &BTreeMap<String, Value>,
    ) {
        let [added, changed, removed] = titles;
        let names = |map: &BTreeMap<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
        let both = new
            .iter()
            .filter(|(name, value)| old.get(*name).is_some_and(|old| old != *value));
        self.sections
            .push((changed, both.map(|(name, _)| name.clone()).collect()));
        self.sections
            .push((added, names(new).difference(&names(old)).cloned().collect()));
        self.sections.push((
            removed,
            names(old).difference(&names(new)).cloned().collect(),
        ));
    }
}

/// An operation with the parameters of its path: where they stand is no change.
fn whole(operation: &Operation) -> Value {
    Value::from_iter([
        ("path", Value::Array(operation.path_parameters.clone())),
        ("facts", Value::Object(operation.facts.clone())),
    ])
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
                writeln!(f, "  {name}")?;
            }
            if let Some(more) = names.len().checked_sub(LISTED).filter(|more| *more > 0) {
                writeln!(f, "  and {more} more")?;
            }
        }
        Ok(())
    }
}
