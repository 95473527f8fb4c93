//! Keys that serde_json reserves for itself.
//!
//! serde_json passes the text of a raw value as a map with a key of its own. A [`serde_json::Value`] cannot tell this
//! map from an object of the document that has the same key: it parses the text of the field as another document, and
//! puts this document in the place of the object. The limit on nesting begins again in that document, so a few
//! kilobytes would exhaust the stack. With the feature `arbitrary_precision`, which any crate of a program may enable,
//! another key becomes a number.

use memchr::{memchr, memchr2, memmem};

/// The beginning of the reserved keys.
const PREFIX: &str = "$serde_json::private::";
/// The part of a key that is searched for at first: a document seldom has it.
const MARK: &[u8] = b"serde_json::private";
/// The longest reserved key in bytes, if all its characters are escaped.
const LONGEST: usize = 6 * 64;

/// Whether an object of a JSON document has a reserved key, in any spelling.
pub(super) fn has_reserved_key(body: &[u8]) -> bool {
    // Letters and `$` can be escaped as `\u00xx` only.
    if memmem::find(body, MARK).is_none() && memmem::find(body, br"\u00").is_none() {
        return false;
    }
    let mut rest = body;
    while let Some(inside) = memchr(b'"', rest).and_then(|at| rest.get(at + 1..)) {
        let Some((string, after)) = split_string(inside) else {
            return false;
        };
        if is_reserved(string) && after.trim_ascii_start().first() == Some(&b':') {
            return true;
        }
        rest = after;
    }
    false
}

/// The text up to the closing quote, and the text after the quote.
fn split_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        match text.get(at) {
            Some(b'"') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => at += 2,
        }
    }
}

fn is_reserved(string: &[u8]) -> bool {
    if !string.contains(&b'\\') {
        return string.starts_with(PREFIX.as_bytes());
    }
    if string.len() > LONGEST {
        return false;
    }
    let quoted = [b"\"", string, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).is_ok_and(|key| key.starts_with(PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_key_is_found_in_any_spelling_and_only_as_a_key() {
        for (text, is_found) in [
            (r#"{"$serde_json::private::RawValue": "1"}"#, true),
            (r#"[[{"a": {"$serde_json::private::Number" : "1"}}]]"#, true),
            ("{\"$serde_json::private::RawValue\"\r\n\t :1}", true),
            (r#"{"\u0024serde_json::private::RawValue": "1"}"#, true),
            (r#"{"$serde\u005fjson::private::RawValue": "1"}"#, true),
            (
                r#"{"$serde\u005Fjson\u003A:private::R\u0061wValue": 1}"#,
                true,
            ),
            (r#"{"\\\"": "\u0041", "$serde_json::private::X": 1}"#, true),
            (r#"{"a": "$serde_json::private::RawValue"}"#, false),
            (
                r#"{"a": "{\"$serde_json::private::RawValue\":\"1\"}"}"#,
                false,
            ),
            (r#"{"serde_json::private::RawValue": "1"}"#, false),
            (r#"{"a$serde_json::private::RawValue": "1"}"#, false),
            (r#"{"\\u0024serde_json::private::RawValue": "1"}"#, false),
            (r#"{"a\u0026b": "<serde_json::private>"}"#, false),
            (r#""$serde_json::private::RawValue"#, false),
            (r#""$serde_json::private::RawValue\"#, false),
        ] {
            assert_eq!(has_reserved_key(text.as_bytes()), is_found, "{text}");
        }
    }
}
