//! The contract while it is being normalized: operations and components, read but not yet named.
//!
//! [`super::facts`] converts it to the facts that the passes use.

use super::schema::{Components, Schema};
use crate::codegen::model::{
    AlternativeModel, BodyKind, Encoding, Format, Location, Remark, Shape, Style,
};

/// The whole contract.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) components: Components,
    pub(crate) operations: Vec<DraftOperation>,
    pub(crate) remarks: Vec<Remark>,
}

#[derive(Debug)]
pub(crate) struct DraftOperation {
    pub(crate) pointer: String,
    pub(crate) id: String,
    pub(crate) method_name: String,
    pub(crate) type_name: String,
    pub(crate) http_method: String,
    pub(crate) path: String,
    pub(crate) fixed_query: Vec<(String, String)>,
    pub(crate) tags: Vec<String>,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) parameters: Vec<DraftParameter>,
    pub(crate) body: Option<DraftBody>,
    pub(crate) success: DraftSuccess,
    pub(crate) errors: Vec<(String, Option<String>)>,
}

#[derive(Debug, Clone)]
pub(crate) struct DraftParameter {
    pub(crate) pointer: String,
    pub(crate) name: String,
    pub(crate) rust_name: String,
    pub(crate) location: Location,
    pub(crate) required: bool,
    /// Set after references are resolved. A parameter that is a document has this shape from the beginning.
    pub(crate) shape: Shape,
    pub(crate) style: Style,
    pub(crate) deprecated: bool,
    pub(crate) description: Option<String>,
    pub(crate) schema: Schema,
}

#[derive(Debug)]
pub(crate) struct DraftBody {
    pub(crate) kind: BodyKind,
    pub(crate) content_type: String,
    pub(crate) required: Option<bool>,
    pub(crate) description: Option<String>,
    pub(crate) pointer: String,
    pub(crate) schema: Schema,
    pub(crate) encodings: Vec<(String, Encoding)>,
    pub(crate) alternatives: Vec<AlternativeModel>,
}

#[derive(Debug)]
pub(crate) struct DraftSuccess {
    pub(crate) format: Format,
    /// Whether a text is a secret as a whole.
    pub(crate) secret: bool,
    pub(crate) schema: Option<Schema>,
    pub(crate) content_type: Option<String>,
    pub(crate) accept: Vec<String>,
    pub(crate) description: Option<String>,
    pub(crate) statuses: Vec<String>,
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
        parameters.chain(body).chain(&self.success.schema)
    }

    /// The same schemas, to change them.
    pub(crate) fn schemas_mut(&mut self) -> impl Iterator<Item = &mut Schema> {
        let parameters = self.parameters.iter_mut();
        let parameters = parameters.map(|parameter| &mut parameter.schema);
        let body = self.body.iter_mut().map(|body| &mut body.schema);
        parameters.chain(body).chain(&mut self.success.schema)
    }
}

impl Draft {
    /// Calls `visit` for each outermost schema, in the order of the contract.
    pub(crate) fn roots_mut(&mut self, mut visit: impl FnMut(&Root, &mut Schema)) {
        for (name, schema) in &mut self.components {
            visit(&Root::Component(name.clone()), schema);
        }
        for operation in &mut self.operations {
            for parameter in &mut operation.parameters {
                visit(
                    &Root::Parameter(operation.type_name.clone(), parameter.name.clone()),
                    &mut parameter.schema,
                );
            }
            if let Some(body) = &mut operation.body {
                visit(&Root::Body(operation.type_name.clone()), &mut body.schema);
            }
            if let Some(schema) = &mut operation.success.schema {
                visit(&Root::Success(operation.type_name.clone()), schema);
            }
        }
    }

    /// Calls `visit` for every schema, the inner ones first.
    pub(crate) fn walk_mut(&mut self, mut visit: impl FnMut(&mut Schema)) {
        self.roots_mut(|_, schema| schema.walk_mut(&mut visit));
    }

    pub(crate) fn remark(&mut self, pointer: &str, text: impl Into<String>) {
        self.remarks.push(Remark {
            pointer: pointer.to_owned(),
            text: text.into(),
        });
    }
}
