//! The API as a source of readings: the operation of the client for each reading.
//!
//! Responses are not interpreted here. A dropped future abandons its request.

mod bounds;
mod deployment_log;
mod deployments;
mod fault;
mod listed;
mod names;
mod parents;
mod start;
mod statuses;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use qovery_api::{BoxFuture, Client};
use uuid::Uuid;

#[cfg(feature = "stream")]
pub(super) use statuses::states;

use self::parents::Parents;
use super::{
    Names, Snapshot, Subject,
    action_request::ActionRequest,
    failure_report::DeploymentLog,
    in_flight::{InFlightLimit, Permit},
    names::KnownNames,
    source::{ActionResponse, Fault, HistoryEntry, QueueRow, Reading, RequestReading, Source},
};

/// Reads and sends actions through a [`Client`].
pub(super) struct ApiSource {
    client: Client,
    in_flight: Arc<InFlightLimit>,
    names: Arc<KnownNames>,
    parents: Parents,
}

impl ApiSource {
    pub(super) fn new(client: Client) -> Self {
        Self {
            in_flight: InFlightLimit::of(&client),
            names: KnownNames::of(&client),
            parents: Parents::new(client.clone()),
            client,
        }
    }

    /// The values that sending an action needs.
    fn api(&self) -> start::Api<'_> {
        start::Api {
            client: &self.client,
            parents: &self.parents,
        }
    }
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

    fn note_deletion(&self, subject: &Subject) {
        self.names.note_deletion(subject);
    }

    fn look_up_names<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(names::read(
            &self.client,
            &self.parents,
            &self.names,
            subject,
        ))
    }

    fn read<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Reading, Fault>> {
        Box::pin(statuses::of_subject(&self.client, &self.parents, subject))
    }

    fn request(&self, request: Uuid) -> BoxFuture<'_, Result<Option<RequestReading>, Fault>> {
        Box::pin(deployments::request(&self.client, request))
    }

    fn queue<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Vec<QueueRow>>, Fault>> {
        Box::pin(deployments::queue(&self.client, subject))
    }

    fn history<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Vec<HistoryEntry>>, Fault>> {
        Box::pin(deployments::history(&self.client, &self.parents, subject))
    }

    fn start<'a>(
        &'a self,
        subject: &'a Subject,
        action: &'a ActionRequest,
    ) -> BoxFuture<'a, Result<ActionResponse, Fault>> {
        Box::pin(start::send(self.api(), subject, action))
    }

    fn log<'a>(
        &'a self,
        subject: &'a Subject,
        deployment: Option<&'a str>,
        with_environment: bool,
    ) -> BoxFuture<'a, Result<DeploymentLog, Fault>> {
        Box::pin(deployment_log::read(
            &self.client,
            &self.parents,
            subject,
            deployment,
            with_environment,
        ))
    }

    fn listed<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, Result<Option<bool>, Fault>> {
        Box::pin(listed::is_listed(&self.client, &self.parents, subject))
    }

    fn learn_parent<'a>(&'a self, subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let _ = self.parents.parent_of(subject).await;
        })
    }

    fn known_parent(&self, subject: &Subject) -> Option<Uuid> {
        self.parents.known(subject.id())
    }

    fn remember_parent(&self, subject: &Subject, parent: Uuid) {
        self.parents.keep(subject.id(), parent);
    }

    fn environment<'a>(
        &'a self,
        subject: &'a Subject,
    ) -> BoxFuture<'a, Result<Option<Uuid>, Fault>> {
        Box::pin(self.parents.environment_of_subject(subject))
    }

    fn project_of(&self, environment: Uuid) -> BoxFuture<'_, Result<Uuid, Fault>> {
        Box::pin(self.parents.project_of(environment))
    }

    fn read_project(&self, project: Uuid) -> BoxFuture<'_, Result<Vec<Reading>, Fault>> {
        Box::pin(statuses::of_project(&self.client, project))
    }
}
