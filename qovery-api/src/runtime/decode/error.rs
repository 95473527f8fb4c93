//! Why a document could not be decoded.
//!
//! Shows where and what was expected, and never a text of the document: it may be a secret.

use std::fmt;

use super::Fault;
use crate::runtime::redact::Token;

/// Why a document could not be decoded.
///
/// The message names the kinds of what was expected and found, and shows no text of the document.
pub struct DecodeError(Box<Inner>);

struct Inner {
    path: String,
    message: String,
    is_syntax: bool,
}

impl DecodeError {
    fn new(path: String, message: String, is_syntax: bool) -> Self {
        Self(Box::new(Inner {
            path,
            message,
            is_syntax,
        }))
    }

    /// The document is not JSON.
    pub(crate) fn syntax(body: &[u8], error: &serde_json::Error) -> Self {
        let start = body.trim_ascii_start();
        let message = if start.is_empty() {
            "the body is empty where a JSON document was expected".to_owned()
        } else if start.starts_with(b"<") {
            "the body is HTML or XML where a JSON document was expected: perhaps a proxy answered, \
             or the base URL leads to a web page"
                .to_owned()
        } else {
            format!("the body is not a JSON document: {error}")
        };
        Self::new(String::new(), message, true)
    }

    /// The document is a web page.
    pub(crate) fn web_page() -> Self {
        let message = "the body is a web page: perhaps a proxy answered, or the base URL leads to \
                       a web page";
        Self::new(String::new(), message.to_owned(), true)
    }

    /// The document is not text.
    pub(crate) fn not_text(error: std::str::Utf8Error) -> Self {
        let message = format!("the body is not UTF-8 text: {error}");
        Self::new(String::new(), message, true)
    }

    /// The document is compressed, as the message says.
    pub(crate) fn compressed(message: String) -> Self {
        Self::new(String::new(), message, true)
    }

    /// Takes the token out, which the document may repeat as the name of a field.
    pub(crate) fn redact(&mut self, token: &Token<'_>) {
        token.clean_text(&mut self.0.path);
        token.clean_text(&mut self.0.message);
    }

    /// The path to what does not fit, such as `results[3].steps.details[0].status`. Empty where it
    /// is the document itself.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What was expected and what was found, without the path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the document is not even of the right format, such as HTML instead of JSON.
    pub fn is_syntax(&self) -> bool {
        self.0.is_syntax
    }
}

impl From<Fault> for DecodeError {
    fn from(fault: Fault) -> Self {
        Self::new(fault.path(), fault.message().to_owned(), false)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.0.path)?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("path", &self.0.path)
            .field("message", &self.0.message)
            .finish()
    }
}

impl std::error::Error for DecodeError {}
