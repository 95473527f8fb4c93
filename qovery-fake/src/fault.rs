//! Faults: effects of the network and of an overloaded server on requests.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderName, header};
use qovery_api::Operation;
use serde_json::{Map, Value, json};

use super::exchange::{Delivery, Outcome, Refusal, Response};

/// A fault of one request, of some requests or of all requests.
///
/// By default a fault applies to the next request only. If several faults match a request, all delays
/// ([`slow_response`](Self::slow_response), [`slow_body`](Self::slow_body)) and all changes of the body
/// ([`rewrite`](Self::rewrite), [`replace`](Self::replace), [`unknown_fields`](Self::unknown_fields),
/// [`extra_nulls`](Self::extra_nulls)) apply. Of the other faults, only the first one applies.
///
/// ```
/// # use std::time::Duration;
/// use qovery_fake::{Fault, RetryAfter};
///
/// // The third to the fifth status poll are answered with 429.
/// let fault = Fault::too_many_requests(RetryAfter::Seconds(7))
///     .on("getEnvironmentStatus")
///     .after(2)
///     .times(3);
/// # let _ = fault;
/// ```
#[derive(Debug, Clone)]
#[must_use = "a fault does nothing until it is injected"]
pub struct Fault {
    operations: Vec<String>,
    only_writes: bool,
    skip: u32,
    left: u32,
    until: Option<Duration>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    NotConnected,
    LostBefore,
    LostAfter,
    Instead(Response),
    InsteadAfter(Response),
    SlowResponse(Duration),
    SlowBody(Duration),
    HalfBody,
    Body(Bytes),
    Rewrite(Arc<dyn Fn(&mut Value) + Send + Sync>),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotConnected => f.write_str("NotConnected"),
            Self::LostBefore => f.write_str("LostBefore"),
            Self::LostAfter => f.write_str("LostAfter"),
            Self::Instead(response) => write!(f, "Instead({})", response.status),
            Self::InsteadAfter(response) => write!(f, "InsteadAfter({})", response.status),
            Self::SlowResponse(time) => write!(f, "SlowResponse({time:?})"),
            Self::SlowBody(time) => write!(f, "SlowBody({time:?})"),
            Self::HalfBody => f.write_str("HalfBody"),
            Self::Body(body) => write!(f, "Body({} bytes)", body.len()),
            Self::Rewrite(_) => f.write_str("Rewrite"),
        }
    }
}

/// The `Retry-After` of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Not sent.
    Absent,
    /// A number of seconds, of any size.
    Seconds(u64),
    /// A date in the format of HTTP.
    Date(String),
    /// Any text.
    Text(String),
}

impl Fault {
    fn new(kind: Kind) -> Self {
        Self {
            operations: Vec::new(),
            only_writes: false,
            skip: 0,
            left: 1,
            until: None,
            kind,
        }
    }

    /// No connection can be made; nothing is executed.
    pub fn connection_refused() -> Self {
        Self::new(Kind::NotConnected)
    }

    /// The request is sent and the connection lost; nothing is executed.
    pub fn connection_lost_before_execution() -> Self {
        Self::new(Kind::LostBefore)
    }

    /// The request is executed and the connection lost before the response.
    pub fn connection_lost_after_execution() -> Self {
        Self::new(Kind::LostAfter)
    }

    /// The request is not executed, and answered with this status and the API's error body.
    pub fn status(status: u16) -> Self {
        let refusal = Refusal::new(status, "injected by a script");
        Self::new(Kind::Instead(
            refusal.into_response("", "2026-01-01T00:00:00Z"),
        ))
    }

    /// The request is not executed, and answered with this response, such as a page of a proxy.
    pub fn response(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Instead(Response::text(status, content_type, body)))
    }

    /// The request is executed, and then answered with the status or the response of this fault, as by a gateway that
    /// loses the response.
    pub fn after_execution(mut self) -> Self {
        if let Kind::Instead(response) = self.kind {
            self.kind = Kind::InsteadAfter(response);
        }
        self
    }

    /// The request is not executed, and answered with 429.
    pub fn too_many_requests(retry_after: RetryAfter) -> Self {
        Self::status(429).retry_after(retry_after)
    }

    /// The request is executed at once and the response takes this long.
    pub fn slow_response(time: Duration) -> Self {
        Self::new(Kind::SlowResponse(time))
    }

    /// The head of the response arrives at once, the end of its body after this long.
    pub fn slow_body(time: Duration) -> Self {
        Self::new(Kind::SlowBody(time))
    }

    /// Half of the body arrives, then the connection is lost.
    pub fn half_body() -> Self {
        Self::new(Kind::HalfBody)
    }

    /// The body is not JSON.
    pub fn garbage() -> Self {
        Self::body(&b"\x1f\x8b\x08<html>502 Bad Gateway"[..])
    }

    /// The body has no bytes.
    pub fn empty_body() -> Self {
        Self::body(Bytes::new())
    }

    /// The body is replaced by this one.
    pub fn body(body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Body(body.into()))
    }

    /// The body is changed before it is sent.
    pub fn rewrite(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::new(Kind::Rewrite(Arc::new(change)))
    }

    /// One value of the body is replaced; the path is a JSON pointer such as `/state`.
    pub fn replace(pointer: impl Into<String>, value: Value) -> Self {
        let pointer = pointer.into();
        Self::rewrite(move |body| {
            if let Some(place) = body.pointer_mut(&pointer) {
                *place = value.clone();
            }
        })
    }

    /// Each object of the body has properties that the contract does not know.
    pub fn unknown_fields() -> Self {
        Self::rewrite(|body| {
            each_object(body, &|object| {
                object.insert("added_next_year".to_owned(), json!({"nested": [1, null]}));
            });
        })
    }

    /// Each property of the body is null, except objects, lists, `id`, `state`, `last_deployment_state` and `status`.
    pub fn extra_nulls() -> Self {
        Self::rewrite(|body| {
            each_object(body, &|object| {
                let kept = ["id", "state", "last_deployment_state", "status"];
                for (name, value) in object.iter_mut() {
                    if !value.is_object() && !value.is_array() && !kept.contains(&name.as_str()) {
                        *value = Value::Null;
                    }
                }
            });
        })
    }

    /// Applies only to this operation; several can be named. Takes the exact `operationId`. With
    /// [`Fault::on_operation`], the compiler checks the operation.
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operations.push(operation.into());
        self
    }

    /// Applies only to this operation; several may be named.
    pub fn on_operation<O: Operation>(self) -> Self {
        self.on(O::INFO.id)
    }

    /// Applies only to write requests, such as POST and DELETE.
    pub fn on_writes(mut self) -> Self {
        self.only_writes = true;
        self
    }

    /// Skips this many matching requests first.
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Applies to this many requests.
    pub fn times(mut self, requests: u32) -> Self {
        self.left = requests;
        self
    }

    /// Applies to every request from now on.
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }

    /// Applies to every request until this time, counted from the creation of the fake.
    pub fn until(mut self, time: Duration) -> Self {
        self.until = Some(time);
        self.always()
    }

    /// Adds a header to a [`status`](Self::status) or a [`response`](Self::response).
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.kind = match self.kind {
            Kind::Instead(response) => Kind::Instead(response.with_header(name, value)),
            Kind::InsteadAfter(response) => Kind::InsteadAfter(response.with_header(name, value)),
            other => other,
        };
        self
    }

    /// Adds a `Retry-After` to a [`status`](Self::status) or a [`response`](Self::response).
    pub fn retry_after(self, retry_after: RetryAfter) -> Self {
        let text = match retry_after {
            RetryAfter::Absent => return self,
            RetryAfter::Seconds(seconds) => seconds.to_string(),
            RetryAfter::Date(text) | RetryAfter::Text(text) => text,
        };
        self.header(header::RETRY_AFTER, &text)
    }

    fn applies_to(&mut self, operation: &str, is_write: bool, now: Duration) -> bool {
        let named = self.operations.is_empty() || self.operations.iter().any(|o| o == operation);
        let fits = named && (is_write || !self.only_writes);
        if !fits || self.left == 0 || self.until.is_some_and(|until| now >= until) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.left != u32::MAX {
            self.left -= 1;
        }
        true
    }

    fn can_be_combined(&self) -> bool {
        matches!(
            self.kind,
            Kind::SlowResponse(_) | Kind::SlowBody(_) | Kind::Rewrite(_)
        )
    }
}

/// The faults that apply to one request.
pub(crate) struct FaultEffect {
    kinds: Vec<Kind>,
}

impl FaultEffect {
    pub(crate) fn of_request(
        faults: &mut Vec<Fault>,
        operation: &str,
        is_write: bool,
        now: Duration,
    ) -> Self {
        let mut kinds = Vec::new();
        let mut decided = false;
        for fault in faults.iter_mut() {
            if (decided && !fault.can_be_combined()) || !fault.applies_to(operation, is_write, now)
            {
                continue;
            }
            decided |= !fault.can_be_combined();
            kinds.push(fault.kind.clone());
        }
        faults.retain(|fault| fault.left > 0);
        Self { kinds }
    }

    pub(crate) fn reaches_the_server(&self) -> bool {
        !self
            .kinds
            .iter()
            .any(|kind| matches!(kind, Kind::NotConnected | Kind::LostBefore))
    }

    /// Returns the response that replaces an execution.
    pub(crate) fn replacement(&self) -> Option<Response> {
        self.kinds.iter().find_map(|kind| match kind {
            Kind::Instead(response) => Some(response.clone()),
            _ => None,
        })
    }

    pub(crate) fn deliver(self, response: Option<Response>, latency: Duration) -> Delivery {
        let mut before = latency;
        let mut body_over = Duration::ZERO;
        let mut half = false;
        let mut lost = false;
        let mut response = response;
        for kind in self.kinds {
            match kind {
                Kind::NotConnected => {
                    return Delivery {
                        before: Duration::ZERO,
                        outcome: Outcome::NotConnected,
                    };
                }
                Kind::LostBefore | Kind::LostAfter => lost = true,
                Kind::SlowResponse(time) => before += time,
                Kind::SlowBody(time) => body_over += time,
                Kind::HalfBody => half = true,
                Kind::Body(body) => {
                    response = response.map(|response| Response { body, ..response })
                }
                Kind::Rewrite(change) => {
                    response = response.map(|response| rewritten(response, &*change))
                }
                Kind::InsteadAfter(other) => response = Some(other),
                Kind::Instead(_) => {}
            }
        }
        let outcome = match response {
            Some(response) if !lost => Outcome::Response {
                cut_after: half.then_some(response.body.len() / 2),
                response,
                body_over,
            },
            _ => Outcome::Lost,
        };
        Delivery { before, outcome }
    }
}

fn rewritten(mut response: Response, change: &(dyn Fn(&mut Value) + Send + Sync)) -> Response {
    if let Ok(mut body) = serde_json::from_slice(&response.body) {
        change(&mut body);
        response.body = body.to_string().into();
    }
    response
}

fn each_object(value: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object
                .values_mut()
                .for_each(|value| each_object(value, change));
            change(object);
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|value| each_object(value, change)),
        _ => {}
    }
}
