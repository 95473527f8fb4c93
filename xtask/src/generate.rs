//! The command `generate`: from the contract to the files of the generated client.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::codegen::{self, Purpose};
use crate::printable::Printable;
use crate::problem::Problem;
use crate::write;

/// The contract of this repository.
pub(crate) const CONTRACT: &str = "openapi.yaml";
/// The fixes that belong to it.
pub(crate) const OVERLAY: &str = "xtask/overlay.yaml";
/// Where the client is generated to.
const GENERATED: &str = "qovery-api/src/generated";
/// Where the tests of the workspace have their table of operations.
const TABLE: &str = "tests/src/generated";
/// Where the fake has the contract that it plays.
const FAKE: &str = "qovery-fake/src/generated";

/// Regenerates the client from the contract.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; exit 1 with the list of files that differ.
    #[arg(long, conflicts_with = "out")]
    check: bool,
    /// The contract to generate from. Default: the contract of this repository.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// The fixes to apply first, or `none`. Default: `xtask/overlay.yaml` for the contract of this
    /// repository, `none` for another `--spec`.
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// Write the generated tree into this new or empty directory and touch nothing else.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Generates, compares or writes.
///
/// # Errors
/// When the contract cannot be read or generated from, or the files cannot be written: then nothing
/// has changed.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    let root = crate::repository();
    let spec = args.spec.clone().unwrap_or_else(|| root.join(CONTRACT));
    let overlay = match &args.overlay {
        Some(overlay) if overlay.as_os_str() == "none" => None,
        Some(overlay) => Some(overlay.clone()),
        None if args.spec.is_none() => Some(root.join(OVERLAY)).filter(|overlay| overlay.exists()),
        None => None,
    };
    let purpose = Purpose {
        is_own: is_same(Some(&spec), &root.join(CONTRACT))
            && is_same(overlay.as_deref(), &root.join(OVERLAY)),
        is_tested: args.out.is_none(),
    };
    let trees = codegen::generate(&spec, overlay.as_deref(), purpose)?;
    for remark in &trees.remarks {
        eprintln!("note: {remark}");
    }
    if let Some(out) = &args.out {
        write::write_new(&trees.client, out)?;
        let place = out.to_string_lossy();
        println!(
            "{} files written to {}",
            trees.client.len(),
            Printable::new(&place)
        );
        return Ok(ExitCode::SUCCESS);
    }
    let places = [
        (&trees.client, GENERATED),
        (&trees.table, TABLE),
        (&trees.fake, FAKE),
    ];
    let targets = places.map(|(tree, place)| (tree, root.join(place)));
    let targets = targets.each_ref().map(|(tree, target)| (*tree, &**target));
    let found = if args.check {
        let found = targets.map(|(tree, target)| write::compare(tree, target));
        found.into_iter().collect::<Result<Vec<_>, _>>()?
    } else {
        write::replace(&targets)?
    };
    let named = places.iter().zip(found).flat_map(|((_, place), found)| {
        let named = move |difference| format!("{place}/{difference}");
        found.into_iter().map(named)
    });
    let differences: Vec<String> = named.collect();
    if !args.check {
        match differences.len() {
            0 => println!("the generated files are up to date"),
            changes => println!("{changes} generated files changed"),
        }
        return Ok(ExitCode::SUCCESS);
    }
    if differences.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("error: what is generated is not what the contract gives:");
    for difference in &differences {
        eprintln!("  {}", Printable::new(difference));
    }
    eprintln!("  help: run `cargo xtask generate`");
    Ok(ExitCode::FAILURE)
}

/// Generates into a new or empty directory.
///
/// # Errors
/// When the contract cannot be read or generated from, or the directory holds anything.
pub(crate) fn into_directory(
    spec: &Path,
    overlay: Option<&Path>,
    out: &Path,
) -> Result<(), Problem> {
    let trees = codegen::generate(spec, overlay, Purpose::default())?;
    write::write_new(&trees.client, out)
}

/// Whether a file is the one of this repository; one that is left out is the same as one that is not
/// there.
fn is_same(given: Option<&Path>, own: &Path) -> bool {
    match (given.map(Path::canonicalize), own.canonicalize()) {
        (Some(Ok(given)), Ok(own)) => given == own,
        (None, Err(_)) => true,
        _ => false,
    }
}
