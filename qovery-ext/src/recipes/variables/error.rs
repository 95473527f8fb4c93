//! Why a variable was not set.

use std::fmt;

use qovery_api::{Error, Printable};

/// A variable was not set. The error never shows its value.
///
/// Available on crate feature `variables` only.
#[derive(Debug)]
pub struct SetVariableError(Reason);

#[derive(Debug)]
enum Reason {
    Listing(Error),
    Call(Error),
    Conflict(String),
}

impl SetVariableError {
    pub(super) fn call(error: Error) -> Self {
        Self(Reason::Call(error))
    }

    pub(super) fn listing(error: Error) -> Self {
        Self(Reason::Listing(error))
    }

    pub(super) fn refused(message: String) -> Self {
        Self(Reason::Conflict(message))
    }

    pub(super) fn source_of_call(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.api_error().map(|error| error as _)
    }

    pub(super) fn conflict(key: &str, why: &str) -> Self {
        Self(Reason::Conflict(format!(
            "variable {key} was not set: {why}"
        )))
    }

    /// Returns whether the existing variable cannot take the desired state. The message names the
    /// next step.
    pub fn is_conflict(&self) -> bool {
        matches!(self.0, Reason::Conflict(_))
    }

    /// Returns the error of the call that failed.
    pub fn api_error(&self) -> Option<&Error> {
        match &self.0 {
            Reason::Listing(error) | Reason::Call(error) => Some(error),
            Reason::Conflict(_) => None,
        }
    }
}

impl fmt::Display for SetVariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Listing(_) => f.write_str("the variables could not be listed"),
            Reason::Call(_) => f.write_str("the variable was not set"),
            Reason::Conflict(message) => Printable::new(message).fmt(f),
        }
    }
}

impl std::error::Error for SetVariableError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source_of_call()
    }
}
