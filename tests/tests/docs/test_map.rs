//! `tests/README.md` is a map of the tests: its paths exist, and no file of tests is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use integration_tests::document::workspace;

use crate::page::Page;

/// The directories whose files, or directories with a `main.rs`, are test programs.
const SUITES: [&str; 5] = [
    "tests/tests",
    "qovery-ext/tests",
    "xtask/tests",
    "demo/tests",
    "durable/tests",
];

/// The paths on the page: inline code with a slash. A file name without a slash is in the directory of the path
/// before it.
fn mapped() -> BTreeSet<String> {
    let page = Page::read("tests/README.md");
    let mut paths = BTreeSet::new();
    let mut last_file = None;
    for code in page.inline_code() {
        if code.contains('/') {
            last_file = code.ends_with(".rs").then(|| code.clone());
            paths.insert(code);
        } else if let Some(before) = last_file.as_ref().filter(|_| code.ends_with(".rs")) {
            let beside = Path::new(before).with_file_name(code);
            paths.insert(beside.display().to_string());
        }
    }
    paths
}

#[test]
fn every_path_of_the_map_of_tests_exists() {
    let paths = mapped();
    assert!(paths.len() > 40, "{}", paths.len());
    for path in paths {
        assert!(workspace().join(&path).exists(), "there is no {path}");
    }
}

#[test]
fn the_map_of_tests_lists_every_test_program() {
    let paths = mapped();
    for suite in SUITES {
        for entry in fs::read_dir(workspace().join(suite)).expect("a directory") {
            let entry = entry.expect("an entry").path();
            let is_file = entry.extension().is_some_and(|kind| kind == "rs");
            let is_directory = entry.join("main.rs").exists();
            if !is_file && !is_directory {
                continue;
            }
            let name = entry.file_name().unwrap_or_default().to_string_lossy();
            let slash = if is_directory { "/" } else { "" };
            let path = format!("{suite}/{name}{slash}");
            // A suite is listed as a whole, file by file, or with its directory.
            let covered = |mapped: &String| {
                *mapped == path
                    || is_directory && mapped.starts_with(&path)
                    || mapped.ends_with('/') && Path::new(&path).starts_with(mapped)
            };
            assert!(
                paths.iter().any(covered),
                "tests/README.md does not list {path}"
            );
        }
    }
}
