//! The part of a status that belongs to one subject: an environment, a service or a cluster.

use uuid::Uuid;

use super::{Phase, ServiceSnapshot, Snapshot, State, Subject};

impl Snapshot {
    /// The status of each thing that the subject consists of; `None` for one that is not listed.
    pub(crate) fn part_statuses(&self) -> Vec<Option<PartStatus>> {
        match &self.subject {
            Subject::Services { services, .. } => services
                .iter()
                .map(|wanted| self.service(wanted.id).map(PartStatus::of_service))
                .collect(),
            Subject::Service { service, .. } if self.service(service.id).is_some() => {
                vec![self.service(service.id).map(PartStatus::of_service)]
            }
            Subject::Environment { .. } | Subject::Service { .. } | Subject::Cluster { .. } => {
                vec![Some(PartStatus {
                    state: self.state.clone(),
                    deployment: self.deployment_id.clone(),
                    date: self.last_deployment_date.clone(),
                    action: None,
                    in_last: None,
                })]
            }
        }
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
            has_failed && !PartStatus::of_service(service).was_passed_over()
        });
        let apart = failed.filter_map(|service| {
            let own = service.deployment_id.as_ref();
            let (own, _) = own.zip(last).filter(|(own, last)| own != last)?;
            Some((service.service.id, own.clone(), service.state.clone()))
        });
        apart.collect()
    }

    /// The number of requests that wait for the subject or one of its services.
    pub(crate) fn waiting(&self) -> u32 {
        let of_services = self.services.iter().filter_map(|s| s.requests_waiting);
        of_services.chain(self.requests_waiting).max().unwrap_or(0)
    }

    /// Whether something has a state from a deployment that its status does not name.
    pub(crate) fn has_unnamed_deployment(&self) -> bool {
        let parts = self.part_statuses();
        let mut known = parts.iter().flatten();
        known.any(|part| part.deployment.is_none() && part.state != State::Ready)
    }

    /// Whether nothing runs as far as the status shows.
    pub(crate) fn is_idle(&self) -> bool {
        let whole = self.whole.as_ref().map(|whole| &whole.state);
        let parts = self.part_statuses();
        let own = parts.iter().flatten().map(|part| &part.state);
        own.chain(whole).all(State::is_terminal)
            && self.requests_waiting.unwrap_or(0) == 0
            && self
                .services
                .iter()
                .all(|s| s.requests_waiting.unwrap_or(0) == 0)
            && self.deployment_request_id.is_none()
    }
}

/// The facts of a status that tell one deployment from another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PartStatus {
    pub(crate) state: State,
    pub(crate) deployment: Option<String>,
    pub(crate) date: Option<String>,
    /// How far a service's last action is.
    pub(crate) action: Option<Phase>,
    /// Whether the last deployment of the environment includes the service.
    pub(crate) in_last: Option<bool>,
}

impl PartStatus {
    /// Whether the last run has ended before it came to this service.
    pub(crate) fn was_passed_over(&self) -> bool {
        match self.action {
            Some(Phase::NotStarted | Phase::Queued) => true,
            Some(Phase::Failed) => !self.state.is_error(),
            Some(Phase::Canceled) => self.state != State::Canceled,
            _ => false,
        }
    }

    fn of_service(service: &ServiceSnapshot) -> Self {
        Self {
            state: service.state.clone(),
            deployment: service.deployment_id.clone(),
            date: service.last_deployment_date.clone(),
            action: service.action_phase(),
            in_last: service.part_of_last_deployment,
        }
    }
}
