//! Runs both generators, from the contract of this repository to written files.
//!
//! The generator of this repository is `cargo xtask generate`, as a contributor runs it. Building the generated files
//! is measured separately.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::meter::{self, Taken};
use crate::subject::{PEER_OPTIONS, Places, cargo, remove};

/// The contract of this repository.
const CONTRACT: &str = "openapi.yaml";
/// The overlay of this contract.
const OVERLAY: &str = "xtask/overlay.yaml";

/// Generates with `cargo xtask`. This builds the generator if it is not up to date.
///
/// # Errors
/// Returns an error if building or generating fails.
pub(crate) fn ours(places: &Places) -> Result<Taken> {
    let out = places.work.join("generated");
    remove(&out)?;
    let mut command = cargo();
    command
        .current_dir(&places.root)
        .args(["xtask", "generate", "--spec", CONTRACT])
        .args(["--overlay", OVERLAY, "--out"])
        .arg(out);
    meter::measure(&mut command)
}

/// Generates with openapi-generator.
///
/// # Errors
/// Returns an error if openapi-generator is not installed or fails.
pub(crate) fn peers(places: &Places) -> Result<Taken> {
    let out = places.work.join("generated-peer");
    remove(&out)?;
    let mut command = Command::new(&places.generator);
    command.arg("generate").args(PEER_OPTIONS).arg("-i");
    command.arg(places.root.join(CONTRACT)).arg("-o").arg(out);
    meter::measure(&mut command).context("openapi-generator failed\n  help: `pip install openapi-generator-cli==7.26.0`, with Java, installs it; `--generator` sets its path, and `--only` selects other figures")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_generator_is_an_error_that_says_how_to_install_it() {
        let directory = tempfile::tempdir().unwrap();
        let places = Places {
            root: crate::repository(),
            work: directory.path().to_owned(),
            generator: "/no/such/generator".into(),
        };
        let problem = format!("{:#}", peers(&places).unwrap_err());
        for part in ["/no/such/generator", "pip install", "--only"] {
            assert!(problem.contains(part), "{problem}");
        }
    }
}
