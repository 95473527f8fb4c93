//! Which crates a first program compiles.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};

use crate::subject::{Places, Subject};

/// Counts the crates of the first program and of the peer, and lists those that are not dependencies of
/// reqwest and tokio.
///
/// # Errors
/// Returns an error if cargo cannot resolve them.
pub(crate) fn report(places: &Places) -> Result<String> {
    let program = tree(places, Subject::FirstProgram, &[])?;
    let peer = tree(places, Subject::Peer, &[])?;
    let mut theirs = tree(places, Subject::FirstProgram, &["--package", "reqwest"])?;
    theirs.extend(tree(
        places,
        Subject::FirstProgram,
        &["--package", "tokio"],
    )?);
    let own: Vec<&str> = program.difference(&theirs).map(String::as_str).collect();
    Ok(format!(
        "{} crates in the tree of the first program, {} in the peer's; beyond those of reqwest and tokio {}: {}",
        program.len(),
        peer.len(),
        own.len(),
        own.join(", ")
    ))
}

/// Returns the names and versions of the compiled crates, without the measured crate itself.
fn tree(places: &Places, subject: Subject, more: &[&str]) -> Result<BTreeSet<String>> {
    let mut cargo = places.cargo("tree", subject);
    cargo.args(Places::features(subject)).args(more).args([
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let output = cargo.output().context("cargo tree cannot be started")?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("cargo tree failed: {error}");
    }
    Ok(names(
        &String::from_utf8_lossy(&output.stdout),
        Places::package(subject),
    ))
}

fn names(printed: &str, without: &str) -> BTreeSet<String> {
    printed
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (name, version) = (words.next()?, words.next()?);
            (name != without).then(|| format!("{name} {version}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_counts_once_and_the_measured_crate_is_left_out() {
        let printed = "first-program v0.0.0 (/x)\ntokio v1.2.3\nbytes v1.0.0\ntokio v1.2.3 (*)\n\nserde_derive v1.0.0 (proc-macro)\n";
        let found = names(printed, "first-program");
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["bytes v1.0.0", "serde_derive v1.0.0", "tokio v1.2.3"]
        );
    }
}
