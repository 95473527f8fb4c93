//! Writes the imports that the items of a file need.

use std::collections::BTreeSet;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::quote;
use syn::Item;

use super::files::is_of_fields;
use super::render::Within;

/// The names that may be imported, and from where.
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
    ("Then", "crate::mock::Then"),
    ("When", "crate::mock::When"),
    ("Mock", "httpmock::Mock"),
    ("types", "crate::types"),
];

/// The imports for the names that the items use; behind features some may turn out unused.
pub(super) fn imports(items: &[Item]) -> String {
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
            into.extend(Within::of(item).and_then(|within| importable(&within.wrapper)));
        }
    }
    let mut text = String::new();
    for (name, path) in IMPORTS {
        // Fields of structs have this name too.
        if *name == "model" && !items.iter().any(is_of_fields) {
            continue;
        }
        if ungated.contains(name) {
            text.push_str(&format!("use {path};\n"));
        } else if gated.contains(name) {
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

/// The name as it stands in [`IMPORTS`].
fn importable<T>(name: &T) -> Option<&'static str>
where
    T: PartialEq<str> + ?Sized,
{
    let mut names = IMPORTS.iter().map(|(known, _)| *known);
    names.find(|known| *name == **known)
}

/// Names to import that begin a path: what follows `::` or `.` is not imported.
fn identifiers(tokens: TokenStream, into: &mut BTreeSet<&'static str>) {
    let mut before = None;
    let mut continues = false;
    for token in tokens {
        let mut separates = false;
        let mut colon = None;
        match token {
            TokenTree::Ident(ident) if !continues => {
                into.extend(importable(&ident));
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
                if let Some((first, _)) = literal.to_string().trim_matches('"').split_once("::") {
                    into.extend(importable(first));
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

    #[test]
    fn names_within_paths_are_not_imported() {
        let mut found = BTreeSet::new();
        identifiers(
            quote!(#[serde(with = "rt::date_time")] a: other::Client, b.Call, Bytes),
            &mut found,
        );
        assert_eq!(found, ["Bytes", "rt"].into());
    }
}
