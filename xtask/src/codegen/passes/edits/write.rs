//! The text of a conversion: its items and its documentation.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::codegen::doc::{Doc, Line};
use crate::codegen::passes::models::Model;

/// The items of one conversion, from a value and from a reference.
pub(super) fn conversion(
    from: &str,
    to: &str,
    text: Doc,
    fallible: bool,
    body: TokenStream,
) -> TokenStream {
    let (source, target) = (format_ident!("{from}"), format_ident!("{to}"));
    if fallible {
        let errors =
            "Returns an error if a required value is absent, or if a member of a union is unknown.";
        let text = text.section("Errors", Line::new(errors)).attributes();
        return quote! {
            #text
            impl ::core::convert::TryFrom<crate::types::#source> for crate::types::#target {
                type Error = crate::runtime::ConversionError;
                #[inline]
                fn try_from(from: crate::types::#source) -> ::core::result::Result<Self, crate::runtime::ConversionError> {
                    ::core::result::Result::Ok(#body)
                }
            }
            impl ::core::convert::TryFrom<&crate::types::#source> for crate::types::#target {
                type Error = crate::runtime::ConversionError;
                #[inline]
                fn try_from(from: &crate::types::#source) -> ::core::result::Result<Self, crate::runtime::ConversionError> {
                    Self::try_from(from.clone())
                }
            }
        };
    }
    let text = text.attributes();
    quote! {
        #text
        impl ::core::convert::From<crate::types::#source> for crate::types::#target {
            #[inline]
            fn from(from: crate::types::#source) -> Self {
                #body
            }
        }
        impl ::core::convert::From<&crate::types::#source> for crate::types::#target {
            #[inline]
            fn from(from: &crate::types::#source) -> Self {
                Self::from(from.clone())
            }
        }
    }
}

pub(super) fn text(source: &Model, target: &Model, unset: &[&str], lost: &[&str]) -> Doc {
    let text = Line::new("Converts ")
        .with_article(&source.name)
        .text(" into ")
        .with_article(&target.name)
        .text(
            ". Copies the fields that both have, and the fields that this version of the library \
             does not know.",
        );
    let listed = |before: &str, names: &[&str]| match names {
        [] => Line::default(),
        names => Line::new(before).listed(names).text("."),
    };
    Doc::of(text)
        .paragraph(listed(
            "Left out, because the response does not have them: ",
            unset,
        ))
        .paragraph(listed(
            "Not copied, because the request does not have them: ",
            lost,
        ))
}
