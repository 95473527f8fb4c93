//! The documentation of generated code, as a model: blocks of lines, lines of text, code and links.
//!
//! Text becomes Markdown only when a document is written. Then every character is escaped that
//! Markdown or rustdoc would interpret as markup. The model has no code block and no HTML, and its
//! links lead into the client itself or to the displayed address. Therefore no text of a contract
//! becomes a test, markup or a disguised link.

mod block;
mod line;
mod read;

use proc_macro2::TokenStream;
use quote::quote;

use block::{Block, Row};

pub(crate) use line::Line;

/// The documentation of one item.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Doc {
    blocks: Vec<Block>,
}

impl Doc {
    /// A text of the contract: its paragraphs, lists and inline code are kept, its code blocks become
    /// lines of inline code, and everything else shows as it is written.
    pub(crate) fn prose(text: &str) -> Self {
        Self {
            blocks: read::blocks(text),
        }
    }

    /// A text of the contract, with a full stop unless it already ends with punctuation.
    pub(crate) fn sentence(text: &str) -> Self {
        Self::prose(text).stopped()
    }

    /// One paragraph.
    pub(crate) fn of(line: Line) -> Self {
        Self::default().paragraph(line)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Appends a paragraph, unless it is empty.
    pub(crate) fn paragraph(self, line: Line) -> Self {
        let is_empty = line.is_empty();
        self.block(None, (!is_empty).then(|| Row::of(line)))
    }

    /// Appends a section: a heading and a paragraph.
    pub(crate) fn section(self, heading: &'static str, line: Line) -> Self {
        self.block(Some(heading), [Row::of(line)])
    }

    /// Appends a section, a heading and a list, unless the list is empty.
    pub(crate) fn list(self, heading: &'static str, items: Vec<Line>) -> Self {
        let rows = items.into_iter().map(|line| Row {
            marker: Some("-".to_owned()),
            ..Row::of(line)
        });
        self.block(Some(heading), rows)
    }

    fn block(mut self, heading: Option<&'static str>, rows: impl IntoIterator<Item = Row>) -> Self {
        let rows: Vec<Row> = rows.into_iter().collect();
        if !rows.is_empty() {
            self.blocks.push(Block { heading, rows });
        }
        self
    }

    /// Appends another document.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.blocks.extend(other.blocks);
        self
    }

    /// Adds a full stop unless the text already ends with punctuation.
    pub(crate) fn stopped(mut self) -> Self {
        let last = self
            .blocks
            .last_mut()
            .and_then(|block| block.rows.last_mut());
        if let Some(row) = last.filter(|row| !row.breaks) {
            row.line.stop();
        }
        self
    }

    /// All of it as one line.
    pub(crate) fn in_one_line(self) -> Line {
        let rows = self.blocks.into_iter().flat_map(|block| block.rows);
        let mut whole = Line::default();
        for row in rows {
            if !whole.is_empty() {
                whole = whole.text(" ");
            }
            if let Some(marker) = row.marker {
                whole = whole.text(&marker).text(" ");
            }
            whole = whole.then(row.line);
        }
        whole
    }

    /// The lines of Markdown.
    pub(crate) fn markdown(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for block in &self.blocks {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(block.heading.map(|heading| format!("# {heading}")));
            for (index, row) in block.rows.iter().enumerate() {
                let marker = row.marker.iter();
                let marker: String = marker.flat_map(|marker| [marker, " "]).collect();
                let is_last = index + 1 == block.rows.len();
                let end = if row.breaks && !is_last { "\\" } else { "" };
                let text = row.line.markdown();
                lines.push(format!("{}{marker}{text}{end}", " ".repeat(row.indent)));
            }
        }
        lines
    }

    /// The text of Markdown.
    pub(crate) fn text(&self) -> String {
        self.markdown().join("\n")
    }

    /// The attributes of the item.
    pub(crate) fn attributes(&self) -> TokenStream {
        let lines = self.markdown().into_iter();
        let lines = lines.map(|line| {
            if line.is_empty() {
                line
            } else {
                format!(" {line}")
            }
        });
        quote!(#(#[doc = #lines])*)
    }
}

impl From<Line> for Doc {
    fn from(line: Line) -> Self {
        Self::of(line)
    }
}

#[cfg(test)]
mod tests;
