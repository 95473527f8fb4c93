//! Adds facts that OpenAPI 3.0 requires and published revisions omit, if they are unambiguous.
//!
//! Mistakes about the API itself are fixed in the overlay, each with a reason.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::data_type::data_type;
use super::extensions::OLD_MEMBERS;
use super::keywords::{BESIDE_A_REFERENCE, only_null, simplified};
use super::merged::Merged;
use super::operation::Operation;
use crate::contract::choice::only_requires;
use crate::contract::walk::{each_inner, each_root};

/// Declares the path parameters that only the path names, and completes nullable schemas.
pub(super) fn restore(merged: &mut Merged) {
    declare_path_parameters(merged);
    restore_null(&mut merged.schemas, merged.operations.values_mut());
}

/// Gives nullable schemas a type, or makes null one of the choices.
pub(super) fn restore_null<'a>(
    schemas: &mut Map<String, Value>,
    operations: impl Iterator<Item = &'a mut Operation>,
) {
    let known = schemas.clone();
    for schema in schemas.values_mut() {
        type_nullable(schema, &known);
    }
    for operation in operations {
        let facts = operation.facts.values_mut();
        facts
            .chain(&mut operation.path_parameters)
            .for_each(|value| each_root(value, "", &mut |_, schema| type_nullable(schema, &known)));
    }
}

/// Declares each undeclared path parameter like the other parameters of its name, and drops those that the path
/// does not contain, because they could not be sent. If a path contains no parameters at all, those declared for
/// it are sent in the query.
fn declare_path_parameters(merged: &mut Merged) {
    let mut looks: BTreeMap<String, BTreeMap<String, (usize, Value)>> = BTreeMap::new();
    for parameter in merged.operations.values().flat_map(path_parameters) {
        let look = looks
            .entry(name(parameter))
            .or_default()
            .entry(parameter.to_string());
        look.or_insert_with(|| (0, parameter.clone())).0 += 1;
    }
    for operation in merged.operations.values_mut() {
        let wanted: Vec<String> = names_in(&operation.path);
        if wanted.is_empty() {
            let own = operation.facts.get_mut("parameters");
            let own = own.and_then(Value::as_array_mut).into_iter().flatten();
            own.chain(&mut operation.path_parameters)
                .for_each(send_in_query);
        }
        let keep = |parameter: &Value| !is_in_path(parameter) || wanted.contains(&name(parameter));
        operation.path_parameters.retain(keep);
        let mut own = match operation.facts.remove("parameters") {
            Some(Value::Array(own)) => own,
            _ => Vec::new(),
        };
        own.retain(keep);
        for wanted in &wanted {
            let declared = own
                .iter()
                .chain(&operation.path_parameters)
                .any(|known| is_in_path(known) && name(known) == *wanted);
            if !declared {
                let known = looks
                    .get(wanted)
                    .and_then(|looks| looks.values().max_by_key(|(count, _)| *count));
                let plain = || json!({"name": wanted, "in": "path", "required": true, "schema": {"type": "string"}});
                own.push(known.map_or_else(plain, |(_, known)| known.clone()));
            }
        }
        if !own.is_empty() {
            operation
                .facts
                .insert("parameters".to_owned(), Value::Array(own));
        }
    }
}

/// Returns a note for each path parameter that is dropped.
pub(super) fn dropped_parameters(operations: &[Operation]) -> Vec<String> {
    let mut notes = Vec::new();
    for operation in operations {
        let wanted = names_in(&operation.path);
        if wanted.is_empty() {
            continue;
        }
        let names = path_parameters(operation).map(name);
        for name in names.filter(|name| !wanted.contains(name)) {
            notes.push(format!(
                "{}: the path parameter `{name}` is not in the path and is dropped",
                operation.name()
            ));
        }
    }
    notes
}

fn send_in_query(parameter: &mut Value) {
    if is_in_path(parameter)
        && let Some(map) = parameter.as_object_mut()
    {
        map.insert("in".to_owned(), Value::from("query"));
    }
}

fn path_parameters(operation: &Operation) -> impl Iterator<Item = &Value> {
    let own = operation
        .facts
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    own.chain(&operation.path_parameters)
        .filter(|parameter| is_in_path(parameter))
}

fn is_in_path(parameter: &Value) -> bool {
    parameter.get("in").is_some_and(|place| place == "path")
}

fn name(parameter: &Value) -> String {
    parameter
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The names in the braces of a path, from left to right.
pub(super) fn names_in(path: &str) -> Vec<String> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// `nullable` means something only beside a type. If the values have several types, null is a choice.
fn type_nullable(schema: &mut Value, schemas: &Map<String, Value>) {
    // `generate` refuses `not`, also beside null.
    let is_choosable = schema.get("type").is_none() && schema.get("not").is_none();
    if schema.get("nullable").is_some() && is_choosable {
        let kind = data_type(schema, schemas);
        if let Some(map) = schema.as_object_mut() {
            match kind {
                // `generate` reads a choice between booleans or numbers as members of several types.
                Some(kind)
                    if matches!(kind.as_str(), "string" | "object" | "array")
                        || !map.keys().any(|keyword| is_choice(keyword)) =>
                {
                    drop(map.insert("type".to_owned(), Value::from(kind)));
                }
                _ => {
                    map.remove("nullable");
                    or_null(map);
                }
            }
        }
    }
    if let Some(map) = schema.as_object_mut() {
        let Ok(()) = each_inner(map, |_, inner| {
            type_nullable(inner, schemas);
            Ok::<(), std::convert::Infallible>(())
        });
    }
}

/// Makes null a choice beside the values of a schema without a type of its own. One that says nothing of its
/// values allows null anyway.
fn or_null(map: &mut Map<String, Value>) {
    let nothing = Value::Object(only_null());
    let shapes: Vec<String> = map
        .keys()
        // `x-deprecatedMembers` lists members of the choice and describes no other values.
        .filter(|keyword| is_shape(keyword) && *keyword != OLD_MEMBERS)
        .cloned()
        .collect();
    match shapes.as_slice() {
        [] => {}
        // A choice between lists of required names says nothing of the type.
        [choice] if is_choice(choice) && only_requires_all(map, choice) => {}
        [choice] if is_choice(choice) => {
            let members = map.get_mut(choice).and_then(Value::as_array_mut);
            members
                .into_iter()
                .for_each(|members| members.push(nothing.clone()));
        }
        _ => {
            let (inner, beside) = std::mem::take(map)
                .into_iter()
                .partition(|(keyword, _)| is_shape(keyword));
            *map = beside;
            map.insert("anyOf".to_owned(), json!([simplified(inner), nothing]));
        }
    }
}

fn only_requires_all(map: &Map<String, Value>, choice: &str) -> bool {
    let members = map.get(choice).and_then(Value::as_array);
    members.is_some_and(|members| members.iter().all(only_requires))
}

/// Whether a keyword describes values, and not their place.
fn is_shape(keyword: &str) -> bool {
    !BESIDE_A_REFERENCE.contains(&keyword)
}

fn is_choice(keyword: &str) -> bool {
    matches!(keyword, "oneOf" | "anyOf")
}
