//! Writes the contract: always the same bytes for the same content, in a form that is easy to review.
//!
//! The tree of a contract is written in one style. Mappings are blocks; short
//! lists of plain values are on one line; long texts are folded at spaces; a text is quoted only
//! if some YAML reader, of version 1.1 or 1.2, would read it as another type.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

use super::source;
use crate::problem::Problem;
use crate::text::is_hidden;
use crate::write::replaceable;

/// The maximum column of a line, unless a line cannot be broken.
const WIDTH: usize = 110;

/// The text of a document.
///
/// # Errors
/// Returns an error if the text does not parse to the same document. This is a defect of this module, and
/// the text must not be written.
pub(crate) fn text(value: &Value) -> Result<String, Problem> {
    let mut out = String::new();
    block(value, 0, &mut out);
    let again = source::parse(Path::new(""), out.clone()).map_err(|problem| {
        let what = format!(
            "the contract would be written as a text that {}",
            problem.what()
        );
        problem.without_file().with_what(what)
    })?;
    if again.value == *value {
        Ok(out)
    } else if is_spelled(value, &again.value) {
        // If the schema of a number wants a text, the value is read as a text. The file is written with this text.
        text(&again.value)
    } else {
        Err(Problem::defect(
            "the canonical text differs from the document",
        ))
    }
}

/// Whether two documents differ only in numbers and booleans that the other one has as texts.
fn is_spelled(value: &Value, other: &Value) -> bool {
    match (value, other) {
        (Value::Object(one), Value::Object(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len()
                && pairs.all(|((a, one), (b, other))| a == b && is_spelled(one, other))
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| is_spelled(one, other))
        }
        (Value::Number(_) | Value::Bool(_), Value::String(text)) => {
            let spelling = value.to_string();
            spelling == *text
        }
        _ => value == other,
    }
}

/// Writes a new file, or replaces a regular file, completely or not at all.
///
/// # Errors
/// Returns an error if the directory or the file cannot be written, or the path is not a regular file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let failed = |error: std::io::Error| Problem::of_io(path, "written", &error);
    let permissions = replaceable(path)?.or_else(new_file);
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."));
    // A new file name. The file is readable for this user only until it is complete.
    let mut fresh = tempfile::Builder::new()
        .prefix(".contract-")
        .tempfile_in(directory)
        .map_err(failed)?;
    fresh.write_all(text.as_bytes()).map_err(failed)?;
    if let Some(permissions) = permissions {
        let file = fresh.as_file();
        file.set_permissions(permissions).map_err(failed)?;
    }
    fresh.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// The permissions of a new file: readable by everyone.
#[cfg(unix)]
fn new_file() -> Option<fs::Permissions> {
    Some(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

/// The permissions of a new file: the system's default.
#[cfg(not(unix))]
fn new_file() -> Option<fs::Permissions> {
    None
}

/// Writes a mapping or a list. Each line begins at `indent`.
fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                spaces(indent, out);
                out.push_str(&scalar(key));
                out.push(':');
                member(value, indent, out);
            }
        }
        Value::Array(list) => {
            for value in list {
                spaces(indent, out);
                out.push('-');
                item(value, indent, out);
            }
        }
        _ => {
            spaces(indent, out);
            out.push_str(&plain(value));
            out.push('\n');
        }
    }
}

/// Writes the value after `key:`.
fn member(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::String(text) if text.contains('\n') || indent + text.len() > WIDTH => {
            long(text, indent + 2, out)
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            block(value, indent + 2, out);
        }
        Value::Array(list) if !list.is_empty() => {
            match one_line(list).filter(|line| indent + line.len() + 24 <= WIDTH) {
                Some(line) => {
                    out.push(' ');
                    out.push_str(&line);
                    out.push('\n');
                }
                None => {
                    out.push('\n');
                    block(value, indent + 2, out);
                }
            }
        }
        _ => {
            out.push(' ');
            out.push_str(&plain(value));
            out.push('\n');
        }
    }
}

/// Writes the value after `-`. A mapping begins on the same line, its other keys below the first.
fn item(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let mut inner = String::new();
            block(value, indent + 2, &mut inner);
            out.push(' ');
            out.push_str(inner.trim_start_matches(' '));
        }
        Value::Array(list) if !list.is_empty() => {
            out.push('\n');
            block(value, indent + 2, out);
        }
        _ => member(value, indent, out),
    }
}

fn one_line(list: &[Value]) -> Option<String> {
    let simple = list.iter().all(|value| match value {
        Value::String(text) => !text.contains(['\n', ',', '[', ']', '{', '}']),
        Value::Object(_) | Value::Array(_) => false,
        _ => true,
    });
    simple.then(|| {
        format!(
            "[{}]",
            list.iter().map(plain).collect::<Vec<_>>().join(", ")
        )
    })
}

/// A text of several lines, or one too long for a line.
fn long(text: &str, indent: usize, out: &mut String) {
    if !fits_a_block(text) {
        out.push(' ');
        out.push_str(&scalar(text));
        out.push('\n');
        return;
    }
    let keep = if text.ends_with('\n') { "" } else { "-" };
    let literal = text.trim_end_matches('\n').contains('\n');
    out.push_str(if literal { " |" } else { " >" });
    out.push_str(keep);
    out.push('\n');
    for line in text.trim_end_matches('\n').split('\n') {
        let pieces = if literal {
            vec![line.to_owned()]
        } else {
            folded(line, WIDTH.saturating_sub(indent).max(40))
        };
        for piece in pieces {
            if !piece.is_empty() {
                spaces(indent, out);
                out.push_str(&piece);
            }
            out.push('\n');
        }
    }
}

/// A block keeps neither several line ends at its end, nor spaces at its start, nor unprintable characters.
fn fits_a_block(text: &str) -> bool {
    !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n'])
        && text
            .split('\n')
            .all(|line| line.trim_end() == line && !line.contains("  "))
        && text.chars().all(|c| c == '\n' || prints(c))
}

/// Breaks at single spaces only, because reading converts the line ends back to spaces.
fn folded(line: &str, width: usize) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match pieces.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            _ => pieces.push(word.to_owned()),
        }
    }
    pieces
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        // The remaining kinds, and empty lists and mappings, are written as in JSON.
        other => other.to_string(),
    }
}

fn scalar(text: &str) -> String {
    if is_safe(text) {
        text.to_owned()
    } else if !text.chars().all(prints) {
        quoted(text)
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// The text with escapes for unprintable characters.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if prints(c) => out.push(c),
            c => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// Whether YAML allows the character in a file and it is displayed unchanged.
fn prints(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..) && !is_hidden(c)
}

/// Whether every YAML reader takes the text for a text without quotes.
fn is_safe(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    if is_version(text) {
        return true;
    }
    let starts_well =
        first.is_ascii_alphabetic() || matches!(first, '/' | '_' | '$' | '(') || !first.is_ascii();
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    starts_well
        && text.trim() == text
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && text.chars().all(prints)
        && !reserved.contains(&text.to_ascii_lowercase().as_str())
}

/// No number and no date contains two dots.
fn is_version(text: &str) -> bool {
    let parts = || text.split('.');
    parts().count() == 3
        && parts().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

fn spaces(count: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', count));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_whose_schema_wants_a_text_is_written_as_a_text() {
        let value = json!({"type": "string", "default": 1.0, "enum": [true, 7], "minLength": 1});
        let wanted =
            json!({"type": "string", "default": "1.0", "enum": ["true", "7"], "minLength": 1});
        let written = super::text(&value).expect("a text");
        let read = source::parse(Path::new("a.yaml"), written).expect("readable");
        assert_eq!(read.value, wanted);
    }

    #[test]
    fn mappings_are_blocks_and_short_lists_stand_on_one_line() {
        let value = json!({"a": {"b": [1, "x", null], "c": {}, "d": []}, "e": [{"f": 1, "g": [{"h": true}]}, [1]]});
        let expected = "a:\n  b: [1, x, null]\n  c: {}\n  d: []\ne:\n  - f: 1\n    g:\n      - h: true\n  -\n    - 1\n";
        assert_eq!(text(&value).unwrap(), expected);
    }

    #[test]
    fn texts_are_quoted_only_if_a_reader_would_misread_them() {
        for (value, expected) in [
            ("plain text", "plain text"),
            ("/a/{id}", "/a/{id}"),
            ("$ref", "$ref"),
            ("yes", "'yes'"),
            ("No", "'No'"),
            ("200", "'200'"),
            ("3.0.3", "3.0.3"),
            ("3.0", "'3.0'"),
            ("2022-01-01", "'2022-01-01'"),
            ("a: b", "'a: b'"),
            ("it's #1", "'it''s #1'"),
            ("#/components", "'#/components'"),
            (" CLUSTER", "' CLUSTER'"),
            ("", "''"),
            ("tab\there", "\"tab\\there\""),
        ] {
            assert_eq!(scalar(value), expected);
        }
    }

    #[test]
    fn long_texts_are_folded_and_paragraphs_are_kept() {
        let words = "word ".repeat(40);
        let written = text(&json!({"a": words.trim(), "b": "one\n\ntwo"})).unwrap();
        assert!(written.starts_with("a: >-\n  word word"), "{written}");
        assert!(written.lines().all(|line| line.len() <= WIDTH), "{written}");
        assert!(written.ends_with("b: |-\n  one\n\n  two\n"), "{written}");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named_and_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let message = write(&directory.path().join("no/such.yaml"), "x")
            .unwrap_err()
            .to_string();
        assert!(message.contains("cannot be written"), "{message}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn only_a_regular_file_is_replaced_and_it_keeps_its_permissions() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("own.yaml");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        write(&own, "a").unwrap();
        assert_eq!(mode(&own), 0o644);
        fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).unwrap();
        write(&own, "b").unwrap();
        assert_eq!(mode(&own), 0o600);
        let other = home.path().join("other.yaml");
        let link = home.path().join("link.yaml");
        fs::write(&other, "mine").unwrap();
        symlink(&other, &link).unwrap();
        let message = write(&link, "x").unwrap_err().to_string();
        assert!(message.contains("is not replaced"), "{message}");
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
        // Links with the names of such files in earlier runs. The name cannot be guessed.
        for number in [std::process::id(), 0] {
            let guess = format!("own.yaml.{number}.new");
            symlink(&other, home.path().join(guess)).unwrap();
        }
        write(&own, "c").unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
        let directory = home.path().join("directory");
        fs::create_dir(&directory).unwrap();
        assert!(write(&directory, "x").is_err());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 6);
    }

    fn any_tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
            "[a-z '\":#{}\\[\\],\n-]{0,140}".prop_map(Value::from),
            "([a-z]{1,9}[ \n]){10,40}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            let key = prop_oneof![
                "[a-z~/{}0-9]{0,12}",
                "\\PC{1,8}".prop_filter("not readable as a key", |key| key != "<<")
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..5)
                    .prop_map(|map| map.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_written_document_reads_back_the_same(value in any_tree()) {
            let document = json!({"x": value});
            let outcome = text(&document);
            prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
        }
    }
}
