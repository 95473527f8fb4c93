//! The book of the guide has every page once, in the order of the index, and its links work from there.

use std::path::{Component, Path};

use integration_tests::document::workspace;

use crate::page::{self, Page};

const INDEX: &str = "docs/README.md";
const SUMMARY: &str = "docs/SUMMARY.md";

/// The links of a page to other pages of the guide, in order, without repetition.
fn pages_in(page: &Page) -> Vec<String> {
    let mut pages = Vec::new();
    for link in page.links() {
        let target = link.split('#').next().unwrap_or(&link).to_owned();
        let is_page = target.ends_with(".md") && !target.contains('/');
        if is_page && target != "README.md" && !pages.contains(&target) {
            pages.push(target);
        }
    }
    pages
}

#[test]
fn the_book_has_every_page_of_the_guide_in_the_order_of_the_index() {
    let summary = pages_in(&Page::read(SUMMARY));
    assert_eq!(summary, pages_in(&Page::read(INDEX)));
    let mut listed = summary;
    listed.extend(["README.md".to_owned(), "SUMMARY.md".to_owned()]);
    listed.sort();
    let guide = page::all().into_iter().map(|page| page.path);
    let mut guide: Vec<_> = guide
        .filter_map(|path| Some(path.strip_prefix("docs").ok()?.display().to_string()))
        .collect();
    guide.push("SUMMARY.md".to_owned());
    guide.sort();
    assert_eq!(listed, guide);
}

// mdBook makes `page.html` of each link to `page.md`, also of links to pages that are not in the book. All
// other files have to be as far from a page of the book as they are from the page in `docs`.
#[test]
fn a_link_out_of_the_guide_works_in_the_book_too() {
    let settings = std::fs::read_to_string(workspace().join("docs/book.toml"));
    let settings = settings.expect("the settings of the book");
    assert!(settings.contains("src = \".\""));
    assert!(settings.contains("build-dir = \"../book\""));
    for page in page::all() {
        if page.path.parent() != Some(Path::new("docs")) {
            continue;
        }
        for link in page.links() {
            let leaves = Path::new(&link)
                .components()
                .next()
                .is_some_and(|first| first == Component::ParentDir);
            assert!(
                !leaves || !link.contains(".md"),
                "{}: {link} is not in the book: name the file instead of linking to it",
                page.path.display()
            );
        }
    }
}
