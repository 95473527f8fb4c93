//! One line of documentation, and how it is escaped.

use crate::text::push_shown;

/// Text, code and links, one after the other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Line(Vec<Inline>);

#[derive(Debug, Clone, PartialEq)]
enum Inline {
    /// Shows as it is.
    Text(String),
    /// Shows as it is, as code.
    Code(String),
    /// An address, linked to itself.
    Address(String),
    /// Code that leads to an item of the client.
    Link { label: String, target: String },
}

impl Line {
    /// A line that begins with a text.
    pub(crate) fn new(text: &str) -> Self {
        Self::default().text(text)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends a text.
    pub(crate) fn text(mut self, text: &str) -> Self {
        match self.0.last_mut() {
            Some(Inline::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Inline::Text(text.to_owned())),
        }
        self
    }

    /// Appends a name or a value as code.
    pub(crate) fn code(mut self, text: &str) -> Self {
        self.0.push(Inline::Code(text.to_owned()));
        self
    }

    /// Appends an address, linked to itself.
    pub(super) fn address(mut self, address: &str) -> Self {
        self.0.push(Inline::Address(address.to_owned()));
        self
    }

    /// Appends a link to the item of the client at this path.
    pub(crate) fn link(mut self, label: &str, target: &'static str) -> Self {
        self.0.push(Inline::Link {
            label: label.to_owned(),
            target: target.to_owned(),
        });
        self
    }

    /// Appends the name of the item of the client at this path, as a link if each segment is an identifier.
    pub(crate) fn item(self, path: &[&str]) -> Self {
        let label = path.last().copied().unwrap_or_default();
        let is_identifier =
            |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.is_empty();
        if !path.iter().all(is_identifier) {
            return self.code(label);
        }
        let target = format!("crate::{}", path.join("::"));
        let mut line = self;
        line.0.push(Inline::Link {
            label: label.to_owned(),
            target,
        });
        line
    }

    /// Appends a link to a member of the documented item. The member must be an identifier.
    pub(crate) fn own_link(mut self, member: &str) -> Self {
        let is_identifier = member.chars().all(|c| c.is_alphanumeric() || c == '_');
        let label = member.to_owned();
        self.0.push(if is_identifier {
            let target = format!("Self::{member}");
            Inline::Link { label, target }
        } else {
            Inline::Code(label)
        });
        self
    }

    /// Appends another line.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Appends names as code, separated by commas.
    pub(crate) fn listed<S: AsRef<str>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        for (index, name) in names.into_iter().enumerate() {
            if index > 0 {
                self = self.text(", ");
            }
            self = self.code(name.as_ref());
        }
        self
    }

    /// Appends several names as code: `a`, `b` and `c`.
    pub(crate) fn names<S: AsRef<str>>(self, names: &[S]) -> Self {
        self.each(names, " and ", |line, name| line.code(name.as_ref()))
    }

    /// Appends several items, separated by commas, the last one by `last`.
    pub(crate) fn each<T>(
        mut self,
        things: &[T],
        last: &str,
        add: impl Fn(Self, &T) -> Self,
    ) -> Self {
        for (index, thing) in things.iter().enumerate() {
            let between = match index {
                0 => "",
                _ if index + 1 == things.len() => last,
                _ => ", ",
            };
            self = add(self.text(between), thing);
        }
        self
    }

    /// Appends a name as code after its article: an `Application`.
    pub(crate) fn with_article(self, name: &str) -> Self {
        self.text(article(name)).code(name)
    }

    /// Appends a link to a model after its article: an [`Application`].
    pub(crate) fn model(self, name: &str) -> Self {
        self.text(article(name)).item(&["types", name])
    }

    /// Begins the line with a capital letter, if it begins with a text.
    pub(crate) fn capital(mut self) -> Self {
        if let Some(Inline::Text(text)) = self.0.first_mut() {
            let mut letters = text.chars();
            if let Some(first) = letters.next() {
                *text = first.to_uppercase().chain(letters).collect();
            }
        }
        self
    }

    /// Ends the line with a full stop unless it already ends with punctuation.
    pub(super) fn stop(&mut self) {
        let ended = match self.0.last() {
            None => true,
            Some(Inline::Text(text)) => text.ends_with(['.', '!', '?', ':']),
            Some(_) => false,
        };
        if !ended {
            *self = std::mem::take(self).text(".");
        }
    }

    pub(super) fn markdown(&self) -> String {
        let mut out = String::new();
        for (index, inline) in self.0.iter().enumerate() {
            let follows_code = matches!(
                index.checked_sub(1).and_then(|before| self.0.get(before)),
                Some(Inline::Code(_))
            );
            match inline {
                Inline::Text(text) => {
                    let follows_word = out.ends_with(|c: char| c.is_alphanumeric());
                    escape(&shown(text), index == 0, follows_word, &mut out);
                }
                // Without a space, the backticks of two spans would be read as one run.
                Inline::Code(text) if follows_code => out.push_str(&format!(" {}", code(text))),
                Inline::Code(text) => out.push_str(&code(text)),
                Inline::Address(address) => out.push_str(&format!("<{address}>")),
                Inline::Link { label, target } => {
                    out.push_str(&format!("[{}]({target})", code(label)));
                }
            }
        }
        out
    }
}

/// The article of a name, by its first letter.
fn article(name: &str) -> &'static str {
    if name.starts_with(['A', 'E', 'I', 'O']) {
        "an "
    } else {
        "a "
    }
}

/// The text in one line, with an escape for every character that shows nothing.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_shown(text, &mut out);
    out
}

/// A span of code around `text`, between more backticks than follow each other in it.
fn code(text: &str) -> String {
    let text = shown(text);
    if text.is_empty() {
        return "`\"\"`".to_owned();
    }
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(1 + runs.max().unwrap_or(0));
    // Markdown removes one space at both ends of a span, unless the span has only spaces.
    let is_padded = text.starts_with(' ') && text.ends_with(' ') && !text.trim().is_empty();
    let space = if is_padded || text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Adds `text` with escapes, so that Markdown shows it unchanged.
fn escape(text: &str, at_start: bool, follows_word: bool, out: &mut String) {
    let start_ends = if at_start { line_start(text) } else { 0 };
    let may_be_special = |byte| b"\\`*[<|~_&".contains(&byte);
    let has_pairs = ["--", ".."].iter().any(|pair| text.contains(pair));
    if start_ends == 0 && !has_pairs && !text.bytes().any(may_be_special) {
        out.push_str(text);
        return;
    }
    let mut before = if follows_word { 'a' } else { ' ' };
    let mut rest = text.char_indices().peekable();
    while let Some((index, c)) = rest.next() {
        let after = rest.peek().map(|(_, after)| *after);
        let is_special = match c {
            // An escape, or at the end of a line a break.
            '\\' => after.is_none_or(|after| after.is_ascii_punctuation()),
            '`' | '*' | '[' | '<' | '|' | '~' => true,
            // Within a word it is a part of the word.
            '_' => !(before.is_alphanumeric() && after.is_some_and(char::is_alphanumeric)),
            '&' => names_character(text.get(index + 1..).unwrap_or_default()),
            // Two would become a dash, and three dots one.
            '-' | '.' => before == c,
            _ => false,
        };
        if is_special || (start_ends > 0 && index + c.len_utf8() == start_ends) {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
}

/// Whether `&` and this would name a character.
fn names_character(text: &str) -> bool {
    let name = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
    name.len() < text.len() && name.starts_with(';')
}

/// The length of a prefix that would start another block at the beginning of a line: a heading, a list, a
/// quotation, a rule, a heading underline or a table row. The caller escapes its last character.
fn line_start(text: &str) -> usize {
    match text.chars().next() {
        Some('#' | '>' | '-' | '+' | '=' | ':') => 1,
        Some(first) if first.is_ascii_digit() => {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let rest = text.get(digits..).unwrap_or_default();
            if rest.starts_with(['.', ')']) {
                digits + 1
            } else {
                0
            }
        }
        _ => 0,
    }
}
