//! The files of a generated tree: their heads, and their length.

use std::ops::Range;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::origin::Origin;
use super::render::{Body, Formatted};
use crate::problem::Problem;
use crate::write::Tree;

/// No generated file is longer.
const MAXIMUM_LINES: usize = 15_000;

/// How many lines of a file its head, imports and the like may take.
const RESERVE: usize = 100;

/// The name of the files that define how models are read and written.
const FIELDS: &str = "fields";

/// The files, as far as they are laid out.
pub(super) struct Files<'a> {
    pub(super) tree: Tree,
    pub(super) origin: &'a Origin,
}

fn is_too_long(body: &str) -> bool {
    body.lines().count() + RESERVE > MAXIMUM_LINES
}

impl Files<'_> {
    /// Adds items to a directory, in as many files as their length needs, and returns the names of the
    /// modules. `make` formats a range of the items.
    pub(super) fn add_parts(
        &mut self,
        (directory, name): (&str, &str),
        about: &str,
        count: usize,
        make: impl Fn(Range<usize>) -> Body,
    ) -> Result<Vec<syn::Ident>, Problem> {
        let mut open = Vec::new();
        open.push(0..count);
        let mut names = Vec::new();
        while let Some(part) = open.pop() {
            let body = make(part.clone());
            if is_too_long(&body.text) && part.len() > 1 {
                let middle = part.start + part.len() / 2;
                open.push(middle..part.end);
                open.push(part.start..middle);
                continue;
            }
            let name = if names.is_empty() {
                name.to_owned()
            } else {
                format!("{name}_{}", names.len() + 1)
            };
            self.add(&format!("{directory}/{name}.rs"), about, &body)?;
            names.push(format_ident!("{name}"));
        }
        Ok(names)
    }

    /// Adds the models of a directory and gives the names of their modules. How they are read and
    /// written is kept apart from them, so that they can be read one after the other.
    pub(super) fn add_models(
        &mut self,
        directory: &str,
        about: &str,
        items: &[Formatted],
    ) -> Result<Vec<syn::Ident>, Problem> {
        let (fields, models): (Vec<&Formatted>, Vec<&Formatted>) =
            items.iter().partition(|item| item.is_of_fields);
        let part = |items: &[&Formatted], part: Range<usize>| {
            Body::of(items.get(part).unwrap_or_default().iter().copied())
        };
        if !fields.is_empty() {
            let about = format!("How the models are read and written. {about}");
            self.add_parts((directory, FIELDS), &about, fields.len(), |range| {
                part(&fields, range)
            })?;
        }
        let about = format!("Models. {about}");
        self.add_parts((directory, "models"), &about, models.len(), |range| {
            part(&models, range)
        })
    }

    pub(super) fn index(&mut self, directory: &str, about: &str, modules: &[syn::Ident]) {
        let fields = format!("{directory}/{FIELDS}");
        let private = self.tree.keys().filter_map(|path| {
            let rest = path.strip_prefix(fields.as_str())?;
            Some(format!("mod {FIELDS}{};\n", rest.trim_end_matches(".rs")))
        });
        let declared: String = modules
            .iter()
            .map(|name| {
                let condition = if name.to_string().starts_with("mock") {
                    "#[cfg(feature = \"httpmock\")]\n"
                } else {
                    ""
                };
                format!("{condition}pub(super) mod {name};\n")
            })
            .chain(private)
            .collect();
        let text = format!("{}\n//! {about}\n\n{declared}", self.origin.head());
        self.tree.insert(format!("{directory}/mod.rs"), text);
    }

    pub(super) fn add(&mut self, path: &str, about: &str, body: &Body) -> Result<(), Problem> {
        let body = &body.text;
        if is_too_long(body) {
            let lines = body.lines().count();
            return Err(Problem::new(format!(
                "the generated file {path} would have {lines} lines, more than {MAXIMUM_LINES}"
            ))
            .with_help("divide its area in xtask/src/codegen/areas.rs"));
        }
        let text = format!("{}\n//! {about}\n\n{body}", self.origin.head());
        self.tree.insert(path.to_owned(), text);
        Ok(())
    }

    pub(super) fn add_root(
        &mut self,
        modules: &TokenStream,
        types: &TokenStream,
        operations: &TokenStream,
    ) -> Result<(), Problem> {
        let file = quote! {
            #modules
            pub mod contract;
            #[cfg(feature = "httpmock")]
            pub(crate) mod mock;
            mod paging;

            /// The models: what operations take and give.
            pub mod types { #types }

            /// The operations as types, for code that is generic over them.
            pub mod operations { #operations }
        };
        let body = Body::of(&Formatted::as_they_are(file)?).text;
        let text = format!(
            "{}\n//! Operations and models, generated from the contract.\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(clippy::all, reason = \"style is for code that is read and written by hand\")]\n\n{body}",
            self.origin.head()
        );
        self.tree.insert("mod.rs".to_owned(), text);
        Ok(())
    }
}
