//! The facts that select the member of a union: the kind of a value, and the names and texts of its fields.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{DecodeMode, Fault, text};

/// The value that a union is decoded from.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'v> {
    text: &'v str,
    mode: DecodeMode,
    depth: u8,
}

impl<'v> Subject<'v> {
    pub(crate) fn new(text: &'v str, mode: DecodeMode) -> Self {
        Self::within(text, mode, 0)
    }

    pub(super) fn within(text: &'v str, mode: DecodeMode, depth: u8) -> Self {
        Self { text, mode, depth }
    }

    /// The JSON.
    pub(crate) fn text(self) -> &'v str {
        self.text
    }

    pub(crate) fn mode(self) -> DecodeMode {
        self.mode
    }

    /// The nesting depth.
    pub(super) fn depth(self) -> u8 {
        self.depth
    }

    /// The same value, with another mode.
    pub(crate) fn with(self, mode: DecodeMode) -> Self {
        Self { mode, ..self }
    }

    /// The kind of the value and its fields.
    pub(crate) fn outline(self) -> Outline<'v> {
        match self.text.as_bytes().first() {
            Some(b'{') => Outline::Object(fields(self.text, self.mode)),
            Some(b'[') => Outline::List,
            Some(b'"') => Outline::Text,
            Some(b't' | b'f') => Outline::Boolean,
            Some(b'n') | None => Outline::Null,
            Some(_) => {
                let number = self.text.parse::<f64>();
                Outline::Number {
                    is_whole: number.is_ok_and(|number| number.fract() == 0.0),
                }
            }
        }
    }
}

/// The kind of a value.
pub(crate) enum Outline<'v> {
    Null,
    Boolean,
    Number {
        is_whole: bool,
    },
    Text,
    List,
    /// The names and the JSON of the fields.
    Object(Vec<(Cow<'v, str>, &'v str)>),
}

impl<'v> Outline<'v> {
    /// The JSON of a field, if the field is there and not null.
    pub(crate) fn field(&self, name: &str) -> Option<&'v str> {
        let Self::Object(fields) = self else {
            return None;
        };
        let mut fields = fields.iter().rev();
        let (_, value) = fields.find(|(other, _)| other == name)?;
        Some(*value).filter(|value| *value != "null")
    }

    /// The text in a field, or the JSON of a number or a boolean.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'v, str>> {
        let value = self.field(name)?;
        match value.as_bytes().first() {
            Some(b'"') => text::unescaped(value, DecodeMode::Lenient).ok(),
            Some(b'[' | b'{') | None => None,
            Some(_) => Some(Cow::Borrowed(value)),
        }
    }

    /// The kind of the value, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number { .. } => "a number",
            Self::Text => "a text",
            Self::List => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// The fields of an object with valid JSON. Fields whose name cannot be decoded are left out.
fn fields(text: &str, mode: DecodeMode) -> Vec<(Cow<'_, str>, &str)> {
    let entries = entries(text).unwrap_or_default();
    let named = entries.into_iter();
    named
        .filter_map(|(name, value)| Some((text::unescaped(name, mode).ok()?, value)))
        .collect()
}

/// The names and values of an object, as JSON text.
pub(crate) fn entries(text: &str) -> Result<Vec<(&str, &str)>, Fault> {
    let entries: Entries<'_> =
        serde_json::from_str(text).map_err(|_| Fault::new("the object cannot be read"))?;
    Ok(entries.0)
}

struct Entries<'de>(Vec<(&'de str, &'de str)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EntriesVisitor).map(Self)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Vec<(&'de str, &'de str)>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, value)) = from.next_entry::<&RawValue, &RawValue>()? {
            entries.push((name.get(), value.get()));
        }
        Ok(entries)
    }
}
