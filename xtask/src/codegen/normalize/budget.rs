//! Limits the number of schemas that result from composition: references and `allOf` can repeat a small
//! contract without end.
//!
//! Each copy is counted, so that generation stops before it takes too much time or memory. The modules
//! `contract::bounds` and `contract::shape` limit the size of a document and of its parts.

use std::cell::Cell;

use super::schema::Schema;
use crate::problem::Problem;

/// Schemas that are read, counted again for each reference to a schema inside another one.
pub(crate) const READ: usize = 100_000;
/// Levels of nested schemas while they are read. A reference to a schema inside another one counts as a level.
pub(crate) const READ_DEPTH: usize = 150;
/// Schemas that are copied when others are composed of them.
pub(crate) const COPIED: usize = 100_000;
/// All schemas that a client is generated from.
pub(crate) const TOTAL: usize = 30_000;
/// The maximum length of a chain of schemas: each schema is composed of the next one, or contains a copy of it.
pub(crate) const CHAIN: usize = 100;
/// The maximum depth of nested lists and maps when references are written out.
pub(crate) const DEPTH: usize = 120;

/// The remaining number of schemas.
#[derive(Debug)]
pub(crate) struct Budget {
    all: usize,
    left: Cell<usize>,
}

impl Budget {
    pub(crate) fn new(all: usize) -> Self {
        let left = Cell::new(all);
        Self { all, left }
    }

    /// Takes `count` schemas from the budget.
    ///
    /// # Errors
    /// Returns an error if fewer schemas remain; the text states the limit.
    pub(crate) fn take(&self, count: usize) -> Result<(), String> {
        match self.left.get().checked_sub(count) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.left.set(0);
                Err(format!(
                    "references and `allOf` repeat more than {} schemas",
                    self.all
                ))
            }
        }
    }

    /// Takes a schema and everything in it from the budget.
    ///
    /// # Errors
    /// Returns an error if fewer schemas remain.
    pub(crate) fn copy(&self, schema: &Schema) -> Result<(), Problem> {
        let (count, _) = extent(schema);
        self.take(count)
            .map_err(|what| Problem::of(&schema.pointer, what))
    }
}

/// Checks the length of a chain of schemas.
///
/// # Errors
/// Returns an error if the chain is too long.
pub(crate) fn chain(length: usize, pointer: &str) -> Result<(), Problem> {
    if length > CHAIN {
        let what = format!("a chain of references and `allOf` has more than {CHAIN} schemas");
        return Err(Problem::of(pointer, what));
    }
    Ok(())
}

/// Checks how deeply schemas are nested.
///
/// # Errors
/// Returns an error if schemas are nested too deeply.
pub(crate) fn depth(schema: &Schema) -> Result<(), Problem> {
    let (_, depth) = extent(schema);
    if depth > DEPTH {
        return Err(Problem::of(
            &schema.pointer,
            format!("more than {DEPTH} schemas are nested in each other"),
        ));
    }
    Ok(())
}

/// The number of schemas in a schema, including itself, and their depth of nesting.
pub(crate) fn extent(schema: &Schema) -> (usize, usize) {
    let mut count = 0;
    let mut deepest = 0;
    let mut open = vec![(schema, 1)];
    while let Some((schema, depth)) = open.pop() {
        count += 1;
        deepest = deepest.max(depth);
        let children = schema.kind.children().into_iter();
        open.extend(children.map(|child| (child, depth + 1)));
    }
    (count, deepest)
}
