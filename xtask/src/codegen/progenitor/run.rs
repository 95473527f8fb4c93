//! Calls progenitor for types and operations.
//!
//! A panic of progenitor is a failure like any other, and prints nothing.

use std::any::Any;
use std::fmt::Display;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use openapiv3::OpenAPI;
use progenitor_impl::{
    GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl,
};
use serde::Deserialize as _;
use serde_json::Value;

use super::output::Output;
use crate::codegen::model::{Normalized, SchemaKind};

/// The hook for panics belongs to the process; only one call may silence it at a time.
static SILENCE: Mutex<()> = Mutex::new(());

/// Generates from a document, which is that of `normalized` or a part of it.
///
/// # Errors
/// Returns an error if progenitor fails or panics; the text is its message.
pub(super) fn run(normalized: &Normalized, document: &Value) -> Result<Output, String> {
    let api = OpenAPI::deserialize(document).map_err(text)?;
    silently(|| {
        let mut generator = Generator::new(&settings(normalized));
        let client = generator.generate_tokens(&api).map_err(text)?;
        Output::read(client).map_err(text)
    })
}

fn settings(normalized: &Normalized) -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        .with_hooks(HooksMode::Expected);
    settings.with_derive("PartialEq");
    settings.with_map_type("::std::collections::BTreeMap");
    for (name, schema) in &normalized.schemas {
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

/// Runs `work`; a panic prints nothing and is an error with its message.
fn silently<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let _only = SILENCE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(before);
    outcome.unwrap_or_else(|payload| Err(message(payload.as_ref())))
}

fn text(error: impl Display) -> String {
    error.to_string()
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned());
    let text = text.unwrap_or_else(|| "it panicked without a message".to_owned());
    text.lines().next().unwrap_or_default().to_owned()
}
