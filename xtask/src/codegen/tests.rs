//! A contract that is generated again gives the same: a small one with a record, and real revisions of the API,
//! which are not part of this repository.
//!
//! `REVISIONS=DIR cargo test -p xtask --profile xtask revisions -- --ignored`

use super::*;

#[test]
#[ignore = "needs published revisions: set REVISIONS to their directory"]
fn all_revisions_are_accepted_and_give_the_same_twice() {
    let directory =
        std::env::var_os("REVISIONS").expect("REVISIONS names a directory of revisions");
    let entries = std::fs::read_dir(directory).expect("the directory can be read");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_revision = |path: &std::path::PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".yaml") && !name.contains("websocket")
    };
    let mut count = 0;
    for path in paths.filter(is_revision) {
        let document = contract::load(&path).unwrap_or_else(|problem| panic!("{problem}"));
        let facts = || normalize(&document).unwrap_or_else(|problem| panic!("{problem}"));
        let normalized = facts();
        progenitor(&normalized).unwrap_or_else(|problem| panic!("{problem}"));
        let again = facts();
        assert_eq!(
            format!("{normalized:?}"),
            format!("{again:?}"),
            "{}",
            path.display()
        );
        count += 1;
    }
    assert!(count > 0, "there are revisions");
}

const RECORDED: &str = "openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /organization/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}]
    get:
      operationId: readOne
      tags: [Organization Main Calls]
      summary: Reads one.
      parameters: [{name: size, in: query, description: The size., schema: {type: integer}}]
      responses: {'200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/One'}}}}}
    put:
      operationId: editOne
      tags: [Organization Main Calls]
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/OneRequest'}}}}
      responses: {'200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/One'}}}}}
  /helm/{id}:
    delete:
      operationId: removeHelm
      tags: [Helms]
      responses: {'204': {description: x}}
components:
  schemas:
    One:
      type: object
      required: [name, part]
      properties:
        name: {type: string, description: The name.}
        part: {$ref: '#/components/schemas/Part'}
        kind: {$ref: '#/components/schemas/Kind'}
    OneRequest:
      type: object
      required: [name]
      properties:
        name: {type: string}
        kind: {$ref: '#/components/schemas/Kind'}
    Part: {type: object, properties: {a: {type: string}}}
    Kind: {type: string, enum: [A, B]}
";

/// The files of the client of a contract, with those of the tests.
fn files(text: &str, record: Record) -> Tree {
    let path = Path::new("openapi.yaml");
    let document = contract::source::parse(path, text.to_owned()).expect("a contract");
    let normalized = normalize(&document).expect("normalized");
    let written = progenitor(&normalized).expect("generated");
    let mut parts = split::Parts::default();
    parts.record = record;
    let purpose = Purpose {
        is_tested: true,
        ..Purpose::default()
    };
    passes::run(&written, &normalized, purpose, &mut parts).expect("written");
    parts.record.keep();
    let origin = split::Origin::of(path, None);
    let mut files = split::lay_out(&parts, &origin).expect("laid out");
    let tables = split::lay_out_tables(&parts, &origin).into_iter();
    files.extend(tables.map(|(path, text)| (format!("tables/{path}"), text)));
    files
}

#[test]
fn after_each_edit_the_client_with_a_record_is_the_client_without_one() {
    let home = tempfile::tempdir().expect("a directory");
    let recorded = || Record::read(home.path().join("record"), "program");
    let mut text = RECORDED.to_owned();
    let mut before = files(&text, recorded());
    for (from, to) in [
        ("summary: Reads one.", "summary: Reads it."),
        ("description: The size.", "description: How many."),
        ("The name.", "What it is called."),
        ("required: [name, part]", "required: [part]"),
        // A struct gets a default, another one reads it in another way.
        (
            "{a: {type: string}}}",
            "{a: {type: string}, b: {type: integer}}}",
        ),
        (
            "Part: {type: object, pro",
            "Part: {type: object, required: [b], pro",
        ),
        ("enum: [A, B]}", "enum: [A, B, C]}"),
        // A model is a model, and no longer an enum.
        (
            "Kind: {type: string, enum: [A, B, C]}",
            "Kind: {type: object, properties: {a: {type: string}}}",
        ),
        (
            "name: size, in: query",
            "name: size, required: true, in: query",
        ),
        (
            "name: size, required: true, in: query",
            "name: size, in: header",
        ),
        ("operationId: readOne", "operationId: getOne"),
        ("tags: [Helms]", "tags: [Jobs]"),
        // The documentation of a model lists its operations and its features.
        (
            "responses: {'204': {description: x}}",
            "responses: {'200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}}",
        ),
        ("format: uuid", "format: date"),
        ("  /helm/{id}:", "  /helm/{id}?full=true:"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
        let found = files(&text, recorded());
        assert_ne!(found, before, "{to} changes nothing");
        assert_eq!(found, files(&text, Record::default()), "{to}");
        before = found;
    }
}
