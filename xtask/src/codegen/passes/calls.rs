//! Writes the operations: a method, a type that stands for the operation, and a setter for each
//! optional parameter.
//!
//! The methods hold no logic and are not async: the runtime's one `Call` does all the work, so an
//! operation costs a few lines.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Ident, Type};

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
pub(crate) fn name(operation: &OperationModel) -> Ident {
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
        let (ty, borrowed) = value_type(parameter, ty);
        let ty = borrowed.map_or(ty, |borrowed| quote!(&#borrowed));
        let others = others(operation, parameter);
        if !parameter.is_argument() {
            setters.push(parameter_setter(parameter, &others, &ty));
            continue;
        }
        let ident = names::apart(&parameter.rust_name, &reserved::Reserved::of("body"));
        arguments.push(quote!(#ident: #ty));
        match parameter.location {
            Location::Path => path_values.push((parameter, ident)),
            _ => settings.push(setting(parameter, &others, &ident)),
        }
    }
    if let Some(body) = &operation.body {
        let argument = match body_argument(body.kind) {
            Some(argument) => argument,
            None => body_type(signature, operation)?,
        };
        let setting = match (body.kind, body.content_type.as_str()) {
            (BodyKind::Json, "application/json") => quote!(.json(body)),
            (kind, media) => sending(kind, media, &body.encodings),
        };
        if body.required == Some(false) {
            let description = body.description.as_deref().map(Doc::sentence);
            let text = Doc::of(Line::new("Sets the body, which may be left out."));
            let text = text.then(description.unwrap_or_default());
            let parameter = quote!(body: #argument);
            setters.push(setter(
                &text,
                None,
                &format_ident!("body"),
                &parameter,
                &setting,
            ));
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
    let new = new_call(&path_values);
    let method = |name: &Ident, text: &Doc, note: Option<&str>| {
        let text = text.attributes();
        let deprecated = note.map(|note| quote!(#[deprecated = #note]));
        quote! {
            #text
            #deprecated
            #[inline]
            pub fn #name(&self, #(#arguments),*) -> crate::runtime::Call<crate::operations::#marker> {
                #new #(#settings)*
            }
        }
    };
    let former_methods = operation.former.iter().map(|(former, _)| {
        let note = format!("it is called `{name}` now");
        let text = Line::new("The former name of ").own_link(&names::plain(&name));
        let former = names::apart(former, &reserved::CLIENT);
        method(&former, &text.text(".").into(), Some(&note))
    });
    let former_methods: Vec<TokenStream> = former_methods.collect();
    let former_methods = (!former_methods.is_empty())
        .then(|| quote!(impl crate::runtime::Client { #(#former_methods)* }));
    let text = method_text(operation, area, signature.output.as_ref());
    let note = "the current API no longer documents this operation";
    let method = method(&name, &text, operation.deprecated.then_some(note));

    let (output, format) = output(operation, signature)?;
    let accept = accept(operation);
    let http_method = format_ident!("{}", operation.http_method);
    let (id, path) = (&operation.id, &operation.path);
    let about = Line::new("The operation ").code(id).text(", ");
    let about = about.then(request(operation)).text(": ");
    let about = about.item(&["Client", &names::plain(&name)]).text(".");
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
        impl crate::runtime::Client { #method }
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
fn new_call(path_values: &[(&ParameterModel, Ident)]) -> TokenStream {
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

/// The type of the value of a parameter, and the type that methods borrow it as; `None` if they take the value.
pub(super) fn value_type(
    parameter: &ParameterModel,
    ty: &Type,
) -> (TokenStream, Option<TokenStream>) {
    let is_list = types::inside(ty, "Vec").is_some();
    if types::is_text(ty) {
        (quote!(::std::string::String), Some(quote!(str)))
    } else if is_list || matches!(parameter.shape, Shape::Object | Shape::Document) {
        (ty.to_token_stream(), Some(types::slice(ty)))
    } else {
        (ty.to_token_stream(), None)
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

fn setting(parameter: &ParameterModel, others: &[&str], value: &Ident) -> TokenStream {
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

fn setter(
    text: &Doc,
    deprecated: Option<TokenStream>,
    ident: &Ident,
    parameter: &TokenStream,
    setting: &TokenStream,
) -> TokenStream {
    let text = text.attributes();
    quote! {
        #text
        #deprecated
        #[inline]
        pub fn #ident(self, #parameter) -> Self { self #setting }
    }
}

fn parameter_setter(parameter: &ParameterModel, others: &[&str], ty: &TokenStream) -> TokenStream {
    let ident = names::apart(&parameter.rust_name, &reserved::CALL);
    let setting = setting(parameter, others, &format_ident!("value"));
    let text = Line::new("Sets the ")
        .text(parameter.location.noun())
        .text(" ");
    let text = Doc::of(text.code(&parameter.name).text("."));
    let text = text.then(parameter.description.clone().stopped());
    let deprecated = parameter.deprecated.then(|| quote!(#[deprecated]));
    setter(&text, deprecated, &ident, &quote!(value: #ty), &setting)
}

/// The argument for a body that is no document.
fn body_argument(kind: BodyKind) -> Option<TokenStream> {
    match kind {
        BodyKind::Text => Some(quote!(impl ::core::convert::Into<::std::string::String>)),
        BodyKind::Bytes => Some(quote!(impl ::core::convert::Into<::bytes::Bytes>)),
        BodyKind::Json | BodyKind::Form => None,
    }
}

/// The type of a body that is a document, as an argument.
fn body_type(signature: &Signature, operation: &OperationModel) -> Result<TokenStream, Problem> {
    let ty = types::slice(signature.parameter(operation, "body")?);
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
    let (argument, about) = match (alternative.kind, body_argument(alternative.kind)) {
        (BodyKind::Text, Some(argument)) => (argument, "text"),
        (_, Some(argument)) => (argument, "bytes"),
        (_, None) if alternative.same_schema && body_argument(body.kind).is_none() => {
            (body_type(signature, operation)?, "")
        }
        (_, None) => (
            quote!(&(impl ::serde::Serialize + ?::core::marker::Sized)),
            "any value, because the contract gives it a schema of its own",
        ),
    };
    let mut text = Line::new("Sends the body as ").code(media);
    text = text.text(", in place of the one that was set before.");
    if !about.is_empty() {
        text = text.text(" It takes ").text(about).text(".");
    }
    let ident = names::apart(&alternative.rust_name, &reserved::CALL);
    let sending = sending(alternative.kind, media, &alternative.encodings);
    Ok(setter(
        &text.into(),
        None,
        &ident,
        &quote!(body: #argument),
        &sending,
    ))
}

fn output(
    operation: &OperationModel,
    signature: &Signature,
) -> Result<(TokenStream, Ident), Problem> {
    let is_secret = operation.success.secret;
    let (output, format) = match operation.success.format {
        Format::Json => {
            let document = signature.document(operation)?;
            let whole = signature.output.as_ref().unwrap_or(document);
            (whole.to_token_stream(), "Json")
        }
        Format::JsonOrEmpty => {
            let ty = signature.document(operation)?;
            (quote!(::core::option::Option<#ty>), "JsonOrEmpty")
        }
        Format::Text if is_secret => (quote!(crate::runtime::SecretText), "Text"),
        Format::Text => (quote!(::std::string::String), "Text"),
        Format::Binary => (quote!(::bytes::Bytes), "Binary"),
        Format::NoContent => (quote!(()), "NoContent"),
    };
    Ok((output, format_ident!("{format}")))
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
            let line = value(output.map(types::unwrapped))
                .capital()
                .text(", or ")
                .code("None");
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
    let prose = |text: &Option<String>| text.as_deref().map(Doc::sentence).unwrap_or_default();
    let mut text = prose(&operation.summary);
    if text.is_empty() {
        let line = Line::new("Calls the operation ").code(&operation.id);
        text = line.text(".").into();
    }
    text = text
        .then(prose(&operation.description))
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
        let item = Line::default().code(&parameter.rust_name);
        items.push(if parameter.description.is_empty() {
            let item = item.text(": ").code(&parameter.name);
            item.text(" ").text(place).text(".")
        } else {
            let description = parameter.description.clone().stopped().in_one_line();
            item.text(" (").text(place).text("): ").then(description)
        });
    }
    let is_required = |body: &&BodyModel| body.required != Some(false);
    if let Some(body) = operation.body.as_ref().filter(is_required) {
        let item = Line::default().code("body").text(": ");
        let description = prose(&body.description);
        items.push(if description.is_empty() {
            item.text("sent as ").code(&body.content_type).text(".")
        } else {
            item.then(description.in_one_line())
        });
    }
    text = text.list("Parameters", items);
    let optional = operation.parameters.iter().filter(|one| !one.is_argument());
    let name = |one: &ParameterModel| names::apart(&one.rust_name, &reserved::CALL).to_string();
    let mut optional: Vec<String> = optional.map(name).collect();
    let body = operation.body.as_ref().filter(|body| !is_required(body));
    optional.extend(body.map(|_| "body".to_owned()));
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
    let statuses = operation.errors.iter().map(|(status, _)| status.as_str());
    let statuses: Vec<&str> = statuses.collect();
    let mut errors = Line::new("Returns an ").link("Error", "crate::Error");
    errors = errors.text(" if the call fails.");
    let is_named = |status: &&str| !status.contains('X') && *status != "default";
    if statuses.iter().any(is_named) {
        let statuses = statuses.join(", ");
        errors = errors.text(" Documented error statuses: ").text(&statuses);
        errors = errors.text(".");
    }
    text.section("Errors", errors)
}
