//! Services.

use std::{fmt, sync::Arc, time::Duration};

use qovery_api::Printable;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{FakeEnvironment, FakeQovery};
use crate::{
    Step, Workload,
    world::{creation, environment::Service},
};

/// A property that a service cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidProperty(String);

impl fmt::Display for InvalidProperty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable::new(&self.0).fmt(f)
    }
}

impl std::error::Error for InvalidProperty {}

/// A service of a fake.
#[derive(Debug, Clone)]
pub struct FakeService {
    fake: FakeQovery,
    id: Uuid,
    workload: Workload,
    environment: Uuid,
}

impl FakeService {
    pub(super) fn new(fake: FakeQovery, id: Uuid, workload: Workload, environment: Uuid) -> Self {
        Self {
            fake,
            id,
            workload,
            environment,
        }
    }

    /// Returns its id.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the environment that it belongs to.
    pub fn environment(&self) -> FakeEnvironment {
        FakeEnvironment::new(self.fake.clone(), self.environment)
    }

    /// Returns the kind of the service.
    pub fn workload(&self) -> Workload {
        self.workload
    }

    /// Returns its exact current state; `None` once it is deleted.
    pub fn state(&self) -> Option<String> {
        self.with_service(|service| service.state.clone())
    }

    /// Sets the current state, known to the API or not, for example that of an earlier failure.
    pub fn in_state(self, state: &str) -> Self {
        self.with_service(|service| {
            state.clone_into(&mut service.state);
            state.clone_into(&mut service.resting_state);
            if state != "READY" {
                service.deployment_status = "UP_TO_DATE";
            }
        });
        self
    }

    /// Moves the service to the stage with this name; appends the stage if it does not exist.
    pub fn in_stage(self, name: &str) -> Self {
        self.fake.with(|core| {
            let contract = Arc::clone(&core.contract);
            let stage = creation::stage_named(&mut core.world, &contract, self.environment, name);
            if let Some(service) = core.world.services.get_mut(&self.id) {
                service.stage = stage;
            }
            creation::drop_empty_default_stage(&mut core.world, self.environment);
        });
        self
    }

    /// Sets the duration of a step in each deployment.
    pub fn takes(self, step: Step, time: Duration) -> Self {
        self.with_service(|service| service.durations.push((step, time)));
        self
    }

    /// Adds a public URL. The first one is the default.
    pub fn url(self, url: &str) -> Self {
        self.fake.with(|core| {
            let resource = core.world.resources.get_mut(&self.id.to_string());
            let Some(resource) = resource else { return };
            let links = resource.server.entry("links").or_insert_with(|| json!([]));
            if let Some(links) = links.as_array_mut() {
                links.push(json!(url));
            }
        });
        self
    }

    /// Adds a line to the service's log.
    pub fn prints(self, line: &str) -> Self {
        self.fake.with(|core| {
            let now = core.world.time.now();
            if let Some(service) = core.world.services.get_mut(&self.id) {
                service.logs.push((now, line.to_owned()));
            }
        });
        self
    }

    /// Gives its pod a problem, such as `CrashLoopBackOff` with the exit code of its last run, or
    /// `ImagePullBackOff`. `Unhealthy` is a probe that fails. Shown by websockets only.
    pub fn pod_fails(self, reason: &str, exit_code: Option<i32>) -> Self {
        self.with_service(|service| service.pod_problem = Some((reason.to_owned(), exit_code)));
        self
    }

    /// Removes the problem of its pod.
    pub fn pod_recovers(self) -> Self {
        self.with_service(|service| service.pod_problem = None);
        self
    }

    /// Restarts the container of its pod, which runs again at once. Shown by websockets only.
    pub fn pod_restarts(self) -> Self {
        self.with_service(|service| service.pod_restarts = service.pod_restarts.saturating_add(1));
        self
    }

    /// Gives its repository this many commits, newest first.
    pub fn commits(self, count: u32) -> Self {
        self.fake
            .with(|core| creation::add_commits(&mut core.world, self.id, self.workload, count));
        self
    }

    /// Sets a property of its configuration, such as `tag` of a container, or `git_repository` of an application. The
    /// name and the type are those of the response of the API that shows the service. An object may lack properties:
    /// responses complete it.
    ///
    /// ```
    /// use qovery_fake::{FakeQovery, Workload};
    /// use qovery_fake::qovery_api::serde_json::json;
    ///
    /// let environment = FakeQovery::new().environment("staging");
    /// let api = environment.service(Workload::Application, "api").with(
    ///     "git_repository",
    ///     json!({"url": "https://github.com/acme/api", "branch": "main", "provider": "GITHUB"}),
    /// );
    /// assert!(api.try_with("git_repositry", json!({})).is_err());
    /// ```
    ///
    /// # Panics
    /// Panics if [`try_with`](Self::try_with) returns an error: a test with such a configuration would test nothing.
    #[track_caller]
    pub fn with(self, property: &str, value: Value) -> Self {
        match self.try_with(property, value) {
            Ok(()) => self,
            #[allow(
                clippy::panic,
                reason = "a mistake in a test, like a wrong argument of an assertion"
            )]
            Err(problem) => panic!("{problem}"),
        }
    }

    /// Sets a property of its configuration, like [`with`](Self::with).
    ///
    /// # Errors
    /// Returns an error if the service was deleted, if a service of this kind has no such property, if the server sets
    /// it, or if the value does not fit. For an unknown property, the message has the closest name, if a name is
    /// similar.
    pub fn try_with(&self, property: &str, value: Value) -> Result<(), InvalidProperty> {
        self.fake.with(|core| {
            let contract = Arc::clone(&core.contract);
            let Some(resource) = core.world.resources.get_mut(&self.id.to_string()) else {
                return Err(InvalidProperty("the service does not exist".to_owned()));
            };
            let problem = match resource.server.contains_key(property) {
                true => Some(format!("\"{property}\" is set by the server")),
                false => contract.problem_of_property(
                    &resource.template,
                    &resource.facts(),
                    property,
                    &value,
                ),
            };
            if let Some(problem) = problem {
                let kind = self.workload.service_type();
                return Err(InvalidProperty(format!(
                    "a service of type {kind}: {problem}"
                )));
            }
            resource.body.insert(property.to_owned(), value);
            Ok(())
        })
    }

    /// Returns a property of its configuration, as it was last set.
    pub fn property(&self, property: &str) -> Option<Value> {
        self.fake.with(|core| {
            let resource = core.world.resources.get(&self.id.to_string());
            resource.and_then(|resource| resource.body.get(property).cloned())
        })
    }

    fn with_service<T>(&self, work: impl FnOnce(&mut Service) -> T) -> Option<T> {
        self.fake
            .with(|core| core.world.services.get_mut(&self.id).map(work))
    }
}
