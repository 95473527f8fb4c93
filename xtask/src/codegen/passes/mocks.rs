//! Writes the mocks: for each operation a matcher with a method for each parameter, a responder, and a
//! method of an extension trait for httpmock's server.
//!
//! The types of the values are those of the operation's method. The bodies are calls of `qovery_api::mock`.
//! Matcher and responder are one generic type each, with an `impl` for each operation.

mod entry;

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Type};

use crate::codegen::areas::{self, Area};
use crate::codegen::doc::{Doc, Line};
use crate::codegen::model::{
    BodyKind, BodyModel, Format, Location, OperationModel, ParameterModel, Shape, Style,
};
use crate::problem::Problem;

use super::{calls, names, operation::Operation, reserved, types};

pub(crate) use entry::table;

/// The name of a matcher's method for a parameter.
fn matcher_name(parameter: &ParameterModel) -> Ident {
    names::apart(&parameter.rust_name, &reserved::WHEN)
}

/// The name of a responder's method, and the status if it is a number.
pub(super) fn status_name(status: &str) -> (Ident, Option<u16>) {
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

/// The name of the method of `MockServerExt`.
pub(crate) fn name(operation: &OperationModel) -> Ident {
    names::apart(&operation.method_name, &reserved::MOCK_SERVER)
}

/// Writes the methods of the matcher and the responder of one operation.
///
/// # Errors
/// Returns an error if progenitor's method lacks a parameter of the contract.
pub(crate) fn emit(operation: &Operation<'_>) -> Result<TokenStream, Problem> {
    let Operation {
        model: operation,
        signature,
        ..
    } = *operation;
    let mut setters = Vec::new();
    for parameter in &operation.parameters {
        let ty = signature.parameter(operation, &parameter.rust_name)?;
        setters.push(matcher(parameter, ty));
    }
    if let Some(one) = &operation.body {
        setters.push(body(one, signature.parameter(operation, "body")?));
    }
    let marker = format_ident!("{}", operation.type_name);
    let responders = responders(operation, signature.output.as_ref());
    let matchers = (!setters.is_empty()).then(|| {
        quote! {
            impl crate::mock::When<crate::operations::#marker> { #(#setters)* }
        }
    });
    Ok(quote! {
        #matchers
        impl crate::mock::Then<crate::operations::#marker> { #(#responders)* }
    })
}

/// Writes the method of `MockServerExt`.
pub(crate) fn method(operation: &OperationModel, area: &'static Area) -> TokenStream {
    let marker = format_ident!("{}", operation.type_name);
    let fixed = operation.fixed_query.iter();
    let fixed: Vec<_> = fixed
        .map(|(name, value)| quote!(.query_value(#name, ::core::option::Option::Some(#value))))
        .collect();
    let configure = if fixed.is_empty() {
        quote!(configure)
    } else {
        quote!(|when, then| configure(when #(#fixed)*, then))
    };
    let name = name(operation);
    let request = format!("{} {}", operation.http_method, operation.path);
    let text = Doc::of(Line::new("Mocks ").code(&request).text("."))
        .paragraph(areas::availability(&[area].into()))
        .attributes();
    quote! {
        #text
        fn #name(&self, configure: impl ::core::ops::FnOnce(crate::mock::When<crate::operations::#marker>, crate::mock::Then<crate::operations::#marker>)) -> ::httpmock::Mock<'_> {
            self.mock_operation(#configure)
        }
    }
}

/// Writes the trait that has a method for each operation. A method of an area that is off cannot be called: the
/// error names the feature.
pub(crate) fn extension(operations: &[Operation<'_>]) -> TokenStream {
    let mut by_area: BTreeMap<&Area, Vec<&OperationModel>> = BTreeMap::new();
    for operation in operations {
        let of_area = by_area.entry(operation.area).or_default();
        of_area.push(operation.model);
    }
    let absent = by_area.iter().filter_map(|(area, operations)| {
        let condition = area.condition()?;
        let area = format_ident!("{}", area.name);
        let names = operations.iter().map(|operation| name(operation));
        Some(quote! {
            #[cfg(not(#condition))]
            crate::runtime::absent_mocks! { crate::generated::absent::#area::IsEnabled: #(#names)* }
        })
    });
    let absent: Vec<TokenStream> = absent.collect();
    let methods = areas::all().flat_map(|area| {
        let condition = area.condition().map(|condition| quote!(#[cfg(#condition)]));
        let of_area = by_area.get(area).into_iter().flatten();
        of_area.map(move |operation| {
            let method = method(operation, area);
            quote!(#condition #method)
        })
    });
    quote! {
        /// Mocks operations on an httpmock server, which implements this.
        ///
        /// Each method takes a function that describes the request and its response, and returns the mock, which
        /// counts its requests.
        pub trait MockServerExt {
            /// Mocks an operation that is given as a type. The other methods call this one.
            fn mock_operation<O: crate::runtime::Operation>(&self, configure: impl ::core::ops::FnOnce(crate::mock::When<O>, crate::mock::Then<O>)) -> ::httpmock::Mock<'_>;

            #(#methods)*

            #(#absent)*
        }

        impl crate::mock::MockServerExt for ::httpmock::MockServer {
            fn mock_operation<O: crate::runtime::Operation>(&self, configure: impl ::core::ops::FnOnce(crate::mock::When<O>, crate::mock::Then<O>)) -> ::httpmock::Mock<'_> {
                crate::mock::mock(self, configure)
            }
        }
    }
}

/// Writes the matcher of a parameter. It takes lists, objects and texts by reference, and `None` if an
/// optional parameter must be absent.
fn matcher(parameter: &ParameterModel, ty: &Type) -> TokenStream {
    let ident = matcher_name(parameter);
    let wire = &parameter.name;
    let about = |what: &str| {
        let text = Line::new("The ").text(parameter.location.noun());
        let text = text.text(" ").code(wire).text(what);
        Doc::of(text).attributes()
    };
    let (value, borrowed) = calls::value_type(parameter, ty);
    if parameter.shape == Shape::List {
        let matching = match (parameter.location, parameter.style) {
            (Location::Query, Style::Form { explode: false }) => {
                quote!(query_joined(#wire, values))
            }
            (Location::Query, Style::Form { explode: true }) => {
                quote!(query_repeated(#wire, values))
            }
            _ => styled(parameter, &quote!(crate::runtime::list(values)), true),
        };
        let text = about(" has these values.");
        return quote! {
            #text
            pub fn #ident(self, values: &#borrowed) -> Self { self.#matching }
        };
    }
    let is_required = parameter.is_argument();
    let lifetime = (borrowed.is_some() && !is_required).then(|| quote!(<'a>));
    let taken = match (&borrowed, is_required) {
        (Some(borrowed), true) => quote!(&#borrowed),
        (Some(borrowed), false) => {
            quote!(impl ::core::convert::Into<::core::option::Option<&'a #borrowed>>)
        }
        (None, true) => value,
        (None, false) => quote!(impl ::core::convert::Into<::core::option::Option<#value>>),
    };
    let is_plain = parameter.shape == Shape::One;
    let matching = match (parameter.location, is_required) {
        (Location::Path, _) if is_plain && parameter.is_simple() => {
            quote!(path_value(#wire, &value))
        }
        (Location::Query, true) if is_plain => {
            quote!(query_value(#wire, ::core::option::Option::Some(value)))
        }
        (Location::Query, false) if is_plain => quote!(query_value(#wire, value.into())),
        (_, true) => {
            let value = calls::texts(parameter, &quote!(value));
            styled(parameter, &value, true)
        }
        (_, false) => {
            let texts = calls::maker(parameter);
            styled(parameter, &quote!(value.into().map(#texts)), false)
        }
    };
    let text = about(" has this value.");
    quote! {
        #text
        pub fn #ident #lifetime(self, value: #taken) -> Self { self.#matching }
    }
}

/// The call of the matcher for a parameter whose value is required (`is_there`) or optional.
fn styled(parameter: &ParameterModel, value: &TokenStream, is_there: bool) -> TokenStream {
    let (wire, style) = (&parameter.name, calls::style(parameter.style));
    let value = if is_there && parameter.location != Location::Path {
        quote!(::core::option::Option::Some(#value))
    } else {
        value.clone()
    };
    match calls::place(parameter.location) {
        Some(place) => quote!(parameter(#place, #wire, #style, #value)),
        None => quote!(path_styled(#wire, #style, #value)),
    }
}

fn body(body: &BodyModel, ty: &Type) -> TokenStream {
    let is_optional = body.required == Some(false);
    let text = Doc::of(Line::new(if is_optional {
        "The body is this one, or empty."
    } else {
        "The body is this one."
    }));
    let text = text.attributes();
    let ty = types::slice(ty);
    let (lifetime, taken, matching) = match body.kind {
        BodyKind::Json if is_optional => (
            Some(quote!(<'a>)),
            quote!(impl ::core::convert::Into<::core::option::Option<&'a #ty>>),
            quote!(json_body(value.into())),
        ),
        BodyKind::Json => (
            None,
            quote!(&#ty),
            quote!(json_body(::core::option::Option::Some(value))),
        ),
        _ => (
            None,
            quote!(impl ::core::convert::AsRef<[u8]>),
            quote!(raw_body(::core::option::Option::Some(value.as_ref()))),
        ),
    };
    quote! {
        #text
        pub fn body #lifetime(self, value: #taken) -> Self { self.#matching }
    }
}

/// A method for each status that is declared as a success.
fn responders(operation: &OperationModel, output: Option<&Type>) -> Vec<TokenStream> {
    let statuses = operation.success.statuses.iter().map(String::as_str);
    let any = operation.success.statuses.is_empty().then_some("2XX");
    let responders = statuses.chain(any);
    responders
        .map(|status| responder(operation, status, output))
        .collect()
}

fn responder(operation: &OperationModel, status: &str, output: Option<&Type>) -> TokenStream {
    let (name, number) = status_name(status);
    let (given, code) = match number {
        Some(number) => (TokenStream::new(), quote!(#number)),
        None => (quote!(status: u16,), quote!(Self::success_status(status))),
    };
    let text = match number {
        Some(number) => {
            let text = format!("Status {number}, as the contract declares it.");
            Doc::of(Line::new(&text))
        }
        None => Doc::of(Line::new("A status from 200 to 299."))
            .section("Panics", Line::new("Panics if the status is another one.")),
    };
    let text = text.attributes();
    let media = operation.success.content_type.as_deref();
    let media = media.unwrap_or_default();
    let empty = matches!(number, Some(204 | 205)) && operation.success.format != Format::Json;
    let (value, response) = match (operation.success.format, output) {
        _ if empty => (TokenStream::new(), quote!(self.empty(#code))),
        (Format::Json, Some(ty)) => {
            let ty = types::slice(ty);
            (quote!(value: &#ty), quote!(self.json(#code, value)))
        }
        (Format::JsonOrEmpty, Some(ty)) => {
            let ty = types::slice(types::unwrapped(ty));
            (
                quote!(value: impl ::core::convert::Into<::core::option::Option<&'a #ty>>),
                quote!(self.json_or_empty(#code, value.into())),
            )
        }
        (Format::Text, _) => (quote!(value: &str), quote!(self.raw(#code, #media, value))),
        (Format::Binary, _) => (
            quote!(value: impl ::core::convert::AsRef<[u8]>),
            quote!(self.raw(#code, #media, value)),
        ),
        _ => (TokenStream::new(), quote!(self.empty(#code))),
    };
    let lifetime =
        (operation.success.format == Format::JsonOrEmpty && !empty).then(|| quote!(<'a>));
    quote! {
        #text
        pub fn #name #lifetime(self, #given #value) -> Self { #response }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::codegen::normalize::tests::normalized;
    use crate::codegen::passes::methods;

    /// The generated code for the one operation of a document, with single spaces.
    fn written(mut operation: Value) -> String {
        operation["operationId"] = json!("find");
        let normalized = normalized(json!({
            "openapi": "3.0.3",
            "info": {"title": "", "version": "1"},
            "paths": {"/a/{id}": {"post": operation}},
        }));
        let written = crate::codegen::progenitor(&normalized).expect("accepted before");
        let signatures = methods::read(&written);
        let [operation] = normalized.operations.as_slice() else {
            panic!("one operation")
        };
        let operation = Operation::new(operation, &signatures, &areas::OTHER).expect("a method");
        let blocks = emit(&operation).expect("it has a mock");
        let method = method(operation.model, operation.area);
        let file = syn::parse2(crate::codegen::split::short(
            quote!(trait Ext { #method } #blocks),
        ))
        .expect("it is Rust");
        let text = prettyplease::unparse(&file);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn parameter(name: &str, place: &str, schema: Value) -> Value {
        json!({"name": name, "in": place, "required": place == "path", "schema": schema})
    }

    #[test]
    fn each_parameter_is_a_method_that_takes_what_the_call_takes() {
        let text = written(json!({
            "parameters": [
                parameter("id", "path", json!({"type": "string", "format": "uuid"})),
                parameter("name", "query", json!({"type": "string"})),
                parameter("tags", "query", json!({"type": "array", "items": {"type": "string"}})),
                parameter("kind", "query", json!({"type": "string", "nullable": true, "enum": ["A", "B"]})),
                parameter("map", "query", json!({"type": "integer"})),
                parameter("X-Trace", "header", json!({"type": "string"})),
                parameter("ids", "header", json!({"type": "array", "items": {"type": "integer"}})),
                parameter("theme", "cookie", json!({"type": "string"})),
            ],
            "responses": {"204": {"description": ""}},
        }));
        for expected in [
            "fn id(self, value: uuid::Uuid) -> Self { self.path_value(\"id\", &value) }",
            "fn name<'a>(self, value: impl Into<Option<&'a str>>) -> Self { self.query_value(\"name\", value.into()) }",
            "fn tags(self, values: &[String]) -> Self { self.query_repeated(\"tags\", values) }",
            "fn kind(self, value: impl Into<Option<types::FindKind>>) -> Self",
            "fn map_(self, value: impl Into<Option<i64>>) -> Self",
            "fn x_trace<'a>(self, value: impl Into<Option<&'a str>>) -> Self { self.parameter( rt::Place::Header, \"X-Trace\", rt::Style::Simple { explode: false, }, value.into().map(rt::one), ) }",
            "fn ids(self, values: &[i64]) -> Self { self.parameter( rt::Place::Header, \"ids\", rt::Style::Simple { explode: false, }, Some(rt::list(values)), ) }",
            "fn theme<'a>(self, value: impl Into<Option<&'a str>>) -> Self",
            "fn no_content(self) -> Self { self.empty(204u16) }",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }

    #[test]
    fn a_response_has_the_form_that_the_contract_declares() {
        let responding = |responses: Value| {
            written(json!({
                "parameters": [parameter("id", "path", json!({"type": "string"}))],
                "responses": responses,
            }))
        };
        let content = |media: &str, schema: Value| json!({"description": "", "content": {media: {"schema": schema}}});
        let text =
            responding(json!({"200": content("application/x-yaml", json!({"type": "string"}))}));
        assert!(
            text.contains("fn ok(self, value: &str) -> Self { self.raw(200u16, \"application/x-yaml\", value) }"),
            "{text}"
        );
        let list = json!({"type": "array", "items": {"type": "integer"}});
        let text = responding(json!({
            "202": content("application/json", list),
            "204": {"description": ""},
        }));
        assert!(
            text.contains("fn accepted<'a>(self, value: impl Into<Option<&'a [i64]>>) -> Self"),
            "{text}"
        );
        assert!(text.contains("fn no_content(self) -> Self"), "{text}");
        let text =
            responding(json!({"default": content("application/json", json!({"type": "string"}))}));
        assert!(
            text.contains("fn success(self, status: u16, value: &String) -> Self { self.json(Self::success_status(status), value) }"),
            "{text}"
        );
    }

    #[test]
    fn a_body_is_matched_by_its_model_or_as_text() {
        let sent = |body: Value| {
            written(json!({
                "parameters": [parameter("id", "path", json!({"type": "string"}))],
                "requestBody": body,
                "responses": {"204": {"description": ""}},
            }))
        };
        let model = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let json_body = |required: bool| json!({"required": required, "content": {"application/json": {"schema": model}}});
        let text = sent(json_body(true));
        assert!(
            text.contains(
                "fn body(self, value: &types::FindRequest) -> Self { self.json_body(Some(value)) }"
            ),
            "{text}"
        );
        let text = sent(json_body(false));
        assert!(
            text.contains("fn body<'a>(self, value: impl Into<Option<&'a types::FindRequest>>) -> Self { self.json_body(value.into()) }"),
            "{text}"
        );
        let text = sent(
            json!({"required": true, "content": {"text/plain": {"schema": {"type": "string"}}}}),
        );
        assert!(
            text.contains("self.raw_body(Some(value.as_ref()))"),
            "{text}"
        );
    }
}
