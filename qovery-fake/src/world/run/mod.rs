//! The run of an execution: stage by stage, service by service, step by step.

mod end;

use std::time::Duration;

use uuid::Uuid;

pub(super) use self::end::{end_cancellation, start_cancellation};
use super::{
    World,
    environment::{Environment, Stage, StepRun},
    event_queue::Event,
    execution::{Execution, LogEntry, ServiceRun, StageRun},
    request::{DeploymentRequest, RequestStage},
    resources::Resource,
    version,
};
use crate::{Step, Trigger, Workload};

/// The steps of a service for an action.
fn steps(action: Trigger, kind: Workload) -> &'static [Step] {
    match action {
        Trigger::Deploy => kind.deploy_steps(),
        _ => &[Step::Deployment],
    }
}

pub(super) fn start(world: &mut World, mut request: DeploymentRequest) {
    let history_id = world.time.new_id();
    request.stage = RequestStage::Running;
    request.state = request.action.running(None).to_owned();
    version::begin(world, request.action, &request.services, &request.versions);
    let Some(environment) = world.environments.get(&request.environment) else {
        return;
    };
    let id = format!("{}-{}", environment.id, environment.executions.len() + 1);
    let stages = stages_of(world, &request, environment);
    let services = environment.services.clone();
    let mut execution = Execution::entry(id.clone(), history_id, request.clone());
    execution.started_at = world.time.now();
    execution.stages = stages;
    let running = request.action.running(None);
    running.clone_into(&mut execution.state);

    for service in services {
        let Some(service) = world.services.get_mut(&service) else {
            continue;
        };
        service.part_of_last = request.services.contains(&service.id);
        if service.part_of_last {
            service.last_execution = Some(id.clone());
            service.steps.clear();
        }
    }
    if let Some(environment) = world.environments.get_mut(&request.environment) {
        environment.running = Some(id.clone());
        environment.last_execution = Some(id.clone());
        environment.last_deployment_at = Some(world.time.now());
        environment.executions.push(id.clone());
        running.clone_into(&mut environment.state);
        running.clone_into(&mut environment.last_deployment_state);
        for stage in &mut environment.stages {
            let run = execution.stages.iter().find(|run| run.stage == stage.id);
            stage.status = run.map(|run| run.status);
            stage.duration = Duration::ZERO;
        }
    }
    world.requests.insert(request.id, request);
    world.executions.insert(id.clone(), execution);
    world.after(world.traits.preparation, Event::Stage(id, 0));
}

/// Adds an entry to the history for a request that was canceled before it ran.
pub(super) fn record_canceled(world: &mut World, request: &DeploymentRequest) {
    let history_id = world.time.new_id();
    let Some(environment) = world.environments.get(&request.environment) else {
        return;
    };
    let id = format!("{}-{}", environment.id, environment.executions.len() + 1);
    let mut entry = Execution::entry(id.clone(), history_id, request.clone());
    entry.started_at = world.time.now();
    entry.ended_at = Some(world.time.now());
    entry.state = "CANCELED".to_owned();
    entry.stages = stages_of(world, request, environment);
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
    if let Some(environment) = world.environments.get_mut(&request.environment) {
        environment.executions.push(id.clone());
        if environment.running.is_none() {
            environment.last_execution = Some(id.clone());
            environment.last_deployment_at = Some(world.time.now());
        }
    }
    world.executions.insert(id, entry);
}

/// The stages that a request goes through, before any of them has started.
fn stages_of(
    world: &World,
    request: &DeploymentRequest,
    environment: &Environment,
) -> Vec<StageRun> {
    let services = world.services_of(environment);
    let date = world.time.date(world.time.now());
    let facts = |id: Uuid| {
        let resource = world.resources.get(&id.to_string());
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
                details: version::details(service, &facts(service.id), &date),
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

/// Returns the execution, if it has not ended and is not being canceled.
fn live<'a>(world: &'a mut World, id: &str) -> Option<&'a mut Execution> {
    world
        .executions
        .get_mut(id)
        .filter(|execution| execution.is_live())
}

pub(super) fn start_stage(world: &mut World, id: &str, position: usize) {
    let now = world.time.now();
    let Some(execution) = live(world, id) else {
        return;
    };
    execution.enter_stage(position);
    let environment = execution.request.environment;
    let Some(stage) = execution.stages.get_mut(position) else {
        end::finish(world, id, None);
        return;
    };
    if stage.services.is_empty() {
        start_stage(world, id, position + 1);
        return;
    }
    stage.status = "ONGOING";
    stage.started_at = Some(now);
    let (stage_id, name) = (stage.stage, stage.name.clone());
    let services: Vec<Uuid> = stage.services.iter().map(|s| s.service).collect();
    execution.log(now, None, "Deploy", format!("stage {name} starts"));
    show_stage(world, environment, stage_id, "ONGOING", Duration::ZERO);
    for service in services {
        start_step(world, id, service, 0);
    }
}

fn show_stage(
    world: &mut World,
    environment: Uuid,
    stage: Uuid,
    status: &'static str,
    duration: Duration,
) {
    let environment = world.environments.get_mut(&environment);
    let stages = environment.into_iter().flat_map(|e| &mut e.stages);
    for shown in stages.filter(|shown| shown.id == stage) {
        shown.status = Some(status);
        shown.duration = duration;
    }
}

pub(super) fn start_step(world: &mut World, id: &str, service: Uuid, position: usize) {
    let now = world.time.now();
    let Some(subject) = world.services.get(&service).cloned() else {
        return;
    };
    let Some(execution) = live(world, id) else {
        return;
    };
    let action = execution.request.action;
    let Some(step) = steps(action, subject.kind).get(position).copied() else {
        end_service(world, id, service, action.done(), "SUCCESS", "SUCCESS");
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
    if let Some(shown) = world.services.get_mut(&service) {
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
    world.after(duration, next);
}

pub(super) fn fail_step(world: &mut World, id: &str, service: Uuid, position: usize) {
    let now = world.time.now();
    let Some(kind) = world.services.get(&service).map(|service| service.kind) else {
        return;
    };
    let Some(execution) = live(world, id) else {
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
    end_service(
        world,
        id,
        service,
        action.failed(Some(step)),
        "ERROR",
        "ERROR",
    );
}

fn end_service(
    world: &mut World,
    id: &str,
    service: Uuid,
    state: &str,
    status: &'static str,
    step: &'static str,
) {
    let now = world.time.now();
    if let Some(execution) = world.executions.get_mut(id) {
        let logs = execution.request.script.logs.clone();
        for (_, lines) in logs.into_iter().filter(|(about, _)| *about == service) {
            for line in lines {
                execution.log(now, Some(service), Step::Deployment.name(), line);
            }
        }
    }
    if let Some(shown) = world.services.get_mut(&service) {
        close_step(&mut shown.steps, step, now);
        state.clone_into(&mut shown.state);
        state.clone_into(&mut shown.resting_state);
        shown.details.1 = status;
        shown.last_deployment_at = Some(now);
        if state == "DEPLOYED" {
            shown.deployment_status = "UP_TO_DATE";
        }
    }
    let Some(execution) = live(world, id) else {
        return;
    };
    if let Some(run) = execution.service_mut(service) {
        state.clone_into(&mut run.state);
        run.status = status;
        run.ended_at = Some(now);
    }
    end_stage_if_done(world, id);
}

fn end_stage_if_done(world: &mut World, id: &str) {
    let now = world.time.now();
    let Some(execution) = live(world, id) else {
        return;
    };
    let position = execution.current_stage();
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
    show_stage(world, environment, stage, status, duration);
    match failed {
        Some(state) => end::finish(world, id, Some(state)),
        None => world.after(Duration::ZERO, Event::Stage(id.to_owned(), position + 1)),
    }
}

/// Ends the current step, if there is one.
fn close_step(steps: &mut [StepRun], status: &'static str, now: Duration) {
    if let Some(step) = steps.last_mut() {
        step.ended.get_or_insert((status, now));
    }
}
