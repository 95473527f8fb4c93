//! Patterns of strings: whether a text fits one, and a text that does.

use std::{iter::Peekable, str::Chars};

use regex_lite::Regex;

/// Whether `text` fits `pattern`. A pattern that cannot be read fits everything.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).map_or(true, |regex| regex.is_match(text))
}

/// Returns the simplest text that matches. Supports the patterns that contracts use: literals, sets,
/// groups and repetitions. Returns `None` if the pattern uses other syntax.
pub(super) fn simplest(pattern: &str) -> Option<String> {
    let text = sequence(&mut pattern.chars().peekable(), false)?;
    let regex = Regex::new(pattern).ok()?;
    regex.is_match(&text).then_some(text)
}

/// Reads until the end, or until a group ends.
fn sequence(pattern: &mut Peekable<Chars<'_>>, in_group: bool) -> Option<String> {
    let mut text = String::new();
    let mut finished = None;
    while let Some(letter) = pattern.next() {
        let unit = match letter {
            '^' | '$' => continue,
            ')' if in_group => return Some(finished.unwrap_or(text)),
            // The first alternative is used; the others are skipped.
            '|' => {
                finished.get_or_insert_with(|| std::mem::take(&mut text));
                continue;
            }
            '(' => sequence(pattern, true)?,
            '[' => set(pattern)?,
            '\\' => match pattern.next()? {
                'd' => "1".to_owned(),
                'w' => "a".to_owned(),
                's' => " ".to_owned(),
                other => other.to_string(),
            },
            '.' => "a".to_owned(),
            other => other.to_string(),
        };
        text.push_str(&unit.repeat(repetition(pattern)?));
    }
    (!in_group).then(|| finished.unwrap_or(text))
}

/// The first letter of a set.
fn set(pattern: &mut Peekable<Chars<'_>>) -> Option<String> {
    let first = pattern
        .next()
        .filter(|letter| !['^', '\\', ']'].contains(letter))?;
    pattern.find(|letter| *letter == ']')?;
    Some(first.to_string())
}

/// The minimum number of repetitions of the preceding unit.
fn repetition(pattern: &mut Peekable<Chars<'_>>) -> Option<usize> {
    match pattern.peek() {
        Some('+') => {
            pattern.next();
            Some(1)
        }
        Some('*' | '?') => {
            pattern.next();
            Some(0)
        }
        Some('{') => {
            pattern.next();
            let count: String = pattern
                .by_ref()
                .take_while(|letter| *letter != '}')
                .collect();
            count.split(',').next()?.parse().ok()
        }
        _ => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simplest_text_fits_the_patterns_of_the_contract() {
        for (pattern, text) in [
            (r"^\d+(s|m|h)$", "1s"),
            ("^https://", "https://"),
            ("^sha256:[0-9a-f]{3}$", "sha256:000"),
            ("^a{2,5}b?$", "aa"),
            ("^(red|green)-[a-z]+$", "red-a"),
        ] {
            assert_eq!(simplest(pattern).as_deref(), Some(text), "{pattern}");
            assert!(fits(pattern, text));
            assert!(!fits(pattern, "?"), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_beyond_that_has_no_text() {
        for pattern in ["^[^a]$", "^(a", r"^\p{Greek}$", "^a(?=b)$"] {
            assert_eq!(simplest(pattern), None, "{pattern}");
        }
    }
}
