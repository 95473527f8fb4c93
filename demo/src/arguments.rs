//! The command line.

use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum, error::ErrorKind};
use qovery_api::uuid::Uuid;
use qovery_ext::wait::{Goal, OperationToken};

/// Deploys an environment of a fake Qovery, pages through its history, and shows a failure.
///
/// With --environment and a command it acts on the API. It reads the token from QOVERY_API_TOKEN, and
/// the address from QOVERY_API_URL if that is set.
///
/// On the API, Ctrl-C stops the wait, not the deployment. After the API has accepted the action, Ctrl-C prints the
/// command to continue waiting; with --json, the event has the token. The fake ends with the program.
#[derive(Debug, Parser)]
#[command(
    name = "demo",
    bin_name = "cargo demo",
    max_term_width = 100,
    after_help = "Exit codes: 0 reached; 1 failed, canceled or superseded; 2 unknown outcome (deadline \
                  passed, lost contact, a call without a response, a 5xx or 429, or a list that cannot be \
                  read to its end); 3 refused; \
                  64 wrong arguments or settings; 130 interrupted."
)]
pub(crate) struct Arguments {
    /// Act on this environment of the API instead of on a fake.
    #[arg(long, value_name = "ID", global = true)]
    environment: Option<Uuid>,

    /// Resume the wait of an earlier run. The token has the environment and the goal: no command is allowed.
    #[arg(
        long,
        value_name = "TOKEN",
        global = true,
        conflicts_with = "environment"
    )]
    resume: Option<OperationToken>,

    /// Stop waiting after this time, such as 90s or 20m. Default: one hour. No effect on history.
    #[arg(long, value_name = "TIME", global = true, value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,

    /// Show the log of the deployment while waiting. No effect on history.
    #[arg(long, global = true)]
    pub(crate) logs: bool,

    /// Print one JSON object for each event.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// The speed of the fake's clock, relative to real time.
    #[arg(long, value_name = "FACTOR", default_value_t = 16.0, value_parser = speed)]
    pub(crate) speed: f64,

    #[command(subcommand)]
    command: Option<Command>,
}

/// An action on an environment of the API.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Deploy every service and wait.
    Deploy,
    /// Deploy the current version of every service again and wait.
    Redeploy,
    /// Stop every service and wait.
    Stop,
    /// Cancel the running deployment and wait until it has ended.
    Cancel,
    /// Wait for an action that another user or program has requested.
    ///
    /// If nothing runs or is queued, the last state decides at once, even if it is old: the goal is reached, or the
    /// last deployment has failed or was canceled.
    Wait {
        /// The goal to wait for.
        #[arg(long = "for", value_enum, default_value_t = Awaited::Deployed)]
        goal: Awaited,
    },
    /// List the past deployments, newest first.
    History {
        /// The maximum number of deployments.
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        limit: u64,
    },
}

/// A goal that can be waited for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Awaited {
    Deployed,
    Restarted,
    Stopped,
    Deleted,
}

impl From<Awaited> for Goal {
    fn from(awaited: Awaited) -> Self {
        match awaited {
            Awaited::Deployed => Self::Deployed,
            Awaited::Restarted => Self::Restarted,
            Awaited::Stopped => Self::Stopped,
            Awaited::Deleted => Self::Deleted,
        }
    }
}

/// The task of this run.
#[derive(Debug)]
pub(crate) enum Task {
    /// The tour on the fake.
    Tour,
    /// Resume a wait from a token.
    Resume(OperationToken),
    /// Act on an environment of the API.
    Act(Uuid, Command),
}

impl Arguments {
    /// Reads the command line of this process. The error can also be a text to print, such as the help.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let arguments = Self::try_parse()?;
        arguments.check()?;
        Ok(arguments)
    }

    fn check(&self) -> Result<(), clap::Error> {
        let problem = match (self.environment, &self.resume, &self.command) {
            (Some(_), _, None) => {
                "name a command for the environment: deploy, redeploy, stop, cancel, wait or history"
            }
            (None, None, Some(_)) => {
                "set the environment with --environment ID; without arguments the demo runs on a \
                 fake"
            }
            (None, Some(_), Some(_)) => {
                let problem = "--resume waits for the goal of its token: remove the command";
                return Err(Self::command().error(ErrorKind::ArgumentConflict, problem));
            }
            _ => return Ok(()),
        };
        Err(Self::command().error(ErrorKind::MissingRequiredArgument, problem))
    }

    /// Returns the task that the arguments select.
    pub(crate) fn task(self) -> Task {
        match (self.environment, self.resume, self.command) {
            (_, Some(token), _) => Task::Resume(token),
            (Some(environment), None, Some(command)) => Task::Act(environment, command),
            (_, None, _) => Task::Tour,
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor >= 0.1 => Ok(factor),
        _ => Err("it must be a number of at least 0.1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(line: &str) -> Result<Task, String> {
        let words = ["demo"].into_iter().chain(line.split_whitespace());
        let arguments = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
        arguments.check().map_err(|error| error.to_string())?;
        Ok(arguments.task())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_arguments_the_tour_runs() {
        assert!(matches!(task(""), Ok(Task::Tour)));
        assert!(matches!(task("--json --timeout 90s"), Ok(Task::Tour)));
    }

    #[test]
    fn an_environment_needs_a_command_and_a_command_an_environment() {
        let id = Uuid::nil();
        let error = task(&format!("--environment {id}")).unwrap_err();
        assert!(error.contains("redeploy"), "{error}");
        let error = task("deploy").unwrap_err();
        assert!(error.contains("--environment ID"), "{error}");
        let both = task(&format!("redeploy --environment {id}"));
        assert!(matches!(both, Ok(Task::Act(_, Command::Redeploy))));
    }

    #[test]
    fn a_broken_token_is_refused_with_the_reason() {
        let error = task("--resume qovery-op-11-xyz").unwrap_err();
        assert!(error.contains("cut off or changed"), "{error}");
    }

    #[test]
    fn a_clock_speed_of_zero_is_refused() {
        assert!(task("--speed 0").is_err());
        assert!(task("--speed inf").is_err());
    }
}
