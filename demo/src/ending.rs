//! The exit codes of the program, and problems that end it before there is an outcome.
//!
//! The outcome of a wait has its own exit code: see `WaitError`.

use std::{
    error::Error,
    fmt,
    io::{self, Write as _},
};

use qovery_api::{Error as ApiError, Printable};
use qovery_ext::{
    connect::ConnectError,
    display::{Display, with_causes},
    exit_code,
    page::PageError,
    wait::TokenError,
};
use serde_json::json;

/// Invalid arguments or a missing setting: `EX_USAGE`.
pub(crate) const USAGE: u8 = 64;

/// Why the program cannot run the requested command.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) exit_code: u8,
}

impl Problem {
    fn new(error: &(dyn Error + 'static), exit_code: u8) -> Self {
        Self {
            message: with_causes(error),
            hint: None,
            exit_code,
        }
    }

    /// Prints the problem: as an event for programs, on standard error for people.
    pub(crate) fn print(&self, display: &Display) {
        if display.is_ndjson() {
            let (message, hint, exit_code) = (&self.message, &self.hint, self.exit_code);
            let fields = json!({"message": message, "hint": hint, "exit_code": exit_code});
            display.event("problem", &fields);
            return;
        }
        // If it cannot be printed, the exit code still reports the problem.
        let _unwritable = writeln!(io::stderr(), "error: {self}");
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable::new(&self.message).fmt(f)?;
        match &self.hint {
            Some(hint) => write!(f, "\n{}", Printable::new(hint)),
            None => Ok(()),
        }
    }
}

impl From<ConnectError> for Problem {
    fn from(error: ConnectError) -> Self {
        let hint = "Create a token in the web console: organization settings, API tokens. Without \
                    --environment and --resume, the demo needs no token.";
        let hint = error.is_missing_token().then_some(hint);
        Self {
            hint: hint.map(str::to_owned),
            ..Self::new(&error, USAGE)
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::new(&error, USAGE)
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self::new(&error, exit_code(&error))
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        Self::new(&error, error.exit_code())
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::new(&error, USAGE)
    }
}
