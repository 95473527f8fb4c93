//! Reads a struct out of a map: one visitor for all of them.
//!
//! A document mostly has its fields in the order of the contract, so each name is looked for where
//! the one before it was found. What has no field is skipped; where a name stands twice, the last
//! one counts. Not for patience with what does not fit: see [`decode`](crate::runtime::decode).

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::Model;
use crate::runtime::{date_time, decode::budget};

/// Reads a struct.
pub(crate) fn read<'de, M: Model, D: Deserializer<'de>>(from: D) -> Result<M, D::Error> {
    from.deserialize_struct(M::NAME, M::FIELDS, ModelVisitor(PhantomData))
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

/// Reads a value that has no field into the map of those.
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

/// A map of values that have no field.
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

    fn visit_map<D: MapAccess<'de>>(self, mut from: D) -> Result<M, D::Error> {
        budget::take_struct::<M, D::Error>()?;
        let mut model = M::blank();
        let mut missing = Missing::of::<M>();
        let mut expected = 0;
        if M::KEEPS_EXTRA {
            while let Some(name) = from.next_key::<String>()? {
                match find(M::FIELDS, &name, expected) {
                    Some(field) => {
                        model.read(field, &mut from)?;
                        missing.remove(field);
                        expected = field + 1;
                    }
                    None => model.read_extra(name, &mut from)?,
                }
            }
        } else {
            while let Some(field) = from.next_key_seed(Name {
                fields: M::FIELDS,
                expected,
            })? {
                if let Some(field) = field {
                    model.read(field, &mut from)?;
                    missing.remove(field);
                    expected = field + 1;
                } else {
                    from.next_value::<IgnoredAny>()?;
                }
            }
        }
        match missing.first().and_then(|first| M::FIELDS.get(first)) {
            Some(name) => Err(D::Error::missing_field(name)),
            None => Ok(model),
        }
    }
}

/// The fields that a document must have and that were not met yet.
struct Missing {
    /// Bit `n` stands for the field `n`.
    bits: u128,
    /// Places for which there is no bit.
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

/// Where a name stands among the fields, looked for from `expected` on.
fn find(fields: &[&str], name: &str, expected: usize) -> Option<usize> {
    let (before, after) = fields.split_at_checked(expected).unwrap_or((fields, &[]));
    match after.iter().position(|field| *field == name) {
        Some(index) => Some(expected + index),
        None => before.iter().position(|field| *field == name),
    }
}

/// Reads the name of a field and gives where it stands.
struct Name {
    fields: &'static [&'static str],
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(find(self.fields, name, self.expected))
    }
}

struct Time<T>(PhantomData<T>);

impl<'de, T: date_time::Field> DeserializeSeed<'de> for Time<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        T::read(from)
    }
}
