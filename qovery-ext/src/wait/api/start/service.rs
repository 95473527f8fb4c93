//! The actions on one service, by its kind.
//!
//! Nothing is sent twice. A future that is dropped abandons its request, which the server may have received.

use qovery_api::types;
use uuid::Uuid;

use super::{
    Api, accepted, bodies::deploy_request, send_to_environment, send_to_services, unsupported,
};
use crate::wait::{
    ServiceKind, ServiceRef, ServiceSelection, ServiceVersion, Subject,
    action_request::ActionRequest,
    api::fault::before_acting,
    source::{ActionResponse, Fault},
};

pub(super) async fn send_to_service(
    api: Api<'_>,
    service: ServiceRef,
    subject: &Subject,
    action: &ActionRequest,
) -> Result<ActionResponse, Fault> {
    let (client, id) = (api.client, service.id);
    match (service.kind, action) {
        (_, ActionRequest::Deploy(version)) => deploy_service(api, service, version).await,
        (ServiceKind::Application, ActionRequest::Redeploy) => {
            accepted(client.redeploy_application(id)).await
        }
        (ServiceKind::Application, ActionRequest::Stop) => {
            accepted(client.stop_application(id)).await
        }
        (ServiceKind::Application, ActionRequest::Restart) => {
            accepted(client.reboot_application(id)).await
        }
        (ServiceKind::Application, ActionRequest::Uninstall) => {
            accepted(client.uninstall_application(id)).await
        }
        (ServiceKind::Application, ActionRequest::Delete) => {
            accepted(client.delete_application(id)).await
        }
        (ServiceKind::Container, ActionRequest::Redeploy) => {
            accepted(client.redeploy_container(id)).await
        }
        (ServiceKind::Container, ActionRequest::Stop) => accepted(client.stop_container(id)).await,
        (ServiceKind::Container, ActionRequest::Restart) => {
            accepted(client.reboot_container(id)).await
        }
        (ServiceKind::Container, ActionRequest::Uninstall) => {
            accepted(client.uninstall_container(id)).await
        }
        (ServiceKind::Container, ActionRequest::Delete) => {
            accepted(client.delete_container(id)).await
        }
        (ServiceKind::Database, ActionRequest::Redeploy) => {
            accepted(client.redeploy_database(id)).await
        }
        (ServiceKind::Database, ActionRequest::Stop) => accepted(client.stop_database(id)).await,
        (ServiceKind::Database, ActionRequest::Restart) => {
            accepted(client.reboot_database(id)).await
        }
        (ServiceKind::Database, ActionRequest::Uninstall) => {
            accepted(client.uninstall_database(id)).await
        }
        (ServiceKind::Database, ActionRequest::Delete) => {
            accepted(client.delete_database(id)).await
        }
        (ServiceKind::Job, ActionRequest::Redeploy) => accepted(client.redeploy_job(id)).await,
        (ServiceKind::Job, ActionRequest::Stop) => accepted(client.stop_job(id)).await,
        (ServiceKind::Job, ActionRequest::Uninstall) => accepted(client.uninstall_job(id)).await,
        (ServiceKind::Job, ActionRequest::Delete) => accepted(client.delete_job(id)).await,
        (ServiceKind::Helm, ActionRequest::Redeploy) => accepted(client.redeploy_helm(id)).await,
        (ServiceKind::Helm, ActionRequest::Stop) => accepted(client.stop_helm(id)).await,
        (ServiceKind::Helm, ActionRequest::Uninstall) => accepted(client.uninstall_helm(id)).await,
        (ServiceKind::Helm, ActionRequest::Delete) => accepted(client.delete_helm(id)).await,
        (ServiceKind::Terraform, ActionRequest::Plan(version)) => {
            let mut body = types::TerraformDeployRequest::new();
            body.git_commit_id.clone_from(&version.git_commit_id);
            body.action = types::TerraformDeployRequestAction::Plan.into();
            accepted(client.deploy_terraform(id, &body)).await
        }
        (ServiceKind::Terraform, ActionRequest::Redeploy) => {
            accepted(client.redeploy_terraform(id)).await
        }
        (ServiceKind::Terraform, ActionRequest::Stop) => {
            let environment = environment_to_act_in(api, service).await?;
            send_to_services(api, environment, &[service], &ActionRequest::StopServices).await
        }
        (ServiceKind::Terraform, ActionRequest::Uninstall) => {
            accepted(client.uninstall_terraform(id)).await
        }
        (ServiceKind::Terraform, ActionRequest::Delete) => {
            accepted(client.delete_terraform(id)).await
        }
        (ServiceKind::AgenticWorkflow, ActionRequest::Delete) => {
            accepted(client.delete_agentic_workflow(id)).await
        }
        (ServiceKind::AgenticWorkflow, ActionRequest::Cancel { force }) => {
            let body = types::CancelDeploymentRequest::new().force_cancel(*force);
            accepted(client.cancel_agentic_workflow_deployment(id, &body)).await
        }
        // The API cannot cancel one service of several, only the deployment of the environment.
        (_, ActionRequest::Cancel { .. }) => {
            let environment = match subject.environment_id() {
                Some(environment) => environment,
                None => environment_to_act_in(api, service).await?,
            };
            send_to_environment(api, environment, action).await
        }
        (kind, other) => Err(unsupported(other, &format!("a service of kind {kind}"))),
    }
}

/// Deploys one service in a version. If the operation of its kind requires a version, the service is
/// deployed through its environment, which does not.
async fn deploy_service(
    api: Api<'_>,
    service: ServiceRef,
    version: &ServiceVersion,
) -> Result<ActionResponse, Fault> {
    let (client, id) = (api.client, service.id);
    match (service.kind, &version.git_commit_id, &version.image_tag) {
        (ServiceKind::Application, Some(commit), _) => {
            accepted(client.deploy_application(id, &types::DeployRequest::new(commit))).await
        }
        (ServiceKind::Container, _, Some(tag)) => {
            accepted(client.deploy_container(id, &types::ContainerDeployRequest::new(tag))).await
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
            &ActionRequest::Deploy(version.clone()),
            "an agentic workflow",
        )),
        (kind, _, _) => {
            let environment = environment_to_act_in(api, service).await?;
            let selection = ServiceSelection::new().with_version(kind, id, version.clone());
            accepted(client.deploy_all_services(environment, &deploy_request(&selection))).await
        }
    }
}

async fn environment_to_act_in(api: Api<'_>, service: ServiceRef) -> Result<Uuid, Fault> {
    api.parents
        .environment_of(service)
        .await
        .map_err(before_acting)
}
