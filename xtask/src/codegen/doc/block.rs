//! The parts of a document: blocks of lines.

use super::line::Line;

/// The rows between two empty lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Block {
    pub(super) heading: Option<&'static str>,
    pub(super) rows: Vec<Row>,
}

/// One line of a block, with its indentation and list marker.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) indent: usize,
    /// The bullet or number of an item of a list.
    pub(super) marker: Option<String>,
    pub(super) line: Line,
    /// Whether the next line begins below this one, instead of going on with it.
    pub(super) breaks: bool,
}

impl Row {
    pub(super) fn of(line: Line) -> Self {
        Self {
            indent: 0,
            marker: None,
            line,
            breaks: false,
        }
    }
}
