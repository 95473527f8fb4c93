//! Parts of messages: shared advice, and text from outside as one line, limited in length and printable.

use super::Printable;

/// The next step if a response is a web page instead of a document of the API.
pub(super) const WEB_PAGE_ADVICE: &str = "check the base URL, the proxies and the login";

/// Returns the text as one line of at most `limit` characters, including the mark of a cut. White space and line ends
/// become single spaces. The rest is escaped as by [`Printable`].
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    // Text after the limit is not read, because a hostile text may be very long.
    for word in text.split_whitespace() {
        if length > limit {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().take(limit + 1));
        length += word.chars().take(limit + 1).count() + 1;
    }
    let mut line = Printable::new(&line).to_string();
    if let Some((end, _)) = line.char_indices().nth(limit) {
        let last = line
            .get(..end)
            .and_then(|line| line.char_indices().next_back());
        line.truncate(last.map_or(0, |(last, _)| last));
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_line_ends_become_one_blank() {
        assert_eq!(one_line("  a\r\n\tb\u{2028}\u{a0}c ", 80), "a b c");
        assert_eq!(one_line("", 80), "");
    }

    #[test]
    fn invisible_characters_are_escaped_within_the_limit() {
        assert_eq!(
            one_line("a\u{1b}[31m \u{202e}b", 80),
            r"a\u{1b}[31m \u{202e}b"
        );
        assert_eq!(one_line("::error::x", 80), r"\u{3a}:error::x");
        let long = one_line(&"\u{1b}\n".repeat(1000), 20);
        assert_eq!(long.chars().count(), 20, "{long}");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(one_line("ééééé", 4), "ééé…");
        assert_eq!(one_line(&"x".repeat(1000), 10).chars().count(), 10);
        assert_eq!(one_line("abc", 10), "abc");
    }
}
