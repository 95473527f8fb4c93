//! Errors of converting a response into the request that replaces the object.
//!
//! A response that lacks a field decodes. Only the conversion fails.

use std::{error, fmt};

/// A model of a response cannot be converted into the model of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversionError(Reason);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    Absent(&'static str),
    UnknownMember(&'static str),
}

impl ConversionError {
    /// The response lacks a value that the request requires.
    pub(crate) const fn absent(field: &'static str) -> Self {
        Self(Reason::Absent(field))
    }

    /// The response holds a member of a union that this version of the library does not know.
    pub(crate) const fn unknown_member(union: &'static str) -> Self {
        Self(Reason::UnknownMember(union))
    }

    /// Returns the field that the response lacks, by its name in JSON.
    pub const fn absent_field(&self) -> Option<&'static str> {
        match self.0 {
            Reason::Absent(field) => Some(field),
            Reason::UnknownMember(_) => None,
        }
    }
}

impl fmt::Display for ConversionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Reason::Absent(field) => write!(
                f,
                "the response has no `{field}`, which the request requires: build the request with `new` instead"
            ),
            Reason::UnknownMember(union) => write!(
                f,
                "the response contains a `{union}` that this version of the library does not know"
            ),
        }
    }
}

impl error::Error for ConversionError {}
