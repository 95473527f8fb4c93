//! The files of the websocket side: its frames, its requests, and its origin.
//!
//! Both sides use the same formatting.

use quote::quote;

use super::files::Files;
use super::render::Body;
use super::{CONTRACT, Origin, Parts};
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
    files.add(CONTRACT, about, &Body::of(parts.file(CONTRACT)))?;
    let exports = names.iter().map(|one| one.exports(&quote!(models), None));
    let root = quote! {
        pub mod contract;
        mod models;
        pub mod requests;

        /// The frames of the websocket API, and the values of its requests.
        pub mod types { #(#exports)* }
    };
    let about = "Requests and frames of the websocket API, generated from its contract.";
    files.add_root(about, root)?;
    Ok(files.tree)
}
