//! Texts of a document that is valid JSON.

use std::borrow::Cow;

use serde::{Deserializer, de};

use super::{DecodeMode, Fault};

/// Returns the text of a JSON string, which includes its quotes.
///
/// # Errors
/// Returns an error if the text holds half of a surrogate pair and the mode does not replace it.
pub(crate) fn unescaped(string: &str, mode: DecodeMode) -> Result<Cow<'_, str>, Fault> {
    let inner = string
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let inner = inner.ok_or_else(|| Fault::new("the text does not end"))?;
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    if let Ok(text) = serde_json::from_str(string) {
        return Ok(Cow::Owned(text));
    }
    let fault = || Fault::new("the text holds half of a surrogate pair");
    if mode != DecodeMode::Lenient {
        return Err(fault());
    }
    // If it reads bytes, serde_json encodes half of a pair as three bytes, like a character in UTF-8.
    let text = serde_json::Deserializer::from_str(string).deserialize_bytes(Replaced);
    text.map(Cow::Owned).map_err(|_| fault())
}

/// Whether a JSON string has no half of a surrogate pair.
pub(super) fn is_unicode(string: &str) -> bool {
    serde_json::from_str::<Cow<'_, str>>(string).is_ok()
}

struct Replaced;

impl de::Visitor<'_> for Replaced {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text")
    }

    fn visit_bytes<E: de::Error>(self, mut bytes: &[u8]) -> Result<String, E> {
        let mut text = String::with_capacity(bytes.len());
        loop {
            let chunk = bytes.utf8_chunks().next();
            let Some(chunk) = chunk else {
                return Ok(text);
            };
            text.push_str(chunk.valid());
            let end = chunk.valid().len();
            bytes = bytes.get(end..).unwrap_or_default();
            if bytes.is_empty() {
                return Ok(text);
            }
            text.push(char::REPLACEMENT_CHARACTER);
            // The three bytes of half of a pair.
            bytes = bytes.get(3..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_a_pair_becomes_one_replacement_character() {
        for (string, wanted) in [
            (r#""a\ud800""#, "a\u{fffd}"),
            (r#""\udc00\ud800b""#, "\u{fffd}\u{fffd}b"),
            (r#""\ud83d\ude00\ud83d""#, "😀\u{fffd}"),
            (r#""\ud800A\n""#, "\u{fffd}A\n"),
            (r#""é\ud800é""#, "é\u{fffd}é"),
            (r#""\u00e9\\""#, "é\\"),
            (r#""plain""#, "plain"),
        ] {
            assert_eq!(unescaped(string, DecodeMode::Lenient).unwrap(), wanted);
        }
        assert!(unescaped(r#""\ud800""#, DecodeMode::Strict).is_err());
        assert_eq!(unescaped(r#""\u0041""#, DecodeMode::Exact).unwrap(), "A");
    }
}
