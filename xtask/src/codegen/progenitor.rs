//! Calling progenitor, and keeping its panics from the user.
//!
//! Not for shaping what comes out: the passes do that. Where progenitor cannot go on, the operation
//! or the schema that it stumbles over is found by halving the document.

use std::any::Any;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};

use openapiv3::OpenAPI;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use progenitor_impl::{
    CrateVers, GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl,
};
use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::model::{Normalised, OperationModel, SchemaKind};
use super::passes::{mocks, usage};
use super::threads;
use crate::problem::Problem;

/// The hook for panics belongs to the process; only one call may silence it at a time.
static SILENCE: Mutex<()> = Mutex::new(());

/// What progenitor writes for a contract.
#[derive(Debug)]
pub(crate) struct Written {
    /// Types, and a client with a method for each operation: functions are empty, attributes left out.
    pub(crate) client: syn::File,
    /// What the matchers for httpmock take.
    pub(crate) mocks: mocks::Taken,
}

/// Generates the syntax tree of the client, and reads that of its mocks.
///
/// # Errors
/// Where progenitor fails or panics: the problem names the operation or the schema that makes it.
pub(crate) fn generate(normalised: &Normalised) -> Result<Written, Problem> {
    run(normalised, &normalised.document).map_err(|what| culprit(normalised, &what))
}

fn settings(normalised: &Normalised) -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        .with_hooks(HooksMode::Expected);
    settings.with_derive("PartialEq");
    settings.with_map_type("::std::collections::BTreeMap");
    settings.with_crate("qovery-api", CrateVers::Any, None);
    for (name, schema) in &normalised.schemas {
        if matches!(schema.kind, SchemaKind::OpenEnum(_)) {
            settings.with_replacement(
                name,
                format!("types::{name}"),
                [TypeImpl::Display, TypeImpl::FromStr].into_iter(),
            );
        }
    }
    settings
}

fn run(normalised: &Normalised, document: &Value) -> Result<Written, String> {
    let api = OpenAPI::deserialize(document).map_err(|error| error.to_string())?;
    let known = usage::names(normalised);
    let generator = || Generator::new(&settings(normalised));
    let mocks = || {
        let mocks = generator().httpmock(&api, "qovery_api");
        Ok::<_, String>(mocks::read(&parsed(mocks)?, &known))
    };
    let (client, mocks) = silently(|| {
        thread::scope(|scope| {
            let mocks = threads::spawn(scope, mocks).map_err(|error| error.to_string());
            let client = || parsed(generator().generate_tokens(&api));
            let client = panic::catch_unwind(AssertUnwindSafe(client));
            (client, mocks.map(ScopedJoinHandle::join))
        })
    });
    let settled = |payload: Box<dyn Any + Send>| message(payload.as_ref());
    Ok(Written {
        client: client.map_err(settled)??,
        mocks: mocks?.map_err(settled)??,
    })
}

/// Runs `work`, whose panics print nothing.
fn silently<T>(work: impl FnOnce() -> T) -> T {
    let _only = SILENCE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = work();
    panic::set_hook(before);
    outcome
}

fn parsed(written: progenitor_impl::Result<TokenStream>) -> Result<syn::File, String> {
    let tokens = written.map_err(|error| error.to_string())?;
    syn::parse2(heads(tokens)).map_err(|error| error.to_string())
}

/// The same items with empty functions and without attributes: nothing here reads what progenitor's
/// functions do and what it documents, and most of what it writes is that.
fn heads(tokens: TokenStream) -> TokenStream {
    let mut in_function = false;
    let mut in_attribute = false;
    let kept = tokens.into_iter().filter_map(|token| match token {
        TokenTree::Punct(punct) if punct.as_char() == '#' => {
            in_attribute = true;
            None
        }
        // `#![..]`
        TokenTree::Punct(punct) if in_attribute && punct.as_char() == '!' => None,
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            (!mem::take(&mut in_attribute)).then_some(TokenTree::Group(group))
        }
        TokenTree::Ident(ident) => {
            in_function |= ident == "fn";
            Some(TokenTree::Ident(ident))
        }
        TokenTree::Punct(punct) => {
            in_function &= punct.as_char() != ';';
            Some(TokenTree::Punct(punct))
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            let inside = if mem::take(&mut in_function) {
                TokenStream::new()
            } else {
                heads(group.stream())
            };
            Some(TokenTree::Group(Group::new(Delimiter::Brace, inside)))
        }
        other => Some(other),
    });
    kept.collect()
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    let text = text.unwrap_or_else(|| "it panicked without saying why".to_owned());
    text.lines().next().unwrap_or_default().to_owned()
}

fn culprit(normalised: &Normalised, what: &str) -> Problem {
    for (name, schema) in &normalised.schemas {
        if let Err(own) = run(normalised, &reduced(normalised, &[], &[name.as_str()])) {
            return Problem::new(format!(
                "progenitor cannot generate the schema `{name}`: {own}"
            ))
            .with_pointer(schema.pointer.clone())
            .with_help("describe the schema another way, in the overlay");
        }
    }
    let mut suspects: &[OperationModel] = &normalised.operations;
    while suspects.len() > 1 {
        let (first, second) = suspects.split_at(suspects.len() / 2);
        let fails = run(normalised, &reduced(normalised, first, &[])).is_err();
        suspects = if fails { first } else { second };
    }
    match suspects {
        [operation] => match run(normalised, &reduced(normalised, suspects, &[])) {
            Err(own) => Problem::new(format!(
                "progenitor cannot generate the operation `{}`: {own}",
                operation.id
            ))
            .with_pointer(operation.pointer.clone())
            .with_help("describe the operation another way, in the overlay"),
            Ok(_) => Problem::new(format!(
                "progenitor cannot generate these operations together: {what}"
            )),
        },
        _ => Problem::new(format!("progenitor cannot generate the client: {what}")),
    }
}

/// The document with only some operations and schemas, and what they reach.
fn reduced(normalised: &Normalised, operations: &[OperationModel], schemas: &[&str]) -> Value {
    let mut open: Vec<&str> = schemas.to_vec();
    for operation in operations {
        let bodies = operation
            .body
            .iter()
            .map(|body| &body.ty)
            .chain(&operation.success.ty);
        open.extend(
            operation
                .parameters
                .iter()
                .map(|parameter| &parameter.ty)
                .chain(bodies)
                .filter_map(|ty| ty.names()),
        );
    }
    let all = normalised.document.pointer("/components/schemas");
    let mut kept: Map<String, Value> = Map::new();
    while let Some(name) = open.pop() {
        if kept.contains_key(name) {
            continue;
        }
        kept.insert(
            name.to_owned(),
            all.and_then(|all| all.get(name))
                .cloned()
                .unwrap_or_default(),
        );
        open.extend(
            normalised
                .schemas
                .get(name)
                .into_iter()
                .flat_map(|schema| schema.uses.iter().map(String::as_str)),
        );
    }
    let mut paths: Map<String, Value> = Map::new();
    for (path, item) in normalised
        .document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let wanted = |value: &Value| {
            operations
                .iter()
                .any(|operation| value.get("operationId") == Some(&json!(operation.method_name)))
        };
        let item: Map<String, Value> = item
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| wanted(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !item.is_empty() {
            paths.insert(path.clone(), Value::Object(item));
        }
    }
    json!({
        "openapi": normalised.document.get("openapi"),
        "info": normalised.document.get("info"),
        "paths": paths,
        "components": {"schemas": kept},
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;
    use crate::codegen::normalise::tests::{normalised, schemas};

    fn sample() -> Normalised {
        normalised(schemas(json!({
            "Root": {"properties": {"part": {"$ref": "#/components/schemas/Part"}}},
            "Part": {"properties": {"a": {"type": "string"}}},
        })))
    }

    #[test]
    fn the_client_has_the_methods_and_the_types() {
        let written = generate(&sample()).unwrap();
        let text = prettyplease::unparse(&written.client);
        assert!(
            text.contains("pub async fn get_root") && text.contains("pub struct Part"),
            "{text}"
        );
    }

    #[test]
    fn functions_lose_their_bodies_items_their_attributes_and_all_else_stays() {
        let given = quote! {
            #[x(y)]
            impl<F: Fn() -> [u8; 2]> A<{ N }> {
                const B: C = C { d: 1 };
                pub fn e(f: [u8; 2]) -> fn() -> G where H: I { j(K { l: 2 }) }
            }
            trait M { fn n(); const O: P; }
            struct Q { #[z = "a"] #[b] r: fn(S), c: [u8; 2] }
            mod t { #![d] fn u() { fn v() { w } } struct X { y: Z } }
        };
        let expected = quote! {
            impl<F: Fn() -> [u8; 2]> A<{ N }> {
                const B: C = C { d: 1 };
                pub fn e(f: [u8; 2]) -> fn() -> G where H: I {}
            }
            trait M { fn n(); const O: P; }
            struct Q { r: fn(S), c: [u8; 2] }
            mod t { fn u() {} struct X { y: Z } }
        };
        assert_eq!(heads(given).to_string(), expected.to_string());
    }

    #[test]
    fn a_panic_of_progenitor_names_the_operation_that_causes_it() {
        let mut normalised = sample();
        let operation = normalised
            .document
            .pointer_mut("/paths/~1root/get")
            .unwrap();
        operation["responses"] =
            json!({"200": {"description": ""}, "201": operation["responses"]["2XX"]});
        let problem = generate(&normalised).unwrap_err().to_string();
        assert!(
            problem
                .contains("/paths/~1root/get: progenitor cannot generate the operation `getRoot`"),
            "{problem}"
        );
    }

    #[test]
    fn a_schema_that_progenitor_cannot_generate_is_named() {
        let mut normalised = sample();
        *normalised
            .document
            .pointer_mut("/components/schemas/Part/properties/a")
            .unwrap() = json!({"type": "string", "pattern": "["});
        let problem = generate(&normalised).unwrap_err().to_string();
        assert!(
            problem
                .contains("/components/schemas/Part: progenitor cannot generate the schema `Part`"),
            "{problem}"
        );
    }
}
