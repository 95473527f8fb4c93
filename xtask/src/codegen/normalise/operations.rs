//! Rule: every operation has an id of its own, its parameters, one body and one success.
//!
//! An operation without an id gets one made from method and path. Two operations of one id are a
//! mistake of the contract, and so are two ids that become one Rust name. Error bodies are dropped:
//! the runtime reads them all the same way.

use std::collections::BTreeMap;

use heck::{ToLowerCamelCase, ToPascalCase};
use serde_json::{Map, Value};

use super::draft::{Draft, DraftOperation};
use super::read::Reader;
use super::{bodies, names, parameters, successes};
use crate::contract::source::escape as step;
use crate::problem::Problem;

/// The keys of a path item that are operations.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Reads all operations into the draft.
///
/// # Errors
/// Where an operation cannot be told from another, or says what the client cannot do.
pub(crate) fn read(reader: &Reader<'_>, draft: &mut Draft) -> Result<(), Problem> {
    let paths = reader
        .document
        .value
        .get("paths")
        .and_then(Value::as_object);
    for (path, item) in paths
        .into_iter()
        .flatten()
        .filter(|(path, _)| !path.starts_with("x-"))
    {
        let pointer = format!("/paths/{}", step(path));
        if !path.starts_with('/') {
            return Err(reader
                .problem(
                    &pointer,
                    format!("the path `{path}` does not begin with `/`"),
                )
                .with_help("write `/` before it"));
        }
        let (item, place) = reader.follow(item, &pointer)?;
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let own = format!("{place}/{method}");
            let Some(operation) = operation.as_object() else {
                return Err(reader.problem(&own, "an operation has to be a mapping"));
            };
            let read = one(
                reader,
                draft,
                path,
                method,
                (item, &place),
                (operation, own),
            )?;
            draft.operations.push(read);
        }
    }
    distinct(reader, &draft.operations)
}

fn one(
    reader: &Reader<'_>,
    draft: &mut Draft,
    path: &str,
    method: &str,
    item: (&Value, &str),
    (operation, pointer): (&Map<String, Value>, String),
) -> Result<DraftOperation, Problem> {
    let text = |key: &str| {
        operation
            .get(key)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .filter(|text| !text.trim().is_empty())
    };
    let id = text("operationId").unwrap_or_else(|| made_id(method, path));
    let tags = operation
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let success = successes::read(reader, draft, operation, &pointer)?;
    Ok(DraftOperation {
        method_name: names::value_name(&id),
        type_name: names::type_name(&id),
        http_method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
        summary: text("summary"),
        description: text("description"),
        deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
        parameters: parameters::read(reader, draft, path, item, (operation, &pointer))?,
        body: bodies::read(reader, draft, operation, &pointer)?,
        errors: successes::errors(reader, operation, &pointer)?,
        success,
        id,
        pointer,
    })
}

/// `GET /project/{projectId}/secret` becomes `getProjectByProjectIdSecret`.
fn made_id(method: &str, path: &str) -> String {
    let steps = path.split('/').filter(|part| !part.is_empty()).map(|part| {
        match part
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
        {
            Some(parameter) => format!("By{}", parameter.to_pascal_case()),
            None => part.to_pascal_case(),
        }
    });
    format!("{method}{}", steps.collect::<String>()).to_lower_camel_case()
}

fn distinct(reader: &Reader<'_>, operations: &[DraftOperation]) -> Result<(), Problem> {
    let mut ids = BTreeMap::new();
    let mut rust_names: BTreeMap<&str, &DraftOperation> = BTreeMap::new();
    for operation in operations {
        let place = format!("{}/operationId", operation.pointer);
        if let Some(first) = ids.insert(&operation.id, &operation.pointer) {
            let what = format!(
                "two operations have the id `{}`; the other one is {first}",
                operation.id
            );
            return Err(reader
                .problem(&place, what)
                .with_help("give one of them another id"));
        }
        for name in [&operation.method_name, &operation.type_name] {
            match rust_names.insert(name, operation) {
                Some(first) if first.id != operation.id => {
                    let what = format!(
                        "the ids `{}` and `{}` both become `{name}` in Rust",
                        first.id, operation.id
                    );
                    return Err(reader
                        .problem(&place, what)
                        .with_help("give one of them another id, in the overlay"));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
