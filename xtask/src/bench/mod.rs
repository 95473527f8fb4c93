//! The command `bench`: what it costs to generate the client and to depend on it, compared with a peer.
//!
//! The peer is the crate that openapi-generator makes of the published contract. Both take turns, so
//! that whatever else the machine does falls on both alike; what counts is the ratio. A figure never
//! fails the command: it is printed beside its target. Not for comparing types of this repository
//! among themselves: `cargo bench` does that.

mod crates;
mod figure;
mod generating;
mod meter;
mod runtime;
mod subject;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::problem::Problem;

use figure::Figure;
use table::Table;

/// Measures what it costs to generate the client and to depend on it, against a peer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The crate to compare with, as openapi-generator wrote it. It is copied, not changed.
    #[arg(long, value_name = "DIR")]
    peer: PathBuf,
    /// The command that made it, to be measured as well.
    #[arg(long, value_name = "COMMAND", default_value = "openapi-generator-cli")]
    generator: PathBuf,
    /// How often each figure is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure only these figures.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Figure>,
    /// Where to build, several GB. Default: `target/bench`.
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
}

/// Measures and prints a table.
///
/// # Errors
/// Where something cannot be built, or the work directory cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    let root = crate::repository();
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
            // Whichever comes first has the disadvantage of cold caches.
            figure.measure(&places, round % 2 == 0, &mut table)?;
        }
    }
    print!("{}", table.markdown());
    println!("\n{}", crates::report(&places)?);
    Ok(ExitCode::SUCCESS)
}
