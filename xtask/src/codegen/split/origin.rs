//! The head of every generated file.

use std::path::Path;

use crate::printable::Printable;
use crate::write::MARK;

/// The files that a client is generated from.
#[derive(Debug, Clone)]
pub(crate) struct Origin(String);

impl Origin {
    /// The names of the contract and of its overlay.
    pub(crate) fn of(spec: &Path, overlay: Option<&Path>) -> Self {
        let names = [Some(spec), overlay].into_iter().flatten().map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Printable::new(&name).to_string()
        });
        Self(names.collect::<Vec<_>>().join(" and "))
    }

    /// The first sentence of a generated file, after the mark.
    pub(crate) fn sentence(&self) -> String {
        format!("by `cargo xtask generate` from {}. Do not edit.", self.0)
    }

    /// The first lines of a file.
    pub(super) fn head(&self) -> String {
        let sentence = self.sentence();
        format!("{MARK} {sentence}\n// To generate again: cargo xtask generate\n")
    }
}
