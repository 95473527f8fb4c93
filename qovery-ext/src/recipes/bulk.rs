//! One action on many environments, with a journal that lets the next run continue after a crash.
//!
//! Dropping the future of [`Bulk::run`] cancels nothing on the server: the journal contains the actions that
//! were started, and the next run with the same journal waits for them.

use std::{
    collections::HashMap,
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt as _, stream};
use qovery_api::{Client, Printable, types::EnvironmentModeEnum};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{FindError, FindExt, FoundEnvironment, FoundOrganization, naming::comparable};
use crate::wait::{Action, Goal, OperationToken, Reached, WaitError, WaitExt};

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
    /// one.
    pub fn project(mut self, name: impl Into<String>) -> Self {
        self.project = Some(name.into());
        self
    }

    /// Selects the environments with this mode, such as `"PREVIEW"`.
    pub fn mode(self, mode: impl Into<EnvironmentModeEnum>) -> Self {
        let mode = mode.into();
        self.filter(move |environment| has_mode(environment, &mode))
    }

    /// Leaves out the environments with this mode, and those whose mode the API does not report.
    pub fn except_mode(self, mode: impl Into<EnvironmentModeEnum>) -> Self {
        let mode = mode.into();
        self.filter(move |environment| environment.mode.is_some() && !has_mode(environment, &mode))
    }

    /// Selects the environments whose name matches this pattern: `*` stands for any text, `?` for
    /// one character. Case is ignored.
    pub fn named(self, pattern: impl Into<String>) -> Self {
        let pattern: Vec<char> = comparable(&pattern.into()).chars().collect();
        self.filter(move |environment| {
            let name: Vec<char> = comparable(environment.name()).chars().collect();
            fits(&pattern, &name)
        })
    }

    /// Selects the environments for which this closure returns true.
    pub fn filter(
        mut self,
        accepts: impl Fn(&FoundEnvironment) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filters.push(Arc::new(accepts));
        self
    }

    /// Sets how many actions run at a time. Default: 8. 0 counts as 1.
    pub fn at_once(mut self, actions: usize) -> Self {
        self.at_once = actions.max(1);
        self
    }

    /// Writes each start and each end to this file: one JSON object per line, without secrets.
    ///
    /// If the file exists, the run continues it: actions that reached their goal are skipped,
    /// started ones are resumed, and failed ones are retried. Use one journal for one job, and
    /// delete it when the job is done.
    pub fn journal(mut self, file: impl Into<PathBuf>) -> Self {
        self.journal = Some(file.into());
        self
    }

    /// Returns the selected environments, sorted by organization, project and name. Changes
    /// nothing.
    ///
    /// # Errors
    /// Returns an error if an organization or a project is not found, or if a list cannot be read.
    pub async fn select(&self) -> Result<Vec<FoundEnvironment>, BulkError> {
        let client = &self.client;
        let find = |error| BulkError(Reason::Find(error));
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
        // No environment fits is an answer; a project that no organization has is a mistake.
        if let Some(missing) = missing
            && !has_project
        {
            return Err(find(missing));
        }
        found.retain(|environment| self.filters.iter().all(|accepts| accepts(environment)));
        Ok(found)
    }

    /// Runs the action on all selected environments, some at a time, and waits for each.
    ///
    /// An action that fails does not stop the others.
    ///
    /// # Errors
    /// Returns an error before anything is sent if the environments cannot be listed, or if the journal
    /// cannot be read, cannot be written, or is that of another job.
    pub async fn run(
        &self,
        act: impl Fn(&FoundEnvironment) -> Action,
    ) -> Result<BulkSummary, BulkError> {
        let environments = self.select().await?;
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
            let goals = actions
                .iter()
                .map(|(environment, action)| (environment.id(), action.goal()));
            journal.check(goals).map_err(BulkError::journal(file))?;
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
        Ok(BulkSummary {
            results: results.into_iter().map(|(_, result)| result).collect(),
        })
    }

    async fn work(
        &self,
        environment: &FoundEnvironment,
        action: Action,
        journal: Option<&Journal>,
    ) -> BulkOutcome {
        let id = environment.id();
        let Some(journal) = journal else {
            return BulkOutcome::of(action.await);
        };
        let action = match journal.before(id) {
            Before::Nothing => action,
            Before::Done => return BulkOutcome::DoneBefore,
            Before::Started(token) => match self.client.resume(*token) {
                Ok(resumed) => return self.follow(environment, resumed, journal).await,
                Err(error) => return BulkOutcome::NotStarted(error.to_string()),
            },
            // Twice has the effect of once.
            Before::Uncertain if is_repeatable(action.goal()) => action,
            Before::Uncertain => return BulkOutcome::Uncertain,
        };
        if let Err(error) = journal.write(
            environment,
            Event::Starting {
                goal: action.goal(),
            },
        ) {
            return BulkOutcome::NotStarted(format!("the journal cannot be written: {error}"));
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
        let outcome = match action.start().await {
            Ok(operation) => {
                let token = Box::new(operation.token());
                // The wait continues without the journal entry; only a crash would leave the outcome uncertain.
                let _unwritable = journal.write(environment, Event::Started { token });
                BulkOutcome::of(operation.await)
            }
            Err(error) => BulkOutcome::of(Err(error)),
        };
        let event = match &outcome {
            BulkOutcome::Reached(_) => Event::Ended { is_reached: true },
            // The server continues: the next run waits for the request.
            BulkOutcome::Failed(error) if error.is_deadline_passed() || error.is_lost_contact() => {
                match error.may_have_been_executed() {
                    true => Event::Started {
                        token: Box::new(error.token().clone()),
                    },
                    false => Event::Ended { is_reached: false },
                }
            }
            _ => Event::Ended { is_reached: false },
        };
        let _unwritable = journal.write(environment, event);
        outcome
    }
}

impl fmt::Debug for Bulk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let journal = self.journal.as_ref().map(|path| path.display().to_string());
        f.debug_struct("Bulk")
            .field(
                "organization",
                &self.organization.as_deref().map(Printable::new),
            )
            .field("project", &self.project.as_deref().map(Printable::new))
            .field("filters", &self.filters.len())
            .field("at_once", &self.at_once)
            .field("journal", &journal.as_deref().map(Printable::new))
            .finish()
    }
}

fn has_mode(environment: &FoundEnvironment, mode: &EnvironmentModeEnum) -> bool {
    let own = environment.mode.as_ref();
    // A mode that was made of a text may be in lower case.
    own.is_some_and(|own| own.as_str().eq_ignore_ascii_case(mode.as_str().trim()))
}

/// Whether the action can safely be requested again if it may have been requested before.
fn is_repeatable(goal: Option<Goal>) -> bool {
    matches!(
        goal,
        Some(Goal::Stopped | Goal::Deleted | Goal::Uninstalled | Goal::Canceled)
    )
}

/// Whether a name fits a pattern.
fn fits(pattern: &[char], name: &[char]) -> bool {
    // The place of the last star, and how much of the name it stands for.
    let mut star = None;
    let (mut at, mut from) = (0, 0);
    while let Some(letter) = name.get(from) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == letter => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    (at, from) = (place + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    let rest = pattern.get(at..).unwrap_or_default();
    rest.iter().all(|letter| *letter == '*')
}

/// The outcome of the action on one environment.
///
/// Available on crate feature `bulk` only.
#[derive(Debug)]
#[non_exhaustive]
pub enum BulkOutcome {
    /// The action has reached its goal.
    Reached(Box<Reached>),
    /// An earlier run with the same journal had reached the goal. Nothing was sent.
    DoneBefore,
    /// The action ended without its goal.
    Failed(WaitError),
    /// An earlier run ended while it was sending the action, and sending it twice is not safe.
    /// Nothing was sent: check the environment, and remove its lines from the journal.
    Uncertain,
    /// Nothing was sent, for this reason.
    NotStarted(String),
}

impl BulkOutcome {
    fn of(result: Result<Reached, WaitError>) -> Self {
        match result {
            Ok(reached) => Self::Reached(Box::new(reached)),
            Err(error) => Self::Failed(error),
        }
    }

    /// Returns whether the goal is reached.
    pub fn is_reached(&self) -> bool {
        matches!(self, Self::Reached(_) | Self::DoneBefore)
    }
}

/// One environment and its outcome.
///
/// Available on crate feature `bulk` only.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkResult {
    /// The environment.
    pub environment: FoundEnvironment,
    /// The outcome.
    pub outcome: BulkOutcome,
}

/// The outcomes of all environments.
///
/// Available on crate feature `bulk` only.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkSummary {
    /// The results, sorted by organization, project and name.
    pub results: Vec<BulkResult>,
}

impl BulkSummary {
    /// Returns whether each goal is reached.
    pub fn all_reached(&self) -> bool {
        self.results
            .iter()
            .all(|result| result.outcome.is_reached())
    }

    /// Returns the exit code, for [`std::process::exit`]: 0 if each goal is reached. Otherwise
    /// returns 1 if any error has this code, else 3, else 2, like a
    /// [group](crate::wait::GroupOutcome::exit_code).
    pub fn exit_code(&self) -> u8 {
        let rank = |code: &u8| match code {
            1 => 0,
            3 => 1,
            _ => 2,
        };
        let codes = self
            .results
            .iter()
            .filter_map(|result| match &result.outcome {
                BulkOutcome::Reached(_) | BulkOutcome::DoneBefore => None,
                BulkOutcome::Failed(error) => Some(error.exit_code()),
                BulkOutcome::Uncertain => Some(2),
                BulkOutcome::NotStarted(_) => Some(3),
            });
        codes.min_by_key(rank).unwrap_or(0)
    }
}

impl fmt::Display for BulkSummary {
    /// A line for each environment that has not reached the goal, and a line for all of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for result in &self.results {
            let BulkResult {
                environment,
                outcome,
            } = result;
            let project = &environment.project;
            match outcome {
                BulkOutcome::Reached(_) | BulkOutcome::DoneBefore => continue,
                BulkOutcome::Failed(error) => {
                    let text = error.to_string();
                    let first = text.lines().next().unwrap_or_default();
                    writeln!(f, "✘ {first} (project {project})")?;
                }
                BulkOutcome::Uncertain => writeln!(
                    f,
                    "? {environment} of project {project}: an earlier run may have sent the action"
                )?,
                BulkOutcome::NotStarted(why) => writeln!(
                    f,
                    "✘ {environment} of project {project}: {}",
                    Printable::new(why)
                )?,
            }
        }
        let reached = self.results.iter().filter(|one| one.outcome.is_reached());
        let noun = match self.results.len() {
            1 => "environment",
            _ => "environments",
        };
        write!(
            f,
            "{} of {} {noun} done",
            reached.count(),
            self.results.len()
        )
    }
}

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    environment: Uuid,
    /// For people: nothing is decided by it.
    name: String,
    #[serde(flatten)]
    event: Event,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    /// The action is about to be sent.
    Starting { goal: Option<Goal> },
    /// The server has accepted it.
    Started { token: Box<OperationToken> },
    /// It has ended.
    Ended { is_reached: bool },
}

/// The entry of an environment when the run begins.
enum Before {
    Nothing,
    Uncertain,
    Started(Box<OperationToken>),
    Done,
}

/// The actions that were started, and their ends.
struct Journal {
    file: Mutex<File>,
    /// The last entry of each environment, and the goal of its action.
    last: HashMap<Uuid, (Event, Option<Goal>)>,
}

/// Takes an entry of the journal.
fn note(last: &mut HashMap<Uuid, (Event, Option<Goal>)>, entry: Entry) {
    let goal = match &entry.event {
        Event::Starting { goal } => *goal,
        Event::Started { token } => token.goal(),
        Event::Ended { .. } => last.get(&entry.environment).and_then(|(_, goal)| *goal),
    };
    last.insert(entry.environment, (entry.event, goal));
}

impl Journal {
    /// Reads the entries, and opens the file to add more.
    fn open(path: &Path) -> io::Result<Self> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        let (whole, rest) = bytes.split_at(end.map_or(0, |end| end + 1));
        let mut journal = HashMap::new();
        for (number, line) in whole.split(|byte| *byte == b'\n').enumerate() {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let entry = serde_json::from_slice(line).map_err(|error| {
                let text = format!("line {} is not an entry of a journal: {error}", number + 1);
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?;
            note(&mut journal, entry);
        }
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        if !rest.is_empty() {
            match serde_json::from_slice(rest) {
                Ok(entry) => {
                    note(&mut journal, entry);
                    file.write_all(b"\n")?;
                }
                // A crash has torn the last line. The line before says as much, and the rest would make
                // the file unreadable.
                Err(_) => file.set_len(whole.len() as u64)?,
            }
        }
        let last = journal;
        Ok(Self {
            file: Mutex::new(file),
            last,
        })
    }

    /// Refuses the journal of another job.
    fn check(&self, goals: impl IntoIterator<Item = (Uuid, Option<Goal>)>) -> io::Result<()> {
        for (environment, goal) in goals {
            if let Some((_, noted)) = self.last.get(&environment)
                && *noted != goal
            {
                let text = |goal: &Option<Goal>| match goal {
                    Some(goal) => goal.to_string(),
                    None => "a condition".to_owned(),
                };
                let what = format!(
                    "it belongs to another job: there, the goal of environment {environment} is {}, and here {}",
                    text(noted),
                    text(&goal)
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        Ok(())
    }

    fn before(&self, environment: Uuid) -> Before {
        match self.last.get(&environment).map(|(event, _)| event) {
            None | Some(Event::Ended { is_reached: false }) => Before::Nothing,
            Some(Event::Ended { is_reached: true }) => Before::Done,
            Some(Event::Starting { .. }) => Before::Uncertain,
            Some(Event::Started { token }) => Before::Started(token.clone()),
        }
    }

    /// Adds an entry, and waits until it is on the disk.
    fn write(&self, environment: &FoundEnvironment, event: Event) -> io::Result<()> {
        let entry = Entry {
            environment: environment.id(),
            name: environment.name().to_owned(),
            event,
        };
        let mut line = serde_json::to_string(&entry)?;
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }
}

/// The bulk action did not begin: no environment was changed.
///
/// Available on crate feature `bulk` only.
#[derive(Debug)]
pub struct BulkError(Reason);

#[derive(Debug)]
enum Reason {
    Find(FindError),
    Journal(PathBuf, io::Error),
}

impl BulkError {
    fn journal(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |error| Self(Reason::Journal(path, error))
    }

    /// Returns the error of the selection, if the environments were not found.
    pub fn find_error(&self) -> Option<&FindError> {
        match &self.0 {
            Reason::Find(error) => Some(error),
            Reason::Journal(..) => None,
        }
    }

    /// Returns whether the journal cannot be used.
    pub fn is_journal(&self) -> bool {
        matches!(self.0, Reason::Journal(..))
    }
}

impl fmt::Display for BulkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Find(error) => error.fmt(f),
            Reason::Journal(path, error) => {
                let (path, error) = (path.display().to_string(), error.to_string());
                let (path, error) = (Printable::new(&path), Printable::new(&error));
                write!(f, "the journal {path} cannot be used: {error}")
            }
        }
    }
}

impl std::error::Error for BulkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Reason::Find(error) => error.source(),
            Reason::Journal(_, error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_names() {
        for (pattern, name, fit) in [
            ("pr-*", "pr-17", true),
            ("pr-*", "pr-", true),
            ("pr-*", "xpr-1", false),
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("?", "a", true),
            ("?", "", false),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("*ab", "aab", true),
            ("**", "x", true),
            ("pr-?", "pr-17", false),
        ] {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(
                fits(&letters(pattern), &letters(name)),
                fit,
                "{pattern} {name}"
            );
        }
    }
}
