//! Reads progenitor's methods: the type of each parameter and of the result.
//!
//! `OperationModel` holds the contract's description of an operation.

use std::collections::{BTreeMap, BTreeSet};

use syn::{FnArg, Pat, ReturnType, Type};

use super::{names, types};
use crate::codegen::progenitor::Output;

/// One of progenitor's methods, reduced to its types.
pub(crate) struct Signature {
    /// The type of each parameter by its name in Rust, the body as `body`.
    pub(crate) parameters: BTreeMap<String, Type>,
    /// The type of a success, or `None` for a stream of bytes.
    pub(crate) output: Option<Type>,
}

/// Every method of progenitor's client that calls an operation, by its name.
pub(crate) fn read(written: &Output) -> BTreeMap<String, Signature> {
    // Outside the `types` module, a name without a path is not a model.
    let models = BTreeSet::new();
    let tidy = |ty: &Type| types::tidy(ty, &models);
    let signatures = written.methods().map(|method| {
        let parameters = method.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(name) => Some((names::plain(&name.ident), tidy(&typed.ty))),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
        let signature = Signature {
            parameters: parameters.collect(),
            output: success(&method.output)
                .filter(|ty| types::last_name(ty).as_deref() != Some("ByteStream"))
                .map(tidy),
        };
        (names::plain(&method.ident), signature)
    });
    signatures.collect()
}

/// `T` of `Result<ResponseValue<T>, Error<E>>`.
fn success(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    types::inside(ty, "Result").and_then(|value| types::inside(value, "ResponseValue"))
}
