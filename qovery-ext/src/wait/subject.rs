//! The subject of a wait: an environment, one service, some services, a cluster.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The kind of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServiceKind {
    /// An application built from source.
    Application,
    /// A container image.
    Container,
    /// A database.
    Database,
    /// A cron or lifecycle job.
    Job,
    /// A Helm chart.
    Helm,
    /// A Terraform service.
    Terraform,
    /// An agentic workflow.
    AgenticWorkflow,
}

impl fmt::Display for ServiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ServiceKind::Application => "application",
            ServiceKind::Container => "container",
            ServiceKind::Database => "database",
            ServiceKind::Job => "job",
            ServiceKind::Helm => "helm",
            ServiceKind::Terraform => "terraform",
            ServiceKind::AgenticWorkflow => "agentic workflow",
        })
    }
}

/// One service by kind and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServiceRef {
    /// The kind.
    pub kind: ServiceKind,
    /// The id.
    pub id: Uuid,
}

impl ServiceRef {
    /// Creates a reference to a service.
    pub fn new(kind: ServiceKind, id: Uuid) -> Self {
        Self { kind, id }
    }
}

impl fmt::Display for ServiceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// The subject of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Subject {
    /// A whole environment.
    #[non_exhaustive]
    Environment {
        /// Its id.
        id: Uuid,
        /// Its project, if it is known. Environments of one project can share a status request.
        project: Option<Uuid>,
    },
    /// One service.
    #[non_exhaustive]
    Service {
        /// The service.
        service: ServiceRef,
        /// Its environment, if it is known. Services of one environment can share a status request.
        environment: Option<Uuid>,
    },
    /// Some services of one environment.
    #[non_exhaustive]
    Services {
        /// The environment.
        environment: Uuid,
        /// The services, in the order of the call.
        services: Vec<ServiceRef>,
    },
    /// A cluster.
    #[non_exhaustive]
    Cluster {
        /// Its organization.
        organization: Uuid,
        /// Its id.
        id: Uuid,
    },
}

impl Subject {
    /// Creates the subject of a whole environment.
    pub fn environment(id: Uuid) -> Self {
        Subject::Environment { id, project: None }
    }

    /// Creates the subject of one service.
    pub fn service(service: ServiceRef) -> Self {
        Subject::Service {
            service,
            environment: None,
        }
    }

    /// Creates the subject of some services of one environment.
    pub fn services(environment: Uuid, services: Vec<ServiceRef>) -> Self {
        Subject::Services {
            environment,
            services,
        }
    }

    /// Creates the subject of a cluster.
    pub fn cluster(organization: Uuid, id: Uuid) -> Self {
        Subject::Cluster { organization, id }
    }

    /// Returns the id of the environment, the service or the cluster; for some services, that of their
    /// environment.
    pub fn id(&self) -> Uuid {
        match self {
            Subject::Service { service, .. } => service.id,
            Subject::Environment { id, .. }
            | Subject::Services {
                environment: id, ..
            }
            | Subject::Cluster { id, .. } => *id,
        }
    }

    /// Returns the environment of the subject, if it is known.
    pub fn environment_id(&self) -> Option<Uuid> {
        match self {
            Subject::Environment { id, .. } => Some(*id),
            Subject::Service { environment, .. } => *environment,
            Subject::Services { environment, .. } => Some(*environment),
            Subject::Cluster { .. } => None,
        }
    }
}
