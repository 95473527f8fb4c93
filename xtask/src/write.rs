//! Replaces generated trees completely or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::printable::Printable;
use crate::problem::Problem;

/// The first line of each generated file. Files without it are never changed.
pub(crate) const MARK: &str = "// @generated";
/// The first key of generated JSON, which has no comments.
pub(crate) const JSON_MARK: &str = "x-generated";

/// The files of a tree by their path in it, with slashes.
pub(crate) type Tree = BTreeMap<String, String>;

/// One difference between a tree and the files on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    Changed(String),
    Missing(String),
    Stale(String),
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, what) = match self {
            Self::Changed(path) => (path, "differs"),
            Self::Missing(path) => (path, "is missing"),
            Self::Stale(path) => (path, "is no longer generated"),
        };
        write!(f, "{} {what}", Printable::new(path))
    }
}

/// The permissions of the file to replace; `None` if it does not exist.
///
/// # Errors
/// Returns an error if the path is not a regular file, or cannot be read.
pub(crate) fn replaceable(path: &Path) -> Result<Option<fs::Permissions>, Problem> {
    match fs::symlink_metadata(path) {
        Ok(known) if known.is_file() => Ok(Some(known.permissions())),
        Ok(_) => Err(
            Problem::in_file(path, "is not a regular file, and is not replaced")
                .with_help("name a file, or a path that does not exist yet"),
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::of_io(path, "written", &error)),
    }
}

/// Lists the changes that would make `directory` hold exactly `tree`.
///
/// # Errors
/// Returns an error if a file cannot be read.
pub(crate) fn compare(tree: &Tree, directory: &Path) -> Result<Vec<Difference>, Problem> {
    let on_disk = on_disk(directory)?;
    let mut differences = Vec::new();
    for (path, text) in tree {
        match on_disk.get(path) {
            None => differences.push(Difference::Missing(path.clone())),
            Some(found) if found != text => differences.push(Difference::Changed(path.clone())),
            Some(_) => {}
        }
    }
    differences.extend(
        on_disk
            .keys()
            .filter(|path| !tree.contains_key(*path))
            .cloned()
            .map(Difference::Stale),
    );
    Ok(differences)
}

/// Makes each directory hold exactly its tree, and returns the differences in order.
/// If there are no differences, writes nothing.
///
/// # Errors
/// Returns an error if a directory holds a file that was not generated, or if writing fails. On error all
/// directories are unchanged.
pub(crate) fn replace(places: &[(&Tree, &Path)]) -> Result<Vec<Vec<Difference>>, Problem> {
    let mut all = Vec::new();
    for (tree, directory) in places {
        refuse_by_hand(directory)?;
        all.push(compare(tree, directory)?);
    }
    let mut staged = Vec::new();
    for ((tree, directory), differences) in places.iter().zip(&all) {
        if !differences.is_empty() {
            staged.push(Staged::write(tree, directory)?);
        }
    }
    let mut placed: Vec<&Staged<'_>> = Vec::new();
    for next in &staged {
        if let Err(problem) = next.put_in_place() {
            placed.iter().for_each(|staged| staged.take_back());
            return Err(problem);
        }
        placed.push(next);
    }
    Ok(all)
}

/// Whether a file has this first line or key.
fn is_generated(text: &str) -> bool {
    let json = text
        .trim_start_matches(['{', '"', ' ', '\n'])
        .starts_with(JSON_MARK);
    text.starts_with(MARK) || text.starts_with('{') && json
}

/// Refuses directories with hand-written files, because this program must not remove them.
pub(crate) fn refuse_by_hand(directory: &Path) -> Result<(), Problem> {
    let on_disk = on_disk(directory)?;
    match on_disk.iter().find(|(_, text)| !is_generated(text)) {
        None => Ok(()),
        Some((path, _)) => Err(Problem::in_file(
            &directory.join(path),
            "was not generated, and this directory holds generated files only",
        )
        .with_help("move it elsewhere, then generate again")),
    }
}

/// A tree that is written to a temporary directory, but not yet moved to its target.
struct Staged<'a> {
    target: &'a Path,
    existed: bool,
    /// Beside the target, so that it can be renamed there; removed when this is dropped.
    home: tempfile::TempDir,
    /// Dropped after `home`, which is in these directories.
    _parents: Parents,
}

/// Directories that were created for a tree, from the outermost. Those that are empty when this is dropped
/// are removed, so that a failure leaves no trace.
struct Parents(Vec<PathBuf>);

impl Parents {
    fn create(directory: &Path) -> Result<Self, Problem> {
        let missing = directory
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        missing.reverse();
        fs::create_dir_all(directory)
            .map_err(|error| Problem::of_io(directory, "created", &error))?;
        Ok(Self(missing))
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        for directory in self.0.iter().rev() {
            // This fails for every directory that is not empty.
            let _ = fs::remove_dir(directory);
        }
    }
}

impl<'a> Staged<'a> {
    fn write(tree: &Tree, target: &'a Path) -> Result<Self, Problem> {
        let parent = target
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or_else(|| Path::new("."));
        let parents = Parents::create(parent)?;
        let home = tempfile::Builder::new()
            .prefix(".generated-")
            .tempdir_in(parent)
            .map_err(|error| Problem::of_io(parent, "written to", &error))?;
        write_all(tree, &home.path().join("new"))?;
        Ok(Self {
            target,
            existed: target.exists(),
            home,
            _parents: parents,
        })
    }

    fn old(&self) -> PathBuf {
        self.home.path().join("old")
    }

    fn put_in_place(&self) -> Result<(), Problem> {
        if self.existed {
            fs::rename(self.target, self.old())
                .map_err(|error| Problem::of_io(self.target, "moved aside", &error))?;
        }
        self.place_new().inspect_err(|_| self.bring_back())
    }

    /// Renames the tree to a name that does not exist: renaming a directory replaces no file and no link.
    fn place_new(&self) -> Result<(), Problem> {
        fs::rename(self.home.path().join("new"), self.target)
            .map_err(|error| Problem::of_io(self.target, "put in place", &error))
    }

    /// Undoes the replacement as far as possible. A failure here is ignored, because the problem that caused
    /// the rollback is reported.
    fn take_back(&self) {
        let _ = fs::rename(self.target, self.home.path().join("new"));
        self.bring_back();
    }

    fn bring_back(&self) {
        if self.existed {
            let _ = fs::rename(self.old(), self.target);
        }
    }
}

/// Writes `tree` into a new directory, or into a real one that is empty. Removes nothing except that empty
/// directory, which the new one replaces.
///
/// # Errors
/// Returns an error if the directory is not empty, if it is not a directory (such as a link), or if writing
/// fails.
pub(crate) fn write_new(tree: &Tree, directory: &Path) -> Result<(), Problem> {
    // A slash after the name of a link would lead to its target.
    let directory: PathBuf = directory.components().collect();
    let occupied = |what: &str| {
        Err(Problem::in_file(&directory, what)
            .with_help("`--out` takes a new directory, or an empty one that is no link"))
    };
    let unreadable = |error: std::io::Error| Problem::of_io(&directory, "read", &error);
    if directory.file_name().is_none() {
        return occupied("is not the name of a directory");
    }
    let existed = match fs::symlink_metadata(&directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(unreadable(error)),
        Ok(known) if !known.is_dir() => return occupied("is not a directory"),
        Ok(_) => true,
    };
    if existed
        && fs::read_dir(&directory)
            .map_err(unreadable)?
            .next()
            .is_some()
    {
        return occupied("is not empty");
    }
    let staged = Staged::write(tree, &directory)?;
    if existed {
        // This fails for everything except an empty directory, also if another process has just replaced it.
        fs::remove_dir(&directory)
            .map_err(|error| Problem::of_io(&directory, "replaced", &error))?;
    }
    staged.place_new()
}

/// Writes the files of a tree below a directory.
///
/// # Errors
/// Returns an error if a file cannot be written.
pub(crate) fn write_all(tree: &Tree, directory: &Path) -> Result<(), Problem> {
    for (path, text) in tree {
        let file: PathBuf = directory.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)
                .map_err(|error| Problem::of_io(parent, "created", &error))?;
        }
        fs::write(&file, text).map_err(|error| Problem::of_io(&file, "written", &error))?;
    }
    Ok(())
}

/// The files below a directory; empty if the directory does not exist.
///
/// # Errors
/// Returns an error if a file cannot be read, or an entry is neither a file nor a directory.
pub(crate) fn on_disk(directory: &Path) -> Result<Tree, Problem> {
    let mut tree = Tree::new();
    match fs::symlink_metadata(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            return Err(Problem::of_io(directory, "read", &error));
        }
        Ok(known) if known.is_dir() => read(directory, "", &mut tree)?,
        Ok(_) => return Err(foreign(directory)),
    }
    Ok(tree)
}

fn read(directory: &Path, prefix: &str, into: &mut Tree) -> Result<(), Problem> {
    let unreadable = |path: &Path, error: std::io::Error| Problem::of_io(path, "read", &error);
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, error))? {
        let entry = entry.map_err(|error| unreadable(directory, error))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // The kind of the entry itself: links are not followed, and pipes are not opened.
        let kind = entry
            .file_type()
            .map_err(|error| unreadable(&path, error))?;
        if kind.is_dir() {
            read(&path, &format!("{name}/"), into)?;
        } else if kind.is_file() {
            let bytes = fs::read(&path).map_err(|error| unreadable(&path, error))?;
            into.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        } else {
            return Err(foreign(&path));
        }
    }
    Ok(())
}

fn foreign(path: &Path) -> Problem {
    Problem::in_file(
        path,
        "is neither a file nor a directory, but a generated directory contains only these",
    )
    .with_help("move it elsewhere, then generate again")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), format!("{MARK}\n{text}")))
            .collect()
    }

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    #[test]
    fn a_written_tree_does_not_differ_and_is_not_written_again() {
        let home = directory();
        let target = home.path().join("generated");
        let tree = tree(&[("mod.rs", "a"), ("area/models.rs", "b")]);
        assert_eq!(replace(&[(&tree, &target)]).expect("written")[0].len(), 2);
        let written = fs::metadata(target.join("mod.rs"))
            .and_then(|file| file.modified())
            .expect("a time");
        assert_eq!(replace(&[(&tree, &target)]).expect("nothing to do"), [[]]);
        assert_eq!(
            fs::metadata(target.join("mod.rs"))
                .and_then(|file| file.modified())
                .expect("a time"),
            written
        );
        assert_eq!(
            fs::read_dir(home.path()).expect("readable").count(),
            1,
            "nothing is left beside"
        );
    }

    #[test]
    fn generated_json_is_known_by_its_first_key() {
        for (text, is_ours) in [
            ("{\n  \"x-generated\": \"by a tool\"\n}\n", true),
            ("{\"x-generated\":1}", true),
            ("{\"name\": \"x-generated\"}", false),
            ("x-generated", false),
            ("", false),
        ] {
            assert_eq!(is_generated(text), is_ours, "{text}");
        }
    }

    #[test]
    fn one_changed_byte_is_found() {
        let home = directory();
        let target = home.path().join("generated");
        let tree = tree(&[("mod.rs", "a")]);
        replace(&[(&tree, &target)]).expect("written");
        fs::write(target.join("mod.rs"), format!("{MARK}\nb")).expect("written");
        assert_eq!(
            compare(&tree, &target).expect("readable"),
            [Difference::Changed("mod.rs".to_owned())]
        );
    }

    #[test]
    fn a_file_that_is_no_longer_generated_is_removed() {
        let home = directory();
        let target = home.path().join("generated");
        replace(&[(&tree(&[("mod.rs", "a"), ("old.rs", "b")]), &target)]).expect("written");
        let differences = replace(&[(&tree(&[("mod.rs", "a")]), &target)]).expect("written");
        assert_eq!(differences, [[Difference::Stale("old.rs".to_owned())]]);
        assert!(!target.join("old.rs").exists());
    }

    #[test]
    fn a_hand_written_file_is_never_touched() {
        let home = directory();
        let target = home.path().join("generated");
        fs::create_dir(&target).expect("created");
        fs::write(target.join("mine.rs"), "fn mine() {}").expect("written");
        replace(&[(&tree(&[("mod.rs", "a")]), &target)]).expect_err("refused");
        assert_eq!(fs::read_dir(&target).expect("readable").count(), 1);
    }

    #[test]
    fn if_one_directory_cannot_be_replaced_the_others_do_not_change() {
        let home = directory();
        let (first, second) = (home.path().join("first"), home.path().join("second"));
        let before = tree(&[("mod.rs", "a")]);
        replace(&[(&before, &first), (&before, &second)]).expect("written");
        fs::write(second.join("mine.rs"), "fn mine() {}").expect("written");
        let after = tree(&[("mod.rs", "b")]);
        replace(&[(&after, &first), (&after, &second)]).expect_err("refused");
        assert_eq!(compare(&before, &first).expect("readable"), []);
        assert_eq!(
            fs::read_dir(home.path()).expect("readable").count(),
            2,
            "nothing is left beside"
        );
    }

    #[test]
    fn replaced_directories_are_rolled_back_if_another_one_fails() {
        let home = directory();
        let target = home.path().join("generated");
        let before = tree(&[("mod.rs", "a")]);
        replace(&[(&before, &target)]).expect("written");
        let after = tree(&[("mod.rs", "b")]);
        let staged = Staged::write(&after, &target).expect("written");
        staged.put_in_place().expect("in place");
        assert_eq!(compare(&after, &target).expect("readable"), []);
        staged.take_back();
        assert_eq!(compare(&before, &target).expect("readable"), []);
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

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{FileTypeExt as _, symlink};
        use std::os::unix::net::UnixListener;

        use super::*;

        fn fifo(path: &Path) {
            let made = std::process::Command::new("mkfifo").arg(path).status();
            assert!(made.is_ok_and(|status| status.success()), "mkfifo works");
        }

        #[test]
        fn an_entry_that_is_no_directory_is_refused_as_a_target_and_does_not_change() {
            let home = directory();
            let at = |name: &str| home.path().join(name);
            fifo(&at("fifo"));
            let _bound = UnixListener::bind(at("socket")).expect("bound");
            fs::write(at("file"), "").expect("written");
            fs::create_dir(at("empty")).expect("created");
            symlink(at("empty"), at("link")).expect("linked");
            symlink(at("nothing"), at("dangling")).expect("linked");
            let tree = tree(&[("mod.rs", "a")]);
            for name in [
                "fifo", "socket", "file", "link", "link/", "link/.", "dangling", "file/", "..",
                "empty/..",
            ] {
                write_new(&tree, &at(name)).expect_err(name);
            }
            let kind = |name: &str| fs::symlink_metadata(at(name)).expect(name).file_type();
            assert!(kind("fifo").is_fifo());
            assert!(kind("socket").is_socket());
            assert!(kind("file").is_file());
            assert!(kind("link").is_symlink());
            assert!(kind("dangling").is_symlink());
            assert_eq!(fs::read_dir(at("empty")).expect("readable").count(), 0);
            assert_eq!(fs::read_dir(home.path()).expect("readable").count(), 6);
            write_new(&tree, Path::new("/dev/null")).expect_err("a device");
            write_new(&tree, &at("empty/")).expect("an empty directory");
            write_new(&tree, &at("new/inner")).expect("a new directory");
            assert!(at("empty/mod.rs").exists() && at("new/inner/mod.rs").exists());
        }

        #[test]
        fn an_entry_that_is_no_file_among_generated_ones_is_refused_and_not_opened() {
            for make in [
                (|path: &Path| fifo(path)) as fn(&Path),
                |path| symlink("/dev/zero", path).expect("linked"),
                |path| symlink("/", path).expect("linked"),
            ] {
                let home = directory();
                let target = home.path().join("generated");
                let before = tree(&[("mod.rs", "a")]);
                replace(&[(&before, &target)]).expect("written");
                make(&target.join("other"));
                let after = tree(&[("mod.rs", "b")]);
                replace(&[(&after, &target)]).expect_err("refused");
                compare(&after, &target).expect_err("refused");
                assert!(fs::symlink_metadata(target.join("other")).is_ok());
            }
        }

        #[test]
        fn a_link_in_the_place_of_the_generated_directory_is_refused() {
            let home = directory();
            let real = home.path().join("real");
            let tree = tree(&[("mod.rs", "a")]);
            replace(&[(&tree, &real)]).expect("written");
            let link = home.path().join("link");
            symlink(&real, &link).expect("linked");
            replace(&[(&super::tree(&[]), &link)]).expect_err("refused");
            assert!(real.join("mod.rs").exists());
        }
    }
}
