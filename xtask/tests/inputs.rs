//! Contracts like those of public bug reports of other generators: each is generated from, noted or refused.
//!
//! The first lines of a file in `inputs` state the result: `code:` is in the client, `note:` and `error:` are
//! in the messages, and there are no other notes.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails if its setup fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The expectations in the first lines of an input.
#[derive(Default)]
struct Expected {
    code: Vec<String>,
    notes: Vec<String>,
    errors: Vec<String>,
}

fn expected(text: &str) -> Expected {
    let mut expected = Expected::default();
    let lines = text.trim_start_matches('\u{feff}').lines();
    for line in lines.map_while(|line| line.strip_prefix("# ")) {
        let (kind, text) = line.split_once(": ").expect("a kind and a text");
        let list = match kind {
            "code" => &mut expected.code,
            "note" => &mut expected.notes,
            "error" => &mut expected.errors,
            other => panic!("`{other}` is no expectation"),
        };
        list.push(text.to_owned());
    }
    expected
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs")
}

/// All code of a client, with single spaces and without the line ends that formatting sets.
fn code(directory: &Path, found: &mut String) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            code(&path, found);
        } else {
            let text = fs::read_to_string(&path).expect("readable");
            syn::parse_file(&text).expect("it is Rust");
            found.push_str(&plain(&text));
        }
    }
}

fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").replace("< ", "<").replace("( ", "(");
    text.replace(", >", ">").replace(", )", ")")
}

/// The faults of the result for an input.
fn faults(input: &Path, home: &Path) -> Vec<String> {
    let expected = expected(&fs::read_to_string(input).expect("readable"));
    let name = input.file_name().expect("a name").to_string_lossy();
    let out = home.join(&*name);
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["generate", "--spec"])
        .arg(input)
        .arg("--out")
        .arg(&out)
        .output()
        .expect("the command runs");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut faults = Vec::new();
    let mut check = |is_fine: bool, what: String| {
        if !is_fine {
            faults.push(format!("{name}: {what}\n{message}"));
        }
    };
    if expected.errors.is_empty() {
        check(output.status.success(), "is refused".to_owned());
        if output.status.success() {
            let mut found = String::new();
            code(&out, &mut found);
            for wanted in &expected.code {
                check(found.contains(&plain(wanted)), format!("lacks {wanted}"));
            }
        }
    } else {
        check(output.status.code() == Some(1), "is accepted".to_owned());
        check(!out.exists(), "wrote files".to_owned());
        for part in expected
            .errors
            .iter()
            .map(String::as_str)
            .chain([&format!("{name}:"), "help: "])
        {
            check(message.contains(part), format!("does not say {part}"));
        }
    }
    for note in &expected.notes {
        let mut notes = message.lines().filter(|line| line.starts_with("note: "));
        check(
            notes.any(|line| line.contains(note)),
            format!("has no note {note}"),
        );
    }
    let count = message.matches("note: ").count();
    check(count == expected.notes.len(), format!("has {count} notes"));
    faults
}

#[test]
fn each_input_is_generated_from_noted_or_refused() {
    let home = tempfile::tempdir().expect("a directory");
    let mut inputs: Vec<PathBuf> = fs::read_dir(directory())
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    inputs.sort();
    assert!(inputs.len() >= 60, "{}", inputs.len());
    let faults: Vec<String> = inputs
        .iter()
        .flat_map(|input| faults(input, home.path()))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
