//! Formats the items of a file.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Ident, Item, ItemImpl, LitStr, Visibility};

use super::absolute::{Side, on_side};
use super::code::Code;
use crate::problem::Problem;
use crate::record::Record;

/// A formatted item of a file.
///
/// An enum with the attribute `#[within = "name"]` is written as a call of that macro: formatted like
/// the enum that it looks like, while its condition stays outside.
#[derive(Debug)]
pub(super) struct Formatted {
    pub(super) text: String,
    /// Whether it says how a struct is read and written.
    pub(super) is_of_fields: bool,
    /// Whether it declares a module in another file.
    is_declaration: bool,
    /// The name of a public type that it declares.
    pub(super) declares: Option<String>,
    /// The features that a type of several areas needs, as an attribute.
    pub(super) condition: Option<String>,
}

impl Formatted {
    /// Formats items that depend on a condition, if one is given, and on their own conditions.
    ///
    /// # Errors
    /// Returns an error if they are not Rust: a defect of the generator.
    pub(super) fn all(
        items: TokenStream,
        condition: Option<&Attribute>,
    ) -> Result<Vec<Self>, Problem> {
        let file: syn::File = parsed(items)?;
        let items = file.items.into_iter();
        Ok(items.map(|item| Self::of(item, condition)).collect())
    }

    /// Like [`all`](Self::all), but items that an earlier run has formatted are not formatted again.
    ///
    /// # Errors
    /// Returns an error if they are not Rust: a defect of the generator.
    pub(super) fn recorded(
        record: &mut Record,
        code: impl Code,
        side: Side,
        condition: Option<Attribute>,
    ) -> Result<Vec<Self>, Problem> {
        if !record.is_kept() {
            return Self::all(on_side(code.tokens()?, side), condition.as_ref());
        }
        let named = condition
            .as_ref()
            .map(|one| one.to_token_stream().to_string());
        let key = code.key();
        let inputs = [named.as_deref().unwrap_or_default(), &key];
        let text = record.text(inputs, || {
            let items = Self::all(on_side(code.tokens()?, side), condition.as_ref())?;
            Ok(items.iter().map(Self::written).collect())
        })?;
        let mut found = Vec::new();
        let mut rest = text.as_str();
        while let Some((mut item, after)) = Self::read(rest) {
            item.condition.clone_from(&named);
            found.push(item);
            rest = after;
        }
        Ok(found)
    }

    /// The item as a record has it: its text, after a line with its facts and the length of the text.
    fn written(&self) -> String {
        let name = self.declares.as_deref().unwrap_or("-");
        let (fields, declaration, text) = (self.is_of_fields, self.is_declaration, &self.text);
        format!("{fields} {declaration} {name} {}\n{text}", text.len())
    }

    /// The first item of a text of a record, and the text of the others.
    fn read(text: &str) -> Option<(Self, &str)> {
        let (facts, text) = text.split_once('\n')?;
        let mut facts = facts.split(' ');
        let mut fact = || facts.next();
        let (fields, declaration) = (fact()?.parse().ok()?, fact()?.parse().ok()?);
        let (name, length) = (fact()?, fact()?.parse().ok()?);
        let (text, after) = text.split_at_checked(length)?;
        let item = Self {
            text: text.to_owned(),
            is_of_fields: fields,
            is_declaration: declaration,
            declares: (name != "-").then(|| name.to_owned()),
            condition: None,
        };
        Some((item, after))
    }

    fn of(mut item: Item, condition: Option<&Attribute>) -> Self {
        if let Some(attributes) = attributes(&mut item) {
            attributes.splice(..0, condition.cloned());
        }
        Self {
            condition: condition.map(|condition| condition.to_token_stream().to_string()),
            ..Self::as_it_is(item)
        }
    }

    fn as_it_is(item: Item) -> Self {
        Self {
            is_of_fields: is_of_fields(&item),
            is_declaration: matches!(&item, Item::Mod(module) if module.content.is_none()),
            declares: declared(&item).map(Ident::to_string),
            condition: None,
            text: match item {
                Item::Enum(item) if has(&item.attrs, "within") => {
                    within(&unparse(Item::Enum(item)))
                }
                Item::Impl(block) if has(&block.attrs, "setters") => setters(block),
                item => unparse(item),
            },
        }
    }
}

/// The name of the public type that an item declares.
fn declared(item: &Item) -> Option<&Ident> {
    let (ident, visibility) = match item {
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        _ => return None,
    };
    matches!(visibility, Visibility::Public(_)).then_some(ident)
}

/// The setters of an operation's call, as a call of the macro that chooses their type.
fn setters(mut block: ItemImpl) -> String {
    block
        .attrs
        .retain(|attribute| !attribute.path().is_ident("setters"));
    let mut text = String::from("crate::runtime::setters! {\n");
    for line in unparse(Item::Impl(block)).lines() {
        let indent = if line.is_empty() { "" } else { "    " };
        text.push_str(&format!("{indent}{line}\n"));
    }
    text.push_str("}\n");
    text
}

/// Generated tokens as Rust.
///
/// # Errors
/// Returns an error that names the first item if they are not Rust: a defect of the generator.
fn parsed(tokens: TokenStream) -> Result<syn::File, Problem> {
    // The tokens are parsed without a copy, because nothing else holds them.
    let words = tokens.clone().into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    let words: Vec<String> = words.take(8).collect();
    syn::parse2(tokens).map_err(|error| {
        let words = words.join(" ");
        Problem::defect(format!(
            "the generator wrote invalid Rust: {error}, in `{words}`"
        ))
    })
}

/// The attributes of an item, if its kind may depend on features.
fn attributes(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    match item {
        Item::Struct(item) => Some(&mut item.attrs),
        Item::Enum(item) => Some(&mut item.attrs),
        Item::Impl(item) => Some(&mut item.attrs),
        Item::Type(item) => Some(&mut item.attrs),
        Item::Macro(item) => Some(&mut item.attrs),
        _ => None,
    }
}

/// The content of a file below its head.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) text: String,
    /// The public types by their condition.
    pub(super) declared: BTreeMap<Option<String>, Vec<String>>,
    ends_with_declaration: bool,
}

impl Body {
    /// These items, with an empty line between them.
    pub(super) fn of<'a>(items: impl IntoIterator<Item = &'a Formatted>) -> Self {
        let mut body = Self::default();
        for item in items {
            body.add(item);
        }
        body
    }

    /// A text that is formatted.
    pub(super) fn of_text(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    /// One `impl` of the client with these methods.
    pub(super) fn of_client(methods: &[Formatted]) -> Self {
        let mut text = String::from("impl crate::runtime::Client {\n");
        for method in methods {
            // Each is formatted in a block of its own.
            let lines = method.text.strip_suffix("}\n");
            let lines = lines.and_then(|block| block.split_once('\n'));
            text.push_str(lines.map_or("", |(_, method)| method));
        }
        text.push_str("}\n");
        Self::of_text(text)
    }

    /// Appends an item.
    pub(super) fn add(&mut self, item: &Formatted) {
        let keeps_together = self.ends_with_declaration && item.is_declaration;
        if !self.text.is_empty() && !keeps_together {
            self.text.push('\n');
        }
        self.text.push_str(&item.text);
        if let Some(name) = &item.declares {
            let declared = self.declared.entry(item.condition.clone()).or_default();
            declared.push(name.clone());
        }
        self.ends_with_declaration = item.is_declaration;
    }
}

/// Whether the item says how a struct is read and written.
fn is_of_fields(item: &Item) -> bool {
    let path = match item {
        Item::Impl(item) => item.trait_.as_ref().map(|(path, _)| path),
        Item::Macro(item) => Some(&item.mac.path),
        _ => None,
    };
    path.and_then(|path| path.segments.iter().nth(2))
        .is_some_and(|segment| segment.ident == "model")
}

fn unparse(item: Item) -> String {
    let is_macro = matches!(item, Item::Macro(_));
    let text = prettyplease::unparse(&syn::File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: vec![item],
    });
    // The tokens of a macro may not be Rust, so they are formatted unchanged.
    if is_macro {
        text.replace("crate ::", "crate::")
    } else {
        text
    }
}

/// An enum that is written as a call of the macro `within`, given as it is formatted. Before the attribute are the
/// conditions, which stay outside. The macro has the text of `how` after the name, and that of `key` before a variant.
fn within(formatted: &str) -> String {
    let mut text = String::new();
    let mut how = String::new();
    let mut indent = "";
    for line in formatted.lines() {
        if let Some(name) = attribute(line, "within") {
            indent = "    ";
            text.push_str(&format!("{name}! {{\n"));
        } else if let Some(tokens) = attribute(line, "how") {
            how = format!(" {tokens}");
        } else if let Some(key) = attribute(line, "key") {
            if !key.is_empty() {
                indent = "        ";
                text.push_str(&format!("{indent}{}\n", key.trim_end()));
            }
        } else if let Some(head) = line
            .strip_suffix(" {")
            .filter(|_| line.starts_with("pub enum "))
        {
            text.push_str(&format!("{indent}{head}{how} {{\n"));
        } else {
            let indent = if line == "}" { "    " } else { indent };
            text.push_str(&format!("{indent}{line}\n"));
        }
    }
    text.push_str("}\n");
    text
}

/// The text of an attribute, given the line with it.
fn attribute(line: &str, name: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("#[")?.strip_prefix(name)?;
    let literal = rest.strip_prefix(" = ")?.strip_suffix(']')?;
    Some(syn::parse_str::<LitStr>(literal).ok()?.value())
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident(name))
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn recorded_items_are_those_that_the_formatter_writes() {
        let home = tempfile::tempdir().expect("a directory");
        let condition: Attribute = parse_quote!(#[cfg(feature = "jobs")]);
        let all = [
            (
                quote!(
                    pub struct A {
                        b: u8,
                    }
                    mod c;
                    pub type D = A;
                ),
                None,
            ),
            (
                quote!(
                    pub struct A {
                        b: u8,
                    }
                ),
                Some(condition),
            ),
            (
                quote!(crate::runtime::model::through_fields!(crate::types::A);),
                None,
            ),
            (quote!(), None),
        ];
        for _ in 0..2 {
            let mut record = Record::read(home.path().join("record"), "program");
            for (items, condition) in &all {
                let found =
                    Formatted::recorded(&mut record, items.clone(), Side::Rest, condition.clone());
                let made = Formatted::all(items.clone(), condition.as_ref());
                let [found, made] =
                    [found, made].map(|items| format!("{:?}", items.expect("Rust")));
                assert_eq!(found, made);
            }
            record.keep();
        }
    }
}
