//! Writes the table that the tests of the workspace use to call every operation.
//!
//! One entry for each operation: its method with values that are passed at run time, and the
//! types of its bodies. The tests take the expected request from the contract.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Type;

use crate::codegen::model::{BodyKind, Format, Location, OperationModel, ParameterModel, Shape};
use crate::codegen::split::short;
use crate::problem::Problem;

use super::{methods::Signature, names, reserved, types};

/// Writes the entry of one operation.
///
/// # Errors
/// Returns an error if progenitor wrote no method, or if it differs from the contract.
pub(crate) fn emit(
    operation: &OperationModel,
    signatures: &BTreeMap<String, Signature>,
) -> Result<TokenStream, Problem> {
    let signature = Signature::of(signatures, operation)?;
    let type_of = |one: &ParameterModel| signature.parameter(operation, &one.rust_name);
    let is_argument =
        |parameter: &&ParameterModel| parameter.location == Location::Path || parameter.required;

    let (of_path, others): (Vec<_>, Vec<_>) = operation
        .parameters
        .iter()
        .partition(|parameter| parameter.location == Location::Path);
    let mut arguments = Vec::new();
    for parameter in of_path
        .iter()
        .chain(others.iter().filter(|parameter| parameter.required))
    {
        arguments.push(given(parameter, type_of(parameter)?));
    }
    let mut setters = Vec::new();
    for parameter in operation
        .parameters
        .iter()
        .filter(|parameter| !is_argument(parameter))
    {
        let setter = names::apart(
            parameter.rust_name.trim_start_matches("r#"),
            &reserved::CALL,
        );
        let value = given(parameter, type_of(parameter)?);
        setters.push(quote!(.#setter(#value)));
    }
    let mut body_model = quote!(None);
    if let Some(body) = &operation.body {
        let value = if matches!(body.kind, BodyKind::Json | BodyKind::Form) {
            let ty = signature.parameter(operation, "body")?;
            body_model = quote!(Some(Model::of::<#ty>()));
            quote!(&given.body::<#ty>()?)
        } else {
            quote!(given.body_text()?)
        };
        if body.required == Some(false) {
            setters.push(quote!(.body(#value)));
        } else {
            arguments.push(value);
        }
    }
    let output = match operation.success.format {
        Format::Json | Format::JsonOrEmpty => {
            let ty = signature.document(operation)?;
            quote!(Some(Model::of::<#ty>()))
        }
        Format::Text | Format::Binary | Format::NoContent => quote!(None),
    };
    let send = match operation.success.format {
        Format::Binary => quote!(sent_bytes),
        _ => quote!(sent),
    };
    let given = if arguments.is_empty() && setters.is_empty() {
        quote!(_)
    } else {
        quote!(given)
    };
    let method = names::apart(&operation.method_name, &reserved::CLIENT);
    let id = &operation.id;
    // The tables of the tests import what they use.
    Ok(short(quote! {
        Entry {
            id: #id,
            call: |client, #given| Ok(#send(client.#method(#(#arguments),*) #(#setters)*)),
            body: #body_model,
            output: #output,
        }
    }))
}

/// Writes the entry of one conversion from a response to a request.
pub(crate) fn edit((from, to): &(String, String)) -> TokenStream {
    let (source, target) = (format_ident!("{from}"), format_ident!("{to}"));
    quote!(Edit::between::<types::#source, types::#target>(#from, #to))
}

/// The value of a parameter, taken from the values passed at run time.
fn given(parameter: &ParameterModel, ty: &Type) -> TokenStream {
    let name = format!("{} {}", parameter.location.name(), parameter.name);
    if let Some(item) = types::inside(ty, "Vec") {
        return quote!(&given.value::<Vec<#item>>(#name)?);
    }
    match types::last_name(ty).as_deref() {
        Some("str" | "String") => quote!(&given.value::<String>(#name)?),
        _ if matches!(parameter.shape, Shape::Object | Shape::Document) => {
            quote!(&given.value::<#ty>(#name)?)
        }
        _ => {
            let ty = ty.to_token_stream();
            quote!(given.value::<#ty>(#name)?)
        }
    }
}
