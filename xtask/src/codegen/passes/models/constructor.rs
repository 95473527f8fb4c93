//! Writes the constructor and the chained setters of a request.
//!
//! Responses have neither.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Ident, Type};

use crate::codegen::doc::{Doc, Line};
use crate::codegen::passes::{names, reserved, types};

use super::model::{Field, Presence};

/// `new` with the required fields, and a setter for each of the others.
pub(super) fn emit(name: &Ident, fields: &[Field]) -> TokenStream {
    let required: Vec<&Field> = fields.iter().filter(|field| field.is_argument()).collect();
    let arguments = required.iter().map(|field| {
        let ident = &field.ident;
        let ty = argument_type(match field.presence {
            Presence::Expected => types::unwrapped(&field.ty),
            _ => &field.ty,
        });
        quote!(#ident: #ty)
    });
    let values = fields.iter().map(|field| {
        let ident = &field.ident;
        match field.presence {
            Presence::Required | Presence::Nullable => {
                let value = argument_value(&field.ty, ident);
                if *ident == value.to_string() {
                    quote!(#ident)
                } else {
                    quote!(#ident: #value)
                }
            }
            Presence::Expected => {
                let value = argument_value(types::unwrapped(&field.ty), ident);
                quote!(#ident: ::core::option::Option::Some(#value))
            }
            Presence::Optional => quote!(#ident: ::core::option::Option::None),
            Presence::Patch => quote!(#ident: crate::runtime::Patch::Absent),
            Presence::Collection | Presence::Extra => {
                quote!(#ident: ::core::default::Default::default())
            }
        }
    });
    let about = Doc::of(Line::new(if required.is_empty() {
        "Creates an empty value. Set its fields with setters."
    } else {
        "Creates a value from its required fields. Set other fields with setters."
    }));
    let about = about.attributes();
    let setters = fields
        .iter()
        .filter(|field| !field.is_argument())
        .map(setter);
    quote! {
        impl crate::types::#name {
            #about
            #[inline]
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values,)* __extra: ::core::default::Default::default() }
            }
            #(#setters)*
        }
    }
}

fn setter(field: &Field) -> TokenStream {
    let Field { ident, ty, .. } = field;
    let method = names::apart(&names::plain(ident), &reserved::MODEL);
    let text = Line::new("Sets ").own_link(&names::plain(ident)).text(".");
    let text = Doc::of(text).attributes();
    let inner = types::unwrapped(ty);
    let value = argument_value(inner, &format_ident!("value"));
    let (ty, value) = match field.presence {
        Presence::Optional => (
            argument_type(inner),
            quote!(::core::option::Option::Some(#value)),
        ),
        Presence::Patch => (
            quote!(impl ::core::convert::Into<#ty>),
            quote!(value.into()),
        ),
        _ => (argument_type(ty), value),
    };
    quote! {
        #text
        #[inline]
        pub fn #method(mut self, value: #ty) -> Self {
            self.#ident = #value;
            self
        }
    }
}

/// The type of an argument. For texts and secrets it is any type that converts into one.
fn argument_type(ty: &Type) -> TokenStream {
    if converts(ty) {
        quote!(impl ::core::convert::Into<#ty>)
    } else {
        ty.to_token_stream()
    }
}

fn argument_value(ty: &Type, ident: &Ident) -> TokenStream {
    if converts(ty) {
        quote!(#ident.into())
    } else {
        quote!(#ident)
    }
}

fn converts(ty: &Type) -> bool {
    matches!(
        types::last_name(ty).as_deref(),
        Some("String" | "SecretText" | "Secret")
    )
}
