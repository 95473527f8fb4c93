//! Writes the table that the tests of the workspace use to mock every operation.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::codegen::model::{BodyKind, Format};
use crate::codegen::passes::{calls, operation::Operation, types};
use crate::codegen::split::short;
use crate::problem::Problem;

use super::{matcher_name, name, status_name};

/// Writes the table of all mocks.
///
/// # Errors
/// Returns an error if a method of progenitor differs from the contract.
pub(crate) fn table(operations: &[Operation<'_>]) -> Result<TokenStream, Problem> {
    let mocks = operations.iter().map(entry);
    let mocks = mocks.collect::<Result<Vec<_>, _>>()?;
    Ok(quote! {
        use qovery_api::mock::MockServerExt as _;
        use qovery_api::types;

        use crate::mocks::{MockEntry, decoded};

        /// The mock of every operation of the contract.
        pub static MOCKS: &[MockEntry] = &[#(#mocks),*];
    })
}

/// Writes the entry that the tests use to mock the operation with values that are passed at run time.
fn entry(operation: &Operation<'_>) -> Result<TokenStream, Problem> {
    let Operation {
        model: operation,
        signature,
        ..
    } = *operation;
    let mut values = Vec::new();
    let mut setters = Vec::new();
    for (index, parameter) in operation.parameters.iter().enumerate() {
        let ty = signature.parameter(operation, &parameter.rust_name)?;
        let key = format!("{} {}", parameter.location.name(), parameter.name);
        let value = format_ident!("value_{index}");
        let setter = matcher_name(parameter);
        let argument = match calls::value_type(parameter, ty) {
            _ if types::is_text(ty) => quote!(#value.as_str()),
            (_, Some(_)) => quote!(&#value),
            (_, None) => quote!(#value),
        };
        let (ty, _) = calls::value_type(parameter, ty);
        values.push(quote!(let #value = given.value::<#ty>(#key)?;));
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
    let status = operation.success.statuses.first();
    let status = status.map_or("2XX", String::as_str);
    let (responder, number) = status_name(status);
    let code = number.is_none().then(|| quote!(200,));
    let argument = match operation.success.format {
        _ if matches!(number, Some(204 | 205)) => TokenStream::new(),
        Format::Json | Format::JsonOrEmpty => {
            let ty = signature.document(operation)?;
            values.push(quote!(let response = decoded::<#ty>(response)?;));
            quote!(&response)
        }
        Format::Text | Format::Binary => {
            values.push(quote!(let response = decoded::<String>(response)?;));
            quote!(&response)
        }
        Format::NoContent => TokenStream::new(),
    };
    let method = name(operation);
    let id = &operation.id;
    let (given, response) = (
        used(takes_given, quote!(given)),
        used(values.len() > given_values, quote!(response)),
    );
    let when = if setters.is_empty() {
        quote!(drop(when);)
    } else {
        quote!(when #(#setters)*;)
    };
    Ok(short(quote! {
        MockEntry {
            id: #id,
            mock: |server, #given, #response| {
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
