//! Clients generated from other revisions of the contract, in crates of their own.
//!
//! Published revisions are not part of this repository. The tests that need them run only on demand, and read them from
//! the directory that `QOVERY_REVISIONS` names.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::document::{self, workspace};

/// A published revision, by its date.
///
/// # Panics
/// Panics if `QOVERY_REVISIONS` names no directory that has it.
pub fn published(date: &str) -> PathBuf {
    let directory = std::env::var_os("QOVERY_REVISIONS")
        .map_or_else(|| workspace().join("../shared/upstream"), PathBuf::from);
    let file = directory.join(format!("{date}.yaml"));
    assert!(
        file.exists(),
        "{} is missing: set QOVERY_REVISIONS",
        file.display()
    );
    file
}

/// A workspace that contains only a client that was generated from a contract.
#[derive(Debug)]
pub struct Generated {
    directory: tempfile::TempDir,
    /// The models of responses, and the models of requests that are made from them.
    pub edits: BTreeSet<(String, String)>,
}

impl Generated {
    /// Generates a client.
    ///
    /// # Panics
    /// Panics if the contract is not accepted.
    pub fn from(contract: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (root, home) = (workspace(), directory.path());
        let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("the manifest");
        let (before, rest) = manifest.split_once("\nmembers = [").expect("members");
        // Without `default-members`, which names other packages.
        let (_, after) = rest.split_once("\nexclude").expect("members");
        let manifest = format!("{before}\nmembers = [\"qovery-api\", \"harness\"]\nexclude{after}");
        fs::write(home.join("Cargo.toml"), manifest).expect("written");
        fs::copy(root.join("Cargo.lock"), home.join("Cargo.lock")).expect("copied");
        copy(
            &root.join("qovery-api"),
            &home.join("qovery-api"),
            &["generated", "tests"],
        );
        // The manifest of the workspace names this package in place of a published crate.
        copy(&root.join("xtask/typify"), &home.join("xtask/typify"), &[]);
        xtask::generate(contract, None, &home.join("qovery-api/src/generated"))
            .unwrap_or_else(|problem| panic!("{problem}"));
        fs::create_dir_all(home.join("harness/src")).expect("a directory");
        fs::copy(
            root.join("tests/harness/main.rs"),
            home.join("harness/src/main.rs"),
        )
        .expect("copied");
        let operations = operations(&home.join("qovery-api/src/generated"));
        let entries: String = operations
            .iter()
            .map(|name| format!("entry::<operations::{name}>(),\n"))
            .collect();
        fs::write(
            home.join("harness/src/table.rs"),
            format!("[\n{entries}]\n"),
        )
        .expect("written");
        let edits = edits(&home.join("qovery-api/src/generated"), contract);
        let entries: String = edits
            .iter()
            .map(|(from, to)| {
                format!("(\"EDIT {from} {to}\", edit::<types::{from}, types::{to}> as Read),\n")
            })
            .collect();
        fs::write(
            home.join("harness/src/edits.rs"),
            format!("vec![\n{entries}]\n"),
        )
        .expect("written");
        fs::write(home.join("harness/Cargo.toml"), MANIFEST).expect("written");
        Self { directory, edits }
    }

    /// Builds the client and the program that decodes with it.
    ///
    /// # Panics
    /// Panics if it does not compile.
    pub fn build(&self) {
        assert!(self.cargo("build").status().expect("cargo runs").success());
    }

    /// Checks the types of the client, and nothing else.
    ///
    /// # Panics
    /// Panics if it does not compile.
    pub fn check(&self) {
        assert!(
            self.cargo("check")
                .arg("--package=qovery-api")
                .status()
                .expect("cargo runs")
                .success()
        );
    }

    /// The results of decoding responses, in order: the text of the request if the key is that of an edit, or the
    /// error.
    ///
    /// # Panics
    /// Panics if the program ends early.
    pub fn decode(&self, responses: &[(String, Option<Value>)]) -> Vec<Result<String, String>> {
        let mut program = self
            .cargo("run")
            .arg("--quiet")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo runs");
        let mut input = program.stdin.take().expect("its input");
        let lines: String = responses
            .iter()
            .map(|response| format!("{}\n", serde_json::json!(response)))
            .collect();
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = program.wait_with_output().expect("its output");
        writer.join().expect("it ended").expect("written");
        let text = String::from_utf8_lossy(&output.stdout);
        let outcomes: Vec<Result<String, String>> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("an outcome"))
            .collect();
        assert_eq!(outcomes.len(), responses.len(), "{}", output.status);
        outcomes
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let target = workspace().join("target/revisions");
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or(target, |shared| Path::new(&shared).join("revisions"));
        let home = self.directory.path();
        cargo
            .arg(command)
            .current_dir(home)
            .env("CARGO_TARGET_DIR", target)
            .env("QOVERY_REGENERATE", "never");
        cargo.env_remove("CARGO_MANIFEST_DIR");
        if command != "check" {
            cargo.arg("--package=harness");
        }
        cargo
    }
}

const MANIFEST: &str = r#"[package]
name = "harness"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
bytes.workspace = true
qovery-api = { workspace = true, default-features = true }
serde.workspace = true
serde_json.workspace = true
"#;

/// The conversions of a generated tree, and of each model that replaces something into itself.
fn edits(generated: &Path, contract: &Path) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let texts = files(generated);
    for text in &texts {
        // A long line is split in the source.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for implementation in text.split("impl ::core::convert::").skip(1) {
            let rest = implementation
                .strip_prefix("From<crate::types::")
                .or_else(|| implementation.strip_prefix("TryFrom<crate::types::"));
            let pair = rest
                .and_then(|rest| rest.split_once(" {"))
                .and_then(|(head, _)| head.split_once("> for crate::types::"));
            found.extend(pair.map(|(from, to)| (from.trim().to_owned(), to.to_owned())));
        }
    }
    let contract = xtask::contract(contract, None).unwrap_or_else(|problem| panic!("{problem}"));
    for operation in document::operations(&contract) {
        let model = operation
            .body
            .as_ref()
            .and_then(|(_, schema)| reference(schema));
        if let Some(model) = model.filter(|_| operation.method == "PUT") {
            let declaration = format!("pub struct {model} {{");
            if texts.iter().any(|text| text.contains(&declaration)) {
                found.insert((model.to_owned(), model.to_owned()));
            }
        }
    }
    found
}

/// The name of the schema that the reference names.
pub fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

/// The operation of a document, without the names of its path parameters, because these names change.
pub fn key(operation: &document::Operation) -> String {
    let mut key = format!("{} ", operation.method);
    let mut parts = operation.path.split('{');
    key.push_str(parts.next().unwrap_or_default());
    for part in parts {
        key.push_str("{}");
        key.push_str(part.split_once('}').map_or(part, |(_, rest)| rest));
    }
    key
}

/// The types that stand for operations in a generated tree.
fn operations(generated: &Path) -> BTreeSet<String> {
    let texts = files(generated);
    let lines = texts.iter().flat_map(|text| text.lines());
    let names = lines.filter_map(|line| line.strip_prefix("pub enum ")?.strip_suffix(" {}"));
    names.map(str::to_owned).collect()
}

/// The texts of the files in a directory.
fn files(directory: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).expect("readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                texts.push(fs::read_to_string(&path).expect("text"));
            }
        }
    }
    texts
}

fn copy(from: &Path, to: &Path, without: &[&str]) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("an entry");
        let (name, path) = (entry.file_name(), entry.path());
        if without.iter().any(|skipped| name == *skipped) {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name), without);
        } else {
            fs::copy(&path, to.join(name)).expect("copied");
        }
    }
}
