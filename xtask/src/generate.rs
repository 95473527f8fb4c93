//! The command `generate`: from the contract to the files of the generated client.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::codegen::{self, Purpose, Trees};
use crate::contract::canonical;
use crate::lock::{Generated, LOCK, Lock, Upstream};
use crate::printable::Printable;
use crate::problem::Problem;
use crate::write;

/// The contract of this repository.
pub(crate) const CONTRACT: &str = "openapi.yaml";
/// The fixes that belong to it.
pub(crate) const OVERLAY: &str = "xtask/overlay.yaml";
/// Where the client is generated to.
pub(crate) const GENERATED: &str = "qovery-api/src/generated";
/// Where the tests of the workspace have their table of operations.
pub(crate) const TABLE: &str = "tests/src/generated";
/// Where the fake has the contract that it plays.
pub(crate) const FAKE: &str = "qovery-fake/src/generated";

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
    let recorded = if purpose.is_own {
        Lock::read(&root)?
    } else {
        Lock::default()
    };
    let trees = trees(&spec, overlay.as_deref(), purpose, &recorded.upstream)?;
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
    let generated = match purpose.is_own {
        true => Some(Generated::of(&spec, overlay.as_deref(), &trees.client)?),
        false => None,
    };
    let found = if args.check {
        let found = targets.map(|(tree, target)| write::compare(tree, target));
        found.into_iter().collect::<Result<Vec<_>, _>>()?
    } else {
        write::replace(&targets)?
    };
    let stale = generated
        .as_ref()
        .map(|generated| generated.differences(&recorded.generated));
    let stale = stale.unwrap_or_default();
    if let (false, false, Some(generated)) = (args.check, stale.is_empty(), generated) {
        let lock = Lock {
            generated,
            ..recorded
        };
        canonical::write(&root.join(LOCK), &lock.text())?;
    }
    let named = places.iter().zip(found).flat_map(|((_, place), found)| {
        let named = move |difference| format!("{place}/{difference}");
        found.into_iter().map(named)
    });
    let differences: Vec<String> = named.chain(stale).collect();
    if !args.check {
        match differences.len() {
            0 => println!("the generated files are up to date"),
            changes => println!(
                "{changes} generated files changed\nnext: `cargo test --workspace` shows what the change breaks here"
            ),
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
    let trees = trees(spec, overlay, Purpose::default(), &Upstream::default())?;
    write::write_new(&trees.client, out)
}

/// Generates, with constants for the published revision that the contract comes from.
///
/// # Errors
/// If the contract holds what cannot be generated from.
pub(crate) fn trees(
    spec: &Path,
    overlay: Option<&Path>,
    purpose: Purpose,
    upstream: &Upstream,
) -> Result<Trees, Problem> {
    let mut trees = codegen::generate(spec, overlay, purpose)?;
    if let Some(constants) = trees.client.get_mut("contract.rs") {
        let Upstream { commit, date } = upstream;
        constants.push_str(&format!(
            "\n/// The commit of the published specification that the contract is up to date with; empty if\n/// it is not known.\npub const UPSTREAM_COMMIT: &str = {commit:?};\n\n/// The day of that commit, as `YYYY-MM-DD`; empty if it is not known.\npub const UPSTREAM_DATE: &str = {date:?};\n"
        ));
    }
    Ok(trees)
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
