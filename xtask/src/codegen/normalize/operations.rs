//! Rule: every operation has an id of its own, its parameters, one body and one success.
//!
//! An operation without an id gets one made from method and path, and so does the second of two with
//! one id, or with ids that become one Rust name. Error bodies are dropped: the runtime reads them all
//! the same way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::draft::{Draft, DraftOperation};
use super::read::Reader;
use super::{bodies, names, parameters, paths, schema_keys, successes};
use crate::codegen::model::OperationModel;
use crate::contract::checked;
use crate::contract::inner::free;
use crate::contract::operation_id::{METHODS, operation_id};
use crate::contract::pointer::escape as step;
use crate::contract::references;
use crate::problem::Problem;

/// The maximum number of operations of a contract: several times that of a large real one, and few enough for
/// the single file that has a method for each.
const OPERATIONS: usize = 1_200;

/// The methods whose requests have no body.
const BODILESS: [&str; 2] = ["head", "trace"];

/// Reads all operations into the draft.
///
/// # Errors
/// Returns an error if an operation requires something that the client does not support.
pub(crate) fn read(reader: &Reader<'_>, draft: &mut Draft) -> Result<(), Problem> {
    let paths = reader.document.value.get("paths");
    let paths = paths.and_then(Value::as_object).into_iter().flatten();
    // Names do not depend on the order of the contract, which `import` changes.
    let paths: BTreeMap<&String, &Value> = paths.collect();
    let mut requests = BTreeMap::new();
    for (path, item) in paths
        .into_iter()
        .filter(|(path, _)| !path.starts_with("x-"))
    {
        let pointer = format!("/paths/{}", step(path));
        let target = paths::target(reader, path, &pointer)?;
        let items = references::steps_of(reader.document, item, &pointer)?;
        for method in METHODS {
            let mut declared = items
                .iter()
                .filter_map(|(item, place)| Some((item.get(method)?, place)));
            let Some((operation, place)) = declared.next() else {
                continue;
            };
            let own = format!("{place}/{method}");
            if let Some((_, other)) = declared.next() {
                draft.remark(
                    &own,
                    format!(
                        "this operation, which stands beside `$ref`, replaces `{other}/{method}`"
                    ),
                );
            }
            let target = (path.as_str(), &target);
            let read = one(reader, draft, target, method, &items, (operation, own))?;
            if let Some(other) = requests.insert((method, paths::unnamed(path)), path) {
                let what = format!(
                    "sends the same requests as `{} {other}`: only the names in the braces differ",
                    method.to_uppercase()
                );
                draft.remark(&read.model.pointer, what);
            }
            draft.operations.push(read);
            if draft.operations.len() > OPERATIONS {
                let what = format!("the contract has more than {OPERATIONS} operations");
                return Err(reader
                    .problem(&pointer, what)
                    .with_help("split the contract, and generate several clients"));
            }
        }
    }
    distinct(draft);
    Ok(())
}

fn one(
    reader: &Reader<'_>,
    draft: &mut Draft,
    (whole_path, target): (&str, &paths::Target<'_>),
    method: &str,
    items: &[(&Value, String)],
    (value, pointer): (&Value, String),
) -> Result<DraftOperation, Problem> {
    let Some(operation) = value.as_object() else {
        return Err(reader
            .problem(&pointer, "an operation has to be a mapping")
            .with_help("write `responses:` and the other keywords below it"));
    };
    let text = |key: &str| schema_keys::text(operation.get(key));
    let id = text("operationId").unwrap_or_else(|| operation_id(method, whole_path));
    let mut success = successes::read(reader, draft, operation, &pointer)?;
    if method == "head" {
        success = successes::without_body(draft, success, &pointer);
    }
    let body = bodies::read(reader, draft, operation, &pointer)?;
    if body.is_some() && BODILESS.contains(&method) {
        let what = format!("a request of {} has no body", method.to_ascii_uppercase());
        return Err(reader
            .problem(&format!("{pointer}/requestBody"), what)
            .with_help("remove it, in the overlay"));
    }
    if let Some(fragment) = target.fragment {
        draft.remark(&pointer, format!("`#{fragment}` of the path is not sent"));
    }
    let alternatives = body.iter().flat_map(|(body, _)| &body.alternatives);
    let taken: Vec<String> = alternatives.map(|one| one.rust_name.clone()).collect();
    let place = (value, pointer.as_str());
    let tags = checked::tags(reader.document, value, &pointer)?;
    let parameters = parameters::read(reader, draft, (target.path, &taken), items, place)?;
    let (body_model, body) = body.unzip();
    let (success_model, success) = success;
    let model = OperationModel {
        method_name: names::value_name(&id),
        type_name: names::type_name(&id),
        http_method: method.to_ascii_uppercase(),
        path: target.path.to_owned(),
        fixed_query: target.query.clone(),
        tags: tags.into_iter().map(str::to_owned).collect(),
        summary: text("summary"),
        description: text("description"),
        deprecated: operation.get("deprecated") == Some(&Value::Bool(true)),
        former: Vec::new(),
        parameters: Vec::new(),
        body: body_model,
        errors: successes::errors(reader, operation, &pointer)?,
        success: success_model,
        id,
        pointer,
    };
    Ok(DraftOperation {
        model,
        parameters,
        body,
        success,
    })
}

/// Gives each operation a name of its own: of several with one id, or with ids that become one name in
/// Rust, the first by path and method keeps it, and the others are named by method and path.
fn distinct(draft: &mut Draft) {
    let mut first: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut others = Vec::new();
    let mut ids: BTreeSet<&str> = BTreeSet::new();
    for (index, operation) in draft.operations.iter().enumerate() {
        let operation = &operation.model;
        let names = [&operation.method_name, &operation.type_name];
        match names.iter().find_map(|name| first.get(*name)) {
            Some((id, pointer)) => {
                let is_copy = ids.contains(operation.id.as_str());
                others.push((!is_copy, index, id.clone(), pointer.clone()));
            }
            None => {
                let known = (operation.id.clone(), operation.pointer.clone());
                first.extend(names.map(|name| (name.clone(), known.clone())));
            }
        }
        ids.insert(&operation.id);
    }
    // `import` gives new ids only to operations that have the same one: these come first here too.
    others.sort();
    for (_, index, other_id, other) in others {
        let Some(DraftOperation {
            model: operation, ..
        }) = draft.operations.get_mut(index)
        else {
            continue;
        };
        let method = operation.http_method.to_ascii_lowercase();
        let id = free(&operation_id(&method, &operation.path), |id| {
            first.contains_key(&names::value_name(id)) || first.contains_key(&names::type_name(id))
        });
        let old = std::mem::replace(&mut operation.id, id.clone());
        operation.method_name = names::value_name(&id);
        operation.type_name = names::type_name(&id);
        let known = (id.clone(), operation.pointer.clone());
        let names = [&operation.method_name, &operation.type_name];
        first.extend(names.map(|name| (name.clone(), known.clone())));
        let place = format!("{}/operationId", operation.pointer);
        let what = if old == other_id {
            format!("{other} has the id `{old}` too; this operation is called `{id}`")
        } else {
            format!(
                "`{old}` and `{other_id}` of {other} are one name in Rust; this operation is called `{id}`"
            )
        };
        draft.remark(place, what);
    }
}

#[cfg(test)]
mod tests;
