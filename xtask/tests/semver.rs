//! Compares the prediction of `diff` with the verdict of cargo-semver-checks, for published revisions.
//!
//! Not part of this repository: the revisions, and the judge (`cargo install cargo-semver-checks`).
//! `REVISIONS=DIR cargo test -p xtask --test semver -- --ignored --nocapture` prints a table of results.
//! `PAIRS` says how many pairs of consecutive revisions are taken, spread over all of them, or names the
//! older one of each by its number: `PAIRS=3,19,43`. `CACHE=DIR` keeps the rustdoc JSON of a revision.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where its setup fails"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::Value;

/// The version bumps, from the smallest to the largest.
const BUMPS: [&str; 3] = ["patch", "minor", "major"];

fn revisions() -> Vec<PathBuf> {
    let directory = env::var_os("REVISIONS").expect("REVISIONS names a directory of revisions");
    let entries = fs::read_dir(directory).expect("the directory can be read");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    });
    paths.sort();
    assert!(paths.len() > 1, "there are revisions");
    paths
}

/// The numbers of the older revisions, counted from 0.
fn pairs(revisions: usize) -> Vec<usize> {
    let wanted = env::var("PAIRS").unwrap_or_else(|_| "60".to_owned());
    if wanted.contains(',') {
        let numbers = wanted
            .split(',')
            .map(|number| number.trim().parse::<usize>());
        return numbers
            .map(|number| number.expect("a number") - 1)
            .collect();
    }
    let wanted: usize = wanted
        .parse()
        .expect("PAIRS is a number, or a list of numbers");
    let last = revisions - 1;
    (0..wanted.min(last))
        .map(|index| index * last / wanted.min(last))
        .collect()
}

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"))
}

fn xtask() -> Command {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A workspace that holds the client alone, for generating into.
fn workspace(home: &Path) {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let (_, dependencies) = manifest
        .split_once("[workspace.dependencies]")
        .expect("dependencies");
    let dependencies = dependencies.split("\n[").next().unwrap_or_default();
    let own = ["qovery-", "xtask"];
    let dependencies = dependencies
        .lines()
        .filter(|line| !own.iter().any(|name| line.starts_with(name)));
    let dependencies: Vec<&str> = dependencies.collect();
    let text = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"qovery-api\"]\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"1.89\"\nlicense = \"MIT OR Apache-2.0\"\npublish = false\n[workspace.lints.rust]\n[workspace.lints.clippy]\n[workspace.dependencies]{}\n",
        dependencies.join("\n")
    );
    fs::write(home.join("Cargo.toml"), text).expect("written");
    fs::copy(root().join("Cargo.lock"), home.join("Cargo.lock")).expect("copied");
    copy(&root().join("qovery-api"), &home.join("qovery-api"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// The rustdoc JSON of the client of a revision.
fn rustdoc(revision: &Path, home: &Path, cache: &Path) -> PathBuf {
    let name = revision
        .file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let json = cache.join(format!("{name}.json"));
    if json.exists() {
        return json;
    }
    let generated = home.join("qovery-api/src/generated");
    fs::remove_dir_all(&generated).expect("removed");
    let output = run(xtask()
        .arg("generate")
        .arg("--spec")
        .arg(revision)
        .args(["--overlay", "none", "--out"])
        .arg(&generated));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let target = home.join("target");
    let output = run(Command::new("cargo")
        .current_dir(home)
        .args([
            "rustdoc",
            "--quiet",
            "-p",
            "qovery-api",
            "--lib",
            "--no-default-features",
            "--features",
            "all",
            "--",
        ])
        .args([
            "-Z",
            "unstable-options",
            "--output-format",
            "json",
            "--cap-lints",
            "allow",
        ])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("QOVERY_REGENERATE", "never")
        .env("CARGO_TARGET_DIR", &target));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    fs::copy(target.join("doc/qovery_api.json"), &json).expect("copied");
    json
}

/// The verdict of `cargo semver-checks`, and the failed checks.
fn verdict(old: &Path, new: &Path) -> (&'static str, Vec<String>) {
    let output = run(Command::new("cargo")
        .args([
            "semver-checks",
            "--release-type",
            "patch",
            "--color",
            "never",
        ])
        .arg("--baseline-rustdoc")
        .arg(old)
        .arg("--current-rustdoc")
        .arg(new));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let failed = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--- failure "));
    let failed = failed
        .filter_map(|line| line.split(':').next())
        .map(str::to_owned);
    let bump = if text.contains("requires new major version") {
        "major"
    } else if text.contains("requires new minor version") {
        "minor"
    } else {
        assert!(text.contains("no semver update required"), "{text}");
        "patch"
    };
    (bump, failed.collect())
}

#[test]
#[ignore = "needs published revisions and cargo-semver-checks: set REVISIONS"]
fn the_predicted_bump_is_never_below_the_verdict() {
    let revisions = revisions();
    let home = tempfile::tempdir().expect("a directory");
    workspace(home.path());
    let cache = env::var_os("CACHE").map_or_else(|| home.path().join("json"), PathBuf::from);
    fs::create_dir_all(&cache).expect("a directory");
    let rank = |bump: &str| BUMPS.iter().position(|known| *known == bump);
    let mut below = Vec::new();
    println!(
        "| from | to | `diff` | predicted | verdict | checks of the verdict | time of `diff` |\n|---|---|---|---|---|---|---|"
    );
    for index in pairs(revisions.len()) {
        let (old, new) = (&revisions[index], &revisions[index + 1]);
        let begin = Instant::now();
        let output = run(xtask()
            .arg("diff")
            .args([old, new])
            .args(["--format", "json"]));
        let time = begin.elapsed();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let predicted = report["bump"].as_str().unwrap_or("patch").to_owned();
        let count = |severity: &str| report["summary"][severity].as_u64().unwrap_or_default();
        let (before, after) = (
            rustdoc(old, home.path(), &cache),
            rustdoc(new, home.path(), &cache),
        );
        let (bump, failed) = verdict(&before, &after);
        let shown = |path: &Path| {
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            name.chars().take(23).collect::<String>()
        };
        let mut checks = failed.clone();
        checks.dedup();
        println!(
            "| {} | {} | {} major, {} minor, {} patch, {} documentation | {predicted} | {bump} | {} | {:.1} s |",
            shown(old),
            shown(new),
            count("major"),
            count("minor"),
            count("patch"),
            count("documentation"),
            checks.join(", "),
            time.as_secs_f64(),
        );
        if rank(&predicted) < rank(bump) {
            below.push(format!(
                "{} to {}: predicted {predicted}, verdict {bump}: {failed:?}",
                old.display(),
                new.display()
            ));
        }
    }
    assert!(below.is_empty(), "{}", below.join("\n"));
}
