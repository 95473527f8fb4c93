//! Tests that equivalent forms of OpenAPI 3.0 and 3.1 are read as the same schema.

use serde_json::{Value, json};

use super::super::tests::{field, normalized, schemas, structure};
use crate::codegen::model::{FieldModel, TypeModel};

fn property(schema: Value) -> FieldModel {
    let found = normalized(schemas(json!({"Root": {"properties": {"a": schema}}})));
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
fn a_missing_type_follows_from_the_other_keywords() {
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
        normalized(schemas(
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

#[test]
fn a_type_beside_a_reference_that_contradicts_it_is_ignored_with_a_note() {
    let with = |named: Value, beside: Value| {
        let mut property = json!({"$ref": "#/components/schemas/Part"});
        if let (Some(property), Value::Object(beside)) = (property.as_object_mut(), beside) {
            property.extend(beside);
        }
        normalized(schemas(
            json!({"Root": {"properties": {"a": property}}, "Part": named}),
        ))
    };
    let object = || json!({"type": "object", "properties": {"b": {"type": "string"}}});
    let list = || json!({"type": "array", "items": {"type": "string"}});
    let array = || json!({"type": "array"});
    for named in [
        object(),
        json!({"properties": {"b": {"type": "string"}}}),
        json!({"allOf": [object()]}),
    ] {
        let found = with(named, array());
        assert_eq!(
            field(&found, "Root", "a").ty,
            TypeModel::Named("Part".into())
        );
        assert!(
            found.remarks[0]
                .text
                .contains("`type: array` beside `$ref`"),
            "{:?}",
            found.remarks
        );
    }
    let found = with(list(), array());
    assert_eq!(
        field(&found, "Root", "a").ty,
        TypeModel::List(Box::new(TypeModel::Text))
    );
    assert!(found.remarks.is_empty(), "{:?}", found.remarks);
    let found = with(object(), json!({"type": ["object", "null"]}));
    assert!(found.remarks.is_empty() && field(&found, "Root", "a").nullable);
    let found = with(json!({"type": "number"}), json!({"type": "integer"}));
    assert_eq!(field(&found, "Root", "a").ty, TypeModel::Integer);
}

#[test]
fn a_property_that_cannot_be_there_and_values_by_pattern_are_read() {
    let found = normalized(schemas(json!({"Root": {"type": "object", "properties": {
        "a": {"type": "string"}, "b": false, "c": {"not": {}},
        "d": {"type": "object", "patternProperties": {"^x": {"type": "integer"}}},
        "e": {"type": "array", "prefixItems": [{"type": "string"}]},
    }}})));
    let names: Vec<_> = structure(&found, "Root")
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["a", "d", "e"]);
    assert_eq!(
        field(&found, "Root", "d").ty,
        TypeModel::Map(Box::new(TypeModel::Integer))
    );
    assert_eq!(
        field(&found, "Root", "e").ty,
        TypeModel::List(Box::new(TypeModel::Any))
    );
}
