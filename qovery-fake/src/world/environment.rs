//! Environments, their stages and their services.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::script::Script;
use crate::{Workload, settings::Settings, vocabulary::is_terminal};

/// An environment: the states that readers see, and the data that they are derived from.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) organization: Uuid,
    pub(crate) project: Uuid,
    pub(crate) cluster: Uuid,
    pub(crate) stages: Vec<Stage>,
    pub(crate) services: Vec<Uuid>,
    /// The current state; an older failure of another service keeps it in error.
    pub(crate) state: String,
    /// The state of the last deployment.
    pub(crate) last_deployment_state: String,
    pub(crate) last_execution: Option<String>,
    pub(crate) last_deployment_at: Option<Duration>,
    pub(crate) origin: Option<String>,
    pub(crate) triggered_by: Option<String>,
    /// The execution in progress.
    pub(crate) running: Option<String>,
    /// Queued requests, in order.
    pub(crate) queue: VecDeque<Uuid>,
    /// All executions, oldest first.
    pub(crate) executions: Vec<String>,
    pub(crate) scripts: VecDeque<Script>,
    pub(crate) settings: Settings,
    /// An older view that readers see until its deadline, instead of the current one.
    pub(crate) stale: Option<Stale>,
    /// A state that is shown until the deadline instead of the real one.
    pub(crate) masked: Option<(Duration, String)>,
    /// The status from before the request whose state is shown.
    pub(crate) before: EnvironmentBefore,
}

/// The status of an environment before a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct EnvironmentBefore {
    state: String,
    last_deployment_state: String,
    origin: Option<String>,
    triggered_by: Option<String>,
}

impl Environment {
    /// Keeps the status, if it is the end of a deployment.
    pub(crate) fn keep_last_end(&mut self) {
        if is_terminal(&self.last_deployment_state) {
            self.before = EnvironmentBefore {
                state: self.state.clone(),
                last_deployment_state: self.last_deployment_state.clone(),
                origin: self.origin.clone(),
                triggered_by: self.triggered_by.clone(),
            };
        }
    }

    pub(crate) fn show_last_end(&mut self) {
        let before = self.before.clone();
        self.state = before.state;
        self.last_deployment_state = before.last_deployment_state;
        self.origin = before.origin;
        self.triggered_by = before.triggered_by;
    }

    pub(crate) fn stage(&self, id: Uuid) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }
}

/// A view of an environment that is kept for a while.
#[derive(Debug, Clone)]
pub(crate) struct Stale {
    pub(crate) until: Duration,
    pub(crate) environment: Box<Environment>,
    pub(crate) services: Vec<Service>,
}

/// A deployment stage.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    /// `QUEUED`, `ONGOING`, `DONE`, `ERROR`, `SKIPPED` or `CANCELED`, once deployed.
    pub(crate) status: Option<&'static str>,
    pub(crate) duration: Duration,
}

/// A service of any kind.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) id: Uuid,
    pub(crate) kind: Workload,
    /// Whether its stage skips it.
    pub(crate) is_skipped: bool,
    pub(crate) name: String,
    pub(crate) environment: Uuid,
    pub(crate) stage: Uuid,
    pub(crate) state: String,
    /// The state that the service returns to if a deployment does not reach it.
    pub(crate) resting_state: String,
    /// Action and its status, such as `DEPLOY` and `ONGOING`.
    pub(crate) details: (&'static str, &'static str),
    pub(crate) steps: Vec<StepRun>,
    pub(crate) part_of_last: bool,
    pub(crate) last_execution: Option<String>,
    pub(crate) last_deployment_at: Option<Duration>,
    pub(crate) deployment_status: &'static str,
    pub(crate) durations: Vec<(crate::Step, Duration)>,
    /// The version that the last run requested.
    pub(crate) asked: Map<String, Value>,
    /// Whether the last run computes a plan and applies nothing.
    pub(crate) is_plan: bool,
    pub(crate) logs: Vec<(Duration, String)>,
    /// The problem of its pod: the reason, and the exit code of its last run.
    pub(crate) pod_problem: Option<(String, Option<i32>)>,
    /// How many times the container of its pod was restarted.
    pub(crate) pod_restarts: u32,
    pub(crate) masked: Option<(Duration, String)>,
    /// The request of the run whose state is shown.
    pub(crate) request: Option<Uuid>,
    /// The rest of its status before that request.
    pub(crate) before: ServiceBefore,
}

/// The status of a service before a request, besides its state.
#[derive(Debug, Clone)]
pub(crate) struct ServiceBefore {
    pub(crate) details: (&'static str, &'static str),
    part_of_last: bool,
    last_execution: Option<String>,
    request: Option<Uuid>,
    steps: Vec<StepRun>,
}

impl Default for ServiceBefore {
    fn default() -> Self {
        Self {
            details: ("UNKNOWN", "NEVER"),
            part_of_last: false,
            last_execution: None,
            request: None,
            steps: Vec::new(),
        }
    }
}

impl Service {
    /// Keeps the status, if it is the end of a deployment.
    pub(crate) fn keep_last_end(&mut self) {
        if is_terminal(&self.state) {
            self.resting_state.clone_from(&self.state);
            self.before = ServiceBefore {
                details: self.details,
                part_of_last: self.part_of_last,
                last_execution: self.last_execution.clone(),
                request: self.request,
                steps: self.steps.clone(),
            };
        }
    }

    pub(crate) fn show_last_end(&mut self) {
        let before = self.before.clone();
        self.state.clone_from(&self.resting_state);
        self.details = before.details;
        self.part_of_last = before.part_of_last;
        self.last_execution = before.last_execution;
        self.request = before.request;
        self.steps = before.steps;
    }
}

/// One step of a service.
#[derive(Debug, Clone)]
pub(crate) struct StepRun {
    pub(crate) name: &'static str,
    pub(crate) started: Duration,
    /// `SUCCESS`, `ERROR`, `CANCEL` or `SKIP`, and when; `None` while it runs.
    pub(crate) ended: Option<(&'static str, Duration)>,
}
