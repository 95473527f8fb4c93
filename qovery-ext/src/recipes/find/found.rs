//! Handles of found objects, with the names and ids of their parents.

use std::{fmt, ops::Deref};

use qovery_api::{Client, types::EnvironmentModeEnum};
use uuid::Uuid;

use super::{
    super::naming::{Nameable as _, Named},
    FindError,
    directory::{Directory, List},
};
use crate::wait::{
    ClusterHandle, EnvironmentHandle, ServiceHandle, ServiceKind, ServiceRef, Subject, WaitExt,
};

const CONSOLE: &str = "https://console.qovery.com";

/// An organization.
///
/// Available on crate feature `find` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FoundOrganization {
    pub(super) client: Client,
    /// The organization.
    pub organization: Named,
}

/// A project.
///
/// Available on crate feature `find` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FoundProject {
    pub(super) client: Client,
    /// Its organization.
    pub organization: Named,
    /// The project.
    pub project: Named,
}

/// A cluster. Dereferences to its [`ClusterHandle`].
///
/// Available on crate feature `find` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FoundCluster {
    pub(super) handle: ClusterHandle,
    /// Its organization.
    pub organization: Named,
    /// The cluster.
    pub cluster: Named,
}

/// An environment. Dereferences to its [`EnvironmentHandle`].
///
/// Available on crate feature `find` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FoundEnvironment {
    pub(super) client: Client,
    pub(super) handle: EnvironmentHandle,
    /// Its organization.
    pub organization: Named,
    /// Its project.
    pub project: Named,
    /// The environment.
    pub environment: Named,
    /// Its cluster, if the API returns it.
    pub cluster: Option<Uuid>,
    /// Its mode, if the API returns it.
    pub mode: Option<EnvironmentModeEnum>,
}

/// A service. Dereferences to its [`ServiceHandle`].
///
/// Available on crate feature `find` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FoundService {
    pub(super) handle: ServiceHandle,
    /// Its organization.
    pub organization: Named,
    /// Its project.
    pub project: Named,
    /// Its environment.
    pub environment: Named,
    /// The service.
    pub service: Named,
    /// Its kind.
    pub kind: ServiceKind,
}

/// A found object of any kind.
///
/// Available on crate feature `find` only.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Found {
    /// An organization.
    Organization(FoundOrganization),
    /// A project.
    Project(FoundProject),
    /// An environment.
    Environment(FoundEnvironment),
    /// A service.
    Service(FoundService),
    /// A cluster.
    Cluster(FoundCluster),
}

macro_rules! found {
    ($type:ident $item:ident $kind:literal) => {
        impl $type {
            /// Returns its id.
            pub fn id(&self) -> Uuid {
                self.$item.id
            }

            /// Returns its name, unescaped. Print it with [`Printable`](qovery_api::Printable).
            pub fn name(&self) -> &str {
                &self.$item.name
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($kind, " {}"), self.$item)
            }
        }
    };
}
found!(FoundOrganization organization "organization");
found!(FoundProject project "project");
found!(FoundEnvironment environment "environment");
found!(FoundCluster cluster "cluster");

impl FoundOrganization {
    /// Returns the URL of the organization in the web console.
    pub fn console_url(&self) -> String {
        format!("{CONSOLE}/organization/{}/overview", self.id())
    }

    /// Returns its projects, sorted by name.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub async fn projects(&self) -> Result<Vec<FoundProject>, FindError> {
        let listed = self.list(List::Projects(self.id())).await?;
        let project = |named| FoundProject {
            client: self.client.clone(),
            organization: self.organization.clone(),
            project: named,
        };
        Ok(listed.into_iter().map(project).collect())
    }

    /// Returns its clusters, sorted by name.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub async fn clusters(&self) -> Result<Vec<FoundCluster>, FindError> {
        let listed = self.list(List::Clusters(self.id())).await?;
        let cluster = |named: Named| FoundCluster {
            handle: self.client.cluster(self.id(), named.id),
            organization: self.organization.clone(),
            cluster: named,
        };
        Ok(listed.into_iter().map(cluster).collect())
    }

    /// Returns all organizations that the token can access, sorted by name.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub async fn all(client: &Client) -> Result<Vec<Self>, FindError> {
        let directory = Directory::of(client);
        let entries = directory.all(client, List::Organizations, "").await?;
        let organization = |entry: &super::directory::Entry| Self {
            client: client.clone(),
            organization: entry.named(),
        };
        let mut found: Vec<_> = entries.iter().map(organization).collect();
        found.sort_by(|a, b| a.name().cmp(b.name()).then(a.id().cmp(&b.id())));
        Ok(found)
    }

    async fn list(&self, list: List) -> Result<Vec<Named>, FindError> {
        let directory = Directory::of(&self.client);
        let within = format!(" of {self}");
        let entries = directory.all(&self.client, list, &within).await?;
        let mut named: Vec<_> = entries.iter().map(|entry| entry.named()).collect();
        named.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
        Ok(named)
    }
}

impl FoundProject {
    /// Returns the URL of the project in the web console.
    pub fn console_url(&self) -> String {
        let (organization, project) = (self.organization.id, self.id());
        format!("{CONSOLE}/organization/{organization}/project/{project}/overview")
    }

    /// Returns its environments, sorted by name.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub async fn environments(&self) -> Result<Vec<FoundEnvironment>, FindError> {
        let directory = Directory::of(&self.client);
        let list = List::Environments(self.id());
        let within = format!(" of {self}");
        let entries = directory.all(&self.client, list, &within).await?;
        let mut found: Vec<_> = entries
            .iter()
            .map(|entry| self.environment_of(entry))
            .collect();
        found.sort_by(|a, b| a.name().cmp(b.name()).then(a.id().cmp(&b.id())));
        Ok(found)
    }

    pub(super) fn environment_of(&self, entry: &super::directory::Entry) -> FoundEnvironment {
        FoundEnvironment {
            handle: self.client.environment(entry.id).in_project(self.id()),
            client: self.client.clone(),
            organization: self.organization.clone(),
            project: self.project.clone(),
            environment: entry.named(),
            cluster: entry.cluster_id,
            mode: entry.mode.clone(),
        }
    }
}

impl FoundCluster {
    /// Returns the URL of the cluster in the web console.
    pub fn console_url(&self) -> String {
        let (organization, cluster) = (self.organization.id, self.id());
        format!("{CONSOLE}/organization/{organization}/cluster/{cluster}/overview")
    }

    /// Returns the subject of waits.
    pub fn subject(&self) -> Subject {
        Subject::cluster(self.organization.id, self.id())
    }
}

impl FoundEnvironment {
    /// Returns the URL of the environment in the web console.
    pub fn console_url(&self) -> String {
        console_url_of_environment(
            self.organization.id,
            self.project.id,
            self.id(),
            "/overview",
        )
    }

    /// Another environment of the same project.
    #[cfg(feature = "preview")]
    pub(crate) fn of(
        client: &Client,
        sibling: &Self,
        environment: &qovery_api::types::Environment,
    ) -> Self {
        let project = environment.project.id;
        Self {
            handle: client.environment(environment.id).in_project(project),
            client: client.clone(),
            organization: sibling.organization.clone(),
            project: sibling.project.clone(),
            environment: Named {
                id: environment.id,
                name: environment.name.clone(),
            },
            cluster: Some(environment.cluster_id),
            mode: Some(environment.mode.clone()),
        }
    }

    /// Returns the subject of waits.
    pub fn subject(&self) -> Subject {
        Subject::environment(self.id())
    }

    /// Returns its services, sorted by name. Services of a kind without actions in this crate are
    /// left out.
    ///
    /// # Errors
    /// Returns an error if they cannot be listed.
    pub async fn services(&self) -> Result<Vec<FoundService>, FindError> {
        let directory = Directory::of(&self.client);
        let list = List::Services(self.id());
        let within = format!(" of {self}");
        let entries = directory.all(&self.client, list, &within).await?;
        let mut found: Vec<_> = entries
            .iter()
            .filter_map(|entry| self.service_of(entry))
            .collect();
        found.sort_by(|a, b| a.name().cmp(b.name()).then(a.id().cmp(&b.id())));
        Ok(found)
    }

    pub(super) fn service_of(&self, entry: &super::directory::Entry) -> Option<FoundService> {
        let kind = crate::recipes::services::kind_of(&entry.service_type)?;
        Some(FoundService {
            handle: self.handle.service(kind, entry.id),
            organization: self.organization.clone(),
            project: self.project.clone(),
            environment: self.environment.clone(),
            service: entry.named(),
            kind,
        })
    }
}

fn console_url_of_environment(organization: Uuid, project: Uuid, id: Uuid, page: &str) -> String {
    format!("{CONSOLE}/organization/{organization}/project/{project}/environment/{id}{page}")
}

impl FoundService {
    /// Returns its id.
    pub fn id(&self) -> Uuid {
        self.service.id
    }

    /// Returns its name, unescaped. Print it with [`Printable`](qovery_api::Printable).
    pub fn name(&self) -> &str {
        &self.service.name
    }

    /// Returns its kind and id.
    pub fn service_ref(&self) -> ServiceRef {
        ServiceRef::new(self.kind, self.id())
    }

    /// Returns the URL of the service in the web console.
    pub fn console_url(&self) -> String {
        let page = format!("/service/{}/overview", self.id());
        let environment = self.environment.id;
        console_url_of_environment(self.organization.id, self.project.id, environment, &page)
    }

    /// Returns the subject of waits.
    pub fn subject(&self) -> Subject {
        Subject::service(self.service_ref())
    }
}

impl fmt::Display for FoundService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.service)
    }
}

impl Deref for FoundEnvironment {
    type Target = EnvironmentHandle;

    fn deref(&self) -> &EnvironmentHandle {
        &self.handle
    }
}

impl Deref for FoundService {
    type Target = ServiceHandle;

    fn deref(&self) -> &ServiceHandle {
        &self.handle
    }
}

impl Deref for FoundCluster {
    type Target = ClusterHandle;

    fn deref(&self) -> &ClusterHandle {
        &self.handle
    }
}

impl Found {
    /// Returns its id.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Organization(found) => found.id(),
            Self::Project(found) => found.id(),
            Self::Environment(found) => found.id(),
            Self::Service(found) => found.id(),
            Self::Cluster(found) => found.id(),
        }
    }

    /// Returns its URL in the web console.
    pub fn console_url(&self) -> String {
        match self {
            Self::Organization(found) => found.console_url(),
            Self::Project(found) => found.console_url(),
            Self::Environment(found) => found.console_url(),
            Self::Service(found) => found.console_url(),
            Self::Cluster(found) => found.console_url(),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization(found) => found.fmt(f),
            Self::Project(found) => found.fmt(f),
            Self::Environment(found) => found.fmt(f),
            Self::Service(found) => found.fmt(f),
            Self::Cluster(found) => found.fmt(f),
        }
    }
}
