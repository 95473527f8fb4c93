//! Reads a list with little spare memory.
//!
//! A `Vec` doubles when it grows, so that a long list takes up to twice its size. A long list of this module
//! grows in four steps instead, and releases its spare memory.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use crate::runtime::Patch;

/// Reads the value of a field that is a list.
pub(crate) fn list<'de, T: List<'de>, D: MapAccess<'de>>(
    field: &mut T,
    from: &mut D,
) -> Result<(), D::Error> {
    let Inner(list) = from.next_value()?;
    *field = list;
    Ok(())
}

/// The types that a field with a list can have.
pub(crate) trait List<'de>: Sized {
    fn read<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;
}

/// A list inside another value.
struct Inner<T>(T);

impl<'de, T: List<'de>> Deserialize<'de> for Inner<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::read(from).map(Self)
    }
}

impl<'de, T: Deserialize<'de>> List<'de> for Vec<T> {
    fn read<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(ListVisitor(PhantomData))
    }
}

impl<'de, T: List<'de>> List<'de> for Option<T> {
    fn read<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let inner = Option::<Inner<T>>::deserialize(from)?;
        Ok(inner.map(|Inner(list)| list))
    }
}

impl<'de, T: List<'de>> List<'de> for Patch<T> {
    fn read<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::read(from).map(Self::value_or_null)
    }
}

/// A list may keep this much spare memory, in bytes, because releasing less is not worth a call of the
/// allocator.
const SPARE: usize = 1024;

/// The smallest number of items that memory is reserved for.
const FIRST: usize = 4;

/// From this number of items on, a list grows in small steps.
const LONG: usize = 64;

/// Returns how many items a list of this capacity grows by. A short list doubles. A long list grows by a quarter of the
/// last power of two, so that it never has more spare memory than a list that doubles.
fn growth(capacity: usize) -> usize {
    if capacity < LONG {
        capacity.max(FIRST)
    } else {
        (1 << capacity.ilog2()) / 4
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            if items.len() == items.capacity() {
                items.reserve_exact(growth(items.len()));
            }
            items.push(item);
        }
        if (items.capacity() - items.len()) * size_of::<T>() > SPARE {
            items.shrink_to_fit();
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_never_has_more_room_than_one_that_doubles_and_a_long_one_at_most_a_quarter_to_spare()
    {
        let mut capacity = 0;
        for len in 1..200_000_usize {
            if len > capacity {
                capacity += growth(capacity);
            }
            assert!(capacity >= len, "{len}");
            assert!(capacity <= len.next_power_of_two().max(FIRST), "{len}");
            let spare = capacity - len;
            assert!(len <= LONG || 4 * spare < len, "{len}: {spare}");
        }
    }
}
