//! Finds the schema or the operation that makes progenitor fail, by bisection of the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::run::run;
use crate::codegen::model::{Normalized, OperationModel};
use crate::problem::Problem;

/// Returns a problem that names the operation or the schema that makes progenitor fail; `what` is the message of
/// progenitor for the whole document.
pub(super) fn bisect(normalized: &Normalized, what: &str) -> Problem {
    let names: Vec<&str> = normalized.schemas.keys().map(String::as_str).collect();
    let of_schemas = |names: &[&str]| run(normalized, &reduced(normalized, &[], names)).err();
    let of_operations = |operations: &[OperationModel]| {
        run(normalized, &reduced(normalized, operations, &[])).err()
    };
    let (found, pointer) = if let Some((name, own)) = bisected(&names, of_schemas) {
        let schema = normalized.schemas.get(*name);
        (
            format!("the schema `{name}`: {own}"),
            schema.map(|schema| &schema.pointer),
        )
    } else if let Some((operation, own)) = bisected(&normalized.operations, of_operations) {
        (
            format!("the operation `{}`: {own}", operation.id),
            Some(&operation.pointer),
        )
    } else {
        return Problem::new(format!("progenitor cannot generate the client: {what}")).with_help(
            "describe the parts of the contract that were changed last another way, in the overlay, or report it",
        );
    };
    Problem::new(format!("progenitor cannot generate {found}"))
        .with_pointer(pointer.cloned().unwrap_or_default())
        .with_help("describe it another way, in the overlay")
}

/// The one of `suspects` that fails alone, and how; `None` if none does.
fn bisected<T>(
    mut suspects: &[T],
    failure: impl Fn(&[T]) -> Option<String>,
) -> Option<(&T, String)> {
    failure(suspects)?;
    while suspects.len() > 1 {
        let (first, second) = suspects.split_at(suspects.len() / 2);
        suspects = if failure(first).is_some() {
            first
        } else {
            second
        };
    }
    Some((suspects.first()?, failure(suspects)?))
}

/// The document with some operations and schemas only, and the schemas that they reach.
fn reduced(normalized: &Normalized, operations: &[OperationModel], schemas: &[&str]) -> Value {
    let mut open: Vec<&str> = operations.iter().flat_map(OperationModel::models).collect();
    open.extend(schemas);
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(schema) = normalized
            .schemas
            .get(name)
            .filter(|_| reached.insert(name))
        {
            open.extend(schema.uses.iter().map(String::as_str));
        }
    }
    let methods = operations.iter().map(|operation| &*operation.method_name);
    let methods: BTreeSet<&str> = methods.collect();
    let mut document = normalized.document.clone();
    if let Some(schemas) = object(&mut document, "/components/schemas") {
        schemas.retain(|name, _| reached.contains(name.as_str()));
    }
    if let Some(paths) = object(&mut document, "/paths") {
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            item.retain(|_, operation| {
                let id = operation.get("operationId").and_then(Value::as_str);
                id.is_some_and(|id| methods.contains(id))
            });
        }
    }
    document
}

fn object<'a>(document: &'a mut Value, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    document.pointer_mut(pointer)?.as_object_mut()
}
