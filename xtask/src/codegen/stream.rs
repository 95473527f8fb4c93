//! The websocket side of the client: generated like the REST contract up to its models, then one type
//! for each endpoint, which knows its path, its query and its frames.
//!
//! A websocket request is not a call: it has no body, and its response is a stream of frames.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::areas::STREAM;
use super::doc::{Doc, Line};
use super::model::{
    Format, Location, Normalized, OperationModel, ParameterModel, Remark, TypeModel,
};
use super::passes::reserved::Reserved;
use super::passes::{self, Shapes, names};
use super::{normalize, progenitor, split};
use crate::contract;
use crate::problem::Problem;
use crate::record::Record;
use crate::write::Tree;

/// The overlay's key that names a model of the REST contract as the frame.
const FRAME: &str = "x-frame";

/// The default address of requests.
const URL: &str = "wss://ws.qovery.com";

/// The websocket contract of this repository.
pub(crate) const CONTRACT: &str = "openapi-ws.yaml";
/// Its overlay.
pub(crate) const OVERLAY: &str = "xtask/overlay-ws.yaml";
/// The output directory of the websocket side.
pub(crate) const GENERATED: &str = "qovery-api/src/generated_stream";

/// The files that the websocket contract gives.
#[derive(Debug)]
pub(crate) struct Generated {
    pub(crate) tree: Tree,
    /// The contract as JSON, fixes applied.
    pub(crate) contract: String,
    /// The decisions of the generator on points that the contract leaves open.
    pub(crate) remarks: Vec<Remark>,
}

/// Generates the websocket side of the client, with the texts of this record.
///
/// # Errors
/// Returns an error if the contract contains something unsupported; the problem names the location.
pub(crate) fn generate(
    spec: &Path,
    overlay: Option<&Path>,
    record: Record,
) -> Result<Generated, Problem> {
    let document = contract::load_with(spec, overlay)?;
    let normalized = normalize(&document)?;
    let written = progenitor(&normalized).map_err(|problem| problem.of_document(&document))?;
    let inputs = super::inputs(spec, overlay)?;
    let mut parts = split::Parts::of_stream(record);
    let areas = vec![&STREAM; normalized.operations.len()];
    let shapes = Shapes::read(&written, &normalized, &areas);
    shapes
        .and_then(|shapes| passes::add_models(&shapes, &mut parts))
        .map_err(|problem| problem.of_document(&document))?;
    for operation in &normalized.operations {
        let request = request(operation, &document.value);
        let request = request.map_err(|problem| problem.of_document(&document))?;
        parts.add(split::Place::Request(&STREAM), request)?;
    }
    // The REST side holds the fingerprint of both contracts.
    parts.add(
        split::Place::File(split::CONTRACT),
        super::constants(&document, &normalized, &inputs, ""),
    )?;
    parts.record.keep();
    let origin = split::Origin::of(spec, overlay);
    Ok(Generated {
        tree: split::lay_out_stream(&parts, &origin)?,
        contract: super::document::json(&document.value, &origin),
        remarks: remarks(&normalized, &document.value),
    })
}

/// The remarks of normalizing, except for the one about addresses, which concerns the REST side.
fn remarks(normalized: &Normalized, document: &Value) -> Vec<Remark> {
    const SERVERS: &str = "/servers";
    let noted = normalized.remarks.iter();
    let mut remarks: Vec<Remark> = noted
        .filter(|remark| remark.pointer != SERVERS)
        .cloned()
        .collect();
    let servers = document.pointer(SERVERS).and_then(Value::as_array);
    let urls = servers.into_iter().flatten();
    let mut urls = urls.filter_map(|server| server.get("url")?.as_str());
    if servers.is_some_and(|servers| !servers.is_empty())
        && !urls.any(|url| url.trim_end_matches('/') == URL)
    {
        remarks.push(Remark::new(
            SERVERS,
            format!("requests without an address of their own go to `{URL}`"),
        ));
    }
    remarks
}

/// Writes the request of one endpoint.
fn request(operation: &OperationModel, document: &Value) -> Result<TokenStream, Problem> {
    let problem = |what: String| Problem::of(&operation.pointer, what);
    let other = operation
        .parameters
        .iter()
        .find(|parameter| parameter.location != Location::Query);
    if operation.http_method != "GET" || operation.body.is_some() || other.is_some() {
        return Err(problem(format!(
            "`{}` is not a websocket request: these are GET requests with all parameters in the query",
            operation.id
        ))
        .with_help("describe it so, or remove it, in the overlay"));
    }
    let name = format_ident!("{}", operation.type_name);
    let (id, path) = (&operation.id, &operation.path);
    let frame = frame(operation, document)?;
    let (mut fields, mut arguments, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let (mut setters, mut pairs) = (Vec::new(), Vec::new());
    for parameter in &operation.parameters {
        let ident = names::apart(&parameter.rust_name, &Reserved::of("new to_query url"));
        let (wire, ty) = (&parameter.name, rust_type(&parameter.ty));
        let text = text_of(parameter).attributes();
        let (argument, into) = match takes_into(&parameter.ty) {
            true => (
                quote!(impl ::core::convert::Into<#ty>),
                Some(quote!(.into())),
            ),
            false => (ty.clone(), None),
        };
        let set = match parameter.ty {
            TypeModel::List(_) => format_ident!("list"),
            _ => format_ident!("one"),
        };
        if parameter.required {
            let value = into.map(|into| quote!(: #ident #into));
            fields.push(quote!(#text pub #ident: #ty,));
            arguments.push(quote!(#ident: #argument));
            values.push(quote!(#ident #value,));
            pairs.push(quote!(query.#set(#wire, &self.#ident);));
            continue;
        }
        fields.push(quote!(#text pub #ident: ::core::option::Option<#ty>,));
        values.push(quote!(#ident: ::core::option::Option::None,));
        pairs.push(quote!(if let ::core::option::Option::Some(value) = &self.#ident { query.#set(#wire, value); }));
        let text = Line::new("Sets ").own_link(&ident.to_string()).text(".");
        let text = Doc::of(text).attributes();
        setters.push(quote! {
            #text
            #[must_use]
            pub fn #ident(mut self, value: #argument) -> Self {
                self.#ident = ::core::option::Option::Some(value #into);
                self
            }
        });
    }
    let prose = |text: &Option<String>| text.as_deref().map(Doc::sentence).unwrap_or_default();
    let text = prose(&operation.summary)
        .then(prose(&operation.description))
        .paragraph(Line::new("Endpoint: ").code(path).text("."))
        .attributes();
    let new = Doc::of(Line::new("Creates a request from its required parameters.")).attributes();
    Ok(quote! {
        #text
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub struct #name { #(#fields)* }

        impl crate::stream::requests::#name {
            #new
            pub fn new(#(#arguments),*) -> Self { Self { #(#values)* } }
            #(#setters)*
        }

        impl ::qovery_api::stream::StreamRequest for crate::stream::requests::#name {
            type Frame = #frame;
            const ID: &'static str = #id;
            const PATH: &'static str = #path;

            fn to_query(&self) -> ::qovery_api::stream::StreamQuery {
                let mut query = ::qovery_api::stream::StreamQuery::default();
                #(#pairs)*
                query
            }
        }
    })
}

fn text_of(parameter: &ParameterModel) -> Doc {
    if parameter.description.is_empty() {
        let text = Line::new("The query parameter ").code(&parameter.name);
        return text.text(".").into();
    }
    parameter.description.clone().stopped()
}

/// The type of a query parameter. All numbers of this API are counts, which are never negative.
fn rust_type(ty: &TypeModel) -> TokenStream {
    match ty {
        TypeModel::Named(name) => {
            let name = format_ident!("{name}");
            quote!(crate::types::#name)
        }
        TypeModel::Uuid => quote!(::uuid::Uuid),
        TypeModel::Integer => quote!(u32),
        TypeModel::Number => quote!(f64),
        TypeModel::Boolean => quote!(bool),
        TypeModel::List(inner) => {
            let inner = rust_type(inner);
            quote!(::std::vec::Vec<#inner>)
        }
        TypeModel::Nullable(inner) => rust_type(inner),
        TypeModel::Text
        | TypeModel::Date
        | TypeModel::DateTime
        | TypeModel::Any
        | TypeModel::Map(_) => quote!(::std::string::String),
    }
}

/// Whether a setter converts its argument with `Into`.
fn takes_into(ty: &TypeModel) -> bool {
    !matches!(
        ty,
        TypeModel::Uuid | TypeModel::Integer | TypeModel::Number | TypeModel::Boolean
    )
}

/// The type of the frames: the overlay's model, or the type declared in the contract.
fn frame(operation: &OperationModel, document: &Value) -> Result<TokenStream, Problem> {
    let pointer = format!("{}/{FRAME}", operation.pointer);
    let problem = |what: &str| Problem::of(&pointer, what);
    if let Some(named) = document.pointer(&pointer) {
        let name = named.get("model").and_then(Value::as_str);
        let name = name.filter(|name| super::normalize::is_type_name(name));
        let name = name.ok_or_else(|| {
            problem("`x-frame` names no model").with_help("write `model: NameOfASchema`")
        })?;
        let name = format_ident!("{name}");
        let is_list = named.get("list").and_then(Value::as_bool) == Some(true);
        return Ok(if is_list {
            quote!(::std::vec::Vec<::qovery_api::types::#name>)
        } else {
            quote!(::qovery_api::types::#name)
        });
    }
    match (operation.success.format, &operation.success.ty) {
        (Format::Json, Some(ty)) => Ok(rust_type(ty)),
        _ => Ok(quote!(::bytes::Bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /service/logs:
    get:
      operationId: service_logs
      parameters:
        - {name: service, in: query, required: true, schema: {type: string, format: uuid}}
        - {name: query, in: query, schema: {type: string}}
        - {name: command, in: query, required: true, schema: {type: array, items: {type: string}}}
      responses:
        '200':
          description: x
          content: {application/json: {schema: {$ref: '#/components/schemas/Line'}}}
components:
  schemas:
    Line: {type: object, required: [state], properties: {state: {type: string, enum: [A, B]}}}
";

    fn generated(spec: &str) -> Result<Tree, Problem> {
        let home = tempfile::tempdir().expect("a directory");
        let file = home.path().join("ws.yaml");
        std::fs::write(&file, spec).expect("written");
        generate(&file, None, Record::default()).map(|generated| generated.tree)
    }

    #[test]
    fn an_endpoint_becomes_a_request_that_knows_its_query_and_its_frames() {
        let tree = generated(SPEC).expect("generated");
        let requests = &tree["requests.rs"];
        for part in [
            "pub struct ServiceLogs {",
            "pub service: ::uuid::Uuid,",
            "pub query: ::core::option::Option<::std::string::String>,",
            "impl crate::stream::requests::ServiceLogs {",
            "command: impl ::core::convert::Into<::std::vec::Vec<::std::string::String>>,",
            "type Frame = crate::stream::types::Line;",
            "const PATH: &'static str = \"/service/logs\";",
            "query.list(\"command\", &self.command);",
            "if let ::core::option::Option::Some(value) = &self.query {",
        ] {
            assert!(requests.contains(part), "{part}\n{requests}");
        }
        let models = &tree["models/models.rs"];
        for (path, text) in &tree {
            assert!(!text.contains("\nuse "), "{path}");
            assert!(!text.contains("crate::types"), "{path}");
        }
        assert!(models.contains("pub enum LineState {"), "{models}");
    }

    #[test]
    fn a_frame_of_the_rest_contract_is_named_by_the_overlay_and_is_never_code() {
        let framed = SPEC.replace(
            "operationId: service_logs",
            "operationId: service_logs\n      x-frame: {model: EnvironmentLogs, list: true}",
        );
        let tree = generated(&framed).expect("generated");
        let frame = "type Frame = ::std::vec::Vec<::qovery_api::types::EnvironmentLogs>;";
        assert!(tree["requests.rs"].contains(frame));
        for name in ["a::b", "X; fn f() {}", "string", ""] {
            let hostile = framed.replace("model: EnvironmentLogs", &format!("model: {name:?}"));
            let problem = generated(&hostile).expect_err(name).to_string();
            assert!(problem.contains("x-frame"), "{problem}");
        }
    }

    #[test]
    fn an_address_that_requests_do_not_have_by_themselves_is_noted() {
        let notes = |servers: &str| {
            let home = tempfile::tempdir().expect("a directory");
            let file = home.path().join("ws.yaml");
            let spec = SPEC.replacen("paths:", &format!("{servers}\npaths:"), 1);
            std::fs::write(&file, spec).expect("written");
            let notes = generate(&file, None, Record::default())
                .expect("generated")
                .remarks;
            notes.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(notes(""), [""; 0]);
        assert_eq!(notes("servers: [{url: 'wss://ws.qovery.com/'}]"), [""; 0]);
        let other = notes("servers: [{url: 'https://api.qovery.com'}]");
        assert!(
            matches!(other.as_slice(), [note] if note.contains("`wss://ws.qovery.com`")),
            "{other:?}"
        );
    }

    #[test]
    fn an_operation_that_is_no_websocket_request_is_refused() {
        let post = SPEC.replace("    get:", "    post:");
        assert!(generated(&post).is_err());
        let header = SPEC.replacen("in: query", "in: header", 1);
        let problem = generated(&header).expect_err("a header").to_string();
        assert!(problem.contains("service_logs"), "{problem}");
    }
}
