//! Brings the published contract in and regenerates the client from it.
#![forbid(unsafe_code)]

mod codegen;
mod contract;
mod generate;
mod import;
mod problem;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

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
    Generate(generate::Args),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Import(args) => import::run(&args),
        Command::Generate(args) => generate::run(&args),
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("error: {problem}");
        ExitCode::FAILURE
    })
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
