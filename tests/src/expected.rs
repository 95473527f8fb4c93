//! Values for calls, and the requests that a call with these values has to send. Both are derived from the
//! contract.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::calls::Given;
use crate::document::Operation;
use crate::samples::{Builder, Node, Variation};

/// The characters that need no percent-encoding in a path.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A call with a value for every parameter and every body, and the request that it has to send.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The values to call with.
    pub given: Given,
    /// The path, encoded.
    pub path: String,
    /// The query, decoded and sorted.
    pub query: Vec<(String, String)>,
    /// The body, if there is one.
    pub body: Option<Node>,
}

/// Calls of an operation: one for each instance of its body, all with every parameter.
pub fn plans(contract: &Value, operation: &Operation) -> Vec<Plan> {
    let mut given = Given::default();
    let mut path = operation.path.clone();
    let mut query = Vec::new();
    for parameter in &operation.parameters {
        let value = match Builder::instances(contract, &parameter.schema).first() {
            Some(node) => node.render(Variation::Full),
            None => Value::Null,
        };
        given.values.insert(
            format!("{} {}", parameter.place, parameter.name),
            value.clone(),
        );
        match parameter.place.as_str() {
            "path" => {
                let text = utf8_percent_encode(&text(&value), UNRESERVED).to_string();
                path = path.replace(&format!("{{{}}}", parameter.name), &text);
            }
            "query" => match &value {
                Value::Array(items) => {
                    query.extend(
                        items
                            .iter()
                            .map(|item| (parameter.name.clone(), text(item))),
                    );
                }
                value => query.push((parameter.name.clone(), text(value))),
            },
            _ => {}
        }
    }
    query.sort();
    let plan = Plan {
        given,
        path,
        query,
        body: None,
    };
    let Some((media, schema)) = &operation.body else {
        return vec![plan];
    };
    let instances = if media == "application/json" {
        Builder::instances(contract, schema)
    } else {
        vec![Node::Text("first: line\nsecond: line\n".to_owned())]
    };
    let with_body = |body: Node| {
        let mut plan = plan.clone();
        plan.given.body = body.render(Variation::Full);
        plan.body = Some(body);
        plan
    };
    instances.into_iter().map(with_body).collect()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
