//! Tests the merging of `allOf`.

use std::path::Path;

use serde_json::{Value, json};

use super::super::tests::{field, normalized, problem, schemas, structure, union};
use crate::codegen::model::{TypeModel, UnionStrategy};

#[test]
fn parts_become_one_object_and_may_require_what_another_declares() {
    let found = normalized(schemas(json!({
        "Root": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"type": "object", "required": ["id", "gone"], "properties": {"name": {"type": "string"}}}]},
        "Base": {"properties": {"id": {"type": "string", "format": "uuid"}}},
    })));
    let fields: Vec<_> = structure(&found, "Root")
        .fields
        .iter()
        .map(|field| (field.name.as_str(), field.required))
        .collect();
    assert_eq!(fields, [("id", true), ("name", false)]);
}

#[test]
fn the_later_declaration_holds_and_a_remark_says_so() {
    let found = normalized(schemas(json!({
        "Root": {"allOf": [{"properties": {"a": {"type": "string", "description": "First."}}}, {"properties": {"a": {"type": "integer"}}}]},
    })));
    assert_eq!(field(&found, "Root", "a").ty, TypeModel::Integer);
    assert_eq!(field(&found, "Root", "a").description.text(), "First.");
    assert_eq!(
        found.remarks[0].text,
        "two parts declare `a` differently; the later declaration is used"
    );
}

#[test]
fn a_reference_with_remarks_stays_a_reference() {
    let found = normalized(schemas(json!({
        "Root": {"properties": {"part": {"allOf": [{"$ref": "#/components/schemas/Part"}, {"nullable": true}], "description": "Why."}}},
        "Part": {"properties": {"a": {"type": "string"}}},
    })));
    let part = field(&found, "Root", "part");
    assert_eq!(
        (&part.ty, part.nullable),
        (&TypeModel::Named("Part".into()), true)
    );
    assert_eq!(part.description.text(), "Why.");
}

#[test]
fn an_object_beside_a_union_goes_into_each_member() {
    let found = normalized(schemas(json!({
        "Root": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}, "oneOf": [
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "string"}}, "required": ["b"]},
        ]},
    })));
    let members = union(&found, "Root");
    assert_eq!(members.strategy, UnionStrategy::Presence);
    assert!(field(&found, "RootA", "id").required);
    assert!(field(&found, "RootB", "b").required);
}

#[test]
fn members_that_have_the_shared_properties_stay_what_they_are() {
    let found = normalized(schemas(json!({
        "Root": {"required": ["kind"], "discriminator": {"propertyName": "kind"}, "oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]},
        "A": {"properties": {"kind": {"enum": ["A"]}}},
        "B": {"properties": {"kind": {"enum": ["B"]}}},
    })));
    let types: Vec<_> = union(&found, "Root")
        .variants
        .iter()
        .map(|variant| variant.ty.names())
        .collect();
    assert_eq!(types, [Some("A"), Some("B")]);
}

#[test]
fn a_choice_of_required_names_is_no_union() {
    let found = normalized(schemas(json!({
        "Root": {"properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    })));
    assert!(
        structure(&found, "Root")
            .fields
            .iter()
            .all(|field| !field.required)
    );
}

#[test]
fn parts_of_all_of_that_contradict_each_other_are_a_problem() {
    let found = problem(schemas(
        json!({"Root": {"allOf": [{"type": "string"}, {"type": "integer"}]}}),
    ));
    assert!(
        found.contains(
            "/components/schemas/Root: the parts of `allOf` contradict each other: no value fits all of them"
        ),
        "{found}"
    );
    let found = problem(schemas(
        json!({"Root": {"allOf": [{"$ref": "#/components/schemas/Root"}, {"properties": {"a": {"type": "string"}}}]}}),
    ));
    assert!(
        found.contains("the schema `Root` is composed of itself: Root → Root"),
        "{found}"
    );
}

#[test]
fn references_that_only_lead_to_each_other_are_a_problem() {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    for root in [
        reference("A"),
        json!({"allOf": [reference("A"), {"properties": {"a": {"type": "string"}}}]}),
    ] {
        let found = problem(schemas(
            json!({"Root": root, "A": reference("B"), "B": reference("A")}),
        ));
        assert!(found.contains("itself"), "{found}");
    }
}

#[test]
fn a_schema_composed_of_the_schema_around_it_is_a_separate_component() {
    let with =
        |part: serde_json::Value| json!({"allOf": [{"$ref": "#/components/schemas/Root"}, part]});
    let weight = json!({"properties": {"weight": {"type": "integer"}}});
    let nested = |schema: serde_json::Value| {
        normalized(schemas(json!({
            "Root": {"properties": {"name": {"type": "string"}, "inner": schema}},
            "Middle": with(json!({"properties": {"m": {"type": "string"}}})),
        })))
    };
    let list = json!({"type": "array", "items": with(weight.clone())});
    let map = json!({"type": "object", "additionalProperties": with(weight.clone())});
    for schema in [with(weight.clone()), list, map] {
        let found = nested(schema.clone());
        let own = structure(&found, "RootInner");
        let names: Vec<_> = own.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["name", "inner", "weight"], "{schema}");
        assert_eq!(
            field(&found, "RootInner", "inner").ty,
            field(&found, "Root", "inner").ty
        );
    }
    // Through another schema that is composed of it.
    let found = nested(json!({"allOf": [{"$ref": "#/components/schemas/Middle"}, weight]}));
    let names: Vec<_> = structure(&found, "RootInner")
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["name", "inner", "m", "weight"]);
}

#[test]
fn a_schema_that_is_composed_of_itself_is_a_problem() {
    let itself = json!({"allOf": [{"$ref": "#/components/schemas/Root"}, {"properties": {"a": {"type": "string"}}}]});
    let found = problem(schemas(json!({"Root": itself})));
    assert!(found.contains("`Root` is composed of itself"), "{found}");
}

/// The type of a property with this schema, or the problem.
fn type_of(schema: &Value) -> Result<TypeModel, String> {
    let document = schemas(json!({
        "Root": {"properties": {"x": schema}},
        "Size": {"type": "string", "enum": ["S", "M"]},
        "Sizes": {"anyOf": [{"$ref": "#/components/schemas/Size"}, {"type": "integer"}]},
    }));
    let document = crate::contract::source::parse(Path::new("a.json"), document.to_string());
    let document = document.map_err(|problem| problem.to_string())?;
    let found = crate::codegen::normalize(&document).map_err(|problem| problem.to_string())?;
    Ok(field(&found, "Root", "x").ty.clone())
}

#[test]
fn a_type_beside_a_choice_leaves_the_members_that_may_have_it() {
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let size = TypeModel::Named("Size".into());
    let list = || TypeModel::List(Box::new(TypeModel::Text));
    for (schema, expected) in [
        (
            json!({"type": "string", "anyOf": [{"type": "integer"}, to("Size")]}),
            size.clone(),
        ),
        (
            json!({"type": "string", "anyOf": [to("Sizes"), {"type": "boolean"}]}),
            size.clone(),
        ),
        (
            json!({"type": "integer", "anyOf": [to("Sizes"), {"type": "boolean"}]}),
            TypeModel::Integer,
        ),
        (
            json!({"type": "integer", "anyOf": [{"minimum": 3}, {"maximum": 1}]}),
            TypeModel::Integer,
        ),
        (
            json!({"type": "number", "oneOf": [{"type": "integer"}]}),
            TypeModel::Integer,
        ),
        (
            json!({"type": "integer", "oneOf": [{"type": "number"}]}),
            TypeModel::Integer,
        ),
        (
            json!({"type": "string", "format": "date", "anyOf": [{"type": "string"}]}),
            TypeModel::Date,
        ),
        (
            json!({"type": "array", "anyOf": [{"type": "array", "items": {"type": "string"}}]}),
            list(),
        ),
        (
            json!({"type": "array", "items": {"type": "string"}, "anyOf": [{"minItems": 1}, {"maxItems": 9}]}),
            list(),
        ),
    ] {
        assert_eq!(type_of(&schema), Ok(expected), "{schema}");
    }
    for schema in [
        json!({"type": "string", "anyOf": [{"type": "integer"}, {"type": "boolean"}]}),
        json!({"type": "string", "anyOf": [{"type": "null"}]}),
        json!({"type": "string", "enum": ["a"], "anyOf": [{"const": "b"}]}),
        json!({"type": "boolean", "anyOf": [to("Sizes"), to("Size")]}),
    ] {
        let problem = type_of(&schema).expect_err("no value fits");
        assert!(problem.contains(super::NO_VALUE), "{schema}: {problem}");
    }
}

#[test]
fn keywords_that_restrict_texts_leave_the_type_to_another_part() {
    for keywords in [
        json!({"format": "date-time"}),
        json!({"maxLength": 3}),
        json!({"pattern": "a"}),
    ] {
        for (member, expected) in [
            (json!({"type": "null"}), TypeModel::Any),
            (json!({"type": "integer"}), TypeModel::Integer),
            (json!({"type": "boolean"}), TypeModel::Boolean),
        ] {
            for list in ["allOf", "anyOf"] {
                let mut schema = keywords.clone();
                schema[list] = json!([member]);
                assert_eq!(type_of(&schema).as_ref(), Ok(&expected), "{schema}");
            }
        }
    }
    let text = json!({"format": "date-time", "allOf": [{"type": "string"}]});
    assert_eq!(type_of(&text), Ok(TypeModel::DateTime));
}
