//! Where this crate is built: in the workspace that has its contract, or anywhere else.
//!
//! Whoever depends on the crate by path or git has the contract lying beside it too, so files alone do
//! not tell. What does: the workspace's own `.cargo/config.toml`, which cargo reads only for commands
//! given inside the workspace, sets a variable; and the artifacts of such a command usually lie in the
//! workspace, while those of another package lie with that package.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::fingerprint::fingerprint;
use super::recorded::Recorded;

/// The variable that `.cargo/config.toml` sets to the directory of the workspace.
const MARKER: &str = "QOVERY_WORKSPACE";

/// The workspace that this crate is a member of.
pub(crate) struct Workspace {
    /// Its directory.
    pub(crate) root: PathBuf,
    contract: PathBuf,
    overlay: PathBuf,
    constants: PathBuf,
}

impl Workspace {
    /// The workspace, where this build is one of the workspace itself.
    pub(crate) fn around() -> Option<Self> {
        let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
        let workspace = Self {
            root: package.parent()?.to_owned(),
            contract: package.join("../openapi.yaml"),
            overlay: package.join("../xtask/overlay.yaml"),
            constants: package.join("src/generated/contract.rs"),
        };
        let complete =
            workspace.contract.is_file() && package.join("../xtask/Cargo.toml").is_file();
        (complete && workspace.is_being_built()).then_some(workspace)
    }

    /// The files that this build depends on.
    pub(crate) fn watched(&self) -> [&Path; 3] {
        [&self.contract, &self.overlay, &self.constants]
    }

    /// The fingerprint of the contract and its overlay, as they are now.
    pub(crate) fn fingerprint(&self) -> Result<String, String> {
        let mut inputs = Vec::new();
        for file in [&self.contract, &self.overlay] {
            if file == &self.overlay && !file.exists() {
                continue;
            }
            let bytes = fs::read(file)
                .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
            inputs.push(bytes);
        }
        Ok(fingerprint(&inputs))
    }

    /// What the generated code was generated from.
    pub(crate) fn recorded(&self) -> Recorded {
        Recorded::in_file(&self.constants)
    }

    /// Gives the file that the regenerator has just written the age of what it was written from.
    ///
    /// Cargo runs this script again where a file is younger than the script's own start; without this,
    /// the build after one that regenerated would compile the whole client once more.
    pub(crate) fn settle(&self) {
        let modified = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
        let age = modified(&self.contract).max(modified(&self.overlay));
        if let (Some(age), Ok(file)) = (age, fs::File::options().append(true).open(&self.constants))
        {
            // Where it fails, the next build takes longer.
            let _ = file.set_modified(age);
        }
    }

    fn is_being_built(&self) -> bool {
        let Ok(root) = self.root.canonicalize() else {
            return false;
        };
        let out = env::var_os("OUT_DIR").and_then(|out| PathBuf::from(out).canonicalize().ok());
        let artifacts_are_here = out.as_deref().is_some_and(|out| out.starts_with(&root));
        if artifacts_are_here {
            // A package of its own below the workspace keeps its artifacts there too.
            let out = out.as_deref().unwrap_or(&root);
            return out
                .ancestors()
                .take_while(|directory| *directory != root)
                .all(|directory| !directory.join("Cargo.toml").exists());
        }
        env::var_os(MARKER).is_some_and(|marker| {
            PathBuf::from(marker)
                .canonicalize()
                .is_ok_and(|marked| marked == root)
        })
    }
}
