//! Writes the table that the tests of the workspace use to mock every operation.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};

use crate::codegen::model::{BodyKind, Format, OperationModel, Shape};
use crate::codegen::passes::{methods::Signature, names, reserved, types};
use crate::codegen::split::short;
use crate::problem::Problem;

use super::{matcher_name, status_name};

/// Writes the entry that the tests use to mock the operation with values that are passed at run time.
///
/// # Errors
/// Returns an error if progenitor wrote no method, or if it differs from the contract.
pub(crate) fn entry(
    operation: &OperationModel,
    signatures: &BTreeMap<String, Signature>,
) -> Result<TokenStream, Problem> {
    let signature = Signature::of(signatures, operation)?;
    let mut values = Vec::new();
    let mut setters = Vec::new();
    for (index, parameter) in operation.parameters.iter().enumerate() {
        let ty = signature.parameter(operation, &parameter.rust_name)?;
        let (name, value) = (
            format!("{} {}", parameter.location.name(), parameter.name),
            format_ident!("value_{index}"),
        );
        let setter = matcher_name(parameter);
        let (ty, argument) = match (types::inside(ty, "Vec"), types::last_name(ty).as_deref()) {
            (Some(item), _) => (quote!(Vec<#item>), quote!(&#value)),
            (None, Some("str" | "String")) => (quote!(String), quote!(#value.as_str())),
            (None, _) if matches!(parameter.shape, Shape::Object | Shape::Document) => {
                (ty.to_token_stream(), quote!(&#value))
            }
            (None, _) => (ty.to_token_stream(), quote!(#value)),
        };
        values.push(quote!(let #value = given.value::<#ty>(#name)?;));
        setters.push(quote!(.#setter(#argument)));
    }
    if let Some(body) = &operation.body {
        if body.kind == BodyKind::Json {
            let ty = signature.parameter(operation, "body")?;
            values.push(quote!(let body = given.body::<#ty>()?;));
        } else {
            values.push(quote!(let body = given.body_text()?;));
        }
        setters.push(quote!(.body(&body)));
    }
    let given_values = values.len();
    let takes_given = given_values > 0;
    let status = operation
        .success
        .statuses
        .first()
        .map_or("2XX", String::as_str);
    let (responder, number) = status_name(status);
    let code = number.is_none().then(|| quote!(200,));
    let argument = match operation.success.format {
        _ if matches!(number, Some(204 | 205)) => TokenStream::new(),
        Format::Json | Format::JsonOrEmpty => {
            let ty = signature.document(operation)?;
            values.push(quote!(let answer = decoded::<#ty>(answer)?;));
            quote!(&answer)
        }
        Format::Text | Format::Binary => {
            values.push(quote!(let answer = decoded::<String>(answer)?;));
            quote!(&answer)
        }
        Format::NoContent => TokenStream::new(),
    };
    let method = names::apart(&operation.method_name, &reserved::MOCK_SERVER);
    let id = &operation.id;
    let (given, answer) = (
        used(takes_given, quote!(given)),
        used(values.len() > given_values, quote!(answer)),
    );
    let when = if setters.is_empty() {
        quote!(drop(when);)
    } else {
        quote!(when #(#setters)*;)
    };
    Ok(short(quote! {
        MockEntry {
            id: #id,
            mock: |server, #given, #answer| {
                #(#values)*
                Ok(server.#method(|when, then| { #when then.#responder(#code #argument); }))
            },
        }
    }))
}

/// The name of an argument, or `_` if the argument is not used.
fn used(is_used: bool, name: TokenStream) -> TokenStream {
    if is_used { name } else { quote!(_) }
}
