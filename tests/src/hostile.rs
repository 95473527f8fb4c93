//! Texts from a server, a build or a contract that can harm a program that prints them, and checks of
//! an output that contains them.
//!
//! This file uses nothing else of this crate, so that the tests of other crates can compile it too.

use serde_json::Value;

/// The texts of `fixtures/hostile/texts.json`, with their names.
pub fn texts() -> Vec<(String, String)> {
    let corpus: Value = serde_json::from_str(include_str!("../fixtures/hostile/texts.json"))
        .expect("the corpus is JSON");
    let entries = corpus.as_array().expect("the corpus is a list");
    let field = |entry: &Value, name: &str| {
        let text = entry.get(name).and_then(Value::as_str);
        text.expect("an entry of the corpus has a name and a text")
            .to_owned()
    };
    entries
        .iter()
        .map(|entry| (field(entry, "name"), field(entry, "text")))
        .collect()
}

/// Text that a terminal or a CI runner would interpret, or that is invisible, in an output of several lines.
pub fn faults(output: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for line in output.split('\n') {
        let mut fault = |what: &str| faults.push(format!("{what} in {line:?}"));
        if let Some(hidden) = line.chars().find(|c| does_not_show(*c)) {
            fault(&format!("U+{:04X}", u32::from(hidden)));
        }
        let mut marks = 0;
        let flood = line.chars().any(|c| {
            marks = if combines(c) { marks + 1 } else { 0 };
            marks > 8
        });
        if flood {
            fault("marks on top of each other");
        }
        if line.trim_start().starts_with("::") {
            fault("a command at the beginning");
        }
        for command in COMMANDS {
            if line.contains(command) {
                fault(command);
            }
        }
    }
    faults
}

/// The sequences that runners interpret anywhere in a line.
const COMMANDS: [&str; 7] = [
    "##[",
    "##vso[",
    "##teamcity[",
    "section_start:",
    "section_end:",
    "travis_fold:",
    "travis_time:",
];

fn combines(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}'
            | '\u{1ab0}'..='\u{1ace}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20f0}'
            | '\u{fe20}'..='\u{fe2f}'
    )
}

fn does_not_show(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}
