//! Finding what progenitor stumbles over, by halving the document.
//!
//! Not for the usual case: it is asked only where generating failed.

use serde_json::{Map, Value, json};

use super::run;
use crate::codegen::model::{Normalised, OperationModel};
use crate::problem::Problem;

/// The problem that names the operation or the schema without which generating does not fail; `what`
/// is how it failed.
pub(super) fn culprit(normalised: &Normalised, what: &str) -> Problem {
    let names: Vec<&str> = normalised.schemas.keys().map(String::as_str).collect();
    let fails = |names: &[&str]| run(normalised, &reduced(normalised, &[], names)).is_err();
    if fails(&names) {
        let mut suspects: &[&str] = &names;
        while suspects.len() > 1 {
            let (first, second) = suspects.split_at(suspects.len() / 2);
            suspects = if fails(first) { first } else { second };
        }
        let found = suspects.iter().find_map(|name| {
            let own = run(normalised, &reduced(normalised, &[], &[*name])).err()?;
            Some((*name, normalised.schemas.get(*name)?, own))
        });
        if let Some((name, schema, own)) = found {
            return Problem::new(format!(
                "progenitor cannot generate the schema `{name}`: {own}"
            ))
            .with_pointer(schema.pointer.clone())
            .with_help("describe the schema another way, in the overlay");
        }
    }
    let mut suspects: &[OperationModel] = &normalised.operations;
    while suspects.len() > 1 {
        let (first, second) = suspects.split_at(suspects.len() / 2);
        let fails = run(normalised, &reduced(normalised, first, &[])).is_err();
        suspects = if fails { first } else { second };
    }
    match suspects {
        [operation] => match run(normalised, &reduced(normalised, suspects, &[])) {
            Err(own) => Problem::new(format!(
                "progenitor cannot generate the operation `{}`: {own}",
                operation.id
            ))
            .with_pointer(operation.pointer.clone())
            .with_help("describe the operation another way, in the overlay"),
            Ok(_) => Problem::new(format!(
                "progenitor cannot generate these operations together: {what}"
            )),
        },
        _ => Problem::new(format!("progenitor cannot generate the client: {what}")),
    }
}

/// The document with only some operations and schemas, and what they reach.
fn reduced(normalised: &Normalised, operations: &[OperationModel], schemas: &[&str]) -> Value {
    let mut open: Vec<&str> = schemas.to_vec();
    for operation in operations {
        let bodies = operation
            .body
            .iter()
            .map(|body| &body.ty)
            .chain(&operation.success.ty);
        open.extend(
            operation
                .parameters
                .iter()
                .map(|parameter| &parameter.ty)
                .chain(bodies)
                .filter_map(|ty| ty.names()),
        );
    }
    let all = normalised.document.pointer("/components/schemas");
    let mut kept: Map<String, Value> = Map::new();
    while let Some(name) = open.pop() {
        if kept.contains_key(name) {
            continue;
        }
        kept.insert(
            name.to_owned(),
            all.and_then(|all| all.get(name))
                .cloned()
                .unwrap_or_default(),
        );
        open.extend(
            normalised
                .schemas
                .get(name)
                .into_iter()
                .flat_map(|schema| schema.uses.iter().map(String::as_str)),
        );
    }
    let mut paths: Map<String, Value> = Map::new();
    for (path, item) in normalised
        .document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let wanted = |value: &Value| {
            operations
                .iter()
                .any(|operation| value.get("operationId") == Some(&json!(operation.method_name)))
        };
        let item: Map<String, Value> = item
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| wanted(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !item.is_empty() {
            paths.insert(path.clone(), Value::Object(item));
        }
    }
    json!({
        "openapi": normalised.document.get("openapi"),
        "info": normalised.document.get("info"),
        "paths": paths,
        "components": {"schemas": kept},
    })
}
