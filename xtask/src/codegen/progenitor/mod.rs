//! Calling progenitor, and keeping its panics from the user.
//!
//! Types, operations and mocks are generated beside each other, and what they say is read at once. Not
//! for shaping what comes out: the passes do that.

mod api;
mod culprit;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::panic;
use std::sync::{Mutex, PoisonError};

use progenitor_impl::{
    CrateVers, GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl,
};
use serde_json::Value;
use syn::ItemStruct;

use super::items::{Item, items};
use super::model::{Normalised, SchemaKind};
use super::passes::methods::{self, Signature};
use super::passes::{mocks, usage};
use super::threads;
use crate::problem::Problem;

/// The hook for panics belongs to the process; only one call may silence it at a time.
static SILENCE: Mutex<()> = Mutex::new(());

/// What progenitor writes for a contract.
#[derive(Debug)]
pub(crate) struct Written {
    /// The structs of its module of types, without attributes.
    pub(crate) types: Vec<ItemStruct>,
    /// What its client's methods take and give.
    pub(crate) methods: BTreeMap<String, Signature<String>>,
    /// What the matchers for httpmock take.
    pub(crate) mocks: mocks::Taken,
}

/// Generates types, methods and mocks, and reads them.
///
/// # Errors
/// Where progenitor fails or panics: the problem names the operation or the schema that makes it.
pub(crate) fn generate(normalised: &Normalised) -> Result<Written, Problem> {
    run(normalised, &normalised.document).map_err(|what| culprit::culprit(normalised, &what))
}

fn run(normalised: &Normalised, document: &Value) -> Result<Written, String> {
    let known = usage::names(normalised);
    let generator = || Generator::new(&settings(normalised));
    let types = || {
        let api = api::of_types(document)?;
        let tokens = generator().generate_tokens(&api).map_err(text)?;
        let modules = items(tokens).filter(|item| item.is("mod", "types"));
        let items = modules.flat_map(Item::inside);
        let structs = items.filter(|item| item.has("struct") && item.body.is_some());
        let structs: syn::Result<Vec<_>> = structs.map(Item::structure).collect();
        structs.map_err(text)
    };
    let operations = || {
        let api = api::of_operations(document)?;
        let methods = || {
            let tokens = generator().generate_tokens(&api).map_err(text)?;
            methods::read(tokens, &known).map_err(text)
        };
        let mocks = || {
            let tokens = generator().httpmock(&api, "qovery_api").map_err(text)?;
            mocks::read(tokens, &known).map_err(text)
        };
        both(mocks, methods)
    };
    let ((mocks, methods), types) = silently(|| both(operations, types))?;
    Ok(Written {
        types,
        methods,
        mocks,
    })
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
    settings.with_crate("std", CrateVers::Any, None);
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

/// Runs both, the first on a thread of its own; what panics has failed.
fn both<A: Send, B>(
    beside: impl FnOnce() -> Result<A, String> + Send,
    here: impl FnOnce() -> Result<B, String>,
) -> Result<(A, B), String> {
    let settled = |payload: Box<dyn Any + Send>| message(payload.as_ref());
    let (beside, here) = threads::both(beside, here).map_err(|error| error.to_string())?;
    let (beside, here) = (beside.map_err(settled), here.map_err(settled));
    Ok((beside??, here??))
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

fn text(error: impl Display) -> String {
    error.to_string()
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    let text = text.unwrap_or_else(|| "it panicked without saying why".to_owned());
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use openapiv3::OpenAPI;
    use serde::Deserialize as _;
    use serde_json::json;

    use super::*;
    use crate::codegen::normalise::tests::{normalised, schemas};
    use crate::codegen::tests::own_contract;

    fn sample() -> Normalised {
        normalised(schemas(json!({
            "Root": {"properties": {"part": {"$ref": "#/components/schemas/Part"}}},
            "Part": {"properties": {"a": {"type": "string"}}},
        })))
    }

    #[test]
    fn the_client_has_the_methods_and_the_types() {
        let written = generate(&sample()).unwrap();
        assert!(written.methods.contains_key("get_root"), "{written:?}");
        let mut types = written.types.iter();
        assert!(types.any(|item| item.ident == "Part"), "{written:?}");
    }

    #[test]
    fn operations_need_not_know_what_is_in_the_types_that_they_name() {
        let normalised = own_contract();
        let written = generate(&normalised).unwrap();
        let whole = OpenAPI::deserialize(&normalised.document).unwrap();
        let known = usage::names(&normalised);
        let generator = || Generator::new(&settings(&normalised));
        let methods = methods::read(generator().generate_tokens(&whole).unwrap(), &known);
        assert_eq!(written.methods, methods.unwrap());
        let mocks = generator().httpmock(&whole, "qovery_api").unwrap();
        assert_eq!(written.mocks, mocks::read(mocks, &known).unwrap());
    }

    #[test]
    fn a_panic_of_progenitor_names_the_operation_that_causes_it() {
        let mut normalised = sample();
        let operation = normalised
            .document
            .pointer_mut("/paths/~1get_root/get")
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
