//! Conversions of unions: which member of the request each member of the response becomes.

use std::collections::{BTreeMap, BTreeSet};

use quote::{format_ident, quote};
use syn::{Type, parse_quote};

use crate::codegen::doc::Line;
use crate::codegen::model::UnionStrategy;
use crate::codegen::passes::types;

use super::{
    Conversion, Conversions, Members,
    values::{self, Value},
    write,
};

/// From a union to the union with the same members.
pub(super) fn unions(
    conversions: &mut Conversions<'_>,
    (from, source): (&str, &Members<'_>),
    (to, target): (&str, &Members<'_>),
) -> Option<Conversion> {
    let (name, request) = (format_ident!("{from}"), format_ident!("{to}"));
    let mut arms = Vec::new();
    let mut fallible = false;
    let mut taken = BTreeSet::new();
    for (variant, other) in matches(conversions, source, target)? {
        let (before, after) = (source.1.get(variant)?, target.1.get(other)?);
        let value = values::converted(conversions, before, after, quote!(member))?;
        fallible |= value.fallible;
        let tokens = value.tokens;
        taken.insert(other);
        let (before, after) = (format_ident!("{variant}"), format_ident!("{other}"));
        arms.push(quote!(crate::types::#name::#before(member) => crate::types::#request::#after(#tokens),));
    }
    // If the request takes the content of the members, it also takes the content of an unknown member.
    let mut members = source.1.values();
    let unwraps = !matches!(target.0.strategy, UnionStrategy::Tag { .. })
        && members.all(|member| content(conversions, member).is_some());
    let unknown = if unwraps {
        quote!(crate::runtime::content(value, "value"))
    } else {
        quote!(value)
    };
    let tokens = quote! {
        match from {
            #(#arms)*
            crate::types::#name::Unknown(value) => crate::types::#request::Unknown(#unknown),
        }
    };
    let text = Line::new("An unknown member is kept unchanged.").into();
    let value = Value { tokens, fallible };
    let filled = (taken.len(), taken.len());
    Some(write::conversion((from, to), text, value, filled))
}

/// Which member of the request each member of the response becomes: by tag or name, by a name
/// within the other, by its type, and at last by being the only one that is left and fits.
fn matches<'m>(
    conversions: &mut Conversions<'_>,
    source: &'m Members<'_>,
    target: &'m Members<'_>,
) -> Option<Vec<(&'m str, &'m str)>> {
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    for tier in 0..4 {
        for variant in &source.0.variants {
            let name = variant.rust_name.as_str();
            if found.contains_key(name) {
                continue;
            }
            let mut candidates = Vec::new();
            for other in &target.0.variants {
                let other_name = other.rust_name.as_str();
                if found.values().any(|taken| *taken == other_name) {
                    continue;
                }
                let (before, after) = (source.1.get(name)?, target.1.get(other_name)?);
                let fits = match tier {
                    0 => {
                        !variant.tags.is_empty() && other.tags == variant.tags || other_name == name
                    }
                    1 => name.contains(other_name) || other_name.contains(name),
                    2 => {
                        let content = content(conversions, before);
                        types::same(before, after)
                            || content.is_some_and(|content| types::same(&content, after))
                    }
                    _ => true,
                };
                if fits && values::converted(conversions, before, after, quote!(member)).is_some() {
                    candidates.push(other_name);
                }
            }
            if let [only] = candidates.as_slice() {
                found.insert(name, only);
            }
        }
    }
    let names = source.0.variants.iter().map(|one| one.rust_name.as_str());
    names.map(|name| Some((name, *found.get(name)?))).collect()
}

/// The type of the value in a model that is nothing but a tag and a value.
fn content(conversions: &Conversions<'_>, ty: &Type) -> Option<Type> {
    let model = conversions.shapes.models.get(&types::model_name(ty)?)?;
    let value = model.fields.iter().find(|field| field.wire == "value")?;
    (model.fields.len() == 2).then(|| value.ty.clone())
}

/// From a union all of whose members can be carried by one request.
pub(super) fn members(
    conversions: &mut Conversions<'_>,
    from: &str,
    source: &Members<'_>,
    to: &str,
) -> Option<Conversion> {
    let (name, request) = (format_ident!("{from}"), format_ident!("{to}"));
    let target: Type = parse_quote!(crate::types::#request);
    let mut arms = Vec::new();
    let mut filled = (usize::MAX, 1);
    for variant in &source.0.variants {
        let member = source.1.get(&variant.rust_name)?;
        let value = values::converted(conversions, member, &target, quote!(member))?.tokens;
        let key = (types::model_name(member)?, to.to_owned());
        let part = conversions.done.get(&key)?.as_ref()?;
        if part.filled.0 < filled.0 {
            filled = part.filled;
        }
        let member = format_ident!("{}", variant.rust_name);
        arms.push(quote!(crate::types::#name::#member(member) => #value,));
    }
    let tokens = quote! {
        match from {
            #(#arms)*
            crate::types::#name::Unknown(_) => return ::core::result::Result::Err(crate::runtime::ConversionError::unknown_member(#from)),
        }
    };
    let text = Line::new("Returns an error if the member is unknown.").into();
    let value = Value {
        tokens,
        fallible: true,
    };
    Some(write::conversion((from, to), text, value, filled))
}
