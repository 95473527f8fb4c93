//! The version of the workspace, in every file that states it.
//!
//! The difference between the contracts determines the new version.

use std::fs;
use std::path::{Path, PathBuf};

use crate::problem::Problem;

/// Lock files of the workspace and of excluded packages.
const LOCKS: [&str; 2] = ["Cargo.lock", "fuzz/Cargo.lock"];

/// The manifest and the lock files with the new version.
///
/// # Errors
/// Returns an error if one of them cannot be read, or the manifest does not state the version.
pub(super) fn bumped(root: &Path, old: &str, new: &str) -> Result<Vec<(PathBuf, String)>, Problem> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|error| Problem::of_io(path, "read", &error))
    };
    let manifest = root.join("Cargo.toml");
    let text = read(&manifest)?;
    let Some(text) = in_manifest(&text, old, new) else {
        return Err(
            Problem::in_file(&manifest, format!("does not state the version {old}")).with_help(
                format!("write `version = \"{old}\"` in the section `[workspace.package]`"),
            ),
        );
    };
    let mut files = vec![(manifest, text)];
    for name in LOCKS {
        let path = root.join(name);
        if path.exists() {
            let text = locked(&read(&path)?, old, new);
            files.push((path, text));
        }
    }
    Ok(files)
}

/// Sets the version of the workspace, and those that its packages require of each other; `None` if the manifest does
/// not state the old one.
fn in_manifest(text: &str, old: &str, new: &str) -> Option<String> {
    let (was, is) = (
        format!("version = \"{old}\""),
        format!("version = \"{new}\""),
    );
    let section = text.find("[workspace.package]")?;
    let (before, rest) = text.split_at_checked(section + text.get(section..)?.find(&was)?)?;
    let rest = rest.replacen(&was, &is, 1);
    let lines = before
        .split_inclusive('\n')
        .chain(rest.split_inclusive('\n'));
    let lines = lines.map(|line| match line.contains("path = ") {
        true => line.replace(&was, &is),
        false => line.to_owned(),
    });
    Some(lines.collect())
}

/// Sets the version of the packages without a source, which are those of the workspace.
fn locked(text: &str, old: &str, new: &str) -> String {
    let was = format!("\nversion = \"{old}\"");
    let packages: Vec<String> = text
        .split("[[package]]")
        .map(|package| match package.contains("\nsource = ") {
            true => package.to_owned(),
            false => package.replacen(&was, &format!("\nversion = \"{new}\""), 1),
        })
        .collect();
    packages.join("[[package]]")
}

/// A day by its number since 1970, as `YYYY-MM-DD`.
pub(super) fn day(number: u64) -> String {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let (mut year, mut rest) = (1970, number);
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if rest < length {
            break;
        }
        rest -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", rest + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_packages_of_the_workspace_get_the_version() {
        let text = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\nsource = \"registry\"\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n";
        let found = locked(text, "0.1.0", "0.2.0");
        assert_eq!(
            found,
            text.replace(
                "\"own\"\nversion = \"0.1.0\"",
                "\"own\"\nversion = \"0.2.0\""
            )
        );
    }

    #[test]
    fn the_packages_of_the_workspace_require_its_version_of_each_other() {
        let manifest = include_str!("../../../Cargo.toml");
        let version = env!("CARGO_PKG_VERSION");
        let text = in_manifest(manifest, version, "98.7.6").expect("it states the version");
        let required = text.lines().filter(|line| line.contains("path = "));
        let required: Vec<&str> = required
            .filter(|line| line.contains("version = "))
            .collect();
        assert!(required.len() >= 3, "{required:?}");
        let is_new = |line: &&str| line.contains("version = \"98.7.6\"");
        assert!(required.iter().all(is_new), "{required:?}");
        assert_eq!(
            in_manifest(&text, "98.7.6", version).as_deref(),
            Some(manifest)
        );
        assert_eq!(in_manifest("[package]", version, "98.7.6"), None);
    }

    #[test]
    fn days_have_their_dates() {
        for (number, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_784, "2026-11-27"),
            (20_453, "2025-12-31"),
        ] {
            assert_eq!(day(number), date);
        }
    }
}
