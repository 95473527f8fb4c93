//! Puts a generated tree in place: all of it or nothing.
//!
//! Not for deciding what is in the files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// How every generated file begins; files that begin otherwise are not ours to touch.
pub(crate) const MARK: &str = "// @generated";

/// The files of a tree by their path in it, with slashes.
pub(crate) type Tree = BTreeMap<String, String>;

/// One difference between a tree and what is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    Changed(String),
    Missing(String),
    Stale(String),
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Changed(path) => write!(f, "{path} differs"),
            Self::Missing(path) => write!(f, "{path} is missing"),
            Self::Stale(path) => write!(f, "{path} is no longer generated"),
        }
    }
}

/// What would have to change in `directory` for it to hold exactly `tree`.
///
/// # Errors
/// Where a file cannot be read.
pub(crate) fn compare(tree: &Tree, directory: &Path) -> Result<Vec<Difference>, Problem> {
    let mut on_disk = Tree::new();
    if directory.exists() {
        read(directory, "", &mut on_disk)?;
    }
    let mut differences = Vec::new();
    for (path, text) in tree {
        match on_disk.get(path) {
            None => differences.push(Difference::Missing(path.clone())),
            Some(found) if found != text => differences.push(Difference::Changed(path.clone())),
            Some(_) => {}
        }
    }
    differences.extend(on_disk.keys().filter(|path| !tree.contains_key(*path)).cloned().map(Difference::Stale));
    Ok(differences)
}

/// Makes `directory` hold exactly `tree`. Where nothing differs, nothing is written.
///
/// # Errors
/// Where `directory` holds a file that was not generated, or where writing fails: then `directory`
/// is as it was.
pub(crate) fn replace(tree: &Tree, directory: &Path) -> Result<Vec<Difference>, Problem> {
    let mut on_disk = Tree::new();
    if directory.exists() {
        read(directory, "", &mut on_disk)?;
    }
    if let Some((path, _)) = on_disk.iter().find(|(_, text)| !text.starts_with(MARK)) {
        return Err(Problem::in_file(&directory.join(path), "was not generated, and this directory holds generated files only")
            .with_help("move it elsewhere, then generate again"));
    }
    let differences = compare(tree, directory)?;
    if differences.is_empty() {
        return Ok(differences);
    }
    let parent = directory.parent().unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(parent).map_err(|error| Problem::in_file(parent, format!("cannot be created: {error}")))?;
    let staging = tempfile::Builder::new()
        .prefix(".generated-")
        .tempdir_in(parent)
        .map_err(|error| Problem::in_file(parent, format!("cannot be written to: {error}")))?;
    let fresh = staging.path().join("new");
    write_all(tree, &fresh)?;
    swap(&fresh, directory, &staging.path().join("old"))?;
    Ok(differences)
}

/// Writes `tree` into a directory that is new or empty.
///
/// # Errors
/// Where the directory holds anything, or where writing fails.
pub(crate) fn write_new(tree: &Tree, directory: &Path) -> Result<(), Problem> {
    let occupied = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some()) || directory.is_file();
    if occupied {
        return Err(Problem::in_file(directory, "is not empty").with_help("`--out` takes a new or an empty directory"));
    }
    let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(parent).map_err(|error| Problem::in_file(parent, format!("cannot be created: {error}")))?;
    let staging = tempfile::Builder::new()
        .prefix(".generated-")
        .tempdir_in(parent)
        .map_err(|error| Problem::in_file(parent, format!("cannot be written to: {error}")))?;
    let fresh = staging.path().join("new");
    write_all(tree, &fresh)?;
    swap(&fresh, directory, &staging.path().join("old"))
}

fn swap(fresh: &Path, directory: &Path, old: &Path) -> Result<(), Problem> {
    let existed = directory.exists();
    if existed {
        fs::rename(directory, old).map_err(|error| Problem::in_file(directory, format!("cannot be moved aside: {error}")))?;
    }
    if let Err(error) = fs::rename(fresh, directory) {
        if existed {
            // Back to how it was; where even that fails, the first error says more.
            let _ = fs::rename(old, directory);
        }
        return Err(Problem::in_file(directory, format!("cannot be put in place: {error}")));
    }
    Ok(())
}

fn write_all(tree: &Tree, directory: &Path) -> Result<(), Problem> {
    for (path, text) in tree {
        let file: PathBuf = directory.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(|error| Problem::in_file(parent, format!("cannot be created: {error}")))?;
        }
        fs::write(&file, text).map_err(|error| Problem::in_file(&file, format!("cannot be written: {error}")))?;
    }
    Ok(())
}

fn read(directory: &Path, prefix: &str, into: &mut Tree) -> Result<(), Problem> {
    let unreadable = |path: &Path, error: std::io::Error| Problem::in_file(path, format!("cannot be read: {error}"));
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, error))? {
        let entry = entry.map_err(|error| unreadable(directory, error))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            read(&path, &format!("{name}/"), into)?;
        } else {
            let bytes = fs::read(&path).map_err(|error| unreadable(&path, error))?;
            into.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files.iter().map(|(path, text)| ((*path).to_owned(), format!("{MARK}\n{text}"))).collect()
    }

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    #[test]
    fn what_was_written_does_not_differ_and_is_not_written_again() {
        let home = directory();
        let target = home.path().join("generated");
        let tree = tree(&[("mod.rs", "a"), ("area/models.rs", "b")]);
        assert_eq!(replace(&tree, &target).expect("written").len(), 2);
        let written = fs::metadata(target.join("mod.rs")).and_then(|file| file.modified()).expect("a time");
        assert_eq!(replace(&tree, &target).expect("nothing to do"), []);
        assert_eq!(fs::metadata(target.join("mod.rs")).and_then(|file| file.modified()).expect("a time"), written);
        assert_eq!(fs::read_dir(home.path()).expect("readable").count(), 1, "nothing is left beside");
    }

    #[test]
    fn one_changed_byte_is_found() {
        let home = directory();
        let target = home.path().join("generated");
        let tree = tree(&[("mod.rs", "a")]);
        replace(&tree, &target).expect("written");
        fs::write(target.join("mod.rs"), format!("{MARK}\nb")).expect("written");
        assert_eq!(compare(&tree, &target).expect("readable"), [Difference::Changed("mod.rs".to_owned())]);
    }

    #[test]
    fn a_file_that_is_no_longer_generated_is_removed() {
        let home = directory();
        let target = home.path().join("generated");
        replace(&tree(&[("mod.rs", "a"), ("old.rs", "b")]), &target).expect("written");
        let differences = replace(&tree(&[("mod.rs", "a")]), &target).expect("written");
        assert_eq!(differences, [Difference::Stale("old.rs".to_owned())]);
        assert!(!target.join("old.rs").exists());
    }

    #[test]
    fn a_hand_written_file_is_never_touched() {
        let home = directory();
        let target = home.path().join("generated");
        fs::create_dir(&target).expect("created");
        fs::write(target.join("mine.rs"), "fn mine() {}").expect("written");
        replace(&tree(&[("mod.rs", "a")]), &target).expect_err("refused");
        assert_eq!(fs::read_dir(&target).expect("readable").count(), 1);
    }

    #[test]
    fn a_directory_that_is_not_empty_is_refused_as_a_place_for_a_new_tree() {
        let home = directory();
        fs::write(home.path().join("mine.txt"), "mine").expect("written");
        write_new(&tree(&[("mod.rs", "a")]), home.path()).expect_err("refused");
        let empty = directory();
        write_new(&tree(&[("mod.rs", "a")]), empty.path()).expect("written");
        assert!(empty.path().join("mod.rs").exists());
    }
}
