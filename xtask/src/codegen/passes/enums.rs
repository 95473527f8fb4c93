//! Writes the enums of text, each as one call of the runtime's macro.
//!
//! The macro keeps the unknown values of an enum.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::codegen::doc::{Doc, Line};
use crate::codegen::model::EnumValueModel;
use crate::codegen::normalize::names;

/// Writes the enum `name` with this documentation.
pub(crate) fn emit(name: &str, about: &Doc, values: &[EnumValueModel]) -> TokenStream {
    let ident = format_ident!("{name}");
    let about = about.attributes();
    let variants = values.iter().map(|value| {
        let variant = format_ident!("{}", value.rust_name);
        let wire = &value.value;
        let aliases = &value.aliases;
        let text = value.description.as_deref().map(Doc::sentence);
        let text = text
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| Line::default().code(wire).text(".").into())
            .attributes();
        quote!(#text #variant = #wire #(| #aliases)*,)
    });
    let former = former(values);
    let former = (!former.is_empty()).then(|| quote!(impl crate::types::#ident { #(#former)* }));
    quote! {
        #[within = "crate::runtime::open_enum::open_enum"]
        #about
        pub enum #ident { #(#variants)* }
        #former
    }
}

/// Constants with the variant names of other spellings. If the spelling of a value changes, programs that use its
/// former name still compile.
fn former(values: &[EnumValueModel]) -> Vec<TokenStream> {
    let mut taken: BTreeSet<String> = values.iter().map(|value| value.rust_name.clone()).collect();
    taken.insert("Unknown".to_owned());
    let mut written = Vec::new();
    for value in values {
        for alias in &value.aliases {
            let name = names::variant_name(alias);
            if !names::is_type_name(&name) || !taken.insert(name.clone()) {
                continue;
            }
            let note = format!("it is called `{}` now", value.rust_name);
            let text = Line::new("The former name of ")
                .code(&value.rust_name)
                .text(".");
            let text = Doc::of(text).attributes();
            let (name, variant) = (
                format_ident!("{name}"),
                format_ident!("{}", value.rust_name),
            );
            written.push(quote! {
                #text
                #[deprecated = #note]
                #[allow(non_upper_case_globals, reason = "it was a variant")]
                pub const #name: Self = Self::#variant;
            });
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_a_variant_with_its_other_spellings() {
        let values = [EnumValueModel {
            value: "CLUSTER".to_owned(),
            rust_name: "Cluster".to_owned(),
            aliases: vec![" CLUSTER".to_owned()],
            description: Some("A cluster".to_owned()),
        }];
        let written = emit("Target", &Doc::sentence("What is meant"), &values).to_string();
        assert!(
            written.contains(r#"Cluster = "CLUSTER" | " CLUSTER" ,"#),
            "{written}"
        );
        assert!(written.contains(r#"# [doc = " A cluster."]"#), "{written}");
    }
}
