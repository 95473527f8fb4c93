//! The kind of build: as a member of the workspace that has the contract, or as a dependency.
//!
//! The files do not show it, because a dependency by path or git has the contract beside it too. Variables and the
//! directory of artifacts do not show it either, because anyone may set them. The path that the compiler receives
//! shows it: cargo passes a file of a workspace member by its path from the workspace that is being built, and a
//! file of every other package by its absolute path.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::fingerprint::fingerprint;
use super::recorded::Recorded;

/// The path of this file, as passed to the compiler.
const THIS_FILE: &str = file!();
/// The path of this file, relative to the directory of the package.
const IN_PACKAGE: &str = "build/workspace.rs";
/// Files that cargo leaves in packages that it unpacked from a registry, checked out of git, or vendored.
const OF_CARGO: [&str; 3] = [".cargo-ok", ".cargo-checksum.json", ".cargo_vcs_info.json"];

/// The workspace that this crate is a member of.
pub(crate) struct Workspace {
    /// Its directory.
    pub(crate) root: PathBuf,
    contract: PathBuf,
    overlay: PathBuf,
    /// The contract of the websocket API and its overlay.
    websocket: [PathBuf; 2],
    constants: PathBuf,
}

impl Workspace {
    /// The workspace, if this build is one of the workspace itself.
    pub(crate) fn around() -> Option<Self> {
        let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
        let workspace = Self {
            root: package.parent()?.to_owned(),
            contract: package.join("../openapi.yaml"),
            overlay: package.join("../xtask/overlay.yaml"),
            websocket: ["../openapi-ws.yaml", "../xtask/overlay-ws.yaml"]
                .map(|file| package.join(file)),
            constants: package.join("src/generated/contract.rs"),
        };
        let complete =
            workspace.contract.is_file() && package.join("../xtask/Cargo.toml").is_file();
        let is_ours = complete && is_member(&package) && !belongs_to_cargo(&package);
        is_ours.then_some(workspace)
    }

    /// The files that this build depends on. Cargo runs a script with every build if the script watches a file
    /// that does not exist. Therefore, in a repository without the websocket contract, these files are not
    /// watched.
    pub(crate) fn watched(&self) -> Vec<&Path> {
        let always = [&self.contract, &self.overlay, &self.constants];
        let websocket = self.websocket.iter().filter(|file| file.is_file());
        always
            .into_iter()
            .chain(websocket)
            .map(PathBuf::as_path)
            .collect()
    }

    /// The fingerprint of both contracts and their overlays, as they are now.
    pub(crate) fn fingerprint(&self) -> Result<String, String> {
        let mut inputs = Vec::new();
        let [websocket, fixes] = &self.websocket;
        for file in [&self.contract, &self.overlay, websocket, fixes] {
            if file != &self.contract && !file.exists() {
                continue;
            }
            let bytes = fs::read(file)
                .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
            inputs.push(bytes);
        }
        Ok(fingerprint(&inputs))
    }

    /// The recorded origin of the generated code.
    pub(crate) fn recorded(&self) -> Recorded {
        Recorded::in_file(&self.constants)
    }

    /// Sets the age of the file that the regenerator has just written to that of its input.
    ///
    /// Cargo runs this script again if a file is younger than the start of the script; without this,
    /// the build after one that regenerated would compile the whole client once more.
    pub(crate) fn settle(&self) {
        let modified = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
        let [websocket, fixes] = &self.websocket;
        let inputs = [&self.contract, &self.overlay, websocket, fixes];
        let age = inputs.into_iter().filter_map(|file| modified(file)).max();
        if let (Some(age), Ok(file)) = (age, fs::File::options().append(true).open(&self.constants))
        {
            // If this fails, only the next build takes longer.
            let _ = file.set_modified(age);
        }
    }
}

/// Whether the workspace that is being built is the one around the package, and lists it.
fn is_member(package: &Path) -> bool {
    let (Some(name), Some(root)) = (package.file_name(), package.parent()) else {
        return false;
    };
    // The path from any other workspace is longer, or absolute.
    let from_root = Path::new(name).join(IN_PACKAGE);
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    Path::new(THIS_FILE) == from_root && lists(&manifest, &name.to_string_lossy())
}

/// Whether a manifest is that of a workspace with this member.
fn lists(manifest: &str, member: &str) -> bool {
    let section = manifest
        .split_once("[workspace]")
        .map(|(_, section)| section)
        .unwrap_or_default();
    let members = section
        .split_once("\nmembers")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(members, _)| members)
        .unwrap_or_default();
    let members = members.trim_start_matches([' ', '=', '[']);
    members
        .split(',')
        .any(|listed| listed.trim().trim_matches('"') == member)
}

/// Whether cargo created the directory of the package: a person does not edit a contract there.
fn belongs_to_cargo(package: &Path) -> bool {
    let marked = package
        .ancestors()
        .any(|directory| OF_CARGO.iter().any(|file| directory.join(file).exists()));
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
        let user = env::var_os("HOME").or_else(|| env::var_os("USERPROFILE"))?;
        Some(PathBuf::from(user).join(".cargo"))
    });
    let within = |directory: PathBuf| {
        let (package, directory) = (package.canonicalize(), directory.canonicalize());
        matches!((package, directory), (Ok(package), Ok(directory)) if package.starts_with(&directory))
    };
    marked
        || home.is_some_and(|home| {
            ["registry", "git"]
                .iter()
                .any(|kept| within(home.join(kept)))
        })
}
