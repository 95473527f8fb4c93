//! Changes the configured version of a service, and deploys an earlier one again.
//!
//! If a future of this module is dropped during an edit, the server may or may not have received the edit.
//! Call the function again.

use std::fmt;

use qovery_api::{Client, Printable};

pub use super::source::{VersionChange, VersionError};
use super::{
    DeploymentOutcome, ServiceRow, service_history,
    source::{Change, change, check, named},
};
use crate::wait::{Action, ServiceKind, ServiceRef, ServiceVersion, WaitExt};

/// Returns the version that a text means for a service: an image tag for a container and for a job that runs an image,
/// a chart version for a chart from a chart repository, and a commit for every service from Git. Changes nothing.
///
/// Available on crate feature `versions` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, id: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::{recipes::version_for, wait::{ServiceKind, ServiceRef, WaitExt}};
///
/// let migrate = ServiceRef::new(ServiceKind::Job, id);
/// let version = version_for(&client, migrate, "1.8.2").await?;
/// client.service(migrate.kind, migrate.id).deploy(version).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the source of a job or of a chart cannot be read, or if the settings of a job are of a kind that
/// this version does not know. A version that the service does not accept,
/// such as that of a database, is an error of its deployment.
pub async fn version_for(
    client: &Client,
    service: ServiceRef,
    version: &str,
) -> Result<ServiceVersion, VersionError> {
    let (change, other) = match service.kind {
        ServiceKind::Container => return Ok(ServiceVersion::image_tag(version)),
        ServiceKind::Job => (
            Change::ImageTag(version.to_owned()),
            ServiceVersion::image_tag(version),
        ),
        ServiceKind::Helm => (
            Change::ChartVersion(version.to_owned()),
            ServiceVersion::chart(version),
        ),
        _ => return Ok(ServiceVersion::commit(version)),
    };
    match check(client, service, &change).await {
        Ok(()) => Ok(other),
        Err(error) if error.lacks_version() => Ok(ServiceVersion::commit(version)),
        Err(error) => Err(error),
    }
}

/// Sets the image tag of a container, or of a job that runs an image. Deploys nothing.
///
/// Available on crate feature `versions` only.
///
/// Reads the service, changes the tag and writes all settings back. If the tag is already set, nothing is
/// written.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, id: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::{recipes::set_image, wait::{ServiceKind, ServiceRef, WaitExt}};
///
/// let api = ServiceRef::new(ServiceKind::Container, id);
/// println!("{}", set_image(&client, api, "2.0.1").await?); // 2.0.0 -> 2.0.1
/// client.service(api.kind, api.id).redeploy().await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the value is blank (white space around it is removed), if the service has no image tag, if its
/// settings cannot be read, written back or edited, or if its settings after the edit differ from those that were sent
/// or are not known ([`VersionError::is_conflict`]).
pub async fn set_image(
    client: &Client,
    service: ServiceRef,
    tag: &str,
) -> Result<VersionChange, VersionError> {
    change(client, service, &Change::ImageTag(tag.to_owned())).await
}

/// Sets the Git branch of an application, of a Terraform service, or of a job or Helm chart from Git. Deploys
/// nothing. Reads and writes like [`set_image`].
///
/// Available on crate feature `versions` only.
///
/// # Errors
/// Returns an error if the value is blank (white space around it is removed), if the service has no branch, if its
/// settings cannot be read, written back or edited, or if its settings after the edit differ from those that were sent
/// or are not known ([`VersionError::is_conflict`]).
pub async fn set_branch(
    client: &Client,
    service: ServiceRef,
    branch: &str,
) -> Result<VersionChange, VersionError> {
    change(client, service, &Change::Branch(branch.to_owned())).await
}

/// Sets the version of a Helm chart from a chart repository. Deploys nothing. Reads and writes like
/// [`set_image`].
///
/// Available on crate feature `versions` only.
///
/// # Errors
/// Returns an error if the value is blank (white space around it is removed), if the service has no chart version, if
/// its settings cannot be read, written back or edited, or if its settings after the edit differ from those that were
/// sent or are not known ([`VersionError::is_conflict`]).
pub async fn set_chart_version(
    client: &Client,
    service: ServiceRef,
    version: &str,
) -> Result<VersionChange, VersionError> {
    change(client, service, &Change::ChartVersion(version.to_owned())).await
}

/// How far back the history is read.
const ENTRIES: u32 = 100;

/// A plan to deploy an earlier version of a service. Nothing was deployed yet.
///
/// Available on crate feature `versions` only.
#[must_use = "nothing is deployed until the plan is"]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RollBack {
    client: Client,
    /// The service.
    pub service: ServiceRef,
    /// The version to deploy.
    pub version: ServiceVersion,
    /// The successful deployment of this version.
    pub from: ServiceRow,
    /// The last deployment, which is undone.
    pub last: ServiceRow,
}

impl RollBack {
    /// Deploys the earlier version. Sends no edit of the configuration. The API does not document whether the
    /// deployment changes the configured image tag or chart version. To set the version for later deployments, also
    /// call [`set_image`] or [`set_chart_version`].
    pub fn deploy(&self) -> Action {
        let service = self.client.service(self.service.kind, self.service.id);
        service.deploy(self.version.clone())
    }
}

impl fmt::Display for RollBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.from.start.format("%Y-%m-%d %H:%M");
        let (kind, name) = (self.service.kind, Printable::new(&self.from.name));
        write!(f, "{kind} {name} ({})", self.service.id)?;
        write!(f, " back to {} of {start}", self.version)?;
        match &self.last.version {
            Some(last) => write!(f, ", from {last} ({})", self.last.outcome),
            None => write!(f, ", from a deployment ({})", self.last.outcome),
        }
    }
}

/// Finds an earlier version of a service that was deployed successfully, to deploy it again.
///
/// Available on crate feature `versions` only.
///
/// If the last deployment has not succeeded (it failed, was canceled, or still runs), this is the version of the newest
/// successful one. If the last deployment succeeded, this is the newest other version that succeeded. Requests
/// the last 100 entries of the history; the API does not document how many it returns at most. The plan of a Terraform
/// service does not count as a deployment.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, api: qovery_ext::wait::ServiceRef) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::recipes::roll_back;
///
/// let back = roll_back(&client, api).await?;
/// println!("{back}");
/// back.deploy().await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the history cannot be read, or if it has no such deployment with a known version
/// ([`VersionError::is_without_success`]), or if services of this kind have no version
/// ([`VersionError::is_unsupported`]).
pub async fn roll_back(client: &Client, service: ServiceRef) -> Result<RollBack, VersionError> {
    let shown = named(client, service);
    if service.kind.versions().is_empty() {
        return Err(VersionError::without_version(&shown, service.kind));
    }
    let rows = service_history(client, service, ENTRIES).await;
    let what = format!("reading the history of {shown}");
    let rows = rows.map_err(|error| VersionError::call(what, error))?;
    let read = rows.len();
    let (last, from) = choose(rows).ok_or_else(|| {
        VersionError::no_success(format!(
            "{shown} cannot be rolled back: the newest entries of its history have no earlier deployment that \
             succeeded with a known version ({ENTRIES} entries were requested, and the API returned {read}): deploy \
             a version that you choose"
        ))
    })?;
    Ok(RollBack {
        client: client.clone(),
        service,
        version: from.version.clone().unwrap_or_default(),
        from,
        last,
    })
}

/// The last deployment, and the one to go back to.
fn choose(rows: Vec<ServiceRow>) -> Option<(ServiceRow, ServiceRow)> {
    let mut deployments = rows.into_iter().filter(ServiceRow::is_deployment);
    let last = deployments.next()?;
    let from = deployments.find(|row| {
        let is_other = last.outcome != DeploymentOutcome::Succeeded || row.version != last.version;
        row.outcome == DeploymentOutcome::Succeeded && row.version.is_some() && is_other
    })?;
    Some((last, from))
}
