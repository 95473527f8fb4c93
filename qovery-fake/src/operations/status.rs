//! Statuses of environments, services and requests.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Handled, called_service, environment_id, queue, refusal_of_deleted, uuid};
use crate::{
    AfterDeletion, RequestState, StatusRequest, Workload,
    call::Call,
    exchange::{Refusal, Response},
    json::set,
    settings::{Gone, RequestStatus},
    world::{
        World,
        environment::{Environment, Service},
        request::{DeploymentRequest, RequestStage},
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
    let service = called_service(world, call)?;
    let (environment, services) = view(world, service.environment)?;
    let shown = services
        .iter()
        .find(|shown| shown.id == service.id)
        .map_or(service, |shown| *shown);
    Ok(call.exact(&service_status(world, environment, shown)))
}

pub(super) fn of_kind(world: &World, call: &Call<'_>, kind: Workload) -> Handled {
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

/// Returns the state of a request, as far as the environment's settings reveal it.
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
    if let Some(gone) = gone(world, request) {
        return Err(refusal_of_deleted(world, gone, "deployment request", id));
    }
    let settings = environment.map(|environment| environment.settings.request_status);
    match settings.unwrap_or(request.shown_as) {
        RequestStatus::Known => {}
        RequestStatus::NotFound => return Err(Refusal::not_found("deployment request", id)),
        RequestStatus::Empty => return Ok(Response::json(200, &json!({}))),
        RequestStatus::NoBody => return Ok(Response::empty(200)),
    }
    let carried = DeploymentRequest::carrying(&world.requests, request.id).unwrap_or(request);
    let state = match world.traits.request_state {
        RequestState::Exact => carried.state.as_str(),
        RequestState::QueuedUntilFirstService if is_prepared(world, carried) => {
            carried.action.queued()
        }
        RequestState::QueuedUntilFirstService => carried.state.as_str(),
        RequestState::OfEnvironment => environment.map_or(carried.state.as_str(), |environment| {
            environment.last_deployment_state.as_str()
        }),
        RequestState::NotFoundAfterEnd if carried.stage == RequestStage::Ended => {
            return Err(Refusal::not_found("deployment request", id));
        }
        RequestState::NotFoundAfterEnd => carried.state.as_str(),
        RequestState::ServerError => return Err(Refusal::new(500, "an internal error")),
        RequestState::Forbidden => {
            return Err(Refusal::new(403, "access to this resource is denied"));
        }
    };
    Ok(call.exact(&json!({
        "deployment_request_id": request.id,
        "environment_id": request.environment,
        "status": state,
    })))
}

/// The response for the subject of a request, if it was deleted and its requests with it.
fn gone(world: &World, request: &DeploymentRequest) -> Option<Gone> {
    if world.traits.after_deletion == AfterDeletion::RequestStatusKnown {
        return None;
    }
    let gone = |id: &Uuid| world.gone.get(&id.to_string()).copied();
    if !world.environments.contains_key(&request.environment) {
        return gone(&request.environment);
    }
    let mut services = request.services.iter();
    let all_gone = services.all(|id| !world.services.contains_key(id));
    request.services.first().filter(|_| all_gone).and_then(gone)
}

/// Whether a request runs and none of its services has started.
fn is_prepared(world: &World, request: &DeploymentRequest) -> bool {
    let mut executions = world.executions.values().rev();
    let execution = executions.find(|execution| execution.request.id == request.id);
    request.stage == RequestStage::Running
        && execution.is_none_or(|execution| {
            let mut runs = execution.stages.iter().flat_map(|stage| &stage.services);
            runs.all(|run| run.started_at.is_none())
        })
}

/// An `EnvironmentStatus`.
pub(crate) fn environment_status(world: &World, environment: &Environment) -> Value {
    let masked = environment
        .masked
        .as_ref()
        .filter(|(until, _)| *until > world.time.now());
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
        "last_deployment_date": environment.last_deployment_at.map(|at| world.time.date(at)),
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

/// The request that the status of an environment, or of one of its services, names.
fn current_request(
    world: &World,
    environment: &Environment,
    service: Option<&Service>,
) -> Option<Uuid> {
    let is_about = |request: &&DeploymentRequest| {
        service.is_none_or(|service| request.services.contains(&service.id))
    };
    let running = environment
        .running
        .as_ref()
        .and_then(|id| world.executions.get(id));
    let running = running.map(|execution| &execution.request);
    let queued = environment
        .queue
        .iter()
        .filter_map(|id| world.requests.get(id));
    let mut queued = queued.filter(is_about);
    let named = match world.traits.status_request {
        StatusRequest::Null => None,
        StatusRequest::RunningOrNext => running.filter(is_about).or_else(|| queued.next()),
        StatusRequest::NextQueued => queued.next(),
        StatusRequest::LastRequested => {
            let mut requests = world.requests.values().rev();
            requests.find(|request| request.environment == environment.id && is_about(request))
        }
        StatusRequest::RunShown => {
            return match service {
                Some(service) => service.request,
                None => running
                    .or_else(|| queued.next())
                    .map(|request| request.id)
                    .or_else(|| last_request(world, environment)),
            };
        }
    };
    named.map(|request| request.id)
}

/// The request of the last deployment.
fn last_request(world: &World, environment: &Environment) -> Option<Uuid> {
    let last = world.executions.get(environment.last_execution.as_ref()?)?;
    Some(last.request.id)
}

/// A `Status`.
pub(crate) fn service_status(world: &World, environment: &Environment, service: &Service) -> Value {
    let masked = service
        .masked
        .as_ref()
        .filter(|(until, _)| *until > world.time.now());
    let state = masked.map_or(&service.state, |(_, state)| state);
    let (action, status) = service.details;
    let waiting = queue::queued(world, environment)
        .filter(|request| request.services.contains(&service.id))
        .count();
    let mut shown = json!({
        "id": service.id,
        "state": state,
        "service_deployment_status": service.deployment_status,
        "is_part_last_deployment": service.part_of_last,
        "status_details": {"action": action, "status": status, "sub_action": "NONE"},
        "deployment_request_id": current_request(world, environment, Some(service)),
        "deployment_requests_count": waiting,
        "steps": steps(service),
    });
    if let Some(at) = service.last_deployment_at {
        set(
            &mut shown,
            "last_deployment_date",
            json!(world.time.date(at)),
        );
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
    for kind in Workload::ALL {
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
