//! Distributes what was generated over files, one directory for each area.
//!
//! A model that one area reaches lives there; one that several reach stands in `shared`, behind
//! exactly their features. Not for what the items are.

mod files;
mod imports;
mod render;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::codegen::areas::{AREAS, Area};
use crate::codegen::model::Remark;
use crate::codegen::passes::mocks;
use crate::codegen::write::Tree;
use crate::problem::Problem;

use files::{Files, head};
use render::Body;
use source::{AllFormatted, Source, Sources};

/// Something to be written, and the areas that need it.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) areas: BTreeSet<&'static Area>,
    /// One or more items.
    pub(crate) tokens: TokenStream,
}

/// The parts of the generated client.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Methods of the client, by area.
    pub(crate) methods: BTreeMap<&'static Area, Vec<TokenStream>>,
    /// Operations as types, with their setters, by area.
    pub(crate) operations: BTreeMap<&'static Area, Vec<TokenStream>>,
    pub(crate) models: Vec<Piece>,
    pub(crate) paging: Vec<Piece>,
    /// Mocks of operations, by area.
    pub(crate) mocks: BTreeMap<&'static Area, Vec<mocks::Emitted>>,
    /// How the tests of the workspace call each operation.
    pub(crate) table: Vec<TokenStream>,
    /// How they convert what the server has to what replaces it.
    pub(crate) edits: Vec<TokenStream>,
    /// How the tests of the workspace mock each operation.
    pub(crate) mock_table: Vec<TokenStream>,
    /// Where the passes had to decide something.
    pub(crate) remarks: Vec<Remark>,
    /// Items of `contract.rs`.
    pub(crate) contract: TokenStream,
}

/// What the head of every file says.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// What the files were generated from.
    pub(crate) from: String,
    /// The command that generates them.
    pub(crate) command: String,
}

/// The trees of files.
#[derive(Debug)]
pub(crate) struct Trees {
    /// The client.
    pub(crate) client: Tree,
    /// How the tests of the workspace call and mock each operation.
    pub(crate) table: Tree,
}

/// Lays the parts out as files.
///
/// # Errors
/// Where the parts are not Rust: a defect of the generator.
pub(crate) fn lay_out(parts: Parts, origin: &Origin) -> Result<Trees, Problem> {
    let mut sources = Sources::default();
    let tables = sources.add(tables(&parts));
    let mock_trait = sources.add([Source::new(mock_trait(&parts.mocks))]);
    let contract = sources.add([Source::new(&parts.contract)]);
    let paging = sources.add(
        (parts.paging.iter())
            .map(|piece| Source::with_condition(&piece.tokens, condition(&piece.areas))),
    );
    let mut models: BTreeMap<Option<&'static Area>, Vec<Source>> = BTreeMap::new();
    for piece in &parts.models {
        let mut areas = piece.areas.iter();
        let (home, condition) = match (areas.next(), areas.next()) {
            (Some(only), None) => (Some(*only), None),
            _ => (None, condition(&piece.areas)),
        };
        let source = Source::with_condition(&piece.tokens, condition);
        models.entry(home).or_default().push(source);
    }
    let mut models: BTreeMap<_, _> = (models.into_iter())
        .map(|(home, pieces)| (home, sources.add(pieces)))
        .collect();
    let methods = sources.add_areas(&parts.methods, |method| {
        Source::new(quote!(impl Client { #method }))
    });
    let operations = sources.add_areas(&parts.operations, Source::new);
    let mocks = sources.add_areas(&parts.mocks, |mock| Source::new(&mock.blocks));
    drop(parts);
    let formatted = sources.format()?;

    let mut files = Files {
        tree: Tree::new(),
        origin,
    };
    let mut types = TokenStream::new();
    let mut reexports = TokenStream::new();
    let mut modules = TokenStream::new();
    let shared = models.remove(&None).unwrap_or_default();
    let about = "Models that several areas share.";
    let names = files.add_models("shared", about, formatted.of(&shared))?;
    files.index("shared", about, &names);
    modules.extend(quote!(
        mod shared;
    ));
    types.extend(names.iter().map(|name| {
        quote! {
            #[allow(unused_imports, unreachable_pub, reason = "it is empty without an area")]
            pub use super::shared::#name::*;
        }
    }));
    for area in AREAS {
        let methods = methods.get(area);
        let models = models.remove(&Some(area));
        if methods.is_none() && models.is_none() {
            continue;
        }
        let (module, feature) = (format_ident!("{}", area.name), area.name);
        modules.extend(quote!(#[cfg(feature = #feature)] mod #module;));
        let mut names = Vec::new();
        if let Some(models) = models {
            names = files.add_models(area.name, area.about, formatted.of(&models))?;
            types.extend(
                names.iter().map(
                    |name| quote!(#[cfg(feature = #feature)] pub use super::#module::#name::*;),
                ),
            );
        }
        if let Some(methods) = methods {
            let operations = operations.get(area).cloned().unwrap_or_default();
            let found = files.add_parts(
                (area.name, "operations"),
                &format!("Operations. {}", area.about),
                methods.len(),
                |part| {
                    let mut body = Body::joined(formatted.of(&within(methods, &part)));
                    formatted
                        .of(&within(&operations, &part))
                        .for_each(|item| body.add(item));
                    body
                },
            )?;
            reexports.extend(
                found.iter().map(
                    |name| quote!(#[cfg(feature = #feature)] pub use super::#module::#name::*;),
                ),
            );
            names.extend(found);
        }
        if let Some(mocks) = mocks.get(area) {
            names.extend(files.add_parts(
                (area.name, "mock"),
                &format!("Mocks. {}", area.about),
                mocks.len(),
                |part| Body::of(formatted.of(&within(mocks, &part))),
            )?);
        }
        files.index(area.name, area.about, &names);
    }
    for (path, about, sources) in [
        (
            "paging.rs",
            "How operations page, derived from the contract.",
            paging,
        ),
        ("mock.rs", "Mocks of all operations.", mock_trait),
        (
            "contract.rs",
            "Which contract the client was generated from.",
            contract,
        ),
    ] {
        files.add(path, about, &Body::of(formatted.of(&sources)))?;
    }
    files.add_root(&modules, &types, &reexports)?;
    Ok(Trees {
        client: files.tree,
        table: lay_out_tables(&formatted, &tables, origin),
    })
}

/// The places of a part of what stands at `all`.
fn within(all: &Range<usize>, part: &Range<usize>) -> Range<usize> {
    let end = all.end.min(all.start + part.end);
    (all.start + part.start).min(end)..end
}
/// The trait that has a method for each operation.
fn mock_trait(mocks: &BTreeMap<&'static Area, Vec<mocks::Emitted>>) -> TokenStream {
    let methods = AREAS.iter().flat_map(|area| {
        let feature = area.name;
        let of_area = mocks.get(area).into_iter().flatten();
        of_area.map(move |mock| {
            let method = &mock.method;
            quote!(#[cfg(feature = #feature)] #method)
        })
    });
    quote! {
        /// Mocks operations on an httpmock server, which implements this.
        ///
        /// Each method takes a function that says what the request has to look like and what it is
        /// answered with, and gives the mock, with which a test finds out how often it was asked.
        pub trait MockServerExt {
            /// Mocks an operation that is given as a type; what the other methods call.
            fn mock_operation<O: rt::Operation>(&self, configure: impl FnOnce(When<O>, Then<O>)) -> Mock<'_>;

            #(#methods)*
        }

        impl MockServerExt for httpmock::MockServer {
            fn mock_operation<O: rt::Operation>(&self, configure: impl FnOnce(When<O>, Then<O>)) -> Mock<'_> {
                crate::mock::mock(self, configure)
            }
        }
    }
}

/// The files of the tables by which the tests of the workspace call and mock every operation.
const TABLES: [(&str, &str); 2] = [
    ("mod.rs", "How each operation is called."),
    ("mocks.rs", "How each operation is mocked."),
];

/// What stands in the files of [`TABLES`].
fn tables(parts: &Parts) -> [Source; TABLES.len()] {
    let (calls, edits, mocks) = (&parts.table, &parts.edits, &parts.mock_table);
    let calls = quote! {
        pub(crate) mod mocks;

        use qovery_api::types;

        use crate::calls::{Edit, Entry, Model, sent, sent_bytes};

        /// Every operation of the contract.
        pub static OPERATIONS: &[Entry] = &[#(#calls),*];

        /// Every conversion from what the server has to what replaces it.
        pub static EDITS: &[Edit] = &[#(#edits),*];
    };
    let mocks = quote! {
        use qovery_api::mock::MockServerExt as _;
        use qovery_api::types;

        use crate::mocks::{MockEntry, decoded};

        /// The mock of every operation of the contract.
        pub static MOCKS: &[MockEntry] = &[#(#mocks),*];
    };
    [calls, mocks].map(Source::new)
}

fn lay_out_tables(formatted: &AllFormatted, tables: &Range<usize>, origin: &Origin) -> Tree {
    let mut tree = Tree::new();
    for ((path, about), place) in TABLES.iter().zip(tables.clone()) {
        let body: String = formatted
            .of(&(place..place + 1))
            .map(|item| item.text.as_str())
            .collect();
        let text = format!(
            "{}\n//! {about}\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(\n    deprecated,\n    unused_imports,\n    clippy::all,\n    reason = \"deprecated operations are tested too\"\n)]\n\n{body}",
            head(origin)
        );
        tree.insert((*path).to_owned(), text);
    }
    tree
}

/// The condition under which something of these areas is there; `None` where it always is.
fn condition(areas: &BTreeSet<&'static Area>) -> Option<TokenStream> {
    if areas.is_empty() {
        return None;
    }
    let features: Vec<TokenStream> = areas
        .iter()
        .map(|area| {
            let name = area.name;
            quote!(feature = #name)
        })
        .collect();
    Some(match features.as_slice() {
        [one] => one.clone(),
        several => quote!(any(#(#several),*)),
    })
}

/// The contract itself, as a text that programs can read: minified, fixes applied.
pub(crate) fn contract_text(document: &serde_json::Value, origin: &Origin) -> String {
    let json = document.to_string();
    let fence = "#".repeat(1 + longest_run(&json, '#'));
    format!(
        "{}\n//! The contract as JSON.\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n\npub(crate) const TEXT: &str = r{fence}\"{json}\"{fence};\n",
        head(origin)
    )
}

/// The length of the longest run of `wanted` in `text`.
fn longest_run(text: &str, wanted: char) -> usize {
    text.split(|other| other != wanted)
        .map(str::len)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::areas::area_of_tag;
    use crate::codegen::write::MARK;

    fn origin() -> Origin {
        Origin {
            from: "openapi.yaml".to_owned(),
            command: "cargo xtask generate".to_owned(),
        }
    }

    fn piece(tags: &[&str], tokens: TokenStream) -> Piece {
        Piece {
            areas: tags.iter().filter_map(|tag| area_of_tag(tag)).collect(),
            tokens,
        }
    }

    #[test]
    fn a_model_of_one_area_lives_there_and_one_of_several_is_shared_behind_their_features() {
        let parts = Parts {
            models: vec![
                piece(
                    &["Helms"],
                    quote!(
                        pub struct Mine;
                    ),
                ),
                piece(
                    &["Helms", "Jobs"],
                    quote!(
                        pub struct Ours;
                    ),
                ),
                piece(
                    &["Helms", "Jobs", "Clusters", "Billing", "Projects"],
                    quote!(
                        pub struct Everyones;
                    ),
                ),
            ],
            ..Parts::default()
        };
        let tree = lay_out(parts, &origin()).expect("laid out").client;
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
        let parts = Parts {
            models: vec![piece(
                &["Helms"],
                quote! {
                    pub struct Mine;
                    impl model::Model for types::Mine {}
                    model::through_fields!(types::Mine);
                },
            )],
            ..Parts::default()
        };
        let tree = lay_out(parts, &origin()).expect("laid out").client;
        assert!(!tree["helms/models.rs"].contains("impl"));
        let fields = &tree["helms/fields.rs"];
        assert!(
            fields.contains("impl model::Model for types::Mine"),
            "{fields}"
        );
        assert!(fields.contains("use crate::types;"), "{fields}");
        assert!(tree["helms/mod.rs"].contains("\nmod fields;"));
    }

    #[test]
    fn every_file_says_that_it_is_generated_from_what_and_how() {
        let trees = lay_out(Parts::default(), &origin()).expect("laid out");
        for (path, text) in trees.client.into_iter().chain(trees.table) {
            assert!(text.starts_with(MARK), "{path}");
            assert!(
                text.contains("openapi.yaml") && text.contains("cargo xtask generate"),
                "{path}"
            );
        }
    }
}
