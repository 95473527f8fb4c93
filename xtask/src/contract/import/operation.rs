//! An operation of a document, with everything resolved but its schemas.

use serde_json::{Map, Value};

use crate::contract::walk::each_reference;

/// The methods in output order.
pub(super) const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];

/// The identity of an operation, which ignores the parameter names in the path's braces.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) path: String,
    pub(super) method: usize,
}

impl Key {
    pub(super) fn new(method: usize, path: &str) -> Self {
        let mut plain = String::new();
        let mut inside = false;
        for c in path.chars() {
            inside = (inside || c == '{') && c != '}';
            if !inside || c == '{' {
                plain.push(c);
            }
        }
        Self {
            path: plain,
            method,
        }
    }

    /// The name in messages: `GET /path/{}`.
    pub(super) fn name(&self) -> String {
        let method = METHODS.get(self.method).copied().unwrap_or_default();
        format!("{} {}", method.to_uppercase(), self.path)
    }
}

/// An operation with everything resolved but its schemas.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation {
    pub(super) path: String,
    pub(super) method: usize,
    /// Parameters that the path declares for all its operations.
    pub(super) path_parameters: Vec<Value>,
    pub(super) facts: Map<String, Value>,
}

impl Operation {
    pub(super) fn key(&self) -> Key {
        Key::new(self.method, &self.path)
    }

    pub(super) fn method(&self) -> &'static str {
        METHODS.get(self.method).copied().unwrap_or_default()
    }

    /// The name in messages: `GET /path`.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method().to_uppercase(), self.path)
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.facts.get("operationId").and_then(Value::as_str)
    }
}

/// Calls `visit` with each reference of an operation.
pub(super) fn each_reference_of(operation: &mut Operation, visit: &mut impl FnMut(&mut String)) {
    for (keyword, value) in &mut operation.facts {
        match value {
            // `default` is a status here.
            Value::Object(responses) if keyword == "responses" => responses
                .values_mut()
                .for_each(|response| each_reference(response, visit)),
            value => each_reference(value, visit),
        }
    }
    operation
        .path_parameters
        .iter_mut()
        .for_each(|value| each_reference(value, visit));
}
