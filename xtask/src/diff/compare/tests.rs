//! Each rule, with its sentence.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::report::Report;
use super::super::rules::{RULES, Severity};
use super::super::side::Side;
use crate::codegen;
use crate::contract::source;

pub(super) fn side(label: &str, text: &str) -> Side {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("api.yaml");
    std::fs::write(&path, text).unwrap();
    Side::read(label, &path, None).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

fn report(old: &str, new: &str) -> Report {
    super::super::of_sides(&side("old.yaml", old), &side("new.yaml", new), None)
}

pub(super) const HEAD: &str = r##"openapi: 3.0.3
info: {title: x, version: '1'}
servers: [{url: 'https://one.example'}]
paths:
  /project/{projectId}:
    parameters:
      - {name: projectId, in: path, required: true, schema: {type: string, format: uuid}}
    get:
      operationId: getProject
      tags: [Projects]
      parameters:
        - {name: filter, in: query, schema: {type: string}}
        - {name: limit, in: query, required: true, schema: {type: integer}}
      responses:
        '200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}
    put:
      operationId: editProject
      tags: [Projects]
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/ProjectRequest'}}}}
      responses:
        '200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}
components:
  schemas:
    Project:
      type: object
      required: [id, name, kind]
      properties:
        id: {type: string, format: uuid}
        name: {type: string}
        note: {type: string}
        kind: {$ref: '#/components/schemas/Kind'}
        part: {$ref: '#/components/schemas/Part'}
        choice: {$ref: '#/components/schemas/Choice'}
    ProjectRequest:
      type: object
      required: [name, size]
      properties:
        name: {type: string}
        size: {type: integer}
        color: {type: string, default: red}
        mode: {type: string, enum: [ONLY]}
    Kind: {type: string, enum: [A, B, IN_USE]}
    Part: {type: object, properties: {x: {type: string}, y: {type: integer}}}
    Cat: {type: object, properties: {type: {type: string}, lives: {type: integer}}}
    Dog: {type: object, properties: {type: {type: string}, tail: {type: string}}}
    Choice:
      oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
      discriminator: {propertyName: type, mapping: {CAT: '#/components/schemas/Cat', DOG: '#/components/schemas/Dog'}}
"##;

/// For each rule: a replacement in [`HEAD`], and a part of the sentence that the report then has.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, &str)] = &[
    ("operation-added", "    put:\n", "    delete: {operationId: deleteProject, tags: [Projects], responses: {'204': {description: x}}}\n    put:\n", "Client::delete_project is new: DELETE /project/{projectId}"),
    ("operation-removed", "    delete: {operationId: deleteProject, tags: [Projects], responses: {'204': {description: x}}}\n    put:\n", "    put:\n", "Client::delete_project is gone: DELETE /project/{projectId}"),
    ("operation-renamed", "operationId: getProject", "operationId: readProject", "Client::get_project is Client::read_project now"),
    ("operation-aliased", "operationId: getProject", "operationId: readProject\n      x-formerIds: [getProject]", "Client::get_project is Client::read_project now"),
    ("operation-deprecated", "operationId: getProject", "operationId: getProject\n      deprecated: true", "Client::get_project is deprecated now"),
    ("operation-revived", "operationId: getProject\n      deprecated: true", "operationId: getProject", "Client::get_project is no longer deprecated"),
    ("operation-moved", "operationId: getProject\n      tags: [Projects]", "operationId: getProject\n      tags: [Environments]", "Client::get_project was behind the feature projects and is behind the feature environments"),
    ("request-changed", "/project/{projectId}", "/projects/{projectId}", "Client::get_project sent GET /project/{projectId} and sends GET /projects/{projectId}"),
    ("operation-replaced", "", "", ""),
    ("parameter-wire-changed", "name: filter, in: query", "name: Filter, in: query", "Client::get_project sent query filter (form) and sends query Filter (form)"),
    ("parameter-replaced", "", "", ""),
    ("content-type-changed", "requestBody: {required: true, content: {application/json:", "requestBody: {required: true, content: {application/vnd.x+json:", "Client::edit_project: the body was application/json and is application/vnd.x+json"),
    ("statuses-changed", "        '200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\ncomponents", "        '201': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\n        '404': {description: x}\ncomponents", "Client::edit_project declared the statuses 200 and declares 201, 404"),
    ("argument-added", "        - {name: filter,", "        - {name: page, in: query, required: true, schema: {type: string}}\n        - {name: filter,", "Client::get_project takes a new argument page: &str"),
    ("argument-removed", "        - {name: limit, in: query, required: true, schema: {type: integer}}\n", "", "Client::get_project no longer takes limit: i64"),
    ("argument-type-changed", "name: limit, in: query, required: true, schema: {type: integer}", "name: limit, in: query, required: true, schema: {type: boolean}", "Client::get_project: the argument limit was i64 and is bool"),
    ("arguments-reordered", "        - {name: filter, in: query, schema: {type: string}}\n        - {name: limit, in: query, required: true, schema: {type: integer}}\n", "        - {name: limit, in: query, required: true, schema: {type: integer}}\n        - {name: filter, in: query, required: true, schema: {type: string}}\n", ""),
    ("argument-replaced", "name: limit, in: query", "name: count, in: query", "Client::get_project takes count: i64 in the place of limit"),
    ("argument-renamed", "projectId", "itemId", "Client::get_project: the argument project_id is called item_id"),
    ("parameter-required", "name: filter, in: query, schema", "name: filter, in: query, required: true, schema", "Client::get_project takes filter: &str, which was a setter"),
    ("parameter-optional", "name: limit, in: query, required: true", "name: limit, in: query", "Client::get_project no longer takes limit: i64, which is a setter now"),
    ("setter-added", "        - {name: filter,", "        - {name: since, in: query, schema: {type: string, format: date-time}}\n        - {name: filter,", "Client::get_project: new setter since(chrono::DateTime<chrono::Utc>)"),
    ("setter-removed", "        - {name: filter, in: query, schema: {type: string}}\n", "", "Client::get_project: the setter filter(&str) is gone"),
    ("setter-type-changed", "name: filter, in: query, schema: {type: string}", "name: filter, in: query, schema: {type: boolean}", "Client::get_project: the setter filter took &str and takes bool"),
    ("setter-deprecated", "name: filter, in: query,", "name: filter, in: query, deprecated: true,", "Client::get_project: the parameter of the setter filter is deprecated now"),
    ("output-changed", "        '200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\n    put", "        '200': {description: x, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Project'}}}}}\n    put", "Client::get_project gave Project and gives Vec<Project>"),
    ("type-added", "        note: {type: string}", "        note: {type: string}\n        more: {type: object, properties: {q: {type: string}}}", "is new, used by Project::more"),
    ("type-removed", "        part: {$ref: '#/components/schemas/Part'}\n", "", "Part is gone, used by Project::part"),
    ("type-renamed", "    Part: {", "    Part:\n      x-rust-name: Piece\n      ", "Part is Piece now"),
    ("type-aliased", "Part", "Piece", "Part is Piece now"),
    ("type-kind-changed", "    Part: {type: object, properties: {x: {type: string}, y: {type: integer}}}", "    Part: {type: string, enum: [X, Y]}", "Part was a struct and is an enum"),
    ("type-deprecated", "    Part: {type: object", "    Part: {deprecated: true, type: object", "Part is deprecated now"),
    ("type-moved", "", "", ""),
    ("field-added", "        note: {type: string}", "        note: {type: string}\n        size: {type: integer}", "Project::size is new: Option<i64>"),
    ("field-removed", "        note: {type: string}\n", "", "Project::note is gone: Option<String>"),
    ("field-type-changed", "        note: {type: string}", "        note: {type: integer}", "Project::note was Option<String> and is Option<i64>"),
    ("field-optional", "required: [id, name, kind]", "required: [id, kind]", "Project::name was String and is Option<String>"),
    ("field-required", "required: [id, name, kind]", "required: [id, name, note, kind]", "Project::note was Option<String> and is String"),
    ("field-deprecated", "        note: {type: string}", "        note: {type: string, deprecated: true}", "Project::note is deprecated now"),
    ("field-secret", "        note: {type: string}", "        note: {type: string, x-secret: true}", "Project::note was Option<String> and is Option<"),
    ("field-replaced", "", "", ""),
    ("field-wire-changed", "        note: {type: string}", "        Note: {type: string}", "Project::note was note in JSON and is Note"),
    ("constructor-added", "", "", ""),
    ("constructor-removed", "", "", ""),
    ("new-argument-added", "required: [name, size]", "required: [name, size, color]", "ProjectRequest::new takes a new argument color: impl Into<String>"),
    ("new-argument-removed", "required: [name, size]", "required: [name]", "ProjectRequest::new no longer takes size: i64, which is a setter now"),
    ("new-argument-type-changed", "        size: {type: integer}", "        size: {type: string, format: uuid}", "ProjectRequest::new: the argument size was i64 and is Uuid"),
    ("new-arguments-reordered", "        name: {type: string}\n        size: {type: integer}\n", "        size: {type: integer}\n        name: {type: string}\n", "ProjectRequest::new: the arguments have another order: size, name"),
    ("model-setter-added", "        size: {type: integer}\n", "        size: {type: integer}\n        note: {type: string}\n", "ProjectRequest::note(impl Into<String>) is new"),
    ("model-setter-removed", "required: [name, size]", "required: [name, size, color]", "ProjectRequest::color(impl Into<String>) is gone: it is an argument of ProjectRequest::new"),
    ("model-setter-type-changed", "        color: {type: string, default: red}", "        color: {type: boolean}", "ProjectRequest::color took impl Into<String> and takes bool"),
    ("default-changed", "default: red", "default: blue", "ProjectRequest::color: the default was \"red\" and is \"blue\""),
    ("constant-changed", "enum: [ONLY]", "enum: [OTHER]", "ProjectRequest::mode is always OTHER and was always ONLY"),
    ("limit-changed", "        size: {type: integer}", "        size: {type: integer, minimum: 1, maximum: 9}", "ProjectRequest::size: maximum is 9; minimum is 1"),
    ("access-changed", "        note: {type: string}", "        note: {type: string, readOnly: true}", "Project::note was read and sent and is only read"),
    ("value-added", "enum: [A, B, IN_USE]", "enum: [A, B, IN_USE, SKILL]", "Project::kind: Kind gained SKILL, the variant Skill"),
    ("value-removed", "enum: [A, B, IN_USE]", "enum: [A, IN_USE]", "Project::kind: Kind lost B, the variant B"),
    ("value-renamed", "enum: [A, B, IN_USE]", "enum: [A, B, IN_USE], x-enum-varnames: [A, B, Used]", "Kind::InUse is Kind::Used now"),
    ("value-replaced", "enum: [A, B, IN_USE]", "enum: [B, A, IN_USE], x-enum-varnames: [A, B, InUse]", "Kind::A was A and is B, as Kind::B was"),
    ("value-respelled", "enum: [A, B, IN_USE]", "enum: [A, B, IN-USE]", "Kind::InUse was IN_USE and is IN-USE"),
    ("value-alias-changed", "enum: [A, B, IN_USE]", "enum: [A, B, IN_USE], x-enumAliases: {IN_USE: [in-use]}", "Kind::InUse is also read from in-use, and was from no other spelling"),
    ("value-deprecated", "enum: [A, B, IN_USE]", "enum: [A, B, IN_USE], x-deprecatedValues: [B]", "Kind::B is no longer published"),
    ("member-added", "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]", "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}, {$ref: '#/components/schemas/Part'}]", "Choice gained the member "),
    ("member-removed", "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]\n      discriminator: {propertyName: type, mapping: {CAT: '#/components/schemas/Cat', DOG: '#/components/schemas/Dog'}}", "oneOf: [{$ref: '#/components/schemas/Cat'}]\n      discriminator: {propertyName: type, mapping: {CAT: '#/components/schemas/Cat'}}", "Choice::Dog is gone"),
    ("member-renamed", "DOG: '#/components/schemas/Dog'", "HOUND: '#/components/schemas/Dog'", "Choice::Dog is Choice::Hound now"),
    ("member-type-changed", "mapping: {CAT: '#/components/schemas/Cat', DOG: '#/components/schemas/Dog'}", "mapping: {CAT: '#/components/schemas/Dog', DOG: '#/components/schemas/Cat'}", ""),
    ("member-key-changed", "DOG: '#/components/schemas/Dog'", "DOG: '#/components/schemas/Dog', HOUND: '#/components/schemas/Dog'", "Choice::Dog was distinguished by tag \"type\" \"DOG\" and is distinguished by tag \"type\" \"DOG\" | \"HOUND\""),
    ("member-deprecated", "      discriminator:", "      x-deprecatedMembers: ['#/components/schemas/Dog']\n      discriminator:", "Choice::Dog is no longer published"),
    ("alias-added", "    Part: {", "    Part: {x-formerNames: [Piece], ", "Piece is a former name of Part"),
    ("alias-changed", "", "", ""),
    ("variant-alias-added", "enum: [A, B, IN_USE]", "enum: [A, B, IN_USE], x-enumAliases: {IN_USE: [BUSY]}", "Kind::Busy is a former name of Kind::InUse"),
    ("variant-alias-removed", "", "", ""),
    ("conversion-added", "", "", ""),
    ("conversion-removed", "", "", ""),
    ("server-changed", "https://one.example", "https://two.example", "the addresses of the API were [\"https://one.example\"] and are [\"https://two.example\"]"),
    ("credentials-changed", "operationId: getProject", "operationId: getProject\n      security: [{key: []}]", "Client::get_project asked for the credentials [] and asks for [{\"key\":[]}]"),
    ("documentation-changed", "        note: {type: string}", "        note: {type: string, description: A note, maxLength: 5}", "Project::note: the documentation differs"),
];

#[test]
fn every_rule_is_found_stated_and_placed() {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for (rule, from, to, sentence) in CASES.iter().filter(|case| !case.1.is_empty()) {
        let (old, new) = texts(rule, from, to);
        let report = report(&old, &new);
        let found = report
            .changes
            .iter()
            .find(|change| change.rule.id == *rule && change.phrase.text().contains(sentence));
        seen.insert(*rule);
        let Some(found) = found else {
            faults.push(format!("{rule}: {sentence}\n{}", report.text()));
            continue;
        };
        let mut places = 0;
        for (place, text) in [(&found.old, &old), (&found.new, &new)] {
            let Some(place) = place else { continue };
            places += 1;
            let document = source::parse(Path::new("x"), text.clone()).unwrap();
            let is_there = document.value.pointer(&place.pointer).is_some();
            if !is_there || place.line != document.line_of(&place.pointer) {
                faults.push(format!("{rule}: {place:?}"));
            }
        }
        if places == 0 {
            faults.push(format!("{rule} has no place"));
        }
        for output in [report.text(), report.markdown(), report.json().to_string()] {
            assert!(output.contains(rule), "{rule}: {output}");
        }
    }
    let alias = |name: &str| {
        HEAD.replace(
            &format!("    {name}: {{"),
            &format!("    {name}: {{x-formerNames: [Piece], "),
        )
    };
    let busy = |of: &str| {
        HEAD.replace(
            "enum: [A, B, IN_USE]",
            &format!("enum: [A, B, IN_USE], x-enumAliases: {{{of}: [BUSY]}}"),
        )
    };
    let own = HEAD.replace("enum: [A, B, IN_USE]", "enum: [A, B, IN_USE, BUSY]");
    let built = [
        (
            "alias-changed",
            alias("Part"),
            alias("Cat"),
            "Piece was a former name of Part and stands for Cat",
        ),
        (
            "alias-changed",
            alias("Part"),
            HEAD.replace(
                "    Cat: {",
                "    Piece: {type: object, properties: {q: {type: string}}}\n    Cat: {",
            )
            .replace(
                "lives: {type: integer}",
                "lives: {type: integer}, piece: {$ref: '#/components/schemas/Piece'}",
            ),
            "Piece was a former name of Part and stands for Piece",
        ),
        (
            "variant-alias-removed",
            busy("IN_USE"),
            HEAD.to_owned(),
            "Kind::Busy, a former name of Kind::InUse, is gone",
        ),
        (
            "variant-alias-removed",
            busy("IN_USE"),
            busy("A"),
            "Kind::Busy, a former name of Kind::InUse, is one of Kind::A now",
        ),
        (
            "variant-alias-removed",
            busy("IN_USE"),
            own,
            "Kind::Busy, a former name of Kind::InUse, is a variant of its own now",
        ),
    ];
    let built = built
        .iter()
        .map(|(rule, old, new, sentence)| (rule, old.as_str(), new.as_str(), sentence));
    let pairs = PAIRS
        .iter()
        .map(|(rule, old, new, sentence)| (rule, *old, *new, sentence));
    for (rule, old, new, sentence) in pairs.chain(built) {
        let report = report(old, new);
        seen.insert(*rule);
        let is_found = report
            .changes
            .iter()
            .any(|change| change.rule.id == *rule && change.phrase.text().contains(sentence));
        if !is_found {
            faults.push(format!("{rule}: {sentence}\n{}", report.text()));
        }
    }
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    let missing: Vec<&&str> = all.difference(&seen).collect();
    assert!(missing.is_empty(), "no test for {missing:?}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Two contracts for each rule: the rule, the old and the new one.
pub(crate) fn contracts() -> Vec<(&'static str, String, String)> {
    let cases = CASES.iter().filter(|case| !case.1.is_empty());
    let cases = cases.map(|(rule, from, to, _)| {
        let (old, new) = texts(rule, from, to);
        (*rule, old, new)
    });
    let pairs = PAIRS.iter();
    let pairs = pairs.map(|(rule, old, new, _)| (*rule, (*old).to_owned(), (*new).to_owned()));
    cases.chain(pairs).collect()
}

/// The two sides of a case; for a removal, the changed text comes first.
fn texts(rule: &str, from: &str, to: &str) -> (String, String) {
    let (old, new) = match rule {
        "operation-removed" | "operation-revived" => (HEAD.replace(to, from), HEAD.to_owned()),
        "type-aliased" => {
            let renamed = HEAD.replace(from, to);
            (
                HEAD.to_owned(),
                renamed.replace("    Piece: {", "    Piece: {x-formerNames: [Part], "),
            )
        }
        "arguments-reordered" => {
            let both = HEAD.replace(
                "name: filter, in: query, schema",
                "name: filter, in: query, required: true, schema",
            );
            let swapped = HEAD.replace(from, to);
            (both, swapped)
        }
        "type-renamed" => (
            HEAD.to_owned(),
            HEAD.replace(
                "    Part: {type: object",
                "    Part: {x-rust-name: Piece, type: object",
            ),
        ),
        _ => (HEAD.to_owned(), HEAD.replace(from, to)),
    };
    assert_ne!(old, new, "{rule}: {from} is not there");
    (old, new)
}

/// Cases that need two separate contracts.
const PAIRS: &[(&str, &str, &str, &str)] = &[
    (
        "type-moved",
        r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
            "/project": {"get": {"operationId": "a", "tags": ["Projects"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}}}},
            "/environment": {"get": {"operationId": "b", "tags": ["Environments"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}}}}},
            "components": {"schemas": {"T": {"properties": {"a": {"type": "string"}}}}}}"##,
        r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
            "/project": {"get": {"operationId": "a", "tags": ["Projects"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}}}},
            "/environment": {"get": {"operationId": "b", "tags": ["Environments"], "responses": {"204": {"description": ""}}}}},
            "components": {"schemas": {"T": {"properties": {"a": {"type": "string"}}}}}}"##,
        "T was behind the features environments, projects and is behind the feature projects",
    ),
    (
        "operation-replaced",
        RECEIVED,
        EXCHANGED,
        "Client::a sent GET /project and sends PUT /project, as Client::b did",
    ),
    (
        "parameter-replaced",
        TWO_PLACES,
        OTHER_PLACES,
        "Client::a sent query id (form) and sends header id (simple), as id_header did",
    ),
    (
        "field-replaced",
        TWO_SPELLINGS,
        OTHER_SPELLINGS,
        "T::a_b was a_b in JSON and is aB, as a_b2 was",
    ),
    ("constructor-added", RECEIVED, SENT_TOO, "T::new is new"),
    ("constructor-removed", SENT_TOO, RECEIVED, "T::new is gone"),
    ("conversion-added", RECEIVED, PAGED, "is new"),
    ("conversion-removed", PAGED, RECEIVED, "is gone"),
];

const TWO_PLACES: &str = r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
    "/project": {"get": {"operationId": "a", "tags": ["Projects"], "parameters": [
        {"name": "id", "in": "query", "schema": {"type": "string"}},
        {"name": "id", "in": "header", "schema": {"type": "string"}}], "responses": {"204": {"description": ""}}}}}}"##;
const OTHER_PLACES: &str = r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
    "/project": {"get": {"operationId": "a", "tags": ["Projects"], "parameters": [
        {"name": "id", "in": "header", "schema": {"type": "string"}},
        {"name": "id", "in": "query", "schema": {"type": "string"}}], "responses": {"204": {"description": ""}}}}}}"##;
const TWO_SPELLINGS: &str = r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
    "/project": {"get": {"operationId": "a", "tags": ["Projects"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}}}}},
    "components": {"schemas": {"T": {"properties": {"a_b": {"type": "string"}, "aB": {"type": "string"}}}}}}"##;
const OTHER_SPELLINGS: &str = r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
    "/project": {"get": {"operationId": "a", "tags": ["Projects"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}}}}},
    "components": {"schemas": {"T": {"properties": {"aB": {"type": "string"}, "a_b": {"type": "string"}}}}}}"##;
const RECEIVED: &str = r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
    "/project": {"get": {"operationId": "a", "tags": ["Projects"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/L"}}}}}},
        "put": {"operationId": "b", "tags": ["Projects"], "requestBody": {"content": {"application/json": {"schema": {"properties": {"z": {"type": "string"}}}}}}, "responses": {"204": {"description": ""}}}}},
    "components": {"schemas": {"T": {"required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}},
        "L": {"required": ["results"], "properties": {"results": {"type": "array", "items": {"$ref": "#/components/schemas/T"}}}}}}}"##;
const EXCHANGED: &str = r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
    "/project": {"get": {"operationId": "b", "tags": ["Projects"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/L"}}}}}},
        "put": {"operationId": "a", "tags": ["Projects"], "requestBody": {"content": {"application/json": {"schema": {"properties": {"z": {"type": "string"}}}}}}, "responses": {"204": {"description": ""}}}}},
    "components": {"schemas": {"T": {"required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}},
        "L": {"required": ["results"], "properties": {"results": {"type": "array", "items": {"$ref": "#/components/schemas/T"}}}}}}}"##;
const SENT_TOO: &str = r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
    "/project": {"get": {"operationId": "a", "tags": ["Projects"], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/L"}}}}}},
        "put": {"operationId": "b", "tags": ["Projects"], "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}, "responses": {"204": {"description": ""}}}}},
    "components": {"schemas": {"T": {"required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}},
        "L": {"required": ["results"], "properties": {"results": {"type": "array", "items": {"$ref": "#/components/schemas/T"}}}}}}}"##;
const PAGED: &str = r##"{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {
    "/project": {"get": {"operationId": "a", "tags": ["Projects"], "parameters": [{"name": "startId", "in": "query", "schema": {"type": "string", "format": "uuid"}}], "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/L"}}}}}},
        "put": {"operationId": "b", "tags": ["Projects"], "requestBody": {"content": {"application/json": {"schema": {"properties": {"z": {"type": "string"}}}}}}, "responses": {"204": {"description": ""}}}}},
    "components": {"schemas": {"T": {"required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}},
        "L": {"required": ["results"], "properties": {"results": {"type": "array", "items": {"$ref": "#/components/schemas/T"}}}}}}}"##;
#[test]
fn a_contract_does_not_differ_from_itself() {
    let report = report(HEAD, HEAD);
    assert!(report.changes.is_empty(), "{}", report.text());
    assert_eq!(report.headline(), "no changes");
    assert_eq!(report.severity(), None);
}

#[test]
fn lines_and_places_are_those_of_each_side() {
    let new = HEAD
        .replace("        note: {type: string}\n", "")
        .replace("openapi: 3.0.3\n", "openapi: 3.0.3\n# a line more\n");
    let report = report(HEAD, &new);
    let change = report
        .changes
        .iter()
        .find(|change| change.rule.id == "field-removed")
        .unwrap();
    let place = change.old.as_ref().unwrap();
    assert_eq!(place.pointer, "/components/schemas/Project/properties/note");
    let line = HEAD
        .lines()
        .position(|line| line.starts_with("        note:"))
        .unwrap()
        + 1;
    assert_eq!(place.line, Some(line));
    assert!(change.new.is_none());
    assert_eq!(report.severity(), Some(Severity::Major));
}

#[test]
fn text_of_a_contract_acts_nowhere_in_a_report() {
    let hostile = "x\\u001b[2J`</summary>::error::| @all \\u202e";
    let old = HEAD.replace(
        "enum: [A, B, IN_USE]",
        &format!("enum: [A, B, IN_USE, \"{hostile}\"]"),
    );
    let report = report(&old, HEAD);
    for output in [report.text(), report.markdown()] {
        assert!(!output.contains(['\u{1b}', '\u{202e}']), "{output}");
        assert!(
            !output
                .lines()
                .any(|line| line.trim_start().starts_with("::")),
            "{output}"
        );
    }
    let markdown = report.markdown();
    let html = pulldown_cmark::Parser::new(&markdown).any(|event| {
        matches!(
            event,
            pulldown_cmark::Event::Html(_) | pulldown_cmark::Event::InlineHtml(_)
        )
    });
    assert!(!html, "{markdown}");
}

#[test]
fn no_list_is_cut_off() {
    let many: String = (0..120).map(|index| format!(", V{index}")).collect();
    let report = report(HEAD, &HEAD.replace("IN_USE]", &format!("IN_USE{many}]")));
    for output in [report.text(), report.markdown()] {
        for index in 0..120 {
            assert!(output.contains(&format!("V{index}")), "{index}");
        }
        assert!(!output.contains("more"), "{output}");
    }
}

#[test]
fn a_body_that_does_not_fit_is_shortened_with_a_note() {
    let report = report(
        HEAD,
        &HEAD.replace("note: {type: string}", "note: {type: integer}"),
    );
    let whole = report.markdown();
    assert_eq!(report.markdown_within(whole.len()), whole);
    let short = report.markdown_within(whole.len() - 1);
    assert!(
        short.contains("### Breaking") && short.contains("is incomplete"),
        "{short}"
    );
    assert!(short.contains("Project::note"), "{short}");
    let shortest = report.markdown_within(1);
    assert!(
        !shortest.contains("### Breaking") && shortest.contains("1 major"),
        "{shortest}"
    );
}

#[test]
fn every_limit_that_changes_is_listed_as_documentation() {
    let with = |facts: &str| {
        HEAD.replace(
            "        note: {type: string}",
            &format!("        note: {{{facts}}}"),
        )
    };
    for (old, new) in [
        ("type: string", "type: string, maxLength: 5"),
        ("type: string, maxLength: 5", "type: string, maxLength: 6"),
        ("type: string, minLength: 5", "type: string"),
        ("type: string", "type: string, pattern: '^a'"),
        ("type: integer", "type: integer, minimum: 1"),
        ("type: integer, maximum: 9", "type: integer, maximum: 8"),
        (
            "type: integer, minimum: 1",
            "type: integer, minimum: 1, exclusiveMinimum: true",
        ),
        (
            "type: array, items: {type: string}",
            "type: array, items: {type: string}, maxItems: 3",
        ),
        (
            "type: array, items: {type: string}, minItems: 1",
            "type: array, items: {type: string}, minItems: 2",
        ),
        ("type: string", "type: string, description: Other"),
    ] {
        let report = report(&with(old), &with(new));
        let rules: Vec<&str> = report.changes.iter().map(|change| change.rule.id).collect();
        assert_eq!(rules, ["documentation-changed"], "{old} to {new}");
    }
}

#[test]
fn a_difference_in_spelling_alone_is_no_change() {
    for (from, to) in [
        (
            "        note: {type: string}",
            "        note: {allOf: [{type: string}]}",
        ),
        ("'200': {description: x,", "'200': {description: y,"),
        (
            "info: {title: x, version: '1'}",
            "info: {title: y, version: '2'}",
        ),
        (
            "name: projectId, in: path, required: true,",
            "name: projectId, in: path, required: true, style: simple,",
        ),
    ] {
        let new = HEAD.replace(from, to);
        assert_ne!(new, HEAD, "{from}");
        let report = report(HEAD, &new);
        assert!(report.changes.is_empty(), "{to}: {}", report.text());
    }
}

/// The rules that a pair of contracts gives.
fn rules(old: &str, new: &str) -> Vec<&'static str> {
    let report = report(old, new);
    report.changes.iter().map(|change| change.rule.id).collect()
}

#[test]
fn a_type_with_an_alias_is_the_same_type_wherever_it_stands() {
    let old = HEAD
        .replace("'200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\n    put", "'200': {description: x, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Project'}}}}}\n    put")
        .replace("size: {type: integer}", "size: {$ref: '#/components/schemas/Kind'}\n        other: {type: array, items: {$ref: '#/components/schemas/Cat'}}");
    for name in ["Project", "ProjectRequest", "Kind", "Part", "Cat", "Choice"] {
        let new = old
            .replace(&format!("schemas/{name}'"), &format!("schemas/New{name}'"))
            .replace(&format!("    {name}:"), &format!("    New{name}:"));
        let anchor = format!("    New{name}:");
        let new = match new.contains(&format!("{anchor} {{")) {
            true => new.replace(
                &format!("{anchor} {{"),
                &format!("{anchor} {{x-formerNames: [{name}], "),
            ),
            false => new.replace(
                &format!("{anchor}\n"),
                &format!("{anchor}\n      x-formerNames: [{name}]\n"),
            ),
        };
        let there = rules(&old, &new);
        assert!(there.contains(&"type-aliased"), "{name}: {there:?}");
        let report = report(&old, &new);
        let major = report
            .changes
            .iter()
            .find(|change| change.rule.severity == Severity::Major);
        assert!(major.is_none(), "{name}: {}", report.text());
    }
}

#[test]
fn a_name_that_an_operation_has_again_is_not_gone() {
    let now = HEAD.replace(
        "operationId: getProject",
        "operationId: readProject\n      x-formerIds: [getProject]",
    );
    let back = HEAD.replace(
        "operationId: getProject",
        "operationId: getProject\n      x-formerIds: [readProject]",
    );
    let found = rules(&now, &back);
    assert!(
        !found.contains(&"type-removed") && found.contains(&"operation-aliased"),
        "{found:?}"
    );
    let aliased = HEAD.replace(
        "operationId: getProject",
        "operationId: getProject\n      x-formerIds: [readProject]",
    );
    let found = rules(&aliased, HEAD);
    assert!(
        found.contains(&"type-removed"),
        "its alias is gone: {found:?}"
    );
}

#[test]
fn an_element_that_is_no_longer_deprecated_is_a_change_of_the_documentation() {
    for (from, to) in [
        (
            "note: {type: string}",
            "note: {type: string, deprecated: true}",
        ),
        (
            "    Part: {type: object",
            "    Part: {deprecated: true, type: object",
        ),
        (
            "enum: [A, B, IN_USE]",
            "enum: [A, B, IN_USE], x-deprecatedValues: [B]",
        ),
        (
            "      discriminator:",
            "      x-deprecatedMembers: ['#/components/schemas/Dog']\n      discriminator:",
        ),
        (
            "name: filter, in: query,",
            "name: filter, in: query, deprecated: true,",
        ),
    ] {
        let report = report(&HEAD.replace(from, to), HEAD);
        assert!(
            report.text().contains("is published again")
                || report.text().contains("is no longer deprecated"),
            "{to}: {}",
            report.text()
        );
        assert_eq!(report.severity(), Some(Severity::Documentation), "{to}");
    }
}

#[test]
fn a_change_of_features_is_breaking_only_if_a_program_may_lose_the_type() {
    // A tag of no area, at a path of no area, needs no feature.
    let with = |tag: &str| {
        let elsewhere = HEAD.replace("/project/{projectId}", "/thing/{projectId}");
        elsewhere.replace(
            "operationId: getProject\n      tags: [Projects]",
            &format!("operationId: getProject\n      tags: [{tag}]"),
        )
    };
    let (everywhere, nowhere_else) = (with("Weather"), with("Projects"));
    assert_eq!(rules(&nowhere_else, &everywhere), [""; 0]);
    let lost = rules(&everywhere, &nowhere_else);
    assert!(lost.contains(&"operation-moved") && lost.contains(&"type-moved"));
    let text = report(&everywhere, &nowhere_else).text();
    let sentence = "Client::get_project was behind no feature and is behind the feature projects";
    assert!(text.contains(sentence), "{text}");
}

#[test]
fn an_argument_keeps_its_meaning_only_if_it_stands_for_the_same_placeholder_or_property() {
    // Both are the first argument of type text, and sent as different properties.
    let renamed = HEAD
        .replace("required: [name, size]", "required: [label, size]")
        .replace(
            "        name: {type: string}\n        size",
            "        label: {type: string}\n        size",
        );
    let found = rules(HEAD, &renamed);
    assert!(found.contains(&"argument-replaced"), "{found:?}");
    assert!(!found.contains(&"argument-renamed"), "{found:?}");
    // The same property under another name in Rust, as an option of the JSON name changes it.
    let respelled = HEAD
        .replace("required: [name, size]", "required: [Name, size]")
        .replace(
            "        name: {type: string}\n        size",
            "        Name: {type: string}\n        size",
        );
    let found = rules(HEAD, &respelled);
    assert!(!found.contains(&"argument-replaced"), "{found:?}");
    // Two placeholders of one path that are exchanged.
    let two = HEAD.replace("/project/{projectId}:\n    parameters:\n", "/project/{projectId}/{itemId}:\n    parameters:\n      - {name: itemId, in: path, required: true, schema: {type: string, format: uuid}}\n");
    let other = two
        .replace(
            "/project/{projectId}/{itemId}",
            "/project/{thingId}/{partId}",
        )
        .replace("name: itemId", "name: partId")
        .replace("name: projectId", "name: thingId");
    let report = report(&two, &other);
    let text = report.text();
    assert_eq!(report.severity(), Some(Severity::Patch), "{text}");
    assert!(
        text.contains("the argument project_id is called thing_id"),
        "{text}"
    );
}

#[test]
fn limits_of_items_and_of_referenced_schemas_are_named_with_both_values() {
    let with = |size: &str, filter: &str| {
        HEAD.replace(
            "        size: {type: integer}",
            &format!("        size: {{{size}}}"),
        )
        .replace(
            "name: filter, in: query, schema: {type: string}",
            &format!("name: filter, in: query, schema: {{{filter}}}"),
        )
    };
    for (old, new, sentence) in [
        (
            ("type: integer, maximum: 9", "type: string"),
            ("type: integer, maximum: 8", "type: string"),
            "ProjectRequest::size: maximum was 9 and is 8",
        ),
        (
            ("type: integer, maximum: 9", "type: string"),
            ("type: integer", "type: string"),
            "ProjectRequest::size: maximum is no longer stated",
        ),
        (
            ("type: array, items: {type: string}", "type: string"),
            (
                "type: array, items: {type: string, pattern: '^a'}",
                "type: string",
            ),
            "ProjectRequest::size: items.pattern is ^a",
        ),
        (
            ("type: integer", "type: string"),
            ("type: integer, format: int32", "type: string"),
            "ProjectRequest::size: format is int32",
        ),
        (
            ("type: integer", "type: string"),
            ("type: integer", "type: string, maxLength: 5"),
            "Client::get_project: filter: maxLength is 5",
        ),
        (
            ("type: integer", "type: string"),
            ("type: integer", "type: string, default: a"),
            "Client::get_project: filter: the default was not stated and is \"a\"",
        ),
    ] {
        let report = report(&with(old.0, old.1), &with(new.0, new.1));
        let text = report.text();
        assert_eq!(report.changes.len(), 1, "{text}");
        assert_eq!(report.severity(), Some(Severity::Patch), "{text}");
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
}

#[test]
fn the_style_of_a_single_value_that_explodes_nothing_is_no_change() {
    let exploded = HEAD.replace(
        "name: filter, in: query,",
        "name: filter, in: query, explode: false,",
    );
    assert_eq!(rules(HEAD, &exploded), [""; 0]);
    let list = HEAD.replace(
        "name: filter, in: query, schema: {type: string}",
        "name: filter, in: query, schema: {type: array, items: {type: string}}",
    );
    let joined = list.replace(
        "name: filter, in: query,",
        "name: filter, in: query, explode: false,",
    );
    let text = report(&list, &joined).text();
    assert!(
        text.contains("sent query filter (form, exploded) and sends query filter (form)"),
        "{text}"
    );
    assert_eq!(rules(HEAD, &list), ["setter-type-changed"]);
}

#[test]
fn a_sentence_names_types_as_programs_do() {
    let new = HEAD.replace(
        "        color: {type: string, default: red}",
        "        color: {type: string, default: red, nullable: true}\n        more: {type: array, items: {type: object, additionalProperties: {type: string}}}",
    );
    let text = report(HEAD, &new).text();
    assert!(
        text.contains("ProjectRequest::color was Option<String> and is Patch<String>"),
        "{text}"
    );
    assert!(
        text.contains("ProjectRequest::more is new: Option<Vec<BTreeMap<String, String>>>"),
        "{text}"
    );
    assert!(!text.contains("rt::") && !text.contains(",>"), "{text}");
}

#[test]
fn a_moved_operation_is_listed_in_one_group_with_its_other_changes() {
    let new = HEAD.replace(
        "operationId: getProject\n      tags: [Projects]\n      parameters:\n",
        "operationId: getProject\n      tags: [Environments]\n      parameters:\n        - {name: since, in: query, schema: {type: string}}\n",
    );
    let report = report(HEAD, &new);
    let areas = report
        .changes
        .iter()
        .filter(|change| change.subject == "Client::get_project");
    let areas: Vec<(&str, &str)> = areas
        .map(|change| (change.rule.id, &*change.area))
        .collect();
    assert_eq!(
        areas,
        [
            ("operation-moved", "environments"),
            ("setter-added", "environments")
        ]
    );
}

#[test]
fn the_compared_items_are_those_of_the_generated_files() {
    let text = HEAD.replace(
        "operationId: getProject\n      tags: [Projects]",
        "operationId: getProject\n      x-formerIds: [readProject]\n      tags: [Environments]",
    );
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("api.yaml");
    std::fs::write(&path, &text).unwrap();
    let files = codegen::generate(&path, None, codegen::Purpose::default()).unwrap();
    let side = side("new.yaml", &text);
    let file = |area: &str, name: &str| &files.client[&format!("{area}/{name}.rs")];
    for (name, item) in &side.surface.types {
        let text = file(&item.area, "models");
        let forms = ["struct", "enum"].map(|kind| format!("pub {kind} {name} "));
        assert!(forms.iter().any(|form| text.contains(form)), "{name}");
        assert!(text.contains(&item.condition), "{name}: {}", item.condition);
    }
    let models = files.client.iter();
    let models = models.filter(|(path, _)| path.ends_with("/models.rs"));
    let declared = models.map(|(_, text)| {
        let kinds = ["pub struct ", "pub enum "];
        kinds
            .map(|kind| text.matches(kind).count())
            .iter()
            .sum::<usize>()
    });
    assert_eq!(declared.sum::<usize>(), side.surface.types.len());
    assert!(
        side.surface
            .types
            .values()
            .any(|item| item.area == "shared")
    );
    for (name, method) in &side.surface.methods {
        let text = file(&method.area, "operations");
        assert!(text.contains(&format!("pub fn {name}(")), "{name}");
    }
    let methods: Vec<&str> = side.surface.methods.keys().map(|name| &**name).collect();
    assert_eq!(methods, ["edit_project", "get_project", "read_project"]);
}

#[test]
fn a_renamed_type_that_also_changed_is_compared_with_the_one_that_took_its_place() {
    let sentences = |new: &str| -> Vec<String> {
        let changes = report(HEAD, new).changes;
        changes
            .iter()
            .map(|change| format!("{}: {}", change.rule.id, change.phrase.text()))
            .collect()
    };
    let piece = HEAD
        .replace("/Part'", "/Piece'")
        .replace("    Part: {", "    Piece: {");
    let found = sentences(&piece.replace("y: {type: integer}", "y: {type: number}"));
    assert_eq!(
        found,
        [
            "type-renamed: Part is Piece now",
            "field-type-changed: Piece::y was Option<i64> and is Option<f64>",
            "field-type-changed: Project::part was Option<Part> and is Option<Piece>",
        ]
    );
    let values = HEAD
        .replace("/Kind'", "/Sort'")
        .replace("    Kind: {", "    Sort: {")
        .replace("[A, B, IN_USE]", "[A, B, IN_USE, C]");
    let found = sentences(&values);
    assert!(
        found.contains(&"type-renamed: Kind is Sort now".to_owned()),
        "{found:?}"
    );
    assert!(
        found.iter().any(|one| one.starts_with("value-added: ")),
        "{found:?}"
    );
    let other = piece.replace(
        "{x: {type: string}, y: {type: integer}}",
        "{a: {type: string}, b: {type: integer}}",
    );
    let found = sentences(&other);
    assert!(
        found
            .iter()
            .any(|one| one.starts_with("type-removed: Part is gone")),
        "{found:?}"
    );
    // Two types of one place: nothing says which is which.
    let two = HEAD.replace(
        "        part: {$ref: '#/components/schemas/Part'}",
        "        part: {type: array, items: {$ref: '#/components/schemas/Part'}}\n        other: {$ref: '#/components/schemas/Other'}",
    );
    let two = two.replace(
        "    Part: {",
        "    Other: {type: object, properties: {x: {type: string}, y: {type: integer}}}\n    Part: {",
    );
    let swapped = two.replace("Part", "Piece").replace("Other", "Rest");
    let changes = report(&two, &swapped).changes;
    let renamed = changes.iter().filter(|one| one.rule.id == "type-renamed");
    let renamed: Vec<String> = renamed.map(|one| one.phrase.text()).collect();
    assert_eq!(renamed, ["Other is Rest now", "Part is Piece now"]);
}

#[test]
fn limits_of_the_values_of_a_map_and_of_a_whole_request_are_named_once() {
    let map = |limit: &str| {
        HEAD.replace(
            "        color: {type: string, default: red}",
            &format!(
                "        color: {{type: object, additionalProperties: {{type: string{limit}}}}}"
            ),
        )
    };
    let found = report(&map(""), &map(", maxLength: 5")).text();
    assert!(
        found.contains("ProjectRequest::color: values.maxLength is 5"),
        "{found}"
    );
    let strict = HEAD.replace(
        "    ProjectRequest:\n      type: object\n",
        "    ProjectRequest:\n      type: object\n      additionalProperties: false\n      minProperties: 1\n",
    );
    let report = report(HEAD, &strict);
    let found: Vec<String> = report.changes.iter().map(|one| one.phrase.text()).collect();
    assert_eq!(
        found,
        ["ProjectRequest: additionalProperties is refused; minProperties is 1"]
    );
    assert_eq!(report.severity(), Some(Severity::Patch));
}

#[test]
fn the_body_of_an_error_has_no_type_and_only_its_status_is_compared() {
    let failure = |facts: &str| {
        HEAD.replace(
            "components:\n  schemas:\n",
            &format!("components:\n  schemas:\n    Failure: {{type: object, {facts}}}\n"),
        )
    };
    let with = |text: &str, status: &str, response: &str| {
        let success = "{description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\n    put";
        let both = success.replace(
            "\n    put",
            &format!("\n        {status}: {response}\n    put"),
        );
        let changed = text.replace(success, &both);
        assert_ne!(changed, text);
        changed
    };
    let body = |media: &str, schema: &str| {
        format!("{{description: x, content: {{{media}: {{schema: {schema}}}}}}}")
    };
    let named = body("application/json", "{$ref: '#/components/schemas/Failure'}");
    let forms = [
        "{description: x}".to_owned(),
        named.clone(),
        body("text/plain", "{type: string}"),
        body(
            "application/json",
            "{type: object, properties: {a: {type: string, enum: [X]}}}",
        ),
        body(
            "application/problem+json",
            "{type: array, items: {type: integer}}",
        ),
    ];
    let old = failure("properties: {code: {type: string}}");
    let new = failure("required: [code], properties: {code: {type: integer}}");
    for status in ["'404'", "4XX", "'500'", "'302'", "default"] {
        let first = with(&old, status, &named);
        assert!(!side("a", &first).surface.types.contains_key("Failure"));
        for form in &forms {
            let second = with(&new, status, form);
            assert_eq!(rules(&first, &second), [""; 0], "{status} {form}");
            assert_eq!(rules(&second, &first), [""; 0], "{status} {form}");
        }
        assert_eq!(rules(&old, &first), ["statuses-changed"], "{status}");
        assert_eq!(rules(&first, &old), ["statuses-changed"], "{status}");
    }
    // A success that has the schema too gives it a type.
    let shared = |text: &str| {
        let text = text.replace(
            "note: {type: string}",
            "note: {$ref: '#/components/schemas/Failure'}",
        );
        with(&text, "'404'", &named)
    };
    let found = rules(&shared(&old), &shared(&new));
    assert_eq!(found, ["field-type-changed"]);
}

/// Replacements in [`HEAD`].
type Replacements = &'static [(&'static str, &'static str)];

/// The old and the new side, which differ in a fact that only the wire or the documentation has, the rule and a part
/// of the sentence.
#[rustfmt::skip]
const SILENT: &[(Replacements, Replacements, &str, &str)] = &[
    (
        &[("'https://one.example'", "'https://{r}.example', variables: {r: {default: a, description: x}}")],
        &[("'https://one.example'", "'https://{r}.example', variables: {r: {default: b}}")],
        "server-changed", "the addresses of the API were [{\"url\":\"https://{r}.example\",\"variables\":{\"r\":{\"default\":\"a\"}}}] and are",
    ),
    (
        &[("components:\n", "components:\n  securitySchemes: {key: {type: http, scheme: bearer}}\n")],
        &[("components:\n", "components:\n  securitySchemes: {key: {type: http, scheme: basic}}\n")],
        "server-changed", "the forms of credentials of the API were {\"key\":{\"type\":\"http\",\"scheme\":\"bearer\"}} and are",
    ),
    (
        &[],
        &[("components:\n", "components:\n  securitySchemes: {key: {type: http, scheme: basic}}\n")],
        "server-changed", "the forms of credentials of the API were not stated and are",
    ),
    (
        &[],
        &[("{description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\n    put", "{description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}, application/hal+json: {schema: {$ref: '#/components/schemas/Project'}}}}\n    put")],
        "content-type-changed", "Client::get_project: the response was application/json and is application/json, application/hal+json",
    ),
    (
        &[("{required: true, content: {application/json: {", "{required: true, content: {application/x-www-form-urlencoded: {"), ("size: {type: integer}", "size: {type: array, items: {type: string}}")],
        &[("{required: true, content: {application/json: {", "{required: true, content: {application/x-www-form-urlencoded: {encoding: {size: {style: form, explode: false}}, "), ("size: {type: integer}", "size: {type: array, items: {type: string}}")],
        "parameter-wire-changed", "Client::edit_project sent the form field size in the form of its type and sends it as form",
    ),
    (
        &[("{required: true, content: {", "{required: true, content: {application/xml: {schema: {type: string}}, ")],
        &[("{required: true, content: {", "{required: true, content: {text/xml: {schema: {type: string}}, ")],
        "content-type-changed", "Client::edit_project: the setter body_xml sent application/xml and sends text/xml",
    ),
    (
        &[],
        &[("enum: [A, B, IN_USE]", "enum: [A, B, IN_USE], x-enumDescriptions: {A: The first.}")],
        "documentation-changed", "Kind::A: the documentation differs",
    ),
    (
        &[("size: {type: integer}", "size: {type: integer, enum: [1, 2]}")],
        &[("size: {type: integer}", "size: {type: integer, enum: [1, 3]}")],
        "limit-changed", "ProjectRequest::size: enum was [1,2] and is [1,3]",
    ),
    (
        &[("name: limit, in: query, required: true, schema: {type: integer}", "name: limit, in: query, required: true, schema: {type: integer, enum: [1, 2]}")],
        &[],
        "limit-changed", "Client::get_project: limit: enum is no longer stated",
    ),
    (
        &[("note: {type: string}", "note: {type: integer, enum: [1, 2]}")],
        &[("note: {type: string}", "note: {type: integer, enum: [1, 3]}")],
        "documentation-changed", "Project::note: the documentation differs",
    ),
    (
        &[("application/json: {schema: {$ref: '#/components/schemas/ProjectRequest'}}", "text/plain: {schema: {type: string, maxLength: 5}}")],
        &[("application/json: {schema: {$ref: '#/components/schemas/ProjectRequest'}}", "text/plain: {schema: {type: string, maxLength: 6}}")],
        "limit-changed", "Client::edit_project: body: maxLength was 5 and is 6",
    ),
    (
        &[("application/json: {schema: {$ref: '#/components/schemas/ProjectRequest'}}", "application/json: {schema: {type: array, items: {$ref: '#/components/schemas/ProjectRequest'}}}")],
        &[("application/json: {schema: {$ref: '#/components/schemas/ProjectRequest'}}", "application/json: {schema: {type: array, minItems: 1, items: {$ref: '#/components/schemas/ProjectRequest'}}}")],
        "limit-changed", "Client::edit_project: body: minItems is 1",
    ),
];

#[test]
fn facts_that_no_compiler_sees_are_compared_in_both_directions() {
    let text = |replacements: Replacements| {
        let mut text = HEAD.to_owned();
        for (from, to) in replacements {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from} is not there");
            text = changed;
        }
        text
    };
    let mut faults = Vec::new();
    for (old, new, rule, sentence) in SILENT {
        let (old, new) = (text(old), text(new));
        let there = report(&old, &new);
        if !there.text().contains(sentence) {
            faults.push(format!("{sentence}\n{}", there.text()));
        }
        for report in [there, report(&new, &old)] {
            let found: Vec<&str> = report.changes.iter().map(|one| one.rule.id).collect();
            if found != [*rule] {
                faults.push(format!("{rule}: {found:?}\n{}", report.text()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
