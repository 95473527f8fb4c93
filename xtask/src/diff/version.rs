//! Computes the version that follows from a difference, by the rules of Cargo.
//!
//! `rules` judges a single change.

use std::fmt;

use super::rules::Severity;
use crate::problem::Problem;

/// A version without a pre-release part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

impl Version {
    /// Reads a version.
    ///
    /// # Errors
    /// Returns an error if the text is not a version of three numbers.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let parts: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some([major, minor, patch]) => Ok(Self {
                major: *major,
                minor: *minor,
                patch: *patch,
            }),
            _ => Err(
                Problem::new(format!("`{text}` is not a version of three numbers"))
                    .with_help("write `version` in Cargo.toml as major.minor.patch"),
            ),
        }
    }

    /// The version after a change of this severity. Before 1.0.0, a breaking change increases the second
    /// number.
    pub(crate) fn after(self, severity: Option<Severity>) -> Self {
        let Self {
            major,
            minor,
            patch,
        } = self;
        match (severity, major) {
            (None, _) => self,
            (Some(Severity::Major), 0) => Self {
                major,
                minor: minor + 1,
                patch: 0,
            },
            (Some(Severity::Major), _) => Self {
                major: major + 1,
                minor: 0,
                patch: 0,
            },
            (Some(Severity::Minor), 1..) => Self {
                major,
                minor: minor + 1,
                patch: 0,
            },
            (Some(_), _) => Self {
                major,
                minor,
                patch: patch + 1,
            },
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_follows_the_rules_of_cargo() {
        use Severity::{Documentation, Major, Minor, Patch};
        for (from, severity, to) in [
            ("0.1.3", Some(Major), "0.2.0"),
            ("0.1.3", Some(Minor), "0.1.4"),
            ("0.1.3", Some(Patch), "0.1.4"),
            ("0.1.3", Some(Documentation), "0.1.4"),
            ("0.1.3", None, "0.1.3"),
            ("1.2.3", Some(Major), "2.0.0"),
            ("1.2.3", Some(Minor), "1.3.0"),
            ("1.2.3", Some(Patch), "1.2.4"),
        ] {
            assert_eq!(
                Version::parse(from).unwrap().after(severity).to_string(),
                to
            );
        }
        assert!(Version::parse("1.2").is_err() && Version::parse("1.2.x").is_err());
    }
}
