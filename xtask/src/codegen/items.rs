//! The items of a token stream: which there are is told without parsing what is in them.
//!
//! Most of what progenitor writes is bodies of functions, attributes and documentation, which nothing here
//! reads. Not for other code than progenitor's: a brace in the head of an item would be taken for its body.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser as _};

/// One item, without its attributes.
#[derive(Debug)]
pub(crate) struct Item {
    /// What stands before the braces or the semicolon.
    pub(crate) head: Vec<TokenTree>,
    /// What stands between the braces, where there are any.
    pub(crate) body: Option<TokenStream>,
}

impl Item {
    /// Whether this word stands in the head, outside of any brackets.
    pub(crate) fn has(&self, word: &str) -> bool {
        let is_word = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident == word);
        self.head.iter().any(is_word)
    }

    /// Whether it is the module, the trait or the `impl` without a trait of this name.
    pub(crate) fn is(&self, kind: &str, name: &str) -> bool {
        self.has(kind) && !self.has("for") && self.has(name)
    }

    /// The items between its braces.
    pub(crate) fn inside(self) -> impl Iterator<Item = Item> {
        items(self.body.unwrap_or_default())
    }

    /// The signature of a function.
    ///
    /// # Errors
    /// Where it is none: a defect of the generator.
    pub(crate) fn signature(self) -> syn::Result<syn::Signature> {
        let signature = |input: ParseStream<'_>| {
            syn::Visibility::parse(input)?;
            syn::Signature::parse(input)
        };
        signature.parse2(self.head.into_iter().collect())
    }

    /// A struct, its fields without attributes.
    ///
    /// # Errors
    /// Where it is none: a defect of the generator.
    pub(crate) fn structure(self) -> syn::Result<syn::ItemStruct> {
        let body = Group::new(
            Delimiter::Brace,
            without_attributes(self.body.unwrap_or_default()).collect(),
        );
        let tokens = self.head.into_iter().chain([body.into()]);
        syn::parse2(tokens.collect())
    }
}

/// The items at the top of `tokens`.
pub(crate) fn items(tokens: TokenStream) -> impl Iterator<Item = Item> {
    let mut tokens = without_attributes(tokens);
    std::iter::from_fn(move || {
        let mut head = Vec::new();
        for token in tokens.by_ref() {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    let body = Some(group.stream());
                    return Some(Item { head, body });
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    return Some(Item { head, body: None });
                }
                other => head.push(other),
            }
        }
        None
    })
}

/// The same tokens without attributes, but for those inside of brackets.
fn without_attributes(tokens: TokenStream) -> impl Iterator<Item = TokenTree> {
    let mut in_attribute = false;
    tokens.into_iter().filter(move |token| match token {
        TokenTree::Punct(punct) if punct.as_char() == '#' => {
            in_attribute = true;
            false
        }
        // `#![..]`
        TokenTree::Punct(punct) if in_attribute && punct.as_char() == '!' => false,
        TokenTree::Group(_) if in_attribute => {
            in_attribute = false;
            false
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn written() -> TokenStream {
        quote! {
            #![allow(a)]
            pub use b::{C, D};
            /// Words.
            #[derive(E)]
            pub struct F {
                /// Words.
                #[g(h = "i")]
                pub j: ::k::L<[u8; 2]>,
            }
            impl M for F { fn n() { o } }
            impl F {
                pub async fn p<'a>(&'a self, q: &'a R) -> Result<S, T> where U: V { w(X { y: z }) }
            }
            pub struct Z(A);
        }
    }

    fn one(kind: &str, name: &str) -> Item {
        let mut found = items(written()).filter(|item| item.is(kind, name));
        let first = found.next().expect("there is one");
        assert!(found.next().is_none(), "there is only one");
        first
    }

    #[test]
    fn a_struct_has_its_fields_without_attributes() {
        let expected = quote!(
            pub struct F {
                pub j: ::k::L<[u8; 2]>,
            }
        );
        let found = items(written()).find(|item| item.has("struct"));
        let found = found.expect("there is one").structure().expect("it is one");
        let expected: syn::ItemStruct = syn::parse2(expected).expect("it is Rust");
        assert_eq!(found, expected);
    }

    #[test]
    fn a_function_has_its_signature_and_an_impl_of_a_trait_is_another_item() {
        let function = one("impl", "F").inside().next().expect("there is one");
        let signature = function.signature().expect("it is one");
        let expected = quote!(async fn p<'a>(&'a self, q: &'a R) -> Result<S, T> where U: V);
        let expected: syn::Signature = syn::parse2(expected).expect("it is Rust");
        assert_eq!(signature, expected);
    }

    #[test]
    fn an_item_that_ends_with_a_semicolon_has_no_body() {
        let found = items(written()).find(|item| item.has("Z"));
        assert!(found.expect("there is one").body.is_none());
    }
}
