//! Reads what progenitor's mocks say: the type of each value that a matcher takes.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, GenericParam, Pat, Type, WherePredicate};

use crate::codegen::items::{Item, items};
use crate::codegen::passes::{names, types};
use crate::problem::Problem;

/// What the matchers take, by the name of the operation's method and of the parameter: types as text,
/// which may go to another thread.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Taken(BTreeMap<String, BTreeMap<String, String>>);

/// What the matchers take, as types.
#[derive(Debug, Default)]
pub(crate) struct Matchers(pub(super) BTreeMap<String, BTreeMap<String, Type>>);

impl Taken {
    /// The types.
    ///
    /// # Errors
    /// Where one is no type: a defect of the generator.
    pub(crate) fn types(&self, types: &mut types::Texts) -> Result<Matchers, Problem> {
        let operations = self.0.iter();
        let operations = operations.map(|(method, taken)| Ok((method.clone(), types.all(taken)?)));
        Ok(Matchers(operations.collect::<Result<_, Problem>>()?))
    }
}

/// Reads what progenitor's generator of mocks gives.
///
/// # Errors
/// Where a matcher is not Rust: a defect of the generator.
pub(crate) fn read(mocks: TokenStream, models: &BTreeSet<String>) -> syn::Result<Taken> {
    let mut found = BTreeMap::new();
    let mut methods = Vec::new();
    for item in items(mocks) {
        if item.is("mod", "operations") {
            for block in item.inside().filter(|item| item.has("impl")) {
                if let Some(matcher) = matcher(block.head.iter().cloned()) {
                    found.insert(matcher, parameters(block, models)?);
                }
            }
        } else if item.is("trait", "MockServerExt") {
            methods.extend(item.inside());
        }
    }
    // Matchers are named in Pascal case, as progenitor writes it; methods say which they take.
    let mut by_method = BTreeMap::new();
    for method in methods {
        let matcher = matcher(method.head.iter().cloned());
        if let Some(parameters) = matcher.and_then(|matcher| found.remove(&matcher)) {
            by_method.insert(names::plain(&method.signature()?.ident), parameters);
        }
    }
    Ok(Taken(by_method))
}

/// The types that the methods of a matcher take, by the names of the methods.
fn parameters(matcher: Item, models: &BTreeSet<String>) -> syn::Result<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    for method in matcher.inside() {
        let method = method.signature()?;
        if let Some(ty) = value_type(&method) {
            let ty = types::tidy(&ty, models).into_token_stream().to_string();
            parameters.insert(names::plain(&method.ident), ty);
        }
    }
    Ok(parameters)
}

/// `Name` of the first word `NameWhen`, also inside of brackets.
fn matcher(tokens: impl Iterator<Item = TokenTree>) -> Option<String> {
    let mut tokens = tokens;
    tokens.find_map(|token| match token {
        TokenTree::Ident(ident) => ident.to_string().strip_suffix("When").map(str::to_owned),
        TokenTree::Group(group) => matcher(group.stream().into_iter()),
        _ => None,
    })
}

/// The type of `value` in `fn name(self, value: T)`, or `T` of `where V: Into<Option<T>>`.
fn value_type(signature: &syn::Signature) -> Option<Type> {
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
    let predicates = &signature.generics.where_clause.as_ref()?.predicates;
    predicates.iter().find_map(|predicate| {
        let WherePredicate::Type(predicate) = predicate else {
            return None;
        };
        predicate.bounds.iter().find_map(|bound| {
            let syn::TypeParamBound::Trait(bound) = bound else {
                return None;
            };
            let path = Type::Path(syn::TypePath {
                attrs: Vec::new(),
                qself: None,
                path: bound.path.clone(),
            });
            types::inside(types::inside(&path, "Into")?, "Option").cloned()
        })
    })
}
