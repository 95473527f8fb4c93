//! Brings the published contract in and regenerates the client from it.
#![forbid(unsafe_code)]

mod contract;
mod generate;
mod problem;

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
    Generate(generate::Args),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Generate(args) => generate::run(&args),
    };
    outcome.unwrap_or_else(|problem| {
        eprintln!("error: {problem}");
        ExitCode::FAILURE
    })
}
