//! The readings from before the action.

use qovery_api::chrono::DateTime;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::{
    Goal, Phase, Snapshot, State, Subject,
    source::{HistoryEntry, QueueRow},
};

/// The readings from before the action.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Baseline {
    /// The executions that were shown. A run that is among them, or older, is not this operation's.
    pub(crate) executions: Vec<String>,
    /// The latest date that was shown, by the server's clock, in seconds since 1970.
    pub(crate) date: Option<i64>,
    /// The server's clock at the time of the status, in seconds since 1970.
    #[serde(skip)]
    pub(crate) server_time: Option<i64>,
    /// The requests that the queue listed; `None` if the queue could not be read.
    pub(crate) requests: Option<Vec<Uuid>>,
    /// The request that the status named beside a busy state, if the queue could not be read: it can be one that waits.
    pub(crate) named: Option<Uuid>,
    /// The result that was shown.
    pub(crate) result: Option<LastResult>,
    /// The number of services of the environment, if the operation is about an environment.
    pub(crate) services: Option<usize>,
    /// The state of the environment or the cluster, if it was read.
    pub(crate) whole: Option<State>,
    /// Whether the goal held.
    pub(crate) held: bool,
}

/// The facts of a status that distinguish results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LastResult {
    pub(crate) state: State,
    pub(crate) date: Option<String>,
}

impl Baseline {
    /// Whether an execution was shown.
    pub(super) fn shows(&self, execution: &str) -> bool {
        self.executions.iter().any(|known| known == execution)
    }

    /// Whether the queue could not be read.
    pub(super) fn is_queue_hidden(&self) -> bool {
        self.requests.is_none()
    }

    pub(super) fn of(
        goal: Goal,
        baseline: &Snapshot,
        queue: Option<&[QueueRow]>,
        history: Option<&[HistoryEntry]>,
    ) -> Self {
        let parts = baseline.part_statuses();
        let mut executions: Vec<String> = Vec::new();
        let whole = baseline.whole.as_ref().and_then(|whole| whole.execution());
        let own = parts.iter().flatten().map(|part| part.execution());
        let failed = baseline.failed_apart().into_iter().map(|(_, id, _)| id);
        let entries = history.into_iter().flatten();
        let past = entries.map(|entry| entry.deployment.clone());
        let past = past.take(KNOWN_BEFORE);
        for id in whole.into_iter().chain(own).chain(failed).chain(past) {
            if !executions.contains(&id) {
                executions.push(id);
            }
        }
        // If the status of the environment is read, the results of the services are not needed.
        let result = match parts.as_slice() {
            [part] => part.as_ref().map(|part| LastResult {
                state: part.state.clone(),
                date: part.date.clone(),
            }),
            _ => baseline.whole.as_ref().map(|whole| LastResult {
                state: whole.state.clone(),
                date: None,
            }),
        };
        let dates = parts.iter().flatten().map(|part| part.date.as_deref());
        let dates = dates.chain(baseline.whole.as_ref().map(|whole| whole.date.as_deref()));
        let date = dates.flatten().filter_map(seconds).max();
        let own = || parts.iter().flatten().find_map(|part| part.request);
        let named = baseline.deployment_request_id.or_else(own);
        Self {
            named: named.filter(|_| queue.is_none() && !baseline.rests()),
            executions,
            date,
            server_time: baseline.server_time,
            requests: queue.map(|queue| {
                // A request that a status names exists, whatever its relation to the operation.
                let own = baseline
                    .services
                    .iter()
                    .filter_map(|s| s.deployment_request_id);
                let named = baseline.deployment_request_id.into_iter().chain(own);
                let mut ids: Vec<Uuid> = queue.iter().map(|w| w.request).chain(named).collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            }),
            result,
            services: match baseline.subject {
                Subject::Environment { .. } => Some(baseline.services.len()),
                _ => None,
            },
            whole: baseline.whole.as_ref().map(|whole| whole.state.clone()),
            held: parts.iter().all(|part| {
                let state = part.as_ref().map(|part| &part.state);
                state.is_some_and(|state| state.phase(goal) == Phase::Reached)
            }),
        }
    }
}

fn seconds(date: &str) -> Option<i64> {
    let date = DateTime::parse_from_rfc3339(date).ok()?;
    Some(date.timestamp())
}

/// The number of entries of the history from before the action that are remembered: the newest ones are enough,
/// because the history is sorted.
const KNOWN_BEFORE: usize = 3;
