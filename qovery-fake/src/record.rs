//! The record of the requests that the fake received.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    contract::Operation,
    exchange::{Delivery, Incoming},
};

/// A request that the fake received, without the token.
#[derive(Debug, Clone, PartialEq)]
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
    /// The status of the answer; `None` if no answer was sent.
    pub status: Option<StatusCode>,
    /// Whether the server executed the request, even if the caller received an error or no answer.
    pub executed: bool,
    /// When it arrived, since the fake was made.
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
            status: delivery.outcome.answer().map(|answer| answer.status),
            executed,
            at,
        }
    }

    /// Returns whether the request changes something.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET
    }
}
