//! Prints a story line by line, to find the cause of a failure.

use qovery_ext::wait::Progress;

use crate::story::Scene;

/// The last characters of an id, which distinguish the ids of one story.
fn short(id: &impl ToString) -> String {
    let id = id.to_string();
    id[id.len().saturating_sub(4)..].to_owned()
}

fn short_or_none<T: ToString>(id: Option<&T>) -> String {
    id.map_or_else(|| "none".to_owned(), short)
}

/// The readings of the wait.
pub(crate) fn progress(progress: &Progress) {
    let shown = &progress.snapshot;
    println!(
        "{:?} {}: {} deployment {} request {}",
        progress.elapsed,
        progress.phase,
        shown.state,
        short_or_none(shown.deployment_id.as_ref()),
        short_or_none(shown.deployment_request_id.as_ref()),
    );
    for service in &shown.services {
        println!(
            "    {}: {} deployment {} request {} waiting {:?} part {:?} action {:?}",
            short(&service.service.id),
            service.state,
            short_or_none(service.deployment_id.as_ref()),
            short_or_none(service.deployment_request_id.as_ref()),
            service.requests_waiting,
            service.part_of_last_deployment,
            service.action_status,
        );
    }
}

/// The requests and events on the server.
pub(crate) fn record(scene: &Scene) {
    for request in scene.fake.requests() {
        println!(
            "{:?} {:?} {:?}",
            request.at, request.operation, request.status
        );
    }
    for deployment in scene.environment.deployments() {
        println!(
            "request {} of {} at {:?}: {:?} {} as {} until {:?} {:?}",
            short(&deployment.request_id),
            if deployment.is_callers {
                "ours"
            } else {
                "others"
            },
            deployment.accepted_at,
            deployment.action,
            deployment.state,
            short_or_none(deployment.execution_id.as_ref()),
            deployment.ended_at,
            deployment
                .services
                .iter()
                .map(|(id, state)| format!("{} {state}", short(id)))
                .collect::<Vec<_>>(),
        );
    }
}
