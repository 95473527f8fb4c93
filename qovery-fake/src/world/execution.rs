//! An execution of a deployment request, with its stages, services and log.

use std::time::Duration;

use uuid::Uuid;

use super::{request::DeploymentRequest, script::Failure};
use crate::{Step, Workload};

/// An execution of a request, running or kept for the history.
#[derive(Debug, Clone)]
pub(crate) struct Execution {
    /// The environment's id with a number, such as `…-3`.
    pub(crate) id: String,
    /// The id in the first version of the history.
    pub(crate) history_id: Uuid,
    pub(crate) request: DeploymentRequest,
    pub(crate) started_at: Duration,
    pub(crate) ended_at: Option<Duration>,
    pub(crate) state: String,
    pub(crate) stages: Vec<StageRun>,
    pub(crate) logs: Vec<LogEntry>,
    canceling: bool,
    current_stage: usize,
}

/// A stage of an execution.
#[derive(Debug, Clone)]
pub(crate) struct StageRun {
    pub(crate) stage: Uuid,
    pub(crate) name: String,
    pub(crate) status: &'static str,
    pub(crate) started_at: Option<Duration>,
    pub(crate) ended_at: Option<Duration>,
    pub(crate) services: Vec<ServiceRun>,
}

/// A service in an execution.
#[derive(Debug, Clone)]
pub(crate) struct ServiceRun {
    pub(crate) service: Uuid,
    pub(crate) name: String,
    pub(crate) kind: Workload,
    pub(crate) state: String,
    pub(crate) status: &'static str,
    pub(crate) started_at: Option<Duration>,
    pub(crate) ended_at: Option<Duration>,
    /// Its version, as the history shows it.
    pub(crate) details: serde_json::Value,
    pub(crate) is_plan: bool,
}

/// A line of a deployment log.
#[derive(Debug, Clone)]
pub(crate) struct LogEntry {
    pub(crate) at: Duration,
    pub(crate) service: Option<Uuid>,
    pub(crate) step: &'static str,
    pub(crate) message: String,
    pub(crate) is_error: bool,
}

impl Execution {
    /// A past execution, for histories that a script prepares.
    pub(crate) fn entry(id: String, history_id: Uuid, request: DeploymentRequest) -> Self {
        Self {
            id,
            history_id,
            started_at: request.accepted_at,
            ended_at: None,
            state: request.action.queued().to_owned(),
            stages: Vec::new(),
            logs: Vec::new(),
            canceling: false,
            current_stage: 0,
            request,
        }
    }

    /// Whether it has not ended and is not being canceled.
    pub(super) fn is_live(&self) -> bool {
        self.ended_at.is_none() && !self.canceling
    }

    /// Prevents further steps. It ends when the cancellation has been carried out.
    pub(super) fn begin_cancellation(&mut self) {
        self.canceling = true;
        self.state = "CANCELING".to_owned();
    }

    /// The position of the running stage.
    pub(super) fn current_stage(&self) -> usize {
        self.current_stage
    }

    pub(super) fn enter_stage(&mut self, position: usize) {
        self.current_stage = position;
    }

    pub(super) fn service_mut(&mut self, id: Uuid) -> Option<&mut ServiceRun> {
        let mut services = self.stages.iter_mut().flat_map(|stage| &mut stage.services);
        services.find(|service| service.service == id)
    }

    pub(super) fn failure(&self, service: Uuid, step: Step) -> Option<&Failure> {
        let mut failures = self.request.script.failures.iter();
        failures.find(|failure| failure.service == service && failure.step == step)
    }

    pub(super) fn log(
        &mut self,
        at: Duration,
        service: Option<Uuid>,
        step: &'static str,
        message: String,
    ) {
        self.logs.push(LogEntry {
            at,
            service,
            step,
            message,
            is_error: false,
        });
    }
}
