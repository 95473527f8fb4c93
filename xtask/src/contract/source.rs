//! Reads YAML and JSON files into one tree and keeps the order of keys.
//!
//! [`super::spelling`] decides which scalars are texts. YAML is read
//! by the rules of version 1.2: `on`, `yes` and dates are texts.

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::advice::advice;
use super::bounds::{self, Counter};
use super::pointer::escape;
use super::scalar::NOT_FINITE;
use super::spelling::{self, Spelling};
use super::yaml::{self, TWICE};
use super::{Document, lines, names, shape};
use crate::problem::Problem;

/// Reads a file whose top level is a mapping.
///
/// # Errors
/// Returns an error if the file cannot be read, is neither YAML nor JSON, holds several documents, exceeds a
/// bound, repeats a key, has a name with a hidden character, or has no mapping at the top level.
pub(crate) fn read(path: &Path) -> Result<Document, Problem> {
    settled(read_for_overlay(path)?)
}

/// Like [`read`], for a file that an overlay will change. Returns the problem of a value that readers of YAML
/// disagree on separately, because the overlay may change that value.
pub(super) fn read_for_overlay(path: &Path) -> Result<Read, Problem> {
    let bytes = bytes(path)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..valid).unwrap_or_default();
        Problem::in_file(path, "is not text in UTF-8")
            .with_line(Some(line_after(before)))
            .with_help("save the file as UTF-8, or correct the character on this line")
    })?;
    let read = parse_for_overlay(path, text)?;
    shape::check(&read.0)?;
    names::check(&read.0)?;
    Ok(read)
}

/// A document, and the problem of a value that readers of YAML disagree on.
type Read = (Document, Result<(), Problem>);

fn settled((document, agreed): Read) -> Result<Document, Problem> {
    agreed.map(|()| document)
}

/// The bytes of a regular file that is not too large.
///
/// # Errors
/// Returns an error if it cannot be read, is not a regular file, or is too large.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::in_file(path, format!("cannot be read: {error}"))
            .with_help("check the name of the file, and that it is readable")
    };
    let refuse = || {
        Problem::in_file(path, "is not a regular file")
            .with_help("give the name of a YAML or JSON file")
    };
    // Opening a pipe or a device could wait forever, or read without an end.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(refuse());
    }
    let mut options = fs::File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.read(true).open(path).map_err(unreadable)?;
    // This is checked again, because the file may have been replaced.
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(refuse());
    }
    let mut bytes = Vec::new();
    file.take(bounds::FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > bounds::FILE {
        let what = format!("is larger than {} MiB", bounds::FILE >> 20);
        return Err(Problem::in_file(path, what)
            .with_help("remove examples, and parts that the client does not need"));
    }
    Ok(bytes)
}

/// Like [`read`], for a text in memory, with any names; `path` is only used in messages.
pub(crate) fn parse(path: &Path, text: String) -> Result<Document, Problem> {
    settled(parse_for_overlay(path, text)?)
}

fn parse_for_overlay(path: &Path, text: String) -> Result<Read, Problem> {
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    if text.trim().is_empty() {
        return Err(Problem::in_file(path, "is empty")
            .with_help("give a file with a contract or an overlay"));
    }
    // A parser may read this character as the end of the text.
    if let Some((before, _)) = text.split_once('\0') {
        let what = "contains the character U+0000, which no text has";
        return Err(Problem::in_file(path, what)
            .with_line(Some(line_after(before.as_bytes())))
            .with_help("remove the character"));
    }
    let (mut value, spelling) = parse_value(path, &text)?;
    let agreed = spelling::keep(&mut value, &spelling).map_err(|found| {
        let line = lines::line_of(&text, &found.pointer);
        found.problem(path).with_line(line)
    });
    if !value.is_object() {
        return Err(Problem::in_file(path, "is not a mapping at the top level")
            .with_help("give a YAML or JSON document"));
    }
    let document = Document {
        path: path.to_owned(),
        value,
        spelling,
        text,
    };
    Ok((document, agreed))
}

/// The spelling of the values of a document, also of one in JSON. YAML includes most of JSON.
pub(super) fn spelling(document: &Document) -> Spelling {
    match &document.spelling {
        Spelling::None => yaml::parse(&document.text)
            .map(|(_, spelling)| spelling)
            .unwrap_or(Spelling::None),
        spelling => spelling.clone(),
    }
}

/// The line that follows these bytes, counted from 1.
fn line_after(before: &[u8]) -> usize {
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

fn parse_value(path: &Path, text: &str) -> Result<(Value, Spelling), Problem> {
    // JSON has escapes that YAML lacks; if the text only looks like JSON, it is parsed as YAML.
    if lines::looks_like_json(text) {
        let trail = RefCell::new(Vec::new());
        let counter = Counter::default();
        let tree = Tree {
            trail: &trail,
            counter: &counter,
        };
        match from_json(tree, text) {
            Ok(value) => {
                // Parses again for the spellings, as YAML, which includes JSON.
                let spelled = match spelling::is_wanted(&value) {
                    true => yaml::parse(text).map(|(_, spelled)| spelled).ok(),
                    false => None,
                };
                return Ok((value, spelled.unwrap_or(Spelling::None)));
            }
            Err(error)
                if path
                    .extension()
                    .is_some_and(|extension| extension == "json") =>
            {
                let line = Some(error.line()).filter(|line| *line > 0);
                let what = without_place(&error.to_string());
                return Err(unreadable(path, "JSON", &what, line, &trail.take()));
            }
            Err(_) => {}
        }
    }
    yaml::parse(text)
        .map_err(|fault| unreadable(path, "YAML", &fault.what, fault.line, &fault.trail))
}

fn from_json(tree: Tree<'_>, text: &str) -> Result<Value, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = tree.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

fn unreadable(
    path: &Path,
    kind: &str,
    what: &str,
    line: Option<usize>,
    trail: &[String],
) -> Problem {
    let pointer: String = trail
        .iter()
        .map(|step| format!("/{}", escape(step)))
        .collect();
    let problem = Problem::in_file(path, format!("cannot be read as {kind}: {what}"));
    let problem = problem.with_pointer(pointer).with_line(line);
    problem.with_help(advice(what))
}

/// The parser ends its messages with the position, which the problem already contains.
fn without_place(message: &str) -> String {
    let end = message.rfind(" at line ");
    let message = end.and_then(|end| message.get(..end)).unwrap_or(message);
    message.to_owned()
}

/// Builds the tree; after a failure, `trail` is its location.
#[derive(Clone, Copy)]
struct Tree<'a> {
    trail: &'a RefCell<Vec<String>>,
    counter: &'a Counter,
}

impl Tree<'_> {
    fn count<E: de::Error>(self, text: usize) -> Result<(), E> {
        self.counter.value(text).map_err(E::custom)
    }

    /// Counts a list or a mapping.
    fn enter<E: de::Error>(self) -> Result<(), E> {
        bounds::depth(self.trail.borrow().len() + 1).map_err(E::custom)?;
        self.count(0)
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a plain value, a list or a mapping")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.count(0)?;
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.count(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.count(0)?;
        Ok(Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.count(0)?;
        Ok(Value::from(value))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        self.count(0)?;
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom(NOT_FINITE))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        self.count(value.len())?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut list = Vec::new();
        loop {
            self.trail.borrow_mut().push(list.len().to_string());
            let Some(item) = access.next_element_seed(self)? else {
                break;
            };
            self.trail.borrow_mut().pop();
            list.push(item);
        }
        self.trail.borrow_mut().pop();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut map = Map::new();
        while let Some(key) = access.next_key_seed(NewKey {
            map: &map,
            tree: self,
        })? {
            let value = access.next_value_seed(self)?;
            self.trail.borrow_mut().pop();
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// A key that is not in the mapping yet.
struct NewKey<'a> {
    map: &'a Map<String, Value>,
    tree: Tree<'a>,
}

impl<'de> DeserializeSeed<'de> for NewKey<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NewKey<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<String, E> {
        self.tree.trail.borrow_mut().push(key.to_owned());
        self.tree.count(key.len())?;
        if self.map.contains_key(key) {
            return Err(E::custom(TWICE));
        }
        Ok(key.to_owned())
    }
}
