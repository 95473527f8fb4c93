//! Random stories over the whole capability matrix, family by family.
//!
//! A story is a value that a seed makes. It holds the traits of the API, the services, the
//! action, and the requests of external actors.

use std::time::Duration;

use qovery_fake::{
    AfterDeletion, ApiTraits, CanceledInQueue, History, Lags, Merging, Origin, QueueRows, Replicas,
    RequestState, ResponseBody, ResponseId, StatusRequest, Trigger, Unreached, Workload,
};

use crate::{
    story::{Asked, Dice, ServicePlan, Target},
    stream_faults::Stream,
};

/// The time from the beginning of a story to the action.
pub(crate) const LEAD: Duration = Duration::from_secs(90);

/// The information that the API offers, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    /// All endpoints, no lag.
    Complete,
    /// Every endpoint with its own lag.
    Lagging,
    /// An endpoint or an id is missing or fails.
    Missing,
    /// Replicas that disagree.
    Replicas,
    /// The request status shows the state of the environment.
    Misleading,
}

impl Class {
    pub(crate) const ALL: [Self; 5] = [
        Self::Complete,
        Self::Lagging,
        Self::Missing,
        Self::Replicas,
        Self::Misleading,
    ];
}

/// The situation that a story plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    Quiet,
    SingleService,
    GroupOfServices,
    GroupOfEnvironments,
    GitAtTheSameTime,
    SameUserTwice,
    QueuedAround,
    CanceledInQueue,
    CanceledWhileRunning,
    DeletedByOthers,
    BusyEnvironment,
    StopOvertaken,
    Resumed,
    WatchedById,
    LostResponse,
    OwnCancel,
    Cluster,
}

impl Family {
    pub(crate) const ALL: [Self; 17] = [
        Self::Quiet,
        Self::SingleService,
        Self::GroupOfServices,
        Self::GroupOfEnvironments,
        Self::GitAtTheSameTime,
        Self::SameUserTwice,
        Self::QueuedAround,
        Self::CanceledInQueue,
        Self::CanceledWhileRunning,
        Self::DeletedByOthers,
        Self::BusyEnvironment,
        Self::StopOvertaken,
        Self::Resumed,
        Self::WatchedById,
        Self::LostResponse,
        Self::OwnCancel,
        Self::Cluster,
    ];
}

impl Family {
    pub(crate) fn is_group(self) -> bool {
        matches!(self, Self::GroupOfServices | Self::GroupOfEnvironments)
    }
}

/// A request of an external actor.
#[derive(Debug, Clone)]
pub(crate) struct External {
    /// From the beginning of the story.
    pub(crate) at: Duration,
    pub(crate) origin: Origin,
    pub(crate) is_same_user: bool,
    pub(crate) action: Trigger,
    /// The services; `None` for the whole environment.
    pub(crate) only: Option<usize>,
    /// The service that fails.
    pub(crate) fails: Option<usize>,
}

/// The events that affect the request of the wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fate {
    Succeeds,
    Fails(usize),
    Hangs(usize),
    CanceledInQueue(Duration),
    Canceled(Duration),
    Overtaken(Duration),
}

/// The course of the wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Way {
    Straight,
    /// Another process continues from the token, after this time and this delay.
    Resumed(Duration, Duration),
    /// By the id of a request of this age, with or without its environment.
    ById {
        age: Duration,
        with_environment: bool,
    },
    /// The response to the action is lost: the connection breaks, or a gateway answers 502.
    ResponseLost {
        by_gateway: bool,
    },
    /// Our own cancel after this time.
    Cancels(Duration),
    /// A deadline that cancels.
    CancelsAtDeadline(Duration),
    Group,
}

#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) seed: u64,
    pub(crate) class: Class,
    pub(crate) family: Family,
    pub(crate) traits: ApiTraits,
    pub(crate) services: Vec<ServicePlan>,
    pub(crate) environments: usize,
    pub(crate) before: &'static str,
    pub(crate) target: Target,
    pub(crate) asked: Asked,
    pub(crate) fate: Fate,
    pub(crate) way: Way,
    pub(crate) externals: Vec<External>,
    pub(crate) starts_after: Duration,
    pub(crate) latency: Duration,
    pub(crate) deadline: Duration,
    /// The stream of the wait, if there is one.
    pub(crate) stream: Option<Stream>,
    /// The seed of the jitter between polls.
    pub(crate) schedule: u64,
}

const FOREIGN: [Origin; 4] = [
    Origin::Git,
    Origin::Console,
    Origin::Cli,
    Origin::TerraformProvider,
];

impl Story {
    pub(crate) fn new(seed: u64) -> Self {
        // Other random numbers than those of the stories without the matrix.
        let mut dice = Dice(fastrand::Rng::with_seed(seed ^ 0x6d61_7472_6978));
        let class = dice.one_of(&Class::ALL);
        let mut family = dice.one_of(&Family::ALL);
        if family.is_group() && dice.chance(70) {
            // A group counts as twenty waits.
            family = Family::Quiet;
        }
        let traits = traits_of(class, &mut dice);
        let count = match family {
            Family::GroupOfServices => 20,
            Family::GroupOfEnvironments | Family::Cluster => 1,
            _ => dice.0.usize(1..5),
        };
        let services: Vec<_> = (0..count)
            .map(|i| ServicePlan {
                kind: if i == 0 || family == Family::GroupOfServices {
                    dice.one_of(&[Workload::Application, Workload::Container])
                } else {
                    dice.one_of(&Workload::ALL[..7])
                },
                stage: dice.0.usize(0..3),
                takes: dice.seconds(1..60),
            })
            .collect();
        let any = |dice: &mut Dice| dice.0.usize(0..count);
        let mut asked = dice.one_of(&[
            Asked::Deploy,
            Asked::Deploy,
            Asked::Redeploy,
            Asked::Stop,
            Asked::Restart,
            Asked::Delete,
            Asked::Uninstall,
        ]);
        let mut target = match dice.0.u32(0..10) {
            0..=3 => Target::Environment,
            4..=5 => Target::Service(any(&mut dice)),
            6..=7 => Target::ServiceOfEnvironment(any(&mut dice)),
            _ if count > 1 => {
                let first = any(&mut dice);
                Target::Services(first, (first + 1) % count)
            }
            _ => Target::Environment,
        };
        match family {
            Family::SingleService => target = Target::Service(any(&mut dice)),
            Family::StopOvertaken => asked = Asked::Stop,
            Family::DeletedByOthers | Family::OwnCancel => {
                asked = dice.one_of(&[Asked::Deploy, Asked::Redeploy, Asked::Stop]);
            }
            Family::GroupOfServices => {
                asked = dice.one_of(&[Asked::Deploy, Asked::Redeploy, Asked::Stop]);
            }
            Family::GroupOfEnvironments | Family::WatchedById => target = Target::Environment,
            Family::Cluster => {
                target = Target::Environment;
                asked = dice.one_of(&[Asked::Deploy, Asked::Stop, Asked::Delete]);
            }
            _ => {}
        }
        if asked == Asked::Restart && target != Target::Environment {
            // The first one can always be restarted.
            target = Target::ServiceOfEnvironment(0);
        }
        if family == Family::WatchedById && asked == Asked::Restart {
            asked = Asked::Deploy;
        }
        let victim = match target {
            Target::Environment if asked == Asked::Restart => 0,
            Target::Environment => any(&mut dice),
            Target::Service(i) | Target::ServiceOfEnvironment(i) => i,
            Target::Services(a, b) => dice.one_of(&[a, b]),
        };
        let fate = match family {
            Family::CanceledInQueue => Fate::CanceledInQueue(dice.seconds(1..25)),
            Family::CanceledWhileRunning => Fate::Canceled(dice.seconds(3..60)),
            Family::StopOvertaken => Fate::Overtaken(dice.seconds(0..30)),
            Family::OwnCancel => Fate::Succeeds,
            Family::Resumed if dice.chance(30) => Fate::Canceled(dice.seconds(3..60)),
            _ => match dice.0.u32(0..20) {
                0..=12 => Fate::Succeeds,
                13 => Fate::Hangs(victim),
                _ => Fate::Fails(victim),
            },
        };
        let mut story = Self {
            seed,
            class,
            family,
            traits,
            environments: if family == Family::GroupOfEnvironments {
                20
            } else {
                1
            },
            before: dice.one_of(&[
                "DEPLOYED",
                "DEPLOYED",
                "DEPLOYED",
                "STOPPED",
                "DEPLOYMENT_ERROR",
                "READY",
            ]),
            target,
            asked,
            fate,
            way: Way::Straight,
            externals: Vec::new(),
            starts_after: dice.seconds(0..8),
            latency: if dice.chance(30) {
                Duration::from_millis(dice.0.u64(1..400))
            } else {
                Duration::ZERO
            },
            deadline: Duration::from_secs(3600),
            services,
            stream: None,
            schedule: seed,
        };
        if story.asked == Asked::Stop && story.before != "DEPLOYED" && dice.chance(80) {
            story.before = "DEPLOYED";
        }
        story.draw_family(&mut dice);
        story
    }

    fn draw_family(&mut self, dice: &mut Dice) {
        match self.family {
            Family::Quiet | Family::SingleService | Family::Cluster => {}
            Family::GroupOfServices | Family::GroupOfEnvironments => self.way = Way::Group,
            Family::GitAtTheSameTime => {
                // So that it can also happen between the readings before the action and the action.
                self.latency = Duration::from_millis(5);
                let mut push = self.external(dice, LEAD);
                push.at = LEAD - Duration::from_millis(20) + millis(dice, 0..60);
                push.origin = Origin::Git;
                push.action = Trigger::Deploy;
                self.externals.push(push);
            }
            Family::SameUserTwice => {
                let at = match dice.0.u32(0..3) {
                    0 => LEAD - millis(dice, 0..30_000),
                    1 => LEAD + millis(dice, 0..1_000),
                    _ => LEAD + millis(dice, 0..40_000),
                };
                let mut twin = self.external(dice, at);
                twin.is_same_user = true;
                twin.origin = dice.one_of(&[Origin::Api, Origin::Api, Origin::Console]);
                twin.action = self.action();
                self.externals.push(twin);
            }
            Family::QueuedAround => self.draw_queue(dice),
            Family::CanceledInQueue => {
                for _ in 0..dice.0.usize(1..3) {
                    let at = LEAD - millis(dice, 0..20_000);
                    let earlier = self.external(dice, at);
                    self.externals.push(earlier);
                }
                if dice.chance(50) {
                    let at = LEAD + millis(dice, 0..30_000);
                    let later = self.external(dice, at);
                    self.externals.push(later);
                }
            }
            Family::CanceledWhileRunning => {
                if dice.chance(40) {
                    let at = LEAD + millis(dice, 0..60_000);
                    let later = self.external(dice, at);
                    self.externals.push(later);
                }
            }
            Family::DeletedByOthers => {
                let at = LEAD - Duration::from_secs(10) + millis(dice, 0..70_000);
                let mut deletion = self.external(dice, at);
                deletion.action = Trigger::Delete;
                deletion.fails = None;
                deletion.only = match self.target {
                    Target::Service(i) | Target::ServiceOfEnvironment(i) if dice.chance(50) => {
                        Some(i)
                    }
                    _ => None,
                };
                self.externals.push(deletion);
            }
            Family::BusyEnvironment => {
                let mut at = Duration::from_secs(10);
                for _ in 0..25 {
                    at += dice.seconds(10..90);
                    let next = self.external(dice, at);
                    self.externals.push(next);
                }
            }
            Family::StopOvertaken => {
                if dice.chance(40) {
                    let at = LEAD - millis(dice, 0..20_000);
                    let earlier = self.external(dice, at);
                    self.externals.push(earlier);
                }
            }
            Family::Resumed => {
                self.way = Way::Resumed(dice.seconds(0..40), dice.seconds(0..60));
                if dice.chance(60) {
                    self.draw_queue(dice);
                }
            }
            Family::WatchedById => {
                self.way = Way::ById {
                    age: dice.seconds(0..15),
                    with_environment: dice.chance(50),
                };
                if dice.chance(60) {
                    self.draw_queue(dice);
                }
            }
            Family::LostResponse => {
                self.way = Way::ResponseLost {
                    by_gateway: dice.chance(50),
                };
                if dice.chance(40) {
                    let at = LEAD - Duration::from_secs(10) + millis(dice, 0..30_000);
                    let other = self.external(dice, at);
                    self.externals.push(other);
                }
            }
            Family::OwnCancel => {
                self.way = if dice.chance(70) {
                    Way::Cancels(dice.seconds(0..40))
                } else {
                    Way::CancelsAtDeadline(dice.seconds(1..40))
                };
                if dice.chance(70) {
                    self.draw_queue(dice);
                }
            }
        }
    }

    /// Requests before ours, at about the same time, and after it.
    fn draw_queue(&mut self, dice: &mut Dice) {
        for _ in 0..dice.0.usize(0..3) {
            let at = LEAD - millis(dice, 0..40_000);
            let other = self.external(dice, at);
            self.externals.push(other);
        }
        for _ in 0..dice.0.usize(0..3) {
            let at = LEAD + millis(dice, 0..5_000);
            let other = self.external(dice, at);
            self.externals.push(other);
        }
        for _ in 0..dice.0.usize(0..3) {
            let at = LEAD + millis(dice, 5_000..200_000);
            let other = self.external(dice, at);
            self.externals.push(other);
        }
    }

    /// A request of an external actor, mostly a deployment of everything that succeeds.
    fn external(&self, dice: &mut Dice, at: Duration) -> External {
        let action = dice.one_of(&[
            Trigger::Deploy,
            Trigger::Deploy,
            Trigger::Deploy,
            Trigger::Restart,
            Trigger::Stop,
        ]);
        let any = dice.0.usize(0..self.services.len());
        External {
            at,
            origin: dice.one_of(&FOREIGN),
            is_same_user: dice.chance(20),
            action,
            only: dice.chance(40).then_some(any),
            fails: dice.chance(25).then_some(any),
        }
    }

    /// The requested action, in the terms of the fake.
    pub(crate) fn action(&self) -> Trigger {
        match self.asked {
            Asked::Deploy | Asked::Redeploy => Trigger::Deploy,
            Asked::Stop => Trigger::Stop,
            Asked::Restart => Trigger::Restart,
            Asked::Delete => Trigger::Delete,
            Asked::Uninstall => Trigger::Uninstall,
        }
    }
}

fn millis(dice: &mut Dice, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(dice.0.u64(range))
}

fn traits_of(class: Class, dice: &mut Dice) -> ApiTraits {
    let of = |dice: &mut Dice, percent: u32| dice.chance(percent);
    let mut traits = ApiTraits::new()
        .response_body(dice.one_of(&[
            ResponseBody::Declared,
            ResponseBody::EnvironmentStatus,
            ResponseBody::ServiceStatus,
        ]))
        .status_request(dice.one_of(&[
            StatusRequest::RunningOrNext,
            StatusRequest::RunShown,
            StatusRequest::NextQueued,
            StatusRequest::LastRequested,
        ]))
        .queue_rows(dice.one_of(&[
            QueueRows::AtOnce,
            QueueRows::IfItHasToWait,
            QueueRows::WithRunning,
        ]))
        .canceled_in_queue(dice.one_of(CanceledInQueue::ALL))
        .merging(dice.one_of(Merging::ALL))
        .unreached(dice.one_of(Unreached::ALL))
        .after_deletion(dice.one_of(AfterDeletion::ALL));
    if of(dice, 50) {
        traits = traits.preparation(dice.seconds(0..8));
    }
    let lags = match class {
        Class::Complete => false,
        Class::Lagging => true,
        Class::Missing | Class::Replicas | Class::Misleading => of(dice, 40),
    };
    if lags {
        traits = traits.lags(Lags::random(dice.0.u64(..)));
        if of(dice, 30) {
            traits = traits.queue_rows(QueueRows::After(millis(dice, 0..10_000)));
        }
    }
    if of(dice, 30) {
        traits = traits.request_state(RequestState::QueuedUntilFirstService);
    }
    let defects = match class {
        Class::Complete | Class::Lagging => 0,
        Class::Missing => dice.0.usize(1..4),
        Class::Replicas | Class::Misleading => usize::from(of(dice, 30)),
    };
    for _ in 0..defects {
        traits = match dice.0.u32(0..10) {
            0 => traits.response_id(ResponseId::Never),
            1 => traits.response_id(ResponseId::IfQueued),
            2 => traits.response_body(dice.one_of(&[ResponseBody::Empty, ResponseBody::NoContent])),
            3 => traits.status_request(StatusRequest::Null),
            4 => traits.request_state(RequestState::NotFoundAfterEnd),
            5 => traits.request_state(RequestState::ServerError),
            6 => traits.request_state(RequestState::Forbidden),
            7 => traits.history(History::V2Only),
            8 => traits.history(History::Last20),
            _ => traits.history(History::Missing),
        };
    }
    match class {
        Class::Replicas => traits.replicas(Replicas::SecondIsBehind(millis(dice, 1_000..10_000))),
        Class::Misleading => traits.request_state(RequestState::OfEnvironment),
        _ => traits,
    }
}
