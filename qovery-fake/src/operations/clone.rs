//! Clones of environments and services: the configuration, never deployed.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Handled, environment_id, uuid};
use crate::{
    call::Call,
    exchange::Refusal,
    world::{World, creation, environment::Service, resources::Resource},
};

pub(super) fn environment(world: &mut World, call: &Call<'_>) -> Handled {
    let original = environment_id(call)?;
    let source = world.resources.get(&original.to_string()).cloned();
    let source = source.ok_or_else(|| Refusal::not_found("environment", call.last_id()))?;
    let mut parents = source.parents.clone();
    for (field, parameter) in [("cluster_id", "clusterId"), ("project_id", "projectId")] {
        if let Some(chosen) = call.body.get(field).and_then(Value::as_str) {
            if world.resources.get(chosen).is_none() {
                return Err(Refusal::not_found(field, chosen));
            }
            parents.insert(parameter.to_owned(), chosen.to_owned());
        }
    }
    let body = with_answers(&source.body, call.body, &["name", "mode"]);
    let id = creation::create(world, call.contract, &source.template, parents, body, None);
    let (services, stages) = match world.environments.get(&original) {
        Some(original) => {
            let services = world.services_of(original).into_iter().cloned();
            (services.collect(), original.stages.clone())
        }
        None => (Vec::<Service>::new(), Vec::new()),
    };
    for stage in &stages {
        creation::stage_named(world, call.contract, id, &stage.name);
    }
    for service in services {
        let name = service.name.clone();
        copy_service(world, call, &service, id, &name);
    }
    copy_variables(world, call, original, id);
    shown(world, call, id)
}

pub(super) fn service(world: &mut World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    let service = world.services.get(&id).cloned();
    let service = service.ok_or_else(|| Refusal::not_found("service", call.last_id()))?;
    let target = call.body.get("environment_id").and_then(Value::as_str);
    let target = match target {
        Some(id) => uuid(id, "environment")?,
        None => service.environment,
    };
    if !world.environments.contains_key(&target) {
        return Err(Refusal::not_found("environment", &target.to_string()));
    }
    let name = call
        .body
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or(&service.name);
    let copy = copy_service(world, call, &service, target, name);
    shown(world, call, copy)
}

fn copy_service(
    world: &mut World,
    call: &Call<'_>,
    service: &Service,
    environment: Uuid,
    name: &str,
) -> Uuid {
    let source = world.resources.get(&service.id.to_string()).cloned();
    let template = format!("/{0}/{{{0}Id}}", service.kind.segment());
    let mut body = source
        .as_ref()
        .map(|source| source.body.clone())
        .unwrap_or_default();
    body.insert("name".to_owned(), json!(name));
    let parents = [("environmentId".to_owned(), environment.to_string())].into();
    let kind = Some(service.kind);
    let id = creation::create(world, call.contract, &template, parents, body, kind);
    let stage = world
        .environments
        .get(&service.environment)
        .and_then(|original| original.stage(service.stage))
        .map(|stage| stage.name.clone());
    let stage = stage.map(|name| creation::stage_named(world, call.contract, environment, &name));
    if let Some(copy) = world.services.get_mut(&id) {
        copy.stage = stage.unwrap_or(copy.stage);
        copy.durations.clone_from(&service.durations);
    }
    let links = source.and_then(|source| source.server.get("links").cloned());
    copy_variables(world, call, service.id, id);
    if let (Some(links), Some(copy)) = (links, world.resources.get_mut(&id.to_string())) {
        copy.server.insert("links".to_owned(), links);
    }
    id
}

/// Copies the variables of one environment or service to another one.
fn copy_variables(world: &mut World, call: &Call<'_>, from: Uuid, to: Uuid) {
    let variables: Vec<Resource> = world
        .resources
        .of("/variable/{variableId}")
        .filter(|variable| variable.body.get("variable_parent_id") == Some(&json!(from)))
        .cloned()
        .collect();
    for mut variable in variables {
        let owner = to.to_string();
        variable
            .body
            .insert("variable_parent_id".to_owned(), json!(owner));
        for parent in variable.parents.values_mut() {
            if *parent == from.to_string() {
                parent.clone_from(&owner);
            }
        }
        let (template, parents, body) = (&variable.template, variable.parents, variable.body);
        creation::create(world, call.contract, template, parents, body, None);
    }
}

fn with_answers(
    original: &Map<String, Value>,
    chosen: &Value,
    fields: &[&str],
) -> Map<String, Value> {
    let mut body = original.clone();
    for field in fields {
        if let Some(value) = chosen.get(field) {
            body.insert((*field).to_owned(), value.clone());
        }
    }
    body
}

fn shown(world: &World, call: &Call<'_>, id: Uuid) -> Handled {
    let resource = world.resources.get(&id.to_string());
    let facts = resource.map(|resource| world.resources.shown(resource));
    Ok(call.success(&facts.unwrap_or_default()))
}
