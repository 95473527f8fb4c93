//! Writes the unions, each as one call of the runtime's macro.
//!
//! The normalizer decides how the members are distinguished, progenitor decides their types. The macro decodes
//! the union.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use crate::codegen::doc::{Doc, Line};
use crate::codegen::model::{
    JsonType, Normalized, SchemaKind, UnionModel, UnionStrategy, VariantModel,
};
use crate::codegen::progenitor::Output;
use crate::problem::Problem;

use super::{types, usage::Usage};

/// The unions by name, each with the types of its members by the names of their variants.
pub(crate) type Unions<'a> = BTreeMap<&'a str, (&'a UnionModel, BTreeMap<String, Type>)>;

/// Reads the unions of a contract.
///
/// # Errors
/// Returns an error if progenitor wrote no struct with the types of the members.
pub(crate) fn read<'a>(
    written: &Output,
    normalized: &'a Normalized,
) -> Result<Unions<'a>, Problem> {
    let mut unions = Unions::new();
    for (name, schema) in &normalized.schemas {
        let SchemaKind::Union(union) = &schema.kind else {
            continue;
        };
        let lacking = |what: &str| {
            let what = format!("progenitor wrote {what} of the union `{name}`");
            Problem::defect(what).with_pointer(&schema.pointer)
        };
        let carrier = types::fields(written, name, normalized);
        let mut carrier = carrier.ok_or_else(|| lacking("no carrier"))?;
        let members = union.variants.iter().map(|variant| {
            let wanted = &variant.carrier;
            let ty = carrier.remove(wanted);
            let ty = ty.ok_or_else(|| lacking(&format!("no member `{wanted}`")))?;
            Ok((variant.rust_name.clone(), types::unwrapped(&ty).clone()))
        });
        let members = members.collect::<Result<_, Problem>>()?;
        unions.insert(name, (union, members));
    }
    Ok(unions)
}

/// Writes the union `name`.
pub(crate) fn emit(
    name: &str,
    text: &str,
    union: &UnionModel,
    members: &BTreeMap<String, Type>,
    usage: &Usage,
) -> TokenStream {
    let ident = format_ident!("{name}");
    let mut variants: Vec<&VariantModel> = union.variants.iter().collect();
    let strategy = effective(union);
    let how = match strategy {
        UnionStrategy::Tag { property } => format!("by tag {property:?}"),
        UnionStrategy::Presence => "by property".to_owned(),
        UnionStrategy::JsonType | UnionStrategy::Trial => "in order".to_owned(),
    };
    let key = |variant: &VariantModel| match strategy {
        UnionStrategy::Tag { .. } => keys(&variant.tags),
        UnionStrategy::Presence if variant.json_type != JsonType::Object => {
            format!("else {} => ", kind(variant.json_type))
        }
        UnionStrategy::Presence => keys(&variant.distinguishing),
        UnionStrategy::JsonType | UnionStrategy::Trial => String::new(),
    };
    // A member without a key matches any value, so it is tried last.
    let is_by_property = *strategy == UnionStrategy::Presence;
    variants.sort_by_key(|variant| {
        let is_object = variant.json_type == JsonType::Object;
        (key(variant) == LAST_RESORT, is_by_property && !is_object)
    });
    let text = usage.describe(name, text).attributes();
    let written = variants.iter().filter_map(|variant| {
        let ty = members.get(&variant.rust_name)?;
        let member = format_ident!("{}", variant.rust_name);
        let text = member_text(variant, strategy).attributes();
        let key = key(variant);
        Some(quote!(#[key = #key] #text #member(#ty),))
    });
    let conversions = conversions(&ident, members);
    quote! {
        #[within = "crate::runtime::union::union"]
        #[how = #how]
        #text
        pub enum #ident { #(#written)* }
        #conversions
    }
}

/// The strategy that the macro supports: tags are used only if all members are
/// objects and at most one of them has no tag; otherwise trial.
fn effective(union: &UnionModel) -> &UnionStrategy {
    if !matches!(union.strategy, UnionStrategy::Tag { .. }) {
        return &union.strategy;
    }
    let variants = || union.variants.iter();
    let objects = variants().all(|variant| variant.json_type == JsonType::Object);
    if objects && variants().filter(|variant| variant.tags.is_empty()).count() <= 1 {
        &union.strategy
    } else {
        &UnionStrategy::Trial
    }
}

/// The name that the macro uses for values that are not objects.
fn kind(json_type: JsonType) -> &'static str {
    match json_type {
        JsonType::Array => "list",
        JsonType::Text => "text",
        JsonType::Integer => "integer",
        JsonType::Number => "number",
        JsonType::Boolean => "boolean",
        JsonType::Object | JsonType::Any => "object",
    }
}

/// The key of a member that matches any value.
const LAST_RESORT: &str = "_ => ";

fn keys(texts: &[String]) -> String {
    if texts.is_empty() {
        return LAST_RESORT.to_owned();
    }
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("{} => ", texts.join(" | "))
}

fn member_text(variant: &VariantModel, strategy: &UnionStrategy) -> Doc {
    if !variant.description.is_empty() {
        return variant.description.clone().stopped();
    }
    let told: &[String] = match strategy {
        UnionStrategy::Tag { .. } => &variant.tags,
        UnionStrategy::Presence => &variant.distinguishing,
        _ => &[],
    };
    let member = Line::new("The member if ");
    let text = match (strategy, told) {
        (UnionStrategy::Tag { property }, [_, ..]) => {
            let line = member.code(property).text(" is ");
            line.names(told).text(".")
        }
        (UnionStrategy::Presence, [one]) => member.code(one).text(" is present."),
        (UnionStrategy::Presence, [_, ..]) => {
            member.text("any of ").names(told).text(" is present.")
        }
        (UnionStrategy::Tag { .. }, []) => Line::new("The member otherwise."),
        _ => Line::new(match variant.json_type {
            JsonType::Object => "An object.",
            JsonType::Array => "A list.",
            JsonType::Text => "A text.",
            JsonType::Integer => "An integer.",
            JsonType::Number => "A number.",
            JsonType::Boolean => "True or false.",
            JsonType::Any => "Any value.",
        }),
    };
    text.into()
}

/// `From` for every member whose type no other member has.
fn conversions(union: &syn::Ident, members: &BTreeMap<String, Type>) -> TokenStream {
    fn bare(ty: &Type) -> &Type {
        types::inside(ty, "Box").unwrap_or(ty)
    }
    let is_unique = |ty: &Type| {
        let all = members.values();
        all.filter(|other| types::same(bare(other), bare(ty)))
            .count()
            == 1
    };
    let models = members
        .iter()
        .filter(|(_, ty)| is_unique(ty) && types::model_name(bare(ty)).is_some());
    let conversions = models.map(|(member, ty)| {
        let (member, from) = (format_ident!("{member}"), bare(ty));
        let value = match types::inside(ty, "Box") {
            Some(_) => quote!(::std::boxed::Box::new(member)),
            None => quote!(member),
        };
        quote! {
            impl ::core::convert::From<#from> for crate::types::#union {
                fn from(member: #from) -> Self { Self::#member(#value) }
            }
        }
    });
    quote!(#(#conversions)*)
}
