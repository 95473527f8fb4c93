//! The targets of all packages in this repository, including those outside of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

/// The root files of all targets, relative to the directory of the workspace.
pub(crate) fn roots(workspace: &Path) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    for package in packages(workspace, Path::new("")) {
        for (folder, is_one_target) in [
            ("src", true),
            ("src/bin", false),
            ("tests", false),
            ("examples", false),
            ("benches", false),
            ("fuzz_targets", false),
            ("harness", true),
        ] {
            let folder = package.join(folder);
            for entry in names(&workspace.join(&folder)) {
                let path = folder.join(&entry);
                let main = path.join("main.rs");
                if is_one_target {
                    if entry == "lib.rs" || entry == "main.rs" {
                        roots.push(path);
                    }
                } else if entry.ends_with(".rs") {
                    roots.push(path);
                } else if workspace.join(&main).exists() {
                    roots.push(main);
                }
            }
        }
    }
    roots
}

/// The directories with a `Cargo.toml`.
fn packages(workspace: &Path, folder: &Path) -> Vec<PathBuf> {
    let entries = names(&workspace.join(folder));
    let mut found = Vec::new();
    if entries.iter().any(|name| name == "Cargo.toml") {
        found.push(folder.to_owned());
    }
    for name in entries {
        let inner = folder.join(&name);
        let is_source = !name.starts_with('.') && name != "target";
        if is_source && workspace.join(&inner).is_dir() {
            found.extend(packages(workspace, &inner));
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
