//! Names of generated types are readable words.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails if one of its assumptions is wrong"
)]

use std::collections::BTreeSet;
use std::fs;

use integration_tests::document::{self, workspace};

const LONGEST: usize = 45;

/// The names of all types that are generated.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for area in fs::read_dir(workspace().join("qovery-api/src/generated")).unwrap() {
        let models = area.unwrap().path().join("models.rs");
        let Ok(text) = fs::read_to_string(models) else {
            continue;
        };
        for line in text.lines().map(str::trim) {
            let rest = line
                .strip_prefix("pub struct ")
                .or_else(|| line.strip_prefix("pub enum "));
            let name = rest.and_then(|rest| rest.split([' ', '<', '{', '(', ';']).next());
            names.extend(name.map(str::to_owned));
        }
    }
    names
}

/// The reason why a name is not readable.
fn problem(name: &str) -> Option<&'static str> {
    let numbered = |word: &str| {
        name.match_indices(word).any(|(at, _)| {
            name.get(at + word.len()..)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
    };
    let capitals = name
        .chars()
        .zip(name.chars().skip(1))
        .any(|(first, second)| first.is_ascii_uppercase() && second.is_ascii_uppercase());
    let ends = |words: &[&str]| words.iter().any(|word| name.ends_with(word));
    if name.len() > LONGEST {
        Some("it is too long")
    } else if ends(&["Inner", "ResponseItem", "ListItem", "ResultsItem"])
        || name.matches("Item").count() > 1
    {
        Some("it names a position instead of a thing")
    } else if numbered("Option") || numbered("Variant") || numbered("Member") {
        Some("it has a number instead of a meaning")
    } else if capitals {
        Some("an acronym is not written as a word")
    } else {
        None
    }
}

#[test]
fn types_have_readable_names() {
    let names = names();
    assert!(names.len() > 900, "{}", names.len());
    // A name that the contract uses for a member is the name of this member.
    let contract = document::contract();
    let schemas = contract["components"]["schemas"].as_object().unwrap();
    let bad: Vec<String> = names
        .iter()
        .filter_map(|name| {
            let member = name.ends_with("Member") && !schemas.contains_key(name);
            let what =
                problem(name).or(member.then_some("it names a position instead of a thing"))?;
            Some(format!("{name}: {what}"))
        })
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn unreadable_names_are_found() {
    for name in [
        "MetricRestartResultsInner",
        "DeploymentHistoryServiceDetailsOption1",
        "ListServicesByEnvironmentIdResponseItem",
        "AssociatedItemsResponseListItem",
        "APIVariableType",
        "GcpWorkloadIdentityFederationCredentialsRequestCredentialType",
    ] {
        assert!(problem(name).is_some(), "{name}");
    }
    assert_eq!(problem("Member"), None);
    assert_eq!(problem("DeploymentHistoryEnvironmentV2"), None);
}
