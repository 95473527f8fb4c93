//! The structs of the models.
//!
//! progenitor defines their fields; this pass combines them with the facts of the contract. The modules
//! below write a struct: itself, its constructor, its reading and writing. Enums and unions have
//! separate passes.

mod constructor;
mod fields;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Type, parse_quote};

use crate::codegen::areas::{self, Area};
use crate::codegen::doc::{Doc, Line};
use crate::codegen::model::{FieldModel, Normalized, SchemaKind};
use crate::codegen::progenitor::Output;
use crate::problem::Problem;

use super::{names, prose, reserved::Reserved, types};

pub(crate) use model::{Field, Model, Presence, is_collection, with_default};

/// The models by name.
pub(crate) type Models = BTreeMap<String, Model>;

/// Combines the structs of progenitor's `types` module with the facts.
///
/// # Errors
/// Returns an error if the two do not match: a defect of the generator.
pub(crate) fn read(written: &Output, normalized: &Normalized) -> Result<Models, Problem> {
    let mut models = Models::new();
    for (name, schema) in &normalized.schemas {
        let SchemaKind::Struct(facts) = &schema.kind else {
            continue;
        };
        let problem = |what: String| Problem::defect(what).with_pointer(&schema.pointer);
        let members = types::fields(written, name, normalized);
        let mut members = members.ok_or_else(|| {
            problem(format!(
                "progenitor wrote no struct for the schema `{name}`"
            ))
            .with_help("progenitor does not accept the normalized form of this schema")
        })?;
        let mut fields = Vec::new();
        for fact in &facts.fields {
            let ty = members.remove(&fact.rust_name);
            let ty = ty.ok_or_else(|| {
                let field = &fact.rust_name;
                problem(format!(
                    "progenitor's struct `{name}` lacks the field `{field}`"
                ))
            })?;
            fields.push(field(fact, ty, schema.usage.request));
        }
        if facts.extra.is_some()
            && let Some(ty) = members.remove("extra")
        {
            fields.push(Field {
                ident: format_ident!("extra"),
                wire: String::new(),
                ty,
                presence: Presence::Extra,
                absent_is_empty: false,
                text: Line::new("Properties that the contract does not name.").into(),
            });
        }
        if let Some(left) = members.keys().next() {
            return Err(problem(format!(
                "progenitor's struct `{name}` has the field `{left}`, which the contract does not have"
            )));
        }
        let model = Model {
            name: name.clone(),
            text: schema.description.clone().unwrap_or_default(),
            fields,
        };
        models.insert(name.clone(), model);
    }
    Ok(models)
}

fn field(fact: &FieldModel, ty: Type, request: bool) -> Field {
    let bare = types::unwrapped(&ty).clone();
    let presence = match (fact.required, fact.nullable) {
        _ if fact.patch => Presence::Patch,
        (true, _) if fact.may_be_absent => Presence::Expected,
        (true, false) => Presence::Required,
        (true, true) => Presence::Nullable,
        (false, _) if is_collection(&bare) && !request && !fact.secret => Presence::Collection,
        (false, _) => Presence::Optional,
    };
    let ty = match presence {
        Presence::Required => ty,
        Presence::Patch => parse_quote!(crate::runtime::Patch<#bare>),
        Presence::Collection => bare,
        _ => parse_quote!(::core::option::Option<#bare>),
    };
    let ty = if fact.secret { secret(&ty) } else { ty };
    Field {
        ident: names::apart(&fact.rust_name, &Reserved::of("")),
        wire: fact.name.clone(),
        ty,
        presence,
        absent_is_empty: fact.default.as_ref().is_some_and(is_empty),
        text: field_text(fact),
    }
}

/// Whether the value equals Rust's `Default` for its type.
fn is_empty(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Bool(flag) => !flag,
        serde_json::Value::Number(number) => number.as_i64() == Some(0),
        serde_json::Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn field_text(fact: &FieldModel) -> Doc {
    if fact.description.is_empty() {
        return Line::new(&prose::of_name(&fact.name, &fact.ty)).into();
    }
    fact.description.clone().stopped()
}

/// A struct with everything that its code depends on: the same debug text means the same code.
#[derive(Debug)]
pub(crate) struct Struct<'a> {
    pub(crate) model: &'a Model,
    pub(crate) about: Doc,
    pub(crate) is_request: bool,
    pub(crate) is_response: bool,
    /// It and the models that it uses, as far as they have a default.
    pub(crate) with_default: BTreeSet<String>,
    /// The enums that it uses.
    pub(crate) enums: BTreeSet<&'a str>,
}

/// Writes a struct.
pub(crate) fn emit(item: &Struct<'_>) -> TokenStream {
    let model = item.model;
    let name = format_ident!("{}", model.name);
    let text = item.about.attributes();
    let members = model.fields.iter().map(|field| {
        let Field { ident, ty, .. } = field;
        let text = field.text.attributes();
        quote!(#text pub #ident: #ty,)
    });
    let constructor = item
        .is_request
        .then(|| constructor::emit(&name, &model.fields));
    let is_model = |name: &str| !item.enums.contains(name);
    let fields = fields::emit(model, item.is_response, &item.with_default, &is_model);
    quote! {
        #text
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#members)*
            pub(crate) __extra: crate::runtime::ExtraFields,
        }
        #constructor
        #fields
    }
}

/// Writes an earlier name of the type `name`, which has this path.
pub(crate) fn former(
    former: &str,
    name: &str,
    path: &TokenStream,
    areas: &BTreeSet<&'static Area>,
) -> TokenStream {
    let note = format!("it is called `{name}` now");
    let text = Doc::of(Line::new("The former name of ").code(name).text("."))
        .paragraph(areas::availability(areas))
        .attributes();
    let former = format_ident!("{former}");
    quote!(#text #[deprecated = #note] pub type #former = #path;)
}

/// The type of a secret field whose value has this type. The value is sent unchanged, and `Debug` does not show
/// it.
fn secret(ty: &Type) -> Type {
    for wrapper in ["Option", "Patch"] {
        if let Some(inner) = types::inside(ty, wrapper) {
            let inner = secret(inner);
            return if wrapper == "Option" {
                parse_quote!(::core::option::Option<#inner>)
            } else {
                parse_quote!(crate::runtime::Patch<#inner>)
            };
        }
    }
    match types::last_name(ty).as_deref() {
        Some("String") => parse_quote!(crate::runtime::SecretText),
        Some("SecretText" | "Secret") => ty.clone(),
        _ => parse_quote!(crate::runtime::Secret<#ty>),
    }
}
