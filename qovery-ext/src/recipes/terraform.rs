//! Terraform services: computes a plan, reads it, and applies the planned commit.
//!
//! The API does not store plans: a plan is a deployment that applies nothing, and its text is in the log of
//! that deployment. The same commit is applied, and only if the history of the service has no entry after the
//! plan. Dropping a future of this module cancels nothing on the server.

use std::fmt;

use qovery_api::{Client, Error, Printable};
use uuid::Uuid;

use super::{DeploymentOutcome, ServiceRow, known::named, service_history};
use crate::{
    causes::{self, debug_as_text},
    codes,
    wait::{Action, Reached, ServiceKind, ServiceRef, ServiceVersion, WaitError, WaitExt},
};

/// The number of resources that a plan adds, changes and destroys.
///
/// Available on crate feature `terraform` only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlanCounts {
    /// Resources to add.
    pub add: u64,
    /// Resources to change.
    pub change: u64,
    /// Resources to destroy.
    pub destroy: u64,
}

impl PlanCounts {
    /// Returns whether the plan changes nothing.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for PlanCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            add,
            change,
            destroy,
        } = self;
        write!(f, "{add} to add, {change} to change, {destroy} to destroy")
    }
}

/// A plan of a Terraform service.
///
/// Available on crate feature `terraform` only.
#[must_use = "nothing changes until the plan is applied"]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TerraformPlan {
    client: Client,
    /// The service.
    pub terraform: Uuid,
    /// The commit that was planned; `None` if neither the request nor the history names it.
    pub commit: Option<String>,
    /// The deployment that computed it.
    pub deployment_id: String,
    /// The lines of the log of the service, unescaped. Print them with [`Printable`]. The `Display`
    /// of the plan escapes them.
    pub lines: Vec<String>,
    /// The summary of the plan; `None` if the log has no such line.
    pub counts: Option<PlanCounts>,
}

/// Computes the plan of a Terraform service, waits for it, and reads it. Applies nothing.
///
/// Available on crate feature `terraform` only.
///
/// Without a commit, the deployed commit is planned, or the newest commit of the branch if the service was never
/// deployed. [`TerraformPlan::commit`] has the planned commit. If neither the service nor the history shows this commit,
/// the plan can be read but not applied.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client, service: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// use qovery_ext::recipes::plan_terraform;
///
/// let plan = plan_terraform(&client, service, Some("4f1c2d9")).await?;
/// println!("{plan}");
/// if plan.counts.is_some_and(|counts| counts.destroy == 0) {
///     plan.apply().await?.await?;
/// }
/// # Ok(()) }
/// ```
///
/// To wait with other options or to watch the progress, start [`plan`](crate::wait::TerraformHandle::plan) of
/// the handle, and pass its result to [`read_terraform_plan`].
///
/// # Errors
/// Returns an error if the plan fails, if the service, its commits, its history or the log cannot be read, or if the
/// newest 20 entries of the history lack the plan.
pub async fn plan_terraform(
    client: &Client,
    terraform: Uuid,
    commit: Option<&str>,
) -> Result<TerraformPlan, TerraformError> {
    let newest = match commit {
        Some(_) => None,
        None => newest_of_undeployed(client, terraform).await?,
    };
    let commit = commit.or(newest.as_deref());
    let version = match commit {
        Some(commit) => ServiceVersion::commit(commit),
        None => ServiceVersion::configured(),
    };
    let reached = client.terraform(terraform).plan(version).await;
    let reached = reached.map_err(TerraformError::wait)?;
    read_terraform_plan(client, terraform, &reached, commit).await
}

/// The newest commit of the branch of a service that was never deployed: no other endpoint names the commit of
/// its first plan, and without it the plan cannot be applied.
async fn newest_of_undeployed(
    client: &Client,
    terraform: Uuid,
) -> Result<Option<String>, TerraformError> {
    let module = client.get_terraform(terraform).await;
    let shown = named(client, "terraform", terraform);
    let module =
        module.map_err(|error| TerraformError::call(format_args!("reading {shown}"), error))?;
    let files = module.terraform_files_source.and_then(|files| files.git);
    let Some(repository) = files.and_then(|git| git.git_repository) else {
        return Ok(None);
    };
    if repository
        .deployed_commit_id
        .is_some_and(|id| !id.is_empty())
    {
        return Ok(None);
    }
    match client.list_terraform_commit(terraform).await {
        Ok(listed) => {
            let newest = listed.results.into_iter().flatten().next();
            Ok(newest.map(|commit| commit.git_commit_id))
        }
        // The repository cannot be read. The plan shows whether its commit is known.
        Err(error)
            if error
                .status()
                .is_some_and(|status| matches!(status.as_u16(), 400 | 403 | 404)) =>
        {
            Ok(None)
        }
        Err(error) => {
            let what = format_args!("reading the commits of {shown}");
            Err(TerraformError::call(what, error))
        }
    }
}

/// Reads the plan that an action has computed.
///
/// Available on crate feature `terraform` only.
///
/// `commit` is the commit that was requested, if any: [`TerraformPlan::commit`] has it if the history does not name the
/// commit. If the history names one, [`TerraformPlan::commit`] has the full id of the history.
///
/// # Errors
/// Returns an error if the service, the history or the log cannot be read, if the newest 20 entries of the history lack
/// the deployment, or if the deployment has applied its changes.
pub async fn read_terraform_plan(
    client: &Client,
    terraform: Uuid,
    reached: &Reached,
    commit: Option<&str>,
) -> Result<TerraformPlan, TerraformError> {
    let shown = named(client, "terraform", terraform);
    let rows = rows(client, terraform).await?;
    let computed = reached
        .snapshot
        .as_ref()
        .and_then(|seen| seen.deployment_id.as_deref());
    let is_planned = |row: &&ServiceRow| match computed {
        Some(id) => row.deployment_id.as_deref() == Some(id),
        None => row.is_plan(),
    };
    let row = rows.iter().find(is_planned);
    let Some((row, Some(deployment_id))) = row.map(|row| (row, row.deployment_id.clone())) else {
        return Err(TerraformError::refused(format!(
            "the newest {ENTRIES} entries of the history of {shown} do not have the deployment that computed the \
             plan: plan again"
        )));
    };
    if row.is_deployment() && row.sub_action.is_some() {
        return Err(TerraformError::refused(format!(
            "deployment {deployment_id} of {shown} is not a plan, it has applied its changes: pass the result of `plan`"
        )));
    }
    let planned = row.version.as_ref();
    let planned = planned.and_then(|version| version.git_commit_id.clone());
    let call = |what: String| move |error| TerraformError::call(what, error);
    let module = client
        .get_terraform(terraform)
        .await
        .map_err(call(format!("reading {shown}")))?;
    let log = client
        .list_environment_logs(module.environment.id)
        .version(&deployment_id);
    let log = log
        .await
        .map_err(call(format!("reading the log of the plan of {shown}")))?;
    let lines: Vec<String> = log
        .iter()
        .filter(|entry| {
            let about = entry.details.transmitter.as_ref().and_then(|one| one.id);
            about == Some(terraform)
        })
        .filter_map(|entry| {
            let message = entry.message.as_ref()?;
            message
                .safe_message
                .clone()
                .or_else(|| message.full_details.clone())
        })
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    Ok(TerraformPlan {
        client: client.clone(),
        terraform,
        // The history has the full commit id. The caller may have given a prefix of it.
        commit: planned.or(commit.map(str::to_owned)),
        deployment_id,
        counts: lines.iter().rev().find_map(|line| counts(line)),
        lines,
    })
}

impl TerraformPlan {
    /// Returns an action that deploys the planned commit, if the history of the service has no entry after
    /// the plan. Await the action to apply the plan.
    ///
    /// Terraform plans again during the deployment. The new plan includes changes that were made
    /// outside of Qovery in the meantime.
    ///
    /// # Errors
    /// Returns an error if the commit is not known, if the history of the service has an entry after the plan (a
    /// deployment, a stop or another plan), or if the history cannot be read. Reads the newest 20 entries of the
    /// history.
    pub async fn apply(&self) -> Result<Action, TerraformError> {
        let Some(commit) = &self.commit else {
            let text = "the commit of the plan is not known: plan again with a commit, to apply exactly that commit";
            return Err(TerraformError::refused(text.to_owned()));
        };
        let newest = rows(&self.client, self.terraform).await?.into_iter().next();
        let newest = newest.and_then(|row| row.deployment_id);
        if newest.as_deref() != Some(&self.deployment_id) {
            return Err(TerraformError::refused(format!(
                "{} has a newer entry in its history than this plan (a deployment, a stop or another plan): \
                 plan it again",
                named(&self.client, "terraform", self.terraform)
            )));
        }
        let module = self.client.terraform(self.terraform);
        Ok(module.deploy(ServiceVersion::commit(commit)))
    }
}

impl fmt::Display for TerraformPlan {
    /// The lines of the plan, and its summary. Says so if the commit is not known, so that the plan cannot be applied.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{}", Printable::new(line))?;
        }
        match &self.counts {
            Some(counts) => counts.fmt(f)?,
            None => f.write_str("the log has no summary of the plan")?,
        }
        match &self.commit {
            Some(_) => Ok(()),
            None => f.write_str("; its commit is not known, so that it cannot be applied"),
        }
    }
}

/// How far back the history is read.
const ENTRIES: u32 = 20;

async fn rows(client: &Client, terraform: Uuid) -> Result<Vec<ServiceRow>, TerraformError> {
    let service = ServiceRef::new(ServiceKind::Terraform, terraform);
    let rows = service_history(client, service, ENTRIES).await;
    let mut rows = rows.map_err(|error| {
        let shown = named(client, "terraform", terraform);
        TerraformError::call(format_args!("reading the history of {shown}"), error)
    })?;
    rows.retain(|row| row.outcome != DeploymentOutcome::NotReached);
    Ok(rows)
}

/// Reads `Plan: 1 to add, 2 to change, 3 to destroy.` and `No changes.`, with or without colors.
fn counts(line: &str) -> Option<PlanCounts> {
    let plain = without_colors(line);
    if plain.trim_start().starts_with("No changes.") {
        return Some(PlanCounts::default());
    }
    let (_, plan) = plain.split_once("Plan: ")?;
    let mut counts = PlanCounts::default();
    let mut is_plan = false;
    for part in plan.trim_end_matches('.').split(", ") {
        let (number, what) = part.trim().split_once(" to ")?;
        let number = number.parse().ok()?;
        match what.trim_end_matches('.') {
            "add" => counts.add = number,
            "change" => counts.change = number,
            "destroy" => counts.destroy = number,
            // `1 to import`, `2 to forget` change no resource.
            _ => continue,
        }
        is_plan = true;
    }
    is_plan.then_some(counts)
}

fn without_colors(line: &str) -> String {
    let mut plain = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = after
            .find(|c: char| c.is_ascii_alphabetic())
            .map_or(after.len(), |end| end + 1);
        rest = after.get(end..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

/// A plan was not computed, read or applied.
///
/// Available on crate feature `terraform` only.
pub struct TerraformError(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Wait(WaitError),
    Call(String, Error),
    Refused(String),
}

impl TerraformError {
    fn wait(error: WaitError) -> Self {
        Self(Box::new(Reason::Wait(error)))
    }

    fn call(what: impl fmt::Display, error: Error) -> Self {
        Self(Box::new(Reason::Call(what.to_string(), error)))
    }

    fn refused(text: String) -> Self {
        Self(Box::new(Reason::Refused(text)))
    }

    /// Returns whether the plan cannot be read or applied: the deployment is not a plan or not in the history, the
    /// commit is not known, or the history has an entry after the plan. This call has applied no changes.
    pub fn is_refused(&self) -> bool {
        matches!(*self.0, Reason::Refused(_))
    }

    /// Returns the error of the wait for the plan.
    pub fn wait_error(&self) -> Option<&WaitError> {
        match &*self.0 {
            Reason::Wait(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the call that failed.
    pub fn api_error(&self) -> Option<&Error> {
        match &*self.0 {
            Reason::Wait(error) => error.api_error(),
            Reason::Call(_, error) => Some(error),
            Reason::Refused(_) => None,
        }
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes).
    pub fn exit_code(&self) -> u8 {
        match self.wait_error() {
            Some(error) => error.exit_code(),
            None => self.api_error().map_or(codes::REFUSED, codes::of_call),
        }
    }
}

impl fmt::Display for TerraformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Wait(error) => error.fmt(f),
            Reason::Call(what, error) => {
                causes::write(f, self, Printable::new(&format!("{what} failed: {error}")))
            }
            Reason::Refused(text) => Printable::new(text).fmt(f),
        }
    }
}

debug_as_text!(TerraformError);

impl std::error::Error for TerraformError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.api_error().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_are_read_from_the_last_line_of_a_plan() {
        let expected = |add, change, destroy| {
            Some(PlanCounts {
                add,
                change,
                destroy,
            })
        };
        for (line, counted) in [
            (
                "Plan: 1 to add, 2 to change, 3 to destroy.",
                expected(1, 2, 3),
            ),
            (
                "\u{1b}[1mPlan:\u{1b}[0m 1 to add, 0 to change, 0 to destroy.",
                expected(1, 0, 0),
            ),
            (
                "Plan: 2 to import, 1 to add, 0 to change, 0 to destroy.",
                expected(1, 0, 0),
            ),
            (
                "No changes. Your infrastructure matches the configuration.",
                expected(0, 0, 0),
            ),
            ("\u{1b}[32mNo changes.", expected(0, 0, 0)),
            ("Plan: to be made", None),
            ("Plan: x to add", None),
            ("Apply complete!", None),
            ("\u{1b}[", None),
        ] {
            assert_eq!(counts(line), counted, "{line:?}");
        }
    }
}
