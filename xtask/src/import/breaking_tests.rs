//! The breaking changes that an import lists are those that `diff` finds.

use std::collections::BTreeSet;
use std::fs;

use super::{Outcome, into_file};
use crate::contract::import::Loss;
use crate::diff;
use crate::diff::compare::{pairs_tests, tests};
use crate::diff::report::Report;
use crate::diff::rules::{RULES, Severity};
use crate::diff::side::{Files, Origin};

/// Rules of severity major that no import lists, and the reason.
const NEVER: [(&str, &str); 5] = [
    ("operation-removed", "an operation stays"),
    ("operation-renamed", "the former id stays as an alias"),
    ("value-removed", "a value stays"),
    (
        "value-renamed",
        "a variant is named by its value, or in the overlay",
    ),
    ("member-removed", "a member stays"),
];

/// Pairs of the tests of `diff` for rules that the cases of single rules do not show here.
const PAIRS: [&str; 5] = [
    "addprops struct",
    "alias becomes value",
    "edit request extra req",
    "former id to other",
    "password",
];

/// The outcome of importing `new` into the contract of `old`, and the difference of the two contracts.
fn imported(old: &str, new: &str) -> (Outcome, Report) {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let out = home.path().join("openapi.yaml");
    let loss = Loss::Allowed;
    let first = into_file(&[file("old.yaml", old)], &out, (false, loss)).unwrap();
    assert!(first.changes.is_none(), "there was no contract");
    let before = file("before.yaml", &fs::read_to_string(&out).unwrap());
    let outcome = into_file(&[file("new.yaml", new)], &out, (false, loss)).unwrap();
    let root = home.path();
    let side = |path| Files::of(&Origin::File(path), root).unwrap();
    let report = diff::between(&side(before), &side(out), root).unwrap();
    (outcome, report)
}

/// The rules of severity major in a report, and their sentences.
fn major(report: &Report) -> Vec<(&'static str, String)> {
    let changes = report.changes.iter();
    let major = changes.filter(|one| one.rule.severity == Severity::Major);
    major.map(|one| (one.rule.id, one.phrase.text())).collect()
}

/// The breaking changes that an import lists.
fn breaking(old: &str, new: &str) -> Vec<(&'static str, String)> {
    let (outcome, _) = imported(old, new);
    match outcome.changes {
        None => Vec::new(),
        Some(changes) => major(&changes.unwrap()),
    }
}

#[test]
fn an_import_lists_the_breaking_changes_of_each_rule_as_diff_states_them() {
    let cases = tests::contracts().into_iter();
    let cases = cases.map(|(rule, old, new)| (rule.to_owned(), old, new));
    let mut listed = BTreeSet::new();
    let pairs = pairs_tests::contracts().into_iter();
    let pairs = pairs.filter(|(about, _, _)| PAIRS.contains(&about.as_str()));
    let cases = cases.chain(pairs).chain(extra());
    for (about, old, new) in cases {
        for (old, new) in [(&old, &new), (&new, &old)] {
            let (outcome, report) = imported(old, new);
            let found = major(&report);
            let text = outcome.to_string();
            let start = match found.len() {
                0 => "".to_owned(),
                count => format!("breaking for programs: {count}\n"),
            };
            assert!(text.starts_with(&start), "{about}: {text}");
            assert_eq!(
                text.contains("breaking"),
                !found.is_empty(),
                "{about}: {text}"
            );
            for (rule, sentence) in found {
                let line = format!("  major [{rule}] {sentence}\n");
                assert!(text.contains(&line), "{about}: {line} is not in {text}");
                listed.insert(rule);
            }
        }
    }
    let all = RULES.iter();
    let all = all.filter(|rule| rule.severity == Severity::Major);
    let unlisted = all.filter(|rule| !listed.contains(rule.id));
    let unlisted: BTreeSet<&str> = unlisted.map(|rule| rule.id).collect();
    let never = NEVER.iter().map(|(rule, _)| *rule).collect();
    let missing: Vec<_> = unlisted.difference(&never).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Pairs of revisions with a break that only an import of them shows.
fn extra() -> Vec<(String, String, String)> {
    let values = |values: &str| {
        let out = format!("    Out: {{type: string, enum: [{values}]}}\n{IN}");
        revision("", &out)
    };
    let page = |results: &str| {
        let out = format!(
            "    Item: {{type: object, required: [id], properties: {{id: {{type: string, format: uuid}}}}}}\n    Out: {{type: object, required: [results], properties: {{results: {results}}}}}\n{IN}"
        );
        let start = "{name: startId, in: query, schema: {type: string, format: uuid}}";
        revision(start, &out)
    };
    let item = "{$ref: '#/components/schemas/Item'}";
    let items = format!("{{type: array, items: {item}}}");
    let pair = |about: &str, old, new| (about.to_owned(), old, new);
    vec![
        pair("a value takes the name", values("A_B"), values("a-b, A_B")),
        pair("a page is one item", page(&items), page(item)),
    ]
}

fn revision(parameters: &str, schemas: &str) -> String {
    format!(
        r##"openapi: 3.0.0
info: {{version: '1'}}
paths:
  /thing:
    get:
      operationId: getThing
      tags: [Things]
      parameters: [{parameters}]
      responses:
        '200': {{description: x, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Out'}}}}}}}}
    post:
      operationId: createThing
      tags: [Things]
      requestBody: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/In'}}}}}}}}
      responses:
        '200': {{description: x}}
components:
  schemas:
{schemas}"##
    )
}

const IN: &str = "    In: {type: object, properties: {a: {type: string}}}\n";

/// Checks the rules that an import lists in both directions.
#[track_caller]
fn check(old: &str, new: &str, there: &[&str], back: &[&str]) {
    let rules = |old, new| -> Vec<&str> {
        let listed = breaking(old, new).into_iter();
        listed.map(|(rule, _)| rule).collect()
    };
    assert_eq!(rules(old, new), there, "{old}{new}");
    assert_eq!(rules(new, old), back, "{new}{old}");
}

#[test]
fn a_field_that_becomes_absent_null_or_required_is_listed_for_responses_and_requests() {
    let out = |required: &str, field: &str| {
        let out =
            format!("    Out: {{type: object, {required}properties: {{a: {{{field}}}}}}}\n{IN}");
        revision("", &out)
    };
    let inside = |required: &str, field: &str| {
        let inside = format!(
            "    In: {{type: object, {required}properties: {{a: {{{field}}}}}}}\n    Out: {{type: string}}\n"
        );
        revision("", &inside)
    };
    let (required, text, null) = (
        "required: [a], ",
        "type: string",
        "type: string, nullable: true",
    );
    let value = "type: string, enum: [A]";
    let null_value = "type: string, nullable: true, enum: [A, null]";
    let items = "type: array, items: {type: string}";
    let null_items = "type: array, items: {type: string, nullable: true}";
    let map = "type: object, additionalProperties: {type: string}";
    let null_map = "type: object, additionalProperties: {type: string, nullable: true}";
    let read_only = "type: string, readOnly: true";
    let (optional, required_now) = (&["field-optional"], &["field-required"]);
    let other: &[&str] = &["field-type-changed"];
    let setter: &[&str] = &["field-type-changed", "model-setter-type-changed"];
    let left = ["field-optional", "new-argument-removed"];
    let added = [
        "field-required",
        "new-argument-added",
        "model-setter-removed",
    ];
    for (old, new) in [
        (out(required, text), out("", text)),
        (out(required, text), out(required, null)),
        (out(required, text), out("", null)),
        (out(required, value), out(required, null_value)),
    ] {
        check(&old, &new, optional, required_now);
    }
    for (old, new) in [
        (out("", text), out("", null)),
        (out(required, null), out("", text)),
    ] {
        check(&old, &new, &[], &[]);
    }
    check(&out("", items), &out("", null_items), other, other);
    check(&out("", map), &out("", null_map), other, other);
    check(&inside("", text), &inside("", null), setter, setter);
    check(&inside(required, text), &inside("", text), &left, &added);
    check(
        &inside(required, text),
        &inside(required, read_only),
        &left,
        &added,
    );
    check(
        &inside(required, text),
        &inside(required, null),
        &["field-optional", "new-argument-type-changed"],
        &["field-required", "new-argument-type-changed"],
    );
    check(
        &inside(required, text),
        &inside("", null),
        &["field-type-changed", "new-argument-removed"],
        &[
            "field-type-changed",
            "new-argument-added",
            "model-setter-removed",
        ],
    );
    let parts = |required: &str| {
        let parts = format!(
            "{IN}    Base: {{type: object, properties: {{b: {{type: string}}}}}}\n    Out: {{allOf: [{{$ref: '#/components/schemas/Base'}}, {{type: object, {required}properties: {{c: {{type: string}}}}}}]}}\n"
        );
        revision("", &parts)
    };
    check(
        &parts("required: [b], "),
        &parts(""),
        optional,
        required_now,
    );
}

#[test]
fn null_of_a_named_schema_and_of_a_response_is_listed_at_each_use() {
    let named = |null: &str| {
        let schemas = format!(
            "    Kind: {{{null}type: string, enum: [A, B]}}\n    In: {{type: object, properties: {{k: {{$ref: '#/components/schemas/Kind'}}}}}}\n    Out: {{type: object, required: [k], properties: {{k: {{$ref: '#/components/schemas/Kind'}}, l: {{type: array, items: {{$ref: '#/components/schemas/Kind'}}}}}}}}\n"
        );
        revision("", &schemas)
    };
    let found = breaking(&named(""), &named("nullable: true, "));
    let sentences: Vec<&str> = found
        .iter()
        .map(|(_, sentence)| sentence.as_str())
        .collect();
    assert_eq!(
        sentences,
        [
            "In::k was Option<Kind> and is Patch<Kind>",
            "In::k took Kind and takes impl Into<Patch<Kind>>",
            "Out::k was Kind and is Option<Kind>",
            "Out::l was Vec<Kind> and is Vec<Option<Kind>>"
        ]
    );
    let out = format!("{IN}    Out: {{type: object, properties: {{a: {{type: string}}}}}}\n");
    let given = revision("", &out);
    let null = given.replace(
        "schema: {$ref: '#/components/schemas/Out'}",
        "schema: {nullable: true, allOf: [{$ref: '#/components/schemas/Out'}]}",
    );
    check(&given, &null, &["output-changed"], &["output-changed"]);
}

#[test]
fn a_parameter_or_a_body_that_became_or_ceased_to_be_required_is_listed() {
    let schemas = format!("{IN}    Out: {{type: string}}\n");
    let with = |parameter: &str| revision(parameter, &schemas);
    let required = with("{name: q, in: query, required: true, schema: {type: string}}");
    let optional = with("{name: q, in: query, schema: {type: string}}");
    let gone = with("");
    check(
        &required,
        &optional,
        &["parameter-optional"],
        &["parameter-required"],
    );
    check(
        &required,
        &gone,
        &["parameter-optional"],
        &["argument-added"],
    );
    check(&optional, &gone, &[], &[]);
    let body = gone.replace(
        "requestBody: {required: true",
        "requestBody: {required: false",
    );
    check(
        &gone,
        &body,
        &["parameter-optional"],
        &["parameter-required"],
    );
    let path = |kind: &str| {
        gone.replace("  /thing:\n", &format!("  /thing/{{id}}:\n    parameters: [{{name: id, in: path, required: true, schema: {{type: string{kind}}}}}]\n"))
    };
    let both = ["argument-type-changed"; 2];
    check(&path(""), &path(", format: uuid"), &both, &both);
}

#[test]
fn a_text_of_a_union_that_names_another_member_is_listed() {
    let named = |one: &str, other: &str| {
        let out = format!(
            "    A: {{type: object, properties: {{k: {{type: string}}}}}}\n    B: {{type: object, properties: {{k: {{type: string}}}}}}\n    Out: {{oneOf: [{{$ref: '#/components/schemas/A'}}, {{$ref: '#/components/schemas/B'}}], discriminator: {{propertyName: k, mapping: {{one: '#/components/schemas/{one}', other: '#/components/schemas/{other}'}}}}}}\n{IN}"
        );
        revision("", &out)
    };
    let both = ["member-type-changed"; 2];
    check(&named("A", "B"), &named("B", "A"), &both, &both);
}

#[test]
fn another_order_of_what_a_request_requires_is_listed() {
    let inside = |fields: &str| {
        let schemas = format!(
            "    In: {{type: object, required: [a, b], properties: {{{fields}}}}}\n    Out: {{type: object, required: [a, b], properties: {{{fields}}}}}\n"
        );
        revision("", &schemas)
    };
    let (a, b, c) = (
        "a: {type: string}",
        "b: {type: string}",
        "c: {type: string}",
    );
    let first = inside(&format!("{a}, {b}, {c}"));
    let order = ["new-arguments-reordered"];
    check(&first, &inside(&format!("{b}, {a}, {c}")), &order, &order);
    check(&first, &inside(&format!("{c}, {a}, {b}")), &[], &[]);
    check(&first, &inside(&format!("{a}, {b}")), &[], &[]);
}

#[test]
fn a_success_that_comes_with_or_without_a_body_as_never_before_is_listed() {
    let post = |responses: &str| {
        let schemas = format!("{IN}    Out: {{type: string}}\n");
        revision("", &schemas).replace("        '200': {description: x}\n", responses)
    };
    let none = "        '204': {description: x}\n";
    let text =
        "        '200': {description: x, content: {application/json: {schema: {type: string}}}}\n";
    let both = format!("{text}{none}");
    let refused = format!("{text}        '404': {{description: x}}\n");
    let changed = ["output-changed"];
    for (old, new) in [(none, text), (none, &both), (text, &both)] {
        check(&post(old), &post(new), &changed, &changed);
    }
    check(&post(text), &post(&refused), &[], &[]);
}

#[test]
fn a_format_without_a_type_of_its_own_is_not_breaking() {
    let out = |facts: &str| {
        let out = format!("{IN}    Out: {{type: object, properties: {{a: {{{facts}}}}}}}\n");
        revision("", &out)
    };
    let changed = ["field-type-changed"];
    for (old, new, rules) in [
        ("type: integer", "type: integer, format: int32", &[][..]),
        (
            "type: integer, format: int64",
            "type: integer, format: int32",
            &[],
        ),
        ("type: number", "type: number, format: double", &[]),
        ("type: string", "type: string, format: email", &[]),
        ("type: string, format: uri", "type: string", &[]),
        ("type: string", "type: string, format: uuid", &changed),
        (
            "type: string, format: date-time",
            "type: string, format: date",
            &changed,
        ),
        ("type: string, format: date-time", "type: string", &changed),
        ("type: integer", "type: number", &changed),
        (
            "type: string",
            "type: array, items: {type: string}",
            &changed,
        ),
    ] {
        check(&out(old), &out(new), rules, rules);
    }
}

#[test]
fn a_method_that_sends_the_request_of_another_one_is_listed() {
    let with = |get: &str, post: &str| {
        let text = revision("", &format!("{IN}    Out: {{type: object}}\n"));
        text.replace("operationId: getThing", &format!("operationId: {get}"))
            .replace("operationId: createThing", &format!("operationId: {post}"))
    };
    for (old, new) in [
        (with("a", "b"), with("b", "a")),
        (with("a", "b"), with("b", "c")),
    ] {
        let listed = breaking(&old, &new).into_iter().map(|(rule, _)| rule);
        let listed: BTreeSet<&str> = listed.collect();
        assert!(listed.contains("operation-replaced"), "{listed:?}");
    }
    check(&with("a", "b"), &with("a", "c"), &[], &[]);
}

#[test]
fn a_property_that_two_parts_declare_differently_is_no_change_by_itself() {
    let out = format!(
        "    A: {{type: object, properties: {{p: {{type: string}}}}}}\n    Out: {{allOf: [{{$ref: '#/components/schemas/A'}}, {{type: object, properties: {{p: {{type: array, items: {{type: string}}}}}}}}]}}\n{IN}"
    );
    let unused = revision("", &format!("{out}    B: {{type: string}}\n"));
    check(&revision("", &out), &unused, &[], &[]);
}

#[test]
fn the_same_revision_again_lists_nothing() {
    let out = format!("{IN}    Out: {{type: object, properties: {{a: {{type: string}}}}}}\n");
    let old = revision(
        "",
        &out.replace("a: {type: string}", "a: {type: integer}, b: {type: string}"),
    );
    let new = revision("", &out);
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("new.yaml");
    let out = home.path().join("openapi.yaml");
    for (text, count) in [(&old, 0), (&new, 2), (&new, 0)] {
        fs::write(&path, text).unwrap();
        let outcome = into_file(std::slice::from_ref(&path), &out, (false, Loss::Allowed)).unwrap();
        let text = outcome.to_string();
        assert_eq!(
            text.matches("major [field-type-changed]").count(),
            count,
            "{text}"
        );
    }
}

#[test]
fn a_contract_without_a_client_is_imported_and_the_report_says_that_breaking_changes_are_unknown() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("new.yaml");
    let out = home.path().join("openapi.yaml");
    let good = revision("", &format!("{IN}    Out: {{type: string}}\n"));
    // The client has no form for a body of several parts.
    let bad = good.replace(
        "requestBody: {required: true, content: {application/json:",
        "requestBody: {required: true, content: {multipart/mixed:",
    );
    assert_ne!(good, bad);
    fs::write(&path, &good).unwrap();
    into_file(std::slice::from_ref(&path), &out, (false, Loss::Allowed)).unwrap();
    fs::write(&path, &bad).unwrap();
    let outcome = into_file(std::slice::from_ref(&path), &out, (false, Loss::Allowed)).unwrap();
    let text = outcome.to_string();
    assert!(
        text.starts_with(
            "the breaking changes are unknown, because a client cannot be generated: "
        ),
        "{text}"
    );
    let place = format!(
        "{}:14: /paths/~1thing/post/requestBody/content",
        path.display()
    );
    assert!(text.contains(&place), "{text}");
    assert!(
        fs::read_to_string(&out)
            .unwrap()
            .contains("multipart/mixed")
    );
}
