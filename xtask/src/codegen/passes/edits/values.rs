//! Converting one value from the type that a response has to the type that a request has.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Type, parse_quote};

use crate::codegen::passes::{
    models::{self, Field, Models},
    types,
};

use super::Conversions;

/// An expression of the wanted type.
pub(super) struct Value {
    pub(super) tokens: TokenStream,
    /// Whether the expression returns from the function with an error if the value is missing.
    pub(super) fallible: bool,
}

impl Value {
    pub(super) fn sure(tokens: TokenStream) -> Self {
        Self {
            tokens,
            fallible: false,
        }
    }

    /// Puts the expression into another one, which `make` writes; the second argument is [`Self::fallible`].
    pub(super) fn within(self, make: impl FnOnce(TokenStream, bool) -> TokenStream) -> Self {
        let tokens = make(self.tokens, self.fallible);
        Self { tokens, ..self }
    }
}

/// Converts an expression from one type to another.
pub(super) fn converted(
    conversions: &mut Conversions<'_>,
    from: &Type,
    to: &Type,
    value: TokenStream,
) -> Option<Value> {
    if types::same(from, to) {
        return Some(Value::sure(value));
    }
    let some = quote!(::core::option::Option::Some);
    let none = quote!(::core::option::Option::None);
    if let Some(from) = types::inside(from, "Patch") {
        if let Some(to) = types::inside(to, "Patch") {
            let inner = converted(conversions, from, to, quote!(value))?;
            let inner = inner.within(|tokens, _| quote!(#value.map(|value| #tokens)));
            return Some(inner).filter(|inner| !inner.fallible);
        }
        let from = parse_quote!(::core::option::Option<#from>);
        return converted(conversions, &from, to, quote!(#value.into_option()));
    }
    // A value that the server lacks is sent as null, because an absent field means the default.
    if let Some(to) = types::inside(to, "Patch") {
        if types::inside(from, "Option").is_none() {
            let inner = converted(conversions, from, to, value)?;
            return Some(inner.within(|tokens, _| quote!(crate::runtime::Patch::Value(#tokens))));
        }
        let to = parse_quote!(::core::option::Option<#to>);
        let inner = converted(conversions, from, &to, value)?;
        return Some(
            inner.within(|tokens, _| quote!(crate::runtime::Patch::value_or_null(#tokens))),
        );
    }
    match (types::inside(from, "Option"), types::inside(to, "Option")) {
        (Some(from), Some(to)) => {
            let inner = converted(conversions, from, to, quote!(value))?;
            return Some(inner.within(|tokens, fallible| match fallible {
                true => quote!(match #value { #some(value) => #some(#tokens), #none => #none }),
                false => quote!(#value.map(|value| #tokens)),
            }));
        }
        (None, Some(to)) => {
            let inner = converted(conversions, from, to, value)?;
            return Some(inner.within(|tokens, _| quote!(#some(#tokens))));
        }
        // Without a value there is nothing to send, unless the type has an empty list or object.
        (Some(from), None) => {
            let may_be_empty = models::is_collection(to)
                || types::model_name(to)
                    .is_some_and(|name| conversions.shapes.with_default.contains(&name));
            may_be_empty.then_some(())?;
            let inner = converted(conversions, from, to, quote!(value))?;
            return Some(inner.within(|tokens, fallible| match fallible {
                true => quote!(match #value { #some(value) => #tokens, #none => ::core::default::Default::default() }),
                false if types::same(from, to) => quote!(#value.unwrap_or_default()),
                false => quote!(#value.map(|value| #tokens).unwrap_or_default()),
            }));
        }
        (None, None) => {}
    }
    if let Some(from) = types::inside(from, "Box") {
        return converted(conversions, from, to, quote!((*#value)));
    }
    if let Some(to) = types::inside(to, "Box") {
        let inner = converted(conversions, from, to, value)?;
        return Some(inner.within(|tokens, _| quote!(::std::boxed::Box::new(#tokens))));
    }
    if let (Some(from), Some(to)) = (types::inside(from, "Vec"), types::inside(to, "Vec")) {
        if types::inside(from, "Option").is_some_and(|from| types::same(from, to)) {
            return Some(Value::sure(quote!(#value.into_iter().flatten().collect())));
        }
        let inner = converted(conversions, from, to, quote!(value))?;
        return Some(inner.within(|tokens, fallible| match fallible {
            true => quote!({
                let mut items = ::std::vec::Vec::new();
                for value in #value {
                    items.push(#tokens);
                }
                items
            }),
            false => quote!(#value.into_iter().map(|value| #tokens).collect()),
        }));
    }
    if let (Some(from), Some(to)) = (types::map_value(from), types::map_value(to)) {
        let inner = converted(conversions, from, to, quote!(value))?;
        let inner = inner.within(
            |tokens, _| quote!(#value.into_iter().map(|(name, value)| (name, #tokens)).collect()),
        );
        return Some(inner).filter(|inner| !inner.fallible);
    }
    if let Some(name) = types::model_name(from) {
        if let Some(to) = types::model_name(to)
            && let Some(fallible) = conversions.between(&name, &to)
        {
            let target = format_ident!("{to}");
            let tokens = if fallible {
                quote!(crate::types::#target::try_from(#value)?)
            } else {
                quote!(crate::types::#target::from(#value))
            };
            return Some(Value { tokens, fallible });
        }
        return unwrapped(conversions, &name, to, &value);
    }
    let name = |ty: &Type| types::last_name(ty).unwrap_or_default();
    Some(Value::sure(
        match (name(from).as_str(), name(to).as_str()) {
            ("String", "SecretText") | ("i32", "i64") => quote!(#value.into()),
            ("SecretText", "String") => quote!(#value.into_exposed()),
            ("Uuid", "String") => quote!(#value.to_string()),
            _ => return None,
        },
    ))
}

/// The part of a model that a request takes in place of the whole model: its id, or its value if the model
/// has only a tag and a value.
fn unwrapped(
    conversions: &mut Conversions<'_>,
    name: &str,
    to: &Type,
    value: &TokenStream,
) -> Option<Value> {
    let by_id = matches!(types::last_name(to).as_deref(), Some("Uuid" | "String"));
    let models = &conversions.shapes.models;
    if is_part_of_itself(models, name, by_id) {
        return None;
    }
    let field = part(models, name, by_id)?;
    let ident = &field.ident;
    converted(conversions, &field.ty, to, quote!(#value.#ident))
}

fn part<'m>(models: &'m Models, name: &str, by_id: bool) -> Option<&'m Field> {
    let model = models.get(name)?;
    model.fields.iter().find(|field| {
        by_id && field.wire == "id" || model.fields.len() == 2 && field.wire == "value"
    })
}

/// Whether the part of a model is the model again, or leads to it.
fn is_part_of_itself(models: &Models, name: &str, by_id: bool) -> bool {
    let mut seen = BTreeSet::from([name.to_owned()]);
    let mut name = name.to_owned();
    while let Some(field) = part(models, &name, by_id) {
        let mut ty = &field.ty;
        while let Some(inside) = ["Option", "Patch", "Box"]
            .iter()
            .find_map(|wrapper| types::inside(ty, wrapper))
        {
            ty = inside;
        }
        match types::model_name(ty) {
            None => return false,
            Some(next) if !seen.insert(next.clone()) => return true,
            Some(next) => name = next,
        }
    }
    false
}
