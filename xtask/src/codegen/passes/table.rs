//! Writes the table that the tests of the workspace use to call every operation.
//!
//! One entry for each operation: its method with values that are passed at run time, and the
//! types of its bodies. The tests take the expected request from the contract.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Type;

use crate::codegen::model::{BodyKind, Format, ParameterModel};
use crate::codegen::split::short;
use crate::problem::Problem;

use super::{calls, names, operation::Operation, reserved};

/// Writes the table of all operations.
///
/// # Errors
/// Returns an error if a method of progenitor differs from the contract.
pub(crate) fn calls(operations: &[Operation<'_>]) -> Result<TokenStream, Problem> {
    let calls = operations.iter().map(call);
    let calls = calls.collect::<Result<Vec<_>, _>>()?;
    Ok(quote! {
        pub(crate) mod mocks;

        use qovery_api::types;

        use crate::calls::{Edit, Entry, Model, sent, sent_bytes};

        /// Every operation of the contract.
        pub static OPERATIONS: &[Entry] = &[#(#calls),*];
    })
}

/// Writes the table of the conversions from a response to the request that replaces the resource.
pub(crate) fn edits(pairs: &[(String, String)]) -> TokenStream {
    let edits = pairs.iter().map(|(from, to)| {
        let (source, target) = (format_ident!("{from}"), format_ident!("{to}"));
        quote!(Edit::between::<types::#source, types::#target>(#from, #to))
    });
    quote! {
        /// Every conversion from a response to the request that replaces the resource.
        pub static EDITS: &[Edit] = &[#(#edits),*];
    }
}

/// Writes the entry of one operation.
fn call(operation: &Operation<'_>) -> Result<TokenStream, Problem> {
    let Operation {
        model: operation,
        signature,
        ..
    } = *operation;
    let type_of = |one: &ParameterModel| signature.parameter(operation, &one.rust_name);

    let mut arguments = Vec::new();
    let mut setters = Vec::new();
    for parameter in &operation.parameters {
        let value = given(parameter, type_of(parameter)?);
        if parameter.is_argument() {
            arguments.push(value);
        } else {
            let setter = names::apart(&parameter.rust_name, &reserved::CALL);
            setters.push(quote!(.#setter(#value)));
        }
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
    let method = calls::name(operation);
    let id = &operation.id;
    // The tables of the tests import only the items that they use.
    Ok(short(quote! {
        Entry {
            id: #id,
            call: |client, #given| Ok(#send(client.#method(#(#arguments),*) #(#setters)*)),
            body: #body_model,
            output: #output,
        }
    }))
}

/// The value of a parameter, taken from the values passed at run time.
fn given(parameter: &ParameterModel, ty: &Type) -> TokenStream {
    let name = format!("{} {}", parameter.location.name(), parameter.name);
    let (ty, borrowed) = calls::value_type(parameter, ty);
    let reference = borrowed.map(|_| quote!(&));
    quote!(#reference given.value::<#ty>(#name)?)
}
