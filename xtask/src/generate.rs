//! The command `generate`: writes the files of the client from the contract.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::codegen::{self, Purpose, Trees, stream};
use crate::contract::canonical;
use crate::files::{CONTRACT, FAKE, GENERATED, OVERLAY, TABLE};
use crate::lock::{Generated, LOCK, Lock, Upstream};
use crate::printable::Printable;
use crate::problem::Problem;
use crate::record::Record;
use crate::verified::State;
use crate::write;

/// The report of a run that changed no file.
const UP_TO_DATE: &str = "the generated files are up to date";

/// Regenerates the client from the contract.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; exit 1 with the list of files that differ.
    #[arg(long, conflicts_with = "out")]
    check: bool,
    /// The contract to generate from. Default: the contract of this repository.
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// The overlay to apply first, or `none`. Default: `xtask/overlay.yaml` for the contract of this
    /// repository, `none` for another `--spec`.
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// Read `--spec` as a contract of the websocket API, and generate typed requests.
    #[arg(long, requires = "out", requires = "spec")]
    stream: bool,
    /// Write the generated files only into this new or empty directory.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Accept a contract that has no operation.
    #[arg(long)]
    allow_empty: bool,
}

impl Args {
    /// Whether the command changes files.
    pub(crate) fn writes(&self) -> bool {
        !self.check
    }

    /// Whether the command uses the contract, the overlay and the output of this repository, without
    /// `--allow-empty`.
    fn is_plain(&self) -> bool {
        let names_files = self.spec.is_some() || self.overlay.is_some() || self.out.is_some();
        !names_files && !self.allow_empty
    }
}

/// Generates, compares or writes.
///
/// # Errors
/// Returns an error if the contract cannot be read or generated from, or the files cannot be written. On
/// error no file is changed.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    let root = crate::repository();
    let state = args.is_plain().then(|| State::read(&root)).flatten();
    if let Some(notes) = state.as_ref().and_then(State::notes) {
        eprint!("{notes}");
        if args.writes() {
            println!("{UP_TO_DATE}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let spec = args.spec.clone().unwrap_or_else(|| root.join(CONTRACT));
    let overlay = match &args.overlay {
        Some(overlay) if overlay.as_os_str() == "none" => None,
        Some(overlay) => Some(overlay.clone()),
        None if args.spec.is_none() => Some(root.join(OVERLAY)).filter(|overlay| overlay.exists()),
        None => None,
    };
    if let (true, Some(out)) = (args.stream, &args.out) {
        let generated = stream::generate(&spec, overlay.as_deref(), Record::default())?;
        eprint!("{}", notes(&generated.remarks));
        return written_new(&generated.tree, out);
    }
    let purpose = Purpose {
        is_own: is_same(Some(&spec), &root.join(CONTRACT))
            && is_same(overlay.as_deref(), &root.join(OVERLAY)),
        is_tested: args.out.is_none(),
        may_be_empty: args.allow_empty,
    };
    let recorded = if purpose.is_own {
        Lock::read(&root)?
    } else {
        Lock::default()
    };
    let trees = trees(&spec, overlay.as_deref(), purpose, &recorded.upstream)?;
    let mut printed = notes(&trees.remarks);
    eprint!("{printed}");
    if let Some(out) = &args.out {
        return written_new(&trees.client, out);
    }
    let generated = match purpose.is_own {
        true => Some(Generated::of(&spec, overlay.as_deref(), &trees.client)?),
        false => None,
    };
    let live = match args.spec {
        None => websocket_side(&root)?,
        Some(_) => None,
    };
    if let Some(live) = &live {
        let of_live = notes(&live.remarks);
        eprint!("{of_live}");
        printed.push_str(&of_live);
    }
    let places = places(trees, live);
    let targets = places.iter().map(|(tree, place)| (tree, root.join(place)));
    let targets: Vec<_> = targets.collect();
    let targets: Vec<_> = targets
        .iter()
        .map(|(tree, target)| (*tree, &**target))
        .collect();
    let found = if args.check {
        let found = targets
            .iter()
            .map(|(tree, target)| write::compare(tree, target));
        found.collect::<Result<Vec<_>, _>>()?
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
    if differences.is_empty() {
        // Files that changed meanwhile may not be those that were compared.
        if let Some(state) = state.filter(|state| State::read(&root).as_ref() == Some(state)) {
            state.remember(&printed);
        }
    }
    if !args.check {
        match differences.len() {
            0 => println!("{UP_TO_DATE}"),
            // One for each file, and one for each difference of a lock.
            count => println!(
                "{count} difference{} written\nnext: `cargo test --workspace` finds code of this repository that the change breaks",
                if count == 1 { "" } else { "s" }
            ),
        }
        return Ok(ExitCode::SUCCESS);
    }
    if differences.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("error: the generated files are not up to date with the contract:");
    for difference in &differences {
        eprintln!("  {}", Printable::new(difference));
    }
    eprintln!("  help: run `cargo xtask generate`");
    Ok(ExitCode::FAILURE)
}

/// The directories of generated files with their contents: of the contract, and of the websocket contract.
pub(crate) fn places(
    trees: Trees,
    live: Option<stream::Generated>,
) -> Vec<(write::Tree, &'static str)> {
    let mut fake = trees.fake;
    let mut places = vec![(trees.client, GENERATED), (trees.table, TABLE)];
    if let Some(live) = live {
        fake.insert("contract-ws.json".to_owned(), live.contract);
        places.push((live.tree, stream::GENERATED));
    }
    places.push((fake, FAKE));
    places
}

/// The websocket side, which is generated together with the contract of this repository.
///
/// # Errors
/// Returns an error if its contract cannot be read or generated from.
pub(crate) fn websocket_side(root: &Path) -> Result<Option<stream::Generated>, Problem> {
    let spec = root.join(stream::CONTRACT);
    if !spec.exists() {
        return Ok(None);
    }
    let overlay = Some(root.join(stream::OVERLAY)).filter(|overlay| overlay.exists());
    let record = Record::of_this_program("formatted-stream");
    stream::generate(&spec, overlay.as_deref(), record).map(Some)
}

/// The lines that report decisions of the generator.
fn notes(remarks: &[codegen::model::Remark]) -> String {
    let lines = remarks.iter().map(|remark| format!("note: {remark}\n"));
    lines.collect()
}

fn written_new(tree: &write::Tree, out: &Path) -> Result<ExitCode, Problem> {
    write::write_new(tree, out)?;
    let place = out.to_string_lossy();
    println!("{} files written to {}", tree.len(), Printable::new(&place));
    Ok(ExitCode::SUCCESS)
}

/// Generates into a new or empty directory.
///
/// # Errors
/// Returns an error if the contract cannot be read or generated from, or the directory is not empty.
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
/// Returns an error if the contract contains something unsupported.
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

/// Whether a file is that of this repository. If none is given, this is so if the repository lacks the file.
fn is_same(given: Option<&Path>, own: &Path) -> bool {
    match (given.map(Path::canonicalize), own.canonicalize()) {
        (Some(Ok(given)), Ok(own)) => given == own,
        (None, Err(_)) => true,
        _ => false,
    }
}
