//! Distributes what was generated over files, one directory for each area.
//!
//! A model that one area reaches lives there; one that several reach stands in `shared`, behind
//! exactly their features. Not for what the items are.

mod files;
mod imports;
mod render;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Item, parse_quote};

use crate::codegen::areas::{AREAS, Area};
use crate::codegen::model::Remark;
use crate::codegen::passes::mocks;
use crate::codegen::write::Tree;
use crate::problem::Problem;

use files::{Files, head};
use render::unparse;

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

/// Lays the parts out as files.
///
/// # Errors
/// Where the parts are not Rust: a defect of the generator.
pub(crate) fn lay_out(parts: Parts, origin: &Origin) -> Result<Tree, Problem> {
    let mut files = Files {
        tree: Tree::new(),
        origin,
    };
    let mut models: BTreeMap<Option<&'static Area>, Vec<Item>> = BTreeMap::new();
    for piece in parts.models {
        let mut items = items(piece.tokens)?;
        let mut areas = piece.areas.iter();
        let home = match (areas.next(), areas.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        };
        if home.is_none()
            && let Some(condition) = condition(&piece.areas)
        {
            items.iter_mut().for_each(|item| gate(item, &condition));
        }
        models.entry(home).or_default().append(&mut items);
    }

    let mut types = TokenStream::new();
    let mut operations = TokenStream::new();
    let mut modules = TokenStream::new();
    let shared = models.remove(&None).unwrap_or_default();
    let about = "Models that several areas share.";
    let names = files.add_models("shared", about, shared)?;
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
        let methods = parts.methods.get(area);
        let models = models.remove(&Some(area));
        if methods.is_none() && models.is_none() {
            continue;
        }
        let (module, feature) = (format_ident!("{}", area.name), area.name);
        modules.extend(quote!(#[cfg(feature = #feature)] mod #module;));
        let mut names = Vec::new();
        if let Some(models) = models {
            names = files.add_models(area.name, area.about, models)?;
            types.extend(
                names.iter().map(
                    |name| quote!(#[cfg(feature = #feature)] pub use super::#module::#name::*;),
                ),
            );
        }
        if let Some(methods) = methods {
            let declared = parts.operations.get(area).map(Vec::as_slice);
            let found = files.add_parts(
                (area.name, "operations"),
                &format!("Operations. {}", area.about),
                methods.len(),
                |part| {
                    let declared = declared.and_then(|declared| declared.get(part.clone()));
                    let declared = declared.unwrap_or_default();
                    let methods = methods.get(part).unwrap_or_default();
                    items(quote!(impl Client { #(#methods)* } #(#declared)*))
                },
            )?;
            operations.extend(
                found.iter().map(
                    |name| quote!(#[cfg(feature = #feature)] pub use super::#module::#name::*;),
                ),
            );
            names.extend(found);
        }
        if let Some(mocks) = parts.mocks.get(area) {
            names.extend(files.add_parts(
                (area.name, "mock"),
                &format!("Mocks. {}", area.about),
                mocks.len(),
                |part| {
                    let mocks = mocks.get(part).unwrap_or_default();
                    let blocks = mocks.iter().map(|mock| &mock.blocks);
                    items(quote!(#(#blocks)*))
                },
            )?);
        }
        files.index(area.name, area.about, &names);
    }

    let mut paging = Vec::new();
    for piece in parts.paging {
        let mut items = items(piece.tokens)?;
        if let Some(condition) = condition(&piece.areas) {
            items.iter_mut().for_each(|item| gate(item, &condition));
        }
        paging.append(&mut items);
    }
    files.add(
        "paging.rs",
        "How operations page, derived from the contract.",
        paging,
    )?;
    files.add(
        "mock.rs",
        "Mocks of all operations.",
        items(mock_trait(&parts.mocks))?,
    )?;
    files.add(
        "contract.rs",
        "Which contract the client was generated from.",
        items(parts.contract)?,
    )?;
    files.add_root(&modules, &types, &operations)?;
    Ok(files.tree)
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

/// Lays out the tables by which the tests of the workspace call and mock every operation.
///
/// # Errors
/// Where the entries are not Rust: a defect of the generator.
pub(crate) fn lay_out_tables(parts: &Parts, origin: &Origin) -> Result<Tree, Problem> {
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
    let mut tree = Tree::new();
    for (path, about, tokens) in [
        ("mod.rs", "How each operation is called.", calls),
        ("mocks.rs", "How each operation is mocked.", mocks),
    ] {
        let body: String = items(tokens)?.into_iter().map(unparse).collect();
        let text = format!(
            "{}\n//! {about}\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(\n    deprecated,\n    unused_imports,\n    clippy::all,\n    reason = \"deprecated operations are tested too\"\n)]\n\n{body}",
            head(origin)
        );
        tree.insert(path.to_owned(), text);
    }
    Ok(tree)
}

fn items(tokens: TokenStream) -> Result<Vec<Item>, Problem> {
    syn::parse2::<syn::File>(tokens.clone())
        .map(|file| file.items)
        .map_err(|error| {
            let excerpt: String = tokens.to_string().chars().take(400).collect();
            Problem::new(format!(
                "the generator wrote what is not Rust: {error}, in `{excerpt}`"
            ))
        })
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

fn gate(item: &mut Item, condition: &TokenStream) {
    let attributes = match item {
        Item::Struct(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Type(item) => &mut item.attrs,
        Item::Macro(item) => &mut item.attrs,
        _ => return,
    };
    attributes.insert(0, parse_quote!(#[cfg(#condition)]));
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
        let tree = lay_out(parts, &origin()).expect("laid out");
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
        let tree = lay_out(parts, &origin()).expect("laid out");
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
        for (path, text) in lay_out(Parts::default(), &origin()).expect("laid out") {
            assert!(text.starts_with(MARK), "{path}");
            assert!(
                text.contains("openapi.yaml") && text.contains("cargo xtask generate"),
                "{path}"
            );
        }
    }
}
