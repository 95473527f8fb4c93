//! The guide lists the fields that are secret.

use std::collections::BTreeSet;
use std::fs;

use integration_tests::document::workspace;
use regex_lite::Regex;

use crate::page::Page;

/// The fields of the models whose type is a secret.
fn secret_fields() -> BTreeSet<String> {
    // The type of a field continues in lines with more indentation.
    let field =
        Regex::new(r"\n    pub (?:r#)?(\w+):([^\n]*(?:\n        [^\n]*)*)").expect("a pattern");
    let mut fields = BTreeSet::new();
    for area in fs::read_dir(workspace().join("qovery-api/src/generated")).expect("the client") {
        let models = area.expect("an entry").path().join("models.rs");
        let Ok(text) = fs::read_to_string(models) else {
            continue;
        };
        let found = field.captures_iter(&text);
        let secret = found.filter(|found| found[2].contains("runtime::Secret"));
        fields.extend(secret.map(|found| found[1].to_owned()));
    }
    fields
}

#[test]
fn the_guide_lists_every_secret_field() {
    let fields = secret_fields();
    assert!(fields.len() > 40, "{fields:?}");
    let page = Page::read("docs/connecting.md");
    let list = page.text.split("<!-- secrets: ").nth(1);
    let list = list.and_then(|rest| rest.split("<!-- end -->").next());
    let listed = list.expect("a list").split('`').skip(1).step_by(2);
    let listed: BTreeSet<_> = listed.map(str::to_owned).collect();
    let expected: Vec<_> = fields.iter().map(|name| format!("`{name}`")).collect();
    assert!(
        listed == fields,
        "the list in docs/connecting.md should be:\n{}",
        expected.join(", ")
    );
}
