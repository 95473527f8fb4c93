//! The command `areas`: checks that each area of the client compiles alone, without a warning.
//!
//! Tests run with all areas.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::codegen::areas::AREAS;
use crate::problem::Problem;

/// Checks that the client compiles without a warning: with no area, with each area alone, and with all.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Check only three cases: no area, `environments`, and one other area that changes every day.
    #[arg(long, conflicts_with = "only")]
    sample: bool,
    /// Check only these areas.
    #[arg(long, value_name = "AREA", value_delimiter = ',')]
    only: Vec<String>,
}

/// Features that are checked together; an empty list is the crate without any area.
type Choice = Vec<&'static str>;

/// Checks all feature sets and continues after a failure.
///
/// # Errors
/// Returns an error if an area is unknown or cargo cannot be started.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Problem> {
    let day = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
        / (24 * 60 * 60);
    let mut failed = Vec::new();
    let choices = choices(args, day)?;
    for areas in &choices {
        let name = match areas.as_slice() {
            [] => "no area".to_owned(),
            areas => areas.join(", "),
        };
        eprintln!("{name}");
        if !compiles(&crate::repository(), areas)? {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        println!("{} combinations compile without a warning", choices.len());
        return Ok(ExitCode::SUCCESS);
    }
    println!("does not compile without a warning: {}", failed.join("; "));
    Ok(ExitCode::FAILURE)
}

fn choices(args: &Args, day: u64) -> Result<Vec<Choice>, Problem> {
    let names: Vec<&'static str> = AREAS.iter().map(|area| area.name).collect();
    if !args.only.is_empty() {
        return args
            .only
            .iter()
            .map(|wanted| {
                names
                    .iter()
                    .find(|name| *name == wanted)
                    .map(|name| vec![*name])
                    .ok_or_else(|| {
                        Problem::new(format!("there is no area `{wanted}`"))
                            .with_help(format!("the areas are {}", names.join(", ")))
                    })
            })
            .collect();
    }
    if !args.sample {
        let each = names.iter().map(|name| vec![*name]);
        return Ok([Vec::new()]
            .into_iter()
            .chain(each)
            .chain([vec!["all"]])
            .collect());
    }
    let others: Vec<&'static str> = names
        .into_iter()
        .filter(|name| *name != "environments")
        .collect();
    let count = u64::try_from(others.len()).unwrap_or(1).max(1);
    let today = usize::try_from(day % count).unwrap_or_default();
    let mut choices = vec![Vec::new(), vec!["environments"]];
    choices.extend(others.get(today).map(|name| vec![*name]));
    Ok(choices)
}

/// Clippy, because it applies `-D warnings` to this crate only: with `RUSTFLAGS`, all dependencies would be
/// compiled again.
fn compiles(root: &Path, areas: &[&str]) -> Result<bool, Problem> {
    let features = std::iter::once("rustls")
        .chain(areas.iter().copied())
        .collect::<Vec<_>>()
        .join(",");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["clippy", "--quiet", "--package", "qovery-api"])
        .args(["--no-default-features", "--features", &features])
        .args(["--", "-D", "warnings"])
        .current_dir(if root.as_os_str().is_empty() {
            Path::new(".")
        } else {
            root
        })
        // The build must not regenerate the code under test.
        .env("CI", "true")
        .status()
        .map_err(|error| {
            Problem::new(format!("cargo cannot be started: {error}"))
                .with_help("install cargo, or set CARGO to its path")
        })?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(sample: bool, only: &[&str], day: u64) -> Result<Vec<Choice>, Problem> {
        let only = only.iter().map(|name| (*name).to_owned()).collect();
        choices(&Args { sample, only }, day)
    }

    #[test]
    fn the_full_check_has_no_area_each_area_and_all_areas() {
        let all = chosen(false, &[], 0).unwrap();
        assert_eq!(all.len(), AREAS.len() + 2);
        assert_eq!(all.first(), Some(&vec![]));
        assert_eq!(all.last(), Some(&vec!["all"]));
    }

    #[test]
    fn the_samples_of_consecutive_days_cover_every_area() {
        let mut seen = std::collections::BTreeSet::new();
        for day in 20_000..20_000 + u64::try_from(AREAS.len()).unwrap() {
            let sample = chosen(true, &[], day).unwrap();
            assert_eq!(sample.len(), 3);
            seen.extend(sample.into_iter().flatten());
        }
        assert_eq!(seen.len(), AREAS.len());
    }

    #[test]
    fn an_unknown_area_is_refused_with_a_list_of_the_areas() {
        let problem = chosen(false, &["enviroments"], 0).unwrap_err().to_string();
        assert!(problem.contains("environments"), "{problem}");
        assert_eq!(chosen(false, &["jobs"], 0).unwrap(), [["jobs"]]);
    }
}
