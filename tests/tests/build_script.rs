//! The build script of `qovery-api`, compiled and run as cargo does it: in empty workspaces, with a program in place of
//! cargo that records its calls.
//!
//! One test runs the whole process from an edit to a new client. It runs only on demand, because it compiles the
//! regenerator and the client:
//!
//! ```text
//! cargo test -p integration-tests --test build_script -- --ignored --nocapture
//! ```

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails if its setup fails"
)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use integration_tests::document::workspace as repository;
use tempfile::TempDir;

#[path = "../../qovery-api/build/fingerprint.rs"]
mod fingerprint;

/// The files that the client is generated from, in the order of the fingerprint.
const INPUTS: [&str; 4] = [
    "openapi.yaml",
    "xtask/overlay.yaml",
    "openapi-ws.yaml",
    "xtask/overlay-ws.yaml",
];

/// Replaces cargo: records arguments and settings, then writes the given text, or fails.
const RECORDING_CARGO: &str = r#"
fn main() {
    let var = |name: &str| std::env::var(name).ok();
    let mut note = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    for name in ["CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_BUILD_DIR"] {
        note += &format!("\n{name}={:?}", var(name));
    }
    let path = var("NOTES").unwrap();
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    std::fs::write(&path, format!("{before}{note}\n---\n")).unwrap();
    match var("WRITES") {
        Some(text) => std::fs::write(std::env::current_dir().unwrap().join("qovery-api/src/generated/contract.rs"), text).unwrap(),
        None => { eprintln!("error: openapi.yaml:7: /paths: is wrong\n  help: fix it"); std::process::exit(1) }
    }
}
"#;

/// The parts that are compiled once.
struct Programs {
    /// The build script, compiled as cargo compiles it for a member of the workspace.
    member: PathBuf,
    /// The build script, compiled as cargo compiles it for a dependency.
    dependency: PathBuf,
    /// The replacement for cargo.
    cargo: PathBuf,
}

fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("build_script");
        fs::create_dir_all(&home).expect("a directory");
        let recording = home.join("noting_cargo.rs");
        fs::write(&recording, RECORDING_CARGO).expect("written");
        let script = Path::new("qovery-api/build.rs");
        Programs {
            member: compiled(script, &home.join("member")),
            dependency: compiled(&repository().join(script), &home.join("dependency")),
            cargo: compiled(&recording, &home.join("recording-cargo")),
        }
    })
}

fn compiled(source: &Path, program: &Path) -> PathBuf {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(compiler)
        .current_dir(repository())
        .args(["--edition", "2024", "-o"])
        .args([program, source])
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    program.to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The parts of a workspace that the build script reads.
struct Workspace {
    home: TempDir,
}

impl Workspace {
    /// A workspace whose client is current.
    fn current() -> Self {
        let workspace = Self {
            home: tempfile::tempdir().expect("a directory"),
        };
        for (file, content) in [
            ("openapi.yaml", "openapi: 3.0.3\n"),
            ("xtask/overlay.yaml", "overlay: 1.0.0\n"),
            ("openapi-ws.yaml", "openapi: 3.0.3\n"),
            ("xtask/overlay-ws.yaml", "overlay: 1.0.0\n"),
            ("xtask/Cargo.toml", "[package]\n"),
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"qovery-api\", \"xtask\"]\n",
            ),
            ("qovery-api/Cargo.toml", "[package]\n"),
        ] {
            workspace.write(file, content);
        }
        workspace.write(
            "qovery-api/src/generated/contract.rs",
            &workspace.constants(),
        );
        workspace
    }

    fn path(&self, file: &str) -> PathBuf {
        self.home.path().join("workspace").join(file)
    }

    fn write(&self, file: &str, content: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, content).expect("written");
    }

    /// The output of the regenerator for the present contract.
    fn constants(&self) -> String {
        let inputs = INPUTS.map(|file| fs::read(self.path(file)));
        let inputs: Vec<Vec<u8>> = inputs
            .into_iter()
            .map(|input| input.expect("read"))
            .collect();
        let fingerprint = fingerprint::fingerprint(&inputs);
        format!("// @generated\npub const FINGERPRINT: &str = \"{fingerprint}\";\n")
    }

    /// The build script, started like by cargo for a command in the workspace.
    fn script(&self) -> Command {
        self.started(&programs().member)
    }

    /// The build script, started like by cargo for a package that depends on the crate.
    fn dependency(&self) -> Command {
        self.started(&programs().dependency)
    }

    fn started(&self, script: &Path) -> Command {
        let out = self.path("target/debug/build/qovery-api-0/out");
        fs::create_dir_all(&out).expect("a directory");
        let mut command = Command::new(script);
        command
            .current_dir(self.path("qovery-api"))
            .env("CARGO_MANIFEST_DIR", self.path("qovery-api"))
            .env("OUT_DIR", out)
            .env("HOST", "a-host")
            .env("CARGO", &programs().cargo)
            .env("NOTES", self.path("recorded_calls"))
            .env("WRITES", self.constants())
            .env_remove("CI")
            .env_remove("QOVERY_REGENERATE");
        command
    }

    /// The recorded calls of the regenerator.
    fn recorded_calls(&self) -> Vec<String> {
        let recorded_calls = fs::read_to_string(self.path("recorded_calls")).unwrap_or_default();
        let calls = recorded_calls.split("---\n").map(str::to_owned);
        calls.filter(|call| !call.is_empty()).collect()
    }
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the script runs")
}

#[track_caller]
fn does_nothing(workspace: &Workspace, command: &mut Command) {
    let before = fs::read(workspace.path("qovery-api/src/generated/contract.rs")).ok();
    let output = run(command);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(
        said.lines()
            .all(|line| line.starts_with("cargo::rerun-if-changed=")),
        "{said}"
    );
    assert_eq!(workspace.recorded_calls(), Vec::<String>::new());
    let after = fs::read(workspace.path("qovery-api/src/generated/contract.rs")).ok();
    assert_eq!(before, after);
}

#[track_caller]
fn refuses(workspace: &Workspace, command: &mut Command) -> String {
    let output = run(command);
    let said = text(&output.stdout);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("cargo::error="), "{said}");
    assert_eq!(workspace.recorded_calls(), Vec::<String>::new());
    said
}

#[track_caller]
fn regenerates(workspace: &Workspace, command: &mut Command) -> String {
    let output = run(command);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("cargo::warning=") && said.contains("generated again"),
        "{said}"
    );
    let recorded_calls = workspace.recorded_calls();
    assert_eq!(recorded_calls.len(), 1, "{recorded_calls:?}");
    recorded_calls.into_iter().next().expect("one")
}

#[test]
fn a_current_client_is_left_alone() {
    let workspace = Workspace::current();
    does_nothing(&workspace, &mut workspace.script());
    does_nothing(&workspace, workspace.script().env("CI", "true"));
    does_nothing(
        &workspace,
        workspace.script().env("QOVERY_REGENERATE", "never"),
    );
}

#[test]
fn the_client_of_this_repository_is_current() {
    let inputs = INPUTS.map(|file| fs::read(repository().join(file)).expect("readable"));
    let constants = repository().join("qovery-api/src/generated/contract.rs");
    let constants = fs::read_to_string(constants).expect("readable");
    let wanted = format!("\"{}\"", fingerprint::fingerprint(&inputs));
    assert!(constants.contains(&wanted), "run `cargo xtask generate`");
}

#[test]
fn an_edited_contract_runs_the_regenerator_in_a_directory_of_its_own_and_says_so() {
    for file in INPUTS {
        let workspace = Workspace::current();
        workspace.write(file, "# edited\n");
        let mut script = workspace.script();
        let note = regenerates(
            &workspace,
            script
                .env("CARGO_BUILD_TARGET", "another-machine")
                .env("CARGO_ENCODED_RUSTFLAGS", "-Dwarnings")
                .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"),
        );
        let target = workspace.path("target/regenerate");
        let target = target.display();
        assert!(note.contains("--package xtask"), "{note}");
        assert!(note.contains(&format!("--target-dir {target}")), "{note}");
        assert!(note.contains("--target a-host -- generate"), "{note}");
        assert!(note.contains("CARGO_BUILD_TARGET=None"), "{note}");
        assert!(note.contains("CARGO_ENCODED_RUSTFLAGS=None"), "{note}");
        assert!(note.contains("RUSTC_WORKSPACE_WRAPPER=None"), "{note}");
        assert!(
            note.contains(&format!("CARGO_BUILD_BUILD_DIR=Some(\"{target}\")")),
            "{note}"
        );
        let age = |file: &str| fs::metadata(workspace.path(file)).and_then(|file| file.modified());
        assert!(
            age("qovery-api/src/generated/contract.rs").unwrap() <= age(file).unwrap(),
            "cargo would run the script again"
        );
    }
}

#[test]
fn a_client_without_generated_code_is_generated() {
    let workspace = Workspace::current();
    fs::remove_file(workspace.path("qovery-api/src/generated/contract.rs")).expect("removed");
    regenerates(&workspace, &mut workspace.script());
}

#[test]
fn in_ci_an_edited_contract_is_refused_with_the_command_to_run() {
    let workspace = Workspace::current();
    workspace.write("openapi.yaml", "# edited\n");
    for (name, value) in [("CI", "true"), ("CI", "1"), ("QOVERY_REGENERATE", "never")] {
        let message = refuses(&workspace, workspace.script().env(name, value));
        assert!(message.contains("cargo xtask generate"), "{message}");
        assert!(message.contains(name), "{message}");
    }
    let message = refuses(
        &workspace,
        workspace.script().env("QOVERY_REGENERATE", "off"),
    );
    assert!(
        message.contains("`off`") && message.contains("`never`"),
        "{message}"
    );
}

#[test]
fn messages_of_the_regenerator_are_shown_by_the_build() {
    let workspace = Workspace::current();
    workspace.write("openapi.yaml", "# edited\n");
    let output = run(workspace.script().env_remove("WRITES"));
    let said = text(&output.stdout);
    assert!(!output.status.success(), "{said}");
    for line in ["openapi.yaml:7: /paths: is wrong", "help: fix it"] {
        assert!(
            said.lines()
                .any(|said| said.starts_with("cargo::error=") && said.contains(line)),
            "{said}"
        );
    }
}

#[test]
fn a_regenerator_that_writes_another_client_is_an_error() {
    let workspace = Workspace::current();
    let before = workspace.constants();
    workspace.write("openapi.yaml", "# edited\n");
    let output = run(workspace.script().env("WRITES", before));
    assert!(!output.status.success(), "{}", text(&output.stdout));
}

#[test]
fn in_a_build_of_another_package_nothing_happens_wherever_its_artifacts_are() {
    let workspace = Workspace::current();
    workspace.write("openapi.yaml", "# edited\n");
    workspace.write("trials/consumer/Cargo.toml", "[package]\n[workspace]\n");
    let beside = workspace.home.path().join("consumer/target");
    for target in [
        beside,
        workspace.path("target"),
        workspace.path("trials/consumer/target"),
    ] {
        let out = target.join("debug/build/qovery-api-0/out");
        fs::create_dir_all(&out).expect("a directory");
        let mut script = workspace.dependency();
        does_nothing(
            &workspace,
            script
                .env("OUT_DIR", &out)
                .env("QOVERY_WORKSPACE", workspace.path("")),
        );
    }
}

#[test]
fn packages_that_cargo_unpacked_or_checked_out_are_left_alone() {
    for mark in [
        "qovery-api/.cargo-ok",
        ".cargo-ok",
        "qovery-api/.cargo-checksum.json",
        "qovery-api/.cargo_vcs_info.json",
    ] {
        let workspace = Workspace::current();
        workspace.write("openapi.yaml", "# edited\n");
        workspace.write(mark, "{}");
        does_nothing(&workspace, &mut workspace.script());
    }
    for kept in ["registry/src", "git/checkouts"] {
        let workspace = Workspace::current();
        workspace.write("openapi.yaml", "# edited\n");
        let home = workspace.home.path().join("cargo-home");
        let place = home.join(kept).join("qovery-0/0000");
        fs::create_dir_all(place.parent().expect("a parent")).expect("a directory");
        let mut script = workspace.script();
        fs::rename(workspace.path(""), &place).expect("moved");
        let output = run(script
            .current_dir(&place)
            .env("CARGO_MANIFEST_DIR", place.join("qovery-api"))
            .env("NOTES", place.join("recorded_calls"))
            .env("CARGO_HOME", &home));
        assert!(output.status.success(), "{}", text(&output.stdout));
        assert!(!place.join("recorded_calls").exists(), "{kept}");
    }
}

#[test]
fn a_workspace_that_does_not_list_the_package_is_another_one() {
    for manifest in [
        "[package]\nname = \"x\"\n",
        "[workspace]\nmembers = [\"other\"]\n",
        "[workspace]\nmembers = []\nexclude = [\"qovery-api\"]\n",
        "[workspace]\ndefault-members = [\"qovery-api\"]\nmembers = [\"other\"]\n",
        "",
    ] {
        let workspace = Workspace::current();
        workspace.write("openapi.yaml", "# edited\n");
        workspace.write("Cargo.toml", manifest);
        does_nothing(&workspace, &mut workspace.script());
    }
}

/// A clone of the workspace with empty crates. Its regenerator records that it ran.
fn small_clone() -> Workspace {
    let workspace = Workspace::current();
    for file in ["fingerprint", "recorded", "regenerate", "workspace"] {
        let file = format!("qovery-api/build/{file}.rs");
        fs::create_dir_all(workspace.path("qovery-api/build")).expect("a directory");
        fs::copy(repository().join(&file), workspace.path(&file)).expect("copied");
    }
    let script = "qovery-api/build.rs";
    fs::copy(repository().join(script), workspace.path(script)).expect("copied");
    let package = |name: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n")
    };
    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"qovery-api\", \"xtask\"]\n";
    let profile = "[profile.xtask]\ninherits = \"dev\"\n";
    workspace.write("Cargo.toml", &format!("{members}{profile}"));
    workspace.write("qovery-api/Cargo.toml", &package("qovery-api"));
    workspace.write("qovery-api/src/lib.rs", "");
    workspace.write("xtask/Cargo.toml", &package("xtask"));
    workspace.write("openapi.yaml", "# edited\n");
    workspace.write(
        "xtask/src/main.rs",
        &format!(
            "fn main() {{ std::fs::write(\"ran\", \"\").unwrap(); std::fs::write(\"qovery-api/src/generated/contract.rs\", {:?}).unwrap(); }}",
            workspace.constants()
        ),
    );
    workspace
}

fn cargo_build(directory: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(["build", "--quiet", "--offline"])
        .current_dir(directory)
        .env_remove("CI")
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET_DIR")
        .env_remove("QOVERY_REGENERATE");
    command
}

#[test]
fn cargo_regenerates_in_a_build_of_the_workspace_and_in_no_build_of_a_dependent_package() {
    let workspace = small_clone();
    let ran = workspace.path("ran");
    let locked = cargo_build(&workspace.path(""))
        .args(["--package", "xtask"])
        .status();
    assert!(locked.expect("cargo runs").success());
    let dependency = "[dependencies]\nqovery-api = { path = PATH }\n[workspace]\n";
    for (place, path, target) in [
        ("../beside", "../workspace/qovery-api", None),
        ("../into", "../workspace/qovery-api", Some("target")),
        ("trials/below", "../../qovery-api", None),
        ("trials/into", "../../qovery-api", Some("target")),
    ] {
        let package = "[package]\nname = \"consumer\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        let dependency = dependency.replace("PATH", &format!("{path:?}"));
        workspace.write(
            &format!("{place}/Cargo.toml"),
            &format!("{package}{dependency}"),
        );
        workspace.write(&format!("{place}/src/lib.rs"), "");
        let mut build = cargo_build(&workspace.path(place));
        build.env("QOVERY_WORKSPACE", workspace.path(""));
        if let Some(target) = target {
            build.env("CARGO_TARGET_DIR", workspace.path(target));
        }
        let output = run(&mut build);
        assert!(output.status.success(), "{place}: {}", text(&output.stderr));
        assert!(!ran.exists(), "{place}");
    }
    // The same directory of artifacts as for the consumer above.
    let mut build = cargo_build(&workspace.path("qovery-api"));
    let output = run(build.env("CARGO_TARGET_DIR", workspace.path("target")));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(ran.exists(), "{}", text(&output.stderr));
}

#[test]
fn a_packaged_crate_compares_nothing() {
    let workspace = Workspace::current();
    let mut script = workspace.script();
    for file in ["openapi.yaml", "xtask/overlay.yaml", "xtask/Cargo.toml"] {
        fs::remove_file(workspace.path(file)).expect("removed");
    }
    does_nothing(&workspace, &mut script);
}

#[test]
fn a_build_of_the_workspace_with_another_target_directory_belongs_to_the_workspace() {
    let workspace = Workspace::current();
    workspace.write("openapi.yaml", "# edited\n");
    let out = workspace
        .home
        .path()
        .join("artifacts/debug/build/qovery-api-0/out");
    fs::create_dir_all(&out).expect("a directory");
    regenerates(&workspace, workspace.script().env("OUT_DIR", &out));
}

#[test]
fn a_client_of_other_files_is_kept_and_mentioned() {
    let workspace = Workspace::current();
    workspace.write(
        "qovery-api/src/generated/contract.rs",
        "pub const FINGERPRINT: &str = \"\";\n",
    );
    let output = run(workspace.script().env("CI", "true"));
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("cargo::warning=the client was not generated from"),
        "{said}"
    );
    assert_eq!(workspace.recorded_calls(), Vec::<String>::new());
}

#[test]
fn builds_at_the_same_time_regenerate_once() {
    let workspace = Workspace::current();
    workspace.write("openapi.yaml", "# edited\n");
    let mut scripts: Vec<Command> = (0..4).map(|_| workspace.script()).collect();
    let running: Vec<_> = scripts
        .iter_mut()
        .map(|script| script.spawn().expect("the script runs"))
        .collect();
    for mut script in running {
        assert!(script.wait().expect("it ends").success());
    }
    assert_eq!(workspace.recorded_calls().len(), 1);
}

#[test]
fn the_script_runs_again_when_the_contract_changes_and_not_when_a_variable_does() {
    let workspace = Workspace::current();
    let said = text(&run(&mut workspace.script()).stdout);
    for file in [
        "openapi.yaml",
        "overlay.yaml",
        "openapi-ws.yaml",
        "overlay-ws.yaml",
        "contract.rs",
    ] {
        let watched = |line: &str| {
            line.starts_with("cargo::rerun-if-changed=")
                && Path::new(line).file_name() == Some(OsStr::new(file))
        };
        assert!(said.lines().any(watched), "{file}: {said}");
    }
    assert!(!said.contains("rerun-if-env-changed"), "{said}");
}

#[test]
#[ignore = "compiles the regenerator and the client anew"]
fn an_edit_of_the_contract_and_a_build_give_the_new_client() {
    let home = tempfile::tempdir().expect("a directory");
    copy_of_the_repository(home.path());
    let build = |variable: Option<(&str, &str)>| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command
            .args(["build", "--package=qovery-api", "--no-default-features"])
            .current_dir(home.path())
            .env_remove("CI")
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("QOVERY_REGENERATE")
            .envs(variable);
        let begin = std::time::Instant::now();
        let output = command.output().expect("cargo runs");
        println!(
            "{variable:?}: {:?}\n{}",
            begin.elapsed(),
            text(&output.stderr)
        );
        output
    };
    let contract = home.path().join("openapi.yaml");
    let operations = home
        .path()
        .join("qovery-api/src/generated/environments/operations.rs");
    let before = fs::read_to_string(&operations).expect("readable");

    let output = build(None);
    assert!(output.status.success());
    assert!(!text(&output.stderr).contains("generated again"));
    assert!(!home.path().join("target/regenerate").exists());

    let edited = fs::read_to_string(&contract).expect("readable").replace(
        "operationId: getEnvironmentStatus\n",
        "operationId: lookAtEnvironment\n",
    );
    fs::write(&contract, edited).expect("written");
    let output = build(Some(("CI", "true")));
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("cargo xtask generate"));
    assert_eq!(fs::read_to_string(&operations).expect("readable"), before);

    let output = build(None);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("generated again"));
    let after = fs::read_to_string(&operations).expect("readable");
    assert!(after.contains("pub fn look_at_environment("));
    assert!(!after.contains("pub fn get_environment_status("));

    let output = build(None);
    assert!(output.status.success());
    assert!(
        !text(&output.stderr).contains("Compiling"),
        "a build after it has nothing to do"
    );
}

/// Copies the files that git tracks or would track.
fn copy_of_the_repository(to: &Path) {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository())
        .output()
        .expect("git runs");
    for file in text(&listed.stdout).lines() {
        let target = to.join(file);
        fs::create_dir_all(target.parent().expect("a parent")).expect("a directory");
        fs::copy(repository().join(file), target).expect("copied");
    }
}
