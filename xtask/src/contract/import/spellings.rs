//! Detects two spellings of one enum value.
//!
//! Case, white space around the value, and separators of words make no difference.

/// Returns the only one of `values` that is another spelling of `text`, if it is new. If an earlier revision had
/// both spellings, they are two values.
pub(super) fn respelled<'a>(
    text: &str,
    values: &[&'a str],
    was_there: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    let same = |other: &&&str| bare(other) == bare(text) && !bare(text).is_empty();
    let mut found = values.iter().filter(same);
    match (found.next(), found.next()) {
        (Some(only), None) if !was_there(only) => Some(only),
        _ => None,
    }
}

/// The letters and digits of a value, without case.
fn bare(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_white_space_and_separators_make_no_other_value() {
        for (old, new) in [
            (" CLUSTER", "CLUSTER"),
            ("aws", "AWS"),
            ("IN-PROGRESS", "IN_PROGRESS"),
            ("inProgress", "IN_PROGRESS"),
        ] {
            assert_eq!(respelled(old, &["OTHER", new], |_| false), Some(new));
        }
    }

    #[test]
    fn another_word_or_a_value_that_was_there_before_is_another_value() {
        assert_eq!(respelled("AWS", &["GCP"], |_| false), None);
        assert_eq!(respelled("+", &["-"], |_| false), None);
        assert_eq!(respelled("aws", &["AWS", "Aws"], |_| false), None);
        assert_eq!(respelled("aws", &["AWS"], |other| other == "AWS"), None);
    }
}
