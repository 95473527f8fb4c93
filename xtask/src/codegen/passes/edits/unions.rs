//! Conversions of unions: which member of the request each member of the response becomes.

use std::collections::{BTreeMap, BTreeSet};

use quote::{format_ident, quote};
use syn::{Type, parse_quote};

use crate::codegen::doc::Line;
use crate::codegen::model::UnionStrategy;
use crate::codegen::passes::types;

use super::{Conversion, Conversions, Members, values, write};

/// From a union to the union with the same members.
pub(super) fn unions(
    conversions: &mut Conversions<'_>,
    from: &str,
    source: &Members<'_>,
    to: &str,
    target: &Members<'_>,
) -> Option<Conversion> {
    let (name, request) = (format_ident!("{from}"), format_ident!("{to}"));
    let mut arms = Vec::new();
    let mut fallible = false;
    let mut taken = BTreeSet::new();
    for (variant, other) in matches(conversions, source, target)? {
        let value = values::converted(
            conversions,
            source.1.get(&variant)?,
            target.1.get(&other)?,
            quote!(member),
        )?;
        fallible |= value.fallible;
        let tokens = value.tokens;
        taken.insert(other.clone());
        let (before, after) = (format_ident!("{variant}"), format_ident!("{other}"));
        arms.push(quote!(crate::types::#name::#before(member) => crate::types::#request::#after(#tokens),));
    }
    // If the request takes the content of the members, it also takes the content of an unknown member.
    let unwraps = !matches!(target.0.strategy, UnionStrategy::Tag { .. })
        && source
            .1
            .values()
            .all(|member| content(conversions, member).is_some());
    let unknown = if unwraps {
        quote!(crate::runtime::content(value, "value"))
    } else {
        quote!(value)
    };
    let body = quote! {
        match from {
            #(#arms)*
            crate::types::#name::Unknown(value) => crate::types::#request::Unknown(#unknown),
        }
    };
    Some(Conversion {
        tokens: write::conversion(
            from,
            to,
            Line::new("An unknown member is kept unchanged.").into(),
            fallible,
            body,
        ),
        fallible,
        filled: (taken.len(), taken.len()),
        parts: BTreeSet::new(),
    })
}

/// Which member of the request each member of the response becomes: by tag or name, by a name
/// within the other, by its type, and at last by being the only one that is left and fits.
fn matches(
    conversions: &mut Conversions<'_>,
    source: &Members<'_>,
    target: &Members<'_>,
) -> Option<Vec<(String, String)>> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for tier in 0..4 {
        for variant in &source.0.variants {
            if found.contains_key(&variant.rust_name) {
                continue;
            }
            let mut candidates = Vec::new();
            for other in &target.0.variants {
                if found.values().any(|taken| *taken == other.rust_name) {
                    continue;
                }
                let (before, after) = (
                    source.1.get(&variant.rust_name)?,
                    target.1.get(&other.rust_name)?,
                );
                let fits = match tier {
                    0 => {
                        !variant.tags.is_empty() && other.tags == variant.tags
                            || other.rust_name == variant.rust_name
                    }
                    1 => {
                        variant.rust_name.contains(&other.rust_name)
                            || other.rust_name.contains(&variant.rust_name)
                    }
                    2 => {
                        let content = content(conversions, before);
                        types::same(before, after)
                            || content.is_some_and(|content| types::same(&content, after))
                    }
                    _ => true,
                };
                if fits && values::converted(conversions, before, after, quote!(member)).is_some() {
                    candidates.push(other.rust_name.clone());
                }
            }
            if let [only] = candidates.as_slice() {
                found.insert(variant.rust_name.clone(), only.clone());
            }
        }
    }
    let variants = source.0.variants.iter();
    variants
        .map(|variant| {
            Some((
                variant.rust_name.clone(),
                found.get(&variant.rust_name)?.clone(),
            ))
        })
        .collect()
}

/// The type of the value in a model that is nothing but a tag and a value.
fn content(conversions: &Conversions<'_>, ty: &Type) -> Option<Type> {
    let model = conversions
        .shapes
        .structs
        .get(types::model_name(ty)?.as_str())?;
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
    let body = quote! {
        match from {
            #(#arms)*
            crate::types::#name::Unknown(_) => return ::core::result::Result::Err(crate::runtime::ConversionError::unknown_member(#from)),
        }
    };
    Some(Conversion {
        tokens: write::conversion(
            from,
            to,
            Line::new("Returns an error if the member is unknown.").into(),
            true,
            body,
        ),
        fallible: true,
        filled,
        parts: BTreeSet::new(),
    })
}
