//! A struct as it will be written, and its fields.

use std::collections::BTreeSet;
use std::fmt;

use quote::ToTokens as _;
use syn::{Ident, Type};

use crate::codegen::doc::Doc;
use crate::codegen::passes::types;

use super::Models;

/// A struct as it will be written.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) name: String,
    /// The contract's description; empty if there is none.
    pub(crate) text: String,
    pub(crate) fields: Vec<Field>,
}

/// One field of a struct.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) ident: Ident,
    /// The name in JSON.
    pub(crate) wire: String,
    /// The type, with its `Option` or `Patch`.
    pub(crate) ty: Type,
    pub(crate) presence: Presence,
    /// Whether the contract says that absence means zero, false or nothing.
    pub(crate) absent_is_empty: bool,
    pub(crate) text: Doc,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ident,
            wire,
            ty,
            presence,
            absent_is_empty,
            text,
        } = self;
        let ty = ty.to_token_stream();
        write!(
            f,
            "{ident} {wire:?} {ty} {presence:?} {absent_is_empty} {text:?}"
        )
    }
}

/// When a field is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Always.
    Required,
    /// Always, as null if there is no value.
    Nullable,
    /// If there is a value; the constructor requires one, but a response may lack it.
    Expected,
    /// If there is a value.
    Optional,
    /// If the user set it: to a value, or to null.
    Patch,
    /// A list or a map that may be left out, and is then empty.
    Collection,
    /// The other properties of the object.
    Extra,
}

impl Field {
    /// Whether the constructor asks for it.
    pub(crate) fn is_argument(&self) -> bool {
        matches!(
            self.presence,
            Presence::Required | Presence::Nullable | Presence::Expected
        )
    }

    /// Whether an absent field means the same as an empty one: a list, a map, an object that may be empty,
    /// and a field with an empty default in the contract.
    pub(crate) fn may_be_empty(&self, response: bool, with_default: &BTreeSet<String>) -> bool {
        self.absent_is_empty
            || response && is_collection(types::inside(&self.ty, "Secret").unwrap_or(&self.ty))
            || types::model_name(&self.ty).is_some_and(|name| with_default.contains(&name))
    }
}

/// Whether `ty` is a list or a map.
pub(crate) fn is_collection(ty: &Type) -> bool {
    matches!(
        types::last_name(ty).as_deref(),
        Some("Vec" | "BTreeMap" | "Map")
    )
}

/// The models that have a default: all their fields may be left out.
pub(crate) fn with_default(models: &Models) -> BTreeSet<String> {
    models
        .values()
        .filter(|model| model.fields.iter().all(|field| !field.is_argument()))
        .map(|model| model.name.clone())
        .collect()
}
