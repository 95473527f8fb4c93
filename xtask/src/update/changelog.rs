//! Writes the section of CHANGELOG.md about a new contract, with breaking changes first.
//!
//! `diff` finds the changes.

use std::fmt::Write as _;

use crate::diff::report::Report;
use crate::diff::rules::Severity;
use crate::lock::Upstream;
use crate::problem::Problem;

/// The text of the changelog with a section about the difference before its first section.
///
/// # Errors
/// Returns an error if the changelog has no section, or already has one of this version.
pub(super) fn with_section(
    text: &str,
    report: &Report,
    version: &str,
    upstream: &Upstream,
) -> Result<String, Problem> {
    let heading = format!("## {version}");
    if text
        .lines()
        .any(|line| line == heading || line.starts_with(&format!("{heading} ")))
    {
        return Err(
            Problem::new(format!("CHANGELOG.md has a section for {version} already")).with_help(
                "set `version` in Cargo.toml to the newest version of the changelog first",
            ),
        );
    }
    let start = match text.starts_with("## ") {
        true => Some(0),
        false => text.find("\n## ").map(|start| start + 1),
    };
    let Some((before, after)) = start.and_then(|start| text.split_at_checked(start)) else {
        return Err(
            Problem::new("CHANGELOG.md has no section").with_help("begin one with `## Unreleased`")
        );
    };
    Ok(format!(
        "{before}{}{after}",
        section(report, version, upstream)
    ))
}

fn section(report: &Report, version: &str, upstream: &Upstream) -> String {
    let mut out = format!("## {version}\n\n");
    let short: String = upstream.commit.chars().take(12).collect();
    // Writing to a text never fails.
    let _ = writeln!(
        out,
        "The API of {} (commit `{short}` of the published specification).\n",
        upstream.date
    );
    let groups = [
        ("Breaking", vec![Severity::Major]),
        ("New", vec![Severity::Minor]),
        ("Also changed", vec![Severity::Patch]),
    ];
    for (title, severities) in groups {
        let lines = report.lines(&severities);
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(out, "### {title}\n");
        for (area, lines) in lines {
            let _ = writeln!(out, "- {area}:");
            for line in lines {
                let _ = writeln!(out, "  - {line}");
            }
        }
        out.push('\n');
    }
    let silent = report.lines(&[Severity::Documentation]);
    let silent: usize = silent.iter().map(|(_, lines)| lines.len()).sum();
    if silent > 0 {
        let noun = if silent == 1 { "change" } else { "changes" };
        let _ = writeln!(out, "{silent} {noun} of the documentation only.\n");
    }
    out
}
