//! The part of a status that belongs to one subject: an environment, a service or a cluster.

use super::{Phase, ServiceSnapshot, Snapshot, State, Subject};

impl Snapshot {
    /// The mark of each thing that the subject consists of; `None` for one that is not listed.
    pub(crate) fn marks(&self) -> Vec<Option<Mark>> {
        match &self.subject {
            Subject::Services { services, .. } => services
                .iter()
                .map(|wanted| self.service(wanted.id).map(Mark::of_service))
                .collect(),
            Subject::Service { service, .. } if self.service(service.id).is_some() => {
                vec![self.service(service.id).map(Mark::of_service)]
            }
            Subject::Environment { .. } | Subject::Service { .. } | Subject::Cluster { .. } => {
                vec![Some(Mark {
                    state: self.state.clone(),
                    deployment: self.deployment_id.clone(),
                    date: self.last_deployment_date.clone(),
                    action: None,
                })]
            }
        }
    }

    /// Whether something has a state from a deployment that its status does not name.
    pub(crate) fn has_unnamed_deployment(&self) -> bool {
        let marks = self.marks();
        let mut known = marks.iter().flatten();
        known.any(|mark| mark.deployment.is_none() && mark.state != State::Ready)
    }

    /// Whether nothing runs as far as the status shows.
    pub(crate) fn is_idle(&self) -> bool {
        let whole = self.whole.as_ref().map(|whole| &whole.state);
        let marks = self.marks();
        let own = marks.iter().flatten().map(|mark| &mark.state);
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
pub(crate) struct Mark {
    pub(crate) state: State,
    pub(crate) deployment: Option<String>,
    pub(crate) date: Option<String>,
    /// How far a service's last action is.
    pub(crate) action: Option<Phase>,
}

impl Mark {
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
        }
    }
}
