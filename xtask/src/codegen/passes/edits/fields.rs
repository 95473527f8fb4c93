//! Finds the value of each field of a request: the field of that name in the response, or an
//! equivalent field under another name.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Type, parse_quote};

use crate::codegen::passes::{
    models::{Field, Model, Presence},
    types,
};

use super::{
    Conversion, Conversions,
    values::{self, Value},
    write,
};

pub(super) fn structs(
    conversions: &mut Conversions<'_>,
    source: &Model,
    target: &Model,
) -> Option<Conversion> {
    let mut values = Vec::new();
    let mut carried = BTreeSet::new();
    let mut unset = Vec::new();
    let mut fallible = false;
    for field in &target.fields {
        let ident = &field.ident;
        if let Some((value, from)) = value_of(conversions, source, field) {
            carried.insert(from);
            fallible |= value.fallible;
            let value = value.tokens;
            values.push(quote!(#ident: #value));
        } else {
            let nothing = nothing(field)?;
            if field.presence != Presence::Extra {
                unset.push(field.wire.as_str());
            }
            values.push(quote!(#ident: #nothing));
        }
    }
    carried.remove("");
    if carried.is_empty() {
        return None;
    }
    let lost: Vec<&str> = source
        .fields
        .iter()
        .map(|field| field.wire.as_str())
        .filter(|wire| !carried.contains(*wire) && !wire.is_empty())
        .collect();
    let text = write::text(source, target, &unset, &lost);
    let tokens =
        quote!(crate::runtime::model::carried(Self { #(#values,)* __extra: from.__extra }));
    let filled = (target.fields.len() - unset.len(), target.fields.len());
    let names = (source.name.as_str(), target.name.as_str());
    let value = Value { tokens, fallible };
    Some(write::conversion(names, text, value, filled))
}

/// The value of a field of the response as that of a field of the request, and the name of the former.
fn direct(
    conversions: &mut Conversions<'_>,
    field: &Field,
    target: &Field,
) -> Option<(Value, String)> {
    let ident = &field.ident;
    let value = values::converted(conversions, &field.ty, &target.ty, quote!(from.#ident))?;
    Some((value, field.wire.clone()))
}

/// The value of a field of the request, and the field of the response that it comes from.
fn value_of(
    conversions: &mut Conversions<'_>,
    source: &Model,
    target: &Field,
) -> Option<(Value, String)> {
    if target.presence == Presence::Extra {
        let extra = source.fields.iter().find(|field| {
            field.presence == Presence::Extra && types::same(&field.ty, &target.ty)
        })?;
        let ident = &extra.ident;
        return Some((Value::sure(quote!(from.#ident)), String::new()));
    }
    if target.presence == Presence::Expected {
        let required = Field {
            ty: types::unwrapped(&target.ty).clone(),
            presence: Presence::Required,
            ..target.clone()
        };
        let (value, from) = value_of(conversions, source, &required)?;
        let value = value.within(|tokens, _| quote!(::core::option::Option::Some(#tokens)));
        return Some((value, from));
    }
    let namesake = source.fields.iter().find(|field| field.wire == target.wire);
    if let Some(found) = namesake.and_then(|field| direct(conversions, field, target)) {
        return Some(found);
    }
    if let Some((other, from)) = elsewhere(conversions, source, target) {
        return Some(match namesake {
            Some(field) => preferred(conversions, field, target, other, from),
            None => (other, from),
        });
    }
    // The request requires the field and the response may omit it: the conversion can fail.
    let field = namesake?;
    let optional = types::inside(&field.ty, "Option")?;
    let (ident, wire) = (&field.ident, &field.wire);
    let value = quote!(from.#ident.ok_or(crate::runtime::ConversionError::absent(#wire))?);
    let mut value = values::converted(conversions, optional, &target.ty, value)?;
    value.fallible = true;
    Some((value, wire.clone()))
}

/// The field of the same name if it has a value, otherwise the value of another field.
fn preferred(
    conversions: &mut Conversions<'_>,
    namesake: &Field,
    target: &Field,
    other: Value,
    from: String,
) -> (Value, String) {
    let optional = types::inside(&namesake.ty, "Option");
    let mut own = |ty: &Type| values::converted(conversions, ty, &target.ty, quote!(value));
    let Some(value) = optional.and_then(&mut own) else {
        return (other, from);
    };
    let (ident, otherwise) = (&namesake.ident, &other.tokens);
    let mut value = value.within(|own, _| {
        quote! {
            match from.#ident {
                ::core::option::Option::Some(value) => #own,
                ::core::option::Option::None => #otherwise,
            }
        }
    });
    value.fallible |= other.fallible;
    (value, namesake.wire.clone())
}

/// Looks for a field of the response that has another name than the field of the request.
fn elsewhere(
    conversions: &mut Conversions<'_>,
    source: &Model,
    target: &Field,
) -> Option<(Value, String)> {
    let wire = target.wire.as_str();
    let find = |name: &str| source.fields.iter().find(|field| field.wire == name);
    // `registry_id` is the `id` of the `registry`.
    if let Some(holder) = wire.strip_suffix("_id").and_then(find)
        && let Some(value) = within(conversions, holder, "id", target)
    {
        return Some((value, holder.wire.clone()));
    }
    let others = [
        // `value` is the typed `value_object`.
        find(&format!("{wire}_object")),
        // `helm_repository` is the `repository`.
        source.fields.iter().find(|field| {
            wire.ends_with(&format!("_{}", field.wire)) && is_model(conversions, &field.ty)
        }),
        // The list of a resource that is nothing but a list.
        find("results").filter(|_| types::inside(&target.ty, "Vec").is_some()),
    ];
    for field in others.into_iter().flatten() {
        if let Some(found) = direct(conversions, field, target) {
            return Some(found);
        }
    }
    // `git_repository` is in the `git` that wraps it.
    if is_model(conversions, &target.ty) {
        for holder in &source.fields {
            if let Some(value) = within(conversions, holder, wire, target) {
                return Some((value, holder.wire.clone()));
            }
        }
    }
    None
}

fn is_model(conversions: &Conversions<'_>, ty: &Type) -> bool {
    let ty = ["Option", "Patch"]
        .iter()
        .find_map(|wrapper| types::inside(ty, wrapper))
        .unwrap_or(ty);
    types::model_name(ty).is_some_and(|name| conversions.shapes.models.contains_key(&name))
}

/// A field of the model that a field of the response holds.
fn within(
    conversions: &mut Conversions<'_>,
    holder: &Field,
    wire: &str,
    target: &Field,
) -> Option<Value> {
    let name = types::model_name(types::unwrapped(&holder.ty))?;
    let model = conversions.shapes.models.get(&name)?;
    let field = model.fields.iter().find(|field| field.wire == wire)?;
    let (outer, inner) = (&holder.ident, &field.ident);
    if types::inside(&holder.ty, "Option").is_none() {
        let value = quote!(from.#outer.#inner);
        return values::converted(conversions, &field.ty, &target.ty, value);
    }
    let (ty, value) = match types::inside(&field.ty, "Option") {
        Some(ty) => (ty, quote!(from.#outer.and_then(|holder| holder.#inner))),
        None => (&field.ty, quote!(from.#outer.map(|holder| holder.#inner))),
    };
    let ty = parse_quote!(::core::option::Option<#ty>);
    values::converted(conversions, &ty, &target.ty, value)
}

/// The default value of a field; `None` if the field is required.
fn nothing(field: &Field) -> Option<TokenStream> {
    match field.presence {
        Presence::Optional => Some(quote!(::core::option::Option::None)),
        Presence::Patch => Some(quote!(crate::runtime::Patch::Absent)),
        Presence::Collection | Presence::Extra => Some(quote!(::core::default::Default::default())),
        Presence::Required | Presence::Nullable | Presence::Expected => None,
    }
}
