//! Real revisions of the API, which are not part of this repository.
//!
//! `REVISIONS=DIR cargo test -p xtask --profile xtask revisions -- --ignored`

use super::*;

#[test]
#[ignore = "needs published revisions: set REVISIONS to their directory"]
fn all_revisions_are_accepted_and_give_the_same_twice() {
    let directory =
        std::env::var_os("REVISIONS").expect("REVISIONS names a directory of revisions");
    let entries = std::fs::read_dir(directory).expect("the directory can be read");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let is_revision = |path: &std::path::PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".yaml") && !name.contains("websocket")
    };
    let mut count = 0;
    for path in paths.filter(is_revision) {
        let document = contract::load(&path).unwrap_or_else(|problem| panic!("{problem}"));
        let facts = || normalise(&document).unwrap_or_else(|problem| panic!("{problem}"));
        let normalised = facts();
        progenitor(&normalised).unwrap_or_else(|problem| panic!("{problem}"));
        let again = facts();
        assert_eq!(
            format!("{normalised:?}"),
            format!("{again:?}"),
            "{}",
            path.display()
        );
        count += 1;
    }
    assert!(count > 0, "there are revisions");
}
