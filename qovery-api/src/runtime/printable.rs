//! Prints text from outside safely on a terminal and in the log of a CI system.
//!
//! This file uses only the standard library, because the generator compiles it too, and the generator must
//! not depend on the code that it generates.

use std::{
    borrow::Cow,
    fmt::{self, Debug, Display},
};

/// Prints text from outside safely on a terminal and in the log of a CI system.
///
/// Names, states, log lines and messages come from servers, and from any person who can open a pull request.
/// Unescaped, they can control a terminal, reverse the direction of a line, hide text, begin a new line, or
/// contain a command for a CI runner. Every `Display` of this library prints them through this type. A program
/// that prints a field itself should do the same. The fields hold the unescaped text.
///
/// - A control character (line ends and tabs included), a bidirectional control, or an invisible character
///   (zero-width, filler, tag, variation selector, private or unassigned) becomes an escape such as `\n`,
///   `\t` or `\u{202e}`. Therefore the text is always one line.
/// - Any other white space, such as a no-break space, becomes a space. A variation selector directly after a symbol
///   (`⚠️`) stays.
/// - Of combining characters in a row, such as accents, only the first 8 stay, because more would cover the
///   lines above and below.
/// - After leading white space, a text never begins with `:`. It never contains `##[`, `##vso[`, `##teamcity[`,
///   `section_start:` and similar markers. One of their characters is escaped, so that a runner of GitHub, Gitea,
///   Azure, TeamCity, GitLab or Travis finds no command.
///
/// Width, alignment and precision of a format apply to the result. `Debug` quotes it.
///
/// ```
/// use qovery_api::Printable;
///
/// let name = "api\u{1b}]0;owned\u{7}\n::error::injected";
/// assert_eq!(
///     Printable::new(name).to_string(),
///     r"api\u{1b}]0;owned\u{7}\n::error::injected"
/// );
/// assert_eq!(Printable::new("::error::injected").to_string(), r"\u{3a}:error::injected");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Printable<'a>(&'a str);

impl<'a> Printable<'a> {
    /// Wraps a text, which is copied only if it is printed.
    pub const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the unescaped text.
    pub const fn raw(self) -> &'a str {
        self.0
    }

    /// Returns the escaped text, without a copy if there is nothing to escape.
    pub fn to_cow(self) -> Cow<'a, str> {
        let command = CommandAt::first(self.0);
        if command.is_none() && self.0.bytes().all(is_plain) {
            return Cow::Borrowed(self.0);
        }
        let mut printed = String::with_capacity(self.0.len() + 16);
        escape(self.0, command, &mut printed, |printed, c, kind| {
            match (kind, c) {
                (Kind::Blank, _) => printed.push(' '),
                (_, '\n') => printed.push_str("\\n"),
                (_, '\r') => printed.push_str("\\r"),
                (_, '\t') => printed.push_str("\\t"),
                (_, c) => printed.extend(c.escape_unicode()),
            }
        });
        Cow::Owned(printed)
    }

    /// Returns a JSON document with the same characters as JSON escapes. It decodes to the same
    /// value, and can be printed. The text must be a JSON document; its layout does not matter.
    ///
    /// ```
    /// use qovery_api::Printable;
    ///
    /// let event = "{\"name\":\"a\u{202e}b ##[error]\"}";
    /// assert_eq!(
    ///     Printable::json(event),
    ///     r#"{"name":"a\u202eb #\u0023[error]"}"#
    /// );
    /// ```
    pub fn json(document: &str) -> Cow<'_, str> {
        let command = CommandAt::first(document);
        if command.is_none() && document.bytes().all(|byte| is_plain(byte) || byte == b'\n') {
            return Cow::Borrowed(document);
        }
        let mut printed = String::with_capacity(document.len() + 16);
        escape(document, command, &mut printed, |printed, c, kind| {
            // Line ends inside of a text are already escaped. These belong to the layout.
            if matches!(kind, Kind::Blank) || matches!(c, '\n' | '\r' | '\t') {
                printed.push(c);
                return;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                printed.push_str(&format!("\\u{unit:04x}"));
            }
        });
        Cow::Owned(printed)
    }
}

impl Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_cow())
    }
}

impl Debug for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The standard library escapes most of it, but not commands and fillers.
        let quoted = format!("{:?}", self.0);
        f.write_str(&Printable(&quoted).to_cow())
    }
}

impl<'a> From<&'a str> for Printable<'a> {
    fn from(text: &'a str) -> Self {
        Self(text)
    }
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// Copies a text, and passes each character that must be escaped to `write`.
fn escape(
    text: &str,
    mut command: Option<CommandAt>,
    printed: &mut String,
    mut write: impl FnMut(&mut String, char, Kind),
) {
    let mut before = None;
    let mut marks = 0;
    for (at, c) in text.char_indices() {
        marks = if is_mark(c) { marks + 1 } else { 0 };
        if command.as_ref().is_some_and(|command| command.0 == at) {
            write(printed, c, Kind::Hidden);
            command = CommandAt::after(text, at + c.len_utf8());
        } else {
            match kind(c, before) {
                Kind::Shown if marks > MOST_MARKS => write(printed, c, Kind::Hidden),
                Kind::Shown => printed.push(c),
                kind => write(printed, c, kind),
            }
        }
        before = Some(c);
    }
}

/// How a character is printed.
enum Kind {
    Shown,
    /// As a space.
    Blank,
    Hidden,
}

fn kind(c: char, before: Option<char>) -> Kind {
    match c {
        ' '..='~' => Kind::Shown,
        '\u{2028}' | '\u{2029}' => Kind::Hidden,
        c if c.is_control() => Kind::Hidden,
        c if c.is_whitespace() => Kind::Blank,
        '\u{fe0e}' | '\u{fe0f}' if before.is_some_and(is_symbol) => Kind::Shown,
        c if is_filler(c) || !is_printable(c, before.is_none()) => Kind::Hidden,
        _ => Kind::Shown,
    }
}

/// How many characters in a row may combine with the one before them. No script needs more.
const MOST_MARKS: usize = 8;

/// Whether a character combines with the one before it.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && is_printable(c, false) && !is_printable(c, true)
}

/// Whether a character can be an emoji or another symbol with two variants.
fn is_symbol(c: char) -> bool {
    !c.is_ascii() && !c.is_alphanumeric() && is_printable(c, true)
}

/// Whether the standard library prints a character unescaped: not a layout control, a private-use or an
/// unassigned character, and not a combining character at the beginning of a text.
fn is_printable(c: char, is_first: bool) -> bool {
    if is_first {
        return c.escape_debug().eq([c]);
    }
    // After another letter, combining characters are printed.
    let mut pair = String::from("a");
    pair.push(c);
    pair.escape_debug().eq(['a', c])
}

/// Whether a character is invisible, and not white space.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(kind(c, Some('a')), Kind::Hidden)
}

/// Characters that are invisible or look like a space, and that the standard library prints unescaped.
fn is_filler(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{fffc}'
            | '\u{16fe4}'
            | '\u{1d159}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The position of a character that begins a command of a CI system.
struct CommandAt(usize);

impl CommandAt {
    /// Characters of a text that may be at the beginning of a line.
    fn first(text: &str) -> Option<Self> {
        let trimmed = text.trim_start();
        // A single `:` counts too, because the next text may begin with the second one.
        if trimmed.starts_with(':') {
            return Some(Self(text.len() - trimmed.len()));
        }
        Self::after(text, 0)
    }

    /// The remaining markers. Runners search these anywhere in a line.
    fn after(text: &str, from: usize) -> Option<Self> {
        let rest = text.get(from..)?;
        let mut at = 0;
        loop {
            let Some(found) = rest.get(at..)?.find(['#', ':']) else {
                // The next text may begin with the rest of the marker.
                let is_half = MARKERS.iter().any(|marker| rest.ends_with(marker));
                return is_half.then(|| Self(text.len() - 1));
            };
            let here = at + found;
            let tail = rest.get(here..)?;
            let is_command = if tail.starts_with('#') {
                here > 0 && rest.as_bytes().get(here - 1) == Some(&b'#') && is_hash_command(tail)
            } else {
                let head = rest.get(..here)?;
                MARKERS.iter().any(|marker| head.ends_with(marker))
            };
            if is_command {
                return Some(Self(from + here));
            }
            at = here + 1;
        }
    }
}

/// The text before the `:` of a command.
const MARKERS: [&str; 5] = [
    "section_start",
    "section_end",
    "travis_fold",
    "travis_time",
    "travis_wait",
];

/// Whether a `#` after another one begins `##[`, `##vso[` or a similar marker, alone or together with the
/// following text.
fn is_hash_command(from_second: &str) -> bool {
    let Some(rest) = from_second.strip_prefix('#') else {
        return false;
    };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    rest.is_empty() || rest.starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        Printable::new(text).to_string()
    }

    #[test]
    fn readable_text_stays_as_it_is() {
        for text in [
            "",
            "api",
            "Ünïcödé, 日本語, हिन्दी, עברית, العربية",
            "e\u{301}",
            "🚀 ⚠\u{fe0f} ✔",
            r"C:\temp\new $HOME `x` <b> & 'q' \u{1b}",
            "a::b ::c",
            "# Title",
            "## Title of a section",
            "issue #1, #",
        ] {
            assert_eq!(printed(text), text);
        }
        assert!(matches!(Printable::new("plain").to_cow(), Cow::Borrowed(_)));
    }

    #[test]
    fn invisible_characters_are_escaped() {
        for (text, wanted) in [
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{1b}[2J", r"\u{1b}[2J"),
            ("\u{1b}]0;x\u{7}", r"\u{1b}]0;x\u{7}"),
            ("\u{9b}31m\u{7f}\0", r"\u{9b}31m\u{7f}\u{0}"),
            (
                "a\u{202e}b\u{2066}c\u{200f}\u{61c}",
                r"a\u{202e}b\u{2066}c\u{200f}\u{61c}",
            ),
            (
                "a\u{200b}\u{2060}\u{feff}\u{ad}b",
                r"a\u{200b}\u{2060}\u{feff}\u{ad}b",
            ),
            ("a\u{2028}b\u{2029}\u{85}", r"a\u{2028}b\u{2029}\u{85}"),
            (
                "a\u{e0041}\u{e0100}\u{fe0f}",
                r"a\u{e0041}\u{e0100}\u{fe0f}",
            ),
            ("\u{3164}\u{115f}\u{2800}", r"\u{3164}\u{115f}\u{2800}"),
            ("\u{e000}\u{378}", r"\u{e000}\u{378}"),
            // At the beginning it would combine with the text before.
            ("\u{301}x", r"\u{301}x"),
        ] {
            assert_eq!(printed(text), wanted);
        }
    }

    #[test]
    fn marks_that_would_cover_other_lines_are_escaped() {
        for mark in ['\u{301}', '\u{489}', '\u{20dd}', '\u{e31}', '\u{1ab0}'] {
            for (marks, hidden) in [(1, 0), (8, 0), (9, 1), (1000, 992)] {
                let text = format!("a{}b", String::from(mark).repeat(marks));
                let escaped = mark.escape_unicode().to_string().repeat(hidden);
                let shown = String::from(mark).repeat(marks - hidden);
                assert_eq!(printed(&text), format!("a{shown}{escaped}b"));
                assert_eq!(printed(&printed(&text)), printed(&text));
            }
        }
    }

    #[test]
    fn other_blanks_become_plain_ones() {
        assert_eq!(printed("a\u{a0}b\u{3000}c\u{202f}:"), "a b c :");
    }

    #[test]
    fn no_text_gives_a_command_to_a_runner() {
        for (text, wanted) in [
            ("::error::x", r"\u{3a}:error::x"),
            (" \u{3000} ::error::x", r"   \u{3a}:error::x"),
            (":", r"\u{3a}"),
            ("##[error]x", r"#\u{23}[error]x"),
            ("a ##[error]x", r"a #\u{23}[error]x"),
            ("###[error]", r"##\u{23}[error]"),
            ("##vso[task.setvariable]", r"#\u{23}vso[task.setvariable]"),
            ("##teamcity[x]", r"#\u{23}teamcity[x]"),
            ("##[a]##[b]", r"#\u{23}[a]#\u{23}[b]"),
            ("##", r"#\u{23}"),
            ("##team", r"#\u{23}team"),
            ("section_start:1:x", r"section_start\u{3a}1:x"),
            ("x section_end:1:x", r"x section_end\u{3a}1:x"),
            ("travis_fold:start:x", r"travis_fold\u{3a}start:x"),
            ("a section_start", r"a section_star\u{74}"),
            (
                "section_end:x travis_fold",
                r"section_end\u{3a}x travis_fol\u{64}",
            ),
            ("section_started", "section_started"),
        ] {
            assert_eq!(printed(text), wanted);
        }
    }

    #[test]
    fn escaping_twice_changes_nothing() {
        for text in [
            "::a\n##[b]\u{202e}",
            "\u{fe0f}",
            "####[",
            ": :",
            "\\\u{1b}",
            "section_start",
        ] {
            let once = printed(text);
            assert_eq!(printed(&once), once);
        }
    }

    #[test]
    fn width_and_precision_are_those_of_the_result() {
        assert_eq!(
            format!("{:<6}|{:.2}", Printable::new("a\n"), Printable::new("abc")),
            "a\\n   |ab"
        );
    }

    #[test]
    fn debug_quotes() {
        let shown = format!("{:?}", Printable::new("::a \"b\"\n##[c]\u{3164}"));
        assert_eq!(shown, r##""::a \"b\"\n#\u{23}[c]\u{3164}""##);
    }

    #[test]
    fn a_json_document_keeps_its_value() {
        for text in [
            "a\u{202e}\u{7f}\u{9b}",
            "\u{e0041} ##[x] ##vso[",
            "::x\n\u{1b}",
            "\u{a0}",
            "é🚀",
        ] {
            let document =
                serde_json::to_string_pretty(&serde_json::json!({ text: text })).unwrap();
            let shown = Printable::json(&document);
            let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
            assert_eq!(value[text], text, "{shown}");
            assert!(!shown.contains("##["), "{shown}");
            assert!(
                shown.chars().all(|c| c == '\n' || !c.is_control()),
                "{shown}"
            );
        }
    }
}
