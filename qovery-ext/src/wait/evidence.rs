//! The facts that prove how an operation ended, printed for people.

use std::{fmt, time::Duration};

use qovery_api::Printable;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::State;

/// The name of one deployment: the id of its request or of its execution.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunId {
    /// The id of a deployment request: `deployment_request_id`.
    Request(Uuid),
    /// The id of an execution: `execution_id` or `last_deployment_id`.
    Execution(String),
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunId::Request(id) => write!(f, "request {id}"),
            RunId::Execution(id) => write!(f, "execution {}", Printable::new(id)),
        }
    }
}

/// An endpoint of the API whose responses are facts about a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Endpoint {
    /// The status of one request: `GET /environment/deploymentStatus`.
    RequestStatus,
    /// The deployment history: `GET /environment/{id}/deploymentHistoryV2`.
    History,
    /// The status of the environment, the service or the cluster.
    Status,
    /// The deployment queue: `GET /environment/{id}/deploymentQueue`.
    Queue,
    /// The list of the parent: services of an environment, environments of a project, clusters of an
    /// organization.
    Parent,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Endpoint::RequestStatus => "request status",
            Endpoint::History => "deployment history",
            Endpoint::Status => "status",
            Endpoint::Queue => "deployment queue",
            Endpoint::Parent => "list of the parent",
        })
    }
}

/// One fact behind an outcome: an endpoint, its statement about a deployment, and the time.
///
/// ```
/// # fn show(reached: qovery_ext::wait::Reached) {
/// for fact in reached.evidence() {
///     println!("{fact}"); // execution 4f1c…-7 is DEPLOYED (deployment history, after 62.0 s)
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// The deployment; `None` if the fact is about the subject itself.
    pub run: Option<RunId>,
    /// The endpoint of the fact.
    pub endpoint: Endpoint,
    /// The statement of the endpoint.
    pub says: Statement,
    /// The time at which the response arrived, counted from the start of the operation.
    pub after: Duration,
}

/// The statement of an endpoint about a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Statement {
    /// The deployment or the subject is in this state.
    State(State),
    /// The request is no longer queued, and no deployment of it was seen.
    LeftQueue,
    /// Another deployment replaced this deployment before its end was seen.
    Replaced,
    /// The deployment does not belong to this operation.
    Foreign,
    /// The subject does not exist.
    Missing,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.run {
            Some(run) => run.fmt(f)?,
            None => f.write_str("the subject")?,
        }
        match &self.says {
            Statement::State(state) => write!(f, " is {state}")?,
            Statement::LeftQueue => f.write_str(" left the queue without being executed")?,
            Statement::Replaced => f.write_str(" was replaced before its end was seen")?,
            Statement::Foreign => f.write_str(" is another deployment")?,
            Statement::Missing => f.write_str(" does not exist")?,
        }
        write!(
            f,
            " ({}, after {:.1} s)",
            self.endpoint,
            self.after.as_secs_f64()
        )
    }
}
