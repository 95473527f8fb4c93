//! The JSON text of a value, from any deserializer; byte for byte if the deserializer reads JSON text.
//!
//! Unlike in a parsed value, numbers, escapes and white space do not change.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{
        self, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::{Value, value::RawValue};

/// Asks serde_json for the text of a value. Any other deserializer, and a serde_json with another
/// name, gives the value instead, which is written as text again.
pub(crate) const TOKEN: &str = "$serde_json::private::RawValue";

/// The text of one JSON value.
pub(crate) struct RawJson<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for RawJson<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_newtype_struct(TOKEN, RawVisitor)
    }
}

/// Holds a text that is known to be valid JSON. `null` replaces a text that is not.
pub(crate) fn boxed(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

struct RawVisitor;

impl RawVisitor {
    fn written<'de, E: de::Error>(value: impl Into<Value>) -> Result<RawJson<'de>, E> {
        Ok(RawJson(Cow::Owned(value.into().to_string())))
    }
}

macro_rules! written {
    ($($method:ident($type:ty))*) => {
        $(fn $method<E: de::Error>(self, value: $type) -> Result<Self::Value, E> {
            Self::written(value)
        })*
    };
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawJson<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    written! { visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str) }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Self::written(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Self::written(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        Self::written(Value::deserialize(from)?)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        Self::written(Value::deserialize(from)?)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        Self::written(Value::deserialize(SeqAccessDeserializer::new(items))?)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let Some(Text(first)) = fields.next_key()? else {
            return Self::written(Value::Object(serde_json::Map::new()));
        };
        if first == TOKEN {
            return fields.next_value().map(|Text(text)| RawJson(text));
        }
        let mut object = serde_json::Map::new();
        object.insert(first.into_owned(), fields.next_value()?);
        let rest: serde_json::Map<String, Value> =
            serde_json::Map::deserialize(MapAccessDeserializer::new(fields))?;
        object.extend(rest);
        Self::written(Value::Object(object))
    }
}

/// A text, without a copy if the deserializer allows it.
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(TextVisitor).map(Self)
    }
}

/// Takes a text, without a copy if the deserializer allows it.
pub(crate) struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use serde::de::value::{MapDeserializer, StrDeserializer};
    use serde_json::json;

    use super::*;

    const ODD: &str = r#"{ "a":1.50, "b" : [12345678901234567890123, 0.1e+2,"\u0041\ud800"] }"#;

    #[test]
    fn the_json_text_is_kept_unchanged() {
        for text in [ODD, "-0", "1.0000000000000000000001", r#""\/""#, "null"] {
            let raw: RawJson<'_> = serde_json::from_str(text).unwrap();
            assert!(
                matches!(&raw.0, Cow::Borrowed(raw) if *raw == text),
                "{text}"
            );
            let raw: Vec<Box<RawValue>> =
                serde_json::from_reader(format!("[ {text} ]").as_bytes()).unwrap();
            assert_eq!(raw[0].get(), text);
        }
    }

    #[test]
    fn a_deserializer_without_text_gives_the_value() {
        let value = json!({"a": [1, true, null, "x", 1.5], "b": {}});
        let raw = RawJson::deserialize(&value).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&raw.0).unwrap(), value);
        let error = |error: de::value::Error| error.to_string();
        let raw = RawJson::deserialize(StrDeserializer::new("x\"")).map_err(error);
        assert_eq!(raw.unwrap().0, r#""x\"""#);
        let map = MapDeserializer::new([("a", 1), ("b", 2)].into_iter());
        let raw = RawJson::deserialize(map).map_err(error);
        assert_eq!(raw.unwrap().0, r#"{"a":1,"b":2}"#);
    }
}
