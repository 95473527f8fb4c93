//! Builds the parts of the client from progenitor's syntax tree and the facts of the contract.
//!
//! Each pass has one purpose and one file. `split` chooses the file of each part.

pub(crate) mod calls;
pub(crate) mod edits;
pub(crate) mod enums;
pub(crate) mod methods;
pub(crate) mod mocks;
pub(crate) mod models;
pub(crate) mod names;
pub(crate) mod paging;
pub(crate) mod prose;
pub(crate) mod reserved;
pub(crate) mod table;
pub(crate) mod types;
pub(crate) mod unions;
pub(crate) mod usage;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;

use crate::codegen::areas::Area;
use crate::codegen::model::{Normalised, Remark, SchemaKind};
use crate::codegen::progenitor::Output;
use crate::codegen::purpose::Purpose;
use crate::codegen::split::Parts;
use crate::problem::Problem;

use models::Model;
use usage::Usage;

/// Runs all passes.
///
/// # Errors
/// Returns an error if an operation of the own contract belongs to no area or pages in an unknown way, or
/// if the tree does not match the facts.
pub(crate) fn run(
    written: &Output,
    normalised: &Normalised,
    purpose: Purpose,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let (areas, mut remarks) = usage::operation_areas(&normalised.operations, purpose.is_own)?;
    let usage = Usage::of(normalised, &areas);
    let known = usage::names(normalised);
    let structs = written.structs();
    let models = models::read(&structs, normalised)?;
    let by_name: BTreeMap<&str, &Model> = models
        .iter()
        .map(|model| (model.name.as_str(), model))
        .collect();
    let with_default = models::with_default(&models);
    let signatures = methods::read(written);

    let unions = unions::read(normalised, &structs, &known)?;
    let shapes = edits::Shapes {
        structs: &by_name,
        unions: &unions,
        normalised,
        usage: &usage,
        with_default: &with_default,
    };
    // Before the text of anything is made, because it bounds how many models are converted.
    let edits = edits::emit(&shapes, &signatures)?;

    parts.remarks.append(&mut remarks);
    let mut mock_methods = BTreeMap::new();
    for (operation, area) in normalised.operations.iter().zip(&areas) {
        let call = calls::emit(operation, area, &signatures)?;
        let request = format!("{} {}", operation.http_method, operation.path);
        parts.add_operation(area, call, request)?;
        if parts.is_written() {
            let mock = mocks::emit(operation, area, &signatures)?;
            parts.add_mock(area, mock.blocks)?;
            let methods: &mut Vec<_> = mock_methods.entry(*area).or_default();
            methods.push((mock.name, mock.method));
        }
        let output = signatures
            .get(&operation.method_name)
            .and_then(|signature| signature.output.as_ref());
        match paging::emit(operation, output, &by_name) {
            Ok(None) => {}
            Ok(Some(tokens)) => parts.add_paging(&[*area].into(), tokens)?,
            Err(problem) if purpose.is_own => return Err(problem),
            // In another contract, an unknown way of paging is only a remark; its client works without it.
            Err(problem) => parts.remarks.push(Remark {
                pointer: operation.pointer.clone(),
                text: problem.what().to_owned(),
            }),
        }
    }
    if parts.is_written() {
        parts.add_mock_trait(&mock_methods)?;
    }
    if purpose.is_tested {
        let operations = || normalised.operations.iter();
        let calls = operations().map(|one| table::emit(one, &signatures));
        let mocks = operations().map(|one| mocks::entry(one, &signatures));
        let calls = calls.collect::<Result<Vec<_>, _>>()?;
        let mocks = mocks.collect::<Result<Vec<_>, _>>()?;
        parts.add_tables(&calls, &mocks)?;
    }
    add_models(&shapes, parts, |name| usage.areas(name))?;
    for (areas, conversion) in edits.pieces {
        parts.add_model(&areas, conversion)?;
    }
    if purpose.is_tested {
        let pairs: Vec<TokenStream> = edits.pairs.iter().map(table::edit).collect();
        parts.add_edits(&pairs)?;
    }
    Ok(())
}

/// Adds each model, and the deprecated names that it had, in the areas that reach it.
pub(crate) fn add_models(
    shapes: &edits::Shapes<'_>,
    parts: &mut Parts,
    areas: impl Fn(&str) -> BTreeSet<&'static Area>,
) -> Result<(), Problem> {
    for (name, schema) in &shapes.normalised.schemas {
        let text = schema.description.as_deref().unwrap_or_default();
        let tokens = match &schema.kind {
            SchemaKind::Struct(_) => match shapes.structs.get(name.as_str()) {
                Some(model) => {
                    models::emit(model, shapes.usage, shapes.with_default, shapes.normalised)
                }
                None => continue,
            },
            SchemaKind::OpenEnum(values) => enums::emit(name, text, values, shapes.usage),
            SchemaKind::Union(_) => match shapes.unions.get(name.as_str()) {
                Some((union, members)) => unions::emit(name, text, union, members, shapes.usage),
                None => continue,
            },
        };
        parts.add_model(&areas(name), tokens)?;
        for former in &schema.former {
            parts.add_model(&areas(name), models::former(former, name, &areas(name)))?;
        }
    }
    Ok(())
}
