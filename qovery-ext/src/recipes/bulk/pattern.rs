//! Patterns that stand for names.

use super::super::naming::comparable;

/// A pattern as the caller wrote it, and its letters for comparisons.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) text: String,
    letters: Vec<char>,
}

impl Pattern {
    pub(super) fn new(text: String) -> Self {
        Self {
            letters: comparable(&text).chars().collect(),
            text,
        }
    }

    /// Whether it has no wildcard, so that it is a name.
    pub(super) fn is_name(&self) -> bool {
        !self
            .letters
            .iter()
            .any(|letter| ['*', '?'].contains(letter))
    }

    pub(super) fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = comparable(name).chars().collect();
        fits(&self.letters, &name)
    }
}

/// Whether a name fits a pattern.
fn fits(pattern: &[char], name: &[char]) -> bool {
    // The position of the last star, and the number of characters that it stands for.
    let mut star = None;
    let (mut at, mut from) = (0, 0);
    while let Some(letter) = name.get(from) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == letter => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    (at, from) = (place + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    let rest = pattern.get(at..).unwrap_or_default();
    rest.iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_names() {
        for (pattern, name, fit) in [
            ("pr-*", "pr-17", true),
            ("pr-*", "pr-", true),
            ("pr-*", "xpr-1", false),
            ("*", "", true),
            ("*", "anything", true),
            ("", "", true),
            ("", "a", false),
            ("?", "a", true),
            ("?", "", false),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("*ab", "aab", true),
            ("**", "x", true),
            ("pr-?", "pr-17", false),
        ] {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(
                fits(&letters(pattern), &letters(name)),
                fit,
                "{pattern} {name}"
            );
        }
    }
}
