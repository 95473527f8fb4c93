//! Bounds on the size of single parts of a contract; a problem names the location.
//!
//! The bounds of a document limit its total size. These bounds limit the parts whose cost grows faster than
//! their length, because each element is compared with, or written out for, every other one. Each bound is
//! several times the maximum in large real contracts.

use serde_json::{Map, Value};

use super::Document;
use super::pointer::escape;
use crate::problem::Problem;

/// Bytes of a key, such as a path or the name of a schema or a property.
const NAME: usize = 500;
/// Values of one `enum`.
const VALUES: usize = 2_000;
/// Bytes of one `enum` value, from which a variant name is derived.
const VALUE: usize = 500;
/// Schemas in one `allOf`, `anyOf` or `oneOf`.
const MEMBERS: usize = 500;
/// Properties of one schema.
const PROPERTIES: usize = 2_000;
/// Parameters of one operation, or of one path.
const PARAMETERS: usize = 300;
/// Names in one list of tags, of required properties and the like.
const LISTED: usize = 2_000;
/// Media types of a body, statuses of an operation, tags of a mapping.
const KINDS: usize = 1_000;
/// Bytes of one text for people, and its lines.
const TEXT: usize = 1 << 21;
const LINES: usize = 2_000;
/// Paths, and definitions of one kind.
const DEFINITIONS: usize = 5_000;

/// Checks the size of each part of a document.
///
/// # Errors
/// Returns an error if a part of the document exceeds its bound.
pub(super) fn check(document: &Document) -> Result<(), Problem> {
    let mut pointer = String::new();
    match look(&document.value, "", &mut pointer) {
        Ok(()) => Ok(()),
        Err(what) => {
            Err(Problem::at(document, &pointer, what).with_help("describe it in smaller parts"))
        }
    }
}

/// Checks a value of a keyword. After an error, `pointer` is the location of the value.
fn look(value: &Value, keyword: &str, pointer: &mut String) -> Result<(), String> {
    let length = pointer.len();
    match value {
        Value::Object(map) => {
            mapping(map, keyword)?;
            for (key, inner) in map {
                // If a name is too long, the message contains its beginning.
                let shown: String = key.chars().take(NAME).collect();
                pointer.push('/');
                pointer.push_str(&escape(&shown));
                if key.len() > NAME {
                    return Err(format!("the name is longer than {NAME} bytes"));
                }
                look(inner, key, pointer)?;
                pointer.truncate(length);
            }
            Ok(())
        }
        Value::Array(items) => {
            list(items, keyword)?;
            for (index, inner) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                look(inner, keyword, pointer)?;
                pointer.truncate(length);
            }
            Ok(())
        }
        Value::String(text) => match keyword {
            "operationId" | "name" | "$ref" | "tags" | "required" | "propertyName"
                if text.len() > NAME =>
            {
                Err(format!("the name is longer than {NAME} bytes"))
            }
            "description" | "summary" if text.len() > TEXT || lines(text) > LINES => Err(format!(
                "the text has more than {TEXT} bytes or {LINES} lines"
            )),
            "enum" if text.len() > VALUE => {
                Err(format!("a value of an enum is longer than {VALUE} bytes"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

fn mapping(map: &Map<String, Value>, keyword: &str) -> Result<(), String> {
    let most = match keyword {
        "properties" => PROPERTIES,
        "content" | "headers" | "mapping" | "responses" | "encoding" => KINDS,
        "paths" | "schemas" | "parameters" => DEFINITIONS,
        _ => return Ok(()),
    };
    within(map.len(), most, keyword)
}

fn list(items: &[Value], keyword: &str) -> Result<(), String> {
    let most = match keyword {
        "enum" | "x-enum-varnames" => VALUES,
        "allOf" | "anyOf" | "oneOf" => MEMBERS,
        "parameters" => PARAMETERS,
        "tags" | "required" | "type" | "security" | "servers" => LISTED,
        _ => return Ok(()),
    };
    within(items.len(), most, keyword)
}

fn within(count: usize, most: usize, keyword: &str) -> Result<(), String> {
    if count > most {
        return Err(format!("`{keyword}` has {count} entries, more than {most}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::contract::source;

    fn message(value: &Value) -> String {
        let document = source::parse(Path::new("a.json"), value.to_string()).unwrap();
        check(&document).unwrap_err().to_string()
    }

    #[test]
    fn a_part_that_is_too_large_is_refused_with_its_location() {
        let texts = |count: usize| -> Value {
            (0..count)
                .map(|number| json!(format!("v{number}")))
                .collect()
        };
        let map = |count: usize| -> Value {
            let entries = (0..count).map(|number| (format!("k{number}"), json!({})));
            Value::Object(entries.collect())
        };
        let long = "x".repeat(501);
        for (value, place) in [
            (
                json!({"a": {"enum": texts(2001)}}),
                "/a/enum: `enum` has 2001 entries",
            ),
            (json!({"a": {"enum": ["a", long]}}), "/a/enum/1: a value"),
            (json!({"a": {"oneOf": texts(501)}}), "/a/oneOf: "),
            (json!({"a": {"properties": map(2001)}}), "/a/properties: "),
            (json!({"a": {"parameters": texts(301)}}), "/a/parameters: "),
            (json!({"a": {"content": map(1001)}}), "/a/content: "),
            (json!({"a": {"tags": texts(2001)}}), "/a/tags: "),
            (json!({"paths": map(5001)}), "/paths: "),
            (json!({"a": {"schemas": map(5001)}}), "/a/schemas: "),
            (
                json!({"a": {"operationId": long}}),
                "/a/operationId: the name",
            ),
            (json!({"paths": {long.clone(): {}}}), "the name is longer"),
        ] {
            let message = message(&value);
            assert!(message.contains(place), "{message}");
            assert!(message.len() < 1000, "{message}");
        }
    }
}
