//! Queued requests.

use serde_json::{Value, json};

use super::{Handled, called_service, environment_id, uuid};
use crate::{
    QueueRows,
    call::Call,
    exchange::Refusal,
    world::{
        World,
        environment::Environment,
        queue,
        request::{DeploymentRequest, RequestStage},
    },
};

pub(super) fn of_environment(world: &World, call: &Call<'_>) -> Handled {
    let (environment, _) = world
        .view(environment_id(call)?)
        .ok_or_else(|| Refusal::not_found("environment", call.last_id()))?;
    let results: Vec<Value> = rows(world, environment)
        .map(|request| with_stages(world, request))
        .collect();
    Ok(call.exact(&json!({ "results": results })))
}

pub(super) fn of_service(world: &World, call: &Call<'_>) -> Handled {
    let service = called_service(world, call)?;
    let environment = world.environments.get(&service.environment);
    let requests = environment
        .into_iter()
        .flat_map(|environment| rows(world, environment));
    let results: Vec<Value> = requests
        .filter(|request| request.services.contains(&service.id))
        .map(|request| {
            json!({
                "identifier": {
                    "deployment_request_id": request.id,
                    "service_id": service.id,
                    "service_type": service.kind.service_type(),
                    "name": service.name,
                },
                "auditing_data": auditing(request),
                "status_details": {
                    "action": request.action.of_service(),
                    "status": progress(request),
                    "sub_action": "NONE",
                },
                "icon_uri": "app://qovery-console/application",
            })
        })
        .collect();
    Ok(call.exact(&json!({ "results": results })))
}

/// The requests that have a row in the queue, the next one first.
fn rows<'a>(
    world: &'a World,
    environment: &'a Environment,
) -> impl Iterator<Item = &'a DeploymentRequest> {
    let running = environment
        .running
        .as_ref()
        .filter(|_| world.traits.queue_rows == QueueRows::WithRunning)
        .and_then(|id| world.executions.get(id));
    running
        .map(|execution| &execution.request)
        .into_iter()
        .chain(queued(world, environment))
}

/// The queued requests that the queue shows.
pub(super) fn queued<'a>(
    world: &'a World,
    environment: &'a Environment,
) -> impl Iterator<Item = &'a DeploymentRequest> {
    let queue = environment.queue.iter();
    queue
        .filter_map(|id| world.requests.get(id))
        .filter(|request| match world.traits.queue_rows {
            QueueRows::AtOnce | QueueRows::WithRunning => true,
            QueueRows::After(delay) => {
                world.time.now() >= request.accepted_at.saturating_add(delay)
            }
            QueueRows::IfItHasToWait => request.had_to_wait,
        })
}

/// The progress of a request, of its stages and of its services.
fn progress(request: &DeploymentRequest) -> &'static str {
    match request.stage {
        RequestStage::Queued => "QUEUED",
        RequestStage::Running | RequestStage::Ended => "ONGOING",
    }
}

/// Cancels a queued request. If the request is no longer queued, the response is a conflict.
pub(super) fn cancel(world: &mut World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "deployment request")?;
    if queue::cancel_queued(world, id) {
        Ok(call.success(&Value::Null))
    } else {
        Err(Refusal::new(
            409,
            "the deployment request is no longer queued",
        ))
    }
}

fn with_stages(world: &World, request: &DeploymentRequest) -> Value {
    let environment = world.environments.get(&request.environment);
    let stages = environment
        .into_iter()
        .flat_map(|environment| &environment.stages);
    let stages: Vec<Value> = stages
        .map(|stage| {
            let services = request
                .services
                .iter()
                .filter_map(|id| world.services.get(id));
            let services: Vec<Value> = services
                .filter(|service| service.stage == stage.id)
                .map(|service| {
                    json!({
                        "identifier": {
                            "service_id": service.id,
                            "service_type": service.kind.service_type(),
                            "name": service.name,
                        },
                        "status": progress(request),
                    })
                })
                .collect();
            json!({"name": stage.name, "status": progress(request), "services": services})
        })
        .collect();
    json!({
        "identifier": {
            "deployment_request_id": request.id,
            "environment_id": request.environment,
        },
        "auditing_data": auditing(request),
        "trigger_action": request.action.trigger(),
        "stages": stages,
    })
}

fn auditing(request: &DeploymentRequest) -> Value {
    json!({"triggered_by": request.actor.name, "origin": request.actor.origin})
}
