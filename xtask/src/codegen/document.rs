//! The contract as JSON for the fake: fixes applied, texts for readers removed, one value a line.
//!
//! Documentation is most of a contract, and the fake reads none of it.

use serde_json::{Map, Value};

use super::split::Origin;
use crate::text::is_hidden;
use crate::write::JSON_MARK;

/// Keys of a contract that hold documentation, if their value is a text.
const TEXTS: [&str; 3] = ["description", "summary", "title"];
/// Keys whose value is data and not part of the contract's own vocabulary.
const DATA: [&str; 5] = ["const", "default", "enum", "mapping", "required"];

/// Writes the contract, beginning with the mark of generated JSON.
pub(crate) fn json(document: &Value, origin: &Origin) -> String {
    let mut marked = Map::new();
    marked.insert(JSON_MARK.to_owned(), Value::String(origin.sentence()));
    if let Value::Object(document) = without_texts(document) {
        marked.extend(document);
    }
    let mut out = with_escapes(&format!("{:#}", Value::Object(marked)));
    out.push('\n');
    out
}

fn without_texts(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(key, value)| !is_documentation(key, value))
            .map(|(key, value)| {
                let kept = if DATA.contains(&key.as_str()) && !is_schema(value) {
                    value.clone()
                } else {
                    without_texts(value)
                };
                (key.clone(), kept)
            })
            .collect(),
        Value::Array(values) => values.iter().map(without_texts).collect(),
        other => other.clone(),
    }
}

fn is_documentation(key: &str, value: &Value) -> bool {
    key.starts_with("x-")
        || matches!(key, "example" | "examples" | "externalDocs") && !is_schema(value)
        || TEXTS.contains(&key) && value.is_string()
        || key == "tags" && value.is_array()
}

/// Whether a value is a schema. Then its key is the name of a property, even if a keyword has the same name.
fn is_schema(value: &Value) -> bool {
    let keywords = ["type", "$ref", "allOf", "oneOf", "anyOf"];
    value.as_object().is_some_and(|members| {
        keywords
            .iter()
            .any(|keyword| members.contains_key(*keyword))
    })
}

/// Escapes hidden characters, because some of them change how the text around them is displayed.
fn with_escapes(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    // Inside of texts, the writer has escaped line breaks and most control characters already.
    for line in json.split_inclusive('\n') {
        if line.is_ascii() && !line.contains('\u{7f}') {
            out.push_str(line);
            continue;
        }
        for c in line.chars() {
            if c != '\n' && is_hidden(c) {
                let mut units = [0; 2];
                let escapes = c.encode_utf16(&mut units).iter();
                out.extend(escapes.map(|unit| format!("\\u{unit:04x}")));
            } else {
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(document: &Value) -> String {
        let origin = Origin::of(std::path::Path::new("openapi.yaml"), None);
        json(document, &origin)
    }

    #[test]
    fn texts_for_readers_are_left_out_and_properties_of_their_names_stay() {
        let schema = json!({
            "type": "object",
            "title": "A title",
            "description": "A text",
            "x-secret": true,
            "required": ["description", "title"],
            "properties": {
                "description": { "type": "string", "description": "A text" },
                "title": { "$ref": "#/components/schemas/Title" },
                "default": { "type": "object", "default": { "description": "kept" } },
                "example": { "type": "string", "example": "gone", "enum": ["a", "b"] },
                "tags": { "type": "array", "items": { "type": "string" } },
            },
        });
        let text = written(&json!({ "schema": schema }));
        let read: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(
            read["schema"],
            json!({
                "type": "object",
                "required": ["description", "title"],
                "properties": {
                    "description": { "type": "string" },
                    "title": { "$ref": "#/components/schemas/Title" },
                    "default": { "type": "object", "default": { "description": "kept" } },
                    "example": { "type": "string", "enum": ["a", "b"] },
                    "tags": { "type": "array", "items": { "type": "string" } },
                },
            })
        );
    }

    #[test]
    fn the_text_has_the_mark_and_a_line_for_each_value() {
        let text = written(&json!({ "paths": { "/a": 1, "/b": 2 } }));
        assert!(
            text.starts_with(&format!("{{\n  \"{JSON_MARK}\": ")),
            "{text}"
        );
        assert!(
            text.ends_with("    \"/a\": 1,\n    \"/b\": 2\n  }\n}\n"),
            "{text}"
        );
    }

    #[test]
    fn characters_that_do_not_show_are_escaped_and_read_back() {
        let hidden = "a\u{202e}b\u{feff}c\u{1d173}\n\u{7f}";
        let text = written(&json!({ "default": hidden }));
        assert!(!text.contains(|c| c != '\n' && is_hidden(c)), "{text}");
        let read: Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(read["default"], hidden);
    }
}
