//! Lists of links, services and environments, across several resources.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Handled, environment_id, status::environment_status, uuid};
use crate::{
    call::Call,
    json::set,
    world::{
        World,
        environment::{Environment, Service},
        response,
    },
};

pub(super) fn links_of_environment(world: &World, call: &Call<'_>) -> Handled {
    let id = environment_id(call)?;
    let environment = world.environments.get(&id);
    let services = environment.map(|environment| environment.services.as_slice());
    let links = services
        .unwrap_or_default()
        .iter()
        .flat_map(|id| links(world, *id));
    Ok(call.success(&json!({ "results": links.collect::<Vec<Value>>() })))
}

pub(super) fn links_of_service(world: &World, call: &Call<'_>) -> Handled {
    let id = uuid(call.last_id(), "service")?;
    Ok(call.success(&json!({ "results": links(world, id) })))
}

/// The links of a service that a script or a client has set.
fn links(world: &World, service: Uuid) -> Vec<Value> {
    let Some(subject) = world.services.get(&service) else {
        return Vec::new();
    };
    let resource = world.resources.get(&service.to_string());
    let urls = resource.and_then(|resource| resource.server.get("links"));
    let urls = urls
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    urls.iter()
        .enumerate()
        .map(|(index, url)| {
            json!({
                "service_id": service,
                "service_type": subject.kind.service_type(),
                "url": url,
                "internal_port": 8080,
                "external_port": 443,
                "is_qovery_domain": true,
                "is_default": index == 0,
            })
        })
        .collect()
}

pub(super) fn services_of_environment(world: &World, call: &Call<'_>) -> Handled {
    let id = environment_id(call)?.to_string();
    let services = world
        .services
        .values()
        .filter(|s| s.environment.to_string() == id);
    let results: Vec<Value> = services
        .map(|service| document(world, service.id))
        .collect();
    Ok(call.success(&json!({ "results": results })))
}

fn document(world: &World, id: Uuid) -> Value {
    let resource = world.resources.get(&id.to_string());
    resource
        .map(|resource| response::shown(&world.resources, resource))
        .unwrap_or_default()
}

pub(super) fn environments(world: &World, call: &Call<'_>) -> Handled {
    environments_with(world, call, call.id("organizationId"), |e| e.organization)
}

pub(super) fn environments_of_cluster(world: &World, call: &Call<'_>) -> Handled {
    environments_with(world, call, call.id("clusterId"), |e| e.cluster)
}

pub(super) fn overview(world: &World, call: &Call<'_>) -> Handled {
    environments_with(world, call, call.id("projectId"), |e| e.project)
}

/// The environments of a parent.
fn environments_with(
    world: &World,
    call: &Call<'_>,
    owner: &str,
    owner_of: impl Fn(&Environment) -> Uuid,
) -> Handled {
    let environments = world.environments.values();
    let results: Vec<Value> = environments
        .filter(|environment| owner_of(environment).to_string() == owner)
        .map(|environment| facts(world, environment))
        .collect();
    Ok(call.success(&json!({ "results": results })))
}

pub(super) fn services(world: &World, call: &Call<'_>) -> Handled {
    let organization = call.id("organizationId");
    let mut results = Vec::new();
    for service in world.services.values() {
        let environment = world.environments.get(&service.environment);
        let environment = environment.filter(|e| e.organization.to_string() == organization);
        let Some(environment) = environment else {
            continue;
        };
        let mut light = light(world, service);
        let project = document(world, environment.project);
        set(&mut light, "project_id", json!(environment.project));
        set(
            &mut light,
            "project_name",
            project.get("name").cloned().unwrap_or_default(),
        );
        set(&mut light, "environment_id", json!(environment.id));
        set(&mut light, "environment_name", json!(environment.name));
        set(&mut light, "cluster_id", json!(environment.cluster));
        results.push(light);
    }
    Ok(call.success(&json!({ "results": results })))
}

fn light(world: &World, service: &Service) -> Value {
    let mut light = document(world, service.id);
    if !light.is_object() {
        light = json!({});
    }
    set(&mut light, "id", json!(service.id));
    set(&mut light, "name", json!(service.name));
    light
}

/// The facts that the different lists of environments show of one environment.
fn facts(world: &World, environment: &Environment) -> Value {
    let mut facts = document(world, environment.id);
    let Some(known) = facts.as_object_mut() else {
        return facts;
    };
    let project = document(world, environment.project);
    let cluster = document(world, environment.cluster);
    let services: Vec<Value> = world
        .services_of(environment)
        .iter()
        .map(|service| {
            json!({
                "id": service.id,
                "service_id": service.id,
                "name": service.name,
                "service_name": service.name,
                "service_type": service.kind.service_type(),
            })
        })
        .collect();
    let named = |document: &Value| document.get("name").cloned().unwrap_or(json!(""));
    known.insert("environment_id".to_owned(), json!(environment.id));
    known.insert("environment_name".to_owned(), json!(environment.name));
    known.insert("project_id".to_owned(), json!(environment.project));
    known.insert("project_name".to_owned(), named(&project));
    known.insert("cluster_name".to_owned(), named(&cluster));
    known.insert(
        "services_overview".to_owned(),
        json!({"service_count": services.len(), "managed_by": "QOVERY"}),
    );
    known.insert(
        "cluster".to_owned(),
        json!({"id": environment.cluster, "name": named(&cluster)}),
    );
    known.insert(
        "deployment_status".to_owned(),
        environment_status(world, environment),
    );
    known.insert("services".to_owned(), Value::Array(services));
    facts
}
