//! The contract: reads it, imports published revisions, applies fixes, and writes it.
//!
//! Code generation starts from a [`Document`] and never reads the file again.

mod advice;
mod ambiguous;
mod bounds;
pub(crate) mod canonical;
pub(crate) mod checked;
pub(crate) mod choice;
pub(crate) mod import;
pub(crate) mod inner;
mod lines;
mod names;
pub(crate) mod operation_id;
pub(crate) mod overlay;
pub(crate) mod pointer;
pub(crate) mod references;
pub(crate) mod referred;
pub(crate) mod responses;
mod scalar;
mod shape;
pub(crate) mod source;
pub(crate) mod spelling;
pub(crate) mod things;
pub(crate) mod walk;
mod yaml;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::problem::{Lines, Problem};

use spelling::Spelling;

/// A document and the text that it was read from.
///
/// Changing `value` is fine: lines are looked up in the text, by the pointer of the place.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) path: PathBuf,
    pub(crate) value: Value,
    /// The spelling of its numbers and booleans.
    spelling: Spelling,
    text: String,
}

impl Lines for Document {
    fn path(&self) -> &Path {
        &self.path
    }

    fn line_of(&self, pointer: &str) -> Option<usize> {
        self.line_of(pointer)
    }
}

impl Document {
    /// The line, counted from 1, of the JSON pointer's target in the text, or of its nearest existing
    /// parent. `None` if even the first step of the pointer is not in the text.
    pub(crate) fn line_of(&self, pointer: &str) -> Option<usize> {
        lines::line_of(&self.text, pointer)
    }

    /// The lines of all locations, by pointer.
    pub(crate) fn lines(&self) -> BTreeMap<String, usize> {
        lines::all(&self.text)
    }

    /// Whether the document was read from exactly this text.
    pub(crate) fn is_text(&self, text: &str) -> bool {
        self.text == text
    }
}

/// Reads an OpenAPI document of version 3.0 or 3.1, in YAML or JSON.
///
/// # Errors
/// Returns an error if the file cannot be read, is neither YAML nor JSON, repeats a key, or is not an OpenAPI
/// document of these versions.
pub(crate) fn load(path: &Path) -> Result<Document, Problem> {
    checked(source::read(path)?)
}

fn checked(document: Document) -> Result<Document, Problem> {
    check_version(&document)?;
    if !document.value.get("paths").is_some_and(Value::is_object) {
        return Err(
            Problem::at(&document, "/paths", "the document declares no operations")
                .with_help("`paths` has to be a mapping from path to operations"),
        );
    }
    Ok(document)
}

/// Reads an OpenAPI document and applies an overlay to it.
///
/// # Errors
/// Returns an error if either cannot be read, or the overlay does not fit the document.
pub(crate) fn load_with(path: &Path, overlay: Option<&Path>) -> Result<Document, Problem> {
    let Some(overlay) = overlay else {
        return load(path);
    };
    let (document, _) = source::read_for_overlay(path)?;
    let mut document = checked(document)?;
    overlay::apply(&mut document, &overlay::load(overlay)?)?;
    Ok(document)
}

fn check_version(document: &Document) -> Result<(), Problem> {
    let Some(version) = document.value.get("openapi") else {
        return Err(not_openapi(document));
    };
    let Some(version) = version.as_str() else {
        let what = format!("the version `{version}` is not a text");
        return Err(Problem::at(document, "/openapi", what)
            .with_help("write it in full and in quotes: \"3.0.3\" or \"3.1.0\""));
    };
    let supported = ["3.0", "3.1"].into_iter().any(|known| {
        version == known
            || version
                .strip_prefix(known)
                .is_some_and(|rest| rest.starts_with('.'))
    });
    if supported {
        return Ok(());
    }
    let what = format!("OpenAPI {version} is not supported");
    Err(Problem::at(document, "/openapi", what).with_help("convert it to version 3.0.x or 3.1.x"))
}

fn not_openapi(document: &Document) -> Problem {
    if let Some(version) = document.value.get("swagger") {
        let version = version
            .as_str()
            .map_or_else(|| version.to_string(), str::to_owned);
        let what = format!("this is Swagger {version}, the format before OpenAPI 3");
        return Problem::at(document, "/swagger", what)
            .with_help("convert it to OpenAPI 3.0 first, with swagger2openapi for instance");
    }
    Problem::in_file(
        &document.path,
        "is not an OpenAPI document: it has no key `openapi` at the top",
    )
    .with_help("give the file that begins with `openapi: 3…`")
}

#[cfg(test)]
mod tests;
