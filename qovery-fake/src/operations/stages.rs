//! Deployment stages and their services.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Handled, environment_id, uuid};
use crate::{
    call::Call,
    exchange::Refusal,
    world::{World, creation, edit},
};

pub(super) fn list(world: &World, call: &Call<'_>) -> Handled {
    let environment = world.environments.get(&environment_id(call)?);
    let stages = environment.map(|environment| environment.stages.as_slice());
    let stages = stages.unwrap_or_default().iter();
    let results: Vec<Value> = stages.map(|stage| facts(world, stage.id)).collect();
    Ok(call.success(&json!({ "results": results })))
}

pub(super) fn get(world: &World, call: &Call<'_>) -> Handled {
    Ok(call.success(&facts(world, uuid(call.last_id(), "stage")?)))
}

pub(super) fn of_service(world: &World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    let stage = world.services.get(&id).map(|service| service.stage);
    Ok(call.success(&stage.map(|stage| facts(world, stage)).unwrap_or_default()))
}

pub(super) fn create(world: &mut World, call: &Call<'_>) -> Handled {
    let environment = environment_id(call)?;
    let name = call
        .body
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let taken = world
        .environments
        .get(&environment)
        .is_some_and(|environment| environment.stages.iter().any(|stage| stage.name == name));
    if taken {
        return Err(Refusal::new(
            409,
            format!("a stage named {name} already exists"),
        ));
    }
    let id = creation::stage_named(world, call.contract, environment, name);
    let body = call.body.as_object().cloned().unwrap_or_default();
    if let Some(resource) = world.resources.get_mut(&id.to_string()) {
        resource.body.extend(body);
    }
    edit::note_edit(world, id);
    Ok(call.success(&facts(world, id)))
}

pub(super) fn attach(world: &mut World, call: &Call<'_>) -> Handled {
    let stage = uuid(call.id("deploymentStageId"), "stage")?;
    let service = uuid(call.id("serviceId"), "service")?;
    let environment = world
        .environments
        .values()
        .find(|e| e.stage(stage).is_some());
    let environment = environment.map(|environment| environment.id);
    let subject = world.services.get_mut(&service);
    match subject.filter(|service| Some(service.environment) == environment) {
        Some(service) => {
            service.stage = stage;
            let is_skipped = call.body.get("is_skipped").and_then(Value::as_bool);
            service.is_skipped = is_skipped.unwrap_or(false);
        }
        None => {
            return Err(Refusal::bad_request(
                "stage and service belong to different environments",
            ));
        }
    }
    stages_with(world, call, stage)
}

/// Moves a stage behind or before another one.
pub(super) fn relocate(world: &mut World, call: &Call<'_>, after: bool) -> Handled {
    let stage = uuid(call.id("deploymentStageId"), "stage")?;
    let other = uuid(call.id("stageId"), "stage")?;
    if stage == other {
        return Err(Refusal::bad_request(
            "a stage cannot be moved next to itself",
        ));
    }
    let of_both = world
        .environments
        .values()
        .find(|e| e.stage(stage).is_some() && e.stage(other).is_some())
        .map(|environment| environment.id);
    let environment = of_both.and_then(|id| world.environments.get_mut(&id));
    let Some(environment) = environment else {
        return Err(Refusal::bad_request(
            "the stages belong to different environments",
        ));
    };
    if let Some(from) = environment.stages.iter().position(|s| s.id == stage) {
        let moved = environment.stages.remove(from);
        let to = environment.stages.iter().position(|s| s.id == other);
        let to = to.map_or(environment.stages.len(), |to| to + usize::from(after));
        environment
            .stages
            .insert(to.min(environment.stages.len()), moved);
    }
    stages_with(world, call, stage)
}

/// A stage can be deleted only when it has no services.
pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "stage")?;
    if world.services.values().any(|service| service.stage == id) {
        return Err(Refusal::bad_request("the stage must be empty of services"));
    }
    world.environments.change_where(
        |environment| environment.stage(id).is_some(),
        |environment| environment.stages.retain(|stage| stage.id != id),
    );
    world.resources.remove(&id.to_string());
    Ok(call.success(&Value::Null))
}

fn stages_with(world: &World, call: &Call<'_>, stage: Uuid) -> Handled {
    let environment = world
        .environments
        .values()
        .find(|e| e.stage(stage).is_some());
    let stages = environment
        .into_iter()
        .flat_map(|environment| &environment.stages);
    let results: Vec<Value> = stages.map(|stage| facts(world, stage.id)).collect();
    Ok(call.success(&json!({ "results": results })))
}

fn facts(world: &World, stage: Uuid) -> Value {
    let resource = world.resources.get(&stage.to_string());
    let mut facts = resource
        .map(|resource| resource.facts())
        .unwrap_or_default();
    let environment = world
        .environments
        .values()
        .find(|e| e.stage(stage).is_some());
    let stages = environment.map(|e| e.stages.as_slice()).unwrap_or_default();
    let services: Vec<Value> = world
        .services
        .values()
        .filter(|service| service.stage == stage)
        .map(|service| {
            let resource = world.resources.get(&service.id.to_string());
            let created = resource.and_then(|r| r.server.get("created_at").cloned());
            json!({
                "id": service.id,
                "created_at": created,
                "service_id": service.id,
                "service_type": service.kind.service_type(),
                "is_skipped": service.is_skipped,
            })
        })
        .collect();
    if let Some(facts) = facts.as_object_mut() {
        let order = stages
            .iter()
            .position(|s| s.id == stage)
            .unwrap_or_default();
        facts.insert("deployment_order".to_owned(), json!(order + 1));
        facts.insert("services".to_owned(), Value::Array(services));
    }
    facts
}
