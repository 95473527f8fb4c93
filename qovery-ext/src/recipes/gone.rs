//! Environments that no longer exist when an action is sent.

use qovery_api::{Client, Error};
use uuid::Uuid;

use crate::wait::{Goal, Subject, WaitError};

/// Whether an action on an environment was refused because the environment no longer exists, or a deletion ended as
/// superseded because another deletion was first.
///
/// Only a 404 of the API counts as a refusal, for this environment, before anything was executed. In both cases, the
/// list of the project confirms it. The 404 of a proxy or a firewall is no evidence.
pub(super) async fn is_gone(
    client: &Client,
    project: Uuid,
    environment: Uuid,
    error: &WaitError,
) -> bool {
    let is_about = |subject: &Subject| matches!(subject, Subject::Environment { id, .. } if *id == environment);
    let token = error.token();
    let is_refused = error.is_refused()
        && !error.may_have_been_executed()
        && error.api_error().is_some_and(is_missing);
    let is_superseded = error.is_superseded() && token.goal() == Some(Goal::Deleted);
    let says_so = is_about(token.subject()) && (is_refused || is_superseded);
    says_so && !is_listed(client, project, environment).await
}

/// Whether a list has the environment, or cannot be read.
async fn is_listed(client: &Client, project: Uuid, environment: Uuid) -> bool {
    match client.list_environment(project).await {
        Ok(listed) => listed.results.iter().any(|one| one.id == environment),
        Err(error) => !is_missing(&error),
    }
}

/// Whether the API itself answered 404.
fn is_missing(error: &Error) -> bool {
    error.is_not_found() && error.is_from_api()
}
