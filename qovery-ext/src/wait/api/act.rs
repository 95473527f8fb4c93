//! Actions: which operation of the client does what was asked, and what its answer says.

use qovery_api::{Call, Error, Operation, types};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ApiSource;
use crate::wait::{
    Goal, Phase, ServiceKind, ServiceRef, ServiceSelection, ServiceVersion, State, Subject,
    act::Act,
    source::{Fault, FaultKind, Receipt},
};

/// An answer to an action.
pub(super) trait Answer {
    fn receipt(&self) -> Receipt;
}

impl Answer for () {
    fn receipt(&self) -> Receipt {
        Receipt::default()
    }
}

impl Answer for Map<String, Value> {
    fn receipt(&self) -> Receipt {
        Receipt::default()
    }
}

impl Answer for types::Status {
    fn receipt(&self) -> Receipt {
        receipt(
            self.deployment_request_id,
            self.state.as_str(),
            // A count that is not there is no proof that nothing waits.
            self.deployment_requests_count.is_none_or(|count| count > 0),
        )
    }
}

impl Answer for types::EnvironmentStatus {
    fn receipt(&self) -> Receipt {
        receipt(
            self.deployment_request_id,
            self.last_deployment_state
                .as_ref()
                .map_or("", |state| state.as_str()),
            false,
        )
    }
}

impl Answer for types::ClusterStatus {
    fn receipt(&self) -> Receipt {
        // A cluster has no queue: what its answer shows says nothing about what was asked.
        Receipt::default()
    }
}

impl<T: Answer> Answer for Option<T> {
    fn receipt(&self) -> Receipt {
        self.as_ref().map(Answer::receipt).unwrap_or_default()
    }
}

fn receipt(request: Option<Uuid>, state: &str, waiting: bool) -> Receipt {
    let phase = State::from(state).phase(Goal::Canceled);
    Receipt {
        request,
        idle: request.is_none() && phase == Phase::Reached && !waiting,
    }
}

/// Sends an action. Any success is an acceptance, also one whose body cannot be read.
async fn accepted<O>(call: Call<O>) -> Result<Receipt, Fault>
where
    O: Operation,
    O::Output: Answer,
{
    match call.await {
        Ok(answer) => Ok(answer.receipt()),
        Err(error) if is_unreadable_success(&error) => Ok(Receipt::default()),
        Err(error) => Err(error.into()),
    }
}

fn is_unreadable_success(error: &Error) -> bool {
    error.is_decode() && error.status().is_some_and(|s| s.is_success())
}

impl ApiSource {
    pub(super) async fn send(&self, subject: &Subject, act: &Act) -> Result<Receipt, Fault> {
        if let Act::CancelRequest(request) = act {
            return accepted(self.client.cancel_deployment_request(*request)).await;
        }
        match subject {
            Subject::Environment { id, .. } => self.send_to_environment(*id, act).await,
            Subject::Service { service, .. } => self.send_to_service(*service, subject, act).await,
            Subject::Services {
                environment,
                services,
            } => self.send_to_services(*environment, services, act).await,
            Subject::Cluster { organization, id } => {
                self.send_to_cluster(*organization, *id, act).await
            }
        }
    }

    async fn send_to_environment(&self, id: Uuid, act: &Act) -> Result<Receipt, Fault> {
        let client = &self.client;
        match act {
            Act::Deploy(_) => accepted(client.deploy_environment(id)).await,
            Act::Redeploy => accepted(client.redeploy_environment(id)).await,
            Act::Stop => accepted(client.stop_environment(id)).await,
            Act::Delete => accepted(client.delete_environment(id)).await,
            Act::Uninstall => accepted(client.uninstall_environment(id)).await,
            Act::Restart => {
                let seen = self.read_subject(&Subject::environment(id)).await?;
                let services: Vec<_> = seen.snapshot.services.iter().map(|s| s.service).collect();
                self.restart(id, &services).await
            }
            Act::Cancel { force } => {
                let body = types::CancelDeploymentRequest::new().force_cancel(*force);
                accepted(client.cancel_environment_deployment(id, &body)).await
            }
            other => Err(unsupported(other, "an environment")),
        }
    }

    async fn restart(&self, environment: Uuid, services: &[ServiceRef]) -> Result<Receipt, Fault> {
        let of = |kind| ids_of(services, kind);
        let body = types::RebootServicesRequest::new()
            .application_ids(of(ServiceKind::Application))
            .container_ids(of(ServiceKind::Container))
            .database_ids(of(ServiceKind::Database));
        accepted(self.client.reboot_services(environment, &body)).await
    }

    async fn send_to_services(
        &self,
        environment: Uuid,
        services: &[ServiceRef],
        act: &Act,
    ) -> Result<Receipt, Fault> {
        let client = &self.client;
        if let Some(odd) = services.iter().find(|s| !can_be_selected(s.kind, act)) {
            let message = format!("the API cannot do this to a selected {}", odd.kind);
            return Err(Fault::new(FaultKind::Rejected, message));
        }
        match act {
            Act::DeployServices(selection) => {
                accepted(client.deploy_all_services(environment, &deploy_request(selection))).await
            }
            Act::StopServices => {
                accepted(client.stop_selected_services(environment, &ids(services))).await
            }
            Act::DeleteServices => {
                accepted(client.delete_selected_services(environment, &ids(services))).await
            }
            Act::UninstallServices => {
                accepted(client.uninstall_selected_services(environment, &ids(services))).await
            }
            Act::RestartServices => self.restart(environment, services).await,
            // Cancels the deployment of the environment, which is what runs the services.
            Act::Cancel { .. } => self.send_to_environment(environment, act).await,
            other => Err(unsupported(other, "selected services")),
        }
    }

    async fn send_to_cluster(
        &self,
        organization: Uuid,
        id: Uuid,
        act: &Act,
    ) -> Result<Receipt, Fault> {
        let client = &self.client;
        match act {
            // The API has dropped its operation for updates: deploying applies them.
            Act::Deploy(_) | Act::Update => accepted(client.deploy_cluster(organization, id)).await,
            Act::Stop => accepted(client.stop_cluster(organization, id)).await,
            Act::Delete => accepted(client.delete_cluster(organization, id)).await,
            Act::Upgrade => accepted(client.upgrade_cluster(id)).await,
            other => Err(unsupported(other, "a cluster")),
        }
    }

    async fn send_to_service(
        &self,
        service: ServiceRef,
        subject: &Subject,
        act: &Act,
    ) -> Result<Receipt, Fault> {
        let (client, id) = (&self.client, service.id);
        match (service.kind, act) {
            (_, Act::Deploy(version)) => self.deploy_service(service, version).await,
            (ServiceKind::Application, Act::Redeploy) => {
                accepted(client.redeploy_application(id)).await
            }
            (ServiceKind::Application, Act::Stop) => accepted(client.stop_application(id)).await,
            (ServiceKind::Application, Act::Restart) => {
                accepted(client.reboot_application(id)).await
            }
            (ServiceKind::Application, Act::Uninstall) => {
                accepted(client.uninstall_application(id)).await
            }
            (ServiceKind::Application, Act::Delete) => {
                accepted(client.delete_application(id)).await
            }
            (ServiceKind::Container, Act::Redeploy) => {
                accepted(client.redeploy_container(id)).await
            }
            (ServiceKind::Container, Act::Stop) => accepted(client.stop_container(id)).await,
            (ServiceKind::Container, Act::Restart) => accepted(client.reboot_container(id)).await,
            (ServiceKind::Container, Act::Uninstall) => {
                accepted(client.uninstall_container(id)).await
            }
            (ServiceKind::Container, Act::Delete) => accepted(client.delete_container(id)).await,
            (ServiceKind::Database, Act::Redeploy) => accepted(client.redeploy_database(id)).await,
            (ServiceKind::Database, Act::Stop) => accepted(client.stop_database(id)).await,
            (ServiceKind::Database, Act::Restart) => accepted(client.reboot_database(id)).await,
            (ServiceKind::Database, Act::Uninstall) => {
                accepted(client.uninstall_database(id)).await
            }
            (ServiceKind::Database, Act::Delete) => accepted(client.delete_database(id)).await,
            (ServiceKind::Job, Act::Redeploy) => accepted(client.redeploy_job(id)).await,
            (ServiceKind::Job, Act::Stop) => accepted(client.stop_job(id)).await,
            (ServiceKind::Job, Act::Uninstall) => accepted(client.uninstall_job(id)).await,
            (ServiceKind::Job, Act::Delete) => accepted(client.delete_job(id)).await,
            (ServiceKind::Helm, Act::Redeploy) => accepted(client.redeploy_helm(id)).await,
            (ServiceKind::Helm, Act::Stop) => accepted(client.stop_helm(id)).await,
            (ServiceKind::Helm, Act::Uninstall) => accepted(client.uninstall_helm(id)).await,
            (ServiceKind::Helm, Act::Delete) => accepted(client.delete_helm(id)).await,
            (ServiceKind::Terraform, Act::Redeploy) => {
                accepted(client.redeploy_terraform(&id.to_string())).await
            }
            (ServiceKind::Terraform, Act::Stop) => {
                let environment = self.environment_of(service).await?;
                self.send_to_services(environment, &[service], &Act::StopServices)
                    .await
            }
            (ServiceKind::Terraform, Act::Uninstall) => {
                accepted(client.uninstall_terraform(id)).await
            }
            (ServiceKind::Terraform, Act::Delete) => accepted(client.delete_terraform(id)).await,
            (ServiceKind::AgenticWorkflow, Act::Delete) => {
                accepted(client.delete_agentic_workflow(id)).await
            }
            (ServiceKind::AgenticWorkflow, Act::Cancel { force }) => {
                let body = types::CancelDeploymentRequest::new().force_cancel(*force);
                accepted(client.cancel_agentic_workflow_deployment(id, &body)).await
            }
            // One service of several cannot be canceled: its environment's deployment can.
            (_, Act::Cancel { .. }) => match self.environment_of_subject(subject).await? {
                Some(environment) => self.send_to_environment(environment, act).await,
                None => Err(unsupported(act, "this service")),
            },
            (kind, other) => Err(unsupported(other, &format!("a service of kind {kind}"))),
        }
    }

    /// Deploys one service in a version. Kinds whose own operation cannot do without a version are
    /// deployed through their environment, which can.
    async fn deploy_service(
        &self,
        service: ServiceRef,
        version: &ServiceVersion,
    ) -> Result<Receipt, Fault> {
        let (client, id) = (&self.client, service.id);
        match (service.kind, &version.git_commit_id, &version.image_tag) {
            (ServiceKind::Application, Some(commit), _) => {
                accepted(client.deploy_application(id, &types::DeployRequest::new(commit))).await
            }
            (ServiceKind::Container, _, Some(tag)) => {
                accepted(client.deploy_container(id, &types::ContainerDeployRequest::new(tag)))
                    .await
            }
            (ServiceKind::Database, _, _) => accepted(client.deploy_database(id)).await,
            (ServiceKind::Job, commit, tag) => {
                let mut body = types::JobDeployRequest::new();
                body.git_commit_id.clone_from(commit);
                body.image_tag.clone_from(tag);
                accepted(client.deploy_job(id, &body)).await
            }
            (ServiceKind::Helm, commit, _) => {
                let mut body = types::HelmDeployRequest::new();
                body.git_commit_id.clone_from(commit);
                body.chart_version.clone_from(&version.chart_version);
                body.values_override_git_commit_id
                    .clone_from(&version.values_override_git_commit_id);
                accepted(client.deploy_helm(id, &body)).await
            }
            (ServiceKind::Terraform, commit, _) => {
                let mut body = types::TerraformDeployRequest::new();
                body.git_commit_id.clone_from(commit);
                accepted(client.deploy_terraform(id, &body)).await
            }
            (ServiceKind::AgenticWorkflow, _, _) => Err(unsupported(
                &Act::Deploy(version.clone()),
                "an agentic workflow",
            )),
            (kind, _, _) => {
                let environment = self.environment_of(service).await?;
                let selection = ServiceSelection::new().with_version(kind, id, version.clone());
                accepted(client.deploy_all_services(environment, &deploy_request(&selection))).await
            }
        }
    }
}

fn unsupported(act: &Act, subject: &str) -> Fault {
    Fault::new(
        FaultKind::Rejected,
        format!("the API cannot {} {subject}", verb(act)),
    )
}

fn verb(act: &Act) -> &'static str {
    match act {
        Act::Deploy(_) | Act::DeployServices(_) => "deploy",
        Act::Redeploy => "redeploy",
        Act::Stop | Act::StopServices => "stop",
        Act::Restart | Act::RestartServices => "restart",
        Act::Delete | Act::DeleteServices => "delete",
        Act::Uninstall | Act::UninstallServices => "uninstall",
        Act::Cancel { .. } | Act::CancelRequest(_) => "cancel",
        Act::Update => "update",
        Act::Upgrade => "upgrade",
    }
}

fn can_be_selected(kind: ServiceKind, act: &Act) -> bool {
    match act {
        Act::RestartServices => matches!(
            kind,
            ServiceKind::Application | ServiceKind::Container | ServiceKind::Database
        ),
        _ => kind != ServiceKind::AgenticWorkflow,
    }
}

fn ids_of(services: &[ServiceRef], kind: ServiceKind) -> Vec<Uuid> {
    services
        .iter()
        .filter(|s| s.kind == kind)
        .map(|s| s.id)
        .collect()
}

fn ids(services: &[ServiceRef]) -> types::EnvironmentServiceIdsAllRequest {
    let of = |kind| ids_of(services, kind);
    types::EnvironmentServiceIdsAllRequest::new()
        .application_ids(of(ServiceKind::Application))
        .container_ids(of(ServiceKind::Container))
        .database_ids(of(ServiceKind::Database))
        .job_ids(of(ServiceKind::Job))
        .helm_ids(of(ServiceKind::Helm))
        .terraform_ids(of(ServiceKind::Terraform))
}

fn deploy_request(selection: &ServiceSelection) -> types::DeployAllRequest {
    let applications = selection
        .of_kind(ServiceKind::Application)
        .map(|(id, version)| {
            let mut entry = types::DeployAllRequestApplication::new(id);
            entry.git_commit_id.clone_from(&version.git_commit_id);
            entry
        });
    let containers = selection
        .of_kind(ServiceKind::Container)
        .map(|(id, version)| {
            let mut entry = types::DeployAllRequestContainer::new(id);
            entry.image_tag.clone_from(&version.image_tag);
            entry
        });
    let jobs = selection.of_kind(ServiceKind::Job).map(|(id, version)| {
        let mut entry = types::DeployAllRequestJob::new();
        entry.id = Some(id);
        entry.git_commit_id.clone_from(&version.git_commit_id);
        entry.image_tag.clone_from(&version.image_tag);
        entry
    });
    let helms = selection.of_kind(ServiceKind::Helm).map(|(id, version)| {
        let mut entry = types::DeployAllRequestHelm::new();
        entry.id = Some(id);
        entry.git_commit_id.clone_from(&version.git_commit_id);
        entry.chart_version.clone_from(&version.chart_version);
        entry
            .values_override_git_commit_id
            .clone_from(&version.values_override_git_commit_id);
        entry
    });
    let terraforms = selection
        .of_kind(ServiceKind::Terraform)
        .map(|(id, version)| {
            let mut entry = types::TerraformDeployRequest::new();
            entry.id = id.into();
            entry.git_commit_id.clone_from(&version.git_commit_id);
            entry
        });
    let databases = selection.of_kind(ServiceKind::Database).map(|(id, _)| id);
    let mut request = types::DeployAllRequest::new();
    request.applications = some(applications);
    request.containers = some(containers);
    request.jobs = some(jobs);
    request.helms = some(helms);
    request.terraforms = some(terraforms);
    request.databases = some(databases);
    request
}

/// A kind of which nothing is selected is not sent at all.
fn some<T>(entries: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let entries: Vec<_> = entries.collect();
    (!entries.is_empty()).then_some(entries)
}
