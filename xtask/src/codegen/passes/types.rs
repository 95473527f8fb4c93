//! Converts the types that progenitor writes to the one form that generated files use.
//!
//! `::std::option::Option<Foo>` becomes `::core::option::Option<crate::types::Foo>`. The type of a field is
//! decided before progenitor runs.

use std::collections::BTreeSet;

use proc_macro2::Span;
use quote::ToTokens as _;
use syn::{GenericArgument, Ident, PathArguments, PathSegment, Type};

/// The modules of generated files for those of progenitor.
const MODULES: &[(&[&str], &str)] = &[
    (&["std", "option"], "::core::option"),
    (&["std", "primitive"], ""),
    (&["chrono", "offset"], "::chrono"),
    (&["chrono"], "::chrono"),
    (&["chrono", "naive"], "::chrono"),
    (&["uuid"], "::uuid"),
    (&["serde_json"], "::serde_json"),
    (&["qovery_api", "types"], MODELS),
    (&["types"], MODELS),
    (&["qovery_api"], "crate::runtime"),
];

/// The module of the models.
const MODELS: &str = "crate::types";

/// Rewrites `ty`; `models` are the names used without a path inside progenitor's `types` module.
pub(crate) fn tidy(ty: &Type, models: &BTreeSet<String>) -> Type {
    let mut ty = ty.clone();
    rewrite(&mut ty, models);
    ty
}

fn rewrite(ty: &mut Type, models: &BTreeSet<String>) {
    match ty {
        Type::Reference(reference) => {
            reference.lifetime = None;
            rewrite(&mut reference.elem, models);
        }
        Type::Slice(slice) => rewrite(&mut slice.elem, models),
        Type::Array(array) => rewrite(&mut array.elem, models),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|ty| rewrite(ty, models)),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                    for argument in &mut arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            rewrite(ty, models);
                        }
                    }
                }
            }
            make_absolute(&mut path.path, models);
        }
        _ => {}
    }
}

fn make_absolute(path: &mut syn::Path, models: &BTreeSet<String>) {
    let segments = path.segments.iter();
    let names: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
    let Some((last, before)) = names.split_last() else {
        return;
    };
    let module = if before.is_empty() {
        models.contains(last).then_some(MODELS)
    } else {
        let known = MODULES.iter().find(|(known, _)| *known == before);
        known.map(|(_, module)| *module)
    };
    let Some(module) = module else { return };
    let last = path.segments.pop();
    path.leading_colon = module.starts_with("::").then(Default::default);
    let steps = module.split("::").filter(|name| !name.is_empty());
    let steps = steps.map(|name| PathSegment::from(Ident::new(name, Span::call_site())));
    path.segments = steps.chain(last).collect();
}

/// Whether two types are written alike.
pub(crate) fn same(one: &Type, other: &Type) -> bool {
    one.to_token_stream().to_string() == other.to_token_stream().to_string()
}

/// The model that `ty` names; `None` if `ty` is not just a model.
pub(crate) fn model_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    let mut segments = path.path.segments.iter().rev();
    match (segments.next(), segments.next()) {
        (Some(name), Some(module)) if module.ident == "types" => Some(name.ident.to_string()),
        _ => None,
    }
}

/// The name of the last segment of a path type: `Option` for `Option<T>`. None for a model, whatever
/// its name is.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    let Type::Path(path) = ty else { return None };
    if model_name(ty).is_some() {
        return None;
    }
    path.path
        .segments
        .last()
        .map(|segment| segment.ident.to_string())
}

/// The type between the angle brackets of `wrapper<T>`.
pub(crate) fn inside<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    arguments(ty, wrapper).next()
}

/// `V` of a map `BTreeMap<K, V>`.
pub(crate) fn map_value(ty: &Type) -> Option<&Type> {
    arguments(ty, "BTreeMap").nth(1)
}

/// The types between the angle brackets of a type with this name.
fn arguments<'a>(ty: &'a Type, name: &str) -> impl Iterator<Item = &'a Type> {
    let segment = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let arguments = segment.filter(|segment| segment.ident == name);
    let arguments = arguments.and_then(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    });
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        })
}

/// The type without the reference and the `Option` that progenitor puts around a parameter.
pub(crate) fn bare(ty: &Type) -> &Type {
    match inside(ty, "Option").unwrap_or(ty) {
        Type::Reference(reference) => &reference.elem,
        other => other,
    }
}
