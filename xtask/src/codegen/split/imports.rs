//! Writes the imports that the items of a file need.

use std::collections::BTreeSet;

use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, Meta};

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
        let mut found = Found(BTreeSet::new());
        found.visit_item(item);
        found.0.extend(wrapper.and_then(importable));
        let (always, at_times) = if is_conditional {
            (BTreeSet::new(), found.0)
        } else {
            (found.0, BTreeSet::new())
        };
        Self { always, at_times }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.always.extend(&other.always);
        self.at_times.extend(&other.at_times);
    }

    /// The imports; behind features some may turn out unused.
    pub(super) fn imports(&self) -> String {
        let mut text = String::new();
        for (name, path) in IMPORTS {
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

/// Names to import that begin a path.
struct Found(BTreeSet<&'static str>);

impl<'ast> Visit<'ast> for Found {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let first = path.segments.first();
        if let Some(first) = first.filter(|_| path.leading_colon.is_none()) {
            // A local variable is a path too, of one segment.
            let name = importable(&first.ident);
            let is_alone = path.segments.len() == 1;
            let is_it = |name: &&str| !(is_alone && name.starts_with(char::is_lowercase));
            self.0.extend(name.filter(is_it));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.0.extend(call.path.get_ident().and_then(importable));
        visit::visit_macro(self, call);
        identifiers(call.tokens.clone(), &mut self.0);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let Meta::List(list) = &attribute.meta {
            identifiers(list.tokens.clone(), &mut self.0);
        }
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
    use syn::parse_quote;

    use super::*;

    #[test]
    fn only_what_begins_a_path_is_imported() {
        let item = parse_quote! {
            impl Trait for types::Then {
                #[serde(with = "rt::date_time")]
                fn read(&self, operations: other::Client, b: Bytes) -> Self {
                    through!(model::Field, Other::Mock);
                    Self { types: operations.Call, union: b }
                }
            }
        };
        let names = Names::of(&item, None, false);
        assert_eq!(names.always, ["Bytes", "model", "rt", "types"].into());
    }

    #[test]
    fn what_only_conditional_items_use_may_be_left_unused() {
        let mut names = Names::of(
            &parse_quote!(
                struct A(Bytes, types::B);
            ),
            None,
            false,
        );
        let other = parse_quote!(
            #[cfg(feature = "c")]
            struct D(Client, types::B);
        );
        names.add(&Names::of(&other, Some("union"), true));
        let imports = names.imports();
        let (first, rest) = imports.split_once('\n').expect("several imports");
        assert_eq!(first, "use bytes::Bytes;");
        assert!(rest.ends_with("\nuse crate::types;\n"), "{rest}");
        for gated in ["crate::runtime::Client", "crate::runtime::union::union"] {
            let expected = format!("depends on the areas\")]\nuse {gated};");
            assert!(rest.contains(&expected), "{rest}");
        }
    }
}
