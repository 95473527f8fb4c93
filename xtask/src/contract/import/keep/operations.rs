//! The parameters of operations that only the older layer has, and the schemas of operations to compare.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::operation::Operation;
use super::json::members;
use super::{Comparison, Root};
use crate::contract::pointer::escape;

/// Keeps the parameters of an operation that both layers have. Returns the schemas of its parameters and
/// bodies.
pub(super) fn keep(
    new: &mut Operation,
    old: &Operation,
    kept: &mut BTreeSet<String>,
) -> Vec<Comparison> {
    let mut comparisons = parameters(new, old, kept);
    comparisons.extend(body(new, old));
    comparisons.extend(responses(new, old));
    comparisons
}

fn parameters(
    new: &mut Operation,
    old: &Operation,
    kept: &mut BTreeSet<String>,
) -> Vec<Comparison> {
    let key = old.key();
    let mut comparisons = Vec::new();
    for parameter in parameters_of(old) {
        let place = place_of(new, parameter);
        let is_it = |known: &Value| identity(known) == identity(parameter);
        let own = own_parameters(&new.facts).position(is_it);
        let of_path = new.path_parameters.iter().position(is_it);
        let found = match (own, of_path) {
            (Some(index), _) => {
                Some((Root::Operation(key.clone()), format!("/parameters/{index}")))
            }
            (None, Some(index)) => Some((Root::Path(key.clone()), format!("/{index}"))),
            (None, None) => None,
        };
        if let Some((root, pointer)) = found {
            comparisons.extend(schemas_in(parameter, (&root, &pointer), &place));
            continue;
        }
        // A path parameter is not kept, because the path decides which parameters it has.
        if identity(parameter).0 == "path" {
            continue;
        }
        let mut former = parameter.clone();
        if let Some(former) = former.as_object_mut() {
            former.shift_remove("required");
            former.insert("deprecated".to_owned(), Value::Bool(true));
        }
        let all = new.facts.entry("parameters").or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            all.push(former);
        }
        if parameter.get("deprecated").is_none() {
            kept.insert(place);
        }
    }
    comparisons
}

fn body(new: &Operation, old: &Operation) -> Vec<Comparison> {
    let Some(body) = old.facts.get("requestBody") else {
        return Vec::new();
    };
    let place = format!("{}: body", new.name());
    schemas_in(body, (&Root::Operation(old.key()), "/requestBody"), &place)
}

fn responses(new: &Operation, old: &Operation) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    let Some(known) = new.facts.get("responses").and_then(Value::as_object) else {
        return comparisons;
    };
    let is_success = |code: &&String| code.starts_with('2');
    let first_success = known.keys().find(is_success);
    for (code, response) in members(old.facts.get("responses")) {
        // If the success has another status now, it is compared all the same.
        let status = if known.contains_key(code) {
            Some(code)
        } else {
            first_success.filter(|_| is_success(&code))
        };
        if let Some(status) = status {
            let place = format!("{}: response {code}", new.name());
            let pointer = format!("/responses/{}", escape(status));
            let root = Root::Operation(old.key());
            comparisons.extend(schemas_in(response, (&root, &pointer), &place));
        }
    }
    comparisons
}

/// The schemas of a parameter, a body or a response.
fn schemas_in(owner: &Value, (root, pointer): (&Root, &str), place: &str) -> Vec<Comparison> {
    let own = owner
        .get("schema")
        .map(|schema| (format!("{pointer}/schema"), schema));
    let of_media_types = members(owner.get("content")).filter_map(|(media, content)| {
        let pointer = format!("{pointer}/content/{}/schema", escape(media));
        Some((pointer, content.get("schema")?))
    });
    own.into_iter()
        .chain(of_media_types)
        .map(|(pointer, old)| Comparison {
            root: root.clone(),
            pointer,
            old: old.clone(),
            place: place.to_owned(),
        })
        .collect()
}

fn place_of(operation: &Operation, parameter: &Value) -> String {
    let (location, name) = identity(parameter);
    format!("{}: {location} parameter {name}", operation.name())
}

fn parameters_of(operation: &Operation) -> impl Iterator<Item = &Value> {
    own_parameters(&operation.facts).chain(&operation.path_parameters)
}

/// The parameters that an operation declares itself.
fn own_parameters(facts: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let declared = facts.get("parameters").and_then(Value::as_array);
    declared.into_iter().flatten()
}

fn identity(parameter: &Value) -> (&str, &str) {
    let text = |key: &str| {
        let text = parameter.get(key).and_then(Value::as_str);
        text.unwrap_or_default()
    };
    (text("in"), text("name"))
}
