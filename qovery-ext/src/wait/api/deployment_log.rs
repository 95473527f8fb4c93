//! Reads the log of a deployment and its console URL, for the report on a failure.

use qovery_api::{Client, types};
use uuid::Uuid;

use super::{ApiSource, bounds};
use crate::wait::{Subject, failure_report::DeploymentLog, failure_report::LogLine, source::Fault};

const CONSOLE: &str = "https://console.qovery.com";

impl ApiSource {
    /// Reads the lines of a deployment's log, or of the last one of the subject, and a link to it, for the report on a
    /// failure. Reads the whole environment too, if requested, because the wait has not read it.
    pub(crate) async fn log(
        &self,
        subject: &Subject,
        deployment: Option<&str>,
        with_environment: bool,
    ) -> Result<DeploymentLog, Fault> {
        let client = &self.client;
        if let Subject::Cluster { organization, id } = subject {
            let log = client.list_cluster_logs(*organization, *id).await?;
            let lines = bounds::last(bounds::LINES, &log.results).iter();
            let console =
                format!("{CONSOLE}/organization/{organization}/cluster/{id}/cluster-logs");
            return Ok(DeploymentLog {
                lines: lines.map(of_cluster).collect(),
                console: Some(console),
                whole: None,
            });
        }
        let Some(environment) = self.parents.environment_of_subject(subject).await? else {
            return Ok(DeploymentLog::default());
        };
        let mut call = client.list_environment_logs(environment);
        if let Some(deployment) = deployment {
            call = call.version(deployment);
        }
        let log = call.await?;
        let lines = bounds::last(bounds::LINES, &log).iter();
        let whole = if with_environment {
            // If only the log can be read, the report contains only the log.
            let seen = self.read(&Subject::environment(environment)).await;
            seen.ok().map(|s| s.snapshot)
        } else {
            None
        };
        Ok(DeploymentLog {
            lines: lines.map(of_environment).collect(),
            console: console_url(client, environment, deployment).await,
            whole,
        })
    }
}

async fn console_url(client: &Client, id: Uuid, deployment: Option<&str>) -> Option<String> {
    let environment = client.get_environment(id).await.ok()?;
    let (organization, project) = (environment.organization?.id, environment.project.id);
    let place = format!("{CONSOLE}/organization/{organization}/project/{project}/environment/{id}");
    Some(match deployment {
        Some(deployment) => format!("{place}/deployment/{deployment}"),
        None => place,
    })
}

fn of_environment(log: &types::EnvironmentLogs) -> LogLine {
    let transmitter = log.details.transmitter.as_ref();
    let error = log.error.as_ref();
    let text = match (error, &log.message) {
        (Some(error), _) => error
            .user_log_message
            .clone()
            .or_else(|| error.underlying_error.as_ref()?.message.clone()),
        (None, Some(message)) => message.safe_message.clone(),
        (None, None) => None,
    };
    LogLine {
        at: Some(log.timestamp.to_rfc3339()),
        about: transmitter.and_then(|t| t.id),
        name: transmitter.and_then(|t| t.name.clone()),
        step: log.details.stage.as_ref().and_then(|s| s.step.clone()),
        is_error: error.is_some(),
        text: text.unwrap_or_default(),
        hint: error.and_then(|e| e.hint_message.clone()),
    }
}

fn of_cluster(log: &types::ClusterLogs) -> LogLine {
    let error = log.error.as_ref();
    let text = match error {
        Some(error) => error.user_log_message.clone(),
        None => log.message.as_ref().and_then(|m| m.safe_message.clone()),
    };
    LogLine {
        at: log.timestamp.map(|t| t.to_rfc3339()),
        step: text!(log.step),
        is_error: error.is_some(),
        text: text.unwrap_or_default(),
        hint: error.and_then(|e| e.hint_message.clone()),
        ..LogLine::default()
    }
}
