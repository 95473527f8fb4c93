//! Builds the bodies of actions on several services, and of deployments.

use qovery_api::types;
use uuid::Uuid;

use crate::wait::{ServiceKind, ServiceRef, ServiceSelection};

/// A body with some parts of a version: those that the kind of the service accepts.
macro_rules! versioned {
    ($body:expr, $version:expr => $($part:ident),+) => {{
        let mut body = $body;
        $(body.$part.clone_from(&$version.$part);)+
        body
    }};
}
pub(super) use versioned;

pub(super) fn restart_request(services: &[ServiceRef]) -> types::RebootServicesRequest {
    let of = |kind| ids_of(services, kind);
    types::RebootServicesRequest::new()
        .application_ids(of(ServiceKind::Application))
        .container_ids(of(ServiceKind::Container))
        .database_ids(of(ServiceKind::Database))
}

fn ids_of(services: &[ServiceRef], kind: ServiceKind) -> Vec<Uuid> {
    let services = services.iter().filter(|s| s.kind == kind);
    services.map(|s| s.id).collect()
}

pub(super) fn ids(services: &[ServiceRef]) -> types::EnvironmentServiceIdsAllRequest {
    let of = |kind| ids_of(services, kind);
    types::EnvironmentServiceIdsAllRequest::new()
        .application_ids(of(ServiceKind::Application))
        .container_ids(of(ServiceKind::Container))
        .database_ids(of(ServiceKind::Database))
        .job_ids(of(ServiceKind::Job))
        .helm_ids(of(ServiceKind::Helm))
        .terraform_ids(of(ServiceKind::Terraform))
}

/// The services with their versions. A kind without a selected service is left out.
pub(super) fn deploy_request(selection: &ServiceSelection) -> types::DeployAllRequest {
    let mut request = types::DeployAllRequest::new();
    for (service, version) in selection.items() {
        let id = service.id;
        match service.kind {
            ServiceKind::Application => {
                let entry = types::DeployAllRequestApplication::new(id);
                let entry = versioned!(entry, version => git_commit_id);
                request.applications.get_or_insert_default().push(entry);
            }
            ServiceKind::Container => {
                let entry = types::DeployAllRequestContainer::new(id);
                let entry = versioned!(entry, version => image_tag);
                request.containers.get_or_insert_default().push(entry);
            }
            ServiceKind::Database => request.databases.get_or_insert_default().push(id),
            ServiceKind::Job => {
                let entry = types::DeployAllRequestJob::new().id(id);
                let entry = versioned!(entry, version => git_commit_id, image_tag);
                request.jobs.get_or_insert_default().push(entry);
            }
            ServiceKind::Helm => {
                let entry = types::DeployAllRequestHelm::new().id(id);
                let entry = versioned!(entry, version => git_commit_id, chart_version, values_override_git_commit_id);
                request.helms.get_or_insert_default().push(entry);
            }
            ServiceKind::Terraform => {
                let entry = types::TerraformDeployRequest::new().id(id);
                let entry = versioned!(entry, version => git_commit_id);
                request.terraforms.get_or_insert_default().push(entry);
            }
            // It is deployed with its environment.
            ServiceKind::AgenticWorkflow => {}
        }
    }
    request
}
