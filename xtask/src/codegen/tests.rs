//! Real revisions of the API, which are not part of this repository.
//!
//! `REVISIONS=DIR cargo test -p xtask --profile xtask revisions -- --ignored --nocapture`, with
//! `PRINT=DIR` to write the generated files of each to a directory.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::model::Normalised;
use super::*;

fn revisions() -> Vec<PathBuf> {
    let directory =
        std::env::var_os("REVISIONS").expect("REVISIONS names a directory of revisions");
    let entries = std::fs::read_dir(directory).expect("the directory can be read");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
            && !path.to_string_lossy().contains("websocket")
    });
    paths.sort();
    assert!(!paths.is_empty(), "there are revisions");
    paths
}

/// The output of progenitor, for review.
fn text(written: &progenitor::Output) -> String {
    prettyplease::unparse(&written.client)
}

fn print(path: &Path, what: &str, text: &str) {
    if let Some(directory) = std::env::var_os("PRINT") {
        let name = path.with_extension(what);
        let name = name.file_name().expect("a name");
        std::fs::write(Path::new(&directory).join(name), text).expect("the result can be written");
    }
}

#[test]
#[ignore = "needs published revisions: set REVISIONS to their directory"]
fn all_revisions_are_accepted_and_give_the_same_twice() {
    for path in revisions() {
        let document = contract::load(&path).unwrap_or_else(|problem| panic!("{problem}"));
        let begin = Instant::now();
        let normalised = normalise(&document).unwrap_or_else(|problem| panic!("{problem}"));
        let normalising = begin.elapsed();
        let written = progenitor(&normalised).unwrap_or_else(|problem| panic!("{problem}"));
        eprintln!(
            "{}: {} operations, {} schemas, {} remarks; normalised in {normalising:?}, generated after {:?}",
            path.display(),
            normalised.operations.len(),
            normalised.schemas.len(),
            normalised.remarks.len(),
            begin.elapsed(),
        );
        print(
            &path,
            "json",
            &serde_json::to_string_pretty(&normalised.document).expect("JSON"),
        );
        print(
            &path,
            "facts",
            &format!(
                "{:#?}\n{:#?}\n{:#?}",
                normalised.remarks, normalised.operations, normalised.schemas
            ),
        );
        print(&path, "rs", &text(&written));
        let again = normalise(&document).expect("accepted once");
        assert_eq!(
            format!("{normalised:?}"),
            format!("{again:?}"),
            "{}",
            path.display()
        );
    }
}

/// The contract of this repository, its fixes applied.
pub(super) fn own_contract() -> Normalised {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (contract, fixes) = (home.join("../openapi.yaml"), home.join("overlay.yaml"));
    let document = contract::load_with(&contract, Some(&fixes));
    let document = document.unwrap_or_else(|problem| panic!("{problem}"));
    normalise(&document).unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn the_contract_of_this_repository_is_accepted() {
    let normalised = own_contract();
    let written = progenitor(&normalised).unwrap_or_else(|problem| panic!("{problem}"));
    let path = Path::new("openapi.yaml");
    print(
        path,
        "facts",
        &format!(
            "{:#?}\n{:#?}\n{:#?}",
            normalised.remarks, normalised.operations, normalised.schemas
        ),
    );
    print(path, "rs", &text(&written));
    assert!(
        normalised.operations.len() > 600,
        "{} operations",
        normalised.operations.len()
    );
}
