//! The files of a generated tree: their heads, and their length.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Item;

use super::imports::imports;
use super::render::render;
use super::{Origin, items};
use crate::codegen::write::{MARK, Tree};
use crate::problem::Problem;

/// No generated file is longer.
const MAXIMUM_LINES: usize = 15_000;

/// How many lines of a file its head, imports and the like may take.
const RESERVE: usize = 100;

/// The files, as far as they are laid out.
pub(super) struct Files<'a> {
    pub(super) tree: Tree,
    pub(super) origin: &'a Origin,
}

impl Files<'_> {
    /// Adds the models of a directory, in as many files as their length needs, and gives the names
    /// of the modules.
    pub(super) fn add_models(
        &mut self,
        directory: &str,
        about: &str,
        items: Vec<Item>,
    ) -> Result<Vec<syn::Ident>, Problem> {
        let mut open = vec![items];
        let mut chunks = Vec::new();
        while let Some(mut items) = open.pop() {
            let lines = render(&items).lines().count();
            if lines + RESERVE > MAXIMUM_LINES && items.len() > 1 {
                let second = items.split_off(items.len() / 2);
                open.push(second);
                open.push(items);
            } else {
                chunks.push(items);
            }
        }
        let mut names = Vec::new();
        for (index, items) in chunks.into_iter().enumerate() {
            let name = if index == 0 {
                "models".to_owned()
            } else {
                format!("models_{}", index + 1)
            };
            self.add(
                &format!("{directory}/{name}.rs"),
                &format!("Models. {about}"),
                items,
            )?;
            names.push(format_ident!("{name}"));
        }
        if directory == "shared" {
            self.index(directory, about, &names);
        }
        Ok(names)
    }

    pub(super) fn index(&mut self, directory: &str, about: &str, modules: &[syn::Ident]) {
        let declared: String = modules
            .iter()
            .map(|name| {
                let condition = if name == "mock" {
                    "#[cfg(feature = \"httpmock\")]\n"
                } else {
                    ""
                };
                format!("{condition}pub(super) mod {name};\n")
            })
            .collect();
        let text = format!("{}\n//! {about}\n\n{declared}", self.head());
        self.tree.insert(format!("{directory}/mod.rs"), text);
    }

    pub(super) fn add(&mut self, path: &str, about: &str, items: Vec<Item>) -> Result<(), Problem> {
        let body = render(&items);
        let imports = imports(&items);
        let lines = body.lines().count();
        if lines + RESERVE > MAXIMUM_LINES {
            return Err(Problem::new(format!(
                "the generated file {path} would have {lines} lines, more than {MAXIMUM_LINES}"
            ))
            .with_help("divide its area in xtask/src/codegen/areas.rs"));
        }
        let text = format!("{}\n//! {about}\n\n{imports}\n{body}", self.head());
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
        let body = render(&items(file)?);
        let text = format!(
            "{}\n//! Operations and models, generated from the contract.\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(clippy::all, reason = \"style is for code that is read and written by hand\")]\n\n{body}",
            self.head()
        );
        self.tree.insert("mod.rs".to_owned(), text);
        Ok(())
    }

    pub(super) fn head(&self) -> String {
        head(self.origin)
    }
}

pub(super) fn head(origin: &Origin) -> String {
    format!(
        "{MARK} by `cargo xtask generate` from {}. Do not edit.\n// To generate again: {}\n",
        origin.from, origin.command
    )
}
