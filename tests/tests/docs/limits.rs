//! The limits that `SECURITY.md` names are those of the code.
//!
//! Most of them are private constants, so their declarations are read from the sources.

use std::fs;
use std::path::Path;

use integration_tests::document::workspace;
use regex_lite::Regex;

use crate::page::Page;

/// How a number is written in the table.
#[derive(Clone, Copy)]
enum Unit {
    Count,
    Bytes,
    Seconds,
}

use Unit::{Bytes, Count, Seconds};

/// A constant, by the beginning of its path, in the row that begins like this.
const LIMITS: &[(&str, &str, &str, Unit)] = &[
    (
        "A token is sent back",
        "qovery-api/src/runtime/redact",
        "BEGINNING",
        Count,
    ),
    (
        "A path parameter reaches",
        "qovery-api/src/runtime/path",
        "DECODINGS",
        Count,
    ),
    (
        "A FIFO, a socket",
        "qovery-ext/src/connect",
        "SIZE_LIMIT",
        Bytes,
    ),
    (
        "Another file is named",
        "qovery-ext/src/recipes/bulk",
        "LINE_LIMIT",
        Bytes,
    ),
    (
        "Another file is named",
        "qovery-ext/src/recipes/bulk",
        "JOURNAL_LIMIT",
        Bytes,
    ),
    (
        "body of a successful response",
        "qovery-api/src/runtime/limits",
        "DEFAULT_BODY_LIMIT",
        Bytes,
    ),
    (
        "memory of a decoded response",
        "qovery-api/src/runtime/decode/budget",
        "PER_BODY_BYTE",
        Count,
    ),
    (
        "body of any other response",
        "qovery-api/src/runtime/limits",
        "ERROR_BODY_LIMIT",
        Bytes,
    ),
    (
        "bodies and websocket messages decoded",
        "qovery-api/src/runtime/background",
        "LARGE",
        Bytes,
    ),
    (
        "message of a websocket",
        "qovery-ext/src/stream/socket",
        "MESSAGE_LIMIT",
        Bytes,
    ),
    (
        "nesting of a document",
        "qovery-api/src/runtime/decode",
        "DEPTH_LIMIT",
        Count,
    ),
    (
        "names of extra fields",
        "qovery-api/src/runtime/extra",
        "NAMES_LIMIT",
        Count,
    ),
    (
        "time to connect",
        "qovery-api/src/runtime/limits",
        "DEFAULT_CONNECT_TIMEOUT",
        Seconds,
    ),
    (
        "time of one attempt",
        "qovery-api/src/runtime/limits",
        "DEFAULT_TIMEOUT",
        Seconds,
    ),
    (
        "stages, services, queued requests",
        "qovery-ext/src/wait/api",
        "ENTRIES",
        Count,
    ),
    (
        "steps of all services",
        "qovery-ext/src/wait/api",
        "STEPS",
        Count,
    ),
    (
        "environments of a project",
        "qovery-ext/src/wait/api",
        "ENVIRONMENTS",
        Count,
    ),
    ("lines of a log", "qovery-ext/src/wait/api", "LINES", Count),
    (
        "stages and services in a failure report",
        "qovery-ext/src/wait/failure_report",
        "STAGES",
        Count,
    ),
    (
        "stages and services in a failure report",
        "qovery-ext/src/wait/failure_report",
        "SERVICES",
        Count,
    ),
    (
        "names in the message of a `FindError`",
        "qovery-ext/src/recipes/find_error",
        "LISTED",
        Count,
    ),
    (
        "text of an operation token",
        "qovery-ext/src/wait/token",
        "MAX_LENGTH",
        Bytes,
    ),
    (
        "requests of waits in flight",
        "qovery-ext/src/wait/in_flight",
        "IN_FLIGHT",
        Count,
    ),
    (
        "polls of a group at the same time",
        "qovery-ext/src/wait/group",
        "POLLS_AT_ONCE",
        Count,
    ),
    (
        "actions that a group starts",
        "qovery-ext/src/wait/group",
        "STARTED_AT_ONCE",
        Count,
    ),
    (
        "projects that a group looks up",
        "qovery-ext/src/wait/shared_reading",
        "LOOK_UPS_AT_ONCE",
        Count,
    ),
    (
        "ids / cursors that the stream of a list",
        "qovery-ext/src/page/seen",
        "REMEMBERED",
        Count,
    ),
    (
        "ids in a resume cursor",
        "qovery-ext/src/page/seen",
        "STORED_IN_CURSOR",
        Count,
    ),
    (
        "ids in a stored resume cursor",
        "qovery-ext/src/page/cursor",
        "LONGEST",
        Bytes,
    ),
    (
        "pages in a row without",
        "qovery-ext/src/page/navigator",
        "MAX_PAGES_WITHOUT_NEWS",
        Count,
    ),
    (
        "file of a contract",
        "xtask/src/contract/bounds",
        "FILE",
        Bytes,
    ),
    (
        "values of a document",
        "xtask/src/contract/bounds",
        "NODES",
        Count,
    ),
    (
        "text of a document",
        "xtask/src/contract/bounds",
        "TEXT",
        Bytes,
    ),
    (
        "nested lists and mappings",
        "xtask/src/contract/bounds",
        "DEPTH",
        Count,
    ),
    ("name or key", "xtask/src/contract/shape", "NAME", Count),
    ("name or key", "xtask/src/contract/shape", "VALUE", Count),
    (
        "values of an `enum`",
        "xtask/src/contract/shape",
        "VALUES",
        Count,
    ),
    (
        "values of an `enum`",
        "xtask/src/contract/shape",
        "PROPERTIES",
        Count,
    ),
    (
        "values of an `enum`",
        "xtask/src/contract/shape",
        "LISTED",
        Count,
    ),
    (
        "members of `allOf`",
        "xtask/src/contract/shape",
        "MEMBERS",
        Count,
    ),
    (
        "members of `allOf`",
        "xtask/src/contract/shape",
        "PARAMETERS",
        Count,
    ),
    (
        "description or summary",
        "xtask/src/contract/shape",
        "TEXT",
        Bytes,
    ),
    (
        "description or summary",
        "xtask/src/contract/shape",
        "LINES",
        Count,
    ),
    (
        "operations of a contract",
        "xtask/src/codegen/normalize/operations",
        "OPERATIONS",
        Count,
    ),
    (
        "media types, statuses",
        "xtask/src/contract/shape",
        "KINDS",
        Count,
    ),
    (
        "media types, statuses",
        "xtask/src/contract/shape",
        "DEFINITIONS",
        Count,
    ),
    (
        "schemas read",
        "xtask/src/codegen/normalize/budget",
        "READ",
        Count,
    ),
    (
        "schemas read",
        "xtask/src/codegen/normalize/budget",
        "READ_DEPTH",
        Count,
    ),
    (
        "schemas copied",
        "xtask/src/codegen/normalize/budget",
        "COPIED",
        Count,
    ),
    (
        "schemas in a chain",
        "xtask/src/codegen/normalize/budget",
        "CHAIN",
        Count,
    ),
    (
        "schemas in a chain",
        "xtask/src/codegen/normalize/budget",
        "DEPTH",
        Count,
    ),
    (
        "pairs of a response and a request",
        "xtask/src/codegen/passes/edits",
        "PAIRS",
        Count,
    ),
    (
        "all schemas of a client",
        "xtask/src/codegen/normalize/budget",
        "TOTAL",
        Count,
    ),
    (
        "all schemas of a client",
        "xtask/src/codegen/split",
        "MAXIMUM_LINES",
        Count,
    ),
];

/// The value of the one constant of this name in the files whose paths begin like this.
fn value(place: &str, name: &str) -> u64 {
    fn files(directory: &Path, place: &str, texts: &mut Vec<String>) {
        for entry in fs::read_dir(directory).expect("readable") {
            let path = entry.expect("an entry").path();
            let shown = path.strip_prefix(workspace()).expect("below");
            let shown = shown.to_string_lossy().replace('\\', "/");
            if path.is_dir() && (place.starts_with(&shown) || shown.starts_with(place)) {
                files(&path, place, texts);
            } else if shown.starts_with(place) && shown.ends_with(".rs") {
                texts.push(fs::read_to_string(&path).expect("text"));
            }
        }
    }
    let (package, _) = place.split_once('/').expect("a path");
    let mut texts = Vec::new();
    files(&workspace().join(package), place, &mut texts);
    let pattern = format!(r"const {name}: \w+ =\s*([^;]+);");
    let pattern = Regex::new(&pattern).expect("a pattern");
    let mut found: Vec<u64> = Vec::new();
    for text in &texts {
        let matches = pattern.captures_iter(text);
        found.extend(matches.map(|found| evaluate(&found[1])));
    }
    match found[..] {
        [value] => value,
        _ => panic!("{place}: {} constants {name}", found.len()),
    }
}

/// The value of a product, a shift or a number of seconds.
fn evaluate(text: &str) -> u64 {
    let text = text.trim();
    let inner = text.strip_prefix("Duration::from_secs(");
    if let Some(inner) = inner.and_then(|text| text.strip_suffix(')')) {
        return evaluate(inner);
    }
    if let Some((left, right)) = text.split_once("<<") {
        return evaluate(left) << evaluate(right);
    }
    let number = |text: &str| {
        let digits = text.trim().replace('_', "");
        digits
            .parse::<u64>()
            .unwrap_or_else(|_| panic!("no number: {text}"))
    };
    text.split('*').map(number).product()
}

fn written(value: u64, unit: Unit) -> String {
    match unit {
        Seconds => format!("{value} s"),
        Bytes if value.is_multiple_of(1 << 20) => format!("{} MiB", value >> 20),
        Bytes => format!("{} KiB", value >> 10),
        Count => {
            let digits = value.to_string();
            let mut text = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index).is_multiple_of(3) {
                    text.push(',');
                }
                text.push(digit);
            }
            text
        }
    }
}

#[test]
fn the_limits_in_security_md_are_those_of_the_code() {
    let page = Page::read("SECURITY.md");
    let mut problems = Vec::new();
    for (row, place, name, unit) in LIMITS {
        let limit = written(value(place, name), *unit);
        let start = format!("| {row}");
        let rows: Vec<&str> = page
            .text
            .lines()
            .filter(|line| line.starts_with(&start))
            .collect();
        let [line] = rows[..] else {
            problems.push(format!("{} rows begin with {start:?}", rows.len()));
            continue;
        };
        let pattern = format!(
            r"(^|[^0-9,]){}($|[^0-9,]|,[^0-9])",
            limit.replace('.', r"\.")
        );
        if !Regex::new(&pattern).expect("a pattern").is_match(line) {
            problems.push(format!(
                "{place}: {name} is {limit}, and the row says: {line}"
            ));
        }
    }
    let derived = value("qovery-api/src/runtime/decode/budget", "PER_BODY_BYTE")
        * value("qovery-api/src/runtime/limits", "DEFAULT_BODY_LIMIT");
    if !page.text.contains(&format!(
        "| {} × `body_limit`, {} |",
        derived / (64 << 20),
        written(derived, Bytes)
    )) {
        problems.push("the memory of a decoded response".to_owned());
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_row_with_a_number_is_compared_or_says_nothing_that_could_change() {
    /// Rows whose numbers other tests check or which have none.
    const OTHERS: [&str; 3] = [
        "announced length of a body",
        "subject",
        "longest delay of a `Retry-After`",
    ];
    let page = Page::read("SECURITY.md");
    let (_, tables) = page
        .text
        .split_once("## Limits on responses")
        .expect("the section");
    for line in tables.lines().filter(|line| line.starts_with("| ")) {
        let subject = line.trim_start_matches("| ");
        let is_known = LIMITS.iter().any(|(row, ..)| subject.starts_with(row))
            || OTHERS.iter().any(|row| subject.starts_with(row));
        assert!(is_known, "no constant is compared with {line}");
    }
    let options = qovery_ext::wait::WaitOptions::default();
    let row = format!(
        "| {} s | `longest_retry_after` |",
        options.longest_retry_after.as_secs()
    );
    assert!(page.text.contains(&row), "{row}");
}
