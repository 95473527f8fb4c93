//! Imports the published contract and regenerates the client from it.
//!
//! A library only for the tests of this workspace, which read the contract as the generator does; the
//! command is [`main`].
#![forbid(unsafe_code)]

mod areas;
mod codegen;
mod contract;
mod diff;
mod files;
mod generate;
mod import;
mod lock;
mod names;
mod order;
// The client contains the same file, so that the generator does not depend on its own output.
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the client publishes all of it, the generator needs some of it"
)]
#[path = "../../qovery-api/src/runtime/printable.rs"]
mod printable;
mod problem;
mod record;
mod text;
mod update;
mod verified;
mod write;

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use clap::Parser;

/// Maintains the contract of the Qovery API and the client that is generated from it.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    arg_required_else_help = true
)]
enum Command {
    Import(import::Args),
    Diff(diff::Args),
    Generate(generate::Args),
    Update(update::Args),
    Areas(areas::Args),
    Names(names::Args),
}

/// Runs the command with the arguments of this process.
pub fn main() -> ExitCode {
    let command = Command::parse();
    let outcome = with_room(|| {
        end_interrupted(&command)?;
        run(&command)
    });
    outcome.unwrap_or_else(|problem| {
        eprintln!("error: {problem}");
        ExitCode::FAILURE
    })
}

/// Ends an update that was killed, or refuses to read a repository that is half updated.
fn end_interrupted(command: &Command) -> Result<(), problem::Problem> {
    let root = repository();
    let writes = match command {
        Command::Import(args) => args.writes(),
        Command::Generate(args) => args.writes(),
        Command::Update(args) => args.writes(),
        Command::Diff(_) | Command::Areas(_) | Command::Names(_) => false,
    };
    if !writes {
        return update::transaction::refuse_interrupted(&root);
    }
    let what = match update::transaction::recover(&root)? {
        None => return Ok(()),
        Some(update::transaction::Recovered::Unstarted) => "it had changed nothing",
        Some(update::transaction::Recovered::Finished) => "it is finished now",
        Some(update::transaction::Recovered::Undone) => "it was undone",
    };
    eprintln!("note: an earlier update was interrupted: {what}");
    Ok(())
}

fn run(command: &Command) -> Result<ExitCode, problem::Problem> {
    match command {
        Command::Import(args) => import::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Update(args) => update::run(args),
        Command::Areas(args) => areas::run(args),
        Command::Names(args) => names::run(args),
    }
}

/// The stack size for schemas with the maximum depth of nesting and references, also in a build
/// without optimization. The system allocates only the memory that is used.
const STACK: usize = 256 << 20;

/// Runs `work` on a thread with enough stack for the maximum depth of a contract.
fn with_room<T: Send>(
    work: impl FnOnce() -> Result<T, problem::Problem> + Send,
) -> Result<T, problem::Problem> {
    thread::scope(|scope| {
        let started = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match started.map(|thread| thread.join()) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(error) => Err(
                problem::Problem::new(format!("no thread can be started: {error}")).with_help(
                    "raise the limits of the system on threads and memory, then run the command again",
                ),
            ),
        }
    })
}

/// Checks whether the command accepts these arguments, without running it.
///
/// # Errors
/// Returns an error with the usage message if the arguments are invalid.
pub fn understands<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<(), String> {
    let line = std::iter::once("xtask").chain(arguments);
    match Command::try_parse_from(line) {
        Ok(_) => Ok(()),
        // A request for help is valid.
        Err(answer) if !answer.use_stderr() => Ok(()),
        Err(problem) => Err(problem.to_string()),
    }
}

/// Reads a contract and applies its overlay, as the generator does before anything else.
///
/// # Errors
/// Returns an error if the contract is invalid; the text is the message of the command.
pub fn contract(spec: &Path, overlay: Option<&Path>) -> Result<serde_json::Value, String> {
    let document = with_room(|| contract::load_with(spec, overlay));
    document
        .map(|document| document.value)
        .map_err(|problem| problem.to_string())
}

/// Generates the client of a contract into a new or empty directory.
///
/// # Errors
/// Returns an error if generating fails; the text is the message of the command.
pub fn generate(spec: &Path, overlay: Option<&Path>, out: &Path) -> Result<(), String> {
    let generated = with_room(|| generate::into_directory(spec, overlay, out));
    generated.map_err(|problem| problem.to_string())
}

/// Imports revisions, from the oldest to the newest, into a contract, which is created if it does not
/// exist, and returns the report.
///
/// # Errors
/// Returns an error if the import fails; the text is the message of the command.
pub fn import(revisions: &[PathBuf], out: &Path) -> Result<String, String> {
    let imported =
        with_room(|| import::into_file(revisions, out, (false, contract::import::Loss::Allowed)));
    imported
        .map(|outcome| outcome.to_string())
        .map_err(|problem| problem.to_string())
}

/// The directory of the workspace: that of this crate's parent while cargo runs it, otherwise the
/// current one.
pub(crate) fn repository() -> PathBuf {
    let crate_directory = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    crate_directory
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_owned)
        .unwrap_or_default()
}
