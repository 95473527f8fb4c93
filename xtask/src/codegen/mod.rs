//! Generates the files of the client from a contract.
//!
//! The steps: normalize the document, generate Rust with progenitor, transform it, and lay it out as files.
//! Reading contracts is the task of `contract`, writing files that of `write`.

pub(crate) mod areas;
pub(crate) mod comparison;
pub(crate) mod doc;
mod document;
// The build script of the client uses this file too, and cannot depend on a library of the workspace.
#[path = "../../../qovery-api/build/fingerprint.rs"]
mod fingerprint;
pub(crate) mod model;
pub(crate) mod normalize;
mod passes;
mod progenitor;
mod purpose;
pub(crate) mod split;
pub(crate) mod stream;

use std::path::Path;

use quote::quote;
use sha2::{Digest as _, Sha256};

use crate::contract::{self, Document};
use crate::problem::Problem;
use crate::record::Record;
use crate::write::Tree;

pub(crate) use normalize::normalize;
pub(crate) use progenitor::generate as progenitor;
pub(crate) use purpose::Purpose;

/// The files generated from a contract.
#[derive(Debug)]
pub(crate) struct Trees {
    /// The client.
    pub(crate) client: Tree,
    /// The table that the tests of the workspace use to call each operation; empty unless requested.
    pub(crate) table: Tree,
    /// The contract that the fake plays.
    pub(crate) fake: Tree,
    /// The decisions of the generator on points that the contract leaves open.
    pub(crate) remarks: Vec<model::Remark>,
}

/// Generates all files of the client, and those of the tests if requested.
///
/// # Errors
/// Returns an error if the contract contains something unsupported; the problem names the location.
pub(crate) fn generate(
    spec: &Path,
    overlay: Option<&Path>,
    purpose: Purpose,
) -> Result<Trees, Problem> {
    let document = contract::load_with(spec, overlay)?;
    let normalized = normalize(&document)?;
    generate_from(&document, &normalized, (spec, overlay), purpose)
}

/// Generates from a contract that was read from these files: the contract, and the overlay.
///
/// # Errors
/// Returns an error if the contract contains something unsupported; the problem names the location.
pub(crate) fn generate_from(
    document: &Document,
    normalized: &model::Normalized,
    (spec, overlay): (&Path, Option<&Path>),
    purpose: Purpose,
) -> Result<Trees, Problem> {
    if !purpose.may_be_empty {
        not_empty(document, normalized)?;
    }
    let written = progenitor(normalized).map_err(|problem| problem.of_document(document))?;
    let inputs = inputs(spec, overlay)?;
    // A client of other files is not compared with the files of this repository.
    let fingerprint = if purpose.is_own {
        let mut all = inputs.clone();
        all.extend(websocket_inputs()?);
        fingerprint::fingerprint(&all)
    } else {
        String::new()
    };
    let mut parts = split::Parts::default();
    if purpose.is_own {
        parts.record = Record::of_this_program("formatted");
    }
    passes::run(&written, normalized, purpose, &mut parts)
        .map_err(|problem| problem.of_document(document))?;
    parts.add(
        split::Place::File(split::CONTRACT),
        constants(document, normalized, &inputs, &fingerprint),
    )?;
    let mut remarks = normalized.remarks.clone();
    remarks.append(&mut parts.remarks);
    let origin = split::Origin::of(spec, overlay);
    let client = split::lay_out(&parts, &origin);
    let client = client.map_err(|problem| problem.of_document(document))?;
    parts.record.keep();
    let contract = document::json(&document.value, &origin);
    let fake = Tree::from([("contract.json".to_owned(), contract)]);
    let table = if purpose.is_tested {
        split::lay_out_tables(&parts, &origin)
    } else {
        Tree::new()
    };
    Ok(Trees {
        client,
        table,
        fake,
        remarks,
    })
}

/// Generates the items of a client as they are compared: without mocks, and not formatted.
///
/// # Errors
/// Returns an error if the contract contains something unsupported; the problem names the location.
pub(crate) fn sources(
    document: &Document,
    normalized: &model::Normalized,
) -> Result<Vec<split::Source>, Problem> {
    not_empty(document, normalized)?;
    let written = progenitor(normalized);
    let written = written.map_err(|problem| problem.of_document(document))?;
    let mut parts = split::Parts::of_comparison();
    passes::run(&written, normalized, Purpose::default(), &mut parts)
        .map_err(|problem| problem.of_document(document))?;
    Ok(parts.into_sources())
}

fn not_empty(document: &Document, normalized: &model::Normalized) -> Result<(), Problem> {
    if normalized.operations.is_empty() {
        let problem = Problem::at(document, "/paths", "the contract has no operation");
        return Err(problem.with_help("generate from a complete contract, or pass `--allow-empty`"));
    }
    Ok(())
}

/// The bytes of the files that the client is generated from, in order.
fn inputs(spec: &Path, overlay: Option<&Path>) -> Result<Vec<Vec<u8>>, Problem> {
    [Some(spec), overlay]
        .into_iter()
        .flatten()
        .map(contract::source::bytes)
        .collect()
}

/// The bytes of the websocket contract of this repository and of its overlay, as far as they exist.
fn websocket_inputs() -> Result<Vec<Vec<u8>>, Problem> {
    let root = crate::repository();
    let files = [stream::CONTRACT, stream::OVERLAY].map(|file| root.join(file));
    let files = files.iter().filter(|file| file.exists());
    files.map(|file| contract::source::bytes(file)).collect()
}

fn constants(
    document: &Document,
    normalized: &model::Normalized,
    inputs: &[Vec<u8>],
    fingerprint: &str,
) -> proc_macro2::TokenStream {
    let version = document
        .value
        .pointer("/info/version")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let mut hasher = Sha256::new();
    for input in inputs {
        hasher.update(u64::try_from(input.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(input);
    }
    let digest: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let operations = normalized.operations.len();
    quote! {
        /// The version that the contract gives itself.
        pub const VERSION: &str = #version;
        /// The SHA-256 of the contract and of its overlay, each after its length.
        pub const DIGEST: &str = #digest;
        /// How many operations the contract has.
        pub const OPERATIONS: usize = #operations;
        /// The build script compares this with the files to detect an edit. Unlike [`DIGEST`], it needs no
        /// library.
        #[doc(hidden)]
        pub const FINGERPRINT: &str = #fingerprint;
    }
}

#[cfg(test)]
mod tests;
