//! Why the rules cannot be applied to a schema: its location and the reason.

/// A schema that contradicts itself or another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub(crate) pointer: String,
    pub(crate) what: String,
}
