//! The content of one poll, in one shape for environments, services and clusters.
//!
//! The snapshot is not interpreted here. The interpretation needs the deployment that the status belongs to:
//! see [`super::ledger`].

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Goal, Phase, ServiceRef, State, Subject,
    part_status::PartStatus,
    state_table::{action_phase, stage_phase, step_phase},
};

/// The content of one poll of the subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The subject of the status.
    pub subject: Subject,
    /// The state that decides: the `last_deployment_state` of an environment, or the own state of a service or
    /// a cluster. For selected services, the state of their environment.
    pub state: State,
    /// The `state` of an environment. It can remain an error because of an old failure of one
    /// service.
    pub overall_state: Option<State>,
    /// The last deployment: `last_deployment_id`, `execution_id` or `last_execution_id`.
    pub deployment_id: Option<String>,
    /// The request that the status names.
    pub deployment_request_id: Option<Uuid>,
    /// The time of the last deployment, as the server reports it.
    pub last_deployment_date: Option<String>,
    /// The number of queued requests of a service, as the server reports it.
    pub requests_waiting: Option<u32>,
    /// Whether a service takes part in its environment's last deployment.
    pub part_of_last_deployment: Option<bool>,
    /// The origin of the last deployment: `CONSOLE`, `API`, `GIT`…
    pub origin: Option<String>,
    /// The user who triggered the last deployment.
    pub triggered_by: Option<String>,
    /// The duration of the deployment.
    pub duration: Option<Duration>,
    /// The reason for the state of a cluster, as the server reports it.
    pub reason: Option<String>,
    /// The stages, in their order.
    pub stages: Vec<StageSnapshot>,
    /// The services of the subject, in the order of the stages.
    pub services: Vec<ServiceSnapshot>,
    /// The last run of the environment or the cluster, if its status was read.
    #[serde(skip)]
    pub(crate) whole: Option<LastRun>,
    /// The server's clock at the time of the response, in seconds since 1970.
    #[serde(skip)]
    pub(crate) server_time: Option<i64>,
}

/// The last run of an environment or a cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastRun {
    pub(crate) id: Option<String>,
    /// The request that the status names: that of the run, or a later one.
    pub(crate) request: Option<Uuid>,
    pub(crate) date: Option<String>,
    pub(crate) state: State,
    pub(crate) origin: Option<String>,
    pub(crate) triggered_by: Option<String>,
}

impl LastRun {
    /// The run that the status of an environment or a cluster shows.
    pub(crate) fn of(shown: &Snapshot) -> Self {
        Self {
            id: shown.deployment_id.clone(),
            request: shown.deployment_request_id,
            date: shown.last_deployment_date.clone(),
            state: shown.state.clone(),
            origin: shown.origin.clone(),
            triggered_by: shown.triggered_by.clone(),
        }
    }
}

/// One stage of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StageSnapshot {
    /// The stage's id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its status as the API spells it, if it has one.
    pub status: Option<String>,
    /// The duration so far.
    pub duration: Option<Duration>,
}

/// One service of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ServiceSnapshot {
    /// The service.
    pub service: ServiceRef,
    /// Its state.
    pub state: State,
    /// The id of its stage, if it is known.
    pub stage: Option<Uuid>,
    /// The status of its last action as the API spells it.
    pub action_status: Option<String>,
    /// The deployment that it last took part in.
    pub deployment_id: Option<String>,
    /// The request that the status names.
    pub deployment_request_id: Option<Uuid>,
    /// The time of its last deployment, as the server reports it.
    pub last_deployment_date: Option<String>,
    /// The number of its queued requests, as the server reports it.
    pub requests_waiting: Option<u32>,
    /// Whether it takes part in its environment's last deployment.
    pub part_of_last_deployment: Option<bool>,
    /// The steps of its last deployment.
    pub steps: Vec<StepSnapshot>,
    /// The duration of its last deployment so far.
    pub duration: Option<Duration>,
}

/// One step of one service: build, mirror, deploy…
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StepSnapshot {
    /// The step's name as the API spells it.
    pub name: String,
    /// Its status as the API spells it; `None` while it runs.
    pub status: Option<String>,
    /// Its duration.
    pub duration: Option<Duration>,
}

/// Services or stages, counted by phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// All of them.
    pub total: usize,
    /// Those that are queued or not started.
    pub waiting: usize,
    /// Those that are running.
    pub running: usize,
    /// Those that have reached the goal.
    pub reached: usize,
    /// Those that failed or were canceled.
    pub failed: usize,
}

impl Counts {
    fn of(phases: impl Iterator<Item = Phase>) -> Self {
        let mut counts = Self::default();
        for phase in phases {
            counts.total += 1;
            match phase {
                Phase::NotStarted | Phase::Queued => counts.waiting += 1,
                Phase::Running => counts.running += 1,
                Phase::Reached => counts.reached += 1,
                Phase::Failed | Phase::Canceled => counts.failed += 1,
            }
        }
        counts
    }
}

impl Snapshot {
    /// Creates a snapshot with only a state.
    pub fn new(subject: Subject, state: State) -> Self {
        Self {
            subject,
            state,
            overall_state: None,
            deployment_id: None,
            deployment_request_id: None,
            last_deployment_date: None,
            requests_waiting: None,
            part_of_last_deployment: None,
            origin: None,
            triggered_by: None,
            duration: None,
            reason: None,
            stages: Vec::new(),
            services: Vec::new(),
            whole: None,
            server_time: None,
        }
    }

    /// Returns the service with this id.
    pub fn service(&self, id: Uuid) -> Option<&ServiceSnapshot> {
        self.services.iter().find(|s| s.service.id == id)
    }

    /// Counts the services by their phase for the goal. A service that takes no part in the last deployment of its
    /// environment is not counted.
    ///
    /// A service that still shows the result of an earlier deployment, because its stage has not
    /// begun, counts as queued.
    pub fn service_counts(&self, goal: Goal) -> Counts {
        let taking_part = self
            .services
            .iter()
            .filter(|s| s.part_of_last_deployment != Some(false));
        Counts::of(taking_part.map(|s| self.service_phase(s, goal)))
    }

    /// Counts the stages by their phase.
    pub fn stage_counts(&self) -> Counts {
        Counts::of(self.stages.iter().map(StageSnapshot::phase))
    }

    /// Returns the phase of a service for the goal.
    pub fn service_phase(&self, service: &ServiceSnapshot, goal: Goal) -> Phase {
        let of_another_deployment = matches!(
            (&self.deployment_id, &service.deployment_id),
            (Some(whole), Some(own)) if whole != own
        );
        if of_another_deployment && service.state.is_terminal() && !self.state.is_terminal() {
            return Phase::Queued;
        }
        service.state.phase(goal)
    }

    /// Whether both look the same to a person, without durations.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        self.has_not_moved_since(other)
            && self.services.len() == other.services.len()
            && self.services.iter().zip(&other.services).all(|(a, b)| {
                a.state == b.state
                    && a.action_status == b.action_status
                    && a.service == b.service
                    && a.steps.len() == b.steps.len()
            })
    }

    /// Whether the status of the environment or of a service names a request.
    pub(crate) fn names(&self, request: Uuid) -> bool {
        let own = self
            .services
            .iter()
            .map(|service| service.deployment_request_id);
        own.chain([self.deployment_request_id])
            .any(|named| named == Some(request))
    }

    /// Whether the whole is unchanged: the same state, deployment and stages.
    pub(crate) fn has_not_moved_since(&self, other: &Self) -> bool {
        self.state == other.state
            && self.deployment_id == other.deployment_id
            && self.stages.len() == other.stages.len()
            && self
                .stages
                .iter()
                .zip(&other.stages)
                .all(|(a, b)| a.id == b.id && a.status == b.status)
    }

    /// The status of one service, without its environment.
    pub(crate) fn of_service(subject: &Subject, own: ServiceSnapshot) -> Self {
        Self {
            deployment_id: own.deployment_id.clone(),
            deployment_request_id: own.deployment_request_id,
            last_deployment_date: own.last_deployment_date.clone(),
            requests_waiting: own.requests_waiting,
            part_of_last_deployment: own.part_of_last_deployment,
            services: vec![own.clone()],
            ..Self::new(subject.clone(), own.state)
        }
    }

    /// The part of the status of an environment that is about a subject: the environment, or services in it.
    /// `None` if the status does not show the subject.
    pub(crate) fn part(&self, subject: &Subject) -> Option<Self> {
        if let Subject::Service { service, .. } = subject {
            let own = self.service(service.id)?;
            let stages = self.stages.iter().filter(|s| Some(s.id) == own.stage);
            return Some(Self {
                origin: self.origin.clone(),
                triggered_by: self.triggered_by.clone(),
                stages: stages.cloned().collect(),
                whole: self.whole.clone(),
                server_time: self.server_time,
                ..Self::of_service(subject, own.clone())
            });
        }
        let mut part = self.clone();
        if let Subject::Services { services, .. } = subject {
            part.services
                .retain(|s| services.iter().any(|wanted| wanted.id == s.service.id));
        }
        part.subject = subject.clone();
        Some(part)
    }

    /// The status of each part of the subject: an environment, a cluster, or each service. `None` for a service
    /// that is not listed.
    pub(crate) fn part_statuses(&self) -> Vec<Option<PartStatus>> {
        let of = |id| self.service(id).map(ServiceSnapshot::part_status);
        let own = match &self.subject {
            Subject::Services { services, .. } => {
                return services.iter().map(|wanted| of(wanted.id)).collect();
            }
            Subject::Service { service, .. } => of(service.id),
            Subject::Environment { .. } | Subject::Cluster { .. } => None,
        };
        let whole = || PartStatus {
            state: self.state.clone(),
            deployment: self.deployment_id.clone(),
            request: self.deployment_request_id,
            date: self.last_deployment_date.clone(),
            action: None,
            in_last: None,
        };
        vec![Some(own.unwrap_or_else(whole))]
    }

    /// The phase of each part of the subject. `None` for a service that is not listed.
    pub(crate) fn part_phases(&self, goal: Goal) -> impl Iterator<Item = Option<Phase>> {
        let parts = self.part_statuses().into_iter();
        parts.map(move |part| part.map(|part| part.state.phase(goal)))
    }

    /// The services of an environment that failed, or were canceled, in a deployment other than the last one:
    /// each with the name of that deployment and its state.
    pub(crate) fn failed_apart(&self) -> Vec<(Uuid, String, State)> {
        let Subject::Environment { .. } = self.subject else {
            return Vec::new();
        };
        let last = self.deployment_id.as_ref();
        let failed = self.services.iter().filter(|service| {
            let has_failed = service.state.is_error() || service.state == State::Canceled;
            has_failed && !service.part_status().was_passed_over()
        });
        let apart = failed.filter_map(|service| {
            let own = service.deployment_id.as_ref();
            let (own, _) = own.zip(last).filter(|(own, last)| own != last)?;
            Some((service.service.id, own.clone(), service.state.clone()))
        });
        apart.collect()
    }

    /// The number of queued requests of the subject or one of its services, whichever is larger.
    pub(crate) fn waiting(&self) -> u32 {
        let of_services = self.services.iter().filter_map(|s| s.requests_waiting);
        of_services.chain(self.requests_waiting).max().unwrap_or(0)
    }

    /// Whether a part has the state of a deployment that its status does not name.
    pub(crate) fn has_unnamed_deployment(&self) -> bool {
        let parts = self.part_statuses();
        let mut known = parts.iter().flatten();
        known.any(|part| part.deployment.is_none() && part.state != State::Ready)
    }

    /// Whether nothing runs as far as the status shows.
    pub(crate) fn is_idle(&self) -> bool {
        self.rests() && self.deployment_request_id.is_none()
    }

    /// Whether all states are terminal and no request is counted as queued. The status can still name a request.
    pub(crate) fn rests(&self) -> bool {
        let whole = self.whole.as_ref().map(|whole| &whole.state);
        let parts = self.part_statuses();
        let own = parts.iter().flatten().map(|part| &part.state);
        own.chain(whole).all(State::is_terminal) && self.waiting() == 0
    }
}

impl StageSnapshot {
    /// Creates a stage.
    pub fn new(id: Uuid, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            status: None,
            duration: None,
        }
    }

    /// Returns the phase of the stage. A stage without a status was not started.
    pub fn phase(&self) -> Phase {
        self.status
            .as_deref()
            .map_or(Phase::NotStarted, stage_phase)
    }
}

impl ServiceSnapshot {
    /// Creates a service with only a state.
    pub fn new(service: ServiceRef, state: State) -> Self {
        Self {
            service,
            state,
            stage: None,
            action_status: None,
            deployment_id: None,
            deployment_request_id: None,
            last_deployment_date: None,
            requests_waiting: None,
            part_of_last_deployment: None,
            steps: Vec::new(),
            duration: None,
        }
    }

    /// Returns the phase of its last action, if the server reports it.
    pub fn action_phase(&self) -> Option<Phase> {
        self.action_status.as_deref().map(action_phase)
    }

    /// The facts that distinguish deployments.
    pub(crate) fn part_status(&self) -> PartStatus {
        PartStatus {
            state: self.state.clone(),
            deployment: self.deployment_id.clone(),
            request: self.deployment_request_id,
            date: self.last_deployment_date.clone(),
            action: self.action_phase(),
            in_last: self.part_of_last_deployment,
        }
    }

    /// Returns the first step that failed or was canceled; if there is none, the last step.
    pub fn decisive_step(&self) -> Option<&StepSnapshot> {
        self.steps
            .iter()
            .find(|s| matches!(s.phase(), Phase::Failed | Phase::Canceled))
            .or(self.steps.last())
    }
}

impl StepSnapshot {
    /// Creates a step.
    pub fn new(
        name: impl Into<String>,
        status: Option<String>,
        duration: Option<Duration>,
    ) -> Self {
        Self {
            name: name.into(),
            status,
            duration,
        }
    }

    /// Returns the phase of the step.
    pub fn phase(&self) -> Phase {
        self.status.as_deref().map_or(Phase::Running, step_phase)
    }
}
