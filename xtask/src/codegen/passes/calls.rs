//! Writes the operations: a method, a type that stands for the operation, and a setter for each
//! optional parameter.
//!
//! The methods hold no logic and are not async: all of it is in the runtime's one `Call`, so an
//! operation costs a few lines. Not for what a call does.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Type, parse_quote};

use crate::codegen::model::{
    BodyKind, BodyModel, Format, Location, OperationModel, ParameterModel,
};
use crate::problem::Problem;

use super::{docs, methods::Signature, names, types};

/// What is written for one operation.
#[derive(Debug)]
pub(crate) struct Emitted {
    /// A method of `impl Client`.
    pub(crate) method: TokenStream,
    /// The type that stands for the operation, with its implementation of `Operation`.
    pub(crate) marker: TokenStream,
    /// An `impl Call<..>` with the setters, or nothing.
    pub(crate) setters: TokenStream,
}

/// Writes one operation; the types are those of progenitor's method.
///
/// # Errors
/// Where progenitor wrote no method, or not the parameters that the contract has; where the body
/// is of a kind that calls cannot send.
pub(crate) fn emit(
    operation: &OperationModel,
    signatures: &BTreeMap<String, Signature>,
) -> Result<Emitted, Problem> {
    let problem = |what: String| Problem::new(what).with_pointer(operation.pointer.clone());
    let signature = signatures.get(&operation.method_name).ok_or_else(|| {
        problem(format!(
            "progenitor wrote no method for the operation `{}`",
            operation.id
        ))
    })?;
    let type_of = |name: &str| {
        let ty = signature.parameters.get(name.trim_start_matches("r#"));
        ty.map(bare).ok_or_else(|| {
            problem(format!(
                "progenitor's method `{}` lacks the parameter `{name}`",
                operation.method_name
            ))
        })
    };

    let mut arguments = Vec::new();
    let mut path_values = Vec::new();
    let mut settings = Vec::new();
    let mut setters = Vec::new();
    for parameter in &operation.parameters {
        let ty = type_of(&parameter.rust_name)?;
        if parameter.location == Location::Path {
            let ident = names::apart(&parameter.rust_name, &["body"]);
            let argument = argument_type(&ty);
            arguments.push(quote!(#ident: #argument));
            path_values.push(quote!(&#ident));
        } else if parameter.required {
            let ident = names::apart(&parameter.rust_name, &["body"]);
            let argument = argument_type(&ty);
            arguments.push(quote!(#ident: #argument));
            settings.push(setting(parameter, &ty, &ident));
        } else {
            setters.push(setter(parameter, &ty));
        }
    }
    if let Some(body) = &operation.body {
        let (argument, setting) = body_setting(body, signature, operation)?;
        if body.required == Some(false) {
            let text = docs::attributes(&format!(
                "Sets the body, which may be left out.{}",
                described(body.description.as_deref())
            ));
            setters.push(quote! {
                #text
                #[inline]
                pub fn body(self, body: #argument) -> Self { self #setting }
            });
        } else {
            arguments.push(quote!(body: #argument));
            settings.push(setting);
        }
    }

    let name = names::apart(&operation.method_name, &[]);
    let marker = format_ident!("{}", operation.type_name);
    let text = docs::attributes(&method_text(operation));
    let deprecated = operation.deprecated.then(|| {
        let note = "the current API no longer documents this operation";
        quote!(#[deprecated = #note])
    });
    let method = quote! {
        #text
        #deprecated
        #[inline]
        pub fn #name(&self, #(#arguments),*) -> Call<operations::#marker> {
            Call::new(self, &[#(#path_values),*]) #(#settings)*
        }
    };

    let (output, format) = output(operation, signature)?;
    let http_method = format_ident!("{}", operation.http_method);
    let (id, path) = (&operation.id, &operation.path);
    let about = docs::attributes(&format!(
        "The operation `{id}`, `{} {path}`.",
        operation.http_method
    ));
    let marker_item = quote! {
        #about
        #[derive(Debug)]
        pub enum #marker {}

        impl rt::Operation for #marker {
            type Output = #output;
            type Format = rt::#format;
            const INFO: &'static rt::OperationInfo = &rt::OperationInfo::new(#id, Method::#http_method, #path);
        }
    };
    let setters = if setters.is_empty() {
        TokenStream::new()
    } else {
        quote!(impl Call<operations::#marker> { #(#setters)* })
    };
    Ok(Emitted {
        method,
        marker: marker_item,
        setters,
    })
}

/// The type without the reference and the `Option` that progenitor puts around a parameter.
fn bare(ty: &Type) -> Type {
    let ty = types::inside(ty, "Option").unwrap_or(ty);
    match ty {
        Type::Reference(reference) => (*reference.elem).clone(),
        other => other.clone(),
    }
}

/// How a method takes a value of this type.
fn argument_type(ty: &Type) -> TokenStream {
    if let Some(item) = types::inside(ty, "Vec") {
        return quote!(&[#item]);
    }
    match types::last_name(ty).as_deref() {
        Some("str" | "String") => quote!(&str),
        _ => ty.to_token_stream(),
    }
}

fn setting(parameter: &ParameterModel, ty: &Type, value: &syn::Ident) -> TokenStream {
    let wire = &parameter.name;
    if parameter.location == Location::Header {
        return if types::last_name(ty).as_deref() == Some("str") {
            quote!(.header(#wire, #value))
        } else {
            quote!(.header(#wire, &#value.to_string()))
        };
    }
    match (types::inside(ty, "Vec"), parameter.comma_separated) {
        (Some(_), true) => quote!(.query_joined(#wire, #value)),
        (Some(_), false) => quote!(.query_repeated(#wire, #value)),
        _ => quote!(.query(#wire, #value)),
    }
}

fn setter(parameter: &ParameterModel, ty: &Type) -> TokenStream {
    let plain = parameter.rust_name.trim_start_matches("r#");
    let ident = names::apart(plain, names::CALL_METHODS);
    let value = format_ident!("value");
    let argument = argument_type(ty);
    let setting = setting(parameter, ty, &value);
    let kind = if parameter.location == Location::Header {
        "header"
    } else {
        "query parameter"
    };
    let text = docs::attributes(&format!(
        "Sets the {kind} `{}`.{}",
        parameter.name,
        described(parameter.description.as_deref())
    ));
    let deprecated = parameter.deprecated.then(|| quote!(#[deprecated]));
    quote! {
        #text
        #deprecated
        #[inline]
        pub fn #ident(self, value: #argument) -> Self { self #setting }
    }
}

fn described(text: Option<&str>) -> String {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        Some(text) => format!("\n\n{}", docs::sentence(text)),
        None => String::new(),
    }
}

fn body_setting(
    body: &BodyModel,
    signature: &Signature,
    operation: &OperationModel,
) -> Result<(TokenStream, TokenStream), Problem> {
    let media = &body.content_type;
    match body.kind {
        BodyKind::Json => {
            let ty = signature.parameters.get("body").map(bare).ok_or_else(|| {
                Problem::new(format!("progenitor's method `{}` lacks the body", operation.method_name))
                    .with_pointer(operation.pointer.clone())
            })?;
            let ty = match types::inside(&ty, "Vec") {
                Some(item) => parse_quote!([#item]),
                None => ty,
            };
            Ok((quote!(&#ty), quote!(.json(body))))
        }
        BodyKind::Text => Ok((quote!(impl Into<String>), quote!(.text(#media, body)))),
        BodyKind::Bytes => Ok((quote!(impl Into<Bytes>), quote!(.bytes(#media, body)))),
        BodyKind::Form => Err(Problem::new(format!("the body of `{}` is a form, which a call cannot send", operation.id))
            .with_pointer(operation.pointer.clone())
            .with_help("forms need a method `form` of the runtime's Call: write it, then use it in xtask/src/codegen/passes/calls.rs")),
    }
}

fn output(
    operation: &OperationModel,
    signature: &Signature,
) -> Result<(TokenStream, syn::Ident), Problem> {
    let declared = || {
        signature.output.as_ref().ok_or_else(|| {
            Problem::new(format!(
                "progenitor's method `{}` yields no value, but the contract declares one",
                operation.method_name
            ))
            .with_pointer(operation.pointer.clone())
        })
    };
    Ok(match operation.success.format {
        Format::Json => (declared()?.to_token_stream(), format_ident!("Json")),
        Format::JsonOrEmpty => {
            let ty = declared()?;
            let ty = types::inside(ty, "Option").unwrap_or(ty);
            (quote!(Option<#ty>), format_ident!("JsonOrEmpty"))
        }
        Format::Text if operation.success.secret => (quote!(rt::SecretText), format_ident!("Text")),
        Format::Text => (quote!(String), format_ident!("Text")),
        Format::Binary => (quote!(Bytes), format_ident!("Binary")),
        Format::NoContent => (quote!(()), format_ident!("NoContent")),
    })
}

fn method_text(operation: &OperationModel) -> String {
    let summary = operation
        .summary
        .as_deref()
        .map(docs::sentence)
        .filter(|text| !text.is_empty());
    let mut text = summary.unwrap_or_else(|| format!("Calls the operation `{}`.", operation.id));
    if let Some(description) = operation.description.as_deref().map(str::trim)
        && !description.is_empty()
    {
        text.push_str(&format!("\n\n{}", docs::sentence(description)));
    }
    text.push_str(&format!(
        "\n\n`{} {}`",
        operation.http_method, operation.path
    ));

    let mut lines = Vec::new();
    let taken =
        |parameter: &&ParameterModel| parameter.location == Location::Path || parameter.required;
    for parameter in operation.parameters.iter().filter(taken) {
        let place = match parameter.location {
            Location::Path => "in the path",
            Location::Query => "in the query",
            Location::Header => "a header",
        };
        let name = parameter.rust_name.trim_start_matches("r#");
        lines.push(
            match parameter
                .description
                .as_deref()
                .map(one_line)
                .filter(|text| !text.is_empty())
            {
                Some(description) => format!("- `{name}` ({place}): {description}"),
                None => format!("- `{name}`: `{}` {place}.", parameter.name),
            },
        );
    }
    if let Some(body) = operation
        .body
        .as_ref()
        .filter(|body| body.required != Some(false))
    {
        lines.push(
            match body
                .description
                .as_deref()
                .map(one_line)
                .filter(|text| !text.is_empty())
            {
                Some(description) => format!("- `body`: {description}"),
                None => format!("- `body`: sent as `{}`.", body.content_type),
            },
        );
    }
    if !lines.is_empty() {
        text.push_str(&format!("\n\n# Parameters\n{}", lines.join("\n")));
    }
    let optional: Vec<String> = operation
        .parameters
        .iter()
        .filter(|parameter| !taken(parameter))
        .map(|parameter| {
            names::apart(
                parameter.rust_name.trim_start_matches("r#"),
                names::CALL_METHODS,
            )
            .to_string()
        })
        .chain(
            operation
                .body
                .iter()
                .filter(|body| body.required == Some(false))
                .map(|_| "body".to_owned()),
        )
        .collect();
    if !optional.is_empty() {
        let names: Vec<String> = optional.iter().map(|name| format!("`{name}`")).collect();
        text.push_str(&format!("\n\nSetters of the call: {}.", names.join(", ")));
    }
    if operation.success.format == Format::JsonOrEmpty {
        text.push_str("\n\nThe server may answer without a body: that gives `None`.");
    }
    text.push_str("\n\n# Errors\n");
    let statuses: Vec<&str> = operation
        .errors
        .iter()
        .map(|(status, _)| status.as_str())
        .collect();
    if statuses.is_empty()
        || statuses
            .iter()
            .all(|status| status.contains('X') || *status == "default")
    {
        text.push_str("Any [`Error`](crate::Error) of a call.");
    } else {
        text.push_str(&format!(
            "Any [`Error`](crate::Error) of a call; the contract names the statuses {}.",
            statuses.join(", ")
        ));
    }
    text
}

fn one_line(text: &str) -> String {
    docs::sentence(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
