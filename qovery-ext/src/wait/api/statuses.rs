//! Reads the statuses of environments, services and clusters.

use std::time::Duration;

use qovery_api::http::{HeaderMap, header};
use qovery_api::{Client, types};
use uuid::Uuid;

use super::{bounds, parents::Parents};
use crate::wait::{
    ServiceKind, ServiceRef, ServiceSnapshot, Snapshot, StageSnapshot, State, StepSnapshot,
    Subject,
    snapshot::LastRun,
    source::{Fault, FaultKind, Reading},
};

/// The status of a subject.
pub(super) async fn of_subject(
    client: &Client,
    parents: &Parents,
    subject: &Subject,
) -> Result<Reading, Fault> {
    match subject {
        Subject::Environment { id, .. } => read_environment(client, *id, subject).await,
        Subject::Services {
            environment,
            services,
        } => {
            let seen =
                read_environment(client, *environment, &Subject::environment(*environment)).await?;
            Ok(Reading {
                snapshot: seen.snapshot.of_services(subject, services),
                retry_after: seen.retry_after,
            })
        }
        Subject::Service {
            service,
            environment,
        } => read_service(client, parents, *service, *environment, subject).await,
        Subject::Cluster { organization, id } => {
            let response = client
                .get_cluster_status(*organization, *id)
                .response()
                .await?;
            Ok(Reading {
                retry_after: retry_after(&response.headers),
                snapshot: of_cluster(subject, &response.body),
            })
        }
    }
}

async fn read_environment(client: &Client, id: Uuid, subject: &Subject) -> Result<Reading, Fault> {
    let response = client
        .get_environment_statuses_with_stages(id)
        .response()
        .await?;
    let statuses = response.body;
    let Some(environment) = &statuses.environment else {
        // Every property of this response is optional. Without the environment, the response is no evidence.
        return Err(Fault::new(
            FaultKind::Transient,
            "the statuses lack that of the environment",
        ));
    };
    if environment.id != id {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("the API answered for {}", environment.id),
        ));
    }
    bounds::at_most(bounds::ENTRIES, statuses.stages.len(), "stages")?;
    let services = statuses.stages.iter().flat_map(services_of);
    bounds::at_most(bounds::ENTRIES, services.clone().count(), "services")?;
    let steps = services.filter_map(|(_, status)| status.steps.as_ref());
    bounds::at_most(bounds::STEPS, steps.map(|s| s.details.len()).sum(), "steps")?;
    let mut snapshot = of_environment(subject, environment);
    for stage in &statuses.stages {
        let own = stage.stage.as_ref();
        if let Some(own) = own {
            let mut shown = StageSnapshot::new(own.id, &own.name);
            shown.status = own.status.as_ref().map(|s| s.as_str().to_owned());
            shown.duration = own
                .steps
                .as_ref()
                .and_then(|s| seconds(s.total_duration_sec));
            snapshot.stages.push(shown);
        }
        let id = own.map(|s| s.id);
        let services = services_of(stage);
        snapshot
            .services
            .extend(services.map(|(kind, status)| of_service(kind, status, id)));
    }
    Ok(Reading {
        snapshot,
        retry_after: retry_after(&response.headers),
    })
}

async fn read_service(
    client: &Client,
    parents: &Parents,
    service: ServiceRef,
    environment: Option<Uuid>,
    subject: &Subject,
) -> Result<Reading, Fault> {
    let id = service.id;
    if environment.is_none() {
        let response = match service.kind {
            ServiceKind::Application => Some(client.get_application_status(id).response().await?),
            ServiceKind::Container => Some(client.get_container_status(id).response().await?),
            ServiceKind::Database => Some(client.get_database_status(id).response().await?),
            ServiceKind::Job => Some(client.get_job_status(id).response().await?),
            ServiceKind::Helm => Some(client.get_helm_status(id).response().await?),
            // These subjects have no own status; the status of their environment contains it.
            ServiceKind::Terraform | ServiceKind::AgenticWorkflow => None,
        };
        if let Some(response) = response {
            return Ok(Reading {
                snapshot: of_one_service(subject, of_service(service.kind, &response.body, None)),
                retry_after: retry_after(&response.headers),
            });
        }
    }
    let environment = match environment {
        Some(environment) => environment,
        None => parents.environment_of(service).await?,
    };
    let seen = read_environment(client, environment, &Subject::environment(environment)).await?;
    match seen.snapshot.of_service(subject, service) {
        Some(snapshot) => Ok(Reading {
            snapshot,
            retry_after: seen.retry_after,
        }),
        None => Err(Fault::new(
            FaultKind::NotFound,
            format!("environment {environment} has no {service}"),
        )),
    }
}

/// The statuses of all environments of a project.
pub(super) async fn of_project(client: &Client, project: Uuid) -> Result<Vec<Reading>, Fault> {
    let response = client
        .get_project_environments_status(project)
        .response()
        .await?;
    let retry_after = retry_after(&response.headers);
    bounds::at_most(
        bounds::ENVIRONMENTS,
        response.body.results.len(),
        "environments",
    )?;
    Ok(response
        .body
        .results
        .iter()
        .map(|status| Reading {
            snapshot: of_environment(
                &Subject::Environment {
                    id: status.id,
                    project: Some(project),
                },
                status,
            ),
            retry_after,
        })
        .collect())
}

/// The state of an environment and of each of its services, as a pushed status shows them; `None` if it is
/// not about this environment.
#[cfg(feature = "stream")]
pub(in crate::wait) fn states(
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

/// The delay in seconds, if a successful response demands one.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
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
    snapshot
        .deployment_id
        .clone_from(&status.last_deployment_id);
    snapshot.deployment_request_id = status.deployment_request_id;
    snapshot.last_deployment_date = status.last_deployment_date.map(|d| d.to_rfc3339());
    snapshot.origin = status.origin.as_ref().map(|o| o.as_str().to_owned());
    snapshot.triggered_by.clone_from(&status.triggered_by);
    snapshot.duration = seconds(status.total_deployment_duration_in_seconds);
    snapshot.whole = Some(LastRun {
        id: snapshot.deployment_id.clone(),
        date: snapshot.last_deployment_date.clone(),
        state: snapshot.state.clone(),
        origin: snapshot.origin.clone(),
        triggered_by: snapshot.triggered_by.clone(),
    });
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
    snapshot.action_status = status
        .status_details
        .as_ref()
        .map(|details| details.status.as_str().to_owned());
    snapshot.deployment_id.clone_from(&status.execution_id);
    snapshot.deployment_request_id = status.deployment_request_id;
    snapshot.last_deployment_date = status.last_deployment_date.map(|d| d.to_rfc3339());
    snapshot.requests_waiting = status
        .deployment_requests_count
        .and_then(|count| u32::try_from(count).ok());
    snapshot.part_of_last_deployment = status.is_part_last_deployment;
    snapshot.duration = status
        .steps
        .as_ref()
        .and_then(|s| seconds(s.total_duration_sec));
    let steps = status.steps.iter().flat_map(|s| &s.details);
    snapshot.steps = steps
        .map(|step| {
            let name = step.step_name.as_ref().map_or("", |n| n.as_str());
            let status = step.status.as_ref().map(|s| s.as_str().to_owned());
            StepSnapshot::new(name, status, seconds(step.duration_sec))
        })
        .collect();
    snapshot
}

fn of_one_service(subject: &Subject, own: ServiceSnapshot) -> Snapshot {
    let mut snapshot = Snapshot::new(subject.clone(), own.state.clone());
    snapshot.deployment_id.clone_from(&own.deployment_id);
    snapshot.deployment_request_id = own.deployment_request_id;
    snapshot
        .last_deployment_date
        .clone_from(&own.last_deployment_date);
    snapshot.requests_waiting = own.requests_waiting;
    snapshot.part_of_last_deployment = own.part_of_last_deployment;
    snapshot.services = vec![own];
    snapshot
}

fn of_cluster(subject: &Subject, status: &types::ClusterStatus) -> Snapshot {
    let mut snapshot = Snapshot::new(subject.clone(), State::from(status.status.as_str()));
    snapshot.deployment_id.clone_from(&status.last_execution_id);
    snapshot.last_deployment_date = status.last_deployment_date.map(|d| d.to_rfc3339());
    snapshot.reason = status
        .reason
        .as_ref()
        .map(|reason| reason.as_str().to_owned());
    snapshot.whole = Some(LastRun {
        id: snapshot.deployment_id.clone(),
        date: snapshot.last_deployment_date.clone(),
        state: snapshot.state.clone(),
        origin: None,
        triggered_by: None,
    });
    snapshot
}
