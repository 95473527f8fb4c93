//! The decisions that a person has to make for a new revision, each with its file.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::codegen::areas;
use crate::codegen::model::{Normalized, SchemaKind};
use crate::contract::import::undescribed_schemas;
use crate::printable::Printable;

/// The file that defines the meaning of status values.
pub(crate) const STATES: &str = "qovery-ext/src/wait/state_table.rs";
/// The file that lists the tags of the areas.
const AREAS: &str = "xtask/src/codegen/areas.rs";

/// The decisions that `new` requires and `old` did not, one line each.
pub(super) fn of(old: &Normalized, new: &Normalized, secrets: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for tag in unknown_tags(new) {
        found.push(format!(
            "the tag `{tag}` belongs to no area yet; decide in {AREAS}"
        ));
    }
    for (name, value) in new_states(old, new) {
        found.push(format!(
            "{value} ({name}) has no meaning yet; decide in {STATES}"
        ));
    }
    for field in secrets {
        found.push(format!(
            "the name of {field} suggests a secret; if it is one, add an action with `x-secret: true` to xtask/overlay.yaml"
        ));
    }
    found
        .iter()
        .map(|line| Printable::new(line).to_string())
        .collect()
}

/// Tags of operations that are in no area.
fn unknown_tags(normalized: &Normalized) -> BTreeSet<String> {
    let first = normalized
        .operations
        .iter()
        .filter_map(|operation| operation.tags.first());
    first
        .filter(|tag| areas::area_of_tag(tag).is_none())
        .cloned()
        .collect()
}

/// New values of an enum of states or statuses.
fn new_states(old: &Normalized, new: &Normalized) -> Vec<(String, String)> {
    let values = |normalized: &Normalized, name: &str| -> BTreeSet<String> {
        match normalized.schemas.get(name).map(|schema| &schema.kind) {
            Some(SchemaKind::OpenEnum(values)) => {
                values.iter().map(|value| value.value.clone()).collect()
            }
            _ => BTreeSet::new(),
        }
    };
    let mut found = Vec::new();
    for name in new.schemas.keys().filter(|name| is_of_states(name)) {
        let before = values(old, name);
        // No table reads a new enum yet.
        if !before.is_empty() {
            let gained = values(new, name)
                .into_iter()
                .filter(|value| !before.contains(value));
            found.extend(gained.map(|value| (name.clone(), value)));
        }
    }
    found
}

fn is_of_states(name: &str) -> bool {
    ["State", "Status"].iter().any(|word| name.contains(word))
}

/// Operations and schemas that lack a text of this project in one contract, and did not in the other.
pub(super) fn texts_to_write(old: &Value, new: &Value) -> Vec<String> {
    let lacking = |contract: &Value| -> BTreeSet<String> {
        undescribed_schemas(contract)
            .map(|name| format!("the schema {name} has no description"))
            .collect()
    };
    let operations = |contract: &Value| -> BTreeSet<String> {
        let paths = contract.get("paths").and_then(Value::as_object);
        let paths = paths.into_iter().flatten();
        let methods = paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods
                .filter(|(_, operation)| operation.get("responses").is_some())
                .map(move |(method, _)| format!("{} {path}", method.to_uppercase()))
        });
        methods.collect()
    };
    let before = operations(old);
    let new_operations = operations(new)
        .into_iter()
        .filter(|name| !before.contains(name));
    let new_operations =
        new_operations.map(|name| format!("the operation {name} has a summary made from its id"));
    let known = lacking(old);
    let silent = lacking(new)
        .into_iter()
        .filter(|line| !known.contains(line));
    let lines = new_operations.chain(silent);
    lines
        .map(|line| format!("{}; write one in openapi.yaml", Printable::new(&line)))
        .collect()
}
