//! What of a status tells one deployment from another.
//!
//! Not for deciding whose status it is: see [`super::track`].

use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
                    request: self.deployment_request_id,
                    date: self.last_deployment_date.clone(),
                    // The status of an environment counts nothing, but names the request that
                    // waits; a cluster has no queue.
                    waiting: match &self.subject {
                        Subject::Environment { .. } => {
                            Some(u32::from(self.deployment_request_id.is_some()))
                        }
                        Subject::Cluster { .. } => Some(0),
                        Subject::Service { .. } | Subject::Services { .. } => self.requests_waiting,
                    },
                    part: self.part_of_last_deployment,
                    action: None,
                })]
            }
        }
    }
}

impl Snapshot {
    /// Whether something has a state from a deployment that its status does not name.
    pub(crate) fn has_unnamed_deployment(&self) -> bool {
        let marks = self.marks();
        let mut known = marks.iter().flatten();
        known.any(|mark| mark.deployment.is_none() && mark.state != State::Ready)
    }
}

/// The facts of a status that tell one deployment from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) state: State,
    pub(crate) deployment: Option<String>,
    pub(crate) request: Option<Uuid>,
    pub(crate) date: Option<String>,
    /// How many requests wait; `None` where the server does not say.
    pub(crate) waiting: Option<u32>,
    pub(crate) part: Option<bool>,
    /// How far a service's last action is.
    pub(crate) action: Option<Phase>,
}

impl Mark {
    /// Whether nothing waits, where the server says so.
    pub(crate) fn is_known_idle(&self) -> bool {
        self.state.is_terminal() && self.waiting == Some(0)
    }

    fn of_service(service: &ServiceSnapshot) -> Self {
        Self {
            state: service.state.clone(),
            deployment: service.deployment_id.clone(),
            request: service.deployment_request_id,
            date: service.last_deployment_date.clone(),
            waiting: service.requests_waiting,
            part: service.part_of_last_deployment,
            action: service.action_phase(),
        }
    }

    /// Whether the date tells that something has happened since. Only where there are no ids: a
    /// server whose clock is put right may move every date.
    pub(crate) fn is_dated_after(&self, earlier: &Mark) -> bool {
        self.deployment.is_none() && self.date.is_some() && self.date != earlier.date
    }

    /// Whether something shows that this status is newer than an earlier one of the same subject.
    pub(crate) fn is_newer_than(&self, earlier: &Mark) -> bool {
        let other_deployment = self.deployment.is_some() && self.deployment != earlier.deployment;
        if !earlier.state.is_terminal() {
            // Whatever was under way goes through many states by itself: only an id tells.
            return other_deployment && earlier.deployment.is_some();
        }
        other_deployment
            || self.state.is_active()
            || (self.state.is_terminal() && self.state != earlier.state)
            || self.is_dated_after(earlier)
            || (self.part == Some(true) && earlier.part == Some(false))
    }
}
