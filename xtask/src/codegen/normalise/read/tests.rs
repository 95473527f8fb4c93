//! What OpenAPI 3.0 and 3.1 write for the same thing is the same.

use serde_json::{Value, json};

use super::super::tests::{field, normalised, schemas, structure};
use crate::codegen::model::{FieldModel, TypeModel};

fn property(schema: Value) -> FieldModel {
    let found = normalised(schemas(json!({"Root": {"properties": {"a": schema}}})));
    field(&found, "Root", "a").clone()
}

#[test]
fn null_is_written_in_many_ways() {
    for schema in [
        json!({"type": "string", "nullable": true}),
        json!({"type": ["string", "null"]}),
        json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        json!({"oneOf": [{"type": "string", "nullable": true}]}),
    ] {
        let found = property(schema.clone());
        assert_eq!(
            (found.ty, found.nullable),
            (TypeModel::Text, true),
            "{schema}"
        );
    }
}

#[test]
fn a_missing_type_is_told_by_what_else_is_there() {
    assert_eq!(property(json!({"format": "uuid"})).ty, TypeModel::Uuid);
    assert_eq!(
        property(json!({"items": {"type": "integer"}})).ty,
        TypeModel::List(Box::new(TypeModel::Integer))
    );
    assert_eq!(
        property(json!({"additionalProperties": {"type": "boolean"}})).ty,
        TypeModel::Map(Box::new(TypeModel::Boolean))
    );
    assert_eq!(property(json!({"enum": [1, 2]})).ty, TypeModel::Integer);
    assert_eq!(
        property(json!({"description": "Anything."})).ty,
        TypeModel::Any
    );
    assert!(matches!(
        property(json!({"properties": {"b": {"type": "string"}}})).ty,
        TypeModel::Named(_)
    ));
}

#[test]
fn a_constant_and_an_enum_with_null_are_enums() {
    let found = property(json!({"const": "FILE"}));
    assert_eq!(found.constant.as_deref(), Some("FILE"));
    let found = property(json!({"type": "string", "enum": ["A", "B", null]}));
    assert_eq!(
        (found.ty, found.nullable),
        (TypeModel::Named("RootA".into()), true)
    );
}

#[test]
fn an_object_without_properties_is_a_map() {
    assert_eq!(
        property(json!({"type": "object"})).ty,
        TypeModel::Map(Box::new(TypeModel::Any))
    );
    assert_eq!(
        property(json!({"type": "object", "additionalProperties": false})).ty,
        TypeModel::Map(Box::new(TypeModel::Any))
    );
}

#[test]
fn further_properties_of_a_type_are_kept_and_others_are_ignored() {
    let root = |extra: Value| {
        normalised(schemas(
            json!({"Root": {"properties": {"a": {"type": "string"}}, "additionalProperties": extra}}),
        ))
    };
    assert_eq!(
        structure(&root(json!({"type": "integer"})), "Root").extra,
        Some(TypeModel::Integer)
    );
    for extra in [json!(true), json!(false), json!({})] {
        assert_eq!(structure(&root(extra), "Root").extra, None);
    }
}
