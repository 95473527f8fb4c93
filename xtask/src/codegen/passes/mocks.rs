//! Brings progenitor's mocks into the form of this client.
//!
//! Progenitor writes, for each operation, a matcher with a method for each parameter, a responder, and
//! a method of an extension trait for httpmock's server. From that come the names and the types of the
//! values. The bodies are calls of `qovery_api::mock`, which knows what progenitor does not: how this
//! client prints a value in a path or a query, lists, texts that are no JSON, and answers that may be
//! empty. Matcher and responder are one generic type each, with an `impl` for each operation.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{FnArg, GenericParam, ImplItem, Item, Pat, Type, WherePredicate};

use crate::codegen::model::{BodyKind, Format, Location, OperationModel, ParameterModel};
use crate::problem::Problem;

use super::{docs, methods::Signature, names, types};

/// What the matchers take, by the name of the operation's method and of the parameter.
#[derive(Debug, Default)]
pub(crate) struct Matchers(BTreeMap<String, BTreeMap<String, Type>>);

/// What is written for one operation.
#[derive(Debug)]
pub(crate) struct Emitted {
    /// A method of `MockServerExt`.
    pub(crate) method: TokenStream,
    /// The methods of matcher and responder.
    pub(crate) blocks: TokenStream,
}

/// Reads the syntax tree that progenitor's generator of mocks gives.
pub(crate) fn read(file: &syn::File, models: &BTreeSet<String>) -> Matchers {
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
                parameters.insert(names::plain(&method.sig.ident), types::tidy(&ty, models));
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
    Matchers(by_method)
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

/// Writes the mock of one operation.
///
/// # Errors
/// Where progenitor's mock lacks a parameter that the contract has.
pub(crate) fn emit(
    operation: &OperationModel,
    signatures: &BTreeMap<String, Signature>,
    matchers: &Matchers,
) -> Result<Emitted, Problem> {
    let problem = |what: &str| {
        Problem::new(format!(
            "progenitor's mock of the operation `{}` lacks {what}",
            operation.id
        ))
        .with_pointer(operation.pointer.clone())
    };
    let taken = matchers
        .0
        .get(&operation.method_name)
        .ok_or_else(|| problem("a matcher"))?;
    let mut setters = Vec::new();
    for parameter in &operation.parameters {
        let ty = taken
            .get(parameter.rust_name.trim_start_matches("r#"))
            .ok_or_else(|| problem(&format!("the parameter `{}`", parameter.name)))?;
        setters.push(matcher(parameter, ty));
    }
    if operation.body.is_some() {
        let ty = taken.get("body").ok_or_else(|| problem("the body"))?;
        setters.push(body(operation, ty));
    }
    let marker = format_ident!("{}", operation.type_name);
    let output = signatures
        .get(&operation.method_name)
        .and_then(|signature| signature.output.as_ref());
    let responders = responders(operation, output);
    let matchers = (!setters.is_empty()).then(|| {
        quote! {
            impl When<operations::#marker> { #(#setters)* }
        }
    });
    let name = names::apart(&operation.method_name, &["mock_operation"]);
    let text = docs::attributes(&format!(
        "Mocks `{} {}`.",
        operation.http_method, operation.path
    ));
    Ok(Emitted {
        method: quote! {
            #text
            fn #name(&self, configure: impl FnOnce(When<operations::#marker>, Then<operations::#marker>)) -> Mock<'_> {
                self.mock_operation(configure)
            }
        },
        blocks: quote! {
            #matchers
            impl Then<operations::#marker> { #(#responders)* }
        },
    })
}

/// What a mock is configured with can be told already by every matcher.
const TAKEN: &[&str] = &["body", "into_inner"];

fn bare(ty: &Type) -> &Type {
    match types::inside(ty, "Option").unwrap_or(ty) {
        Type::Reference(reference) => &reference.elem,
        other => other,
    }
}

/// How a matcher takes a value: lists and texts by reference, and nothing where it may be absent.
fn matcher(parameter: &ParameterModel, ty: &Type) -> TokenStream {
    let ident = matcher_name(parameter);
    let wire = &parameter.name;
    let ty = bare(ty);
    let is_text = matches!(types::last_name(ty).as_deref(), Some("str" | "String"));
    let place = match parameter.location {
        Location::Path => "path parameter",
        Location::Query => "query parameter",
        Location::Header => "header",
    };
    let text = docs::attributes(&format!("The {place} `{wire}` has this value."));
    if let Some(item) = types::inside(ty, "Vec").filter(|_| parameter.location == Location::Query) {
        let matching = if parameter.comma_separated {
            quote!(query_joined)
        } else {
            quote!(query_repeated)
        };
        let text = docs::attributes(&format!("The {place} `{wire}` has these values."));
        return quote! {
            #text
            pub fn #ident(self, values: &[#item]) -> Self { self.#matching(#wire, values) }
        };
    }
    let value = if is_text {
        quote!(&str)
    } else {
        ty.to_token_stream()
    };
    let optional = if is_text {
        quote!(&'a str)
    } else {
        ty.to_token_stream()
    };
    let lifetime = is_text.then(|| quote!(<'a>));
    match (parameter.location, parameter.required) {
        (Location::Path, _) => quote! {
            #text
            pub fn #ident(self, value: #value) -> Self { self.path_value(#wire, &value) }
        },
        (Location::Query, true) => quote! {
            #text
            pub fn #ident(self, value: #value) -> Self { self.query_value(#wire, Some(value)) }
        },
        (Location::Query, false) => quote! {
            #text
            pub fn #ident #lifetime(self, value: impl Into<Option<#optional>>) -> Self {
                self.query_value(#wire, value.into())
            }
        },
        (Location::Header, true) => quote! {
            #text
            pub fn #ident(self, value: #value) -> Self {
                self.header_value(#wire, Some(value.to_string()))
            }
        },
        (Location::Header, false) => quote! {
            #text
            pub fn #ident #lifetime(self, value: impl Into<Option<#optional>>) -> Self {
                self.header_value(#wire, value.into().map(|value| value.to_string()))
            }
        },
    }
}

/// The name of a matcher's method for a parameter.
pub(crate) fn matcher_name(parameter: &ParameterModel) -> syn::Ident {
    names::apart(parameter.rust_name.trim_start_matches("r#"), TAKEN)
}

fn body(operation: &OperationModel, ty: &Type) -> TokenStream {
    let Some(body) = &operation.body else {
        return TokenStream::new();
    };
    let optional = body.required == Some(false);
    let text = docs::attributes(if optional {
        "The body is this one, or empty."
    } else {
        "The body is this one."
    });
    if body.kind != BodyKind::Json {
        return quote! {
            #text
            pub fn body(self, value: impl AsRef<[u8]>) -> Self { self.raw_body(Some(value.as_ref())) }
        };
    }
    let ty = slice(bare(ty));
    if optional {
        quote! {
            #text
            pub fn body<'a>(self, value: impl Into<Option<&'a #ty>>) -> Self { self.json_body(value.into()) }
        }
    } else {
        quote! {
            #text
            pub fn body(self, value: &#ty) -> Self { self.json_body(Some(value)) }
        }
    }
}

/// A list as what is behind a reference to it.
fn slice(ty: &Type) -> TokenStream {
    match types::inside(ty, "Vec") {
        Some(item) => quote!([#item]),
        None => ty.to_token_stream(),
    }
}

/// A method for each status that is declared as a success.
fn responders(operation: &OperationModel, output: Option<&Type>) -> Vec<TokenStream> {
    let mut statuses: Vec<&str> = operation
        .success
        .statuses
        .iter()
        .map(String::as_str)
        .collect();
    if statuses.is_empty() {
        statuses.push("2XX");
    }
    statuses
        .into_iter()
        .map(|status| responder(operation, status, output))
        .collect()
}

fn responder(operation: &OperationModel, status: &str, output: Option<&Type>) -> TokenStream {
    let (name, number) = status_name(status);
    let (given, code) = match number {
        Some(number) => (TokenStream::new(), quote!(#number)),
        None => (quote!(status: u16,), quote!(Self::success_status(status))),
    };
    let text = docs::attributes(&match number {
        Some(number) => format!("Status {number}, as the contract declares it."),
        None => {
            "A status from 200 to 299.\n\n# Panics\nWhere the status is another one.".to_owned()
        }
    });
    let media = operation
        .success
        .content_type
        .as_deref()
        .unwrap_or_default();
    let empty = matches!(number, Some(204 | 205)) && operation.success.format != Format::Json;
    let (value, answer) = match (operation.success.format, output) {
        _ if empty => (TokenStream::new(), quote!(self.empty(#code))),
        (Format::Json, Some(ty)) => {
            let ty = slice(ty);
            (quote!(value: &#ty), quote!(self.json(#code, value)))
        }
        (Format::JsonOrEmpty, Some(ty)) => {
            let ty = slice(types::inside(ty, "Option").unwrap_or(ty));
            (
                quote!(value: impl Into<Option<&'a #ty>>),
                quote!(self.json_or_empty(#code, value.into())),
            )
        }
        (Format::Text, _) => (quote!(value: &str), quote!(self.raw(#code, #media, value))),
        (Format::Binary, _) => (
            quote!(value: impl AsRef<[u8]>),
            quote!(self.raw(#code, #media, value)),
        ),
        _ => (TokenStream::new(), quote!(self.empty(#code))),
    };
    let lifetime =
        (operation.success.format == Format::JsonOrEmpty && !empty).then(|| quote!(<'a>));
    quote! {
        #text
        pub fn #name #lifetime(self, #given #value) -> Self { #answer }
    }
}

/// The name of a responder's method, and the status where it is one.
pub(crate) fn status_name(status: &str) -> (syn::Ident, Option<u16>) {
    let Ok(number) = status.parse::<u16>() else {
        return (format_ident!("success"), None);
    };
    let name = match number {
        200 => "ok".to_owned(),
        201 => "created".to_owned(),
        202 => "accepted".to_owned(),
        203 => "non_authoritative_information".to_owned(),
        204 => "no_content".to_owned(),
        205 => "reset_content".to_owned(),
        206 => "partial_content".to_owned(),
        207 => "multi_status".to_owned(),
        other => format!("status_{other}"),
    };
    (format_ident!("{name}"), Some(number))
}

/// Writes the entry by which the tests mock the operation with values that are given when it is
/// called, or nothing where progenitor wrote no method for it.
pub(crate) fn entry(
    operation: &OperationModel,
    signatures: &BTreeMap<String, Signature>,
    matchers: &Matchers,
) -> Option<TokenStream> {
    let signature = signatures.get(&operation.method_name)?;
    let taken = matchers.0.get(&operation.method_name)?;
    let mut values = Vec::new();
    let mut setters = Vec::new();
    for (index, parameter) in operation.parameters.iter().enumerate() {
        let ty = bare(taken.get(parameter.rust_name.trim_start_matches("r#"))?);
        let place = match parameter.location {
            Location::Path => "path",
            Location::Query => "query",
            Location::Header => "header",
        };
        let (name, value) = (
            format!("{place} {}", parameter.name),
            format_ident!("value_{index}"),
        );
        let setter = matcher_name(parameter);
        let (ty, argument) = match (types::inside(ty, "Vec"), types::last_name(ty).as_deref()) {
            (Some(item), _) => (quote!(Vec<#item>), quote!(&#value)),
            (None, Some("str" | "String")) => (quote!(String), quote!(#value.as_str())),
            (None, _) => (ty.to_token_stream(), quote!(#value)),
        };
        values.push(quote!(let #value = given.value::<#ty>(#name)?;));
        setters.push(quote!(.#setter(#argument)));
    }
    if let Some(body) = &operation.body {
        if body.kind == BodyKind::Json {
            let ty = bare(taken.get("body")?);
            values.push(quote!(let body = given.body::<#ty>()?;));
        } else {
            values.push(quote!(let body = given.body_text()?;));
        }
        setters.push(quote!(.body(&body)));
    }
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
            let ty = signature.output.as_ref()?;
            let ty = types::inside(ty, "Option").unwrap_or(ty);
            values.push(quote!(let answer = decoded::<#ty>(answer)?;));
            quote!(&answer)
        }
        Format::Text | Format::Binary => {
            values.push(quote!(let answer = decoded::<String>(answer)?;));
            quote!(&answer)
        }
        Format::NoContent => TokenStream::new(),
    };
    let method = names::apart(&operation.method_name, &["mock_operation"]);
    let id = &operation.id;
    let given = unused(&values, "given", quote!(given));
    let answer = unused(&values, "answer", quote!(answer));
    let when = if setters.is_empty() {
        quote!(drop(when);)
    } else {
        quote!(when #(#setters)*;)
    };
    Some(quote! {
        MockEntry {
            id: #id,
            mock: |server, #given, #answer| {
                #(#values)*
                Ok(server.#method(|when, then| { #when then.#responder(#code #argument); }))
            },
        }
    })
}

fn unused(values: &[TokenStream], name: &str, used: TokenStream) -> TokenStream {
    let uses = |tokens: &TokenStream| tokens.to_string().contains(&format!("{name})"));
    let takes = |tokens: &TokenStream| tokens.to_string().contains(&format!("{name} ."));
    if values.iter().any(|value| uses(value) || takes(value)) {
        used
    } else {
        quote!(_)
    }
}
