//! Environments, their services and their deployments.

mod deployment;
mod external_actor;
mod script;
mod service;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::Value;
use uuid::Uuid;

pub use deployment::FakeDeployment;
pub use external_actor::ExternalActor;
pub use script::DeploymentScript;
pub use service::{FakeService, InvalidProperty};

use super::FakeQovery;
use crate::{
    ActionResponse, Gone, RequestStatus, Workload,
    world::{creation, environment::Environment, version::default_source},
};

/// An environment of a fake.
#[derive(Debug, Clone)]
pub struct FakeEnvironment {
    fake: FakeQovery,
    id: Uuid,
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
        self.with_environment(|environment| environment.project)
            .unwrap_or_default()
    }

    /// Returns the id of its organization; the nil id once the environment is deleted.
    pub fn organization_id(&self) -> Uuid {
        self.with_environment(|environment| environment.organization)
            .unwrap_or_default()
    }

    /// Returns the id of its cluster; the nil id once the environment is deleted.
    pub fn cluster_id(&self) -> Uuid {
        self.with_environment(|environment| environment.cluster)
            .unwrap_or_default()
    }

    /// Returns the exact state of the last deployment; `None` once the environment is deleted.
    pub fn state(&self) -> Option<String> {
        self.with_environment(|environment| environment.last_deployment_state.clone())
    }

    /// Sets the state of the environment and of its services, known to the API or not, as if a deployment
    /// had ended in it.
    pub fn in_state(self, state: &str) -> Self {
        self.with_environment(|environment| {
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
    /// of a chart repository. A database and an agentic workflow have no source. [`FakeService::with`] sets another
    /// one.
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

    /// Returns the script of a later deployment. Callers request `others` deployments before it, counted from now on;
    /// with 0, it is the next one.
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
        ExternalActor::new(self.clone())
    }

    /// Shows readers the state before an action for this long after the action. Default: zero.
    pub fn stale_for(self, time: Duration) -> Self {
        self.with_environment(|environment| environment.settings.stale = time);
        self
    }

    /// Sets the response to actions on this environment. Default: the body that the contract declares.
    pub fn action_response(self, response: ActionResponse) -> Self {
        self.with_environment(|environment| environment.settings.response = response);
        self
    }

    /// Sets the response to a read of a request's status. Default: the state of the request.
    pub fn request_status(self, response: RequestStatus) -> Self {
        self.with_environment(|environment| environment.settings.request_status = response);
        self
    }

    /// Sets whether a request is merged into a queued one for the same action. Default: not merged.
    pub fn merges_requests(self, merges: bool) -> Self {
        self.with_environment(|environment| environment.settings.merges = merges);
        self
    }

    /// Sets the time from accepting a request to the start of its execution. Default: 1 s.
    pub fn starts_after(self, time: Duration) -> Self {
        self.with_environment(|environment| environment.settings.start_delay = time);
        self
    }

    /// Sets the duration of a cancellation. Default: 2 s.
    pub fn cancel_takes(self, time: Duration) -> Self {
        self.with_environment(|environment| environment.settings.cancel_takes = time);
        self
    }

    /// Sets the response to reads of the environment and of its services after their deletion. Default: 404.
    pub fn gone_as(self, gone: Gone) -> Self {
        self.with_environment(|environment| environment.settings.gone = gone);
        self
    }

    fn with_environment<T>(&self, work: impl FnOnce(&mut Environment) -> T) -> Option<T> {
        self.fake
            .with(|core| core.world.environments.get_mut(&self.id).map(work))
    }
}
