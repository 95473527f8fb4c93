//! Requests that wait.

use serde_json::{Value, json};

use super::{Handled, environment_id, uuid};
use crate::fake::{
    core::Call,
    exchange::Refusal,
    world::{World, request::DeploymentRequest},
};

pub(super) fn of_environment(world: &World, call: &Call<'_>) -> Handled {
    let (environment, _) = world
        .view(environment_id(call)?)
        .ok_or_else(|| Refusal::not_found("environment", call.last_id()))?;
    let requests = environment
        .queue
        .iter()
        .filter_map(|id| world.requests.get(id));
    let results: Vec<Value> = requests
        .map(|request| with_stages(world, request))
        .collect();
    Ok(call.exact(&json!({ "results": results })))
}

pub(super) fn of_service(world: &World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    let service = world.services.get(&id);
    let service = service.ok_or_else(|| Refusal::not_found("service", call.last_id()))?;
    let environment = world.environments.get(&service.environment);
    let queue = environment
        .into_iter()
        .flat_map(|environment| &environment.queue);
    let requests = queue.filter_map(|id| world.requests.get(id));
    let results: Vec<Value> = requests
        .filter(|request| request.services.contains(&id))
        .map(|request| {
            json!({
                "identifier": {
                    "deployment_request_id": request.id,
                    "service_id": id,
                    "service_type": service.kind.service_type(),
                    "name": service.name,
                },
                "auditing_data": auditing(request),
                "status_details": {
                    "action": request.action.of_service(),
                    "status": "QUEUED",
                    "sub_action": "NONE",
                },
                "icon_uri": "app://qovery-console/application",
            })
        })
        .collect();
    Ok(call.exact(&json!({ "results": results })))
}

/// Cancels a request that waits; one that no longer does is a conflict.
pub(super) fn cancel(world: &mut World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "deployment request")?;
    if world.cancel_queued(id) {
        Ok(call.success(&Value::Null))
    } else {
        Err(Refusal::new(
            409,
            "the deployment request does not wait any more",
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
                        "status": "QUEUED",
                    })
                })
                .collect();
            json!({"name": stage.name, "status": "QUEUED", "services": services})
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
