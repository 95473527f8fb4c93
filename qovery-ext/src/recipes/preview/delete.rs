//! Deletes previews: one by its name, or all whose time to live has passed.

use qovery_api::{
    Client, Error,
    chrono::{DateTime, Utc},
    types::EnvironmentModeEnum as Mode,
};

use super::{
    super::{FindExt as _, FoundEnvironment, Named, gone::is_gone},
    PreviewError,
    error::Reason,
    mark::{Mark, Namesakes},
};
use crate::wait::WaitExt as _;

/// Deletes the previews among the environments with a name, and waits until they are gone. Returns whether
/// there was one.
pub(super) async fn delete_all(
    client: &Client,
    origin: &FoundEnvironment,
    namesakes: Namesakes,
) -> Result<bool, PreviewError> {
    let existing = namesakes.previews.iter().chain(&namesakes.unfinished);
    let mut was_there = false;
    let mut failed = None;
    for environment in existing {
        match environment.delete().await {
            Ok(_) => was_there = true,
            // Another run has deleted it since it was listed, or the deletion of another run was first.
            Err(error) if is_gone(client, origin.project.id, environment.id(), &error).await => {}
            Err(error) => {
                failed.get_or_insert(PreviewError::wait(error));
            }
        }
    }
    client.forget_names();
    match failed.or(namesakes.other.map(|(_, why)| why)) {
        Some(why) => Err(why),
        None => Ok(was_there),
    }
}

/// Deletes the previews of a project whose [time to live](super::PreviewEnvironment::time_to_live) has passed, and
/// waits until they are gone. Returns their names. The project is a path such as `my-org/shop`, a URL of the web console
/// or an id, as in [`FindExt::find`](super::super::FindExt::find). The time is that of the system clock, also if
/// Tokio's clock is paused.
///
/// Available on crate feature `preview` only.
///
/// It sends one request for each environment that is not in mode `PRODUCTION`. An environment without a time
/// to live remains.
///
/// # Errors
/// Returns an error if the project is not found or cannot be read. If an environment cannot be read or deleted,
/// the others are deleted, and the first error is returned. It does not list the previews that were deleted. An
/// environment whose time has passed and that is not marked as a preview remains, and is an error with
/// [`PreviewError::unmarked`]: [adopt](super::PreviewEnvironment::adopt) it, or remove its variable `PREVIEW_EXPIRES_AT`.
pub async fn delete_expired_previews(
    client: &Client,
    project: &str,
) -> Result<Vec<String>, PreviewError> {
    let find = |error| PreviewError::new(Reason::Find(error));
    let project = client.find(project).project().await.map_err(find)?;
    let listed = client.list_environment(project.id()).await;
    let what = format!("listing the environments of {project}");
    let listed = listed.map_err(|error| PreviewError::call(what, error))?;
    let mut deleted = Vec::new();
    let mut failed = None;
    let environments = listed.results.into_iter();
    for preview in environments.filter(|one| one.mode != Mode::Production) {
        client.remember_name(preview.id, &preview.name);
        let mark = match Mark::read(client, preview.id).await {
            Ok(mark) => mark,
            // Deleted since it was listed.
            Err(error) if error.api_error().is_some_and(Error::is_not_found) => continue,
            Err(error) => {
                failed.get_or_insert(error);
                continue;
            }
        };
        let end = mark.expires_at();
        let end = end.and_then(|end| DateTime::parse_from_rfc3339(end).ok());
        if end.is_none_or(|end| end > Utc::now()) {
            continue;
        }
        if mark.original(preview.id).is_none() {
            let environment = Named {
                id: preview.id,
                name: preview.name,
            };
            failed.get_or_insert(PreviewError::new(Reason::Unmarked {
                environment,
                original: None,
            }));
            continue;
        }
        let environment = client.environment(preview.id).in_project(project.id());
        match environment.delete().await {
            Ok(_) => deleted.push(preview.name),
            Err(error) if is_gone(client, project.id(), preview.id, &error).await => {}
            Err(error) => {
                failed.get_or_insert(PreviewError::wait(error));
            }
        }
    }
    client.forget_names();
    match failed {
        Some(error) => Err(error),
        None => Ok(deleted),
    }
}
