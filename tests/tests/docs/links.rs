//! The links of the docs lead to existing files and headings.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use integration_tests::document::workspace;
use regex_lite::Regex;

use crate::page::{self, Page};

/// The target of a link without `.` and `..`, relative to the directory of the workspace.
fn resolved(page: &Path, target: &str) -> PathBuf {
    if target.is_empty() {
        return page.to_owned();
    }
    let mut path = page.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{target} leads out of the workspace"),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

fn is_external(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

/// The broken links of a page.
fn broken(page: &Page) -> Vec<String> {
    let leads_nowhere = |link: &String| {
        if is_external(link) {
            return false;
        }
        let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
        let path = resolved(&page.path, target);
        if target.is_empty() {
            return !page.anchors().iter().any(|known| known == anchor);
        }
        let exists = workspace().join(&path).exists();
        !exists || !anchor.is_empty() && !Page::read(&path).anchors().iter().any(|a| a == anchor)
    };
    let links = page.links().into_iter().filter(leads_nowhere);
    links
        .map(|link| format!("{}: {link}", page.path.display()))
        .collect()
}

#[test]
fn every_link_and_anchor_leads_somewhere() {
    let pages = page::all();
    let broken: Vec<_> = pages.iter().flat_map(broken).collect();
    assert!(
        broken.is_empty(),
        "these lead nowhere:\n{}",
        broken.join("\n")
    );
    let links: usize = pages.iter().map(|page| page.links().len()).sum();
    assert!(links > 60, "only {links} links were looked at");
}

/// The pages that a text names, such as `docs/waiting.md` or `docs/waiting.md#states`.
fn named_pages(text: &str) -> Vec<String> {
    let name = Regex::new(r"\b(?:docs|tests)/[\w-]+\.md(?:#[\w-]+)?").expect("a pattern");
    name.find_iter(text)
        .map(|found| found.as_str().to_owned())
        .collect()
}

/// The texts of code, tools and workflows that name pages: comments, messages and help.
fn sources(directory: &Path, into: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if !["target", "generated", ".git"]
                .iter()
                .any(|skipped| name == *skipped)
            {
                sources(&path, into);
            }
        } else if path.extension().is_some_and(|kind| {
            ["rs", "toml", "yaml", "yml", "sh"]
                .iter()
                .any(|k| kind == *k)
        }) {
            let text = std::fs::read_to_string(&path).expect("readable");
            into.push((path, text));
        }
    }
}

#[test]
fn every_page_that_the_code_names_exists() {
    let mut texts = Vec::new();
    for directory in [
        ".github",
        "bench",
        "demo",
        "durable",
        "qovery-api/src/runtime",
        "qovery-ext",
        "qovery-fake",
        "tests",
        "xtask",
    ] {
        sources(&workspace().join(directory), &mut texts);
    }
    let mut found = 0;
    for (path, text) in &texts {
        if path.ends_with("tests/tests/docs/links.rs") {
            continue; // the examples of the tests below
        }
        for name in named_pages(text) {
            let page = Page {
                path: PathBuf::from("README.md"),
                text: format!("[page]({name})"),
            };
            assert_eq!(broken(&page), [""; 0], "{}", path.display());
            found += 1;
        }
    }
    assert!(found > 20, "only {found} names were looked at");
}

#[test]
fn pages_are_found_in_code() {
    let text = "// see docs/nothing.md#here and `tests/README.md`, not docs/demo.svg";
    assert_eq!(
        named_pages(text),
        ["docs/nothing.md#here", "tests/README.md"]
    );
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = Page {
        path: PathBuf::from("docs/page.md"),
        text:
            "# One\n[a](#one) [b](#two) [c](../README.md) [d](nothing.md) ![e](../README.md#none) \
               [f](https://example.com/#x)"
                .to_owned(),
    };
    let found =
        ["#two", "nothing.md", "../README.md#none"].map(|link| format!("docs/page.md: {link}"));
    assert_eq!(broken(&page), found);
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let mut reached = BTreeSet::new();
    let mut open = vec![PathBuf::from("README.md")];
    while let Some(path) = open.pop() {
        let is_page = path.extension().is_some_and(|kind| kind == "md");
        if is_page && reached.insert(path.clone()) {
            let links = Page::read(&path).links();
            let inside = links.iter().filter(|link| !is_external(link));
            open.extend(inside.map(|link| resolved(&path, link.split('#').next().unwrap_or(link))));
        }
    }
    for page in page::all() {
        assert!(
            reached.contains(&page.path),
            "nothing leads to {}",
            page.path.display()
        );
    }
}

#[test]
fn the_snippets_of_every_page_are_compiled() {
    let compiled =
        std::fs::read_to_string(workspace().join("tests/src/guide.rs")).expect("readable");
    for page in page::all() {
        let has_snippets = page.text.contains("```rust");
        let path = format!("\"../../{}\"", page.path.display());
        assert!(
            !has_snippets || compiled.contains(&path),
            "{path} is not in tests/src/guide.rs"
        );
    }
}

// rustdoc hides lines that begin with `# `. GitHub and mdBook would show them.
#[test]
fn the_snippets_hide_no_line() {
    for page in page::all() {
        for language in ["rust", "rust,no_run"] {
            for block in page.blocks(language) {
                let hidden = block
                    .lines()
                    .find(|line| line.starts_with("# ") || *line == "#");
                assert_eq!(hidden, None, "{}", page.path.display());
            }
        }
    }
}
