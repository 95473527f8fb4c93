//! The state of the services, according to the frames of a running state.

use std::{collections::BTreeMap, time::Duration};

use qovery_api::stream::types;
use tokio::time::Instant;
use uuid::Uuid;

use super::pod_problem::{PodProblem, PodProblemKind, problem};
use crate::clock::after;

/// How long a service may be in error, if the reason is not final, before this counts.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the confirmation at the end of the window may take, if the limit passes before.
const CONFIRMATION: Duration = Duration::from_secs(10);

/// The next step of watching.
pub(super) enum Step {
    Wait,
    /// The window is over: another connection has to show that all services still run.
    Connect,
    /// All services have been running for the window.
    Complete,
    Failure(Box<PodProblem>),
    TimedOut(Vec<Uuid>),
}

/// The state of the services, according to the frames.
pub(super) struct Watched<'a> {
    services: &'a [Uuid],
    window: Duration,
    until: Instant,
    /// The time since which all services run.
    running_since: Option<Instant>,
    /// The time limit for confirming the end of the window.
    confirms_until: Option<Instant>,
    /// The services that do not run.
    waiting: Vec<Uuid>,
    /// The problem of each pod, and the time since which the pod has one.
    failing: BTreeMap<String, (Instant, PodProblem)>,
    last_problem: Option<PodProblem>,
    /// How many times each pod was restarted.
    restarts: BTreeMap<String, i64>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(services: &'a [Uuid], window: Duration, until: Instant) -> Self {
        Self {
            services,
            window,
            until,
            running_since: None,
            confirms_until: None,
            waiting: services.to_vec(),
            failing: BTreeMap::new(),
            last_problem: None,
            restarts: BTreeMap::new(),
        }
    }

    /// The time at which the window is over.
    fn complete_at(&self) -> Option<Instant> {
        self.running_since.map(|since| after(since, self.window))
    }

    /// The time of the next step, if no frame arrives.
    pub(super) fn wake(&self) -> Instant {
        if let Some(until) = self.confirms_until {
            return until;
        }
        let patience = self
            .failing
            .values()
            .map(|(since, _)| after(*since, PATIENCE));
        let times = patience.chain(self.complete_at());
        times.fold(self.until, Instant::min)
    }

    /// The next step when the time of [`Watched::wake`] has come.
    pub(super) fn due(&mut self) -> Step {
        let now = Instant::now();
        if self.confirms_until.is_none() {
            if self.complete_at().is_some_and(|complete| complete <= now) {
                self.confirms_until = Some(self.until.max(after(now, CONFIRMATION)));
                return Step::Connect;
            }
            let failed = self.failing.values();
            let mut failed = failed.filter(|(since, _)| after(*since, PATIENCE) <= now);
            if let Some((_, problem)) = failed.next() {
                return Step::Failure(Box::new(problem.clone()));
            }
            if now < self.until {
                return Step::Wait;
            }
        }
        match self.last_problem.take() {
            Some(problem) => Step::Failure(Box::new(problem)),
            None if self.waiting.is_empty() => Step::TimedOut(self.services.to_vec()),
            None => Step::TimedOut(std::mem::take(&mut self.waiting)),
        }
    }

    /// The next step after a frame.
    pub(super) fn take(&mut self, status: &types::ServiceStatusDto, environment: Uuid) -> Step {
        let now = Instant::now();
        let before = std::mem::take(&mut self.restarts);
        let problems = self.judge(status, environment);
        let has_restarted = self.restarts.iter().any(|(pod, count)| {
            let before = before.get(pod);
            before.is_some_and(|before| before < count)
        });
        self.last_problem = problems.first().cloned();
        self.failing
            .retain(|pod, _| problems.iter().any(|one| one.pod == *pod));
        for problem in problems {
            let is_final = matches!(
                problem.kind,
                PodProblemKind::CrashLoop | PodProblemKind::ImagePull
            );
            let since = self.failing.get(&problem.pod);
            let since = since.map_or(now, |(since, _)| *since);
            if is_final || after(since, PATIENCE) <= now {
                return Step::Failure(Box::new(problem));
            }
            self.failing.insert(problem.pod.clone(), (since, problem));
        }
        if !self.waiting.is_empty() || has_restarted {
            self.begin_again();
        }
        if !self.waiting.is_empty() {
            return Step::Wait;
        }
        self.confirms_until = None;
        let since = *self.running_since.get_or_insert(now);
        match after(since, self.window) <= now {
            true => Step::Complete,
            false => Step::Wait,
        }
    }

    /// The window starts again with the next frame.
    fn begin_again(&mut self) {
        self.running_since = None;
        self.confirms_until = None;
    }

    /// The state is unknown while there is no connection.
    pub(super) fn lose(&mut self) -> Step {
        self.begin_again();
        self.failing.clear();
        Step::Wait
    }

    /// Updates the services from a frame. Returns the problems of their pods.
    fn judge(&mut self, status: &types::ServiceStatusDto, environment: Uuid) -> Vec<PodProblem> {
        let mut known: BTreeMap<Uuid, (bool, &[types::PodStatusDto])> = BTreeMap::new();
        for one in &status.environments {
            if Uuid::parse_str(&one.id) != Ok(environment) {
                continue;
            }
            let services = [
                &one.applications,
                &one.containers,
                &one.helms,
                &one.agentic_workflows,
            ];
            let services = services.into_iter().flatten();
            let services = services.map(|one| (&one.id, &one.state, &one.pods));
            let databases = one.databases.iter();
            let databases = databases.map(|one| (&one.id, &one.state, &one.pods));
            for (id, state, pods) in services.chain(databases) {
                if let Ok(id) = Uuid::parse_str(id) {
                    known.insert(id, (*state == types::ServiceStateDto::Running, pods));
                }
            }
        }
        self.waiting.clear();
        let mut problems = Vec::new();
        for id in self.services {
            let (runs, pods) = known.get(id).copied().unwrap_or((false, &[]));
            let ready = |pod: &types::PodStatusDto| pod.state == types::ServiceStateDto::Running;
            if !runs || !pods.iter().all(ready) {
                self.waiting.push(*id);
            }
            for pod in pods {
                self.restarts.insert(pod.name.clone(), restarts(pod));
                problems.extend(problem(*id, pod));
            }
        }
        problems
    }
}

/// How many times a pod was restarted: by itself, or by its containers.
fn restarts(pod: &types::PodStatusDto) -> i64 {
    let containers = pod.containers.iter();
    let containers = containers.map(|container| container.restart_count);
    let sum = containers.fold(0, i64::saturating_add);
    sum.max(pod.restart_count)
}
