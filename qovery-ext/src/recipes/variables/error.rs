//! Errors of setting a variable.

use std::fmt;

use qovery_api::{Error, Printable};

use crate::causes::{self, debug_as_text};

/// A variable was not set. The error never shows the value of a secret. If the response of the server repeats
/// it, the error shows only the status and the request id.
///
/// Available on crate feature `variables` only.
pub struct SetVariableError {
    reason: Reason,
    /// The owner of the variable, with its name.
    owner: Option<String>,
}

enum Reason {
    Listing(Error),
    /// The message, and the error.
    Call(String, Error),
    /// Like [`Reason::Call`], with a response that repeats the secret.
    Secret(String, Error),
    Conflict(String),
}

impl SetVariableError {
    fn new(reason: Reason) -> Self {
        Self {
            reason,
            owner: None,
        }
    }

    /// Names the owner of the variable in the message.
    pub(super) fn with_owner(self, owner: String) -> Self {
        Self {
            owner: Some(owner),
            ..self
        }
    }

    /// The call for a variable failed. `done` completes the message "variable … was not …". If the server may have
    /// executed the call, the message says so.
    pub(super) fn call<'a>(key: &'a str, done: &'a str) -> impl FnOnce(Error) -> Self + 'a {
        move |error| {
            let what = match error.may_have_been_executed() {
                true => {
                    format!(
                        "variable {key} may have been {done}, although the call failed; call it again to be sure"
                    )
                }
                false => format!("variable {key} was not {done}"),
            };
            Self::new(Reason::Call(what, error))
        }
    }

    /// The call that sets a variable failed. `secret` is the value of the variable, if it is a secret.
    pub(super) fn set<'a>(
        key: &'a str,
        secret: Option<&'a str>,
    ) -> impl FnOnce(Error) -> Self + 'a {
        move |error| {
            let is_shown = secret.is_some_and(|secret| repeats(&error, secret));
            match Self::call(key, "set")(error).reason {
                Reason::Call(what, error) if is_shown => Self::new(Reason::Secret(what, error)),
                other => Self::new(other),
            }
        }
    }

    pub(super) fn listing(error: Error) -> Self {
        Self::new(Reason::Listing(error))
    }

    pub(super) fn refused(message: String) -> Self {
        Self::new(Reason::Conflict(message))
    }

    pub(super) fn source_of_call(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Reason::Listing(error) | Reason::Call(_, error) => Some(error),
            Reason::Secret(..) | Reason::Conflict(_) => None,
        }
    }

    pub(super) fn conflict(key: &str, why: &str) -> Self {
        Self::refused(format!("variable {key} was not set: {why}"))
    }

    /// Returns whether the change is impossible and was not sent: the existing variable cannot take the
    /// desired state, an alias would refer to a variable that does not exist, or the owner is a database, which has no
    /// variables. The message names the next step.
    pub fn is_conflict(&self) -> bool {
        matches!(self.reason, Reason::Conflict(_))
    }

    /// Returns the error of the call that failed. If the response of the server repeats the value of a secret,
    /// this error contains it: do not print it then. The `Debug` and the [source](std::error::Error::source) of
    /// [`SetVariableError`] leave it out.
    pub fn api_error(&self) -> Option<&Error> {
        match &self.reason {
            Reason::Listing(error) | Reason::Call(_, error) | Reason::Secret(_, error) => {
                Some(error)
            }
            Reason::Conflict(_) => None,
        }
    }
}

/// Whether the text of an error contains a value, in whatever way its quotes and breaks are escaped.
fn repeats(error: &Error, value: &str) -> bool {
    if value.trim().is_empty() {
        return false;
    }
    let text = format!("{error} {error:?}");
    let letters = |text: &str| {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .collect::<String>()
    };
    let own = letters(value);
    text.contains(value.trim()) || (!own.is_empty() && letters(&text).contains(&own))
}

debug_as_text!(SetVariableError);

impl fmt::Display for SetVariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(owner) = &self.owner {
            write!(f, "{owner}: ")?;
        }
        match &self.reason {
            Reason::Listing(error) => {
                let message = format!("the variables could not be listed: {error}");
                causes::write(f, self, Printable::new(&message))
            }
            Reason::Call(what, error) => {
                causes::write(f, self, Printable::new(&format!("{what}: {error}")))
            }
            Reason::Secret(what, error) => {
                write!(
                    f,
                    "{}: the response is not shown because it repeats the secret",
                    Printable::new(what)
                )?;
                if let Some(status) = error.status() {
                    write!(f, ", status {status}")?;
                }
                match error.request_id() {
                    Some(id) => write!(f, ", request id {}", Printable::new(id)),
                    None => Ok(()),
                }
            }
            Reason::Conflict(message) => Printable::new(message).fmt(f),
        }
    }
}

impl std::error::Error for SetVariableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source_of_call()
    }
}
