//! The part of a status that belongs to one subject: an environment, a service or a cluster.

use uuid::Uuid;

use super::{Phase, State};

/// The facts of a status that distinguish deployments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PartStatus {
    pub(crate) state: State,
    pub(crate) deployment: Option<String>,
    /// The request that the status names: that of the deployment, or a later one.
    pub(crate) request: Option<Uuid>,
    pub(crate) date: Option<String>,
    /// The phase of the last action of a service.
    pub(crate) action: Option<Phase>,
    /// Whether the last deployment of the environment includes the service.
    pub(crate) in_last: Option<bool>,
}

impl PartStatus {
    /// Whether the last run has ended before it reached this service.
    pub(crate) fn was_passed_over(&self) -> bool {
        match self.action {
            Some(Phase::NotStarted | Phase::Queued) => true,
            Some(Phase::Failed) => !self.state.is_error(),
            Some(Phase::Canceled) => self.state != State::Canceled,
            _ => false,
        }
    }
}
