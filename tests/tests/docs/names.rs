//! Names and numbers: tests that stand for a guarantee, predicates, variables, sizes.

use std::path::Path;

use integration_tests::document::workspace;
use qovery_ext::connect::{TOKEN_VARIABLES, URL_VARIABLE};
use qovery_ext::qovery_api::contract;
use regex_lite::Regex;

use crate::page::Page;

/// The text of every Rust file in this directory.
fn sources(directory: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "generated") {
            sources(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            into.push(std::fs::read_to_string(&path).expect("readable"));
        }
    }
}

#[test]
fn every_guarantee_is_a_test() {
    let mut files = Vec::new();
    for member in [
        "qovery-api/src",
        "qovery-ext/src",
        "qovery-ext/tests",
        "xtask/src",
        "xtask/tests",
        "tests/tests",
    ] {
        sources(&workspace().join(member), &mut files);
    }
    let rows = Page::read("README.md").table("guarantees");
    assert!(rows.len() > 10, "{}", rows.len());
    for row in rows {
        let name = row
            .trim_end_matches(" |")
            .rsplit(" | ")
            .next()
            .unwrap_or_default()
            .trim_matches('`')
            .to_owned();
        // The attribute, perhaps with other attributes, then the function.
        let test = Regex::new(&format!(
            r"#\[(tokio::)?test[^\n]*\]\s*(#\[[^\n]*\]\s*)*(async )?fn {name}\("
        ))
        .expect("a pattern");
        assert!(
            files.iter().any(|text| test.is_match(text)),
            "there is no test `{name}`"
        );
    }
}

#[test]
fn every_predicate_of_an_error_is_explained() {
    let page = Page::read("docs/errors.md");
    let predicate = Regex::new(r"pub (?:const )?fn (is_\w+)\(&self\) -> bool").expect("a pattern");
    let mut found = 0;
    for file in [
        "qovery-api/src/runtime/error.rs",
        "qovery-api/src/runtime/transport.rs",
        "qovery-api/src/runtime/build_error.rs",
        "qovery-api/src/runtime/decode/error.rs",
        "qovery-ext/src/connect/error.rs",
        "qovery-ext/src/page/error.rs",
        "qovery-ext/src/page/collect_error.rs",
        "qovery-ext/src/recipes/bulk/error.rs",
        "qovery-ext/src/recipes/find_error.rs",
        "qovery-ext/src/recipes/preview/error.rs",
        "qovery-ext/src/recipes/preview/run.rs",
        "qovery-ext/src/recipes/source.rs",
        "qovery-ext/src/recipes/terraform.rs",
        "qovery-ext/src/recipes/variables/error.rs",
        "qovery-ext/src/wait/outcome.rs",
    ] {
        let text = std::fs::read_to_string(workspace().join(file)).expect("readable");
        for name in predicate
            .captures_iter(&text)
            .map(|found| found[1].to_owned())
        {
            // Of a wait that reached its goal, of the counts of a plan, and of a change of a version.
            if ["is_gone", "is_empty", "is_unchanged"].contains(&name.as_str()) {
                continue;
            }
            let explained = page
                .inline_code()
                .iter()
                .any(|code| code.ends_with(&name) || code.starts_with(&format!("{name}(")));
            assert!(
                explained,
                "docs/errors.md does not explain `{name}` of {file}"
            );
            found += 1;
        }
    }
    assert!(found > 30, "only {found} predicates were looked at");
}

#[test]
fn every_error_type_of_the_helpers_is_explained() {
    let page = Page::read("docs/errors.md");
    let mut files = Vec::new();
    sources(&workspace().join("qovery-ext/src"), &mut files);
    let error = Regex::new(r"Error for (\w+)").expect("a pattern");
    let mut found = 0;
    for text in files {
        for name in error.captures_iter(&text).map(|found| found[1].to_owned()) {
            let is_public = ["struct", "enum"]
                .iter()
                .any(|kind| text.contains(&format!("\npub {kind} {name}")));
            // A refused version is explained with the accessor that returns it.
            if !is_public || name == "UnsupportedVersion" {
                continue;
            }
            let explained = page
                .inline_code()
                .iter()
                .any(|code| code.split("::").any(|part| part == name));
            assert!(explained, "docs/errors.md does not explain `{name}`");
            found += 1;
        }
    }
    assert!(found > 15, "only {found} error types were looked at");
}

#[test]
fn the_variables_are_those_that_are_read_and_in_their_order() {
    let page = Page::read("docs/connecting.md");
    let list = TOKEN_VARIABLES.map(|name| format!("`{name}`")).join(", ");
    assert!(page.text.contains(&list), "{list}");
    assert!(page.text.contains(&format!("`{URL_VARIABLE}`")));
    assert!(Page::read("README.md").text.contains(TOKEN_VARIABLES[0]));
}

#[test]
fn the_numbers_of_the_readme_are_those_of_the_workspace() {
    let readme = Page::read("README.md").text;
    let workspace_manifest =
        std::fs::read_to_string(workspace().join("Cargo.toml")).expect("readable");
    let rust = Regex::new("rust-version = \"([^\"]+)\"").expect("a pattern");
    let rust = rust
        .captures(&workspace_manifest)
        .expect("a version of Rust")[1]
        .to_owned();
    let manifest =
        std::fs::read_to_string(workspace().join("qovery-api/Cargo.toml")).expect("readable");
    let all = Regex::new(r"(?m)^all = \[([^\]]*)\]").expect("a pattern");
    let areas = all.captures(&manifest).expect("the areas")[1]
        .split(',')
        .count();
    for text in [
        format!("All {} operations", contract::OPERATIONS),
        format!("Rust {rust} or newer"),
        format!("Each of {areas} areas"),
    ] {
        assert!(readme.contains(&text), "the README does not say: {text}");
    }
}

#[test]
fn the_landing_page_of_the_helpers_lists_their_modules_and_features() {
    let page =
        std::fs::read_to_string(workspace().join("qovery-ext/src/lib.rs")).expect("readable");
    let manifest =
        std::fs::read_to_string(workspace().join("qovery-ext/Cargo.toml")).expect("readable");
    let features = manifest
        .split("[features]")
        .nth(1)
        .and_then(|rest| rest.split("\n[").next());
    let feature = Regex::new(r"(?m)^([a-z-]+) = ").expect("a pattern");
    let names = feature
        .captures_iter(features.expect("features"))
        .map(|found| found[1].to_owned());
    let module = Regex::new(r"pub mod (\w+);").expect("a pattern");
    let modules = module.captures_iter(&page).map(|found| found[1].to_owned());
    let names: Vec<String> = names
        .filter(|name| name != "default")
        .chain(modules)
        .collect();
    assert!(names.len() > 6, "{names:?}");
    for name in names {
        let row = Regex::new(&format!(r"(?m)^//! \| \[?`{name}`\]? \|")).expect("a pattern");
        assert!(
            row.is_match(&page),
            "no table of qovery-ext/src/lib.rs has `{name}`"
        );
    }
}

/// The names in backquotes between two texts.
fn names_between(text: &str, start: &str, end: char) -> Vec<String> {
    let text = text.replace("\n//!", "");
    let rest = text.split(start).nth(1).unwrap_or_default();
    let sentence = rest.split(end).next().unwrap_or_default();
    let name = Regex::new("`([a-z]+)`").expect("a pattern");
    let names = name.captures_iter(sentence);
    names.map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_areas_that_the_helpers_enable_are_those_of_their_manifest() {
    let read = |path: &str| std::fs::read_to_string(workspace().join(path)).expect("readable");
    let manifest = read("qovery-ext/Cargo.toml").replace('"', "`");
    let areas = names_between(
        &manifest,
        "qovery-api = { workspace = true, features = [",
        ']',
    );
    assert!(areas.len() > 5, "{areas:?}");
    let crate_docs = read("qovery-ext/src/lib.rs");
    let listed = names_between(&crate_docs, "that [`wait`] uses are always enabled:", '.');
    assert_eq!(listed, areas, "qovery-ext/src/lib.rs");
    let guide = Page::read("docs/install.md").text;
    assert_eq!(
        names_between(&guide, "these are", '.'),
        areas,
        "docs/install.md"
    );
}
