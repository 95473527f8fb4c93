//! One action on many environments, with a journal that lets the next run continue after a crash.
//!
//! Dropping the future of [`Bulk::run`] cancels nothing on the server: the journal contains the actions that
//! were started, and the next run with the same journal waits for them.

mod error;
mod journal;
mod pattern;
mod summary;

use std::{fmt, path::PathBuf, sync::Arc};

use futures_util::{StreamExt as _, stream};
use qovery_api::{Client, Printable, types::EnvironmentModeEnum};

use super::{FindError, FindExt, FoundEnvironment, FoundOrganization, gone, modes, naming::Named};
use crate::wait::{Action, Goal, Reached, WaitError, WaitErrorKind, WaitExt};

pub use error::BulkError;
pub use summary::{BulkOutcome, BulkResult, BulkSummary};

use journal::{Before, Event, Journal};
use pattern::Pattern;

type Filter = dyn Fn(&FoundEnvironment) -> bool + Send + Sync;

/// A selection of environments, and one action on each of them.
///
/// Available on crate feature `bulk` only.
///
/// ```no_run
/// # async fn example(client: qovery_api::Client) -> Result<(), qovery_ext::recipes::BulkError> {
/// use qovery_ext::recipes::Bulk;
///
/// let summary = Bulk::new(&client)
///     .organization("my-org")
///     .except_mode("PRODUCTION")
///     .journal("stop-all.ndjson")
///     .run(|environment| environment.stop())
///     .await?;
/// println!("{summary}");
/// # Ok(()) }
/// ```
///
/// Without any filter, it selects all environments of all organizations that the token can access. Filters
/// are combined: an environment must pass all of them.
#[derive(Clone)]
#[must_use = "nothing happens until it is run"]
pub struct Bulk {
    client: Client,
    organization: Option<String>,
    project: Option<String>,
    filters: Vec<Arc<Filter>>,
    /// The modes that the filters name.
    modes: Vec<EnvironmentModeEnum>,
    names: Vec<Pattern>,
    at_once: usize,
    journal: Option<PathBuf>,
}

impl Bulk {
    /// The default of [`Bulk::at_once`].
    pub const AT_ONCE: usize = 8;

    /// Selects all environments that the token can access.
    pub fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            organization: None,
            project: None,
            filters: Vec::new(),
            modes: Vec::new(),
            names: Vec::new(),
            at_once: Self::AT_ONCE,
            journal: None,
        }
    }

    /// Selects the environments of this organization, by name or id.
    pub fn organization(mut self, name: impl Into<String>) -> Self {
        self.organization = Some(name.into());
        self
    }

    /// Selects the environments of the project with this name or id, in each organization that has
    /// one. It takes no path: name the organization with [`Bulk::organization`].
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = Some(name.into());
        self
    }

    /// Selects the environments with this mode, such as `"PREVIEW"`. Case is ignored. A mode that this version
    /// of the client does not know is an error of the selection, unless a listed environment has it.
    pub fn mode(mut self, mode: impl Into<EnvironmentModeEnum>) -> Self {
        let mode = mode.into();
        self.modes.push(mode.clone());
        self.filter(move |environment| has_mode(environment, &mode))
    }

    /// Leaves out the environments with this mode, and those whose mode the API does not report. Case is
    /// ignored. A mode that this version of the client does not know is an error of the selection, unless a
    /// listed environment has it.
    pub fn except_mode(mut self, mode: impl Into<EnvironmentModeEnum>) -> Self {
        let mode = mode.into();
        self.modes.push(mode.clone());
        self.filter(move |environment| environment.mode.is_some() && !has_mode(environment, &mode))
    }

    /// Selects the environments whose name matches this pattern: `*` stands for any text, `?` for one
    /// character. Case is ignored. A name without `*` and `?` that no listed environment has is an error of the
    /// selection. A pattern that matches nothing is no error: [`BulkSummary::unmatched`] lists it.
    pub fn named(mut self, pattern: impl Into<String>) -> Self {
        let pattern = Pattern::new(pattern.into());
        self.names.push(pattern.clone());
        self.filter(move |environment| pattern.fits(environment.name()))
    }

    /// Selects an environment if this closure returns true.
    pub fn filter(
        mut self,
        accepts: impl Fn(&FoundEnvironment) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filters.push(Arc::new(accepts));
        self
    }

    /// Sets how many actions run at a time: the next one is sent when an earlier one has ended. Default: 8. 0 counts
    /// as 1.
    ///
    /// The waits do not share polls. For thousands of environments, use a [`Group`](crate::wait::Group): its
    /// [`at_once`](crate::wait::GroupStart::at_once) limits only how many actions are being started.
    pub fn at_once(mut self, actions: usize) -> Self {
        self.at_once = actions.max(1);
        self
    }

    /// Writes each start and each end to this file: one JSON object per line, without secrets.
    ///
    /// If an earlier run was interrupted, or if any action failed, the next run continues it: actions that reached
    /// their goal are skipped, started ones are resumed, and failed ones are retried. A stop, a deletion or an
    /// uninstall is sent again if the program crashed while sending it, or if its response was lost and no request of
    /// it was seen. If each environment has reached the goal, the job is done: the next run with the same journal
    /// starts a new job and skips nothing. [`BulkSummary`] counts the actions that an earlier run had done. Use one
    /// journal for one job. A second run at the same time with the same journal is refused.
    pub fn journal(mut self, file: impl Into<PathBuf>) -> Self {
        self.journal = Some(file.into());
        self
    }

    /// Returns the selected environments, sorted by organization, project and name. Changes
    /// nothing.
    ///
    /// # Errors
    /// Returns an error if an organization, a project or an environment that is named without a wildcard is not found,
    /// if a mode is unknown, or if a list cannot be read.
    pub async fn select(&self) -> Result<Vec<FoundEnvironment>, BulkError> {
        let (selected, _) = self.selection().await?;
        Ok(selected)
    }

    /// The selected environments, and the patterns that match no listed environment.
    async fn selection(&self) -> Result<(Vec<FoundEnvironment>, Vec<String>), BulkError> {
        let client = &self.client;
        let find = BulkError::find;
        let organizations = match &self.organization {
            Some(name) => vec![client.organization(name).await.map_err(find)?],
            None => FoundOrganization::all(client).await.map_err(find)?,
        };
        let mut found = Vec::new();
        let mut missing = None;
        let mut has_project = false;
        for organization in organizations {
            let projects = match &self.project {
                None => organization.projects().await.map_err(find)?,
                Some(name) => {
                    let path = client.organization(organization.id().to_string());
                    match path.project(name).await {
                        Ok(project) => vec![project],
                        Err(error) if error.is_not_found() => {
                            missing = Some(error);
                            continue;
                        }
                        Err(error) => return Err(find(error)),
                    }
                }
            };
            has_project = true;
            for project in projects {
                found.extend(project.environments().await.map_err(find)?);
            }
        }
        // It is no error if no environment fits. A project that no organization has is an error.
        if let Some(missing) = missing
            && !has_project
        {
            return Err(find(missing));
        }
        for mode in &self.modes {
            let listed = found.iter().filter_map(|one| one.mode.as_ref());
            modes::check(mode, listed).map_err(BulkError::unknown_mode)?;
        }
        let unmatched = self.unmatched(&found)?;
        found.retain(|environment| self.filters.iter().all(|accepts| accepts(environment)));
        Ok((found, unmatched))
    }

    /// The patterns that match no listed environment. A name that none has is an error.
    fn unmatched(&self, listed: &[FoundEnvironment]) -> Result<Vec<String>, BulkError> {
        let is_unmatched = |pattern: &&Pattern| !listed.iter().any(|one| pattern.fits(one.name()));
        let mut unmatched = Vec::new();
        for pattern in self.names.iter().filter(is_unmatched) {
            if pattern.is_name() {
                let all: Vec<&Named> = listed.iter().map(|one| &one.environment).collect();
                let error = FindError::not_found("environment", &pattern.text, "", &all);
                return Err(BulkError::find(error));
            }
            unmatched.push(pattern.text.clone());
        }
        Ok(unmatched)
    }

    /// Runs the action on all selected environments, some at a time, and waits for each.
    ///
    /// An action that fails does not stop the others. A deletion of an environment that is already gone counts as done.
    ///
    /// # Errors
    /// Returns an error before any action is sent if the environments cannot be selected, or if the journal
    /// cannot be read, cannot be written, or is that of another job. If a line of the journal cannot be written later,
    /// returns an error after all actions have ended: [`BulkError::summary`] has the outcomes.
    pub async fn run(
        &self,
        act: impl Fn(&FoundEnvironment) -> Action,
    ) -> Result<BulkSummary, BulkError> {
        let (environments, unmatched) = self.selection().await?;
        let journal = match &self.journal {
            Some(file) => Some(Journal::open(file).map_err(BulkError::journal(file))?),
            None => None,
        };
        let actions: Vec<_> = environments
            .into_iter()
            .map(|environment| {
                let action = act(&environment);
                (environment, action)
            })
            .collect();
        if let (Some(journal), Some(file)) = (&journal, &self.journal) {
            let actions = actions
                .iter()
                .map(|(environment, action)| (environment, action));
            journal.check(actions).map_err(BulkError::journal(file))?;
        }
        let journal = journal.as_ref();
        let works =
            actions
                .into_iter()
                .enumerate()
                .map(|(index, (environment, action))| async move {
                    let outcome = self.work(&environment, action, journal).await;
                    let result = BulkResult {
                        environment,
                        outcome,
                    };
                    (index, result)
                });
        let mut results: Vec<_> = stream::iter(works)
            .buffer_unordered(self.at_once)
            .collect()
            .await;
        results.sort_by_key(|(index, _)| *index);
        let summary = BulkSummary {
            results: results.into_iter().map(|(_, result)| result).collect(),
            unmatched,
        };
        let (Some(journal), Some(file)) = (journal, &self.journal) else {
            return Ok(summary);
        };
        // Not if the end of an action could not be written: in the next job, its start would count as that of
        // an environment that the job did not select.
        if summary.all_reached() && journal.is_complete() {
            journal.finish();
        }
        match journal.unwritten() {
            Some(error) => Err(BulkError::unwritten(file, error, summary)),
            None => Ok(summary),
        }
    }

    async fn work(
        &self,
        environment: &FoundEnvironment,
        action: Action,
        journal: Option<&Journal>,
    ) -> BulkOutcome {
        let id = environment.id();
        let Some(journal) = journal else {
            let goal = action.goal();
            return self.outcome(environment, goal, action.await).await;
        };
        let action = match journal.before(id) {
            Before::Nothing => action,
            Before::Done => return BulkOutcome::DoneBefore,
            Before::Started(token) => match self.client.resume(*token) {
                Ok(resumed) => return self.follow(environment, resumed, journal).await,
                Err(error) => return BulkOutcome::NotStarted(error.to_string()),
            },
            // A second execution has no further effect.
            Before::Uncertain if is_repeatable(action.goal()) => action,
            Before::Uncertain => return BulkOutcome::Uncertain,
        };
        if let Err(error) = journal.write(
            environment,
            Event::Starting {
                goal: action.goal(),
            },
        ) {
            return BulkOutcome::NotStarted(format!(
                "the journal cannot be written: {error}; free space or correct its permissions, then run this again"
            ));
        }
        self.follow(environment, action, journal).await
    }

    /// Starts an action, notes its token, and waits for it.
    async fn follow(
        &self,
        environment: &FoundEnvironment,
        action: Action,
        journal: &Journal,
    ) -> BulkOutcome {
        let goal = action.goal();
        let ended = match action.start().await {
            Ok(operation) => {
                let token = Box::new(operation.token());
                // The wait continues without the entry; only a crash would leave the outcome uncertain. The run reports it.
                let _unwritten = journal.write(environment, Event::Started { token });
                operation.await
            }
            Err(error) => Err(error),
        };
        let outcome = self.outcome(environment, goal, ended).await;
        let event = match &outcome {
            BulkOutcome::Reached(_) | BulkOutcome::AlreadyGone => Event::Ended { is_reached: true },
            // The request may never have arrived. The next run sends it again, because a second execution has no
            // further effect.
            BulkOutcome::Failed(error) if is_repeatable(goal) && error.token().lost_response() => {
                Event::Ended { is_reached: false }
            }
            BulkOutcome::Failed(error) if may_continue(error) => Event::Started {
                token: Box::new(error.token().clone()),
            },
            _ => Event::Ended { is_reached: false },
        };
        let _unwritten = journal.write(environment, event);
        outcome
    }

    async fn outcome(
        &self,
        environment: &FoundEnvironment,
        goal: Option<Goal>,
        ended: Result<Reached, WaitError>,
    ) -> BulkOutcome {
        let error = match ended {
            Ok(reached) => return BulkOutcome::Reached(Box::new(reached)),
            Err(error) => error,
        };
        let (project, id) = (environment.project.id, environment.id());
        if !gone::is_gone(&self.client, project, id, &error).await {
            return BulkOutcome::Failed(error);
        }
        self.client.forget_names();
        match goal {
            Some(Goal::Deleted) => BulkOutcome::AlreadyGone,
            _ => BulkOutcome::Missing(error),
        }
    }
}

impl fmt::Debug for Bulk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let journal = self.journal.as_ref().map(|path| path.display().to_string());
        let names = self
            .names
            .iter()
            .map(|pattern| Printable::new(&pattern.text));
        f.debug_struct("Bulk")
            .field(
                "organization",
                &self.organization.as_deref().map(Printable::new),
            )
            .field("project", &self.project.as_deref().map(Printable::new))
            .field("filters", &self.filters.len())
            .field("modes", &self.modes)
            .field("names", &names.collect::<Vec<_>>())
            .field("at_once", &self.at_once)
            .field("journal", &journal.as_deref().map(Printable::new))
            .finish()
    }
}

fn has_mode(environment: &FoundEnvironment, mode: &EnvironmentModeEnum) -> bool {
    let own = environment.mode.as_ref();
    own.is_some_and(|own| modes::is_same(own.as_str(), mode))
}

/// Whether the server may be executing the action, so that the next run waits for it and does not send it
/// again.
fn may_continue(error: &WaitError) -> bool {
    let is_undecided = matches!(
        error.kind(),
        WaitErrorKind::DeadlinePassed | WaitErrorKind::LostContact | WaitErrorKind::Refused
    );
    is_undecided && error.may_have_been_executed()
}

/// Whether the action can safely be requested again if it may have been requested before.
fn is_repeatable(goal: Option<Goal>) -> bool {
    // A second cancel can hit a later deployment.
    matches!(
        goal,
        Some(Goal::Stopped | Goal::Deleted | Goal::Uninstalled)
    )
}
