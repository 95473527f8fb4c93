//! Reads the statuses of environments, services and clusters.

use std::time::Duration;

use qovery_api::http::{HeaderMap, header};
use qovery_api::{Client, Response, types};
use uuid::Uuid;

use super::{ApiSource, bounds, server_time};
use crate::wait::{
    ServiceKind, ServiceRef, ServiceSnapshot, Snapshot, StageSnapshot, State, StepSnapshot,
    Subject,
    snapshot::LastRun,
    source::{Fault, FaultKind, Reading},
};

impl ApiSource {
    /// Reads the status of the subject.
    pub(crate) async fn read(&self, subject: &Subject) -> Result<Reading, Fault> {
        let client = &self.client;
        let environment = match subject {
            Subject::Cluster { organization, id } => {
                let call = client.get_cluster_status(*organization, *id);
                let response = call.response().await?;
                let snapshot = of_cluster(subject, &response.body);
                return Ok(reading(snapshot, &response.headers));
            }
            Subject::Service {
                service,
                environment: None,
            } => {
                if let Some(response) = status_of(client, *service).await? {
                    let own = of_service(service.kind, &response.body, None);
                    let snapshot = Snapshot::of_service(subject, own);
                    return Ok(reading(snapshot, &response.headers));
                }
                self.parents.environment_of(*service).await?
            }
            Subject::Environment {
                id: environment, ..
            }
            | Subject::Service {
                environment: Some(environment),
                ..
            }
            | Subject::Services { environment, .. } => *environment,
        };
        let mut seen = read_environment(client, environment).await?;
        let Some(part) = seen.snapshot.part(subject) else {
            let message = format!("environment {environment} has no {subject}");
            return Err(Fault::new(FaultKind::NotFound, message));
        };
        seen.snapshot = part;
        Ok(seen)
    }
}

/// The own status of a service; `None` if only the status of its environment contains it.
async fn status_of(
    client: &Client,
    service: ServiceRef,
) -> Result<Option<Response<types::Status>>, Fault> {
    let id = service.id;
    Ok(Some(match service.kind {
        ServiceKind::Application => client.get_application_status(id).response().await?,
        ServiceKind::Container => client.get_container_status(id).response().await?,
        ServiceKind::Database => client.get_database_status(id).response().await?,
        ServiceKind::Job => client.get_job_status(id).response().await?,
        ServiceKind::Helm => client.get_helm_status(id).response().await?,
        ServiceKind::Terraform | ServiceKind::AgenticWorkflow => return Ok(None),
    }))
}

async fn read_environment(client: &Client, id: Uuid) -> Result<Reading, Fault> {
    let call = client.get_environment_statuses_with_stages(id);
    let response = call.response().await?;
    let statuses = response.body;
    let Some(environment) = &statuses.environment else {
        // Every property of this response is optional. Without the environment, the response is no evidence.
        let message = "the statuses lack that of the environment";
        return Err(Fault::new(FaultKind::Transient, message));
    };
    if environment.id != id {
        let message = format!("the API answered for {}", environment.id);
        return Err(Fault::new(FaultKind::NotFound, message));
    }
    bounds::at_most(bounds::ENTRIES, statuses.stages.len(), "stages")?;
    let services = statuses.stages.iter().flat_map(services_of);
    bounds::at_most(bounds::ENTRIES, services.clone().count(), "services")?;
    let steps = services.filter_map(|(_, status)| status.steps.as_ref());
    bounds::at_most(bounds::STEPS, steps.map(|s| s.details.len()).sum(), "steps")?;
    let mut snapshot = of_environment(&Subject::environment(id), environment);
    for stage in &statuses.stages {
        if let Some(own) = &stage.stage {
            let mut shown = StageSnapshot::new(own.id, &own.name);
            shown.status = text!(own.status);
            let steps = own.steps.as_ref();
            shown.duration = steps.and_then(|s| seconds(s.total_duration_sec));
            snapshot.stages.push(shown);
        }
        let id = stage.stage.as_ref().map(|s| s.id);
        let services = services_of(stage).map(|(kind, status)| of_service(kind, status, id));
        snapshot.services.extend(services);
    }
    Ok(reading(snapshot, &response.headers))
}

impl ApiSource {
    /// Reads the statuses of all environments of a project, without stages and services.
    pub(crate) async fn read_project(&self, project: Uuid) -> Result<Vec<Reading>, Fault> {
        let call = self.client.get_project_environments_status(project);
        let response = call.response().await?;
        let environments = &response.body.results;
        bounds::at_most(bounds::ENVIRONMENTS, environments.len(), "environments")?;
        let readings = environments.iter().map(|status| {
            let snapshot = of_environment(&Subject::environment(status.id), status);
            reading(snapshot, &response.headers)
        });
        Ok(readings.collect())
    }
}

/// The state of an environment and of each of its services, as a pushed status shows them; `None` if it is
/// not about this environment.
#[cfg(feature = "stream")]
pub(crate) fn states(
    environment: Uuid,
    statuses: &types::EnvironmentStatusesWithStages,
) -> Option<(State, Vec<(Uuid, State)>)> {
    let own = statuses.environment.as_ref();
    let own = own.filter(|status| status.id == environment)?;
    let services = statuses.stages.iter().flat_map(services_of);
    let services = services.map(|(_, status)| (status.id, State::from(status.state.as_str())));
    Some((last_deployment_state(own), services.collect()))
}

/// The services of a stage, in the order of their kinds.
fn services_of(
    stage: &types::DeploymentStageWithServicesStatuses,
) -> impl Iterator<Item = (ServiceKind, &types::Status)> + Clone {
    [
        (ServiceKind::Application, &stage.applications),
        (ServiceKind::Container, &stage.containers),
        (ServiceKind::Database, &stage.databases),
        (ServiceKind::Job, &stage.jobs),
        (ServiceKind::Helm, &stage.helms),
        (ServiceKind::Terraform, &stage.terraforms),
        (ServiceKind::AgenticWorkflow, &stage.agentic_workflows),
    ]
    .into_iter()
    .flat_map(|(kind, statuses)| statuses.iter().map(move |status| (kind, status)))
}

/// A reading, with the delay in seconds, if the successful response demands one.
fn reading(mut snapshot: Snapshot, headers: &HeaderMap) -> Reading {
    snapshot.server_time = server_time(headers);
    let asked = headers.get(header::RETRY_AFTER);
    let asked = asked.and_then(|text| text.to_str().ok()?.trim().parse().ok());
    Reading {
        snapshot,
        retry_after: asked.map(Duration::from_secs),
    }
}

fn seconds(count: Option<i64>) -> Option<Duration> {
    count
        .and_then(|c| u64::try_from(c).ok())
        .map(Duration::from_secs)
}

/// The state of an environment's last deployment. If the response lacks it, the state of the environment
/// replaces it only while a deployment runs: a final state may be that of another deployment.
fn last_deployment_state(status: &types::EnvironmentStatus) -> State {
    if let Some(state) = &status.last_deployment_state {
        return State::from(state.as_str());
    }
    let whole = State::from(status.state.as_str());
    if whole.is_active() {
        return whole;
    }
    State::Unknown("(last_deployment_state is absent)".into())
}

pub(super) fn of_environment(subject: &Subject, status: &types::EnvironmentStatus) -> Snapshot {
    let mut snapshot = Snapshot::new(subject.clone(), last_deployment_state(status));
    snapshot.overall_state = Some(State::from(status.state.as_str()));
    snapshot.deployment_id = status.last_deployment_id.clone();
    snapshot.deployment_request_id = status.deployment_request_id;
    snapshot.last_deployment_date = status.last_deployment_date.map(|d| d.to_rfc3339());
    snapshot.origin = text!(status.origin);
    snapshot.triggered_by = status.triggered_by.clone();
    snapshot.duration = seconds(status.total_deployment_duration_in_seconds);
    snapshot.whole = Some(LastRun::of(&snapshot));
    snapshot
}

pub(super) fn of_service(
    kind: ServiceKind,
    status: &types::Status,
    stage: Option<Uuid>,
) -> ServiceSnapshot {
    let service = ServiceRef::new(kind, status.id);
    let mut snapshot = ServiceSnapshot::new(service, State::from(status.state.as_str()));
    snapshot.stage = stage;
    let action = status.status_details.as_ref();
    snapshot.action_status = action.map(|details| details.status.as_str().to_owned());
    snapshot.deployment_id = status.execution_id.clone();
    snapshot.deployment_request_id = status.deployment_request_id;
    snapshot.last_deployment_date = status.last_deployment_date.map(|d| d.to_rfc3339());
    let waiting = status.deployment_requests_count;
    snapshot.requests_waiting = waiting.and_then(|count| u32::try_from(count).ok());
    snapshot.part_of_last_deployment = status.is_part_last_deployment;
    let steps = status.steps.as_ref();
    snapshot.duration = steps.and_then(|s| seconds(s.total_duration_sec));
    let steps = steps.into_iter().flat_map(|s| &s.details).map(|step| {
        let name = step.step_name.as_ref().map_or("", |n| n.as_str());
        StepSnapshot::new(name, text!(step.status), seconds(step.duration_sec))
    });
    snapshot.steps = steps.collect();
    snapshot
}

fn of_cluster(subject: &Subject, status: &types::ClusterStatus) -> Snapshot {
    let mut snapshot = Snapshot::new(subject.clone(), State::from(status.status.as_str()));
    snapshot.deployment_id = status.last_execution_id.clone();
    snapshot.last_deployment_date = status.last_deployment_date.map(|d| d.to_rfc3339());
    snapshot.reason = text!(status.reason);
    snapshot.whole = Some(LastRun::of(&snapshot));
    snapshot
}
