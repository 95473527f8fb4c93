//! Compares the prediction of `diff` with the verdict of cargo-semver-checks, for published revisions.
//!
//! Not part of this repository: the revisions, and the judge (`cargo install cargo-semver-checks`).
//! `REVISIONS=DIR CACHE=DIR cargo test -p xtask --profile xtask --test semver -- --ignored --nocapture` prints a
//! table of results. `PAIRS` sets the number of steps; `published` says how they are selected.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails if its setup fails"
)]

mod published;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use published::{Cache, Revisions, Step, diff, headline, name, timed};

/// The version bumps, from the smallest to the largest.
const BUMPS: [&str; 3] = ["patch", "minor", "major"];

/// The judgement of cargo-semver-checks.
struct Verdict {
    bump: String,
    /// A failed check, and its item.
    failed: BTreeSet<(String, String)>,
    time: f64,
}

impl Verdict {
    fn read(text: &str, time: f64) -> Self {
        let bump = if text.contains("requires new major version") {
            "major"
        } else if text.contains("requires new minor version") {
            "minor"
        } else {
            assert!(text.contains("no semver update required"), "{text}");
            "patch"
        };
        let mut failed = BTreeSet::new();
        let mut check = "";
        let mut is_list = false;
        for line in text.lines() {
            if let Some(rest) = line.trim().strip_prefix("--- failure ") {
                check = rest.split(':').next().unwrap_or(rest);
                is_list = false;
            } else if line.starts_with("Failed in:") {
                is_list = true;
            } else if is_list && line.starts_with("  ") && !line.starts_with("   ") {
                let item = line.trim().split(" in ").next().unwrap_or_default();
                let item = item.split(", previously").next().unwrap_or(item);
                failed.insert((check.to_owned(), item.to_owned()));
            } else {
                is_list = false;
            }
        }
        let bump = bump.to_owned();
        Self { bump, failed, time }
    }

    fn of(old: &Path, new: &Path) -> Self {
        let (output, time) = timed(
            Command::new("cargo")
                .args(["semver-checks", "--release-type", "patch"])
                .args(["--color", "never", "--baseline-rustdoc"])
                .arg(old)
                .arg("--current-rustdoc")
                .arg(new),
        );
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let text = format!("{}{}", text(&output.stdout), text(&output.stderr));
        Self::read(&text, time)
    }

    /// The verdict on a step. It is kept, because a change of `diff` does not change it.
    fn of_step(step: &Step, cache: &Cache) -> Self {
        let kept = cache.file(&format!("{} {}.verdict", name(&step.old), name(&step.new)));
        if let Ok(text) = fs::read_to_string(&kept) {
            let mut lines = text.lines();
            let bump = lines.next().unwrap_or_default().to_owned();
            let time = lines.next().and_then(|line| line.parse().ok());
            let failed = lines.filter_map(|line| line.split_once('\t'));
            return Self {
                bump,
                failed: failed.map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
                time: time.unwrap_or_default(),
            };
        }
        let (old, new) = (cache.rustdoc(&step.old), cache.rustdoc(&step.new));
        let mut verdict = Self::of(&old, &new);
        // cargo-semver-checks takes the methods of `Call<A>` and `Call<B>` for those of one type, and so
        // reports some of them even if a revision is compared with itself. These reports are no change.
        let is_about_call = |(_, item): &(String, String)| item.contains("qovery_api::Call::");
        if verdict.failed.iter().any(is_about_call) {
            let own = Self::of(&old, &old).failed;
            verdict.failed.retain(|failure| !own.contains(failure));
            if verdict.failed.is_empty() {
                "patch".clone_into(&mut verdict.bump);
            }
        }
        let mut text = format!("{}\n{}\n", verdict.bump, verdict.time);
        for (check, item) in &verdict.failed {
            text.push_str(&format!("{check}\t{item}\n"));
        }
        fs::write(kept, text).expect("written");
        verdict
    }
}

#[test]
#[ignore = "needs published revisions and cargo-semver-checks: set REVISIONS"]
fn the_predicted_bump_is_never_below_the_verdict() {
    let pairs = env::var("PAIRS").map_or(60, |pairs| pairs.parse().expect("PAIRS is a number"));
    let mut steps = Revisions::read().steps(usize::div_ceil(pairs, 2), 2);
    steps.truncate(pairs);
    let cache = Cache::open();
    let rank = |bump: &str| BUMPS.iter().position(|known| *known == bump);
    let mut below = Vec::new();
    println!(
        "| from | to | `diff` | predicted | verdict | failed checks | rules above the verdict | s of `diff` | s of the verdict |\n|---|---|---|---|---|---|---|---|---|"
    );
    for step in &steps {
        let (report, time) = diff(step);
        let predicted = match report["bump"].as_str() {
            Some("documentation") | None => "patch",
            Some(bump) => bump,
        };
        let verdict = Verdict::of_step(step, &cache);
        let checks: BTreeSet<&str> = verdict.failed.iter().map(|(check, _)| &**check).collect();
        let changes = report["changes"].as_array().expect("changes").iter();
        let above = changes.filter(|change| {
            let severity = change["severity"].as_str().unwrap_or_default();
            rank(severity) > rank(&verdict.bump)
        });
        let above: BTreeSet<&str> = above.filter_map(|change| change["rule"].as_str()).collect();
        println!(
            "| {} | {} | {} | {predicted} | {} | {} | {} | {time:.1} | {:.1} |",
            name(&step.old),
            name(&step.new),
            headline(&report),
            verdict.bump,
            checks.into_iter().collect::<Vec<_>>().join(", "),
            above.into_iter().collect::<Vec<_>>().join(", "),
            verdict.time,
        );
        if rank(predicted) < rank(&verdict.bump) {
            below.push(format!(
                "{}: predicted {predicted}, verdict {}: {:?}",
                step.name(),
                verdict.bump,
                verdict.failed
            ));
        }
    }
    assert!(below.is_empty(), "{}", below.join("\n"));
}

#[test]
fn a_verdict_names_each_failed_check_with_its_items() {
    let text = "--- failure inherent_method_missing: a method is gone ---\n\nDescription:\nx\n\nFailed in:\n  Client::a, previously in file a.rs:1\n  Client::b, previously in file a.rs:2\n\n--- failure type_method_marked_deprecated: x ---\n\nFailed in:\n  method qovery_api::Call::gpu in b.rs:3\n     Checked [  16.392s] 229 checks: 228 pass, 1 fail\n\n     Summary semver requires new major version: 1 major and 1 minor checks failed\n";
    let verdict = Verdict::read(text, 0.0);
    assert_eq!(verdict.bump, "major");
    let failed: Vec<(&str, &str)> = verdict.failed.iter().map(|(a, b)| (&**a, &**b)).collect();
    assert_eq!(
        failed,
        [
            ("inherent_method_missing", "Client::a"),
            ("inherent_method_missing", "Client::b"),
            (
                "type_method_marked_deprecated",
                "method qovery_api::Call::gpu"
            ),
        ]
    );
}
