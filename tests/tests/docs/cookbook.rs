//! The cookbook has code for enough commands, and its programs are the tested examples.

use std::collections::BTreeSet;

use integration_tests::document::workspace;

fn page() -> String {
    std::fs::read_to_string(workspace().join("docs/cookbook.md")).expect("the cookbook")
}

#[test]
fn at_least_40_commands_have_their_line_of_rust() {
    let page = page();
    let lines: Vec<&str> = page.lines().collect();
    let mut commands = BTreeSet::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(command) = line.strip_prefix("// qovery ") else {
            continue;
        };
        let next = lines[number + 1];
        let is_code =
            !next.trim().is_empty() && !next.starts_with("//") && !next.starts_with("```");
        assert!(is_code, "no line of Rust for: qovery {command}");
        assert!(commands.insert(command), "twice: qovery {command}");
    }
    assert!(commands.len() >= 40, "{} commands", commands.len());
}

#[test]
fn each_program_is_the_example_that_is_tested_and_is_short() {
    let page = page();
    let examples = workspace().join("qovery-ext/examples");
    for (name, limit) in [
        ("ci_deploy", 40),
        ("ci_deploy_many", 40),
        ("ci_preview", 40),
        ("ci_preview_delete", 40),
        ("ci_promote", 40),
        ("stop_all_non_production", 19),
    ] {
        let program = std::fs::read_to_string(examples.join(name).with_extension("rs"));
        let program = program.expect("an example");
        let lines = program.lines().count();
        assert!(lines <= limit, "{name} has {lines} lines");
        let shown = format!("```rust,no_run\n{program}```");
        assert!(
            page.contains(&shown),
            "docs/cookbook.md does not show {name} as it is"
        );
    }
}
