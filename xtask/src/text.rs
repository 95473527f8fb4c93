//! Invisible characters of a contract.
//!
//! [`Printable`](crate::printable::Printable) escapes printed text.

use std::fmt::Write as _;

/// Whether a character is invisible or changes how the surrounding text is displayed: a control character,
/// a character that changes the direction of text, or an invisible one.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Adds a character, or its escape.
pub(crate) fn push_visible(c: char, out: &mut String) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_hidden(c) => {
            // Writing to a text never fails.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Adds a text, with an escape for every character that shows nothing.
pub(crate) fn push_shown(text: &str, out: &mut String) {
    if text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()) {
        out.push_str(text);
    } else {
        text.chars().for_each(|c| push_visible(c, out));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::printable::Printable;

    fn escaped(text: &str) -> String {
        let mut out = String::new();
        text.chars().for_each(|c| push_visible(c, &mut out));
        out
    }

    #[test]
    fn control_and_bidirectional_characters_are_escaped() {
        for (text, expected) in [
            ("plain ünïcode 日本", "plain ünïcode 日本"),
            ("\u{1b}]0;owned\u{7}", "\\u{1b}]0;owned\\u{7}"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{202e}txt\u{2066}", "\\u{202e}txt\\u{2066}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{9b}2J\u{85}\u{2028}", "\\u{9b}2J\\u{85}\\u{2028}"),
        ] {
            assert_eq!(escaped(text), expected);
            assert_eq!(Printable::new(text).to_string(), expected);
        }
    }

    #[test]
    fn no_line_is_a_command_of_a_ci_runner() {
        let printed = |text| Printable::new(text).to_string();
        assert_eq!(printed("::error::x"), "\\u{3a}:error::x");
        assert_eq!(printed("  ::error::x"), "  \\u{3a}:error::x");
        assert_eq!(printed("a::b"), "a::b");
        assert_eq!(printed("x ##[error]"), "x #\\u{23}[error]");
        assert_eq!(printed("####vso[task]"), "###\\u{23}vso[task]");
    }

    proptest! {
        #[test]
        fn every_hidden_character_is_escaped(text in "(\\PC|\\pC|::|##\\[|\n){0,20}") {
            prop_assert!(!escaped(&text).chars().any(is_hidden));
            let shown = Printable::new(&text).to_string();
            prop_assert!(!shown.chars().any(is_hidden), "{shown:?}");
            prop_assert!(!shown.trim_start().starts_with("::"), "{shown:?}");
            prop_assert!(!shown.contains("##["), "{shown:?}");
        }
    }
}
