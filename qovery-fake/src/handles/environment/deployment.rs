//! The real outcome of each request, for the assertions of a test.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    Trigger,
    world::{
        World,
        request::{DeploymentRequest, RequestStage},
    },
};

/// A request for a deployment and its real outcome, which may differ from the state that readers see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FakeDeployment {
    /// The request's id.
    pub request_id: Uuid,
    /// Whether it came through the API, not from an external actor.
    pub is_callers: bool,
    /// Its origin, as the API spells it.
    pub origin: String,
    /// The user who made it.
    pub triggered_by: String,
    /// The requested action.
    pub action: Trigger,
    /// The requested services.
    pub requested: Vec<Uuid>,
    /// The request that absorbed it.
    pub merged_into: Option<Uuid>,
    /// Its state, as the API spells it.
    pub state: String,
    /// Whether the request is over.
    pub is_over: bool,
    /// Whether there was nothing to do, so that it ended when it was accepted.
    pub is_idle: bool,
    /// When it was accepted, on the fake's clock.
    pub accepted_at: Duration,
    /// The id of its execution, once it has one; if merged, of the execution of the absorbing request.
    pub execution_id: Option<String>,
    /// When its execution started, on the fake's clock.
    pub started_at: Option<Duration>,
    /// When its execution ended, on the fake's clock.
    pub ended_at: Option<Duration>,
    /// When the request was over, on the fake's clock, whether or not it was executed.
    pub over_at: Option<Duration>,
    /// The final state of each service that took part.
    pub services: Vec<(Uuid, String)>,
}

impl FakeDeployment {
    /// All requests of an environment, in the order of their acceptance.
    pub(super) fn all_of(world: &World, environment: Uuid) -> Vec<Self> {
        let mut requests: Vec<_> = world
            .requests
            .values()
            .filter(|request| request.environment == environment)
            .collect();
        requests.sort_by_key(|request| (request.accepted_at, request.id));
        let requests = requests.into_iter();
        requests.map(|request| Self::of(world, request)).collect()
    }

    fn of(world: &World, request: &DeploymentRequest) -> Self {
        let carried = request.merged_into.unwrap_or(request.id);
        let execution = world.executions.values().find(|e| e.request.id == carried);
        Self {
            request_id: request.id,
            is_callers: request.actor.is_caller,
            origin: request.actor.origin.clone(),
            triggered_by: request.actor.name.clone(),
            requested: request.requested.clone(),
            merged_into: request.merged_into,
            action: request.action,
            state: request.state.clone(),
            is_idle: request.had_nothing_to_do,
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
}
