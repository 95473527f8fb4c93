//! The API as a source of readings: the operation of the client for each reading.
//!
//! Responses are not interpreted here. A dropped future abandons its request.

/// The value of an optional open enum, as the API spells it.
macro_rules! text {
    ($value:expr) => {
        $value.as_ref().map(|value| value.as_str().to_owned())
    };
}

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
    source::{ActionResponse, HistoryEntry, QueueRow, Reading, RequestReading, Response, Source},
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
        Box::pin(names::read(self, subject))
    }

    fn read<'a>(&'a self, subject: &'a Subject) -> Response<'a, Reading> {
        Box::pin(statuses::of_subject(self, subject))
    }

    fn request(&self, request: Uuid) -> Response<'_, Option<RequestReading>> {
        Box::pin(deployments::request(&self.client, request))
    }

    fn queue<'a>(&'a self, subject: &'a Subject) -> Response<'a, Option<Vec<QueueRow>>> {
        Box::pin(deployments::queue(&self.client, subject))
    }

    fn history<'a>(&'a self, subject: &'a Subject) -> Response<'a, Option<Vec<HistoryEntry>>> {
        Box::pin(deployments::history(self, subject))
    }

    fn start<'a>(
        &'a self,
        subject: &'a Subject,
        action: &'a ActionRequest,
    ) -> Response<'a, ActionResponse> {
        Box::pin(start::send(self, subject, action))
    }

    fn log<'a>(
        &'a self,
        subject: &'a Subject,
        deployment: Option<&'a str>,
        with_environment: bool,
    ) -> Response<'a, DeploymentLog> {
        Box::pin(deployment_log::read(
            self,
            subject,
            deployment,
            with_environment,
        ))
    }

    fn listed<'a>(&'a self, subject: &'a Subject) -> Response<'a, Option<bool>> {
        Box::pin(listed::is_listed(self, subject))
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

    fn environment<'a>(&'a self, subject: &'a Subject) -> Response<'a, Option<Uuid>> {
        Box::pin(self.parents.environment_of_subject(subject))
    }

    fn project_of(&self, environment: Uuid) -> Response<'_, Uuid> {
        Box::pin(self.parents.project_of(environment))
    }

    fn read_project(&self, project: Uuid) -> Response<'_, Vec<Reading>> {
        Box::pin(statuses::of_project(&self.client, project))
    }
}
