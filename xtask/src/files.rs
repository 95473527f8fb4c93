//! The files of this repository that the commands read and write, relative to its root.

/// The contract of this repository.
pub(crate) const CONTRACT: &str = "openapi.yaml";
/// The overlay of this contract.
pub(crate) const OVERLAY: &str = "xtask/overlay.yaml";
/// The output directory of the generated client.
pub(crate) const GENERATED: &str = "qovery-api/src/generated";
/// The directory of the table of operations for the tests of the workspace.
pub(crate) const TABLE: &str = "tests/src/generated";
/// The directory of the contract that the fake serves.
pub(crate) const FAKE: &str = "qovery-fake/src/generated";
