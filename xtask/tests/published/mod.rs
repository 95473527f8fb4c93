//! Published revisions of the specification, steps between them, and clients that are generated from them.
//!
//! The revisions are not part of this repository: `REVISIONS` names a directory that contains them. The names
//! of the files contain a date and sort by age. `CACHE` names a directory that keeps compiled dependencies
//! and results, so that an interrupted run continues; remove it after a change of the generator.

#![allow(dead_code, reason = "each test uses only a part")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The revisions, from the oldest to the newest.
pub(crate) struct Revisions(Vec<PathBuf>);

/// Two consecutive revisions.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) old: PathBuf,
    pub(crate) new: PathBuf,
}

impl Step {
    pub(crate) fn name(&self) -> String {
        format!("{} to {}", name(&self.old), name(&self.new))
    }
}

/// The name of a revision: its file name up to the abbreviated commit.
pub(crate) fn name(revision: &Path) -> String {
    stem(revision).chars().take(23).collect()
}

fn stem(revision: &Path) -> String {
    let stem = revision.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

impl Revisions {
    pub(crate) fn read() -> Self {
        let directory = env::var_os("REVISIONS").expect("REVISIONS names a directory of revisions");
        let entries = fs::read_dir(directory).expect("the directory can be read");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let is_yaml = |path: &PathBuf| path.extension().is_some_and(|known| known == "yaml");
        let mut paths: Vec<PathBuf> = paths.filter(is_yaml).collect();
        paths.sort();
        assert!(paths.len() > 1, "there are revisions");
        Self(paths)
    }

    /// The steps of days that are drawn at random: the history is divided into equal periods, one day is
    /// drawn of each, and the first `run` steps from that day on are taken.
    ///
    /// `SEED` selects other days. `STEPS=3,19` takes the steps from the third and from the nineteenth
    /// revision instead.
    pub(crate) fn steps(&self, days: usize, run: usize) -> Vec<Step> {
        let last = self.0.len() - 1;
        let at = |index: usize| Step {
            old: self.0[index].clone(),
            new: self.0[index + 1].clone(),
        };
        if let Ok(list) = env::var("STEPS") {
            let numbers = list.split(',').map(|number| number.trim().parse::<usize>());
            return numbers
                .map(|number| at(number.expect("a number") - 1))
                .collect();
        }
        let dates: Vec<i64> = self.0.iter().map(|path| day(path)).collect();
        let (first, end) = (dates[0], dates[last]);
        let seed = env::var("SEED").map_or(18, |seed| seed.parse().expect("SEED is a number"));
        let mut random = fastrand::Rng::with_seed(seed);
        let mut taken = Vec::new();
        let period = |index: usize| first + (end - first) * index as i64 / days as i64;
        for index in 0..days {
            let day = random.i64(period(index)..period(index + 1).max(period(index) + 1));
            let start = dates.iter().position(|date| *date >= day).unwrap_or(last);
            let mut free = (start..last).chain((0..start).rev());
            for _ in 0..run {
                taken.extend(free.find(|index| !taken.contains(index)));
            }
        }
        taken.into_iter().map(at).collect()
    }
}

/// The approximate date in the name of a file, as a number of days.
fn day(path: &Path) -> i64 {
    let stem = stem(path);
    let parts = stem.split('-').map(|part| part.parse::<i64>().ok());
    let parts: Vec<Option<i64>> = parts.collect();
    let date = parts.windows(3).find_map(|three| match three {
        [Some(year), Some(month), Some(day)] if *year > 1999 => Some(year * 365 + month * 30 + day),
        _ => None,
    });
    date.unwrap_or_else(|| panic!("{stem} contains no date such as 2026-11-27"))
}

/// Runs a command, and returns its output and the seconds of processor time that it took. Without `/proc`
/// the time is that of the clock.
pub(crate) fn timed(command: &mut Command) -> (Output, f64) {
    let (processor, clock) = (of_children(), std::time::Instant::now());
    let output = run(command);
    let time = of_children().zip(processor);
    let time = time.map(|(after, before)| after - before);
    (
        output,
        time.unwrap_or_else(|| clock.elapsed().as_secs_f64()),
    )
}

/// Processor time of the ended children of this process: fields 16 and 17, in hundredths of a second.
fn of_children() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(13).take(2);
    let ticks: Option<Vec<f64>> = ticks.map(|field| field.parse().ok()).collect();
    Some(ticks?.iter().sum::<f64>() / 100.0)
}

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"))
}

#[track_caller]
pub(crate) fn succeeded(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

pub(crate) fn xtask() -> Command {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
}

/// The report of `diff` as JSON, and the seconds that it took.
pub(crate) fn diff(step: &Step) -> (Value, f64) {
    let (output, time) = timed(
        xtask()
            .arg("diff")
            .args([&step.old, &step.new])
            .args(["--format", "json"]),
    );
    succeeded(&output);
    let report = serde_json::from_slice(&output.stdout).expect("JSON");
    (report, time)
}

/// The first line of the text of `diff`.
pub(crate) fn headline(report: &Value) -> String {
    let count = |severity: &str| report["summary"][severity].as_u64().unwrap_or_default();
    let severities = ["major", "minor", "patch", "documentation"];
    let counts = severities.map(|severity| (severity, count(severity)));
    let counts = counts.iter().filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    match counts.is_empty() {
        true => "no changes".to_owned(),
        false => counts.join(", "),
    }
}

/// The directory for results, and for the one crate that all revisions are generated into.
pub(crate) struct Cache(PathBuf);

impl Cache {
    pub(crate) fn open() -> Self {
        let path = env::var_os("CACHE").map(PathBuf::from);
        let path = path.unwrap_or_else(|| env::temp_dir().join("qovery-revisions"));
        fs::create_dir_all(&path).expect("a directory");
        let cache = Self(path.canonicalize().expect("a directory"));
        cache.workspace();
        cache
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    /// Cargo in the workspace of that crate, with the compiler options that JSON documentation needs.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command
            .current_dir(self.home())
            .args(arguments)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("QOVERY_REGENERATE", "never")
            .env("CARGO_TARGET_DIR", self.file("target"));
        command
    }

    /// A workspace with only the client and a program.
    fn workspace(&self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("a manifest");
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
            "[workspace]\nresolver = \"3\"\nmembers = [\"qovery-api\", \"program\"]\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"1.89\"\nlicense = \"MIT OR Apache-2.0\"\npublish = false\n[workspace.lints.rust]\n[workspace.lints.clippy]\n[profile.dev]\ndebug = false\n[workspace.dependencies]{}\n",
            dependencies.join("\n")
        );
        let home = self.home();
        if home.exists() {
            fs::remove_dir_all(&home).expect("removed");
        }
        copy(&root.join("qovery-api"), &home.join("qovery-api"));
        fs::write(home.join("Cargo.toml"), text).expect("written");
        fs::copy(root.join("Cargo.lock"), home.join("Cargo.lock")).expect("copied");
        fs::create_dir_all(home.join("program/src")).expect("a directory");
        let manifest = "[package]\nname = \"program\"\nedition = \"2024\"\n[dependencies]\nqovery-api = { path = \"../qovery-api\", default-features = false, features = [\"all\"] }\n";
        fs::write(home.join("program/Cargo.toml"), manifest).expect("written");
        fs::write(home.join("program/src/main.rs"), "fn main() {}\n").expect("written");
    }

    /// Generates the client of a revision into the crate; returns the seconds that it took.
    pub(crate) fn generate(&self, revision: &Path) -> f64 {
        let generated = self.home().join("qovery-api/src/generated");
        if generated.exists() {
            fs::remove_dir_all(&generated).expect("removed");
        }
        let (output, time) = timed(
            xtask()
                .arg("generate")
                .arg("--spec")
                .arg(revision)
                .args(["--overlay", "none", "--out"])
                .arg(&generated),
        );
        succeeded(&output);
        time
    }

    /// The rustdoc JSON of the client of a revision.
    pub(crate) fn rustdoc(&self, revision: &Path) -> PathBuf {
        let json = self.file(&format!("{}.json", stem(revision)));
        if json.exists() {
            return json;
        }
        self.generate(revision);
        let (output, _) = timed(&mut self.cargo(&[
            "rustdoc",
            "--quiet",
            "-p",
            "qovery-api",
            "--lib",
            "--no-default-features",
            "--features",
            "all",
            "--",
            "-Z",
            "unstable-options",
            "--output-format",
            "json",
            "--cap-lints",
            "allow",
        ]));
        succeeded(&output);
        fs::copy(self.file("target/doc/qovery_api.json"), &json).expect("copied");
        json
    }
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
