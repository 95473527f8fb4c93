//! The removal of resources, with everything that belongs to them.

use uuid::Uuid;

use super::{World, event_queue::Event, request};
use crate::settings::Gone;

/// Deletes an environment or a service, as its environment's settings say.
pub(super) fn delete(world: &mut World, id: Uuid) {
    let environment = world
        .services
        .get(&id)
        .map_or(id, |service| service.environment);
    let settings = world
        .environments
        .get(&environment)
        .map(|e| e.settings.gone);
    let gone = settings.unwrap_or_default();
    world.gone.insert(id.to_string(), gone);
    match gone {
        Gone::ShownFor(time) => world.after(time, Event::Vanish(id)),
        _ => forget_resource(world, id),
    }
}

/// Forgets an environment or a service with everything that belongs to it.
pub(crate) fn forget_resource(world: &mut World, id: Uuid) {
    forget(world, &id.to_string());
}

/// Forgets a resource with everything that belongs to it.
pub(crate) fn forget(world: &mut World, id: &str) {
    for removed in world.resources.remove(id) {
        let Ok(removed) = Uuid::parse_str(&removed.id) else {
            continue;
        };
        let gone = world.gone.get(id).copied().unwrap_or_default();
        world.gone.insert(removed.to_string(), gone);
        // Queued requests of a deleted environment never run.
        if let Some(environment) = world.environments.remove(&removed) {
            for queued in environment.queue {
                request::end(&mut world.requests, world.time.now(), queued, "CANCELED");
            }
        }
        world.clusters.remove(&removed);
        if let Some(service) = world.services.remove(&removed)
            && let Some(environment) = world.environments.get_mut(&service.environment)
        {
            environment.services.retain(|service| *service != removed);
        }
    }
}
