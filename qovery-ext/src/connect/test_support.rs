//! A transport without sockets whose responses follow a script, for tests on paused time.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use qovery_api::{
    BoxFuture, Client, OperationInfo, RawResponse, Request, Transport, TransportError,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use tokio::time::{Instant, sleep};

use super::Connect;

pub(super) const TOKEN: &str = "qov_s3cret";

pub(super) const GET: &OperationInfo = &OperationInfo::new("getThing", Method::GET, "/thing/{id}");
pub(super) const HEAD: &OperationInfo =
    &OperationInfo::new("headThing", Method::HEAD, "/thing/{id}");
pub(super) const PUT: &OperationInfo = &OperationInfo::new("editThing", Method::PUT, "/thing/{id}");
pub(super) const DELETE: &OperationInfo =
    &OperationInfo::new("deleteThing", Method::DELETE, "/thing/{id}");
pub(super) const POST: &OperationInfo = &OperationInfo::new("createThing", Method::POST, "/thing");
pub(super) const PATCH: &OperationInfo =
    &OperationInfo::new("patchThing", Method::PATCH, "/thing/{id}");

/// The outcome of one request.
#[derive(Clone)]
pub(super) struct Step {
    after: Duration,
    outcome: Arc<dyn Fn() -> Result<RawResponse, TransportError> + Send + Sync>,
}

impl Step {
    /// A response with this status and these headers.
    pub(super) fn status(status: u16, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self::new(move || {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                );
            }
            let status = StatusCode::from_u16(status).unwrap();
            Ok(RawResponse::new(status, map, "{}"))
        })
    }

    /// No response.
    pub(super) fn error(error: impl Fn() -> TransportError + Send + Sync + 'static) -> Self {
        Self::new(move || Err(error()))
    }

    fn new(
        outcome: impl Fn() -> Result<RawResponse, TransportError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            after: Duration::ZERO,
            outcome: Arc::new(outcome),
        }
    }

    /// Delays this outcome by this time.
    pub(super) fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }
}

/// A request that the script received.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    /// The time of its arrival, counted from the creation of the script.
    pub(super) at: Duration,
    pub(super) limit: Option<Duration>,
    pub(super) authorization: Option<String>,
}

type Respond = dyn Fn(&Seen) -> Step + Send + Sync;

/// Answers requests with a script.
#[derive(Clone)]
pub(super) struct Script {
    started: Instant,
    respond: Arc<Respond>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Script {
    /// Answers with the steps in order. The last step answers all further requests.
    pub(super) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let steps: Mutex<VecDeque<Step>> = Mutex::new(steps.into_iter().collect());
        Self::answering(move |_| {
            let mut steps = steps.lock().unwrap();
            let step = match steps.len() {
                1 => steps.front().cloned(),
                _ => steps.pop_front(),
            };
            step.expect("a script has a step")
        })
    }

    /// Answers according to the request.
    pub(super) fn answering(respond: impl Fn(&Seen) -> Step + Send + Sync + 'static) -> Self {
        Self {
            started: Instant::now(),
            respond: Arc::new(respond),
            seen: Arc::default(),
        }
    }

    /// A client that sends to this script.
    pub(super) fn client(&self, settings: Connect) -> Client {
        settings.transport(self.clone()).build().unwrap()
    }

    /// Sends one request through a client with the default settings.
    pub(super) async fn call(
        &self,
        operation: &'static OperationInfo,
    ) -> Result<RawResponse, TransportError> {
        send(&self.client(Connect::new().token(TOKEN)), operation).await
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// The times between requests.
    pub(super) fn waits(&self) -> Vec<Duration> {
        let seen = self.seen();
        seen.windows(2).map(|two| two[1].at - two[0].at).collect()
    }
}

impl Transport for Script {
    /// Answers a handshake like a request: the server does not switch.
    #[cfg(feature = "stream")]
    fn upgrade(
        &self,
        request: Request,
    ) -> BoxFuture<'_, Result<qovery_api::Upgrade, TransportError>> {
        let response = self.send(request);
        Box::pin(async { response.await.map(qovery_api::Upgrade::Refused) })
    }

    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        let authorization = request.headers.get(header::AUTHORIZATION);
        if let Some(value) = authorization {
            assert!(value.is_sensitive());
        }
        let seen = Seen {
            at: self.started.elapsed(),
            limit: request.timeout,
            authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
        };
        let step = (self.respond)(&seen);
        self.seen.lock().unwrap().push(seen);
        Box::pin(async move {
            sleep(step.after).await;
            (step.outcome)()
        })
    }
}

pub(super) fn request(client: &Client, operation: &'static OperationInfo) -> Request {
    let url = client.base_url().join("thing/7?secret=qu3ry").unwrap();
    Request::new(operation, url)
}

pub(super) async fn send(
    client: &Client,
    operation: &'static OperationInfo,
) -> Result<RawResponse, TransportError> {
    client.transport().send(request(client, operation)).await
}

pub(super) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
