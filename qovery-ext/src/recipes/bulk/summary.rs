//! How the actions went: one by one, and all of them.

use std::fmt;

use qovery_api::Printable;

use super::super::FoundEnvironment;
use crate::wait::{Reached, WaitError};

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
    pub(super) fn of(result: Result<Reached, WaitError>) -> Self {
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
    /// A line for each environment that has not reached the goal, and a line for all of them, which counts those that
    /// an earlier run had done.
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
        )?;
        let before = self.results.iter();
        match before
            .filter(|one| matches!(one.outcome, BulkOutcome::DoneBefore))
            .count()
        {
            0 => Ok(()),
            before => write!(f, ", {before} of them by an earlier run"),
        }
    }
}
