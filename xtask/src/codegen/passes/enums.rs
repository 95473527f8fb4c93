//! Writes the enums of text, each as one call of the runtime's macro.
//!
//! Not for how an enum keeps an unknown value: that is the macro's.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::codegen::doc::{Doc, Line};
use crate::codegen::model::EnumValueModel;

use super::usage::Usage;

/// Writes the enum `name`.
pub(crate) fn emit(
    name: &str,
    text: &str,
    values: &[EnumValueModel],
    usage: &Usage,
) -> TokenStream {
    let ident = format_ident!("{name}");
    let text = usage.describe(name, text).attributes();
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
    quote! {
        #[within = "open_enum"]
        #text
        pub enum #ident { #(#variants)* }
    }
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
        let written = emit("Target", "What is meant", &values, &Usage::default()).to_string();
        assert!(
            written.contains(r#"Cluster = "CLUSTER" | " CLUSTER" ,"#),
            "{written}"
        );
        assert!(written.contains(r#"# [doc = " A cluster."]"#), "{written}");
    }
}
