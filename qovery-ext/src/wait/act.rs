//! What the server can be asked to do, and with which versions.

use uuid::Uuid;

use super::{Goal, ServiceKind, ServiceRef};

/// One request to act.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    Deploy(ServiceVersion),
    Redeploy,
    Stop,
    Restart,
    Delete,
    Uninstall,
    Cancel {
        force: bool,
    },
    /// A cluster: bring it to the newest version of what runs in it.
    Update,
    /// A cluster: upgrade Kubernetes.
    Upgrade,
    DeployServices(ServiceSelection),
    StopServices,
    DeleteServices,
    UninstallServices,
    RestartServices,
    CancelRequest(Uuid),
}

impl Act {
    pub(crate) fn goal(&self) -> Goal {
        match self {
            Act::Deploy(_)
            | Act::Redeploy
            | Act::Update
            | Act::Upgrade
            | Act::DeployServices(_) => Goal::Deployed,
            Act::Stop | Act::StopServices => Goal::Stopped,
            Act::Restart | Act::RestartServices => Goal::Restarted,
            Act::Delete | Act::DeleteServices => Goal::Deleted,
            Act::Uninstall | Act::UninstallServices => Goal::Uninstalled,
            Act::Cancel { .. } | Act::CancelRequest(_) => Goal::Canceled,
        }
    }

    /// Whether the answer never names a request, so that the queue has to be compared.
    pub(crate) fn answers_without_request(&self) -> bool {
        matches!(
            self,
            Act::Delete
                | Act::Uninstall
                | Act::StopServices
                | Act::DeleteServices
                | Act::UninstallServices
        )
    }
}

/// Which version of a service to deploy. Empty: the one that is configured.
///
/// Only what a kind of service understands is sent: an image tag for containers and jobs, a commit
/// for everything built from git, a chart version for Helm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceVersion {
    /// The commit to build.
    pub git_commit_id: Option<String>,
    /// The tag of the image.
    pub image_tag: Option<String>,
    /// The version of the chart.
    pub chart_version: Option<String>,
    /// The commit that overriding values are taken from.
    pub values_override_git_commit_id: Option<String>,
}

impl ServiceVersion {
    /// The version that is configured.
    pub fn configured() -> Self {
        Self::default()
    }

    /// This commit.
    pub fn commit(id: impl Into<String>) -> Self {
        Self {
            git_commit_id: Some(id.into()),
            ..Self::default()
        }
    }

    /// This image tag.
    pub fn image_tag(tag: impl Into<String>) -> Self {
        Self {
            image_tag: Some(tag.into()),
            ..Self::default()
        }
    }

    /// This version of the chart.
    pub fn chart(version: impl Into<String>) -> Self {
        Self {
            chart_version: Some(version.into()),
            ..Self::default()
        }
    }

    /// With overriding values from this commit.
    #[must_use]
    pub fn values_commit(mut self, id: impl Into<String>) -> Self {
        self.values_override_git_commit_id = Some(id.into());
        self
    }
}

/// Some services of one environment, of any kinds, each with its version.
///
/// ```
/// # use qovery_ext::wait::{ServiceKind, ServiceSelection, ServiceVersion};
/// # let [api, worker, cache] = [1, 2, 3].map(uuid::Uuid::from_u128);
/// let selection = ServiceSelection::new()
///     .with_version(ServiceKind::Application, api, ServiceVersion::commit("4f1c2d9"))
///     .with_version(ServiceKind::Container, worker, ServiceVersion::image_tag("1.8.2"))
///     .with(ServiceKind::Database, cache);
/// # assert_eq!(selection.len(), 3);
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceSelection {
    items: Vec<(ServiceRef, ServiceVersion)>,
}

impl ServiceSelection {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service in its configured version.
    #[must_use]
    pub fn with(self, kind: ServiceKind, id: Uuid) -> Self {
        self.with_version(kind, id, ServiceVersion::default())
    }

    /// Adds a service in this version; one that is there already gets it.
    #[must_use]
    pub fn with_version(mut self, kind: ServiceKind, id: Uuid, version: ServiceVersion) -> Self {
        self.items.retain(|(service, _)| service.id != id);
        self.items.push((ServiceRef::new(kind, id), version));
        self
    }

    /// How many services it has.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn services(&self) -> Vec<ServiceRef> {
        self.items.iter().map(|(service, _)| *service).collect()
    }

    pub(crate) fn of_kind(
        &self,
        kind: ServiceKind,
    ) -> impl Iterator<Item = (Uuid, &ServiceVersion)> {
        self.items
            .iter()
            .filter(move |(service, _)| service.kind == kind)
            .map(|(service, version)| (service.id, version))
    }
}

impl FromIterator<ServiceRef> for ServiceSelection {
    fn from_iter<I: IntoIterator<Item = ServiceRef>>(services: I) -> Self {
        services
            .into_iter()
            .fold(Self::new(), |selection, service| {
                selection.with(service.kind, service.id)
            })
    }
}
