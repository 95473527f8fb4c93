//! Tests of the fake: its responses, the course of deployments, and the effects of scripts on requests.

mod clusters;
mod combinations;
mod contract;
mod deployments;
mod faults;
mod front_ends;
mod pages;
mod requests;
mod resources;
mod responses;
mod round_trip;
mod scripts;
mod sources;
mod stories;
mod traits;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::Value;

use super::{
    FakeQovery,
    exchange::{Delivery, Incoming, Outcome, Response},
};

/// A fake with a caller that speaks to its core.
struct Setup {
    fake: FakeQovery,
}

impl Setup {
    fn new() -> Self {
        Self {
            fake: FakeQovery::with_clock(super::Clock::manual()),
        }
    }

    fn incoming(&self, method: Method, path: &str, body: &Value) -> Incoming {
        let mut headers = HeaderMap::new();
        let token = format!("Token {}", self.fake.token());
        headers.insert(
            header::AUTHORIZATION,
            HeaderValue::from_str(&token).unwrap(),
        );
        let body = if body.is_null() {
            Bytes::new()
        } else {
            body.to_string().into()
        };
        Incoming::new(method, path, headers, body)
    }

    fn delivery(&self, method: Method, path: &str, body: &Value) -> Delivery {
        self.fake.handle(&self.incoming(method, path, body))
    }

    fn respond(&self, method: Method, path: &str, body: &Value) -> Response {
        match self.delivery(method, path, body).outcome {
            Outcome::Response { response, .. } => response,
            other => panic!("no response but {other:?}"),
        }
    }

    fn call(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let response = self.respond(method, path, body);
        let body = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
        (response.status.as_u16(), body)
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    fn post(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::POST, path, &Value::Null);
        assert!((200..300).contains(&status), "{path}: {body}");
        body
    }

    fn seconds(&self, seconds: u64) {
        self.fake.advance(Duration::from_secs(seconds));
    }
}
