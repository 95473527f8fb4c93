//! Past deployments as rows: times, duration, user, outcome, and a row for each service.
//!
//! One request reads a limited number of entries. To read further back, page through
//! [`list_environment_deployment_history`](Client::list_environment_deployment_history). Dropping a future of
//! this module abandons a request that only reads.

use std::{fmt, time::Duration};

use qovery_api::{
    Client, Error, Printable,
    types::{
        DeploymentHistoryAuditingData, DeploymentHistoryEnvironmentV2, DeploymentHistoryService,
        DeploymentHistoryServiceDetails,
    },
};
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::{TypedDuration as _, services::kind_of};
use crate::span::span;
use crate::wait::{ServiceKind, ServiceRef, ServiceVersion, State};

/// The date and time of an entry, in UTC.
///
/// Available on crate feature `history` only.
pub type Timestamp = qovery_api::chrono::DateTime<qovery_api::chrono::Utc>;

/// The outcome of a past deployment, or of one service in it.
///
/// Available on crate feature `history` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeploymentOutcome {
    /// It reached its goal.
    Succeeded,
    /// It failed.
    Failed,
    /// It was canceled.
    Canceled,
    /// It has not ended yet.
    UnderWay,
    /// The deployment did not reach the service.
    NotReached,
    /// An outcome that this version does not know.
    Unknown,
}

impl DeploymentOutcome {
    fn of(action_status: &str) -> Self {
        match action_status {
            "SUCCESS" => Self::Succeeded,
            "ERROR" => Self::Failed,
            "CANCELED" => Self::Canceled,
            "QUEUED" | "ONGOING" | "EXECUTING" | "CANCELING" => Self::UnderWay,
            "NEVER" => Self::NotReached,
            _ => Self::Unknown,
        }
    }

    fn has_ended(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

impl fmt::Display for DeploymentOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::UnderWay => "under way",
            Self::NotReached => "not reached",
            Self::Unknown => "unknown",
        })
    }
}

/// One past deployment of an environment.
///
/// Available on crate feature `history` only.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeploymentRow {
    /// The id of the deployment.
    pub deployment_id: String,
    /// The action as the API spells it, such as `DEPLOY`.
    pub action: String,
    /// The outcome.
    pub outcome: DeploymentOutcome,
    /// The state after it.
    pub state: State,
    /// When it was created.
    pub start: Timestamp,
    /// When it ended; `None` unless it succeeded, failed or was canceled.
    pub end: Option<Timestamp>,
    /// The duration so far; `None` if the API returns a text that is not a duration.
    #[serde(serialize_with = "in_seconds")]
    pub duration: Option<Duration>,
    /// The user who triggered it.
    pub triggered_by: String,
    /// Its origin: `CONSOLE`, `API`, `GIT`…
    pub origin: Option<String>,
    /// The services in it, in the order of the stages.
    pub services: Vec<ServiceRow>,
}

/// One service in a past deployment.
///
/// Available on crate feature `history` only.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServiceRow {
    /// The id of the service.
    pub id: Uuid,
    /// Its kind; `None` if this crate has no actions for the kind.
    pub kind: Option<ServiceKind>,
    /// Its name at that time.
    pub name: String,
    /// The id of the deployment.
    pub deployment_id: Option<String>,
    /// The action as the API spells it, such as `DEPLOY`.
    pub action: String,
    /// The refinement of the action of a Terraform service, such as `TERRAFORM_PLAN_ONLY`; `None` if there is
    /// none.
    pub sub_action: Option<String>,
    /// The outcome.
    pub outcome: DeploymentOutcome,
    /// The state after it.
    pub state: State,
    /// When it was created.
    pub start: Timestamp,
    /// When it ended; `None` unless it succeeded, failed or was canceled.
    pub end: Option<Timestamp>,
    /// The duration so far; `None` if the API does not return it.
    #[serde(serialize_with = "in_seconds")]
    pub duration: Option<Duration>,
    /// The user who triggered it.
    pub triggered_by: String,
    /// Its origin.
    pub origin: Option<String>,
    /// The version that was deployed, ready to be deployed again; `None` if the API does not return
    /// it.
    pub version: Option<ServiceVersion>,
}

impl DeploymentRow {
    /// Returns whether the entry computed plans of Terraform services and deployed no service.
    pub fn is_plan(&self) -> bool {
        let is_reached = |service: &&ServiceRow| service.outcome != DeploymentOutcome::NotReached;
        let mut reached = self.services.iter().filter(is_reached).peekable();
        reached.peek().is_some() && reached.all(ServiceRow::is_plan)
    }
}

impl ServiceRow {
    /// Returns the reference for actions and waits; `None` if this crate has no actions for the
    /// kind.
    pub fn service_ref(&self) -> Option<ServiceRef> {
        self.kind.map(|kind| ServiceRef::new(kind, self.id))
    }

    /// Returns whether the entry is a deployment of the service. Returns false, for example, for a stop, and
    /// for the plan of a Terraform service.
    pub fn is_deployment(&self) -> bool {
        let applies = ["TERRAFORM_PLAN_AND_APPLY"];
        let sub_action = self.sub_action.as_deref();
        self.action == "DEPLOY" && sub_action.is_none_or(|name| applies.contains(&name))
    }

    /// Returns whether the entry is the plan of a Terraform service.
    pub fn is_plan(&self) -> bool {
        self.sub_action.as_deref() == Some("TERRAFORM_PLAN_ONLY")
    }
}

impl fmt::Display for DeploymentRow {
    /// Writes one line: date in UTC, outcome, action, duration, user and origin. The action of a plan is `PLAN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start.format("%Y-%m-%d %H:%M:%S");
        let action = shown_action(&self.action, self.is_plan());
        write!(f, "{start} UTC  {:<11}  {action:<8}", self.outcome)?;
        by(f, self.duration, &self.triggered_by, self.origin.as_deref())
    }
}

impl fmt::Display for ServiceRow {
    /// Writes one line: name, outcome, action, duration, user and origin. The action of a plan is `PLAN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Printable::new(&self.name);
        let action = shown_action(&self.action, self.is_plan());
        write!(f, "{name}  {}  {action}", self.outcome)?;
        by(f, self.duration, &self.triggered_by, self.origin.as_deref())
    }
}

/// The action as a row shows it. The API spells the action of a plan `DEPLOY`.
fn shown_action(action: &str, is_plan: bool) -> Printable<'_> {
    Printable::new(if is_plan { "PLAN" } else { action })
}

fn by(
    f: &mut fmt::Formatter<'_>,
    duration: Option<Duration>,
    who: &str,
    origin: Option<&str>,
) -> fmt::Result {
    match duration {
        Some(duration) => write!(f, "  {}", span(duration))?,
        None => f.write_str("  -")?,
    }
    write!(f, "  {}", Printable::new(who))?;
    match origin {
        Some(origin) => write!(f, " ({})", Printable::new(origin)),
        None => Ok(()),
    }
}

fn in_seconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration
        .map(|duration| duration.as_secs_f64())
        .serialize(serializer)
}

/// Returns the newest past deployments of an environment, newest first, at most `limit`. The API may return fewer
/// although there are more: to see that, use [`WindowCall`](crate::page::WindowCall).
///
/// Available on crate feature `history` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, environment: uuid::Uuid) -> Result<(), qovery_api::Error> {
/// for row in qovery_ext::recipes::history(&client, environment, 20).await? {
///     println!("{row}"); // 2026-01-01 10:00:00 UTC  succeeded    DEPLOY    1m 23s  ada@example.com (CLI)
///     for service in &row.services {
///         println!("    {service}");
///     }
/// }
/// # Ok(()) }
/// ```
///
/// # Errors
/// Returns an error if the call fails.
pub async fn history(
    client: &Client,
    environment: Uuid,
    limit: u32,
) -> Result<Vec<DeploymentRow>, Error> {
    let call = client.list_environment_deployment_history_v2(environment);
    let listed = call.page_size(i64::from(limit)).await?;
    let mut rows: Vec<_> = listed.results.into_iter().map(row).collect();
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

/// Returns the newest past deployments of one service, newest first, at most `limit`. The API may return fewer although
/// there are more, as for [`history`].
///
/// Available on crate feature `history` only.
///
/// # Errors
/// Returns an error if the call fails.
pub async fn service_history(
    client: &Client,
    service: ServiceRef,
    limit: u32,
) -> Result<Vec<ServiceRow>, Error> {
    let id = service.id;
    let size = i64::from(limit);
    // One operation for each kind, with the same result.
    macro_rules! listed {
        ($($kind:ident $operation:ident)+) => {
            match service.kind {
                $(ServiceKind::$kind => client.$operation(id).page_size(size).await?.results,)+
            }
        };
    }
    let listed = listed! {
        Application list_application_deployment_history_v2
        Container list_container_deployment_history_v2
        Database list_database_deployment_history_v2
        Job list_job_deployment_history_v2
        Helm list_helm_deployment_history_v2
        Terraform list_terraform_deployment_history_v2
        AgenticWorkflow list_agentic_workflow_deployment_history_v2
    };
    let mut rows: Vec<_> = listed
        .into_iter()
        .map(|entry| service_row(entry, None))
        .collect();
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

fn row(entry: DeploymentHistoryEnvironmentV2) -> DeploymentRow {
    let outcome = DeploymentOutcome::of(entry.action_status.as_str());
    let duration = entry.duration();
    let deployment = entry.identifier.execution_id;
    let services = entry.stages.into_iter().flat_map(|stage| stage.services);
    DeploymentRow {
        services: services
            .map(|service| service_row(service, Some(&deployment)))
            .collect(),
        action: entry.trigger_action.as_str().to_owned(),
        outcome,
        state: State::from(entry.status.as_str()),
        start: entry.auditing_data.created_at,
        end: end(&entry.auditing_data, outcome),
        duration,
        origin: origin(&entry.auditing_data),
        triggered_by: entry.auditing_data.triggered_by,
        deployment_id: deployment,
    }
}

fn service_row(entry: DeploymentHistoryService, deployment: Option<&str>) -> ServiceRow {
    let outcome = DeploymentOutcome::of(entry.status_details.status.as_str());
    let kind = kind_of(entry.identifier.service_type.as_str());
    ServiceRow {
        id: entry.identifier.service_id,
        kind,
        duration: entry.duration(),
        version: kind.and_then(|kind| version(kind, &entry.details)),
        deployment_id: entry
            .identifier
            .execution_id
            .or_else(|| deployment.map(str::to_owned)),
        name: entry.identifier.name,
        action: entry.status_details.action.as_str().to_owned(),
        sub_action: Some(entry.status_details.sub_action.as_str())
            .filter(|name| !["", "NONE"].contains(name))
            .map(str::to_owned),
        outcome,
        state: State::from(entry.status.as_str()),
        start: entry.auditing_data.created_at,
        end: end(&entry.auditing_data, outcome),
        origin: origin(&entry.auditing_data),
        triggered_by: entry.auditing_data.triggered_by,
    }
}

fn end(audit: &DeploymentHistoryAuditingData, outcome: DeploymentOutcome) -> Option<Timestamp> {
    outcome.has_ended().then_some(audit.updated_at)
}

fn origin(audit: &DeploymentHistoryAuditingData) -> Option<String> {
    audit
        .origin
        .as_ref()
        .map(|origin| origin.as_str().to_owned())
}

/// The version in an entry. It is searched in the JSON of the entry, because the shape of the entry depends not
/// only on the kind of the service.
fn version(kind: ServiceKind, details: &DeploymentHistoryServiceDetails) -> Option<ServiceVersion> {
    let details = serde_json::to_value(details).ok()?;
    let text = |value: &Value| {
        let text = value.as_str().map(str::trim)?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let commit = details.pointer("/commit/git_commit_id").and_then(text);
    let tag = details.get("tag").and_then(text);
    let chart = details.pointer("/repository/chart_version").and_then(text);
    let mut version = ServiceVersion::default();
    match kind {
        ServiceKind::Application | ServiceKind::Terraform => version.git_commit_id = commit,
        ServiceKind::Container => version.image_tag = tag,
        // The tag of a job that is built from Git is that of the image that was built.
        ServiceKind::Job if commit.is_some() => version.git_commit_id = commit,
        ServiceKind::Job => version.image_tag = tag,
        ServiceKind::Helm if chart.is_some() => version.chart_version = chart,
        ServiceKind::Helm => version.git_commit_id = commit,
        ServiceKind::Database | ServiceKind::AgenticWorkflow => {}
    }
    (version != ServiceVersion::default()).then_some(version)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_version_of_a_past_deployment_can_be_deployed_again() {
        let commit = json!({
            "git_commit_id": "4f1c2d9", "created_at": "2026-01-01T00:00:00Z", "tag": "", "message": "",
            "author_name": "",
        });
        for (kind, details, expected) in [
            (
                ServiceKind::Application,
                json!({"commit": commit, "build_pod_name": "x"}),
                Some(ServiceVersion::commit("4f1c2d9")),
            ),
            (
                ServiceKind::Container,
                json!({"image_name": "web", "tag": "1.2", "arguments": []}),
                Some(ServiceVersion::image_tag("1.2")),
            ),
            (
                ServiceKind::Job,
                json!({"image_name": "web", "tag": "1.2", "job_type": "CRON"}),
                Some(ServiceVersion::image_tag("1.2")),
            ),
            (
                ServiceKind::Job,
                json!({"image_name": "web", "tag": "built", "commit": commit, "job_type": "CRON"}),
                Some(ServiceVersion::commit("4f1c2d9")),
            ),
            (
                ServiceKind::Helm,
                json!({"repository": {"chart_name": "redis", "chart_version": "7.0"}}),
                Some(ServiceVersion::chart("7.0")),
            ),
            (
                ServiceKind::Helm,
                json!({"commit": commit}),
                Some(ServiceVersion::commit("4f1c2d9")),
            ),
            (
                ServiceKind::Terraform,
                json!({"commit": commit}),
                Some(ServiceVersion::commit("4f1c2d9")),
            ),
            (ServiceKind::Database, json!({}), None),
            (
                ServiceKind::Container,
                json!({"image_name": "web", "tag": " ", "arguments": []}),
                None,
            ),
            (ServiceKind::Application, json!({}), None),
        ] {
            let read: DeploymentHistoryServiceDetails =
                serde_json::from_value(details.clone()).unwrap();
            assert_eq!(version(kind, &read), expected, "{kind} {details}");
        }
    }
}
