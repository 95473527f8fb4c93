//! Requests of external actors.

use std::time::Duration;

use uuid::Uuid;

use super::{FakeEnvironment, FakeService};
use crate::{
    Origin, Step, Trigger,
    world::{
        audit::{Actor, CALLER},
        event_queue::{Event, ExternalAction, ExternalRequest},
        script::{Failure, Script},
    },
};

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
    pub(super) fn new(environment: FakeEnvironment) -> Self {
        Self {
            environment,
            after: Duration::ZERO,
            actor: Actor::someone_else(),
            services: None,
            script: Script::default(),
        }
    }

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
