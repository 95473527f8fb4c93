//! The measured subjects: the client, the peer, and programs that use them, ready to build.
//!
//! Everything is written into the work directory and resolves the dependencies of this workspace's
//! lock file, so that both sides compile the same versions. Both use rustls.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The name of the crate that openapi-generator generates.
const PEER: &str = "openapi";

/// The options of openapi-generator.
pub(crate) const PEER_OPTIONS: [&str; 4] = [
    "-g",
    "rust",
    "-p",
    "useBonBuilder=true,avoidBoxedModels=true",
];

/// The directories of the benchmark.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) root: PathBuf,
    pub(crate) work: PathBuf,
    /// The command that generates the peer.
    pub(crate) generator: PathBuf,
}

/// One crate, and the cargo options to build it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
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
const FIRST_PROGRAM: &str = include_str!("../programs/first.rs");
/// The program that times.
const RUNTIME: &str = include_str!("../programs/runtime.rs");

/// Copies the peer and writes the programs.
///
/// # Errors
/// Returns an error if the peer is not a crate, or the work directory cannot be written.
pub(crate) fn prepare(root: &Path, peer: &Path, work: &Path, generator: &Path) -> Result<Places> {
    let root = absolute(root)?;
    claim(work)?;
    let work = absolute(work)?;
    let manifest = read(&peer.join("Cargo.toml"))?;
    if !manifest.contains(&format!("name = \"{PEER}\"")) {
        bail!(
            "{} is not the manifest of a crate `{PEER}`\n  help: openapi-generator-cli generate {} -i REVISION.yaml -o DIR",
            peer.join("Cargo.toml").display(),
            PEER_OPTIONS.join(" ")
        );
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
    /// Returns `cargo COMMAND` for a subject, as measured: not incremental, and without regenerating.
    pub(crate) fn cargo(&self, command: &str, subject: Subject) -> Command {
        let directory = self.directory(subject);
        let mut cargo = cargo();
        cargo
            .arg(command)
            .arg("--manifest-path")
            .arg(directory.join("Cargo.toml"))
            .current_dir(&directory)
            .env("CARGO_TARGET_DIR", self.target(subject))
            .env("CARGO_INCREMENTAL", "0");
        cargo
    }

    /// Returns the options that select the built features of the subject.
    pub(crate) fn features(subject: Subject) -> &'static [&'static str] {
        match subject {
            Subject::Client | Subject::FirstProgram | Subject::Runtime => &[],
            Subject::Environments => {
                &["--no-default-features", "--features", "rustls,environments"]
            }
            Subject::Peer => &["--no-default-features", "--features", "rustls"],
        }
    }

    /// The name of the package.
    pub(crate) fn package(subject: Subject) -> &'static str {
        match subject {
            Subject::Client | Subject::Environments => "qovery-api",
            Subject::Peer => PEER,
            Subject::FirstProgram => "first-program",
            Subject::Runtime => "runtime",
        }
    }

    /// Returns the target directory of the subject. Each subject has its own, so that builds share nothing.
    pub(crate) fn target(&self, subject: Subject) -> PathBuf {
        let name = match subject {
            Subject::Client => "client",
            Subject::Environments => "environments",
            Subject::Peer => "peer",
            Subject::FirstProgram => "first-program",
            Subject::Runtime => "runtime",
        };
        self.work.join("target").join(name)
    }

    /// Returns the target directory for cold builds of the subject.
    pub(crate) fn cold_target(&self, subject: Subject) -> PathBuf {
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

/// The cargo that runs this program, without the settings of that run. Its builds never regenerate.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.env("CI", "true");
    for name in [
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_MANIFEST_DIR",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
    ] {
        cargo.env_remove(name);
    }
    cargo
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    path.canonicalize()
        .with_context(|| path.display().to_string())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(failed)?;
    }
    // An unchanged file keeps its modification time, so that its build output stays fresh.
    if fs::read_to_string(path).is_ok_and(|before| before == text) {
        return Ok(());
    }
    fs::write(path, text).with_context(failed)
}

/// The file that marks a directory as a build directory of the benchmark.
const CLAIM: &str = ".bench-directory";

/// Creates a build directory. Parts of it are removed later, so it must be new, empty, or created by
/// this program.
fn claim(work: &Path) -> Result<()> {
    let failed = || work.display().to_string();
    fs::create_dir_all(work).with_context(failed)?;
    let is_real = fs::symlink_metadata(work).with_context(failed)?.is_dir();
    let is_empty = fs::read_dir(work).with_context(failed)?.next().is_none();
    let claim = work.join(CLAIM);
    if !is_real || !(is_empty || claim.is_file()) {
        bail!(
            "{} has files of another program\n  help: `--work` takes a new directory, an empty one, or that of an earlier run",
            work.display()
        );
    }
    fs::write(claim, "").with_context(failed)
}

/// Removes a directory, if it exists.
pub(crate) fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| directory.display().to_string())
        }
        _ => Ok(()),
    }
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("{} cannot be read", from.display());
    for entry in fs::read_dir(from).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let target = to.join(entry.file_name());
        if entry.file_type().with_context(failed)?.is_dir() {
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
    fn a_peer_is_copied_and_another_directory_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (peer, work) = (directory.path().join("peer"), directory.path().join("work"));
        let root = crate::repository();
        let prepare = || super::prepare(&root, &peer, &work, Path::new("unused"));
        let problem = format!("{:#}", prepare().unwrap_err());
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
