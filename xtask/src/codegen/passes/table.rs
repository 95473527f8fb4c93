//! Writes the table that the tests of the workspace use to call every operation.
//!
//! One entry for each operation: its method with values that are passed at run time, and the
//! types of its bodies. The tests take the expected request from the contract.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Type;

use crate::codegen::model::{BodyKind, Format, Location, OperationModel, ParameterModel, Shape};

use super::{methods::Signature, names, reserved, types};

/// Writes the entry of one operation; `None` if progenitor wrote no method for it.
pub(crate) fn emit(
    operation: &OperationModel,
    signatures: &BTreeMap<String, Signature>,
) -> Option<TokenStream> {
    let signature = signatures.get(&operation.method_name)?;
    let type_of = |parameter: &ParameterModel| {
        let ty = signature
            .parameters
            .get(parameter.rust_name.trim_start_matches("r#"));
        ty.map(types::bare)
    };
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
        let setter = names::apart(parameter.rust_name.trim_start_matches("r#"), reserved::CALL);
        let value = given(parameter, type_of(parameter)?);
        setters.push(quote!(.#setter(#value)));
    }
    let mut body_model = quote!(None);
    if let Some(body) = &operation.body {
        let value = if matches!(body.kind, BodyKind::Json | BodyKind::Form) {
            let ty = types::bare(signature.parameters.get("body")?);
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
            let ty = signature.output.as_ref()?;
            let ty = types::inside(ty, "Option").unwrap_or(ty);
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
    let method = names::apart(&operation.method_name, reserved::CLIENT);
    let id = &operation.id;
    Some(quote! {
        Entry {
            id: #id,
            call: |client, #given| Ok(#send(client.#method(#(#arguments),*) #(#setters)*)),
            body: #body_model,
            output: #output,
        }
    })
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
