//! The sample bodies of the API documentation: their names and shapes, with values of ours.
//!
//! Most are those of the reference of version 1.0.3, which is years old. The documentation folds
//! nested objects, which then look empty: what a model cannot do without is unfolded from the
//! contract. What the contract has come to require since then is listed, and filled in too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where what it takes for granted does not hold"
)]

use std::collections::BTreeMap;

use integration_tests::calls::{Model, OPERATIONS};
use integration_tests::document;
use integration_tests::samples::{Builder, Variation};
use serde_json::Value;

/// Fields that the contract requires and the old reference does not show, with the number of samples
/// that lack them.
const LATER: &[(&str, usize)] = &[
    ("associated_environments_count", 3),
    ("brand", 1),
    ("deployment_requests_count", 18),
    ("generate_certificate", 10),
    ("gpu", 4),
    ("healthchecks", 12),
    ("icon_uri", 12),
    ("is_part_last_deployment", 18),
    ("last_deployment_state", 3),
    ("maximum_gpu", 4),
    ("organization", 6),
    ("reason", 4),
    ("scaleway_organization_id", 2),
    ("service_type", 12),
    ("status_details", 18),
    ("variable_type", 16),
];

/// Bodies of which the old reference shows another shape, with the reason.
const OTHERWISE: [(&str, &str); 2] = [
    (
        "getContainerAdvancedSettings",
        "a list of settings once, the settings today",
    ),
    (
        "editContainerAdvancedSettings",
        "a list of settings once, the settings today",
    ),
];

struct Sample {
    id: String,
    is_request: bool,
    body: Value,
}

fn samples() -> Vec<Sample> {
    let samples = include_str!("../fixtures/reference.json");
    let samples: Vec<Value> = serde_json::from_str(samples).expect("a list of samples");
    let sample = |sample: &Value| Sample {
        id: sample["id"].as_str().expect("an id").to_owned(),
        is_request: sample["kind"] == "request",
        body: sample["body"].clone(),
    };
    samples.iter().map(sample).collect()
}

/// The folded parts of `sample`, and they alone, taken from `whole`.
fn unfold(sample: &Value, whole: &Value) -> Value {
    match (sample, whole) {
        (Value::Object(fields), Value::Object(all)) if !fields.is_empty() => {
            let part = |(name, value): (&String, &Value)| {
                let whole = all.get(name);
                let value = whole.map_or_else(|| value.clone(), |whole| unfold(value, whole));
                (name.clone(), value)
            };
            Value::Object(fields.iter().map(part).collect())
        }
        (Value::Array(items), Value::Array(all)) if !items.is_empty() => {
            let whole = all.first().unwrap_or(&Value::Null);
            items.iter().map(|item| unfold(item, whole)).collect()
        }
        (Value::Object(_), Value::Object(_)) => whole.clone(),
        _ => sample.clone(),
    }
}

/// Decodes, and where a field is missing fills it in and tries again. Gives the names of those fields.
fn decode(model: Model, mut body: Value, whole: &Value) -> Result<Vec<String>, String> {
    let mut missing = Vec::new();
    loop {
        let error = match (model.read)(body.to_string().as_bytes()) {
            Ok(_) => return Ok(missing),
            Err(error) => error,
        };
        let name = error
            .message()
            .strip_prefix("the field `")
            .and_then(|rest| rest.split('`').next());
        let Some(name) = name.filter(|_| error.message().contains("is missing")) else {
            return Err(error.to_string());
        };
        let pointer: String = error
            .path()
            .replace('[', ".")
            .split('.')
            .filter(|step| !step.is_empty())
            .map(|step| format!("/{}", step.trim_end_matches(']')))
            .collect();
        let value = whole
            .pointer(&pointer)
            .and_then(|part| part.get(name))
            .cloned();
        let place = body.pointer_mut(&pointer).and_then(Value::as_object_mut);
        let (Some(value), Some(place)) = (value, place) else {
            return Err(error.to_string());
        };
        place.insert(name.to_owned(), value);
        missing.push(name.to_owned());
    }
}

#[test]
fn every_sample_of_the_documentation_decodes() {
    let contract = document::contract();
    let operations = document::operations(&contract);
    let (mut as_they_are, mut unfolded, mut lacking) = (0, 0, 0);
    let mut later: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for sample in samples() {
        let operation = operations
            .iter()
            .find(|operation| operation.id == sample.id);
        let entry = OPERATIONS.iter().find(|entry| entry.id == sample.id);
        let (operation, entry) = operation.zip(entry).expect("an operation of the contract");
        let (model, body) = if sample.is_request {
            (entry.body, operation.body.clone())
        } else {
            (
                entry.output,
                operation
                    .successes
                    .iter()
                    .find_map(|(_, body)| body.clone()),
            )
        };
        let (model, (_, schema)) = model
            .zip(body)
            .unwrap_or_else(|| panic!("{} has no body", sample.id));
        if (model.read)(sample.body.to_string().as_bytes()).is_ok() {
            as_they_are += 1;
            continue;
        }
        let whole = Builder::instances(&contract, &schema)[0].render(Variation::Full);
        match decode(model, unfold(&sample.body, &whole), &whole) {
            Ok(missing) if missing.is_empty() => unfolded += 1,
            Ok(missing) => {
                lacking += 1;
                for name in missing {
                    *later.entry(name).or_default() += 1;
                }
            }
            Err(_) if OTHERWISE.iter().any(|(id, _)| *id == sample.id) => lacking += 1,
            Err(error) => problems.push(format!("{}: {error}", sample.id)),
        }
    }
    println!(
        "{as_they_are} decode as they are, {unfolded} unfolded, {lacking} lack what came later"
    );
    assert!(problems.is_empty(), "{problems:#?}");
    let known: BTreeMap<String, usize> = LATER
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect();
    assert_eq!(later, known);
}
