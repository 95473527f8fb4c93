//! The script of one deployment.

use std::time::Duration;

use uuid::Uuid;

use crate::{Step, Trigger};

/// Deviations of one deployment from its course without a script.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) failures: Vec<Failure>,
    pub(crate) hangs: Vec<(Uuid, Step)>,
    pub(crate) durations: Vec<(Uuid, Step, Duration)>,
    /// Lines that the log has about a service when it is done.
    pub(crate) logs: Vec<(Uuid, Vec<String>)>,
    pub(crate) queued_for: Duration,
    /// Counted from the request, like the following fields.
    pub(crate) canceled_after: Option<Duration>,
    /// Only while the request is queued.
    pub(crate) canceled_in_queue_after: Option<Duration>,
    pub(crate) superseded_after: Option<(Duration, Trigger)>,
    pub(crate) masks: Vec<Mask>,
    pub(crate) ends_as: Option<String>,
    pub(crate) nothing_to_do: bool,
}

/// A step of a service that fails.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) service: Uuid,
    pub(crate) step: Step,
    pub(crate) reason: String,
    pub(crate) log: Vec<String>,
}

impl Failure {
    pub(crate) fn new(service: Uuid, step: Step) -> Self {
        Self {
            service,
            step,
            reason: format!("{} failed", step.name()),
            log: Vec::new(),
        }
    }
}

/// A state that is shown for a while instead of the real one.
#[derive(Debug, Clone)]
pub(crate) struct Mask {
    /// The service; `None` for the environment itself.
    pub(crate) service: Option<Uuid>,
    pub(crate) state: String,
    pub(crate) after: Duration,
    pub(crate) lasting: Duration,
}
