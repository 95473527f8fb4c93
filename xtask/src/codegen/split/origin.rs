//! The head of every generated file.

use crate::write::MARK;

/// The facts in the head of every file.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The names of the inputs.
    pub(crate) from: String,
    /// The command that generates them.
    pub(crate) command: String,
}

impl Origin {
    /// The first lines of a file.
    pub(super) fn head(&self) -> String {
        format!(
            "{MARK} by `cargo xtask generate` from {}. Do not edit.\n// To generate again: {}\n",
            self.from, self.command
        )
    }
}
