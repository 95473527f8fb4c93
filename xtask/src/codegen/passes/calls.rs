//! Writes the operations: a method, a type that stands for the operation, and a setter for each
//! optional parameter.
//!
//! The methods hold no logic and are not async: the runtime's one `Call` does all the work, so an
//! operation costs a few lines.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Type;

use crate::codegen::areas::{self, Area};
use crate::codegen::doc::{Doc, Line};
use crate::codegen::model::{
    AlternativeModel, BodyKind, BodyModel, Encoding, Format, Location, OperationModel,
    ParameterModel, Shape, Style,
};
use crate::codegen::split::short;
use crate::problem::Problem;

use super::{methods::Signature, models, names, operation::Operation, reserved, types};

/// The name of the method of an operation.
pub(crate) fn name(operation: &OperationModel) -> syn::Ident {
    names::apart(&operation.method_name, &reserved::CLIENT)
}

/// How many arguments the method takes.
pub(crate) fn arguments(operation: &OperationModel) -> usize {
    let parameters = operation.parameters.iter();
    let body = operation.body.iter();
    parameters.filter(|one| one.is_argument()).count()
        + body.filter(|body| body.required != Some(false)).count()
}

/// Writes one operation; the types are those of progenitor's method. The method of `Client` comes first, then the
/// type that stands for the operation, with its implementation of `Operation`, and the setters of its call, if there
/// are any: an `impl` of the type with the attribute `setters`.
///
/// # Errors
/// Returns an error if the parameters of progenitor's method differ from those of the contract.
pub(crate) fn emit(operation: &Operation<'_>) -> Result<TokenStream, Problem> {
    let Operation {
        model: operation,
        signature,
        area,
    } = *operation;
    let mut arguments = Vec::new();
    let mut path_values = Vec::new();
    let mut settings = fixed_query(operation);
    let mut setters = Vec::new();
    for parameter in &operation.parameters {
        let ty = signature.parameter(operation, &parameter.rust_name)?;
        let others = others(operation, parameter);
        if !parameter.is_argument() {
            setters.push(setter(parameter, &others, ty));
            continue;
        }
        let ident = names::apart(&parameter.rust_name, &reserved::Reserved::of("body"));
        let argument = argument_type(parameter, ty);
        arguments.push(quote!(#ident: #argument));
        match parameter.location {
            Location::Path => path_values.push((parameter, ident)),
            _ => settings.push(setting(parameter, &others, &ident)),
        }
    }
    if let Some(body) = &operation.body {
        let (argument, setting) = body_setting(body, signature, operation)?;
        if body.required == Some(false) {
            let description = body.description.as_deref().map(Doc::sentence);
            let text = Doc::of(Line::new("Sets the body, which may be left out."))
                .then(description.unwrap_or_default())
                .attributes();
            setters.push(quote! {
                #text
                #[inline]
                pub fn body(self, body: #argument) -> Self { self #setting }
            });
        } else {
            arguments.push(quote!(body: #argument));
            settings.push(setting);
        }
        for alternative in &body.alternatives {
            setters.push(alternative_setter(body, alternative, signature, operation)?);
        }
    }

    let name = name(operation);
    let marker = format_ident!("{}", operation.type_name);
    let text = method_text(operation, area, signature.output.as_ref()).attributes();
    let deprecated = operation.deprecated.then(|| {
        let note = "the current API no longer documents this operation";
        quote!(#[deprecated = #note])
    });
    let new = new_call(&path_values);
    let former_methods = operation.former.iter().map(|(former, _)| {
        let note = format!("it is called `{name}` now");
        let former = names::apart(former, &reserved::CLIENT);
        let text = Doc::of(
            Line::new("The former name of ")
                .own_link(&names::plain(&name))
                .text("."),
        )
        .attributes();
        quote! {
            #text
            #[deprecated = #note]
            #[inline]
            pub fn #former(&self, #(#arguments),*) -> crate::runtime::Call<crate::operations::#marker> {
                #new #(#settings)*
            }
        }
    });
    let former_methods: Vec<TokenStream> = former_methods.collect();
    let former_methods = (!former_methods.is_empty())
        .then(|| quote!(impl crate::runtime::Client { #(#former_methods)* }));
    let method = quote! {
        impl crate::runtime::Client {
            #text
            #deprecated
            #[inline]
            pub fn #name(&self, #(#arguments),*) -> crate::runtime::Call<crate::operations::#marker> {
                #new #(#settings)*
            }
        }
    };

    let (output, format) = output(operation, signature)?;
    let accept = accept(operation);
    let http_method = format_ident!("{}", operation.http_method);
    let (id, path) = (&operation.id, &operation.path);
    let method_name = names::plain(&name);
    let about = Line::new("The operation ").code(id).text(", ");
    let about = about.then(request(operation)).text(": ");
    let about = about.item(&["Client", &method_name]).text(".");
    let mut about = Doc::of(about);
    if !setters.is_empty() {
        let call = format!("Call<{marker}>");
        let line = Line::new("The setters below are methods of the call, ");
        about = about.paragraph(line.code(&call).text(", before it is awaited."));
    }
    let about = about
        .paragraph(areas::availability(&[area].into()))
        .attributes();
    let setters = (!setters.is_empty())
        .then(|| quote!(#[setters] impl crate::operations::#marker { #(#setters)* }));
    let former = operation.former.iter().map(|(_, former)| {
        let path = quote!(crate::operations::#marker);
        models::former(former, &operation.type_name, &path, &[area].into())
    });
    Ok(quote! {
        #method
        #former_methods
        #(#former)*
        #about
        pub enum #marker {}

        impl crate::runtime::Operation for crate::operations::#marker {
            type Output = #output;
            type Format = crate::runtime::#format;
            #accept
            const INFO: &'static crate::runtime::OperationInfo = &crate::runtime::OperationInfo::new(#id, ::http::Method::#http_method, #path);
        }

        #setters
    })
}

/// The call with the values of its path.
fn new_call(path_values: &[(&ParameterModel, syn::Ident)]) -> TokenStream {
    let is_plain =
        |parameter: &ParameterModel| parameter.shape == Shape::One && parameter.is_simple();
    if path_values.iter().all(|(parameter, _)| is_plain(parameter)) {
        let values = path_values.iter().map(|(_, ident)| quote!(&#ident));
        return quote!(crate::runtime::Call::new(self, &[#(#values),*]));
    }
    let values = path_values.iter().map(|(parameter, ident)| {
        let (style, texts) = (style(parameter.style), texts(parameter, &quote!(#ident)));
        quote!((#style, #texts))
    });
    quote!(crate::runtime::Call::styled(self, [#(#values),*]))
}

/// The query that every call of an operation has.
fn fixed_query(operation: &OperationModel) -> Vec<TokenStream> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in &operation.fixed_query {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let settings = names.into_iter().map(|name| {
        let values = operation.fixed_query.iter();
        let values = values.filter(|(known, _)| known == name);
        let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
        match values.as_slice() {
            [value] => quote!(.query(#name, #value)),
            values => quote!(.query_repeated(#name, &[#(#values),*])),
        }
    });
    settings.collect()
}

/// The media types to accept, if they differ from the default of the format.
fn accept(operation: &OperationModel) -> Option<TokenStream> {
    let by_itself = match operation.success.format {
        Format::Json | Format::JsonOrEmpty => "application/json",
        Format::Text | Format::Binary | Format::NoContent => "*/*",
    };
    let accept = operation.success.accept.join(", ");
    (!accept.is_empty() && accept != by_itself)
        .then(|| quote!(const ACCEPT: &'static str = #accept;))
}

/// How a method takes the value of a parameter of this type.
fn argument_type(parameter: &ParameterModel, ty: &Type) -> TokenStream {
    if let Some(item) = types::inside(ty, "Vec") {
        return quote!(&[#item]);
    }
    match types::last_name(ty).as_deref() {
        Some("str" | "String") => quote!(&str),
        _ if matches!(parameter.shape, Shape::Object | Shape::Document) => quote!(&#ty),
        _ => ty.to_token_stream(),
    }
}

/// The names of the other query parameters, if the value of this one is an object whose keys are sent as names.
fn others<'a>(operation: &'a OperationModel, parameter: &ParameterModel) -> Vec<&'a str> {
    let sends_keys = parameter.location == Location::Query
        && matches!(parameter.shape, Shape::Object)
        && matches!(parameter.style, Style::Form { explode: true } | Style::Deep);
    let queries = operation
        .parameters
        .iter()
        .filter(|other| sends_keys && other.location == Location::Query);
    let names = queries.map(|other| other.name.as_str());
    names.filter(|name| *name != parameter.name).collect()
}

fn setting(parameter: &ParameterModel, others: &[&str], value: &syn::Ident) -> TokenStream {
    let wire = &parameter.name;
    match (parameter.location, parameter.shape, parameter.style) {
        (Location::Query, Shape::One, _) => quote!(.query(#wire, #value)),
        (Location::Query, Shape::List, Style::Form { explode: false }) => {
            quote!(.query_joined(#wire, #value))
        }
        (Location::Query, Shape::List, Style::Form { explode: true }) => {
            quote!(.query_repeated(#wire, #value))
        }
        _ => {
            let (style, texts) = (style(parameter.style), texts(parameter, &quote!(#value)));
            let place = place(parameter.location);
            let declared = (!others.is_empty()).then(|| quote!(.declared(&[#(#others),*])));
            quote!(.parameter(#place, #wire, #style, #texts) #declared)
        }
    }
}

/// The function of the runtime that makes texts of a parameter's value.
pub(crate) fn maker(parameter: &ParameterModel) -> TokenStream {
    match parameter.shape {
        Shape::One => quote!(crate::runtime::one),
        Shape::List => quote!(crate::runtime::list),
        Shape::Object => quote!(crate::runtime::object),
        Shape::Document => quote!(crate::runtime::document),
    }
}

/// The texts of a parameter's value.
pub(crate) fn texts(parameter: &ParameterModel, value: &TokenStream) -> TokenStream {
    let make = maker(parameter);
    quote!(#make(#value))
}

/// The expression for a style in generated code.
pub(crate) fn style(style: Style) -> TokenStream {
    match style {
        Style::Simple { explode } => quote!(crate::runtime::Style::Simple { explode: #explode }),
        Style::Form { explode } => quote!(crate::runtime::Style::Form { explode: #explode }),
        Style::Space => quote!(crate::runtime::Style::Space),
        Style::Pipe => quote!(crate::runtime::Style::Pipe),
        Style::Deep => quote!(crate::runtime::Style::Deep),
        Style::Label { explode } => quote!(crate::runtime::Style::Label { explode: #explode }),
        Style::Matrix { explode } => quote!(crate::runtime::Style::Matrix { explode: #explode }),
    }
}

/// The expression for a location in generated code; `None` for the path.
pub(crate) fn place(location: Location) -> Option<TokenStream> {
    match location {
        Location::Path => None,
        Location::Query => Some(quote!(crate::runtime::Place::Query)),
        Location::Header => Some(quote!(crate::runtime::Place::Header)),
        Location::Cookie => Some(quote!(crate::runtime::Place::Cookie)),
    }
}

fn setter(parameter: &ParameterModel, others: &[&str], ty: &Type) -> TokenStream {
    let plain = parameter.rust_name.trim_start_matches("r#");
    let ident = names::apart(plain, &reserved::CALL);
    let value = format_ident!("value");
    let argument = argument_type(parameter, ty);
    let setting = setting(parameter, others, &value);
    let kind = match parameter.location {
        Location::Header => "header",
        Location::Cookie => "cookie",
        Location::Path | Location::Query => "query parameter",
    };
    let text = Line::new("Sets the ").text(kind).text(" ");
    let text = Doc::of(text.code(&parameter.name).text("."))
        .then(parameter.description.clone().stopped())
        .attributes();
    let deprecated = parameter.deprecated.then(|| quote!(#[deprecated]));
    quote! {
        #text
        #deprecated
        #[inline]
        pub fn #ident(self, value: #argument) -> Self { self #setting }
    }
}

/// The argument for a body, and how it is set.
fn body_setting(
    body: &BodyModel,
    signature: &Signature,
    operation: &OperationModel,
) -> Result<(TokenStream, TokenStream), Problem> {
    let typed = || body_type(signature, operation);
    let (media, encodings) = (&body.content_type, &body.encodings);
    Ok(match body.kind {
        BodyKind::Json if media == "application/json" => (typed()?, quote!(.json(body))),
        kind @ (BodyKind::Json | BodyKind::Form) => (typed()?, sending(kind, media, encodings)),
        BodyKind::Text => (
            quote!(impl ::core::convert::Into<::std::string::String>),
            sending(body.kind, media, &[]),
        ),
        BodyKind::Bytes => (
            quote!(impl ::core::convert::Into<::bytes::Bytes>),
            sending(body.kind, media, &[]),
        ),
    })
}

/// The type of a body that is a document, as an argument.
fn body_type(signature: &Signature, operation: &OperationModel) -> Result<TokenStream, Problem> {
    let ty = signature.parameter(operation, "body")?;
    let ty = match types::inside(ty, "Vec") {
        Some(item) => quote!([#item]),
        None => quote!(#ty),
    };
    Ok(quote!(&#ty))
}

/// How a body of this kind is sent.
fn sending(kind: BodyKind, media: &str, encodings: &[(String, Encoding)]) -> TokenStream {
    match kind {
        BodyKind::Json => quote!(.json_as(#media, body)),
        BodyKind::Text => quote!(.text(#media, body)),
        BodyKind::Bytes => quote!(.bytes(#media, body)),
        BodyKind::Form => {
            let encodings = encodings.iter().map(|(name, encoding)| {
                let encoding = match encoding {
                    Encoding::Json => quote!(crate::runtime::FormStyle::Json),
                    Encoding::Styled(styled) => {
                        let style = style(*styled);
                        quote!(crate::runtime::FormStyle::Styled(#style))
                    }
                };
                quote!((#name, #encoding))
            });
            quote!(.form(#media, &[#(#encodings),*], body))
        }
    }
}

/// The setter of another media type of the body.
fn alternative_setter(
    body: &BodyModel,
    alternative: &AlternativeModel,
    signature: &Signature,
    operation: &OperationModel,
) -> Result<TokenStream, Problem> {
    let media = &alternative.content_type;
    let is_document = |kind| matches!(kind, BodyKind::Json | BodyKind::Form);
    let (argument, about) = match alternative.kind {
        BodyKind::Text => (
            quote!(impl ::core::convert::Into<::std::string::String>),
            "text",
        ),
        BodyKind::Bytes => (quote!(impl ::core::convert::Into<::bytes::Bytes>), "bytes"),
        _ if alternative.same_schema && is_document(body.kind) => {
            (body_type(signature, operation)?, "")
        }
        _ => (
            quote!(&(impl ::serde::Serialize + ?::core::marker::Sized)),
            "any value, because the contract gives it a schema of its own",
        ),
    };
    let mut text = Line::new("Sends the body as ").code(media);
    text = text.text(", in place of the one that was set before.");
    if !about.is_empty() {
        text = text.text(" It takes ").text(about).text(".");
    }
    let text = Doc::of(text).attributes();
    let ident = names::apart(&alternative.rust_name, &reserved::CALL);
    let sending = sending(alternative.kind, media, &alternative.encodings);
    Ok(quote! {
        #text
        #[inline]
        pub fn #ident(self, body: #argument) -> Self { self #sending }
    })
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
            (
                quote!(::core::option::Option<#ty>),
                format_ident!("JsonOrEmpty"),
            )
        }
        Format::Text if operation.success.secret => {
            (quote!(crate::runtime::SecretText), format_ident!("Text"))
        }
        Format::Text => (quote!(::std::string::String), format_ident!("Text")),
        Format::Binary => (quote!(::bytes::Bytes), format_ident!("Binary")),
        Format::NoContent => (quote!(()), format_ident!("NoContent")),
    })
}

/// The method and the path of an operation, as code.
fn request(operation: &OperationModel) -> Line {
    Line::default().code(&format!("{} {}", operation.http_method, operation.path))
}

/// The result of a successful call, with a link to its type.
fn returned(operation: &OperationModel, output: Option<&Type>) -> Line {
    let value = |ty: Option<&Type>| ty.map(|ty| described(ty, false)).unwrap_or_default();
    match operation.success.format {
        Format::Json => value(output).capital().text("."),
        Format::JsonOrEmpty => {
            let output = output.map(|ty| types::inside(ty, "Option").unwrap_or(ty));
            let line = value(output).capital().text(", or ").code("None");
            line.text(" if the server answers without a body.")
        }
        Format::Text if operation.success.secret => Line::new("The text of the response, a ")
            .link("SecretText", "crate::SecretText")
            .text("."),
        Format::Text => Line::new("The text of the response."),
        Format::Binary => Line::new("The bytes of the response."),
        Format::NoContent => Line::new("Nothing: the response has no body."),
    }
}

/// A type as a noun, with links to the models in it.
fn described(ty: &Type, is_plural: bool) -> Line {
    if let Some(item) = types::inside(ty, "Vec") {
        let line = Line::new(if is_plural { "lists of " } else { "a list of " });
        return line.then(described(item, true));
    }
    if let Some(value) = types::inside(ty, "Option") {
        let line = described(value, is_plural).text(" or ");
        return line.code("None");
    }
    match types::model_name(ty) {
        Some(name) if is_plural => Line::default().item(&["types", &name]),
        Some(name) => Line::default().model(&name),
        None => {
            let path = short(ty.to_token_stream()).to_string();
            Line::default().code(&path.replace(' ', ""))
        }
    }
}

fn method_text(operation: &OperationModel, area: &'static Area, output: Option<&Type>) -> Doc {
    let prose = |text: Option<&str>| text.map(Doc::sentence).unwrap_or_default();
    let mut text = prose(operation.summary.as_deref());
    if text.is_empty() {
        text = Line::new("Calls the operation ")
            .code(&operation.id)
            .text(".")
            .into();
    }
    text = text
        .then(prose(operation.description.as_deref()))
        .paragraph(request(operation))
        .paragraph(areas::availability(&[area].into()));
    if !operation.fixed_query.is_empty() {
        let pairs = operation.fixed_query.iter();
        let pairs = pairs.map(|(name, value)| format!("{name}={value}"));
        let sent = Line::new("Sends ").listed(pairs);
        text = text.paragraph(sent.text(" in the query."));
    }

    let mut items = Vec::new();
    for parameter in operation.parameters.iter().filter(|one| one.is_argument()) {
        let place = match parameter.location {
            Location::Path => "in the path",
            Location::Query => "in the query",
            Location::Header => "a header",
            Location::Cookie => "a cookie",
        };
        let name = parameter.rust_name.trim_start_matches("r#");
        let item = Line::default().code(name);
        items.push(if parameter.description.is_empty() {
            let item = item.text(": ").code(&parameter.name);
            item.text(" ").text(place).text(".")
        } else {
            let description = parameter.description.clone().stopped().in_one_line();
            item.text(" (").text(place).text("): ").then(description)
        });
    }
    if let Some(body) = operation
        .body
        .as_ref()
        .filter(|body| body.required != Some(false))
    {
        let item = Line::default().code("body").text(": ");
        let description = prose(body.description.as_deref());
        items.push(if description.is_empty() {
            item.text("sent as ").code(&body.content_type).text(".")
        } else {
            item.then(description.in_one_line())
        });
    }
    text = text.list("Parameters", items);
    let optional: Vec<String> = operation
        .parameters
        .iter()
        .filter(|parameter| !parameter.is_argument())
        .map(|parameter| {
            names::apart(
                parameter.rust_name.trim_start_matches("r#"),
                &reserved::CALL,
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
    let setter =
        |line: Line, name: &String| line.item(&["operations", &operation.type_name, name.as_str()]);
    if !optional.is_empty() {
        let setters = Line::new("Setters of the call: ").each(&optional, ", ", setter);
        text = text.paragraph(setters.text("."));
    }
    if let Some(body) = &operation.body
        && !body.alternatives.is_empty()
    {
        let mut line = Line::new("The body is sent as ").code(&body.content_type);
        line = line.text(". Setters of the call send it in another form: ");
        for (index, other) in body.alternatives.iter().enumerate() {
            line = line.text(if index > 0 { ", " } else { "" });
            line = line.code(&other.content_type).text(" by ");
            let name = names::apart(&other.rust_name, &reserved::CALL).to_string();
            line = setter(line, &name);
        }
        text = text.paragraph(line.text("."));
    }
    text = text.section("Returns", returned(operation, output));
    let statuses: Vec<&str> = operation
        .errors
        .iter()
        .map(|(status, _)| status.as_str())
        .collect();
    let errors = Line::new("Returns an ").link("Error", "crate::Error");
    let errors = errors.text(" if the call fails.");
    let named = !statuses
        .iter()
        .all(|status| status.contains('X') || *status == "default");
    text.section(
        "Errors",
        if named {
            errors
                .text(" Documented error statuses: ")
                .text(&statuses.join(", "))
                .text(".")
        } else {
            errors
        },
    )
}
