//! Formats a difference as text, Markdown and JSON: the summary first, then all changes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::compare::{Change, Place};
use super::phrase::code_span;
use super::rules::Severity;
use super::version::Version;
use crate::printable::Printable;

/// All changes from one contract to another.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) old: String,
    pub(crate) new: String,
    /// The version of the client that the old contract belongs to.
    pub(crate) version: Option<Version>,
    pub(crate) changes: Vec<Change>,
}

/// The name of an area or of a subject, and its changes.
type Named<'a, T> = (&'a str, Vec<T>);
/// An area, its subjects and their changes.
type Group<'a> = Named<'a, Named<'a, &'a Change>>;

/// From the highest to the lowest.
const SEVERITIES: [Severity; 4] = [
    Severity::Major,
    Severity::Minor,
    Severity::Patch,
    Severity::Documentation,
];

impl Report {
    /// The highest severity; none if nothing changed.
    pub(crate) fn severity(&self) -> Option<Severity> {
        self.changes.iter().map(|change| change.rule.severity).max()
    }

    fn count(&self, severity: Severity) -> usize {
        self.changes
            .iter()
            .filter(|change| change.rule.severity == severity)
            .count()
    }

    /// The counts in one line.
    pub(crate) fn headline(&self) -> String {
        if self.changes.is_empty() {
            return "no changes".to_owned();
        }
        let counts = SEVERITIES
            .iter()
            .filter_map(|severity| match self.count(*severity) {
                0 => None,
                count => Some(format!("{count} {severity}")),
            });
        let counts: Vec<String> = counts.collect();
        let noun = if self.changes.len() == 1 {
            "change"
        } else {
            "changes"
        };
        format!("{} {noun}: {}", self.changes.len(), counts.join(", "))
    }

    fn verdict(&self) -> String {
        let Some(severity) = self.severity() else {
            return "version: stays".to_owned();
        };
        let bump = severity.max(Severity::Patch);
        match self.version {
            Some(version) => format!(
                "version: {bump}, {version} becomes {}",
                version.after(Some(severity))
            ),
            None => format!("version: {bump}"),
        }
    }

    /// Changes by area and by subject, in their order.
    fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for change in &self.changes {
            if groups.last().is_none_or(|(area, _)| *area != change.area) {
                groups.push((&change.area, Vec::new()));
            }
            let Some((_, subjects)) = groups.last_mut() else {
                continue;
            };
            if subjects
                .last()
                .is_none_or(|(subject, _)| *subject != change.subject)
            {
                subjects.push((&change.subject, Vec::new()));
            }
            if let Some((_, changes)) = subjects.last_mut() {
                changes.push(change);
            }
        }
        groups
    }

    /// How many changes of each severity each area has.
    fn by_area(&self) -> BTreeMap<&str, [usize; 4]> {
        let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
        for change in &self.changes {
            let counts = counts.entry(&change.area).or_default();
            let row = SEVERITIES.iter().zip(counts);
            for (_, count) in row.filter(|(severity, _)| **severity == change.rule.severity) {
                *count += 1;
            }
        }
        counts
    }

    /// The changes of some severities as lines of Markdown, by area.
    pub(crate) fn lines(&self, severities: &[Severity]) -> Vec<(String, Vec<String>)> {
        let mut lines: Vec<(String, Vec<String>)> = Vec::new();
        let wanted = self.changes.iter();
        for change in wanted.filter(|change| severities.contains(&change.rule.severity)) {
            let area = area_name(&change.area);
            if lines.last().is_none_or(|(known, _)| *known != area) {
                lines.push((area, Vec::new()));
            }
            let text = change.phrase.markdown();
            let line = match change.rule.advice {
                "nothing" => format!("{text}."),
                advice if change.rule.severity == Severity::Major => {
                    format!("{text}. {}.", capitalised(advice))
                }
                _ => format!("{text}."),
            };
            if let Some((_, lines)) = lines.last_mut() {
                lines.push(line);
            }
        }
        lines
    }

    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let (old, new) = (Printable::new(&self.old), Printable::new(&self.new));
        // Writing to a text does not fail.
        let _ = writeln!(out, "from {old} to {new}\n{}", self.headline());
        for (area, counts) in self.by_area() {
            let counts = SEVERITIES
                .iter()
                .zip(counts)
                .filter(|(_, count)| *count > 0);
            let counts: Vec<String> = counts
                .map(|(severity, count)| format!("{count} {severity}"))
                .collect();
            let _ = writeln!(out, "  {}: {}", area_name(area), counts.join(", "));
        }
        for (area, subjects) in self.groups() {
            let _ = writeln!(out, "\n{}", area_name(area));
            for (subject, changes) in subjects {
                let _ = writeln!(out, "  {}", Printable::new(subject));
                for change in changes {
                    out.push_str(&stated(change, "    "));
                    for (side, label, place) in [
                        ("old", &self.old, &change.old),
                        ("new", &self.new, &change.new),
                    ] {
                        if let Some(place) = place {
                            let _ = writeln!(out, "      {side} {}", place.text(label));
                        }
                    }
                }
            }
        }
        let _ = writeln!(out, "\n{}", self.verdict());
        out
    }

    /// The breaking changes for a terminal; empty if there are none.
    pub(crate) fn breaking(&self) -> String {
        let is_major = |change: &&Change| change.rule.severity == Severity::Major;
        let major: Vec<&Change> = self.changes.iter().filter(is_major).collect();
        if major.is_empty() {
            return String::new();
        }
        let lines: String = major.iter().map(|change| stated(change, "  ")).collect();
        format!("breaking for programs: {}\n{lines}", major.len())
    }

    /// For a pull request, as much as fits: all of it, or the summary with the breaking changes, or
    /// the summary alone. A note says that something is left out.
    pub(crate) fn markdown_within(&self, bytes: usize) -> String {
        let whole = self.markdown();
        if whole.len() <= bytes {
            return whole;
        }
        let rest = "\nThis list is incomplete: `cargo xtask diff OLD NEW --format markdown`, with the contract of this branch and of its base, prints all changes.\n";
        let short = self.markdown_head(true) + rest;
        if short.len() <= bytes {
            return short;
        }
        self.markdown_head(false) + rest
    }

    /// The summary, and the breaking changes if they are `wanted`.
    fn markdown_head(&self, wanted: bool) -> String {
        let mut out = String::new();
        let (old, new) = (code_span(&self.old), code_span(&self.new));
        let _ = writeln!(
            out,
            "## Changes of the API\n\nFrom {old} to {new}: {}. **{}**\n",
            self.headline(),
            self.verdict()
        );
        if !self.changes.is_empty() {
            let _ = writeln!(
                out,
                "| area | major | minor | patch | documentation |\n|---|---|---|---|---|"
            );
            for (area, [major, minor, patch, documentation]) in self.by_area() {
                let _ = writeln!(
                    out,
                    "| {} | {major} | {minor} | {patch} | {documentation} |",
                    area_name(area)
                );
            }
        }
        let major: Vec<&Change> = self
            .changes
            .iter()
            .filter(|change| wanted && change.rule.severity == Severity::Major)
            .collect();
        if !major.is_empty() {
            let _ = writeln!(out, "\n### Breaking\n");
            for change in major {
                let _ = writeln!(
                    out,
                    "- {}. {}.",
                    change.phrase.markdown(),
                    capitalised(change.rule.advice)
                );
            }
        }
        out
    }

    /// For a pull request.
    pub(crate) fn markdown(&self) -> String {
        let mut out = self.markdown_head(true);
        for (area, subjects) in self.groups() {
            let _ = writeln!(out, "\n### {}\n", capitalised(&area_name(area)));
            for (subject, changes) in subjects {
                let _ = writeln!(out, "- {}", code_span(subject));
                for change in changes {
                    let rule = change.rule;
                    let affected: Vec<String> =
                        rule.affected.iter().map(ToString::to_string).collect();
                    let _ = writeln!(
                        out,
                        "  - **{}** `{}` ({}): {}. {}.",
                        rule.severity,
                        rule.id,
                        affected.join(", "),
                        change.phrase.markdown(),
                        capitalised(rule.advice)
                    );
                    for (side, place) in [("old", &change.old), ("new", &change.new)] {
                        if let Some(place) = place {
                            let line = place
                                .line
                                .map(|line| format!(", line {line}"))
                                .unwrap_or_default();
                            let _ =
                                writeln!(out, "    - {side}: {}{line}", code_span(&place.pointer));
                        }
                    }
                }
            }
        }
        out
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let place = |place: &Option<Place>| match place {
            Some(place) => json!({"pointer": place.pointer, "line": place.line}),
            None => Value::Null,
        };
        let changes = self.changes.iter().map(|change| {
            json!({
                "rule": change.rule.id,
                "severity": change.rule.severity,
                "affected": change.rule.affected,
                "area": change.area,
                "subject": change.subject,
                "text": change.phrase.text(),
                "advice": change.rule.advice,
                "old": place(&change.old),
                "new": place(&change.new),
            })
        });
        let bump = self
            .severity()
            .map(|severity| severity.max(Severity::Patch));
        json!({
            "old": self.old,
            "new": self.new,
            "summary": {
                "major": self.count(Severity::Major),
                "minor": self.count(Severity::Minor),
                "patch": self.count(Severity::Patch),
                "documentation": self.count(Severity::Documentation),
            },
            "bump": bump,
            "version": self.version.map(|version| version.to_string()),
            "next_version": self.version.map(|version| version.after(self.severity()).to_string()),
            "changes": changes.collect::<Vec<_>>(),
        })
    }
}

impl Place {
    fn text(&self, label: &str) -> String {
        let pointer = Printable::new(&self.pointer);
        match self.line {
            Some(line) => format!("{}:{line} {pointer}", Printable::new(label)),
            None => format!("{} {pointer}", Printable::new(label)),
        }
    }
}

/// A change and the advice, on two lines for a terminal.
fn stated(change: &Change, indent: &str) -> String {
    let rule = change.rule;
    let affected: Vec<String> = rule.affected.iter().map(ToString::to_string).collect();
    format!(
        "{indent}{} [{}] {}\n{indent}  {}: {}\n",
        rule.severity,
        rule.id,
        change.phrase.text(),
        affected.join(", "),
        rule.advice
    )
}

/// The name of an area, as the generator defines it; changes outside all areas concern all of them.
fn area_name(area: &str) -> String {
    if area.is_empty() {
        "all areas".to_owned()
    } else {
        area.to_owned()
    }
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.as_str().chars()).collect()
}
