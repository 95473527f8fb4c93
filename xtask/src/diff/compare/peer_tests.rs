//! Every kind of change that oasdiff has checks for, as `docs/regenerating.md` lists them, is found by a rule of
//! its row.

use std::collections::{BTreeMap, BTreeSet};

use super::tests::{HEAD, side};
use crate::diff::of_sides;

const GUIDE: &str = include_str!("../../../../docs/regenerating.md");

const DELETE: &str = "    delete: {operationId: deleteProject, tags: [Projects], responses: {'204': {description: x}}}\n    put:\n";
const NOTE: &str = "        note: {type: string}\n";
const COLOR: &str = "        color: {type: string, default: red}\n";
const FILTER: &str = "        - {name: filter, in: query, schema: {type: string}}\n";
const LIMIT: &str = "name: limit, in: query, required: true, schema: {type: integer}";
const REQUEST: &str = "      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/ProjectRequest'}}}}\n";
const RESULT: &str = "        '200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\n    put";
const MAPPING: &str = "      discriminator: {propertyName: type, mapping: {CAT: '#/components/schemas/Cat', DOG: '#/components/schemas/Dog'}}\n";
const MEMBERS: &str =
    "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]\n";

/// The kind, a replacement in [`HEAD`], the rule that reports it, and the rule for the way back.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, &str, &str)] = &[
    ("endpoint added", "    put:\n", DELETE, "operation-added", ""),
    ("endpoint removed, with or without a deprecation before", "    put:\n", DELETE, "", "operation-removed"),
    ("endpoint deprecated or reactivated", "operationId: getProject", "operationId: getProject\n      deprecated: true", "operation-deprecated", "operation-revived"),
    ("operation id added, removed or changed", "operationId: getProject", "operationId: readProject", "operation-renamed", "operation-renamed"),
    ("operation id added, removed or changed", "      operationId: editProject\n", "", "operation-renamed", "operation-renamed"),
    ("operation id added, removed or changed", "operationId: getProject", "operationId: readProject\n      x-formerIds: [getProject]", "operation-aliased", "operation-removed"),
    ("path or method changed", "/project/{projectId}", "/projects/{projectId}", "request-changed", "request-changed"),
    ("path or method changed", "    put:\n", "    patch:\n", "request-changed", "request-changed"),
    ("tag added or removed", "operationId: getProject\n      tags: [Projects]", "operationId: getProject\n      tags: [Environments]", "operation-moved", "operation-moved"),
    ("security added, removed or changed", "servers:", "security: [{bearer: []}]\nservers:", "server-changed", "server-changed"),
    ("security added, removed or changed", "operationId: getProject", "operationId: getProject\n      security: [{key: []}]", "credentials-changed", "credentials-changed"),
    ("parameter added", FILTER, "        - {name: filter, in: query, schema: {type: string}}\n        - {name: X-Since, in: header, schema: {type: string}}\n", "setter-added", ""),
    ("parameter added", FILTER, "        - {name: filter, in: query, schema: {type: string}}\n        - {name: since, in: query, required: true, schema: {type: string}}\n", "argument-added", ""),
    ("parameter removed", FILTER, "", "setter-removed", ""),
    ("parameter removed", "        - {name: limit, in: query, required: true, schema: {type: integer}}\n", "", "argument-removed", ""),
    ("parameter became required or optional", LIMIT, "name: limit, in: query, schema: {type: integer}", "parameter-optional", "parameter-required"),
    ("parameter deprecated", "name: filter, in: query,", "name: filter, in: query, deprecated: true,", "setter-deprecated", ""),
    ("type or format of a parameter changed, generalized or specialized", LIMIT, "name: limit, in: query, required: true, schema: {type: number}", "argument-type-changed", "argument-type-changed"),
    ("type or format of a parameter changed, generalized or specialized", "name: filter, in: query, schema: {type: string}", "name: filter, in: query, schema: {type: string, format: date-time}", "setter-type-changed", "setter-type-changed"),
    ("type or format of a parameter changed, generalized or specialized", "name: filter, in: query, schema: {type: string}", "name: filter, in: query, schema: {type: array, items: {type: string}}", "setter-type-changed", "setter-type-changed"),
    ("request body added, removed, became required or optional", REQUEST, "", "argument-removed", "argument-added"),
    ("request body added, removed, became required or optional", "requestBody: {required: true", "requestBody: {required: false", "parameter-optional", "parameter-required"),
    ("type of a request body changed", "schema: {$ref: '#/components/schemas/ProjectRequest'}", "schema: {type: array, items: {$ref: '#/components/schemas/ProjectRequest'}}", "argument-type-changed", "argument-type-changed"),
    ("media type of a body added, removed or renamed", "requestBody: {required: true, content: {application/json:", "requestBody: {required: true, content: {application/vnd.x+json:", "content-type-changed", "content-type-changed"),
    ("media type of a body added, removed or renamed", "requestBody: {required: true, content: {", "requestBody: {required: true, content: {application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Part'}}, ", "setter-added", "setter-removed"),
    ("request property added", COLOR, "        color: {type: string, default: red}\n        note: {type: string}\n", "model-setter-added", ""),
    ("request property added", "required: [name, size]\n      properties:\n", "required: [name, size, extra]\n      properties:\n        extra: {type: boolean}\n", "new-argument-added", ""),
    ("request property removed", COLOR, "", "model-setter-removed", ""),
    ("request property removed", COLOR, "", "field-removed", ""),
    ("request property removed", "required: [name, size]\n      properties:\n        name: {type: string}\n        size: {type: integer}\n", "required: [name]\n      properties:\n        name: {type: string}\n", "new-argument-removed", ""),
    ("request property became required or optional", "required: [name, size]", "required: [name, size, color]", "new-argument-added", "new-argument-removed"),
    ("response property added", NOTE, "        note: {type: string}\n        size: {type: integer}\n", "field-added", ""),
    ("response property removed", NOTE, "", "field-removed", ""),
    ("response property became optional, required, nullable or not nullable", "required: [id, name, kind]", "required: [id, name, kind, note]", "field-required", "field-optional"),
    ("response property became optional, required, nullable or not nullable", "        name: {type: string}\n        note:", "        name: {type: string, nullable: true}\n        note:", "field-optional", "field-required"),
    ("property deprecated", NOTE, "        note: {type: string, deprecated: true}\n", "field-deprecated", ""),
    ("type or format of a property changed, list of types widened or narrowed", NOTE, "        note: {type: integer}\n", "field-type-changed", "field-type-changed"),
    ("type or format of a property changed, list of types widened or narrowed", NOTE, "        note: {type: string, format: uuid}\n", "field-type-changed", "field-type-changed"),
    ("type or format of a property changed, list of types widened or narrowed", NOTE, "        note: {oneOf: [{type: string}, {type: integer}]}\n", "field-type-changed", "field-type-changed"),
    ("type or format of a property changed, list of types widened or narrowed", "        size: {type: integer}\n", "        size: {type: string}\n", "new-argument-type-changed", "new-argument-type-changed"),
    ("type or format of a property changed, list of types widened or narrowed", COLOR, "        color: {type: integer}\n", "model-setter-type-changed", "model-setter-type-changed"),
    ("default added, changed or removed, of a property or a parameter", "name: filter, in: query, schema: {type: string}", "name: filter, in: query, schema: {type: string, default: a}", "default-changed", "default-changed"),
    ("default added, changed or removed, of a property or a parameter", "default: red", "default: blue", "default-changed", "default-changed"),
    ("default added, changed or removed, of a property or a parameter", COLOR, "        color: {type: string}\n", "default-changed", "default-changed"),
    ("constant added, changed or removed", "enum: [ONLY]", "enum: [OTHER]", "constant-changed", "constant-changed"),
    ("constant added, changed or removed", "        mode: {type: string, enum: [ONLY]}\n", "        mode: {type: string}\n", "field-type-changed", "field-type-changed"),
    ("enum value added or removed", "enum: [A, B, IN_USE]", "enum: [A, B, IN_USE, C]", "value-added", "value-removed"),
    ("enum value added or removed", "enum: [A, B, IN_USE]", "enum: [A, B, in-use]", "value-respelled", "value-respelled"),
    ("enum value added or removed", "enum: [A, B, IN_USE]", "enum: [A, B, IN_USE], x-enumAliases: {IN_USE: [in-use]}", "value-alias-changed", "value-alias-changed"),
    ("property became an enum, or is no longer an enum", NOTE, "        note: {type: string, enum: [X, Y]}\n", "field-type-changed", "field-type-changed"),
    ("parameter became an enum, or is no longer an enum", "name: filter, in: query, schema: {type: string}", "name: filter, in: query, schema: {type: string, enum: [X, Y]}", "setter-type-changed", "setter-type-changed"),
    ("property became read-only or write-only, or is no longer so", NOTE, "        note: {type: string, readOnly: true}\n", "access-changed", "access-changed"),
    ("property became read-only or write-only, or is no longer so", NOTE, "        note: {type: string, writeOnly: true}\n", "access-changed", "access-changed"),
    ("limit of a number, a length, a list or a pattern set, widened or narrowed", NOTE, "        note: {type: string, maxLength: 5}\n", "documentation-changed", "documentation-changed"),
    ("limit of a number, a length, a list or a pattern set, widened or narrowed", "name: filter, in: query, schema: {type: string}", "name: filter, in: query, schema: {type: string, pattern: '^a'}", "limit-changed", "limit-changed"),
    ("`allOf` added or removed", "    Part: {type: object,", "    Part: {allOf: [{$ref: '#/components/schemas/Cat'}], type: object,", "field-added", "field-removed"),
    ("member of `oneOf` or `anyOf` added or removed", MEMBERS, "oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}, {$ref: '#/components/schemas/Part'}]\n", "member-added", "member-removed"),
    ("discriminator added, removed or remapped", "DOG: '#/components/schemas/Dog'", "DOG: '#/components/schemas/Dog', HOUND: '#/components/schemas/Dog'", "member-key-changed", "member-key-changed"),
    ("discriminator added, removed or remapped", "DOG: '#/components/schemas/Dog'", "HOUND: '#/components/schemas/Dog'", "member-renamed", "member-renamed"),
    ("discriminator added, removed or remapped", MAPPING, "", "member-key-changed", "member-key-changed"),
    ("success status added or removed", RESULT, "        '201': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\n    put", "statuses-changed", "statuses-changed"),
    ("success status added or removed", RESULT, "        '204': {description: x}\n    put", "output-changed", "output-changed"),
    ("other status added or removed", RESULT, "        '404': {description: x}\n        '200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Project'}}}}\n    put", "statuses-changed", "statuses-changed"),
    ("schema of a response changed", RESULT, "        '200': {description: x, content: {application/json: {schema: {$ref: '#/components/schemas/Part'}}}}\n    put", "output-changed", "output-changed"),
    ("schema removed", "        part: {$ref: '#/components/schemas/Part'}\n", "", "type-removed", ""),
];

/// The rows of the table in the guide: the kind, and the rules.
fn rows() -> BTreeMap<String, BTreeSet<String>> {
    let section = GUIDE.split_once("### Compared with oasdiff").unwrap().1;
    let section = section.split("\n### ").next().unwrap();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| kind"));
    rows.map(|row| {
        let (kind, rules) = row.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        let rules = rules.split('`').skip(1).step_by(2).map(str::to_owned);
        (
            kind.to_owned(),
            rules.filter(|rule| rule != "import").collect(),
        )
    })
    .collect()
}

#[test]
fn every_kind_of_change_of_the_table_is_found_by_each_rule_of_its_row() {
    let rows = rows();
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    let head = side("head.yaml", HEAD);
    for (kind, from, to, forward, backward) in CASES {
        let changed = HEAD.replacen(from, to, 1);
        assert_ne!(changed, HEAD, "{kind}: {from} is not there");
        let changed = side("changed.yaml", &changed);
        for (old, new, rule) in [(&head, &changed, forward), (&changed, &head, backward)] {
            if rule.is_empty() {
                continue;
            }
            let report = of_sides(old, new, None);
            let mut rules = report.changes.iter().map(|change| change.rule.id);
            if rules.any(|id| id == *rule) {
                found.entry(kind).or_default().insert((*rule).to_owned());
            } else {
                faults.push(format!("{kind}: {rule}\n{}", report.text()));
            }
        }
    }
    for (kind, rules) in &rows {
        let tried = found.get(kind.as_str()).cloned().unwrap_or_default();
        if tried.is_empty() {
            faults.push(format!("no case for `{kind}`"));
        } else if !rules.is_empty() && tried != *rules {
            faults.push(format!(
                "`{kind}` names {rules:?}, the cases give {tried:?}"
            ));
        }
    }
    for kind in found.keys().filter(|kind| !rows.contains_key(**kind)) {
        faults.push(format!("the guide does not list `{kind}`"));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
