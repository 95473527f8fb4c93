//! Clusters: their status and their actions.

use serde_json::{Value, json};

use super::{Handled, uuid};
use crate::{
    Trigger,
    call::Call,
    exchange::Refusal,
    world::{World, cluster, cluster::Cluster},
};

pub(super) fn status(world: &World, call: &Call<'_>) -> Handled {
    let id = uuid(call.id("clusterId"), "cluster")?;
    let cluster = world.clusters.get(&id);
    let cluster = cluster.ok_or_else(|| Refusal::not_found("cluster", call.id("clusterId")))?;
    Ok(call.success(&facts(world, cluster)))
}

pub(super) fn statuses(world: &World, call: &Call<'_>) -> Handled {
    let organization = uuid(call.id("organizationId"), "organization")?;
    let clusters = world
        .clusters
        .values()
        .filter(|c| c.organization == organization);
    let results: Vec<Value> = clusters.map(|cluster| facts(world, cluster)).collect();
    Ok(call.success(&json!({ "results": results })))
}

/// Starts an action. Returns `None` if the last segment of the path is not an action.
pub(super) fn act(world: &mut World, call: &Call<'_>, verb: &str) -> Option<Handled> {
    let action = match verb {
        "deploy" | "update" | "upgrade" => Trigger::Deploy,
        "stop" => Trigger::Stop,
        "delete" => Trigger::Delete,
        _ => return None,
    };
    let id = match uuid(call.id("clusterId"), "cluster") {
        Ok(id) => id,
        Err(refusal) => return Some(Err(refusal)),
    };
    let dry_run = call.incoming.parameter("dry_run") == Some("true");
    cluster::act(world, id, action, dry_run);
    let facts = world.clusters.get(&id).map(|cluster| facts(world, cluster));
    Some(Ok(call.success(&facts.unwrap_or_default())))
}

fn facts(world: &World, cluster: &Cluster) -> Value {
    json!({
        "cluster_id": cluster.id,
        "status": cluster.state,
        "is_deployed": cluster.is_deployed,
        "last_execution_id": cluster.last_execution,
        "last_deployment_date": cluster.last_deployment_at.map(|at| world.time.date(at)),
        "reason": "UNSPECIFIED",
    })
}
