//! Wraps long texts between words.

use console::measure_text_width;

/// Breaks a plain text into lines that are at most `width` wide, all but the first one indented. A word that
/// leaves no room for the indentation is indented less. A word that is wider than a line stays whole on a line of
/// its own, so that it can still be copied.
pub(super) fn wrap(text: &str, width: Option<usize>, indent: usize) -> Vec<String> {
    let Some(width) = width else {
        return vec![text.to_owned()];
    };
    if measure_text_width(text) <= width {
        return vec![text.to_owned()];
    }
    let begin = text.len() - text.trim_start_matches(' ').len();
    let mut lines = Vec::new();
    let mut line = " ".repeat(begin);
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let gap = usize::from(!is_empty);
        if !is_empty && measure_text_width(&line) + gap + measure_text_width(word) > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            is_empty = true;
        }
        if is_empty && measure_text_width(&line) + measure_text_width(word) > width {
            line = " ".repeat(width.saturating_sub(measure_text_width(word)));
        }
        match word.strip_prefix(':') {
            // A CI runner interprets a line that begins like this as a command.
            Some(rest) if is_empty && !lines.is_empty() => {
                line.push_str("\\u{3a}");
                line.push_str(rest);
            }
            _ => {
                if !is_empty {
                    line.push(' ');
                }
                line.push_str(word);
            }
        }
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// The last parts that fit into `width`, joined by commas. A mark shows that parts were left out.
pub(super) fn last_that_fit(parts: &[String], width: Option<usize>) -> String {
    let all = parts.join(", ");
    let Some(width) = width else { return all };
    if measure_text_width(&all) <= width {
        return all;
    }
    for first in 1..parts.len() {
        let rest = parts.get(first..).unwrap_or_default().join(", ");
        if measure_text_width(&rest) + 2 <= width {
            return format!("… {rest}");
        }
    }
    String::new()
}

/// The first parts that fit into `width`, joined by commas.
pub(super) fn first_that_fit(parts: &[String], width: Option<usize>) -> String {
    let mut text = String::new();
    for part in parts {
        let more = if text.is_empty() { 0 } else { 2 };
        let needed = measure_text_width(&text) + more + measure_text_width(part);
        if width.is_some_and(|width| needed > width) {
            break;
        }
        if more > 0 {
            text.push_str(", ");
        }
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_broken_and_no_line_is_wider_than_the_terminal() {
        let text = "  ✘ deploying environment production: it failed (BUILD_ERROR)";
        for width in 40..=200 {
            let lines = wrap(text, Some(width), 4);
            let words: Vec<_> = lines
                .iter()
                .flat_map(|line| line.split_whitespace())
                .collect();
            assert_eq!(
                words,
                text.split_whitespace().collect::<Vec<_>>(),
                "{width}"
            );
            for line in &lines {
                assert!(measure_text_width(line) <= width, "{width}: {line}");
            }
            assert!(lines[0].starts_with("  ✘"));
            assert!(lines[1..].iter().all(|line| line.starts_with("    ")));
        }
    }

    #[test]
    fn no_line_that_wrapping_begins_is_a_command_of_a_runner() {
        let text = format!("  {} ::error::x :: :y", "word ".repeat(30));
        for width in 40..=200 {
            for indent in [0, 4] {
                for line in wrap(&text, Some(width), indent) {
                    assert!(!line.trim_start().starts_with(':'), "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn a_word_that_fits_only_without_the_indentation_is_indented_less() {
        let id = "019b76da-a804-7000-8000-000000000004";
        for width in 40..=60 {
            for text in [
                format!("  ✘ deploying ({id}): it failed"),
                format!("    {id}-48"),
            ] {
                for line in wrap(&text, Some(width), 4) {
                    assert!(measure_text_width(&line) <= width, "{width}: {line}");
                }
            }
        }
    }

    #[test]
    fn a_word_that_is_too_wide_stays_whole_and_without_a_terminal_nothing_is_wrapped() {
        let id = "qovery-op-2-".to_owned() + &"x".repeat(80);
        let text = format!("go on with {id} now");
        assert_eq!(wrap(&text, Some(40), 0), ["go on with", id.as_str(), "now"]);
        assert_eq!(wrap(&text, None, 0), [text]);
    }
}
