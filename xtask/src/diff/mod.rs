//! The command `diff`: lists the changes between two contracts, as seen by programs that use the client.
//!
//! Reads both sides as the generator does, generates the client of each, and compares facts and code.

pub(crate) mod compare;
mod phrase;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod side;
mod surface;
pub(crate) mod version;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::contract::{self, Document};
use crate::files::OVERLAY;
use crate::printable::Printable;
use crate::problem::Problem;
use report::Report;
use rules::Severity;
use side::{Files, Origin, Side};
use version::Version;

/// Lists the changes of the Rust API between two contracts, and the version that they require.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The old contract: a file, or `git:REV` for the contract of a revision of this repository.
    #[arg(value_name = "OLD")]
    old: String,
    /// The new contract: a file or `git:REV`.
    #[arg(value_name = "NEW")]
    new: String,
    /// The output format.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Exit 1 if a change has this severity or a higher one.
    #[arg(long, value_enum, value_name = "SEVERITY")]
    fail_on: Option<FailOn>,
    /// The largest size of the Markdown. A longer report has only the summary, the breaking changes, and the
    /// command that lists all changes. Only with `--format markdown`. Default: no limit.
    #[arg(long, value_name = "BYTES")]
    at_most: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Major,
    Minor,
}

/// Runs the command.
///
/// # Errors
/// Returns an error if a side cannot be read or generated.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    let root = crate::repository();
    let old = Files::of(&Origin::parse(&args.old)?, &root)?;
    let new = Files::of(&Origin::parse(&args.new)?, &root)?;
    let report = between(&old, &new, &root)?;
    let text = match args.format {
        Format::Text => report.text(),
        Format::Markdown => report.markdown_within(args.at_most.unwrap_or(usize::MAX)),
        Format::Json => {
            let json = serde_json::to_string_pretty(&report.json());
            let json =
                json.map_err(|error| Problem::defect(format!("no JSON can be written: {error}")))?;
            format!("{}\n", Printable::json(&json))
        }
    };
    // A reader that closes the pipe early does not need the rest.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if args.format == Format::Text {
        let next = match report.severity() {
            None => "next: nothing to do",
            Some(_) => {
                "next: `cargo xtask update FILE --upstream-commit SHA` imports a published revision; `cargo xtask generate` writes the client"
            }
        };
        let _ = writeln!(std::io::stdout(), "{next}");
    }
    let limit = args.fail_on.map(|limit| match limit {
        FailOn::Major => Severity::Major,
        FailOn::Minor => Severity::Minor,
    });
    let fails = limit.is_some_and(|limit| report.severity().is_some_and(|found| found >= limit));
    Ok(if fails {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Compares two contracts.
///
/// If one side has the fixes of this repository, the other is read with them too, as far as they fit:
/// otherwise every fix would be a change.
///
/// # Errors
/// Returns an error if a side cannot be read or generated.
pub(crate) fn between(old: &Files, new: &Files, root: &Path) -> Result<Report, Problem> {
    let own = root.join(OVERLAY);
    let fixes = |files: &Files, other: &Files| {
        let borrowed = || other.overlay.is_some().then(|| own.clone());
        files.overlay.clone().or_else(borrowed)
    };
    let fixed = (
        with_fixes(old, fixes(old, new))?,
        with_fixes(new, fixes(new, old))?,
    );
    let (before, after) = match fixed {
        (Some(before), Some(after)) => (before, after),
        _ => (
            contract::load(&old.contract)?,
            contract::load(&new.contract)?,
        ),
    };
    let before = Side::of(&old.label, before)?;
    let after = Side::of(&new.label, after)?;
    let version = match &old.manifest {
        Some(manifest) => stated(manifest),
        None => version(root),
    };
    Ok(of_sides(&before, &after, version))
}

/// Compares the contract in a file with the text that an import of `revision` would write. If the fixes of this
/// repository do not fit the text, both are read without them.
///
/// # Errors
/// Returns an error if a side cannot be read or generated.
pub(crate) fn of_import(
    contract: &Path,
    text: &str,
    revision: &Document,
    root: &Path,
) -> Result<Report, Problem> {
    let old = Files::of(&Origin::File(contract.to_owned()), root)?;
    let new = Files::of_text("the imported revision", text)?;
    let report = between(&old, &new, root);
    report.map_err(|problem| problem.of_copy(&new.contract, revision))
}

/// The contract of a side with fixes; `None` if they are those of the other side and do not fit.
fn with_fixes(files: &Files, overlay: Option<PathBuf>) -> Result<Option<Document>, Problem> {
    let is_borrowed = files.overlay.is_none() && overlay.is_some();
    let fixed = contract::load_with(&files.contract, overlay.as_deref());
    if !is_borrowed {
        return fixed.map(Some);
    }
    if fixed.is_err() {
        // A contract that cannot be read at all is a problem of its own.
        contract::load(&files.contract)?;
        eprintln!(
            "note: {OVERLAY} does not fit {}: both sides are read without it",
            Printable::new(&files.label)
        );
    }
    Ok(fixed.ok())
}

/// Compares two sides that were read.
pub(crate) fn of_sides(old: &Side, new: &Side, version: Option<Version>) -> Report {
    Report {
        old: old.label.clone(),
        new: new.label.clone(),
        version,
        changes: compare::compare(old, new),
    }
}

/// The version of the workspace; none outside of one.
pub(crate) fn version(root: &Path) -> Option<Version> {
    stated(&fs::read_to_string(root.join("Cargo.toml")).ok()?)
}

/// The version that the manifest of a workspace states.
fn stated(manifest: &str) -> Option<Version> {
    let section = manifest.split_once("[workspace.package]")?.1;
    let section = section.split("\n[").next()?;
    let mut lines = section.lines();
    let line = lines.find(|line| line.trim_start().starts_with("version"))?;
    Version::parse(line.split('"').nth(1)?).ok()
}
