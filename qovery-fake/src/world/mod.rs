//! The state of the fake: resources, deployments and scheduled events.
//!
//! Time is a number that only increases. Each access passes the current time, and the events that are
//! due by then are applied first, in order. Nothing runs in the background.

pub(crate) mod audit;
pub(crate) mod cluster;
pub(crate) mod creation;
pub(crate) mod earlier_states;
pub(crate) mod edit;
pub(crate) mod environment;
pub(crate) mod event_queue;
pub(crate) mod execution;
pub(crate) mod queue;
pub(crate) mod removal;
pub(crate) mod request;
pub(crate) mod resources;
pub(crate) mod response;
mod run;
pub(crate) mod script;
pub(crate) mod table;
mod timeline;
pub(crate) mod version;

use std::{collections::HashMap, time::Duration};

use uuid::Uuid;

use self::{
    audit::AuditLog,
    cluster::Cluster,
    earlier_states::{EarlierStates, Endpoint},
    environment::{Environment, Service},
    event_queue::{Event, EventQueue},
    execution::Execution,
    request::DeploymentRequest,
    resources::Resources,
    table::{Shared, Table},
    timeline::Timeline,
};
use super::{
    settings::{ConfiguredVersion, Gone, Settings, StartId},
    traits::ApiTraits,
};

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) time: Timeline,
    pub(crate) events: EventQueue,
    pub(crate) resources: Shared<Resources>,
    pub(crate) environments: Table<Uuid, Environment>,
    pub(crate) services: Table<Uuid, Service>,
    pub(crate) clusters: Table<Uuid, Cluster>,
    pub(crate) requests: Table<Uuid, DeploymentRequest>,
    pub(crate) executions: Table<String, Execution>,
    pub(crate) audit: AuditLog,
    /// How to answer reads of deleted resources, by id.
    pub(crate) gone: HashMap<String, Gone>,
    /// The default for environments that are created later.
    pub(crate) defaults: Settings,
    pub(crate) page_size: usize,
    pub(crate) start_id: StartId,
    pub(crate) configured_version: ConfiguredVersion,
    pub(crate) traits: ApiTraits,
    earlier: EarlierStates,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            time: Timeline::default(),
            events: EventQueue::default(),
            resources: Shared::default(),
            environments: Table::default(),
            services: Table::default(),
            clusters: Table::default(),
            requests: Table::default(),
            executions: Table::default(),
            audit: AuditLog::default(),
            gone: HashMap::new(),
            defaults: Settings::default(),
            page_size: 20,
            start_id: StartId::default(),
            configured_version: ConfiguredVersion::default(),
            traits: ApiTraits::default(),
            earlier: EarlierStates::default(),
        }
    }

    /// Applies all events that are due by `now`.
    pub(crate) fn advance(&mut self, now: Duration) {
        while let Some((due, event)) = self.events.next_until(now) {
            self.advance_to(due);
            self.apply(event);
            self.note_change();
        }
        self.advance_to(now);
    }

    fn advance_to(&mut self, time: Duration) {
        if time > self.time.now() {
            self.remember();
            self.time.advance_to(time);
        }
    }

    /// Schedules an event, counted from now.
    pub(crate) fn after(&mut self, delay: Duration, event: Event) {
        self.events.at(self.time.now().saturating_add(delay), event);
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Begin(environment) => queue::begin(self, environment),
            Event::Stage(execution, position) => run::start_stage(self, &execution, position),
            Event::Step(execution, service, position) => {
                run::start_step(self, &execution, service, position);
            }
            Event::Fail(execution, service, position) => {
                run::fail_step(self, &execution, service, position);
            }
            Event::Canceled(execution) => run::end_cancellation(self, &execution),
            Event::ExternalActor(environment, actor, act) => {
                queue::act_externally(self, environment, actor, act);
            }
            Event::Supersede(request, action) => queue::supersede(self, request, action),
            Event::Mask(environment, service, state, lasting) => {
                let masked = Some((self.time.now().saturating_add(lasting), state));
                match service {
                    Some(service) => {
                        if let Some(service) = self.services.get_mut(&service) {
                            service.masked = masked;
                        }
                    }
                    None => {
                        if let Some(environment) = self.environments.get_mut(&environment) {
                            environment.masked = masked;
                        }
                    }
                }
            }
            Event::Vanish(id) => removal::forget_resource(self, id),
            Event::Cluster(cluster, generation) => cluster::proceed(self, cluster, generation),
        }
    }

    /// The services of an environment, in order of creation.
    pub(crate) fn services_of(&self, environment: &Environment) -> Vec<&Service> {
        let ids = environment.services.iter();
        ids.filter_map(|id| self.services.get(id)).collect()
    }

    /// Returns the view of an environment that readers see: the current one or an older one.
    pub(crate) fn view(&self, id: Uuid) -> Option<(&Environment, Vec<&Service>)> {
        let environment = self.environments.get(&id)?;
        match &environment.stale {
            Some(stale) if stale.until > self.time.now() => {
                Some((&*stale.environment, stale.services.iter().collect()))
            }
            _ => Some((environment, self.services_of(environment))),
        }
    }

    /// Sets the behavior of the API. Reads never lag behind this time.
    pub(crate) fn set_traits(&mut self, traits: ApiTraits) {
        self.traits = traits;
        self.earlier = EarlierStates::default();
        self.note_change();
    }

    /// Records that something changes at this time.
    pub(crate) fn note_change(&mut self) {
        self.earlier.note_change();
    }

    /// Stores a copy of the current state before time advances, if a lagging read may need it.
    fn remember(&mut self) {
        if self.earlier.needs_copy(self.traits.longest_lag()) {
            let copy = self.copy();
            self.earlier.keep(copy, self.traits.longest_lag());
        }
    }

    /// The world that a read of this endpoint sees; `None` if it is the current one.
    pub(crate) fn seen_through(&mut self, endpoint: Endpoint) -> Option<Self> {
        let lag = endpoint.lag(&self.traits.lags) + self.earlier.replica_lag(self.traits.replicas);
        let (seen, at) = self.earlier.at(self.time.now(), lag)?;
        let mut seen = seen.copy();
        seen.time.advance_to(at);
        Some(seen)
    }

    /// Returns a copy for readers, without scheduled events, audit log and earlier copies.
    fn copy(&self) -> Self {
        Self {
            time: self.time.clone(),
            events: EventQueue::default(),
            resources: self.resources.clone(),
            environments: self.environments.clone(),
            services: self.services.clone(),
            clusters: self.clusters.clone(),
            requests: self.requests.clone(),
            executions: self.executions.clone(),
            audit: AuditLog::default(),
            gone: self.gone.clone(),
            defaults: self.defaults.clone(),
            page_size: self.page_size,
            start_id: self.start_id,
            configured_version: self.configured_version,
            traits: self.traits,
            earlier: EarlierStates::default(),
        }
    }
}
