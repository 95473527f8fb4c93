//! A sentence about a change: fixed words, and names from a contract.
//!
//! The two are separate until the sentence is displayed, so that no name becomes markup or a terminal
//! control sequence.

use std::fmt::Write as _;

use crate::printable::Printable;

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Words(String),
    /// Text of a contract, or of the code that is generated from it.
    Code(String),
}

/// Words and names, in order.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Phrase(Vec<Piece>);

impl Phrase {
    /// A phrase that begins with a name.
    pub(super) fn of(code: impl Into<String>) -> Self {
        Self::default().code(code)
    }

    /// Adds fixed words.
    pub(super) fn words(mut self, words: &str) -> Self {
        self.0.push(Piece::Words(words.to_owned()));
        self
    }

    /// Adds a text of a contract.
    pub(super) fn code(mut self, code: impl Into<String>) -> Self {
        self.0.push(Piece::Code(code.into()));
        self
    }

    /// For a terminal: one line without control characters.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            let (Piece::Words(text) | Piece::Code(text)) = piece;
            out.push_str(text);
        }
        Printable::new(&out).to_string()
    }

    /// For Markdown: names are spans of code, so that no part of a name is markup.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Words(words) => out.push_str(words),
                Piece::Code(code) => out.push_str(&code_span(code)),
            }
        }
        out
    }
}

/// A text as a span of code, whatever is in it.
pub(super) fn code_span(text: &str) -> String {
    let shown = Printable::new(text).to_string();
    let longest = shown
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let needs_room =
        shown.starts_with(['`', ' ']) || shown.ends_with(['`', ' ']) || shown.is_empty();
    let room = if needs_room { " " } else { "" };
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = write!(out, "{fence}{room}{shown}{room}{fence}");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_code_and_stay_on_one_line() {
        let phrase = Phrase::of("A::b")
            .words(" gained ")
            .code("x`y\n# z\u{202e}");
        assert_eq!(phrase.markdown(), "`A::b` gained ``x`y\\n# z\\u{202e}``");
        assert_eq!(phrase.text(), "A::b gained x`y\\n# z\\u{202e}");
        assert_eq!(Phrase::of("::error::x").text(), "\\u{3a}:error::x");
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_span_of_code(text in "(`|<|@|#|\\||\\[|a|\n|\\PC){0,12}") {
            let markdown = Phrase::of(text.clone()).words(" words").markdown();
            let events: Vec<_> = pulldown_cmark::Parser::new(&markdown).collect();
            let codes = events.iter().filter(|event| matches!(event, pulldown_cmark::Event::Code(_))).count();
            let html = events.iter().any(|event| matches!(event, pulldown_cmark::Event::Html(_) | pulldown_cmark::Event::InlineHtml(_)));
            prop_assert!(!html && codes == 1, "{markdown:?} {events:?}");
            prop_assert_eq!(markdown.lines().count(), 1);
        }
    }
}
