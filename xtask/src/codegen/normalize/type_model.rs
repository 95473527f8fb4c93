//! The shape of a value, as the passes get it.

use super::schema::{Kind, Schema, TextFormat};
use crate::codegen::model::TypeModel;

/// The shape of a value.
pub(crate) fn type_model(schema: &Schema) -> TypeModel {
    let plain = plain_type(schema);
    if schema.nullable {
        TypeModel::Nullable(Box::new(plain))
    } else {
        plain
    }
}

/// The shape of a value that is not null.
pub(crate) fn plain_type(schema: &Schema) -> TypeModel {
    match &schema.kind {
        Kind::Ref(name) => TypeModel::Named(name.clone()),
        Kind::Text(TextFormat::Uuid) => TypeModel::Uuid,
        Kind::Text(TextFormat::Date) => TypeModel::Date,
        Kind::Text(TextFormat::DateTime) => TypeModel::DateTime,
        Kind::Text(TextFormat::Plain | TextFormat::Binary) => TypeModel::Text,
        Kind::Integer | Kind::Unsigned => TypeModel::Integer,
        Kind::Number => TypeModel::Number,
        Kind::Boolean => TypeModel::Boolean,
        Kind::List(items) => TypeModel::List(Box::new(type_model(items))),
        Kind::Map(values) => TypeModel::Map(Box::new(type_model(values))),
        _ => TypeModel::Any,
    }
}
