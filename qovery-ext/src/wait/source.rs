//! Readings of the API, and the reasons why a request has no usable response.

use std::{fmt, sync::Arc, time::Duration};

use qovery_api::Printable;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Phase, Snapshot, State, Subject, bad_request::Topic};

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
    /// The server's clock at the time of the request, in seconds since 1970.
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
        Self::new(FaultKind::Transient, "no response arrived in time")
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
