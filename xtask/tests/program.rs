//! A program that uses forty operations, compiled against consecutive published revisions.
//!
//! It fails to compile only if `diff` predicts a major version, and only at a place that `diff` names. Not part
//! of this repository: the revisions. `REVISIONS=DIR CACHE=DIR cargo test -p xtask --profile xtask --test program --
//! --ignored --nocapture`; `DAYS` sets the number of steps, `published` says how they are selected.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails if its setup fails"
)]

mod published;

use std::collections::BTreeSet;
use std::env;
use std::fs;

use published::{Cache, Revisions, diff, headline, name};
use serde_json::Value;

const OPERATIONS: &str = include_str!("published/operations.rs");

/// One operation of the program.
#[derive(Clone)]
struct Function {
    name: String,
    text: String,
}

/// A compiler error.
#[derive(Debug)]
struct Failure {
    function: String,
    message: String,
    /// The lines in the message of the compiler.
    lines: Vec<String>,
}

/// The text before the first function, and the functions.
fn functions() -> (String, Vec<Function>) {
    let mark = "pub async fn ";
    let (head, rest) = OPERATIONS.split_at(OPERATIONS.find(mark).expect("a function"));
    let parts = rest.split(mark).filter(|part| !part.is_empty());
    let functions = parts.map(|part| Function {
        name: part.split('(').next().unwrap_or_default().to_owned(),
        text: format!("{mark}{part}"),
    });
    (head.to_owned(), functions.collect())
}

/// The errors of the program with these functions, against the client of the current revision.
fn compile(cache: &Cache, functions: &[Function]) -> Vec<Failure> {
    let (head, _) = self::functions();
    let mut text = format!("{head}fn main() {{}}\n");
    let mut starts = Vec::new();
    for function in functions {
        starts.push(text.lines().count() + 1);
        text.push_str(&function.text);
    }
    fs::write(cache.home().join("program/src/main.rs"), &text).expect("written");
    let lines: Vec<&str> = text.lines().collect();
    let output = cache
        .cargo(&[
            "check",
            "--quiet",
            "-p",
            "program",
            "--message-format",
            "json",
        ])
        .env("RUSTFLAGS", "--cap-lints allow")
        .output()
        .expect("cargo runs");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let mut failures = Vec::new();
    for line in stdout.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let message = &line["message"];
        if message["level"] != "error" {
            continue;
        }
        let spans = message["spans"].as_array().expect("spans").iter();
        let spans = spans.filter(|span| {
            let file = span["file_name"].as_str().unwrap_or_default();
            file.ends_with("program/src/main.rs")
        });
        let numbers = spans.flat_map(|span| {
            let number = |key: &str| span[key].as_u64().unwrap_or_default() as usize;
            number("line_start")..=number("line_end")
        });
        let numbers: Vec<usize> = numbers.collect();
        // "aborting due to 2 previous errors" has no location.
        let Some(first) = numbers.first() else {
            continue;
        };
        let index = starts.partition_point(|start| start <= first) - 1;
        failures.push(Failure {
            function: functions[index].name.clone(),
            message: message["message"].as_str().unwrap_or_default().to_owned(),
            lines: numbers
                .iter()
                .map(|number| lines[number - 1].to_owned())
                .collect(),
        });
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.success(), failures.is_empty(), "{errors}");
    failures
}

/// The functions that compile against the client of the current revision.
fn that_compile(cache: &Cache, mut functions: Vec<Function>) -> Vec<Function> {
    loop {
        let failures = compile(cache, &functions);
        if failures.is_empty() {
            return functions;
        }
        functions.retain(|function| !failures.iter().any(|one| one.function == function.name));
    }
}

fn words(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).collect()
}

/// Whether a major change is about the operation or a type of the function, and about a word in the lines that
/// fail.
fn names(report: &Value, functions: &[Function], failure: &Failure) -> bool {
    let function = functions.iter().find(|one| one.name == failure.function);
    let used = words(&function.expect("a function").text);
    let failing = failure.lines.join(" ");
    let failing = words(&failing);
    let changes = report["changes"].as_array().expect("changes").iter();
    let mut changes = changes.filter(|change| change["severity"] == "major");
    changes.any(|change| {
        let subject = change["subject"].as_str().unwrap_or_default();
        let subject = subject.trim_start_matches("Client::");
        let text = change["text"].as_str().unwrap_or_default();
        used.contains(subject) && !words(text).is_disjoint(&failing)
    })
}

#[test]
#[ignore = "needs published revisions: set REVISIONS"]
fn a_program_fails_to_compile_only_where_a_major_change_is_listed() {
    let days = env::var("DAYS").map_or(30, |days| days.parse().expect("DAYS is a number"));
    let steps = Revisions::read().steps(days, 1);
    let cache = Cache::open();
    let (_, all) = functions();
    assert_eq!(all.len(), 40);
    let mut faults = Vec::new();
    println!(
        "| from | to | `diff` | operations that compile before | after | failing, as listed |\n|---|---|---|---|---|---|"
    );
    for step in &steps {
        let (report, _) = diff(step);
        cache.generate(&step.old);
        let before = that_compile(&cache, all.clone());
        cache.generate(&step.new);
        let failures = compile(&cache, &before);
        let failing: BTreeSet<&str> = failures.iter().map(|one| &*one.function).collect();
        println!(
            "| {} | {} | {} | {} | {} | {} |",
            name(&step.old),
            name(&step.new),
            headline(&report),
            before.len(),
            before.len() - failing.len(),
            failing.iter().copied().collect::<Vec<_>>().join(", "),
        );
        for failure in &failures {
            if report["bump"] != "major" || !names(&report, &before, failure) {
                let Failure {
                    function,
                    message,
                    lines,
                } = failure;
                faults.push(format!("{}: {function}: {message}: {lines:?}", step.name()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_a_change_of_its_own_types_and_words_explains_a_failure() {
    let (_, functions) = functions();
    let report = |subject: &str, text: &str, severity: &str| serde_json::json!({"changes": [{"subject": subject, "text": text, "severity": severity}]});
    let failure = Failure {
        function: "list_project".to_owned(),
        message: "no field".to_owned(),
        lines: vec!["project.organization.id".to_owned()],
    };
    let removed = "Project::organization is gone: ReferenceObject";
    for (subject, text, severity, expected) in [
        ("Project", removed, "major", true),
        ("Project", removed, "minor", false),
        ("Project", "Project::name is gone: String", "major", false),
        ("Cluster", removed, "major", false),
        ("Client::list_project", "organization", "major", true),
    ] {
        let found = names(&report(subject, text, severity), &functions, &failure);
        assert_eq!(found, expected, "{subject} {text} {severity}");
    }
}
