//! The contract while it is being normalized: operations and components, read but not yet named.
//!
//! [`super::facts`] completes the facts that the passes use.

use super::schema::{Components, Schema};
use crate::codegen::model::{OperationModel, ParameterModel, Remark};

/// The whole contract.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) components: Components,
    pub(crate) operations: Vec<DraftOperation>,
    pub(crate) remarks: Vec<Remark>,
}

/// An operation and the schemas of its values. Its facts have no types and no parameters yet.
#[derive(Debug)]
pub(crate) struct DraftOperation {
    pub(crate) model: OperationModel,
    pub(crate) parameters: Vec<DraftParameter>,
    pub(crate) body: Option<DraftBody>,
    pub(crate) success: Option<Schema>,
}

#[derive(Debug)]
pub(crate) struct DraftParameter {
    /// The facts. The shape is set after references are resolved; a parameter that is a document has this shape
    /// from the beginning.
    pub(crate) model: ParameterModel,
    pub(crate) pointer: String,
    pub(crate) schema: Schema,
}

#[derive(Debug)]
pub(crate) struct DraftBody {
    pub(crate) pointer: String,
    pub(crate) schema: Schema,
}

/// The owner of an outermost schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Root {
    Component(String),
    /// Parameter, by the type name of the operation and the parameter's name.
    Parameter(String, String),
    /// Body of a request, by the type name of the operation.
    Body(String),
    /// Body of a success, by the type name of the operation.
    Success(String),
}

impl DraftOperation {
    /// The schemas of the parameters, the body and the success.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &Schema> {
        let parameters = self.parameters.iter().map(|parameter| &parameter.schema);
        let body = self.body.iter().map(|body| &body.schema);
        parameters.chain(body).chain(&self.success)
    }

    /// The same schemas, to change them.
    pub(crate) fn schemas_mut(&mut self) -> impl Iterator<Item = &mut Schema> {
        let parameters = self.parameters.iter_mut();
        let parameters = parameters.map(|parameter| &mut parameter.schema);
        let body = self.body.iter_mut().map(|body| &mut body.schema);
        parameters.chain(body).chain(&mut self.success)
    }
}

impl Draft {
    /// Calls `visit` for each outermost schema, in the order of the contract.
    pub(crate) fn roots_mut(&mut self, mut visit: impl FnMut(&Root, &mut Schema)) {
        for (name, schema) in &mut self.components {
            visit(&Root::Component(name.clone()), schema);
        }
        for operation in &mut self.operations {
            let owner = || operation.model.type_name.clone();
            for parameter in &mut operation.parameters {
                let root = Root::Parameter(owner(), parameter.model.name.clone());
                visit(&root, &mut parameter.schema);
            }
            if let Some(body) = &mut operation.body {
                visit(&Root::Body(owner()), &mut body.schema);
            }
            if let Some(schema) = &mut operation.success {
                visit(&Root::Success(owner()), schema);
            }
        }
    }

    /// Calls `visit` for every schema, the inner ones first.
    pub(crate) fn walk_mut(&mut self, mut visit: impl FnMut(&mut Schema)) {
        self.roots_mut(|_, schema| schema.walk_mut(&mut visit));
    }

    /// Calls `visit` for each outermost schema. Returns the first error.
    pub(crate) fn try_roots_mut<E>(
        &mut self,
        mut visit: impl FnMut(&mut Schema) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut outcome = Ok(());
        self.roots_mut(|_, schema| {
            if outcome.is_ok() {
                outcome = visit(schema);
            }
        });
        outcome
    }

    pub(crate) fn remark(&mut self, pointer: impl Into<String>, text: impl Into<String>) {
        self.remarks.push(Remark::new(pointer, text));
    }
}
