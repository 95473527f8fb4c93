//! Reads a struct from a map: one visitor for all structs.
//!
//! Most documents have their fields in the order of the contract, so the search for a name begins after the
//! previous field. Unknown fields are kept unchanged. If a name occurs twice, the last field counts.
//! [`decode`](crate::runtime::decode) handles values that do not fit.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, DeserializeSeed, Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{Model, find};
use crate::runtime::{
    ExtraFields, date_time,
    decode::{self, DecodeMode, Subject, budget},
    raw_json::RawJson,
};

/// Reads a struct.
pub(crate) fn read<'de, M: Model, D: Deserializer<'de>>(from: D) -> Result<M, D::Error> {
    from.deserialize_newtype_struct(decode::MODEL, ModelVisitor(PhantomData))
}

/// Reads the value of a field.
pub(crate) fn value<'de, T: Deserialize<'de>, D: MapAccess<'de>>(
    field: &mut T,
    from: &mut D,
) -> Result<(), D::Error> {
    *field = from.next_value()?;
    Ok(())
}

/// Reads the value of a field that is a date and time, or a list or map of them.
pub(crate) fn time<'de, T: date_time::Field, D: MapAccess<'de>>(
    field: &mut T,
    from: &mut D,
) -> Result<(), D::Error> {
    *field = from.next_value_seed(Time(PhantomData))?;
    Ok(())
}

/// Reads the value of a free-form field. If a number in it is more exact than the value in memory, keeps its
/// text too.
pub(crate) fn free<'de, T: DeserializeOwned, D: MapAccess<'de>>(
    field: &mut T,
    extra: &mut ExtraFields,
    name: &str,
    from: &mut D,
) -> Result<(), D::Error> {
    let RawJson(text) = from.next_value()?;
    *field = match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(_) => decode::decode_subject(Subject::new(&text, DecodeMode::Lenient))
            .map_err(D::Error::custom)?,
    };
    if has_long_number(&text) {
        extra.push(name, &text);
    }
    Ok(())
}

/// Whether a number has more digits than a float can hold, or an exponent.
fn has_long_number(text: &str) -> bool {
    const KEPT: usize = 15;
    let mut is_in_string = false;
    let mut is_escaped = false;
    let mut digits = 0;
    for byte in text.bytes() {
        if is_in_string {
            is_in_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => is_in_string = true,
            b'0'..=b'9' => digits += 1,
            b'e' | b'E' if digits > 0 => return true,
            b'.' => {}
            _ => digits = 0,
        }
        if digits > KEPT {
            return true;
        }
    }
    false
}

/// Reads a property without a declared name into the map of these properties.
pub(crate) fn extra<'de, E: Extra, D: MapAccess<'de>>(
    values: &mut E,
    name: String,
    from: &mut D,
) -> Result<(), D::Error>
where
    E::Value: Deserialize<'de>,
{
    values.put(name, from.next_value()?);
    Ok(())
}

/// A map of properties without declared names.
pub(crate) trait Extra {
    type Value;
    fn put(&mut self, name: String, value: Self::Value);
}

impl<T> Extra for BTreeMap<String, T> {
    type Value = T;
    fn put(&mut self, name: String, value: T) {
        self.insert(name, value);
    }
}

impl Extra for Map<String, Value> {
    type Value = Value;
    fn put(&mut self, name: String, value: Value) {
        self.insert(name, value);
    }
}

struct ModelVisitor<M>(PhantomData<M>);

impl<'de, M: Model> Visitor<'de> for ModelVisitor<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", M::NAME)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<M, D::Error> {
        from.deserialize_struct(M::NAME, M::FIELDS, self)
    }

    fn visit_map<D: MapAccess<'de>>(self, mut from: D) -> Result<M, D::Error> {
        budget::take_struct::<M, D::Error>()?;
        let mut model = M::placeholder();
        let mut missing = Missing::of::<M>();
        let mut expected = 0;
        let mut has_part = false;
        while let Some(name) = from.next_key_seed(NameSeed {
            fields: M::FIELDS,
            expected,
        })? {
            match name {
                Name::Field(field) => {
                    model.read(field, &mut from)?;
                    missing.remove(field);
                    expected = field + 1;
                }
                Name::Other(name) if M::KEEPS_EXTRA => model.read_extra(name, &mut from)?,
                Name::Other(name) => model.extra_mut().read(&name, &mut from)?,
                Name::InPart(name) => {
                    has_part = true;
                    model.extra_mut().read(&name, &mut from)?;
                }
            }
        }
        if let Some(name) = missing.first().and_then(|first| M::FIELDS.get(first)) {
            return Err(D::Error::missing_field(name));
        }
        if has_part {
            super::write::drop_outdated(&mut model);
        }
        Ok(model)
    }
}

/// The required fields that were not read yet.
struct Missing {
    /// Bit `n` stands for the field `n`.
    bits: u128,
    /// Indexes that have no bit.
    beyond: Vec<usize>,
}

impl Missing {
    fn of<M: Model>() -> Self {
        Self {
            bits: M::REQUIRED,
            beyond: M::REQUIRED_BEYOND.to_vec(),
        }
    }

    fn remove(&mut self, field: usize) {
        let shift = u32::try_from(field).unwrap_or(u32::MAX);
        match 1_u128.checked_shl(shift) {
            Some(bit) => self.bits &= !bit,
            None => self.beyond.retain(|other| *other != field),
        }
    }

    fn first(&self) -> Option<usize> {
        if self.bits == 0 {
            return self.beyond.first().copied();
        }
        usize::try_from(self.bits.trailing_zeros()).ok()
    }
}

/// The name of a field.
enum Name {
    /// The index of a field of the model.
    Field(usize),
    /// An unknown field.
    Other(String),
    /// The field was read, and the model holds only a part of its value.
    InPart(String),
}

/// Reads the name of a field.
struct NameSeed {
    fields: &'static [&'static str],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(match find(self.fields, name, self.expected) {
            Some(field) => Name::Field(field),
            None => Name::Other(name.to_owned()),
        })
    }

    fn visit_bytes<E: de::Error>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(Name::InPart(String::from_utf8_lossy(name).into_owned()))
    }
}

struct Time<T>(PhantomData<T>);

impl<'de, T: date_time::Field> DeserializeSeed<'de> for Time<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        T::read(from)
    }
}
