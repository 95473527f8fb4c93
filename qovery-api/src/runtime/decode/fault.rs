//! An error in a document, while the path to it is being collected.
//!
//! At the root it becomes a public [`DecodeError`](super::DecodeError).

use std::fmt::{self, Display};

use serde::{
    Deserialize, Serialize,
    de::{self, Expected, Unexpected},
};

use crate::runtime::text;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Field(String),
    Index(usize),
}

/// The fault and its path: the innermost step comes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    steps: Vec<Step>,
    message: String,
}

/// Starts a fault from a text that was parsed.
const MARK: &str = "\u{0}fault:";

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            steps: Vec::new(),
            message: message.into(),
        }
    }

    /// The same fault, with this field added to its path.
    pub(super) fn in_field(mut self, name: &str) -> Self {
        self.steps.push(Step::Field(text::one_line(name, 80)));
        self
    }

    /// The same fault, with this index added to its path.
    pub(super) fn in_item(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }

    /// The same fault, with a remark in parentheses.
    pub(crate) fn remarked(mut self, remark: impl Display) -> Self {
        self.message = format!("{} ({remark})", self.message);
        self
    }

    /// The fault, without its path.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The path, such as `results[3].status`.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for step in self.steps.iter().rev() {
            match step {
                Step::Index(index) => path.push_str(&format!("[{index}]")),
                Step::Field(name) if is_plain(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Field(name) => path.push_str(&format!("[{name:?}]")),
            }
        }
        path
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

impl Display for Fault {
    // A union decodes its member separately, and can pass the fault to another deserializer only as text. The
    // alternate format is for the deserializer of this module: it separates the path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            let written = serde_json::to_string(self).map_err(|_| fmt::Error)?;
            return write!(f, "{MARK}{written}");
        }
        let path = self.path();
        if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        let text = format!("{message:#}");
        text.strip_prefix(MARK)
            .and_then(|written| serde_json::from_str(written).ok())
            .unwrap_or_else(|| Self::new(text::one_line(&text, 500)))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {}", Kind(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!(
            "expected {expected}, found {} that does not fit",
            Kind(found)
        ))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected one of {expected:?}, found another value"))
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(format!("the field `{name}` is missing"))
    }
}

/// The kind of the found value, without texts of the document.
struct Kind<'a>(Unexpected<'a>);

impl Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Unit | Unexpected::Option => f.write_str("null"),
            Unexpected::Bool(value) => write!(f, "{value}"),
            Unexpected::Unsigned(number) => write!(f, "the number {number}"),
            Unexpected::Signed(number) => write!(f, "the number {number}"),
            Unexpected::Float(number) => write!(f, "the number {number}"),
            Unexpected::Seq => f.write_str("a list"),
            Unexpected::Map => f.write_str("an object"),
            Unexpected::Str(_) | Unexpected::Char(_) => f.write_str("a text"),
            other => other.fmt(f),
        }
    }
}
