//! Errors of decoding.
//!
//! An error shows the path and the expected kind. It never shows text of the document, which may be a secret.

use std::fmt;

use super::Fault;
use crate::runtime::{Printable, redact::Token, text::WEB_PAGE_ADVICE};

/// A document could not be decoded.
///
/// The message names the expected kind and the kind that was found. It shows no text of the document.
#[derive(Clone)]
pub struct DecodeError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    path: String,
    message: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The document has another format.
    Syntax,
    /// The document has the right format, but does not fit its type.
    Shape,
    /// The document was not decoded, because it would become too large.
    TooLarge,
}

impl DecodeError {
    fn new(path: String, message: String, kind: Kind) -> Self {
        Self(Box::new(Inner {
            path,
            message,
            kind,
        }))
    }

    /// The document is not JSON.
    pub(crate) fn syntax(body: &[u8], error: &serde_json::Error) -> Self {
        let start = body.trim_ascii_start();
        let message = if start.is_empty() {
            "the body is empty, but a JSON document was expected".to_owned()
        } else if start.starts_with(b"<") {
            format!("the body is HTML or XML instead of a JSON document: {WEB_PAGE_ADVICE}")
        } else {
            format!("the body is not a JSON document: {error}")
        };
        Self::new(String::new(), message, Kind::Syntax)
    }

    /// The document is a web page.
    pub(crate) fn web_page() -> Self {
        let message = format!("the body is a web page: {WEB_PAGE_ADVICE}");
        Self::new(String::new(), message, Kind::Syntax)
    }

    /// The document is not text.
    pub(crate) fn not_text(error: std::str::Utf8Error) -> Self {
        let message = format!("the body is not UTF-8 text: {error}");
        Self::new(String::new(), message, Kind::Syntax)
    }

    /// The document is compressed, as the message says.
    pub(crate) fn compressed(message: String) -> Self {
        Self::new(String::new(), message, Kind::Syntax)
    }

    /// The decoded document would take more than `limit` bytes.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!(
            "the document has so many values that it could take more memory than the limit of \
             {limit} bytes: ask for less at once, or raise `decoded_limit`"
        );
        Self::new(String::new(), message, Kind::TooLarge)
    }

    /// The document has a key that serde_json would take for an instruction.
    pub(crate) fn reserved_key() -> Self {
        let message = "an object has a key that begins with `$serde_json::private::`, which is \
                       reserved and cannot be decoded";
        Self::new(String::new(), message.to_owned(), Kind::Shape)
    }

    /// The same error, with this field added to its path.
    pub(crate) fn in_field(mut self, name: &str) -> Self {
        let inside = std::mem::take(&mut self.0.path);
        self.0.path = Fault::new("").in_field(name).path();
        if !inside.is_empty() && !inside.starts_with('[') {
            self.0.path.push('.');
        }
        self.0.path.push_str(&inside);
        self
    }

    /// Removes the token, which the document may repeat as the name of a field.
    pub(crate) fn redact(&mut self, token: &Token) {
        token.clean_text(&mut self.0.path);
        token.clean_text(&mut self.0.message);
    }

    /// Returns the path of the value that does not fit, such as
    /// `results[3].steps.details[0].status`. Empty if the document itself does not fit.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Returns the expected kind and the kind that was found, without the path.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns whether the document has another format, such as HTML instead of JSON.
    pub fn is_syntax(&self) -> bool {
        self.0.kind == Kind::Syntax
    }

    /// Returns whether the document was not decoded because it could take more memory than the
    /// limit allows: see [`ClientBuilder::decoded_limit`](crate::ClientBuilder::decoded_limit).
    pub fn is_too_large(&self) -> bool {
        self.0.kind == Kind::TooLarge
    }
}

impl From<Fault> for DecodeError {
    fn from(fault: Fault) -> Self {
        Self::new(fault.path(), fault.message().to_owned(), Kind::Shape)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", Printable::new(&self.0.path))?;
        }
        Printable::new(&self.0.message).fmt(f)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("path", &Printable::new(&self.0.path))
            .field("message", &Printable::new(&self.0.message))
            .finish()
    }
}

impl std::error::Error for DecodeError {}
