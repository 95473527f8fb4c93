//! Reads what progenitor's methods say: the type of each parameter and of the result.
//!
//! Not for what the contract says of an operation: that is in its `OperationModel`.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{FnArg, Pat, ReturnType, Type};

use super::{names, types};
use crate::codegen::items::{Item, items};
use crate::problem::Problem;

/// One of progenitor's methods, reduced to its types: as text, they may go to another thread.
#[derive(Debug, PartialEq)]
pub(crate) struct Signature<T = Type> {
    /// The type of each parameter by its name in Rust, the body as `body`.
    pub(crate) parameters: BTreeMap<String, T>,
    /// What a success gives: a type, or `None` for a stream of bytes.
    pub(crate) output: Option<T>,
}

impl Signature<String> {
    /// The same with the types that the texts are.
    ///
    /// # Errors
    /// Where a text is no type: a defect of the generator.
    pub(crate) fn parsed(&self, types: &mut types::Texts) -> Result<Signature, Problem> {
        let output = self.output.as_deref();
        Ok(Signature {
            parameters: types.all(&self.parameters)?,
            output: output.map(|text| types.parsed(text)).transpose()?,
        })
    }
}

/// Every method of progenitor's client that calls an operation, by its name.
///
/// # Errors
/// Where a method is not Rust: a defect of the generator.
pub(crate) fn read(
    client: TokenStream,
    models: &BTreeSet<String>,
) -> syn::Result<BTreeMap<String, Signature<String>>> {
    let text = |ty: &Type| types::tidy(ty, models).into_token_stream().to_string();
    let mut signatures = BTreeMap::new();
    let blocks = items(client).filter(|item| item.is("impl", "Client"));
    let methods = blocks.flat_map(Item::inside);
    for method in methods.filter(|item| item.has("fn") && item.has("async")) {
        let method = method.signature()?;
        let parameters = method.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(name) => Some((names::plain(&name.ident), text(&typed.ty))),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
        let signature = Signature {
            parameters: parameters.collect(),
            output: success(&method.output)
                .filter(|ty| types::last_name(ty).as_deref() != Some("ByteStream"))
                .map(text),
        };
        signatures.insert(names::plain(&method.ident), signature);
    }
    Ok(signatures)
}

/// `T` of `Result<ResponseValue<T>, Error<E>>`.
fn success(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    types::inside(ty, "Result").and_then(|value| types::inside(value, "ResponseValue"))
}
