//! Reports the changes of an import, and the items that still lack a text of ours.
//!
//! Only facts count as changes, texts do not.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::defaults;
use super::layer::Layer;
use super::markup;
use super::merged::Merged;
use super::operation::{Key, Operation};
use super::secrets;
use crate::printable::Printable;

/// The changes of an import, and the texts that remain to be written.
#[derive(Debug, Default)]
pub(crate) struct Report {
    operations: usize,
    schemas: usize,
    sections: Vec<(&'static str, Vec<String>)>,
    /// The locations of texts that contain markup.
    markup: Vec<String>,
}

/// The title of the list of new fields to review.
const SECRETS: &str =
    "fields whose names suggest secrets: add an overlay action with `x-secret` for each secret";
/// Titles of the lists of texts to write, which are not changes.
const TO_WRITE: [&str; 2] = [DEFAULT_SUMMARIES, UNDESCRIBED];
const DEFAULT_SUMMARIES: &str = "operations whose summary is still the one made from the id";
const UNDESCRIBED: &str = "schemas without a description";

/// The schemas of a contract that lack a description, by name.
pub(crate) fn undescribed_schemas(contract: &Value) -> impl Iterator<Item = &String> {
    let schemas = contract
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let undescribed = schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema.get("description").is_none());
    undescribed.map(|(name, _)| name)
}

impl Report {
    /// New fields whose names suggest secrets.
    pub(crate) fn secrets(&self) -> &[String] {
        let found = self.sections.iter().find(|(known, _)| *known == SECRETS);
        found.map(|(_, names)| names.as_slice()).unwrap_or_default()
    }

    /// The changes alone, without the texts to write.
    pub(crate) fn changes(&self) -> Self {
        let kept = |(title, _): &&(&'static str, Vec<String>)| !TO_WRITE.contains(title);
        Self {
            sections: self.sections.iter().filter(kept).cloned().collect(),
            markup: self.markup.clone(),
            ..*self
        }
    }

    pub(super) fn new(
        before: Option<&Layer>,
        newest: &Layer,
        after: &Merged,
        document: &Value,
    ) -> Self {
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
        let renamed = after.renamed.iter();
        let renamed = renamed.map(|(old, new)| format!("{old} is {new} now"));
        report.sections.insert(
            0,
            (
                "renamed, the old name kept as a deprecated alias",
                renamed.collect(),
            ),
        );
        let kept = after.kept.iter().cloned().collect();
        report
            .sections
            .insert(1, ("no longer published, kept and deprecated", kept));
        report.sections.insert(
            2,
            (
                "named by method and path, because two operations have one id",
                newest.notes.clone(),
            ),
        );
        report.sections.push((
            "extensions that are not imported: set them in the overlay",
            newest.extensions.clone(),
        ));
        report.sections.push((
            "addresses that are not imported: a client has one base URL for all operations",
            newest.addresses.clone(),
        ));
        report.sections.push((SECRETS, secrets::new(before, after)));
        report
            .sections
            .push((DEFAULT_SUMMARIES, default_summaries(document)));
        let undescribed = undescribed_schemas(document).cloned().collect();
        report.sections.push((UNDESCRIBED, undescribed));
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

/// The compared items: the display name and the facts, by identity.
type Named<K> = BTreeMap<K, (String, Value)>;

/// An operation with the parameters of its path: moving a parameter between the two is not a change.
fn whole(operation: &Operation) -> Value {
    let mut facts = operation.facts.clone();
    super::assemble::take_down(&operation.path_parameters, &mut facts);
    Value::Object(facts)
}

fn default_summaries(document: &Value) -> Vec<String> {
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
            for name in names {
                writeln!(f, "  {}", Printable::new(name))?;
            }
        }
        for place in &self.markup {
            writeln!(
                f,
                "note: {}: the docs show the code fence or the HTML of this text as plain text",
                Printable::new(place)
            )?;
        }
        Ok(())
    }
}
