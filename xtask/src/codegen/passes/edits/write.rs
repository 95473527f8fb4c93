//! The text of a conversion: its items and its documentation.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::codegen::passes::{docs, models::Model};

/// The items of one conversion, from a value and from a reference.
pub(super) fn conversion(
    from: &str,
    to: &str,
    text: &str,
    fallible: bool,
    body: TokenStream,
) -> TokenStream {
    let (source, target) = (format_ident!("{from}"), format_ident!("{to}"));
    if fallible {
        let text = docs::attributes(&format!(
            "{text}\n\n# Errors\nWhere something is absent that the request must say, or a member of a union is not known."
        ));
        return quote! {
            #text
            impl TryFrom<types::#source> for types::#target {
                type Error = rt::ConversionError;
                #[inline]
                fn try_from(from: types::#source) -> Result<Self, rt::ConversionError> {
                    Ok(#body)
                }
            }
            impl TryFrom<&types::#source> for types::#target {
                type Error = rt::ConversionError;
                #[inline]
                fn try_from(from: &types::#source) -> Result<Self, rt::ConversionError> {
                    Self::try_from(from.clone())
                }
            }
        };
    }
    let text = docs::attributes(text);
    quote! {
        #text
        impl From<types::#source> for types::#target {
            #[inline]
            fn from(from: types::#source) -> Self {
                #body
            }
        }
        impl From<&types::#source> for types::#target {
            #[inline]
            fn from(from: &types::#source) -> Self {
                Self::from(from.clone())
            }
        }
    }
}

pub(super) fn text(source: &Model, target: &Model, unset: &[&str], lost: &[&str]) -> String {
    let all = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let mut text = format!(
        "Carries over everything of {} that {} can hold, and the fields that this version of the library does not know.",
        docs::with_article(&source.name),
        docs::with_article(&target.name)
    );
    if !unset.is_empty() {
        text.push_str(&format!(
            "\n\nNot in the response, and so left out: {}.",
            all(unset)
        ));
    }
    if !lost.is_empty() {
        text.push_str(&format!(
            "\n\nIn the response, and not carried by the request: {}.",
            all(lost)
        ));
    }
    text
}
