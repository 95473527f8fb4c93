//! The parents of services and environments: looked up at most once, because they never change.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use qovery_api::{Client, types};
use uuid::Uuid;

use crate::wait::{
    ServiceKind, ServiceRef, Subject,
    source::{Fault, FaultKind},
};

/// The environments of services and the projects of environments.
pub(super) struct Parents {
    client: Client,
    known: Mutex<HashMap<Uuid, Uuid>>,
}

impl Parents {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            known: Mutex::new(HashMap::new()),
        }
    }

    /// The environment of a service, looked up at most once.
    pub(super) async fn environment_of(&self, service: ServiceRef) -> Result<Uuid, Fault> {
        if let Some(environment) = self.known(service.id) {
            return Ok(environment);
        }
        let environment = self.look_up_environment(service).await?;
        self.keep(service.id, environment);
        Ok(environment)
    }

    /// The project of an environment, looked up at most once.
    pub(super) async fn project_of(&self, environment: Uuid) -> Result<Uuid, Fault> {
        if let Some(project) = self.known(environment) {
            return Ok(project);
        }
        let project = self.client.get_environment(environment).await?.project.id;
        self.keep(environment, project);
        Ok(project)
    }

    pub(super) fn known(&self, id: Uuid) -> Option<Uuid> {
        self.all().get(&id).copied()
    }

    pub(super) fn keep(&self, id: Uuid, parent: Uuid) {
        self.all().insert(id, parent);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Uuid, Uuid>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The environment that a subject is or belongs to.
    pub(super) async fn environment_of_subject(
        &self,
        subject: &Subject,
    ) -> Result<Option<Uuid>, Fault> {
        match subject {
            Subject::Service {
                service,
                environment: None,
            } => self.environment_of(*service).await.map(Some),
            other => Ok(other.environment_id()),
        }
    }

    /// The parent of a subject, looked up at most once, while the subject exists; `None` for a cluster, whose
    /// subject contains its organization.
    pub(super) async fn parent_of(&self, subject: &Subject) -> Result<Option<Uuid>, Fault> {
        match subject {
            Subject::Environment {
                project: Some(project),
                ..
            } => Ok(Some(*project)),
            Subject::Environment { id, .. } => self.project_of(*id).await.map(Some),
            Subject::Service { .. } | Subject::Services { .. } => {
                self.environment_of_subject(subject).await
            }
            Subject::Cluster { .. } => Ok(None),
        }
    }

    async fn look_up_environment(&self, service: ServiceRef) -> Result<Uuid, Fault> {
        let (client, id) = (&self.client, service.id);
        let environment = match service.kind {
            ServiceKind::Application => client.get_application(id).await.map(|s| s.environment),
            ServiceKind::Container => client.get_container(id).await.map(|s| s.environment),
            ServiceKind::Database => client.get_database(id).await.map(|s| s.environment),
            ServiceKind::Job => {
                let job = client.get_job(id).await?;
                return environment_of_job(&job).ok_or_else(|| no_environment(service));
            }
            ServiceKind::Helm => client.get_helm(id).await.map(|s| s.environment),
            ServiceKind::Terraform => client.get_terraform(id).await.map(|s| s.environment),
            ServiceKind::AgenticWorkflow => {
                client.get_agentic_workflow(id).await.map(|s| s.environment)
            }
        };
        Ok(environment?.id)
    }
}

fn no_environment(service: ServiceRef) -> Fault {
    Fault::new(
        FaultKind::NotFound,
        format!("the API names no environment for {service}"),
    )
}

/// The environment of a job. A job of an unknown kind also has it.
fn environment_of_job(job: &types::JobResponse) -> Option<Uuid> {
    match job {
        types::JobResponse::Lifecycle(job) => Some(job.environment.id),
        types::JobResponse::Cron(job) => Some(job.environment.id),
        types::JobResponse::Unknown(job) => {
            let environment = job.get("environment")?;
            let environment: types::ReferenceObject =
                qovery_api::decode(environment.as_bytes()).ok()?;
            Some(environment.id)
        }
        _ => None,
    }
}
