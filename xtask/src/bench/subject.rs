//! What is measured: the client, the peer, and programs that use them, ready to be built.
//!
//! Everything is written into the work directory and resolves the dependencies of this workspace's
//! lock file, so that both sides compile the same versions. Both use rustls.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::problem::Problem;

/// The name that openapi-generator gives to what it makes.
const PEER: &str = "openapi";

/// How openapi-generator is told to make it.
pub(super) const PEER_OPTIONS: [&str; 4] = [
    "-g",
    "rust",
    "-p",
    "useBonBuilder=true,avoidBoxedModels=true",
];

/// Where things stand.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) root: PathBuf,
    pub(super) work: PathBuf,
    /// The command that makes the peer.
    pub(super) generator: PathBuf,
}

/// One crate, and how cargo is told to build it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The client with all areas.
    Client,
    /// The client with one area.
    Environments,
    /// The peer.
    Peer,
    /// A program that deploys an environment and waits for it.
    FirstProgram,
    /// A program that times the client and the peer while they run.
    Runtime,
}

/// The program that a new user writes.
const FIRST_PROGRAM: &str = include_str!("programs/first.rs");
/// The program that times.
const RUNTIME: &str = include_str!("programs/runtime.rs");

/// Copies the peer and writes the programs.
///
/// # Errors
/// Where the peer is no crate, or the work directory cannot be written.
pub(super) fn prepare(
    root: &Path,
    peer: &Path,
    work: &Path,
    generator: &Path,
) -> Result<Places, Problem> {
    let root = absolute(root)?;
    claim(work)?;
    let work = absolute(work)?;
    let manifest = read(&peer.join("Cargo.toml"))?;
    if !manifest.contains(&format!("name = \"{PEER}\"")) {
        return Err(Problem::in_file(
            &peer.join("Cargo.toml"),
            format!("is not of the crate `{PEER}`"),
        )
        .with_help(format!(
            "openapi-generator-cli generate {} -i REVISION.yaml -o DIR",
            PEER_OPTIONS.join(" ")
        )));
    }
    let copy = work.join("peer");
    write(
        &copy.join("Cargo.toml"),
        &format!("{manifest}\n[workspace]\n"),
    )?;
    copy_tree(&peer.join("src"), &copy.join("src"))?;
    let lock = read(&root.join("Cargo.lock"))?;
    write(&copy.join("Cargo.lock"), &lock)?;

    let here = root.display();
    let package = |name: &str, dependencies: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n[workspace]\n"
        )
    };
    let first = package(
        "first-program",
        &format!(
            "qovery-ext = {{ path = \"{here}/qovery-ext\" }}\nqovery-api = {{ path = \"{here}/qovery-api\", default-features = false }}\ntokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
        ),
    );
    let runtime = package(
        "runtime",
        &format!(
            "qovery-api = {{ path = \"{here}/qovery-api\" }}\nopenapi = {{ path = \"../peer\", default-features = false, features = [\"rustls\"] }}\nserde_json = \"1\"\ntokio = {{ version = \"1\", features = [\"rt\", \"net\", \"time\"] }}\n"
        ),
    );
    for (name, manifest, program) in [
        ("first-program", first, FIRST_PROGRAM),
        ("runtime", runtime, RUNTIME),
    ] {
        let directory = work.join(name);
        write(&directory.join("Cargo.toml"), &manifest)?;
        write(&directory.join("src/main.rs"), program)?;
        write(&directory.join("Cargo.lock"), &lock)?;
    }
    Ok(Places {
        root,
        work,
        generator: generator.to_owned(),
    })
}

impl Places {
    /// `cargo COMMAND` for a subject, as it is measured: not incremental, and never regenerating.
    pub(super) fn cargo(&self, command: &str, subject: Subject) -> Command {
        let directory = self.directory(subject);
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .arg(command)
            .arg("--manifest-path")
            .arg(directory.join("Cargo.toml"))
            .current_dir(&directory)
            .env("CARGO_TARGET_DIR", self.target(subject))
            .env("CARGO_INCREMENTAL", "0")
            .env("CI", "true")
            .env_remove("RUSTC_WRAPPER");
        // Of the cargo that runs this command, with what cargo tells the programs that it starts.
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_MANIFEST_DIR"] {
            cargo.env_remove(name);
        }
        cargo
    }

    /// The options that choose what is built of the subject.
    pub(super) fn features(subject: Subject) -> &'static [&'static str] {
        match subject {
            Subject::Client | Subject::FirstProgram | Subject::Runtime => &[],
            Subject::Environments => {
                &["--no-default-features", "--features", "rustls,environments"]
            }
            Subject::Peer => &["--no-default-features", "--features", "rustls"],
        }
    }

    /// The name of the package.
    pub(super) fn package(subject: Subject) -> &'static str {
        match subject {
            Subject::Client | Subject::Environments => "qovery-api",
            Subject::Peer => PEER,
            Subject::FirstProgram => "first-program",
            Subject::Runtime => "runtime",
        }
    }

    /// Where the subject is built. Each has its own place, so that none finds what another built.
    pub(super) fn target(&self, subject: Subject) -> PathBuf {
        let name = match subject {
            Subject::Client => "client",
            Subject::Environments => "environments",
            Subject::Peer => "peer",
            Subject::FirstProgram => "first-program",
            Subject::Runtime => "runtime",
        };
        self.work.join("target").join(name)
    }

    /// Where the subject is built from nothing, each time.
    pub(super) fn cold_target(&self, subject: Subject) -> PathBuf {
        self.target(subject).with_extension("cold")
    }

    fn directory(&self, subject: Subject) -> PathBuf {
        match subject {
            Subject::Client | Subject::Environments => self.root.join("qovery-api"),
            Subject::Peer => self.work.join("peer"),
            other => self.work.join(Self::package(other)),
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Problem> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    path.canonicalize()
        .map_err(|error| Problem::in_file(path, error.to_string()))
}

fn read(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path)
        .map_err(|error| Problem::in_file(path, format!("cannot be read: {error}")))
}

fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let failed =
        |error: std::io::Error| Problem::in_file(path, format!("cannot be written: {error}"));
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    // What did not change keeps its time, and what was built of it stays fresh.
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(failed)
}

/// The file that says that a directory is one to build in.
const CLAIM: &str = ".bench-directory";

/// Makes a directory to build in: parts of it are removed later, so that it has to be new, empty, or one
/// that was made here.
fn claim(work: &Path) -> Result<(), Problem> {
    let failed = |error: std::io::Error| Problem::in_file(work, error.to_string());
    fs::create_dir_all(work).map_err(failed)?;
    let is_real = fs::symlink_metadata(work).map_err(failed)?.is_dir();
    let is_empty = fs::read_dir(work).map_err(failed)?.next().is_none();
    let claim = work.join(CLAIM);
    if !is_real || !(is_empty || claim.is_file()) {
        return Err(
            Problem::in_file(work, "holds files that were not made here").with_help(
                "`--work` takes a new directory, an empty one, or that of an earlier run",
            ),
        );
    }
    fs::write(claim, "").map_err(failed)
}

/// Takes a directory away, where it is there.
pub(super) fn remove(directory: &Path) -> Result<(), Problem> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Problem::in_file(directory, error.to_string()))
        }
        _ => Ok(()),
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Problem> {
    let failed = |error: std::io::Error| Problem::in_file(from, format!("cannot be read: {error}"));
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(failed)?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            write(&target, &read(&entry.path())?)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_copied_and_what_is_no_peer_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (peer, work) = (directory.path().join("peer"), directory.path().join("work"));
        let root = crate::repository();
        let prepare = || super::prepare(&root, &peer, &work, Path::new("unused"));
        let problem = prepare().unwrap_err().to_string();
        assert!(problem.contains("cannot be read"), "{problem}");
        write(&peer.join("Cargo.toml"), "[package]\nname = \"other\"\n").unwrap();
        let problem = prepare().unwrap_err().to_string();
        assert!(problem.contains("openapi-generator-cli"), "{problem}");

        let manifest = "[package]\nname = \"openapi\"\n";
        write(&peer.join("Cargo.toml"), manifest).unwrap();
        write(&peer.join("src/models/mod.rs"), "// models").unwrap();
        let places = prepare().unwrap();
        assert_eq!(
            read(&work.join("peer/src/models/mod.rs")).unwrap(),
            "// models"
        );
        assert_eq!(read(&peer.join("Cargo.toml")).unwrap(), manifest);
        assert_ne!(places.target(Subject::Peer), places.target(Subject::Client));
    }
}
