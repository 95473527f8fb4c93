//! Reads a text of the contract and keeps a subset of Markdown.
//!
//! Paragraphs, lists, inline code and addresses are kept, because descriptions use them. A code block
//! becomes a line of inline code for each of its lines. Everything else is text, and
//! [`Line`] shows every character of it.

use std::collections::BTreeMap;

use super::block::{Block, Row};
use super::line::Line;
use crate::text::push_shown;

/// The columns of indentation from which on Markdown sees a code block.
const CODE: usize = 4;

/// The blocks of a text.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut reader = Reader::default();
    for line in lines(text) {
        reader.line(&line);
    }
    reader.end_block();
    reader.blocks
}

/// The lines of a text, whichever way they end, without spaces at their end; tabs are four spaces.
fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut shown = String::with_capacity(text.len());
    for line in text.replace('\t', "    ").split('\n') {
        // Before lines are trimmed, because some hidden characters count as white space.
        push_shown(line, &mut shown);
        shown.push('\n');
    }
    let lines = shown.trim().split('\n');
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[derive(Debug, Default)]
struct Reader {
    blocks: Vec<Block>,
    rows: Vec<Row>,
    within: Within,
    /// Whether a list item precedes: indented lines below belong to it.
    is_in_list: bool,
}

/// The context of the next line.
#[derive(Debug, Default, PartialEq)]
enum Within {
    #[default]
    Prose,
    /// A code block: the character of its fence, and how often it is repeated.
    Fence(char, usize),
    Indented,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if let Within::Fence(mark, length) = self.within {
            let (count, info) = fence(text, mark);
            if count >= length && info.is_empty() {
                self.within = Within::Prose;
                self.end_block();
            } else {
                self.code(line);
            }
            return;
        }
        if text.is_empty() {
            self.end_block();
            return;
        }
        let is_first = self.rows.is_empty();
        if indent >= CODE && !self.is_in_list && (is_first || self.within == Within::Indented) {
            self.within = Within::Indented;
            self.code(line.get(CODE..).unwrap_or(text));
            return;
        }
        if self.within == Within::Indented {
            self.within = Within::Prose;
            self.end_block();
        }
        for mark in ['`', '~'] {
            let (count, info) = fence(text, mark);
            if count >= 3 && !(mark == '`' && info.contains('`')) {
                self.end_block();
                // The name of a language is left out. Any other text after the fence is kept.
                let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_');
                if !info.chars().all(is_name) {
                    self.code(info);
                }
                self.within = Within::Fence(mark, count);
                return;
            }
        }
        self.prose(text, if indent < CODE { indent } else { 0 });
    }

    fn prose(&mut self, text: &str, indent: usize) {
        let (marker, text) = match marker(text) {
            Some((marker, rest)) => (Some(marker.to_owned()), rest),
            None => (None, text),
        };
        if marker.is_some() {
            self.is_in_list = true;
        } else if indent == 0 && self.rows.is_empty() {
            self.is_in_list = false;
        }
        self.rows.push(Row {
            indent,
            marker,
            line: inline(text),
            breaks: false,
        });
    }

    /// A line of a code block.
    fn code(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.end_block();
            return;
        }
        self.rows.push(Row {
            breaks: true,
            ..Row::of(Line::default().code(line))
        });
    }

    fn end_block(&mut self) {
        if !self.rows.is_empty() {
            let rows = std::mem::take(&mut self.rows);
            self.blocks.push(Block {
                heading: None,
                rows,
            });
        }
    }
}

/// The number of `mark` characters at the start of a line, and the rest of the line.
fn fence(text: &str, mark: char) -> (usize, &str) {
    let rest = text.trim_start_matches(mark);
    (text.len() - rest.len(), rest.trim())
}

/// The bullet or number of a list item and the text after it; `None` for other lines.
fn marker(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match text.get(digits..)?.chars().next()? {
        '-' | '+' | '*' if digits == 0 => 1,
        '.' | ')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let (marker, rest) = text.split_at_checked(length)?;
    let text = rest.strip_prefix(' ')?.trim_start();
    (!text.is_empty()).then_some((marker, text))
}

/// A line of prose: inline code, addresses and text.
fn inline(text: &str) -> Line {
    let mut line = Line::default();
    let mut rest = text;
    let last = last_runs(text);
    while let Some(start) = rest.find('`') {
        let (before, from) = rest.split_at(start);
        let (count, _) = fence(from, '`');
        let is_last = last.get(&count) == Some(&(text.len() - from.len()));
        let inner = from.get(count..).unwrap_or_default();
        line = with_addresses(line, before);
        let end = if is_last { None } else { closing(inner, count) };
        match end {
            Some(end) => {
                let (code, after) = inner.split_at(end);
                let padded = code
                    .strip_prefix(' ')
                    .and_then(|code| code.strip_suffix(' '));
                let code = padded
                    .filter(|code| !code.trim().is_empty())
                    .unwrap_or(code);
                line = line.code(code);
                rest = after.get(count..).unwrap_or_default();
            }
            None => {
                line = line.text(&"`".repeat(count));
                rest = inner;
            }
        }
    }
    with_addresses(line, rest)
}

/// The start of the last run of backticks of each length. The search for a closing run ends there, so that its
/// time does not grow with the number of unclosed runs.
fn last_runs(text: &str) -> BTreeMap<usize, usize> {
    let mut runs = BTreeMap::new();
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find('`')) {
        let start = from + found;
        let (length, _) = fence(text.get(start..).unwrap_or_default(), '`');
        runs.insert(length, start);
        from = start + length;
    }
    runs
}

/// The position of the next run of exactly `count` backticks.
fn closing(text: &str, count: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find('`') {
        let start = from + found;
        let (length, _) = fence(text.get(start..)?, '`');
        if length == count {
            return Some(start);
        }
        from = start + length;
    }
    None
}

fn with_addresses(mut line: Line, text: &str) -> Line {
    let mut rest = text;
    let mut from = 0;
    while let Some(found) = rest.get(from..).and_then(|rest| rest.find("http")) {
        let start = from + found;
        let Some(length) = rest.get(start..).and_then(address) else {
            from = start + "http".len();
            continue;
        };
        let (before, found) = rest.split_at(start);
        let (address, after) = found.split_at(length);
        // The angle brackets that Markdown allows around an address are not shown.
        let (before, after) = match (before.strip_suffix('<'), after.strip_prefix('>')) {
            (Some(before), Some(after)) => (before, after),
            _ => (before, after),
        };
        line = line.text(before).address(address);
        rest = after;
        from = 0;
    }
    line.text(rest)
}

/// The length of the address that `text` begins with.
fn address(text: &str) -> Option<usize> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return None;
    }
    let is_part = |c: char| {
        c.is_ascii_graphic()
            && !matches!(
                c,
                ')' | '>' | '<' | '"' | '\'' | '[' | ']' | '{' | '}' | '|' | '\\' | '^' | '`'
            )
    };
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let length = text
        .get(..end)?
        .trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_'])
        .len();
    (length > "https://".len()).then_some(length)
}
