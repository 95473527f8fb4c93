//! Text of others, made fit for a message: one line, bounded, without control characters.

/// The text as one line of at most `limit` characters, the mark of what was cut included.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    // Nothing after this can matter, however long a hostile text is.
    for word in text.split(does_not_show) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        for character in word.chars() {
            if length + 1 >= limit {
                line.push('…');
                return line;
            }
            line.push(character);
            length += 1;
        }
    }
    line
}

/// Blanks, control characters, and what turns the direction of a text around.
fn does_not_show(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_control_characters_become_one_blank() {
        assert_eq!(one_line("  a\r\n\tb\u{1b}[31mc ", 80), "a b [31mc");
        assert_eq!(one_line("a\u{202e}b\u{2069}c\u{200f}", 80), "a b c");
        assert_eq!(one_line("", 80), "");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(one_line("ééééé", 4), "ééé…");
        assert_eq!(one_line(&"x".repeat(1000), 10).chars().count(), 10);
        assert_eq!(one_line("abc", 10), "abc");
    }
}
