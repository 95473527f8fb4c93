//! A story set up on a fake, and the waits in it.

use std::time::Duration;

use qovery_api::Client;
use qovery_ext::wait::{Action, ServiceKind};
use qovery_fake::{FakeCluster, FakeDeployment, FakeEnvironment, FakeQovery, FakeService, Step};
use uuid::Uuid;

use super::story::{Fate, LEAD, Story, Way};
use crate::{
    oracle::Outcome,
    story::{Target, action_on, kind_of, with_services},
};

/// The real outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Reached,
    Failed,
    Canceled,
    StillGoing,
}

/// One subject of a wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) environment: usize,
    pub(crate) target: Target,
}

/// The outcome of one wait.
pub(crate) struct Waited {
    pub(crate) wait: Wait,
    pub(crate) outcome: Outcome,
    pub(crate) at: Duration,
    /// The real state at that time.
    pub(crate) then: End,
    pub(crate) text: String,
}

/// A story set up on a fake.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) fake: FakeQovery,
    pub(crate) environments: Vec<(FakeEnvironment, Vec<FakeService>)>,
    pub(crate) cluster: FakeCluster,
    /// The request that is followed by its id.
    pub(crate) watched: Option<Uuid>,
}

impl Scene {
    pub(super) fn new(story: &Story) -> Self {
        let fake = FakeQovery::new();
        if let Some(stream) = &story.stream {
            stream.inject(&fake);
        }
        let project = fake.project("story");
        let mut environments = Vec::new();
        for number in 0..story.environments {
            let environment = project
                .environment(&format!("environment-{number}"))
                .starts_after(story.starts_after);
            environments.push(with_services(environment, &story.services, story.before));
        }
        let cluster = fake.cluster("story").takes(Duration::from_secs(60));
        fake.latency(story.latency);
        let scene = Self {
            fake,
            environments,
            cluster,
            watched: None,
        };
        scene.write_scripts(story);
        scene.let_others_act(story);
        scene.fake.api(story.traits);
        scene
    }

    fn write_scripts(&self, story: &Story) {
        if let Fate::Fails(_) = story.fate {
            self.cluster.clone().next_action_ends_as("DEPLOYMENT_ERROR");
        }
        for (environment, services) in &self.environments {
            let requests = if story.way == Way::Group { 20 } else { 1 };
            for number in 0..requests {
                let script = environment.nth_deployment(number);
                let _ = match story.fate {
                    Fate::Succeeds => script,
                    Fate::Fails(service) => script.fails_at(&services[service], Step::Deployment),
                    Fate::Hangs(service) => script.hangs_at(&services[service], Step::Deployment),
                    Fate::CanceledInQueue(after) => script.canceled_in_queue_after(after),
                    Fate::Canceled(after) => script.canceled_after(after),
                    Fate::Overtaken(after) => {
                        script.superseded_after(after, qovery_fake::Trigger::Deploy)
                    }
                };
            }
        }
    }

    fn let_others_act(&self, story: &Story) {
        for (environment, services) in &self.environments {
            for external in &story.externals {
                let mut request = environment
                    .external_actor()
                    .after(external.at)
                    .through(external.origin);
                if external.is_same_user {
                    request = request.by_the_same_user();
                }
                if let Some(only) = external.only {
                    request = request.only([&services[only]]);
                }
                if let Some(fails) = external.fails {
                    request = request.fails_at(&services[fails], Step::Deployment);
                }
                request.asks_for(external.action);
            }
        }
    }

    /// The requests that a wait can follow, from the action on.
    pub(crate) fn deployments(&self, wait: Wait) -> Vec<FakeDeployment> {
        self.environments[wait.environment].0.deployments()
    }

    /// The request that a wait follows.
    pub(crate) fn ours(&self, wait: Wait) -> Option<FakeDeployment> {
        let mut all = self.deployments(wait).into_iter();
        if let Some(watched) = self.watched {
            return all.find(|d| d.request_id == watched);
        }
        let services = self.ids(wait);
        all.find(|d| {
            let is_about = |id: &Uuid| d.requested.contains(id);
            let is_for_it = wait.target == Target::Environment || services.iter().all(is_about);
            d.is_callers && d.accepted_at >= LEAD && is_for_it
        })
    }

    /// The services of a wait; for an environment, all of its services.
    pub(crate) fn ids(&self, wait: Wait) -> Vec<Uuid> {
        let services = &self.environments[wait.environment].1;
        let id = |i: usize| services[i].id();
        match wait.target {
            Target::Environment => services.iter().map(FakeService::id).collect(),
            Target::Service(i) | Target::ServiceOfEnvironment(i) => vec![id(i)],
            Target::Services(a, b) => vec![id(a), id(b)],
        }
    }

    pub(super) fn action(&self, story: &Story, client: &Client, wait: Wait) -> Action {
        let (environment, services) = &self.environments[wait.environment];
        let services: Vec<(ServiceKind, Uuid)> = services
            .iter()
            .map(|service| (kind_of(service.workload()), service.id()))
            .collect();
        action_on(
            client,
            environment.id(),
            &services,
            wait.target,
            story.asked,
        )
    }
}
