//! The sample bodies of the API documentation: their field names and shapes, with other values.
//!
//! Most of them are from the reference of version 1.0.3, which is years old. The documentation collapses nested
//! objects, so that they look empty. Their required fields are added from the contract, and nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails if one of its assumptions is wrong"
)]

use integration_tests::OPERATIONS;
use integration_tests::document;
use integration_tests::samples::{Builder, Variation};
use serde_json::Value;

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

/// Fills in the collapsed objects of `sample` from `whole`.
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

#[test]
fn every_sample_of_the_documentation_decodes() {
    let contract = document::contract();
    let operations = document::operations(&contract);
    let (mut as_they_are, mut unfolded) = (0, 0);
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
        let unfolded_body = unfold(&sample.body, &whole);
        match (model.read)(unfolded_body.to_string().as_bytes()) {
            Ok(_) => unfolded += 1,
            Err(error) => problems.push(format!("{}: {error}", sample.id)),
        }
    }
    println!("{as_they_are} decode as they are, {unfolded} unfolded");
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(as_they_are + unfolded, samples().len());
}
