//! The parents of services and environments: looked up at most once, because they never change.

use std::{collections::HashMap, sync::Mutex};

use qovery_api::{Client, types};
use uuid::Uuid;

use crate::{
    sync::lock,
    wait::{
        ServiceKind, ServiceRef, Subject,
        source::{Fault, FaultKind},
    },
};

/// The environments of services and the projects of environments.
pub(crate) struct Parents {
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
        self.look_up_once(service.id, self.look_up_environment(service))
            .await
    }

    /// The project of an environment, looked up at most once.
    pub(crate) async fn project_of(&self, environment: Uuid) -> Result<Uuid, Fault> {
        let read = async { Ok(self.client.get_environment(environment).await?.project.id) };
        self.look_up_once(environment, read).await
    }

    async fn look_up_once(
        &self,
        id: Uuid,
        look_up: impl Future<Output = Result<Uuid, Fault>>,
    ) -> Result<Uuid, Fault> {
        if let Some(parent) = self.known(id) {
            return Ok(parent);
        }
        let parent = look_up.await?;
        self.keep(id, parent);
        Ok(parent)
    }

    pub(crate) fn known(&self, id: Uuid) -> Option<Uuid> {
        lock(&self.known).get(&id).copied()
    }

    pub(crate) fn keep(&self, id: Uuid, parent: Uuid) {
        lock(&self.known).insert(id, parent);
    }

    /// The environment that a subject is or belongs to.
    pub(crate) async fn environment_of_subject(
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

    /// The parent of a subject, looked up at most once, while the subject exists.
    pub(crate) async fn parent_of(&self, subject: &Subject) -> Result<Uuid, Fault> {
        match subject {
            Subject::Environment {
                project: Some(project),
                ..
            } => Ok(*project),
            Subject::Environment { id, project: None } => self.project_of(*id).await,
            Subject::Cluster { organization, .. } => Ok(*organization),
            Subject::Service { service, .. } => match subject.environment_id() {
                Some(environment) => Ok(environment),
                None => self.environment_of(*service).await,
            },
            Subject::Services { environment, .. } => Ok(*environment),
        }
    }

    async fn look_up_environment(&self, service: ServiceRef) -> Result<Uuid, Fault> {
        let (client, id) = (&self.client, service.id);
        Ok(match service.kind {
            ServiceKind::Application => client.get_application(id).await?.environment.id,
            ServiceKind::Container => client.get_container(id).await?.environment.id,
            ServiceKind::Database => client.get_database(id).await?.environment.id,
            ServiceKind::Job => {
                let environment = environment_of_job(&client.get_job(id).await?);
                environment.ok_or_else(|| no_environment(service))?
            }
            ServiceKind::Helm => client.get_helm(id).await?.environment.id,
            ServiceKind::Terraform => client.get_terraform(id).await?.environment.id,
            ServiceKind::AgenticWorkflow => client.get_agentic_workflow(id).await?.environment.id,
        })
    }
}

fn no_environment(service: ServiceRef) -> Fault {
    Fault::new(
        FaultKind::NotFound,
        format!("the API names no environment for {service}: set it with `in_environment`"),
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
