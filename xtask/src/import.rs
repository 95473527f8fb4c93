//! The command `import`: from published revisions of the API to the contract.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::contract::{self, canonical, import};
use crate::problem::Problem;

/// Brings published revisions of the specification into the contract.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The revisions, from the oldest to the newest: OpenAPI 3.0 or 3.1, YAML or JSON.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing; exit 1 if the contract would change.
    #[arg(long)]
    check: bool,
    /// The contract to bring them into. It is created if it does not exist.
    /// Default: `openapi.yaml` of this repository.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// # Errors
/// When a file cannot be read or has a mistake, or the contract cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| crate::repository().join("openapi.yaml"));
    let revisions = args
        .files
        .iter()
        .map(|file| contract::load(file))
        .collect::<Result<Vec<_>, _>>()?;
    let before = if out.exists() {
        Some(contract::load(&out)?)
    } else {
        None
    };
    let imported = import::import(before.as_ref(), &revisions)?;
    let text = canonical::text(&imported.document)?;
    let changes = before.is_none_or(|before| !before.is_text(&text));
    let (verdict, code) = if !changes {
        ("is up to date", ExitCode::SUCCESS)
    } else if args.check {
        (
            "would change: run the same command without --check",
            ExitCode::FAILURE,
        )
    } else {
        canonical::write(&out, &text)?;
        ("is written", ExitCode::SUCCESS)
    };
    // Whoever closes the pipe early has read enough: the work is done by now.
    let _ = write!(
        std::io::stdout(),
        "{}{} {verdict}\n",
        imported.report,
        out.display()
    );
    Ok(code)
}
