//! The sample bodies of the API documentation: their names and shapes, with values of ours.
//!
//! The documentation folds nested objects, which then look empty. Where a model cannot do without
//! what is folded, it is filled in from the contract.

use integration_tests::calls::OPERATIONS;
use integration_tests::document;
use integration_tests::samples::{Builder, Variation};
use serde_json::Value;

/// What decoding one sample came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AsItIs,
    Unfolded,
}

struct Sample {
    id: String,
    is_request: bool,
    body: Value,
}

fn samples(text: &str) -> Vec<Sample> {
    let samples: Vec<Value> = serde_json::from_str(text).expect("a list of samples");
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
                let value = all.get(name).map_or_else(|| value.clone(), |whole| unfold(value, whole));
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

fn check(samples: &[Sample]) -> (usize, usize) {
    let contract = document::contract();
    let operations = document::operations(&contract);
    let (mut as_they_are, mut unfolded, mut problems) = (0, 0, Vec::new());
    for sample in samples {
        let operation = operations.iter().find(|operation| operation.id == sample.id).expect("an operation");
        let entry = OPERATIONS.iter().find(|entry| entry.id == sample.id).expect("an entry");
        let (model, schema) = if sample.is_request {
            (entry.body, operation.body.clone())
        } else {
            (entry.output, operation.successes.iter().find_map(|(_, body)| body.clone()))
        };
        let (Some(model), Some((_, schema))) = (model, schema) else {
            problems.push(format!("{}: the contract has no such body", sample.id));
            continue;
        };
        let outcome = match (model.read)(sample.body.to_string().as_bytes()) {
            Ok(_) => Ok(Outcome::AsItIs),
            Err(error) => {
                let whole = Builder::instances(&contract, &schema)[0].render(Variation::Full);
                let body = unfold(&sample.body, &whole).to_string();
                let again = (model.read)(body.as_bytes()).map(|_| Outcome::Unfolded);
                again.map_err(|_| error)
            }
        };
        match outcome {
            Ok(Outcome::AsItIs) => as_they_are += 1,
            Ok(Outcome::Unfolded) => unfolded += 1,
            Err(error) => problems.push(format!("{}: {error}", sample.id)),
        }
    }
    println!("{} samples: {as_they_are} decode as they are, {unfolded} unfolded", samples.len());
    assert!(problems.is_empty(), "{} problems: {problems:#?}", problems.len());
    (as_they_are, unfolded)
}

#[test]
fn every_sample_of_the_documentation_decodes() {
    let (as_they_are, unfolded) = check(&samples(include_str!("../fixtures/reference.json")));
    assert!(as_they_are > 10 * unfolded, "{as_they_are} {unfolded}");
}
