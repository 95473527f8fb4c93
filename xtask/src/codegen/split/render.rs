//! Formats the items of a file.
//!
//! Not for which items a file has.

use syn::{Attribute, Expr, ExprLit, Item, ItemEnum, Lit, Meta, MetaNameValue, parse_quote};

/// Formats items, with an empty line between them.
///
/// An enum with the attribute `#[within = "name"]` is written as a call of that macro: formatted like
/// the enum that it looks like, while its condition stays outside.
pub(super) fn render(items: Vec<Item>) -> String {
    let mut text = String::new();
    let mut simple = false;
    for item in items {
        let follows_simple = std::mem::replace(
            &mut simple,
            matches!(&item, Item::Mod(module) if module.content.is_none()),
        );
        let keeps_together = follows_simple && simple;
        if !text.is_empty() && !keeps_together {
            text.push('\n');
        }
        match item {
            Item::Enum(item) => match Within::of(&item) {
                Some(within) => within.render(&mut text),
                None => text.push_str(&unparse(Item::Enum(item))),
            },
            other => text.push_str(&unparse(other)),
        }
    }
    text
}

pub(super) fn unparse(item: Item) -> String {
    prettyplease::unparse(&syn::File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: vec![item],
    })
}

/// An enum that is written as a call of a macro.
pub(super) struct Within {
    /// The name of the macro.
    pub(super) wrapper: String,
    /// What stands between the enum's name and its brace.
    how: String,
    conditions: Vec<Attribute>,
    /// What stands before each variant.
    keys: Vec<(String, String)>,
    item: ItemEnum,
}

impl Within {
    pub(super) fn of(item: &ItemEnum) -> Option<Self> {
        position(&item.attrs, "within")?;
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

fn position(attributes: &[Attribute], name: &str) -> Option<usize> {
    let mut attributes = attributes.iter();
    attributes.position(|attribute| attribute.path().is_ident(name))
}

/// Takes the text of `#[name = "text"]` out of the attributes.
fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<String> {
    let index = position(attributes, name)?;
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
