//! Statuses of environments, services and requests.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Handled, environment_id, uuid};
use crate::fake::{
    ServiceKind,
    core::Call,
    exchange::{Answer, Refusal},
    json::set,
    settings::RequestStatus,
    world::{
        World,
        environment::{Environment, Service},
    },
};

pub(super) fn of_environment(world: &World, call: &Call<'_>) -> Handled {
    let (environment, _) = view(world, environment_id(call)?)?;
    Ok(call.exact(&environment_status(world, environment)))
}

pub(super) fn of_project(world: &World, call: &Call<'_>) -> Handled {
    let project = uuid(call.id("projectId"), "project")?;
    let environments = world.environments.values().filter(|e| e.project == project);
    let results: Vec<Value> = environments
        .filter_map(|environment| world.view(environment.id))
        .map(|(environment, _)| environment_status(world, environment))
        .collect();
    Ok(call.exact(&json!({ "results": results })))
}

pub(super) fn of_service(world: &World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    let service = world.services.get(&id);
    let service = service.ok_or_else(|| Refusal::not_found("service", call.last_id()))?;
    let (environment, services) = view(world, service.environment)?;
    let shown = services
        .iter()
        .find(|service| service.id == id)
        .map_or(service, |shown| *shown);
    Ok(call.exact(&service_status(world, environment, shown)))
}

pub(super) fn of_kind(world: &World, call: &Call<'_>, kind: ServiceKind) -> Handled {
    let (environment, services) = view(world, environment_id(call)?)?;
    let results: Vec<Value> = services
        .iter()
        .filter(|service| service.kind.segment() == kind.segment())
        .map(|service| service_status(world, environment, service))
        .collect();
    Ok(call.exact(&json!({ "results": results })))
}

pub(super) fn of_all_services(world: &World, call: &Call<'_>) -> Handled {
    let (environment, services) = view(world, environment_id(call)?)?;
    let mut statuses = by_kind(world, environment, &services);
    if let Some(statuses) = statuses.as_object_mut() {
        let status = environment_status(world, environment);
        statuses.insert("environment".to_owned(), status);
    }
    Ok(call.exact(&statuses))
}

pub(super) fn with_stages(world: &World, call: &Call<'_>) -> Handled {
    let (environment, services) = view(world, environment_id(call)?)?;
    let mut stages = Vec::new();
    for stage in &environment.stages {
        let services: Vec<&Service> = services
            .iter()
            .copied()
            .filter(|s| s.stage == stage.id)
            .collect();
        let mut entry = by_kind(world, environment, &services);
        if let Some(entry) = entry.as_object_mut() {
            let mut shown = json!({
                "id": stage.id,
                "name": stage.name,
                "description": stage.description,
            });
            if let Some(status) = stage.status {
                set(&mut shown, "status", json!(status));
                set(
                    &mut shown,
                    "steps",
                    json!({
                        "stage_id": stage.id,
                        "total_duration_sec": stage.duration.as_secs(),
                        "details": [],
                    }),
                );
            }
            entry.insert("stage".to_owned(), shown);
        }
        stages.push(entry);
    }
    let mut statuses = json!({
        "environment": environment_status(world, environment),
        "stages": stages,
    });
    if environment.last_execution.is_some() {
        set(
            &mut statuses,
            "pre_check_stage",
            json!({"status": "SUCCESS", "total_duration_sec": 0}),
        );
    }
    Ok(call.exact(&statuses))
}

/// The state of a request, as far as the environment's settings tell it.
pub(super) fn of_request(world: &World, call: &Call<'_>) -> Handled {
    let id = call
        .incoming
        .parameter("deploymentRequestId")
        .unwrap_or_default();
    let request = Uuid::parse_str(id)
        .ok()
        .and_then(|id| world.requests.get(&id));
    let request = request.ok_or_else(|| Refusal::not_found("deployment request", id))?;
    let environment = world.environments.get(&request.environment);
    let settings = environment.map(|environment| environment.settings.request_status);
    match settings.unwrap_or(request.shown_as) {
        RequestStatus::Known => {}
        RequestStatus::NotFound => return Err(Refusal::not_found("deployment request", id)),
        RequestStatus::Empty => return Ok(Answer::json(200, &json!({}))),
        RequestStatus::NoBody => return Ok(Answer::empty(200)),
    }
    let carried = world.carried_by(request.id).unwrap_or(request);
    Ok(call.exact(&json!({
        "deployment_request_id": request.id,
        "environment_id": request.environment,
        "status": carried.state,
    })))
}

/// An `EnvironmentStatus`.
pub(crate) fn environment_status(world: &World, environment: &Environment) -> Value {
    let masked = environment
        .masked
        .as_ref()
        .filter(|(until, _)| *until > world.now);
    let masked = masked.map(|(_, state)| state);
    let execution = environment
        .last_execution
        .as_ref()
        .and_then(|id| world.executions.get(id));
    let duration = execution
        .and_then(|execution| Some(execution.ended_at?.saturating_sub(execution.started_at)))
        .map(|duration| duration.as_secs());
    let status = match (&environment.last_execution, environment.services.is_empty()) {
        (None, _) => "NEVER_DEPLOYED",
        _ if is_out_of_date(world, environment) => "OUT_OF_DATE",
        _ => "UP_TO_DATE",
    };
    json!({
        "id": environment.id,
        "state": masked.unwrap_or(&environment.state),
        "last_deployment_state": masked.unwrap_or(&environment.last_deployment_state),
        "last_deployment_date": environment.last_deployment_at.map(|at| world.date(at)),
        "last_deployment_id": environment.last_execution,
        "total_deployment_duration_in_seconds": duration,
        "origin": environment.origin,
        "triggered_by": environment.triggered_by,
        "deployment_status": status,
        "deployment_request_id": current_request(world, environment, None),
    })
}

fn is_out_of_date(world: &World, environment: &Environment) -> bool {
    let mut services = environment
        .services
        .iter()
        .filter_map(|id| world.services.get(id));
    services.any(|service| service.deployment_status == "OUT_OF_DATE")
}

/// The request that runs, else the one that waits first.
fn current_request(
    world: &World,
    environment: &Environment,
    service: Option<Uuid>,
) -> Option<Uuid> {
    let running = environment
        .running
        .as_ref()
        .and_then(|id| world.executions.get(id));
    let running = running.map(|execution| &execution.request);
    let queued = environment
        .queue
        .iter()
        .filter_map(|id| world.requests.get(id));
    running
        .into_iter()
        .chain(queued)
        .find(|request| service.is_none_or(|service| request.services.contains(&service)))
        .map(|request| request.id)
}

/// A `Status`.
pub(crate) fn service_status(world: &World, environment: &Environment, service: &Service) -> Value {
    let masked = service
        .masked
        .as_ref()
        .filter(|(until, _)| *until > world.now);
    let state = masked.map_or(&service.state, |(_, state)| state);
    let (action, status) = service.details;
    let waiting = environment
        .queue
        .iter()
        .filter_map(|id| world.requests.get(id));
    let waiting = waiting
        .filter(|request| request.services.contains(&service.id))
        .count();
    let mut shown = json!({
        "id": service.id,
        "state": state,
        "service_deployment_status": service.deployment_status,
        "is_part_last_deployment": service.part_of_last,
        "status_details": {"action": action, "status": status, "sub_action": "NONE"},
        "deployment_request_id": current_request(world, environment, Some(service.id)),
        "deployment_requests_count": waiting,
        "steps": steps(service),
    });
    if let Some(at) = service.last_deployment_at {
        set(&mut shown, "last_deployment_date", json!(world.date(at)));
    }
    if let Some(execution) = &service.last_execution {
        set(&mut shown, "execution_id", json!(execution));
    }
    shown
}

fn steps(service: &Service) -> Value {
    let mut total = 0;
    let mut over = !service.steps.is_empty();
    let mut details = Vec::new();
    for step in &service.steps {
        let Some((status, ended)) = step.ended else {
            over = false;
            continue;
        };
        let seconds = ended.saturating_sub(step.started).as_secs();
        total += seconds;
        details.push(json!({"step_name": step.name, "status": status, "duration_sec": seconds}));
    }
    json!({
        "total_duration_sec": over.then_some(total),
        "total_computing_duration_sec": total,
        "details": details,
    })
}

fn by_kind(world: &World, environment: &Environment, services: &[&Service]) -> Value {
    let mut lists = serde_json::Map::new();
    for kind in ServiceKind::ALL {
        let list: Vec<Value> = services
            .iter()
            .filter(|service| service.kind.segment() == kind.segment())
            .map(|service| service_status(world, environment, service))
            .collect();
        lists.insert(kind.list().to_owned(), Value::Array(list));
    }
    Value::Object(lists)
}

fn view(world: &World, id: Uuid) -> Result<(&Environment, Vec<&Service>), Refusal> {
    world
        .view(id)
        .ok_or_else(|| Refusal::not_found("environment", &id.to_string()))
}
