//! Checks the contents of generated code, read as Rust.

use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};

use super::rendered;

/// The headings that the generator writes.
const HEADINGS: &[&str] = &["Parameters", "Errors", "Panics", "Returns"];

/// The faults of the files below a directory: invalid Rust, documentation with injected markup,
/// characters that the compiler refuses or that deceive readers.
pub fn faults(directory: &Path) -> Vec<String> {
    let mut faults = Vec::new();
    let mut documents = 0;
    each_file(directory, &mut |path, text| {
        if let Some(hidden) = hidden(text) {
            faults.push(format!("{}: {hidden:?}", path.display()));
        }
        match syn::parse_file(text) {
            Err(error) => faults.push(format!("{}: {error}", path.display())),
            Ok(file) => {
                let mut docs = Docs::default();
                docs.visit_file(&file);
                docs.documents.extend(comments(text));
                documents += docs.documents.len();
                for document in &docs.documents {
                    let found = rendered::faults(document, HEADINGS);
                    faults.extend(
                        found
                            .into_iter()
                            .map(|fault| format!("{fault} in {document:?}")),
                    );
                }
            }
        }
    });
    assert!(documents > 0, "documentation was read");
    faults
}

/// All documentation below a directory, as a person sees it.
pub fn shown(directory: &Path) -> String {
    let mut shown = String::new();
    each_file(directory, &mut |_, text| {
        let mut docs = Docs::default();
        docs.visit_file(&syn::parse_file(text).expect("it is Rust"));
        docs.documents.extend(comments(text));
        for document in &docs.documents {
            shown.push_str(&rendered::shown(document));
            shown.push('\n');
        }
    });
    shown
}

/// Documentation in its source form, including calls of macros: each run of its lines.
fn comments(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for line in text.lines() {
        let line = line.trim_start();
        match (line.strip_prefix("///"), found.last_mut()) {
            (Some(line), Some(document)) => {
                document.push_str(line.strip_prefix(' ').unwrap_or(line));
                document.push('\n');
            }
            _ => found.push(String::new()),
        }
    }
    found.retain(|document| !document.is_empty());
    found
}

/// Whether a printed text controls a terminal, changes the direction of text, or is a command of a CI runner.
pub fn acts(printed: &str) -> bool {
    let line_acts = |line: &str| {
        line.trim_start().starts_with("::") || line.contains("##[") || line.contains("##vso[")
    };
    hidden(printed).is_some() || printed.lines().any(line_acts)
}

/// The first character, except for line ends, that is invisible or changes how other characters are displayed.
pub fn hidden(text: &str) -> Option<char> {
    text.chars().find(|c| {
        *c != '\n' && c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    })
}

fn each_file(directory: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            each_file(&path, visit);
        } else {
            let text = fs::read_to_string(&path).expect("readable");
            visit(&path, &text);
        }
    }
}

/// The documentation of each item.
#[derive(Default)]
struct Docs {
    documents: Vec<String>,
}

impl Docs {
    fn add(&mut self, attributes: &[syn::Attribute]) {
        let mut document = String::new();
        for attribute in attributes {
            if let syn::Meta::NameValue(meta) = &attribute.meta
                && meta.path.is_ident("doc")
                && let syn::Expr::Lit(literal) = &meta.value
                && let syn::Lit::Str(line) = &literal.lit
            {
                let line = line.value();
                document.push_str(line.strip_prefix(' ').unwrap_or(&line));
                document.push('\n');
            }
        }
        if !document.is_empty() {
            self.documents.push(document);
        }
    }
}

impl<'ast> Visit<'ast> for Docs {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        match item {
            syn::Item::Struct(item) => self.add(&item.attrs),
            syn::Item::Enum(item) => self.add(&item.attrs),
            syn::Item::Impl(item) => self.add(&item.attrs),
            syn::Item::Trait(item) => self.add(&item.attrs),
            syn::Item::Mod(item) => self.add(&item.attrs),
            syn::Item::Const(item) => self.add(&item.attrs),
            syn::Item::Static(item) => self.add(&item.attrs),
            syn::Item::Fn(item) => self.add(&item.attrs),
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        self.add(&field.attrs);
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.add(&variant.attrs);
    }

    fn visit_impl_item_fn(&mut self, method: &'ast syn::ImplItemFn) {
        self.add(&method.attrs);
    }

    fn visit_trait_item_fn(&mut self, method: &'ast syn::TraitItemFn) {
        self.add(&method.attrs);
    }
}
