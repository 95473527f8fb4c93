//! Builds the bodies of actions on several services.
//!
//! Only versions that a kind of service accepts are sent.

use qovery_api::types;
use uuid::Uuid;

use crate::wait::{ServiceKind, ServiceRef, ServiceSelection};

pub(super) fn restart_request(services: &[ServiceRef]) -> types::RebootServicesRequest {
    let of = |kind| ids_of(services, kind);
    types::RebootServicesRequest::new()
        .application_ids(of(ServiceKind::Application))
        .container_ids(of(ServiceKind::Container))
        .database_ids(of(ServiceKind::Database))
}

fn ids_of(services: &[ServiceRef], kind: ServiceKind) -> Vec<Uuid> {
    services
        .iter()
        .filter(|s| s.kind == kind)
        .map(|s| s.id)
        .collect()
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

pub(super) fn deploy_request(selection: &ServiceSelection) -> types::DeployAllRequest {
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

/// A kind without a selected service is left out.
fn some<T>(entries: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let entries: Vec<_> = entries.collect();
    (!entries.is_empty()).then_some(entries)
}
