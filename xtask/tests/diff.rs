//! The commands `diff`, `update` and `import` from outside, in a repository with a history.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails if its setup fails"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const CONTRACT: &str = r##"openapi: 3.0.3
info:
  title: Qovery API
  version: '1'
  license:
    name: MIT OR Apache-2.0
servers: []
tags:
  - name: Projects
paths:
  /project/{projectId}:
    get:
      tags: [Projects]
      summary: Get project
      operationId: getProject
      parameters:
        - name: projectId
          in: path
          required: true
          schema:
            type: string
            format: uuid
      responses:
        '200':
          description: Success
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Project'
components:
  schemas:
    Project:
      type: object
      properties:
        name:
          type: string
        kind:
          type: string
          enum: [A, B]
"##;

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"))
}

fn git(home: &Path, arguments: &[&str]) {
    let output = run(Command::new("git")
        .current_dir(home)
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.example",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments));
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// A repository with one commit.
fn repository() -> TempDir {
    let home = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(path, text).expect("written");
    };
    write("openapi.yaml", CONTRACT);
    write("Cargo.toml", "[workspace.package]\nversion = \"0.1.0\"\n");
    write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n");
    write(
        "xtask/overlay.yaml",
        "overlay: 1.0.0\ninfo: {title: Fixes, version: 1.0.0}\nactions:\n  - target: $.components.schemas.Project\n    description: A project has to have a name.\n    update: {required: [name]}\n",
    );
    write("qovery-api/src/lib.rs", "");
    git(home.path(), &["init", "--quiet"]);
    git(home.path(), &["add", "--all"]);
    git(home.path(), &["commit", "--quiet", "--message", "first"]);
    home
}

fn xtask(home: &Path, arguments: &[&str]) -> Output {
    run(Command::new(env!("CARGO_BIN_EXE_xtask"))
        .current_dir(home)
        .env("CARGO_MANIFEST_DIR", home.join("xtask"))
        .args(arguments))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn printed(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

#[test]
fn the_working_tree_is_compared_with_a_revision_and_the_exit_code_has_the_severity() {
    let home = repository();
    let run = |arguments: &[&str]| xtask(home.path(), arguments);
    let same = printed(&run(&[
        "diff",
        "git:HEAD",
        "openapi.yaml",
        "--fail-on",
        "minor",
    ]));
    assert!(
        same.contains("no changes") && same.contains("version: stays"),
        "{same}"
    );
    fs::write(
        home.path().join("openapi.yaml"),
        CONTRACT.replace("[A, B]", "[A, B, C]"),
    )
    .expect("written");
    let minor = run(&["diff", "git:HEAD", "openapi.yaml"]);
    let found = printed(&minor);
    assert!(found.contains("gained C, the variant C"), "{found}");
    assert!(
        found.contains("version: minor, 0.1.0 becomes 0.1.1"),
        "{found}"
    );
    assert!(found.contains("openapi.yaml:"), "{found}");
    assert!(
        run(&["diff", "git:HEAD", "openapi.yaml", "--fail-on", "major"])
            .status
            .success()
    );
    assert_eq!(
        run(&["diff", "git:HEAD", "openapi.yaml", "--fail-on", "minor"])
            .status
            .code(),
        Some(1)
    );
    let json = printed(&run(&[
        "diff",
        "git:HEAD",
        "openapi.yaml",
        "--format",
        "json",
    ]));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        json.pointer("/bump").and_then(serde_json::Value::as_str),
        Some("minor")
    );
    let markdown = printed(&run(&[
        "diff",
        "git:HEAD",
        "openapi.yaml",
        "--format",
        "markdown",
    ]));
    assert!(
        markdown.starts_with("## Changes of the API\n"),
        "{markdown}"
    );
}

#[test]
fn a_file_beside_the_contract_is_read_with_the_same_fixes() {
    let home = repository();
    fs::write(home.path().join("other.yaml"), CONTRACT).expect("written");
    let found = printed(&xtask(home.path(), &["diff", "git:HEAD", "other.yaml"]));
    assert!(found.contains("no changes"), "{found}");
    fs::write(
        home.path().join("other.yaml"),
        CONTRACT.replace("Project", "Item"),
    )
    .expect("written");
    let output = xtask(home.path(), &["diff", "git:HEAD", "other.yaml"]);
    assert!(
        text(&output.stderr).contains("xtask/overlay.yaml does not fit other.yaml"),
        "{output:?}"
    );
    printed(&output);
}

#[test]
fn an_invalid_revision_is_one_message() {
    let home = repository();
    for (revision, expected) in [
        ("git:nothing", "git knows no revision `nothing` here"),
        ("git:", "names no revision"),
        ("git:--output=x", "names no revision"),
        ("git:HEAD:x", "names no revision"),
        ("git:a b", "names no revision"),
        ("missing.yaml", "cannot be read"),
    ] {
        let output = xtask(home.path(), &["diff", revision, "openapi.yaml"]);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(
            message.contains(expected) && message.starts_with("error: "),
            "{message}"
        );
    }
}

#[test]
fn an_update_is_recorded_and_the_check_verifies_it() {
    let home = repository();
    let run = |arguments: &[&str]| xtask(home.path(), arguments);
    let revision = home.path().join("2026-11-27.yaml");
    fs::write(&revision, CONTRACT.replace("[A, B]", "[A, C]")).expect("written");
    let commit = "0f".repeat(20);
    let update = ["update", "2026-11-27.yaml", "--upstream-commit", &commit];
    printed(&run(&update));
    let lock = fs::read_to_string(home.path().join("contract.lock")).expect("a lock");
    assert!(
        lock.contains(&commit) && lock.contains("2026-11-27"),
        "{lock}"
    );
    let contract = fs::read_to_string(home.path().join("openapi.yaml")).expect("a contract");
    assert!(contract.contains("enum: [A, C, B]"), "{contract}");
    printed(&run(&["generate", "--check"]));

    let older = home.path().join("2026-11-26.yaml");
    fs::write(&older, CONTRACT).expect("written");
    let refused = run(&["import", "2026-11-26.yaml"]);
    let message = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{message}");
    assert!(
        message.contains("is older than the last revision") && message.contains("--allow-older"),
        "{message}"
    );
    assert_eq!(
        fs::read_to_string(home.path().join("contract.lock")).expect("a lock"),
        lock
    );
    printed(&run(&["import", "2026-11-26.yaml", "--allow-older"]));

    for (from, to) in [
        (commit.as_str(), "ff".repeat(20)),
        ("client = \"", format!("client = \"{}", "0".repeat(64))),
    ] {
        let tampered = match from.starts_with("client") {
            true => {
                let (before, after) = lock.split_once(from).expect("the key");
                format!("{before}{to}{}", after.get(64..).unwrap_or_default())
            }
            false => lock.replace(from, &to),
        };
        fs::write(home.path().join("contract.lock"), tampered).expect("written");
        fs::write(home.path().join("openapi.yaml"), &contract).expect("written");
        let output = run(&["generate", "--check"]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    }
    printed(&run(&["generate"]));
    printed(&run(&["generate", "--check"]));
}

/// The files of a repository without its history.
fn files(home: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![home.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(home).expect("inside").to_owned();
            if name == Path::new(".git") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

#[test]
#[cfg(unix)]
fn an_update_that_is_killed_at_any_time_leaves_the_old_or_the_new_tree_to_the_next_command() {
    let prepared = || {
        let home = repository();
        let revision = CONTRACT.replace("[A, B]", "[A, C]");
        fs::write(home.path().join("2026-11-27.yaml"), revision).expect("written");
        home
    };
    let commit = "0f".repeat(20);
    let update = ["update", "2026-11-27.yaml", "--upstream-commit", &commit];
    let dry = [update.as_slice(), &["--dry-run"]].concat();
    let home = prepared();
    let old = files(home.path());
    printed(&xtask(home.path(), &update));
    let new = files(home.path());
    assert_ne!(old, new);
    let mut ends = BTreeMap::new();
    for step in 0..400 {
        let home = prepared();
        let mut running = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .current_dir(home.path())
            .env("CARGO_MANIFEST_DIR", home.path().join("xtask"))
            .args(update)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command runs");
        // Until it writes, nothing can be wrong; from then on, each moment counts.
        let work = home.path().join(".update");
        while !work.exists() && running.try_wait().expect("a state").is_none() {
            std::thread::sleep(Duration::from_micros(50));
        }
        std::thread::sleep(Duration::from_micros(step * 60));
        let is_over = running.try_wait().expect("a state").is_some();
        running.kill().expect("killed");
        running.wait().expect("ended");
        if work.exists() {
            for command in [dry.as_slice(), &["generate", "--check"]] {
                let refused = xtask(home.path(), command);
                let message = text(&refused.stderr);
                assert!(message.contains("an update was interrupted"), "{message}");
            }
        }
        // Ends the interrupted update, and writes nothing else into the repository.
        let elsewhere = tempfile::tempdir().expect("a directory");
        let out = elsewhere.path().join("openapi.yaml");
        let out = out.to_str().expect("a path in UTF-8");
        let import = ["import", "2026-11-27.yaml", "--out", out];
        printed(&xtask(home.path(), &import));
        printed(&xtask(home.path(), &dry));
        let found = files(home.path());
        let end = match () {
            () if found == old => "old",
            () if found == new => "new",
            () => panic!("step {step}: {:?}", found.keys()),
        };
        *ends.entry(end).or_insert(0) += 1;
        if is_over {
            break;
        }
    }
    assert!(ends.contains_key("new"), "{ends:?}");
}

#[test]
fn an_import_lists_breaking_changes_with_the_fixes_of_the_overlay_if_they_fit() {
    let home = repository();
    let import = |name: &str, revision: &str| {
        fs::write(home.path().join(name), revision).expect("written");
        let output = xtask(home.path(), &["import", name]);
        (printed(&output), text(&output.stderr))
    };
    let named = CONTRACT.replace(
        "      type: object\n      properties:\n        name:",
        "      type: object\n      required: [kind]\n      properties:\n        name:",
    );
    assert_ne!(named, CONTRACT);
    let (report, notes) = import("2026-11-26.yaml", &named);
    assert!(
        report.starts_with("breaking for programs: 1\n  major [field-required] Project::kind was "),
        "{report}"
    );
    assert_eq!(notes, "");
    // The overlay names a schema that has another name now.
    let renamed = named.replace("Project'", "Thing'");
    let renamed = renamed.replace("    Project:\n", "    Thing:\n");
    let renamed = renamed.replace("            format: uuid\n", "");
    let (report, notes) = import("2026-11-27.yaml", &renamed);
    assert!(
        notes.contains("xtask/overlay.yaml does not fit the imported revision"),
        "{notes}"
    );
    assert!(
        report.starts_with("breaking for programs: 1\n  major [argument-type-changed] "),
        "{report}"
    );
    let (report, notes) = import("2026-11-28.yaml", &renamed);
    assert!(
        !report.contains("breaking") && notes.is_empty(),
        "{report}{notes}"
    );
}
