//! The source of readings: the API in programs, a script in tests.
//!
//! Dropping a future abandons only its request. A source keeps no state that a dropped request could damage.

use std::{fmt, sync::Arc, time::Duration};

use qovery_api::Printable;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Names, Phase, Snapshot, State, Subject, action_request::ActionRequest, bad_request::Topic,
    failure_report::DeploymentLog, in_flight::Permit,
};
pub(crate) use qovery_api::BoxFuture;

/// A response, or the reason why there is none.
pub(crate) type Response<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// Reads statuses and starts actions.
pub(crate) trait Source: Send + Sync {
    /// Waits in the queue until requests may be sent. The permission lasts for as long as the returned value is
    /// kept.
    fn permit(&self) -> BoxFuture<'_, Permit> {
        Box::pin(async { Permit::default() })
    }

    /// The known names of a subject, and of the services in a status.
    fn names(&self, _subject: &Subject, _seen: Option<&Snapshot>) -> Names {
        Names::default()
    }

    /// Reads the names of the subject and of its services, if they can be read.
    fn look_up_names<'a>(&'a self, _subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    /// Reads the status of the subject.
    fn read<'a>(&'a self, subject: &'a Subject) -> Response<'a, Reading>;

    /// Reads the state of one deployment request; `None` if the server does not know it.
    fn request(&self, request: Uuid) -> Response<'_, Option<RequestReading>>;

    /// Reads the queued requests, the next one first; `None` if the subject has no queue.
    fn queue<'a>(&'a self, subject: &'a Subject) -> Response<'a, Option<Vec<QueueRow>>>;

    /// Reads the last deployments, newest first; `None` if the subject has no history.
    fn history<'a>(&'a self, subject: &'a Subject) -> Response<'a, Option<Vec<HistoryEntry>>>;

    /// Sends an action. The source never repeats it.
    fn start<'a>(
        &'a self,
        subject: &'a Subject,
        action: &'a ActionRequest,
    ) -> Response<'a, ActionResponse>;

    /// Notes that a deletion of the subject was accepted or has ended: lists that were read earlier are old.
    fn note_deletion(&self, _subject: &Subject) {}

    /// Reads the lines of a deployment's log and a link to it, for the report on a failure. Reads the whole
    /// environment too, if requested, because the wait has not read it.
    fn log<'a>(
        &'a self,
        subject: &'a Subject,
        deployment: Option<&'a str>,
        with_environment: bool,
    ) -> Response<'a, DeploymentLog>;

    /// The client, for streams; `None` if the source has none.
    #[cfg(feature = "stream")]
    fn client(&self) -> Option<&qovery_api::Client> {
        None
    }

    /// Whether the list of the subject's parent (the environments of a project, the services of an environment,
    /// the clusters of an organization) still has the subject; for several services, whether it has any of
    /// them. This confirms independently that a subject is gone. `None` if the parent is unknown or the API
    /// does not show it either.
    fn listed<'a>(&'a self, _subject: &'a Subject) -> Response<'a, Option<bool>> {
        Box::pin(async { Ok(None) })
    }

    /// Looks up the parent of a subject while the subject exists: afterwards the API may not name it. A failure
    /// has no effect.
    fn learn_parent<'a>(&'a self, _subject: &'a Subject) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    /// The parent of a subject that was looked up, for a wait that continues in another process.
    fn known_parent(&self, _subject: &Subject) -> Option<Uuid> {
        None
    }

    /// Takes over a parent that another process has looked up.
    fn remember_parent(&self, _subject: &Subject, _parent: Uuid) {}

    /// Looks up the environment of a subject; `None` for a cluster.
    fn environment<'a>(&'a self, subject: &'a Subject) -> Response<'a, Option<Uuid>> {
        Box::pin(async move { Ok(subject.environment_id()) })
    }

    /// Looks up the project of an environment.
    fn project_of(&self, environment: Uuid) -> Response<'_, Uuid>;

    /// Reads the statuses of all environments of a project, without stages and services.
    fn read_project(&self, project: Uuid) -> Response<'_, Vec<Reading>>;
}

/// One reading.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) snapshot: Snapshot,
    /// The delay that the server demands before the next request.
    pub(crate) retry_after: Option<Duration>,
}

/// The status of one deployment request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RequestReading {
    pub(crate) environment: Option<Uuid>,
    pub(crate) state: State,
}

/// A queued request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueRow {
    pub(crate) request: Uuid,
    /// The action as the API spells it.
    pub(crate) action: String,
    /// The services of the request, if the queue lists them. Sorted.
    pub(crate) services: Option<Vec<Uuid>>,
    pub(crate) origin: Option<String>,
    pub(crate) triggered_by: Option<String>,
    /// Whether the row shows progress: some servers also list the running request.
    pub(crate) has_begun: bool,
}

/// A deployment in the history.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HistoryEntry {
    pub(crate) deployment: String,
    /// The action as the API spells it.
    pub(crate) action: String,
    /// The final state.
    pub(crate) state: State,
    /// Each service in the deployment.
    pub(crate) services: Vec<HistoryService>,
    pub(crate) origin: Option<String>,
    pub(crate) triggered_by: Option<String>,
    /// When it was created, by the server's clock.
    pub(crate) created: Option<i64>,
    /// When it last changed, by the server's clock.
    pub(crate) updated: Option<i64>,
}

/// One service of a deployment in the history.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HistoryService {
    pub(crate) id: Uuid,
    pub(crate) state: State,
    /// The progress of the action. If the deployment has not reached a service, the service has its earlier
    /// state.
    pub(crate) action: Phase,
}

/// The server's response to an action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActionResponse {
    /// The id of the created request, if the response has it.
    pub(crate) request: Option<Uuid>,
    /// The execution that the response names.
    pub(crate) execution: Option<String>,
    /// Whether the response itself shows that no request is queued and no deployment runs.
    pub(crate) idle: bool,
    /// The server's clock at the time of the response, in seconds since 1970.
    pub(crate) server_time: Option<i64>,
}

/// The reason why a request had no usable response.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    /// The message for a person.
    pub(crate) message: String,
    /// Whether the server may have executed the action.
    pub(crate) may_have_been_executed: bool,
    /// The topic of the text of a 400; `None` if it has no text.
    pub(crate) topic: Option<Topic>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// 401 of the API.
    Unauthorized,
    /// 403 of the API.
    Forbidden,
    /// 404 and 410 of the API.
    NotFound,
    /// 400 of the API with a text that a resource does not exist: see [`Fault::topic`].
    SaysMissing,
    /// Another 400 of the API.
    BadRequest,
    /// Another 4xx of the API that a retry does not fix, for example 409. Also a request that was not sent.
    Rejected,
    /// 429.
    TooManyRequests,
    /// A success of the API whose body cannot be read.
    Unreadable,
    /// The page or text of a proxy, a firewall or a login in place of the API's response, with any status but
    /// 429 and 5xx; a redirect, 407 and 499. It is no evidence.
    NotTheApi,
    /// 5xx, no connection, a lost connection, a timeout.
    Transient,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            retry_after: None,
            source: None,
            message: message.into(),
            may_have_been_executed: matches!(
                kind,
                FaultKind::Transient | FaultKind::Unreadable | FaultKind::NotTheApi
            ),
            topic: None,
        }
    }

    /// The response was not complete in time.
    pub(crate) fn late() -> Self {
        Self::new(FaultKind::Transient, "the status did not arrive in time")
    }

    /// Whether a retry may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Transient
                | FaultKind::Unreadable
                | FaultKind::NotTheApi
                | FaultKind::TooManyRequests
        )
    }

    /// Whether the API sends such a response for an object that it does not show.
    pub(crate) fn is_missing_or_forbidden(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::NotFound | FaultKind::SaysMissing | FaultKind::Forbidden
        )
    }

    /// Whether the API sends such a response for a missing subject, if the subject existed before. The API is
    /// known to answer 403 in place of 404, 400 with "… does not exist", and for the status of a cluster 400
    /// without a known text.
    pub(crate) fn may_mean_gone(&self, subject: &Subject) -> bool {
        match self.kind {
            FaultKind::NotFound | FaultKind::Forbidden => true,
            FaultKind::SaysMissing => self.topic.as_ref().is_none_or(|t| t.is_about(subject)),
            FaultKind::BadRequest => {
                matches!(subject, Subject::Cluster { .. }) && self.topic.is_none()
            }
            _ => false,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable::new(&self.message).fmt(f)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|e| &**e as &(dyn std::error::Error + 'static))
    }
}
