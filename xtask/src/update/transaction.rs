//! Replaces several files and directories: all of them, or none, also if the process is killed.
//!
//! Everything is written into one directory first, with a journal of the targets. The journal gets its name
//! when it is complete. From then on, each run that finds it replaces the remaining targets. Without a journal,
//! no target has changed, and the directory is removed. If a target cannot be replaced, the journal is marked to
//! be undone, and each run that finds it restores all targets.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::contract::source;
use crate::problem::Problem;
use crate::write::{Tree, refuse_by_hand, replaceable, write_all};

/// The directory of an unfinished update, at the root of the repository.
const HOME: &str = ".update";
/// The targets of an update that is being executed.
const REDO: &str = "redo.json";
/// The targets of an update that is being undone.
const UNDO: &str = "undo.json";
/// The file that a running update locks.
const LOCK: &str = "lock";

/// The files and directories of one update.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) trees: Vec<(PathBuf, Tree)>,
    pub(super) files: Vec<(PathBuf, String)>,
}

/// The next step. Tests let it fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Stage,
    Place,
}

/// The end of an interrupted update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recovered {
    /// Nothing had changed.
    Unstarted,
    /// The remaining targets are replaced now.
    Finished,
    /// All targets have their former state.
    Undone,
}

/// A file or directory to replace. Until it is replaced, its new state is in the directory of the update, under
/// its number. Its former state is beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Target {
    /// The path from the root, with slashes.
    path: String,
    /// Whether the target existed.
    existed: bool,
    /// Directories that were created for it, from the outer to the inner one.
    parents: Vec<String>,
}

/// A directory of an update, with its lock.
struct Work<'a> {
    root: &'a Path,
    home: PathBuf,
    _lock: File,
}

impl<'a> Work<'a> {
    /// Takes the lock of the directory, which must exist.
    fn of(root: &'a Path) -> Result<Self, Problem> {
        let home = root.join(HOME);
        let path = home.join(LOCK);
        // Opening a pipe would wait, and opening a link would write to its target.
        if fs::symlink_metadata(&path).is_ok_and(|known| !known.is_file()) {
            return Err(damaged(&path, "its lock is not a regular file"));
        }
        let lock = File::options().append(true).create(true).open(&path);
        let lock = lock.map_err(|error| Problem::of_io(&path, "written", &error))?;
        lock.try_lock().map_err(|_| {
            Problem::in_file(&home, "belongs to an update that is running")
                .with_help("wait until it has ended, then run the command again")
        })?;
        Ok(Self {
            root,
            home,
            _lock: lock,
        })
    }

    fn new_state(&self, index: usize) -> PathBuf {
        self.home.join(index.to_string())
    }

    fn old_state(&self, index: usize) -> PathBuf {
        self.home.join(format!("{index}.old"))
    }

    fn target(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Replaces a target, or finishes replacing it.
    fn place(&self, index: usize, target: &Target) -> Result<(), Problem> {
        let (new, old) = (self.new_state(index), self.old_state(index));
        if !is_there(&new) {
            return Ok(());
        }
        let path = self.target(&target.path);
        let failed = |what: &str, error: std::io::Error| Problem::of_io(&path, what, &error);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| failed("created", error))?;
        }
        // A file is replaced in one step, and a copy of the former file exists.
        if target.existed && new.is_dir() && is_there(&path) {
            fs::rename(&path, &old).map_err(|error| failed("moved aside", error))?;
        }
        fs::rename(&new, &path).map_err(|error| failed("put in place", error))
    }

    /// Restores a target, or finishes restoring it.
    fn take_back(&self, index: usize, target: &Target) -> Result<(), Problem> {
        let (new, old) = (self.new_state(index), self.old_state(index));
        let path = self.target(&target.path);
        let failed = |error: std::io::Error| Problem::of_io(&path, "restored", &error);
        let is_placed = !is_there(&new);
        if is_placed && is_there(&path) {
            fs::rename(&path, &new).map_err(failed)?;
        }
        if target.existed && is_there(&old) && !is_there(&path) {
            fs::rename(&old, &path).map_err(failed)?;
        }
        for parent in target.parents.iter().rev() {
            // This fails for every directory that is not empty.
            let _ = fs::remove_dir(self.target(parent));
        }
        Ok(())
    }

    /// Restores all targets.
    fn undo(&self, targets: &[Target]) -> Result<(), Problem> {
        let (redo, undo) = (self.home.join(REDO), self.home.join(UNDO));
        if is_there(&redo) {
            fs::rename(&redo, &undo).map_err(|error| Problem::of_io(&redo, "renamed", &error))?;
        }
        for (index, target) in targets.iter().enumerate().rev() {
            self.take_back(index, target)?;
        }
        self.remove()
    }

    /// Removes the directory, beginning with the journals, because a later run acts on these.
    fn remove(&self) -> Result<(), Problem> {
        let failed = |error: std::io::Error| Problem::of_io(&self.home, "removed", &error);
        for journal in [REDO, UNDO] {
            match fs::remove_file(self.home.join(journal)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        fs::remove_dir_all(&self.home).map_err(failed)
    }

    fn journal(&self, name: &str) -> Result<Option<Vec<Target>>, Problem> {
        let path = self.home.join(name);
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Ok(known) if !known.is_file() => {
                return Err(damaged(&path, "it is not a regular file"));
            }
            _ => {}
        }
        let text = source::bytes(&path)?;
        let targets: Vec<Target> =
            serde_json::from_slice(&text).map_err(|error| damaged(&path, &error.to_string()))?;
        let is_inside = |path: &String| {
            let mut steps = Path::new(path).components();
            !path.is_empty() && steps.all(|step| matches!(step, Component::Normal(_)))
        };
        let paths = || {
            let each = targets.iter();
            each.flat_map(|one| one.parents.iter().chain([&one.path]))
        };
        if !paths().all(is_inside) {
            return Err(damaged(
                &path,
                "it names a location outside of the repository",
            ));
        }
        Ok(Some(targets))
    }

    fn stage(&self, plan: &Plan, before: &mut Hook<'_>) -> Result<Vec<Target>, Problem> {
        let mut targets = Vec::new();
        for (path, tree) in &plan.trees {
            refuse_by_hand(path)?;
            before(Step::Stage)?;
            write_all(tree, &self.new_state(targets.len()))?;
            targets.push(self.describe(path)?);
        }
        for (path, text) in &plan.files {
            before(Step::Stage)?;
            self.stage_file(path, text, targets.len())?;
            targets.push(self.describe(path)?);
        }
        Ok(targets)
    }

    fn stage_file(&self, path: &Path, text: &str, index: usize) -> Result<(), Problem> {
        let failed = |error: std::io::Error| Problem::of_io(path, "written", &error);
        let new = self.new_state(index);
        fs::write(&new, text).map_err(failed)?;
        if let Some(permissions) = replaceable(path)? {
            fs::copy(path, self.old_state(index)).map_err(failed)?;
            fs::set_permissions(&new, permissions).map_err(failed)?;
        }
        Ok(())
    }

    fn describe(&self, path: &Path) -> Result<Target, Problem> {
        let name = |path: &Path| {
            let inside = path.strip_prefix(self.root).ok()?;
            let steps: Option<Vec<&str>> = inside.iter().map(|step| step.to_str()).collect();
            Some(steps?.join("/"))
        };
        let outside =
            || Problem::defect(format!("{} is outside of the repository", path.display()));
        let mut parents = Vec::new();
        let mut next = path.parent();
        while let Some(parent) = next.filter(|parent| *parent != self.root && !is_there(parent)) {
            parents.insert(0, name(parent).ok_or_else(outside)?);
            next = parent.parent();
        }
        Ok(Target {
            path: name(path).ok_or_else(outside)?,
            existed: is_there(path),
            parents,
        })
    }
}

type Hook<'a> = dyn FnMut(Step) -> Result<(), Problem> + 'a;

/// Whether an entry has this name, even a link without a target.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn damaged(path: &Path, why: &str) -> Problem {
    Problem::in_file(path, format!("the journal of an update is damaged: {why}")).with_help(
        "restore the files with `git restore .`, remove the directory `.update`, then update again",
    )
}

/// Executes a plan. `before` is called before each step and may let it fail.
///
/// # Errors
/// Returns an error if a file cannot be written. On error all files are unchanged.
pub(super) fn carry_out(plan: &Plan, root: &Path, before: &mut Hook<'_>) -> Result<(), Problem> {
    let home = root.join(HOME);
    fs::create_dir(&home).map_err(|error| {
        Problem::in_file(&home, format!("cannot be created: {error}")).with_help(
            "check the permissions; if another update is running, wait until it has ended",
        )
    })?;
    let work = Work::of(root)?;
    let staged = work.stage(plan, before).and_then(|targets| {
        let journal = serde_json::to_string_pretty(&targets)
            .map_err(|error| Problem::defect(format!("no journal can be written: {error}")))?;
        let (draft, redo) = (home.join("draft.json"), home.join(REDO));
        let written = fs::write(&draft, journal).and_then(|()| fs::rename(&draft, &redo));
        written.map_err(|error| Problem::of_io(&redo, "written", &error))?;
        Ok(targets)
    });
    let targets = match staged {
        Ok(targets) => targets,
        Err(problem) => {
            work.remove()?;
            return Err(problem);
        }
    };
    for (index, target) in targets.iter().enumerate() {
        let outcome = before(Step::Place).and_then(|()| work.place(index, target));
        if let Err(problem) = outcome {
            work.undo(&targets)?;
            return Err(problem);
        }
    }
    work.remove()
}

/// Ends an interrupted update, if there is one: replaces the remaining targets, or restores all of them.
///
/// # Errors
/// Returns an error if an update is running, or if a file cannot be replaced.
pub(crate) fn recover(root: &Path) -> Result<Option<Recovered>, Problem> {
    let home = root.join(HOME);
    if !fs::symlink_metadata(&home).is_ok_and(|known| known.is_dir()) {
        return Ok(None);
    }
    let work = Work::of(root)?;
    if let Some(targets) = work.journal(UNDO)? {
        work.undo(&targets)?;
        return Ok(Some(Recovered::Undone));
    }
    let Some(targets) = work.journal(REDO)? else {
        work.remove()?;
        return Ok(Some(Recovered::Unstarted));
    };
    for (index, target) in targets.iter().enumerate() {
        work.place(index, target).map_err(|problem| {
            problem.with_help("an update was interrupted and cannot be finished: correct this and run the command again, or run `git restore .` and remove the directory `.update`")
        })?;
    }
    work.remove()?;
    Ok(Some(Recovered::Finished))
}

/// Reports an interrupted update, for commands that change nothing.
///
/// # Errors
/// Returns an error if an update was interrupted or is running.
pub(crate) fn refuse_interrupted(root: &Path) -> Result<(), Problem> {
    let home = root.join(HOME);
    if !is_there(&home) {
        return Ok(());
    }
    Err(
        Problem::in_file(&home, "an update was interrupted or is running")
            .with_help("`cargo xtask generate` finishes or undoes an interrupted update"),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::write::MARK;

    type Contents = BTreeMap<PathBuf, Vec<u8>>;

    fn contents(directory: &Path) -> Contents {
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
    fn a_failure_at_any_step_changes_no_file() {
        let mut steps = 0;
        for failing in 0.. {
            let home = tempfile::tempdir().unwrap();
            let plan = plan(home.path());
            let before = contents(home.path());
            let mut step = 0;
            let outcome = carry_out(&plan, home.path(), &mut |_| {
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
        carry_out(&plan(home.path()), home.path(), &mut |_| Ok(())).unwrap();
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
    fn if_a_file_cannot_be_moved_the_others_are_rolled_back() {
        let home = tempfile::tempdir().unwrap();
        let mut plan = plan(home.path());
        // It becomes a directory between the two steps.
        plan.files.push((home.path().join("late"), "x".to_owned()));
        let before = contents(home.path());
        let late = home.path().join("late");
        let outcome = carry_out(&plan, home.path(), &mut |step| {
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

    /// The contents before and after the plan, and the number of its steps.
    fn ends() -> (Contents, Contents, usize) {
        let home = tempfile::tempdir().unwrap();
        let plan = plan(home.path());
        let relative = || {
            let all = contents(home.path()).into_iter();
            let short = |path: &Path| path.strip_prefix(home.path()).unwrap().to_owned();
            all.map(|(path, text)| (short(&path), text)).collect()
        };
        let before = relative();
        let mut steps = 0;
        carry_out(&plan, home.path(), &mut |_| {
            steps += 1;
            Ok(())
        })
        .unwrap();
        (before, relative(), steps)
    }

    /// Ends the process: nothing after this step runs.
    fn killed_at(home: &Path, step: usize) {
        let plan = plan(home);
        let mut count = 0;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            carry_out(&plan, home, &mut |_| {
                count += 1;
                assert_ne!(count, step, "killed");
                Ok(())
            })
        }));
        assert!(outcome.is_err(), "step {step} does not exist");
    }

    #[test]
    fn a_run_that_is_killed_at_any_step_is_ended_by_the_next_one() {
        let (before, after, steps) = ends();
        for step in 1..=steps {
            let home = tempfile::tempdir().unwrap();
            killed_at(home.path(), step);
            let recovered = recover(home.path()).unwrap();
            let found = contents(home.path()).into_iter();
            let short = |path: &Path| path.strip_prefix(home.path()).unwrap().to_owned();
            let found: BTreeMap<_, _> = found.map(|(path, text)| (short(&path), text)).collect();
            match recovered {
                Some(Recovered::Unstarted) => assert_eq!(found, before, "{step}"),
                Some(Recovered::Finished) => assert_eq!(found, after, "{step}"),
                other => panic!("step {step}: {other:?}"),
            }
            assert_eq!(recover(home.path()).unwrap(), None);
        }
    }

    #[test]
    fn a_run_that_is_killed_between_two_renames_or_while_it_is_taken_back_is_ended_by_the_next_one()
    {
        let (before, after, steps) = ends();
        let short = |home: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
            let all = contents(home).into_iter();
            all.map(|(path, text)| (path.strip_prefix(home).unwrap().to_owned(), text))
                .collect()
        };
        // Between the renames of a directory: the former directory is renamed, and no directory has its name.
        let home = tempfile::tempdir().unwrap();
        killed_at(home.path(), 6);
        let work = home.path().join(HOME);
        fs::rename(home.path().join("one"), work.join("0.old")).unwrap();
        assert_eq!(recover(home.path()).unwrap(), Some(Recovered::Finished));
        assert_eq!(short(home.path()), after);
        // While the update is being undone: any number of targets is replaced, and any of them is restored.
        for placed in 6..=steps {
            let home = tempfile::tempdir().unwrap();
            killed_at(home.path(), placed);
            let work = home.path().join(HOME);
            fs::rename(work.join(REDO), work.join(UNDO)).unwrap();
            if placed > 7 {
                fs::rename(home.path().join("two"), work.join("1")).unwrap();
            }
            assert_eq!(recover(home.path()).unwrap(), Some(Recovered::Undone));
            assert_eq!(short(home.path()), before, "{placed}");
        }
    }

    #[test]
    fn a_second_update_waits_and_a_damaged_journal_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let plan = plan(home.path());
        carry_out(&plan, home.path(), &mut |step| {
            if step == Step::Place {
                let problem = recover(home.path()).unwrap_err().to_string();
                assert!(problem.contains("an update that is running"), "{problem}");
                assert!(refuse_interrupted(home.path()).is_err());
            }
            Ok(())
        })
        .unwrap();
        assert!(refuse_interrupted(home.path()).is_ok());
        let outside = r#"[{"path": "../x", "existed": true, "parents": []}]"#;
        let root = r#"[{"path": "/etc/x", "existed": true, "parents": []}]"#;
        for journal in ["", "[", "{}", outside, root] {
            let work = home.path().join(HOME);
            fs::create_dir(&work).unwrap();
            fs::write(work.join(REDO), journal).unwrap();
            let problem = recover(home.path()).unwrap_err().to_string();
            assert!(
                problem.contains("damaged") && problem.contains("git restore"),
                "{problem}"
            );
            fs::remove_dir_all(work).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_or_journal_that_is_no_regular_file_is_neither_opened_nor_followed() {
        use std::os::unix::fs::symlink;

        let mine = tempfile::NamedTempFile::new().unwrap();
        fs::write(mine.path(), "mine").unwrap();
        let fifo = |path: &Path| {
            let made = std::process::Command::new("mkfifo").arg(path).status();
            assert!(made.unwrap().success());
        };
        for name in [LOCK, REDO, UNDO] {
            let entries: [&dyn Fn(&Path); 5] = [
                &|path| symlink(mine.path(), path).unwrap(),
                &|path| symlink("/dev/zero", path).unwrap(),
                &|path| symlink("nothing", path).unwrap(),
                &fifo,
                &|path| fs::create_dir(path).unwrap(),
            ];
            for make in entries {
                let home = tempfile::tempdir().unwrap();
                let work = home.path().join(HOME);
                fs::create_dir(&work).unwrap();
                make(&work.join(name));
                let problem = recover(home.path()).unwrap_err().to_string();
                assert!(problem.contains("not a regular file"), "{problem}");
                assert_eq!(fs::read_to_string(mine.path()).unwrap(), "mine");
                assert!(!work.join("nothing").exists());
            }
        }
    }
}
