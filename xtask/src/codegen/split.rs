//! Distributes the generated code over files, one directory for each area.
//!
//! A model that one area reaches is in that area; a model that several areas reach is in `shared`, behind
//! exactly their features.

mod absolute;
mod code;
mod files;
mod origin;
mod parts;
mod render;
mod stream;

use std::ops::Range;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::codegen::areas::{self, Area};
use crate::problem::Problem;
use crate::write::Tree;

use files::Files;
use render::Body;

pub(crate) use absolute::short;
pub(crate) use origin::Origin;
use parts::PAGING;
pub(crate) use parts::{CONTRACT, Listed, MOCK_TABLE, MOCKS, Parts, Place, Source, TABLE};
pub(crate) use stream::lay_out as lay_out_stream;

/// Lays the parts of the client out as files.
///
/// # Errors
/// Returns an error if a file would be too long.
pub(crate) fn lay_out(parts: &Parts, origin: &Origin) -> Result<Tree, Problem> {
    let mut files = Files {
        tree: Tree::new(),
        origin,
    };
    let mut types = TokenStream::new();
    let mut operations = TokenStream::new();
    let mut modules = TokenStream::new();
    let shared = parts.models.get(&None).map(Vec::as_slice);
    let about = "Models that several areas share.";
    let names = files.add_models("shared", about, shared.unwrap_or_default())?;
    files.index("shared", about, &names);
    modules.extend(quote!(
        mod shared;
    ));
    let exports = names.iter();
    types.extend(exports.map(|module| module.exports(&quote!(shared), None)));
    for area in areas::all() {
        let methods = parts.methods.get(area);
        let models = parts.models.get(&Some(area));
        if methods.is_none() && models.is_none() {
            continue;
        }
        let module = format_ident!("{}", area.name);
        let condition = area.condition().map(|condition| quote!(#[cfg(#condition)]));
        modules.extend(quote!(#condition mod #module;));
        let mut names = Vec::new();
        if let Some(models) = models {
            names = files.add_models(area.name, area.about, models)?;
            let exports = names.iter();
            types.extend(exports.map(|one| one.exports(&quote!(#module), condition.as_ref())));
        }
        if let Some(methods) = methods {
            let declared = parts.operations.get(area).map(Vec::as_slice);
            let found = files.add_parts(
                (area.name, "operations"),
                &format!("Operations. {}", area.about),
                methods.len(),
                |range| {
                    let mut body = Body::of_client(part(methods, &range));
                    let declared = part(declared.unwrap_or_default(), &range);
                    declared.iter().flatten().for_each(|item| body.add(item));
                    body
                },
            )?;
            let exports = found.iter();
            operations.extend(exports.map(|one| one.exports(&quote!(#module), condition.as_ref())));
            names.extend(found);
        }
        if let Some(mocks) = parts.mocks.get(area) {
            names.extend(files.add_parts(
                (area.name, "mock"),
                &format!("Mocks. {}", area.about),
                mocks.len(),
                |range| Body::of(part(mocks, &range).iter().flatten()),
            )?);
        }
        files.index(area.name, area.about, &names);
    }
    for (path, about) in [
        (PAGING, "How operations page, derived from the contract."),
        (MOCKS, "Mocks of all operations."),
        (CONTRACT, "Which contract the client was generated from."),
    ] {
        files.add(path, about, &Body::of(parts.file(path)))?;
    }
    files.add_absent(absent(parts))?;
    files.add_list(&parts.listed)?;
    let root = quote! {
        #modules
        mod absent;
        #[cfg(doc)]
        pub mod areas;
        pub mod contract;
        #[cfg(feature = "httpmock")]
        pub(crate) mod mock;
        mod paging;

        /// The models that operations take and return.
        #[allow(deprecated, unused_imports, reason = "former names are exported too")]
        pub mod types { #types }

        /// The operations as types, for code that is generic over them, and the setters of their calls.
        #[allow(deprecated, unused_imports, reason = "former names are exported too")]
        pub mod operations { #operations }
    };
    files.add_root("Operations and models, generated from the contract.", root)?;
    Ok(files.tree)
}

/// The methods of each area that needs a feature, as the macro `absent` takes them.
fn absent(parts: &Parts) -> impl Iterator<Item = (&'static Area, String)> {
    let areas = areas::AREAS.iter();
    areas.filter_map(|area| {
        let lines = parts.listed.get(area)?.iter().map(|listed| {
            let arguments: Vec<String> = (1..=listed.arguments)
                .map(|one| format!("a{one}"))
                .collect();
            format!("    {}({});\n", listed.method, arguments.join(", "))
        });
        Some((area, lines.collect()))
    })
}

fn part<'a, T>(items: &'a [T], range: &Range<usize>) -> &'a [T] {
    items.get(range.clone()).unwrap_or_default()
}

/// Lays out the tables that the tests of the workspace use to call and mock every operation.
pub(crate) fn lay_out_tables(parts: &Parts, origin: &Origin) -> Tree {
    let mut tree = Tree::new();
    for (path, about) in [
        (TABLE, "How each operation is called."),
        (MOCK_TABLE, "How each operation is mocked."),
    ] {
        let items = parts.file(path).iter();
        let body: String = items.map(|item| item.text.as_str()).collect();
        let text = format!(
            "{}\n//! {about}\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(\n    deprecated,\n    unused_imports,\n    clippy::all,\n    reason = \"deprecated operations are tested too\"\n)]\n\n{body}",
            origin.head()
        );
        tree.insert(path.to_owned(), text);
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::areas::area_of_tag;
    use crate::write::MARK;

    fn origin() -> Origin {
        Origin::of(std::path::Path::new("openapi.yaml"), None)
    }

    /// Lays out these models, each with the tags of the operations that reach it.
    fn laid_out(models: &[(&[&str], TokenStream)]) -> Tree {
        let mut parts = Parts::default();
        for (tags, tokens) in models {
            let areas = tags.iter().filter_map(|tag| area_of_tag(tag)).collect();
            parts
                .add(Place::Model(&areas), tokens.clone())
                .expect("it is Rust");
        }
        let table = quote!(
            pub static OPERATIONS: &[Entry] = &[];
        );
        parts.add(Place::File(TABLE), table).expect("it is Rust");
        let mut tree = lay_out(&parts, &origin()).expect("laid out");
        let tables = lay_out_tables(&parts, &origin());
        tree.extend(
            tables
                .into_iter()
                .map(|(path, text)| (format!("tables/{path}"), text)),
        );
        tree
    }

    #[test]
    fn a_model_of_one_area_lives_there_and_one_of_several_is_shared_behind_their_features() {
        let tree = laid_out(&[
            (
                &["Helms"],
                quote!(
                    pub struct Mine;
                ),
            ),
            (
                &["Helms", "Jobs"],
                quote!(
                    pub struct Ours;
                ),
            ),
            (
                &["Helms", "Jobs", "Clusters", "Billing", "Projects"],
                quote!(
                    pub struct Everyones;
                ),
            ),
        ]);
        let shared = &tree["shared/models.rs"];
        assert!(tree["helms/models.rs"].contains("pub struct Mine;"));
        assert!(
            shared
                .contains("#[cfg(any(feature = \"helms\", feature = \"jobs\"))]\npub struct Ours;"),
            "{shared}"
        );
        let (before, _) = shared
            .split_once("pub struct Everyones;")
            .expect("is there");
        let (_, condition) = before.rsplit_once("#[cfg(").expect("depends on features");
        for area in ["helms", "jobs", "clusters", "billing", "projects"] {
            assert!(
                condition.contains(&format!("feature = \"{area}\"")),
                "{shared}"
            );
        }
        assert!(tree["mod.rs"].contains("#[cfg(feature = \"helms\")]"));
    }

    #[test]
    fn how_a_model_is_read_stands_in_a_file_of_its_own() {
        let tree = laid_out(&[(
            &["Helms"],
            quote! {
                pub struct Mine;
                impl crate::runtime::model::Model for crate::types::Mine {}
                crate::runtime::model::through_fields!(crate::types::Mine);
            },
        )]);
        assert!(!tree["helms/models.rs"].contains("impl"));
        let fields = &tree["helms/fields.rs"];
        assert!(
            fields.contains("impl crate::runtime::model::Model for crate::types::Mine"),
            "{fields}"
        );
        assert!(
            fields.contains("through_fields!(crate::types::Mine);"),
            "{fields}"
        );
        assert!(!fields.contains("use "), "{fields}");
        assert!(tree["helms/mod.rs"].contains("\nmod fields;"));
    }

    #[test]
    fn tokens_that_are_not_rust_are_reported_with_an_excerpt() {
        let mut parts = Parts::default();
        let added = parts.add(Place::Model(&[].into()), quote!(struct First));
        let problem = added.expect_err("it is not Rust").to_string();
        assert!(problem.contains("struct First"), "{problem}");
    }

    #[test]
    fn every_file_says_that_it_is_generated_from_what_and_how() {
        for (path, text) in laid_out(&[]) {
            assert!(text.starts_with(MARK), "{path}");
            assert!(
                text.contains("openapi.yaml") && text.contains("cargo xtask generate"),
                "{path}"
            );
        }
    }
}
