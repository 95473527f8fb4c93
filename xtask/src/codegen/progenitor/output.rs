//! The items of progenitor's output that the passes read.
//!
//! Only these items are parsed: most of the output is the bodies of functions.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{ItemStruct, Signature};

/// The parts of the output of progenitor that the passes read.
pub(crate) struct Output {
    /// The structs with named fields in the module of types, by name and without their attributes.
    pub(crate) structs: BTreeMap<String, ItemStruct>,
    /// The methods of the client that call an operation.
    pub(crate) methods: Vec<Signature>,
}

impl Output {
    /// Reads the output of progenitor.
    ///
    /// # Errors
    /// Returns an error if a struct or a method is not Rust.
    pub(super) fn read(client: TokenStream) -> syn::Result<Self> {
        let mut read = Self {
            structs: BTreeMap::new(),
            methods: Vec::new(),
        };
        for (head, inside) in braced(client) {
            let words: Vec<String> = head.iter().map(ToString::to_string).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["mod", "types"] => read.add_structs(inside.stream())?,
                ["impl", "Client"] => read.add_methods(inside.stream())?,
                _ => {}
            }
        }
        Ok(read)
    }

    fn add_structs(&mut self, items: TokenStream) -> syn::Result<()> {
        for (mut head, fields) in braced(items) {
            if begins_with(&head, "struct") {
                head.push(TokenTree::Group(fields));
                let item: ItemStruct = syn::parse2(head.into_iter().collect())?;
                self.structs.insert(item.ident.to_string(), item);
            }
        }
        Ok(())
    }

    fn add_methods(&mut self, items: TokenStream) -> syn::Result<()> {
        for (head, _) in braced(items) {
            if begins_with(&head, "async") {
                self.methods.push(syn::parse2(head.into_iter().collect())?);
            }
        }
        Ok(())
    }
}

fn begins_with(head: &[TokenTree], keyword: &str) -> bool {
    matches!(head.first(), Some(TokenTree::Ident(word)) if word == keyword)
}

/// The items with braces: the tokens before the braces, without attributes and visibility, and the braces.
fn braced(items: TokenStream) -> Vec<(Vec<TokenTree>, Group)> {
    let mut found = Vec::new();
    let mut head: Vec<TokenTree> = Vec::new();
    for token in items {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                found.push((std::mem::take(&mut head), group));
            }
            // An item without braces ends.
            TokenTree::Punct(mark) if mark.as_char() == ';' => head.clear(),
            // An attribute ends, before anything else of the item.
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Bracket
                    && matches!(head.as_slice(), [TokenTree::Punct(mark)] if mark.as_char() == '#') =>
            {
                head.clear();
            }
            TokenTree::Ident(word) if head.is_empty() && word == "pub" => {}
            token => head.push(token),
        }
    }
    found
}
