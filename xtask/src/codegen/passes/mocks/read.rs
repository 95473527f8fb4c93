//! Reads progenitor's mocks: the type of the value of each matcher.

use std::collections::{BTreeMap, BTreeSet};

use syn::{FnArg, GenericParam, Pat, Signature, Type, TypePath};

use crate::codegen::passes::{names, types};
use crate::codegen::progenitor::{Output, bounds};

/// The types of the matchers, by the name of the operation's method and of the parameter.
pub(crate) type Matchers = BTreeMap<String, BTreeMap<String, Type>>;

/// Reads the output of progenitor's generator of mocks.
pub(crate) fn read(written: &Output) -> Matchers {
    // Outside the `types` module, a name without a path is not a model.
    let models = BTreeSet::new();
    let matchers = written.matchers().into_iter().map(|(operation, methods)| {
        let parameters = methods.into_iter().filter_map(|method| {
            let ty = types::tidy(&value_type(method)?, &models);
            Some((names::plain(&method.ident), ty))
        });
        (operation, parameters.collect())
    });
    matchers.collect()
}

/// The type of `value` in `fn name(self, value: T)`, or `T` of `where V: Into<Option<T>>`.
fn value_type(signature: &Signature) -> Option<Type> {
    let value = signature.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) if name.ident == "value" => Some((*typed.ty).clone()),
            _ => None,
        },
        FnArg::Receiver(_) => None,
    })?;
    let name = types::last_name(&value);
    let generic = signature.generics.params.iter().any(|parameter| {
        matches!(parameter, GenericParam::Type(parameter) if Some(parameter.ident.to_string()) == name)
    });
    if !generic {
        return Some(value);
    }
    bounds(signature).find_map(|bound| {
        let path = Type::Path(TypePath {
            attrs: Vec::new(),
            qself: None,
            path: bound.path.clone(),
        });
        types::inside(types::inside(&path, "Into")?, "Option").cloned()
    })
}
