//! Normalizes a contract into a form that the generator accepts.
//!
//! Each rule has its own file; this file defines their order. The overlay fixes the errors of a contract.
//! The rules refer to no operation or schema by name.

mod aliases;
mod bodies;
mod budget;
mod discrimination;
mod discriminators;
mod document;
mod draft;
mod enums;
mod facts;
mod fields;
mod fingerprint;
pub(crate) mod former;
mod hoist;
#[cfg(test)]
mod imported;
mod json_type;
mod keywords;
mod limits;
mod media;
mod members;
mod merge;
pub(crate) mod names;
mod naming;
mod nullable;
mod operations;
mod parameters;
mod parents;
mod paths;
mod read;
mod requests;
mod schema;
mod schema_keys;
mod styles;
mod successes;
mod suggest;
mod type_model;
mod unfollowed;
mod unions;
mod usage;

use std::collections::BTreeMap;

use serde_json::Value;

use self::budget::Budget;
use self::draft::{Draft, DraftOperation};
use self::merge::Merger;
pub(super) use self::names::is_type_name;
use self::read::Reader;
use self::schema::{Kind, Schema};
use super::model::Normalized;
use crate::contract::pointer::escape as step;
use crate::contract::{Document, inner, referred};
use crate::problem::Problem;

/// Converts a contract into the form that progenitor accepts, with the facts beside it.
///
/// # Errors
/// Returns an error if the contract contradicts itself or requires something unsupported; the problem names
/// the location.
pub(crate) fn normalize(document: &Document) -> Result<Normalized, Problem> {
    normalized(document).map_err(|problem| {
        let problem = problem.or_help("describe it another way, in the overlay");
        problem.of_document(document)
    })
}

fn normalized(document: &Document) -> Result<Normalized, Problem> {
    referred::check(document)?;
    let inner = inner::names(document);
    let reader = Reader::new(document, &inner);
    let mut draft = Draft::default();
    let schemas = document
        .value
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    // A schema that no operation uses may be one that the client cannot express.
    let mut unread = BTreeMap::new();
    let mut keep = |draft: &mut Draft, name: String, pointer: &str, read: Result<_, Problem>| {
        let schema = read.unwrap_or_else(|problem| {
            unread.insert(name.clone(), (pointer.to_owned(), problem));
            Schema::new(Kind::Any, pointer)
        });
        draft.components.insert(name, schema);
    };
    for (name, value) in schemas.into_iter().flatten() {
        let pointer = format!("/components/schemas/{}", step(name));
        let read = reader.schema(value, &pointer);
        keep(&mut draft, name.clone(), &pointer, read);
    }
    operations::read(&reader, &mut draft)?;
    for (name, pointer, read) in reader.inner() {
        keep(&mut draft, name, pointer, read);
    }
    // Names do not depend on the order of the contract, which `import` changes.
    draft.components.sort_unstable_keys();
    draft.remarks.append(&mut reader.take_remarks());
    draft.remarks.append(&mut unfollowed::notes(&reader));
    let discriminators = parents::read(&reader)?;
    parents::apply(&reader, &mut draft, discriminators)?;
    usage::retain_reachable(&mut draft);
    for (name, (pointer, problem)) in unread {
        if draft.components.contains_key(&name) {
            return Err(problem);
        }
        draft.remark(
            &pointer,
            format!("no operation uses `{name}`: {}", problem.what()),
        );
    }
    merge_all(&mut draft)?;
    within_bounds(&draft)?;
    members::apply(&mut draft);
    nullable::within_any(&mut draft);
    // Null is removed first, so that it is not one of the members to distinguish. It is removed again afterwards,
    // because a union whose discriminator was removed may have only one member left.
    nullable::apply(&mut draft);
    discriminators::apply(&mut draft)?;
    nullable::apply(&mut draft);
    nullable::settle(&mut draft);
    // Inline schemas are taken out before aliases are written out: a list's items are named once.
    let inline = hoist::apply(&mut draft);
    let contract_names = naming::apply(&mut draft, inline)?;
    aliases::apply(&mut draft)?;
    nullable::within_any(&mut draft);
    fields::apply(&mut draft);
    within_bounds(&draft)?;
    unions::check(&draft.components)?;
    let usage = usage::apply(&mut draft);
    requests::apply(&mut draft, &usage);
    parameters::check(&mut draft)?;
    bodies::check(&draft)?;

    let text = |pointer: &str| {
        document
            .value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let info = (text("/info/title"), text("/info/version"));
    let mut normalized = Normalized {
        document: document::write(&draft, &usage, info)?,
        schemas: facts::schemas(&draft, &usage, &contract_names)?,
        operations: draft.operations.into_iter().map(facts::operation).collect(),
        remarks: draft.remarks,
    };
    former::apply(document, &mut normalized);
    Ok(normalized)
}

/// Limits the number of schemas, which determines the time and memory of the generator.
fn within_bounds(draft: &Draft) -> Result<(), Problem> {
    let total = Budget::new(budget::TOTAL);
    let operations = draft.operations.iter().flat_map(DraftOperation::schemas);
    for schema in draft.components.values().chain(operations) {
        total.copy(schema)?;
        budget::depth(schema)?;
    }
    Ok(())
}

fn merge_all(draft: &mut Draft) -> Result<(), Problem> {
    let components = std::mem::take(&mut draft.components);
    let mut merger = Merger::new(&components);
    let operations = draft.operations.iter_mut();
    for schema in operations.flat_map(DraftOperation::schemas_mut) {
        *schema = merger.schema(schema.clone())?;
    }
    let (components, mut remarks) = merger.finish()?;
    draft.components = components;
    draft.remarks.append(&mut remarks);
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
