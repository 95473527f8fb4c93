//! The use of the generated files.

/// The purpose of the generated files; by default a client of another contract that no test here calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Purpose {
    /// Whether contract and overlay are those of this repository.
    pub(crate) is_own: bool,
    /// Whether the tests of the workspace call the generated code.
    pub(crate) is_tested: bool,
    /// Whether a contract without operations is accepted.
    pub(crate) may_be_empty: bool,
}
