//! A run on a state that was found up to date is short, and its result is that of a complete run.

#![allow(clippy::expect_used, reason = "a test fails if its setup fails")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

/// A contract with a response that the generator notes.
const CONTRACT: &str = r##"openapi: 3.0.3
info: {title: Small, version: 1.2.3}
paths:
  /environment/{environmentId}/status:
    get:
      operationId: getEnvironmentStatus
      tags: [Environment Main Calls]
      parameters:
        - {name: environmentId, in: path, required: true, schema: {type: string, format: uuid}}
      responses:
        '200':
          description: Fine.
          content:
            application/json: {schema: {$ref: '#/components/schemas/Status'}}
            text/plain: {schema: {type: string}}
components:
  schemas:
    Status:
      type: object
      required: [state]
      properties:
        state: {type: string, enum: [READY, DEPLOYED]}
"##;
const WEBSOCKETS: &str = "openapi: 3.0.3
info: {title: Small, version: 1.2.3}
paths:
  /service/logs:
    get:
      operationId: service_logs
      tags: [logs]
      responses:
        '200': {description: One line., content: {application/json: {schema: {$ref: '#/components/schemas/Line'}}}}
components:
  schemas:
    Line: {type: object, required: [state], properties: {state: {type: string}}}
";
const OVERLAY: &str = "overlay: 1.0.0
info: {title: Fixes, version: 1.0.0}
actions:
  - description: The title of the tests.
    target: $.info
    update: {title: Tested}
";

/// Held while a program is written or started. A process that starts meanwhile in another thread would inherit the
/// file that is open for writing, and a program with such a file cannot be run.
fn programs() -> MutexGuard<'static, ()> {
    static PROGRAMS: Mutex<()> = Mutex::new(());
    PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A repository whose files are generated, with a program of its own.
struct Repository {
    home: TempDir,
}

impl Repository {
    fn generated() -> Self {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        for (file, text) in [
            ("openapi.yaml", CONTRACT),
            ("openapi-ws.yaml", WEBSOCKETS),
            ("xtask/overlay.yaml", OVERLAY),
            ("xtask/overlay-ws.yaml", OVERLAY),
        ] {
            let path = home.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("created");
            fs::write(path, text).expect("written");
        }
        let repository = Self { home };
        let program = repository.program();
        fs::create_dir_all(program.parent().expect("a parent")).expect("created");
        {
            let _held = programs();
            fs::copy(env!("CARGO_BIN_EXE_xtask"), program).expect("copied");
        }
        let output = repository.run(&["generate"]);
        assert!(output.status.success(), "{output:?}");
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn program(&self) -> PathBuf {
        self.path("target/xtask/xtask")
    }

    fn record(&self) -> PathBuf {
        self.path("target/xtask/xtask.verified")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.program());
        command
            .env("CARGO_MANIFEST_DIR", self.path("xtask"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let started = {
            let _held = programs();
            command.spawn().expect("the command runs")
        };
        started.wait_with_output().expect("the command ends")
    }

    /// Checks, and returns the result and whether a complete check found the state up to date.
    fn check(&self) -> (Output, bool) {
        self.plain(&["generate", "--check"])
    }

    /// Runs without files as arguments, and returns the result and whether a complete run found the state up to date.
    fn plain(&self, arguments: &[&str]) -> (Output, bool) {
        // A complete run that finds no difference writes the record, whatever its content was.
        let marked = fs::File::open(self.record())
            .and_then(|record| record.set_modified(std::time::UNIX_EPOCH));
        let output = self.run(arguments);
        let written = fs::metadata(self.record()).and_then(|record| record.modified());
        let is_written = written.is_ok_and(|time| marked.is_err() || time != std::time::UNIX_EPOCH);
        (output, is_written)
    }
}

#[test]
fn a_second_check_generates_nothing_and_prints_the_same_notes() {
    let repository = Repository::generated();
    assert!(
        !repository.record().exists(),
        "a run that changes files writes no record"
    );
    let (first, was_complete) = repository.check();
    assert!(first.status.success() && was_complete, "{first:?}");
    let notes = String::from_utf8_lossy(&first.stderr);
    assert!(
        notes.contains("note: ") && notes.contains("text/plain"),
        "{notes}"
    );
    let (second, was_complete) = repository.check();
    assert!(!was_complete);
    assert_eq!(second, first);
}

#[test]
fn a_run_without_an_edit_generates_nothing_and_says_the_same() {
    let repository = Repository::generated();
    let (first, was_complete) = repository.plain(&["generate"]);
    assert!(first.status.success() && was_complete, "{first:?}");
    let (second, was_complete) = repository.plain(&["generate"]);
    assert!(!was_complete);
    assert_eq!(second, first);
    assert!(!repository.check().1, "the check uses the same record");
    let file = repository.path("qovery-api/src/generated/mod.rs");
    let edited = fs::read_to_string(&file).expect("readable") + "// edited\n";
    fs::write(&file, edited).expect("written");
    let (third, was_complete) = repository.plain(&["generate"]);
    assert_ne!(third.stdout, first.stdout, "it repairs the edited file");
    assert!(third.status.success() && !was_complete, "{third:?}");
    let (fourth, was_complete) = repository.plain(&["generate"]);
    assert!(!was_complete, "the state is the one of the record again");
    assert_eq!(fourth, first);
}

#[test]
fn with_a_record_an_edited_repository_is_refused_as_without_one() {
    let repository = Repository::generated();
    let (clean, _) = repository.check();
    assert!(clean.status.success(), "{clean:?}");
    let record = fs::read(repository.record()).expect("readable");
    for name in [
        "openapi.yaml",
        "openapi-ws.yaml",
        "xtask/overlay.yaml",
        "xtask/overlay-ws.yaml",
        "contract.lock",
        "qovery-api/src/generated/mod.rs",
        "qovery-api/src/generated_stream/mod.rs",
        "qovery-fake/src/generated/contract.json",
        "tests/src/generated/mod.rs",
    ] {
        let path = repository.path(name);
        let content = fs::read(&path).expect("readable");
        let longer = [&content[..], b"\n"].concat();
        for edit in [Some(longer), None] {
            match &edit {
                Some(bytes) => fs::write(&path, bytes).expect("written"),
                None => fs::remove_file(&path).expect("removed"),
            }
            fs::write(repository.record(), &record).expect("written");
            let (with, was_complete) = repository.check();
            assert!(!with.status.success() || was_complete, "{name} is hidden");
            let _ = fs::remove_file(repository.record());
            assert_eq!(with, repository.check().0, "{name}");
            fs::write(&path, &content).expect("written");
        }
    }
    fs::write(repository.record(), &record).expect("written");
    let (restored, was_complete) = repository.check();
    assert_eq!(restored, clean);
    assert!(!was_complete);
}

#[test]
fn another_program_checks_completely() {
    let repository = Repository::generated();
    repository.check();
    let mut program = fs::read(repository.program()).expect("readable");
    program.push(0);
    {
        let _held = programs();
        fs::write(repository.program(), program).expect("written");
    }
    assert!(repository.check().1);
    assert!(!repository.check().1);
}

#[test]
fn a_record_that_cannot_be_written_changes_no_result() {
    let repository = Repository::generated();
    fs::create_dir(repository.record()).expect("created");
    for _ in 0..2 {
        let output = repository.run(&["generate", "--check"]);
        assert!(output.status.success(), "{output:?}");
    }
    fs::write(repository.path("openapi.yaml"), "").expect("written");
    let output = repository.run(&["generate", "--check"]);
    assert!(!output.status.success());
    assert!(repository.record().is_dir());
}

#[test]
fn a_check_with_other_arguments_uses_no_record() {
    let repository = Repository::generated();
    repository.check();
    let empty = CONTRACT.split_once("paths:").expect("paths").0.to_owned() + "paths: {}\n";
    fs::write(repository.path("openapi.yaml"), empty).expect("written");
    for arguments in [
        &["generate", "--allow-empty"][..],
        &["generate", "--check", "--allow-empty"],
    ] {
        let output = repository.run(arguments);
        assert!(output.status.success(), "{output:?}");
    }
    for _ in 0..2 {
        let (output, _) = repository.check();
        assert!(!output.status.success(), "{output:?}");
    }
    let other = ["generate", "--check", "--spec", "no-such-file.yaml"];
    assert!(!repository.run(&other).status.success());
}
