//! The text of a conversion: its items and its documentation.

use std::collections::BTreeSet;

use quote::{format_ident, quote};

use crate::codegen::doc::{Doc, Line};
use crate::codegen::passes::models::Model;

use super::{Conversion, values::Value};

/// One conversion to this value, from a value and from a reference.
pub(super) fn conversion(
    (from, to): (&str, &str),
    text: Doc,
    value: Value,
    filled: (usize, usize),
) -> Conversion {
    let (source, target) = (format_ident!("{from}"), format_ident!("{to}"));
    let (source, target) = (quote!(crate::types::#source), quote!(crate::types::#target));
    let Value { tokens, fallible } = value;
    let tokens = if fallible {
        let errors =
            "Returns an error if a required value is absent, or if a member of a union is unknown.";
        let text = text.section("Errors", Line::new(errors)).attributes();
        let error = quote!(crate::runtime::ConversionError);
        quote! {
            #text
            impl ::core::convert::TryFrom<#source> for #target {
                type Error = #error;
                #[inline]
                fn try_from(from: #source) -> ::core::result::Result<Self, #error> {
                    ::core::result::Result::Ok(#tokens)
                }
            }
            impl ::core::convert::TryFrom<&#source> for #target {
                type Error = #error;
                #[inline]
                fn try_from(from: &#source) -> ::core::result::Result<Self, #error> {
                    Self::try_from(from.clone())
                }
            }
        }
    } else {
        let text = text.attributes();
        quote! {
            #text
            impl ::core::convert::From<#source> for #target {
                #[inline]
                fn from(from: #source) -> Self { #tokens }
            }
            impl ::core::convert::From<&#source> for #target {
                #[inline]
                fn from(from: &#source) -> Self { Self::from(from.clone()) }
            }
        }
    };
    Conversion {
        tokens,
        fallible,
        filled,
        parts: BTreeSet::new(),
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
