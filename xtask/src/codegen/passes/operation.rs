//! An operation with everything that its code depends on.

use crate::codegen::areas::Area;
use crate::codegen::model::OperationModel;
use crate::problem::Problem;

use super::methods::{Signature, Signatures};

/// An operation with everything that its code depends on: the same debug text means the same code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation<'a> {
    pub(crate) model: &'a OperationModel,
    /// The types, from progenitor's method.
    pub(crate) signature: &'a Signature,
    pub(crate) area: &'static Area,
}

impl<'a> Operation<'a> {
    /// # Errors
    /// Returns an error if progenitor wrote no method.
    pub(crate) fn new(
        model: &'a OperationModel,
        signatures: &'a Signatures,
        area: &'static Area,
    ) -> Result<Self, Problem> {
        let signature = signatures.get(&model.method_name).ok_or_else(|| {
            let id = &model.id;
            let what = format!("progenitor wrote no method for the operation `{id}`");
            Problem::defect(what).with_pointer(&model.pointer)
        })?;
        Ok(Self {
            model,
            signature,
            area,
        })
    }
}
