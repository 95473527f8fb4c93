//! The actions of the API.

use uuid::Uuid;

use super::{Goal, ServiceKind, ServiceRef, ServiceVersion, Subject, UnsupportedVersion};

/// A request for an action on a subject.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ActionRequest {
    /// Deploys the subject; a service in this version.
    Deploy(ServiceVersion),
    /// Deploys selected services, each in its version.
    DeployServices(ServiceSelection),
    /// For a Terraform service: compute the plan and apply nothing.
    Plan(ServiceVersion),
    Redeploy,
    Stop,
    Restart,
    Delete,
    Uninstall,
    Cancel {
        force: bool,
    },
    CancelRequest(Uuid),
    /// For a cluster: update the components of the platform in it to the newest version.
    Update,
    /// For a cluster: upgrade Kubernetes.
    Upgrade,
}

impl ActionRequest {
    pub(crate) fn goal(&self) -> Goal {
        self.goal_and_verb().0
    }

    /// The action in a message, before its subject.
    pub(crate) fn verb(&self) -> &'static str {
        self.goal_and_verb().1
    }

    fn goal_and_verb(&self) -> (Goal, &'static str) {
        match self {
            Self::Deploy(_) | Self::DeployServices(_) => (Goal::Deployed, "deploy"),
            Self::Plan(_) => (Goal::Planned, "plan"),
            Self::Redeploy => (Goal::Deployed, "redeploy"),
            Self::Stop => (Goal::Stopped, "stop"),
            Self::Restart => (Goal::Restarted, "restart"),
            Self::Delete => (Goal::Deleted, "delete"),
            Self::Uninstall => (Goal::Uninstalled, "uninstall"),
            Self::Cancel { .. } | Self::CancelRequest(_) => (Goal::Canceled, "cancel"),
            Self::Update => (Goal::Deployed, "update"),
            Self::Upgrade => (Goal::Deployed, "upgrade"),
        }
    }

    /// Refuses a version that a service cannot take, because the API would ignore it.
    pub(crate) fn check_versions(&self, subject: &Subject) -> Result<(), UnsupportedVersion> {
        match (self, subject) {
            (Self::Deploy(version) | Self::Plan(version), Subject::Service { service, .. }) => {
                version.check(*service)
            }
            (Self::DeployServices(selection), _) => {
                let mut items = selection.items.iter();
                items.try_for_each(|(service, version)| version.check(*service))
            }
            _ => Ok(()),
        }
    }

    /// Whether the response to the action never names a request, so that the queue before and after it must be
    /// compared.
    pub(crate) fn response_names_no_request(&self, subject: &Subject) -> bool {
        match self {
            Self::Delete | Self::Uninstall => true,
            Self::Stop => matches!(subject, Subject::Services { .. }),
            _ => false,
        }
    }
}

/// Some services of one environment, each with its version. An action on a selection with an agentic workflow is
/// refused. So is a restart of a selection with a job, a chart or a Terraform service.
///
/// Only a deployment uses the versions. Other actions on a selection ignore them, so that the same selection
/// can be deployed and stopped.
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
#[must_use = "a selection does nothing until an action takes it"]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceSelection {
    items: Vec<(ServiceRef, ServiceVersion)>,
}

impl ServiceSelection {
    /// Creates an empty selection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service with its configured version.
    pub fn with(self, kind: ServiceKind, id: Uuid) -> Self {
        self.with_version(kind, id, ServiceVersion::default())
    }

    /// Adds a service with this version, or sets the version of a service that is already in the
    /// selection.
    pub fn with_version(mut self, kind: ServiceKind, id: Uuid, version: ServiceVersion) -> Self {
        self.items.retain(|(service, _)| service.id != id);
        self.items.push((ServiceRef::new(kind, id), version));
        self
    }

    /// Returns the number of services.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether the selection has no service.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn services(&self) -> Vec<ServiceRef> {
        self.items.iter().map(|(service, _)| *service).collect()
    }

    /// The services, each with its version.
    pub(crate) fn items(&self) -> &[(ServiceRef, ServiceVersion)] {
        &self.items
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
