//! Imports published revisions into the contract: their facts, our texts.
//!
//! The existing contract is the oldest layer, the last file the newest. Explanatory texts of upstream
//! are dropped; our texts are kept as long as the described item exists.

mod assemble;
mod data_type;
mod defaults;
mod extensions;
mod ids;
mod keep;
mod keywords;
mod layer;
mod loss;
mod markup;
mod merge;
mod merged;
mod operation;
mod prose;
mod renames;
mod report;
mod schema;
pub(crate) mod secrets;
mod spellings;
mod validity;

use serde_json::Value;

use layer::{Kind, Layer};

use super::Document;
use crate::problem::Problem;
pub(crate) use loss::Loss;
pub(crate) use report::{Report, undescribed_schemas};
pub(crate) use schema::OF_THE_OVERLAY;

/// The outcome of an import.
pub(crate) struct Imported {
    /// The new contract.
    pub(crate) document: Value,
    /// The changes of the import.
    pub(crate) report: Report,
}

/// Imports `revisions`, from the oldest to the newest, into `contract`, if there is one already.
///
/// # Errors
/// Returns an error if a mistake makes a document ambiguous, or the newest one lacks so many operations
/// that it is probably not a whole revision, and `loss` does not allow that.
pub(crate) fn import(
    contract: Option<&Document>,
    revisions: &[Document],
    loss: Loss,
) -> Result<Imported, Problem> {
    let contract_layer = contract.map(|contract| (contract, Kind::Contract));
    let revision_layers = revisions.iter().map(|revision| (revision, Kind::Revision));
    let mut layers: Vec<Layer> = Vec::new();
    for (document, kind) in contract_layer.into_iter().chain(revision_layers) {
        layers.push(layer::read(document, kind, layers.last())?);
    }
    let Some(newest) = layers.last().filter(|_| !revisions.is_empty()) else {
        return Err(Problem::new("no revision is given").with_help("name at least one file"));
    };
    let before = layers.first().filter(|_| contract.is_some());
    if let (Loss::Refused, Some(document)) = (loss, revisions.last()) {
        let known = before.or_else(|| layers.iter().rev().nth(1));
        loss::check(known, newest, document)?;
    }
    let mut prose = contract
        .map(|contract| prose::collect(&contract.value))
        .unwrap_or_default();
    let merged = merge::merge(&layers);
    for (old, new) in &merged.renamed_schemas {
        prose.rename_schema(old, new);
    }
    let document = assemble::document(&merged, newest, &prose);
    let report = Report::new(before, newest, &merged, &document);
    Ok(Imported { document, report })
}

#[cfg(test)]
mod tests;
