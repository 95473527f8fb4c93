//! The outcomes of the actions: of each environment, and of all.

use std::fmt;

use qovery_api::Printable;

use super::super::FoundEnvironment;
use crate::{
    codes,
    wait::{Reached, WaitError},
};

/// The outcome of the action on one environment.
///
/// Available on crate feature `bulk` only.
#[derive(Debug)]
#[non_exhaustive]
pub enum BulkOutcome {
    /// The action has reached its goal.
    Reached(Box<Reached>),
    /// An earlier run with the same journal had reached the goal. The action was not sent again.
    DoneBefore,
    /// The action was a deletion, and another user or program has deleted the environment: the API answered 404 for
    /// it, or the other deletion was first. In both cases, the list of its project lacks the environment, or the
    /// project does not exist.
    AlreadyGone,
    /// The action ended before its goal was reached.
    Failed(WaitError),
    /// The environment no longer exists, so that the action is impossible. Nothing was done.
    Missing(WaitError),
    /// An earlier run ended while it was sending the action, and sending it twice is not safe.
    /// The action was not sent again: check the environment, and remove its lines from the journal.
    Uncertain,
    /// This run neither sent the action nor continued an earlier wait, for this reason.
    NotStarted(String),
}

impl BulkOutcome {
    /// Returns whether the goal is reached.
    pub fn is_reached(&self) -> bool {
        matches!(
            self,
            Self::Reached(_) | Self::DoneBefore | Self::AlreadyGone
        )
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
    /// The patterns of [`Bulk::named`](super::Bulk::named) that no listed environment matches.
    pub unmatched: Vec<String>,
}

impl BulkSummary {
    /// Returns whether each goal is reached.
    pub fn all_reached(&self) -> bool {
        self.results
            .iter()
            .all(|result| result.outcome.is_reached())
    }

    /// Returns the exit code: see [the table](crate::exit_code#codes). If there are several errors, 1 takes
    /// precedence over 3, and 3 over 2.
    pub fn exit_code(&self) -> u8 {
        let all = self
            .results
            .iter()
            .filter_map(|result| match &result.outcome {
                BulkOutcome::Reached(_) | BulkOutcome::DoneBefore | BulkOutcome::AlreadyGone => {
                    None
                }
                BulkOutcome::Failed(error) | BulkOutcome::Missing(error) => Some(error.exit_code()),
                BulkOutcome::Uncertain => Some(codes::UNKNOWN),
                BulkOutcome::NotStarted(_) => Some(codes::REFUSED),
            });
        codes::of_several(all).unwrap_or(codes::REACHED)
    }

    /// How many environments are done.
    pub(super) fn last_line(&self) -> String {
        let count = |is_counted: fn(&BulkOutcome) -> bool| {
            let outcomes = self.results.iter().map(|one| &one.outcome);
            outcomes.filter(|outcome| is_counted(outcome)).count()
        };
        let all = self.results.len();
        let noun = if all == 1 {
            "environment"
        } else {
            "environments"
        };
        let mut line = format!("{} of {all} {noun} done", count(BulkOutcome::is_reached));
        match count(|outcome| matches!(outcome, BulkOutcome::DoneBefore)) {
            0 => {}
            before => line.push_str(&format!(", {before} of them by an earlier run")),
        }
        match count(|outcome| matches!(outcome, BulkOutcome::AlreadyGone)) {
            0 => {}
            1 => line.push_str(", 1 of them was already gone"),
            gone => line.push_str(&format!(", {gone} of them were already gone")),
        }
        for pattern in &self.unmatched {
            let pattern = Printable::new(pattern);
            line.push_str(&format!(", no environment matches \"{pattern}\""));
        }
        line
    }
}

impl fmt::Display for BulkSummary {
    /// A line for each environment that has not reached the goal, and a summary line. The summary line has the number of
    /// environments that are done, how many of them an earlier run had done, how many were already gone, and the patterns
    /// that match nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for result in &self.results {
            let BulkResult {
                environment,
                outcome,
            } = result;
            let project = &environment.project;
            match outcome {
                BulkOutcome::Reached(_) | BulkOutcome::DoneBefore | BulkOutcome::AlreadyGone => {
                    continue;
                }
                BulkOutcome::Failed(error) => {
                    let text = error.to_string();
                    let first = text.lines().next().unwrap_or_default();
                    writeln!(f, "✘ {first} (project {project})")?;
                }
                BulkOutcome::Missing(_) => writeln!(
                    f,
                    "✘ {environment} of project {project} no longer exists: nothing was done with it"
                )?,
                BulkOutcome::Uncertain => writeln!(
                    f,
                    "? {environment} of project {project}: an earlier run may have sent the action: check the \
                     environment, and remove its lines from the journal"
                )?,
                BulkOutcome::NotStarted(why) => writeln!(
                    f,
                    "✘ {environment} of project {project}: {}",
                    Printable::new(why)
                )?,
            }
        }
        f.write_str(&self.last_line())
    }
}
