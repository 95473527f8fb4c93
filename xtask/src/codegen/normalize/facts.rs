//! From the normalized draft to the facts that the passes get.

use std::collections::BTreeMap;

use super::conflict::Conflict;
use super::draft::{Draft, DraftOperation};
use super::schema::{Components, Kind, Object, Property, Schema};
use super::type_model::{plain_type, type_model};
use super::{enums, requests, unions};
use crate::codegen::model::{
    BodyModel, FieldModel, OperationModel, ParameterModel, SchemaKind, SchemaModel, StructModel,
    SuccessModel, Usage,
};

/// The facts of all schemas.
///
/// # Errors
/// Returns an error if a union has a shape that Rust cannot express.
pub(crate) fn schemas(
    draft: &Draft,
    usage: &BTreeMap<String, Usage>,
    contract_names: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, SchemaModel>, Conflict> {
    let mut models = BTreeMap::new();
    for (name, schema) in &draft.components {
        let usage = usage.get(name).copied().unwrap_or_default();
        let kind = match &schema.kind {
            Kind::Object(object) => SchemaKind::Struct(StructModel {
                fields: fields(&draft.components, object, usage),
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

/// The facts of one operation.
pub(crate) fn operation(draft: &DraftOperation) -> OperationModel {
    let parameters = draft.parameters.iter().map(|parameter| {
        // The contract's notes on the value belong to the parameter.
        let mut notes = parameter.schema.notes.clone();
        notes.description = parameter.description.clone().or(notes.description);
        ParameterModel {
            name: parameter.name.clone(),
            rust_name: parameter.rust_name.clone(),
            location: parameter.location,
            required: parameter.required,
            shape: parameter.shape,
            style: parameter.style,
            ty: type_model(&parameter.schema),
            description: notes.prose(),
            deprecated: parameter.deprecated,
        }
    });
    OperationModel {
        pointer: draft.pointer.clone(),
        id: draft.id.clone(),
        method_name: draft.method_name.clone(),
        type_name: draft.type_name.clone(),
        http_method: draft.http_method.clone(),
        path: draft.path.clone(),
        fixed_query: draft.fixed_query.clone(),
        tags: draft.tags.clone(),
        summary: draft.summary.clone(),
        description: draft.description.clone(),
        deprecated: draft.deprecated,
        former: Vec::new(),
        parameters: parameters.collect(),
        body: draft.body.as_ref().map(|body| BodyModel {
            kind: body.kind,
            content_type: body.content_type.clone(),
            required: body.required,
            ty: type_model(&body.schema),
            encodings: body.encodings.clone(),
            alternatives: body.alternatives.clone(),
            description: body.description.clone(),
        }),
        success: SuccessModel {
            format: draft.success.format,
            secret: draft.success.secret,
            ty: draft.success.schema.as_ref().map(type_model),
            content_type: draft.success.content_type.clone(),
            accept: draft.success.accept.clone(),
            description: draft.success.description.clone(),
            statuses: draft.success.statuses.clone(),
        },
        errors: draft.errors.clone(),
    }
}

/// Whether the value, or an item of the list or map, is a secret: fields are hidden as a whole.
fn is_secret(schema: &Schema) -> bool {
    let part = match &schema.kind {
        Kind::List(part) | Kind::Map(part) => Some(&**part),
        _ => None,
    };
    schema.notes.secret || part.is_some_and(is_secret)
}

fn fields(components: &Components, object: &Object, usage: Usage) -> Vec<FieldModel> {
    let properties = object.properties.iter();
    properties
        .map(|(name, property)| field(components, name, property, usage))
        .collect()
}

fn field(components: &Components, name: &str, property: &Property, usage: Usage) -> FieldModel {
    let schema = &property.schema;
    let values = match &schema.kind {
        Kind::Ref(target) => match components.get(target).map(|schema| &schema.kind) {
            Some(Kind::Enum(values)) => values.as_slice(),
            _ => &[],
        },
        _ => &[],
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
        constant: match values {
            [only] => Some(only.value.clone()),
            _ => None,
        },
        default: schema.notes.default.clone(),
        description: schema.notes.prose(),
    }
}
