//! Showing an action that is waited for: bars on a terminal, lines in CI and pipes, NDJSON for programs.
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
//! | a terminal with `TERM=dumb`, a pipe, a file | a line for each change |
//! | the log of a CI job (`CI` is set) | the same lines, in a group that folds on GitHub and GitLab |
//! | anywhere, with [`Display::ndjson`] | one JSON object a line, each with its `event` |
//!
//! Colours are used on a terminal, unless `NO_COLOR` is set to something or `TERM` is `dumb`;
//! `CLICOLOR_FORCE=1` uses them everywhere. Rows fit the width of the terminal from 40 columns on: what
//! has no room is left out as a whole, and longer texts are wrapped between words.
//!
//! # Ctrl-C
//! Ctrl-C and SIGTERM stop the waiting and nothing else: the terminal is left clean, how to wait on is
//! printed, and the result is [`ShowError::Interrupted`] with the token. The server goes on.
//! [`Display::ignore_signals`] leaves the signals to the program.
//!
//! # Dropping
//! Dropping the future of [`Show`] leaves the terminal clean and the server at work.

mod bars;
mod environment;
mod json;
mod lines;
mod log;
mod no_echo;
mod row;
mod settings;
mod style;
mod task;
mod text;
mod view;
mod wrap;

use std::{error::Error, fmt, future::IntoFuture};

use qovery_api::{BoxFuture, Printable};

pub use crate::interrupt::Interrupt;
use crate::wait::{Action, Operation, OperationToken, Reached, WaitError};

pub use text::with_causes;
pub use view::Display;

use log::Log;
use task::Task;

/// Showing, for actions and operations.
///
/// Available on crate feature `display` only.
pub trait ShowExt {
    /// Shows how it goes on the standard output, in the format that fits. Await it.
    fn show(self) -> Show
    where
        Self: Sized,
    {
        self.show_on(Display::detect())
    }

    /// Shows how it goes on this display. Await it.
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

/// An action that is shown while it is waited for. Await it to start it.
///
/// Available on crate feature `display` only.
#[must_use = "nothing happens until it is awaited"]
pub struct Show {
    subject: Shown,
    display: Display,
    title: Option<String>,
    #[cfg(feature = "stream")]
    logs: bool,
}

impl Show {
    /// Titles it with this text. Default: the goal and the subject, such as
    /// `environment staging (0f2c…) to be deployed`.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Whether to show the deployment log of the environment with the progress. Default: no. Lines of a
    /// deployment before the action are left out. Only for an action: an operation has already started.
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
                    () = interrupt.comes() => {
                        return Err(display.interrupted(Some(operation.token())));
                    }
                };
                display.begin(task);
                Ok(*operation)
            }
            Shown::Action(action) => {
                let task = Task::of_action(&action, title);
                let task = tokio::select! {
                    task = task => task,
                    () = interrupt.comes() => return Err(display.interrupted(None)),
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
                    () = interrupt.comes() => return Err(display.interrupted(None)),
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
                () = interrupt.comes() => {
                    return Err(display.interrupted(Some(operation.token())));
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

    /// Starts it, shows how it goes and waits for its end.
    ///
    /// # Cancel safety
    /// As [`Action`]; the terminal is left clean.
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

/// Why something that was shown did not reach its goal. It was printed already.
///
/// Available on crate feature `display` only.
#[derive(Debug)]
#[non_exhaustive]
pub enum ShowError {
    /// The wait ended without its goal.
    Missed(WaitError),
    /// Ctrl-C or SIGTERM stopped the waiting; the server goes on. The token goes on waiting; without
    /// one it is not known whether the API has received the action.
    Interrupted(Option<Box<OperationToken>>),
}

impl ShowError {
    /// For [`std::process::exit`]: that of the [`WaitError`], or 130 if it was interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Missed(error) => error.exit_code(),
            Self::Interrupted(_) => Interrupt::EXIT_CODE,
        }
    }

    /// What to wait on with.
    pub fn token(&self) -> Option<&OperationToken> {
        match self {
            Self::Missed(error) => Some(error.token()),
            Self::Interrupted(token) => token.as_deref(),
        }
    }

    /// The error of the wait, unless it was interrupted.
    pub fn wait_error(&self) -> Option<&WaitError> {
        match self {
            Self::Missed(error) => Some(error),
            Self::Interrupted(_) => None,
        }
    }
}

impl fmt::Display for ShowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missed(error) => error.fmt(f),
            Self::Interrupted(Some(token)) => {
                write!(f, "waiting was interrupted; go on with the token {token}")
            }
            Self::Interrupted(None) => {
                f.write_str("interrupted before the API had answered the action")
            }
        }
    }
}

impl Error for ShowError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Missed(error) => error.source(),
            Self::Interrupted(_) => None,
        }
    }
}
