//! Measures the cost of generating the client and of depending on it, compared with a peer.
//!
//! The peer is the crate that openapi-generator generates from the published contract. Both sides
//! alternate, so that other load on the machine affects both alike; the ratio is the result. A figure
//! never fails the program: it is printed beside its target. To compare types of this repository with
//! each other, use `cargo bench`.
#![forbid(unsafe_code)]

mod crates;
mod figure;
mod generating;
mod meter;
mod runtime;
mod subject;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use figure::Figure;
use table::Table;

/// Measures the cost of generating the client and of depending on it, against a peer.
#[derive(Debug, Parser)]
struct Args {
    /// The crate to compare with, as openapi-generator wrote it. It is copied, not changed.
    #[arg(long, value_name = "DIR")]
    peer: PathBuf,
    /// The command that generated the peer. It is measured too.
    #[arg(long, value_name = "COMMAND", default_value = "openapi-generator-cli")]
    generator: PathBuf,
    /// Number of times that each figure is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure only these figures.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Figure>,
    /// Directory to build in, several GB. Default: `target/bench`.
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The message includes the output of other programs.
            let is_shown = |c: &char| *c == '\n' || !c.is_control();
            let message: String = format!("{error:#}").chars().filter(is_shown).collect();
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Measures and prints a table.
///
/// # Errors
/// Returns an error if a build fails, or the work directory cannot be written.
fn run(args: &Args) -> Result<()> {
    let root = repository();
    let work = args
        .work
        .clone()
        .unwrap_or_else(|| root.join("target/bench"));
    let places = subject::prepare(&root, &args.peer, &work, &args.generator)?;
    let figures: Vec<Figure> = Figure::ALL
        .iter()
        .copied()
        .filter(|figure| args.only.is_empty() || args.only.contains(figure))
        .collect();
    let mut table = Table::default();
    for figure in &figures {
        eprintln!("{figure}: preparing");
        figure.warm_up(&places)?;
    }
    for round in 1..=args.rounds {
        for figure in &figures {
            eprintln!("{figure}: round {round} of {}", args.rounds);
            // The first side of a round has the disadvantage of cold caches.
            figure.measure(&places, round % 2 == 0, &mut table)?;
        }
    }
    print!("{}", table.markdown());
    println!("\n{}", crates::report(&places)?);
    Ok(())
}

/// The directory of the workspace.
fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
