//! The files of a generated tree: their heads, and their length.

use std::collections::BTreeMap;
use std::ops::Range;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::origin::Origin;
use super::parts::Listed;
use super::render::{Body, Formatted};
use crate::codegen::areas::Area;
use crate::codegen::doc::{Doc, Line};
use crate::problem::Problem;
use crate::write::Tree;

/// The maximum number of lines of a generated file.
const MAXIMUM_LINES: usize = 15_000;

/// How many lines of a file its head, imports and the like may take.
const RESERVE: usize = 100;

/// The name of the files that define how models are read and written.
const FIELDS: &str = "fields";

/// A file of a directory, as the module that it is.
pub(super) struct Module {
    pub(super) name: syn::Ident,
    /// Its public types by their condition.
    declared: BTreeMap<Option<String>, Vec<String>>,
}

impl Module {
    /// Exports its types from a module beside `path`. Each is named, because rustc says which feature a name
    /// needs only if it reads the name.
    pub(super) fn exports(
        &self,
        path: &TokenStream,
        condition: Option<&TokenStream>,
    ) -> TokenStream {
        let name = &self.name;
        let exports = self.declared.iter().map(|(own, names)| {
            let own: Option<TokenStream> = own.as_ref().and_then(|own| own.parse().ok());
            let names = names.iter().map(|name| format_ident!("{name}"));
            quote!(#condition #own pub use super::#path::#name::{#(#names),*};)
        });
        exports.collect()
    }
}

/// The files, as far as they are laid out.
pub(super) struct Files<'a> {
    pub(super) tree: Tree,
    pub(super) origin: &'a Origin,
}

fn is_too_long(body: &str) -> bool {
    body.lines().count() + RESERVE > MAXIMUM_LINES
}

impl Files<'_> {
    /// Adds items to a directory, in as many files as their length needs, and returns the modules.
    /// `make` formats a range of the items.
    pub(super) fn add_parts(
        &mut self,
        (directory, name): (&str, &str),
        about: &str,
        count: usize,
        make: impl Fn(Range<usize>) -> Body,
    ) -> Result<Vec<Module>, Problem> {
        let mut open = Vec::new();
        open.push(0..count);
        let mut modules: Vec<Module> = Vec::new();
        while let Some(part) = open.pop() {
            let body = make(part.clone());
            if is_too_long(&body.text) && part.len() > 1 {
                let middle = part.start + part.len() / 2;
                open.push(middle..part.end);
                open.push(part.start..middle);
                continue;
            }
            let name = if modules.is_empty() {
                name.to_owned()
            } else {
                format!("{name}_{}", modules.len() + 1)
            };
            self.add(&format!("{directory}/{name}.rs"), about, &body)?;
            modules.push(Module {
                name: format_ident!("{name}"),
                declared: body.declared,
            });
        }
        Ok(modules)
    }

    /// Adds the models of a directory and returns their modules. The code that reads and writes models is in
    /// separate files, so that the models are easy to find.
    pub(super) fn add_models(
        &mut self,
        directory: &str,
        about: &str,
        items: &[Formatted],
    ) -> Result<Vec<Module>, Problem> {
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

    pub(super) fn index(&mut self, directory: &str, about: &str, modules: &[Module]) {
        let fields = format!("{directory}/{FIELDS}");
        let private = self.tree.keys().filter_map(|path| {
            let rest = path.strip_prefix(fields.as_str())?;
            Some(format!("mod {FIELDS}{};\n", rest.trim_end_matches(".rs")))
        });
        let declared: String = modules
            .iter()
            .map(|Module { name, .. }| {
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
            let mut items = body.lines().filter(|line| line.starts_with("pub "));
            let item = items.next().unwrap_or_default().trim_end_matches('{');
            return Err(Problem::new(format!(
                "the generated file {path} with `{}` would have {lines} lines, more than {MAXIMUM_LINES}",
                item.trim()
            ))
            .with_help("describe it in several parts, or shorten its texts, in the overlay"));
        }
        let text = format!("{}\n//! {about}\n\n{body}", self.origin.head());
        self.tree.insert(path.to_owned(), text);
        Ok(())
    }

    /// Adds the methods of the areas that are not enabled, a file for each area.
    pub(super) fn add_absent(
        &mut self,
        methods: impl Iterator<Item = (&'static Area, String)>,
    ) -> Result<(), Problem> {
        let mut declared = String::new();
        for (area, methods) in methods {
            let name = area.name;
            declared.push_str(&format!(
                "#[cfg(not(feature = \"{name}\"))]\npub(super) mod {name};\n"
            ));
            let text = format!(
                "/// No type implements it, because the feature is off.\n\
                 #[diagnostic::on_unimplemented(\n    \
                 message = \"the feature `{name}` of `qovery-api` is not enabled\",\n    \
                 label = \"needs the feature `{name}` of `qovery-api`\",\n    \
                 note = \"enable it, for example with `cargo add qovery-api --features {name}`\",\n)]\n\
                 pub trait IsEnabled {{\n    type Part;\n    fn absent<T>(self) -> T;\n}}\n\n\
                 crate::runtime::absent! {{\n    IsEnabled:\n{methods}}}\n"
            );
            let body = Body::of_text(text);
            let about = "The methods of an area that is not enabled: the compiler error for a call of such a method names the feature.";
            self.add(&format!("absent/{name}.rs"), about, &body)?;
        }
        let about = "The methods of areas that are not enabled.";
        self.add("absent/mod.rs", about, &Body::of_text(declared))
    }

    /// Adds the list of operations by area, which is only documentation.
    pub(super) fn add_list(
        &mut self,
        operations: &BTreeMap<&'static Area, Vec<Listed>>,
    ) -> Result<(), Problem> {
        let mut text = String::from(
            "//! Which feature each operation needs: all operations by area.\n//!\n\
             //! Each area is a Cargo feature. A model is available if an operation that uses it is.\n",
        );
        let cell = |line: Line| Doc::of(line).text().replace('|', "\\|");
        for (area, listed) in operations {
            let (name, about) = (area.name, area.about);
            text.push_str(&format!(
                "//!\n//! # `{name}`\n//! {about}\n//!\n//! | method | request |\n//! |---|---|\n"
            ));
            for Listed {
                method, request, ..
            } in listed
            {
                let method = cell(Line::default().item(&["Client", method]));
                let request = cell(Line::default().code(request));
                text.push_str(&format!("//! | {method} | {request} |\n"));
            }
        }
        let text = format!("{}\n{text}", self.origin.head());
        self.tree.insert("areas.rs".to_owned(), text);
        Ok(())
    }

    /// Adds the file with the modules of the tree.
    pub(super) fn add_root(&mut self, about: &str, file: TokenStream) -> Result<(), Problem> {
        let body = Body::of(&Formatted::all(file, None)?).text;
        let text = format!(
            "{}\n//! {about}\n\n#![cfg_attr(rustfmt, rustfmt_skip)]\n#![allow(clippy::all, reason = \"style is for code that is read and written by hand\")]\n\n{body}",
            self.origin.head()
        );
        self.tree.insert("mod.rs".to_owned(), text);
        Ok(())
    }
}
