//! Decodes instances of the schema of every model, in the current form and in possible later forms.
//!
//! The instances are made from the contract; none was recorded.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::collections::{BTreeMap, BTreeSet};

use integration_tests::OPERATIONS;
use integration_tests::calls::Model;
use integration_tests::document;
use integration_tests::samples::{Builder, Direction, Node, Variation, compare};
use serde_json::{Value, json};

/// A model, the operation that names it, and the schema of its JSON.
struct Subject {
    operation: String,
    model: Model,
    schema: Value,
}

/// The models of all responses, or of all requests, each once.
fn subjects(contract: &Value, responses: bool) -> Vec<Subject> {
    let operations = document::operations(contract);
    let mut known = BTreeSet::new();
    let mut subjects = Vec::new();
    for entry in OPERATIONS {
        let operation = operations
            .iter()
            .find(|operation| operation.id == entry.id)
            .unwrap();
        let model = if responses { entry.output } else { entry.body };
        let body = if responses {
            operation
                .successes
                .iter()
                .find_map(|(_, body)| body.clone())
        } else {
            operation.body.clone()
        };
        let is_json = body
            .as_ref()
            .is_some_and(|(media, _)| media.contains("json"));
        assert_eq!(
            model.is_some(),
            is_json,
            "{}: the table lacks a model",
            entry.id
        );
        let (Some(model), Some((media, schema))) = (model, body) else {
            continue;
        };
        if media.contains("json") && known.insert(((model.name)(), schema.to_string())) {
            subjects.push(Subject {
                operation: entry.id.to_owned(),
                model,
                schema,
            });
        }
    }
    subjects
}

fn report(problems: &[String]) {
    let shown: Vec<&String> = problems.iter().take(60).collect();
    assert!(
        problems.is_empty(),
        "{} problems: {shown:#?}",
        problems.len()
    );
}

/// The faults of decoding and encoding an instance in this variation.
fn problems_of(subject: &Subject, node: &Node, variation: Variation) -> Vec<String> {
    let sent = node.render(variation);
    let place = format!("{} {variation:?}", subject.operation);
    match (subject.model.read)(sent.to_string().as_bytes()) {
        Err(error) => vec![format!("{place}: {error}")],
        Ok(reading) => {
            let differences = compare(node, &sent, &reading.json, Direction::Response);
            differences
                .into_iter()
                .map(|difference| format!("{place}: {difference}"))
                .collect()
        }
    }
}

#[test]
fn every_response_decodes_in_every_variation_and_loses_nothing() {
    let contract = document::contract();
    let mut problems = Vec::new();
    let mut count = 0;
    for subject in subjects(&contract, true) {
        for node in Builder::instances(&contract, &subject.schema) {
            for variation in Variation::of(&node) {
                count += 1;
                problems.extend(problems_of(&subject, &node, variation));
            }
        }
    }
    report(&problems);
    assert!(count > 3000, "{count}");
}

/// Values that parsing would change: a long decimal, an integer of more than 64 bits, an escape and a space.
const ODD: &str = r#"{"n":[0.1000000000000000055511151231257827021 ,18446744073709551616,1E2],"t":"\u0041\ud800"}"#;

/// The document, with a text in place of each marker.
fn with_odd_fields(document: &Value, count: &mut usize) -> String {
    fn add(value: &mut Value, count: &mut usize) {
        match value {
            Value::Object(fields) => {
                fields.values_mut().for_each(|value| add(value, count));
                fields.insert("next_years_field".to_owned(), json!("@odd@"));
                *count += 1;
            }
            Value::Array(items) => items.iter_mut().for_each(|item| add(item, count)),
            _ => {}
        }
    }
    let mut document = document.clone();
    add(&mut document, count);
    document.to_string().replace("\"@odd@\"", ODD)
}

#[test]
fn unknown_fields_are_sent_back_byte_for_byte_and_debug_shows_only_their_names() {
    let contract = document::contract();
    let (mut problems, mut fields) = (Vec::new(), 0);
    let (mut tried, mut with_free_form) = (BTreeSet::new(), BTreeSet::new());
    for subject in subjects(&contract, true) {
        let name = (subject.model.name)();
        for node in Builder::instances(&contract, &subject.schema) {
            // Properties of a free-form object are part of the value. They do not count as unknown.
            if has_free_form(&node) {
                with_free_form.insert(name);
                continue;
            }
            tried.insert(name);
            for variation in [Variation::Full, Variation::UnknownTag(0)] {
                let mut count = 0;
                let sent = with_odd_fields(&node.render(variation), &mut count);
                let place = format!("{} {variation:?}", subject.operation);
                match (subject.model.read)(sent.as_bytes()) {
                    Err(error) => problems.push(format!("{place}: {error}")),
                    Ok(reading) => {
                        let came = reading.text.matches(ODD).count();
                        if came != count {
                            problems.push(format!("{place}: {came} of {count}"));
                        }
                        if reading.debug.contains("184467") {
                            problems.push(format!("{place}: a value shows"));
                        }
                        fields += came;
                    }
                }
            }
        }
    }
    report(&problems);
    assert!(fields > 2000, "{fields}");
    // The test has covered all models of the table.
    let models = OPERATIONS.iter().filter_map(|entry| entry.output);
    let models: BTreeSet<_> = models.map(|model| (model.name)()).collect();
    assert_eq!(&tried | &with_free_form, models);
}

fn has_free_form(node: &Node) -> bool {
    let mut found = false;
    node.walk(&mut |part| {
        found |= match part {
            Node::Any(value) => value.is_object() || value.is_array(),
            Node::Object(object) => object.open || !object.extra.is_empty(),
            _ => false,
        };
    });
    found
}

#[test]
fn every_value_of_every_enum_survives() {
    let contract = document::contract();
    let mut problems = Vec::new();
    for subject in subjects(&contract, true) {
        for node in Builder::all_values(&contract, &subject.schema) {
            problems.extend(problems_of(&subject, &node, Variation::Full));
        }
    }
    report(&problems);
}

#[test]
fn every_request_is_sent_as_it_was_built() {
    let contract = document::contract();
    let mut problems = Vec::new();
    for subject in subjects(&contract, false) {
        for node in Builder::instances(&contract, &subject.schema) {
            for variation in [
                Variation::Full,
                Variation::RequiredOnly,
                Variation::NullableNull,
            ] {
                let meant = node.render(variation);
                let place = format!("{} {variation:?}", subject.operation);
                match (subject.model.read)(meant.to_string().as_bytes()) {
                    Err(error) => problems.push(format!("{place}: {error}")),
                    Ok(reading) => {
                        let differences = compare(&node, &meant, &reading.json, Direction::Request);
                        problems.extend(differences.into_iter().map(|d| format!("{place}: {d}")));
                    }
                }
            }
        }
    }
    report(&problems);
}

#[test]
fn debug_shows_no_secret() {
    let contract = document::contract();
    let (mut problems, mut found) = (Vec::new(), 0);
    for subject in subjects(&contract, true)
        .iter()
        .chain(&subjects(&contract, false))
    {
        for node in Builder::instances(&contract, &subject.schema) {
            let secrets = node.secrets();
            for variation in [
                Variation::Full,
                Variation::UnknownTag(0),
                Variation::UnknownTag(1),
            ] {
                let document = node.render(variation).to_string();
                let Ok(reading) = (subject.model.read)(document.as_bytes()) else {
                    continue;
                };
                let shown = secrets
                    .iter()
                    .filter(|secret| reading.debug.contains(*secret))
                    .count();
                let redacted = reading.debug.matches("[redacted]").count();
                if shown > 0 || variation == Variation::Full && redacted < secrets.len() {
                    let what = format!("{shown} of {} secrets show", secrets.len());
                    problems.push(format!("{} {variation:?}: {what}", subject.operation));
                }
            }
            found += secrets.len();
        }
    }
    report(&problems);
    assert!(found > 60, "{found}");
}

/// All paths in a document, and the document with another value at this path.
fn broken(
    value: &Value,
    path: &str,
    whole: &dyn Fn(Value) -> Value,
    visit: &mut dyn FnMut(&str, Value),
) {
    for wrong in [
        json!(true),
        json!(-1.5),
        json!("wrong"),
        json!([]),
        json!({}),
        Value::Null,
    ] {
        visit(path, whole(wrong));
    }
    match value {
        Value::Object(fields) => {
            for (name, part) in fields {
                let inside = |changed: Value| {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), changed);
                    whole(Value::Object(fields))
                };
                let plain = name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                let path = match (plain, path) {
                    (true, "") => name.clone(),
                    (true, path) => format!("{path}.{name}"),
                    (false, path) => format!("{path}[{name:?}]"),
                };
                broken(part, &path, &inside, visit);
            }
        }
        Value::Array(items) => {
            for (index, part) in items.iter().enumerate() {
                let inside = |changed: Value| {
                    let mut items = items.clone();
                    items[index] = changed;
                    whole(Value::Array(items))
                };
                broken(part, &format!("{path}[{index}]"), &inside, visit);
            }
        }
        _ => {}
    }
}

#[test]
fn a_wrong_value_is_refused_with_its_path_or_accepted_and_never_panics() {
    let contract = document::contract();
    let (mut problems, mut refused) = (Vec::new(), 0);
    let mut sizes: BTreeMap<&'static str, ()> = BTreeMap::new();
    for subject in subjects(&contract, true) {
        let name = (subject.model.name)();
        let node = &Builder::instances(&contract, &subject.schema)[0];
        let document = node.render(Variation::RequiredOnly);
        let document = if document.as_object().is_none_or(|fields| fields.is_empty()) {
            node.render(Variation::Full)
        } else {
            document
        };
        // The cost grows with the square of the size, so large documents are left out: they consist of small ones.
        if document.to_string().len() > 3000 || sizes.insert(name, ()).is_some() {
            continue;
        }
        broken(&document, "", &|changed| changed, &mut |path, changed| {
            // Neither tolerant nor strict decoding panics.
            let _ = (subject.model.read)(changed.to_string().as_bytes());
            if let Err(error) = (subject.model.read_strictly)(changed.to_string().as_bytes()) {
                refused += 1;
                if !path.starts_with(error.path()) && !error.path().starts_with(path) {
                    let what = format!("{} and not {path}", error.path());
                    problems.push(format!("{}: {what}: {error}", subject.operation));
                }
            }
        });
    }
    report(&problems);
    assert!(refused > 1000, "{refused}");
}
