//! The record of the requests that the fake received.

use std::{fmt, time::Duration};

use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    contract::Operation,
    exchange::{Delivery, Incoming},
};

/// A request that the fake received, without the token. `Debug` does not show values that may be secret, but
/// the [`body`](Self::body) has them.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The contract's `operationId`; `None` if the path or the method does not exist.
    pub operation: Option<String>,
    /// The HTTP method.
    pub method: Method,
    /// The encoded path.
    pub path: String,
    /// Decoded query parameters, in order.
    pub query: Vec<(String, String)>,
    /// The body, if it is JSON.
    pub body: Option<Value>,
    /// The status of the response; `None` if no response was sent.
    pub status: Option<StatusCode>,
    /// Whether the server executed the request, even if the caller received an error or no response.
    pub executed: bool,
    /// The time of its arrival, counted from the creation of the fake.
    pub at: Duration,
}

impl RecordedRequest {
    pub(crate) fn new(
        operation: Option<&Operation>,
        incoming: &Incoming,
        at: Duration,
        delivery: &Delivery,
        executed: bool,
    ) -> Self {
        Self {
            operation: operation.map(|operation| operation.id.clone()),
            method: incoming.method.clone(),
            path: incoming.path.clone(),
            query: incoming.query.clone(),
            body: serde_json::from_slice(&incoming.body).ok(),
            status: delivery.outcome.response().map(|response| response.status),
            executed,
            at,
        }
    }

    /// Returns whether the request changes something.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("body", &self.body.as_ref().map(without_secrets))
            .field("status", &self.status)
            .field("executed", &self.executed)
            .field("at", &self.at)
            .finish()
    }
}

/// A body whose texts are hidden if their field may hold a secret.
fn without_secrets(body: &Value) -> Value {
    match body {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let shown = match value {
                    Value::String(_) | Value::Number(_) if may_be_secret(name) => {
                        Value::from("[hidden]")
                    }
                    value => without_secrets(value),
                };
                (name.clone(), shown)
            })
            .collect(),
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

/// Whether a field of this name may hold a secret: the value of a variable, a password, a token, credentials.
fn may_be_secret(name: &str) -> bool {
    const PARTS: [&str; 9] = [
        "value",
        "secret",
        "password",
        "token",
        "access_key",
        "private_key",
        "credential",
        "kubeconfig",
        "content",
    ];
    let name = name.to_ascii_lowercase();
    PARTS.iter().any(|part| name.contains(part)) && !name.ends_with("_id")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_debug_of_a_request_hides_values_that_may_be_secret() {
        let request = RecordedRequest {
            operation: Some("createVariable".to_owned()),
            method: Method::POST,
            path: "/variable".to_owned(),
            query: Vec::new(),
            body: Some(json!({
                "key": "LOG_LEVEL",
                "value": "hunter2",
                "git_token_id": "019b",
                "nested": [{"password": "hunter2", "secret_access_key": "hunter2", "port": 80}],
            })),
            status: None,
            executed: true,
            at: Duration::ZERO,
        };
        let shown = format!("{request:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        for kept in ["LOG_LEVEL", "019b", "80", "[hidden]"] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
        assert_eq!(request.body.unwrap()["value"], "hunter2");
    }
}
