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
pub(crate) mod operation;
pub(crate) mod paging;
pub(crate) mod prose;
pub(crate) mod reserved;
mod shapes;
pub(crate) mod table;
pub(crate) mod types;
pub(crate) mod unions;
pub(crate) mod usage;

use quote::{format_ident, quote};

use crate::codegen::doc::Doc;
use crate::codegen::model::{EnumValueModel, Normalized, OperationModel, Remark, SchemaKind};
use crate::codegen::progenitor::Output;
use crate::codegen::purpose::Purpose;
use crate::codegen::split::{Listed, MOCK_TABLE, MOCKS, Parts, Place, TABLE};
use crate::problem::Problem;

use operation::Operation;

pub(crate) use shapes::Shapes;

/// Runs all passes.
///
/// # Errors
/// Returns an error if an operation of the own contract belongs to no area or pages in an unknown way, or
/// if the tree does not match the facts.
pub(crate) fn run(
    written: &Output,
    normalized: &Normalized,
    purpose: Purpose,
    parts: &mut Parts,
) -> Result<(), Problem> {
    let (areas, mut remarks) = usage::operation_areas(&normalized.operations, purpose.is_own)?;
    let shapes = Shapes::read(written, normalized, &areas)?;
    let signatures = methods::read(written);
    // Before the text of anything is made, because it bounds how many models are converted.
    let edits = edits::emit(&shapes, &signatures)?;

    parts.remarks.append(&mut remarks);
    // Mocks and tables do not depend on texts: an edit of a text does not write them again.
    let without_texts = normalized.operations.iter();
    let without_texts: Vec<OperationModel> =
        without_texts.map(OperationModel::without_texts).collect();
    let plain = without_texts.iter().zip(&areas);
    let plain = plain.map(|(model, area)| Operation::new(model, &signatures, area));
    let plain: Vec<Operation<'_>> = plain.collect::<Result<_, _>>()?;
    for (operation, plain) in normalized.operations.iter().zip(&plain) {
        let area = plain.area;
        let whole = Operation {
            model: operation,
            ..*plain
        };
        let listed = Listed {
            method: calls::name(operation).to_string(),
            arguments: calls::arguments(operation),
            request: format!("{} {}", operation.http_method, operation.path),
        };
        parts.add_operation(area, listed, ("call", whole, calls::emit))?;
        if parts.is_written() {
            parts.add(
                Place::Mock(area),
                ("mock", plain, |plain: &&_| mocks::emit(plain)),
            )?;
        }
        let output = plain.signature.output.as_ref();
        match paging::emit(operation, output, &shapes.models) {
            Ok(None) => {}
            Ok(Some(tokens)) => parts.add(Place::Paging(&[area].into()), tokens)?,
            Err(problem) if purpose.is_own => return Err(problem),
            // In another contract, an unknown way of paging is only a remark; its client works without it.
            Err(problem) => parts
                .remarks
                .push(Remark::new(&operation.pointer, problem.what().to_owned())),
        }
    }
    if parts.is_written() {
        let code = ("mocks", &plain, |all: &&Vec<_>| Ok(mocks::extension(all)));
        parts.add(Place::File(MOCKS), code)?;
    }
    if purpose.is_tested {
        parts.add(
            Place::File(MOCK_TABLE),
            ("table of mocks", &plain, |all: &&Vec<_>| mocks::table(all)),
        )?;
        parts.add(
            Place::File(TABLE),
            ("table", &plain, |all: &&Vec<_>| table::calls(all)),
        )?;
    }
    add_models(&shapes, parts)?;
    for (areas, conversion) in edits.pieces {
        parts.add(Place::Model(&areas), conversion)?;
    }
    if purpose.is_tested {
        parts.add(Place::File(TABLE), table::edits(&edits.pairs))?;
    }
    Ok(())
}

/// Adds each model, and the deprecated names that it had, in the areas that reach it.
pub(crate) fn add_models(shapes: &Shapes<'_>, parts: &mut Parts) -> Result<(), Problem> {
    for (name, schema) in &shapes.normalized.schemas {
        let text = schema.description.as_deref().unwrap_or_default();
        let areas = shapes.usage.areas(name);
        match &schema.kind {
            SchemaKind::Struct(_) => {
                if let Some(item) = shapes.structure(name, schema) {
                    let emit = |item: &models::Struct<'_>| Ok(models::emit(item));
                    parts.add(Place::Model(&areas), ("struct", item, emit))?;
                }
            }
            SchemaKind::OpenEnum(values) => {
                let item = (name, shapes.usage.describe(name, text), values);
                let emit = |(name, about, values): &(&String, Doc, &Vec<EnumValueModel>)| {
                    Ok(enums::emit(name, about, values))
                };
                parts.add(Place::Model(&areas), ("enum", item, emit))?;
            }
            SchemaKind::Union(_) => {
                if let Some((union, members)) = shapes.unions.get(name.as_str()) {
                    let tokens = unions::emit(name, text, union, members, &shapes.usage);
                    parts.add(Place::Model(&areas), tokens)?;
                }
            }
        }
        for former in &schema.former {
            let ident = format_ident!("{name}");
            let path = quote!(crate::types::#ident);
            parts.add(
                Place::Model(&areas),
                models::former(former, name, &path, &areas),
            )?;
        }
    }
    Ok(())
}
