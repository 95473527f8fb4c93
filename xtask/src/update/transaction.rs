//! Replaces several files and directories: all of them, or none.
//!
//! Everything is written beside its place first; then each takes its place, and if one cannot, those
//! before it are taken back. Not for the contents.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use crate::problem::Problem;
use crate::write::{Staged, Tree, refuse_by_hand};

/// The files and directories of one update.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) trees: Vec<(PathBuf, Tree)>,
    pub(super) files: Vec<(PathBuf, String)>,
}

/// The next step, for tests that let it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Stage,
    Place,
}

/// A written file that has not taken its place yet.
struct StagedFile<'a> {
    target: &'a Path,
    new: TempPath,
    /// A copy of the current file, if there is one.
    old: Option<TempPath>,
}

impl<'a> StagedFile<'a> {
    fn write(target: &'a Path, text: &str) -> Result<Self, Problem> {
        let failed = |error: std::io::Error| {
            Problem::in_file(target, format!("cannot be written: {error}"))
                .with_help("check the directory and its permissions")
        };
        let old = match fs::symlink_metadata(target) {
            Ok(known) if known.is_file() => {
                let copy = beside(target).map_err(failed)?;
                fs::copy(target, copy.path()).map_err(failed)?;
                Some(copy.into_temp_path())
            }
            Ok(_) => {
                return Err(
                    Problem::in_file(target, "is not a regular file, and is not replaced")
                        .with_help("move it elsewhere, then run the command again"),
                );
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let mut new = beside(target).map_err(failed)?;
        new.write_all(text.as_bytes()).map_err(failed)?;
        if let Some(permissions) = permissions(target) {
            new.as_file().set_permissions(permissions).map_err(failed)?;
        }
        Ok(Self {
            target,
            new: new.into_temp_path(),
            old,
        })
    }

    fn put_in_place(&self) -> Result<(), Problem> {
        fs::rename(&self.new, self.target).map_err(|error| {
            Problem::in_file(self.target, format!("cannot be put in place: {error}"))
        })
    }

    /// Undoes it, as far as it can be undone: if even that fails, the problem that led here says more.
    fn take_back(&self) {
        let _ = match &self.old {
            Some(old) => fs::rename(old, self.target),
            None => fs::remove_file(self.target),
        };
    }
}

fn beside(target: &Path) -> std::io::Result<NamedTempFile> {
    let directory = target
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or_else(|| Path::new("."));
    tempfile::Builder::new()
        .prefix(".update-")
        .tempfile_in(directory)
}

/// The permissions that a file has or, if it is new, those of a file that all may read.
fn permissions(target: &Path) -> Option<fs::Permissions> {
    if let Ok(known) = fs::metadata(target) {
        return Some(known.permissions());
    }
    #[cfg(unix)]
    {
        Some(std::os::unix::fs::PermissionsExt::from_mode(0o644))
    }
    #[cfg(not(unix))]
    {
        None
    }
}

enum Placed<'a> {
    Tree(&'a Staged<'a>),
    File(&'a StagedFile<'a>),
}

/// Executes a plan. `before` is called before each step and may let it fail.
///
/// # Errors
/// Returns an error if a file cannot be written. On error all files are unchanged.
pub(super) fn carry_out(
    plan: &Plan,
    before: &mut dyn FnMut(Step) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut trees = Vec::new();
    for (target, tree) in &plan.trees {
        refuse_by_hand(target)?;
        before(Step::Stage)?;
        trees.push(Staged::write(tree, target)?);
    }
    let mut files = Vec::new();
    for (target, text) in &plan.files {
        before(Step::Stage)?;
        files.push(StagedFile::write(target, text)?);
    }
    let mut placed: Vec<Placed<'_>> = Vec::new();
    let next = trees
        .iter()
        .map(Placed::Tree)
        .chain(files.iter().map(Placed::File));
    for next in next {
        let outcome = before(Step::Place).and_then(|()| match &next {
            Placed::Tree(tree) => tree.put_in_place(),
            Placed::File(file) => file.put_in_place(),
        });
        if let Err(problem) = outcome {
            for placed in placed.iter().rev() {
                match placed {
                    Placed::Tree(tree) => tree.take_back(),
                    Placed::File(file) => file.take_back(),
                }
            }
            return Err(problem);
        }
        placed.push(next);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::write::MARK;

    fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![directory.to_owned()];
        while let Some(next) = open.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        found
    }

    fn plan(home: &Path) -> Plan {
        let tree = |text: &str| Tree::from([("mod.rs".to_owned(), format!("{MARK}\n{text}"))]);
        for name in ["one", "two"] {
            fs::create_dir_all(home.join(name)).unwrap();
            fs::write(home.join(name).join("mod.rs"), format!("{MARK}\nold")).unwrap();
        }
        fs::write(home.join("a"), "old a").unwrap();
        fs::write(home.join("b"), "old b").unwrap();
        Plan {
            trees: vec![(home.join("one"), tree("1")), (home.join("two"), tree("2"))],
            files: vec![
                (home.join("a"), "new a".to_owned()),
                (home.join("new"), "new file".to_owned()),
                (home.join("b"), "new b".to_owned()),
            ],
        }
    }

    #[test]
    fn a_failure_at_any_step_leaves_everything_as_it_was() {
        let mut steps = 0;
        for failing in 0.. {
            let home = tempfile::tempdir().unwrap();
            let plan = plan(home.path());
            let before = contents(home.path());
            let mut step = 0;
            let outcome = carry_out(&plan, &mut |_| {
                step += 1;
                if step == failing + 1 {
                    Err(Problem::new("injected"))
                } else {
                    Ok(())
                }
            });
            if outcome.is_ok() {
                steps = failing;
                break;
            }
            assert_eq!(
                contents(home.path()),
                before,
                "after a failure at step {failing}"
            );
        }
        assert_eq!(steps, 10);
    }

    #[test]
    fn a_plan_that_succeeds_leaves_only_its_files() {
        let home = tempfile::tempdir().unwrap();
        carry_out(&plan(home.path()), &mut |_| Ok(())).unwrap();
        let found = contents(home.path());
        assert_eq!(found.len(), 5, "{:?}", found.keys());
        assert_eq!(found[&home.path().join("a")], b"new a");
        assert_eq!(found[&home.path().join("new")], b"new file");
        assert_eq!(
            found[&home.path().join("two/mod.rs")],
            format!("{MARK}\n2").as_bytes()
        );
    }

    #[test]
    fn a_file_that_cannot_take_its_place_takes_the_others_back() {
        let home = tempfile::tempdir().unwrap();
        let mut plan = plan(home.path());
        // It becomes a directory between the two halves.
        plan.files.push((home.path().join("late"), "x".to_owned()));
        let before = contents(home.path());
        let late = home.path().join("late");
        let outcome = carry_out(&plan, &mut |step| {
            if step == Step::Place && !late.exists() {
                fs::create_dir(&late).unwrap();
                fs::write(late.join("x"), "x").unwrap();
            }
            Ok(())
        });
        assert!(
            outcome
                .unwrap_err()
                .to_string()
                .contains("cannot be put in place")
        );
        fs::remove_dir_all(&late).unwrap();
        assert_eq!(contents(home.path()), before);
    }
}
