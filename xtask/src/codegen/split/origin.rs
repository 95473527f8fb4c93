//! The head of every generated file.

use crate::write::MARK;

/// What the head of every file says.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// What the files were generated from.
    pub(crate) from: String,
    /// The command that generates them.
    pub(crate) command: String,
}

impl Origin {
    /// The lines with which a file begins.
    pub(super) fn head(&self) -> String {
        format!(
            "{MARK} by `cargo xtask generate` from {}. Do not edit.\n// To generate again: {}\n",
            self.from, self.command
        )
    }
}
