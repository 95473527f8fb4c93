use std::path::Path;

use super::*;
use crate::contract::source;

/// The facts of one schema of a 3.1 document.
fn facts(schema: &str) -> Value {
    facts_in("3.1.0", schema)
}

fn facts_in(version: &str, schema: &str) -> Value {
    let text = format!(
        "openapi: {version}\npaths: {{}}\ncomponents:\n  schemas:\n    Pet: {{type: object}}\n    Cat: {{type: object, $defs: {{Paw: {{type: string}}}}, properties: {{tail: {{type: integer}}}}}}\n    X: {schema}\n"
    );
    let document = source::parse(Path::new("api.yaml"), text).unwrap();
    let (all, _) = Schemas::new(&document).named().unwrap();
    all.get("X").unwrap().clone()
}

#[test]
fn forms_of_version_3_1_become_those_of_3_0() {
    for (schema, expected) in [
        (
            "{type: [string, 'null']}",
            json!({"type": "string", "nullable": true}),
        ),
        (
            "{type: string, nullable: true}",
            json!({"type": "string", "nullable": true}),
        ),
        ("{const: A}", json!({"type": "string", "enum": ["A"]})),
        (
            "{type: string, const: A}",
            json!({"type": "string", "enum": ["A"]}),
        ),
        (
            "{type: [string, 'null'], enum: [A, null]}",
            json!({"type": "string", "enum": ["A"], "nullable": true}),
        ),
        ("{enum: [1, 2]}", json!({"type": "integer", "enum": [1, 2]})),
        (
            "{type: integer, exclusiveMinimum: 3}",
            json!({"type": "integer", "minimum": 3, "exclusiveMinimum": true}),
        ),
        (
            "{type: integer, minimum: 5, exclusiveMinimum: 3}",
            json!({"type": "integer", "minimum": 5}),
        ),
        (
            "{type: integer, maximum: 5, exclusiveMaximum: 3}",
            json!({"type": "integer", "maximum": 3, "exclusiveMaximum": true}),
        ),
        (
            "{type: integer, minimum: 5, exclusiveMinimum: true}",
            json!({"type": "integer", "minimum": 5, "exclusiveMinimum": true}),
        ),
        (
            "{type: string, contentEncoding: base64}",
            json!({"type": "string", "format": "byte"}),
        ),
        (
            "{type: string, contentMediaType: application/octet-stream}",
            json!({"type": "string", "format": "binary"}),
        ),
        (
            "{anyOf: [{type: string}, {type: 'null'}]}",
            json!({"type": "string", "nullable": true}),
        ),
        (
            "{oneOf: [{$ref: '#/components/schemas/Pet'}, {type: 'null'}]}",
            json!({"nullable": true, "allOf": [{"$ref": "#/components/schemas/Pet"}]}),
        ),
        (
            "{oneOf: [{type: string}, {type: integer}, {const: null}]}",
            json!({"nullable": true, "oneOf": [{"type": "string"}, {"type": "integer"}]}),
        ),
        (
            "{type: [string, array], items: {type: integer}}",
            json!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]}),
        ),
        (
            "{type: array, prefixItems: [{type: string}]}",
            json!({"type": "array", "items": {}}),
        ),
        (
            "{type: array, items: true}",
            json!({"type": "array", "items": {}}),
        ),
        ("{not: false}", json!({"not": {"not": {}}})),
        (
            "{enum: [1, 2.5]}",
            json!({"type": "number", "enum": [1, 2.5]}),
        ),
        ("{enum: [1, two, true]}", json!({"enum": [1, "two", true]})),
        (
            "{type: [string, integer, 'null']}",
            json!({"nullable": true, "anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ),
        (
            "{type: [string, integer, boolean], enum: [a, 1], format: uuid, minLength: 1, minimum: 1}",
            json!({"anyOf": [{"type": "string", "enum": ["a"], "format": "uuid", "minLength": 1}, {"type": "integer", "enum": [1], "minimum": 1}]}),
        ),
        (
            "{type: 'null'}",
            json!({"type": "string", "nullable": true, "enum": [null]}),
        ),
        ("{contentEncoding: binary}", json!({})),
        (
            "{type: object, patternProperties: {'^x': {type: string}}}",
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
        ),
        (
            "{type: object, additionalProperties: false}",
            json!({"type": "object", "additionalProperties": false}),
        ),
        (
            "{$ref: '#/components/schemas/Pet', description: theirs}",
            json!({"$ref": "#/components/schemas/Pet"}),
        ),
        (
            "{$ref: '#/components/schemas/Pet', properties: {a: {type: string}}}",
            json!({"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"a": {"type": "string"}}}]}),
        ),
        (
            "{type: string, examples: [a], title: t, $comment: c, x-a: 1, readOnly: false, deprecated: false}",
            json!({"type": "string"}),
        ),
    ] {
        assert_eq!(facts(schema), expected, "for {schema}");
    }
}

#[test]
fn in_version_3_0_only_annotations_count_beside_a_reference() {
    let schema =
        "{$ref: '#/components/schemas/Pet', nullable: true, type: object, description: theirs}";
    assert_eq!(
        facts_in("3.0.3", schema),
        json!({"nullable": true, "allOf": [{"$ref": "#/components/schemas/Pet"}]})
    );
}

#[test]
fn definitions_inside_a_schema_get_a_name_of_their_own() {
    let text = "\
openapi: 3.1.0
paths: {}
components:
  schemas:
    Cat:
      type: object
      $defs:
        Paw: {type: object, properties: {next: {$ref: '#/components/schemas/Cat/$defs/Paw'}}}
      properties:
        paw: {$ref: '#/components/schemas/Cat/$defs/Paw'}
        tail: {type: integer}
    Dog: {type: object, properties: {tail: {$ref: '#/components/schemas/Cat/properties/tail'}}}
";
    let document = source::parse(Path::new("api.yaml"), text.to_owned()).unwrap();
    let (all, _) = Schemas::new(&document).named().unwrap();
    let all = Value::Object(all);
    assert_eq!(
        all["Cat"]["properties"]["paw"],
        json!({"$ref": "#/components/schemas/CatPaw"})
    );
    assert_eq!(
        all["CatPaw"]["properties"]["next"],
        json!({"$ref": "#/components/schemas/CatPaw"})
    );
    assert_eq!(
        all["Dog"]["properties"]["tail"],
        json!({"$ref": "#/components/schemas/CatTail"})
    );
    assert_eq!(all["CatTail"], json!({"type": "integer"}));
}

#[test]
fn a_discriminator_refers_to_its_schemas_in_one_way() {
    let schema = "{oneOf: [{$ref: '#/components/schemas/Pet'}], discriminator: {propertyName: kind, mapping: {P: Pet, Q: '#/components/schemas/Pet'}, x-a: 1}}";
    let expected = json!({"propertyName": "kind", "mapping": {"P": "#/components/schemas/Pet", "Q": "#/components/schemas/Pet"}});
    assert_eq!(facts(schema)["discriminator"], expected);
}

#[test]
fn required_names_stand_once_in_the_order_of_the_properties() {
    let schema = "{type: object, required: [z, b, a, b], properties: {a: {type: string}, b: {type: string}}}";
    assert_eq!(facts(schema)["required"], json!(["a", "b", "z"]));
    assert!(
        facts("{type: object, required: true, properties: {}}")
            .get("required")
            .is_none()
    );
}
