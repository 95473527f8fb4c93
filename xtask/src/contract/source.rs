//! Reading YAML and JSON into one tree, with the order of keys kept.
//!
//! Not for knowing what the tree means: which scalars are texts is of [`super::spelling`]. YAML is read
//! by the rules of version 1.2: `on`, `yes` and dates are texts.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::Document;
use crate::problem::Problem;

/// Reads a file whose top level is a mapping.
///
/// # Errors
/// When the file cannot be read, is neither YAML nor JSON, holds several documents, says a key
/// twice, or is something else than a mapping.
pub(crate) fn read(path: &Path) -> Result<Document, Problem> {
    let bytes = std::fs::read(path).map_err(|error| {
        Problem::in_file(path, format!("cannot be read: {error}"))
            .with_help("check the name of the file, and that it is readable")
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Problem::in_file(path, "is not text in UTF-8")
            .with_help("give a YAML or JSON file in UTF-8")
    })?;
    parse(path, text)
}

/// [`read`] for a text that is already there; `path` only names it in messages.
pub(crate) fn parse(path: &Path, text: String) -> Result<Document, Problem> {
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    if text.trim().is_empty() {
        return Err(Problem::in_file(path, "is empty"));
    }
    let mut value = parse_value(path, &text)?;
    super::spelling::keep(&mut value, &text);
    if !value.is_object() {
        return Err(Problem::in_file(path, "is not a mapping at the top level")
            .with_help("give a YAML or JSON document"));
    }
    Ok(Document {
        path: path.to_owned(),
        value,
        text,
    })
}

fn parse_value(path: &Path, text: &str) -> Result<Value, Problem> {
    let trail = RefCell::new(Vec::new());
    let tree = Tree { trail: &trail };
    // JSON has escapes that YAML lacks; where the text only looks like JSON, YAML decides.
    if looks_like_json(text) {
        match from_json(tree, text) {
            Ok(value) => return Ok(value),
            Err(error)
                if path
                    .extension()
                    .is_some_and(|extension| extension == "json") =>
            {
                let line = Some(error.line()).filter(|line| *line > 0);
                return Err(unreadable(
                    path,
                    "JSON",
                    &without_place(&error.to_string()),
                    line,
                    &trail,
                ));
            }
            Err(_) => trail.borrow_mut().clear(),
        }
    }
    tree.deserialize(yaml_serde::Deserializer::from_str(text))
        .map_err(|error| {
            let line = error.location().map(|location| location.line());
            unreadable(
                path,
                "YAML",
                &without_place(&error.to_string()),
                line,
                &trail,
            )
        })
}

pub(super) fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
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
    trail: &RefCell<Vec<String>>,
) -> Problem {
    let pointer: String = trail
        .borrow()
        .iter()
        .map(|step| format!("/{}", escape(step)))
        .collect();
    let problem = Problem::in_file(path, format!("cannot be read as {kind}: {what}"));
    let problem = problem.with_pointer(pointer).with_line(line);
    if what == MERGE {
        problem.with_help(MERGE_HELP)
    } else {
        problem
    }
}

/// The parsers end their messages with the place, and YAML's begins with it; the problem says it already.
fn without_place(message: &str) -> String {
    let message = message
        .find(" at line ")
        .map_or(message, |end| message.get(..end).unwrap_or(message));
    let own = [TWICE, MERGE, NOT_FINITE]
        .into_iter()
        .filter_map(|text| message.find(text))
        .min();
    own.and_then(|start| message.get(start..))
        .unwrap_or(message)
        .to_owned()
}

const TWICE: &str = "the key stands twice";
const MERGE: &str = "merge keys (`<<`) are not part of YAML 1.2";
const NOT_FINITE: &str = "infinity and NaN have no place in a contract";

/// What to do about a merge key.
const MERGE_HELP: &str = "write the keys that it merges into the mapping itself; an alias (`*name`) \
                          may stand for a whole value";

/// The steps of a JSON pointer, unescaped.
pub(crate) fn steps(pointer: &str) -> impl Iterator<Item = String> + '_ {
    pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
}

/// One step of a JSON pointer, escaped.
pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// Builds the tree; `trail` ends as the place of the failure if there was one.
#[derive(Clone, Copy)]
struct Tree<'a> {
    trail: &'a RefCell<Vec<String>>,
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

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom(NOT_FINITE))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
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
        let mut map = Map::new();
        while let Some(key) = access.next_key_seed(NewKey {
            map: &map,
            trail: self.trail,
        })? {
            let value = access.next_value_seed(self)?;
            self.trail.borrow_mut().pop();
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// A key that the mapping does not hold yet.
struct NewKey<'a> {
    map: &'a Map<String, Value>,
    trail: &'a RefCell<Vec<String>>,
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
        self.trail.borrow_mut().push(key.to_owned());
        if key == "<<" {
            return Err(E::custom(MERGE));
        }
        if self.map.contains_key(key) {
            return Err(E::custom(TWICE));
        }
        Ok(key.to_owned())
    }
}
