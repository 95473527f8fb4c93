//! Generating: from the contract of this repository to written files, by both generators.
//!
//! Ours is the program that runs, so that it is measured as the alias builds it. Not for what the files
//! cost to build.

use std::process::Command;

use crate::generate::{CONTRACT, OVERLAY};
use crate::problem::Problem;

use super::meter::{self, Taken};
use super::subject::{PEER_OPTIONS, Places, remove};

/// Generates with this program.
///
/// # Errors
/// Where it fails.
pub(super) fn ours(places: &Places) -> Result<Taken, Problem> {
    let out = places.work.join("generated");
    remove(&out)?;
    let program = std::env::current_exe()
        .map_err(|error| Problem::new(format!("this program has no path: {error}")))?;
    let mut command = Command::new(program);
    command.args(["generate", "--spec"]);
    command.arg(places.root.join(CONTRACT)).arg("--overlay");
    command.arg(places.root.join(OVERLAY)).arg("--out").arg(out);
    meter::measure(&mut command)
}

/// Generates with openapi-generator.
///
/// # Errors
/// Where it is not installed or fails.
pub(super) fn peers(places: &Places) -> Result<Taken, Problem> {
    let out = places.work.join("generated-peer");
    remove(&out)?;
    let mut command = Command::new(&places.generator);
    command.arg("generate").args(PEER_OPTIONS).arg("-i");
    command.arg(places.root.join(CONTRACT)).arg("-o").arg(out);
    meter::measure(&mut command).map_err(|problem| {
        problem.with_help("`pip install openapi-generator-cli==7.26.0`, with Java, installs it; `--generator` says where it is, and `--only` leaves this figure out")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generator_that_is_not_there_is_named_with_how_to_get_it() {
        let directory = tempfile::tempdir().unwrap();
        let places = Places {
            root: crate::repository(),
            work: directory.path().to_owned(),
            generator: "/no/such/generator".into(),
        };
        let problem = peers(&places).unwrap_err().to_string();
        for part in ["/no/such/generator", "pip install", "--only"] {
            assert!(problem.contains(part), "{problem}");
        }
    }
}
