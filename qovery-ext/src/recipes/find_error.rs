//! Errors of finding objects.

use std::fmt;

use qovery_api::{Error, Printable};
use uuid::Uuid;

use super::naming::{Nameable, Named, comparable};
use crate::causes::{self, debug_as_text};

/// A name, a path, a URL or an id does not identify one object.
///
/// Available on crate feature `services` only.
///
/// The message lists at most 10 candidates with their ids; [`FindError::candidates`] has all of them.
pub struct FindError(Box<Inner>);

struct Inner {
    reason: Reason,
    /// The kind of the object that was not found.
    #[cfg_attr(
        not(feature = "find"),
        allow(dead_code, reason = "only a path has advice for a kind")
    )]
    kind: &'static str,
    message: String,
    candidates: Vec<Named>,
    closest: Option<Named>,
}

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
            kind: "",
            message,
            candidates: Vec::new(),
            closest: None,
        }))
    }

    pub(super) fn api(what: &str, error: Error) -> Self {
        let message = format!("{what} could not be read: {error}");
        Self::new(Reason::Api(error), message)
    }

    #[cfg(feature = "find")]
    pub(super) fn invalid(text: &str, why: &str) -> Self {
        Self::new(
            Reason::Invalid,
            format!("\"{text}\" cannot be looked up: {why}"),
        )
    }

    /// No object of this kind has the name. `within` names the parent, and `all` has the existing objects.
    pub(super) fn not_found<T: Nameable>(
        kind: &'static str,
        name: &str,
        within: &str,
        all: &[T],
    ) -> Self {
        let candidates: Vec<_> = all.iter().map(Nameable::named).collect();
        let names = candidates.iter().map(|one| one.name.as_str());
        let closest = closest(name, names).and_then(|place| candidates.get(place).cloned());
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
        error.0.kind = kind;
        error.0.candidates = candidates;
        error
    }

    /// No object of this kind has the id.
    pub(super) fn unknown_id(kind: &str, within: &str, id: Uuid) -> Self {
        Self::new(
            Reason::NotFound,
            format!(
                "no {kind}{within} has the id {id}: it may have been deleted, or the token has no access to it"
            ),
        )
    }

    /// Adds advice on the form of the path that was looked up.
    #[cfg(feature = "find")]
    pub(super) fn with_path_hint(mut self, path: &str) -> Self {
        if !self.is_not_found() || self.0.candidates.is_empty() {
            return self;
        }
        // A name with a slash, or with a slash that is encoded as in a URL.
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let path = comparable(&decoded);
        let mut slashed = self.0.candidates.iter();
        let slashed =
            slashed.find(|one| one.name.contains('/') && path.contains(&comparable(&one.name)));
        let kind = self.0.kind;
        if let Some(named) = slashed {
            self.0.message.push_str(&format!(
                "; {named} has a slash in its name: pass it in a single step, .{kind}(\"{}\")",
                named.name
            ));
        } else if kind == "organization" {
            self.0.message.push_str(
                "; a path begins with its organization: ORGANIZATION/PROJECT/ENVIRONMENT/SERVICE",
            );
        }
        self
    }

    pub(super) fn ambiguous<T: Nameable>(kind: &str, name: &str, within: &str, all: &[T]) -> Self {
        let count = |name: &str| all.iter().filter(|one| one.name() == name).count();
        let is_exact = count(name) > 0;
        let helps = !is_exact && all.iter().any(|one| count(one.name()) == 1);
        let advice = match helps {
            true => "use an id, or the exact spelling",
            false => "use an id",
        };
        let message = format!(
            "{} {kind}s{within} are named \"{name}\": {}; {advice}",
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

    /// Returns whether the text cannot name an object of the expected kind, or is the URL or the id of an
    /// object of another kind.
    pub fn is_invalid(&self) -> bool {
        matches!(self.0.reason, Reason::Invalid)
    }

    /// Returns all objects with the name if it is ambiguous, and all existing objects if no object has the
    /// name. Empty for any other error, for example for an unknown id.
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
        causes::write(f, self, Printable::new(&self.0.message))
    }
}

debug_as_text!(FindError);

impl std::error::Error for FindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.api_error().map(|error| error as _)
    }
}

fn list<T: Nameable>(all: &[T]) -> String {
    const LISTED: usize = 10;
    let listed = all.iter().take(LISTED).map(Nameable::listed);
    let listed = listed.collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// Returns the index of the candidate that is most similar to a name, if any is similar.
pub(super) fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<usize> {
    /// The smallest similarity, on a scale from 0 (nothing in common) to 1 (equal).
    const LIKE: f64 = 0.55;
    let name = comparable(name);
    let likeness = |candidate: &str| {
        let other = comparable(candidate);
        let edits = strsim::normalized_damerau_levenshtein(&name, &other);
        // `stag` is similar to `staging`, however much is missing.
        let is_part = name.chars().count() >= 3 && (other.contains(&name) || name.contains(&other));
        if is_part { edits.max(LIKE) } else { edits }
    };
    let likest = candidates.map(likeness).enumerate();
    let likest = likest.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (likest.1 >= LIKE).then_some(likest.0)
}

#[cfg(test)]
mod tests {
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
            let names = there.iter().map(|one| one.name.as_str());
            let found = closest(asked, names).map(|place| there[place].name.as_str());
            assert_eq!(found, expected, "{asked}");
        }
    }

    #[test]
    fn a_long_list_is_cut_in_the_message_and_whole_in_the_error() {
        let names: Vec<String> = (0..80).map(|number| format!("name-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let error = FindError::not_found("project", "x", "", &candidates(&names));
        assert!(error.to_string().ends_with("and 70 more"), "{error}");
        assert_eq!(error.candidates().len(), 80);
    }

    #[test]
    fn the_exact_spelling_is_advised_only_if_it_helps() {
        for (asked, names, helps) in [
            ("Web", &["web", "WEB"][..], true),
            ("dup", &["dup", "dup"], false),
            ("dup", &["dup", "dup", "DUP"], false),
            ("Dup", &["dup", "dup"], false),
            ("Dup", &["dup", "dup", "DUP"], true),
        ] {
            let error = FindError::ambiguous("service", asked, "", &candidates(names));
            let text = error.to_string();
            assert!(text.contains("; use an id"), "{text}");
            assert_eq!(text.contains("spelling"), helps, "{text}");
        }
    }

    #[test]
    fn a_hostile_name_does_not_control_the_terminal() {
        let error = FindError::ambiguous("service", "a\u{1b}[2J", "", &candidates(&["\u{1b}[2J"]));
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }
}
