//! A server that follows a timeline, behind the source trait of the engine.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{self, Instant};
use uuid::Uuid;

use crate::wait::{
    Action, BoxFuture, PollSchedule, Snapshot, State, Subject,
    action_request::ActionRequest,
    failure_report::DeploymentLog,
    failure_report::LogLine,
    snapshot::LastRun,
    source::{
        ActionResponse, Fault, FaultKind, HistoryEntry, QueueRow, Reading, RequestReading, Source,
    },
};

pub(super) const ENVIRONMENT: Uuid = Uuid::from_u128(0xe);
/// Ordered by time, as the ids of the API are.
pub(super) const REQUEST: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0042);

/// The reading from a time on, counted from the action, or from the first call if there is no action.
#[derive(Clone)]
pub(super) enum StatusReading {
    Status {
        state: &'static str,
        deployment: Option<&'static str>,
        request: Option<Uuid>,
        origin: Option<&'static str>,
    },
    Fault(Fault),
}

#[derive(Default)]
pub(super) struct Inner {
    before: Option<StatusReading>,
    timeline: Vec<(f64, StatusReading)>,
    requests: Vec<(f64, Option<&'static str>)>,
    received: Option<ActionResponse>,
    act_faults: Vec<Fault>,
    log: Option<Result<DeploymentLog, Fault>>,
    pub(super) latency: Duration,
    pub(super) log_latency: Duration,
    history: Vec<(&'static str, &'static str, &'static str)>,
    queue: Vec<(f64, f64, QueueRow)>,
    acted_at: Option<Instant>,
    pub(super) reads: Vec<Duration>,
    pub(super) acts: Vec<ActionRequest>,
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
    StatusReading::Fault(Fault::new(kind, format!("{kind:?}")))
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
            s.received = Some(ActionResponse {
                request: Some(REQUEST),
                execution: None,
                idle: false,
                server_time: None,
            });
            s.requests.push((second, state));
        })
    }

    pub(super) fn with_idle_response(self) -> Self {
        self.set(|s| {
            s.received = Some(ActionResponse {
                request: None,
                execution: None,
                idle: true,
                server_time: None,
            });
        })
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

    pub(super) fn act_fails(self, fault: Fault) -> Self {
        self.set(|s| s.act_faults.push(fault))
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
        let waiting = QueueRow {
            request,
            action: action.to_owned(),
            services: None,
            origin: None,
            triggered_by: None,
            has_begun: false,
        };
        self.set(|s| s.queue.push((from, to, waiting)))
    }

    pub(super) fn log(self, log: Result<DeploymentLog, Fault>) -> Self {
        self.set(|s| s.log = Some(log))
    }

    fn set(self, change: impl FnOnce(&mut Inner)) -> Self {
        change(&mut self.0.lock().unwrap());
        self
    }

    pub(super) fn act(&self, act: ActionRequest) -> Action {
        Action::requesting(
            Arc::new(self.clone()),
            Subject::environment(ENVIRONMENT),
            act,
        )
        .schedule(PollSchedule::default().seed(1))
    }

    pub(super) fn deploy(&self) -> Action {
        self.act(ActionRequest::Redeploy)
    }

    pub(super) fn source(&self) -> Arc<dyn Source> {
        Arc::new(self.clone())
    }

    pub(super) fn reads(&self) -> Vec<f64> {
        let inner = self.0.lock().unwrap();
        inner.reads.iter().map(Duration::as_secs_f64).collect()
    }

    pub(super) fn acts(&self) -> Vec<ActionRequest> {
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

impl Source for Server {
    fn read<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Reading, Fault>> {
        Box::pin(self.respond(move |s, now| {
            s.reads.push(s.begun.unwrap().elapsed());
            let shown = if s.acted_at.is_none() && s.before.is_some() {
                s.before.clone()
            } else {
                current(&s.timeline, now).or(s.before.clone())
            };
            match shown.expect("the timeline begins at 0") {
                StatusReading::Fault(fault) => Err(fault),
                StatusReading::Status {
                    state,
                    deployment,
                    request,
                    origin,
                } => {
                    let mut snapshot = Snapshot::new(subject.clone(), State::from(state));
                    snapshot.deployment_id = deployment.map(str::to_owned);
                    snapshot.deployment_request_id = request;
                    snapshot.origin = origin.map(str::to_owned);
                    snapshot.whole = Some(LastRun::of(&snapshot));
                    Ok(Reading {
                        snapshot,
                        retry_after: None,
                    })
                }
            }
        }))
    }

    fn request(&self, _: Uuid) -> BoxFuture<'_, Result<Option<RequestReading>, Fault>> {
        Box::pin(self.respond(|s, now| {
            let state = current(&s.requests, now).flatten();
            Ok(state.map(|state| RequestReading {
                environment: Some(ENVIRONMENT),
                state: State::from(state),
            }))
        }))
    }

    fn queue<'a>(&'a self, _: &'a Subject) -> BoxFuture<'a, Result<Option<Vec<QueueRow>>, Fault>> {
        Box::pin(self.respond(|s, now| {
            let now = if s.acted_at.is_some() { now } else { -1.0 };
            let waits = s
                .queue
                .iter()
                .filter(|(from, to, _)| *from <= now && now < *to);
            let waits = waits.map(|(_, _, waiting)| waiting.clone());
            Ok(Some(waits.collect()))
        }))
    }

    fn history<'a>(
        &'a self,
        _: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Vec<HistoryEntry>>, Fault>> {
        Box::pin(self.respond(|s, _| {
            let past = s
                .history
                .iter()
                .map(|(deployment, action, state)| HistoryEntry {
                    deployment: (*deployment).to_owned(),
                    action: (*action).to_owned(),
                    state: State::from(*state),
                    services: Vec::new(),
                    origin: None,
                    triggered_by: None,
                    created: None,
                    updated: None,
                });
            Ok((!s.history.is_empty()).then(|| past.collect()))
        }))
    }

    fn start<'a>(
        &'a self,
        _: &'a Subject,
        act: &'a ActionRequest,
    ) -> BoxFuture<'a, Result<ActionResponse, Fault>> {
        Box::pin(self.respond(move |s, _| {
            s.acts.push(act.clone());
            if !s.act_faults.is_empty() {
                return Err(s.act_faults.remove(0));
            }
            s.acted_at.get_or_insert_with(Instant::now);
            Ok(s.received.clone().unwrap_or_default())
        }))
    }

    fn log<'a>(
        &'a self,
        _: &'a Subject,
        _: Option<&'a str>,
        _: bool,
    ) -> BoxFuture<'a, Result<DeploymentLog, Fault>> {
        Box::pin(async {
            let pause = self.0.lock().unwrap().log_latency;
            time::sleep(pause).await;
            self.respond(|s, _| {
                s.logs += 1;
                s.log
                    .clone()
                    .unwrap_or_else(|| Ok(DeploymentLog::default()))
            })
            .await
        })
    }

    fn project_of(&self, _: Uuid) -> BoxFuture<'_, Result<Uuid, Fault>> {
        Box::pin(async { Err(Fault::new(FaultKind::NotFound, "no projects here")) })
    }

    fn read_project(&self, _: Uuid) -> BoxFuture<'_, Result<Vec<Reading>, Fault>> {
        Box::pin(async { Err(Fault::new(FaultKind::NotFound, "no projects here")) })
    }
}

pub(super) fn log_line(text: &str) -> LogLine {
    LogLine {
        text: text.to_owned(),
        ..LogLine::default()
    }
}
