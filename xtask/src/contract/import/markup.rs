//! Detects texts that Markdown would interpret as code blocks or HTML.
//!
//! Generated documentation shows them as text. They are still listed for review.

use serde_json::Value;

use crate::contract::pointer::escape;

/// The JSON pointers of the texts and names with markup, in the order of the document.
pub(super) fn places(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(document, &mut String::new(), &mut found);
    found
}

fn look(value: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    match value {
        Value::String(text) if holds_markup(text) => found.push(pointer.clone()),
        Value::Object(map) => {
            for (key, inner) in map {
                pointer.push('/');
                pointer.push_str(&escape(key));
                if holds_markup(key) {
                    found.push(pointer.clone());
                }
                look(inner, pointer, found);
                pointer.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                look(inner, pointer, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

fn holds_markup(text: &str) -> bool {
    text.contains("```") || text.contains("~~~") || holds_html(text)
}

/// Whether a `<` starts a tag, a comment or an instruction; an address in angle brackets
/// is none of these.
fn holds_html(text: &str) -> bool {
    text.split('<').skip(1).any(|after| {
        let begins =
            after.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        begins && !after.starts_with("http://") && !after.starts_with("https://")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_and_names_with_a_fence_or_html_are_found_with_their_place() {
        let document = json!({
            "a": {"default": "x\n```\ny()", "enum": ["fine", "~~~"], "pattern": "^<b>$"},
            "/b/```": 1,
            "c": ["a < b", "<https://a.example>", "<!-- x", "`a`", "< b"],
        });
        assert_eq!(
            places(&document),
            ["/a/default", "/a/enum/1", "/a/pattern", "/~1b~1```", "/c/2"]
        );
    }
}
