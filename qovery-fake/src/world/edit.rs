//! The effects of an edit of a resource on its environment, its service or its stage.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, resources::Resource};
use crate::Workload;

/// A service that was edited is out of date until it is deployed; names follow the edit.
pub(crate) fn note_edit(world: &mut World, id: Uuid) {
    let facts = world
        .resources
        .get(&id.to_string())
        .map(|resource| resource.facts());
    let text = |property: &str| Some(facts.as_ref()?.get(property)?.as_str()?.to_owned());
    let name = text("name");
    if let Some(service) = world.services.get_mut(&id) {
        if service.deployment_status == "UP_TO_DATE" {
            service.deployment_status = "OUT_OF_DATE";
        }
        service.name = name.unwrap_or_else(|| service.name.clone());
    } else if let Some(environment) = world.environments.get_mut(&id) {
        environment.name = name.unwrap_or_else(|| environment.name.clone());
    } else if let Some(cluster) = world.clusters.get_mut(&id) {
        cluster.name = name.unwrap_or_else(|| cluster.name.clone());
    } else {
        let description = text("description");
        world.environments.change_where(
            |environment| environment.stage(id).is_some(),
            |environment| {
                let stages = environment.stages.iter_mut();
                for stage in stages.filter(|stage| stage.id == id) {
                    stage.name = name.clone().unwrap_or_else(|| stage.name.clone());
                    stage.description = description.clone().unwrap_or_default();
                }
            },
        );
    }
}

/// A job is a cron job if its schedule says so.
pub(crate) fn derive_job_type(world: &mut World, id: &str) {
    let facts = world.resources.get(id).map(Resource::facts);
    let schedule = facts.as_ref().and_then(|facts| facts.get("schedule"));
    let Some(schedule) = schedule.and_then(Value::as_object) else {
        return;
    };
    let says = |name: &str| schedule.get(name).is_some_and(|value| !value.is_null());
    let (workload, shown) = if says("cronjob") {
        (Workload::CronJob, "CRON")
    } else if ["on_start", "on_stop", "on_delete", "lifecycle_type"]
        .into_iter()
        .any(says)
    {
        (Workload::LifecycleJob, "LIFECYCLE")
    } else {
        return;
    };
    let service = Uuid::parse_str(id).ok();
    let service = service.and_then(|id| world.services.get_mut(&id));
    let Some(service) = service.filter(|service| service.kind.segment() == "job") else {
        return;
    };
    service.kind = workload;
    if let Some(resource) = world.resources.get_mut(id) {
        let server = &mut resource.server;
        server.insert("job_type".to_owned(), json!(shown));
    }
}
