//! The error document of the API: the body of a response that is not a success.
//!
//! The contract declares no error body, so every field is optional and nothing in it is trusted.

use std::fmt;

use http::StatusCode;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::{Map, Value, value::RawValue};

use super::{decode, redact::Token};

/// The error document of the API: the body of a response that is not a success.
///
/// Decoded leniently: numbers and booleans become text if a text is expected, and unknown fields are kept in
/// [`ApiError::extra`].
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ApiError {
    /// The status, as repeated in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The name of the error, often that of the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The most detailed description of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A description of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A title for the kind of error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The time of the error, in the format of the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The kind of error, often a URL.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Larger bodies are not read, because an error document is shorter.
const LIMIT: usize = 256 * 1024;

impl ApiError {
    /// Reads the body of a response, if it is a JSON object. If the body was cut, the fields before the cut count.
    ///
    /// The token is removed after decoding, because the decoder turns an escaped token into a plain one.
    pub(crate) fn parse(body: &[u8], token: Option<&Token>) -> Option<Self> {
        if body.len() > LIMIT {
            return None;
        }
        // Decoded as leniently as the body of a success, because a damaged text does not make the failure less certain.
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let body = String::from_utf8_lossy(body);
        let mut fields = Map::new();
        let mut document = serde_json::Deserializer::from_str(&body);
        let outcome = document
            .deserialize_map(Fields(&mut fields))
            .and_then(|()| document.end());
        if let Err(error) = outcome
            && (!error.is_eof() || fields.is_empty())
        {
            return None;
        }
        if let Some(token) = token {
            token.clean_fields(&mut fields);
        }
        Some(Self::from_object(fields))
    }

    fn from_object(mut fields: Map<String, Value>) -> Self {
        let status = match fields.remove("status") {
            Some(Value::Number(number)) => number.as_f64().and_then(whole_u16),
            Some(Value::String(text)) => status_of(&text),
            _ => None,
        };
        let mut text = |name: &str| match fields.remove(name)? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        };
        Self {
            status,
            error: text("error"),
            detail: text("detail"),
            message: text("message"),
            title: text("title"),
            path: text("path"),
            timestamp: text("timestamp"),
            type_: text("type"),
            extra: fields,
        }
    }

    /// Whether the fields are those of the API's errors: `detail`, the repeated status, or two of the others.
    /// The JSON of a gateway has one text and other names.
    pub(crate) fn looks_like_api_error(&self, status: StatusCode) -> bool {
        let others = [
            &self.error,
            &self.message,
            &self.title,
            &self.path,
            &self.timestamp,
            &self.type_,
        ];
        self.status == Some(status.as_u16())
            || self.detail.is_some()
            || others.into_iter().flatten().count() >= 2
    }

    /// Returns the most detailed text: `detail`, else `message`, else `error`, else `title`.
    pub fn text(&self) -> Option<&str> {
        self.detail
            .as_deref()
            .or(self.message.as_deref())
            .or(self.error.as_deref())
            .or(self.title.as_deref())
    }
}

/// Collects the fields of an object, up to the first one that cannot be read.
struct Fields<'a>(&'a mut Map<String, Value>);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<D: MapAccess<'de>>(self, mut from: D) -> Result<(), D::Error> {
        while let Some((name, value)) = from.next_entry::<&RawValue, &RawValue>()? {
            let name = decode_or_raw(name);
            if let Value::String(name) = name {
                let value = decode_or_raw(value);
                self.0.insert(name, value);
            }
        }
        Ok(())
    }
}

/// Returns the value, or its text if it is nested too deeply.
fn decode_or_raw(raw: &RawValue) -> Value {
    let text = raw.get();
    decode(text.as_bytes()).unwrap_or_else(|_| Value::String(text.to_owned()))
}

impl<'de> Deserialize<'de> for ApiError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from_object)
    }
}

fn whole_u16(number: f64) -> Option<u16> {
    // The cast gives another number if the number is out of range or has a fraction.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "compared with the original right after"
    )]
    let whole = number as u16;
    (f64::from(whole) == number).then_some(whole)
}

/// Accepts `404` and `404 NOT_FOUND`.
fn status_of(text: &str) -> Option<u16> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> ApiError {
        ApiError::parse(body.as_bytes(), None).unwrap()
    }

    #[test]
    fn the_most_informative_text_comes_first() {
        let all = r#"{"title":"t","error":"e","message":"m","detail":"d"}"#;
        assert_eq!(parse(all).text(), Some("d"));
        let none = r#"{"title":"t","error":"e","message":"m","detail":" "}"#;
        assert_eq!(parse(none).text(), Some("m"));
        assert_eq!(parse(r#"{"error":"e","message":null}"#).text(), Some("e"));
        assert_eq!(parse("{}").text(), None);
    }

    #[test]
    fn the_status_is_read_however_it_is_written() {
        for body in [
            r#"{"status":404}"#,
            r#"{"status":404.0}"#,
            r#"{"status":"404"}"#,
            r#"{"status":"404 NOT_FOUND"}"#,
        ] {
            assert_eq!(parse(body).status, Some(404), "{body}");
        }
        for body in [r#"{"status":-1}"#, r#"{"status":1e9}"#, r#"{"status":[]}"#] {
            assert_eq!(parse(body).status, None, "{body}");
        }
    }

    #[test]
    fn odd_fields_are_kept_and_never_fatal() {
        let error = parse(r#"{"detail":{"a":[1]},"message":7,"code":"X"}"#);
        assert_eq!(error.detail.as_deref(), Some(r#"{"a":[1]}"#));
        assert_eq!(error.message.as_deref(), Some("7"));
        assert_eq!(error.extra["code"], "X");
    }

    #[test]
    fn the_fields_before_the_cut_of_a_body_are_read() {
        let body = r#"{"message":"no such thing","status":404,"trace":"a very long te"#;
        let error = parse(body);
        assert_eq!(error.message.as_deref(), Some("no such thing"));
        assert_eq!(error.status, Some(404));
        assert!(error.extra.is_empty());
        assert_eq!(parse(r#"{"detail":"d","a":{"b":[1,"#).text(), Some("d"));
        for body in [
            r#"{"message":"no su"#,
            r#"{"message":"m" 7"#,
            r#"{"message":"m"} x"#,
        ] {
            assert_eq!(ApiError::parse(body.as_bytes(), None), None, "{body}");
        }
    }

    #[test]
    fn a_damaged_text_does_not_hide_the_rest() {
        let deep = format!(
            r#"{{"detail":"d","deep":{}}}"#,
            "[".repeat(200) + &"]".repeat(200)
        );
        for body in [
            &br#"{"detail":"a\ud800b","status":404}"#[..],
            br#"{"detail":"a\udc00\ud800b","status":404}"#,
            b"{\"detail\":\"caf\xe9\",\"status\":404}",
            b"\xEF\xBB\xBF{\"detail\":\"d\",\"status\":404}",
            br#"{"detail":"d","status":404,"size":1e999}"#,
            br#"{"detail":"d","status":404,"size":-123456789012345678901234567890e-5}"#,
            br#"{"\ud800":1,"status":404,"detail":"d"}"#,
            deep.as_bytes(),
        ] {
            let shown = String::from_utf8_lossy(body);
            let error = ApiError::parse(body, None).unwrap_or_else(|| panic!("{shown}"));
            assert!(error.text().is_some(), "{shown}");
            assert!(error.looks_like_api_error(StatusCode::NOT_FOUND), "{shown}");
        }
        let error = ApiError::parse(br#"{"detail":"a\ud800b"}"#, None).unwrap();
        assert_eq!(error.text(), Some("a\u{fffd}b"));
        // Cut within a character.
        let error = ApiError::parse(b"{\"detail\":\"d\",\"a\":\"\xc3", None).unwrap();
        assert_eq!(error.text(), Some("d"));
    }

    #[test]
    fn only_an_object_is_an_api_error() {
        for body in ["", "null", "[]", "\"text\"", "<html>", "{"] {
            assert_eq!(ApiError::parse(body.as_bytes(), None), None, "{body}");
        }
    }

    #[test]
    fn an_api_error_is_written_as_it_was_read() {
        let body = r#"{"code":"X","detail":"d","status":409,"type":"about:blank"}"#;
        let written: Value = serde_json::to_value(parse(body)).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(body).unwrap());
    }
}
