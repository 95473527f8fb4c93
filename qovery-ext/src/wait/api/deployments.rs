//! Reads the status of a request, the queue and the history.

use qovery_api::types;
use uuid::Uuid;

use super::{ApiSource, bounds};
use crate::wait::{
    State, Subject, action_phase,
    source::{Fault, HistoryEntry, HistoryService, QueueRow, RequestReading},
};

impl ApiSource {
    /// Reads the state of one deployment request; `None` if the server does not know it.
    pub(crate) async fn request(&self, request: Uuid) -> Result<Option<RequestReading>, Fault> {
        let status = match self
            .client
            .get_deployment_status_by_deployment_request_id(request)
            .await
        {
            Ok(status) => status,
            // A success without a body means that the state is unknown.
            Err(error)
                if error.is_decode() && error.body().is_some_and(|b| b.trim_ascii().is_empty()) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let Some(state) = status.status else {
            return Ok(None);
        };
        // A response about another request is ignored.
        let own = status.deployment_request_id.is_none_or(|id| id == request);
        Ok(own.then(|| RequestReading {
            environment: status.environment_id,
            state: State::from(state.as_str()),
        }))
    }

    /// Reads the queued requests, the next one first; `None` if the subject has no queue.
    pub(crate) async fn queue(&self, subject: &Subject) -> Result<Option<Vec<QueueRow>>, Fault> {
        let rows: Vec<_> = match subject {
            Subject::Cluster { .. } => return Ok(None),
            Subject::Service { service, .. } => {
                let call = self
                    .client
                    .list_deployment_request_by_service_id(service.id);
                let rows = call.await?.results.into_iter().map(|entry| QueueRow {
                    request: entry.identifier.deployment_request_id,
                    action: entry.status_details.action.as_str().to_owned(),
                    // The queue of a service does not show the other services.
                    services: None,
                    origin: text!(entry.auditing_data.origin),
                    triggered_by: Some(entry.auditing_data.triggered_by),
                    // The progress can be that of the service, whose earlier deployment still runs.
                    has_begun: false,
                });
                rows.collect()
            }
            Subject::Environment { id, .. }
            | Subject::Services {
                environment: id, ..
            } => {
                let call = self.client.list_deployment_request_by_environment_id(*id);
                let rows = call.await?.results.into_iter().map(|entry| QueueRow {
                    request: entry.identifier.deployment_request_id,
                    action: entry.trigger_action.as_str().to_owned(),
                    services: services_in_queue(&entry),
                    has_begun: entry.stages.iter().any(has_begun),
                    origin: text!(entry.auditing_data.origin),
                    triggered_by: Some(entry.auditing_data.triggered_by),
                });
                rows.collect()
            }
        };
        bounds::at_most(bounds::ENTRIES, rows.len(), "queued requests")?;
        Ok(Some(rows))
    }

    /// Reads the last deployments, newest first; `None` if the subject has no history.
    pub(crate) async fn history(
        &self,
        subject: &Subject,
    ) -> Result<Option<Vec<HistoryEntry>>, Fault> {
        let Some(environment) = self.parents.environment_of_subject(subject).await? else {
            return Ok(None);
        };
        let call = self
            .client
            .list_environment_deployment_history_v2(environment);
        let history = call.await?.results;
        bounds::at_most(bounds::ENTRIES, history.len(), "past deployments")?;
        let past = history.into_iter().map(|entry| {
            let services = entry.stages.iter().flat_map(|stage| &stage.services);
            let services = services.map(|s| HistoryService {
                id: s.identifier.service_id,
                state: State::from(s.status.as_str()),
                action: action_phase(s.status_details.status.as_str()),
            });
            HistoryEntry {
                services: services.collect(),
                deployment: entry.identifier.execution_id,
                action: entry.trigger_action.as_str().to_owned(),
                state: State::from(entry.status.as_str()),
                origin: text!(entry.auditing_data.origin),
                triggered_by: Some(entry.auditing_data.triggered_by),
                created: Some(entry.auditing_data.created_at.timestamp()),
                updated: Some(entry.auditing_data.updated_at.timestamp()),
            }
        });
        Ok(Some(past.collect()))
    }
}

/// The services of a queued request, if its stages are listed.
fn services_in_queue(entry: &types::QueuedDeploymentRequestWithStages) -> Option<Vec<Uuid>> {
    let services = entry.stages.iter().flat_map(|stage| &stage.services);
    let mut ids: Vec<Uuid> = services.map(|s| s.identifier.service_id).collect();
    ids.sort_unstable();
    ids.dedup();
    (!ids.is_empty()).then_some(ids)
}

/// Whether a stage of a queued request shows progress.
fn has_begun(stage: &types::QueuedDeploymentRequestWithStagesStage) -> bool {
    use types::StageStatusEnum::{Done, Error, Ongoing};
    let services = stage.services.iter().map(|service| &service.status);
    services
        .chain([&stage.status])
        .any(|status| matches!(status, Ongoing | Done | Error))
}
