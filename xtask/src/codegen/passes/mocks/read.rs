//! Reads what progenitor's mocks say: the type of each value that a matcher takes.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::{FnArg, GenericParam, ImplItem, Item, Pat, Type, WherePredicate};

use crate::codegen::passes::{names, types};
use crate::problem::Problem;

/// What the matchers take, by the name of the operation's method and of the parameter: types as text,
/// which may go to another thread.
#[derive(Debug, Default)]
pub(crate) struct Taken(BTreeMap<String, BTreeMap<String, String>>);

/// What the matchers take, as types.
#[derive(Debug, Default)]
pub(crate) struct Matchers(pub(super) BTreeMap<String, BTreeMap<String, Type>>);

impl Taken {
    /// The types.
    ///
    /// # Errors
    /// Where one is no type: a defect of the generator.
    pub(crate) fn types(&self) -> Result<Matchers, Problem> {
        let of_operation = |(method, taken): (&String, &BTreeMap<String, String>)| {
            let types = taken.iter().map(|(name, text)| match syn::parse_str(text) {
                Ok(ty) => Ok((name.clone(), ty)),
                Err(error) => Err(Problem::new(format!(
                    "progenitor's mock of `{method}` takes `{text}` for `{name}`: {error}"
                ))),
            });
            Ok((method.clone(), types.collect::<Result<_, _>>()?))
        };
        let operations: Result<_, _> = self.0.iter().map(of_operation).collect();
        operations.map(Matchers)
    }
}

/// Reads the syntax tree that progenitor's generator of mocks gives.
pub(crate) fn read(file: &syn::File, models: &BTreeSet<String>) -> Taken {
    let modules = file.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.ident == "operations" => module.content.as_ref(),
        _ => None,
    });
    let blocks = modules.flat_map(|(_, items)| items).filter_map(|item| {
        let Item::Impl(block) = item else { return None };
        let name = types::last_name(&block.self_ty)?;
        Some((name.strip_suffix("When")?.to_owned(), block))
    });
    let mut found = BTreeMap::new();
    for (name, block) in blocks {
        let mut parameters = BTreeMap::new();
        for item in &block.items {
            let ImplItem::Fn(method) = item else { continue };
            if let Some(ty) = value_type(&method.sig) {
                let ty = types::tidy(&ty, models).into_token_stream().to_string();
                parameters.insert(names::plain(&method.sig.ident), ty);
            }
        }
        found.insert(name, parameters);
    }
    // Matchers are named in Pascal case, as progenitor writes it; methods say which they take.
    let mut by_method = BTreeMap::new();
    for item in &file.items {
        let Item::Trait(item) = item else { continue };
        for item in &item.items {
            let syn::TraitItem::Fn(method) = item else {
                continue;
            };
            let text = method
                .sig
                .generics
                .where_clause
                .to_token_stream()
                .to_string();
            let matcher = text
                .split_whitespace()
                .find_map(|word| word.strip_suffix("When"));
            if let Some(parameters) = matcher.and_then(|matcher| found.remove(matcher)) {
                by_method.insert(names::plain(&method.sig.ident), parameters);
            }
        }
    }
    Taken(by_method)
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
