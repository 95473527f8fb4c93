//! Writes and prints a struct by visiting its fields.
//!
//! Each value prints itself, so secrets are redacted.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt::{self, Debug, DebugStruct, Formatter},
};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Number, Value, value::RawValue};

use super::{Model, find};
use crate::runtime::{Patch, Printable, decode, extra};

/// Receives the fields of a struct, one after the other.
pub(crate) trait Visit {
    /// A field that is always written.
    fn always<T: Serialize + Debug>(&mut self, name: &'static str, value: &T);
    /// A field that is written if it holds a value.
    fn given<T: Serialize + Debug + Absent>(&mut self, name: &'static str, value: &T);
    /// The properties without declared names.
    fn extra<K: AsRef<str>, T: Serialize + Debug>(&mut self, values: impl Iterator<Item = (K, T)>);
}

/// A value that can be omitted.
pub(crate) trait Absent {
    /// Whether it is omitted.
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Absent for Patch<T> {
    fn is_absent(&self) -> bool {
        Patch::is_absent(self)
    }
}

impl<T> Absent for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Absent for BTreeMap<String, T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Absent for Map<String, Value> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// Writes a struct.
pub(crate) fn write<M: Model, S: Serializer>(model: &M, to: S) -> Result<S::Ok, S::Error> {
    let extra = Beyond::of(model);
    let mut count = Count(extra.unnamed.len());
    model.visit(&mut count);
    let mut writer = Writer {
        map: to.serialize_map(extra.named.is_empty().then_some(count.0))?,
        outcome: Ok(()),
        extra,
    };
    model.visit(&mut writer);
    writer.finish::<M>()
}

/// The extra fields of a struct.
#[derive(Default)]
struct Beyond<'a> {
    /// The extra fields that have the name of a field: the field holds only a part of the value, or nothing.
    named: Vec<(Cow<'a, str>, &'a RawValue)>,
    unnamed: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Beyond<'a> {
    fn of<M: Model>(model: &'a M) -> Self {
        if model.extra().is_empty() {
            return Self::default();
        }
        let (named, unnamed) = model
            .extra()
            .iter()
            .partition(|(name, _)| find(M::FIELDS, name, 0).is_some());
        Self { named, unnamed }
    }
}

/// Whether the struct writes a field of this name.
pub(super) fn is_written<M: Model>(model: &M, name: &str) -> bool {
    let mut looked = LookedFor { name, value: None };
    model.visit(&mut looked);
    looked.value.is_some()
}

/// Drops extra fields with the name of a field that has another value.
pub(super) fn drop_outdated<M: Model>(model: &mut M) {
    let mut extra = std::mem::take(model.extra_mut());
    extra.retain(|name, raw| {
        let mut looked = LookedFor { name, value: None };
        model.visit(&mut looked);
        looked.value.is_none_or(|value| is_part(&value, raw.get()))
    });
    *model.extra_mut() = extra;
}

/// Searches for a field that is written.
struct LookedFor<'n> {
    name: &'n str,
    value: Option<Value>,
}

impl Visit for LookedFor<'_> {
    fn always<T: Serialize + Debug>(&mut self, name: &'static str, value: &T) {
        if self.name == name {
            self.value = serde_json::to_value(value).ok();
        }
    }

    fn given<T: Serialize + Debug + Absent>(&mut self, name: &'static str, value: &T) {
        if !value.is_absent() {
            self.always(name, value);
        }
    }

    fn extra<K: AsRef<str>, T: Serialize + Debug>(&mut self, _: impl Iterator<Item = (K, T)>) {}
}

/// Prints a struct.
pub(crate) fn debug<M: Model>(model: &M, f: &mut Formatter<'_>) -> fmt::Result {
    let mut printer = Printer(f.debug_struct(M::NAME));
    model.visit(&mut printer);
    if !model.extra().is_empty() {
        printer.0.field("extra", model.extra());
    }
    printer.0.finish()
}

/// Counts the written fields, because some formats write the number first.
struct Count(usize);

impl Visit for Count {
    fn always<T: Serialize + Debug>(&mut self, _: &'static str, _: &T) {
        self.0 += 1;
    }

    fn given<T: Serialize + Debug + Absent>(&mut self, _: &'static str, value: &T) {
        self.0 += usize::from(!value.is_absent());
    }

    fn extra<K: AsRef<str>, T: Serialize + Debug>(&mut self, values: impl Iterator<Item = (K, T)>) {
        self.0 += values.count();
    }
}

/// Writes until the first error, and keeps that error.
struct Writer<'a, S: SerializeMap> {
    map: S,
    outcome: Result<(), S::Error>,
    extra: Beyond<'a>,
}

impl<'a, S: SerializeMap> Writer<'a, S> {
    fn entry<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        if self.outcome.is_ok() {
            self.outcome = self.map.serialize_entry(name, value);
        }
    }

    /// The raw value of a field, if the field still holds a part of this value. If the field was changed, its raw value
    /// is not written.
    fn whole<T: Serialize>(&mut self, name: &str, value: &T) -> Option<&'a RawValue> {
        let place = self
            .extra
            .named
            .iter()
            .rposition(|(other, _)| other == name)?;
        let (_, raw) = self.extra.named.swap_remove(place);
        self.extra.named.retain(|(other, _)| other != name);
        let value = serde_json::to_value(value).ok()?;
        is_part(&value, raw.get()).then_some(raw)
    }

    fn finish<M: Model>(mut self) -> Result<S::Ok, S::Error> {
        let extra = std::mem::take(&mut self.extra.named)
            .into_iter()
            .chain(std::mem::take(&mut self.extra.unnamed));
        for (name, raw) in extra {
            extra::note(M::NAME, &name);
            self.entry(&name, raw);
        }
        self.outcome?;
        self.map.end()
    }
}

impl<S: SerializeMap> Visit for Writer<'_, S> {
    fn always<T: Serialize + Debug>(&mut self, name: &'static str, value: &T) {
        if !self.extra.named.is_empty()
            && let Some(raw) = self.whole(name, value)
        {
            return self.entry(name, raw);
        }
        self.entry(name, value);
    }

    fn given<T: Serialize + Debug + Absent>(&mut self, name: &'static str, value: &T) {
        if !value.is_absent() {
            self.always(name, value);
        }
    }

    fn extra<K: AsRef<str>, T: Serialize + Debug>(&mut self, values: impl Iterator<Item = (K, T)>) {
        for (name, value) in values {
            self.entry(name.as_ref(), &value);
        }
    }
}

/// Whether a value is the part of the JSON text that its type can hold: its numbers may lack a fraction, or be
/// the largest or smallest of their type, and its texts may have U+FFFD for half of a surrogate pair.
fn is_part(value: &Value, raw: &str) -> bool {
    match value {
        Value::Number(number) => is_part_of_number(number, raw),
        Value::String(text) => {
            decode::text::unescaped(raw, decode::DecodeMode::Lenient).is_ok_and(|raw| raw == *text)
        }
        Value::Array(items) => serde_json::from_str::<Vec<&RawValue>>(raw).is_ok_and(|raws| {
            let mut pairs = items.iter().zip(&raws);
            items.len() == raws.len() && pairs.all(|(item, raw)| is_part(item, raw.get()))
        }),
        Value::Object(fields) => {
            let raws = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(raw);
            raws.is_ok_and(|raws| {
                let mut pairs = raws.iter();
                fields.len() == raws.len()
                    && pairs.all(|(name, raw)| {
                        let value = fields.get(name.as_ref());
                        value.is_some_and(|value| is_part(value, raw.get()))
                    })
            })
        }
        other => serde_json::from_str::<Value>(raw).is_ok_and(|raw| raw == *other),
    }
}

fn is_part_of_number(number: &Number, raw: &str) -> bool {
    let Ok(float) = raw.parse::<f64>() else {
        return false;
    };
    let whole = number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from));
    let Some(whole) = whole else {
        let value = number.as_f64().unwrap_or(f64::NAN);
        return value == float || value == float.clamp(f64::MIN, f64::MAX);
    };
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the fraction does not count, and the cast saturates"
    )]
    let came = raw.parse::<i128>().unwrap_or(float as i128);
    came == whole
        || came > whole && LARGEST.contains(&whole)
        || came < whole && SMALLEST.contains(&whole)
}

/// The largest values of the integers that a model may have.
const LARGEST: [i128; 8] = [
    i8::MAX as i128,
    i16::MAX as i128,
    i32::MAX as i128,
    i64::MAX as i128,
    u8::MAX as i128,
    u16::MAX as i128,
    u32::MAX as i128,
    u64::MAX as i128,
];

/// The smallest values of the integers that a model may have.
const SMALLEST: [i128; 5] = [
    0,
    i8::MIN as i128,
    i16::MIN as i128,
    i32::MIN as i128,
    i64::MIN as i128,
];

struct Printer<'f, 'b>(DebugStruct<'f, 'b>);

impl Visit for Printer<'_, '_> {
    fn always<T: Serialize + Debug>(&mut self, name: &'static str, value: &T) {
        self.0.field(name, value);
    }

    fn given<T: Serialize + Debug + Absent>(&mut self, name: &'static str, value: &T) {
        self.0.field(name, value);
    }

    fn extra<K: AsRef<str>, T: Serialize + Debug>(&mut self, values: impl Iterator<Item = (K, T)>) {
        for (name, value) in values {
            // The name comes from the server, and `Debug` of a name prints it unescaped.
            let name = Printable::new(name.as_ref());
            self.0.field(&name.to_cow(), &value);
        }
    }
}
