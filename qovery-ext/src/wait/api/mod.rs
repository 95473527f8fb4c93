//! The API as a source of readings: the operation of the client for each reading.
//!
//! Responses are not interpreted here. A dropped future abandons its request.

mod bounds;
mod deployment_log;
mod fault;
mod listed;
mod names;
mod read;
mod start;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use qovery_api::{BoxFuture, Client};
use uuid::Uuid;

#[cfg(feature = "stream")]
pub(super) use read::states;

use super::{
    Names, ServiceKind, ServiceRef, Snapshot, Subject,
    action_request::ActionRequest,
    failure_report::DeploymentLog,
    in_flight::{InFlightLimit, Permit},
    names::KnownNames,
    source::{
        ActionResponse, Fault, FaultKind, HistoryEntry, QueueRow, Reading, RequestReading, Source,
    },
};

/// Reads and sends actions through a [`Client`].
pub(super) struct ApiSource {
    client: Client,
    in_flight: Arc<InFlightLimit>,
    names: Arc<KnownNames>,
    /// The environments of services and the projects of environments that were looked up. They never change.
    parents: Mutex<HashMap<Uuid, Uuid>>,
}

impl ApiSource {
    pub(super) fn new(client: Client) -> Self {
        Self {
            in_flight: InFlightLimit::of(&client),
            names: KnownNames::of(&client),
            client,
            parents: Mutex::new(HashMap::new()),
        }
    }

    /// The environment of a service, looked up at most once.
    async fn environment_of(&self, service: ServiceRef) -> Result<Uuid, Fault> {
        if let Some(environment) = self.parent_by_id(service.id) {
            return Ok(environment);
        }
        let environment = self.look_up_environment(service).await?;
        self.keep_parent(service.id, environment);
        Ok(environment)
    }

    /// The project of an environment, looked up at most once.
    async fn project_of_environment(&self, environment: Uuid) -> Result<Uuid, Fault> {
        if let Some(project) = self.parent_by_id(environment) {
            return Ok(project);
        }
        let project = self.client.get_environment(environment).await?.project.id;
        self.keep_parent(environment, project);
        Ok(project)
    }

    fn parent_by_id(&self, id: Uuid) -> Option<Uuid> {
        self.parents().get(&id).copied()
    }

    fn keep_parent(&self, id: Uuid, parent: Uuid) {
        self.parents().insert(id, parent);
    }

    fn parents(&self) -> MutexGuard<'_, HashMap<Uuid, Uuid>> {
        self.parents.lock().unwrap_or_else(PoisonError::into_inner)
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
    #[cfg(feature = "stream")]
    fn client(&self) -> Option<&Client> {
        Some(&self.client)
    }

    fn permit(&self) -> BoxFuture<'_, Permit> {
        Box::pin(self.in_flight.next())
    }

    fn names(&self, subject: &Subject, seen: Option<&Snapshot>) -> Names {
        self.names.about(subject, seen)
    }

    fn look_up_names<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(self.read_names(subject))
    }

    fn read<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Reading, Fault>> {
        Box::pin(self.read_subject(subject))
    }

    fn request(&self, request: Uuid) -> BoxFuture<'_, Result<Option<RequestReading>, Fault>> {
        Box::pin(self.read_request(request))
    }

    fn queue<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Vec<QueueRow>>, Fault>> {
        Box::pin(self.read_queue(subject))
    }

    fn history<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Vec<HistoryEntry>>, Fault>> {
        Box::pin(self.read_history(subject))
    }

    fn start<'a>(
        &'a self,
        subject: &'a Subject,
        action: &'a ActionRequest,
    ) -> BoxFuture<'a, Result<ActionResponse, Fault>> {
        Box::pin(self.send(subject, action))
    }

    fn log<'a>(
        &'a self,
        subject: &'a Subject,
        deployment: Option<&'a str>,
        with_environment: bool,
    ) -> BoxFuture<'a, Result<DeploymentLog, Fault>> {
        Box::pin(self.read_log(subject, deployment, with_environment))
    }

    fn listed<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<bool>, Fault>> {
        Box::pin(self.read_listed(subject))
    }

    fn learn_parent<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let _ = self.parent_of(subject).await;
        })
    }

    fn known_parent(&self, subject: &Subject) -> Option<Uuid> {
        self.parent_by_id(subject.id())
    }

    fn remember_parent(&self, subject: &Subject, parent: Uuid) {
        self.keep_parent(subject.id(), parent);
    }

    fn environment<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Uuid>, Fault>> {
        Box::pin(self.environment_of_subject(subject))
    }

    fn project_of(&self, environment: Uuid) -> BoxFuture<'_, Result<Uuid, Fault>> {
        Box::pin(self.project_of_environment(environment))
    }

    fn read_project(&self, project: Uuid) -> BoxFuture<'_, Result<Vec<Reading>, Fault>> {
        Box::pin(self.read_all_of(project))
    }
}
