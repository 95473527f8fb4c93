//! Reads what progenitor's methods say: the type of each parameter and of the result.
//!
//! Not for what the contract says of an operation: that is in its `OperationModel`.

use std::collections::{BTreeMap, BTreeSet};

use syn::{FnArg, ImplItem, Item, Pat, ReturnType, Type};

use super::{names, types};

/// One of progenitor's methods, reduced to its types.
#[derive(Debug)]
pub(crate) struct Signature {
    /// The type of each parameter by its name in Rust, the body as `body`.
    pub(crate) parameters: BTreeMap<String, Type>,
    /// What a success gives: a type, or `None` for a stream of bytes.
    pub(crate) output: Option<Type>,
}

/// Every method of progenitor's client that calls an operation, by its name.
pub(crate) fn read(file: &syn::File, models: &BTreeSet<String>) -> BTreeMap<String, Signature> {
    let mut signatures = BTreeMap::new();
    for item in &file.items {
        let Item::Impl(block) = item else { continue };
        if block.trait_.is_some() || types::last_name(&block.self_ty).as_deref() != Some("Client") {
            continue;
        }
        for item in &block.items {
            let ImplItem::Fn(method) = item else { continue };
            if method.sig.asyncness.is_none() {
                continue;
            }
            let parameters = method.sig.inputs.iter().filter_map(|input| match input {
                FnArg::Typed(typed) => match &*typed.pat {
                    Pat::Ident(name) => Some((names::plain(&name.ident), types::tidy(&typed.ty, models))),
                    _ => None,
                },
                FnArg::Receiver(_) => None,
            });
            signatures.insert(
                names::plain(&method.sig.ident),
                Signature {
                    parameters: parameters.collect(),
                    output: success(&method.sig.output).map(|ty| types::tidy(ty, models)).filter(|ty| {
                        types::last_name(ty).as_deref() != Some("ByteStream")
                    }),
                },
            );
        }
    }
    signatures
}

/// `T` of `Result<ResponseValue<T>, Error<E>>`.
fn success(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, ty) = output else { return None };
    types::inside(ty, "Result").and_then(|value| types::inside(value, "ResponseValue"))
}
