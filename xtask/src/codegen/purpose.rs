//! The use of the generated files.

/// What files are generated for; by default a client of other files that no test here calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Purpose {
    /// Whether contract and overlay are those of this repository.
    pub(crate) is_own: bool,
    /// Whether the tests of the workspace are to call what is generated.
    pub(crate) is_tested: bool,
    /// Whether a contract without operations is no mistake.
    pub(crate) may_be_empty: bool,
}
