//! From the normalized draft to the facts that the passes get.

use std::collections::BTreeMap;

use super::draft::{Draft, DraftOperation};
use super::schema::{Components, Kind, Property, Schema, target};
use super::type_model::{plain_type, type_model};
use super::{enums, requests, unions};
use crate::codegen::model::{
    FieldModel, OperationModel, ParameterModel, SchemaKind, SchemaModel, StructModel, Usage,
};
use crate::problem::Problem;

/// The facts of all schemas.
///
/// # Errors
/// Returns an error if a union has a shape that Rust cannot express.
pub(crate) fn schemas(
    draft: &Draft,
    usage: &BTreeMap<String, Usage>,
    contract_names: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, SchemaModel>, Problem> {
    let mut models = BTreeMap::new();
    for (name, schema) in &draft.components {
        let usage = usage.get(name).copied().unwrap_or_default();
        let kind = match &schema.kind {
            Kind::Object(object) => SchemaKind::Struct(StructModel {
                fields: object
                    .properties
                    .iter()
                    .map(|(name, property)| field(&draft.components, name, property, usage))
                    .collect(),
                extra: object.extra.as_deref().map(type_model),
            }),
            Kind::Enum(values) => SchemaKind::OpenEnum(enums::models(values)),
            Kind::Union(union) => {
                SchemaKind::Union(unions::model(&draft.components, schema, union)?)
            }
            _ => continue,
        };
        let model = SchemaModel {
            contract_name: contract_names.get(name).cloned(),
            pointer: schema.pointer.clone(),
            description: schema.notes.description.clone(),
            deprecated: schema.notes.deprecated,
            former: Vec::new(),
            usage,
            uses: schema.references().into_iter().map(str::to_owned).collect(),
            kind,
        };
        models.insert(name.clone(), model);
    }
    Ok(models)
}

/// The facts of one operation, with its types.
pub(crate) fn operation(draft: DraftOperation) -> OperationModel {
    let mut model = draft.model;
    let parameters = draft.parameters.into_iter().map(|parameter| {
        // The contract's notes on the value belong to the parameter.
        let notes = &parameter.schema.notes;
        let text = parameter.model.description;
        let text = if text.is_empty() { notes.text() } else { text };
        ParameterModel {
            ty: type_model(&parameter.schema),
            description: text.paragraph(notes.sentences()),
            ..parameter.model
        }
    });
    model.parameters = parameters.collect();
    if let (Some(model), Some(body)) = (&mut model.body, draft.body) {
        model.ty = type_model(&body.schema);
    }
    model.success.ty = draft.success.as_ref().map(type_model);
    model
}

/// Whether the value, or an item of the list or map, is a secret: fields are hidden as a whole.
fn is_secret(schema: &Schema) -> bool {
    let part = match &schema.kind {
        Kind::List(part) | Kind::Map(part) => Some(&**part),
        _ => None,
    };
    schema.notes.secret || part.is_some_and(is_secret)
}

fn field(components: &Components, name: &str, property: &Property, usage: Usage) -> FieldModel {
    let schema = &property.schema;
    let constant = match &target(components, schema).kind {
        Kind::Enum(values) if values.len() == 1 => values.first().map(|only| only.value.clone()),
        _ => None,
    };
    FieldModel {
        name: name.to_owned(),
        rust_name: property.rust_name.clone(),
        required: property.required,
        nullable: schema.nullable,
        patch: requests::is_patch(property, usage),
        ty: plain_type(schema),
        secret: is_secret(schema),
        read_only: schema.notes.read_only,
        may_be_absent: schema.notes.may_be_absent,
        write_only: schema.notes.write_only,
        deprecated: schema.notes.deprecated,
        constant,
        default: schema.notes.default.clone(),
        description: schema.notes.prose(),
    }
}
