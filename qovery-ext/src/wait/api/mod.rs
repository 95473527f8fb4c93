//! The API as a source of readings: which operation of the client answers which question.
//!
//! Not for deciding what an answer means. A dropped future abandons its request.

mod act;
mod bounds;
mod fault;
mod read;
mod report;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use qovery_api::{BoxFuture, Client};
use uuid::Uuid;

use super::{
    ServiceKind, ServiceRef, Subject,
    act::Act,
    source::{DeploymentLog, Fault, FaultKind, Past, Receipt, RequestSeen, Seen, Source, Waiting},
};

/// Reads and acts through a [`Client`].
pub(super) struct ApiSource {
    client: Client,
    /// The environments of services that were looked up: they never change.
    environments: Mutex<HashMap<Uuid, Uuid>>,
}

impl ApiSource {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            environments: Mutex::new(HashMap::new()),
        }
    }

    /// The environment of a service, looked up at most once.
    async fn environment_of(&self, service: ServiceRef) -> Result<Uuid, Fault> {
        let known = |source: &Self| {
            let environments = source
                .environments
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            environments.get(&service.id).copied()
        };
        if let Some(environment) = known(self) {
            return Ok(environment);
        }
        let environment = self.look_up_environment(service).await?;
        let mut environments = self
            .environments
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        environments.insert(service.id, environment);
        Ok(environment)
    }

    async fn look_up_environment(&self, service: ServiceRef) -> Result<Uuid, Fault> {
        let (client, id) = (&self.client, service.id);
        let environment = match service.kind {
            ServiceKind::Application => client.get_application(id).await.map(|s| s.environment),
            ServiceKind::Container => client.get_container(id).await.map(|s| s.environment),
            ServiceKind::Database => client.get_database(id).await.map(|s| s.environment),
            ServiceKind::Job => {
                let job = client.get_job(id).await?;
                return read::environment_of_job(&job).ok_or_else(|| no_environment(service));
            }
            ServiceKind::Helm => client.get_helm(id).await.map(|s| s.environment),
            ServiceKind::Terraform => client.get_terraform(id).await.map(|s| s.environment),
            ServiceKind::AgenticWorkflow => {
                client.get_agentic_workflow(id).await.map(|s| s.environment)
            }
        };
        Ok(environment?.id)
    }

    /// The environment that a subject is or belongs to.
    async fn environment_of_subject(&self, subject: &Subject) -> Result<Option<Uuid>, Fault> {
        match subject {
            Subject::Service {
                service,
                environment: None,
            } => self.environment_of(*service).await.map(Some),
            other => Ok(other.environment_id()),
        }
    }
}

fn no_environment(service: ServiceRef) -> Fault {
    Fault::new(
        FaultKind::NotFound,
        format!("the API names no environment for {service}"),
    )
}

impl Source for ApiSource {
    fn read<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Seen, Fault>> {
        Box::pin(self.read_subject(subject))
    }

    fn request(&self, request: Uuid) -> BoxFuture<'_, Result<Option<RequestSeen>, Fault>> {
        Box::pin(self.read_request(request))
    }

    fn queue<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Vec<Waiting>>, Fault>> {
        Box::pin(self.read_queue(subject))
    }

    fn history<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Vec<Past>>, Fault>> {
        Box::pin(self.read_history(subject))
    }

    fn act<'a>(
        &'a self,
        subject: &'a Subject,
        act: &'a Act,
    ) -> BoxFuture<'a, Result<Receipt, Fault>> {
        Box::pin(self.send(subject, act))
    }

    fn log<'a>(
        &'a self,
        subject: &'a Subject,
        deployment: Option<&'a str>,
        with_environment: bool,
    ) -> BoxFuture<'a, Result<DeploymentLog, Fault>> {
        Box::pin(self.read_log(subject, deployment, with_environment))
    }

    fn project_of(&self, environment: Uuid) -> BoxFuture<'_, Result<Uuid, Fault>> {
        Box::pin(async move { Ok(self.client.get_environment(environment).await?.project.id) })
    }

    fn read_project(&self, project: Uuid) -> BoxFuture<'_, Result<Vec<Seen>, Fault>> {
        Box::pin(self.read_all_of(project))
    }
}
