//! The clients of the pairs of contracts, compiled with programs that use them.
//!
//! Each line of `pairs/uses.rs` is one use of the client. A line that compiles with the old client and not with
//! the new one has to be explained by a major change, and each major change has to break a line. The test
//! compiles about two hundred clients, so it is run only on demand: `CACHE=DIR cargo test -p xtask --profile
//! xtask --lib compiled -- --ignored --nocapture`.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::Change;
use super::pairs_tests::{self, UNSEEN};
use super::tests::{self, side};
use crate::codegen::{Purpose, generate};
use crate::diff::of_sides;
use crate::diff::rules::Severity;

const USES: &str = include_str!("pairs/uses.rs");

/// Rules for changes of the features that include an item. The programs here have all features; the test of the
/// public items compares the features.
const MOVED: [&str; 2] = ["operation-moved", "type-moved"];

/// The text before the uses, and the uses, one per line.
fn uses() -> (String, Vec<&'static str>) {
    let (head, uses) = USES.split_once("\n//\n").unwrap();
    (format!("{head}\n"), uses.lines().collect())
}

/// A program with these uses, each in a function of its own on the line of its number.
fn program(alive: &BTreeSet<usize>) -> String {
    let (head, uses) = uses();
    let mut text = head;
    for (index, line) in uses.iter().enumerate() {
        if alive.contains(&index) {
            text.push_str(&format!(
                "fn use_{index}(client: &Client, id: Uuid) {{ {line} }}"
            ));
        }
        text.push('\n');
    }
    text
}

/// A workspace with a client and a program for each contract.
struct Workspace {
    home: PathBuf,
    /// The uses that compile, by contract.
    alive: Vec<BTreeSet<usize>>,
}

impl Workspace {
    fn of(contracts: &[String]) -> Self {
        let cache = env::var_os("CACHE").map(PathBuf::from);
        let cache = cache.unwrap_or_else(|| env::temp_dir().join("qovery-pairs"));
        let home = cache.join("pairs");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        let dependencies = manifest.split_once("[workspace.dependencies]").unwrap().1;
        let dependencies = dependencies.split("\n[").next().unwrap();
        let dependencies: Vec<&str> = dependencies
            .lines()
            .filter(|line| !line.starts_with("qovery-") && !line.starts_with("xtask"))
            .collect();
        write(
            &home.join("Cargo.toml"),
            &format!(
                "[workspace]\nresolver = \"3\"\nmembers = [\"client-*\", \"program-*\"]\n[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"1.89\"\nlicense = \"MIT OR Apache-2.0\"\n[workspace.lints.rust]\n[workspace.lints.clippy]\n[profile.dev]\ndebug = false\nincremental = false\n[workspace.dependencies]{}\n",
                dependencies.join("\n")
            ),
        );
        let lock = home.join("Cargo.lock");
        if !lock.exists() {
            fs::copy(root.join("Cargo.lock"), lock).unwrap();
        }
        let own = fs::read_to_string(root.join("qovery-api/Cargo.toml")).unwrap();
        let own = own.split("[dev-dependencies]").next().unwrap();
        let mut sources = Vec::new();
        read(&root.join("qovery-api/src"), Path::new("src"), &mut sources);
        for (index, contract) in contracts.iter().enumerate() {
            let client = home.join(format!("client-{index}"));
            let manifest = own
                .replace(
                    "name = \"qovery-api\"",
                    &format!("name = \"client-{index}\"\nbuild = false"),
                )
                .replace(
                    "[features]",
                    "[lib]\nname = \"qovery_api\"\ndoctest = false\n\n[features]",
                );
            write(&client.join("Cargo.toml"), &manifest);
            for (path, text) in &sources {
                write(&client.join(path), text);
            }
            let file = home.join(format!("client-{index}.yaml"));
            write(&file, contract);
            let files = generate(&file, None, Purpose::default()).unwrap().client;
            let generated = client.join("src/generated");
            for (path, text) in &files {
                write(&generated.join(path), text);
            }
            write(
                &home.join(format!("program-{index}/Cargo.toml")),
                &format!(
                    "[package]\nname = \"program-{index}\"\nedition = \"2024\"\n[dependencies.qovery-api]\npackage = \"client-{index}\"\npath = \"../client-{index}\"\ndefault-features = false\nfeatures = [\"projects\", \"environments\", \"clusters\"]\n"
                ),
            );
        }
        let all: BTreeSet<usize> = (0..uses().1.len()).collect();
        Self {
            home,
            alive: vec![all; contracts.len()],
        }
    }

    /// Compiles all programs without the uses that do not compile, until all others do.
    fn compile(&mut self) {
        let first = uses().0.lines().count();
        loop {
            for (index, alive) in self.alive.iter().enumerate() {
                let path = self.home.join(format!("program-{index}/src/main.rs"));
                write(&path, &program(alive));
            }
            let output = Command::new("cargo")
                .current_dir(&self.home)
                .args(["check", "--workspace", "--bins", "--keep-going", "--quiet"])
                .args(["--message-format", "json"])
                .env("CARGO_TARGET_DIR", self.home.join("target"))
                .env("RUSTFLAGS", "--cap-lints allow")
                .output()
                .unwrap();
            let mut lost = 0;
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                let message = &line["message"];
                let name = line["target"]["name"].as_str().unwrap_or_default();
                let index = name.strip_prefix("program-");
                let index = index.map(|index| index.parse::<usize>().unwrap());
                if message["level"] != "error" {
                    continue;
                }
                let index = index.unwrap_or_else(|| panic!("{name}: {message:#}"));
                for span in message["spans"].as_array().unwrap() {
                    let line = span["line_start"].as_u64().unwrap() as usize;
                    let is_here = span["file_name"].as_str().unwrap().ends_with("main.rs");
                    if span["is_primary"] == true && is_here {
                        let use_ = (line - 1).checked_sub(first);
                        lost += usize::from(use_.is_some_and(|one| self.alive[index].remove(&one)));
                    }
                }
            }
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.success(), lost == 0, "{errors}");
            if lost == 0 {
                return;
            }
        }
    }
}

/// Writes a file if its contents differ, because cargo compiles newer files again.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The sources of the client that are not generated from the contract.
fn read(from: &Path, to: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            if entry.file_name() != "generated" {
                read(&entry.path(), &target, found);
            }
        } else {
            found.push((target, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

fn words(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).collect()
}

/// Whether a line uses the item that a change is about.
fn is_about(change: &Change, line: &str) -> bool {
    let subject = change.subject.trim_start_matches("Client::");
    let text = change.phrase.text();
    let used = words(line);
    // `get_project` has the marker `GetProject`.
    let plain = |word: &str| word.replace('_', "").to_lowercase();
    let own = used.iter().any(|word| plain(word) == plain(subject));
    let is_used = |word: &str| used.iter().any(|one| plain(one) == plain(word));
    own && words(&text).into_iter().any(is_used)
}

#[test]
#[ignore = "compiles about two hundred clients"]
fn a_use_that_compiled_fails_if_and_only_if_a_major_change_is_about_it() {
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    let mut contracts = Vec::new();
    let mut index_of = |text: &String| {
        *texts.entry(text.clone()).or_insert_with(|| {
            contracts.push(text.clone());
            contracts.len() - 1
        })
    };
    let pairs = pairs_tests::contracts().into_iter();
    let cases = tests::contracts().into_iter();
    let all = pairs.chain(cases.map(|(rule, old, new)| (rule.to_owned(), old, new)));
    let all: Vec<(String, usize, usize)> = all
        .map(|(about, old, new)| (about, index_of(&old), index_of(&new)))
        .collect();
    let mut workspace = Workspace::of(&contracts);
    workspace.compile();
    let mut faults = Vec::new();
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    let sides: Vec<_> = contracts
        .iter()
        .map(|text| side("api.yaml", text))
        .collect();
    let (_, uses) = uses();
    let back = all
        .iter()
        .map(|(about, old, new)| (format!("{about} back"), *new, *old));
    for (about, old, new) in all.iter().cloned().chain(back) {
        let report = of_sides(&sides[old], &sides[new], None);
        let major = report
            .changes
            .iter()
            .filter(|one| one.rule.severity == Severity::Major);
        let major: Vec<&Change> = major.collect();
        let broken: Vec<&str> = workspace.alive[old]
            .difference(&workspace.alive[new])
            .map(|index| uses[*index])
            .collect();
        for line in &broken {
            if !major.iter().any(|change| is_about(change, line)) {
                faults.push(format!("{about}: no major change is about `{line}`"));
            }
        }
        // The uses of a renamed item have its old name, the changes inside it the new one.
        let renamed = major.iter().filter(|one| one.rule.id.ends_with("-renamed"));
        let renamed: String = renamed.map(|one| one.phrase.text() + " ").collect();
        let is_renamed = |change: &Change| {
            let subject = change.subject.trim_start_matches("Client::");
            !change.rule.id.ends_with("-renamed") && words(&renamed).contains(subject)
        };
        for change in &major {
            let id = change.rule.id;
            if broken.iter().any(|line| is_about(change, line)) {
                *shown.entry(id).or_default() += 1;
            } else if !UNSEEN.contains(&id) && !MOVED.contains(&id) && !is_renamed(change) {
                faults.push(format!(
                    "{about}: nothing fails: {id}: {}",
                    change.phrase.text()
                ));
            }
        }
    }
    println!("{} clients, {} reports", contracts.len(), 2 * all.len());
    for (rule, count) in &shown {
        println!("| `{rule}` | {count} |");
    }
    assert!(
        faults.is_empty(),
        "{} faults\n{}",
        faults.len(),
        faults.join("\n")
    );
}
