//! Reads progenitor's methods: the type of each parameter and of the result.
//!
//! `OperationModel` holds the contract's description of an operation.

use std::collections::BTreeMap;
use std::fmt;

use quote::ToTokens as _;
use syn::{FnArg, Pat, ReturnType, Type};

use super::{names, types};
use crate::codegen::model::OperationModel;
use crate::codegen::progenitor::Output;
use crate::problem::Problem;

/// The signatures by the names of their methods.
pub(crate) type Signatures = BTreeMap<String, Signature>;

/// One of progenitor's methods, reduced to its types.
pub(crate) struct Signature {
    /// The type of each parameter by its name in Rust, the body as `body`.
    pub(crate) parameters: BTreeMap<String, Type>,
    /// The type of a success, or `None` for a stream of bytes.
    pub(crate) output: Option<Type>,
}

impl Signature {
    /// The type of a parameter, or of the `body`, without its reference and `Option`.
    ///
    /// # Errors
    /// Returns an error if progenitor's method lacks it.
    pub(crate) fn parameter(
        &self,
        operation: &OperationModel,
        name: &str,
    ) -> Result<&Type, Problem> {
        let ty = self.parameters.get(name.trim_start_matches("r#"));
        ty.map(types::bare)
            .ok_or_else(|| lacks(operation, &format!("the parameter `{name}`")))
    }

    /// The type of a document that a success holds, without its `Option`.
    ///
    /// # Errors
    /// Returns an error if progenitor's method gives none.
    pub(crate) fn document(&self, operation: &OperationModel) -> Result<&Type, Problem> {
        let ty = self.output.as_ref().map(types::unwrapped);
        ty.ok_or_else(|| lacks(operation, "a result"))
    }
}

/// The problem of a method of progenitor that differs from the contract.
fn lacks(operation: &OperationModel, part: &str) -> Problem {
    let method = &operation.method_name;
    let what = format!("progenitor's method `{method}` lacks {part}");
    Problem::defect(what).with_pointer(&operation.pointer)
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameters, output } = self;
        for (name, ty) in parameters {
            write!(f, "{name}: {}, ", ty.to_token_stream())?;
        }
        write!(
            f,
            "{:?}",
            output.as_ref().map(|ty| ty.to_token_stream().to_string())
        )
    }
}

/// Every method of progenitor's client that calls an operation, by its name.
pub(crate) fn read(written: &Output) -> Signatures {
    // Outside the `types` module, a name without a path is not a model.
    let tidy = |ty: &Type| types::tidy(ty, &|_| false);
    let signatures = written.methods.iter().map(|method| {
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
