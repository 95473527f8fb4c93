//! Limits the size of a document: far above any real contract, and low enough that `generate` accepts or refuses
//! every document within seconds.
//!
//! The limits are checked while a document is read, before a refused document takes memory. The module
//! `codegen::normalize::budget` limits the composition of schemas.

use std::cell::Cell;

/// Bytes of a file.
pub(super) const FILE: u64 = 16 << 20;
/// Levels of nested lists and mappings.
pub(super) const DEPTH: usize = 100;
/// Values, lists and mappings, including those that aliases of YAML repeat.
pub(super) const NODES: usize = 250_000;
/// Bytes of texts and keys, including those that aliases of YAML repeat.
pub(super) const TEXT: usize = 32 << 20;

/// The size of a document, or of a part of one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) nodes: usize,
    pub(super) text: usize,
}

/// Counts the nodes and the text of a document.
#[derive(Debug, Default)]
pub(super) struct Counter {
    size: Cell<Size>,
}

impl Counter {
    /// Adds to the count.
    ///
    /// # Errors
    /// Returns an error if the document exceeds a bound; the text names the bound.
    pub(super) fn add(&self, more: Size) -> Result<(), String> {
        let size = self.size.get();
        let size = Size {
            nodes: size.nodes.saturating_add(more.nodes),
            text: size.text.saturating_add(more.text),
        };
        self.size.set(size);
        if size.nodes > NODES {
            return Err(format!("the document contains more than {NODES} values"));
        }
        if size.text > TEXT {
            return Err(format!(
                "the document contains more than {} MiB of text",
                TEXT >> 20
            ));
        }
        Ok(())
    }

    /// Adds a value with a text of this length.
    ///
    /// # Errors
    /// Returns an error if the document exceeds a bound; the text names the bound.
    pub(super) fn value(&self, text: usize) -> Result<(), String> {
        self.add(Size { nodes: 1, text })
    }

    /// The size counted so far.
    pub(super) fn size(&self) -> Size {
        self.size.get()
    }
}

/// Checks how deeply lists and mappings are nested.
///
/// # Errors
/// Returns an error if more than the allowed number of lists and mappings are nested.
pub(super) fn depth(depth: usize) -> Result<(), String> {
    if depth > DEPTH {
        return Err(format!(
            "more than {DEPTH} lists and mappings are nested in each other"
        ));
    }
    Ok(())
}
