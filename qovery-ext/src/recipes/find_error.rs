//! Errors of finding objects.

use std::fmt;

use qovery_api::{Error, Printable};

use super::naming::{Nameable, Named, comparable};

/// No object was found by a name, a path, a URL or an id.
///
/// Available on crate feature `services` only.
///
/// The message lists at most 50 candidates with their ids; [`FindError::candidates`] has all of them.
#[derive(Debug)]
pub struct FindError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    reason: Reason,
    message: String,
    candidates: Vec<Named>,
    closest: Option<Named>,
}

#[derive(Debug)]
enum Reason {
    Api(Error),
    #[cfg_attr(
        not(feature = "find"),
        allow(dead_code, reason = "only a path or a URL can be invalid")
    )]
    Invalid,
    NotFound,
    Ambiguous,
}

impl FindError {
    fn new(reason: Reason, message: String) -> Self {
        Self(Box::new(Inner {
            reason,
            message,
            candidates: Vec::new(),
            closest: None,
        }))
    }

    pub(super) fn api(what: &str, error: Error) -> Self {
        Self::new(Reason::Api(error), format!("{what} could not be read"))
    }

    #[cfg(feature = "find")]
    pub(super) fn invalid(text: &str, why: &str) -> Self {
        Self::new(
            Reason::Invalid,
            format!("\"{text}\" cannot be looked up: {why}"),
        )
    }

    /// No `kind` is named so `within` something; these are.
    pub(super) fn not_found<T: Nameable>(kind: &str, name: &str, within: &str, all: &[T]) -> Self {
        let candidates: Vec<_> = all.iter().map(Nameable::named).collect();
        let closest = closest(name, &candidates).cloned();
        let there = match all {
            [] => "there are none".to_owned(),
            all => format!("there are {}", list(all)),
        };
        let hint = closest.as_ref();
        let hint = hint.map(|one| format!("did you mean {one}? "));
        let hint = hint.unwrap_or_default();
        let message = format!("no {kind}{within} is named \"{name}\": {hint}{there}");
        let mut error = Self::new(Reason::NotFound, message);
        error.0.closest = closest;
        error.0.candidates = candidates;
        error
    }

    #[cfg(feature = "find")]
    pub(super) fn unknown_id(what: &str, id: uuid::Uuid) -> Self {
        Self::new(
            Reason::NotFound,
            format!("no {what} with the id {id} is visible to this token"),
        )
    }

    pub(super) fn ambiguous<T: Nameable>(kind: &str, name: &str, within: &str, all: &[T]) -> Self {
        let message = format!(
            "{} {kind}s{within} are named \"{name}\": {}; use an id, or the exact spelling",
            all.len(),
            list(all)
        );
        let mut error = Self::new(Reason::Ambiguous, message);
        error.0.candidates = all.iter().map(Nameable::named).collect();
        error
    }

    /// Returns whether no object has the name or the id.
    pub fn is_not_found(&self) -> bool {
        matches!(self.0.reason, Reason::NotFound)
    }

    /// Returns whether several objects have the name.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.0.reason, Reason::Ambiguous)
    }

    /// Returns whether the text cannot name an object of the expected kind. Nothing was sent.
    pub fn is_invalid(&self) -> bool {
        matches!(self.0.reason, Reason::Invalid)
    }

    /// Returns the objects that have the name, if it is ambiguous, or all existing objects, if none
    /// has it.
    pub fn candidates(&self) -> &[Named] {
        &self.0.candidates
    }

    /// Returns the candidate with the most similar name, if any name is similar.
    pub fn closest(&self) -> Option<&Named> {
        self.0.closest.as_ref()
    }

    /// Returns the error of the call, if a list could not be read.
    pub fn api_error(&self) -> Option<&Error> {
        match &self.0.reason {
            Reason::Api(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable::new(&self.0.message).fmt(f)
    }
}

impl std::error::Error for FindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.api_error().map(|error| error as _)
    }
}

fn list<T: Nameable>(all: &[T]) -> String {
    const LISTED: usize = 50;
    let listed = all.iter().take(LISTED).map(Nameable::listed);
    let listed = listed.collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// The candidate that is most like a name, if it is like it at all.
fn closest<'a>(name: &str, candidates: &'a [Named]) -> Option<&'a Named> {
    /// From 0, nothing in common, to 1, the same.
    const LIKE: f64 = 0.55;
    let name = comparable(name);
    let likeness = |candidate: &Named| {
        let other = comparable(&candidate.name);
        let edits = strsim::normalized_damerau_levenshtein(&name, &other);
        // `stag` is like `staging`, however much is missing.
        let is_part = name.chars().count() >= 3 && (other.contains(&name) || name.contains(&other));
        if is_part { edits.max(LIKE) } else { edits }
    };
    let likest = candidates.iter().map(|one| (one, likeness(one)));
    let likest = likest.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (likest.1 >= LIKE).then_some(likest.0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn candidates(names: &[&str]) -> Vec<Named> {
        let named = names.iter().enumerate().map(|(id, name)| Named {
            id: Uuid::from_u128(id as u128),
            name: (*name).to_owned(),
        });
        named.collect()
    }

    #[test]
    fn the_closest_name_is_the_one_that_was_misspelled() {
        let there = candidates(&["production", "staging", "Preview", "api"]);
        for (asked, expected) in [
            ("stagin", Some("staging")),
            ("satging", Some("staging")),
            ("PREVEIW", Some("Preview")),
            ("prod", Some("production")),
            ("zzz", None),
            ("", None),
        ] {
            let found = closest(asked, &there).map(|one| one.name.as_str());
            assert_eq!(found, expected, "{asked}");
        }
    }

    #[test]
    fn a_long_list_is_cut_in_the_message_and_whole_in_the_error() {
        let names: Vec<String> = (0..80).map(|number| format!("name-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = FindError::not_found("project", "x", "", &candidates(&names));
        assert!(error.to_string().ends_with("and 30 more"), "{error}");
        assert_eq!(error.candidates().len(), 80);
    }

    #[test]
    fn a_hostile_name_does_not_control_the_terminal() {
        let error = FindError::ambiguous("service", "a\u{1b}[2J", "", &candidates(&["\u{1b}[2J"]));
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}
