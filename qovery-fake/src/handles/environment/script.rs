//! Scripts of single deployments.

use std::time::Duration;

use uuid::Uuid;

use super::{FakeQovery, FakeService};
use crate::{
    Step, Trigger,
    world::script::{Failure, Mask, Script},
};

/// A script for one deployment that a caller requests. Settings apply as soon as they are made.
///
/// ```
/// use std::time::Duration;
/// use qovery_fake::{FakeQovery, Workload, Step};
///
/// let fake = FakeQovery::new();
/// let environment = fake.environment("preview");
/// let database = environment.service(Workload::Database, "orders").in_stage("data");
/// environment
///     .next_deployment()
///     .queued_for(Duration::from_secs(45))
///     .fails_at(&database, Step::Deployment)
///     .because("no volume could be attached");
/// ```
#[derive(Debug, Clone)]
pub struct DeploymentScript {
    fake: FakeQovery,
    environment: Uuid,
    position: usize,
}

impl DeploymentScript {
    pub(super) fn new(fake: FakeQovery, environment: Uuid, position: usize) -> Self {
        Self {
            fake,
            environment,
            position,
        }
    }

    /// A step of a service fails at the end of its time.
    pub fn fails_at(self, service: &FakeService, step: Step) -> Self {
        let failure = Failure::new(service.id(), step);
        self.change(|script| script.failures.push(failure))
    }

    /// Sets the log message of the failure that was added last.
    pub fn because(self, reason: &str) -> Self {
        self.change(|script| {
            if let Some(failure) = script.failures.last_mut() {
                reason.clone_into(&mut failure.reason);
            }
        })
    }

    /// Adds log lines before the failure that was added last.
    pub fn after_logging<'a>(self, lines: impl IntoIterator<Item = &'a str>) -> Self {
        self.change(|script| {
            if let Some(failure) = script.failures.last_mut() {
                failure.log.extend(lines.into_iter().map(str::to_owned));
            }
        })
    }

    /// Adds log lines of a service that appear when the service is done: for example the plan of a Terraform
    /// service.
    pub fn logs<'a>(self, service: &FakeService, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = lines.into_iter().map(str::to_owned).collect();
        let id = service.id();
        self.change(|script| script.logs.push((id, lines)))
    }

    /// A step of a service never ends.
    pub fn hangs_at(self, service: &FakeService, step: Step) -> Self {
        let id = service.id();
        self.change(|script| script.hangs.push((id, step)))
    }

    /// A step of a service takes this long.
    pub fn takes(self, service: &FakeService, step: Step, time: Duration) -> Self {
        let id = service.id();
        self.change(|script| script.durations.push((id, step, time)))
    }

    /// The request stays queued for this long, in addition to the environment's setting.
    pub fn queued_for(self, time: Duration) -> Self {
        self.change(|script| script.queued_for = time)
    }

    /// An external actor cancels the deployment this long after the request.
    pub fn canceled_after(self, time: Duration) -> Self {
        self.change(|script| script.canceled_after = Some(time))
    }

    /// An external actor cancels the request this long after it was made, if it is still queued.
    pub fn canceled_in_queue_after(self, time: Duration) -> Self {
        self.change(|script| script.canceled_in_queue_after = Some(time))
    }

    /// An external actor requests this action and supersedes the deployment, this long after the deployment was
    /// requested.
    pub fn superseded_after(self, time: Duration, by: Trigger) -> Self {
        self.change(|script| script.superseded_after = Some((time, by)))
    }

    /// The environment shows this state instead of the real one, for a while after the request.
    pub fn shows(self, state: &str, after: Duration, lasting: Duration) -> Self {
        self.mask(None, state, after, lasting)
    }

    /// A service shows this state instead of the real one, for a while after the request.
    pub fn service_shows(
        self,
        service: &FakeService,
        state: &str,
        after: Duration,
        lasting: Duration,
    ) -> Self {
        let id = service.id();
        self.mask(Some(id), state, after, lasting)
    }

    /// The deployment ends in this state, known to the API or not.
    pub fn ends_as(self, state: &str) -> Self {
        self.change(|script| script.ends_as = Some(state.to_owned()))
    }

    /// The request is accepted and has nothing to do: no execution, no change of state.
    pub fn has_nothing_to_do(self) -> Self {
        self.change(|script| script.nothing_to_do = true)
    }

    fn mask(self, service: Option<Uuid>, state: &str, after: Duration, lasting: Duration) -> Self {
        let mask = Mask {
            service,
            state: state.to_owned(),
            after,
            lasting,
        };
        self.change(|script| script.masks.push(mask))
    }

    fn change(self, work: impl FnOnce(&mut Script)) -> Self {
        self.fake.with(|core| {
            let Some(environment) = core.world.environments.get_mut(&self.environment) else {
                return;
            };
            let scripts = &mut environment.scripts;
            while scripts.len() <= self.position {
                scripts.push_back(Script::default());
            }
            if let Some(script) = scripts.get_mut(self.position) {
                work(script);
            }
        });
        self
    }
}
