//! The command `import`: from published revisions of the API to the contract.
//!
//! The breaking changes in its report are those that `diff` finds between the contract before and after.

pub(crate) mod same_client;

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::contract::import::Loss;
use crate::contract::{self, canonical, import};
use crate::diff;
use crate::files::CONTRACT;
use crate::lock::{LOCK, Lock};
use crate::order;
use crate::printable::Printable;
use crate::problem::Problem;

/// Imports published revisions of the specification into the contract.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The revisions, from the oldest to the newest: OpenAPI 3.0 or 3.1, YAML or JSON.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing; exit 1 if the contract would change.
    #[arg(long)]
    check: bool,
    /// The contract to import into. It is created if it does not exist.
    /// Default: `openapi.yaml` of this repository.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Import revisions that are older than the last one that was imported.
    #[arg(long)]
    allow_older: bool,
    /// Accept a newest revision that has no operation, or lacks more than a tenth of the current ones.
    #[arg(long)]
    allow_loss: bool,
}

impl Args {
    /// Whether the command changes files.
    pub(crate) fn writes(&self) -> bool {
        !self.check
    }
}

/// Runs the command.
///
/// # Errors
/// Returns an error if a file cannot be read or has a mistake, or the contract cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| crate::repository().join(CONTRACT));
    let root = crate::repository();
    let is_own = out == root.join(CONTRACT) || is_one_file(&out, &root.join(CONTRACT));
    let mut lock = None;
    if is_own {
        let mut own = Lock::read(&root)?;
        let before = own.clone();
        // The contract is not a revision: importing it into itself only rewrites its text.
        let revisions = args.files.iter().filter(|file| !is_one_file(file, &out));
        let revisions = revisions
            .map(|file| Ok((contract::load(file)?, order::known(file, &root)?)))
            .collect::<Result<Vec<_>, Problem>>()?;
        if !args.allow_older {
            let contract = match out.exists() {
                true => Some(contract::load(&out)?),
                false => None,
            };
            order::check(&own, contract.as_ref(), &revisions)?;
        }
        revisions
            .into_iter()
            .for_each(|(_, imported)| own.add(imported));
        lock = Some(own).filter(|own| *own != before);
    }
    let loss = Loss::of(args.allow_loss);
    let outcome = into_file(&args.files, &out, (args.check, loss))?;
    if let Some(lock) = lock.filter(|_| !args.check) {
        canonical::write(&root.join(LOCK), &lock.text())?;
    }
    let next = match (outcome.is_changed, args.check, is_own) {
        (true, false, true) => "\nnext: `cargo xtask diff git:HEAD openapi.yaml` shows the effect on programs, `cargo xtask generate` writes the client".to_owned(),
        (true, false, false) => {
            let out = out.to_string_lossy();
            let out = Printable::new(&out);
            format!("\nnext: `cargo xtask generate --spec {out} --out DIR` writes a client, `cargo xtask diff OLD {out}` shows what changed")
        }
        _ => String::new(),
    };
    let (verdict, code) = if !outcome.is_changed {
        ("is up to date", ExitCode::SUCCESS)
    } else if args.check {
        (
            "would change: run the same command without --check",
            ExitCode::FAILURE,
        )
    } else {
        ("is written", ExitCode::SUCCESS)
    };
    // A reader that closes the pipe early does not need the rest. The contract is already written.
    let _ = writeln!(
        std::io::stdout(),
        "{outcome}{} {verdict}{next}",
        Printable::new(&out.to_string_lossy())
    );
    Ok(code)
}

/// Whether two names are those of one existing file.
fn is_one_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The outcome of an import into a file.
#[derive(Debug)]
pub(crate) struct Outcome {
    report: import::Report,
    /// The changes for programs. `None` if there was no contract before, or if it does not change.
    changes: Option<Result<diff::report::Report, Problem>>,
    is_changed: bool,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.changes {
            None => {}
            Some(Ok(changes)) => f.write_str(&changes.breaking())?,
            Some(Err(problem)) => writeln!(
                f,
                "the breaking changes are unknown, because a client cannot be generated: {problem}"
            )?,
        }
        self.report.fmt(f)
    }
}

/// Imports revisions into the contract `out`, and writes it unless `check` is set.
///
/// # Errors
/// Returns an error if a file cannot be read or has a mistake, or the contract cannot be written.
pub(crate) fn into_file(
    files: &[PathBuf],
    out: &Path,
    (check, loss): (bool, Loss),
) -> Result<Outcome, Problem> {
    let revisions = files
        .iter()
        .map(|file| contract::load(file))
        .collect::<Result<Vec<_>, _>>()?;
    let before = if out.exists() {
        Some(contract::load(out)?)
    } else {
        None
    };
    revisions.iter().try_for_each(same_client::check)?;
    let imported = import::import(before.as_ref(), &revisions, loss)?;
    let text = canonical::text(&imported.document);
    let text = text.map_err(|problem| match revisions.last() {
        Some(newest) => problem.of_document(newest),
        None => problem,
    })?;
    let is_changed = before.as_ref().is_none_or(|before| !before.is_text(&text));
    let newest = revisions.last();
    let newest = newest.filter(|_| is_changed && before.is_some());
    let root = crate::repository();
    let changes = newest.map(|newest| diff::of_import(out, &text, newest, &root));
    if is_changed && !check {
        canonical::write(out, &text)?;
    }
    Ok(Outcome {
        report: imported.report,
        changes,
        is_changed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVISION: &str = "openapi: 3.0.0\ninfo: {version: '1'}\npaths:\n  /a:\n    get: {operationId: getA, responses: {'204': {description: x}}}\n";

    /// Runs the command in a directory; says whether it succeeded.
    fn ran(directory: &std::path::Path, check: bool) -> bool {
        let files = vec![directory.join("revision.yaml")];
        let out = Some(directory.join("openapi.yaml"));
        let allow_older = false;
        let code = run(&Args {
            files,
            check,
            out,
            allow_older,
            allow_loss: false,
        })
        .unwrap();
        format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS)
    }

    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("revision.yaml"), REVISION).unwrap();
        directory
    }

    #[test]
    fn a_check_writes_nothing_and_fails_if_something_would_change() {
        let directory = directory();
        assert!(!ran(directory.path(), true));
        assert!(!directory.path().join("openapi.yaml").exists());
        assert!(ran(directory.path(), false));
        assert!(ran(directory.path(), true));
    }

    #[test]
    fn a_contract_that_is_up_to_date_is_not_touched() {
        let directory = directory();
        let out = directory.path().join("openapi.yaml");
        assert!(ran(directory.path(), false));
        let before = std::fs::metadata(&out).unwrap().modified().unwrap();
        assert!(ran(directory.path(), false));
        assert_eq!(std::fs::metadata(&out).unwrap().modified().unwrap(), before);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_revision_with_a_mistake_leaves_the_contract_as_it_was() {
        let directory = directory();
        let out = directory.path().join("openapi.yaml");
        assert!(ran(directory.path(), false));
        let before = std::fs::read_to_string(&out).unwrap();
        std::fs::write(
            directory.path().join("revision.yaml"),
            REVISION.replace("responses", "answers"),
        )
        .unwrap();
        let args = Args {
            files: vec![directory.path().join("revision.yaml")],
            check: false,
            out: Some(out.clone()),
            allow_older: false,
            allow_loss: false,
        };
        assert!(
            run(&args)
                .unwrap_err()
                .to_string()
                .contains("declares no responses")
        );
        assert_eq!(std::fs::read_to_string(&out).unwrap(), before);
    }
}

#[cfg(test)]
mod breaking_tests;
