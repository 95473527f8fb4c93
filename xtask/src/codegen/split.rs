//! Distributes what was generated over files, one directory for each area.
//!
//! A model that one area reaches lives there; one that several reach stands in `shared`, behind
//! exactly their features. Not for what the items are.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::{Attribute, Expr, ExprLit, Item, ItemEnum, Lit, Meta, MetaNameValue, parse_quote};

use crate::codegen::areas::{AREAS, Area};
use crate::codegen::write::{MARK, Tree};
use crate::problem::Problem;

/// No generated file is longer.
const MAXIMUM_LINES: usize = 15_000;

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
    /// How the tests of the workspace call each operation.
    pub(crate) table: Vec<TokenStream>,
    /// How they convert what the server has to what replaces it.
    pub(crate) edits: Vec<TokenStream>,
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
    let names = files.add_models("shared", "Models that several areas share.", shared)?;
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
            let declared = parts.operations.get(area).into_iter().flatten();
            let tokens = quote!(impl Client { #(#methods)* } #(#declared)*);
            files.add(
                &format!("{}/operations.rs", area.name),
                &format!("Operations. {}", area.about),
                items(tokens)?,
            )?;
            operations
                .extend(quote!(#[cfg(feature = #feature)] pub use super::#module::operations::*;));
            names.push(format_ident!("operations"));
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
        "contract.rs",
        "Which contract the client was generated from.",
        items(parts.contract)?,
    )?;
    files.add_root(&modules, &types, &operations)?;
    Ok(files.tree)
}

/// Lays out the table by which the tests of the workspace call every operation.
///
/// # Errors
/// Where the entries are not Rust: a defect of the generator.
pub(crate) fn lay_out_table(
    entries: &[TokenStream],
    edits: &[TokenStream],
    origin: &Origin,
) -> Result<Tree, Problem> {
    let tokens = quote! {
        use qovery_api::types;

        use crate::calls::{Edit, Entry, Model, sent, sent_bytes};

        /// Every operation of the contract.
        pub static OPERATIONS: &[Entry] = &[#(#entries),*];

        /// Every conversion from what the server has to what replaces it.
        pub static EDITS: &[Edit] = &[#(#edits),*];
    };
    let mut body = String::new();
    for item in items(tokens)? {
        body.push_str(&unparse(item));
    }
    let files = Files {
        tree: Tree::new(),
        origin,
    };
    let text = format!(
        "{}\n//! How each operation is called.\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(\n    deprecated,\n    unused_imports,\n    clippy::all,\n    reason = \"deprecated operations are tested too\"\n)]\n\n{body}",
        files.head()
    );
    Ok(Tree::from([("mod.rs".to_owned(), text)]))
}

fn items(tokens: TokenStream) -> Result<Vec<Item>, Problem> {
    let text = tokens.to_string();
    syn::parse2::<syn::File>(tokens)
        .map(|file| file.items)
        .map_err(|error| {
            let excerpt: String = text.chars().take(400).collect();
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

struct Files<'a> {
    tree: Tree,
    origin: &'a Origin,
}

impl Files<'_> {
    /// Adds the models of a directory, in as many files as their length needs, and gives the names
    /// of the modules.
    fn add_models(
        &mut self,
        directory: &str,
        about: &str,
        items: Vec<Item>,
    ) -> Result<Vec<syn::Ident>, Problem> {
        let (fields, models): (Vec<Item>, Vec<Item>) = items.into_iter().partition(is_of_fields);
        if !fields.is_empty() {
            let about = format!("How the models are read and written. {about}");
            self.add_chunks(directory, "fields", &about, fields)?;
        }
        let names = self.add_chunks(directory, "models", &format!("Models. {about}"), models)?;
        if directory == "shared" {
            self.index(directory, about, &names);
        }
        Ok(names)
    }

    /// Adds as many files as the length of the items needs, and gives the names of the modules.
    fn add_chunks(
        &mut self,
        directory: &str,
        stem: &str,
        about: &str,
        items: Vec<Item>,
    ) -> Result<Vec<syn::Ident>, Problem> {
        let mut open = vec![items];
        let mut names = Vec::new();
        while let Some(mut items) = open.pop() {
            let lines = render(&items).lines().count();
            if lines + 100 > MAXIMUM_LINES && items.len() > 1 {
                let second = items.split_off(items.len() / 2);
                open.push(second);
                open.push(items);
                continue;
            }
            let name = match names.len() {
                0 => stem.to_owned(),
                before => format!("{stem}_{}", before + 1),
            };
            self.add(&format!("{directory}/{name}.rs"), about, items)?;
            names.push(format_ident!("{name}"));
        }
        Ok(names)
    }

    fn index(&mut self, directory: &str, about: &str, modules: &[syn::Ident]) {
        let fields = format!("{directory}/fields");
        let private = self.tree.keys().filter_map(|path| {
            let rest = path.strip_prefix(fields.as_str())?;
            Some(format!("mod fields{};\n", rest.trim_end_matches(".rs")))
        });
        let declared: String = modules
            .iter()
            .map(|name| format!("pub(super) mod {name};\n"))
            .chain(private)
            .collect();
        let text = format!("{}\n//! {about}\n\n{declared}", self.head());
        self.tree.insert(format!("{directory}/mod.rs"), text);
    }

    fn add(&mut self, path: &str, about: &str, items: Vec<Item>) -> Result<(), Problem> {
        let body = render(&items);
        let imports = imports(&items);
        let lines = body.lines().count();
        if lines + 100 > MAXIMUM_LINES {
            return Err(Problem::new(format!(
                "the generated file {path} would have {lines} lines, more than {MAXIMUM_LINES}"
            ))
            .with_help("divide its area in xtask/src/codegen/areas.rs"));
        }
        let text = format!("{}\n//! {about}\n\n{imports}\n{body}", self.head());
        self.tree.insert(path.to_owned(), text);
        Ok(())
    }

    fn add_root(
        &mut self,
        modules: &TokenStream,
        types: &TokenStream,
        operations: &TokenStream,
    ) -> Result<(), Problem> {
        let file = quote! {
            #modules
            pub mod contract;
            mod paging;

            /// The models: what operations take and give.
            pub mod types { #types }

            /// The operations as types, for code that is generic over them.
            pub mod operations { #operations }
        };
        let body = render(&items(file)?);
        let text = format!(
            "{}\n//! Operations and models, generated from the contract.\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(clippy::all, reason = \"style is for code that is read and written by hand\")]\n\n{body}",
            self.head()
        );
        self.tree.insert("mod.rs".to_owned(), text);
        Ok(())
    }

    fn head(&self) -> String {
        head(self.origin)
    }
}

/// Whether the item says how a struct is read and written: those are kept apart from the structs, so
/// that these can be read one after the other.
fn is_of_fields(item: &Item) -> bool {
    let path = match item {
        Item::Impl(item) => item.trait_.as_ref().map(|(path, _)| path),
        Item::Macro(item) => Some(&item.mac.path),
        _ => None,
    };
    path.and_then(|path| path.segments.first())
        .is_some_and(|segment| segment.ident == "model")
}

fn head(origin: &Origin) -> String {
    format!(
        "{MARK} by `cargo xtask generate` from {}. Do not edit.\n// To generate again: {}\n",
        origin.from, origin.command
    )
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

/// Formats items, with an empty line between them.
///
/// An enum with the attribute `#[within = "name"]` is written as a call of that macro: formatted like
/// the enum that it looks like, while its condition stays outside.
fn render(items: &[Item]) -> String {
    let mut text = String::new();
    let mut simple = false;
    for item in items {
        let follows_simple = std::mem::replace(
            &mut simple,
            matches!(item, Item::Mod(module) if module.content.is_none()),
        );
        let keeps_together = follows_simple && simple;
        if !text.is_empty() && !keeps_together {
            text.push('\n');
        }
        match item {
            Item::Enum(item) => match Within::of(item) {
                Some(within) => within.render(&mut text),
                None => text.push_str(&unparse(Item::Enum(item.clone()))),
            },
            other => text.push_str(&unparse(other.clone())),
        }
    }
    text
}

fn unparse(item: Item) -> String {
    prettyplease::unparse(&syn::File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: vec![item],
    })
}

/// An enum that is written as a call of a macro.
struct Within {
    /// The name of the macro.
    wrapper: String,
    /// What stands between the enum's name and its brace.
    how: String,
    conditions: Vec<Attribute>,
    /// What stands before each variant.
    keys: Vec<(String, String)>,
    item: ItemEnum,
}

impl Within {
    fn of(item: &ItemEnum) -> Option<Self> {
        let mut item = item.clone();
        let wrapper = take(&mut item.attrs, "within")?;
        let how = take(&mut item.attrs, "how").unwrap_or_default();
        let (conditions, attributes) = item
            .attrs
            .drain(..)
            .partition(|attribute| attribute.path().is_ident("cfg"));
        item.attrs = attributes;
        let keys = item
            .variants
            .iter_mut()
            .filter_map(|variant| {
                Some((variant.ident.to_string(), take(&mut variant.attrs, "key")?))
            })
            .collect();
        Some(Self {
            wrapper,
            how,
            conditions,
            keys,
            item,
        })
    }

    fn render(&self, text: &mut String) {
        for condition in &self.conditions {
            // prettyplease formats attributes only where they stand on something.
            let bearer = unparse(parse_quote!(#condition struct X;));
            text.push_str(bearer.trim_end().trim_end_matches("struct X;"));
        }
        text.push_str(&format!("{}! {{\n", self.wrapper));
        let head = format!("pub enum {} {{", self.item.ident);
        let keyed = self.keys.iter().any(|(_, key)| !key.is_empty());
        // The macro has the documentation of a variant after its key.
        let mut waiting = String::new();
        let mut inside = false;
        for line in unparse(Item::Enum(self.item.clone())).lines() {
            let bare = line.trim_start();
            if line == head {
                inside = true;
                let how = if self.how.is_empty() { "" } else { " " };
                text.push_str(&format!(
                    "    pub enum {}{how}{} {{\n",
                    self.item.ident, self.how
                ));
            } else if inside && keyed && (bare.starts_with("///") || bare.starts_with('#')) {
                waiting.push_str(&format!("        {line}\n"));
            } else if let Some(key) = self.key_of(line).filter(|_| inside && keyed) {
                text.push_str(&format!(
                    "        {}\n{waiting}        {line}\n",
                    key.trim_end()
                ));
                waiting.clear();
            } else {
                let depth = if inside && keyed && line != "}" {
                    "        "
                } else {
                    "    "
                };
                text.push_str(&format!("{depth}{line}\n"));
            }
        }
        text.push_str("}\n");
    }

    /// The key of the variant that begins on this line.
    fn key_of(&self, line: &str) -> Option<&str> {
        let line = line.strip_prefix("    ")?;
        let found = self.keys.iter().find(|(variant, _)| {
            line.strip_prefix(variant.as_str())
                .is_some_and(|rest| rest.starts_with('('))
        });
        found.map(|(_, key)| key.as_str())
    }
}

/// Takes the text of `#[name = "text"]` out of the attributes.
fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<String> {
    let index = attributes
        .iter()
        .position(|attribute| attribute.path().is_ident(name))?;
    match attributes.remove(index).meta {
        Meta::NameValue(MetaNameValue {
            value:
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// The imports for the names that the items use; behind features some may turn out unused.
fn imports(items: &[Item]) -> String {
    const IMPORTS: &[(&str, &str)] = &[
        ("BTreeMap", "std::collections::BTreeMap"),
        ("Bytes", "bytes::Bytes"),
        ("Method", "http::Method"),
        ("operations", "crate::operations"),
        ("model", "crate::runtime::model"),
        ("rt", "crate::runtime as rt"),
        ("Call", "crate::runtime::Call"),
        ("Client", "crate::runtime::Client"),
        ("open_enum", "crate::runtime::open_enum::open_enum"),
        ("union", "crate::runtime::union::union"),
        ("types", "crate::types"),
    ];
    let mut ungated = BTreeSet::new();
    let mut gated = BTreeSet::new();
    for item in items {
        let tokens = quote!(#item);
        let into = if is_gated(item) {
            &mut gated
        } else {
            &mut ungated
        };
        identifiers(tokens, into);
        if let Item::Enum(item) = item {
            into.extend(Within::of(item).map(|within| within.wrapper));
        }
    }
    let mut text = String::new();
    for (name, path) in IMPORTS {
        // Fields of structs have this name too.
        if *name == "model" && !items.iter().any(is_of_fields) {
            continue;
        }
        if ungated.contains(*name) {
            text.push_str(&format!("use {path};\n"));
        } else if gated.contains(*name) {
            text.push_str(&format!(
                "#[allow(unused_imports, reason = \"what uses it depends on the areas\")]\nuse {path};\n"
            ));
        }
    }
    text
}

fn is_gated(item: &Item) -> bool {
    let attributes = match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        _ => return false,
    };
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("cfg"))
}

/// Identifiers that begin a path: what follows `::` or `.` is not imported.
fn identifiers(tokens: TokenStream, into: &mut BTreeSet<String>) {
    let mut before = None;
    let mut continues = false;
    for token in tokens {
        let mut separates = false;
        let mut colon = None;
        match token {
            TokenTree::Ident(ident) if !continues => {
                into.insert(ident.to_string());
            }
            TokenTree::Ident(_) => {}
            TokenTree::Group(group) => identifiers(group.stream(), into),
            TokenTree::Punct(punct) => {
                colon = (punct.as_char() == ':').then(|| punct.spacing());
                separates =
                    punct.as_char() == '.' || colon.is_some() && before == Some(Spacing::Joint);
            }
            // Paths in attributes, such as `with = "rt::date_time"`.
            TokenTree::Literal(literal) => {
                if let Some((first, _)) = literal.to_string().trim_matches('"').split_once("::")
                    && first.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                {
                    into.insert(first.to_owned());
                }
            }
        }
        continues = separates;
        before = colon;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::areas::area_of;

    fn origin() -> Origin {
        Origin {
            from: "openapi.yaml".to_owned(),
            command: "cargo xtask generate".to_owned(),
        }
    }

    fn piece(tags: &[&str], tokens: TokenStream) -> Piece {
        Piece {
            areas: tags
                .iter()
                .filter_map(|tag| area_of(Some(tag), ""))
                .collect(),
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
        assert!(
            shared.contains("feature = \"projects\"))]\npub struct Everyones;"),
            "{shared}"
        );
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

    #[test]
    fn names_within_paths_are_not_imported() {
        let mut found = BTreeSet::new();
        identifiers(
            quote!(#[serde(with = "rt::date_time")] a: other::Client, b.Call, Bytes),
            &mut found,
        );
        assert!(found.contains("rt") && found.contains("Bytes") && found.contains("other"));
        assert!(!found.contains("Client") && !found.contains("Call"));
    }
}
