//! A deployment request.

use std::{collections::BTreeMap, time::Duration};

use uuid::Uuid;

use super::{audit::Actor, script::Script, table::Table, version::AskedVersion};
use crate::{RequestStatus, Trigger};

/// A request for an action on an environment or on some of its services.
#[derive(Debug, Clone)]
pub(crate) struct DeploymentRequest {
    pub(crate) id: Uuid,
    pub(crate) environment: Uuid,
    pub(crate) action: Trigger,
    /// The chosen services, with those of the requests that it absorbed.
    pub(crate) services: Vec<Uuid>,
    /// The requested services.
    pub(crate) requested: Vec<Uuid>,
    /// The versions that it names, with those of the requests that it absorbed.
    pub(crate) versions: BTreeMap<Uuid, AskedVersion>,
    /// Whether the environment as a whole is meant.
    pub(crate) whole: bool,
    pub(crate) actor: Actor,
    pub(crate) accepted_at: Duration,
    pub(crate) not_before: Duration,
    /// Whether there was nothing to do, so that it ended when it was accepted.
    pub(crate) had_nothing_to_do: bool,
    /// Whether another one ran or waited when it was accepted.
    pub(crate) had_to_wait: bool,
    /// The state that readers see: the state of its execution, or its own while it is queued.
    pub(crate) state: String,
    pub(crate) stage: RequestStage,
    /// When it ended, whether it ran or not.
    pub(crate) ended_at: Option<Duration>,
    /// The request that absorbed this one.
    pub(crate) merged_into: Option<Uuid>,
    /// The response to reads of its status, also after its environment is deleted.
    pub(crate) shown_as: RequestStatus,
    pub(crate) script: Script,
}

/// The progress of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestStage {
    Queued,
    Running,
    Ended,
}

impl DeploymentRequest {
    /// Returns the request that carries out `id`: the request itself, or the one that absorbed it.
    pub(crate) fn carrying(requests: &Table<Uuid, Self>, id: Uuid) -> Option<&Self> {
        let request = requests.get(&id)?;
        match request.merged_into {
            Some(into) => requests.get(&into),
            None => Some(request),
        }
    }
}

/// Ends a request and those that it absorbed, in a state.
pub(super) fn end(
    requests: &mut Table<Uuid, DeploymentRequest>,
    now: Duration,
    id: Uuid,
    state: &str,
) {
    requests.change_where(
        |request| request.id == id || request.merged_into == Some(id),
        |request| {
            request.stage = RequestStage::Ended;
            request.ended_at.get_or_insert(now);
            state.clone_into(&mut request.state);
        },
    );
}
