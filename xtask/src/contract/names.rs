//! Checks that the names of a contract contain no hidden characters.
//!
//! A name becomes an identifier, a path, a key of a document or a heading. A name that looks like another
//! one, or that breaks a line, can deceive readers. Texts that are data or prose keep every
//! character, and are shown with escapes.

use serde_json::Value;

use super::Document;
use super::pointer::escape;
use crate::printable::Printable;
use crate::problem::Problem;
use crate::text::is_hidden;

/// Keywords whose text, or texts, are names.
const NAMES: [&str; 13] = [
    "$ref",
    "format",
    "in",
    "name",
    "openapi",
    "operationId",
    "propertyName",
    "required",
    "style",
    "tags",
    "type",
    "x-enum-varnames",
    "x-rust-name",
];

/// Keywords whose whole value is data.
const DATA: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// Checks the names of a document.
///
/// # Errors
/// Returns an error if a key or another name of the document contains a hidden character.
pub(super) fn check(document: &Document) -> Result<(), Problem> {
    let mut found = None;
    look(&document.value, None, &mut String::new(), &mut found);
    let Some((pointer, name)) = found else {
        return Ok(());
    };
    let what = format!(
        "the name `{}` contains a control, bidirectional or invisible character",
        Printable::new(&name)
    );
    Err(Problem::at(document, &pointer, what).with_help("write the name without it"))
}

/// Searches for the first name with a hidden character; `keyword` is the key of the value.
fn look(
    value: &Value,
    keyword: Option<&str>,
    pointer: &mut String,
    found: &mut Option<(String, String)>,
) {
    if found.is_some() {
        return;
    }
    let length = pointer.len();
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                pointer.push('/');
                pointer.push_str(&escape(key));
                if key.contains(is_hidden) {
                    *found = Some((pointer.clone(), key.clone()));
                    return;
                }
                // A property may have the name of a data keyword. Its value is a schema, not data.
                let is_property = keyword == Some("properties");
                if is_property || !is_data(key, inner) {
                    look(inner, (!is_property).then_some(key), pointer, found);
                }
                if found.is_some() {
                    return;
                }
                pointer.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                look(inner, keyword, pointer, found);
                if found.is_some() {
                    return;
                }
                pointer.truncate(length);
            }
        }
        Value::String(text)
            if keyword.is_some_and(|keyword| NAMES.contains(&keyword))
                && text.contains(is_hidden) =>
        {
            *found = Some((pointer.clone(), text.clone()));
        }
        _ => {}
    }
}

fn is_data(key: &str, value: &Value) -> bool {
    DATA.contains(&key) && !(key == "examples" && value.is_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::contract::source;

    fn message(text: &str) -> Option<String> {
        let parsed = source::parse(Path::new("a.yaml"), text.to_owned());
        let checked = parsed.and_then(|document| check(&document));
        checked.err().map(|problem| problem.to_string())
    }

    #[test]
    fn a_name_with_a_hidden_character_is_refused_with_its_place_and_shown_with_an_escape() {
        for text in [
            "\"a\\u202eb\": 1",
            "paths: {\"/a\\r\\nb\": {}}",
            "x: {operationId: \"a\\eb\"}",
            "x: {tags: [fine, \"a\\u2066b\"]}",
            "tags: [{name: \"a\\u200bb\"}]",
            "x: {discriminator: {propertyName: p, mapping: {\"a\\tb\": c}}}",
            "x: {parameters: [{name: \"a\\0b\", in: query}]}",
            "x: {content: {\"text/a\\u2028b\": {}}}",
            "x: {properties: {default: {properties: {\"a\\u0007b\": {}}}}}",
        ] {
            let message = message(text).unwrap_or_else(|| panic!("{text} was accepted"));
            assert!(message.contains("the name `"), "{message}");
            assert!(!message.contains(is_hidden_but_breaks), "{message:?}");
        }
    }

    fn is_hidden_but_breaks(c: char) -> bool {
        c != '\n' && is_hidden(c)
    }

    #[test]
    fn prose_and_data_keep_every_character() {
        for text in [
            "x: {description: \"a\\u202eb\\r\"}",
            "x: {enum: [\"a\\u202eb\"], default: \"a\\eb\", example: {\"a\\eb\": 1}}",
            "x: {pattern: \"a\\tb\"}",
        ] {
            assert_eq!(message(text), None, "{text}");
        }
    }
}
