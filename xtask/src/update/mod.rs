//! The command `update`: imports a published revision and prepares a tree for review.
//!
//! Imports, generates, compares, and writes contract, lock, client, changelog and version together, or
//! nothing. All steps work in memory and on a copy first. The command does not commit.

mod changelog;
mod decisions;
pub(crate) mod transaction;
mod versions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::codegen::Purpose;
use crate::contract::import::Loss;
use crate::contract::{self, canonical, import};
use crate::diff::report::Report;
use crate::diff::side::Side;
use crate::diff::{self, rules::Severity};
use crate::files::{CONTRACT, OVERLAY};
use crate::generate;
use crate::import::same_client;
use crate::lock::{Generated, Imported, LOCK, Lock, Upstream, is_commit, is_date};
use crate::order;
use crate::printable::Printable;
use crate::problem::Problem;
use crate::write::Tree;
use transaction::{Plan, Step};

/// Imports a published revision, and updates contract, client, changelog, version and lock: all of them or none.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The published revision.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The commit of the published specification that contains FILE: all 40 hexadecimal digits.
    #[arg(long, value_name = "SHA")]
    upstream_commit: String,
    /// The day of that commit, as YYYY-MM-DD. Default: the date from git or from the name
    /// of FILE, otherwise today.
    #[arg(long, value_name = "DATE")]
    upstream_date: Option<String>,
    /// Write nothing; list the changes.
    #[arg(long)]
    dry_run: bool,
    /// Import a revision that is older than the last one that was imported.
    #[arg(long)]
    allow_older: bool,
    /// Import a revision that has no operation, or lacks more than a tenth of the current ones.
    #[arg(long)]
    allow_loss: bool,
}

impl Args {
    /// Whether the command changes files.
    pub(crate) fn writes(&self) -> bool {
        !self.dry_run
    }
}

/// Runs the command.
///
/// # Errors
/// Returns an error if any step fails. On error the tree is unchanged.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    let root = crate::repository();
    let outcome = update(args, &root, &mut |_| Ok(()))?;
    print!("{outcome}");
    Ok(ExitCode::SUCCESS)
}

/// Updates the repository at `root` and returns the text for the terminal.
///
/// # Errors
/// Returns an error if any step fails. On error the tree is unchanged.
fn update(
    args: &Args,
    root: &Path,
    before: &mut dyn FnMut(Step) -> Result<(), Problem>,
) -> Result<String, Problem> {
    let imported = upstream(args, root)?;
    let revision = contract::load(&args.file)?;
    let own = root.join(CONTRACT);
    let current = contract::load(&own)?;
    let mut lock = Lock::read(root)?;
    let revisions = [(revision, imported.clone())];
    if !args.allow_older {
        order::check(&lock, Some(&current), &revisions)?;
    }
    let [(revision, _)] = revisions;
    let loss = Loss::of(args.allow_loss);
    same_client::check(&revision)?;
    let result = import::import(Some(&current), std::slice::from_ref(&revision), loss)?;
    let text = canonical::text(&result.document);
    let text = text.map_err(|problem| problem.of_document(&revision))?;
    lock.add(imported);

    // A copy of the contract, with the file name that the generated files mention.
    let home = tempfile::tempdir().map_err(|error| Problem::no_temporary_directory(&error))?;
    let copy = home.path().join("openapi.yaml");
    canonical::write(&copy, &text)?;
    let overlay = Some(root.join(OVERLAY)).filter(|overlay| overlay.exists());
    let at_home = |problem: Problem| problem.of_copy(&copy, &revision);
    let new = Side::read("the new contract", &copy, overlay.as_deref()).map_err(at_home)?;
    let old = Side::read(CONTRACT, &own, overlay.as_deref())?;
    // Without a version, the changelog would get no section, and no message would report it.
    let version = diff::version(root).ok_or_else(|| {
        Problem::in_file(
            &root.join("Cargo.toml"),
            "states no version of three numbers",
        )
        .with_help("write `version = \"1.2.3\"` in the section `[workspace.package]`")
    })?;
    let report = diff::of_sides(&old, &new, Some(version));
    let mut out = format!("{}{}", result.report.changes(), report.text());

    let decisions = decisions::of(&old.normalized, &new.normalized, result.report.secrets());
    let purpose = Purpose {
        is_own: true,
        is_tested: true,
        may_be_empty: false,
    };
    let trees = generate::trees(&copy, overlay.as_deref(), purpose, &lock.upstream)
        .map_err(|problem| with_decisions(at_home(problem), &decisions))?;
    lock.generated = Generated::of(&copy, overlay.as_deref(), &trees.client)?;

    let texts = decisions::texts_to_write(&current.value, &result.document);
    let places = generate::places(trees, generate::websocket_side(root)?);
    let plan = plan(root, &text, &lock, places, &report)?;
    let first = match decisions.is_empty() && texts.is_empty() {
        true => "",
        false => "make the decisions listed above, then ",
    };
    for (title, lines) in [("to decide", decisions), ("texts to write", texts)] {
        if !lines.is_empty() {
            out.push_str(&format!("\n{title}:\n"));
            lines
                .iter()
                .for_each(|line| out.push_str(&format!("  {line}\n")));
        }
    }
    let files = plan.files.iter().map(|(path, _)| path);
    let trees = plan.trees.iter().map(|(path, _)| path);
    let changed: Vec<String> = files.chain(trees).map(|path| name(path, root)).collect();
    let changed = changed.join(", ");
    if args.dry_run {
        out.push_str(&format!(
            "\nwould be written: {changed}\nnext: the same command without --dry-run\n"
        ));
        return Ok(out);
    }
    transaction::carry_out(&plan, root, before)?;
    out.push_str(&format!(
        "\nwritten: {changed}\nnext: {first}`cargo test --workspace`, and review `git diff`\n"
    ));
    Ok(out)
}

/// If a run fails because of missing decisions, the message lists all of them.
fn with_decisions(problem: Problem, decisions: &[String]) -> Problem {
    if decisions.is_empty() {
        return problem;
    }
    let what = format!(
        "{}; to decide first: {}",
        problem.what(),
        decisions.join("; ")
    );
    problem.with_what(what)
}

/// Returns digest, commit and date of the revision.
fn upstream(args: &Args, root: &Path) -> Result<Imported, Problem> {
    let commit = args.upstream_commit.to_ascii_lowercase();
    if !is_commit(&commit) {
        return Err(Problem::new(format!("`{}` is not the id of a commit", args.upstream_commit))
            .with_help("give all 40 hexadecimal digits: `git rev-parse HEAD` in the checkout of the published specification prints them"));
    }
    let known = order::known(&args.file, root)?;
    let date = match &args.upstream_date {
        Some(date) if is_date(date) => date.clone(),
        Some(date) => {
            return Err(Problem::new(format!("`{date}` is not a day"))
                .with_help("write it as 2026-11-27: `git show -s --format=%cs` prints it"));
        }
        None if known.upstream.date.is_empty() => today(),
        None => known.upstream.date,
    };
    Ok(Imported {
        sha256: known.sha256,
        upstream: Upstream { commit, date },
    })
}

/// The day in UTC.
fn today() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let days = since.map_or(0, |since| since.as_secs() / 86_400);
    versions::day(days)
}

/// Every file that changes.
fn plan(
    root: &Path,
    contract: &str,
    lock: &Lock,
    places: Vec<(Tree, &str)>,
    report: &Report,
) -> Result<Plan, Problem> {
    let mut plan = Plan::default();
    plan.files.push((root.join(CONTRACT), contract.to_owned()));
    plan.files.push((root.join(LOCK), lock.text()));
    let is_news = report
        .severity()
        .is_some_and(|severity| severity >= Severity::Documentation);
    if let Some(version) = report.version.filter(|_| is_news) {
        let next = version.after(report.severity());
        plan.files.extend(versions::bumped(
            root,
            &version.to_string(),
            &next.to_string(),
        )?);
        let path = root.join("CHANGELOG.md");
        let text =
            fs::read_to_string(&path).map_err(|error| Problem::of_io(&path, "read", &error))?;
        let text = changelog::with_section(&text, report, &next.to_string(), &lock.upstream)?;
        plan.files.push((path, text));
    }
    plan.files
        .retain(|(path, text)| fs::read_to_string(path).ok().as_ref() != Some(text));
    let places = places.into_iter();
    plan.trees = places
        .map(|(tree, place)| (root.join(place), tree))
        .collect();
    Ok(plan)
}

fn name(path: &Path, root: &Path) -> String {
    let short = path.strip_prefix(root).unwrap_or(path);
    Printable::new(&short.to_string_lossy()).to_string()
}

#[cfg(test)]
mod tests;
