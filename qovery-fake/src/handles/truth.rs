//! What really became of the requests, for the assertions of a test.

use std::time::Duration;

use uuid::Uuid;

use super::FakeEnvironment;
use crate::{
    Trigger,
    world::{
        World,
        request::{DeploymentRequest, RequestStage},
    },
};

/// A request for a deployment and what became of it, whatever readers are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FakeDeployment {
    /// The request's id.
    pub request_id: Uuid,
    /// Whether it came through the API, not from elsewhere.
    pub is_callers: bool,
    /// The channel that it came through, in the API's words.
    pub origin: String,
    /// Who made it.
    pub triggered_by: String,
    /// What was asked for.
    pub action: Trigger,
    /// The services that were asked for.
    pub requested: Vec<Uuid>,
    /// The request that absorbed it.
    pub merged_into: Option<Uuid>,
    /// Its state, in the API's words.
    pub state: String,
    /// Whether nothing follows.
    pub is_over: bool,
    /// Whether there was nothing to do, so that it ended when it was accepted.
    pub is_idle: bool,
    /// When it was accepted, on the fake's clock.
    pub accepted_at: Duration,
    /// Its execution, once it has one; that of the request that took it in, where it was merged.
    pub execution_id: Option<String>,
    /// When its execution started, on the fake's clock.
    pub started_at: Option<Duration>,
    /// When its execution ended, on the fake's clock.
    pub ended_at: Option<Duration>,
    /// When it was over, whether it ran or not, on the fake's clock.
    pub over_at: Option<Duration>,
    /// How it ended for each service that took part.
    pub services: Vec<(Uuid, String)>,
}

impl FakeEnvironment {
    /// All requests so far, in the order in which they were accepted. Known also after the
    /// environment was deleted.
    pub fn deployments(&self) -> Vec<FakeDeployment> {
        self.fake.with(|core| {
            let world = &core.world;
            let mut requests: Vec<_> = world
                .requests
                .values()
                .filter(|request| request.environment == self.id)
                .collect();
            requests.sort_by_key(|request| (request.accepted_at, request.id));
            requests
                .into_iter()
                .map(|request| truth(world, request))
                .collect()
        })
    }
}

fn truth(world: &World, request: &DeploymentRequest) -> FakeDeployment {
    let carried = request.merged_into.unwrap_or(request.id);
    let execution = world.executions.values().find(|e| e.request.id == carried);
    FakeDeployment {
        request_id: request.id,
        is_callers: request.actor.is_caller,
        origin: request.actor.origin.clone(),
        triggered_by: request.actor.name.clone(),
        requested: request.requested.clone(),
        merged_into: request.merged_into,
        action: request.action,
        state: request.state.clone(),
        is_idle: request.was_idle,
        is_over: request.stage == RequestStage::Ended,
        accepted_at: request.accepted_at,
        execution_id: execution.map(|e| e.id.clone()),
        started_at: execution.map(|e| e.started_at),
        ended_at: execution.and_then(|e| e.ended_at),
        over_at: request.ended_at,
        services: execution
            .into_iter()
            .flat_map(|e| &e.stages)
            .flat_map(|stage| &stage.services)
            .map(|run| (run.service, run.state.clone()))
            .collect(),
    }
}
