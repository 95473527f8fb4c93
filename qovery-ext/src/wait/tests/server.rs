//! A server that follows a timeline, behind the transport of a client.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use qovery_api::{
    BoxFuture, Client, RawResponse, Request, Transport, TransportError,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use serde_json::{Value, json};
use tokio::time::{self, Instant};
use uuid::Uuid;

use crate::wait::{
    Action, PollSchedule, Subject, action_request::ActionRequest, api::ApiSource, source::FaultKind,
};

pub(super) const ENVIRONMENT: Uuid = Uuid::from_u128(0xe);
/// Ordered by time, as the ids of the API are.
pub(super) const REQUEST: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0042);

/// A response that is no success.
#[derive(Clone)]
pub(super) struct Refusal {
    status: u16,
    detail: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn of(kind: FaultKind) -> Self {
        let (status, detail) = match kind {
            FaultKind::Unauthorized => (401, "unauthorized".to_owned()),
            FaultKind::Forbidden => (403, "forbidden".to_owned()),
            FaultKind::NotFound => (404, "not found".to_owned()),
            FaultKind::SaysMissing => (400, format!("environment {ENVIRONMENT} does not exist")),
            FaultKind::Rejected => (409, "conflict".to_owned()),
            FaultKind::TooManyRequests => (429, "busy".to_owned()),
            FaultKind::Transient => (503, "broken".to_owned()),
            FaultKind::BadRequest | FaultKind::Unreadable | FaultKind::NotTheApi => {
                unimplemented!("no test needs it")
            }
        };
        Self {
            status,
            detail,
            retry_after: None,
        }
    }

    pub(super) fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    pub(super) fn response(self) -> RawResponse {
        let mut response = respond(
            self.status,
            &json!({"status": self.status, "detail": self.detail}),
        );
        if let Some(delay) = self.retry_after {
            let delay = HeaderValue::from(delay.as_secs());
            response.headers.insert(header::RETRY_AFTER, delay);
        }
        response
    }
}

/// A response with this document.
pub(super) fn respond(status: u16, body: &Value) -> RawResponse {
    let json = HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
    let status = StatusCode::from_u16(status).unwrap();
    RawResponse::new(status, headers, body.to_string())
}

/// An environment in this project.
pub(super) fn environment(id: Uuid, project: Uuid) -> Value {
    json!({
        "id": id, "created_at": "2026-01-01T00:00:00Z", "name": "n", "mode": "PREVIEW", "cloud_provider": {},
        "organization": {"id": Uuid::from_u128(0x0a)}, "project": {"id": project}, "cluster_id": project,
    })
}

/// The reading from a time on, counted from the action, or from the first call if there is no action.
#[derive(Clone)]
pub(super) enum StatusReading {
    Status {
        state: &'static str,
        deployment: Option<&'static str>,
        request: Option<Uuid>,
        origin: Option<&'static str>,
    },
    Refused(Refusal),
}

#[derive(Default)]
pub(super) struct Inner {
    before: Option<StatusReading>,
    timeline: Vec<(f64, StatusReading)>,
    requests: Vec<(f64, Option<&'static str>)>,
    received: Option<Value>,
    refused_acts: Vec<Refusal>,
    date: Option<&'static str>,
    log: Vec<String>,
    refused_log: Option<Refusal>,
    pub(super) latency: Duration,
    pub(super) log_latency: Duration,
    history: Vec<(&'static str, &'static str, &'static str)>,
    queue: Vec<(f64, f64, Uuid, String)>,
    acted_at: Option<Instant>,
    pub(super) reads: Vec<Duration>,
    /// The requests that act: operation, and path with body.
    pub(super) acts: Vec<(&'static str, String)>,
    pub(super) logs: u32,
    begun: Option<Instant>,
}

#[derive(Clone, Default)]
pub(super) struct Server(pub(super) Arc<Mutex<Inner>>);

pub(super) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A server whose deployment continues.
pub(super) fn deploying() -> Server {
    Server::default()
        .before(status("DEPLOYED", "e-1"))
        .at(0.0, status("DEPLOYING", "e-2"))
}

pub(super) fn status(state: &'static str, deployment: &'static str) -> StatusReading {
    StatusReading::Status {
        state,
        deployment: Some(deployment),
        request: None,
        origin: None,
    }
}

/// A status that names a request.
pub(super) fn named(state: &'static str, deployment: &'static str, request: Uuid) -> StatusReading {
    StatusReading::Status {
        state,
        deployment: Some(deployment),
        request: Some(request),
        origin: None,
    }
}

/// A status of a deployment that came from the console.
pub(super) fn from_console(state: &'static str, deployment: &'static str) -> StatusReading {
    StatusReading::Status {
        state,
        deployment: Some(deployment),
        request: None,
        origin: Some("CONSOLE"),
    }
}

pub(super) fn bare(state: &'static str) -> StatusReading {
    StatusReading::Status {
        state,
        deployment: None,
        request: None,
        origin: None,
    }
}

pub(super) fn fault(kind: FaultKind) -> StatusReading {
    StatusReading::Refused(Refusal::of(kind))
}

impl Server {
    /// Shows this until the action.
    pub(super) fn before(self, shown: StatusReading) -> Self {
        self.set(|s| s.before = Some(shown))
    }

    /// Shows this from this second on.
    pub(super) fn at(self, second: f64, shown: StatusReading) -> Self {
        self.set(|s| s.timeline.push((second, shown)))
    }

    /// The responses for the id of the request. Without any, the server names no request.
    pub(super) fn request_at(self, second: f64, state: Option<&'static str>) -> Self {
        self.set(|s| {
            s.received = Some(json!({"deployment_request_id": REQUEST}));
            s.requests.push((second, state));
        })
    }

    pub(super) fn with_idle_response(self) -> Self {
        self.set(|s| s.received = Some(json!({"last_deployment_state": "DEPLOYED"})))
    }

    /// The `Date` of the response to an action.
    pub(super) fn date(self, date: &'static str) -> Self {
        self.set(|s| s.date = Some(date))
    }

    pub(super) fn latency(self, latency: Duration) -> Self {
        self.set(|s| s.latency = latency)
    }

    /// The history of deployments and their states, newest first.
    pub(super) fn history(self, past: &[(&'static str, &'static str)]) -> Self {
        let deployed = |(deployment, state): &(_, _)| (*deployment, "DEPLOY", *state);
        let past: Vec<_> = past.iter().map(deployed).collect();
        self.history_of(&past)
    }

    /// The history of deployments, their actions and their states, newest first.
    pub(super) fn history_of(self, past: &[(&'static str, &'static str, &'static str)]) -> Self {
        self.set(|s| s.history = past.to_vec())
    }

    pub(super) fn act_fails(self, refusal: Refusal) -> Self {
        self.set(|s| s.refused_acts.push(refusal))
    }

    pub(super) fn queued(self, request: Uuid, action: &str) -> Self {
        self.queued_at(0.0, request, action)
    }

    /// Shows this in the queue from that second on.
    pub(super) fn queued_at(self, second: f64, request: Uuid, action: &str) -> Self {
        self.queued_between(second, f64::INFINITY, request, action)
    }

    /// Shows this in the queue from one second to another; before the action, if the first is
    /// negative.
    pub(super) fn queued_between(self, from: f64, to: f64, request: Uuid, action: &str) -> Self {
        self.set(|s| s.queue.push((from, to, request, action.to_owned())))
    }

    /// The texts of the lines of the log.
    pub(super) fn log(self, lines: impl Iterator<Item = String>) -> Self {
        self.set(|s| s.log = lines.collect())
    }

    pub(super) fn log_fails(self, refusal: Refusal) -> Self {
        self.set(|s| s.refused_log = Some(refusal))
    }

    fn set(self, change: impl FnOnce(&mut Inner)) -> Self {
        change(&mut self.0.lock().unwrap());
        self
    }

    pub(super) fn act(&self, act: ActionRequest) -> Action {
        Action::requesting(self.source(), Subject::environment(ENVIRONMENT), act)
            .schedule(PollSchedule::default().seed(1))
    }

    pub(super) fn deploy(&self) -> Action {
        self.act(ActionRequest::Redeploy)
    }

    pub(super) fn source(&self) -> Arc<ApiSource> {
        let client = Client::with_transport("https://h.test", self.clone()).unwrap();
        Arc::new(ApiSource::new(client))
    }

    pub(super) fn reads(&self) -> Vec<f64> {
        let inner = self.0.lock().unwrap();
        inner.reads.iter().map(Duration::as_secs_f64).collect()
    }

    pub(super) fn acts(&self) -> Vec<(&'static str, String)> {
        self.0.lock().unwrap().acts.clone()
    }

    async fn respond<T>(&self, work: impl FnOnce(&mut Inner, f64) -> T) -> T {
        let latency = {
            let mut inner = self.0.lock().unwrap();
            inner.begun.get_or_insert_with(Instant::now);
            inner.latency
        };
        if !latency.is_zero() {
            time::sleep(latency).await;
        }
        let mut inner = self.0.lock().unwrap();
        let since = inner.acted_at.or(inner.begun).unwrap_or_else(Instant::now);
        work(&mut inner, since.elapsed().as_secs_f64())
    }
}

fn current<T: Clone>(timeline: &[(f64, T)], now: f64) -> Option<T> {
    timeline
        .iter()
        .rfind(|(at, _)| *at <= now + 1e-9)
        .map(|(_, shown)| shown.clone())
}

impl Inner {
    fn status(&mut self, now: f64) -> RawResponse {
        self.reads.push(self.begun.unwrap().elapsed());
        let shown = if self.acted_at.is_none() && self.before.is_some() {
            self.before.clone()
        } else {
            current(&self.timeline, now).or(self.before.clone())
        };
        match shown.expect("the timeline begins at 0") {
            StatusReading::Refused(refusal) => refusal.response(),
            StatusReading::Status {
                state,
                deployment,
                request,
                origin,
            } => {
                let environment = json!({
                    "id": ENVIRONMENT, "state": state, "last_deployment_state": state,
                    "last_deployment_id": deployment, "deployment_request_id": request, "origin": origin,
                });
                respond(200, &json!({"environment": environment, "stages": []}))
            }
        }
    }

    fn request(&self, now: f64) -> RawResponse {
        match current(&self.requests, now).flatten() {
            Some(state) => respond(
                200,
                &json!({"status": state, "environment_id": ENVIRONMENT}),
            ),
            None => RawResponse::new(StatusCode::OK, HeaderMap::new(), ""),
        }
    }

    fn queue(&self, now: f64) -> RawResponse {
        let now = if self.acted_at.is_some() { now } else { -1.0 };
        let waiting = self.queue.iter();
        let waiting = waiting.filter(|(from, to, ..)| *from <= now && now < *to);
        let waiting = waiting.map(|(_, _, request, action)| {
            json!({
                "identifier": {"deployment_request_id": request, "environment_id": ENVIRONMENT},
                "auditing_data": {"triggered_by": ""}, "trigger_action": action, "stages": [],
            })
        });
        respond(200, &json!({"results": waiting.collect::<Vec<_>>()}))
    }

    /// Without entries, the history cannot be read.
    fn past(&self) -> RawResponse {
        if self.history.is_empty() {
            return Refusal::of(FaultKind::NotFound).response();
        }
        let time = "2026-01-01T00:00:00Z";
        let past = self.history.iter().map(|(deployment, action, state)| {
            json!({
                "identifier": {"execution_id": deployment, "environment_id": ENVIRONMENT},
                "auditing_data": {"created_at": time, "updated_at": time, "triggered_by": ""},
                "status": state, "trigger_action": action, "total_duration": "PT0S", "stages": [],
                "action_status": "SUCCESS",
            })
        });
        let past: Vec<_> = past.collect();
        respond(200, &json!({"page": 1, "page_size": 20, "results": past}))
    }

    fn log(&mut self) -> RawResponse {
        self.logs += 1;
        if let Some(refusal) = self.refused_log.clone() {
            return refusal.response();
        }
        let lines = self.log.iter().map(|text| {
            json!({
                "type": "info", "timestamp": "2026-01-01T00:00:00Z", "details": {},
                "message": {"safe_message": text},
            })
        });
        respond(200, &Value::Array(lines.collect()))
    }

    fn act(&mut self, request: &Request) -> RawResponse {
        let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
        let target = format!("{} {body}", request.url.path());
        self.acts.push((request.operation.id, target));
        if !self.refused_acts.is_empty() {
            return self.refused_acts.remove(0).response();
        }
        self.acted_at.get_or_insert_with(Instant::now);
        let mut body = json!({"id": ENVIRONMENT, "state": "DEPLOYING"});
        let received = self.received.iter().filter_map(Value::as_object);
        body.as_object_mut()
            .unwrap()
            .extend(received.flatten().map(|(k, v)| (k.clone(), v.clone())));
        let mut response = respond(200, &body);
        if let Some(date) = self.date {
            response
                .headers
                .insert(header::DATE, HeaderValue::from_static(date));
        }
        response
    }
}

impl Transport for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<RawResponse, TransportError>> {
        Box::pin(async move {
            Ok(match request.operation.id {
                "getEnvironmentStatusesWithStages" => self.respond(Inner::status).await,
                "getDeploymentStatusByDeploymentRequestId" => {
                    self.respond(|s, now| s.request(now)).await
                }
                "listDeploymentRequestByEnvironmentId" => self.respond(|s, now| s.queue(now)).await,
                "listEnvironmentDeploymentHistoryV2" => self.respond(|s, _| s.past()).await,
                "listEnvironmentLogs" => {
                    let pause = self.0.lock().unwrap().log_latency;
                    time::sleep(pause).await;
                    self.respond(|s, _| s.log()).await
                }
                "getEnvironment" => respond(200, &environment(ENVIRONMENT, Uuid::from_u128(0x0b))),
                // The token may not list the environments of the project.
                "listEnvironment" => Refusal::of(FaultKind::NotFound).response(),
                _ => self.respond(|s, _| s.act(&request)).await,
            })
        })
    }
}
