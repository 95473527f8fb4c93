//! Reads types out of a JSON value, with patience and with the path to what is wrong.
//!
//! Not for speed: it is used where the fast way failed, and for the members of unions. The depth is
//! that of the value, which serde_json bounds.

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::{Map, Number, Value, map};

use super::{Fault, budget, variant::VariantDeserializer};

/// Reads from a JSON value.
#[derive(Clone, Copy)]
pub(super) struct ValueDeserializer<'de> {
    value: &'de Value,
    lenient: bool,
    /// Whether it is the value of a field, where null says that there is none.
    is_field: bool,
}

impl<'de> ValueDeserializer<'de> {
    /// Accepts integers written as `1.0`, `null` for what may be empty, and a list of one object for
    /// the object.
    pub(super) fn lenient(value: &'de Value) -> Self {
        Self {
            value,
            lenient: true,
            is_field: false,
        }
    }

    /// Accepts nothing of the kind.
    pub(super) fn strict(value: &'de Value) -> Self {
        Self {
            value,
            lenient: false,
            is_field: false,
        }
    }

    pub(super) fn value(self) -> &'de Value {
        self.value
    }

    /// The same manner, for another value.
    pub(super) fn with(self, value: &'de Value) -> Self {
        Self {
            value,
            is_field: false,
            ..self
        }
    }

    /// The error that the visitor gives for whatever the value is.
    fn refuse<V: Visitor<'de>>(self, visitor: &V) -> Fault {
        Fault::invalid_type(unexpected(self.value), visitor)
    }

    fn number<V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Fault> {
        if let Some(number) = number.as_u64() {
            visitor.visit_u64(number)
        } else if let Some(number) = number.as_i64() {
            visitor.visit_i64(number)
        } else if let Some(number) = number.as_f64() {
            visitor.visit_f64(number)
        } else {
            Err(Fault::new("the number is too large"))
        }
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Value::Number(number) = self.value else {
            return Err(self.refuse(&visitor));
        };
        if self.lenient
            && let Some(float) = number.as_f64().filter(|_| number.is_f64())
            && let Some(whole) = whole(float)
        {
            return match (u64::try_from(whole), i64::try_from(whole)) {
                (Ok(whole), _) => visitor.visit_u64(whole),
                (_, Ok(whole)) => visitor.visit_i64(whole),
                _ => visitor.visit_i128(whole),
            };
        }
        Self::number(number, visitor)
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.take()?;
        match self.value {
            Value::Array(items) => visitor.visit_seq(Items::new(self, items)),
            Value::Null if self.lenient => visitor.visit_seq(Items::new(self, &[])),
            _ => Err(self.refuse(&visitor)),
        }
    }

    /// Takes what the copy of an object or a list needs.
    fn take(self) -> Result<(), Fault> {
        match self.value {
            Value::Array(items) => budget::take_container(items.len()),
            Value::Object(fields) => budget::take_container(fields.len()),
            _ => Ok(()),
        }
    }

    fn text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            _ => Err(self.refuse(&visitor)),
        }
    }
}

/// The integer that a float stands for, where it stands for one.
fn whole(float: f64) -> Option<i128> {
    // Beyond this, no integer type of a model can hold it.
    const LIMIT: f64 = 1e30;
    if float.fract() != 0.0 || float.abs() > LIMIT {
        return None;
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "it is whole and within the limit, so nothing is cut"
    )]
    let whole = float as i128;
    Some(whole)
}

/// What a value is, for a message.
pub(super) fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => Unexpected::Unsigned(number),
            (_, Some(number), _) => Unexpected::Signed(number),
            (.., Some(number)) => Unexpected::Float(number),
            _ => Unexpected::Other("a number"),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.integer(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for ValueDeserializer<'de> {
    type Error = Fault;

    // Faithful, for whoever keeps the value as it is.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.take()?;
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => Self::number(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items::new(self, items)),
            Value::Object(fields) => visitor.visit_map(Fields::new(self, Some(fields))),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.take()?;
        match self.value {
            Value::Object(fields) => visitor.visit_map(Fields::new(self, Some(fields))),
            Value::Null if self.lenient => visitor.visit_map(Fields::new(self, None)),
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.value {
            Value::Object(fields) => visitor.visit_map(Fields::new(self, Some(fields))),
            // An object all of whose fields may be absent; any other is missed, not its fields.
            Value::Null if self.lenient && self.is_field => {
                let refused = self.refuse(&visitor);
                visitor
                    .visit_map(Fields::new(self, None))
                    .map_err(|_| refused)
            }
            Value::Array(items) if self.lenient => match items.as_slice() {
                [only @ Value::Object(fields)] => visitor
                    .visit_map(Fields::new(self.with(only), Some(fields)))
                    .map_err(|fault| fault.in_item(0)),
                _ => Err(self.refuse(&visitor)),
            },
            _ => Err(self.refuse(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let (name, content) = match self.value {
            Value::String(name) => (name, None),
            Value::Object(fields) => match (fields.iter().next(), fields.len()) {
                (Some((name, content)), 1) => (name, Some(self.with(content))),
                _ => return Err(Fault::new("expected an object with one field")),
            },
            _ => return Err(self.refuse(&visitor)),
        };
        visitor.visit_enum(VariantDeserializer::new(name, content))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.text(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

struct Items<'de> {
    manner: ValueDeserializer<'de>,
    items: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
}

impl<'de> Items<'de> {
    fn new(manner: ValueDeserializer<'de>, items: &'de [Value]) -> Self {
        Self {
            manner,
            items: items.iter().enumerate(),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(self.manner.with(item))
            .map(Some)
            .map_err(|fault| fault.in_item(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Fields<'de> {
    manner: ValueDeserializer<'de>,
    fields: Option<map::Iter<'de>>,
    current: Option<(&'de str, &'de Value)>,
}

impl<'de> Fields<'de> {
    fn new(manner: ValueDeserializer<'de>, fields: Option<&'de Map<String, Value>>) -> Self {
        Self {
            manner,
            fields: fields.map(Map::iter),
            current: None,
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Fault> {
        let Some((name, value)) = self.fields.as_mut().and_then(Iterator::next) else {
            return Ok(None);
        };
        self.current = Some((name, value));
        seed.deserialize(KeyDeserializer(name))
            .map(Some)
            .map_err(|fault| fault.in_field(name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let Some((name, value)) = self.current.take() else {
            return Err(Fault::new("a value was asked for before its key"));
        };
        let value = ValueDeserializer {
            value,
            is_field: true,
            ..self.manner
        };
        seed.deserialize(value)
            .map_err(|fault| fault.in_field(name))
    }

    fn size_hint(&self) -> Option<usize> {
        self.fields.as_ref().map(ExactSizeIterator::len)
    }
}

/// The key of a map: text, or a number written as text.
struct KeyDeserializer<'de>(&'de str);

macro_rules! number_keys {
    ($($method:ident => $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.0.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for KeyDeserializer<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    number_keys! {
        deserialize_i8 => visit_i64 deserialize_i16 => visit_i64 deserialize_i32 => visit_i64
        deserialize_i64 => visit_i64 deserialize_u8 => visit_u64 deserialize_u16 => visit_u64
        deserialize_u32 => visit_u64 deserialize_u64 => visit_u64 deserialize_bool => visit_bool
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_enum(VariantDeserializer::new(self.0, None))
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map struct identifier ignored_any
    }
}
