//! Runs the command `import`: the written schemas state the same as the published revision.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails if its setup fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Schemas of OpenAPI 3.1, at least one for each keyword.
const SCHEMAS: &[&str] = &[
    "{enum: [1, 2.5]}",
    "{enum: [1, two, true]}",
    "{enum: [1, null]}",
    "{enum: [true, false]}",
    "{enum: [a, null]}",
    "{enum: [null]}",
    "{enum: [1.28, 1.30]}",
    "{type: string, enum: [1.28, 1.30, 0x1F, 1e3]}",
    "{type: string, default: 1.30}",
    "{const: 1}",
    "{const: 1.5}",
    "{const: a}",
    "{const: true}",
    "{const: null}",
    "{const: {a: 1}}",
    "{type: [string, integer, 'null']}",
    "{type: [string, 'null']}",
    "{type: [array, string], items: {type: integer}, minItems: 1}",
    "{type: [object, string], properties: {q: {type: string}}, required: [q]}",
    "{type: [string, integer], enum: [a, 1]}",
    "{type: [string, integer, boolean], enum: [a, 1]}",
    "{type: [string, integer], format: uuid, maximum: 5}",
    "{type: [integer, 'null'], enum: [1, 2, null]}",
    "{type: [integer, number]}",
    "{type: 'null'}",
    "true",
    "false",
    "{}",
    "{not: {}}",
    "{anyOf: [{type: string}, {type: 'null'}]}",
    "{oneOf: [{type: string}, {type: integer}, {type: 'null'}]}",
    "{oneOf: [{$ref: '#/components/schemas/B'}, {type: 'null'}]}",
    "{oneOf: [true, {type: string}]}",
    "{oneOf: [true, {type: string}], nullable: true}",
    "{anyOf: [{}, {type: 'null'}]}",
    "{anyOf: [{anyOf: [{type: number}, {type: boolean}]}, {type: 'null'}]}",
    "{oneOf: [{type: string}, {type: object}], nullable: true}",
    "{allOf: [{anyOf: [{type: string}, {type: integer}]}], nullable: true}",
    "{anyOf: [{type: boolean}, {enum: [true]}], nullable: true}",
    "{oneOf: [{required: [q]}, {required: [r]}], nullable: true}",
    "{$ref: '#/components/schemas/B', type: [object, 'null'], contentSchema: {}}",
    "{$ref: '#/components/schemas/B', description: d}",
    "{$ref: '#/components/schemas/B', type: [object, 'null']}",
    "{allOf: [{$ref: '#/components/schemas/B'}, {type: object, properties: {y: {type: string}}}]}",
    "{$defs: {q: {type: string}}, $ref: '#/components/schemas/A/properties/p/$defs/q'}",
    "{type: array, prefixItems: [{type: string}], items: {type: integer}}",
    "{type: array, items: true}",
    "{type: array, contains: {type: string}, minContains: 1, maxContains: 2}",
    "{type: array, unevaluatedItems: false}",
    "{type: array}",
    "{type: object, properties: {q: {type: string}}, unevaluatedProperties: false}",
    "{type: object, patternProperties: {'^a': {type: string}}}",
    "{type: object, patternProperties: {'^a': {type: string}, '^b': {type: integer}}}",
    "{type: object, propertyNames: {pattern: '^a'}, additionalProperties: {type: string}}",
    "{type: object, additionalProperties: false}",
    "{type: object, properties: {q: true, r: false}}",
    "{type: integer, exclusiveMinimum: 1}",
    "{type: number, exclusiveMaximum: 1, maximum: 5}",
    "{type: string, contentEncoding: base64}",
    "{type: string, contentMediaType: application/octet-stream}",
    "{contentEncoding: binary, contentMediaType: application/json, contentSchema: {type: object}}",
    "{type: string, $comment: c, $id: x, $anchor: y, examples: [a], title: t}",
    "{format: uuid}",
    "{minLength: 1}",
    "{minimum: 1}",
    "{maxItems: 1}",
    "{required: [a]}",
    "{items: {type: string}}",
];

/// Schemas that OpenAPI 3.0 cannot express, by the keyword that the message names.
const REFUSED: &[(&str, &str)] = &[
    (
        "{if: {type: string}, then: {minLength: 1}, else: {type: integer}}",
        "if",
    ),
    ("{then: {type: string}}", "then"),
    (
        "{type: object, dependentRequired: {a: [b]}}",
        "dependentRequired",
    ),
    (
        "{type: object, dependentSchemas: {a: {type: object}}}",
        "dependentSchemas",
    ),
    ("{$dynamicRef: '#q'}", "$dynamicRef"),
];

/// A contract with one operation, whose body has a property `pN` for each schema.
fn contract(schemas: &[&str]) -> String {
    let properties = schemas.iter().enumerate().map(|(number, schema)| {
        let schema = schema.replace("/properties/p/", &format!("/properties/p{number}/"));
        format!("        p{number}: {schema}\n")
    });
    let content = "{content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}";
    format!(
        "openapi: 3.1.0\ninfo: {{title: T, version: 1.0}}\npaths:\n  /a:\n    put:\n      \
         operationId: putA\n      tags: [Environment]\n      requestBody: {content}\n      \
         responses: {{'200': {content}}}\ncomponents:\n  schemas:\n    \
         B: {{type: object, properties: {{x: {{type: string}}}}}}\n    \
         A:\n      type: object\n      properties:\n{}",
        properties.collect::<String>()
    )
}

fn xtask(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .current_dir(home)
        .env("CARGO_MANIFEST_DIR", home.join("xtask"))
        .args(arguments)
        .output()
        .expect("the command runs")
}

/// The code of a client without the lines that state its origin.
fn code(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                open.push(path);
            } else if !name.starts_with("contract") {
                let text = fs::read_to_string(&path).expect("text");
                let lines = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                let place = path.strip_prefix(directory).expect("below");
                found.insert(
                    place.display().to_string(),
                    lines.collect::<Vec<_>>().join("\n"),
                );
            }
        }
    }
    found
}

#[test]
fn a_schema_of_3_1_gives_the_same_client_with_and_without_import() {
    let home = tempfile::tempdir().expect("a directory");
    let home = home.path();
    fs::write(home.join("a.yaml"), contract(SCHEMAS)).expect("written");
    for arguments in [
        &["generate", "--spec", "a.yaml", "--out", "direct"][..],
        &["import", "a.yaml", "--out", "b.yaml"],
        &["generate", "--spec", "b.yaml", "--out", "imported"],
    ] {
        let output = xtask(home, arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {message}");
    }
    let (direct, imported) = (code(&home.join("direct")), code(&home.join("imported")));
    assert!(direct.keys().eq(imported.keys()), "{:?}", imported.keys());
    for (name, text) in &direct {
        let lines = text.lines().zip(imported[name].lines());
        let differing: Vec<_> = lines.filter(|(one, other)| one != other).take(5).collect();
        assert!(*text == imported[name], "{name}: {differing:#?}");
    }
    // The generated code contains a field for every schema, so that the comparison covers all of them.
    let models = &direct["environments/models.rs"];
    for (number, schema) in SCHEMAS.iter().enumerate() {
        let never = ["false", "{not: {}}"].contains(schema);
        let field = format!("pub p{number}: ");
        assert_eq!(models.contains(&field), !never, "{schema}");
    }
}

#[test]
fn keywords_that_3_0_lacks_are_refused_with_their_location() {
    for (schema, keyword) in REFUSED {
        let home = tempfile::tempdir().expect("a directory");
        fs::write(home.path().join("a.yaml"), contract(&[schema])).expect("written");
        let output = xtask(home.path(), &["import", "a.yaml", "--out", "b.yaml"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{schema}: {message}");
        let place = format!("a.yaml:16: /components/schemas/A/properties/p0/{keyword}: ");
        assert!(
            message.contains(&place) && message.contains("help: "),
            "{message}"
        );
        assert!(!home.path().join("b.yaml").exists());
    }
}
