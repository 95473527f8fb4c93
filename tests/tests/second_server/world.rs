//! The state of the server: requests, executions, and the log of their events.
//!
//! This module does not know the responses. Each response is derived from the log, up to the time of the data of its
//! endpoint.

use std::collections::{BTreeMap, BTreeSet};

use qovery_api::uuid::Uuid;

use crate::undocumented_behavior::Behavior;
pub(crate) use crate::undocumented_behavior::Ms;

/// The time at which a test begins. The world has a past before it.
pub(crate) const START: Ms = 100_000_000;

type Job = Box<dyn FnOnce(&mut World) + Send>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Deploy,
    Restart,
    Stop,
    Uninstall,
    Delete,
}

impl Verb {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deploy => "DEPLOY",
            Self::Restart => "RESTART",
            Self::Stop => "STOP",
            Self::Uninstall => "UNINSTALL",
            Self::Delete => "DELETE",
        }
    }

    pub(crate) fn queued(self) -> &'static str {
        match self {
            Self::Deploy => "DEPLOYMENT_QUEUED",
            Self::Restart => "RESTART_QUEUED",
            Self::Stop => "STOP_QUEUED",
            Self::Uninstall | Self::Delete => "DELETE_QUEUED",
        }
    }

    pub(crate) fn running(self) -> &'static str {
        match self {
            Self::Deploy => "DEPLOYING",
            Self::Restart => "RESTARTING",
            Self::Stop => "STOPPING",
            Self::Uninstall | Self::Delete => "DELETING",
        }
    }

    fn done(self, behavior: &Behavior) -> &'static str {
        match self {
            Self::Deploy => "DEPLOYED",
            Self::Restart => "RESTARTED",
            Self::Stop => "STOPPED",
            Self::Uninstall => behavior.uninstalled_as,
            Self::Delete => "DELETED",
        }
    }

    pub(crate) fn error(self) -> &'static str {
        match self {
            Self::Deploy => "DEPLOYMENT_ERROR",
            Self::Restart => "RESTART_ERROR",
            Self::Stop => "STOP_ERROR",
            Self::Uninstall | Self::Delete => "DELETE_ERROR",
        }
    }
}

/// The actor of a request, and its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) origin: &'static str,
    pub(crate) user: &'static str,
}

pub(crate) const OURS: Actor = Actor {
    origin: "API",
    user: "robot",
};
pub(crate) const GIT: Actor = Actor {
    origin: "GIT",
    user: "Git webhook",
};
pub(crate) const ANNA: Actor = Actor {
    origin: "CONSOLE",
    user: "anna",
};
pub(crate) const BEN: Actor = Actor {
    origin: "CLI",
    user: "ben",
};
/// Another program with its own token.
pub(crate) const OTHER_PROGRAM: Actor = Actor {
    origin: "API",
    user: "nightly",
};

/// The course of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) each: Ms,
    pub(crate) fails: BTreeMap<Uuid, &'static str>,
    pub(crate) hangs: bool,
}

impl Plan {
    pub(crate) fn of(each: Ms) -> Self {
        Self {
            each,
            fails: BTreeMap::new(),
            hangs: false,
        }
    }

    pub(crate) fn failing(mut self, service: Uuid, state: &'static str) -> Self {
        self.fails.insert(service, state);
        self
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self::of(20_000)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Waiting,
    Running,
    Ended(&'static str),
    Dropped,
}

#[derive(Clone, Debug)]
pub(crate) struct Demand {
    pub(crate) id: Uuid,
    pub(crate) environment: Uuid,
    pub(crate) verb: Verb,
    pub(crate) services: BTreeSet<Uuid>,
    pub(crate) whole: bool,
    pub(crate) by: Actor,
    pub(crate) asked: Ms,
    pub(crate) plan: Plan,
    pub(crate) fate: Fate,
    pub(crate) execution: Option<String>,
    pub(crate) canceling: bool,
    pub(crate) over: Option<Ms>,
    /// The state of each service at its end, and when, for those that were reached.
    pub(crate) services_end: BTreeMap<Uuid, (&'static str, Ms)>,
}

impl Demand {
    /// The time when it reached its goal. Selected services reach it before the execution ends.
    pub(crate) fn succeeded_at(&self) -> Option<Ms> {
        let ends = || self.services.iter().map(|id| self.services_end.get(id));
        let is_done = |end: Option<&(&'static str, Ms)>| end.is_some_and(|(s, _)| is_success(s));
        if !self.whole && ends().all(is_done) {
            return ends().flatten().map(|(_, at)| *at).max();
        }
        match self.fate {
            Fate::Ended(state) if is_success(state) => self.over,
            _ => None,
        }
    }
}

fn is_success(state: &str) -> bool {
    !state.ends_with("ERROR") && state != "CANCELED"
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    Accepted(Uuid),
    Dropped(Uuid),
    Started(Uuid, String),
    Moved(Uuid, &'static str),
    Canceling,
    Ended(Uuid, &'static str),
    EnvironmentGone,
    ServiceGone(Uuid),
}

#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) id: Uuid,
    pub(crate) environment: Uuid,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) stage: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) id: Uuid,
    pub(crate) organization: Uuid,
    /// State and execution from a time on.
    pub(crate) log: Vec<(Ms, &'static str, u64)>,
    pub(crate) gone: Option<Ms>,
    pub(crate) fails: bool,
    pub(crate) executions: u64,
}

/// One received request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Ms,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) executed: bool,
}

pub(crate) struct World {
    pub(crate) now: Ms,
    pub(crate) behavior: Behavior,
    pub(crate) organization: Uuid,
    /// Environment, project.
    pub(crate) environments: BTreeMap<Uuid, Uuid>,
    pub(crate) services: BTreeMap<Uuid, Service>,
    pub(crate) clusters: BTreeMap<Uuid, Cluster>,
    pub(crate) demands: BTreeMap<Uuid, Demand>,
    pub(crate) log: Vec<(Ms, Uuid, Event)>,
    pub(crate) calls: Vec<Call>,
    /// Received requests, in their order.
    pub(crate) ours: Vec<Uuid>,
    /// The course of the next received requests.
    pub(crate) plans: Vec<Plan>,
    /// The events right before the next received request is accepted.
    before_ours: Vec<Job>,
    /// The events this long after the next received request is accepted.
    after_ours: Vec<(Ms, Job)>,
    agenda: BTreeMap<(Ms, u64), Job>,
    counter: u64,
    executions: BTreeMap<Uuid, u64>,
    pub(crate) responses: u64,
}

impl World {
    pub(crate) fn new(behavior: Behavior) -> Self {
        Self {
            now: START,
            behavior,
            organization: Uuid::from_u128(0x0a0a_0000_0000_4000_8000_0000_0000_0001),
            environments: BTreeMap::new(),
            services: BTreeMap::new(),
            clusters: BTreeMap::new(),
            demands: BTreeMap::new(),
            log: Vec::new(),
            calls: Vec::new(),
            ours: Vec::new(),
            plans: Vec::new(),
            before_ours: Vec::new(),
            after_ours: Vec::new(),
            agenda: BTreeMap::new(),
            counter: 0,
            executions: BTreeMap::new(),
            responses: 0,
        }
    }

    pub(crate) fn id(&mut self) -> Uuid {
        self.counter += 1;
        // Ordered by time, like those of the API.
        Uuid::from_u128(
            u128::from(self.now) << 80
                | 0x7000 << 64
                | 0x8000_0000_0000_0000
                | u128::from(self.counter),
        )
    }

    /// Adds an environment whose services were deployed an hour ago, or never.
    pub(crate) fn environment(&mut self, kinds: &[(&'static str, usize)], deployed: bool) -> Uuid {
        let project = Uuid::from_u128(0x0b0b_0000_0000_4000_8000_0000_0000_0001);
        self.environment_in(project, kinds, deployed)
    }

    pub(crate) fn environment_in(
        &mut self,
        project: Uuid,
        kinds: &[(&'static str, usize)],
        deployed: bool,
    ) -> Uuid {
        let environment = self.id();
        self.environments.insert(environment, project);
        for (number, (kind, stage)) in kinds.iter().enumerate() {
            let id = self.id();
            let name = format!("{kind}-{number}");
            self.services.insert(
                id,
                Service {
                    id,
                    environment,
                    kind,
                    name,
                    stage: *stage,
                },
            );
        }
        if deployed {
            self.past(environment, Verb::Deploy, ANNA, "DEPLOYED", 3_600_000);
        }
        environment
    }

    /// A deployment that ended before the test begins.
    pub(crate) fn past(
        &mut self,
        environment: Uuid,
        verb: Verb,
        by: Actor,
        state: &'static str,
        ago: Ms,
    ) {
        let now = self.now;
        self.now = START - ago;
        let id = self.record(environment, verb, None, by, Plan::default());
        self.note(environment, Event::Accepted(id));
        let execution = self.execution(environment);
        self.note(environment, Event::Started(id, execution.clone()));
        let services = self.demands.get(&id).map(|demand| demand.services.clone());
        for service in services.unwrap_or_default() {
            self.note(environment, Event::Moved(service, state));
        }
        self.now += 1000;
        self.note(environment, Event::Ended(id, state));
        if let Some(demand) = self.demands.get_mut(&id) {
            demand.fate = Fate::Ended(state);
            demand.execution = Some(execution);
            demand.over = Some(self.now);
        }
        self.now = now;
    }

    pub(crate) fn services_of(&self, environment: Uuid) -> Vec<Uuid> {
        let all = self.services.values();
        let mut all: Vec<_> = all
            .filter(|service| service.environment == environment)
            .collect();
        all.sort_by_key(|service| (service.stage, service.id));
        all.into_iter().map(|service| service.id).collect()
    }

    fn note(&mut self, environment: Uuid, event: Event) {
        self.log.push((self.now, environment, event));
    }

    fn execution(&mut self, environment: Uuid) -> String {
        let number = self.executions.entry(environment).or_default();
        if !self.behavior.reuses_ids || *number == 0 {
            *number += 1;
        }
        format!("{environment}-{number}")
    }

    // --- time ---

    /// Executes all due events.
    pub(crate) fn catch_up(&mut self, now: Ms) {
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let ((at, _), job) = entry.remove_entry();
            self.now = at.max(self.now);
            job(self);
        }
        self.now = now.max(self.now);
    }

    /// Executes this at a time after the start of the test.
    pub(crate) fn at(&mut self, after: Ms, job: impl FnOnce(&mut Self) + Send + 'static) {
        self.schedule(START + after, job);
    }

    pub(crate) fn before_ours(&mut self, job: impl FnOnce(&mut Self) + Send + 'static) {
        self.before_ours.push(Box::new(job));
    }

    pub(crate) fn after_ours(&mut self, delay: Ms, job: impl FnOnce(&mut Self) + Send + 'static) {
        self.after_ours.push((delay, Box::new(job)));
    }

    /// Accepts a received request.
    pub(crate) fn accept_ours(
        &mut self,
        environment: Uuid,
        verb: Verb,
        scope: Option<BTreeSet<Uuid>>,
    ) -> Uuid {
        for job in std::mem::take(&mut self.before_ours) {
            job(self);
        }
        let plan = if self.plans.is_empty() {
            Plan::default()
        } else {
            self.plans.remove(0)
        };
        let id = self.accept(environment, verb, scope, OURS, plan);
        self.ours.push(id);
        for (delay, job) in std::mem::take(&mut self.after_ours) {
            self.schedule_job(self.now + delay, job);
        }
        id
    }

    pub(crate) fn later(&mut self, delay: Ms, job: impl FnOnce(&mut Self) + Send + 'static) {
        self.schedule(self.now + delay, job);
    }

    fn schedule(&mut self, at: Ms, job: impl FnOnce(&mut Self) + Send + 'static) {
        self.schedule_job(at, Box::new(job));
    }

    fn schedule_job(&mut self, at: Ms, job: Job) {
        self.counter += 1;
        self.agenda.insert((at, self.counter), job);
    }

    // --- requests ---

    fn record(
        &mut self,
        environment: Uuid,
        verb: Verb,
        scope: Option<BTreeSet<Uuid>>,
        by: Actor,
        plan: Plan,
    ) -> Uuid {
        let id = self.id();
        let whole = scope.is_none();
        let services = scope.unwrap_or_else(|| self.services_of(environment).into_iter().collect());
        let asked = self.now;
        let demand = Demand {
            id,
            environment,
            verb,
            services,
            whole,
            by,
            asked,
            plan,
            fate: Fate::Waiting,
            execution: None,
            canceling: false,
            over: None,
            services_end: BTreeMap::new(),
        };
        self.demands.insert(id, demand);
        id
    }

    pub(crate) fn waiting(&self, environment: Uuid) -> Vec<Uuid> {
        let all = self.demands.values();
        all.filter(|demand| demand.environment == environment && demand.fate == Fate::Waiting)
            .map(|demand| demand.id)
            .collect()
    }

    pub(crate) fn running(&self, environment: Uuid) -> Option<Uuid> {
        let mut all = self.demands.values();
        all.find(|demand| demand.environment == environment && demand.fate == Fate::Running)
            .map(|demand| demand.id)
    }

    /// Accepts a request. The id is that of an earlier one if the two are merged.
    pub(crate) fn accept(
        &mut self,
        environment: Uuid,
        verb: Verb,
        scope: Option<BTreeSet<Uuid>>,
        by: Actor,
        plan: Plan,
    ) -> Uuid {
        let id = self.record(environment, verb, scope, by, plan);
        let waiting: Vec<Uuid> = self
            .waiting(environment)
            .into_iter()
            .filter(|other| *other != id)
            .collect();
        if self.behavior.merges
            && let Some(new) = self.demands.get(&id)
        {
            let twin = waiting.iter().find(|other| {
                self.demands.get(other).is_some_and(|other| {
                    other.verb == new.verb && other.services == new.services && other.by == new.by
                })
            });
            if let Some(twin) = twin.copied() {
                self.demands.remove(&id);
                return twin;
            }
        }
        if self.behavior.overtakes && verb == Verb::Deploy {
            for other in &waiting {
                let is_stop = self
                    .demands
                    .get(other)
                    .is_some_and(|other| other.verb == Verb::Stop);
                if is_stop {
                    self.drop_waiting(*other);
                }
            }
        }
        self.note(environment, Event::Accepted(id));
        if self.running(environment).is_none() {
            self.later(self.behavior.start_delay, move |world| {
                world.start_next(environment)
            });
        }
        id
    }

    /// Removes a request from the queue. Returns whether it was queued.
    pub(crate) fn drop_waiting(&mut self, id: Uuid) -> bool {
        let now = self.now;
        let Some(demand) = self
            .demands
            .get_mut(&id)
            .filter(|it| it.fate == Fate::Waiting)
        else {
            return false;
        };
        demand.fate = Fate::Dropped;
        demand.over = Some(now);
        let environment = demand.environment;
        self.note(environment, Event::Dropped(id));
        true
    }

    fn start_next(&mut self, environment: Uuid) {
        if self.running(environment).is_some() {
            return;
        }
        let Some(next) = self.waiting(environment).first().copied() else {
            return;
        };
        let execution = self.execution(environment);
        let Some(demand) = self.demands.get_mut(&next) else {
            return;
        };
        demand.fate = Fate::Running;
        demand.execution = Some(execution.clone());
        let (verb, plan, scope) = (demand.verb, demand.plan.clone(), demand.services.clone());
        self.note(environment, Event::Started(next, execution));
        if plan.hangs {
            return;
        }
        let mut time = self.behavior.preparation;
        let mut stages: BTreeMap<usize, Vec<Uuid>> = BTreeMap::new();
        for id in scope {
            if let Some(service) = self.services.get(&id) {
                stages.entry(service.stage).or_default().push(id);
            }
        }
        let done = verb.done(&self.behavior);
        for services in stages.into_values() {
            let (mut end, mut failure) = (time, None);
            for id in services {
                let takes = plan.each;
                let builds = verb == Verb::Deploy
                    && self
                        .services
                        .get(&id)
                        .is_some_and(|service| service.kind == "application");
                let first = if builds { "BUILDING" } else { verb.running() };
                self.later(time, move |world| world.step(next, id, first));
                self.later(time + takes / 2, move |world| {
                    world.step(next, id, verb.running())
                });
                let last = plan.fails.get(&id).copied().unwrap_or(done);
                failure = failure.or(plan.fails.get(&id).copied());
                self.later(time + takes, move |world| world.step(next, id, last));
                end = end.max(time + takes);
            }
            time = end + 200;
            if let Some(state) = failure {
                self.later(time, move |world| world.end(next, state));
                return;
            }
        }
        self.later(time, move |world| world.end(next, done));
    }

    fn step(&mut self, id: Uuid, service: Uuid, state: &'static str) {
        let now = self.now;
        let Some(demand) = self.demands.get_mut(&id) else {
            return;
        };
        if demand.fate != Fate::Running || demand.canceling {
            return;
        }
        if !state.ends_with("ING") {
            demand.services_end.insert(service, (state, now));
        }
        let environment = demand.environment;
        self.note(environment, Event::Moved(service, state));
    }

    /// Ends the execution of a request.
    pub(crate) fn end(&mut self, id: Uuid, state: &'static str) {
        let now = self.now;
        let Some(demand) = self.demands.get_mut(&id) else {
            return;
        };
        if demand.fate != Fate::Running || (demand.canceling && state != "CANCELED") {
            return;
        }
        demand.fate = Fate::Ended(state);
        demand.over = Some(now);
        let (environment, whole) = (demand.environment, demand.whole);
        let services = demand.services.clone();
        let verb = demand.verb;
        self.note(environment, Event::Ended(id, state));
        if verb == Verb::Delete && state == "DELETED" {
            for service in services {
                self.note(environment, Event::ServiceGone(service));
            }
            if whole {
                self.note(environment, Event::EnvironmentGone);
                for waiting in self.waiting(environment) {
                    self.drop_waiting(waiting);
                }
            }
        }
        self.later(self.behavior.turn, move |world| {
            world.start_next(environment)
        });
    }

    /// Cancels the running execution.
    pub(crate) fn cancel_running(&mut self, environment: Uuid) -> bool {
        let Some(id) = self.running(environment) else {
            return false;
        };
        let Some(demand) = self.demands.get_mut(&id).filter(|demand| !demand.canceling) else {
            return true;
        };
        demand.canceling = true;
        self.note(environment, Event::Canceling);
        self.later(self.behavior.cancel_takes, move |world| {
            let Some(demand) = world.demands.get_mut(&id) else {
                return;
            };
            let open: Vec<Uuid> = demand
                .services
                .iter()
                .filter(|service| !demand.services_end.contains_key(*service))
                .copied()
                .collect();
            for service in open {
                demand.services_end.insert(service, ("CANCELED", world.now));
                world
                    .log
                    .push((world.now, environment, Event::Moved(service, "CANCELED")));
            }
            world.end(id, "CANCELED");
        });
        true
    }

    // --- clusters ---

    pub(crate) fn cluster(&mut self) -> Uuid {
        let id = self.id();
        let cluster = Cluster {
            id,
            organization: self.organization,
            log: vec![(START - 1_000_000, "DEPLOYED", 1)],
            gone: None,
            fails: false,
            executions: 1,
        };
        self.clusters.insert(id, cluster);
        id
    }

    pub(crate) fn act_on_cluster(&mut self, id: Uuid, verb: Verb, takes: Ms) {
        let (now, behavior) = (self.now, self.behavior.clone());
        let Some(cluster) = self.clusters.get_mut(&id) else {
            return;
        };
        cluster.executions += 1;
        let number = cluster.executions;
        cluster.log.push((now, verb.queued(), number));
        let fails = std::mem::take(&mut cluster.fails);
        let last = if fails {
            verb.error()
        } else {
            verb.done(&behavior)
        };
        for (after, state) in [(1000, verb.running()), (takes, last)] {
            self.later(after, move |world| {
                let now = world.now;
                if let Some(cluster) = world.clusters.get_mut(&id) {
                    cluster.log.push((now, state, number));
                    if state == "DELETED" {
                        cluster.gone = Some(now);
                    }
                }
            });
        }
    }
}
