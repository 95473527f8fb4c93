//! Tests of the rules together, on minimal documents, and helpers for the tests of single rules.

use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::codegen::model::{
    FieldModel, SchemaKind, StructModel, TypeModel, UnionModel, UnionStrategy,
};
use crate::contract::source;

/// A document with these paths and schemas.
pub(crate) fn api(paths: Value, schemas: Value) -> Value {
    json!({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": paths, "components": {"schemas": schemas}})
}

/// A document with these schemas and one operation that returns `Root`.
pub(crate) fn schemas(schemas: Value) -> Value {
    let response = json!({"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Root"}}}});
    api(
        json!({"/root": {"get": {"operationId": "getRoot", "responses": {"200": response}}}}),
        schemas,
    )
}

/// A document with these schemas and one operation that takes `Root`.
pub(crate) fn requests(schemas: Value) -> Value {
    let body =
        json!({"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Root"}}}});
    let operation = json!({"operationId": "putRoot", "requestBody": body, "responses": {"204": {"description": ""}}});
    api(json!({"/root": {"put": operation}}), schemas)
}

/// A document with one operation on this path.
pub(crate) fn operation(path: &str, operation: Value) -> Value {
    api(
        json!({path: {"get": operation}}),
        json!({"Root": {"type": "object", "properties": {"a": {"type": "string"}}}}),
    )
}

fn document(value: &Value) -> Document {
    source::parse(Path::new("api.json"), value.to_string()).expect("a document")
}

/// The result for a document, after progenitor accepted it.
pub(crate) fn normalized(value: Value) -> Normalized {
    let normalized = normalize(&document(&value)).unwrap_or_else(|problem| panic!("{problem}"));
    crate::codegen::progenitor(&normalized)
        .unwrap_or_else(|problem| panic!("{problem}\n{:#}", normalized.document));
    normalized
}

/// The message for a document that is refused.
pub(crate) fn problem(value: Value) -> String {
    match normalize(&document(&value)) {
        Ok(normalized) => panic!("it was accepted: {:#}", normalized.document),
        Err(problem) => problem.to_string(),
    }
}

/// The types that are generated for a document, in one line with single spaces.
pub(crate) fn code(value: Value) -> String {
    let written = crate::codegen::progenitor(&normalized(value)).expect("accepted before");
    let structs = written.structs.into_values().map(|mut item| {
        for field in &mut item.fields {
            field.attrs.clear();
        }
        item
    });
    prettyplease::unparse(&syn::parse_quote!(#(#structs)*))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

pub(crate) fn structure<'n>(normalized: &'n Normalized, name: &str) -> &'n StructModel {
    match normalized.schemas.get(name).map(|schema| &schema.kind) {
        Some(SchemaKind::Struct(structure)) => structure,
        other => panic!(
            "{name}: {other:?}; there are {:?}",
            normalized.schemas.keys()
        ),
    }
}

pub(crate) fn union<'n>(normalized: &'n Normalized, name: &str) -> &'n UnionModel {
    match normalized.schemas.get(name).map(|schema| &schema.kind) {
        Some(SchemaKind::Union(union)) => union,
        other => panic!(
            "{name}: {other:?}; there are {:?}",
            normalized.schemas.keys()
        ),
    }
}

pub(crate) fn field<'n>(normalized: &'n Normalized, schema: &str, name: &str) -> &'n FieldModel {
    let fields = &structure(normalized, schema).fields;
    fields
        .iter()
        .find(|field| field.name == name)
        .unwrap_or_else(|| panic!("no field {name}: {fields:?}"))
}

fn names(normalized: &Normalized) -> Vec<&str> {
    normalized.schemas.keys().map(String::as_str).collect()
}

#[test]
fn the_same_document_gives_the_same_twice() {
    let value = schemas(
        json!({"Root": {"properties": {"kind": {"enum": ["A", "B"]}, "parts": {"type": "array", "items": {"properties": {"x": {"type": "integer"}, "y": {"enum": ["A", "B"]}}}}}}}),
    );
    let (first, second) = (normalized(value.clone()), normalized(value));
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    assert_eq!(first.document.to_string(), second.document.to_string());
}

#[test]
fn a_schema_that_no_operation_uses_is_dropped() {
    let found = normalized(schemas(
        json!({"Root": {"properties": {"a": {"type": "string"}}}, "Unused": {"properties": {"a": {"type": "integer"}}}}),
    ));
    assert_eq!(names(&found), ["Root"]);
}

#[test]
fn texts_numbers_lists_and_maps_get_no_type_of_their_own() {
    let found = code(schemas(json!({
        "Root": {"properties": {"names": {"$ref": "#/components/schemas/Names"}, "labels": {"$ref": "#/components/schemas/Labels"}}, "required": ["names", "labels"]},
        "Names": {"type": "array", "items": {"$ref": "#/components/schemas/Name"}},
        "Name": {"type": "string", "maxLength": 3},
        "Labels": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Name"}},
    })));
    assert!(
        found.contains("pub names: ::std::vec::Vec<::std::string::String>"),
        "{found}"
    );
    assert!(
        found.contains("BTreeMap< ::std::string::String, ::std::string::String, >"),
        "{found}"
    );
    assert!(!found.contains("struct Name"), "{found}");
}

#[test]
fn a_list_that_contains_itself_holds_any_values_and_a_schema_that_is_itself_is_a_problem() {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let found = normalized(schemas(json!({
        "Root": {"type": "object", "properties": {"a": reference("List"), "b": reference("Map")}},
        "List": {"type": "array", "items": reference("Map")},
        "Map": {"type": "object", "additionalProperties": reference("List")},
    })));
    let list = |inner: TypeModel| TypeModel::List(Box::new(inner));
    let map = |inner: TypeModel| TypeModel::Map(Box::new(inner));
    let (a, b) = (field(&found, "Root", "a"), field(&found, "Root", "b"));
    assert_eq!(a.ty, list(map(TypeModel::Any)));
    assert_eq!(b.ty, map(TypeModel::Any));
    assert_eq!(found.remarks.len(), 1, "{:?}", found.remarks);
    let found = problem(schemas(json!({"Root": {"allOf": [reference("Root")]}})));
    assert!(
        found.contains(
            "/components/schemas/Root/allOf/0: the schema `Root` contains itself and is not an object"
        ),
        "{found}"
    );
}

#[test]
fn an_object_that_contains_itself_is_boxed() {
    let found = code(schemas(
        json!({"Root": {"properties": {"next": {"$ref": "#/components/schemas/Root"}}}}),
    ));
    assert!(found.contains("::std::boxed::Box<Root>"), "{found}");
}

#[test]
fn a_field_is_nullable_if_its_component_is() {
    let found = normalized(schemas(json!({
        "Root": {"properties": {"part": {"$ref": "#/components/schemas/Part"}, "name": {"$ref": "#/components/schemas/Name"}}, "required": ["part", "name"]},
        "Part": {"type": "object", "nullable": true, "properties": {"a": {"type": "string"}}},
        "Name": {"type": ["string", "null"]},
    })));
    assert!(field(&found, "Root", "part").nullable);
    assert!(field(&found, "Root", "name").nullable);
}

#[test]
fn keywords_beside_a_reference_count() {
    let found = normalized(schemas(json!({
        "Root": {"properties": {"part": {"$ref": "#/components/schemas/Part", "nullable": true, "description": "The part."}}},
        "Part": {"properties": {"a": {"type": "string"}}},
    })));
    let part = field(&found, "Root", "part");
    assert!(part.nullable);
    assert_eq!(part.description.text(), "The part.");
}

#[test]
fn a_property_may_be_called_like_a_keyword() {
    let found = normalized(schemas(
        json!({"Root": {"properties": {"nullable": {"type": "boolean"}, "$ref": {"type": "string"}, "default": {"type": "string"}, "type": {"type": "string"}}}}),
    ));
    let fields: Vec<&str> = structure(&found, "Root")
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(fields, ["nullable", "$ref", "default", "type"]);
    assert!(!structure(&found, "Root").fields[0].nullable);
}

#[test]
fn integers_are_one_type_and_limits_are_documentation() {
    let found = schemas(json!({"Root": {"required": ["n", "m", "s"], "properties": {
        "n": {"type": "integer", "format": "int32", "minimum": 1},
        "m": {"type": "number", "format": "int64"},
        "s": {"type": "string", "maxLength": 255, "pattern": "^a"},
    }}}));
    let text = code(found.clone());
    assert!(
        text.contains("pub n: i64")
            && text.contains("pub m: i64")
            && text.contains("pub s: ::std::string::String"),
        "{text}"
    );
    let found = normalized(found);
    assert_eq!(
        field(&found, "Root", "s").description.text(),
        "At most 255 characters. Matches `^a`."
    );
}

#[test]
fn an_integer_that_a_signed_one_does_not_hold_is_unsigned() {
    let most = u64::MAX;
    let found = schemas(
        json!({"Root": {"required": ["a", "b", "c", "d", "e", "f"], "properties": {
            "a": {"type": "integer", "format": "uint64"},
            "b": {"type": "integer", "minimum": 0, "maximum": most},
            "c": {"type": "number", "format": "uint64", "maximum": most},
            "d": {"type": "integer", "minimum": -1, "maximum": most},
            "e": {"type": "integer", "format": "uint32"},
            "f": {"type": "array", "items": {"type": "integer", "format": "uint64"}},
        }}}),
    );
    let text = code(found);
    for wanted in [
        "pub a: u64",
        "pub b: u64",
        "pub c: u64",
        "pub d: i64",
        "pub e: i64",
        "pub f: ::std::vec::Vec<u64>",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
}

#[test]
fn a_field_of_a_request_that_is_not_set_is_not_sent() {
    let found = requests(json!({"Root": {"required": ["must"], "properties": {
        "must": {"type": "string", "nullable": true},
        "may": {"type": "integer", "default": 250},
        "patch": {"type": "string", "nullable": true},
        "list": {"type": "array", "items": {"type": "string"}},
        "id": {"type": "string", "readOnly": true},
    }}}));
    let text = code(found.clone());
    assert!(
        text.contains("pub must: ::std::option::Option<::std::string::String>"),
        "{text}"
    );
    assert!(
        text.contains("pub may: ::std::option::Option<i64>"),
        "{text}"
    );
    assert!(
        text.contains("pub list: ::std::option::Option<::std::vec::Vec<::std::string::String>>"),
        "{text}"
    );
    let found = normalized(found);
    assert!(field(&found, "Root", "patch").patch && !field(&found, "Root", "must").patch);
    let written = crate::codegen::progenitor(&found).expect("types");
    let models = crate::codegen::passes::models::read(&written, &found).expect("models");
    let mut fields = models["Root"].fields.iter();
    let patch = fields.find(|field| field.wire == "patch").expect("a field");
    let wanted: syn::Type = syn::parse_quote!(crate::runtime::Patch<::std::string::String>);
    assert_eq!(patch.ty, wanted);
    assert_eq!(
        field(&found, "Root", "may").description.text(),
        "Default on the server: `250`."
    );
}

#[test]
fn a_response_has_no_patch_and_a_read_only_property_is_not_required_in_a_request() {
    let schema = json!({"Root": {"required": ["id"], "properties": {"id": {"type": "string", "readOnly": true}, "a": {"type": "string", "nullable": true}}}});
    let received = normalized(schemas(schema.clone()));
    assert!(!field(&received, "Root", "a").patch && field(&received, "Root", "id").required);
    let sent = normalized(requests(schema));
    assert!(field(&sent, "Root", "a").patch && !field(&sent, "Root", "id").required);
}

#[test]
fn secrets_are_known_by_mark_and_by_format() {
    let found = normalized(requests(
        json!({"Root": {"properties": {"a": {"type": "string", "x-secret": true}, "b": {"type": "string", "format": "password"}, "c": {"type": "string"},
            "d": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string", "x-secret": true}}}}}}),
    ));
    let secret: Vec<bool> = structure(&found, "Root")
        .fields
        .iter()
        .map(|field| field.secret)
        .collect();
    assert_eq!(secret, [true, true, false, true]);
}

#[test]
fn a_discriminator_distinguishes_the_members_and_unknown_ones_are_kept() {
    let found = normalized(schemas(json!({
        "Root": {"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
                 "discriminator": {"propertyName": "kind", "mapping": {"CAT": "#/components/schemas/Cat", "DOG": "Dog"}}},
        "Cat": {"properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}},
        "Dog": {"properties": {"name": {"type": "string"}}},
    })));
    let union = union(&found, "Root");
    assert_eq!(
        union.strategy,
        UnionStrategy::Tag {
            property: "kind".into()
        }
    );
    let told: Vec<_> = union
        .variants
        .iter()
        .map(|variant| (variant.rust_name.as_str(), variant.tags.join(",")))
        .collect();
    assert_eq!(told, [("Cat", "CAT".to_owned()), ("Dog", "DOG".to_owned())]);
}

#[test]
fn a_union_of_one_member_stays_one_where_a_discriminator_announces_others() {
    let member = json!({"properties": {"kind": {"enum": ["A"]}}});
    let root = json!({"properties": {"open": {"oneOf": [{"$ref": "#/components/schemas/Part"}], "discriminator": {"propertyName": "kind"}}, "plain": {"oneOf": [{"$ref": "#/components/schemas/Part"}]}}});
    let found = normalized(schemas(json!({"Root": root, "Part": member})));
    assert_eq!(union(&found, "RootOpen").variants[0].tags, ["A"]);
    assert_eq!(
        field(&found, "Root", "plain").ty,
        crate::codegen::model::TypeModel::Named("Part".into())
    );
}

#[test]
fn a_tag_that_means_no_member_is_a_problem() {
    let found = problem(schemas(json!({
        "Root": {"oneOf": [{"$ref": "#/components/schemas/Cat"}], "discriminator": {"propertyName": "kind", "mapping": {"FISH": "#/components/schemas/Fish"}}},
        "Cat": {"properties": {"kind": {"type": "string"}}},
    })));
    assert!(
        found.contains(
            "/components/schemas/Root/discriminator/mapping/FISH: the discriminator value `FISH` is mapped to"
        ),
        "{found}"
    );
}

#[test]
fn a_required_field_that_may_be_absent_is_required_only_in_requests() {
    let schema = json!({"Root": {"required": ["kind"], "properties": {
        "kind": {"type": "string", "x-may-be-absent": true}
    }}});
    let received = normalized(schemas(schema.clone()));
    assert!(!field(&received, "Root", "kind").required);
    let sent = normalized(requests(schema));
    let sent = field(&sent, "Root", "kind");
    assert!(sent.required && sent.may_be_absent);
}

#[test]
fn without_a_discriminator_values_then_presence_then_json_types_distinguish() {
    let found = normalized(schemas(json!({"Root": {"properties": {
        "by_value": {"oneOf": [{"properties": {"t": {"enum": ["A"]}, "x": {"type": "string"}}}, {"properties": {"t": {"enum": ["B", "C"]}, "x": {"type": "string"}}}]},
        "by_presence": {"oneOf": [{"properties": {"git": {"type": "string"}, "x": {"type": "string"}}, "required": ["git"]}, {"properties": {"image": {"type": "string"}, "x": {"type": "string"}}, "required": ["image"]}]},
        "by_type": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "string"}}]},
        "by_trial": {"oneOf": [{"properties": {"x": {"type": "string"}}}, {"properties": {"x": {"type": "string"}, "y": {"type": "string"}}, "required": ["x"]}, {"properties": {"x": {"type": "integer"}}}]},
    }}})));
    assert_eq!(
        union(&found, "RootByValue").strategy,
        UnionStrategy::Tag {
            property: "t".into()
        }
    );
    assert_eq!(union(&found, "RootByValue").variants[1].tags, ["B", "C"]);
    assert_eq!(
        union(&found, "RootByPresence").strategy,
        UnionStrategy::Presence
    );
    assert_eq!(
        union(&found, "RootByPresence").variants[0].distinguishing,
        ["git"]
    );
    assert_eq!(
        union(&found, "RootByType").strategy,
        UnionStrategy::JsonType
    );
    let trial = union(&found, "RootByTrial");
    assert_eq!(trial.strategy, UnionStrategy::Trial);
    let first = trial.variants[0].ty.names().unwrap();
    let SchemaKind::Struct(first) = &found.schemas[first].kind else {
        panic!("{first} is no object");
    };
    assert_eq!(first.fields.len(), 2, "the most specific comes first");
}

#[test]
fn a_property_distinguishes_a_member_from_those_after_it() {
    let found = normalized(schemas(
        json!({"Root": {"properties": {"details": {"oneOf": [
            {"properties": {"commit": {"type": "string"}, "pod": {"type": "string"}}, "required": ["commit", "pod"]},
            {"properties": {"image": {"type": "string"}, "arguments": {"type": "string"}}, "required": ["image", "arguments"]},
            {"properties": {"image": {"type": "string"}, "kind": {"type": "string"}, "pod": {"type": "string"}, "commit": {"type": "string"}}, "required": ["image", "kind"]},
            {"properties": {"commit": {"type": "string"}, "chart": {"type": "string"}}},
            {"type": "boolean"},
        ]}}}}),
    ));
    let details = union(&found, "RootDetails");
    assert_eq!(details.strategy, UnionStrategy::Presence);
    let distinguishing: Vec<&[String]> = details
        .variants
        .iter()
        .map(|variant| variant.distinguishing.as_slice())
        .collect();
    let expected: [&[&str]; 5] = [
        &["kind"],
        &["arguments"],
        &["pod"],
        &["commit", "chart"],
        &[],
    ];
    assert_eq!(distinguishing, expected);
}

#[test]
fn a_union_that_is_a_member_of_itself_is_a_problem() {
    let found = problem(schemas(json!({
        "Root": {"oneOf": [{"$ref": "#/components/schemas/Other"}, {"type": "string"}]},
        "Other": {"oneOf": [{"$ref": "#/components/schemas/Root"}, {"type": "integer"}]},
    })));
    assert!(
        found.contains("the union `Other` is a member of itself"),
        "{found}"
    );
}

#[test]
fn a_union_that_contains_itself_in_an_object_is_boxed_in_its_carrier() {
    let found = code(schemas(json!({
        "Root": {"oneOf": [{"$ref": "#/components/schemas/Not"}, {"type": "string"}]},
        "Not": {"required": ["inner"], "properties": {"inner": {"$ref": "#/components/schemas/Root"}}},
    })));
    assert!(found.contains("::std::boxed::Box<"), "{found}");
}

#[test]
fn a_schema_that_has_no_type_in_rust_is_a_problem_with_its_location() {
    for (schema, expected) in [
        (
            json!({"not": {"type": "string"}}),
            "/components/schemas/Root/properties/a/not: `not` is not supported",
        ),
        (
            json!({"type": "file"}),
            "/components/schemas/Root/properties/a/type: `file` is not a type",
        ),
        (
            json!({"$ref": "#/components/schemas/Gone"}),
            "/components/schemas/Root/properties/a: the reference `#/components/schemas/Gone`",
        ),
        (
            json!("string"),
            "/components/schemas/Root/properties/a: a schema has to be a mapping",
        ),
    ] {
        let found = problem(schemas(json!({"Root": {"properties": {"a": schema}}})));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn a_reference_into_another_schema_is_read_as_its_target() {
    let found = normalized(schemas(json!({
        "Root": {"properties": {"a": {"$ref": "#/components/schemas/Other/properties/b"}, "o": {"$ref": "#/components/schemas/Other"}}},
        "Other": {"properties": {"b": {"enum": ["X", "Y"]}}},
    })));
    assert_eq!(
        field(&found, "Root", "a").ty,
        field(&found, "Other", "b").ty
    );
}

#[test]
fn a_type_that_what_is_referred_to_does_not_have_is_ignored_with_a_note() {
    for beside in [
        json!({"$ref": "#/components/schemas/Part", "type": "array"}),
        json!({"allOf": [{"$ref": "#/components/schemas/Part"}, {"type": "array"}]}),
        json!({"allOf": [{"type": "integer"}, {"$ref": "#/components/schemas/Part"}]}),
    ] {
        let found = normalized(schemas(json!({
            "Root": {"properties": {"part": beside}},
            "Part": {"properties": {"a": {"type": "string"}}},
        })));
        assert_eq!(found.remarks.len(), 1, "{:?}", found.remarks);
        assert!(
            found.schemas.contains_key("Part"),
            "{:?}",
            found.schemas.keys()
        );
    }
}

#[test]
fn a_list_without_items_is_a_list_and_null_among_values_of_several_types_is_null() {
    let found = normalized(schemas(json!({"Root": {"properties": {
        "none": {"type": "array", "items": false},
        "not": {"type": "array", "items": {"not": {}}},
        "either": {"type": ["string", "number"], "enum": ["a", 1, null]},
    }}})));
    let SchemaKind::Struct(StructModel { fields, .. }) = &found.schemas["Root"].kind else {
        panic!("a struct")
    };
    let nullable: Vec<bool> = fields.iter().map(|field| field.nullable).collect();
    assert_eq!(nullable, [false, false, true]);
}
