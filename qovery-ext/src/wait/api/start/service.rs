//! The actions on one service, by its kind.
//!
//! Nothing is sent twice. A future that is dropped abandons its request, which the server may have received.

use qovery_api::types;
use uuid::Uuid;

use super::{
    Sent, accepted,
    bodies::{deploy_request, versioned},
    send_to_environment, send_to_services, unsupported,
};
use crate::wait::{
    ServiceKind, ServiceRef, ServiceSelection, ServiceVersion, Subject,
    action_request::ActionRequest,
    api::{ApiSource, fault::before_acting},
    source::Fault,
};

/// Sends an action by the table of operations that take only the id of a service: a row for each kind.
macro_rules! send_by_id {
    ($api:ident $service:ident $action:ident { $($kind:ident { $($name:ident: $operation:ident),+ })+ }) => {
        match ($service.kind, $action) {
            $($((ServiceKind::$kind, ActionRequest::$name) => {
                Some(accepted($api.client.$operation($service.id)).await)
            })+)+
            _ => None,
        }
    };
}

pub(super) async fn send_to_service(
    api: &ApiSource,
    service: ServiceRef,
    subject: &Subject,
    action: &ActionRequest,
) -> Sent {
    let sent = send_by_id! { api service action {
        Application {
            Redeploy: redeploy_application, Restart: reboot_application, Stop: stop_application,
            Uninstall: uninstall_application, Delete: delete_application
        }
        Container {
            Redeploy: redeploy_container, Restart: reboot_container, Stop: stop_container,
            Uninstall: uninstall_container, Delete: delete_container
        }
        Database {
            Redeploy: redeploy_database, Restart: reboot_database, Stop: stop_database,
            Uninstall: uninstall_database, Delete: delete_database
        }
        Job { Redeploy: redeploy_job, Stop: stop_job, Uninstall: uninstall_job, Delete: delete_job }
        Helm { Redeploy: redeploy_helm, Stop: stop_helm, Uninstall: uninstall_helm, Delete: delete_helm }
        Terraform { Redeploy: redeploy_terraform, Uninstall: uninstall_terraform, Delete: delete_terraform }
        AgenticWorkflow { Delete: delete_agentic_workflow }
    } };
    if let Some(sent) = sent {
        return sent;
    }
    let (client, id) = (&api.client, service.id);
    match (service.kind, action) {
        (_, ActionRequest::Deploy(version)) => deploy_service(api, service, version).await,
        (ServiceKind::Terraform, ActionRequest::Plan(version)) => {
            let mut body =
                versioned!(types::TerraformDeployRequest::new(), version => git_commit_id);
            body.action = types::TerraformDeployRequestAction::Plan.into();
            accepted(client.deploy_terraform(id, &body)).await
        }
        (ServiceKind::Terraform, ActionRequest::Stop) => {
            let environment = environment_to_act_in(api, service).await?;
            send_to_services(api, environment, &[service], action).await
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
        (kind, _) => {
            let subject = match (kind, action) {
                (
                    ServiceKind::Job | ServiceKind::Helm | ServiceKind::Terraform,
                    ActionRequest::Restart,
                ) => format!("a service of kind {kind}: use `redeploy`"),
                _ => format!("a service of kind {kind}"),
            };
            Err(unsupported(action, &subject))
        }
    }
}

/// Deploys one service in a version. If the operation of its kind requires a version, the service is
/// deployed through its environment, which does not.
async fn deploy_service(api: &ApiSource, service: ServiceRef, version: &ServiceVersion) -> Sent {
    let (client, id) = (&api.client, service.id);
    match (service.kind, &version.git_commit_id, &version.image_tag) {
        (ServiceKind::Application, Some(commit), _) => {
            accepted(client.deploy_application(id, &types::DeployRequest::new(commit))).await
        }
        (ServiceKind::Container, _, Some(tag)) => {
            accepted(client.deploy_container(id, &types::ContainerDeployRequest::new(tag))).await
        }
        (ServiceKind::Database, _, _) => accepted(client.deploy_database(id)).await,
        (ServiceKind::Job, _, _) => {
            let body = types::JobDeployRequest::new();
            let body = versioned!(body, version => git_commit_id, image_tag);
            accepted(client.deploy_job(id, &body)).await
        }
        (ServiceKind::Helm, _, _) => {
            let body = types::HelmDeployRequest::new();
            let body = versioned!(body, version => git_commit_id, chart_version, values_override_git_commit_id);
            accepted(client.deploy_helm(id, &body)).await
        }
        (ServiceKind::Terraform, _, _) => {
            let body = versioned!(types::TerraformDeployRequest::new(), version => git_commit_id);
            accepted(client.deploy_terraform(id, &body)).await
        }
        (ServiceKind::AgenticWorkflow, _, _) => {
            let action = ActionRequest::Deploy(version.clone());
            Err(unsupported(&action, "an agentic workflow"))
        }
        (ServiceKind::Application | ServiceKind::Container, _, _) => {
            let environment = environment_to_act_in(api, service).await?;
            let selection = ServiceSelection::new().with_version(service.kind, id, version.clone());
            accepted(client.deploy_all_services(environment, &deploy_request(&selection))).await
        }
    }
}

async fn environment_to_act_in(api: &ApiSource, service: ServiceRef) -> Result<Uuid, Fault> {
    let environment = api.parents.environment_of(service).await;
    environment.map_err(before_acting)
}
