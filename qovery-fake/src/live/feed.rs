//! The frames of a socket. Each frame is derived from the world, and sent once.
//!
//! A feed is polled again whenever the world may have changed. Faults are applied separately.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::example;
use crate::{
    core::Core,
    exchange::Incoming,
    world::{World, environment::Service},
};

/// How often a service is measured.
const MEASURED_EVERY: Duration = Duration::from_secs(10);

/// The frames that are due now.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) frames: Vec<Frame>,
    /// The code and the reason of the close frame, if the socket is closed after these frames.
    pub(super) close: Option<(u16, &'static str)>,
}

/// The data of a frame.
#[derive(Debug, Clone)]
pub(super) enum Frame {
    Text(String),
    Binary(Bytes),
}

/// The state of the feed of one socket.
#[derive(Debug)]
pub(super) struct Feed {
    incoming: Incoming,
    /// How many lines were read.
    position: Option<usize>,
    /// The execution whose lines are followed.
    execution: Option<String>,
    last: Option<Value>,
    measured: Option<Duration>,
    has_sent: bool,
}

impl Feed {
    pub(super) fn new(incoming: &Incoming) -> Self {
        Self {
            incoming: incoming.clone(),
            position: None,
            execution: None,
            last: None,
            measured: None,
            has_sent: false,
        }
    }

    fn id(&self, name: &str) -> Option<Uuid> {
        Uuid::parse_str(self.incoming.parameter(name)?).ok()
    }

    /// Returns the frames that are due now.
    pub(super) fn due(&mut self, core: &mut Core) -> Due {
        match self.incoming.path.as_str() {
            "/deployment/logs" => self.deployment_logs(core),
            "/deployment/status" => self.deployment_status(core),
            "/service/logs" => self.service_logs(core),
            "/service/status" => self.service_status(core),
            "/service/pods" => self.service_pods(core),
            "/service/metrics" => self.service_metrics(core),
            path if path.starts_with("/shell/") => Due::default(),
            path => {
                let path = path.to_owned();
                self.once(example(&path, &Value::Null))
            }
        }
    }

    /// Returns the response to bytes that the client sent. Shells of the fake echo their input until it ends.
    pub(super) fn received(&mut self, bytes: &Bytes) -> Due {
        if !self.incoming.path.starts_with("/shell/") {
            return Due::default();
        }
        let end = bytes.iter().position(|byte| *byte == 0x04);
        let is_end = end.is_some() && self.incoming.path != "/shell/portforward";
        let echoed = bytes.slice(..end.filter(|_| is_end).unwrap_or(bytes.len()));
        Due {
            frames: (!echoed.is_empty())
                .then_some(Frame::Binary(echoed))
                .into_iter()
                .collect(),
            close: is_end.then_some((1000, "")),
        }
    }

    /// A single frame. The socket stays open.
    fn once(&mut self, frame: Option<Value>) -> Due {
        if std::mem::replace(&mut self.has_sent, true) {
            return Due::default();
        }
        Due::of(frame)
    }

    /// A frame, each time that it differs from the previous one.
    fn changed(&mut self, frame: Option<Value>) -> Due {
        if frame == self.last {
            return Due::default();
        }
        self.last.clone_from(&frame);
        Due::of(frame)
    }

    fn deployment_logs(&mut self, core: &mut Core) -> Due {
        let Some(id) = self.id("environment") else {
            return Due::closed(1008, "no environment");
        };
        let version = self.incoming.parameter("version");
        let version = version.filter(|version| *version != "latest");
        let path = match version {
            Some(version) => format!("/environment/{id}/logs?version={version}"),
            None => format!("/environment/{id}/logs"),
        };
        let lines = core.read(&path);
        let Some(lines) = lines.as_ref().and_then(Value::as_array) else {
            return Due::closed(1008, "unknown environment");
        };
        if version.is_some() {
            let frame = Value::Array(lines.clone());
            return Due {
                close: Some((1000, "")),
                ..Due::of(Some(frame))
            };
        }
        let execution = core.world.environments.get(&id);
        let execution = execution.and_then(|one| one.last_execution.clone());
        if execution != self.execution {
            self.execution = execution;
            self.position = None;
        }
        let from = self.position.unwrap_or_default();
        let new = lines.get(from..).unwrap_or_default();
        self.position = Some(lines.len());
        Due::of((!new.is_empty()).then(|| Value::Array(new.to_vec())))
    }

    fn deployment_status(&mut self, core: &mut Core) -> Due {
        let Some(id) = self.id("environment") else {
            return Due::closed(1008, "no environment");
        };
        let status = core.read(&format!("/environment/{id}/statusesWithStages"));
        match status {
            Some(status) => self.changed(Some(status)),
            None => Due::closed(1008, "unknown environment"),
        }
    }

    fn service_logs(&mut self, core: &mut Core) -> Due {
        let world = &core.world;
        let service = self.id("service").and_then(|id| world.services.get(&id));
        let Some(service) = service else {
            return Due::closed(1008, "unknown service");
        };
        let lines = service.logs.as_slice();
        let from = match self.position {
            Some(position) => position,
            None => self.first_line(world, lines),
        };
        let known = lines.partition_point(|(at, _)| *at <= world.time.now());
        let new = lines.get(from..known).unwrap_or_default();
        self.position = Some(known.max(from));
        let frames = new.iter().map(|(at, text)| {
            let milliseconds = world.time.calendar(*at).timestamp_millis();
            let line = json!({
                "created_at": milliseconds,
                "message": text,
                "version": "1",
                "pod_name": pod_name(service),
                "container_name": service.name,
                "severity_text": "INFO",
                "labels": {},
                "from_kube": false,
            });
            Frame::Text(line.to_string())
        });
        Due {
            frames: frames.collect(),
            close: None,
        }
    }

    /// The first line to send: the first one since `start`, within the last `limit`.
    fn first_line(&self, world: &World, lines: &[(Duration, String)]) -> usize {
        let start = self.incoming.parameter("start");
        let start = start.and_then(|start| DateTime::parse_from_rfc3339(start).ok());
        let start = start.map(|start| start.to_utc());
        // Times have milliseconds: all lines of one millisecond have the same time.
        let is_before = |at: Duration, start: DateTime<Utc>| {
            world.time.calendar(at).timestamp_millis() < start.timestamp_millis()
        };
        let first = start.map_or(0, |start| {
            lines.partition_point(|(at, _)| is_before(*at, start))
        });
        let limit = self.incoming.parameter("limit");
        let limit = limit.and_then(|limit| limit.parse::<usize>().ok());
        limit.map_or(first, |limit| first.max(lines.len().saturating_sub(limit)))
    }

    fn service_status(&mut self, core: &mut Core) -> Due {
        let world = &core.world;
        let id = self.id("environment");
        let environments = world.environments.values();
        let environments = environments.filter(|one| id.is_none_or(|id| one.id == id));
        let environments: Vec<Value> = environments
            .map(|environment| {
                let services = world.services_of(environment);
                let of = |names: &[&str]| -> Vec<Value> {
                    let kind = |service: &&&Service| {
                        names.contains(&service.kind.service_type().to_uppercase().as_str())
                    };
                    services.iter().filter(kind).map(|one| state(one)).collect()
                };
                let states = services.iter().map(|one| running_state(one));
                let worst = states.min_by_key(|state| rank(state)).unwrap_or("STOPPED");
                json!({
                    "id": environment.id,
                    "project_id": environment.project,
                    "state": worst,
                    "applications": of(&["APPLICATION"]),
                    "containers": of(&["CONTAINER"]),
                    "databases": of(&["DATABASE"]),
                    "jobs": of(&["JOB"]),
                    "helms": of(&["HELM"]),
                    "terraform": of(&["TERRAFORM"]),
                    "agentic_workflows": of(&["AGENTIC_WORKFLOW"]),
                    "argocd_apps": [],
                })
            })
            .collect();
        if id.is_some() && environments.is_empty() {
            return Due::closed(1008, "unknown environment");
        }
        self.changed(Some(json!({ "environments": environments })))
    }

    fn service_pods(&mut self, core: &mut Core) -> Due {
        let service = self.id("service");
        let service = service.and_then(|id| core.world.services.get(&id));
        let Some(service) = service else {
            return Due::closed(1008, "unknown service");
        };
        let pods = json!({"pods": [{"name": pod_name(service), "ports": [8080]}]});
        Due {
            close: Some((1000, "")),
            ..Due::of(Some(pods))
        }
    }

    fn service_metrics(&mut self, core: &mut Core) -> Due {
        let now = core.world.time.now();
        let service = self.id("service");
        let service = service.and_then(|id| core.world.services.get(&id));
        let Some(service) = service else {
            return Due::closed(1008, "unknown service");
        };
        let is_due = self
            .measured
            .is_none_or(|last| now >= last + MEASURED_EVERY);
        if !is_due {
            return Due::default();
        }
        self.measured = Some(now);
        let amount = |current: u64, unit: &str| json!({"current": current, "current_percent": current / 10, "limit": 1000, "status": "OK", "unit": unit});
        let current = 100 + now.as_secs() % 100;
        Due::of(Some(json!([{
            "pod_name": pod_name(service),
            "cpu": amount(current, "mCPU"),
            "memory": amount(current, "MiB"),
            "storages": [],
        }])))
    }
}

impl Due {
    fn of(frame: Option<Value>) -> Self {
        let frame = frame.map(|frame| Frame::Text(frame.to_string()));
        Self {
            frames: frame.into_iter().collect(),
            close: None,
        }
    }

    fn closed(code: u16, reason: &'static str) -> Self {
        Self {
            frames: Vec::new(),
            close: Some((code, reason)),
        }
    }
}

fn pod_name(service: &Service) -> String {
    let id = service.id.simple().to_string();
    format!("{}-{}-0", service.name, id.get(24..).unwrap_or_default())
}

fn running_state(service: &Service) -> &'static str {
    if service.pod_problem.is_some() {
        return "ERROR";
    }
    match service.state.as_str() {
        "DEPLOYED" | "RESTARTED" => "RUNNING",
        "DEPLOYING" | "RESTARTING" => "STARTING",
        "STOPPING" | "DELETING" => "STOPPING",
        state if state.ends_with("ERROR") => "ERROR",
        _ => "STOPPED",
    }
}

/// The state of an environment is the worst of its services.
fn rank(state: &str) -> usize {
    let order = ["ERROR", "WARNING", "STARTING", "STOPPING", "RUNNING"];
    let mut order = order.iter();
    order.position(|known| *known == state).unwrap_or(5)
}

fn state(service: &Service) -> Value {
    let state = running_state(service);
    let is_there = !matches!(state, "STOPPED");
    let problem = service.pod_problem.as_ref();
    let reason = problem.map(|(reason, _)| reason.as_str());
    let probe = reason.filter(|reason| *reason == "Unhealthy");
    let ended = problem.and_then(|(_, code)| *code).map(|code| {
        json!({"exit_code": code, "exit_code_message": "", "finished_at": 0, "message": "", "reason": "Error", "signal": 0, "started_at": 0})
    });
    let container = json!({
        "name": service.name,
        "image": "image",
        "restart_count": service.pod_restarts.saturating_add(u32::from(ended.is_some())),
        "current_state": {"started_at": 0, "state": state, "state_reason": reason.filter(|_| probe.is_none())},
        "last_terminated_state": ended,
    });
    let events: Vec<Value> = probe
        .map(|reason| json!({"created_at": 0, "type": "Warning", "reason": reason, "message": "probe failed"}))
        .into_iter()
        .collect();
    let pod = json!({
        "name": pod_name(service),
        "state": state,
        "state_reason": "",
        "state_message": "",
        "restart_count": 0,
        "containers": [container],
        "started_at": 0,
        "service_version": "1",
        "last_events": events,
    });
    let pods: Vec<Value> = is_there.then_some(pod).into_iter().collect();
    let mut status = json!({
        "id": service.id,
        "state": state,
        "pods": pods,
        "certificates": [],
    });
    if service
        .kind
        .service_type()
        .eq_ignore_ascii_case("terraform")
        && let Some(status) = status.as_object_mut()
    {
        let action = json!({"action": "DEPLOY", "sub_action": "NONE"});
        status.insert("triggered_action".to_owned(), action);
    }
    status
}
