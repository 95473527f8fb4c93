//! The models of a contract with everything that their code depends on.

use std::collections::BTreeSet;

use crate::codegen::areas::Area;
use crate::codegen::model::{Normalized, SchemaKind, SchemaModel};
use crate::codegen::progenitor::Output;
use crate::problem::Problem;

use super::models::{self, Models, Struct};
use super::unions::{self, Unions};
use super::usage::Usage;

/// The models of a contract, with their uses.
pub(crate) struct Shapes<'a> {
    pub(super) models: Models,
    pub(super) unions: Unions<'a>,
    pub(super) normalized: &'a Normalized,
    pub(super) usage: Usage,
    /// The models all of whose fields may be absent.
    pub(super) with_default: BTreeSet<String>,
}

impl<'a> Shapes<'a> {
    /// Combines the structs of progenitor with the facts of a contract; `areas` are those of its operations.
    ///
    /// # Errors
    /// Returns an error if the two do not match: a defect of the generator.
    pub(crate) fn read(
        written: &Output,
        normalized: &'a Normalized,
        areas: &[&'static Area],
    ) -> Result<Self, Problem> {
        let models = models::read(written, normalized)?;
        Ok(Self {
            with_default: models::with_default(&models),
            models,
            unions: unions::read(written, normalized)?,
            normalized,
            usage: Usage::of(normalized, areas),
        })
    }

    pub(super) fn is_enum(&self, name: &str) -> bool {
        let schema = self.normalized.schemas.get(name);
        schema.is_some_and(|schema| matches!(schema.kind, SchemaKind::OpenEnum(_)))
    }

    /// The struct of a schema with everything that its code depends on.
    pub(super) fn structure(&self, name: &str, schema: &'a SchemaModel) -> Option<Struct<'_>> {
        let model = self.models.get(name)?;
        let used = schema.uses.iter().chain([&model.name]);
        let with_default = used.filter(|used| self.with_default.contains(*used));
        let enums = schema.uses.iter().filter(|used| self.is_enum(used));
        Some(Struct {
            model,
            about: self.usage.describe(name, &model.text),
            is_request: schema.usage.request,
            is_response: schema.usage.response,
            with_default: with_default.cloned().collect(),
            enums: enums.map(String::as_str).collect(),
        })
    }
}
