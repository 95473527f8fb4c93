//! Random deployment stories: the initial state, the request, and the events during the wait.
//!
//! A story is a value that a seed makes; playing it sets up a fake and runs a wait against it.

use std::time::Duration;

use chrono::TimeDelta;
use qovery_api::Client;
use qovery_ext::wait::{Action, ServiceKind, ServiceSelection, WaitExt};
use qovery_fake::{
    ActionResponse, FakeDeployment, FakeEnvironment, FakeQovery, FakeService, Fault, Gone,
    RequestStatus, RetryAfter, Step, Trigger, Workload as FakeKind,
};
use uuid::Uuid;

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

use crate::stream_faults::Stream;

#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) seed: u64,
    pub(crate) services: Vec<ServicePlan>,
    pub(crate) before: &'static str,
    pub(crate) target: Target,
    pub(crate) asked: Asked,
    /// Another actor requested a deployment this long before.
    pub(crate) foreign_before: Option<Duration>,
    /// And another request is queued behind it.
    pub(crate) foreign_queued: bool,
    /// Another actor requests a deployment this long after ours.
    pub(crate) foreign_after: Option<Duration>,
    pub(crate) fate: Fate,
    pub(crate) stale: Duration,
    pub(crate) starts_after: Duration,
    pub(crate) response: ActionResponse,
    pub(crate) request_status: RequestStatus,
    pub(crate) merges: bool,
    pub(crate) gone: Gone,
    pub(crate) trouble: Vec<Trouble>,
    pub(crate) latency: Duration,
    /// The server's calendar jumps by this many seconds right after the action.
    pub(crate) calendar_jump: i64,
    /// The environment shows an unknown state for some time.
    pub(crate) novelty: Option<(Duration, Duration)>,
    pub(crate) deadline: Duration,
    /// A service outside of the request shows an old failure.
    pub(crate) neighbor_in_error: Option<usize>,
    /// A service outside of the request fails in another actor's deployment before ours.
    pub(crate) neighbor_fails: Option<usize>,
    /// Another process continues the wait from its token.
    pub(crate) resumed: bool,
    /// The stream of the wait, if there is one.
    pub(crate) stream: Option<Stream>,
}

#[derive(Debug, Clone)]
pub(crate) struct ServicePlan {
    pub(crate) kind: FakeKind,
    pub(crate) stage: usize,
    pub(crate) takes: Duration,
}

/// The environment with these services, in the state from before the action.
pub(crate) fn with_services(
    environment: FakeEnvironment,
    plans: &[ServicePlan],
    before: &str,
) -> (FakeEnvironment, Vec<FakeService>) {
    let services = plans.iter().enumerate().map(|(i, plan)| {
        environment
            .service(plan.kind, &format!("service-{i}"))
            .in_stage(&format!("stage-{}", plan.stage))
            .takes(Step::Deployment, plan.takes)
    });
    let services = services.collect();
    match before {
        "READY" => (environment, services),
        before => (environment.history(1).in_state(before), services),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Environment,
    /// One service with its own status.
    Service(usize),
    /// One service, read with its environment.
    ServiceOfEnvironment(usize),
    /// Two services at once.
    Services(usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Deploy,
    Redeploy,
    Stop,
    Restart,
    Delete,
    Uninstall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Succeeds,
    Fails { service: usize },
    Hangs { service: usize },
    CanceledElsewhere(Duration),
    Superseded(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    ServerErrors {
        after: u32,
        times: u32,
    },
    TooMany {
        after: u32,
        seconds: u64,
    },
    LostConnections {
        after: u32,
        times: u32,
    },
    Garbage {
        after: u32,
    },
    EmptyBody {
        after: u32,
    },
    /// From here on, every request fails.
    Outage {
        after: u32,
    },
}

/// The operations that a wait polls with.
const POLLS: [&str; 8] = [
    "getEnvironmentStatusesWithStages",
    "getEnvironmentStatus",
    "getApplicationStatus",
    "getContainerStatus",
    "getDatabaseStatus",
    "getJobStatus",
    "getHelmStatus",
    "getDeploymentStatusByDeploymentRequestId",
];

pub(crate) struct Dice(pub(crate) fastrand::Rng);

impl Dice {
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.0.u32(0..100) < percent
    }

    pub(crate) fn seconds(&mut self, range: std::ops::Range<u64>) -> Duration {
        // Not whole seconds, so that polls and changes are rarely simultaneous.
        Duration::from_millis(self.0.u64(range.start * 1000..range.end * 1000))
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.0.usize(0..choices.len())]
    }
}

impl Story {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice(fastrand::Rng::with_seed(seed));
        let count = dice.0.usize(1..6);
        let services: Vec<_> = (0..count)
            .map(|i| ServicePlan {
                // The first service can be restarted, so that every action affects a service.
                kind: if i == 0 {
                    dice.one_of(&[FakeKind::Application, FakeKind::Container])
                } else {
                    dice.one_of(&FakeKind::ALL[..7])
                },
                stage: dice.0.usize(0..3),
                takes: dice.seconds(1..120),
            })
            .collect();
        let any = |dice: &mut Dice| dice.0.usize(0..count);
        let asked = dice.one_of(&[
            Asked::Deploy,
            Asked::Deploy,
            Asked::Redeploy,
            Asked::Stop,
            Asked::Restart,
            Asked::Delete,
            Asked::Uninstall,
        ]);
        let restartable = |i: usize| {
            matches!(
                services[i].kind,
                FakeKind::Application | FakeKind::Container | FakeKind::Database
            )
        };
        let selectable = |i: usize| services[i].kind != FakeKind::AgenticWorkflow;
        let mut target = match dice.0.u32(0..10) {
            0..=4 => Target::Environment,
            5..=6 => Target::Service(any(&mut dice)),
            7 => Target::ServiceOfEnvironment(any(&mut dice)),
            _ => Target::Services(any(&mut dice), any(&mut dice)),
        };
        if let Target::Services(a, b) = target
            && (a == b || !selectable(a) || !selectable(b))
        {
            target = Target::Environment;
        }
        let chosen: Vec<usize> = match target {
            Target::Environment => (0..count).collect(),
            Target::Service(i) | Target::ServiceOfEnvironment(i) => vec![i],
            Target::Services(a, b) => vec![a, b],
        };
        if asked == Asked::Restart
            && target != Target::Environment
            && !chosen.iter().all(|i| restartable(*i))
        {
            target = Target::Environment;
        }
        let affected = match target {
            Target::Environment if asked == Asked::Restart => {
                (0..count).filter(|i| restartable(*i)).collect()
            }
            Target::Environment => (0..count).collect(),
            _ => chosen,
        };
        let victim = affected[dice.0.usize(0..affected.len())];
        let fate = match dice.0.u32(0..20) {
            0..=8 => Fate::Succeeds,
            9..=13 => Fate::Fails { service: victim },
            14 => Fate::Hangs { service: victim },
            15..=17 => Fate::CanceledElsewhere(dice.seconds(0..90)),
            _ => Fate::Superseded(dice.seconds(0..90)),
        };
        let mut trouble = Vec::new();
        if dice.chance(30) {
            let after = dice.0.u32(0..8);
            trouble.push(match dice.0.u32(0..10) {
                0..=2 => Trouble::ServerErrors {
                    after,
                    times: dice.0.u32(1..5),
                },
                3..=4 => Trouble::TooMany {
                    after,
                    seconds: dice.0.u64(1..60),
                },
                5..=6 => Trouble::LostConnections {
                    after,
                    times: dice.0.u32(1..5),
                },
                7 => Trouble::Garbage { after },
                8 => Trouble::EmptyBody { after },
                _ => Trouble::Outage { after: after + 2 },
            });
        }
        let before = dice.one_of(&[
            "READY",
            "DEPLOYED",
            "DEPLOYED",
            "STOPPED",
            "DEPLOYMENT_ERROR",
            "CANCELED",
        ]);
        let foreign_before = dice.chance(25).then(|| dice.seconds(0..60));
        let mut story = Self {
            seed,
            before,
            target,
            asked,
            foreign_queued: foreign_before.is_some() && dice.chance(30),
            foreign_before,
            foreign_after: dice.chance(20).then(|| dice.seconds(1..240)),
            fate,
            stale: if dice.chance(40) {
                dice.seconds(1..10)
            } else {
                Duration::ZERO
            },
            starts_after: dice.seconds(0..10),
            response: dice.one_of(&[
                ActionResponse::Declared,
                ActionResponse::Declared,
                ActionResponse::Declared,
                ActionResponse::WithoutRequestId,
                ActionResponse::Stale,
                ActionResponse::Empty,
            ]),
            request_status: dice.one_of(&[
                RequestStatus::Known,
                RequestStatus::Known,
                RequestStatus::Known,
                RequestStatus::NotFound,
                RequestStatus::Empty,
                RequestStatus::NoBody,
            ]),
            merges: dice.chance(35),
            gone: dice.one_of(&[
                Gone::NotFound,
                Gone::Forbidden,
                Gone::BadRequest,
                Gone::ShownFor(Duration::from_secs(20)),
            ]),
            trouble,
            latency: if dice.chance(30) {
                Duration::from_millis(dice.0.u64(1..3000))
            } else {
                Duration::ZERO
            },
            calendar_jump: if dice.chance(10) {
                dice.0.i64(-100_000..100_000)
            } else {
                0
            },
            novelty: dice
                .chance(10)
                .then(|| (dice.seconds(0..30), dice.seconds(1..30))),
            deadline: HOUR,
            neighbor_in_error: None,
            neighbor_fails: None,
            resumed: false,
            services,
            stream: None,
        };
        let neighbors: Vec<usize> = (0..count).filter(|i| !story.is_about(*i)).collect();
        if !neighbors.is_empty() {
            story.neighbor_in_error = dice.chance(30).then(|| dice.one_of(&neighbors));
            story.neighbor_fails = dice.chance(50).then(|| dice.one_of(&neighbors));
        }
        story.resumed = dice.chance(25);
        story
    }

    /// Whether the wait includes this service, alone or with others.
    pub(crate) fn is_about(&self, service: usize) -> bool {
        match self.target {
            Target::Environment => true,
            Target::Service(i) | Target::ServiceOfEnvironment(i) => service == i,
            Target::Services(a, b) => service == a || service == b,
        }
    }

    /// How long no request can be read right after the action.
    pub(crate) fn blind_for(&self) -> Duration {
        let blind = self.trouble.iter().map(|trouble| match *trouble {
            Trouble::TooMany { after: 0, seconds } => Duration::from_secs(seconds),
            _ => Duration::ZERO,
        });
        blind.sum()
    }

    pub(crate) fn has_outage(&self) -> bool {
        self.trouble
            .iter()
            .any(|t| matches!(t, Trouble::Outage { .. }))
    }

    /// Whether the server shows how a request ended, if its id is known.
    pub(crate) fn shows_request_ends(&self) -> bool {
        self.request_status == RequestStatus::Known
    }

    /// Whether the response to the action names the request.
    pub(crate) fn names_request(&self) -> bool {
        let names = matches!(
            self.asked,
            Asked::Deploy | Asked::Redeploy | Asked::Stop | Asked::Restart
        );
        let selected = matches!(self.target, Target::Services(..)) && self.asked == Asked::Stop;
        names && !selected && self.response == ActionResponse::Declared
    }

    /// Prepares the story up to the moment before the action.
    pub(crate) async fn set_up(&self) -> Scene {
        let fake = FakeQovery::new();
        if let Some(stream) = &self.stream {
            stream.inject(&fake);
        }
        let environment = fake
            .environment("story")
            .stale_for(self.stale)
            .starts_after(self.starts_after)
            .action_response(self.response)
            .request_status(self.request_status)
            .merges_requests(self.merges)
            .gone_as(self.gone);
        let (environment, services) = with_services(environment, &self.services, self.before);
        if let Some(i) = self.neighbor_in_error {
            services[i].clone().in_state("DEPLOYMENT_ERROR");
        }
        if let Some(earlier) = self.foreign_before {
            let elsewhere = environment.external_actor();
            match self.neighbor_fails {
                Some(i) => elsewhere.fails_at(&services[i], Step::Deployment),
                None => elsewhere,
            }
            .deploys();
            if self.foreign_queued {
                environment.external_actor().deploys();
            }
            tokio::time::sleep(earlier).await;
        }
        self.write_script(&environment, &services);
        if let Some(after) = self.foreign_after {
            environment.external_actor().after(after).deploys();
        }
        fake.latency(self.latency);
        Scene {
            before: environment
                .deployments()
                .iter()
                .map(|d| d.request_id)
                .collect(),
            fake,
            environment,
            services,
        }
    }

    fn write_script(&self, environment: &FakeEnvironment, services: &[FakeService]) {
        let script = environment.next_deployment();
        let script = match self.fate {
            Fate::Succeeds => script,
            Fate::Fails { service } => script
                .fails_at(&services[service], Step::Deployment)
                .because("it broke"),
            Fate::Hangs { service } => script.hangs_at(&services[service], Step::Deployment),
            Fate::CanceledElsewhere(after) => script.canceled_after(after),
            Fate::Superseded(after) => script.superseded_after(after, Trigger::Deploy),
        };
        if let Some((after, lasting)) = self.novelty {
            script.shows("A_STATE_OF_NEXT_YEAR", after, lasting);
        }
    }

    /// Starts the faults. Called after the first reading, so that the action is accepted.
    pub(crate) fn begin_trouble(&self, scene: &Scene) {
        if self.calendar_jump != 0 {
            scene
                .fake
                .shift_calendar(TimeDelta::seconds(self.calendar_jump));
        }
        for trouble in &self.trouble {
            let fault = match *trouble {
                Trouble::ServerErrors { after, times } => {
                    Fault::status(503).after(after).times(times)
                }
                Trouble::TooMany { after, seconds } => {
                    Fault::too_many_requests(RetryAfter::Seconds(seconds))
                        .after(after)
                        .times(1)
                }
                Trouble::LostConnections { after, times } => {
                    Fault::connection_lost_before_execution()
                        .after(after)
                        .times(times)
                }
                Trouble::Garbage { after } => Fault::garbage().after(after).times(1),
                Trouble::EmptyBody { after } => Fault::empty_body().after(after).times(1),
                Trouble::Outage { after } => Fault::connection_refused().after(after).always(),
            };
            scene.fake.inject(
                POLLS
                    .iter()
                    .fold(fault, |fault, operation| fault.on(*operation)),
            );
        }
    }

    /// The action of the story.
    pub(crate) fn action(&self, scene: &Scene) -> Action {
        let services: Vec<_> = scene
            .services
            .iter()
            .map(|service| (kind_of(service.workload()), service.id()))
            .collect();
        let environment = scene.environment.id();
        let client = scene.fake.client();
        let action = action_on(&client, environment, &services, self.target, self.asked);
        self.follow(action)
    }

    /// Waits according to the story.
    pub(crate) fn follow(&self, action: Action) -> Action {
        let schedule = qovery_ext::wait::PollSchedule::default().seed(self.seed);
        let action = action.schedule(schedule).within(self.deadline);
        match self.stream {
            Some(_) => action.with_stream(),
            None => action,
        }
    }
}

/// The action on a target.
pub(crate) fn action_on(
    client: &Client,
    environment: Uuid,
    services: &[(ServiceKind, Uuid)],
    target: Target,
    asked: Asked,
) -> Action {
    let environment = client.environment(environment);
    match target {
        Target::Environment => match asked {
            Asked::Deploy => environment.deploy(),
            Asked::Redeploy => environment.redeploy(),
            Asked::Stop => environment.stop(),
            Asked::Restart => environment.restart(),
            Asked::Delete => environment.delete(),
            Asked::Uninstall => environment.uninstall(),
        },
        Target::Services(a, b) => {
            let selection = ServiceSelection::new()
                .with(services[a].0, services[a].1)
                .with(services[b].0, services[b].1);
            match asked {
                Asked::Deploy | Asked::Redeploy => environment.deploy_services(selection),
                Asked::Stop => environment.stop_services(selection),
                Asked::Restart => environment.restart_services(selection),
                Asked::Delete => environment.delete_services(selection),
                Asked::Uninstall => environment.uninstall_services(selection),
            }
        }
        Target::Service(i) | Target::ServiceOfEnvironment(i) => {
            let (kind, id) = services[i];
            let scoped = environment.service(kind, id);
            let handle = match target {
                Target::Service(_) => client.service(kind, id),
                _ => scoped,
            };
            match asked {
                Asked::Deploy => handle.deploy(Default::default()),
                Asked::Redeploy => handle.redeploy(),
                Asked::Stop => handle.stop(),
                Asked::Restart => handle.restart(),
                Asked::Delete => handle.delete(),
                Asked::Uninstall => handle.uninstall(),
            }
        }
    }
}

/// A story set up on a fake.
pub(crate) struct Scene {
    pub(crate) fake: FakeQovery,
    pub(crate) environment: FakeEnvironment,
    pub(crate) services: Vec<FakeService>,
    /// The requests from before the action.
    pub(crate) before: Vec<uuid::Uuid>,
}

impl Scene {
    /// The request of the tested wait.
    pub(crate) fn ours(&self) -> Option<FakeDeployment> {
        let mut all = self.environment.deployments().into_iter();
        all.find(|d| d.is_callers && !self.before.contains(&d.request_id))
    }
}

pub(crate) fn kind_of(kind: FakeKind) -> ServiceKind {
    match kind {
        FakeKind::Application => ServiceKind::Application,
        FakeKind::Container => ServiceKind::Container,
        FakeKind::Database => ServiceKind::Database,
        FakeKind::CronJob | FakeKind::LifecycleJob => ServiceKind::Job,
        FakeKind::Helm => ServiceKind::Helm,
        FakeKind::Terraform => ServiceKind::Terraform,
        _ => ServiceKind::AgenticWorkflow,
    }
}
