//! Shows the progress of an action: bars on a terminal, lines in CI and pipes, NDJSON for programs.
//!
//! ```no_run
//! # async fn example(client: qovery_ext::qovery_api::Client, environment: uuid::Uuid) {
//! use qovery_ext::{display::ShowExt, wait::WaitExt};
//!
//! let shown = client.environment(environment).deploy().show().await;
//! std::process::exit(match shown {
//!     Ok(reached) => reached.exit_code(),
//!     Err(error) => error.exit_code(), // everything about it was printed
//! }.into());
//! # }
//! ```
//!
//! # Formats
//! | output | format |
//! |---|---|
//! | a terminal | a bar for each stage and a line for each service, redrawn in place |
//! | a terminal with `TERM=dumb` or of unknown size, a pipe, a file | a line for each change |
//! | the log of a CI job | the same lines, in a group that folds on GitHub and GitLab |
//! | anywhere, with [`Display::ndjson`] | one JSON object per line, each with its `event` |
//!
//! The output is the log of a CI job if `CI`, `GITHUB_ACTIONS` or `GITLAB_CI` is set to a value other than `0` and
//! `false`. An empty variable counts as not set.
//!
//! Colors are used on a terminal, unless `NO_COLOR` is set, `CLICOLOR` is `0` or `TERM` is `dumb`. If `NO_COLOR` is
//! not set, `CLICOLOR_FORCE` with a value other than `0` and `false` uses colors everywhere.
//!
//! Rows fit terminals of 40 columns or more, also with `TERM=dumb`. A part that does not fit is left out. A name that
//! does not fit is cut, if possible after a whole word, and ends with `…`. Longer texts are wrapped between words. If
//! there are more services than lines, finished services are left out first.
//!
//! # Ctrl-C
//! Ctrl-C and SIGTERM stop the wait, not the deployment: the terminal is restored, and the result is
//! [`ShowError::Interrupted`], with the token to continue with if the API has accepted the action. If the program can
//! continue, tell its users how with [`Display::resume_hint`]. With [`Display::ignore_signals`], the program handles
//! the signals.
//!
//! # NDJSON
//! Every event has `event` and the fields of its row. Later versions may add events and fields. A field is `null` if
//! its value is not known. A field named `seconds` or `…_seconds` is a number of seconds. Durations in `evidence` and
//! `report` are objects: `{"secs": 63, "nanos": 800000000}` is 63.8 s.
//!
//! | event | when | fields |
//! |---|---|---|
//! | `begin` | first; before an action is sent | `title`, `goal`, `subject`, `name` |
//! | `progress` | with the first status, each change and each heartbeat | `goal`, `phase`, `state`, `deployment_id`, `deployment_request_id`, `queue_position`, `stages`, `services`, `services_reached`, `services_failed`, `services_total`, `polls`, `failed_polls`, `elapsed_seconds`, `heartbeat` |
//! | `log` | with each line of the deployment log, if requested | `entry`: the line as the API sends it |
//! | `reached` | at the end | `goal`, `state`, `is_gone`, `had_nothing_to_do`, `evidence`, `polls`, `elapsed_seconds`, `token`, `exit_code` |
//! | `failed`, `canceled`, `superseded`, `deadline_passed`, `lost_contact`, `refused` | at the end, for a [`WaitError`] of this kind | `message`, `report`, `evidence`, `cause`, `was_canceled_on_server`, `superseded_by`, `polls`, `elapsed_seconds`, `token`, `exit_code` |
//! | `interrupted` | after Ctrl-C or SIGTERM | `token`, `exit_code` |
//!
//! - `goal` is a [`Goal`](crate::wait::Goal), `phase` a [`Phase`](crate::wait::Phase), both in `snake_case`; `state` is
//!   the state of the subject as the API spells it.
//! - A stage has `id`, `name`, `phase`, `status` and `seconds`. A service has `id`, `kind`, `name`, `phase`, `state`,
//!   `stage_id` and `steps`; a step has `name`, `status` and `seconds`.
//! - In the phases `not_started` and `queued`, the API still shows the previous deployment. Then `state` is the
//!   current state of the subject or of the service, `deployment_id` is `null`, the phase of each stage and
//!   service is `queued`, and no service counts as reached or failed.
//! - The last line is `reached`, one of the errors, or `interrupted`. Only these have `exit_code`.
//! - [`Display::event`] adds events of the program.
//!
//! # Dropping
//! Dropping the future of [`Show`] restores the terminal. The server continues.

mod bars;
mod environment;
mod interruption;
mod json;
mod lines;
mod log;
mod no_echo;
mod row;
mod settings;
mod style;
mod task;
mod terminal;
mod text;
mod view;
mod wrap;

use std::{error::Error, fmt, future::IntoFuture};

use qovery_api::{BoxFuture, Printable};

use crate::wait::{Action, Operation, OperationToken, Reached, WaitError};
use crate::{causes::debug_as_text, codes};
pub use crate::{causes::with_causes, interrupt::Interrupt};

pub use view::Display;

use interruption::Interruption;
use log::Log;
use task::Task;

/// Shows the progress of actions and operations.
///
/// Available on crate feature `display` only.
pub trait ShowExt {
    /// Shows the progress on the standard output, in the [format](self#formats) of the output. Await it.
    ///
    /// See [`show_on`](Self::show_on).
    fn show(self) -> Show
    where
        Self: Sized,
    {
        self.show_on(Display::detect())
    }

    /// Shows the progress on this display. Await it.
    ///
    /// Reads the names of the subject and its services first, before the action is sent: at most three requests, for at
    /// most 5 s. A name that cannot be read is left out.
    fn show_on(self, display: Display) -> Show;
}

impl ShowExt for Action {
    fn show_on(self, display: Display) -> Show {
        Show {
            subject: Shown::Action(Box::new(self)),
            display,
            title: None,
            #[cfg(feature = "stream")]
            logs: false,
        }
    }
}

impl ShowExt for Operation {
    fn show_on(self, display: Display) -> Show {
        Show {
            subject: Shown::Operation(Box::new(self)),
            display,
            title: None,
            #[cfg(feature = "stream")]
            logs: false,
        }
    }
}

enum Shown {
    Action(Box<Action>),
    Operation(Box<Operation>),
}

/// An action whose progress is shown. Await it to start it.
///
/// Available on crate feature `display` only.
///
/// # Panics
/// On Unix, awaiting it panics in a Tokio runtime whose I/O driver is not enabled, as [`Interrupt::listen`], unless
/// [`Display::ignore_signals`] is set.
#[must_use = "nothing happens until it is awaited"]
pub struct Show {
    subject: Shown,
    display: Display,
    title: Option<String>,
    #[cfg(feature = "stream")]
    logs: bool,
}

impl Show {
    /// Sets the title. Default: the action and the subject, such as `Deploying environment staging
    /// (0f2c…)`.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets whether to show the deployment log of the environment with the progress. Default: no. Lines of a
    /// deployment before the action are left out. The action is refused, and nothing is sent, if the subject is a
    /// cluster, or if the address of the websocket API is not known. This setting has no effect on an operation that
    /// has already started.
    ///
    /// Available on crate feature `stream` only.
    #[cfg(feature = "stream")]
    pub fn logs(mut self, wanted: bool) -> Self {
        self.logs = wanted;
        self
    }

    async fn run(self) -> Result<Reached, ShowError> {
        #[cfg(feature = "stream")]
        let logs = self.logs;
        let Self {
            subject,
            mut display,
            title,
            ..
        } = self;
        let mut interrupt = match display.listens() {
            true => Interrupt::listen(),
            false => Interrupt::never(),
        };
        let display = &mut display;
        let mut log = Log::default();
        let started = match subject {
            Shown::Operation(operation) => {
                let task = Task::of_operation(&operation, title);
                let task = tokio::select! {
                    task = task => task,
                    () = interrupt.received() => {
                        return Err(display.interrupted(Interruption::Waiting(operation.token())));
                    }
                };
                display.begin(task);
                Ok(*operation)
            }
            Shown::Action(action) => {
                let interruption = match action.sends() {
                    true => Interruption::Sending,
                    false => Interruption::NotSent,
                };
                let task = Task::of_action(&action, title);
                let task = tokio::select! {
                    task = task => task,
                    () = interrupt.received() => return Err(display.interrupted(Interruption::NotSent)),
                };
                display.begin(task);
                #[cfg(feature = "stream")]
                let action = match logs {
                    true => {
                        let (action, followed) = Log::follow(*action);
                        log = followed;
                        action
                    }
                    false => *action,
                };
                tokio::select! {
                    started = action.start() => started,
                    () = interrupt.received() => return Err(display.interrupted(interruption)),
                }
            }
        };
        let mut operation = match started {
            Ok(operation) => operation,
            Err(error) => return Err(display.failed(error)),
        };
        loop {
            let next = tokio::select! {
                biased;
                line = log.next() => {
                    display.log(&line);
                    continue;
                }
                next = operation.next_progress() => next,
                () = interrupt.received() => {
                    return Err(display.interrupted(Interruption::Waiting(operation.token())));
                }
            };
            match next {
                Some(Ok(progress)) => display.progress(&progress),
                Some(Err(error)) => return Err(display.failed(error)),
                None => break,
            }
        }
        match operation.wait().await {
            Ok(reached) => {
                display.reached(&reached);
                Ok(reached)
            }
            Err(error) => Err(display.failed(error)),
        }
    }
}

impl IntoFuture for Show {
    type Output = Result<Reached, ShowError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Starts the action, shows its progress, and waits for its end.
    ///
    /// # Cancel safety
    /// The same as [`Action`]. The terminal is restored.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Show {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Show")
            .field("title", &self.title.as_deref().map(Printable::new))
            .finish()
    }
}

/// An action that was shown did not reach its goal. The error was printed already.
///
/// Available on crate feature `display` only.
#[non_exhaustive]
pub enum ShowError {
    /// The wait ended before its goal was reached.
    Missed(WaitError),
    /// Ctrl-C or SIGTERM stopped the wait. With a token, the server continues, and another process can continue the
    /// wait. Without a token, the action was not sent, or it is not known whether the API has received it.
    Interrupted(Option<Box<OperationToken>>),
}

impl ShowError {
    /// Returns the exit code: see [the table](crate::exit_code#codes).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Missed(error) => error.exit_code(),
            Self::Interrupted(_) => codes::INTERRUPTED,
        }
    }

    /// Returns the token to continue the wait with.
    pub fn token(&self) -> Option<&OperationToken> {
        match self {
            Self::Missed(error) => Some(error.token()),
            Self::Interrupted(token) => token.as_deref(),
        }
    }

    /// Returns the error of the wait, unless the wait was interrupted.
    pub fn wait_error(&self) -> Option<&WaitError> {
        match self {
            Self::Missed(error) => Some(error),
            Self::Interrupted(_) => None,
        }
    }

    /// Returns the error of the call, if the wait ended because a call failed.
    pub fn api_error(&self) -> Option<&qovery_api::Error> {
        self.wait_error()?.api_error()
    }
}

impl fmt::Display for ShowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missed(error) => error.fmt(f),
            Self::Interrupted(Some(token)) => {
                write!(
                    f,
                    "the wait was interrupted: continue with the token {token}"
                )
            }
            Self::Interrupted(None) => f.write_str(
                "interrupted before the API accepted an action: if one was sent, check whether it was executed \
                 before you start it again",
            ),
        }
    }
}

debug_as_text!(ShowError);

impl Error for ShowError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Missed(error) => error.source(),
            Self::Interrupted(_) => None,
        }
    }
}
