//! Whether a published revision is newer than the last one that was imported.
//!
//! A revision does not state its age: upstream changes the contents under one version. The age is determined,
//! in this order, by the history of the git repository of the file, a date in the name of the file, the digests
//! of earlier imports, and the contents.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::contract::Document;
use crate::lock::{Imported, Lock, Upstream, is_commit, is_date, sha256};
use crate::printable::Printable;
use crate::problem::Problem;

/// The keys of a path that are operations.
const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];

/// Returns digest, commit and date of a file, as far as they are known.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub(crate) fn known(file: &Path, root: &Path) -> Result<Imported, Problem> {
    let sha256 = sha256(&crate::contract::source::bytes(file)?);
    let upstream = in_history(file, root).unwrap_or_else(|| Upstream {
        commit: String::new(),
        date: date_in_name(file).unwrap_or_default(),
    });
    Ok(Imported { sha256, upstream })
}

/// The last commit that changed the file, if git has the current file in another repository than this one.
fn in_history(file: &Path, root: &Path) -> Option<Upstream> {
    let file = file.canonicalize().ok()?;
    let directory = file.parent()?;
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(directory)
            .args(arguments)
            .arg("--")
            .arg(&file)
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let top = Command::new("git")
        .current_dir(directory)
        .args(["rev-parse", "--show-toplevel"])
        .output()
        .ok()?;
    let top = String::from_utf8(top.stdout).ok()?;
    let top = Path::new(top.trim()).canonicalize().ok()?;
    let own = if root.as_os_str().is_empty() {
        Path::new(".")
    } else {
        root
    };
    if own.canonicalize().is_ok_and(|own| own.starts_with(&top)) {
        return None;
    }
    if !git(&["status", "--porcelain", "--ignored"])?.is_empty() {
        return None;
    }
    let found = git(&["log", "-1", "--format=%H %cs"])?;
    let (commit, date) = found.split_once(' ')?;
    (is_commit(commit) && is_date(date)).then(|| Upstream {
        commit: commit.to_owned(),
        date: date.to_owned(),
    })
}

/// The first date in the name of a file.
fn date_in_name(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let digit = |c: char| c.is_ascii_digit();
    let starts = name.char_indices().map(|(start, _)| start);
    let mut dates = starts.filter_map(|start| {
        let date = name.get(start..start + 10).filter(|date| is_date(date))?;
        let is_whole =
            !name.get(..start)?.ends_with(digit) && !name.get(start + 10..)?.starts_with(digit);
        is_whole.then(|| date.to_owned())
    });
    dates.next()
}

/// Checks that the revisions are in order, and not older than the last imported one.
///
/// # Errors
/// Returns an error if a revision is older than the newest imported one.
pub(crate) fn check(
    lock: &Lock,
    contract: Option<&Document>,
    revisions: &[(Document, Imported)],
) -> Result<(), Problem> {
    let mut last = lock.upstream.date.clone();
    for (document, imported) in revisions {
        if let Some(why) = older(lock, &last, contract, document, imported) {
            let what = format!("is older than the last revision that was imported: {why}");
            return Err(Problem::in_file(&document.path, what).with_help(
                "import the newest revision, or pass `--allow-older`: facts that only newer revisions have are then marked deprecated",
            ));
        }
        if imported.upstream.date > last {
            last.clone_from(&imported.upstream.date);
        }
    }
    Ok(())
}

fn older(
    lock: &Lock,
    last: &str,
    contract: Option<&Document>,
    document: &Document,
    imported: &Imported,
) -> Option<String> {
    let before = lock
        .imported
        .iter()
        .rposition(|known| known.sha256 == imported.sha256);
    if before.is_some_and(|index| index + 1 == lock.imported.len()) {
        return None;
    }
    let date = &imported.upstream.date;
    if !date.is_empty() && !last.is_empty() {
        return (date.as_str() < last).then(|| {
            format!(
                "its date is {}, and that of the contract is {}",
                Printable::new(date),
                Printable::new(last)
            )
        });
    }
    if before.is_some() {
        return Some("it was imported before, and newer revisions after it".to_owned());
    }
    by_contents(&contract?.value, &document.value)
}

/// Returns the reason if the contents show that a revision is older: it lacks more than a tenth of the operations,
/// or it lacks some, restores removed ones and adds none.
fn by_contents(contract: &Value, revision: &Value) -> Option<String> {
    let (current, deprecated) = operations(contract);
    let (has, also) = operations(revision);
    let has: BTreeSet<String> = has.union(&also).cloned().collect();
    let lacking = current.difference(&has).count();
    let revived = deprecated.intersection(&has).count();
    let fresh = has
        .iter()
        .filter(|key| !current.contains(*key) && !deprecated.contains(*key))
        .count();
    let is_older = lacking * 10 > current.len() || lacking > 0 && revived > 0 && fresh == 0;
    is_older.then(|| format!("it lacks {lacking} of {} operations", current.len()))
}

/// The operations of a document by method and path, current and deprecated ones.
fn operations(document: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut current, mut deprecated) = (BTreeSet::new(), BTreeSet::new());
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let parts = path
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part });
        let path = parts.collect::<Vec<_>>().join("/");
        for (method, operation) in item.as_object().into_iter().flatten() {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let is_old = operation.get("deprecated") == Some(&Value::Bool(true));
            let into = if is_old {
                &mut deprecated
            } else {
                &mut current
            };
            into.insert(format!("{method} {path}"));
        }
    }
    (current, deprecated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::source;

    fn revision(name: &str, operations: &[&str]) -> Document {
        let paths: String = operations
            .iter()
            .map(|operation| {
                let (path, deprecated) = operation.strip_prefix('-').map_or((*operation, false), |path| (path, true));
                format!("  /{path}:\n    get: {{deprecated: {deprecated}, responses: {{'204': {{description: x}}}}}}\n")
            })
            .collect();
        source::parse(Path::new(name), format!("openapi: 3.0.0\npaths:\n{paths}")).unwrap()
    }

    fn imported(sha256: &str, date: &str) -> Imported {
        Imported {
            sha256: sha256.to_owned(),
            upstream: Upstream {
                commit: String::new(),
                date: date.to_owned(),
            },
        }
    }

    fn refused(lock: &Lock, contract: &[&str], of: &[&str], known: Imported) -> Option<String> {
        let contract = revision("openapi.yaml", contract);
        let revisions = [(revision("new.yaml", of), known)];
        check(lock, Some(&contract), &revisions)
            .err()
            .map(|problem| problem.to_string())
    }

    fn lock() -> Lock {
        let mut lock = Lock::default();
        lock.add(imported("aa", "2026-01-01"));
        lock.add(imported("bb", "2026-02-01"));
        lock
    }

    #[test]
    fn a_date_before_that_of_the_contract_is_refused_and_the_same_day_is_not() {
        for (date, is_refused) in [
            ("2026-01-31", true),
            ("2026-02-01", false),
            ("2026-02-02", false),
        ] {
            let found = refused(&lock(), &["a"], &["a"], imported("cc", date));
            assert_eq!(found.is_some(), is_refused, "{found:?}");
            assert!(found.is_none_or(
                |found| found.contains("--allow-older") && found.contains("2026-02-01")
            ));
        }
    }

    #[test]
    fn a_file_that_was_imported_before_others_is_older_and_the_last_one_is_not() {
        assert!(refused(&lock(), &["a"], &["a"], imported("aa", "")).is_some());
        assert!(refused(&lock(), &["a"], &["a"], imported("bb", "")).is_none());
        assert!(refused(&lock(), &["a"], &["a"], imported("bb", "2020-01-01")).is_none());
    }

    #[test]
    fn without_a_date_the_contents_decide() {
        let lock = Lock::default();
        let none = || imported("cc", "");
        let current: Vec<String> = (0..20).map(|index| format!("o{index}")).collect();
        let current: Vec<&str> = current.iter().map(String::as_str).collect();
        let with_old = [&current[..], &["-gone"]].concat();
        assert!(refused(&lock, &with_old, &current, none()).is_none());
        assert!(
            refused(&lock, &with_old, &current[1..], none()).is_none(),
            "one was removed"
        );
        assert!(
            refused(&lock, &with_old, &current[3..], none()).is_some(),
            "a tenth is missing"
        );
        let brought_back = [&current[1..], &["gone"]].concat();
        assert!(refused(&lock, &with_old, &brought_back, none()).is_some());
        let and_new = [&current[1..], &["gone", "new"]].concat();
        assert!(refused(&lock, &with_old, &and_new, none()).is_none());
    }

    #[test]
    fn several_revisions_have_to_be_in_order() {
        let revisions = [("2026-03-02", "c.yaml"), ("2026-03-01", "d.yaml")];
        let revisions =
            revisions.map(|(date, name)| (revision(name, &["a"]), imported(name, date)));
        let problem = check(&lock(), None, &revisions).unwrap_err().to_string();
        assert!(problem.starts_with("d.yaml: is older"), "{problem}");
    }

    #[test]
    fn the_date_is_read_from_the_file_name() {
        let date = |name: &str| date_in_name(Path::new(name));
        assert_eq!(date("2025-06-03.yaml").as_deref(), Some("2025-06-03"));
        assert_eq!(
            date("/x/openapi-2025-06-03-abc.yaml").as_deref(),
            Some("2025-06-03")
        );
        assert_eq!(date("12025-06-03.yaml"), None);
        assert_eq!(date("ünï2025-13-03.yaml"), None);
    }
}
