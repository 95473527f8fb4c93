//! Executions: a request carried out, stage by stage, service by service, step by step.

use std::time::Duration;

use uuid::Uuid;

use super::{
    World,
    agenda::Event,
    environment::{Environment, Stage, StepRun},
    request::{DeploymentRequest, RequestStage},
    resources::Resource,
    script::Failure,
};
use crate::{Step, Trigger, Workload};

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

    fn service_mut(&mut self, id: Uuid) -> Option<&mut ServiceRun> {
        let mut services = self.stages.iter_mut().flat_map(|stage| &mut stage.services);
        services.find(|service| service.service == id)
    }

    fn failure(&self, service: Uuid, step: Step) -> Option<&Failure> {
        let mut failures = self.request.script.failures.iter();
        failures.find(|failure| failure.service == service && failure.step == step)
    }

    fn log(&mut self, at: Duration, service: Option<Uuid>, step: &'static str, message: String) {
        self.logs.push(LogEntry {
            at,
            service,
            step,
            message,
            is_error: false,
        });
    }
}

/// The steps of a service for an action.
fn steps(action: Trigger, kind: Workload) -> &'static [Step] {
    match action {
        Trigger::Deploy => kind.deploy_steps(),
        _ => &[Step::Deployment],
    }
}

impl World {
    pub(super) fn start_execution(&mut self, mut request: DeploymentRequest) {
        let history_id = self.time.new_id();
        request.stage = RequestStage::Running;
        request.state = request.action.running(None).to_owned();
        let Some(environment) = self.environments.get(&request.environment) else {
            return;
        };
        let id = format!("{}-{}", environment.id, environment.executions.len() + 1);
        let stages = self.stages_of(&request, environment);
        let services = environment.services.clone();
        let mut execution = Execution::entry(id.clone(), history_id, request.clone());
        execution.started_at = self.time.now();
        execution.stages = stages;
        let running = request.action.running(None);
        running.clone_into(&mut execution.state);

        for service in services {
            let Some(service) = self.services.get_mut(&service) else {
                continue;
            };
            service.part_of_last = request.services.contains(&service.id);
            if service.part_of_last {
                service.last_execution = Some(id.clone());
                service.steps.clear();
            }
        }
        if let Some(environment) = self.environments.get_mut(&request.environment) {
            environment.running = Some(id.clone());
            environment.last_execution = Some(id.clone());
            environment.last_deployment_at = Some(self.time.now());
            environment.executions.push(id.clone());
            running.clone_into(&mut environment.state);
            running.clone_into(&mut environment.last_deployment_state);
            for stage in &mut environment.stages {
                let run = execution.stages.iter().find(|run| run.stage == stage.id);
                stage.status = run.map(|run| run.status);
                stage.duration = Duration::ZERO;
            }
        }
        self.requests.insert(request.id, request);
        self.executions.insert(id.clone(), execution);
        self.after(self.traits.preparation, Event::Stage(id, 0));
    }

    /// Adds an entry to the history for a request that was canceled before it ran.
    pub(super) fn record_canceled(&mut self, request: &DeploymentRequest) {
        let history_id = self.time.new_id();
        let Some(environment) = self.environments.get(&request.environment) else {
            return;
        };
        let id = format!("{}-{}", environment.id, environment.executions.len() + 1);
        let mut entry = Execution::entry(id.clone(), history_id, request.clone());
        entry.started_at = self.time.now();
        entry.ended_at = Some(self.time.now());
        entry.state = "CANCELED".to_owned();
        entry.stages = self.stages_of(request, environment);
        for stage in &mut entry.stages {
            if stage.services.is_empty() {
                continue;
            }
            stage.status = "CANCELED";
            for run in &mut stage.services {
                run.state = "CANCELED".to_owned();
                run.status = "CANCELED";
            }
        }
        if let Some(environment) = self.environments.get_mut(&request.environment) {
            environment.executions.push(id.clone());
            if environment.running.is_none() {
                environment.last_execution = Some(id.clone());
                environment.last_deployment_at = Some(self.time.now());
            }
        }
        self.executions.insert(id, entry);
    }

    /// The stages that a request goes through, before any of them has started.
    fn stages_of(&self, request: &DeploymentRequest, environment: &Environment) -> Vec<StageRun> {
        let services = self.services_of(environment);
        let date = self.time.date(self.time.now());
        let facts = |id: Uuid| {
            let resource = self.resources.get(&id.to_string());
            resource.map(Resource::facts).unwrap_or_default()
        };
        let of_stage = |stage: &Stage| {
            let services: Vec<ServiceRun> = services
                .iter()
                .filter(|s| s.stage == stage.id && request.services.contains(&s.id))
                .map(|service| ServiceRun {
                    service: service.id,
                    name: service.name.clone(),
                    kind: service.kind,
                    state: request.action.queued().to_owned(),
                    status: "QUEUED",
                    started_at: None,
                    ended_at: None,
                    details: service.version_details(&facts(service.id), &date),
                    is_plan: service.is_plan,
                })
                .collect();
            StageRun {
                stage: stage.id,
                name: stage.name.clone(),
                status: if services.is_empty() {
                    "SKIPPED"
                } else {
                    "QUEUED"
                },
                started_at: None,
                ended_at: None,
                services,
            }
        };
        environment.stages.iter().map(of_stage).collect()
    }

    /// Returns the execution, if it is neither over nor being canceled.
    fn live(&mut self, id: &str) -> Option<&mut Execution> {
        let execution = self.executions.get_mut(id)?;
        (execution.ended_at.is_none() && !execution.canceling).then_some(execution)
    }

    pub(super) fn start_stage(&mut self, id: &str, position: usize) {
        let now = self.time.now();
        let Some(execution) = self.live(id) else {
            return;
        };
        execution.current_stage = position;
        let environment = execution.request.environment;
        let Some(stage) = execution.stages.get_mut(position) else {
            self.finish(id, None);
            return;
        };
        if stage.services.is_empty() {
            self.start_stage(id, position + 1);
            return;
        }
        stage.status = "ONGOING";
        stage.started_at = Some(now);
        let (stage_id, name) = (stage.stage, stage.name.clone());
        let services: Vec<Uuid> = stage.services.iter().map(|s| s.service).collect();
        execution.log(now, None, "Deploy", format!("stage {name} starts"));
        self.show_stage(environment, stage_id, "ONGOING", Duration::ZERO);
        for service in services {
            self.start_step(id, service, 0);
        }
    }

    fn show_stage(
        &mut self,
        environment: Uuid,
        stage: Uuid,
        status: &'static str,
        duration: Duration,
    ) {
        let environment = self.environments.get_mut(&environment);
        let stages = environment.into_iter().flat_map(|e| &mut e.stages);
        for shown in stages.filter(|shown| shown.id == stage) {
            shown.status = Some(status);
            shown.duration = duration;
        }
    }

    pub(super) fn start_step(&mut self, id: &str, service: Uuid, position: usize) {
        let now = self.time.now();
        let Some(subject) = self.services.get(&service).cloned() else {
            return;
        };
        let Some(execution) = self.live(id) else {
            return;
        };
        let action = execution.request.action;
        let Some(step) = steps(action, subject.kind).get(position).copied() else {
            self.end_service(id, service, action.done(), "SUCCESS", "SUCCESS");
            return;
        };
        let scripted = execution.request.script.durations.iter().rev();
        let usual = subject.durations.iter().rev().find(|(s, _)| *s == step);
        let duration = scripted
            .filter(|(target, s, _)| *target == service && *s == step)
            .map(|(_, _, duration)| *duration)
            .next()
            .or(usual.map(|(_, duration)| *duration))
            .unwrap_or_else(|| step.usual_duration());
        let hangs = execution.request.script.hangs.contains(&(service, step));
        let fails = execution.failure(service, step).is_some();
        let state = action.running(Some(step));
        execution.log(
            now,
            Some(service),
            step.name(),
            format!("{}: {} starts", subject.name, step.name()),
        );
        if let Some(run) = execution.service_mut(service) {
            state.clone_into(&mut run.state);
            run.status = "ONGOING";
            run.started_at.get_or_insert(now);
        }
        if let Some(shown) = self.services.get_mut(&service) {
            close_step(&mut shown.steps, "SUCCESS", now);
            shown.steps.push(StepRun {
                name: step.name(),
                started: now,
                ended: None,
            });
            state.clone_into(&mut shown.state);
            let executing = step == Step::Execution;
            shown.details = (
                action.of_service(),
                if executing { "EXECUTING" } else { "ONGOING" },
            );
        }
        if hangs {
            return;
        }
        let next = if fails {
            Event::Fail(id.to_owned(), service, position)
        } else {
            Event::Step(id.to_owned(), service, position + 1)
        };
        self.after(duration, next);
    }

    pub(super) fn fail_step(&mut self, id: &str, service: Uuid, position: usize) {
        let now = self.time.now();
        let Some(kind) = self.services.get(&service).map(|service| service.kind) else {
            return;
        };
        let Some(execution) = self.live(id) else {
            return;
        };
        let action = execution.request.action;
        let Some(step) = steps(action, kind).get(position).copied() else {
            return;
        };
        if let Some(failure) = execution.failure(service, step).cloned() {
            for line in failure.log {
                execution.log(now, Some(service), step.name(), line);
            }
            execution.logs.push(LogEntry {
                at: now,
                service: Some(service),
                step: step.name(),
                message: failure.reason,
                is_error: true,
            });
        }
        self.end_service(id, service, action.failed(Some(step)), "ERROR", "ERROR");
    }

    fn end_service(
        &mut self,
        id: &str,
        service: Uuid,
        state: &str,
        status: &'static str,
        step: &'static str,
    ) {
        let now = self.time.now();
        if let Some(execution) = self.executions.get_mut(id) {
            let logs = execution.request.script.logs.clone();
            for (_, lines) in logs.into_iter().filter(|(about, _)| *about == service) {
                for line in lines {
                    execution.log(now, Some(service), Step::Deployment.name(), line);
                }
            }
        }
        if let Some(shown) = self.services.get_mut(&service) {
            close_step(&mut shown.steps, step, now);
            state.clone_into(&mut shown.state);
            state.clone_into(&mut shown.resting_state);
            shown.details.1 = status;
            shown.last_deployment_at = Some(now);
            if state == "DEPLOYED" {
                shown.deployment_status = "UP_TO_DATE";
            }
        }
        let Some(execution) = self.live(id) else {
            return;
        };
        if let Some(run) = execution.service_mut(service) {
            state.clone_into(&mut run.state);
            run.status = status;
            run.ended_at = Some(now);
        }
        self.end_stage_if_done(id);
    }

    fn end_stage_if_done(&mut self, id: &str) {
        let now = self.time.now();
        let Some(execution) = self.live(id) else {
            return;
        };
        let position = execution.current_stage;
        let environment = execution.request.environment;
        let Some(stage) = execution.stages.get_mut(position) else {
            return;
        };
        if stage
            .services
            .iter()
            .any(|service| service.ended_at.is_none())
        {
            return;
        }
        let failed = stage
            .services
            .iter()
            .find(|service| service.status == "ERROR");
        let failed = failed.map(|service| service.state.clone());
        stage.status = if failed.is_some() { "ERROR" } else { "DONE" };
        stage.ended_at = Some(now);
        let duration = now.saturating_sub(stage.started_at.unwrap_or(now));
        let (stage, status) = (stage.stage, stage.status);
        self.show_stage(environment, stage, status, duration);
        match failed {
            Some(state) => self.finish(id, Some(state)),
            None => self.after(Duration::ZERO, Event::Stage(id.to_owned(), position + 1)),
        }
    }
}

/// Ends the current step, if there is one.
pub(super) fn close_step(steps: &mut [StepRun], status: &'static str, now: Duration) {
    if let Some(step) = steps.last_mut() {
        step.ended.get_or_insert((status, now));
    }
}

mod ending;
