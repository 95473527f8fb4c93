//! Environments.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;
use uuid::Uuid;

use super::{DeploymentScript, FakeDeployment, FakeQovery, FakeService};
use crate::{
    ActionResponse, Gone, Origin, RequestStatus, Step, Trigger, Workload,
    world::{
        audit::{Actor, CALLER},
        creation,
        environment::Environment,
        event_queue::{Event, ExternalAction, ExternalRequest},
        script::{Failure, Script},
        version::default_source,
    },
};

// Here, because a service does not depend on its environment otherwise.
impl FakeService {
    /// Returns the environment that it belongs to.
    pub fn environment(&self) -> FakeEnvironment {
        FakeEnvironment::new(self.fake.clone(), self.environment)
    }
}

/// An environment of a fake.
#[derive(Debug, Clone)]
pub struct FakeEnvironment {
    pub(super) fake: FakeQovery,
    pub(super) id: Uuid,
}

impl FakeEnvironment {
    pub(super) fn new(fake: FakeQovery, id: Uuid) -> Self {
        Self { fake, id }
    }

    /// Returns its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the id of its project; the nil id once the environment is deleted.
    pub fn project_id(&self) -> Uuid {
        self.set(|environment| environment.project)
            .unwrap_or_default()
    }

    /// Returns the id of its organization; the nil id once the environment is deleted.
    pub fn organization_id(&self) -> Uuid {
        self.set(|environment| environment.organization)
            .unwrap_or_default()
    }

    /// Returns the id of its cluster; the nil id once the environment is deleted.
    pub fn cluster_id(&self) -> Uuid {
        self.set(|environment| environment.cluster)
            .unwrap_or_default()
    }

    /// Returns the exact state of the last deployment; `None` once the environment is deleted.
    pub fn state(&self) -> Option<String> {
        self.set(|environment| environment.last_deployment_state.clone())
    }

    /// Sets the state of the environment and of its services, known to the API or not, as if a deployment
    /// had ended in it.
    pub fn in_state(self, state: &str) -> Self {
        self.set(|environment| {
            state.clone_into(&mut environment.state);
            state.clone_into(&mut environment.last_deployment_state);
        });
        for service in self.services() {
            service.in_state(state);
        }
        self
    }

    /// Sets its mode, such as `PRODUCTION`, known to the API or not. Default: `DEVELOPMENT`.
    pub fn in_mode(self, mode: &str) -> Self {
        self.fake.with(|core| {
            if let Some(resource) = core.world.resources.get_mut(&self.id.to_string()) {
                resource.body.insert("mode".to_owned(), mode.into());
            }
        });
        self
    }

    /// Adds a service in the default stage; [`FakeService::in_stage`] moves it to another one.
    ///
    /// Its source has the same name: an application, a cron job and a Terraform service have a Git repository with the
    /// branch `main`; a container and a lifecycle job have an image with the tag `1.0`; a chart has the version `1.0.0`
    /// of a chart repository. [`FakeService::with`] sets another one.
    pub fn service(&self, kind: Workload, name: &str) -> FakeService {
        let template = format!("/{0}/{{{0}Id}}", kind.segment());
        let mut body = default_source(kind, name);
        body.insert("name".to_owned(), Value::String(name.to_owned()));
        let parents = BTreeMap::from([("environmentId".to_owned(), self.id.to_string())]);
        let id = self.fake.with(|core| {
            let contract = Arc::clone(&core.contract);
            let kind = Some(kind);
            creation::create(&mut core.world, &contract, &template, parents, body, kind)
        });
        FakeService::new(self.fake.clone(), id, kind, self.id)
    }

    /// Returns its services, in the order of their creation.
    pub fn services(&self) -> Vec<FakeService> {
        let found = self.fake.with(|core| {
            let environment = core.world.environments.get(&self.id);
            let services = environment
                .map(|e| core.world.services_of(e))
                .unwrap_or_default();
            services
                .iter()
                .map(|service| (service.id, service.kind))
                .collect::<Vec<_>>()
        });
        let found = found.into_iter();
        found
            .map(|(id, kind)| FakeService::new(self.fake.clone(), id, kind, self.id))
            .collect()
    }

    /// Returns all requests so far, in the order of their acceptance. Also works after the environment was
    /// deleted.
    pub fn deployments(&self) -> Vec<FakeDeployment> {
        self.fake
            .with(|core| FakeDeployment::all_of(&core.world, self.id))
    }

    /// Returns the script of the next deployment (or stop, restart, deletion) that a caller requests.
    pub fn next_deployment(&self) -> DeploymentScript {
        self.nth_deployment(0)
    }

    /// Returns the script of a deployment that callers request after this many others.
    pub fn nth_deployment(&self, others: usize) -> DeploymentScript {
        DeploymentScript::new(self.fake.clone(), self.id, others)
    }

    /// Adds this many past deployments, all of them successful.
    pub fn history(self, deployments: u32) -> Self {
        self.fake.with(|core| {
            for _ in 0..deployments {
                creation::add_past_execution(&mut core.world, self.id);
            }
        });
        self
    }

    /// Scripts an external actor on this environment: immediately, or after a delay.
    pub fn external_actor(&self) -> ExternalActor {
        ExternalActor {
            environment: self.clone(),
            after: Duration::ZERO,
            actor: Actor::someone_else(),
            services: None,
            script: Script::default(),
        }
    }

    /// Shows readers the state before an action for this long after the action. Default: zero.
    pub fn stale_for(self, time: Duration) -> Self {
        self.set(|environment| environment.settings.stale = time);
        self
    }

    /// Sets the response to actions on this environment.
    pub fn action_response(self, response: ActionResponse) -> Self {
        self.set(|environment| environment.settings.response = response);
        self
    }

    /// Sets the response to a read of a request's status.
    pub fn request_status(self, response: RequestStatus) -> Self {
        self.set(|environment| environment.settings.request_status = response);
        self
    }

    /// Sets whether a request is merged into a queued one for the same action. Default: not merged.
    pub fn merges_requests(self, merges: bool) -> Self {
        self.set(|environment| environment.settings.merges = merges);
        self
    }

    /// Sets the time from accepting a request to its first stage. Default: 1 s.
    pub fn starts_after(self, time: Duration) -> Self {
        self.set(|environment| environment.settings.start_delay = time);
        self
    }

    /// Sets the duration of a cancellation. Default: 2 s.
    pub fn cancel_takes(self, time: Duration) -> Self {
        self.set(|environment| environment.settings.cancel_takes = time);
        self
    }

    /// Sets the response to reads of the environment and of its services after their deletion.
    pub fn gone_as(self, gone: Gone) -> Self {
        self.set(|environment| environment.settings.gone = gone);
        self
    }

    fn set<T>(&self, work: impl FnOnce(&mut Environment) -> T) -> Option<T> {
        self.fake
            .with(|core| core.world.environments.get_mut(&self.id).map(work))
    }
}

/// An external actor on an environment, for example a user of the console.
#[derive(Debug, Clone)]
#[must_use = "nothing happens until an action is selected"]
pub struct ExternalActor {
    environment: FakeEnvironment,
    after: Duration,
    actor: Actor,
    services: Option<Vec<Uuid>>,
    script: Script,
}

impl ExternalActor {
    /// Acts after this delay. Default: immediately.
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    /// Sets the origin. Default: the console.
    pub fn through(mut self, origin: Origin) -> Self {
        origin.as_str().clone_into(&mut self.actor.origin);
        self
    }

    /// Sets the user. Default: `someone.else@example.com`.
    pub fn by(mut self, user: &str) -> Self {
        user.clone_into(&mut self.actor.name);
        self
    }

    /// Acts as the user whose token the fake accepts.
    pub fn by_the_same_user(self) -> Self {
        self.by(CALLER)
    }

    /// Selects these services. Default: the whole environment.
    pub fn only<'a>(mut self, services: impl IntoIterator<Item = &'a FakeService>) -> Self {
        self.services = Some(services.into_iter().map(FakeService::id).collect());
        self
    }

    /// A step of a service fails in the requested deployment.
    pub fn fails_at(mut self, service: &FakeService, step: Step) -> Self {
        self.script.failures.push(Failure::new(service.id(), step));
        self
    }

    /// A step of a service takes this long in the requested deployment.
    pub fn takes(mut self, service: &FakeService, step: Step, time: Duration) -> Self {
        self.script.durations.push((service.id(), step, time));
        self
    }

    /// Deploys the environment.
    pub fn deploys(self) {
        self.asks_for(Trigger::Deploy);
    }

    /// Requests any action on the environment.
    pub fn asks_for(self, action: Trigger) {
        let request = ExternalRequest {
            action,
            services: self.services.clone(),
            script: self.script.clone(),
        };
        self.acts(ExternalAction::Request(Box::new(request)));
    }

    /// Cancels the running execution, else the first queued request.
    pub fn cancels(self) {
        self.acts(ExternalAction::Cancel);
    }

    /// Cancels one request, if it is queued at that time.
    pub fn cancels_request(self, request: Uuid) {
        self.acts(ExternalAction::CancelRequest(request));
    }

    fn acts(self, act: ExternalAction) {
        let id = self.environment.id;
        self.environment.fake.with(|core| {
            let event = Event::ExternalActor(id, self.actor, act);
            core.world.after(self.after, event);
            let now = core.world.time.now();
            core.world.advance(now);
        });
    }
}
