//! Clusters and their actions.

use std::time::Duration;

use uuid::Uuid;

use super::{
    World,
    audit::{Actor, AuditEvent},
    event_queue::Event,
    removal,
};
use crate::{Trigger, settings::Gone};

/// A cluster.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) id: Uuid,
    pub(crate) organization: Uuid,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) is_deployed: bool,
    pub(crate) last_execution: Option<String>,
    pub(crate) last_deployment_at: Option<Duration>,
    /// From queued to running.
    pub(crate) start_delay: Duration,
    pub(crate) takes: Duration,
    /// The state after the next action, instead of the action's usual final state.
    pub(crate) ends_as: Option<String>,
    pub(crate) gone: Gone,
    running: Option<Running>,
    generation: u64,
}

#[derive(Debug, Clone)]
struct Running {
    action: Trigger,
    dry_run: bool,
    queued: bool,
    before: String,
}

impl Cluster {
    pub(crate) fn new(id: Uuid, organization: Uuid, name: String) -> Self {
        Self {
            id,
            organization,
            name,
            state: "DEPLOYED".to_owned(),
            is_deployed: true,
            last_execution: None,
            last_deployment_at: None,
            start_delay: Duration::from_secs(1),
            takes: Duration::from_secs(30),
            ends_as: None,
            gone: Gone::NotFound,
            running: None,
            generation: 0,
        }
    }
}

/// Starts an action on a cluster; a former one is abandoned.
pub(crate) fn act(world: &mut World, id: Uuid, action: Trigger, dry_run: bool) {
    let now = world.time.now();
    let seconds = world.time.calendar(now).timestamp();
    let Some(cluster) = world.clusters.get_mut(&id) else {
        return;
    };
    cluster.generation += 1;
    cluster.running = Some(Running {
        action,
        dry_run,
        queued: true,
        before: cluster.state.clone(),
    });
    action.queued().clone_into(&mut cluster.state);
    cluster.last_execution = Some(format!("{id}-{seconds}"));
    cluster.last_deployment_at = Some(now);
    let (delay, generation) = (cluster.start_delay, cluster.generation);
    let event = AuditEvent {
        id: Uuid::nil(),
        at: now,
        cursor: 0,
        event_type: action.events().asked.to_owned(),
        target_type: "CLUSTER".to_owned(),
        target: id,
        target_name: cluster.name.clone(),
        origin: Actor::caller().origin,
        triggered_by: Actor::caller().name,
        project: None,
        environment: None,
    };
    let organization = cluster.organization;
    world.audit.record(&mut world.time, organization, event);
    world.after(delay, Event::Cluster(id, generation));
}

/// Starts the action, or ends it if it has already started.
pub(super) fn proceed(world: &mut World, id: Uuid, generation: u64) {
    let Some(cluster) = world.clusters.get_mut(&id) else {
        return;
    };
    if cluster.generation != generation {
        return;
    }
    let Some(mut running) = cluster.running.take() else {
        return;
    };
    if running.queued {
        running.queued = false;
        cluster.state = if running.dry_run {
            "DRY_RUN".to_owned()
        } else {
            running.action.running(None).to_owned()
        };
        cluster.running = Some(running);
        let takes = cluster.takes;
        world.after(takes, Event::Cluster(id, generation));
        return;
    }
    let scripted = cluster.ends_as.take();
    let reached = scripted.is_none();
    cluster.state = match scripted {
        Some(state) => state,
        None if running.dry_run => running.before,
        None => running.action.done().to_owned(),
    };
    cluster.is_deployed = match running.action {
        Trigger::Deploy | Trigger::Restart if reached => true,
        Trigger::Stop | Trigger::Delete | Trigger::Uninstall if reached => false,
        _ => cluster.is_deployed,
    };
    if reached && running.action == Trigger::Delete {
        let gone = cluster.gone;
        world.gone.insert(id.to_string(), gone);
        match gone {
            Gone::ShownFor(time) => world.after(time, Event::Vanish(id)),
            _ => removal::forget_resource(world, id),
        }
    }
}
