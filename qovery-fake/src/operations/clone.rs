//! Clones of environments and services: copies of the configuration that were never deployed and have their own URLs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Handled, called_service, environment_id, uuid, variables};
use crate::{
    call::Call,
    exchange::Refusal,
    world::{World, creation, environment::Service, resources::Resource, response},
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
    let body = with_chosen(&source.body, call.body, &["name", "mode"]);
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
    let mut owners = BTreeMap::from([(original, id)]);
    for service in services {
        let copy = copy_service(world, call, &service, id, &service.name);
        owners.insert(service.id, copy);
    }
    copy_variables(world, call, &owners);
    shown(world, call, id)
}

pub(super) fn service(world: &mut World, call: &Call<'_>) -> Handled {
    let service = called_service(world, call)?.clone();
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
    copy_variables(world, call, &BTreeMap::from([(service.id, copy)]));
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
    if let (Some(Value::Array(links)), Some(copy)) =
        (links, world.resources.get_mut(&id.to_string()))
    {
        let own = links
            .iter()
            .filter_map(Value::as_str)
            .map(|url| url_of_copy(url, id));
        copy.server.insert("links".to_owned(), own.collect());
    }
    id
}

/// The URL of a copy: the host of the original with a prefix.
fn url_of_copy(url: &str, copy: Uuid) -> Value {
    let id = copy.simple().to_string();
    let prefix = id.get(24..).unwrap_or_default();
    json!(match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://z{prefix}-{rest}"),
        None => format!("z{prefix}-{url}"),
    })
}

/// Copies the variables of environments and services to their clones. An alias or an override of a copied variable
/// derives from the copy.
fn copy_variables(world: &mut World, call: &Call<'_>, owners: &BTreeMap<Uuid, Uuid>) {
    let mut copies: BTreeMap<String, String> = owners
        .iter()
        .map(|(from, to)| (from.to_string(), to.to_string()))
        .collect();
    let owner_of = |variable: &Resource| {
        let owner = variable.body.get("variable_parent_id");
        owner.and_then(Value::as_str).map(str::to_owned)
    };
    let all = world.resources.of(variables::TEMPLATE);
    let of_owners: Vec<Resource> = all
        .filter(|variable| owner_of(variable).is_some_and(|owner| copies.contains_key(&owner)))
        .cloned()
        .collect();
    // In the order of creation: a variable comes before those that derive from it.
    for mut variable in of_owners {
        let copy_of = |id: &str| copies.get(id).cloned();
        if let Some(owner) = owner_of(&variable).and_then(|owner| copy_of(&owner)) {
            let body = &mut variable.body;
            body.insert("variable_parent_id".to_owned(), json!(owner));
        }
        for parent in variable.parents.values_mut() {
            *parent = copy_of(parent).unwrap_or_else(|| parent.clone());
        }
        let links = variables::LINKS.into_iter().filter_map(|link| {
            let original = variable.server.get(link)?.get("id")?.as_str()?;
            let original = copy_of(original).unwrap_or_else(|| original.to_owned());
            Some((link.to_owned(), json!({ "id": original })))
        });
        let links: Vec<_> = links.collect();
        let (template, parents, body) = (&variable.template, variable.parents, variable.body);
        let copy = creation::create(world, call.contract, template, parents, body, None);
        if let Some(resource) = world.resources.get_mut(&copy.to_string()) {
            resource.server.extend(links);
        }
        copies.insert(variable.id, copy.to_string());
    }
}

/// The body of the original, with these fields of the chosen body.
fn with_chosen(
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
    let facts = resource.map(|resource| response::shown(&world.resources, resource));
    Ok(call.success(&facts.unwrap_or_default()))
}
