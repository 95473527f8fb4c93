//! How much a document may hold before it is refused: far more than any real contract, and little enough
//! that every document is generated from or refused within seconds.
//!
//! Checked while a document is read, so that nothing that is refused takes memory first. Not for what
//! schemas become when they are put together: that is `codegen::normalise::budget`.

use std::cell::Cell;

/// Bytes of a file.
pub(super) const FILE: u64 = 16 << 20;
/// Lists and mappings within each other.
pub(super) const DEPTH: usize = 100;
/// Values, lists and mappings, with those that aliases of YAML repeat.
pub(super) const NODES: usize = 250_000;
/// Bytes of texts and keys, with those that aliases of YAML repeat.
pub(super) const TEXT: usize = 32 << 20;

/// What a document, or a part of one, holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) nodes: usize,
    pub(super) text: usize,
}

/// Counts what a document holds.
#[derive(Debug, Default)]
pub(super) struct Counter {
    size: Cell<Size>,
}

impl Counter {
    /// Adds to what was counted.
    ///
    /// # Errors
    /// What the document has too much of.
    pub(super) fn add(&self, more: Size) -> Result<(), String> {
        let size = self.size.get();
        let size = Size {
            nodes: size.nodes.saturating_add(more.nodes),
            text: size.text.saturating_add(more.text),
        };
        self.size.set(size);
        if size.nodes > NODES {
            return Err(format!("the document holds more than {NODES} values"));
        }
        if size.text > TEXT {
            return Err(format!(
                "the document holds more than {} MiB of text",
                TEXT >> 20
            ));
        }
        Ok(())
    }

    /// Adds a value with a text of this length.
    ///
    /// # Errors
    /// What the document has too much of.
    pub(super) fn value(&self, text: usize) -> Result<(), String> {
        self.add(Size { nodes: 1, text })
    }

    /// What was counted so far.
    pub(super) fn size(&self) -> Size {
        self.size.get()
    }
}

/// # Errors
/// Where so many lists and mappings stand within each other.
pub(super) fn depth(depth: usize) -> Result<(), String> {
    if depth > DEPTH {
        return Err(format!(
            "more than {DEPTH} lists and mappings stand within each other"
        ));
    }
    Ok(())
}
