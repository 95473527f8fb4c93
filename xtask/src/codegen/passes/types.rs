//! Converts the types that progenitor writes to the one form that generated files use.
//!
//! `::std::option::Option<Foo>` becomes `::core::option::Option<crate::types::Foo>`. The type of a field is
//! decided before progenitor runs.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{GenericArgument, Ident, PathArguments, PathSegment, Type};

use super::names;
use crate::codegen::model::Normalized;
use crate::codegen::progenitor::Output;

/// The modules of generated files for those of progenitor.
const MODULES: &[(&[&str], &str)] = &[
    (&["std", "option"], "::core::option"),
    (&["std", "primitive"], ""),
    (&["chrono", "offset"], "::chrono"),
    (&["chrono"], "::chrono"),
    (&["chrono", "naive"], "::chrono"),
    (&["uuid"], "::uuid"),
    (&["serde_json"], "::serde_json"),
    (&["types"], MODELS),
];

/// The module of the models.
const MODELS: &str = "crate::types";

/// The types of the fields of a struct of progenitor, by name; `None` if progenitor wrote no such struct.
pub(crate) fn fields(
    written: &Output,
    name: &str,
    normalized: &Normalized,
) -> Option<BTreeMap<String, Type>> {
    let is_model = |name: &str| normalized.schemas.contains_key(name);
    let fields = written.structs.get(name)?.fields.iter();
    let fields = fields.filter_map(|field| {
        let name = names::plain(field.ident.as_ref()?);
        Some((name, tidy(&field.ty, &is_model)))
    });
    Some(fields.collect())
}

/// Rewrites `ty`; `is_model` says whether a name without a path is that of a model.
pub(crate) fn tidy(ty: &Type, is_model: &dyn Fn(&str) -> bool) -> Type {
    let mut ty = ty.clone();
    rewrite(&mut ty, is_model);
    ty
}

fn rewrite(ty: &mut Type, is_model: &dyn Fn(&str) -> bool) {
    match ty {
        Type::Reference(reference) => {
            reference.lifetime = None;
            rewrite(&mut reference.elem, is_model);
        }
        Type::Slice(slice) => rewrite(&mut slice.elem, is_model),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                    for argument in &mut arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            rewrite(ty, is_model);
                        }
                    }
                }
            }
            make_absolute(&mut path.path, is_model);
        }
        _ => {}
    }
}

fn make_absolute(path: &mut syn::Path, is_model: &dyn Fn(&str) -> bool) {
    let segments = path.segments.iter();
    let names: Vec<String> = segments.map(|segment| segment.ident.to_string()).collect();
    let Some((last, before)) = names.split_last() else {
        return;
    };
    let module = match before {
        [] => is_model(last).then_some(MODELS),
        _ => {
            let known = MODULES.iter().find(|(known, _)| *known == before);
            known.map(|(_, module)| *module)
        }
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
    let last = path.path.segments.last();
    last.map(|segment| segment.ident.to_string())
}

/// Whether a type is that of texts.
pub(crate) fn is_text(ty: &Type) -> bool {
    matches!(last_name(ty).as_deref(), Some("str" | "String"))
}

/// The slice type for a list, and other types unchanged.
pub(crate) fn slice(ty: &Type) -> TokenStream {
    match inside(ty, "Vec") {
        Some(item) => quote!([#item]),
        None => ty.to_token_stream(),
    }
}

/// The type inside of an `Option`, and other types unchanged.
pub(crate) fn unwrapped(ty: &Type) -> &Type {
    inside(ty, "Option").unwrap_or(ty)
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
    match unwrapped(ty) {
        Type::Reference(reference) => &reference.elem,
        other => other,
    }
}
