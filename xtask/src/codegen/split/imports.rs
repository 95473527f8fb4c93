//! Writes the imports that the items of a file need.

use std::collections::BTreeSet;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::Item;

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

/// The names to import that items use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    always: BTreeSet<&'static str>,
    /// By items that are there under a condition.
    at_times: BTreeSet<&'static str>,
}

impl Names {
    /// The names that an item uses; `wrapper` is the macro that it will stand in.
    pub(super) fn of(item: &Item, wrapper: Option<&str>, is_conditional: bool) -> Self {
        let mut names = Self::default();
        let into = if is_conditional {
            &mut names.at_times
        } else {
            &mut names.always
        };
        identifiers(item.to_token_stream(), into);
        into.extend(wrapper.and_then(importable));
        names
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.always.extend(&other.always);
        self.at_times.extend(&other.at_times);
    }

    /// The imports; behind features some may turn out unused. `of_fields` says whether any item says
    /// how a model is read and written.
    pub(super) fn imports(&self, of_fields: bool) -> String {
        let mut text = String::new();
        for (name, path) in IMPORTS {
            // Fields of structs have this name too.
            if *name == "model" && !of_fields {
                continue;
            }
            if self.always.contains(name) {
                text.push_str(&format!("use {path};\n"));
            } else if self.at_times.contains(name) {
                text.push_str(&format!(
                    "#[allow(unused_imports, reason = \"what uses it depends on the areas\")]\nuse {path};\n"
                ));
            }
        }
        text
    }
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
    use quote::quote;

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
