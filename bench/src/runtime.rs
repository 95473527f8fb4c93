//! Decoding and calling, timed by a separate program that uses the client and the peer.
//!
//! The timing itself is in `programs/runtime.rs`.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::subject::{Places, Subject};
use crate::table::{Pair, Table};

/// Runs the program, which must have been built, and adds the printed figures to the table.
///
/// # Errors
/// Returns an error if the program fails or prints something else.
pub(crate) fn measure(places: &Places, table: &mut Table) -> Result<()> {
    let program = places.target(Subject::Runtime).join("release/runtime");
    let output = Command::new(&program)
        .output()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {error}", program.display());
    }
    for line in printed.lines() {
        let (name, target, pair) = parse(line)
            .with_context(|| format!("{} printed no figure: {line}", program.display()))?;
        table.add(name, Some(target), pair);
    }
    Ok(())
}

/// A line is the name, the target, and the milliseconds of both, with tabs between them.
fn parse(line: &str) -> Option<(&str, f64, Pair)> {
    let mut parts = line.split('\t');
    let name = parts.next()?;
    let mut number = || parts.next()?.parse().ok();
    let (target, ours, peers) = (number()?, number()?, number()?);
    Some((
        name,
        target,
        Pair {
            ours,
            peers,
            unit: "ms",
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_a_target_and_two_times() {
        let (name, target, pair) = parse("decode\t1.1\t2.5\t3").unwrap();
        assert_eq!((name, target), ("decode", 1.1));
        assert_eq!((pair.ours, pair.peers), (2.5, 3.0));
        assert!(parse("decode\t1.1\t2.5").is_none());
        assert!(parse("warning: something").is_none());
    }
}
