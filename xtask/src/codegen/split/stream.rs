//! The files of the websocket side: its frames, its requests, and its origin.
//!
//! Both sides use the same formatting.

use quote::quote;

use super::files::Files;
use super::render::{Body, Formatted};
use super::{Origin, Parts};
use crate::codegen::areas::STREAM;
use crate::problem::Problem;
use crate::write::Tree;

/// Lays the parts of the websocket side out as files.
///
/// # Errors
/// Returns an error if a file would be too long.
pub(crate) fn lay_out(parts: &Parts, origin: &Origin) -> Result<Tree, Problem> {
    let mut files = Files {
        tree: Tree::new(),
        origin,
    };
    let models = parts.models.get(&Some(&STREAM)).map(Vec::as_slice);
    let names = files.add_models("models", STREAM.about, models.unwrap_or_default())?;
    files.index("models", STREAM.about, &names);
    let requests = parts.operations.get(&STREAM).map(Vec::as_slice);
    let requests = requests.unwrap_or_default().iter().flatten();
    let about = "The requests of the websocket API, one type for each endpoint.";
    files.add("requests.rs", about, &Body::of(requests))?;
    let about = "Which contract the websocket side was generated from.";
    files.add("contract.rs", about, &Body::of(&parts.contract))?;
    let exports = names.iter().map(|one| one.exports(&quote!(models), None));
    let root = quote! {
        pub mod contract;
        mod models;
        pub mod requests;

        /// The frames of the websocket API, and the values of its requests.
        pub mod types { #(#exports)* }
    };
    let body = Body::of(&Formatted::all(root, None)?).text;
    let text = format!(
        "{}\n//! Requests and frames of the websocket API, generated from its contract.\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(clippy::all, reason = \"style is for code that is read and written by hand\")]\n\n{body}",
        origin.head()
    );
    files.tree.insert("mod.rs".to_owned(), text);
    Ok(files.tree)
}
