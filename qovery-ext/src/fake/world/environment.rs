//! Environments, their stages and their services.

use std::{collections::VecDeque, time::Duration};

use uuid::Uuid;

use super::script::Script;
use crate::fake::{ServiceKind, settings::Settings};

/// Which states are shown, and where they come from.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) organization: Uuid,
    pub(crate) project: Uuid,
    pub(crate) cluster: Uuid,
    pub(crate) stages: Vec<Stage>,
    pub(crate) services: Vec<Uuid>,
    /// What runs; an older failure of a neighbour keeps it in error.
    pub(crate) state: String,
    /// What became of the last deployment.
    pub(crate) last_deployment_state: String,
    pub(crate) last_execution: Option<String>,
    pub(crate) last_deployment_at: Option<Duration>,
    pub(crate) origin: Option<String>,
    pub(crate) triggered_by: Option<String>,
    /// The execution in progress.
    pub(crate) running: Option<String>,
    /// Requests that wait, in order.
    pub(crate) queue: VecDeque<Uuid>,
    /// All executions, oldest first.
    pub(crate) executions: Vec<String>,
    pub(crate) scripts: VecDeque<Script>,
    pub(crate) settings: Settings,
    /// What readers are shown until then, instead of what is.
    pub(crate) stale: Option<Stale>,
    /// A state that is shown instead of the real one until then.
    pub(crate) masked: Option<(Duration, String)>,
}

impl Environment {
    pub(crate) fn stage(&self, id: Uuid) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }
}

/// A look at an environment that is kept for a while.
#[derive(Debug, Clone)]
pub(crate) struct Stale {
    pub(crate) until: Duration,
    pub(crate) environment: Box<Environment>,
    pub(crate) services: Vec<Service>,
}

/// A deployment stage.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    /// `QUEUED`, `ONGOING`, `DONE`, `ERROR`, `SKIPPED` or `CANCELED`, once deployed.
    pub(crate) status: Option<&'static str>,
    pub(crate) duration: Duration,
}

/// A service of any kind.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    pub(crate) id: Uuid,
    pub(crate) kind: ServiceKind,
    pub(crate) name: String,
    pub(crate) environment: Uuid,
    pub(crate) stage: Uuid,
    pub(crate) state: String,
    /// The state to fall back to where a deployment never reaches the service.
    pub(crate) resting_state: String,
    /// Action and its status, such as `DEPLOY` and `ONGOING`.
    pub(crate) details: (&'static str, &'static str),
    pub(crate) steps: Vec<StepRun>,
    pub(crate) part_of_last: bool,
    pub(crate) last_execution: Option<String>,
    pub(crate) last_deployment_at: Option<Duration>,
    pub(crate) deployment_status: &'static str,
    pub(crate) durations: Vec<(crate::fake::Step, Duration)>,
    pub(crate) logs: Vec<(Duration, String)>,
    pub(crate) masked: Option<(Duration, String)>,
}

/// One step that a service went through.
#[derive(Debug, Clone)]
pub(crate) struct StepRun {
    pub(crate) name: &'static str,
    pub(crate) started: Duration,
    /// `SUCCESS`, `ERROR`, `CANCEL` or `SKIP`, and when; `None` while it runs.
    pub(crate) ended: Option<(&'static str, Duration)>,
}
